package publish

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/blocklist"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/publish/html"
	"github.com/coldwatch/coldwatch/publish/markdown"
)

// Pack makes the files that one reader of a warning gets, by path within a folder: the one-page alert in every language there is,
// the report, the machine-readable forms, block lists and rules, the reader's own messages, and queries for its logs. Other
// organisations are covered whatever the marking (dossier.RedactFor); the marking is the warning's. The pack of knowledge may be
// nil. The report given is not changed.
func Pack(r coldwatch.Report, w coldwatch.Warning, pack *knowledge.Pack) (map[string][]byte, error) {
	whole := r
	r = dossier.RedactFor(r, pack, w.Reader)
	r.Marking = w.Marking
	files := map[string][]byte{}
	draw := func(name string, d *dossier.Document) error {
		var page, text bytes.Buffer
		if err := html.Draw(&page, d); err != nil {
			return err
		}
		if err := markdown.DrawText(&text, d); err != nil {
			return err
		}
		files[name+".html"], files[name+".txt"] = page.Bytes(), text.Bytes()
		return nil
	}
	if err := draw("alert", dossier.Alert(w, "", r.Synthetic)); err != nil {
		return nil, err
	}
	for language := range w.Alerts {
		if !isLanguage(language) {
			continue
		}
		if err := draw("alert."+language, dossier.Alert(w, language, r.Synthetic)); err != nil {
			return nil, err
		}
	}
	for _, f := range Formats() {
		var b bytes.Buffer
		if err := f.Write(&b, r, pack); err != nil {
			return nil, fmt.Errorf("pack for %s: %w", w.Reader, err)
		}
		files[Path(f)] = b.Bytes()
	}
	if len(w.Messages) > 0 {
		files["your-messages.csv"] = ownMessages(whole, w)
	}
	files["queries.txt"] = []byte(queries(r, pack))
	files["README.txt"] = []byte(readme(files, w, r.Synthetic))
	return files, nil
}

