// Package scenario writes labelled sets of mail that coldwatch is measured on: docs/formats/scenario.md.
//
// A scenario is a small world made from a seed: invented organisations on the vaccine cold chain, their people, the way
// each of them sends and receives mail, campaigns against them, and everything else that lies in a mailbox. The same
// options give the same bytes. All text is written by us; all people and all senders and receivers are invented and
// stand under .example, with addresses from nets that are routed nowhere (RFC 2544, 5737, 6761). What is real are
// public facts: models of equipment, programmes, vaccines, and the maker whom the case of 2020 impersonated.
//
// What makes it a test and not a toy: hostile and genuine mail leave through the same systems, with the same programs
// and the same sentences; authentication follows from how a sender is set up, not from what it wants; genuine mail holds
// forms, scripts, look-alike suppliers, forwarded attacks and advisories full of indicators; actors rent kits that other
// actors rent too.
//
// The families: replay2020 is the public case (IBM Security X-Force, December 2020), easy has campaigns that share
// nothing, kits has campaigns that share what they rent, rotation has campaigns that change hosts, senders and texts.
package scenario

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Options say which scenario to make.
type Options struct {
	Family   string // one of Families
	Seed     int64
	Messages int // about how many; 0 for 800
}

// Families are the kinds of scenario that Generate knows.
func Families() []string { return []string{"replay2020", "easy", "kits", "rotation"} }

// A letter is one delivered message with what is true of it.
type letter struct {
	raw                                 []byte
	arrived                             time.Time
	org                                 string
	label, campaign, kind, impersonated string
	wave                                int
	path                                string
}

// A scene is a scenario being made.
type scene struct {
	w        *world
	from, to time.Time // the hub's window
	letters  []letter
	ops      []*operation
	rented   []*bundle
	taken    map[string]*operation // look-alike domains, by who registered them
	serial   int
}

// Generate writes a scenario into dir, which must be empty or not there.
func Generate(dir string, o Options) error {
	if o.Messages == 0 {
		o.Messages = 800
	}
	if o.Messages < 100 || o.Messages > 200_000 {
		return fmt.Errorf("scenario: %d messages; between 100 and 200000 can be made", o.Messages)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("scenario: the folder %s is not empty", dir)
	}
	sc, about, err := stage(o)
	if err != nil {
		return err
	}
	sc.background(o.Messages - len(sc.letters))
	sort.SliceStable(sc.letters, func(i, j int) bool { return sc.letters[i].arrived.Before(sc.letters[j].arrived) })
	return sc.write(dir, o, about)
}

// stage sets up the world of a family and plays its campaigns.
func stage(o Options) (*scene, string, error) {
	date := func(y int, m time.Month, day int) time.Time { return time.Date(y, m, day, 0, 0, 0, 0, time.UTC) }
	sc := &scene{taken: map[string]*operation{}}
	o.Seed = newDice(o.Seed, "family", o.Family).Int64() // families with the same number share no world
	switch o.Family {
	case "replay2020":
		sc.from, sc.to = date(2020, time.September, 1), date(2020, time.December, 21)
		sc.w = newWorld(o.Seed, replayTargets, []string{"DE", "IT", "KR", "CZ", "TW", "BE", "FR", "PL", "US", "GB", "JP", "CO", "UA", "BG"}, 28, 84)
		sc.replay()
		return sc, "The public case of 2020 rebuilt: an invented executive of Haier Biomedical asks for quotations for the CCEOP programme; HTML attachments ask for the reader's password", nil
	case "easy", "kits", "rotation":
		sc.from, sc.to = date(2023, time.March, 6), date(2023, time.July, 10)
		sc.w = newWorld(o.Seed, nil, []string{"DE", "IT", "FR", "ES", "CZ", "PL", "KR", "US", "GB", "JP"}, 36, 90)
		n := max(4, min(24, o.Messages/80))
		sc.campaigns(o.Family, n, o.Messages/5)
		about := map[string]string{
			"easy":     "Campaigns whose infrastructure, kits and texts have nothing in common",
			"kits":     "Campaigns of unrelated actors who rent the same kits, mailers and texts",
			"rotation": "Campaigns that change senders, hosts and wording from wave to wave"}[o.Family]
		return sc, about, nil
	}
	return nil, "", fmt.Errorf("scenario: unknown family %q; the families are %s", o.Family, strings.Join(Families(), ", "))
}

// A sending is a draft with the way it takes.
type sending struct {
	draft
	sys       *system
	envelope  string // "" takes the From address; "-" is the null reverse-path
	to        *person
	forwarder *system
	forged    string

	label, campaign, kind, impersonated string
	wave                                int
}

