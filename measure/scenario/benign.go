package scenario

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// background fills the mailboxes of the members: about four fifths genuine mail, one fifth hostile mail that is part of
// no campaign.
func (sc *scene) background(n int) {
	d := newDice(sc.w.seed, "background")
	members := sc.w.members()
	for i := range n {
		dd := newDice(sc.w.seed, "letter", fmt.Sprint(i))
		to := pick(dd, pick(d, members).people)
		at := dd.workTime(sc.from, sc.to)
		if dd.chance(0.2) {
			sc.hostile(dd, to, at)
		} else {
			sc.genuine(dd, to, at)
		}
	}
}

// A genuine kind of mail, how often it comes, and how it is made.
type genuineKind struct {
	kind   string
	weight int
	make   func(sc *scene, d dice, to *person, at time.Time) sending
}

var genuineKinds = []genuineKind{
	{"genuine-rfq", 8, (*scene).quotation}, {"offer", 5, (*scene).offer}, {"po", 6, (*scene).order}, {"price-list", 4, (*scene).priceList}, {"tender", 4, (*scene).tender},
	{"invoice", 5, (*scene).invoice}, {"shipping-notice", 5, (*scene).shipping}, {"meeting", 6, (*scene).meeting}, {"thread-reply", 13, (*scene).reply}, {"internal", 12, (*scene).internal},
	{"it-notice", 3, (*scene).notice}, {"newsletter", 8, (*scene).newsletter}, {"account-mail", 4, (*scene).account}, {"statement-html", 4, (*scene).statement}, {"secure-envelope", 3, (*scene).envelope},
	{"list-mail", 5, (*scene).list}, {"forwarded", 3, (*scene).forward}, {"bounce", 2, (*scene).bounce}, {"auto-reply", 3, (*scene).autoReply}, {"advisory", 2, (*scene).advisory},
	{"new-domain-partner", 3, (*scene).newDomain}, {"distributor", 4, (*scene).distributor}, {"parcel", 3, (*scene).parcel},
}

func (sc *scene) genuine(d dice, to *person, at time.Time) {
	total := 0
	for _, k := range genuineKinds {
		total += k.weight
	}
	n := d.IntN(total)
	for _, k := range genuineKinds {
		if n -= k.weight; n < 0 {
			s := k.make(sc, d, to, at)
			s.label, s.kind, s.to = "benign", k.kind, to
			sc.deliver(d, s)
			return
		}
	}
}

// partner picks a genuine organisation that is not the recipient's: mostly one of the chain, else one that no directory
// knows.
func (sc *scene) partner(d dice, to *person) *org {
	for {
		o := pick(d, sc.w.orgs)
		if d.chance(0.3) {
			o = pick(d, sc.w.outsiders)
		}
		if o != to.org {
			return o
		}
	}
}

// colleague picks somebody else of the same organisation.
func colleague(d dice, to *person) *person {
	for {
		if p := to.org.who(d); p != to {
			return p
		}
	}
}

// letterFrom begins a sending of a person.
func letterFrom(p *person, at time.Time, subject, text string) sending {
	return sending{sys: p.org.out, draft: draft{from: p.box(), subject: subject, text: text, sent: at, program: p.program}}
}

func (sc *scene) writer(p *person) *style { return newStyle(sc.w.seed, p.email) }

func dayOf(t time.Time, lang string) string {
	if lang == "de" {
		return t.Format("02.01.2006")
	}
	return t.Format("2 January 2006")
}

// languageOf two parties: their own if they share it, else English.
func languageOf(a, b *org) *tongue {
	if a.lang == b.lang {
		return tongueOf(a.lang)
	}
	return tongueOf("en")
}

func (sc *scene) quotation(d dice, to *person, at time.Time) sending {
	return sc.quotationFrom(d, sc.partner(d, to).who(d, "procurement", "sales"), to, at)
}

