package analysis

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

const mostRecipients = 500

// recipients reads who the message was addressed and delivered to: To and Cc as shown, then the addresses that the
// envelope or the receiver's own fields name beside them.
func recipients(sub coldwatch.Submission, m *coldwatch.Message) []coldwatch.Mailbox {
	var out []coldwatch.Mailbox
	seen := map[string]bool{}
	add := func(box coldwatch.Mailbox) {
		if box.Address != "" && !seen[box.Address] && len(out) < mostRecipients {
			seen[box.Address] = true
			out = append(out, box)
		}
	}
	for _, name := range [...]string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"} {
		f := m.Field(name)
		if f == nil {
			continue
		}
		for _, box := range message.FieldAddresses(m.Raw, f) {
			add(box)
		}
	}
	for _, to := range sub.Envelope.To {
		add(coldwatch.Mailbox{Address: to, Domain: names.Domain(to)})
	}
	return out
}

// targets finds the place in the chain of whoever was addressed.
type targets struct {
	pack   *knowledge.Pack
	people map[string]*knowledge.Person // by address
}

func newTargets(pack *knowledge.Pack) *targets {
	t := &targets{pack: pack, people: map[string]*knowledge.Person{}}
	for i := range pack.People {
		if p := &pack.People[i]; p.Email != "" {
			t.people[strings.ToLower(p.Email)] = p
		}
	}
	return t
}

// set fills Organisation, where the submission did not, and Target.
func (t *targets) set(a *coldwatch.Analysis) {
	for i := 0; a.Organisation == "" && i < len(a.Recipients); i++ {
		if o := t.pack.OwnerOf(a.Recipients[i].Domain); o != nil {
			a.Organisation = o.ID
		}
	}
	a.Target.Function = "other"
	o := t.pack.Organisation(a.Organisation)
	if o != nil {
		a.Target.Organisation, a.Target.Roles, a.Target.Country = o.ID, o.Roles, o.Country
	}
	best := ""
	for i, r := range a.Recipients {
		if i == 50 {
			break
		}
		if o != nil && t.pack.OwnerOf(r.Domain) != o {
			continue
		}
		f := ""
		if p := t.people[strings.ToLower(r.Address)]; p != nil {
			if f = function(p.Function); f == "" {
				f = function(p.Title)
			}
		}
		if f == "" {
			f = function(names.Local(r.Address))
		}
		if f != "" {
			best = f
			break
		}
	}
	if best != "" {
		a.Target.Function = best
	}
}

// functions are words of titles and mailbox names, by the function that they stand for.
var functions = []struct{ function, words string }{
	{"executive", "executive ceo cfo coo cto md director president chairman owner founder geschaeftsfuehrung geschäftsführer geschaeftsfuehrer direktor direction directeur vorstand management managing board gerencia"},
	{"procurement", "procurement purchasing purchase buyer buying einkauf beschaffung achats compras acquisti nakup zakupy tender tenders sourcing supply rfq vendor vendors logistics plant"},
	{"sales", "sales vertrieb verkauf ventes ventas vendite prodej sprzedaz export marketing commercial offers orders order business bd account"},
	{"it", "it ict edv admin administrator postmaster hostmaster helpdesk webmaster sysadmin security cert abuse network support-it shared-it"},
	{"finance", "finance accounting accounts payable receivable invoice invoices billing buchhaltung rechnung comptabilite contabilidad contabilita ucetni ap ar treasury payroll"},
	{"support", "support service services customer customercare care kundenservice info contact office hr human"},
}

// function returns the function that a title or mailbox name stands for, "" if it says nothing.
func function(s string) string {
	s = strings.ToLower(s)
	words := strings.FieldsFunc(s, func(r rune) bool { return r < 0x80 && !('a' <= r && r <= 'z') })
	for _, f := range functions {
		for _, w := range words {
			for _, want := range strings.Fields(f.words) {
				if w == want {
					return f.function
				}
			}
		}
	}
	return ""
}
