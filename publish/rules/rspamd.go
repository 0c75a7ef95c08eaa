package rules

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// runRspamd starts an Rspamd of its own, with nothing but the rule, listening on a socket in dir, and asks it about each message.
// It looks nothing up: its resolver points at a closed port.
func runRspamd(ctx context.Context, file, dir string, samples []Sample) (hit, applies []bool, err error) {
	hit, applies = make([]bool, len(samples)), make([]bool, len(samples))
	home, err := os.MkdirTemp(dir, "rspamd")
	if err != nil {
		return nil, nil, err
	}
	rule, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	lua, section := "require \"global_functions\"()\n", ""
	if bytes.HasPrefix(rule, []byte("multimap")) {
		section = string(rule)
	} else {
		lua += string(rule)
	}
	socket := filepath.Join(home, "socket")
	config := fmt.Sprintf("options { pidfile = \"%[1]s/pid\"; filters = \"regexp\"; url_tld = \"%[1]s/tld\"; control_socket = \"%[1]s/control\"; disable_hyperscan = true; tempdir = \"%[1]s\";\n"+
		"  dns { nameserver = [\"127.0.0.1:9\"]; timeout = 0.1s; retransmits = 1; } }\nlogging { type = \"file\"; filename = \"%[1]s/log\"; level = \"warning\"; }\n"+
		"worker \"normal\" { bind_socket = \"%[2]s mode=0600\"; count = 1; }\nmodules { path = \"/usr/share/rspamd/plugins/multimap.lua\"; }\nlua = \"%[1]s/rules.lua\";\n%[3]s", home, socket, section)
	for name, text := range map[string]string{"rspamd.conf": config, "rules.lua": lua, "tld": "com\nnet\norg\n"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "rspamd", "--insecure", "--no-fork", "--config", filepath.Join(home, "rspamd.conf"))
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // so that it ends its workers too
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		return nil, nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	defer func() {
		cancel()
		<-ended
	}()
	if err := awaitSocket(ctx, socket, ended); err != nil {
		return nil, nil, fmt.Errorf("rspamd refuses it: %s", plain(lastLine(filepath.Join(home, "log"))))
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	for i, s := range samples {
		if applies[i] = len(s.Raw) > 0; !applies[i] {
			continue
		}
		if hit[i], err = ask(ctx, client, s.Raw); err != nil {
			return nil, nil, err
		}
	}
	return hit, applies, nil
}

// ask gives a message to Rspamd and tells whether one of our symbols came back.
func ask(ctx context.Context, client *http.Client, raw []byte) (bool, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://rspamd/checkv2", bytes.NewReader(raw))
	if err != nil {
		return false, err
	}
	resp, err := client.Do(q)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	var answer struct{ Symbols map[string]json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return false, err
	}
	for symbol := range answer.Symbols {
		if strings.HasPrefix(symbol, "COLDWATCH_") {
			return true, nil
		}
	}
	return false, nil
}

var errEnded = errors.New("it ended")

// awaitSocket waits until somebody listens on the socket, or the program has ended.
func awaitSocket(ctx context.Context, socket string, ended chan error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := net.Dial("unix", socket); err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			ended <- err
			return errEnded
		case <-tick.C:
		}
	}
}

func lastLine(name string) string {
	raw, err := os.ReadFile(name)
	if err != nil {
		return "it says nothing"
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for _, l := range lines {
		if strings.Contains(l, "error") {
			return l
		}
	}
	return lines[len(lines)-1]
}
