// Package lookalike finds domains that were made to be taken for another.
//
// The ways are few (Unicode TR39 for confusable letters; the generators of dnstwist and URLCrazy for the rest): letters
// that look alike, one left out, added, doubled, swapped or one bit off, the same label under another suffix, the label
// with a word added ("combosquat"), and the true name as a mere subdomain of another.
//
// An index holds the protected labels by skeleton and by every skeleton with one letter deleted, so that one look-up
// costs a few dozen hash probes whatever the number of protected domains. Two labels within one edit of each other share
// a deletion; a candidate is then checked by its true distance.
package lookalike

import (
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch/analysis/names"
)

// A Kind is the way in which a domain imitates another.
type Kind string

// The kinds of imitation, by what gives them away.
const (
	Homoglyph  Kind = "homoglyph"  // letters that look alike
	Edit       Kind = "edit"       // one letter off: left out, added, doubled, swapped, replaced
	Edit2      Kind = "edit2"      // two letters off in a long label
	Suffix     Kind = "suffix"     // the same label under another suffix
	Combosquat Kind = "combosquat" // the label with a word added
	Subdomain  Kind = "subdomain"  // the true name in front of another domain
)

// A Protected is a name that may be imitated.
type Protected struct {
	Domain string // the true domain, "" for a name whose owner has none here
	Label  string // its label or the written name, letters and digits and hyphens, lower case
	Owner  int    // the caller's index of whoever owns it
}

// A Match is an imitation.
type Match struct {
	Protected
	Kind  Kind
	Added string // the word added, for a combosquat
}

// An Index finds imitations of protected names. It is never changed after New and safe for concurrent use.
type Index struct {
	list []Protected
	skel []string         // squeezed skeleton of each
	same map[string]int32 // skeleton → first with it
	head map[uint64]int32 // hash of a skeleton with a letter deleted → cell
	cell []cell
}

type cell struct{ item, next int32 }

// Shortest labels that are compared by each way; shorter ones meet by chance.
const (
	minExact = 5
	minEdit  = 6
	minEdit2 = 10
	minCombo = 6
)

// New builds an index. Of several entries with one skeleton the first counts.
func New(protected []Protected) *Index {
	x := &Index{same: map[string]int32{}, head: map[uint64]int32{}}
	for _, p := range protected {
		s := squeeze(names.Skeleton(p.Label))
		if len(s) < 4 {
			continue
		}
		if _, there := x.same[s]; there {
			continue
		}
		i := int32(len(x.list))
		x.list, x.skel = append(x.list, p), append(x.skel, s)
		x.same[s] = i
		if len(s) < minEdit {
			continue
		}
		deletions(s, func(h uint64) {
			next := int32(-1)
			if c, ok := x.head[h]; ok {
				next = c
			}
			x.head[h] = int32(len(x.cell))
			x.cell = append(x.cell, cell{i, next})
		})
	}
	return x
}

// squeeze drops the hyphens of a label.
func squeeze(s string) string {
	if strings.IndexByte(s, '-') < 0 {
		return s
	}
	return strings.ReplaceAll(s, "-", "")
}

// deletions calls f with the hash of s and of s with each letter left out.
func deletions(s string, f func(uint64)) {
	f(hash(s, -1))
	for i := range len(s) {
		if i > 0 && s[i] == s[i-1] {
			continue
		}
		f(hash(s, i))
	}
}

func hash(s string, skip int) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		if i != skip {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	return h
}

// Find returns the likeliest imitation that the host is. The host is lower case and punycode; the caller has made sure
// that it does not belong to a protected owner.
func (x *Index) Find(host string) (Match, bool) {
	if len(x.list) == 0 || host == "" || len(host) > 255 {
		return Match{}, false
	}
	org := names.Organisational(host)
	label := names.Label(host)
	if m, ok := x.whole(label, org); ok {
		return m, true
	}
	if m, ok := x.combo(label); ok {
		return m, true
	}
	if len(host) > len(org) {
		return x.inFront(host[:len(host)-len(org)-1])
	}
	return Match{}, false
}

