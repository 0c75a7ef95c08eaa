// Package audience is the last look at a document before it leaves: may this reader have it, and does it give away what nobody
// released.
//
// It does not trust the room that wrote the document. It reads the bytes, takes off the wrappings in which a name may hide (HTML
// entities, JSON and percent escapes, Markdown backslashes, defanging, base64, zero-width characters, odd spacing and accents), and
// searches them for the organisations that were hit, mail addresses that are no indicator, domains of members and partners, hosts
// that half the world trusts, and text of the mail itself. TLP 2.0 and the sharing group are held against the reader. A leak is held
// up; a person may override it with name and reason, and both stand in the decision.
package audience

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// A Reader is who would get the document.
type Reader struct {
	ID     string   // pack id, or "constituency"
	TLP    string   // strictest label that the reader may get
	Groups []string // sharing groups that it belongs to
	Own    bool     // this node's own organisation, which may see all that it reported
}

// Content is the document with what it must not give away.
type Content struct {
	Name    string // file name
	Bytes   []byte
	Marking coldwatch.Marking
	Report  coldwatch.Report // the whole report, nothing covered
	List    bool             // a program blocks or detects what stands in it: no domain of a partner or of high trust may, whatever the mail said
}

// A Leak is a reason to hold the document up.
type Leak struct {
	Kind   string `json:"kind"`  // "marking", "group", "victim", "next", "address", "domain", "high-trust", "person", "mail-text"
	Quote  string `json:"quote"` // what was found
	Reason string `json:"reason"`
}

// An Override lets a document out in spite of its leaks.
type Override struct {
	Name   string `json:"name"` // the person who answers for it
	Reason string `json:"reason"`
}

// A Decision is what the log keeps.
type Decision struct {
	At       time.Time `json:"at"`
	Content  string    `json:"content"`
	Reader   string    `json:"reader"`
	Leaks    []Leak    `json:"leaks,omitempty"`
	Released bool      `json:"released"`
	Override *Override `json:"override,omitempty"` // only where it was needed and given
}

// Decide checks a document and decides. An override counts only with a name and a reason.
func Decide(c Content, reader Reader, pack *knowledge.Pack, o Override, at time.Time) Decision {
	d := Decision{At: at.UTC(), Content: c.Name, Reader: reader.ID, Leaks: Check(c, reader, pack)}
	d.Released = len(d.Leaks) == 0
	if !d.Released && strings.TrimSpace(o.Name) != "" && strings.TrimSpace(o.Reason) != "" {
		d.Released, d.Override = true, &o
	}
	return d
}

// Check returns what speaks against giving the document to the reader, none if nothing does. The pack may be nil.
func Check(c Content, reader Reader, pack *knowledge.Pack) []Leak {
	k := &checker{c: c, reader: reader, pack: pack, seen: map[string]bool{}}
	k.marking()
	if !reader.Own {
		k.views = unwrap(string(c.Bytes))
		k.words = map[string]bool{}
		for _, v := range k.views {
			f := fold(v)
			k.folded = append(k.folded, f)
			for w := range strings.FieldsSeq(f) {
				k.words[w] = true
			}
		}
		k.release()
		k.victims()
		k.people()
		k.mail()
		k.hosts()
	}
	slices.SortFunc(k.leaks, func(x, y Leak) int { return strings.Compare(x.Kind+"\x00"+x.Quote, y.Kind+"\x00"+y.Quote) })
	return k.leaks
}

type checker struct {
	c      Content
	reader Reader
	pack   *knowledge.Pack
	views  []string // the document, each with one more wrapping taken off
	folded []string // the same as words: lower case, no accents, single spaces
	words  map[string]bool
	leaks  []Leak
	seen   map[string]bool

	released []string        // words that may stand, as folded texts: indicators, names of files, personas, the reader's own mail
	tokens   map[string]bool // hosts and addresses of the reader's own mail
}

// release gathers what the reader may see: the campaign's indicators and personas, and all that stands in its own messages.
func (k *checker) release() {
	k.tokens = map[string]bool{}
	var b strings.Builder
	for _, i := range k.c.Report.Profile.Infrastructure {
		b.WriteString(i.Value + "\n" + i.Name + "\n")
	}
	for _, s := range k.c.Report.Profile.Personas {
		b.WriteString(s.Value + "\n")
	}
	for _, l := range k.c.Report.Links {
		for _, t := range l.Terms {
			if t.View == coldwatch.ViewFileName {
				b.WriteString(t.Value + "\n")
			}
		}
	}
	k.released = []string{fold(b.String())}
	b.Reset()
	for _, m := range k.c.Report.Local {
		if m.Organisation != "" && m.Organisation == k.reader.ID {
			b.WriteString(m.Subject + "\n" + m.From + "\n" + m.Excerpt + "\n" + strings.Join(m.Reasons, "\n") + "\n")
		}
	}
	if b.Len() == 0 {
		return
	}
	for _, v := range unwrap(b.String()) {
		k.released = append(k.released, fold(v))
		for t := range tokens(v) {
			k.tokens[t] = true
		}
	}
}

