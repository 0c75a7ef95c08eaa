package identity

import (
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
)

// A directory is a pack made ready for being searched: a trie of the words of every name, and the protected domains.
// It costs one map probe a word of text, whatever the number of names.
type directory struct {
	pack     *knowledge.Pack
	word     map[string]int32  // folded word → number
	next     map[uint64]int32  // node<<32 | word → node
	ends     map[int32][]entry // node → what ends there
	nodes    int32
	near     *lookalike.Index // words of five letters or more, for one-letter slips
	labels   map[string]int   // squeezed skeleton of a domain label or joined name → organisation
	imitated *lookalike.Index
	sorted   []string // the keys of labels
}

// An entry is what a name means.
type entry struct {
	org    int               // index in pack.Organisations
	person *knowledge.Person // nil for an organisation
	caps   bool              // a short name that counts only in capitals
	single bool              // one word
}

// legalForms are words that a company's name has or has not without being another company's.
var legalForms = wordSet(`ltd limited llc inc incorporated corp corporation co company gmbh ag kg se sa sas sarl srl spa bv nv oy oyj ab as aps plc pte pty
	pvt sdn bhd kk sro s r o a spol zrt kft doo ooo zao oao pao sl slu lda ltda eirl sp z oo und and the of de la du des der`)

// titles stand before or after a person's name.
var titles = wordSet(`dr prof mr mrs ms miss sir dipl ing msc bsc phd mba herr frau mme m mag`)

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}

func newDirectory(pack *knowledge.Pack) *directory {
	d := &directory{pack: pack, word: map[string]int32{}, next: map[uint64]int32{}, ends: map[int32][]entry{}, labels: map[string]int{}}
	var protected, written []lookalike.Protected
	index := map[string]int{}
	held := map[string]int{} // word of a name → organisations that have it
	for i := range pack.Organisations {
		seen := map[string]bool{}
		for _, n := range append([]string{pack.Organisations[i].Name}, pack.Organisations[i].Aliases...) {
			for _, w := range d.split(n) {
				if !seen[w] {
					seen[w] = true
					held[w]++
				}
			}
		}
	}
	for i := range pack.Organisations {
		o := &pack.Organisations[i]
		index[o.ID] = i
		for _, dom := range o.Domains {
			label := names.Label(dom)
			protected = append(protected, lookalike.Protected{Domain: names.Organisational(dom), Label: label, Owner: i})
			d.label(label, i)
		}
		for _, n := range append([]string{o.Name}, o.Aliases...) {
			words := d.split(n)
			words = trimLegal(words)
			if len(words) == 1 && held[words[0]] > 1 {
				continue // a stem that several organisations share names none of them
			}
			d.add(words, entry{org: i, caps: capitals(n), single: len(words) == 1})
			if joined := strings.Join(words, ""); len(joined) >= 6 && isASCII(joined) && (len(words) > 1 || held[words[0]] == 1) {
				written = append(written, lookalike.Protected{Label: joined, Owner: i})
				d.label(joined, i)
			}
		}
	}
	for i := range pack.People {
		p := &pack.People[i]
		org, ok := index[p.OrgID]
		words := d.split(p.Name)
		for len(words) > 0 && titles[words[0]] {
			words = words[1:]
		}
		if !ok || len(words) < 2 {
			continue
		}
		e := entry{org: org, person: p}
		d.add(words, e)
		last := len(words) - 1
		d.add(append([]string{words[last]}, words[:last]...), e)
		if len(words) > 2 {
			d.add([]string{words[0], words[last]}, e)
			d.add([]string{words[last], words[0]}, e)
		}
	}
	for l := range d.labels {
		d.sorted = append(d.sorted, l)
	}
	sort.Strings(d.sorted)
	d.imitated = lookalike.New(append(protected, written...))
	var vocabulary []lookalike.Protected
	for w := range d.word {
		if len(w) >= 6 && isASCII(w) {
			vocabulary = append(vocabulary, lookalike.Protected{Domain: w, Label: w})
		}
	}
	sortProtected(vocabulary)
	d.near = lookalike.New(vocabulary)
	return d
}

