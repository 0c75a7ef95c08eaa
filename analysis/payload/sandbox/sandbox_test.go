package sandbox

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary its own child, as the product's binary is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sandbox-child" {
		os.Exit(Main(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func TestChild(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := Command(exe, "sandbox-child")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	writes, urls, err := run(ctx, []byte(`
		document.write(atob("PGI+aGk8L2I+"));
		class A { static #x = "https://gate.example/a"; static go() { return fetch(A.#x); } }
		document.getElementById("f").addEventListener("submit", () => A.go());
		setTimeout(function () { window.location.href = "https://next.example/" }, 10);
	`))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(writes, "") != "<b>hi</b>" {
		t.Errorf("writes %q", writes)
	}
	if got := strings.Join(urls, "|"); !strings.Contains(got, "fetch https://gate.example/a") || !strings.Contains(got, "redirect https://next.example/") {
		t.Errorf("urls %q", urls)
	}
}

func TestLimits(t *testing.T) {
	for _, src := range []string{"for(;;){}", "var a=[];for(;;){a.push(new Array(100000).fill(1))}", "function f(){f()};f()", "/(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')", "syntax error here"} {
		out, err := Evaluate(src)
		if err != nil || out == nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}

func TestNoHost(t *testing.T) {
	out, err := Evaluate("document.write([typeof std, typeof os, typeof require, typeof process, typeof scriptArgs].join())")
	if err != nil || strings.Join(out.Writes, "") != "undefined,undefined,undefined,undefined,undefined" {
		t.Errorf("%v %v", out, err)
	}
}

// FuzzEvaluate holds that no script makes the interpreter fail or its stub of a browser break, and that what comes out is
// bounded.
func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{
		"document.write(atob('PGI+'))", "location='https://gate.example/'", "fetch({url:'x'},{get a(){throw 1}})", "$.ajax({url:'x',success:function(r){document.body.innerHTML=r}})",
		"JSON.stringify=null;Array.prototype.map=0;document.write([1])", "Object.prototype.then=1;new Blob([new Uint8Array([60])])", "__coldwatch=1;globalThis=0;Proxy=1", "Symbol.toPrimitive;new WebSocket(`wss://${document.title}`)",
		"async function a(){await fetch('x')};a()", "new Promise(r=>setTimeout(r,1)).then(()=>{location.href='y'})", "String.prototype.slice=function(){return this};document.write({toString(){return 1}})",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, err := Evaluate(s)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, w := range out.Writes {
			n += len(w)
		}
		if len(out.Error) > 200 || n > maxOutput {
			t.Fatalf("%d bytes written, error %q", n, out.Error)
		}
	})
}
