// Package rules writes detection rules for the tools that a reader has: YARA for attachments, Sigma for mail and proxy logs,
// Sublime MQL, Kusto queries for Microsoft's EmailEvents, Rspamd multimap and regexp, Postfix header checks.
//
// The rules rest on the attacker's own hosts, addresses and files alone (dossier.Indicators), never on words of a mail, so that a
// rule gives away nothing of it. A rule says whether it was executed: Try runs it in its engine where that is at hand, on samples
// that it must hit and samples that it must miss, and withholds one that fails, with the reason.
package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// NotExecuted is the status of a rule that Try has not run.
const NotExecuted = "not executed"

// A Rule is one rule in one tool's language.
type Rule struct {
	Engine   string // "yara", "sigma", "mql", "kql", "rspamd", "rspamd-regexp", "postfix-checks"
	File     string // the name of its file
	Text     string // the rule without its status
	Comment  string // what opens a comment line in its language
	Status   string // NotExecuted, "executed with …" or "withheld: …"
	Withheld bool
	Sum      string // SHA-256 in hex of the rule without the campaign's name and marking
}

// String returns the rule's file: the status as a comment, then the rule; the reason alone where it is withheld.
func (r Rule) String() string {
	head := r.Comment + " Status: " + r.Status + ".\n"
	if r.Withheld {
		return head
	}
	return head + r.Text
}

// languages are the languages of rules, in the order in which help shows them.
var languages = [...]struct {
	name, extension, comment string
	text                     func(facts) string
}{
	{"yara", ".yar", "//", facts.yara},
	{"sigma", ".sigma.yml", "#", facts.sigma},
	{"mql", ".mql.yml", "#", facts.mql},
	{"kql", ".kql", "//", facts.kql},
	{"rspamd", ".rspamd.conf", "#", facts.multimap},
	{"rspamd-regexp", ".rspamd.lua", "--", facts.regexp},
	{"postfix-checks", ".header_checks", "#", facts.postfix},
}

// A Format writes the rules of one engine.
type Format struct{ name, extension, comment string }

// Name returns the engine's name.
func (f Format) Name() string { return f.name }

// Extension returns the extension of the engine's files.
func (f Format) Extension() string { return f.extension }

// Formats returns the formats, one an engine.
func Formats() []Format {
	var out []Format
	for _, l := range languages {
		out = append(out, Format{l.name, l.extension, l.comment})
	}
	return out
}

// Write writes the rule with its status. A campaign without an indicator to match gives a comment that says so.
func (f Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	for _, rule := range Build(r, pack) {
		if rule.Engine == f.name {
			_, err := io.WriteString(w, rule.String())
			return err
		}
	}
	_, err := io.WriteString(w, f.comment+" No rule: the campaign has no indicator that this engine can match.\n")
	return err
}

// facts are what the rules match.
type facts struct {
	campaign, name, tlp string
	slug                string   // campaign id as an identifier
	senders             []string // domains
	addresses           []string // mail addresses of the sender
	hosts               []string // hosts of web addresses and exfiltration
	urls                []string
	hashes              []string
	techniques          []string
	synthetic           bool
	date, until         string // RFC 3339 days
}

// Build makes the rules of a report; engines that have nothing to match are left out. A rule that was run has the status that the
// report holds of it. The pack may be nil.
func Build(r coldwatch.Report, pack *knowledge.Pack) []Rule {
	r = dossier.Redact(r, pack, dossier.NamesInFeeds)
	f := gather(r, pack)
	bare := f
	bare.name, bare.tlp = "", ""
	var out []Rule
	for _, l := range languages {
		text := l.text(f)
		if text == "" {
			continue
		}
		sum := sha256.Sum256([]byte(l.text(bare)))
		rule := Rule{Engine: l.name, File: f.slug + l.extension, Text: text, Comment: l.comment, Status: NotExecuted, Sum: hex.EncodeToString(sum[:])}
		for _, t := range r.Rules {
			if t.Sum == rule.Sum {
				rule.Status, rule.Withheld = plain(t.Status), t.Withheld
			}
		}
		if r.Withdrawn != nil {
			rule.Status, rule.Withheld = "withheld: the campaign was withdrawn", true
		}
		out = append(out, rule)
	}
	return out
}

// Trials is what a report keeps of rules that were run.
func Trials(rules []Rule) []coldwatch.RuleTrial {
	out := make([]coldwatch.RuleTrial, len(rules))
	for i, r := range rules {
		out[i] = coldwatch.RuleTrial{Engine: r.Engine, Sum: r.Sum, Status: r.Status, Withheld: r.Withheld}
	}
	return out
}

func gather(r coldwatch.Report, pack *knowledge.Pack) facts {
	p := r.Profile
	f := facts{campaign: plain(p.Campaign), name: plain(p.Name), tlp: dossier.Label(r.Marking.TLP), slug: slug(p.Campaign), synthetic: r.Synthetic}
	if !p.First.IsZero() {
		f.date = p.First.UTC().Format("2006-01-02")
	}
	for _, i := range dossier.Indicators(p, pack) {
		if !dossier.Blockable(i) {
			continue
		}
		if u := dossier.ValidUntil(p, i).Format("2006-01-02"); u > f.until {
			f.until = u
		}
		switch i.Kind {
		case coldwatch.DomainName:
			switch i.Role {
			case "sender", "reply-to", "envelope", "dkim":
				f.senders = append(f.senders, i.Value)
			default:
				f.hosts = append(f.hosts, i.Value)
			}
		case coldwatch.EmailAddress:
			f.addresses = append(f.addresses, i.Value)
		case coldwatch.URL:
			f.urls = append(f.urls, i.Value)
			if u, err := url.Parse(i.Value); err == nil && u.Hostname() != "" {
				f.hosts = append(f.hosts, u.Hostname())
			}
		case coldwatch.FileHash:
			f.hashes = append(f.hashes, i.Value)
		}
	}
	for _, t := range p.Techniques {
		if _, tactic := dossier.Technique(t.Value); tactic != "" {
			f.techniques = append(f.techniques, t.Value)
		}
	}
	for _, s := range []*[]string{&f.senders, &f.addresses, &f.hosts, &f.urls, &f.hashes, &f.techniques} {
		slices.Sort(*s)
		*s = slices.Compact(*s)
	}
	return f
}

// plain keeps what is safe in a comment or a quoted string of every language here.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f || strings.ContainsRune("\"'\\`*/{}$", r) {
			return -1
		}
		return r
	}, dossier.Visible(s)))
}

// slug is a campaign id as an identifier: "coldwatch_c_51ab0c93f2".
func slug(id string) string {
	s := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(id))
	return "coldwatch_" + s[:min(len(s), 60)]
}

// about is the head of a rule file, one comment line a line.
func (f facts) about(mark string) string {
	out := fmt.Sprintf("%s %s. coldwatch campaign %s: %s\n", mark, f.tlp, f.campaign, f.name)
	if f.synthetic {
		out += mark + " Synthetic: invented data for a demonstration.\n"
	}
	if f.until != "" {
		out += fmt.Sprintf("%s From mail since %s; drop the rule after %s.\n", mark, f.date, f.until)
	}
	return out
}

func (f facts) id(kind string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/coldwatch/coldwatch#rule/"+kind+"/"+f.campaign)).String()
}

// quoted joins values as double-quoted strings; hosts, addresses and web addresses hold neither quotes nor backslashes.
func quoted(in []string) string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = `"` + s + `"`
	}
	return strings.Join(out, ", ")
}
