package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A Watch is a report whose indicators new mail is held against.
type Watch struct {
	Name       string               `json:"name"`
	Source     string               `json:"source,omitempty"` // who gave it, where somebody else did
	TLP        string               `json:"tlp,omitempty"`    // under which marking it came
	Since      time.Time            `json:"since"`
	Indicators []bulletin.Indicator `json:"indicators"`
}

// A Watched message is a new one that carries indicators of a watch. It has the verdict that it would have without.
type Watched struct {
	Watch        string          `json:"watch"`
	Source       string          `json:"source,omitempty"`
	TLP          string          `json:"tlp,omitempty"`
	Message      string          `json:"message"`
	Received     time.Time       `json:"received"`
	Organisation string          `json:"organisation"`
	Class        coldwatch.Class `json:"class"`
	Subject      string          `json:"subject"`
	Indicators   []string        `json:"indicators"` // sorted
}

const watchSetting = "hunt.watch"

// maxWatched bounds how many watched messages a summary lists.
const maxWatched = 1000

// Watches gives what is watched for, by name.
func (e *Engine) Watches(ctx context.Context) ([]Watch, error) {
	b, err := e.Store.Setting(ctx, watchSetting)
	if err != nil || b == nil {
		return nil, err
	}
	if b, err = e.Store.Codec().Expand(b); err != nil {
		return nil, fmt.Errorf("watches: %w", err)
	}
	var out []Watch
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("watches: %w", err)
	}
	return out, nil
}

// Watch holds new mail against a report's indicators from now on, in every scan. With more set they join those of the name, under the
// stricter marking of the two; otherwise they replace them.
func (e *Engine) Watch(ctx context.Context, w Watch, more bool) error {
	w.Since = e.Clock()
	return e.changeWatches(ctx, func(all map[string]Watch) error {
		w := w
		if old, there := all[w.Name]; there && more {
			w.Since = old.Since
			w.Indicators = slices.Concat(old.Indicators, w.Indicators)
			w.Source = cmp.Or(w.Source, old.Source)
			if w.TLP == "" || old.TLP != "" && dossier.Level(old.TLP) > dossier.Level(w.TLP) {
				w.TLP = old.TLP
			}
		}
		type key struct {
			kind  coldwatch.ObservableKind
			value string
		}
		seen := map[key]bool{}
		w.Indicators = slices.DeleteFunc(slices.Clone(w.Indicators), func(i bulletin.Indicator) bool {
			k := key{i.Kind, i.Value}
			again := seen[k]
			seen[k] = true
			return again
		})
		all[w.Name] = w
		return nil
	})
}

// Unwatch ends a watch. store.ErrNotFound when there is none of the name.
func (e *Engine) Unwatch(ctx context.Context, name string) error {
	return e.changeWatches(ctx, func(all map[string]Watch) error {
		if _, there := all[name]; !there {
			return fmt.Errorf("watch %s: %w", name, store.ErrNotFound)
		}
		delete(all, name)
		return nil
	})
}

func (e *Engine) changeWatches(ctx context.Context, change func(map[string]Watch) error) error {
	list, err := e.Watches(ctx)
	if err != nil {
		return err
	}
	all := map[string]Watch{}
	for _, w := range list {
		all[w.Name] = w
	}
	if err := change(all); err != nil {
		return err
	}
	list = list[:0:0]
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	if len(list) == 0 {
		return e.Store.PutSetting(ctx, watchSetting, nil)
	}
	b, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("watches: %w", err)
	}
	return e.Store.PutSetting(ctx, watchSetting, e.Store.Codec().Compress(b))
}

// lookout gives what finds the watched indicators in a message; nil when nothing is watched for.
func (e *Engine) lookout(ctx context.Context) (*lookout, []Watch, error) {
	watches, err := e.Watches(ctx)
	if err != nil || len(watches) == 0 {
		return nil, nil, err
	}
	l := newLookout()
	for i, w := range watches {
		for j, ind := range w.Indicators {
			l.add(ind, place{i, j})
		}
	}
	return l, watches, nil
}

