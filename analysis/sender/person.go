package sender

import (
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
)

// otherPerson looks for a display name and a mailbox that name two different people: "Ana Vogel" who writes from
// thomas.baker@. Mail programs give both to one person; who writes from another's account shows a name of his choice
// (ATT&CK T1586.002).
func (h *header) otherPerson(from coldwatch.Mailbox, shown coldwatch.Evidence) {
	shownAs := personWords(from.Name)
	local := names.Fold(names.Local(from.Address))
	if len(shownAs) < 2 || len(shownAs) > 4 || names.FreeMail(from.Domain) {
		return
	}
	parts := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '_' })
	if len(parts) != 2 {
		return
	}
	for _, p := range parts {
		if len(p) < 4 || !letters(p) || office[p] {
			return
		}
	}
	for _, w := range shownAs {
		if office[w] || !letters(w) || len(w) < 2 {
			return
		}
		for _, p := range parts {
			if related(w, p) {
				return
			}
		}
	}
	h.add("sender.name_other_person", "name", fmt.Sprintf("The name shown is %s, the mailbox is that of another person (%s).", from.Name, names.Local(from.Address)), shown)
}

func personWords(name string) []string {
	var out []string
	folded := names.Fold(name)
	names.Words(folded, func(i, j int) bool { out = append(out, folded[i:j]); return len(out) < 6 })
	return out
}

func letters(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}

// related tells whether two parts of names may be of one person: they begin alike, as short forms and other spellings
// do, or one holds the other.
func related(a, b string) bool {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n >= 3 || n == len(a) || n == len(b) || strings.Contains(a, b) || strings.Contains(b, a)
}

// office are words of mailboxes and names that belong to no person.
var office = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`account accounts accounting admin administration agency alert alerts assistant automatic billing board booking bookings business care center centre chief
		client clients cloud club collection communication communications community company contact contacts contract corporate customer customers daily data delivery department desk
		digital direct director document documents domestic editor email energy europe event events express finance financial general global group head health help helpdesk hotel human
		info information insurance international invoice invoices legal letter list lists local mail mailer mailing manager management market marketing media member members message
		messages mobile money network news newsletter notice notification notifications notify office online operations order orders partner partners payable payment payments payroll
		people personal planning portal post postmaster premium press prime procurement production product products program project projects promo public purchase purchasing quality
		receivable registration relations release reply report reports research reservation reservations resources returns reward rewards robot sales school secure security server
		service services shipping shop signature social software special staff statement store subscription supplier supply support survey system systems team tech technical test
		tickets trade training transport travel treasury update updates user users verification verify warehouse webmaster website weekly welcome world your noreply donotreply bounce
		einkauf vertrieb verkauf rechnung kundenservice ventas compras servicio vendite acquisti ufficio service commercial direction bureau via the and for from with`) {
		out[w] = true
	}
	return out
}()
