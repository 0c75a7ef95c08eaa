package rules_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/rules"
)

func load(t *testing.T) coldwatch.Report {
	t.Helper()
	raw, err := os.ReadFile("../testdata/rich.json")
	if err != nil {
		t.Fatal(err)
	}
	var r coldwatch.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

var campaign = []rules.Sample{
	{Name: "plain", Headers: []byte("From: \"Lena Albrecht\" <sales@mail.polarhaus-biomed.example>\nSubject: RFQ\n"),
		Attachments: [][]byte{[]byte(`<form action="https://files.coldquote.test/collect/post.php">`)}},
	{Name: "coded", Headers: []byte("From: someone@relay.example\nReply-To:\n <l.albrecht@polarhaus-biomed.example>\n"),
		Attachments: [][]byte{[]byte(`<script>document.write(atob("` + base64.StdEncoding.EncodeToString([]byte(`x<form action="https://files.coldquote.test/collect/post.php">`)) + `"))</script>`)}},
}

var benign = []rules.Sample{
	{Name: "quote", Headers: []byte("From: purchasing@polarhaus.example\nSubject: About polarhaus-biomed.example\n"), Attachments: [][]byte{[]byte("<p>our offer</p>")}},
	{Name: "alike", Headers: []byte("From: a@notpolarhaus-biomed.example.org\n"), Attachments: [][]byte{[]byte("myfiles-coldquote.test.example")}},
}

// message puts a sample together as a mail.
func message(s rules.Sample) rules.Sample {
	s.Raw = append(slices.Clone(s.Headers), "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nPlease see the attachment.\n"...)
	for _, a := range s.Attachments {
		s.Raw = append(s.Raw, "--b\nContent-Type: text/html; name=rfq.html\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString(a)+"\n"...)
	}
	s.Raw = append(s.Raw, "--b--\n"...)
	return s
}

func messages(in []rules.Sample) (out []rules.Sample) {
	for _, s := range in {
		out = append(out, message(s))
	}
	return out
}

func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("SKIPPED: %s is not installed, so the rule is not executed", tool)
	}
}

func TestTry(t *testing.T) {
	campaign, benign := messages(campaign), messages(benign)
	for engine, tool := range map[string]string{"yara": "yara", "postfix-checks": "postmap", "rspamd": "rspamd", "rspamd-regexp": "rspamd"} {
		t.Run(engine, func(t *testing.T) {
			need(t, tool)
			built := slices.DeleteFunc(rules.Build(load(t), nil), func(r rules.Rule) bool { return r.Engine != engine })
			out, err := rules.Try(context.Background(), built, campaign, benign)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range out {
				if r.Engine == engine && (r.Withheld || !strings.HasPrefix(r.Status, "executed")) {
					t.Errorf("%s\n%s", r.Status, r.Text)
				}
			}
			// the benign mail as the campaign's: nothing is hit, so the rule is withheld
			for _, swapped := range [][2][]rules.Sample{{benign, nil}, {campaign, campaign}} {
				out, err = rules.Try(context.Background(), built, swapped[0], swapped[1])
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range out {
					if r.Engine == engine && (!r.Withheld || strings.Contains(r.String(), "polarhaus")) {
						t.Errorf("not withheld: %s", r)
					}
				}
			}
		})
	}
}

// A rule that its engine cannot read is withheld.
func TestTryBroken(t *testing.T) {
	need(t, "yara")
	out, err := rules.Try(context.Background(), []rules.Rule{{Engine: "yara", Text: "rule {", Comment: "//"}}, campaign, benign)
	if err != nil {
		t.Fatal(err)
	}
	if !out[0].Withheld {
		t.Error(out[0].Status)
	}
}

// What cannot be run says so, and the YAML ones are YAML.
func TestNotExecuted(t *testing.T) {
	for _, r := range rules.Build(load(t), nil) {
		if !strings.Contains(r.String(), "Status: not executed") {
			t.Errorf("%s does not say that it was not executed", r.File)
		}
		if r.Engine != "sigma" && r.Engine != "mql" {
			continue
		}
		for doc := range strings.SplitSeq(r.String(), "\n---\n") {
			var v map[string]any
			if err := yaml.Unmarshal([]byte(doc), &v); err != nil || v["id"] == nil {
				t.Errorf("%s: %v", r.File, err)
			}
		}
	}
}

// The Rspamd rules are read by Rspamd.
func TestRspamdReads(t *testing.T) {
	need(t, "rspamadm")
	dir := t.TempDir()
	for _, r := range rules.Build(load(t), nil) {
		switch r.Engine {
		case "rspamd":
			file := dir + "/rspamd.conf"
			if err := os.WriteFile(file, []byte("multimap {\n"+r.String()+"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("rspamadm", "configdump", "-c", file, "-j", "multimap").CombinedOutput(); err != nil || !strings.Contains(string(out), "polarhaus-biomed.example") {
				t.Errorf("%v: %s", err, out)
			}
		case "rspamd-regexp":
			file := dir + "/rule.lua"
			code := "config = { regexp = {} }\n" + r.String() + "\nlocal rspamd_regexp = require 'rspamd_regexp'\nfor _, v in pairs(config.regexp) do\n" +
				"local re = rspamd_regexp.create((v.re:match('^(.-){body}')))\n" +
				"assert(re:match('x https://files.coldquote.test/collect'))\nassert(re:match('//www.files.coldquote.test'))\nassert(not re:match('https://myfiles.coldquote.testing/'))\nassert(not re:match('filesXcoldquote.test'))\nend\nprint('good')\n"
			if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("rspamadm", "lua", file).CombinedOutput(); err != nil || !strings.Contains(string(out), "good") {
				t.Errorf("%v: %s\n%s", err, out, r)
			}
		}
	}
}

// A campaign's name cannot break out of a rule.
func TestHostileName(t *testing.T) {
	need(t, "yara")
	r := load(t)
	r.Profile.Name = "x\"\n } rule evil { condition: true } /* \\ ' ${x}"
	r.Profile.Campaign = "c-1\" */ } rule evil"
	built := slices.DeleteFunc(rules.Build(r, nil), func(r rules.Rule) bool { return r.Engine != "yara" })
	out, err := rules.Try(context.Background(), built, campaign, benign)
	if err != nil || out[0].Withheld || strings.Count(out[0].Text, "\nrule ") != 1 {
		t.Errorf("%v: %s", err, out[0])
	}
}
