package bulletin

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestExtract(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string // kind value
	}{
		"defanged prose": {"The kit posts to hxxps://panel[.]evil-rfq[.]test/c/post.php?id=1, the mail came from sales[at]evil-rfq[.]test (198[.]51[.]100[.]7).",
			[]string{"domain-name panel.evil-rfq.test", "email-addr sales@evil-rfq.test", "ipv4-addr 198.51.100.7", "url https://panel.evil-rfq.test/c/post.php?id=1"}},
		"other manners": {"evil(dot)example; hXXp://a.evil.example:8080/x — b@c.example.",
			[]string{"domain-name a.evil.example", "domain-name evil.example", "email-addr b@c.example", "url http://a.evil.example:8080/x"}},
		"hash":            {"sha256=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", []string{"file e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
		"hash alone":      {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", []string{"file e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
		"no domains":      {"See report.pdf, run.sh, version 1.2.3, e.g. this, and 10.0.0.1 or localhost.", nil},
		"csv":             {"type,value\ndomain,evil.example\nurl,\"http://evil.example/a,b\"\n", []string{"domain-name evil.example", "url http://evil.example/a"}},
		"stix pattern":    {`{"type":"bundle","id":"bundle--x","objects":[{"type":"indicator","id":"indicator--not.example","pattern":"[domain-name:value = 'evil.example' OR email-addr:value = 'x@evil.example']"}]}`, []string{"domain-name evil.example", "email-addr x@evil.example"}},
		"misp event":      {`{"Event":{"uuid":"own.example","Orgc":{"name":"cert.example"},"Attribute":[{"type":"domain","value":"evil.example"}]}}`, []string{"domain-name evil.example"}},
		"unicode domain":  {"hxxp://bücher[.]example/", []string{"domain-name xn--bcher-kva.example"}},
		"userinfo in url": {"http://haier.example@evil.example/x", []string{"domain-name evil.example", "url http://evil.example/x"}},
		"empty":           {"", nil},
	} {
		var got []string
		for _, i := range Extract([]byte(c.in)) {
			got = append(got, string(i.Kind)+" "+i.Value)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte("hxxps://panel[.]evil[.]test/a b@c.example"))
	f.Add([]byte(`{"a":["evil.example",{"pattern":"[x = 'y.example']"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		one := Extract(b)
		if _, err := json.Marshal(one); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(one, Extract(b)) {
			t.Fatal("two readings of one report differ")
		}
	})
}
