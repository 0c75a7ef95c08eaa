package lure

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lure/passage"
)

// A sign is wording that speaks for hostile mail. Its bits are what the phrases sum to, from a floor on and up to a cap.
type sign struct {
	section    string
	kind       string
	floor, cap float64
	reason     string
	techniques []string
}

var (
	spearLink = []string{"T1598.003", "T1566.002"}
	trick     = []string{"T1566"}
)

// signs are the findings that rest on wording alone. Caps keep well below what a contradiction of identities weighs: words
// are cheap to copy, and honest mail now and then uses them.
var signs = [...]sign{
	{"sign urgency", "lure.urgency", 1, 1, "The text presses the reader to act at once.", nil},
	{"sign secrecy", "lure.secrecy", 1.5, 1, "The text asks the reader to keep the matter to himself or to answer by mail only.", nil},
	{"sign greeting", "lure.generic_greeting", 1, 0.8, "The text greets its reader by no name.", nil},
	{"sign account-threat", "lure.account_threat", 1.5, 5, "The text threatens that an account, mailbox or password will stop working.", spearLink},
	{"sign account-notice", "lure.account_notice", 1.5, 1.5, "The text claims to be a security notice about the reader's account.", spearLink},
	{"sign credentials", "lure.credential_request", 1.5, 4, "The text asks the reader to give a password in order to see something.", spearLink},
	{"sign held-mail", "lure.held_mail", 1.5, 3, "The text says that messages are held back until the reader releases them.", spearLink},
	{"sign wallet", "lure.wallet", 1.5, 5, "The text asks the reader to verify or restore a crypto wallet.", spearLink},
	{"sign payment-change", "lure.payment_change", 1.5, 3, "The text announces other bank details than before.", []string{"T1656"}},
	{"sign advance-fee", "lure.advance_fee", 2, 6, "The text promises a fortune to a stranger, as advance-fee fraud does.", trick},
	{"sign extortion", "lure.extortion", 2, 6, "The text threatens to publish something unless it is paid.", trick},
	{"sign prize", "lure.prize", 1.5, 4.5, "The text promises a prize, a reward or a gift for a click.", trick},
	{"sign gambling", "lure.gambling", 1.5, 4, "The text advertises a casino or betting bonus.", nil},
	{"sign investment", "lure.investment", 2, 3, "The text promises money by an investment or a token.", trick},
	{"sign gift-card", "lure.gift_card", 1.5, 3.5, "The text asks the reader to buy gift cards or to do a quick favour.", []string{"T1656"}},
	{"sign payroll", "lure.payroll_change", 1.5, 3, "The text asks to change the account that a salary is paid to.", []string{"T1656"}},
	{"sign subscription", "lure.subscription", 1.5, 3.5, "The text says that a subscription lapsed or was charged, to make the reader call or pay.", trick},
	{"sign delivery-fee", "lure.delivery_fee", 1.5, 3.5, "The text says that a parcel waits for a small fee or a confirmation.", spearLink},
	{"sign dating", "lure.dating", 1.5, 3, "The text advertises a private contact.", nil},
	{"sign open-html", "lure.open_html", 1.5, 2, "The text tells the reader to open a web page that is attached.", []string{"T1598.002", "T1204.002"}},
	{"sign enable-content", "lure.enable_content", 1.5, 3, "The text tells the reader to switch a document's protection off.", []string{"T1204.002"}},
}

const group = "lure"

// loose are the signs whose single phrases honest mail uses as well: one alone counts a share.
var loose = map[string]bool{"lure.gift_card": true, "lure.extortion": true, "lure.subscription": true, "lure.gambling": true, "lure.investment": true, "lure.prize": true,
	"lure.held_mail": true, "lure.delivery_fee": true, "lure.dating": true}

const alone = 0.6

func (r *reading) findings(a *coldwatch.Analysis, passages []passage.Passage) {
	for i := range signs {
		s := &signs[i]
		sec := sectionOf(s.section)
		sum := r.total[sec]
		if loose[s.kind] && len(r.of(sec)) == 1 {
			sum *= alone
		}
		if sum >= s.floor {
			a.Add(coldwatch.Finding{
				Kind: s.kind, Bits: round(min(sum, s.cap)), Group: group, Reason: s.reason,
				Evidence: r.evidence(a, passages, r.of(sec), 4), Techniques: s.techniques, Analyzer: name,
			})
		}
	}
	r.tricks(a, passages)
	r.requestWithHTML(a)
}

// Words that nobody types, from which on they count.
const (
	mixedFrom  = 2
	hiddenFrom = 4
)

// tricks reports letters that were put there for filters and not for readers.
func (r *reading) tricks(a *coldwatch.Analysis, passages []passage.Passage) {
	if r.mixed >= mixedFrom {
		p := &passages[r.mixedAt]
		a.Add(coldwatch.Finding{
			Kind: "lure.mixed_script", Bits: round(min(4, 1.5+0.25*float64(r.mixed))), Group: group,
			Reason:   "Words are spelt with look-alike letters of another alphabet, which hides them from filters.",
			Evidence: []coldwatch.Evidence{passage.Quote(a, p, 0, len(p.Text))}, Analyzer: name,
		})
	}
	if r.hidden >= hiddenFrom {
		p := &passages[0]
		for i := range passages {
			if passages[i].Kind == passage.Body {
				p = &passages[i]
				break
			}
		}
		a.Add(coldwatch.Finding{
			Kind: "lure.hidden_characters", Bits: round(min(3, 1+0.1*float64(r.hidden))), Group: group,
			Reason:   "Invisible characters stand within words, which hides them from filters.",
			Evidence: []coldwatch.Evidence{passage.Quote(a, p, 0, len(p.Text))}, Analyzer: name,
		})
	}
}

// businessThemes are those of a purchase, where a web page is an odd thing to attach.
var businessThemes = map[string]bool{"quotation": true, "tender": true, "order": true, "contract": true, "invoice": true, "customs": true, "programme": true}

// requestWithHTML is the shape of the campaign of 2020: a request of business whose papers are a web page.
func (r *reading) requestWithHTML(a *coldwatch.Analysis) {
	if !businessThemes[a.Lure.Theme] {
		return
	}
	for i := range a.Payloads {
		p := &a.Payloads[i]
		if (p.Kind != "html" && p.Kind != "svg") || (p.Via != "attachment" && p.Via != "archive") {
			continue
		}
		bits, reason := 0.8, "A business request ("+a.Lure.Theme+") brings its papers as a web page."
		for _, f := range p.Forms {
			if f.Password {
				bits, reason = 2.5, "A business request ("+a.Lure.Theme+") brings its papers as a web page that asks for a password."
			}
		}
		a.Add(coldwatch.Finding{
			Kind: "lure.request_with_html", Bits: bits, Group: group, Chain: a.Lure.Chain, Reason: reason,
			Evidence:   append([]coldwatch.Evidence{{Span: coldwatch.Span{Where: p.ID, End: len(p.Content)}, Quote: shown(p.Name)}}, a.Lure.Phrases[:min(1, len(a.Lure.Phrases))]...),
			Techniques: []string{"T1566.001", "T1598.002"}, Analyzer: name,
		})
		return
	}
}

func shown(name string) string {
	if name == "" {
		return "(a web page without a name)"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
