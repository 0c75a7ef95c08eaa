package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// safe makes text from mail fit for a terminal: control characters, and those that turn or hide what is written, are
// shown as escapes. Nothing that an attacker wrote reaches the terminal otherwise.
func safe(s string) string {
	clean := true
	for _, r := range s {
		if unsafeRune(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unsafeRune(r) {
			fmt.Fprintf(&b, "\\u{%x}", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unsafeRune(r rune) bool {
	return r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// short clips text to n letters for a listing.
func short(s string, n int) string {
	s = safe(s)
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

func (g *Globals) printJSON(v any) error {
	e := json.NewEncoder(g.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (g *Globals) print(format string, args ...any) {
	fmt.Fprintf(g.stdout, format+"\n", args...)
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// count writes a number with its noun: "1 message", "3 messages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(noun, "y"))
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// wrap breaks text at width, each line begun with the indent.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	line := indent
	for _, w := range strings.Fields(text) {
		if len(line)+len(w)+1 > width && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += w
	}
	b.WriteString(line)
	return b.String()
}

// title names a campaign in one line.
func title(p *coldwatch.Profile) string {
	if p.Name != "" {
		return safe(p.Name)
	}
	return p.Campaign
}

// campaignLines tells of a campaign in a few lines: who is impersonated, how many organisations, where, since when.
func campaignLines(p *coldwatch.Profile, pack *knowledge.Pack) []string {
	var lines []string
	if p.Possible {
		lines = append(lines, fmt.Sprintf("%s  possible campaign: one message, one organisation", p.Campaign))
	} else {
		lines = append(lines, fmt.Sprintf("%s  %s", p.Campaign, title(p)))
	}
	if len(p.Impersonated) > 0 {
		who := name(p.Impersonated[0])
		if len(p.Personas) > 0 {
			who += ", in the name of " + safe(name(p.Personas[0]))
		}
		lines = append(lines, "  impersonated:  "+who)
	}
	orgs := count(len(p.Targets), "organisation")
	if p.Unknown > 0 {
		orgs += fmt.Sprintf(" and %s of organisations whose role is unknown", count(p.Unknown, "message"))
	}
	lines = append(lines, fmt.Sprintf("  reach:         %s to %s", count(p.Messages, "message"), orgs))
	if len(p.Countries) > 0 {
		lines = append(lines, "  countries:     "+names(p.Countries, 12))
	}
	if len(p.Roles) > 0 {
		lines = append(lines, "  chain roles:   "+names(p.Roles, 12))
	}
	since := p.First.Format("2 January 2006")
	if p.Start.AtLeast {
		since = "at least " + since
	}
	lines = append(lines, fmt.Sprintf("  since:         %s, last seen %s", since, p.Last.Format("2 January 2006")))
	return lines
}

func name(s coldwatch.Share) string {
	if s.Name != "" {
		return safe(s.Name)
	}
	return safe(s.Value)
}

// names lists the first n of the shares.
func names(shares []coldwatch.Share, n int) string {
	var out []string
	for i, s := range shares {
		if i == n {
			out = append(out, fmt.Sprintf("and %d more", len(shares)-n))
			break
		}
		out = append(out, name(s))
	}
	return strings.Join(out, ", ")
}
