package dossier

import (
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
)

// action is what a reader can do within the hour, from what the messages carried and asked for.
func (b *builder) action() []Block {
	p := b.p
	has := func(in []coldwatch.Share, values ...string) bool {
		for _, s := range in {
			for _, v := range values {
				if s.Value == v {
					return true
				}
			}
		}
		return false
	}
	var all []string
	search := "Search all mailboxes, quarantine and proxy logs"
	if !p.First.IsZero() {
		search += " from " + Day(earlier(p)) + " on"
	}
	search += " for the indicators below; take what is found out of the mailboxes and keep a copy."
	all = append(all, search)
	var own []string
	for _, i := range merged(Indicators(p, b.pack)) {
		if i.Owned && (i.Kind == coldwatch.DomainName || i.Kind == coldwatch.EmailAddress) && len(own) < 4 {
			own = append(own, Defang(i.Kind, i.Value))
		}
	}
	if len(own) > 0 {
		all = append(all, "Block the attacker's own addresses at the mail gateway, the proxy and the resolver, first of all "+Join(own)+".")
	}
	if has(p.Objectives, "credentials") || has(p.Acts, "sign-in") {
		all = append(all, "Ask each person who received one whether they typed a password. If so, and also if they do not remember: reset it, end all sessions, look for new forwarding rules and sign-ins from unknown places, and turn on a second factor that cannot be phished.")
	}
	if has(p.Carriers, "html-attachment") {
		all = append(all, "Hold back HTML files that come as attachments, also inside archives; business partners do not need to send them.")
	}
	if has(p.Carriers, "qr") {
		all = append(all, "Tell people not to scan codes from mail with their telephones.")
	}
	if has(p.Objectives, "run-file") || has(p.Carriers, "office", "archive") {
		all = append(all, "Where an attachment was opened, take the machine off the network and have it examined before it is used again.")
	}
	if has(p.Objectives, "payment") || has(p.Acts, "pay", "change-bank") {
		all = append(all, "Confirm every new or changed bank account by telephone, at a number known from before; call the bank at once if money went out.")
	}
	if has(p.Objectives, "documents", "reply") || has(p.Acts, "reply", "send-information") {
		all = append(all, "Find out who answered, and what was sent: plans, prices and delivery details in the wrong hands are the damage.")
	}
	if len(p.Impersonated) > 0 {
		var names []string
		for _, s := range p.Impersonated[:min(3, len(p.Impersonated))] {
			names = append(names, label(s))
		}
		all = append(all, "Treat unexpected mail in the name of "+Join(names)+" as suspect: check it with a contact known from before, not by answering it.")
	}
	all = append(all, "Report further messages like these, with their full headers, to whoever sent you this report.")
	out := []Block{List{Items: all, Ordered: true}}
	if p.Possible {
		out = append([]Block{Note{"warn", "One message is not yet a campaign. Treat it as hostile, report others like it, and expect this to change."}}, out...)
	}
	named := slices.DeleteFunc(slices.Clone(p.Functions), func(s coldwatch.Share) bool { return s.Value == "other" })
	if len(named) > 0 {
		out = append(out, Paragraph{"Tell first those whose colleagues were addressed elsewhere: " + Join(first(named, 5)) + "."})
	}
	return out
}

// earlier is when to begin a search: the earliest likely start, or the first message.
func earlier(p coldwatch.Profile) (t time.Time) {
	if e := p.Start.Earliest; !e.IsZero() && e.Before(p.First) {
		return e
	}
	return p.First
}

// engines name the tools that read the detection rules, in the order of the table.
var engines = [...][2]string{{"yara", "YARA, for attachments"}, {"rspamd", "Rspamd, lists"}, {"rspamd-regexp", "Rspamd, expressions"}, {"postfix-checks", "Postfix header checks"},
	{"sigma", "Sigma, for mail and proxy logs"}, {"mql", "Sublime MQL"}, {"kql", "Microsoft Defender (KQL)"}}

// rules tells which detection rules come with the report, and what came of running them.
func (b *builder) rules() []Block {
	if len(b.r.Rules) == 0 {
		return nil
	}
	t := Table{Head: []string{"For", "What came of trying it"}}
	for _, e := range engines {
		for _, r := range b.r.Rules {
			if r.Engine != e[0] {
				continue
			}
			status := Visible(r.Status)
			if status == "not executed" {
				status += ": its program is not at hand here; look at it before you use it"
			}
			t.Rows = append(t.Rows, []Cell{text(e[1]), text(status)})
		}
	}
	return []Block{Paragraph{"Each rule is run before it is released, where its program is at hand: it must hit messages of the campaign and miss unremarkable mail. One that fails is withheld."}, t}
}
