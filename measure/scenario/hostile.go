package scenario

import (
	"fmt"
	"strings"
	"time"
)

// hostile sends one message of hostile background: everyday phishing and fraud, and single lures in the chain's own
// terms that share kits with others.
func (sc *scene) hostile(d dice, to *person, at time.Time) {
	n := d.IntN(40)
	var s sending
	switch {
	case n < 9:
		s = sc.accountPhish(d, to, at)
	case n < 13:
		s = sc.advanceFee(d, to, at)
	case n < 18:
		s = sc.invoicePhish(d, to, at)
	case n < 22:
		s = sc.parcelPhish(d, to, at)
	case n < 25:
		s = sc.chiefFraud(d, to, at)
	case n < 28:
		s = sc.bankChange(d, to, at)
	case n < 31:
		s = sc.voiceMail(d, to, at)
	default:
		s = sc.oneOff(d, to, at)
	}
	s.label, s.to = "phish", to
	if s.inReplyTo == "" && d.chance(0.15) { // in the thread of a mailbox that was taken over
		s.inReplyTo = "<" + d.hex(20) + "@" + to.org.domain + ">"
	}
	sc.deliver(d, s)
}

// stranger is a way out for mail that pretends nothing of the directory: taken-over accounts, free mail, fresh domains.
func (sc *scene) stranger(d dice, name string) identity {
	op := newOperation("", "")
	op.truth.Persona = name
	who := sc.newIdentity(d, op)
	switch n := d.IntN(20); {
	case n < 4: // through a service that sends for anybody
		esp := sc.w.service(pick(d, []string{"lettermill", "postwagon"}))
		sys := *esp.out
		sys.kind, sys.host, sys.helo, sys.inner, sys.envelope = "service", "o"+d.from(digits, 2)+"."+esp.domain, "o"+d.from(digits, 2)+"."+esp.domain, "", "bounce."+esp.domain
		domain := pick(d, []string{"notice", "support", "account", "billing", "team"}) + "-" + d.from(lowers, 6) + ".example"
		sys.dkim, sys.policy = pick(d, []string{esp.domain, domain}), pick(d, []string{"", "none"})
		return identity{from: mailbox{name, "info@" + domain}, sys: &sys, program: programNamed("service"), envelope: "b-" + d.hex(10) + "@bounce." + esp.domain, listed: "<https://" + esp.domain + "/u/" + d.from(alnum, 24) + ">"}
	case n < 10:
		domain := pick(d, []string{"notice", "support", "account", "billing", "team"}) + "-" + d.from(lowers, 6) + pick(d, []string{".test", ".example"})
		sys := newSystem(d, domain, "+0000")
		who = identity{from: mailbox{name, pick(d, []string{"info", "no-reply", "admin", "desk"}) + "@" + domain}, sys: sys, program: sys.program(d)}
	}
	return who
}

func (who identity) letter(kind, subject, text, html string, at time.Time) sending {
	s := sending{sys: who.sys, envelope: who.envelope, kind: kind, draft: draft{from: who.from, replyTo: who.replyTo, subject: subject, text: text, html: html, sent: at, program: who.program}}
	if who.listed != "" {
		s.extra = [][2]string{{"List-Unsubscribe", who.listed}, {"Precedence", "bulk"}}
	}
	return s
}

func (sc *scene) accountPhish(d dice, to *person, at time.Time) sending {
	who := sc.stranger(d, pick(d, []string{to.org.name + " IT", "Mail Administrator", "Microsoft 365", "Webmail Support", "Mailbox Quota"}))
	link := "https://" + badHost(d) + pick(d, []string{"/owa/", "/login/", "/m/verify/", "/auth?u="}) + pick(d, []string{d.hex(8), to.email})
	text := pick(d, []string{"The password of %s expires today. Keep the same password with the button below.", "Your mailbox %s has reached its limit. %d messages are held back.", "Eight incoming messages to %s are waiting. Release them before they are deleted.", "Unusual activity was seen on %s. Confirm your account within 24 hours or it will be closed."})
	text = strings.ReplaceAll(fmt.Sprintf(strings.ReplaceAll(text, "%d", fmt.Sprint(d.between(3, 20))), to.email), "  ", " ")
	button := pick(d, []string{"Keep my password", "Release messages", "Verify account", "Increase storage"})
	html := "<html><body><div style=\"font-family:Segoe UI\"><h3>" + who.from.name + "</h3><p>" + text + "</p><a href=\"" + link + "\" style=\"background:#0067b8;color:#fff;padding:9px 20px\">" + button + "</a><p><small>" + to.org.domain + " mail service</small></p></div></body></html>\n"
	s := who.letter("account", pick(d, []string{"Password expiry notice for ", "Action required: ", "Held messages for ", "Storage warning "})+to.email, text+"\n\n"+button+": "+link, html, at)
	if d.chance(0.3) {
		b := pick(d, sc.kits())
		page := page{title: "Mail login", note: "Sign in to go on.", button: "Sign in", victim: to.email, brand: "Webmail", endpoint: "https://" + badHost(d) + b.path}
		s.kind, s.html = "account-html", ""
		s.text = text + "\nOpen the attached page to go on."
		s.parts = []part{{"Account_update.html", "text/html", []byte(b.render(d, page))}}
	}
	return s
}

