package warning

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

var t0 = time.Date(2020, 9, 7, 2, 0, 0, 0, time.UTC)

var first = []string{"Frost", "Polar", "Glacier", "Tundra", "Arctic", "Boreal", "Winter", "Snow", "Iceland", "Nordic"}
var second = []string{"Metallwerk", "Dryice Works", "Freight Lines", "Customs House", "Biologics", "Solar Panels"}

// testPack has 60 organisations with names that people would give them; the first thirty are members.
func testPack() *knowledge.Pack {
	p := knowledge.Pack{Name: "test chain", Version: "1", Sector: "vaccine cold chain", Roles: []knowledge.Role{{ID: "store", Name: "Cold store", Stage: "storage"}}}
	for i := range 60 {
		name := first[i%10] + " " + second[i/10]
		id := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
		o := knowledge.Organisation{ID: id, Name: name, Aliases: []string{name + " GmbH"}, Roles: []string{"store"}, Country: []string{"DE", "IT", "KR"}[i%3],
			Domains: []string{id + ".example"}, Member: i < 30, SecurityContact: "csirt@" + id + ".example"}
		if i == 4 {
			o.SecurityContact = ""
		}
		if i == 5 {
			o.SecurityContact = "a.person@" + id + ".example"
		}
		p.Organisations = append(p.Organisations, o)
		p.People = append(p.People, knowledge.Person{OrgID: id, Name: "Anna Person of " + name[:4], Email: "a.person@" + id + ".example"})
	}
	p.Organisations = append(p.Organisations, knowledge.Organisation{ID: "partner", Name: "Partner Cooling", Roles: []string{"store"}, Country: "CN",
		Domains: []string{"partnercooling.example"}, SecurityContact: "psirt@partnercooling.example"})
	return knowledge.New(p)
}

// testProfile is a campaign that hit the first n organisations.
func testProfile(pack *knowledge.Pack, n int) *coldwatch.Profile {
	p := &coldwatch.Profile{Campaign: "c-00000000aa", Version: 1, Name: "Partner Cooling quotation lure", Messages: n, First: t0, Last: t0.AddDate(0, 0, n),
		Impersonated:   []coldwatch.Share{{Value: "partner", Name: "Partner Cooling", Count: n, First: t0, Last: t0}},
		Personas:       []coldwatch.Share{{Value: "Q. Manager", Count: n}},
		Themes:         []coldwatch.Share{{Value: "quotation", Count: n}},
		Carriers:       []coldwatch.Share{{Value: "html-attachment", Count: n}},
		Objectives:     []coldwatch.Share{{Value: "credentials", Count: n}},
		Countries:      []coldwatch.Share{{Value: "DE", Count: n}, {Value: "IT", Count: 1}},
		Layers:         []coldwatch.Share{{Value: "atob", Count: n}},
		Techniques:     []coldwatch.Share{{Value: "T1566.001", Count: n}},
		Fidelity:       coldwatch.Range{Low: 70, Median: 90, High: 100, N: n},
		Size:           coldwatch.Size{Assessed: true, AtLeast: n + 4},
		Possible:       n == 1,
		Infrastructure: []coldwatch.Infrastructure{{Observable: coldwatch.Observable{Kind: coldwatch.DomainName, Value: "partner-cooling-rfq.test", Role: "sender", Owned: true}, Messages: n}}}
	for i := range n {
		o := &pack.Organisations[i]
		p.Targets = append(p.Targets, coldwatch.TargetEntry{Organisation: o.ID, Name: o.Name, Country: o.Country, Messages: 1, First: t0.AddDate(0, 0, i), Last: t0.AddDate(0, 0, i),
			Functions: []string{"sales"}, Sightings: []string{fmt.Sprintf("%064d", i)}})
		p.Infrastructure = append(p.Infrastructure, coldwatch.Infrastructure{Observable: coldwatch.Observable{Kind: coldwatch.URL,
			Value: "https://" + o.ID + "-files.test/login", Role: "landing", Owned: true}, Messages: 2})
	}
	p.Next = coldwatch.Prediction{Assessed: true}
	for i := n; i < n+12 && n >= 5; i++ {
		o := &pack.Organisations[i]
		p.Next.Ranked = append(p.Next.Ranked, coldwatch.Candidate{Organisation: o.ID, Name: o.Name, Probability: .3, Words: "unlikely",
			Reasons: []string{"Its role, Cold store, is 8 of 8 targets against 90 % of all organisations (odds ratio 1.1).", "Its country, DE, is 4 of 8 targets."}})
	}
	p.NotTargeted = []string{pack.Organisations[25].ID, pack.Organisations[26].ID}
	return p
}

