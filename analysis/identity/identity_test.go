package identity

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

func testPack() *knowledge.Pack {
	return knowledge.New(knowledge.Pack{Name: "test", Version: "1",
		Organisations: []knowledge.Organisation{
			{ID: "polar", Name: "Polar Parts Ltd", Aliases: []string{"Полярные Детали", "PPL"}, Domains: []string{"polar-parts.example", "polarparts.test"}, DKIMDomains: []string{"bulkmail.example"}},
			{ID: "store", Name: "National Vaccine Store", Domains: []string{"vaxstore.example"}},
			{ID: "haier", Name: "Sample Biomedical Co., Ltd", Domains: []string{"samplebiomedical.example"}},
			{ID: "munich", Name: "Kühlhaus München GmbH", Domains: []string{"kuehlhaus.example"}},
			{ID: "glacier", Name: "Glacier Oy", Domains: []string{"glacier.example"}},
			{ID: "depot", Name: "Depot Freight", Domains: []string{"depot.example"}},
		},
		People: []knowledge.Person{
			{OrgID: "polar", Name: "Dr. Ana María Vogel", Email: "a.vogel@polar-parts.example"},
			{OrgID: "haier", Name: "Wenrui Sample", Email: "wenrui.sample@samplebiomedical.example"},
			{OrgID: "store", Name: "Kenta Muster"}, {OrgID: "munich", Name: "Kenta Muster"},
		}})
}

func TestFind(t *testing.T) {
	d := newDirectory(testPack())
	for text, want := range map[string]string{
		"Polar Parts":                       "polar",
		"POLAR PARTS LTD":                   "polar",
		"polar-parts sales":                 "polar",
		"Полярные детали":                   "polar",
		"Vogel, Ana María":                  "polar/Dr. Ana María Vogel",
		"Ana Vogel":                         "polar/Dr. Ana María Vogel",
		"ana maria vogel":                   "polar/Dr. Ana María Vogel",
		"Kuhlhaus Munchen":                  "munich",
		"KÜHLHAUS MÜNCHEN GMBH":             "munich",
		"Sample Biomedical Co., Ltd":        "haier",
		"Sampel Biomedical":                 "haier",
		"Sаmple Biomedical":                 "haier", // Cyrillic а
		"Samp1e Biomedical":                 "haier",
		"PPL":                               "polar",
		"ppl are waiting":                   "",
		"Polar":                             "",
		"Parts":                             "",
		"The national store":                "",
		"National Vaccine Store, Depot 2":   "store",
		"Anna Vogelsang":                    "",
		"Sample, Wenrui | Sample Biomedica": "haier/Wenrui Sample haier",
	} {
		var got []string
		for _, h := range d.find(text, true) {
			s := d.pack.Organisations[h.entries[0].org].ID
			if p := h.entries[0].person; p != nil {
				s += "/" + p.Name
			}
			got = append(got, s)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%q: got %q, want %q", text, g, want)
		}
	}
}

// analyse gives the analysis of a message to depot.example from that author, with a body, as it was authenticated.
func analyse(from, body string, auth coldwatch.Authentication) *coldwatch.Analysis {
	raw := []byte("From: " + from + "\r\nTo: u@depot.example\r\nSubject: Request\r\nReply-To: \r\n\r\n" + strings.ReplaceAll(body, "\n", "\r\n"))
	m := message.Parse(raw, message.Default())
	a := &coldwatch.Analysis{Message: m, Subject: "Request", Organisation: "depot", Authentication: auth}
	a.Sender.From = message.FieldAddresses(raw, m.Field("From"))
	a.Recipients = message.FieldAddresses(raw, m.Field("To"))
	New(testPack()).Analyze(a)
	return a
}