// free tells whether words may stand.
func (k *checker) free(words string) bool {
	return slices.ContainsFunc(k.released, func(f string) bool { return strings.Contains(f, " "+words+" ") })
}

func (k *checker) add(kind, quote, format string, args ...any) {
	if key := kind + "\x00" + quote; !k.seen[key] {
		k.seen[key] = true
		k.leaks = append(k.leaks, Leak{kind, quote, fmt.Sprintf(format, args...)})
	}
}

func (k *checker) marking() {
	label := dossier.Label(k.c.Marking.TLP)
	if dossier.Level(label) > dossier.Level(readable(k.reader.TLP)) {
		k.add("marking", label, "the reader may have %s at most", dossier.Label(readable(k.reader.TLP)))
	}
	if g := k.c.Marking.Group; g != "" && !slices.Contains(k.reader.Groups, g) && !k.reader.Own {
		k.add("group", g, "the reader is not in this sharing group")
	}
	upper := strings.ToUpper(string(k.c.Bytes))
	for _, stricter := range []string{"TLP:GREEN", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:RED"} {
		if dossier.Level(stricter) > dossier.Level(label) && strings.Contains(upper, stricter) {
			k.add("marking", stricter, "a part of the document is marked more strictly than the document")
		}
	}
}

// readable is a reader's clearance; one that nobody set is the lowest, not the highest.
func readable(tlp string) string {
	if strings.TrimSpace(tlp) == "" {
		return "TLP:CLEAR"
	}
	return tlp
}

// named tells whether the words of a name stand in the document. Names shorter than four letters are only searched as they are
// written, in capitals and all.
func (k *checker) named(name string) bool {
	name = strings.TrimSpace(name)
	if len([]rune(name)) < 4 {
		if len(name) < 2 || strings.ToUpper(name) != name {
			return false
		}
		for _, v := range k.views {
			if word(v, name) {
				return true
			}
		}
		return false
	}
	words := strings.TrimSpace(fold(name))
	if words == "" {
		return false
	}
	joined := strings.ReplaceAll(words, " ", "")
	return k.stands(words) || len(joined) >= 10 && k.words[joined]
}

// stands tells whether the words stand in the document in this order. Most do not stand in it at all, and that costs little.
func (k *checker) stands(words string) bool {
	for w := range strings.FieldsSeq(words) {
		if !k.words[w] {
			return false
		}
	}
	return slices.ContainsFunc(k.folded, func(f string) bool { return strings.Contains(f, " "+words+" ") })
}

func (k *checker) victims() {
	public := map[string]bool{k.reader.ID: true}
	for _, s := range k.c.Report.Profile.Impersonated {
		public[s.Value] = true
	}
	var free []string
	for id := range public {
		if id != "" {
			free = append(free, k.names(id, "")...)
		}
	}
	known := slices.Clone(free) // an indicator may hold a name by chance; one that holds a victim's gives it away
	for _, i := range k.c.Report.Profile.Infrastructure {
		known = append(known, i.Value)
	}
	check := func(kind, id, name, reason string, m *masked) {
		if public[id] && id != "" {
			return
		}
		for _, n := range k.names(id, name) {
			if k.named(n) && (len([]rune(n)) < 4 || m.stands(n)) {
				k.add(kind, n, "%s", reason)
			}
		}
	}
	m := &masked{texts: k.folded, free: free}
	for _, t := range k.c.Report.Profile.Targets {
		check("victim", t.Organisation, t.Name, "this organisation was hit, and only it may be told", m)
	}
	m = &masked{texts: k.folded, free: known}
	for _, c := range k.c.Report.Profile.Next.Ranked {
		check("next", c.Organisation, c.Name, "organisations that may be next are told about themselves only", m)
	}
}

// A masked is the document without the names that may stand in it: where "Kaldera Gases" may, the "Kaldera" in it is no other's.
type masked struct {
	texts, free []string
	made        []string // as words with two spaces between them, so that neighbouring names do not share one
}

func spread(folded string) string { return strings.ReplaceAll(folded, " ", "  ") }

