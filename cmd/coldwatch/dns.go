package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/coldwatch/coldwatch/analysis/dns"
)

// setDNS takes the value of --dns over. What it returns closes the file that answers are recorded in.
func (g *Globals) setDNS() (done func() error, err error) {
	done = func() error { return nil }
	const hint = "--dns takes off, live, the name of a file of recorded answers, or live:FILE"
	how, path, recording := strings.Cut(g.DNS, ":")
	switch {
	case g.DNS == "" || g.DNS == "off":
		return done, nil
	case g.DNS == "live":
		g.resolver = dns.NewLive(nil, nil)
		return done, nil
	case how != "live" || !recording:
		path = g.DNS
	}
	known, err := readAnswers(path)
	if how != "live" {
		if err != nil {
			return done, hinted(hint, "--dns: %w", err)
		}
		g.resolver = known
		return done, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return done, hinted(hint, "--dns: %w", err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return done, hinted("the folder must exist and be writable", "--dns: %w", err)
	}
	g.resolver = dns.NewLive(known, f)
	return f.Close, nil
}

func readAnswers(path string) (*dns.Recorded, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return dns.Read(f)
}