func TestContradictions(t *testing.T) {
	ok := coldwatch.Authentication{Aligned: true, SPF: coldwatch.Pass, Source: "receiver x", Border: "mx.depot.example", Hop: "198.51.100.7"}
	bad := coldwatch.Authentication{SPF: coldwatch.Fail, DMARC: coldwatch.Fail, Source: "receiver x", Border: "mx.depot.example", Hop: "203.0.113.7"}
	none := coldwatch.Authentication{SPF: coldwatch.Unknown, Source: "none"}
	const signed = "Dear Ben,\nplease quote.\n\nKind regards,\nWenrui Sample\nGeneral Manager\nSample Biomedical Co., Ltd\n"
	for _, c := range []struct {
		name, from, body string
		auth             coldwatch.Authentication
		has, not         string
		impersonated     string
		kind             string
	}{
		{"a true partner", "Wenrui Sample <wenrui.sample@samplebiomedical.example>", signed, ok, "", "identity. lookalike.", "haier", "account"},
		{"a forged partner", "Wenrui Sample <wenrui.sample@samplebiomedical.example>", signed, bad, "identity.forged", "identity.contradiction", "haier", ""},
		{"nobody said anything", "Wenrui Sample <wenrui.sample@samplebiomedical.example>", signed, none, "", "identity.", "haier", ""},
		{"person and signature elsewhere", "Wenrui Sample <office@cobaltworks.example>", signed, ok, "identity.contradiction", "lookalike.", "haier", ""},
		{"brand elsewhere", "Sample Biomedical <office@cobaltworks.example>", "Hello\n", ok, "identity.contradiction", "", "haier", "brand"},
		{"signature only", "Mei Lin <office@cobaltworks.example>", signed, ok, "identity.signature", "identity.contradiction", "haier", ""},
		{"only a name that others have", "Wenrui Sample <office@cobaltworks.example>", "Hello\n", ok, "identity.person", "identity.contradiction", "haier", ""},
		{"free mail", "Wenrui Sample <wenrui.samplebiomed77@gmail.com>", signed, ok, "identity.free_mail", "", "haier", ""},
		{"look-alike", "Wenrui Sample <sales@samplebiomedical-intl.test>", signed, ok, "identity.contradiction lookalike.combosquat", "", "haier", ""},
		{"look-alike letters", "Mei Lin <sales@sampleblomedical.test>", "Hello\n", ok, "lookalike.homoglyph", "", "haier", "domain"},
		{"a distributor", "\"Mei Lin (Sample Biomedical service partner)\" <office@cobaltworks.example>", "Hello\n", ok, "identity.relation", "identity.contradiction", "", ""},
		{"a partner that names another", "\"Ana Vogel (Sample Biomedical service partner)\" <a.vogel@polar-parts.example>", "Hello\n", ok, "", "identity.", "polar", "account"},
		{"one's own organisation from outside", "Depot Freight helpdesk <it@cobaltworks.example>", "Hello\n", ok, "identity.own_claimed", "", "depot", "brand"},
		{"a name in a quoted message", "Mei Lin <office@cobaltworks.example>", "Fine.\n\nOn Monday Ben wrote:\n> Kind regards,\n> Wenrui Sample\n> Sample Biomedical Co., Ltd\n", ok, "", "identity.", "", ""},
		{"an address in the text", "Mei Lin <office@cobaltworks.example>", "Visit\nwww.polar-parts.example\ninfo@polar-parts.example\n", ok, "", "identity.", "", ""},
		{"an introduction", "Mei Lin <office@cobaltworks.example>", "Dear Ben,\nI am writing on behalf of Polar Parts Ltd in Bergen and ask for a price of all the things that we talked about last week.\nMei\n", ok, "identity.signature", "", "polar", ""},
		{"two organisations have the person, the text decides", "Kenta Muster <km@cobaltworks.example>", "Hello\n\nRegards\nKenta Muster\nKühlhaus München GmbH\n", ok, "identity.contradiction", "", "munich", ""},
		{"a one-word name", "Glacier Sales Team <x@cobaltworks.example>", "Hello\n", ok, "identity.contradiction", "", "glacier", ""},
		{"a one-word name beside a person", "Mei Lin | Glacier <x@cobaltworks.example>", "Hello\n", ok, "identity.contradiction", "", "glacier", ""},
		{"a word of another name", "Glacier Bay Tours <x@cobaltworks.example>", "Hello\n", ok, "", "identity.", "", ""},
		{"a greeting", "Mei Lin <x@cobaltworks.example>", "Dear Polar Parts team,\nnice weather.\nMei\n", ok, "", "identity.", "", ""},
		{"a consignee", "Mei Lin <x@cobaltworks.example>", "Hello,\nthe pallet left.\nDeliver to: Polar Parts Ltd\nMei\n", ok, "", "identity.", "", ""},
		{"nobody", "Mei Lin <mei@cobaltworks.example>", "Hello Ben,\nnice weather.\n", ok, "", "identity. lookalike. brand.", "", ""},
		{"a well-known brand", "PayPal Service <x@cobaltworks.example>", "Hello\n", ok, "brand.name", "", "", "brand"},
	} {
		a := analyse(c.from, c.body, c.auth)
		got := " "
		for _, f := range a.Findings {
			got += f.Kind + " "
			if len(f.Evidence) == 0 || f.Kind == "identity.contradiction" && len(f.Evidence) < 2 {
				t.Errorf("%s: %s quotes too little", c.name, f.Kind)
			}
		}
		for _, k := range strings.Fields(c.has) {
			if !strings.Contains(got, " "+k) {
				t.Errorf("%s: %s missing in%s", c.name, k, got)
			}
		}
		for _, k := range strings.Fields(c.not) {
			if strings.Contains(got, " "+k) {
				t.Errorf("%s: %s found in%s", c.name, k, got)
			}
		}
		if a.Impersonated.Organisation != c.impersonated || c.kind != "" && a.Impersonated.Kind != c.kind {
			t.Errorf("%s: impersonated %+v, want %s %s", c.name, a.Impersonated, c.impersonated, c.kind)
		}
	}
}