func (sc *scene) quotationFrom(d dice, p, to *person, at time.Time) sending {
	st, t := sc.writer(p), languageOf(p.org, to.org)
	ref := reference(d)
	items := sc.w.items(d, d.between(1, 4), 0.2)
	text := greet(st.say(d, "hello", t.hello), to.name) + "\n\n" + st.say(d, "opening", t.opening) + "\n" + st.say(d, "need", t.need) + "\n" + t.lines(items) + "\n" +
		st.say(d, "terms", t.terms) + "\n"
	s := letterFrom(p, at, fmt.Sprintf(st.say(d, "rfqSubject", t.rfqSubject), ref), "")
	if d.chance(0.65) {
		text += st.say(d, "attached", t.attached) + "\n"
		s.parts = []part{sc.document(d, "RFQ_"+ascii(ref), p, items)}
	}
	s.text = text + fmt.Sprintf(st.say(d, "reply", t.reply), dayOf(at.AddDate(0, 0, 14), to.org.lang)) + "\n\n" + p.signed(st.say(d, "close", t.close))
	return s
}

// document is an attached PDF or CSV of items.
func (sc *scene) document(d dice, name string, p *person, items []wanted) part {
	var lines []string
	for _, x := range items {
		lines = append(lines, fmt.Sprintf("%d  %s  %s", x.n, x.label(), x.eq.Category))
	}
	if d.chance(0.3) {
		return part{name + ".csv", "text/csv", []byte("qty;item\r\n" + strings.Join(lines, "\r\n") + "\r\n")}
	}
	return part{name + ".pdf", "application/pdf", pdf(name, pick(newDice(sc.w.seed, p.org.id), []string{"LibreOffice 6.4", "Microsoft Word for Microsoft 365", "ERP Print 4.1"}), append([]string{p.org.name, name, ""}, lines...), "")}
}

// business is mail about goods with a document: offers, orders, invoices and their kind.
func (sc *scene) business(d dice, to *person, at time.Time, subject, body func(t *tongue) []string, doc string, priced float64, functions ...string) sending {
	p := sc.partner(d, to).who(d, functions...)
	st, t := sc.writer(p), languageOf(p.org, to.org)
	ref := reference(d)
	items := sc.w.items(d, d.between(1, 3), priced)
	text := greet(st.say(d, "hello", t.hello), to.name) + "\n\n" + st.say(d, doc, body(t)) + "\n" + t.lines(items) + "\n"
	s := letterFrom(p, at, fmt.Sprintf(st.say(d, doc+"Subject", subject(t)), ref), "")
	if d.chance(0.7) {
		s.parts = []part{sc.document(d, doc+"_"+ascii(ref), p, items)}
		text += st.say(d, "attached", t.attached) + "\n"
	}
	s.text = text + "\n" + p.signed(st.say(d, "close", t.close))
	return s
}

func (sc *scene) offer(d dice, to *person, at time.Time) sending {
	return sc.business(d, to, at, func(t *tongue) []string { return t.offerSubject }, func(t *tongue) []string { return t.offer }, "Offer", 0.9, "sales")
}

func (sc *scene) order(d dice, to *person, at time.Time) sending {
	return sc.business(d, to, at, func(t *tongue) []string { return t.poSubject }, func(t *tongue) []string { return t.po }, "PO", 0.6, "procurement")
}

func (sc *scene) invoice(d dice, to *person, at time.Time) sending {
	return sc.business(d, to, at, func(t *tongue) []string { return t.invoiceSubject }, func(t *tongue) []string { return t.invoice }, "Invoice", 0.5, "finance")
}

func (sc *scene) shipping(d dice, to *person, at time.Time) sending {
	return sc.business(d, to, at, func(t *tongue) []string { return t.shipSubject }, func(t *tongue) []string { return t.ship }, "AWB", 0, "sales", "other")
}

func (sc *scene) priceList(d dice, to *person, at time.Time) sending {
	s := sc.business(d, to, at, func(t *tongue) []string { return t.offerSubject }, func(t *tongue) []string { return t.offer }, "Prices", 1, "sales")
	s.cc = []mailbox{{"", "sales@" + domainOf(s.from.address)}}
	return s
}