// whole compares a label as it stands.
func (x *Index) whole(label, org string) (Match, bool) {
	skel := squeeze(names.Skeleton(label))
	if i, ok := x.same[skel]; ok && len(skel) >= minExact {
		p := x.list[i]
		switch {
		case p.Domain == org:
			return Match{}, false
		case squeeze(p.Label) == squeeze(label):
			return Match{Protected: p, Kind: Suffix}, true
		}
		return Match{Protected: p, Kind: Homoglyph}, true
	}
	if i, d := x.near(skel); i >= 0 {
		k := Edit
		if d == 2 {
			k = Edit2
		}
		return Match{Protected: x.list[i], Kind: k}, true
	}
	return Match{}, false
}

// near finds the protected label within one edit of a skeleton, or two for a long one; -1 if there is none.
func (x *Index) near(skel string) (best int, distance int) {
	best, distance = -1, 3
	if len(skel) < minEdit || len(skel) > 63 {
		return -1, 0
	}
	probes := 0
	deletions(skel, func(h uint64) {
		c, ok := x.head[h]
		for ; ok && c >= 0 && probes < 64; c = x.cell[c].next {
			probes++
			i := int(x.cell[c].item)
			most := 1
			if len(skel) >= minEdit2 && len(x.skel[i]) >= minEdit2 {
				most = 2
			}
			if d := Distance(skel, x.skel[i], most); d <= most && (d < distance || d == distance && i < best) {
				best, distance = i, d
			}
		}
	})
	return best, distance
}

// combo looks for a protected label with words added: at hyphens, or run together with a word that squatters add.
func (x *Index) combo(label string) (Match, bool) {
	folded := names.Skeleton(label)
	parts := strings.Split(folded, "-")
	if len(parts) > 8 {
		parts = parts[:8]
	}
	if len(parts) > 1 {
		for n := len(parts) - 1; n > 0; n-- {
			for i := 0; i+n <= len(parts); i++ {
				run := strings.Join(parts[i:i+n], "")
				rest := strings.Join(append(append([]string{}, parts[:i]...), parts[i+n:]...), "-")
				if j, ok := x.same[run]; ok && (len(run) >= minCombo || len(run) >= 4 && affixes[rest]) {
					return Match{Protected: x.list[j], Kind: Combosquat, Added: rest}, true
				}
			}
		}
		// The rest without the added words may itself be a letter off, or have one run together with it.
		lo, hi := 0, len(parts)
		for lo < hi-1 && affixes[parts[lo]] {
			lo++
		}
		for hi > lo+1 && (affixes[parts[hi-1]] || legalForms[parts[hi-1]]) {
			hi--
		}
		if lo > 0 || hi < len(parts) {
			rest := strings.Join(parts[lo:hi], "")
			outer := strings.Join(append(append([]string{}, parts[:lo]...), parts[hi:]...), "-")
			if i, _ := x.near(rest); i >= 0 {
				return Match{Protected: x.list[i], Kind: Combosquat, Added: outer}, true
			}
			if m, ok := x.glued(rest); ok {
				m.Added += "-" + outer
				return m, true
			}
		}
	}
	return x.glued(squeeze(folded))
}

// glued looks for a protected label with words run together in front of it or behind.
func (x *Index) glued(s string) (Match, bool) {
	for k := 4; k <= len(s)-2; k++ {
		if i, ok := x.same[s[:k]]; ok && (k >= 10 || k >= minExact && added(s[k:], mostAdded)) {
			return Match{Protected: x.list[i], Kind: Combosquat, Added: s[k:]}, true
		}
		if i, ok := x.same[s[k:]]; ok && (len(s)-k >= 10 || len(s)-k >= minExact && added(s[:k], mostAdded)) {
			return Match{Protected: x.list[i], Kind: Combosquat, Added: s[:k]}, true
		}
	}
	return Match{}, false
}