func BenchmarkAnalyze(b *testing.B) {
	raw := []byte("From: Wenrui Sample <sales@samplebiomedical-intl.test>\r\nTo: u@depot.example\r\nSubject: Request\r\n\r\n" +
		strings.Repeat("Please find the item list below and quote your best price for all of it by Friday.\r\n", 30) + "\r\nKind regards,\r\nWenrui Sample\r\nSample Biomedical Co., Ltd\r\n")
	m := message.Parse(raw, message.Default())
	z := New(testPack())
	b.ReportAllocs()
	for b.Loop() {
		a := &coldwatch.Analysis{Message: m, Subject: "Request", Organisation: "depot"}
		a.Sender.From = message.FieldAddresses(raw, m.Field("From"))
		z.Analyze(a)
	}
}

func FuzzFind(f *testing.F) {
	d := newDirectory(testPack())
	f.Add("Vogel, Ana María | Kühlhaus")
	f.Add("\xff\xfeПолярные\u200bдетали")
	f.Fuzz(func(t *testing.T, s string) {
		for _, h := range d.find(s, true) {
			if h.start < 0 || h.end > len(s) || h.start >= h.end || len(h.entries) == 0 {
				t.Errorf("%q: %+v", s, h)
			}
		}
	})
}

// A request in a company's name from free mail, answered at a domain that carries that name: whether the directory
// knows a domain of theirs or not.
func TestAnswers(t *testing.T) {
	pack := knowledge.New(knowledge.Pack{Name: "test", Version: "1", Organisations: []knowledge.Organisation{
		{ID: "maker", Name: "Frostwerk"}, {ID: "depot", Name: "Depot Freight", Domains: []string{"depot.example"}},
	}})
	run := func(from, reply, body, theme string, findings ...string) map[string]bool {
		raw := []byte("From: " + from + "\r\nTo: undisclosed-recipients:;\r\nSubject: Request\r\nReply-To: " + reply + "\r\n\r\n" + strings.ReplaceAll(body, "\n", "\r\n"))
		m := message.Parse(raw, message.Default())
		a := &coldwatch.Analysis{Message: m, Subject: "Request", Organisation: "depot", Lure: coldwatch.Lure{Theme: theme}}
		a.Sender.From, a.Sender.ReplyTo = message.FieldAddresses(raw, m.Field("From")), message.FieldAddresses(raw, m.Field("Reply-To"))
		for _, k := range findings {
			a.Findings = append(a.Findings, coldwatch.Finding{Kind: k})
		}
		New(pack).Analyze(a)
		out := map[string]bool{}
		for _, f := range a.Findings {
			out[f.Kind] = true
		}
		return out
	}
	signed := "Good day,\nplease quote.\n\nA. Sample\nFROSTWERK MANUFACTURING BELGIUM (NV)\nEmail: order@frostwerkservice-nv.test\n"
	for _, c := range []struct {
		name, from, reply, body, theme string
		found                          []string
		want, not                      string
	}{
		{"reply-to", "A. Sample <a.sample9@gmail.com>", "order@frostwerkservice-nv.test", signed, "quotation", nil, "identity.answer_imitates", "identity.company_free_mail"},
		{"signed address", "A. Sample <a.sample9@gmail.com>", "", signed, "quotation", []string{"sender.undisclosed"}, "identity.answer_imitates", ""},
		{"company, hidden", "A. Sample <a.sample9@gmail.com>", "", "Please quote.\nA. Sample\nNorthern Pumps Ltd\n", "quotation", []string{"sender.undisclosed"}, "identity.company_free_mail", "identity.answer_imitates"},
		{"company, open", "A. Sample <a.sample9@gmail.com>", "", "Please quote.\nA. Sample\nNorthern Pumps Ltd\n", "quotation", nil, "", "identity.company_free_mail"},
		{"another domain", "A. Sample <a.sample9@gmail.com>", "order@northernpumps.test", signed[:60], "quotation", nil, "", "identity.answer_imitates"},
		{"their own name", "A. Sample <a.sample@frostwerk.test>", "", signed, "quotation", nil, "", "identity.signature"},
		{"answers diverted", "A. Sample <a.sample@northernpumps.test>", "a.sample9@gmail.com", "Please quote.\n", "quotation", nil, "identity.business_answer_free", ""},
		{"answers diverted, no business", "A. Sample <a.sample@northernpumps.test>", "a.sample9@gmail.com", "See you on Friday.\n", "meeting", nil, "", "identity.business_answer_free"},
		{"service", "Shop <mail@bulk.test>", "order@frostwerk-service.test", signed, "order", nil, "identity.answer_imitates_other", "identity.answer_imitates"},
	} {
		got := run(c.from, c.reply, c.body, c.theme, c.found...)
		if c.want != "" && !got[c.want] || got[c.not] {
			t.Errorf("%s: got %v, want %s and not %s", c.name, got, c.want, c.not)
		}
	}
}

