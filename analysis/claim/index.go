package claim

import (
	"strings"

	"github.com/coldwatch/coldwatch/analysis/lure/passage"
	"github.com/coldwatch/coldwatch/knowledge"
)

// index is a pack made ready for finding its things in text.
type index struct {
	pack   *knowledge.Pack
	model  *compactTrie
	keys   []string // compact form of each model's name
	weak   []bool   // a name that means other things too, so that its make must stand by
	makeOf []int    // make of each model, as an index into makes
	makes  []string
	family map[string][]int // leading letters → models
	pqs    map[string]int   // PQS code → model
	names  *passage.Trie    // makes, programmes, vaccines
	codes  *passage.Trie    // words that a reference number or a certificate begins with
	named  []spot           // by value of names: kind and index
	short  []bool           // by value of names: an abbreviation
	words  *words
}

func newIndex(pack *knowledge.Pack) *index {
	if pack == nil {
		pack = &knowledge.Pack{}
	}
	ix := &index{pack: pack, words: newWords(), model: newCompactTrie(), family: map[string][]int{}, pqs: map[string]int{}}
	makeIndex := map[string]int{}
	var phrases []passage.Phrase
	name := func(text string, kind spotKind, i int, short bool) {
		if strings.TrimSpace(text) == "" {
			return
		}
		phrases = append(phrases, passage.Phrase{Text: text, Value: len(ix.named)})
		ix.named = append(ix.named, spot{kind: kind, index: i})
		ix.short = append(ix.short, short)
	}
	for i := range pack.Equipment {
		e := &pack.Equipment[i]
		m, ok := makeIndex[makeKey(e)]
		if !ok {
			m = len(ix.makes)
			makeIndex[makeKey(e)] = m
			ix.makes = append(ix.makes, e.Make)
			for _, n := range makeNames(pack, e) {
				name(n, spotMake, m, false)
			}
		}
		ix.addModel(i, e, m)
	}
	for i := range pack.Programmes {
		p := &pack.Programmes[i]
		for _, n := range append([]string{p.Name}, p.Aliases...) {
			name(n, spotProgramme, i, len(n) < 5)
		}
	}
	for i := range pack.Vaccines {
		for _, n := range vaccineNames(pack.Vaccines[i].Name) {
			name(n, spotVaccine, i, len(n) < 5)
		}
	}
	ix.names = passage.NewTrie(phrases)
	phrases = nil
	for i, w := range codeWords {
		phrases = append(phrases, passage.Phrase{Text: w, Value: i})
	}
	ix.codes = passage.NewTrie(phrases)
	return ix
}

// makeKey is the same for rows of one maker that spell it differently.
func makeKey(e *knowledge.Equipment) string {
	if e.MakeOrgID != "" {
		return e.MakeOrgID
	}
	return plainMake(e.Make)
}

// makeNames are the ways in which a make is written: without its legal form, and as its organisation is called.
func makeNames(pack *knowledge.Pack, e *knowledge.Equipment) []string {
	names := []string{plainMake(e.Make)}
	for i := range pack.Organisations {
		if o := &pack.Organisations[i]; o.ID == e.MakeOrgID && o.ID != "" {
			names = append(names, plainMake(o.Name))
			for _, alias := range o.Aliases {
				names = append(names, plainMake(alias))
			}
		}
	}
	out := names[:0]
	for _, n := range names {
		if len(n) >= 5 {
			out = append(out, n)
		}
	}
	return out
}

// legalForms are the last words of a company's name that writers leave out.
var legalForms = map[string]bool{"sarl": true, "ltd": true, "limited": true, "co": true, "llp": true, "llc": true, "inc": true, "corp": true,
	"corporation": true, "gmbh": true, "ag": true, "sa": true, "sas": true, "spa": true, "srl": true, "bv": true, "nv": true, "plc": true,
	"private": true, "pvt": true, "pty": true, "kk": true, "ltda": true, "sro": true, "as": true, "aps": true, "oy": true, "ab": true, "kg": true, "mfg": true, "company": true}

