package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/measure/scenario"
)

// axe-core 4 (Deque Systems, MPL 2.0, testdata/axe/LICENSE): the accessibility checker that the pages are held against.
//
//go:embed testdata/axe/axe.min.js
var axe string

// attack is what each hostile message tries to run, and what it would load. Neither may happen.
const attack = `document.documentElement.setAttribute('data-ran','1');alert(1)`

// hostileMail writes messages that attack whoever looks at them in a browser: in the subject, the names, the body and the names of files.
func hostileMail(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bodies := []string{
		`<script>` + attack + `</script><script src="https://off.test/a.js"></script>`,
		`<img src=x onerror="` + attack + `"><img src="https://off.test/pixel.gif" width=1>`,
		`<svg onload="` + attack + `"><script>` + attack + `</script><image href="https://off.test/s.png"/></svg>`,
		`<a href="javascript:` + attack + `">open</a><a href="https://off.test/go" ping="https://off.test/ping">go</a>`,
		`<iframe src="javascript:` + attack + `"></iframe><iframe srcdoc="<script>` + attack + `</script>"></iframe><iframe src="https://off.test/f"></iframe>`,
		`<style>@import url("https://off.test/i.css");body{background:url(https://off.test/b.png)}</style><div style="background-image:url(https://off.test/c.png)">x</div>`,
		`<link rel="stylesheet" href="https://off.test/l.css"><link rel="prefetch" href="https://off.test/p"><base href="https://off.test/">`,
		`<meta http-equiv="refresh" content="0;url=https://off.test/r"><body onload="` + attack + `" background="https://off.test/bg.png">`,
		`<form action="https://off.test/f" id=f><input name=p type=password autofocus onfocus="` + attack + `"><button formaction="javascript:` + attack + `">go</button></form>`,
		`<video poster="https://off.test/v.png"><source onerror="` + attack + `"></video><audio src="https://off.test/a.mp3" onerror="` + attack + `"></audio><object data="https://off.test/o"></object><embed src="https://off.test/e">`,
		`<math><mtext><table><mglyph><style><img src=x onerror="` + attack + `"></style></mglyph></table></mtext></math>`,
		`<noscript><p title="</noscript><img src=x onerror='` + attack + `'>"></noscript>`,
		`<details open ontoggle="` + attack + `"><summary>x</summary></details><marquee onstart="` + attack + `">x</marquee>`,
		`</pre></div></main><script>` + attack + `</script><!--><img src=x onerror="` + attack + `">-->`,
		`<template><img src=x onerror="` + attack + `"></template><textarea></textarea><script>` + attack + `</script>`,
		`<img srcset="https://off.test/1.png 1x" src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>">`,
	}
	lines := []string{
		`Quotation <script>` + attack + `</script>`,
		`"><img src=x onerror=` + attack + `>`,
		`{{.}}${7*7}<%= 7 %>`,
		`'-alert(1)-'`,
		`=?utf-8?B?PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+?=`,
		"\u202etxt.exe \u200bfrom p\u0430ypal",
	}
	for i, body := range bodies {
		subject := lines[i%len(lines)]
		name := fmt.Sprintf(`a"><img src=x onerror=%s>.html`, attack)
		msg := fmt.Sprintf("Received: from mail.off.test (mail.off.test [198.18.1.9]) by mx.partner.example; Mon, 7 Dec 2020 10:00:%02d +0000\r\nFrom: \"%s\" <a@off.test>\r\nReply-To: <b\"><script>%s</script>@off.test>\r\n"+
			"To: Someone <someone@partner.example>\r\nSubject: %s\r\nMessage-ID: <%d<script>alert(1)</script>@off.test>\r\nDate: Mon, 7 Dec 2020 10:00:00 +0000\r\nX-Evil: <script>%s</script>\r\n"+
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><p>Please sign in: your mailbox is full. Password needed.</p>%s</html>\r\n"+
			"--b\r\nContent-Type: text/html; name=%q\r\nContent-Disposition: attachment; filename=%q\r\n\r\n%s<form action=\"https://off.test/post\"><input type=password></form>\r\n--b--\r\n",
			i, strings.ReplaceAll(lines[(i+1)%len(lines)], `"`, `\"`), attack, subject, i, attack, body, name, name, body)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.eml", i)), []byte(msg), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// consoleStores makes a store without mail, one with a single message, and one with many campaigns and hostile mail among it.
func consoleStores(t *testing.T) (empty, one, many string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	empty, one, many = filepath.Join(dir, "empty.db"), filepath.Join(dir, "one.db"), filepath.Join(dir, "many.db")
	mail, attacks := filepath.Join(dir, "mail"), filepath.Join(dir, "attacks")
	if err := scenario.Generate(mail, scenario.Options{Family: "replay2020", Seed: 7, Messages: 260}); err != nil {
		t.Fatal(err)
	}
	hostileMail(t, attacks)
	command(t, "scan", mail, "--db", many, "-q")
	command(t, "scan", attacks, "--db", many, "--pack", filepath.Join(mail, "pack"), "-q")
	command(t, "scan", filepath.Join(attacks, "00.eml"), "--db", one, "-q")
	return empty, one, many
}

// idsOf gives what a command's JSON names by a key.
func idsOf(t *testing.T, key string, args ...string) []string {
	t.Helper()
	var list []map[string]any
	out := command(t, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	var ids []string
	for _, x := range list {
		if id, ok := x[key].(string); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestConsolePages opens every page in a browser, in every state, in light and dark, on a telephone and on a desk: each answers, runs
// without an error, asks nothing of others, does not scroll sideways, and the accessibility checker finds no serious fault. With
// COLDWATCH_PICTURES=DIR it leaves a picture of each there, to be looked at.
func TestConsolePages(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := startBrowser(t)
	empty, one, many := consoleStores(t)
	campaign, warnings := idsOf(t, "id", "campaigns", "--db", many)[0], idsOf(t, "id", "warnings", "--db", many)
	single := idsOf(t, "id", "search", "off.test", "--db", one)
	if len(warnings) == 0 || len(single) != 1 {
		t.Fatalf("%d warnings, %d single messages", len(warnings), len(single))
	}
	member := idsOf(t, "id", "search", "quotation", "--db", many)[0]
	command(t, "warnings", "rule", "--db", many, "--reader", idsOf(t, "reader", "warnings", "--db", many)[0], "--tlp", "TLP:AMBER", "--organisations", "1", "--reason", "agreed <b>with</b> all")
	command(t, "warnings", "answer", warnings[0], "--db", many, "--received", "41", "--opened", "3")
	general := []string{"/", "/campaigns", "/triage", "/words", "/search", "/search?q=nothing-like-it", "/warnings", "/directory", "/directory/checks", "/directory/new", "/settings", "/audit?verify=1", "/health", "/account", "/sign-in"}
	states := []struct {
		name, db string
		pages    map[string]int
	}{
		{"empty", empty, withStatus(general, 200)},
		{"one", one, withStatus(append([]string{"/messages/" + single[0]}, general...), 200)},
		{"many", many, withStatus(append([]string{"/campaigns/" + campaign, "/campaigns/" + campaign + "?edge=0&view=host&value=nothing", "/campaigns?possible=1&sort=last", "/messages/" + member,
			"/warnings/" + warnings[0], "/directory/haier-biomedical", "/search?q=quotation&class=targeted", "/triage?show=targeted"}, general...), 200)},
		{"error", many, map[string]int{"/nothing": 404, "/campaigns/c-0000000000": 404, "/messages/0000000000000000": 404, "/directory/nobody": 404, "/warnings/w-none": 404}},
	}
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			address := strings.TrimSuffix(serve(t, "--db", s.db), "/")
			for _, theme := range []string{"light", "dark"} {
				for _, width := range []int{390, 1440} {
					b.size(width, 1000, theme)
					for _, path := range slices.Sorted(maps.Keys(s.pages)) {
						look(t, b, address+path, s.pages[path], fmt.Sprintf("%s %s %d %s", s.name, theme, width, path))
						// Labels do not depend on the theme, nor contrast on the width.
						if theme == "dark" && width == 390 || theme == "light" && width == 1440 && s.name == "many" {
							accessible(t, b, path+" "+theme)
						}
					}
				}
			}
		})
	}
	if asked := b.askedOf(".test"); len(asked) > 0 {
		t.Errorf("pages asked others: %v", asked)
	}
}

func withStatus(paths []string, status int) map[string]int {
	out := map[string]int{}
	for _, p := range paths {
		out[p] = status
	}
	return out
}

// look opens a page and says what is wrong with it.
func look(t *testing.T, b *browser, address string, status int, where string) {
	t.Helper()
	v := b.open(address)
	if v.Status != status || len(v.Trouble) > 0 || v.Dialogs > 0 {
		t.Errorf("%s: status %d, trouble %v", where, v.Status, v.Trouble)
	}
	var wide float64
	b.eval(`document.documentElement.scrollWidth - innerWidth`, &wide)
	if wide > 0 {
		t.Errorf("%s: scrolls sideways by %.0f pixels", where, wide)
	}
	if dir := os.Getenv("COLDWATCH_PICTURES"); dir != "" {
		name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(where, "-")
		if err := os.WriteFile(filepath.Join(dir, name[:min(len(name), 90)]+".png"), b.picture(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// accessible holds a page against axe-core's rules for WCAG 2.2 A and AA.
func accessible(t *testing.T, b *browser, where string) {
	t.Helper()
	var there bool
	b.eval(`typeof axe === "object"`, &there)
	if !there {
		b.eval(axe+"\n;true", nil)
	}
	var faults []struct {
		ID, Impact string
		Nodes      []string
	}
	b.eval(`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}).then(r => r.violations.map(v => ({ID: v.id, Impact: v.impact, Nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))})))`, &faults)
	for _, f := range faults {
		if f.Impact == "serious" || f.Impact == "critical" || f.Impact == "moderate" {
			t.Errorf("%s: %s %s: %s", where, f.Impact, f.ID, strings.Join(f.Nodes, " | "))
		}
	}
}

// TestConsoleHostileMail opens all that shows hostile mail: no script of it runs, and nothing is asked of others.
func TestConsoleHostileMail(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := startBrowser(t)
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	mail, db := filepath.Join(dir, "mail"), filepath.Join(dir, "coldwatch.db")
	hostileMail(t, mail)
	command(t, "scan", mail, "--db", db, "-q")
	address := strings.TrimSuffix(serve(t, "--db", db), "/")
	b.size(1440, 1000, "light")
	b.call("DOM.enable", nil, nil)
	ids := idsOf(t, "id", "search", "off.test", "--db", db, "--limit", "100")
	if len(ids) < 10 {
		t.Fatalf("only %d hostile messages are stored", len(ids))
	}
	pages := []string{"/", "/triage", "/triage?show=hostile", "/triage?show=targeted", "/campaigns?possible=1", "/search?q=" + url.QueryEscape(`<script>`+attack+`</script>`), "/search?q=password", "/warnings"}
	for _, c := range idsOf(t, "id", "campaigns", "--db", db) {
		pages = append(pages, "/campaigns/"+c)
	}
	pictures := 0
	for _, id := range ids {
		pages = append(pages, "/messages/"+id)
	}
	for _, page := range pages {
		v := b.open(address + page)
		var ran bool
		b.eval(`document.documentElement.hasAttribute("data-ran")`, &ran)
		if v.Status != 200 || ran || v.Dialogs > 0 || len(v.Trouble) > 0 {
			t.Errorf("%s: status %d, a script ran: %v, dialogs %d, trouble %v", page, v.Status, ran, v.Dialogs, v.Trouble)
		}
		var frames []string
		b.eval(`(() => { for (const d of document.querySelectorAll("details")) d.open = true; return [...document.querySelectorAll("iframe")].map(f => f.src + " " + f.getAttribute("sandbox")) })()`, &frames)
		for _, f := range frames {
			source, sandbox, _ := strings.Cut(f, " ")
			if sandbox != "" {
				t.Errorf("%s: the frame may do %q", page, sandbox)
			}
			picture := b.open(source) // by itself too, as if it were opened apart
			markup := b.markup()
			if low := strings.ToLower(markup); picture.Status != 200 || picture.Dialogs > 0 || strings.Contains(low, "<script") || strings.Contains(low, "data-ran=") || strings.Contains(low, " onerror=") {
				t.Errorf("%s: status %d, dialogs %d\n%s", source, picture.Status, picture.Dialogs, markup)
			}
			pictures++
		}
	}
	if pictures < len(ids) {
		t.Errorf("only %d pictures of %d messages", pictures, len(ids))
	}
	if asked := b.askedOf("off.test"); len(asked) > 0 {
		t.Errorf("asked of others: %v", asked)
	}
}

// markup gives the document as the browser holds it, also where it may run no script.
func (b *browser) markup() string {
	var doc struct{ Root struct{ NodeID int } }
	b.call("DOM.getDocument", map[string]any{"depth": 0}, &doc)
	var out struct{ OuterHTML string }
	b.call("DOM.getOuterHTML", map[string]any{"nodeId": doc.Root.NodeID}, &out)
	return out.OuterHTML
}

// TestConsoleByHand does what an analyst does: walks through the queue with keys, says a word and takes it back, follows an edge of the
// evidence to its ledger and leaves a piece of it out, corrects the directory, and keeps a search. Then it reads the pages without scripts.
func TestConsoleByHand(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := startBrowser(t)
	_, _, many := consoleStores(t)
	address := strings.TrimSuffix(serve(t, "--db", many), "/")
	b.size(1440, 1000, "light")

	b.open(address + "/triage")
	b.key("j")
	b.key("j")
	b.until("the second message is marked and shown", `document.querySelectorAll("[data-row]")[1].matches(".at.shown") && document.querySelector("#preview h2 a").href.includes(document.querySelectorAll("[data-row]")[1].querySelector("input").value)`)
	var second string
	b.eval(`document.querySelectorAll("[data-row]")[1].querySelector("input").value`, &second)
	b.key("b")
	b.until("the word is said and can be undone", `document.querySelector(".strip.done").textContent.includes("1 message: benign") && document.querySelector(".strip.done [data-key=u]")`)
	var still bool
	b.eval(fmt.Sprintf(`!!document.querySelector('[data-row] input[value="%s"]')`, second), &still)
	if still {
		t.Error("the message waits still after a word")
	}
	b.key("u")
	b.until("the word is taken back", `document.querySelector(".strip.done").textContent.includes("1 word was taken back")`)
	b.eval(fmt.Sprintf(`!!document.querySelector('[data-row] input[value="%s"]')`, second), &still)
	if !still {
		t.Error("the message does not wait again after its word was taken back")
	}

	campaign := idsOf(t, "id", "campaigns", "--db", many)[0]
	b.open(address + "/campaigns/" + campaign)
	b.eval(`window.stayed = true; document.querySelector("a.edge").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}))`, nil)
	b.until("the ledger of the edge is open, in place", `window.stayed && document.querySelector("#evidence .ledger h3") && location.search.includes("edge=")`)
	b.eval(`document.querySelector("#evidence .ledger a.button").click()`, nil)
	b.until("what is left without the evidence is shown", `window.stayed && document.querySelector("#evidence .tone.warn").textContent.includes("Without")`)
	b.eval(`history.back()`, nil)
	b.until("going back puts it back", `!document.querySelector("#evidence .tone.warn")`)

	change := func(country string) {
		b.open(address + "/directory/haier-biomedical")
		b.eval(fmt.Sprintf(`document.querySelector("input[name=country]").value = %q; document.querySelector("button.first").click()`, country), nil)
	}
	change("XYZ")
	b.until("a country that is none is refused, and what was typed stays", `document.querySelector(".problem").textContent.includes("ISO 3166") && document.querySelector("input[name=country]").value === "XYZ"`)
	change("se")
	b.until("the change is kept and shown", `document.querySelector(".strip.done") && document.querySelector("h1 + .lede").textContent.includes("Sweden")`)

	b.open(address + "/search?q=quotation")
	b.eval(`document.querySelector("#keepname").value = "quotations <b>"; document.querySelector(".keep button").click()`, nil)
	b.until("the search is kept", `document.querySelector(".saved a").textContent === "quotations <b>"`)

	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	for path, text := range map[string]string{"/": "Campaigns, the gravest first", "/campaigns/" + campaign + "?edge=0": "were needed", "/triage": "Hostile", "/messages/" + second: "Findings, beside the bytes"} {
		b.open(address + path)
		b.call("DOM.enable", nil, nil)
		if !strings.Contains(b.markup(), text) {
			t.Errorf("%s without scripts does not say %q", path, text)
		}
	}
}