func by(ws []coldwatch.Warning, reader string) *coldwatch.Warning {
	for i := range ws {
		if ws[i].Reader == reader {
			return &ws[i]
		}
	}
	return nil
}

func TestWhoIsToldWhat(t *testing.T) {
	pack := testPack()
	p := testProfile(pack, 8)
	own := pack.Organisations[0].ID
	ws := Due(nil, p, pack, Options{Own: own, Constituency: "cert@government.example"})
	for _, c := range []struct{ reader, reason, held string }{
		{own, Targeted, ""},
		{pack.Organisations[1].ID, Targeted, HeldApproval},
		{pack.Organisations[4].ID, Targeted, HeldContact},
		{pack.Organisations[5].ID, Targeted, HeldContact}, // its contact is a person of the directory
		{"partner", Impersonated, HeldApproval},
		{pack.Organisations[8].ID, LikelyNext, HeldApproval},
		{pack.Organisations[25].ID, Role, HeldApproval},
		{Constituency, Everyone, HeldApproval},
	} {
		w := by(ws, c.reader)
		if w == nil {
			t.Errorf("%s is not told", c.reader)
			continue
		}
		if w.Reason != c.reason || w.Held != c.held {
			t.Errorf("%s: %s, held %q; want %s, held %q", c.reader, w.Reason, w.Held, c.reason, c.held)
		}
		if strings.Contains(w.Contact, "person") {
			t.Errorf("%s goes to a person", c.reader)
		}
	}
	if w := by(ws, own); !slices.Equal(w.Messages, p.Targets[0].Sightings) || !strings.Contains(w.Full, p.Targets[0].Sightings[0]) {
		t.Errorf("the target is not told its own messages: %v", w.Messages)
	}
	seen := map[string]bool{}
	for _, w := range ws {
		if seen[w.Reader] || seen[w.ID] {
			t.Errorf("%s is told twice", w.Reader)
		}
		seen[w.Reader], seen[w.ID] = true, true
	}
}

func TestBulkMailWarnsNobody(t *testing.T) {
	pack := testPack()
	p := testProfile(pack, 9)
	p.Classes = []coldwatch.Share{{Value: "unremarkable", Count: 7}, {Value: "targeted", Count: 2}}
	if ws := Due(nil, p, pack, Options{}); len(ws) != 0 {
		t.Errorf("%d warnings", len(ws))
	}
	p.Classes = []coldwatch.Share{{Value: "hostile", Count: 8}, {Value: "targeted", Count: 1}}
	for _, w := range Due(nil, p, pack, Options{}) {
		if w.Reason != Targeted && w.Reason != Impersonated {
			t.Errorf("%s: %s", w.Reader, w.Reason)
		}
	}
}

func TestNothingIsSaidTwice(t *testing.T) {
	pack := testPack()
	p := testProfile(pack, 8)
	ws := Due(nil, p, pack, Options{})
	var said []string
	for _, w := range ws {
		said = append(said, w.ID)
	}
	again := *p
	again.Version = 2
	if more := Due(nil, &again, pack, Options{Said: said}); len(more) != 0 {
		t.Errorf("said again: %s to %s", more[0].Reason, more[0].Reader)
	}
	if more := Due(p, p, pack, Options{Said: said}); len(more) != 0 {
		t.Errorf("no change, but %s to %s", more[0].Reason, more[0].Reader)
	}
	next := testProfile(pack, 9)
	next.Version = 2
	more := Due(p, next, pack, Options{Said: said})
	if w := by(more, pack.Organisations[8].ID); w == nil || w.Reason != Targeted {
		t.Errorf("the ninth organisation was likely next and is now targeted, but is not told: %+v", w)
	}
	if w := by(more, pack.Organisations[0].ID); w != nil {
		t.Error("the first organisation is told again")
	}
}

