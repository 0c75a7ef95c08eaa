// Package lure says what a message wants: its theme, the act that it asks for, and the wording that gives bad mail away.
//
// A lure is the story that makes its reader act (ATT&CK T1566, T1598). The campaign of 2020 asked for quotations, which is
// the daily bread of this sector: words about quotations, tenders, orders and invoices therefore weigh nothing by
// themselves. They name the theme, so that other analysers can ask whether the one who speaks may speak of it. What does
// weigh is wording that honest partners hardly use: an account that will be closed, a fee before a fortune, bank details
// that changed.
//
// Phrases stand in tables, one a language, under phrases/: a section names what a phrase speaks for, each line a weight and
// phrases of that weight. A phrase counts once a message, at its best place, and each further phrase of a section counts
// less, so that length alone proves nothing. Every conclusion quotes the phrases that it rests on.
//
// Cost is one pass over the folded text (package passage), linear in its size, which is bounded.
package lure

import (
	"cmp"
	"slices"
	"sort"
	"sync"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lure/passage"
	"github.com/coldwatch/coldwatch/knowledge"
)

const name = "lure/1"

// An Analyzer fills [coldwatch.Analysis.Lure] but for its claims. It may be used by any number of goroutines.
type Analyzer struct {
	table *table
	trie  *passage.Trie
	pool  sync.Pool
}

// New builds an analyser. The pack adds the chain's own words: programmes and vaccines by name.
func New(pack *knowledge.Pack) *Analyzer {
	t := load()
	t.chain(pack)
	an := &Analyzer{table: t, trie: passage.NewTrie(t.phrases)}
	an.pool.New = func() any { return &reading{} }
	return an
}

// Name is the analyser's name and version.
func (an *Analyzer) Name() string { return name }

// Analyze reads the subject, the visible texts and the file names, and sets theme, act, language, score, phrases and
// chain of a.Lure. It adds the findings that its wording supports.
func (an *Analyzer) Analyze(a *coldwatch.Analysis) {
	r := an.pool.Get().(*reading)
	defer an.pool.Put(r)
	r.reset(an.table)
	passages := passage.Collect(a)
	for i := range passages {
		r.read(an, passages, i)
	}
	r.settle()
	l := &a.Lure
	l.Language = r.language()
	theme := r.theme()
	l.Theme, l.Score = theme.name, round(theme.score)
	act := r.act(a, theme.name)
	l.Act = act.name
	l.Chain = l.Chain || r.total[chainSection] >= chainFrom
	l.Phrases = r.quote(a, passages, theme, act)
	r.findings(a, passages)
}

// chainFrom is the weight of chain words from which a message speaks of the chain: one exact term, or two loose ones.
const chainFrom = 2

// A hit is a phrase found.
type hit struct {
	effect     effect
	phrase     int
	passage    int
	start, end int // in the passage's Text
	weight     float64
}

// reading is the work of one message; its memory is used again.
type reading struct {
	table  *table
	folded passage.Folded
	raw    []found
	hits   []hit
	total  [sectionCount]float64
	words  languageCount

	mixed, hidden int
	mixedAt       int // passage with most mixed words
}

type found struct{ phrase, start, end int }

func (r *reading) reset(t *table) {
	r.table = t
	r.hits = r.hits[:0]
	r.total = [sectionCount]float64{}
	r.words = languageCount{}
	r.mixed, r.hidden, r.mixedAt = 0, 0, 0
}

const (
	maxHits   = 2000 // phrases kept of one message
	leadBytes = 1500 // what stands in the first lines of a body counts whole
)

func (r *reading) read(an *Analyzer, passages []passage.Passage, i int) {
	p := &passages[i]
	f := &r.folded
	passage.Fold(p.Text, f)
	r.words.add(p, f)
	if f.Mixed > r.mixed {
		r.mixedAt = i
	}
	if p.Kind != passage.Attachment {
		r.mixed += f.Mixed
		r.hidden += f.Hidden
	}
	r.raw = r.raw[:0]
	an.trie.Scan(f, func(v, s, e int) {
		if len(r.raw) < maxHits {
			r.raw = append(r.raw, found{v, s, e})
		}
	})
	thread := p.Thread()
	for _, h := range r.raw {
		if negated(f.B[h.end:]) {
			continue
		}
		start, end := f.Source(h.start, h.end)
		factor := place(p, start)
		others := p.Kind == passage.Body && (start >= thread || p.Quoted(start))
		for _, e := range r.table.effects[h.phrase] {
			weight := e.weight * factor
			if others && e.section >= signFrom && e.section != chainSection {
				weight *= othersWords
			}
			if len(r.hits) < maxHits {
				r.hits = append(r.hits, hit{e, h.phrase, i, start, end, weight})
			}
		}
	}
}

// othersWords is what wording counts that the message only quotes: whoever answers a lure, or warns of it, repeats it.
// Little, not nothing, for a thread may be made up.
const othersWords = 0.25

// negated tells whether what follows a phrase turns its last word round: "you won" in "you won't".
func negated(after []byte) bool {
	return len(after) > 1 && after[0] == '\'' && after[1] == 't'
}

// place is how much a phrase counts where it stands.
func place(p *passage.Passage, start int) float64 {
	switch p.Kind {
	case passage.Subject:
		return 1.5
	case passage.Name, passage.Title:
		return 1
	case passage.Attachment:
		return 0.6
	}
	if p.Quoted(start) {
		return 0.4
	}
	if start > leadBytes {
		return 0.7
	}
	return 1
}

// share is what each further phrase of a section counts of the one before.
const share = 0.6

// settle keeps each phrase once, at its best place, drops a phrase that only begins a longer one of the same section, and
// sums the sections.
func (r *reading) settle() {
	h := r.hits
	slices.SortStableFunc(h, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.effect.section, b.effect.section), cmp.Compare(a.passage, b.passage), cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end),
			cmp.Compare(b.weight, a.weight))
	})
	kept := h[:0]
	until, sec, pas := 0, section(-1), -1
	for _, x := range h {
		if x.effect.section == sec && x.passage == pas && x.end <= until {
			continue
		}
		sec, pas, until = x.effect.section, x.passage, x.end
		kept = append(kept, x)
	}
	slices.SortStableFunc(kept, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.effect.section, b.effect.section), cmp.Compare(b.weight, a.weight))
	})
	out := kept[:0]
	first, factor := 0, 1.0
	for _, x := range kept {
		if len(out) > first && out[first].effect.section != x.effect.section {
			first, factor = len(out), 1
		}
		if seen(out[first:], x.phrase) {
			continue
		}
		out = append(out, x)
		r.total[x.effect.section] += x.weight * factor
		factor *= share
	}
	r.hits = out
}

func seen(h []hit, phrase int) bool {
	for i := range h {
		if h[i].phrase == phrase {
			return true
		}
	}
	return len(h) >= maxOfSection
}

const maxOfSection = 24 // the weight of later ones is nothing

// of gives the hits of a section, strongest first.
func (r *reading) of(s section) []hit {
	from := sort.Search(len(r.hits), func(i int) bool { return r.hits[i].effect.section >= s })
	to := from
	for to < len(r.hits) && r.hits[to].effect.section == s {
		to++
	}
	return r.hits[from:to]
}

func round(x float64) float64 { return float64(int(x*100+0.5)) / 100 }