func (sc *scene) tender(d dice, to *person, at time.Time) sending {
	p := sc.partner(d, to).who(d, "procurement", "executive")
	no := reference(d)
	items := sc.w.items(d, 2, 0)
	s := letterFrom(p, at, pick(d, []string{"Invitation to bid %s", "Tender notice %s: cold chain equipment", "ITB %s under CCEOP"}), "")
	s.subject = fmt.Sprintf(s.subject, no)
	s.text = fmt.Sprintf("Dear bidder,\n\n%s invites sealed bids for the supply, installation and commissioning of cold chain equipment%s.\n%s\nBidding documents are on our tender page:\nhttps://www.%s/tenders/%s\n\nBids are opened in public on %s. Questions go to the address below only.\n\n%s",
		p.org.name, pick(d, []string{"", " financed under the Cold Chain Equipment Optimisation Platform (CCEOP)", " in three lots"}), tongueOf("en").lines(items), p.org.domain, ascii(no), dayOf(at.AddDate(0, 1, 0), "en"), p.signed("For the tender board"))
	return s
}

func (sc *scene) meeting(d dice, to *person, at time.Time) sending {
	p := sc.partner(d, to).who(d)
	st, t := sc.writer(p), languageOf(p.org, to.org)
	s := letterFrom(p, at, fmt.Sprintf(st.say(d, "meetSubject", t.meetSubject), dayOf(at.AddDate(0, 0, 3), to.org.lang)), "")
	s.text = greet(st.say(d, "hello", t.hello), to.name) + "\n\n" + st.say(d, "meet", t.meet) + "\n\n" + p.signed(st.say(d, "close", t.close))
	if d.chance(0.5) {
		start := at.AddDate(0, 0, 3).UTC().Format("20060102T150000Z")
		s.parts = []part{{"invite.ics", "text/calendar", []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//calendar//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:" + d.uuid() + "\r\nDTSTART:" + start + "\r\nSUMMARY:" + s.subject + "\r\nORGANIZER:mailto:" + p.email + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")}}
	}
	return s
}

func (sc *scene) reply(d dice, to *person, at time.Time) sending {
	p := sc.partner(d, to).who(d)
	st, t := sc.writer(p), languageOf(p.org, to.org)
	topic := fmt.Sprintf(pick(d, append(append([]string{}, t.rfqSubject...), append(t.poSubject, t.meetSubject...)...)), reference(d))
	s := letterFrom(p, at, pick(d, []string{"Re: ", "RE: ", "AW: "})+topic, "")
	s.inReplyTo = "<" + d.hex(20) + "@" + to.org.domain + ">"
	quoted := "> " + strings.Join([]string{pick(d, t.opening), pick(d, t.terms)}, "\n> ")
	s.text = greet(st.say(d, "hello", t.hello), to.name) + "\n\n" + some(d, t.thread, 1)[0] + " " + pick(d, t.thread) + "\n\n" + p.signed(st.say(d, "close", t.close)) +
		"\n\nOn " + at.AddDate(0, 0, -2).Format("Mon, 2 Jan 2006") + ", " + to.name + " wrote:\n" + quoted
	return s
}

var internalNotes = []string{
	"The stock count of hall 2 is done, the list is on the shared drive.", "Reminder: the fire drill is on Wednesday at ten.", "Please hand in travel costs of last month until Friday.",
	"The compressor of room 4 was replaced tonight, temperatures were in range all the time.", "Who takes the Saturday shift? Two names are still missing.", "New badges can be fetched at the front desk.",
	"The auditor comes next week; please have your training records at hand.", "Lunch moves to half past twelve because of the delivery.",
}

func (sc *scene) internal(d dice, to *person, at time.Time) sending {
	p := colleague(d, to)
	s := letterFrom(p, at, pick(d, []string{"Short note", "Update hall 2", "Shift plan", "For your information", "Audit next week", "Travel costs"}), "")
	s.text = "Hi " + strings.SplitN(to.name, " ", 2)[0] + ",\n\n" + pick(d, internalNotes) + " " + pick(d, internalNotes) + "\n\n" + strings.SplitN(p.name, " ", 2)[0]
	return s
}

// notice is genuine mail of the recipient's own computer people, in the words that attackers borrow.
func (sc *scene) notice(d dice, to *person, at time.Time) sending {
	p := to.org.who(d, "it")
	s := letterFrom(p, at, pick(d, []string{"Your password expires in %d days", "Mailbox almost full (%d %%)", "Maintenance of the mail server, ticket %d"}), "")
	s.subject = fmt.Sprintf(s.subject, d.between(4, 90))
	s.text = fmt.Sprintf("Dear colleagues,\n\n%s\n\nPlease use the portal on the intranet as usual: https://portal.%s/account\nWe never ask for your password by mail.\n\n%s\nIT, extension %s",
		pick(d, []string{"the password of your account has to be changed soon.", "your mailbox is nearly full; please archive what you do not need.", "on Saturday the mail server gets its updates, mail may be late by an hour."}), to.org.domain, p.name, d.from(digits, 3))
	return s
}

var newsItems = []string{
	"Solar direct drive refrigerators now serve 120 health posts in the northern district.", "A new guideline explains how to pack for minus seventy degrees with dry ice.",
	"Remote temperature loggers cut losses by a third in a pilot region.", "The second round of the equipment platform opens for applications.", "How freeze-free carriers change outreach sessions.",
	"Airlines agree on limits for dry ice in wide-body aircraft.", "Training for technicians: dates for the coming quarter.", "Vaccine stores learn from retail: picking by expiry date.",
}

func (sc *scene) newsletter(d dice, to *person, at time.Time) sending {
	by := sc.partner(d, to)
	esp := sc.w.service(pick(d, []string{"lettermill", "postwagon"}))
	sys := *esp.out
	sys.kind, sys.host, sys.helo, sys.inner, sys.envelope = "service", "o"+d.from(digits, 2)+"."+esp.domain, "o"+d.from(digits, 2)+"."+esp.domain, "", "bounce."+esp.domain
	if d.chance(0.7) || by.out.policy == "quarantine" || by.out.policy == "reject" {
		sys.dkim = by.domain // who asks others to refuse has set up the service that sends for it
	}
	sys.policy = by.out.policy
	track := "https://click." + esp.domain + "/c/" + d.from(alnum, 20)
	var b strings.Builder
	b.WriteString("<html><head><meta charset=\"utf-8\"></head><body><table width=\"600\" align=\"center\"><tr><td><img src=\"https://img." + esp.domain + "/" + d.hex(8) + ".png\" width=\"180\" alt=\"\"></td></tr>\n")
	for _, n := range some(d, newsItems, d.between(2, 5)) {
		fmt.Fprintf(&b, "<tr><td><h2>%s</h2><p>%s %s</p><a href=\"%s\">Read more</a></td></tr>\n", n, pick(d, newsItems), pick(d, internalNotes), track+d.hex(4))
	}
	unsub := "https://" + esp.domain + "/u/" + d.from(alnum, 24)
	fmt.Fprintf(&b, "<tr><td><small>You get this letter because you subscribed as %s. <a href=\"%s\">Unsubscribe</a></small></td></tr></table><img src=\"%s\" width=\"1\" height=\"1\"></body></html>\n", to.email, unsub, track)
	return sending{sys: &sys, envelope: "b-" + d.hex(10) + "@bounce." + esp.domain, draft: draft{from: mailbox{by.name, "news@" + by.domain}, subject: fmt.Sprintf(pick(d, []string{"Cold chain news, issue %d", "What is new in week %d", "Our letter no. %d"}), d.between(2, 50)),
		html: b.String(), sent: at, program: programNamed("service"), extra: [][2]string{{"List-Unsubscribe", "<" + unsub + ">"}, {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}, {"Precedence", "bulk"}, {"Feedback-ID", d.from(digits, 5) + ":" + esp.id}}}}
}

// account is genuine mail of an online service: sign-ins, confirmations, documents to sign.
func (sc *scene) account(d dice, to *person, at time.Time) sending {
	by := sc.w.service(pick(d, []string{"cloudpane-office", "signwell-documents", "ledgerline-billing"}))
	act := pick(d, []struct{ subject, text, link string }{
		{"New sign-in to your account", "We noticed a sign-in from a new device. If this was you, nothing needs to be done.", "/security/activity"},
		{"Document waiting for your signature", "A document was sent to you for signature. It stays open for seven days.", "/sign/" + d.hex(16)},
		{"Your receipt " + d.from(digits, 7), "Thank you for your payment. Your receipt is in your account.", "/receipts/" + d.from(digits, 7)},
		{"Your password was changed", "The password of your account was changed today. If this was not you, reset it now.", "/reset"},
	})
	link := "https://app." + by.domain + act.link
	html := "<html><body style=\"font-family:sans-serif\"><h2>" + by.name + "</h2><p>Hello " + to.name + ",</p><p>" + act.text + "</p><p><a style=\"background:#06c;color:#fff;padding:10px\" href=\"" + link + "\">Open</a></p><p><small>" + by.name + ", Fairmont Bay. This message was sent to " + to.email + ".</small></p></body></html>\n"
	return sending{sys: by.out, draft: draft{from: mailbox{by.name, "no-reply@" + by.domain}, subject: act.subject, text: "Hello " + to.name + ",\n\n" + act.text + "\n" + link + "\n\n" + by.name, html: html, sent: at, program: programNamed("service")}}
}

// statement is a genuine report as an HTML attachment with a script that draws it, and no form.
func (sc *scene) statement(d dice, to *person, at time.Time) sending {
	p := sc.partner(d, to).who(d, "it", "other")
	var values []string
	for range 24 {
		values = append(values, fmt.Sprintf("%.1f", 2.5+d.Float64()*4))
	}
	unit := "R" + d.from(digits, 3)
	html := "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Temperature report " + unit + "</title><style>body{font-family:sans-serif}canvas{border:1px solid #ccc}</style></head>\n<body><h1>Unit " + unit + "</h1><p>Limits +2 to +8 °C. No alarms.</p><canvas id=\"c\" width=\"600\" height=\"200\"></canvas>\n<script>\nvar v=[" + strings.Join(values, ",") +
		"],x=document.getElementById('c').getContext('2d');x.beginPath();for(var i=0;i<v.length;i++){x.lineTo(i*25,200-v[i]*20)}x.stroke();\n</script></body></html>\n"
	s := letterFrom(p, at, "Temperature report "+unit+", "+at.Format("2006-01-02"), "Dear customer,\n\nthe daily report of your unit is attached. Open it in any browser.\n\n"+p.signed("Kind regards"))
	s.parts = []part{{"report_" + unit + "_" + at.Format("20060102") + ".html", "text/html", []byte(html)}}
	return s
}

// envelope is genuine encrypted mail: an HTML attachment with the reader's address in a form, which posts to the
// service that sent it.
func (sc *scene) envelope(d dice, to *person, at time.Time) sending {
	by := sc.w.service("vaultmail-secure")
	p := sc.partner(d, to).who(d)
	token := d.from(b64set[:62], 300)
	html := "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Secure message</title></head>\n<body><div id=\"frame\"><h2>" + by.name + "</h2><p>You have an encrypted message from " + p.name + ".</p>\n<form method=\"post\" action=\"https://reader." + by.domain + "/open\" enctype=\"multipart/form-data\">\n<input type=\"hidden\" name=\"blob\" value=\"" + token +
		"\">\n<input type=\"hidden\" name=\"rcpt\" value=\"" + to.email + "\">\n<input type=\"submit\" value=\"Read message\">\n</form><p>To open it you sign in with the account that you registered with us. Help: https://" + by.domain + "/help</p></div></body></html>\n"
	return sending{sys: by.out, draft: draft{from: mailbox{p.name + " via " + by.name, "secure@" + by.domain}, replyTo: p.box(), subject: "Encrypted message from " + p.org.name, sent: at, program: programNamed("service"),
		text: p.name + " (" + p.org.name + ") has sent you an encrypted message.\nOpen the attached file to read it. First-time readers register once.\n\n" + by.name, parts: []part{{"securemessage.html", "text/html", []byte(html)}}}}
}

func (sc *scene) list(d dice, to *person, at time.Time) sending {
	by := sc.w.service("coldlist-forum")
	p := sc.partner(d, to).who(d)
	topic := pick(d, []string{"Ice pack conditioning", "Voltage stabilisers", "Which logger for ULT?", "Spare parts for older units", "Dry ice supply on islands"})
	f := *by.out
	f.host = "lists." + by.domain
	f.helo = f.host
	s := letterFrom(p, at, pick(d, []string{"", "Re: "})+"[coldlist] "+topic, "Hi all,\n\n"+pick(d, newsItems)+" Has anybody seen this in practice?\n"+pick(d, tongueOf("en").thread)+"\n\n"+p.name+"\n_______________________________________________\ncoldlist mailing list\nhttps://lists."+by.domain+"/coldlist")
	s.draft.to = mailbox{"", "coldlist@" + by.domain}
	s.forwarder, s.envelope = &f, "coldlist-bounces@"+by.domain
	sys := *p.org.out
	sys.broken = sys.dkim != "" // the list changes subject and body
	s.sys = &sys
	s.extra = [][2]string{{"List-Id", "Cold chain technicians <coldlist." + by.domain + ">"}, {"List-Post", "<mailto:coldlist@" + by.domain + ">"}, {"Precedence", "list"}, {"Errors-To", "coldlist-bounces@" + by.domain}, {"Sender", "coldlist <coldlist-bounces@" + by.domain + ">"}}
	return s
}

// forward hands genuine mail on as an attached message.
func (sc *scene) forward(d dice, to *person, at time.Time) sending {
	p := colleague(d, to)
	inner := sc.quotation(d, p, at.Add(-3*time.Hour))
	inner.draft.to = p.box()
	head, body := inner.compose(d, inner.sys)
	var raw bytes.Buffer
	raw.Write(head)
	raw.WriteString("\r\n")
	raw.Write(body)
	s := letterFrom(p, at, "FW: "+inner.subject, "Can you take this one?\n\n"+strings.SplitN(p.name, " ", 2)[0])
	s.parts = []part{{"message.eml", "message/rfc822", raw.Bytes()}}
	return s
}

func (sc *scene) bounce(d dice, to *person, at time.Time) sending {
	o := sc.partner(d, to)
	gone := "former.colleague@" + o.domain
	sys := *o.out
	sys.dkim = ""
	return sending{sys: &sys, envelope: "-", draft: draft{from: mailbox{"Mail Delivery System", "MAILER-DAEMON@" + o.domain}, subject: "Undelivered Mail Returned to Sender", sent: at, report: true, program: programNamed("service"),
		text:  "This is the mail system at host " + sys.host + ".\n\nYour message could not be delivered to one recipient.\n\n<" + gone + ">: host mx." + o.domain + " said: 550 5.1.1 user unknown",
		parts: []part{{"details.txt", "message/delivery-status", []byte("Reporting-MTA: dns; " + sys.host + "\r\n\r\nFinal-Recipient: rfc822; " + gone + "\r\nAction: failed\r\nStatus: 5.1.1\r\n")}}, extra: [][2]string{{"Auto-Submitted", "auto-replied"}}}}
}

func (sc *scene) autoReply(d dice, to *person, at time.Time) sending {
	p := sc.partner(d, to).who(d)
	s := letterFrom(p, at, pick(d, []string{"Automatic reply: ", "Out of office: ", "Abwesend: "})+fmt.Sprintf(pick(d, tongueOf("en").rfqSubject), reference(d)),
		"Thank you for your message. I am out of the office until "+dayOf(at.AddDate(0, 0, 9), "en")+". In urgent cases write to info@"+p.org.domain+".\n\n"+p.name)
	s.extra = [][2]string{{"Auto-Submitted", "auto-replied"}, {"X-Auto-Response-Suppress", "All"}}
	s.envelope = "-"
	return s
}

// advisory is a genuine warning that names what attackers use, defanged.
func (sc *scene) advisory(d dice, to *person, at time.Time) sending {
	p := sc.partner(d, to).who(d, "it")
	host := d.from(lowers, 8) + "-docs[.]example"
	if len(sc.ops) > 0 && d.chance(0.6) {
		for _, h := range sorted(pick(d, sc.ops).hosts) {
			host = strings.ReplaceAll(h, ".", "[.]")
			break
		}
	}
	return letterFrom(p, at, "Advisory: quotation lures against cold chain suppliers", fmt.Sprintf("TLP:GREEN\n\nDear partners,\n\nwe saw mail that pretends to come from a maker of vaccine refrigerators and asks for a quotation. The attached HTML page asks for the reader's password.\n\nIndicators:\n  host: %s\n  path: hxxps://%s/next.php\n  sender name: any executive of the maker\n\nPlease search your logs and tell your staff not to enter passwords into attachments.\n\n%s", host, host, p.signed("Your security team")))
}

// newDomain is a partner who writes from a domain that the directory does not have yet.
func (sc *scene) newDomain(d dice, to *person, at time.Time) sending {
	o := pick(d, sc.w.orgs)
	p := o.who(d, "sales", "procurement")
	domain := strings.TrimSuffix(o.domain, ".example") + pick(d, []string{"-group", "-services", "-mail"}) + ".example"
	sys := *o.out
	sys.dkim, sys.spf = domain, true
	s := sc.quotationFrom(d, p, to, at)
	s.sys, s.from = &sys, mailbox{p.name, strings.SplitN(p.email, "@", 2)[0] + "@" + domain}
	s.text += "\n\nPlease note our new mail address; the old one still works until the end of the year."
	return s
}

// distributor is a genuine seller who names the maker whose goods it sells.
func (sc *scene) distributor(d dice, to *person, at time.Time) sending {
	o := pick(d, sc.w.outsiders)
	for _, x := range some(d, sc.w.orgs, len(sc.w.orgs)) {
		if x.role == "distributor" || x.role == "service-partner" {
			o = x
			break
		}
	}
	p := o.who(d, "sales")
	items := sc.w.items(d, 2, 1)
	s := letterFrom(p, at, pick(d, []string{"Haier Biomedical vaccine refrigerators: offer from your local partner", "Authorised service for Haier Biomedical units", "Offer for ice-lined refrigerators"}),
		"Dear "+to.name+",\n\nas authorised distributor of Haier Biomedical we can deliver the following units from stock:\n"+tongueOf("en").lines(items)+"\nInstallation and training by our own technicians. The data sheets are attached.\n\n"+p.signed("Best regards")+"\nAuthorised distributor of Haier Biomedical")
	s.parts = []part{sc.document(d, "Haier_Biomedical_offer", p, items)}
	return s
}

func (sc *scene) parcel(d dice, to *person, at time.Time) sending {
	by := sc.w.service("parcelway-express")
	no := d.from(digits, 12)
	link := "https://track." + by.domain + "/" + no
	return sending{sys: by.out, draft: draft{from: mailbox{by.name, "tracking@" + by.domain}, subject: "Your parcel " + no + " arrives tomorrow", sent: at, program: programNamed("service"),
		text: "Hello,\n\nparcel " + no + " is on its way to you. Follow it here:\n" + link + "\n\n" + by.name, html: "<html><body><p>Parcel <b>" + no + "</b> is on its way.</p><p><a href=\"" + link + "\">Track parcel</a></p></body></html>\n"}}
}