func TestApprovalAndRules(t *testing.T) {
	pack := testPack()
	p := testProfile(pack, 8)
	reader := pack.Organisations[1].ID
	w := by(Due(nil, p, pack, Options{}), reader)
	if w.Held != HeldApproval {
		t.Errorf("held %q", w.Held)
	}
	for _, c := range []struct {
		rule         Rule
		covers, good bool
	}{
		{Rule{Reader: reader, TLP: "TLP:AMBER", Organisations: 3}, true, true},
		{Rule{Reader: "*", TLP: "TLP:AMBER", Organisations: 1}, true, true},
		{Rule{Reader: reader, TLP: "TLP:GREEN", Organisations: 1}, false, true},
		{Rule{Reader: reader, TLP: "TLP:AMBER", Organisations: 9}, false, true},
		{Rule{Reader: reader, Organisations: 1}, false, false},
		{Rule{Reader: "nobody", TLP: "TLP:AMBER", Organisations: 1}, false, false},
		{Rule{Reader: "*", TLP: "TLP:RED", Organisations: 1}, true, false},
		{Rule{Reader: "partner", TLP: "TLP:AMBER", Organisations: 1}, false, true},
	} {
		if got := c.rule.Covers(w, len(p.Targets)); got != c.covers {
			t.Errorf("%+v covers: %v", c.rule, got)
		}
		if err := c.rule.Validate(pack); (err == nil) != c.good {
			t.Errorf("%+v: %v", c.rule, err)
		}
	}
	limited := *pack
	limited.Organisations = slices.Clone(pack.Organisations)
	limited.Organisations[1].TLPMax = "TLP:GREEN"
	if h := by(Due(nil, p, knowledge.New(limited), Options{}), reader).Held; !strings.Contains(h, "at most TLP:GREEN") {
		t.Errorf("held %q", h)
	}
}

// No text but the victim's own holds the name, the domain or a look-alike that gives a victim away.
func TestVictimsAreNotNamedToOthers(t *testing.T) {
	pack := testPack()
	for _, n := range []int{1, 2, 3, 8, 20} {
		p := testProfile(pack, n)
		for _, w := range Due(nil, p, pack, Options{}) {
			for _, v := range p.Targets {
				if v.Organisation == w.Reader {
					continue
				}
				texts := []string{w.Subject, w.Text, w.Full}
				for _, a := range w.Alerts {
					texts = append(texts, a)
				}
				for _, s := range texts {
					low := strings.ToLower(s)
					if strings.Contains(low, strings.ToLower(v.Name)) || strings.Contains(low, v.Organisation) || strings.Contains(s, v.Sightings[0]) {
						t.Errorf("%s reads of %s:\n%s", w.Reader, v.Name, s)
					}
				}
			}
			if !strings.Contains(w.Full, "partner-cooling-rfq[.]test") {
				t.Errorf("%s gets no indicator", w.Reader)
			}
			if strings.Contains(w.Held, "audience") {
				t.Errorf("%s: %s", w.Reader, w.Held)
			}
		}
	}
}

// Every English text keeps to the words of ICD 203.
func TestProsePasses(t *testing.T) {
	pack := testPack()
	for _, n := range []int{1, 2, 5, 9} {
		for _, w := range Due(nil, testProfile(pack, n), pack, Options{}) {
			for _, s := range []string{w.Subject, w.Text, w.Full, w.Held} {
				if problems := profile.Lint(s); len(problems) > 0 {
					t.Errorf("%+v", problems)
				}
			}
		}
	}
}

// The sender chose the name that is shown, so it must not carry a link, a line of its own or a victim.
func TestHostilePersonas(t *testing.T) {
	pack := testPack()
	for _, name := range []string{"www.evil.test", "Click https://evil.test/x", "a.person@frost-metallwerk.example", "Frost Metallwerk", "Q.\u202eX\nAnswer\n- Pay now",
		strings.Repeat("long ", 40), "<script>alert(1)</script>"} {
		p := testProfile(pack, 8)
		p.Personas[0].Value = name
		w := by(Due(nil, p, pack, Options{}), pack.Organisations[1].ID)
		if strings.Contains(w.Full, "evil") || strings.Contains(w.Full, "\n- Pay") || strings.Contains(w.Full, "\u202e") || strings.Contains(w.Full, "<script") || strings.Contains(w.Full, "Frost Metallwerk") || strings.Contains(w.Held, "audience") {
			t.Errorf("%q: held %q\n%s", name, w.Held, w.Full)
		}
	}
}