func TestItems(t *testing.T) {
	for line, want := range map[string]bool{
		"- 5 x Polar Parts PP 225 AC": true, "3) Polar Parts PP 12": true, "10 pcs Polar Parts PP 12": true, "• Polar Parts PP 12, 3 sets": true, "12. Polar Parts": true,
		"Polar Parts Ltd": false, "12 Example Street": false, "- Ana Vogel": false, "2020": false,
	} {
		if item(line) != want {
			t.Errorf("%q: want %v", line, want)
		}
	}
}

// A document's first lines name its sender; whom it is addressed to is another.
func TestLetterhead(t *testing.T) {
	for text, want := range map[string]string{
		"POLAR PARTS LTD\nRequest for quotation 7\n": "polar",
		"Deliver to: Polar Parts Ltd\nRequest\n":     "",
		"1\n2\n3\n4\n5\n6\nPolar Parts Ltd\n":        "",
		"3 x Glacier Oy fridges\n":                   "",
		"The terms of Polar Parts Ltd hold for all that was ordered in any year, as far as no others were agreed upon in writing.\n": "",
	} {
		raw := []byte("From: Ana <ana@elsewhere.test>\r\n\r\nSee attached.\r\n")
		a := &coldwatch.Analysis{Message: message.Parse(raw, message.Default()), Payloads: []coldwatch.Payload{{ID: "2", Via: "attachment", Kind: "pdf", Text: text, Content: []byte(text)}}}
		a.Sender.From = message.FieldAddresses(raw, a.Message.Field("From"))
		New(testPack()).Analyze(a)
		got := ""
		for _, c := range a.Claimed {
			if c.From == "letterhead" {
				got = c.Organisation
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