func (m *masked) stands(name string) bool {
	if m.made == nil {
		var free []string
		for _, n := range m.free {
			if f := strings.TrimSpace(fold(n)); f != "" {
				free = append(free, " "+spread(f)+" ")
			}
		}
		slices.SortFunc(free, func(a, b string) int { return len(b) - len(a) })
		var pairs []string
		for _, f := range free {
			pairs = append(pairs, f, " | ")
		}
		r := strings.NewReplacer(pairs...)
		for _, t := range m.texts {
			m.made = append(m.made, r.Replace(spread(t)))
		}
	}
	words := strings.TrimSpace(fold(name))
	joined := strings.ReplaceAll(words, " ", "")
	return slices.ContainsFunc(m.made, func(t string) bool {
		return strings.Contains(t, " "+spread(words)+" ") || joined != words && strings.Contains(t, " "+joined+" ")
	})
}

// names returns all that an organisation is called.
func (k *checker) names(id, name string) []string {
	out := []string{id, name}
	if k.pack != nil {
		for i := range k.pack.Organisations {
			if o := &k.pack.Organisations[i]; o.ID == id {
				out = slices.Concat(out, []string{o.Name}, o.Aliases)
			}
		}
	}
	return slices.Compact(out)
}

func (k *checker) people() {
	if k.pack == nil {
		return
	}
	for i := range k.pack.People {
		if n := k.pack.People[i].Name; strings.Contains(n, " ") && k.named(n) && !k.free(strings.TrimSpace(fold(n))) {
			k.add("person", n, "a person of the directory stands in it")
		}
	}
}

// shingle is how many words of a mail in a row make a quotation.
const shingle = 6

// mail looks for text of the messages: a subject, or six words in a row of a body.
func (k *checker) mail() {
	for _, m := range k.c.Report.Local {
		if m.Organisation != "" && m.Organisation == k.reader.ID {
			continue
		}
		for _, text := range []string{m.Subject, m.Excerpt} {
			words := strings.Fields(fold(text))
			if len(words) == 0 || len(words) < shingle && len(strings.Join(words, " ")) < 14 {
				continue
			}
			for i := 0; i+min(shingle, len(words)) <= len(words); i++ {
				run := strings.Join(words[i:i+min(shingle, len(words))], " ")
				if k.stands(run) && !k.free(run) {
					k.add("mail-text", run, "text of a message stands in it")
					break
				}
			}
		}
	}
}

// hosts looks at every address and host in the document.
func (k *checker) hosts() {
	known, shared := map[string]bool{}, map[string]bool{}
	for _, i := range k.c.Report.Profile.Infrastructure {
		known[strings.ToLower(i.Value)] = true
		host := i.Value
		if i.Kind == coldwatch.URL {
			if u, err := url.Parse(i.Value); err == nil {
				host = u.Hostname()
			}
		}
		if !i.Owned {
			shared[strings.ToLower(host)] = true
		}
	}
	theirs := map[string]string{}
	contact := ""
	if k.pack != nil {
		for i := range k.pack.Organisations {
			o := &k.pack.Organisations[i]
			if o.ID == k.reader.ID && o.ID != "" {
				contact = strings.ToLower(o.SecurityContact)
				continue
			}
			for _, d := range o.Domains {
				theirs[strings.ToLower(d)] = o.ID
			}
		}
	}
	for _, v := range k.views {
		for token := range tokens(v) {
			at := strings.LastIndexByte(token, '@')
			host := token[at+1:]
			if k.tokens[token] && !k.c.List {
				continue // it stands in the reader's own mail
			}
			if at > 0 && topLevel(host) && !known[token] && !strings.HasSuffix(token, "@localhost") && token != contact {
				k.add("address", token, "a mail address that is no indicator of the campaign; it may be a recipient's")
			}
			if id := owner(theirs, host); id != "" {
				k.add("domain", host, "the domain belongs to %s of the directory", id)
			}
			if at < 0 && trusted(host) && !shared[host] && (k.c.List || !parent(known, host) && !k.spoken(host)) {
				k.add("high-trust", host, "blocking this host would hit everybody")
			}
		}
	}
}

// spoken tells whether a host is a piece of evidence in the report's ledger.
func (k *checker) spoken(host string) bool {
	for _, l := range k.c.Report.Links {
		for _, t := range l.Terms {
			if t.Value == host {
				return true
			}
		}
	}
	return false
}

// parent tells whether an address among the known values is at the host: its domain may be spoken of, though not blocked.
func parent(known map[string]bool, host string) bool {
	for v := range known {
		if strings.HasSuffix(v, "@"+host) {
			return true
		}
	}
	return false
}

// topLevel tells whether the last label of a host could be a top-level domain.
func topLevel(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return len(last) >= 2 && len(last) < len(host) && strings.Trim(last, "0123456789") != "" && !strings.ContainsAny(last, "_+%'=")
}

func owner(theirs map[string]string, host string) string {
	for host != "" {
		if id := theirs[host]; id != "" {
			return id
		}
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return ""
		}
		host = rest
	}
	return ""
}
