package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// A browser is a headless Chromium that tests drive by the Chrome DevTools Protocol, over its websocket. Whatever it asks of another
// host than ours goes to a proxy that lets nothing out and writes it down.
type browser struct {
	t       *testing.T
	ws      *websocket.Conn
	session string

	mu      sync.Mutex
	next    int
	answers map[int]chan reply
	events  chan reply
	asked   []string // what was asked of other hosts
}

type reply struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
	Session string `json:"sessionId,omitempty"`
}

// startBrowser starts a Chromium with a page, or skips the test where there is none.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		t.Skip("SKIPPED: no chromium here; make test-tools installs it on Debian")
	}
	b := &browser{t: t, answers: map[int]chan reply{}, events: make(chan reply, 10_000)}
	proxy := b.proxy()
	profile, err := os.MkdirTemp("", "browser") // not the test's: the browser writes into it for a moment after its end
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--disable-dev-shm-usage",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--remote-debugging-port=0", "--remote-allow-origins=*",
		"--user-data-dir="+profile, "--proxy-server=http://"+proxy, "about:blank")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait() //nolint:errcheck // it was killed
		os.RemoveAll(profile)
	})
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if _, at, ok := strings.Cut(lines.Text(), "DevTools listening on "); ok {
				address <- at
			}
		}
		close(address)
	}()
	at, ok := <-address
	if !ok {
		t.Skip("SKIPPED: the browser does not start here")
	}
	if b.ws, err = websocket.Dial(at, "", "http://127.0.0.1/"); err != nil {
		t.Fatal(err)
	}
	b.ws.MaxPayloadBytes = 256 << 20
	go b.read()
	var target struct {
		TargetID  string `json:"targetId"`
		SessionID string `json:"sessionId"`
	}
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	return b
}

// proxy answers nothing and writes down what is asked of it.
func (b *browser) proxy() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.asked = append(b.asked, r.Method+" "+r.Host+r.URL.Path)
		b.mu.Unlock()
		http.Error(w, "nothing goes out", http.StatusForbidden)
	})}
	go srv.Serve(l) //nolint:errcheck // it ends with the test
	b.t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

// askedOf gives what was asked of hosts with that ending.
func (b *browser) askedOf(ending string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, a := range b.asked {
		if strings.Contains(a, ending) {
			out = append(out, a)
		}
	}
	return out
}

func (b *browser) read() {
	for {
		var m reply
		if err := websocket.JSON.Receive(b.ws, &m); err != nil {
			if err != io.EOF {
				close(b.events)
			}
			return
		}
		if m.ID == 0 {
			b.events <- m
			continue
		}
		b.mu.Lock()
		c := b.answers[m.ID]
		delete(b.answers, m.ID)
		b.mu.Unlock()
		if c != nil {
			c <- m
		}
	}
}

