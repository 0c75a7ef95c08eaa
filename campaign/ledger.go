package campaign

import (
	"math"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// An item is one value in which two rows agree.
type item struct {
	x       uint32
	v       uint8
	count   uint8   // of a view that is compared by bands: equal ones
	m       float64 // P(agree | same campaign)
	u       float64 // P(agree | strangers)
	raw     float64 // log2(m/u), uncapped
	w       float64 // bits that count
	implied int32   // index of the item that makes this one unsurprising, -1 if none
	other   bool    // the host is one, the accounts on it are two
	shared  bool    // cut down because its group had a stronger term
}

// A score is the ledger between two rows, before it is put in words.
type score struct {
	bits   float64
	groups int     // groups that agree with at least GroupBits
	own    float64 // most bits of one view that tells of the operator
	role   float64 // bits of the views that tell whom he plays
	items  []item
	by     [maxGroups]float64 // agreement by group
	neg    [maxGroups]float64 // disagreement that counted, by group
	negV   [maxGroups]uint8   // view that disagreed most
}

// A scorer scores pairs of rows against one state of the counts. labels gives each row's cluster.
type scorer struct {
	p       *Parameters
	t       *table
	views   []view
	ngroup  int
	text    uint8
	account uint8
	kind    [maxViews]uint8 // of bands, as place in banded + 1; 0 for a view whose values agree or do not
	roles   uint32          // the views that tell whom the operator plays, by bit
	labels  []uint32        // cluster of each row that is chained
	n       float64         // clusters
	plain   float64         // ordinary messages
	share   []float32       // by value: share of ordinary messages by the warm table, whose values come first
	cap     float64
	own     float64 // bits that one view of the operator's own must give

	mark   []uint32 // by label: ticket of the walk that met it last
	ticket uint32
	memo   []memo
	buf    [96]item
	bands  [len(banded) + 1][64]uint32
	drop   uint32 // value + 1 that is taken for missing, 0 if none
}

// A memo is a remembered count of clusters that hold y, and x and y.
type memo struct {
	x, y        uint32
	holds, both uint16
	full        bool // the walk met every holder
	at          uint32
}

// A bandedView is compared by bands: a message gives several values of it, each a piece of a sketch, and the more of them are equal, the
// more alike are what was sketched.
type bandedView struct {
	view coldwatch.View
	of   int // bands of one sketch
	same int // equal bands that make two things one; less is a likeness, as between the customers of one seller
}

// banded are the views that are compared by bands: MinHash of texts, TLSH of attachments, perceptual hashes of pictures.
var banded = [...]bandedView{{coldwatch.ViewText, 32, 21}, {coldwatch.ViewFuzzy, 16, 12}, {coldwatch.ViewImage, 4, 4}}

const walk = 64 // rows of a chain that a pair count looks at

// rate returns u: the chance that a stranger holds x. Strangers are other hostile clusters or ordinary mail, whichever
// holds it more; the two are not pooled, for ordinary mail that lacks a kit does not make the kit rare among attacks.
func (s *scorer) rate(x uint32, out float64) float64 {
	unseen := s.p.UnseenShared
	if s.views[s.t.vview[x]].own {
		unseen = s.p.Unseen
	}
	u := math.Max(estimate(math.Max(0, float64(s.t.g[x])-out), s.n, unseen), estimate(float64(s.t.b[x]), s.plain, unseen))
	if int(x) < len(s.share) {
		u = math.Max(u, float64(s.share[x]))
	}
	return math.Min(1, u)
}

// estimate estimates a share from c of n. Where n is small a value that was never met is taken for as rare as one in unseen,
// while what was met often counts by what was met, less two standard errors.
func estimate(c, n, unseen float64) float64 {
	return math.Max((c+1)/(n+unseen), (c-2*math.Sqrt(c))/(n+2))
}

// others returns how many clusters hold x beside those left out.
func (s *scorer) others(x uint32, out float64) float64 {
	return math.Max(0, float64(s.t.g[x])-out) + float64(s.t.b[x])
}

// pair counts, over clusters, the holders of y and those of them that hold x too. Where the shorter chain is long the
// newest are a sample.
func (s *scorer) pair(x, y uint32, now uint32) memo {
	// By key, not by number: which pairs drive each other out, and so how old a count may get, must not tell the order of arrival.
	h := s.t.key[x]*0x9e3779b97f4a7c15 ^ s.t.key[y]*0xc2b2ae3d27d4eb4f
	c := &s.memo[(h>>20)&uint64(len(s.memo)-1)]
	if c.x == x && c.y == y && c.at != 0 && now <= c.at+c.at/16+16 {
		return *c
	}
	*c = memo{x: x, y: y, at: now}
	t := s.t
	s.ticket++
	n := 0
	if t.g[x] < t.g[y] && t.g[x] <= walk { // x is the rarer: all that hold both are in its chain, if it is short
		r, ok := t.head[x]-1, t.head[x] != 0
		for ; ok && n < 2*walk; r, ok = t.older(r, x) {
			n++
			l := s.labels[r]
			if s.mark[l] != s.ticket && t.has(r, y) {
				s.mark[l] = s.ticket
				c.both++
			}
		}
		if !ok {
			c.holds = uint16(min(t.g[y], 65535))
			c.full = true
			return *c
		}
		c.both = 0
		s.ticket++
	}
	c.full, n = true, 0
	for r, ok := t.head[y]-1, t.head[y] != 0; ok; r, ok = t.older(r, y) {
		if n++; n > walk {
			c.full = false
			break
		}
		l := s.labels[r]
		if s.mark[l] == s.ticket {
			continue
		}
		s.mark[l] = s.ticket
		c.holds++
		if t.has(r, x) {
			c.both++
		}
	}
	return *c
}

// given returns P(x | y) among the clusters that are not left out.
func (s *scorer) given(x, y uint32, u, out float64, now uint32) float64 {
	if float64(s.t.g[x]) <= out || float64(s.t.g[y]) <= out {
		return u // nobody else holds one of them: nothing is known
	}
	c := s.pair(x, y, now)
	holds, both := float64(c.holds), float64(c.both)
	if c.full {
		holds, both = math.Max(0, holds-out), math.Max(0, both-out)
	}
	return math.Min(1, (both+s.p.Witnesses*u)/(holds+s.p.Witnesses))
}

// agree fills s.buf with the values that rows a and b share, and returns how many, with the views both have and those
// they agree in.
func (s *scorer) agree(a, b []uint32, ma, mb uint32) (n int, both, same uint32) {
	t := s.t
	both = ma & mb
	i, j := 0, 0
	var nb [len(banded) + 1]int
	for i < len(a) && j < len(b) {
		x, y := a[i], b[j]
		switch {
		case x < y:
			i++
		case y < x:
			j++
		default:
			i++
			j++
			if x+1 == s.drop {
				continue
			}
			v := t.vview[x]
			same |= 1 << v
			if k := s.kind[v]; k > 0 {
				if at := nb[k]; at < len(s.bands[k]) {
					s.bands[k][at] = x
					nb[k]++
				} else if at = s.last(at, func(i int) uint32 { return s.bands[k][i] }); t.key[x] < t.key[s.bands[k][at]] {
					s.bands[k][at] = x
				}
				continue
			}
			it := item{x: x, v: v, m: s.views[v].m, implied: -1}
			if n < len(s.buf)-len(banded) {
				s.buf[n] = it
				n++
			} else if at := s.last(n, func(i int) uint32 { return s.buf[i].x }); t.key[x] < t.key[s.buf[at].x] {
				s.buf[at] = it
			}
		}
	}
	for k := range nb {
		if nb[k] > 0 {
			s.buf[n] = s.bandItem(s.bands[k][:nb[k]])
			n++
		}
	}
	return n, both, same
}

// last returns which of n values has the greatest key. It makes room where rows share more values than a ledger has lines: which
// of them stay must not tell the order in which values came.
func (s *scorer) last(n int, value func(i int) uint32) (at int) {
	for i := 1; i < n; i++ {
		if s.t.key[value(i)] > s.t.key[value(at)] {
			at = i
		}
	}
	return at
}

// bandItem makes one term of the equal bands of a view. How common they are, the band of median count tells. Of texts, the chance that one
// of 32 bands of 4 is equal is J⁴, so their number estimates the Jaccard similarity J: 21 of 32 for .9, 4 for .6, 1 for .3.
func (s *scorer) bandItem(bands []uint32) item {
	t, nb := s.t, len(bands)
	for i := 1; i < nb; i++ { // insertion sort by count, then hash
		for j := i; j > 0; j-- {
			p, q := bands[j-1], bands[j]
			gp, gq := float32(t.g[p])+t.b[p], float32(t.g[q])+t.b[q]
			if gp < gq || gp == gq && t.key[p] <= t.key[q] {
				break
			}
			bands[j-1], bands[j] = q, p
		}
	}
	v := t.vview[bands[0]]
	it := item{x: bands[nb/2], v: v, count: uint8(nb), m: s.views[v].m, implied: -1}
	if v == s.text {
		switch {
		case nb >= banded[0].same:
			it.m = s.p.Text[2]
		case nb >= 4:
			it.m = s.p.Text[1]
		default:
			it.m = s.p.Text[0]
		}
	}
	return it
}

// alike tells whether an item is of a view compared by bands, of which too few are equal to make the two one.
func (s *scorer) alike(it *item) bool {
	k := s.kind[it.v]
	return k > 0 && int(it.count) < banded[k-1].same
}

// compare scores the rows a and b. out is how many clusters to leave out of the counts: those of a and b, where they
// are counted. The result stands until the next call.
func (s *scorer) compare(a, b uint32, out float64, now uint32) score {
	return s.compareFeats(s.t.feats(a), s.t.feats(b), s.t.mask[a], s.t.mask[b], out, math.Inf(-1), now)
}

// link scores like compare, but gives up where the rows cannot reach need: most pairs cost no conditional counts.
func (s *scorer) link(a, b uint32, out, need float64, now uint32) (sc score, ok bool) {
	sc = s.compareFeats(s.t.feats(a), s.t.feats(b), s.t.mask[a], s.t.mask[b], out, need, now)
	return sc, s.holds(&sc, need)
}

func (s *scorer) compareFeats(fa, fb []uint32, ma, mb uint32, out, need float64, now uint32) score {
	n, both, same := s.agree(fa, fb, ma, mb)
	items := s.buf[:n]
	for i := range items {
		it := &items[i]
		it.u = s.rate(it.x, out)
		it.raw = math.Log2(it.m / it.u)
	}
	if s.hopeless(items, need) {
		return score{bits: math.Inf(-1)}
	}
	s.sort(items)
	sc := score{items: items}
	if s.account != noView && (both&^same)&(1<<s.account) != 0 {
		s.otherAccounts(items, fa, fb)
	}
	var first [maxGroups]bool
	otherRole := (both&^same)&s.roles != 0
	for i := range items {
		it := &items[i]
		if it.other {
			continue
		}
		w := math.Min(s.condition(items, i, out, now), s.top(it))
		w = math.Max(0, w)
		g := s.views[it.v].group
		if first[g] && w > 0 {
			w *= s.p.Share
			it.shared = true
		}
		first[g] = first[g] || w > 0
		it.w = w
		if s.views[it.v].own && !(otherRole && s.alike(it)) {
			sc.own = max(sc.own, w)
		}
		if s.views[it.v].role && !otherRole {
			sc.role += w
		}
		sc.by[g] += w
		sc.bits += w
	}
	s.disagree(&sc, both&^same)
	return sc
}

// hopeless tells whether the items cannot reach need even if nothing were implied and nothing differed.
func (s *scorer) hopeless(items []item, need float64) bool {
	if math.IsInf(need, -1) {
		return false
	}
	sum, own, role := 0.0, 0.0, 0.0
	for i := range items {
		if w := math.Min(items[i].raw, s.top(&items[i])); w > 0 {
			sum += w
			if s.views[items[i].v].own {
				own = max(own, w)
			}
			if s.views[items[i].v].role {
				role += w
			}
		}
	}
	return sum < need || !s.personal(sum, need, own, role)
}

// top is the most that an item can count. Of equal bands, more with each: one in 32 may be a greeting, four the stock phrases of a trade.
func (s *scorer) top(it *item) float64 {
	if !s.alike(it) {
		return s.cap
	}
	return s.cap * (.3 + .7*float64(it.count-1)/float64(banded[s.kind[it.v]-1].same-1))
}

// condition returns the bits of item i after those that are stronger, uncapped, and notes which of them implies it.
func (s *scorer) condition(items []item, i int, out float64, now uint32) float64 {
	it := &items[i]
	most := it.u
	for j := 0; j < i && most < 1; j++ {
		if items[j].w <= 0 {
			continue
		}
		p := 1.0
		if !s.twin(it.x, items[j].x) {
			p = s.given(it.x, items[j].x, it.u, out, now)
		}
		if p > most {
			most, it.implied = p, int32(j)
		}
	}
	if it.implied < 0 {
		return it.raw
	}
	return math.Log2(it.m / most)
}

// holds tells whether the evidence makes a link: enough bits, in enough groups, one of them the operator's own. A kit, its
// paths, its mailer and its networks are sold to many: without a host, a sender or a text in common they show a common
// seller.
func (s *scorer) holds(sc *score, need float64) bool {
	return sc.bits >= need && sc.groups >= s.p.Groups && s.personal(sc.bits, need, sc.own, sc.role)
}

// personal tells whether the evidence reaches the operator himself: by what is his own, or, where all that is his own has changed, by
// whom he plays, on top of much else.
func (s *scorer) personal(bits, need, own, role float64) bool {
	return own >= s.own || role >= s.p.RoleBits && bits >= need+s.p.RoleExtra
}

// otherAccounts marks the infrastructure of a rented panel on which the two messages use different accounts: such a host
// tells of the landlord. One of the two must be known from other messages as well: numbers that never come again are the
// victims', and count for nothing.
func (s *scorer) otherAccounts(items []item, fa, fb []uint32) {
	infra := s.views[s.account].group
	for i := range items {
		if s.views[items[i].v].group != infra {
			continue
		}
		host := s.t.text(items[i].x)
		a, b := s.rents(fa, host), s.rents(fb, host)
		if min(a, b) < 1 || max(a, b) < 2 {
			continue
		}
		for j := range items {
			if s.views[items[j].v].group == infra {
				items[j].other = true
			}
		}
		return
	}
}

// rents tells whether a row has an account on the host: 0 for none, 1 for one, 2 for one that several rows have.
func (s *scorer) rents(feats []uint32, host string) (n int) {
	for _, x := range feats {
		if s.t.vview[x] != s.account {
			continue
		}
		if h, _, ok := strings.Cut(s.t.text(x), "#"); ok && h == host {
			n = max(n, 1)
			if s.t.chained(x) {
				return 2
			}
		}
	}
	return n
}

// disagree takes off, for each group that agrees in less than a bit, what its worst view says.
func (s *scorer) disagree(sc *score, differ uint32) {
	for v := range s.views {
		if differ&(1<<v) != 0 {
			g := s.views[v].group
			if s.views[v].neg < sc.neg[g] {
				sc.neg[g], sc.negV[g] = s.views[v].neg, uint8(v)
			}
		}
	}
	for g := 0; g < s.ngroup; g++ {
		if sc.by[g] >= 1 {
			sc.neg[g] = 0
		}
		sc.bits += sc.neg[g]
		if sc.by[g] >= s.p.GroupBits {
			sc.groups++
		}
	}
}

// sort orders items by weight, strongest first; ties by view and hash, so that no order of arrival shows.
func (s *scorer) sort(items []item) {
	for i := 1; i < len(items); i++ {
		for j := i; j > 0 && s.weaker(&items[j-1], &items[j]); j-- {
			items[j-1], items[j] = items[j], items[j-1]
		}
	}
}

func (s *scorer) weaker(p, q *item) bool {
	if p.raw != q.raw {
		return p.raw < q.raw
	}
	if p.v != q.v {
		return p.v > q.v
	}
	return s.t.key[p.x] > s.t.key[q.x]
}

// twin tells whether two values of different views are the same text: one domain that is sender, envelope and landing
// host is one piece of evidence, not three.
func (s *scorer) twin(x, y uint32) bool {
	t := s.t
	if t.name[x] == 0 || t.name[y] == 0 || t.vview[x] == t.vview[y] {
		return false
	}
	a, b := t.name[x], t.name[y]
	if t.names[a] != t.names[b] || t.names[a+1] != t.names[b+1] {
		return false
	}
	return t.text(x) == t.text(y)
}

// probability turns bits into P(same campaign). The prior falls as thresholds rise: the more clusters, the fewer candidates are right.
func (s *scorer) probability(bits float64) float64 {
	return 1 / (1 + math.Exp2(-(bits - max(0, grow(s.n)) + math.Log2(s.p.Prior/(1-s.p.Prior)))))
}
