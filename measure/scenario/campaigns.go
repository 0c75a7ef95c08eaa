package scenario

import (
	"fmt"
	"strings"
	"time"
)

// replayTargets are the member organisations that the rebuilt case of 2020 hits: the roles and countries of the public
// report.
var replayTargets = []orgWish{
	{"customs", "BE"}, {"solar", "DE"}, {"web", "DE"}, {"petrochem", "IT"}, {"maker-fridge", "IT"}, {"it", "KR"}, {"metal", "KR"}, {"dry-ice", "CZ"}, {"solar", "CZ"}, {"metal", "TW"}, {"forwarder", "DE"},
}

// replay plays the case of 2020: from 7 September an invented executive of Haier Biomedical asks for quotations for the
// CCEOP programme; in December the text turns into a draft of a contract.
func (sc *scene) replay() {
	d := newDice(sc.w.seed, "replay")
	chief := sc.w.maker.people[0]
	op := newOperation("C01", "state")
	op.truth.Actor, op.truth.Impersonates, op.truth.Persona = "actor-"+d.hex(4), sc.w.maker.id, chief.name
	op.style, op.kit, op.theme, op.carrier, op.lang = newStyle(sc.w.seed, "replay"), newKit(d, "replay"), "rfq", "html", "en"
	op.kit.layer, op.kit.send, op.kit.layout = "unescape", "form", 4
	op.mentions, op.brand, op.functions = true, "Haier Biomedical", []string{"sales", "procurement", "executive", "it", "finance"}
	op.signer = chief.name + "\n" + chief.title + "\nHaier Biomedical\nQingdao, China"
	op.host = "cdn-docs" + d.from(digits, 2) + ".test"
	relay := pick(d, sc.w.outsiders)
	alike := "haierbiomedical-intl.example"
	own := newSystem(d, alike, "+0800")
	own.kind, own.spf, own.dkim, own.policy, own.host, own.inner = "own", true, alike, "none", "mail."+alike, ""
	own.helo = own.host
	loose := *relay.out // a third party's server that lets anything through
	loose.dkim, loose.policy, loose.spf, loose.envelope = "", "", true, relay.domain
	local := strings.SplitN(chief.email, "@", 2)[0]
	op.who = identity{from: mailbox{chief.name, chief.email}, replyTo: mailbox{chief.name, local + "@" + alike}, sys: &loose, program: programNamed("foxmail")}

	members, later := sc.w.orgs[:len(replayTargets)], sc.w.orgs[28:]
	waves := []struct {
		month time.Month
		day   int
		mails int
	}{{time.September, 7, 9}, {time.September, 22, 6}, {time.October, 13, 6}, {time.November, 24, 6}, {time.December, 14, 6}}
	next := 0
	for i, w := range waves {
		day := time.Date(2020, w.month, w.day, 2, 0, 0, 0, time.UTC)
		op.wave = i + 1
		switch i {
		case 2:
			op.note(day, "From at a look-alike domain of the maker in place of a forged one")
			op.who = identity{from: mailbox{chief.name, local + "@" + alike}, sys: own, program: programNamed("foxmail")}
			op.hosts[alike] = true
		case 3:
			op.note(day, "pages send to a second host and hide in two layers")
			op.host, op.kit.layer = "portal-files"+d.from(digits, 2)+".test", "twice"
		case 4:
			op.note(day, "the text is a draft of a contract")
			op.theme = "contract"
		}
		for range w.mails {
			sc.hit(d, op, members[next%len(members)], d.workTime(day, day.Add(40*time.Hour)))
			next++
		}
		for range 9 {
			sc.hit(d, op, pick(d, later), d.workTime(day, day.Add(40*time.Hour)))
		}
	}
	sc.ops = append(sc.ops, op)
}

// A bundle is what several actors rent from one seller: the kit, its path, the mailer and a subject.
type bundle struct {
	name    string
	kit     *kit
	program *program
	subject string
	theme   string
	style   *style
}

