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
