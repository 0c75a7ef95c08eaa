package federation

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// A Filter holds the tokens that k members or more have shown, so that a member can ask without telling what it asks: a Bloom filter.
// Who has no community key cannot even ask. A no is certain; a yes is wrong as often as Wrong says, in a million.
type Filter struct {
	Quarter Quarter `json:"quarter"`
	Least   int     `json:"least"` // members behind each yes
	Log     int     `json:"log"`   // it has 2^Log bits
	Bits    string  `json:"bits"`  // base64
	Wrong   int     `json:"wrong_per_million"`
}

// filterHashes at 16 bits an entry give a false yes in about 2,000 at most; the size is a power of two, so that it tells little of
// how much is in it.
const (
	filterHashes  = 11
	bitsPerToken  = 16
	minFilterLog  = 13
	maxFilterLog  = 26
	filterPause   = time.Hour
	filterSetting = "federation.filter"
)

// asked are the views whose tokens can be asked for.
func asked(v coldwatch.View) bool { return strong[v] && v != coldwatch.ViewText }

type bloom struct {
	log  int
	bits []byte
}

func newBloom(tokens []string) bloom {
	b := bloom{log: minFilterLog}
	for 1<<b.log < len(tokens)*bitsPerToken && b.log < maxFilterLog {
		b.log++
	}
	b.bits = make([]byte, 1<<b.log/8)
	for _, t := range tokens {
		b.each(t, func(i uint64) bool { b.bits[i/8] |= 1 << (i % 8); return true })
	}
	return b
}

// each gives the places of a token, by double hashing (Kirsch and Mitzenmacher 2006).
func (b *bloom) each(token string, f func(i uint64) bool) bool {
	sum := sha256.Sum256([]byte(token))
	x, y := binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])|1
	for range filterHashes {
		if !f(x >> (64 - b.log)) {
			return false
		}
		x += y
	}
	return true
}

func (b *bloom) has(token string) bool {
	return b.each(token, func(i uint64) bool { return b.bits[i/8]&(1<<(i%8)) != 0 })
}

// wrong is the chance of a false yes, from the bits that are set.
func (b *bloom) wrong() float64 {
	set := 0
	for _, x := range b.bits {
		for ; x != 0; x &= x - 1 {
			set++
		}
	}
	return math.Pow(float64(set)/float64(len(b.bits)*8), filterHashes)
}

// filter makes the filter of now. Only members whose group of k has joined count, so that one that joins changes nothing.
func (h *Hub) filter(ctx context.Context, members []Member) (Filter, error) {
	may := countedIDs(members)
	var tokens []string
	err := h.store.AllHeld(ctx, func(token string, who []string) error {
		orgs := map[string]bool{}
		for _, m := range who {
			if o := may(m); o != "" {
				orgs[o] = true
			}
		}
		if len(orgs) >= h.cfg.K {
			tokens = append(tokens, token)
		}
		return nil
	})
	if err != nil {
		return Filter{}, err
	}
	b := newBloom(tokens)
	return Filter{h.quarter(), h.cfg.K, b.log, base64.StdEncoding.EncodeToString(b.bits), int(math.Ceil(b.wrong() * 1e6))}, nil
}

// addFilter publishes the filter where it changed, at most once an hour.
func (b *bulletin) addFilter(ctx context.Context, members []Member) error {
	h := b.h
	var last struct {
		At  time.Time `json:"at"`
		Sum string    `json:"sum"`
	}
	raw, err := h.store.Setting(ctx, filterSetting)
	if err != nil {
		return err
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &last); err != nil {
			return fmt.Errorf("filter: %w", err)
		}
	}
	if now := h.e.Clock(); !last.At.IsZero() && now.Sub(last.At) < filterPause && now.After(last.At) {
		return nil
	}
	f, err := h.filter(ctx, members)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(string(f.Quarter) + f.Bits))
	last.At = h.e.Clock()
	if s := base64.StdEncoding.EncodeToString(sum[:]); s != last.Sum {
		last.Sum = s
		content := fmt.Sprintf("What %d members or more have seen, to ask with the community key; a yes is wrong %d times in a million.", f.Least, f.Wrong)
		if err := b.add(KindFilter, "", f, content, "TLP:AMBER"); err != nil {
			return err
		}
	}
	js, err := json.Marshal(last)
	if err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	return h.store.PutIntake(ctx, store.Intake{At: last.At, Setting: filterSetting, Value: js})
}

// An Answer tells whether something was seen in the community, without anybody being asked.
type Answer struct {
	Value string `json:"value"`
	As    string `json:"as"` // what was looked for
	Seen  bool   `json:"seen"`
	Least int    `json:"least"`             // members behind a yes
	Wrong int    `json:"wrong_per_million"` // of a yes
}

// Ask tells whether at least k members have seen a host, mailbox, web address or SHA-256, by the filter that the hub published last.
func (n *Node) Ask(ctx context.Context, value string) ([]Answer, error) {
	heard, err := n.heard(ctx)
	if err != nil {
		return nil, err
	}
	var f Filter
	for _, s := range heard {
		if s.Kind == KindFilter {
			if err := json.Unmarshal(s.Body, &f); err != nil {
				return nil, fmt.Errorf("filter: %w", err)
			}
		}
	}
	bits, err := base64.StdEncoding.DecodeString(f.Bits)
	if err != nil || f.Log < minFilterLog || f.Log > maxFilterLog || len(bits) != 1<<f.Log/8 {
		return nil, ErrNoFilter
	}
	b := bloom{f.Log, bits}
	tokens := n.ring.tokens(f.Quarter)
	var out []Answer
	for _, q := range questions(value) {
		out = append(out, Answer{value, q.value, b.has(tokens.of(q.view, q.value)), f.Least, f.Wrong})
	}
	return out, nil
}

type question struct {
	view  coldwatch.View
	value string
}

// questions gives the values by which linking knows what a person types, from the narrow to the wide.
func questions(value string) []question {
	v := strings.ToLower(strings.TrimSpace(value))
	if len(v) == 64 && strings.Trim(v, "0123456789abcdef") == "" {
		return []question{{coldwatch.ViewAttachment, v}}
	}
	var out []question
	if u, err := url.Parse(v); err == nil && u.Host != "" {
		v = u.Hostname()
	} else if _, domain, mailbox := strings.Cut(v, "@"); mailbox {
		out = append(out, question{coldwatch.ViewSender, v})
		v = domain
	}
	v = strings.TrimSuffix(v, ".")
	out = append(out, question{coldwatch.ViewHost, v})
	if _, err := netip.ParseAddr(v); err != nil {
		if d, err := publicsuffix.EffectiveTLDPlusOne(v); err == nil {
			out = append(out, question{coldwatch.ViewHost, d})
		}
	}
	return slices.Compact(out)
}