// campaigns plays n campaigns with about total messages in all.
func (sc *scene) campaigns(family string, n, total int) {
	for i := range 3 {
		name := fmt.Sprintf("bundle-%d", i+1)
		dd := newDice(sc.w.seed, name)
		b := &bundle{name: name, kit: newKit(dd, name), program: programNamed([]string{"phpmailer", "script", "webmail"}[i]), theme: []string{"rfq", "invoice", "po"}[i], style: newStyle(sc.w.seed, name)}
		b.subject = pick(dd, []string{"Document %s for your review", "Fwd: copy of %s", "Re: %s (updated)"})
		sc.rented = append(sc.rented, b)
	}
	for i := range n {
		dd := newDice(sc.w.seed, "campaign", fmt.Sprint(i))
		class := pick(dd, []string{"crime", "crime", "commodity", "commodity", "state"})
		if family == "easy" && i == n-1 {
			class = "test"
		}
		op := newOperation(fmt.Sprintf("C%02d", i+1), class)
		op.truth.Actor = "actor-" + dd.hex(4)
		size := max(4, total/n*dd.between(50, 150)/100)
		sc.equip(dd, op, family, i)
		sc.play(dd, op, family, size)
		sc.ops = append(sc.ops, op)
	}
}

// equip gives an actor its means.
func (sc *scene) equip(d dice, op *operation, family string, i int) {
	op.style = newStyle(sc.w.seed, op.truth.ID)
	op.kit = newKit(d, fmt.Sprintf("%s/%d", family, sc.w.seed*1000+int64(i)))
	op.theme = pick(d, []string{"rfq", "rfq", "po", "invoice", "contract", "shipping"})
	op.carrier = pick(d, []string{"html", "html", "html", "zip", "link", "pdf", "eml", "qr"})
	op.functions = some(d, []string{"sales", "procurement", "executive", "it", "finance"}, 3)
	op.mentions = d.chance(0.3)
	op.host = badHost(d)
	switch n := d.IntN(10); {
	case op.truth.Class == "test":
		op.simulation, op.brand = true, "Document portal"
	case n < 3:
		op.truth.Impersonates, op.brand = sc.w.maker.id, "Haier Biomedical"
		p := pick(d, sc.w.maker.people)
		op.truth.Persona = p.name
		op.signer = p.name + "\n" + p.title + "\nHaier Biomedical"
	case n < 8:
		o := pick(d, sc.w.orgs)
		p := o.who(d, "sales", "executive", "procurement")
		op.truth.Impersonates, op.truth.Persona, op.brand = o.id, p.name, o.name
		op.signer = strings.TrimSpace(p.signed(""))
	default:
		op.brand = pick(d, []string{"Shared documents", "Mail portal", "Secure file"})
	}
	if op.signer == "" {
		p := pick(d, sc.w.outsiders).who(d)
		op.truth.Persona = p.name
		op.signer = p.name + "\nPurchasing"
	}
	op.who = sc.newIdentity(d, op)
	if family == "kits" && i%6 != 5 {
		b := sc.rented[i%len(sc.rented)]
		k := *b.kit
		op.kit, op.theme, op.subject, op.carrier = &k, b.theme, b.subject, "html"
		op.who.program = b.program
		if i%2 == 0 {
			op.style = newStyle(sc.w.seed, b.name) // the text is rented too
		}
	}
	if family == "rotation" {
		op.kit.poly = d.chance(0.6)
		op.style.drift = 0.6
	}
}

// badHost invents the host of a page or of a place where answers go.
func badHost(d dice) string {
	w := pick(d, []string{"docs", "view", "file", "portal", "secure", "cloud", "share", "mailbox", "office", "paper"})
	switch d.IntN(4) {
	case 0:
		return w + "-" + d.from(lowers, 5) + ".test"
	case 1:
		return d.from(lowers, 7) + pick(d, []string{"tech", "shop", "garden", "studio"}) + ".example" // somebody's broken site
	case 2:
		return w + d.from(digits, 3) + ".freesites.test"
	}
	return "srv." + d.from(lowers, 8) + ".test"
}

// lookalike is a name that reads like another one.
func lookalike(d dice, domain string) string {
	label := strings.TrimSuffix(strings.TrimSuffix(domain, ".example"), ".com")
	i := d.between(1, max(1, len(label)-2))
	switch d.IntN(5) {
	case 0:
		return label + pick(d, []string{"-intl", "-trade", "-supply", "-group"}) + ".example"
	case 1:
		return label[:i] + label[i:i+1] + label[i:] + ".example" // a letter twice
	case 2:
		if strings.Contains(label, "m") {
			return strings.Replace(label, "m", "rn", 1) + ".example"
		}
		return label[:i] + label[i+1:] + ".example"
	case 3:
		return strings.ReplaceAll(label, "-", "") + "-" + pick(d, []string{"eu", "asia", "mail"}) + ".example"
	}
	return label + ".test"
}

