package scenario

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// A product is a model that a campaign's texts name.
type product struct {
	Make     string  `json:"make"`
	Model    string  `json:"model"`
	Price    float64 `json:"price"`
	Currency string  `json:"currency"`
	Correct  bool    `json:"correct"`
}

type phase struct {
	From   string `json:"from"`
	Change string `json:"change"`
}

// A trueCampaign is an object of truth/campaigns.json.
type trueCampaign struct {
	ID             string    `json:"id"`
	Actor          string    `json:"actor"`
	Class          string    `json:"actor_class"`
	First          string    `json:"first_sent"`
	Last           string    `json:"last_sent"`
	Impersonates   string    `json:"impersonates"`
	Persona        string    `json:"persona"`
	TargetsSeen    []string  `json:"targets_seen"`
	TargetsAll     []string  `json:"targets_all"`
	Roles          []string  `json:"roles"`
	Countries      []string  `json:"countries"`
	Products       []product `json:"products"`
	Programmes     []string  `json:"programmes"`
	Phases         []phase   `json:"phases"`
	Infrastructure []string  `json:"infrastructure"`
	Messages       int       `json:"messages"`
}

// An identity is a way in which an operation's mail goes out.
type identity struct {
	from, replyTo mailbox
	sys           *system
	program       *program
	envelope      string
	listed        string // List-Unsubscribe of the service that it goes through
	forged        bool   // puts an authentication result of its own below the trace
}

// An operation is a campaign being played: one actor, what it has built or rented, and whom it writes to.
type operation struct {
	truth      trueCampaign
	targets    []*org
	programmes map[string]bool
	hosts      map[string]bool
	products   []product

	style      *style
	kit        *kit
	theme      string // "rfq", "po", "invoice", "contract", "shipping", "account"
	carrier    string // "html", "zip", "link", "pdf", "eml", "qr"
	host       string // that the answers leave to
	who        identity
	signer     string // below the text
	subject    string // kept by the actor, "%s" takes a number
	functions  []string
	brand      string // on the page
	wave       int
	lang       string // "" follows the target
	mentions   bool   // of a programme
	simulation bool
}

func newOperation(id, class string) *operation {
	return &operation{truth: trueCampaign{ID: id, Class: class}, programmes: map[string]bool{}, hosts: map[string]bool{}}
}

// note records a method's change.
func (op *operation) note(at time.Time, change string) {
	op.truth.Phases = append(op.truth.Phases, phase{at.Format(time.RFC3339), change})
}

// hit sends one message of the operation to somebody of the target.
func (sc *scene) hit(d dice, op *operation, target *org, at time.Time) {
	stampAt := at.Format(time.RFC3339)
	if op.truth.First == "" || stampAt < op.truth.First {
		op.truth.First = stampAt
	}
	op.truth.Last = max(op.truth.Last, stampAt)
	known := false
	for _, o := range op.targets {
		known = known || o == target
	}
	if !known {
		op.targets = append(op.targets, target)
	}
	if !target.member {
		return // nobody who reports to the hub sees it
	}
	to := target.who(d, op.functions...)
	s := sc.lure(d, op, to, at)
	s.label, s.campaign, s.wave, s.impersonated, s.to = "campaign", op.truth.ID, op.wave, op.truth.Impersonates, to
	s.kind = op.theme + "-" + op.carrier
	sc.deliver(d, s)
}

var pageNotes = map[string][]string{
	"en": {"This document is protected. Sign in with your mail account to view it.", "Your session has expired. Enter your mail password to open the file.", "To read the enclosed document, confirm that you are the intended reader."},
	"de": {"Dieses Dokument ist geschützt. Melden Sie sich mit Ihrem E-Mail-Konto an.", "Ihre Sitzung ist abgelaufen. Geben Sie Ihr E-Mail-Passwort ein."},
	"fr": {"Ce document est protégé. Connectez-vous avec votre compte de messagerie."},
	"it": {"Questo documento è protetto. Accedere con il proprio account di posta."},
	"es": {"Este documento está protegido. Inicie sesión con su cuenta de correo."},
}

