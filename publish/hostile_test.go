package publish_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	xhtml "golang.org/x/net/html"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish"
)

// payloads are what an attacker would put into a name, a subject or a host.
var payloads = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)`,
	`</title></style></svg><iframe src="https://evil.test/"></iframe>`,
	"<svg/onload=alert(1)>\x00\x1b[31m",
	`javascript:alert(1)`,
	`{{.Style}} ${7*7} <!--`,
	"a\u202Egnp.exe\u2066\u200b\ufeff",
	"![x](https://evil.test/p.png) [a](javascript:alert(1)) <https://evil.test>",
	"| a | b |\n# heading\n- item\n```\ncode",
	"=HYPERLINK(\"https://evil.test\")",
	"\xff\xfe\xc0\xaf broken \xed\xa0\x80",
	"'] OR [url:value = 'x",
	"\r\nBcc: someone@victim.example\r\n\r\nbody",
	`\"; } rule x { condition: true } //`,
}

// poison puts the payload into every string of a report, map keys included.
func poison(v reflect.Value, payload string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(payload)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			poison(v.Field(i), payload)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), payload)
		}
	case reflect.Map:
		if v.Len() == 0 {
			return
		}
		m := reflect.MakeMap(v.Type())
		value := reflect.New(v.Type().Elem()).Elem()
		poison(value, payload)
		m.SetMapIndex(reflect.ValueOf(payload).Convert(v.Type().Key()), value)
		v.Set(m)
	}
}

// Whatever stands in every string of a report, no format fails, and the page holds no element or attribute of the attacker's.
func TestHostileText(t *testing.T) {
	for _, payload := range payloads {
		r := load(t, "rich")
		poison(reflect.ValueOf(&r).Elem(), payload)
		for _, tlp := range []string{"TLP:GREEN", "TLP:RED"} {
			r.Marking.TLP = tlp
			for _, f := range publish.Formats() {
				raw := write(t, f, r)
				check(t, f.Name(), payload, raw)
			}
		}
	}
}

// One hostile field at a time: the rest of the report stays as it is, so that drawings and tables with the field are made.
func TestHostileField(t *testing.T) {
	for _, payload := range payloads {
		r := load(t, "rich")
		p := &r.Profile
		p.Name, p.Personas[0].Value, p.Targets[0].Name, p.Models[0].Value = payload, payload, payload, payload
		p.Stages[0].Roles[0].Name, p.Countries[0].Value, p.Infrastructure[8].Name = payload, payload, payload
		r.Links[0].Terms[0].Note, r.Local[0].Subject, r.Local[0].From, r.Local[0].Excerpt = payload, payload, payload, payload
		p.Infrastructure = append(p.Infrastructure, coldwatch.Infrastructure{Observable: coldwatch.Observable{Kind: coldwatch.DomainName, Value: payload, Role: payload, Owned: true}, Messages: 1})
		for _, f := range publish.Formats() {
			check(t, f.Name(), payload, write(t, f, r))
		}
	}
}

func check(t *testing.T, format, payload string, raw []byte) {
	t.Helper()
	for _, c := range string(raw) {
		if c != '\n' && c != '\t' && c != '\r' && (c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0) && format != "json" {
			t.Errorf("%s: a control character %U got through from %q", format, c, payload)
			break
		}
		if strings.ContainsRune("\u202e\u2066\u200b\ufeff", c) && format != "json" {
			t.Errorf("%s: a hidden character %U got through from %q", format, c, payload)
			break
		}
	}
	switch format {
	case "html":
		checkPage(t, payload, raw)
	case "md":
		for _, bad := range []string{"<script", "<img", "<iframe", "<svg", "](javascript", "](https://evil", "<https:"} {
			if strings.Contains(unescaped(string(raw)), bad) {
				t.Errorf("md: %q got through from %q", bad, payload)
			}
		}
	case "json", "stix", "misp", "attack-flow":
		if !json.Valid(raw) {
			t.Errorf("%s: not JSON from %q", format, payload)
		}
	case "csv":
		rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		if err != nil {
			t.Errorf("csv: %v from %q", err, payload)
		}
		for _, row := range rows {
			for _, c := range row {
				if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
					t.Errorf("csv: the cell %q is a formula", c)
				}
			}
		}
	}
}

// unescaped drops backslash escapes whole, so that what is left is what Markdown could take as markup.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var elements = " html head meta title style body header p h1 h2 h3 div span dl dt dd nav ul ol li a main section footer figure figcaption svg g path circle use rect line text table caption thead tbody tr th td code "
var attributes = " lang charset http-equiv content name id class href aria-label aria-labelledby aria-hidden role tabindex scope rx dx dy x y x1 x2 y1 y2 r cx cy d width height viewBox preserveAspectRatio text-anchor "

func checkPage(t *testing.T, payload string, raw []byte) {
	t.Helper()
	doc, err := xhtml.Parse(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	styles, metas := 0, 0
	for n := range doc.Descendants() {
		if n.Type == xhtml.CommentNode {
			t.Errorf("html: a comment from %q", payload)
		}
		if n.Type != xhtml.ElementNode {
			continue
		}
		if !strings.Contains(elements, " "+n.Data+" ") {
			t.Errorf("html: an element %s from %q", n.Data, payload)
		}
		switch n.Data {
		case "style":
			styles++
		case "meta":
			metas++
		}
		for _, a := range n.Attr {
			if !strings.Contains(attributes, " "+a.Key+" ") {
				t.Errorf("html: an attribute %s from %q", a.Key, payload)
			}
			if a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("html: a link to %s from %q", a.Val, payload)
			}
		}
	}
	if styles != 1 || metas != 6 {
		t.Errorf("html: %d styles, %d metas from %q", styles, metas, payload)
	}
	if !strings.Contains(string(raw), `content="default-src &#39;none&#39;; style-src &#39;sha256-`) {
		t.Error("html: the content security policy is missing")
	}
}