// newIdentity chooses how an actor's mail goes out: from a look-alike domain, free mail, a taken-over account of a third
// party, or with a forged From.
func (sc *scene) newIdentity(d dice, op *operation) identity {
	name := op.truth.Persona
	local := strings.Trim(strings.ReplaceAll(ascii(name), "-", ".")[:min(18, len(ascii(name)))], ".")
	real := "example.example"
	if o := sc.orgByID(op.truth.Impersonates); o != nil {
		real = o.domain
	}
	switch n := d.IntN(10); {
	case n < 4 && op.truth.Impersonates != "":
		domain := lookalike(d, real)
		for sc.taken[domain] != nil && sc.taken[domain] != op { // a name is registered once
			domain = d.from(lowers, 1) + domain
		}
		sc.taken[domain] = op
		op.hosts[domain] = true
		sys := newSystem(d, domain, pick(d, []string{"+0100", "+0800", "+0000", "-0500"}))
		sys.spf = true
		return identity{from: mailbox{name, local + "@" + domain}, sys: sys, program: sys.program(d)}
	case n < 6:
		domain := pick(d, []string{"gmail.com", "outlook.com", "gmx.net"})
		sys := freemail(d, domain)
		return identity{from: mailbox{name, local + ".x" + d.from(digits, 7) + d.from(lowers, 3) + "@" + domain}, sys: sys, program: sys.program(d)}
	case n < 8 || op.truth.Impersonates == "":
		p := pick(d, sc.w.outsiders).who(d)
		return identity{from: mailbox{name, p.email}, sys: p.org.out, program: p.program}
	}
	relay := pick(d, sc.w.outsiders)
	sys := *relay.out
	sys.dkim, sys.policy, sys.envelope = "", "", relay.domain
	if o := sc.orgByID(op.truth.Impersonates); o != nil && o.out != nil {
		sys.policy = o.out.policy
	}
	box := "office." + d.from(lowers, 6) + d.from(digits, 4) + "@" + pick(d, []string{"gmail.com", "outlook.com"})
	return identity{from: mailbox{name, local + "@" + real}, replyTo: mailbox{name, box}, sys: &sys, program: sys.program(d), forged: d.chance(0.3)}
}

func (sc *scene) orgByID(id string) *org {
	if id == sc.w.maker.id {
		return sc.w.maker
	}
	for _, o := range sc.w.orgs {
		if o.id == id {
			return o
		}
	}
	return nil
}

// choose picks whom an operation writes to: mostly organisations of the roles and countries that its actor is after,
// whether or not they report to the hub.
func (sc *scene) choose(d dice, op *operation) []*org {
	after := map[string]bool{}
	for _, r := range some(d, roleOrder[:24], 7) {
		after[r] = true
	}
	for _, c := range some(d, countries[:10], 4) {
		after[c.code] = true
	}
	var able []*org
	size, members := d.between(10, 24), 0
	for _, o := range some(d, sc.w.orgs, len(sc.w.orgs)) {
		if o.id == op.truth.Impersonates || !(after[o.role] && after[o.country]) && !d.chance(0.15) {
			continue
		}
		if len(able) < size || o.member && members < 4 {
			able = append(able, o)
			if o.member {
				members++
			}
		}
	}
	for _, o := range some(d, sc.w.members(), 4-min(4, members)) {
		if o.id != op.truth.Impersonates {
			able = append(able, o)
		}
	}
	return able
}

// play sends an operation's mail in waves. In the rotation family every wave brings another sender and half of its mails
// another host; elsewhere one method changes halfway.
func (sc *scene) play(d dice, op *operation, family string, size int) {
	able := sc.choose(d, op)
	waves := d.between(2, 4)
	start := sc.from.Add(time.Duration(d.between(1, 60)) * 24 * time.Hour)
	room := sc.to.Sub(start)
	sent := 0
	for w := range waves {
		op.wave = w + 1
		day := start.Add(room * time.Duration(w) / time.Duration(waves))
		if w > 0 && family == "rotation" {
			op.note(day, "sender and host change")
			op.who = sc.newIdentity(d, op)
		}
		if w == waves/2 && family != "rotation" && d.chance(0.6) {
			op.note(day, "another host takes the answers")
			op.host = badHost(d)
			if d.chance(0.5) {
				op.who = sc.newIdentity(d, op)
			}
		}
		old := op.host
		if family == "rotation" && w > 0 {
			op.host = badHost(d)
		}
		fresh := op.host
		for sent < size*(w+1)/waves {
			target := pick(d, able)
			if family == "rotation" && d.chance(0.3) {
				op.host = old
			} else {
				op.host = fresh
			}
			before := len(sc.letters)
			sc.hit(d, op, target, d.workTime(day, day.Add(5*24*time.Hour)))
			if len(sc.letters) > before {
				sent++
			}
		}
	}
}