// kits are those that anybody can rent, whether or not a campaign of this scenario does.
func (sc *scene) kits() []*kit {
	out := []*kit{}
	for _, b := range sc.rented {
		out = append(out, b.kit)
	}
	for i := range 4 {
		name := fmt.Sprintf("market-%d", i)
		out = append(out, newKit(newDice(sc.w.seed, name), name))
	}
	return out
}

func (sc *scene) advanceFee(d dice, to *person, at time.Time) sending {
	who := sc.stranger(d, pick(d, []string{"Barrister Anselm Kwabia", "Mrs. Ludmila Orsova", "Foreign Payment Desk", "Grant Office"}))
	text := fmt.Sprintf("Dear friend,\n\n%s The sum is USD %d,%d00,000.00 and you will receive %d percent. %s\n\nAnswer with your full name, address and telephone number.\n\n%s",
		pick(d, []string{"I am the lawyer of a late client who left a fortune and no heir.", "You were chosen for a grant of the vaccine relief fund.", "A consignment box in your name lies at the airport and waits for a small fee."}), d.between(2, 30), d.between(1, 9), d.between(20, 45),
		pick(d, []string{"This is free of risk and strictly confidential.", "Keep this secret until the transfer is done.", "Act soon, for the bank closes the file this week."}), who.from.name)
	return who.letter("advance-fee", pick(d, []string{"Confidential proposal", "Your fund is ready", "Re: beneficiary", "URGENT RESPONSE NEEDED"}), text, "", at)
}

func (sc *scene) invoicePhish(d dice, to *person, at time.Time) sending {
	p := pick(d, sc.w.outsiders).who(d)
	who := sc.stranger(d, p.name)
	t := tongueOf(to.org.lang)
	ref := reference(d)
	s := who.letter("fake-invoice", fmt.Sprintf(pick(d, t.invoiceSubject), ref), greet(pick(d, t.hello), to.name)+"\n\n"+pick(d, t.invoice)+"\n"+pick(d, t.attached)+"\n\n"+pick(d, t.close)+"\n"+p.name, "", at)
	k := pick(d, sc.kits())
	page := page{title: "Invoice " + ref, note: pick(d, pageNotes["en"]), button: "View invoice", victim: to.email, brand: "Invoice portal", endpoint: "https://" + badHost(d) + k.path, rows: []string{"Goods", "Freight", "Total"}}
	name := "Invoice_" + ascii(ref)
	switch d.IntN(4) {
	case 0:
		s.parts = []part{{name + ".zip", "application/zip", zipped(name+".html", []byte(k.render(d, page)), at)}}
	case 1:
		s.parts = []part{{name + ".pdf", "application/pdf", pdf(name, "wkhtmltopdf 0.12.5", []string{name, "Total USD 14,210.00", "View the full invoice online"}, "https://"+badHost(d)+"/inv/"+d.hex(8))}}
	case 2:
		s.parts = []part{{"invoice.png", "image/png", qr("https://" + badHost(d) + "/q/" + d.hex(10))}}
		s.text += "\n\nScan the code to see the invoice."
	default:
		s.parts = []part{{name + ".html", "text/html", []byte(k.render(d, page))}}
	}
	return s
}