// watched tells which watches a walked message answers to.
func watched(l *lookout, watches []Watch, w Walked) []Watched {
	if l == nil {
		return nil
	}
	a := whole(w)
	var out []Watched
	for _, p := range l.find(a) {
		ws := &watches[p[0]]
		if n := len(out); n == 0 || out[n-1].Watch != ws.Name {
			out = append(out, Watched{Watch: ws.Name, Source: ws.Source, TLP: ws.TLP, Message: a.ID, Received: a.Received, Organisation: a.Organisation, Class: a.Verdict.Class, Subject: a.Subject})
		}
		x := &out[len(out)-1]
		x.Indicators = append(x.Indicators, ws.Indicators[p[1]].Value)
	}
	for i := range out {
		slices.Sort(out[i].Indicators)
		out[i].Indicators = slices.Compact(out[i].Indicators)
	}
	return out
}

// whole is a message with the payloads and senders of those it carries.
func whole(w Walked) *coldwatch.Analysis {
	a := *w.Analysis
	a.Payloads, a.Sender.From, a.Sender.ReplyTo = slices.Clone(a.Payloads), slices.Clone(a.Sender.From), slices.Clone(a.Sender.ReplyTo)
	for _, c := range w.Carried {
		a.Payloads = append(a.Payloads, c.Payloads...)
		a.Sender.From = append(a.Sender.From, c.Sender.From...)
		a.Sender.ReplyTo = append(a.Sender.ReplyTo, c.Sender.ReplyTo...)
	}
	return &a
}

// A place is that of an indicator in a list of lists.
type place [2]int

// A lookout finds many indicators in a message at once: each value of the message is looked up, so that the cost does not grow with
// the indicators. A match is exact: the value is a sender, a place that the message leads to, the host that sent it or a file in it;
// a domain matches its subdomains too.
type lookout struct {
	hashes, addresses, urls, hosts map[string][]place
}

func newLookout() *lookout {
	return &lookout{map[string][]place{}, map[string][]place{}, map[string][]place{}, map[string][]place{}}
}

func (l *lookout) add(ind bulletin.Indicator, at place) {
	in, key := l.hosts, strings.ToLower(ind.Value)
	switch ind.Kind {
	case coldwatch.FileHash:
		in = l.hashes
	case coldwatch.EmailAddress:
		in = l.addresses
	case coldwatch.URL:
		in, key = l.urls, urlKey(ind.Value)
	}
	in[key] = append(in[key], at)
}

// find gives the places of the indicators that the message carries, in order and each once.
func (l *lookout) find(a *coldwatch.Analysis) []place {
	var out []place
	host := func(name string) {
		for name = strings.ToLower(name); name != ""; _, name, _ = strings.Cut(name, ".") {
			out = append(out, l.hosts[name]...)
		}
	}
	for i := range a.Payloads {
		out = append(out, l.hashes[strings.ToLower(a.Payloads[i].SHA256)]...)
	}
	for _, u := range urls(a) {
		if len(l.urls) > 0 {
			out = append(out, l.urls[urlKey(u)]...)
		}
		if p, err := url.Parse(u); err == nil {
			host(p.Hostname())
		}
	}
	for _, s := range addresses(a) {
		out = append(out, l.addresses[strings.ToLower(s)]...)
		host(s[strings.LastIndexByte(s, '@')+1:])
	}
	for _, d := range a.Authentication.Signed {
		host(d)
	}
	host(a.Authentication.HopName)
	out = append(out, l.hosts[strings.ToLower(a.Authentication.Hop)]...)
	slices.SortFunc(out, func(a, b place) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}

// urlKey writes a URL so that two that lead to one place are equal: by host and everything after it; scheme and a trailing
// slash make no difference.
func urlKey(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	host, rest, _ := strings.Cut(s, "/")
	return strings.TrimSuffix(strings.ToLower(host)+"/"+rest, "/")
}
