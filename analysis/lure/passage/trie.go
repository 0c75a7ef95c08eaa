package passage

import (
	"bytes"
	"sort"
)

// A Trie finds phrases in folded text. A phrase begins where a word begins (or, in scripts without spaces, anywhere) and
// ends where a word ends. Within it a hyphen, an underscore and a space are one. A star stands for the rest of a word:
// "quotat*" also finds "quotations", "your * account" also "your bank account".
//
// The walk goes down from each beginning and stops at the first byte that no phrase has, so a pass costs a few steps a
// word; at most the longest phrase at each word, whatever the text.
type Trie struct {
	nodes  []node
	labels []byte  // labels of a node's children stand together, sorted
	child  []int32 // node that each label leads to
	root   [256]int32
}

type node struct {
	first, count int32
	wild         int32 // node after a star, 0 none
	value        int32 // value + 1 of the phrase that ends here, 0 none
	open         bool  // the phrase may end within a word
}

// Phrase is one entry of a Trie. Of two equal phrases the later wins.
type Phrase struct {
	Text  string
	Value int
}

type growing struct {
	kids  map[byte]*growing
	wild  *growing
	value int32
	open  bool
}

func (g *growing) kid(c byte) *growing {
	k := g.kids[c]
	if k == nil {
		k = &growing{}
		if g.kids == nil {
			g.kids = map[byte]*growing{}
		}
		g.kids[c] = k
	}
	return k
}

// NewTrie builds a trie. Phrases are folded first; an empty one is left out.
func NewTrie(phrases []Phrase) *Trie {
	top := &growing{}
	var f Folded
	for _, p := range phrases {
		Fold(p.Text, &f)
		if len(f.B) == 0 {
			continue
		}
		g := top
		for _, c := range f.B {
			if c == '*' {
				if g.wild == nil {
					g.wild = &growing{}
				}
				g = g.wild
				continue
			}
			g = g.kid(same(c))
		}
		g.value = int32(p.Value) + 1
		last := bytes.Runes(f.B)
		script, _ := foldLetter(last[len(last)-1])
		g.open = last[len(last)-1] >= 0x80 && (script == Han || script == Kana || script == Hangul)
	}
	t := &Trie{}
	t.flatten(top)
	for i := range t.root {
		t.root[i] = t.step(0, byte(i))
	}
	return t
}

// flatten numbers the nodes breadth first, so that children stand together.
func (t *Trie) flatten(top *growing) {
	queue := []*growing{top}
	t.nodes = append(t.nodes, node{})
	for i := 0; i < len(queue); i++ {
		g := queue[i]
		n := node{first: int32(len(t.labels)), count: int32(len(g.kids)), value: g.value, open: g.open}
		keys := make([]byte, 0, len(g.kids))
		for c := range g.kids {
			keys = append(keys, c)
		}
		sort.Slice(keys, func(a, b int) bool { return keys[a] < keys[b] })
		for _, c := range keys {
			t.labels = append(t.labels, c)
			t.child = append(t.child, int32(len(queue)))
			queue = append(queue, g.kids[c])
			t.nodes = append(t.nodes, node{})
		}
		if g.wild != nil {
			n.wild = int32(len(queue))
			queue = append(queue, g.wild)
			t.nodes = append(t.nodes, node{})
		}
		t.nodes[i] = n
	}
}

func (t *Trie) step(n int32, c byte) int32 {
	nd := &t.nodes[n]
	for i := nd.first; i < nd.first+nd.count; i++ {
		if t.labels[i] == c {
			return t.child[i]
		}
	}
	return 0
}

// same makes one of a hyphen, an underscore and a space.
func same(c byte) byte {
	if c == '-' || c == '_' {
		return ' '
	}
	return c
}

// inWord tells whether a byte of folded text goes on a word. Signs that stay as they are begin with 0xC2 or 0xE2, characters of
// scripts without spaces with 0xE3 to 0xED, and a word ends before them.
func inWord(c byte) bool {
	return letter(c) || c >= 0x80 && c != 0xC2 && c != 0xE2 && (c < 0xE3 || c > 0xED)
}

// Scan calls hit for every phrase in the text, with its value and its place in f.B, in the order of where they begin.
func (t *Trie) Scan(f *Folded, hit func(value, start, end int)) {
	for _, s := range f.Starts {
		if n := t.root[f.B[s]]; n != 0 {
			t.all(f.B, int(s), int(s)+1, n, 0, hit)
		}
	}
}

func (t *Trie) all(b []byte, start, i int, n int32, stars int, hit func(value, start, end int)) {
	for {
		nd := &t.nodes[n]
		if nd.value != 0 && (nd.open || i == len(b) || !inWord(b[i])) {
			hit(int(nd.value)-1, start, i)
		}
		if nd.wild != 0 && stars < maxStars {
			j := i
			for j < len(b) && inWord(b[j]) {
				j++
			}
			t.all(b, start, j, nd.wild, stars+1, hit)
		}
		if i == len(b) {
			return
		}
		if n = t.step(n, same(b[i])); n == 0 {
			return
		}
		i++
	}
}

// At gives the longest phrase that begins at byte i of the text: its value and end, or -1.
func (t *Trie) At(b []byte, i int) (value, end int) {
	if i >= len(b) || t.root[b[i]] == 0 {
		return -1, 0
	}
	return t.longest(b, i+1, t.root[b[i]], 0)
}

const maxStars = 4

func (t *Trie) longest(b []byte, i int, n int32, stars int) (value, end int) {
	value = -1
	for {
		nd := &t.nodes[n]
		if nd.value != 0 && (nd.open || i == len(b) || !inWord(b[i])) {
			value, end = int(nd.value)-1, i
		}
		if nd.wild != 0 && stars < maxStars {
			j := i
			for j < len(b) && inWord(b[j]) {
				j++
			}
			if v, e := t.longest(b, j, nd.wild, stars+1); v >= 0 && e > end {
				value, end = v, e
			}
		}
		if i == len(b) {
			return value, end
		}
		if n = t.step(n, same(b[i])); n == 0 {
			return value, end
		}
		i++
	}
}