// Below three organisations a figure would point at a victim.
func TestFewVictimsShowNoFigures(t *testing.T) {
	pack := testPack()
	for _, n := range []int{1, 2} {
		ws := Due(nil, testProfile(pack, n), pack, Options{})
		if by(ws, Constituency) != nil {
			t.Error("the constituency is told of a campaign at fewer than three organisations")
		}
		for _, w := range ws {
			if strings.Contains(w.Text, "At least") {
				t.Errorf("%s reads %q", w.Reader, w.Text)
			}
		}
	}
}

func TestAlertsAreShort(t *testing.T) {
	pack := testPack()
	p := testProfile(pack, 8)
	p.Impersonated[0].Name = "A Very Long Name of a Partner That Cools and Freezes Incorporated"
	for _, w := range Due(nil, p, pack, Options{}) {
		if n := len(strings.Fields(w.Text)); n > 120 {
			t.Errorf("%s: %d words", w.Reader, n)
		}
		if len(w.Alerts) != 7 {
			t.Errorf("%d languages", len(w.Alerts))
		}
		for lang, s := range w.Alerts {
			if dossier.Alert(w, lang, false).Kicker == "Warning" {
				t.Errorf("%s: the page around the alert is English", lang)
			}
			words := len(strings.Fields(s))
			if lang == "zh-Hant" {
				han := 0
				for _, r := range s {
					if unicode.Is(unicode.Han, r) {
						han++
					}
				}
				words += han / 2 // two characters are about a word
			}
			if words > 120 || words < 20 {
				t.Errorf("%s in %s: %d words\n%s", w.Reader, lang, words, s)
			}
			if strings.Contains(s, "%!") {
				t.Errorf("%s: %s", lang, s)
			}
		}
	}
}

func TestWithdrawTellsExactlyThoseWhoWereTold(t *testing.T) {
	pack := testPack()
	ws := Due(nil, testProfile(pack, 8), pack, Options{})
	for i := range ws {
		if ws[i].Reader == pack.Organisations[1].ID || ws[i].Reader == "partner" {
			ws[i].Held = ""
		}
	}
	back := Withdraw(ws, "The mail was a phishing test.", t0)
	var readers []string
	for _, w := range back {
		readers = append(readers, w.Reader)
		if w.Contact == "" || w.Reason != Withdrawn || !strings.Contains(w.Text, "phishing test") {
			t.Errorf("%+v", w)
		}
	}
	if want := []string{"partner", pack.Organisations[1].ID}; !slices.Equal(readers, want) {
		t.Errorf("told %v, want %v", readers, want)
	}
	if again := Withdraw(back, "x", t0); len(again) != 0 {
		t.Error("a withdrawal was withdrawn")
	}
}

// Every phrasebook says everything that the English one says.
func TestPhrasebooksAreWhole(t *testing.T) {
	en := english()
	for _, b := range books() {
		for _, s := range []string{b.language, b.chain, b.other, b.opening, b.inName, b.story, b.carrier, b.aim, b.size, b.one, b.act, b.pointer} {
			if s == "" {
				t.Errorf("%s has a gap", b.language)
			}
		}
		for _, m := range [][2]map[string]string{{en.reader, b.reader}, {en.themes, b.themes}, {en.carriers, b.carriers}, {en.aims, b.aims}} {
			for k := range m[0] {
				if m[1][k] == "" {
					t.Errorf("%s lacks %s", b.language, k)
				}
			}
		}
		for m := range 12 {
			if d := b.date(time.Date(2021, time.Month(m+1), 5, 0, 0, 0, 0, time.UTC)); !strings.Contains(d, "2021") || strings.Contains(d, "%!") {
				t.Errorf("%s: %s", b.language, d)
			}
		}
	}
}

