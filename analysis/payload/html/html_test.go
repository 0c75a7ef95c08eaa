package html

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/internal/cputime"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"<p>Dear  Sir,</p><p>please&nbsp;quote <b>2</b> units.</p>", "Dear Sir,\n\nplease quote 2 units."},
		{"<div>a</div><div>b<br>c</div>", "a\nb\nc"},
		{"<table><tr><td>Item</td><td>Price</td></tr><tr><td>Freezer</td><td>9,000</td></tr></table>", "Item\tPrice\nFreezer\t9,000"},
		{"<style>p{color:red}</style><script>x</script><title>t</title>shown", "shown"},
		{"vis<span style='display:none'>hid</span>ible", "visible"},
		{"<style>.z{display:none}</style><i class='z'>no</i>yes", "yes"},
		{"<td bgcolor=#ffffff><font color=white>ghost</font>seen</td>", "seen"},
		{"pass\u200bword rese\u00adt", "password reset"},
		{"<pre>a\n  b</pre>", "a\n  b"},
		{"<div style='font-size:0px'>no<span style='font-size:12px'>yes</span></div>", "yes"},
		{strings.Repeat("<div>", 3000) + "deep", "deep"},
	} {
		if got := Parse([]byte(c.in), Options{}).Text; got != c.want {
			t.Errorf("%.80q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestForms(t *testing.T) {
	src := `<base href="https://b.example/x/"><form id=f method=POST action="p.php"><input name=login value=a@b.example><input type=password name=pw><button formaction="q.php">go</button></form><input name=otp placeholder="Mot de passe">`
	p := Parse([]byte(src), Options{Scripts: true})
	want := []Form{
		{Action: "q.php", Method: "post", Inputs: []string{"login:text", "pw:password"}, Values: []string{"a@b.example", ""}, Password: true, ID: "f"},
		{Inputs: []string{"otp:text"}, Values: []string{""}, Password: true},
	}
	for i := range p.Forms {
		p.Forms[i].Span = Span{}
	}
	if !reflect.DeepEqual(p.Forms, want) {
		t.Errorf("got %+v", p.Forms)
	}
	if p.Base != "https://b.example/x/" {
		t.Error(p.Base)
	}
}

func TestLinks(t *testing.T) {
	src := `<a href=" https://a.exa&#109;ple/&#x9;x">Open <b>me</b></a><img src=https://i.example/p.gif><meta http-equiv=refresh content="0; URL='https://r.example/'">see www.t.example/y. <a href="javascript:go()">x</a><iframe src="data:text/html;base64,PGI+"></iframe>`
	p := Parse([]byte(src), Options{Scripts: true})
	var got []string
	for _, l := range p.Links {
		got = append(got, l.Kind+" "+l.URL+" "+l.Shown)
	}
	want := []string{"anchor https://a.example/x Open me", "image https://i.example/p.gif ", "refresh https://r.example/ ", "text www.t.example/y "}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	if len(p.Data) != 1 || string(p.Data[0].Content) != "<b>" || len(p.Scripts) != 1 || p.Scripts[0].Text != "go()" {
		t.Errorf("%+v %+v", p.Data, p.Scripts)
	}
	for _, l := range p.Links {
		if l.Span.Start < 0 || l.Span.End > len(src) || l.Span.Start >= l.Span.End {
			t.Errorf("span %v", l.Span)
		}
	}
}

func TestStructure(t *testing.T) {
	page := func(rows int, words, action string) string {
		return "<div class=a1><img src=x><h3>" + words + "</h3><form action=" + action + "><input type=text name=u><input type=password name=p><input type=submit></form><table>" +
			strings.Repeat("<tr><td>1</td><td>"+words+"</td></tr>", rows) + "</table></div>"
	}
	a := Parse([]byte(page(3, "one", "https://a.example")), Options{}).Structure
	if b := Parse([]byte(page(9, "<b>two</b> other", "https://b.example/q")), Options{}).Structure; a == "" || a != b {
		t.Errorf("other words and more rows change the structure: %s %s", a, b)
	}
	if c := Parse([]byte("<section>"+page(3, "one", "x")+"</section>"), Options{}).Structure; a == c {
		t.Error("another frame does not change the structure")
	}
	if s := Parse([]byte("<p>short</p>"), Options{}).Structure; s != "" {
		t.Error("a short text has a structure", s)
	}
}

// The cost grows with the size, not with the depth or the number of anything.
func TestLinear(t *testing.T) {
	for name, piece := range map[string]string{"depth": "<div><span>", "attributes": " a=1", "entities": "&amp;", "ends": "</p></table>", "anchors": "<a href=x>", "cells": "<td>", "styles": "<i style='a:b;c:d;'>", "comments": "<!--", "urls": "http://"} {
		cost := func(n int) time.Duration {
			src := []byte("<p" + strings.Repeat(piece, n))
			return cputime.Best(3, func() { Parse(src, Options{Scripts: true, Grid: true, Max: 64 << 20}) })
		}
		small, big := cost(10_000), cost(100_000)
		if big > 60*small+20*time.Millisecond { // quadratic is 100 times; memory and other work on the machine take their share of the rest
			t.Errorf("%s: %v, then %v for ten times as much", name, small, big)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"<a href=x>", "<table><tr><td bgcolor=black>", "<style>.a{display:none}</style>", "<form><input type=password>", "<svg><script>x</script>", "<iframe src='data:text/html,%3c'>", "<!--[if mso]><a href='x'><![endif]-->", "</a></p></td>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := Parse(b, Options{Scripts: true, Grid: true})
		for _, l := range p.Links {
			if l.Span.Start < 0 || l.Span.End > len(b) || l.Span.Start > l.Span.End {
				t.Fatalf("span %v of %d", l.Span, len(b))
			}
		}
		Parse(b, Options{})
	})
}

func BenchmarkBody(b *testing.B) {
	src := []byte(strings.Repeat(`<table width="100%" style="font-family:Arial;color:#333333"><tr><td style="padding:10px">Please find <a href="https://shop.example/item?id=17" style="color:#0000ff">the item</a> &amp; more<br>next line</td></tr></table>`, 120))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for range b.N {
		Parse(src, Options{Grid: true})
	}
}