// mostAdded is how many added words run together are taken apart ("frostwerk" + "service" + "nv").
const mostAdded = 3

// added tells whether a run of letters is made of words that squatters add, at most n. Beside another word, one of two
// letters stands only at the end, as a legal form or a country does: letter pairs are everywhere.
func added(s string, n int) bool {
	if affixes[s] || n < mostAdded && legalForms[s] {
		return true
	}
	if n == 1 {
		return false
	}
	for k := 3; k <= len(s)-2 && k <= longestAffix; k++ {
		if affixes[s[:k]] && added(s[k:], n-1) {
			return true
		}
	}
	return false
}

// longestAffix bounds the search for words.
const longestAffix = 13

// legalForms are endings of company names, in skeleton form, that squatters put behind a word.
var legalForms = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields("nv bv ag sa sas srl spa ab oy as kg se llp plc pte pty sro doo zoo kft") {
		out[names.Skeleton(w)] = true
	}
	return out
}()

// inFront looks for a protected name among the labels in front of the organisational domain.
func (x *Index) inFront(left string) (Match, bool) {
	for _, part := range strings.Split(left, ".") {
		skel := squeeze(names.Skeleton(part))
		if i, ok := x.same[skel]; ok && len(skel) >= minCombo {
			return Match{Protected: x.list[i], Kind: Subdomain}, true
		}
		if strings.IndexByte(part, '-') > 0 {
			if m, ok := x.combo(part); ok {
				m.Kind = Subdomain
				return m, true
			}
		}
	}
	return Match{}, false
}

// Distance is the optimal string alignment distance of two byte strings (insert, delete, replace, swap neighbours), or
// most+1 as soon as it must be more than most.
func Distance(a, b string, most int) int {
	if d := len(a) - len(b); d > most || -d > most {
		return most + 1
	}
	var rows [3][64]int
	if len(b) > 63 || len(a) > 63 {
		return most + 1
	}
	prev2, prev, row := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, prev2[j-2]+1)
			}
			row[j] = d
			low = min(low, d)
		}
		if low > most {
			return most + 1
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}

// Affixes returns the words that count as added by squatters, sorted.
func Affixes() []string {
	out := make([]string, 0, len(affixes))
	for w := range affixes {
		out = append(out, w)
	}
	sort.Strings(out)
	return out
}

// affixes are words that squatters add, in skeleton form.
var affixes = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`sales rfq rfp procurement purchasing purchase group intl international supply supplies supplier suppliers quote quotes
		quotation quotations online contracts contract global dept department support secure security login signin account accounts billing invoice invoices
		payment payments pay mail email webmail service services help helpdesk desk portal docs doc document documents file files share tender tenders bid bids
		project projects corp corporation inc co company biz official trade trading export exports import logistics europe europa eu usa us uk china cn hk asia
		africa india japan korea de fr it es web net info team office admin verify verification update updates id my the get go app apps hr careers jobs legal
		finance financial orders order vendor vendors partner partners store shop customer customers client clients care news notice notification alerts alert
		auth sso access connect cloud drive view business pro plus direct center centre solutions technology tech digital systems industries industrial
		holdings ltd limited llc gmbh medical pharma health cold coldchain vaccine vaccines manufacturing chain procure buy buyer buyers sourcing bidding
		equipment products product factory lab labs bio biotech pharmaceutical pharmaceuticals healthcare logistic plant delivery tracking track shipping express parcel post reset password`) {
		out[names.Skeleton(w)] = true
	}
	return out
}()

// Word returns the protected word that a single written word stands for: it looks the same or is one letter off.
func (x *Index) Word(w string) (string, bool) {
	skel := names.Skeleton(w)
	if i, ok := x.same[skel]; ok {
		return x.list[i].Label, true
	}
	if i, d := x.near(skel); i >= 0 && d == 1 {
		return x.list[i].Label, true
	}
	return "", false
}