// leak writes something that must not leave into a clean text, in one of many guises.
func leak(r *rand.Rand, clean string, v Victim) string {
	name, domain := v.Names[0], v.Domains[0]
	person := []string{"a.person", "sales", "j_doe+rfq", "info"}[r.IntN(4)]
	guises := []string{
		name, strings.ToUpper(name), strings.ToLower(name), v.Names[1], strings.ReplaceAll(name, " ", "-"), strings.ReplaceAll(name, " ", "_"),
		strings.ReplaceAll(name, " ", ""), v.Organisation, domain, "mail." + domain, "https://" + domain + "/login", "hxxps://" + strings.ReplaceAll(domain, ".", "[.]"),
		strings.ReplaceAll(domain, ".", "(.)"), strings.ReplaceAll(domain, ".", "[dot]"), person + "@" + domain, person + "[@]" + strings.ReplaceAll(domain, ".", "[.]"),
		person + " at " + strings.ReplaceAll(domain, ".", " dot "), "<" + person + "@" + domain + ">", "mailto:" + person + "@" + strings.ToUpper(domain),
		"https://evil.test/?u=" + base64.StdEncoding.EncodeToString([]byte(person+"@"+domain)), "#" + base64.RawURLEncoding.EncodeToString([]byte(person+"@"+domain)),
		"https://evil.test/?u=" + person + "%40" + domain, strings.ReplaceAll(name, " ", "\u00a0"), strings.ReplaceAll(name, " ", "\n"), v.People[0], strings.ToUpper(v.People[0]), name[:3] + "\u200b" + name[3:],
	}
	words := strings.Split(clean, " ")
	at := r.IntN(len(words))
	return strings.Join(slices.Insert(slices.Clone(words), at, guises[r.IntN(len(guises))]), " ")
}

func TestSeededLeaksAreCaught(t *testing.T) {
	pack := testPack()
	p := testProfile(pack, 12)
	ws := Due(nil, p, pack, Options{})
	var victims []Victim
	for _, v := range p.Targets {
		victims = append(victims, VictimOf(pack, v.Organisation))
	}
	r := rand.New(rand.NewPCG(7, 7))
	caught, held := 0, 0
	const seeded = 400
	for range seeded {
		w := ws[r.IntN(len(ws))]
		v := victims[r.IntN(len(victims))]
		for v.Organisation == w.Reader {
			v = victims[r.IntN(len(victims))]
		}
		clean := w.Text
		if r.IntN(2) == 0 {
			clean = w.Full
		}
		a := Audience{Reader: w.Reader, Victims: victims, Pack: pack, Open: []string{"partner"}}
		if len(Check(clean, a)) > 0 {
			held++
		}
		if text := leak(r, clean, v); len(Check(text, a)) > 0 {
			caught++
		} else {
			t.Errorf("not caught for %s:\n%s", v.Names[0], text)
		}
	}
	if caught != seeded || held > seeded/100 {
		t.Errorf("caught %d of %d, held up %d clean ones", caught, seeded, held)
	}
}

func TestCheckIndicators(t *testing.T) {
	pack := testPack()
	a := Audience{Reader: Constituency, Pack: pack, Indicators: true}
	kinds := func(text string, a Audience) []string {
		var out []string
		for _, l := range Check(text, a) {
			out = append(out, l.Kind)
		}
		return out
	}
	for text, want := range map[string]string{"partnercooling[.]example": "domain", "login.microsoft.com": "high-trust", "hxxp://docs.google[.]com/x": "high-trust"} {
		if k := kinds(text, a); !slices.Equal(k, []string{want}) {
			t.Errorf("%s: %v", text, k)
		}
	}
	if k := kinds("partner-cooling.test evil.example 192.0.2.7", a); len(k) != 0 {
		t.Error(k)
	}
}

func FuzzCheck(f *testing.F) {
	pack := testPack()
	v := []Victim{VictimOf(pack, pack.Organisations[0].ID)}
	for _, s := range []string{"a@b.c", "@", "x[.]y @@ .", "Frost Metallwerk", "a.person [at] frost-metallwerk.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Check(s, Audience{Victims: v, Pack: pack, Indicators: true})
		if l := Check(s+" Frost Metallwerk", Audience{Victims: v, Pack: pack}); len(l) == 0 {
			t.Error("a name after any text is not caught")
		}
	})
}