func sortProtected(list []lookalike.Protected) {
	// The index keeps the first of several words with one skeleton; map order must not choose.
	for i := 1; i < len(list); i++ {
		for j := i; j > 0 && list[j].Label < list[j-1].Label; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

func (d *directory) label(s string, org int) {
	s = strings.ReplaceAll(names.Skeleton(s), "-", "")
	if _, taken := d.labels[s]; !taken && len(s) >= 4 {
		d.labels[s] = org
	}
}

// labelled finds the organisation whose label a word is, begins with, or is cut off from where no other's begins so.
func (d *directory) labelled(skel string) (int, bool) {
	if org, ok := d.labels[skel]; ok {
		return org, true
	}
	for k := len(skel) - 1; k >= 8; k-- {
		if org, ok := d.labels[skel[:k]]; ok {
			return org, true
		}
	}
	if len(skel) < 8 {
		return 0, false
	}
	i := sort.SearchStrings(d.sorted, skel)
	org, found := 0, false
	for ; i < len(d.sorted) && strings.HasPrefix(d.sorted[i], skel); i++ {
		if o := d.labels[d.sorted[i]]; found && o != org {
			return 0, false
		} else {
			org, found = o, true
		}
	}
	return org, found
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// capitals tells whether a name is short and written in capitals throughout ("DHL", "WHO").
func capitals(n string) bool {
	if len(n) > 5 {
		return false
	}
	for i := 0; i < len(n); i++ {
		if n[i] < 'A' || n[i] > 'Z' {
			return false
		}
	}
	return n != ""
}

func (d *directory) split(n string) []string {
	n = names.Fold(n)
	var out []string
	names.Words(n, func(i, j int) bool { out = append(out, n[i:j]); return len(out) < 24 })
	return out
}

// trimLegal drops the legal form at the end of a name, and a place in brackets stays.
func trimLegal(words []string) []string {
	for len(words) > 1 && legalForms[words[len(words)-1]] {
		words = words[:len(words)-1]
	}
	return words
}

func (d *directory) add(words []string, e entry) {
	if len(words) == 0 || len(words) == 1 && len(words[0]) < 3 {
		return
	}
	node := int32(0)
	for _, w := range words {
		id, ok := d.word[w]
		if !ok {
			id = int32(len(d.word))
			d.word[w] = id
		}
		key := uint64(node)<<32 | uint64(uint32(id))
		n, ok := d.next[key]
		if !ok {
			d.nodes++
			n = d.nodes
			d.next[key] = n
		}
		node = n
	}
	for _, have := range d.ends[node] {
		if have.org == e.org && have.person == e.person {
			return
		}
	}
	d.ends[node] = append(d.ends[node], e)
}

// A hit is a name of the directory found in a text.
type hit struct {
	entries    []entry
	start, end int  // bytes of the text as it was given
	words      int  // words of the name
	fuzzy      bool // a letter was off
}

// find returns the names in a text, leftmost longest. The text should be a line or a field, not a whole body. With
// fuzzy, a word may be one letter off or look alike.
func (d *directory) find(text string, fuzzy bool) []hit {
	var buf [64]spot
	words := d.wordsOf(text, fuzzy, buf[:])
	var out []hit
	for i := 0; i < len(words); {
		node, best, end, slip, bestSlip := int32(0), int32(-1), i, false, false
		for j := i; j < len(words) && words[j].id >= 0; j++ {
			n, ok := d.next[uint64(node)<<32|uint64(uint32(words[j].id))]
			if !ok {
				break
			}
			node = n
			slip = slip || words[j].fuzzy
			if len(d.ends[node]) > 0 {
				best, end, bestSlip = node, j+1, slip
			}
		}
		if best < 0 {
			i++
			continue
		}
		h := hit{entries: d.ends[best], start: words[i].start, end: words[end-1].end, words: end - i, fuzzy: bestSlip}
		if h.entries = usable(h, text[h.start:h.end]); len(h.entries) > 0 {
			out = append(out, h)
		}
		i = end
	}
	return out
}

// usable drops the meanings that the way of writing rules out.
func usable(h hit, written string) []entry {
	for _, e := range h.entries {
		if e.caps && written != strings.ToUpper(written) || e.single && h.fuzzy && h.end-h.start < 7 {
			var kept []entry
			for _, e := range h.entries {
				if !(e.caps && written != strings.ToUpper(written)) && !(e.single && h.fuzzy && h.end-h.start < 7) {
					kept = append(kept, e)
				}
			}
			return kept
		}
	}
	return h.entries
}

type spot struct {
	id         int32
	start, end int
	fuzzy      bool
}

const mostWords = 200 // of one line or field

// wordsOf numbers the words of a text, in buf if it is large enough.
func (d *directory) wordsOf(text string, fuzzy bool, buf []spot) []spot {
	out := buf[:0]
	names.Words(text, func(i, j int) bool {
		w := text[i:j]
		s := spot{id: d.number(w), start: i, end: j}
		if s.id < 0 && fuzzy && j-i >= 6 && j-i < 40 {
			if m, ok := d.near.Word(w); ok {
				s.id, s.fuzzy = d.word[m], true
			}
		}
		out = append(out, s)
		return len(out) < mostWords
	})
	return out
}

// number returns the number of a word in any case, -1 if no name has it.
func (d *directory) number(w string) int32 {
	var low [40]byte
	if len(w) <= len(low) && isASCII(w) {
		for i := 0; i < len(w); i++ {
			c := w[i]
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			low[i] = c
		}
		if id, ok := d.word[string(low[:len(w)])]; ok {
			return id
		}
		return -1
	}
	if id, ok := d.word[names.Fold(w)]; ok {
		return id
	}
	return -1
}