func (sc *scene) parcelPhish(d dice, to *person, at time.Time) sending {
	by := sc.w.service("parcelway-express")
	who := sc.stranger(d, pick(d, []string{by.name, "Delivery Service", "Express Courier"}))
	link := "https://" + badHost(d) + "/track/" + d.from(digits, 10)
	text := "Your parcel " + d.from(digits, 12) + " could not be delivered because " + pick(d, []string{"a customs fee of 1.99 is open.", "the address is not complete.", "nobody was at the door."})
	return who.letter("delivery", pick(d, []string{"Delivery failed: action needed", "Your parcel is on hold", "Customs fee for your shipment"}), text+"\n\nConfirm here: "+link, "<html><body><p>"+text+"</p><p><a href=\""+link+"\">https://track."+by.domain+"/"+d.from(digits, 12)+"</a></p></body></html>\n", at)
}

// chiefFraud borrows the name of the recipient's own chief.
func (sc *scene) chiefFraud(d dice, to *person, at time.Time) sending {
	chief := to.org.who(d, "executive")
	if chief == to {
		chief = to.org.who(d, "finance", "sales")
	}
	who := sc.stranger(d, chief.name)
	s := who.letter("chief-fraud", pick(d, []string{"Quick task", "Are you at your desk?", "Urgent payment", "Request"}), fmt.Sprintf("%s,\n\n%s\n\n%s\n%s", strings.SplitN(to.name, " ", 2)[0],
		pick(d, []string{"I am in a meeting and cannot take calls. I need a payment to a supplier done today, answer me here.", "Are you free now? I need you to buy some gift cards for partners, keep it between us.", "Send me your private number, I have a confidential task for you."}), chief.name, pick(d, []string{"Sent from my mobile", chief.title})), "", at)
	s.impersonated = to.org.id
	return s
}

func (sc *scene) bankChange(d dice, to *person, at time.Time) sending {
	o := sc.partner(d, to)
	p := o.who(d, "finance")
	op := newOperation("", "")
	op.truth.Persona = p.name
	if o.listed {
		op.truth.Impersonates = o.id
	}
	who := sc.newIdentity(d, op)
	s := who.letter("bank-change", pick(d, []string{"Change of our bank account", "New payment details", "Re: open invoice"}), "Dear "+to.name+",\n\nour bank account is under audit. Please pay all open invoices to the new account from now on:\n\nIBAN XX00 0000 0000 "+d.from(digits, 4)+" "+d.from(digits, 4)+"\n\nPlease confirm the date of payment.\n\n"+p.signed("Kind regards"), "", at)
	s.impersonated = op.truth.Impersonates
	return s
}

func (sc *scene) voiceMail(d dice, to *person, at time.Time) sending {
	who := sc.stranger(d, pick(d, []string{"Voice Message", "Fax Center", "Document Scanner"}))
	k := pick(d, sc.kits())
	page := page{title: "VM_" + d.from(digits, 6), note: "Sign in to hear your message.", button: "Play", victim: to.email, brand: "Voice portal", endpoint: "https://" + badHost(d) + k.path}
	s := who.letter("voicemail-html", pick(d, []string{"You have a new voice message", "New fax, 3 pages", "Scan from device 0" + d.from(digits, 1)}), "A caller left you a message of 00:0"+d.from("3456789", 1)+" minutes.\nOpen the attachment to listen.", "", at)
	s.parts = []part{{"VM-" + d.from(digits, 8) + ".htm", "text/html", []byte(k.render(d, page))}}
	return s
}

// oneOff is a single lure in the chain's own terms: one actor, one mail, a kit from the market.
func (sc *scene) oneOff(d dice, to *person, at time.Time) sending {
	op := newOperation("", "")
	op.style = newStyle(sc.w.seed, "one-off/"+d.hex(8))
	op.kit = pick(d, sc.kits())
	op.theme, op.carrier = pick(d, []string{"rfq", "po", "invoice", "shipping", "contract"}), pick(d, []string{"html", "html", "zip", "link", "pdf", "eml", "qr"})
	op.host, op.brand = badHost(d), "Shared document"
	o := pick(d, sc.w.orgs)
	if o == to.org {
		o = sc.w.orgs[0]
	}
	p := o.who(d, "sales", "procurement")
	op.truth.Persona, op.signer = p.name, p.name+"\nPurchasing department"
	if d.chance(0.6) {
		op.truth.Impersonates, op.signer = o.id, strings.TrimSpace(p.signed(""))
	}
	op.who = sc.newIdentity(d, op)
	s := sc.lure(d, op, to, at)
	s.kind, s.impersonated = "one-off-"+op.theme+"-"+op.carrier, op.truth.Impersonates
	return s
}