// plainMake folds a company's name and takes its legal form off.
func plainMake(s string) string {
	words := strings.Fields(strings.NewReplacer(".", "", ",", " ", "(", " ", ")", " ").Replace(strings.ToLower(s)))
	for len(words) > 1 && (legalForms[words[len(words)-1]] || len(words[len(words)-1]) == 1) {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}

// vaccineNames are a vaccine's name without its remark in brackets, and a code that stands in them.
func vaccineNames(s string) []string {
	main, rest, _ := strings.Cut(s, "(")
	out := []string{strings.TrimSpace(main)}
	if code := strings.TrimSuffix(strings.TrimSpace(rest), ")"); strings.ContainsAny(code, "0123456789") && !strings.Contains(code, " ") {
		out = append(out, code)
	}
	return out
}

func (ix *index) addModel(i int, e *knowledge.Equipment, m int) {
	text, _, _ := strings.Cut(e.Model, "(")
	key := compact(text)
	ix.keys = append(ix.keys, key)
	ix.makeOf = append(ix.makeOf, m)
	letters, digits := count(key)
	ix.weak = append(ix.weak, !(digits >= 2 && letters >= 2 && len(key) >= 5 || digits >= 1 && letters >= 3 && len(key) >= 4))
	if len(key) >= 3 {
		ix.model.add(key, i)
	}
	if lead := []byte(leading(key)); len(lead) >= 2 && digits >= 1 {
		ix.family[string(lead)] = append(ix.family[string(lead)], i)
		for k := 0; len(lead) >= 3 && k+1 < len(lead); k++ { // as a slip of the fingers writes it
			lead[k], lead[k+1] = lead[k+1], lead[k]
			if lead[k] != lead[k+1] {
				ix.family[string(lead)] = append(ix.family[string(lead)], i)
			}
			lead[k], lead[k+1] = lead[k+1], lead[k]
		}
	}
	if e.PQSCode != "" {
		ix.pqs[strings.ToLower(e.PQSCode)] = i
	}
}

// subject is how a claim names a model.
func (ix *index) subject(model int) string {
	e := &ix.pack.Equipment[model]
	return e.Make + "|" + e.Model
}

// compact folds a name to its letters and digits.
func compact(s string) string {
	var f passage.Folded
	passage.Fold(s, &f)
	out := f.B[:0]
	for _, c := range f.B {
		if wordByte(c) {
			out = append(out, c)
		}
	}
	return string(out)
}

func wordByte(c byte) bool { return alnum(c) || c >= 0x80 && c != 0xC2 && c != 0xE2 }

// ideogram tells whether a byte begins a character of a script without spaces.
func ideogram(c byte) bool { return 0xE3 <= c && c <= 0xED }

func alnum(c byte) bool { return digit(c) || alpha(c) }
func digit(c byte) bool { return '0' <= c && c <= '9' }
func alpha(c byte) bool { return 'a' <= c && c <= 'z' }

func count(key string) (letters, digits int) {
	for i := 0; i < len(key); i++ {
		if digit(key[i]) {
			digits++
		} else {
			letters++
		}
	}
	return letters, digits
}

// leading gives the letters that a key begins with.
func leading(key string) string {
	n := 0
	for n < len(key) && alpha(key[n]) {
		n++
	}
	return key[:n]
}

// compactTrie finds keys of letters and digits in text in which they are broken up by spaces, hyphens and the like.
type compactTrie struct {
	nodes []compactNode
}

type compactNode struct {
	labels []byte
	child  []int32
	value  int32
}

func newCompactTrie() *compactTrie { return &compactTrie{nodes: []compactNode{{value: -1}}} }

// step gives the node behind a byte, 0 if there is none.
func (t *compactTrie) step(n int32, c byte) int32 {
	for i, l := range t.nodes[n].labels {
		if l == c {
			return t.nodes[n].child[i]
		}
	}
	return 0
}

func (t *compactTrie) add(key string, v int) {
	n := int32(0)
	for i := 0; i < len(key); i++ {
		to := t.step(n, key[i])
		if to == 0 {
			to = int32(len(t.nodes))
			t.nodes[n].labels = append(t.nodes[n].labels, key[i])
			t.nodes[n].child = append(t.nodes[n].child, to)
			t.nodes = append(t.nodes, compactNode{value: -1})
		}
		n = to
	}
	if t.nodes[n].value < 0 {
		t.nodes[n].value = int32(v) // two rows of one name: the first
	}
}

// find gives the longest key that begins at b[i] and ends where a word ends, -1 if there is none.
func (t *compactTrie) find(b []byte, i int) (v, end int) {
	v = -1
	n := int32(0)
	for gap := 0; i < len(b); i++ {
		c := b[i]
		if !wordByte(c) {
			if gap++; n == 0 || gap > 2 || !separator(c) {
				return v, end
			}
			continue
		}
		gap = 0
		if n = t.step(n, c); n == 0 {
			return v, end
		}
		if t.nodes[n].value >= 0 && (i+1 == len(b) || !wordByte(b[i+1]) || ideogram(b[i+1])) {
			v, end = int(t.nodes[n].value), i+1
		}
	}
	return v, end
}

func separator(c byte) bool { return c == ' ' || c == '-' || c == '_' || c == '/' || c == '.' }