// Retraction makes the files that one reader gets when a warning is taken back: the objects of the campaign, revoked; the block
// lists, empty, under the names that they had in the pack; and what stood in them, to be searched for and taken out.
func Retraction(r coldwatch.Report, w coldwatch.Warning, pack *knowledge.Pack) (map[string][]byte, error) {
	r = dossier.RedactFor(r, pack, w.Reader)
	r.Marking = w.Marking
	files := map[string][]byte{}
	put := func(name string, f Format, r coldwatch.Report) error {
		var b bytes.Buffer
		err := f.Write(&b, r, pack)
		files[name+f.Extension()] = b.Bytes()
		return err
	}
	back := r
	back.Withdrawn = &coldwatch.Withdrawal{At: w.At, Reason: "warning " + w.ID}
	for _, f := range Formats() {
		var err error
		switch folder(f.Name()) {
		case "block/campaign":
			err = put("block/campaign", f, back)
			switch f.Name() {
			case "domains", "urls", "addresses", "hashes":
				if err == nil {
					err = put("unblock/campaign", f, r)
				}
			}
		case "machine/campaign":
			if f.Name() == "stix" {
				err = put("machine/campaign", f, back)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("retraction for %s: %w", w.Reader, err)
		}
	}
	return files, nil
}

// isLanguage tells whether s looks like a BCP 47 tag and thus may stand in a file name.
func isLanguage(s string) bool {
	return s != "" && len(s) <= 35 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// Path is where a format's file lies in a pack.
func Path(f Format) string { return folder(f.Name()) + f.Extension() }

// List tells whether the file at that path of a pack is one by which a program blocks or detects.
func List(path string) bool {
	switch top, name, _ := strings.Cut(path, "/"); top {
	case "block", "unblock", "rules":
		return true
	case "machine":
		return name != "campaign.json" && name != "campaign.attack-flow.json"
	}
	return false
}

// folder is where a format's file goes, without its extension.
func folder(name string) string {
	switch name {
	case "html", "md", "text":
		return "report"
	case "json", "stix", "misp", "attack-flow", "csv":
		return "machine/campaign"
	case "domains", "urls", "addresses", "hashes", "hosts", "rpz", "postfix", "rspamd-map":
		return "block/campaign"
	}
	return "rules/campaign"
}

// ownMessages lists the reader's own messages. Subject and sender are the reader's own mail; where they are not at hand, the ids
// stand alone.
func ownMessages(r coldwatch.Report, w coldwatch.Warning) []byte {
	local := map[string]coldwatch.LocalMessage{}
	for _, m := range r.Local {
		if m.Organisation == w.Reader {
			local[m.ID] = m
		}
	}
	ids := append([]string(nil), w.Messages...)
	sort.Strings(ids)
	var b strings.Builder
	b.WriteString("\"id\",\"received\",\"from_as_shown\",\"subject\"\r\n")
	for _, id := range ids {
		m := local[id]
		received := ""
		if !m.Received.IsZero() {
			received = dossier.Minute(m.Received)
		}
		for i, c := range []string{id, received, m.From, m.Subject} {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(blocklist.Cell(dossier.Visible(c)))
		}
		b.WriteString("\r\n")
	}
	return []byte(b.String())
}

// queries are searches for logs that the rules do not cover: a mail server's, a proxy's, a message trace.
func queries(r coldwatch.Report, pack *knowledge.Pack) string {
	var senders, hosts, hops []string
	for _, i := range dossier.Indicators(r.Profile, pack) {
		if !i.Owned {
			continue
		}
		switch i.Kind {
		case coldwatch.DomainName, coldwatch.EmailAddress:
			senders = append(senders, i.Value)
		case coldwatch.URL:
			hosts = append(hosts, strings.SplitN(strings.SplitN(i.Value, "://", 2)[1], "/", 2)[0])
		case coldwatch.IPv4Address, coldwatch.IPv6Address:
			hops = append(hops, i.Value)
		}
	}
	if len(senders)+len(hosts)+len(hops) == 0 {
		return "There is no indicator of the attacker's own to search for.\n"
	}
	var b strings.Builder
	b.WriteString("Searches for your logs. Not executed here: look at them before you run them.\n")
	grep := func(title, files string, values []string) {
		if len(values) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s\n  zgrep -hiF", title)
		for _, v := range values {
			fmt.Fprintf(&b, " -e '%s'", strings.ReplaceAll(v, "'", `'\''`))
		}
		b.WriteString(" " + files + "\n")
	}
	grep("Mail server (Postfix, Exim, Sendmail), senders and hosts that delivered:", "/var/log/mail.log*", append(append([]string(nil), senders...), hops...))
	grep("Web proxy (Squid), pages and what took the passwords:", "/var/log/squid/access.log*", hosts)
	grep("DNS resolver (Unbound, BIND, dnsmasq query logs):", "/var/log/*dns*.log* /var/log/unbound*.log*", hosts)
	if len(senders) > 0 {
		b.WriteString("\nMicrosoft 365 message trace (Exchange Online PowerShell):\n")
		for _, s := range senders {
			if !strings.Contains(s, "@") {
				s = "*@" + s
			}
			fmt.Fprintf(&b, "  Get-MessageTraceV2 -SenderAddress \"%s\" -StartDate (Get-Date).AddDays(-10) -EndDate (Get-Date)\n", strings.NewReplacer("`", "", "$", "").Replace(s))
		}
		b.WriteString("\nGoogle Workspace, Gmail log search, condition \"From (envelope or header) contains\", one at a time:\n")
		for _, s := range senders {
			b.WriteString("  " + s + "\n")
		}
	}
	return b.String()
}

func readme(files map[string][]byte, w coldwatch.Warning, synthetic bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. %s\n", dossier.Label(w.Marking.TLP), dossier.Meaning(w.Marking.TLP))
	if synthetic {
		b.WriteString("Synthetic: invented data for a demonstration. No such mail was sent.\n")
	}
	fmt.Fprintf(&b, "For %s, campaign %s, version %d.\n\n", dossier.Visible(w.Name), dossier.Visible(w.Campaign), w.Version)
	b.WriteString("alert      one page to read first, and to pass on within the marking\nreport     the whole report\nmachine/   for your tools: STIX, MISP, Attack Flow, CSV, JSON\nblock/     lists to block\nrules/     detection rules; each says whether it was executed\nqueries    searches for your logs\n\nFiles:\n")
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		b.WriteString("  " + n + "\n")
	}
	return b.String()
}