// lure writes one message of an operation. Its words come from the banks that genuine partners use too.
func (sc *scene) lure(d dice, op *operation, to *person, at time.Time) sending {
	lang := first(op.lang, to.org.lang)
	if op.style.drift < 0.5 && op.lang == "" && !d.chance(0.6) {
		lang = "en"
	}
	t := tongueOf(lang)
	if tongues[lang] == nil {
		lang = "en"
	}
	ref := reference(d)
	subjects, openings, doc := t.rfqSubject, t.opening, "RFQ"
	switch op.theme {
	case "po":
		subjects, openings, doc = t.poSubject, t.po, "PO"
	case "invoice":
		subjects, openings, doc = t.invoiceSubject, t.invoice, "Invoice"
	case "shipping":
		subjects, openings, doc = t.shipSubject, t.ship, "AWB"
	case "contract":
		subjects, doc = []string{"Draft of Contract %s", "Draft of Contract - cold chain supply %s"}, "Draft_of_Contract"
		openings = []string{"Please find the draft of contract for the vaccine programme for your review.", "Following our talks I send you the draft of contract; legal has agreed to all clauses but two."}
	}
	items := sc.w.items(d, d.between(1, 3), 0.6)
	if op.truth.Impersonates == sc.w.maker.id {
		items = sc.makerItems(d, d.between(1, 3))
	}
	subject := op.style.say(d, "subject/"+lang, subjects)
	if op.subject != "" && d.chance(0.85) {
		subject = op.subject
	}
	if strings.Contains(subject, "%s") {
		subject = fmt.Sprintf(subject, ref)
	}
	text := greet(op.style.say(d, "hello/"+lang, t.hello), to.name) + "\n\n" + op.style.say(d, "opening/"+lang+op.theme, openings) + "\n"
	if op.mentions {
		op.programmes["cceop"] = true
		text += op.style.say(d, "programme", []string{"The goods are part of the Cold Chain Equipment Optimisation Platform (CCEOP) of Gavi.", "Delivery falls under the CCEOP programme with UNICEF as procurement partner.", "We act as qualified supplier of the CCEOP programme."}) + "\n"
	}
	if op.theme == "rfq" || op.theme == "po" || op.theme == "contract" {
		text += op.style.say(d, "need/"+lang, t.need) + "\n" + t.lines(items) + "\n"
		for _, x := range items {
			op.product(x)
		}
	}
	if d.chance(0.7) {
		text += op.style.say(d, "terms/"+lang, t.terms) + "\n"
	}
	name := doc + "_" + ascii(ref)
	if op.kit != nil && !op.kit.poly {
		name = op.style.say(d, "file", []string{doc + "-" + ascii(ref), strings.ToUpper(doc) + "_" + ascii(ref) + "_pdf", doc + " " + ascii(ref)})
	}
	s := sending{sys: op.who.sys, envelope: op.who.envelope, draft: draft{from: op.who.from, replyTo: op.who.replyTo, subject: subject, sent: at, program: op.who.program}}
	text += sc.carry(d, op, &s, name, lang, t, to, items)
	s.text = text + "\n" + op.style.say(d, "close/"+lang, t.close) + "\n\n" + op.signer
	if op.who.forged {
		s.forged = fmt.Sprintf("Authentication-Results: %s; spf=pass smtp.mailfrom=%s; dkim=pass header.d=%s; dmarc=pass header.from=%s\r\n", to.org.in.host, s.from.address, domainOf(s.from.address), domainOf(s.from.address))
	}
	if op.simulation {
		s.extra = append(s.extra, [2]string{"X-Phishing-Simulation", op.truth.ID + "-" + d.hex(6)})
	}
	return s
}

// carry puts the payload into a message and returns the sentence that points to it.
func (sc *scene) carry(d dice, op *operation, s *sending, name, lang string, t *tongue, to *person, items []wanted) string {
	endpoint := "https://" + op.host + "/"
	if op.kit != nil {
		endpoint = "https://" + op.host + op.kit.path
	}
	op.hosts[op.host] = true
	p := page{title: name, note: op.style.say(d, "note/"+lang, pageNotes[lang]), button: op.style.say(d, "button", []string{"View document", "Continue", "Sign in", "Open"}), victim: to.email, brand: op.brand, endpoint: endpoint}
	for _, x := range items {
		p.rows = append(p.rows, x.label())
	}
	landing := "https://" + op.host + op.style.say(d, "landing", []string{"/view/", "/d/", "/share/doc/", "/files/open/"}) + d.hex(10)
	attached := op.style.say(d, "attached/"+lang, t.attached) + "\n"
	switch op.carrier {
	case "html":
		s.parts = []part{{name + pick(newDice(op.style.seed, "suffix", op.style.name), []string{".html", ".htm", ".pdf.html", ".shtml"}), "text/html", []byte(op.kit.render(d, p))}}
	case "zip":
		s.parts = []part{{name + ".zip", "application/zip", zipped(name+".html", []byte(op.kit.render(d, p)), s.sent)}}
	case "pdf":
		s.parts = []part{{name + ".pdf", "application/pdf", pdf(name, "Online PDF Maker 2.3", append([]string{name, "", "The preview cannot be shown. Open the document:"}, p.rows...), landing)}}
	case "qr":
		s.parts = []part{{"scan.png", "image/png", qr(landing)}}
		return "Scan the code in the attached picture to open the document.\n"
	case "eml":
		inner := draft{from: s.from, to: to.box(), subject: name, sent: s.sent, program: programNamed("webmail"), text: attached, parts: []part{{name + ".html", "text/html", []byte(op.kit.render(d, p))}}}
		head, body := inner.compose(d, op.who.sys)
		s.parts = []part{{name + ".eml", "message/rfc822", append(append(head, '\r', '\n'), body...)}}
	default:
		s.html = "<html><body>" + strings.ReplaceAll(attached, "\n", "") + "<p><a href=\"" + landing + "\">" + name + ".pdf</a> (214 KB)</p><p>" + strings.ReplaceAll(op.signer, "\n", "<br>") + "</p></body></html>\n"
		return name + ".pdf: " + landing + "\n"
	}
	return attached
}

func qr(link string) []byte {
	m, err := qrcode.NewQRCodeWriter().Encode(link, gozxing.BarcodeFormat_QR_CODE, 180, 180, nil)
	if err != nil {
		panic("scenario: " + err.Error()) // our own short link always fits
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic("scenario: " + err.Error())
	}
	return b.Bytes()
}

// product records that a text names a model.
func (op *operation) product(x wanted) {
	for _, p := range op.products {
		if p.Make == x.eq.Make && p.Model == x.eq.Model {
			return
		}
	}
	op.products = append(op.products, product{Make: x.eq.Make, Model: x.eq.Model, Price: x.price, Currency: x.eq.Currency,
		Correct: x.price == 0 || x.price >= *x.eq.PriceLow && x.price <= *x.eq.PriceHigh})
}

// makerItems are models of the maker that is impersonated.
func (sc *scene) makerItems(d dice, n int) []wanted {
	var out []wanted
	for _, x := range sc.w.items(d, len(sc.w.models), 0.6) {
		if x.eq.MakeOrgID == sc.w.maker.id && len(out) < n {
			out = append(out, x)
		}
	}
	return out
}