// deliver takes a sending through its system to the recipient's border and files it.
func (sc *scene) deliver(d dice, s sending) *letter {
	sc.serial++
	if s.draft.to.address == "" {
		s.draft.to = s.to.box()
	}
	head, body := s.compose(d, s.sys)
	env := s.envelope
	switch env {
	case "":
		env = s.from.address
		if s.sys.envelope != "" {
			env = strings.SplitN(env, "@", 2)[0] + "@" + s.sys.envelope
		}
	case "-":
		env = ""
	}
	rt := &route{sys: s.sys, in: s.to.org.in, sent: s.sent, arrived: s.sent.Add(time.Duration(d.between(3, 50)) * time.Second), from: s.from.address, envelope: env, rcpt: s.to.email,
		id: s.id, forwarder: s.forwarder, forged: s.forged}
	rt.auth = s.sys.results(domainOf(s.from.address), domainOf(first(env, s.sys.helo)))
	if s.forwarder != nil {
		rt.arrived = rt.arrived.Add(20 * time.Second)
		rt.auth.spf = "softfail"
		if s.envelope != "" { // a list or a forwarder that rewrites the envelope
			rt.auth.spf = "pass"
		}
		if rt.auth.dmarc == "pass" && !(rt.auth.dkim == "pass" && sameOwner(s.sys.dkim, domainOf(s.from.address))) {
			rt.auth.dmarc = "fail"
		}
	}
	var raw bytes.Buffer
	raw.Write(rt.trace(d, head, body))
	raw.Write(head)
	raw.WriteString("\r\n")
	raw.Write(body)
	sc.letters = append(sc.letters, letter{raw: raw.Bytes(), arrived: rt.arrived, org: s.to.org.id, label: s.label, campaign: s.campaign, kind: s.kind, impersonated: s.impersonated, wave: s.wave})
	return &sc.letters[len(sc.letters)-1]
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// write writes the folder.
func (sc *scene) write(dir string, o Options, about string) error {
	number := map[string]int{} // of letters an organisation has so far
	for i := range sc.letters {
		l := &sc.letters[i]
		number[l.org]++
		l.path = fmt.Sprintf("mail/%s/%05d.eml", l.org, number[l.org])
	}
	for _, m := range sc.w.members() {
		if err := os.MkdirAll(filepath.Join(dir, "mail", m.id), 0o755); err != nil {
			return fmt.Errorf("scenario: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "truth"), 0o755); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	for _, l := range sc.letters {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(l.path)), l.raw, 0o644); err != nil {
			return fmt.Errorf("scenario: %w", err)
		}
	}
	if err := sc.w.pack.Write(filepath.Join(dir, "pack")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "truth", "messages.csv"), sc.labels(), 0o644); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	var ids []string
	for _, m := range sc.w.members() {
		ids = append(ids, m.id)
	}
	head := struct {
		Name        string   `json:"name"`
		Family      string   `json:"family"`
		Seed        int64    `json:"seed"`
		Description string   `json:"description"`
		Synthetic   bool     `json:"synthetic"`
		Window      window   `json:"hub_window"`
		Members     []string `json:"members"`
	}{fmt.Sprintf("%s-%d-s%d", o.Family, o.Messages, o.Seed), o.Family, o.Seed, about, true, window{sc.from, sc.to}, ids}
	if err := writeJSON(filepath.Join(dir, "truth", "campaigns.json"), sc.truth()); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, "scenario.json"), head) // last: with it the folder is a scenario
}

type window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err == nil {
		err = os.WriteFile(path, append(b, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	return nil
}

func (sc *scene) labels() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"path", "label", "campaign", "wave", "recipient_org", "impersonated_org", "kind"}) // a buffer never fails
	for _, l := range sc.letters {
		wave := ""
		if l.wave > 0 {
			wave = strconv.Itoa(l.wave)
		}
		w.Write([]string{l.path, l.label, l.campaign, wave, l.org, l.impersonated, l.kind})
	}
	w.Flush()
	return b.Bytes()
}

// truth sums up the campaigns over the letters that were delivered.
func (sc *scene) truth() []trueCampaign {
	out := []trueCampaign{}
	for _, op := range sc.ops {
		t := op.truth
		seen := map[string]bool{}
		for _, l := range sc.letters {
			if l.campaign == t.ID {
				t.Messages++
				seen[l.org] = true
			}
		}
		all := map[string]bool{}
		roles, places := map[string]bool{}, map[string]bool{}
		for _, o := range op.targets {
			all[o.id], roles[o.role], places[o.country] = true, true, true
		}
		t.TargetsSeen, t.TargetsAll, t.Roles, t.Countries = sorted(seen), sorted(all), sorted(roles), sorted(places)
		t.Programmes, t.Infrastructure = sorted(op.programmes), sorted(op.hosts)
		t.Products = op.products
		if t.Products == nil {
			t.Products = []product{}
		}
		if t.Phases == nil {
			t.Phases = []phase{}
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b trueCampaign) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
