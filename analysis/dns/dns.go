// Package dns is the one door to the Domain Name System (RFC 1035): off, recorded or live.
//
// An analyser asks a [Resolver] and nothing else, so that a machine without a network gives the same results as one that has
// one, and what was asked once can be replayed. Off is no resolver at all. [Recorded] answers from a file of JSON lines and
// says "failed" to what was never asked: an answer that is not known is not a denial. [Live] asks the machine's resolver and
// can add what it learns to such a file. Nothing is asked unless the operator allows it: a question tells the sender's name
// servers that the mail was read.
package dns

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/analysis/names"
)

// A Kind is the type of a record.
type Kind string

// Kinds of record that are asked for. Address stands for A and AAAA.
const (
	TXT     Kind = "TXT"
	MX      Kind = "MX" // "preference host"
	Address Kind = "A"
	PTR     Kind = "PTR" // of an address as it is written
)

// An Answer has values if the name has such records, none and no failure if it has not.
type Answer struct {
	Values []string `json:"values,omitempty"`
	Failed bool     `json:"failed,omitempty"` // nobody could say
}

// A Resolver answers questions. It is safe for concurrent use.
type Resolver interface {
	Lookup(kind Kind, name string) Answer
}

// question is a line of a file of recorded answers.
type question struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	Answer
}

func normal(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

type key struct {
	kind Kind
	name string
}

// Recorded answers from what was recorded.
type Recorded struct {
	answers map[key]Answer
}

// Read reads recorded answers, a JSON object a line; of two to one question the last counts.
func Read(r io.Reader) (*Recorded, error) {
	out := &Recorded{map[key]Answer{}}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		if len(s.Bytes()) == 0 {
			continue
		}
		var q question
		if err := json.Unmarshal(s.Bytes(), &q); err != nil {
			return nil, fmt.Errorf("recorded DNS answers, line %d: %w", n, err)
		}
		out.answers[key{q.Kind, normal(q.Name)}] = q.Answer
	}
	return out, s.Err()
}

// Lookup gives a recorded answer; one that was never recorded has failed.
func (r *Recorded) Lookup(kind Kind, name string) Answer {
	if a, ok := r.answers[key{kind, normal(name)}]; ok {
		return a
	}
	return Answer{Failed: true}
}

// Live asks the network what is not recorded, each question once.
type Live struct {
	net    *net.Resolver
	from   *Recorded
	record io.Writer

	mu     sync.Mutex
	known  map[key]Answer
	failed map[string]int // organisational domain → questions about it that nobody answered
}

// NewLive begins with what was recorded, nil for nothing, and writes new answers to record, nil for nowhere.
func NewLive(from *Recorded, record io.Writer) *Live {
	if from == nil {
		from = &Recorded{}
	}
	return &Live{net: net.DefaultResolver, from: from, record: record, known: map[key]Answer{}, failed: map[string]int{}}
}

// Bounds of asking. Name servers of an attacker's may be slow on purpose: a domain that failed so often is not asked again.
const (
	patience  = 2 * time.Second
	mostKnown = 1 << 16
	mostFails = 3
)

// Lookup asks the network unless the answer is known.
func (l *Live) Lookup(kind Kind, name string) Answer {
	if a := l.from.Lookup(kind, name); !a.Failed {
		return a
	}
	k := key{kind, normal(name)}
	domain := names.Organisational(k.name)
	l.mu.Lock()
	a, ok := l.known[k]
	tired := l.failed[domain] >= mostFails
	l.mu.Unlock()
	switch {
	case ok:
		return a
	case tired:
		return Answer{Failed: true}
	}
	a = l.ask(k)
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.Failed {
		if len(l.failed) >= mostKnown {
			clear(l.failed)
		}
		l.failed[domain]++
		return a
	}
	if len(l.known) >= mostKnown {
		clear(l.known)
	}
	l.known[k] = a
	if l.record != nil {
		if line, err := json.Marshal(question{k.kind, k.name, a}); err == nil {
			_, _ = l.record.Write(append(line, '\n')) // what is not recorded is asked again
		}
	}
	return a
}

func (l *Live) ask(k key) Answer {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var values []string
	var err error
	switch k.kind {
	case TXT:
		values, err = l.net.LookupTXT(ctx, k.name+".")
	case MX:
		var list []*net.MX
		list, err = l.net.LookupMX(ctx, k.name+".")
		for _, m := range list {
			values = append(values, fmt.Sprintf("%d %s", m.Pref, normal(m.Host)))
		}
	case Address:
		var list []net.IPAddr
		list, err = l.net.LookupIPAddr(ctx, k.name+".")
		for _, ip := range list {
			values = append(values, ip.String())
		}
	case PTR:
		values, err = l.net.LookupAddr(ctx, k.name)
	}
	slices.Sort(values)
	var de *net.DNSError
	missing := errors.As(err, &de) && de.IsNotFound
	return Answer{Values: values, Failed: err != nil && !missing}
}