// call asks the browser for something and reads its answer.
func (b *browser) call(method string, params map[string]any, into any) {
	b.t.Helper()
	m := b.ask(method, params)
	if m.Error != nil {
		b.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	if into != nil {
		if err := json.Unmarshal(m.Result, into); err != nil {
			b.t.Fatal(err)
		}
	}
}

// ask is call where the answer may be an error.
func (b *browser) ask(method string, params map[string]any) reply {
	b.t.Helper()
	b.mu.Lock()
	b.next++
	id, c := b.next, make(chan reply, 1)
	b.answers[id] = c
	b.mu.Unlock()
	ask := map[string]any{"id": id, "method": method}
	if params != nil {
		ask["params"] = params
	}
	if b.session != "" {
		ask["sessionId"] = b.session
	}
	if err := websocket.JSON.Send(b.ws, ask); err != nil {
		b.t.Fatal(err)
	}
	select {
	case m := <-c:
		return m
	case <-time.After(2 * time.Minute):
		b.t.Fatalf("%s: no answer", method)
	}
	return reply{}
}

// A visit is what happened while a page was opened.
type visit struct {
	Status  int
	Trouble []string // exceptions, refused scripts and other errors of the page
	Dialogs int
}

// open goes to an address and waits until the page and its frames are loaded.
func (b *browser) open(address string) visit {
	b.t.Helper()
	var v visit
	var to struct {
		FrameID   string `json:"frameId"`
		LoaderID  string `json:"loaderId"`
		ErrorText string `json:"errorText"`
	}
	b.drain(&v)
	v = visit{}
	b.call("Page.navigate", map[string]any{"url": address}, &to)
	if to.ErrorText != "" && to.ErrorText != "net::ERR_ABORTED" { // a download is no page
		b.t.Fatalf("%s: %s", address, to.ErrorText)
	}
	limit := time.After(time.Minute)
	for {
		select {
		case m, ok := <-b.events:
			if !ok {
				b.t.Fatal("the browser has gone")
			}
			v.note(m, to.FrameID)
			if m.Method == "Page.javascriptDialogOpening" {
				b.call("Page.handleJavaScriptDialog", map[string]any{"accept": false}, nil)
			}
			// Of this page: one that was left (by going back, by a form) may still come to its end.
			var life struct{ LoaderID, Name string }
			if m.Method == "Page.lifecycleEvent" && json.Unmarshal(m.Params, &life) == nil && life.Name == "load" && life.LoaderID == to.LoaderID {
				b.drain(&v)
				return v
			}
		case <-limit:
			b.t.Fatalf("%s: not loaded after a minute", address)
		}
	}
}

// drain takes in the events that are there already.
func (b *browser) drain(v *visit) {
	for {
		select {
		case m := <-b.events:
			v.note(m, "")
		default:
			return
		}
	}
}

func (v *visit) note(m reply, frame string) {
	switch m.Method {
	case "Network.responseReceived":
		var p struct {
			Type, FrameID string
			Response      struct{ Status int }
		}
		if json.Unmarshal(m.Params, &p) == nil && p.Type == "Document" && p.FrameID == frame && v.Status == 0 {
			v.Status = p.Response.Status
		}
	case "Runtime.exceptionThrown":
		v.Trouble = append(v.Trouble, "exception: "+string(m.Params))
	case "Log.entryAdded":
		var p struct {
			Entry struct{ Level, Text, URL string }
		}
		if json.Unmarshal(m.Params, &p) == nil && p.Entry.Level == "error" && !strings.Contains(p.Entry.Text, "status of 4") {
			v.Trouble = append(v.Trouble, p.Entry.Text+" "+p.Entry.URL)
		}
	case "Page.javascriptDialogOpening":
		v.Dialogs++
	}
}

// eval runs a script in the page and gives what it returns.
func (b *browser) eval(script string, into any) {
	b.t.Helper()
	var r struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("script: %s %s", r.ExceptionDetails.Text, r.ExceptionDetails.Exception.Description)
	}
	if into != nil && len(r.Result.Value) > 0 {
		if err := json.Unmarshal(r.Result.Value, into); err != nil {
			b.t.Fatal(err)
		}
	}
}

// size makes the window that wide, in light or dark.
func (b *browser) size(width, height int, theme string) {
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": theme}}}, nil)
}

// picture takes a picture of the window as PNG.
func (b *browser) picture() []byte {
	var r struct {
		Data string `json:"data"`
	}
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &r)
	png, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return png
}

// key presses a key.
func (b *browser) key(name string) {
	for _, kind := range []string{"keyDown", "keyUp"} {
		p := map[string]any{"type": kind, "key": name}
		if len(name) == 1 && kind == "keyDown" {
			p["text"] = name
		}
		b.call("Input.dispatchKeyEvent", p, nil)
	}
}

// until waits until a script in the page says true, also over pages that follow each other.
func (b *browser) until(what, script string) {
	b.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		m := b.ask("Runtime.evaluate", map[string]any{"expression": "try { !!(" + script + ") } catch { false }", "returnByValue": true})
		var r struct{ Result struct{ Value bool } }
		if m.Error == nil && json.Unmarshal(m.Result, &r) == nil && r.Result.Value {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	b.t.Fatalf("it did not come to this: %s", what)
}
