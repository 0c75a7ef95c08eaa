package warning

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode"

	"github.com/coldwatch/coldwatch/knowledge"
)

// An Audience is who will read a text, and what must not reach them.
type Audience struct {
	Reader     string          // pack id, or "constituency"
	Victims    []Victim        // organisations that were hit
	Open       []string        // victims whose names may stand all the same: those impersonated
	Pack       *knowledge.Pack // nil checks without a directory
	Indicators bool            // the text is a list of indicators: domains of partners and of high trust must not stand in it
}

// A Victim is an organisation that was hit, by all that gives it away.
type Victim struct {
	Organisation string
	Names        []string // name and aliases
	Domains      []string
	People       []string // full names, first and last
}

// VictimOf takes a victim's names, domains and people from the pack.
func VictimOf(pack *knowledge.Pack, id string) Victim {
	v := Victim{Organisation: id}
	if org := pack.Organisation(id); org != nil {
		v.Names = append([]string{org.Name}, org.Aliases...)
		v.Domains = append(slices.Clone(org.Domains), org.DKIMDomains...)
		for _, p := range pack.PeopleOf(id) {
			if strings.Contains(p.Name, " ") {
				v.People = append(v.People, p.Name)
			}
		}
	}
	return v
}

// A Leak is something that its reader must not see.
type Leak struct {
	Kind  string `json:"kind"`  // "recipient", "victim", "domain", "high-trust"
	Quote string `json:"quote"` // what stands in the text
	Hint  string `json:"hint"`
}

// highTrust are domains that no block list may hold: their loss would hurt every reader.
var highTrust = []string{"google.com", "gmail.com", "googleapis.com", "microsoft.com", "office.com", "office365.com", "outlook.com", "live.com", "sharepoint.com",
	"windows.net", "apple.com", "icloud.com", "yahoo.com", "amazonaws.com", "amazon.com", "cloudflare.com", "github.com", "githubusercontent.com",
	"dropbox.com", "linkedin.com", "facebook.com", "adobe.com", "docusign.com", "who.int", "unicef.org", "europa.eu", "gavi.org"}

// Check finds what must not reach the audience: addresses of mailboxes in the chain, names, people and domains of victims
// other than the reader, and, in indicators, domains of partners and of high trust.
// Defanged text is read as what it stands for.
func Check(text string, a Audience) []Leak {
	var out []Leak
	seen := map[string]bool{}
	add := func(kind, quote, hint string) {
		if key := kind + "\x00" + quote; !seen[key] {
			seen[key] = true
			out = append(out, Leak{kind, quote, hint})
		}
	}
	plain := refang(text + " " + decoded(text))
	for _, address := range addresses(plain) {
		domain := address[strings.LastIndexByte(address, '@')+1:]
		if owner := a.owner(domain); owner != "" && !a.contactOf(owner, address) {
			add("recipient", address, "An address of an organisation on the chain may be a recipient's.")
		}
	}
	hosts := hostnames(plain)
	words := spaced(plain)
	squeezed := squeeze(plain)
	for _, v := range a.Victims {
		if v.Organisation == a.Reader || slices.Contains(a.Open, v.Organisation) {
			continue
		}
		for _, name := range append([]string{v.Organisation}, v.Names...) {
			if n := spaced(name); len(n) > 4 && strings.Contains(words, n) {
				add("victim", name, "It names an organisation that was hit.")
			} else if s := squeeze(name); len(s) >= 10 && strings.Contains(squeezed, s) {
				add("victim", name, "It names an organisation that was hit, written together.")
			}
		}
		for _, person := range v.People {
			if n := spaced(person); len(n) > 6 && strings.Contains(words, n) {
				add("recipient", person, "The person works at an organisation that was hit.")
			}
		}
		for _, d := range v.Domains {
			for _, h := range hosts {
				if h == d || strings.HasSuffix(h, "."+d) {
					add("domain", h, "The domain belongs to an organisation that was hit.")
				}
			}
		}
	}
	if a.Indicators {
		for _, h := range hosts {
			if owner := a.owner(h); owner != "" {
				add("domain", h, "The domain belongs to an organisation of the chain; blocking it would cut it off.")
			}
			for _, t := range highTrust {
				if h == t || strings.HasSuffix(h, "."+t) {
					add("high-trust", h, "So many depend on the domain that it is no indicator.")
				}
			}
		}
	}
	return out
}

func (a *Audience) owner(domain string) string {
	if a.Pack != nil {
		if o := a.Pack.OwnerOf(domain); o != nil {
			return o.ID
		}
	}
	for _, v := range a.Victims {
		for _, d := range v.Domains {
			if domain == d || strings.HasSuffix(domain, "."+d) {
				return v.Organisation
			}
		}
	}
	return ""
}

// contactOf tells whether the address is the reader's own security contact, the one address that a text may hold.
func (a *Audience) contactOf(owner, address string) bool {
	if a.Pack == nil || owner != a.Reader {
		return false
	}
	o := a.Pack.Organisation(owner)
	return o != nil && strings.EqualFold(o.SecurityContact, address)
}

var fangs = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", " dot ", ".", "[@]", "@", "(@)", "@", "[at]", "@", "(at)", "@", " at ", "@",
	"hxxp", "http", "[:]", ":", "[://]", "://", "%40", "@", "&#64;", "@", "&#x40;", "@", "\u00ad", "", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "",
	"。", ".", "．", ".", "＠", "@")

// refang lowers a text and takes away what keeps indicators from being links.
func refang(text string) string { return fangs.Replace(strings.ToLower(text)) }

// decoded gives what stands in base64 in the text, in either alphabet, where it is readable: pages made for one
// recipient carry the address so.
func decoded(text string) string {
	var out []string
	for _, run := range strings.FieldsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '-' || r == '_')
	}) {
		if len(run) < 12 {
			continue
		}
		b, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(run))
		if err == nil && !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' }) {
			out = append(out, string(b))
		}
	}
	return strings.Join(out, " ")
}

func addressByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("._%+-'=/!#$&*?^`{|}~", c) >= 0 || c >= 0x80
}

func hostByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c >= 0x80
}

// addresses finds every local-part@domain.
func addresses(s string) []string {
	var out []string
	for i := 0; i < len(s); i++ {
		if s[i] != '@' {
			continue
		}
		from, to := i, i+1
		for from > 0 && addressByte(s[from-1]) {
			from--
		}
		for to < len(s) && hostByte(s[to]) {
			to++
		}
		domain := strings.Trim(s[i+1:to], ".-")
		if from < i && strings.Contains(domain, ".") {
			out = append(out, strings.TrimLeft(s[from:i], "'.")+"@"+domain)
		}
	}
	return out
}

// hostnames finds every run of letters, digits, dots and hyphens that has a dot between letters.
func hostnames(s string) []string {
	var out []string
	for i := 0; i < len(s); {
		if !hostByte(s[i]) {
			i++
			continue
		}
		from := i
		for i < len(s) && hostByte(s[i]) {
			i++
		}
		if h := strings.Trim(s[from:i], ".-"); strings.Contains(h, ".") && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

// spaced keeps letters and digits, one space between words and at either end.
func spaced(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	gap := true
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
			gap = false
		} else if !gap {
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	return b.String()
}

// squeeze keeps letters and digits only: "Frost-Werk GmbH" and "frostwerkgmbh" are one.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
