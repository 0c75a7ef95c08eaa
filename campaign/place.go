package campaign

import (
	"cmp"
	"slices"

	"github.com/coldwatch/coldwatch"
)

// maxCandidates bounds how many clusters a sighting is compared with on arrival, the rarest shared values first.
const maxCandidates = 48

// A candidate is a cluster that a sighting may join.
type candidate struct {
	label  uint32
	best   uint32 // exemplar that it is closest to
	bits   float64
	strong [maxGroups]float64
}

// An edge is a pair of rows whose link reached the threshold.
type edge struct {
	a, b uint32
	bits float32
}

// Place takes a sighting in and says where it goes. The same id placed again changes nothing and is answered alike.
func (l *Linker) Place(s coldwatch.Sighting) coldwatch.Placement {
	if r, ok := l.t.ids.row(s.ID); ok {
		return l.placed(r)
	}
	feats := l.values(&s)
	class := classOf(s.Class)
	switch said := l.said[s.ID]; {
	case said&saidBenign != 0:
		class = classDropped | class<<4
	case class == classBenign && said&saidLinked != 0:
		class = classSaid
	}
	r := l.t.add(&s, class, feats)
	l.label = append(l.label, r)
	l.s.labels = l.label
	l.s.mark = append(l.s.mark, 0)
	l.seen = append(l.seen, 0)
	l.newest = max(l.newest, l.t.at[r])
	l.stale = true
	l.setTotals()
	joins := l.candidates(r, feats, class)
	if class == classBenign || class&15 == classDropped {
		if class != classBenign || len(joins) == 0 {
			l.background(feats, 1)
			return coldwatch.Placement{}
		}
		l.t.class[r] = classMissed
		joins = joins[:1]
	}
	return l.settle(r, joins)
}

// settle opens a cluster for row r or lets it join the best of joins, and merges what it bridges.
func (l *Linker) settle(r uint32, joins []candidate) coldwatch.Placement {
	if len(joins) == 0 {
		l.open(r)
		return coldwatch.Placement{}
	}
	p := l.join(r, joins[0])
	for _, c := range joins[1:] {
		if other, ok := l.bridge(r, c); ok {
			p.Merged = append(p.Merged, other)
		}
	}
	p.Campaign = l.names[l.label[r]]
	return p
}

// Preview says where a sighting would go, and changes nothing that is seen outside.
func (l *Linker) Preview(s coldwatch.Sighting) coldwatch.Placement {
	if r, ok := l.t.ids.row(s.ID); ok {
		return l.placed(r)
	}
	var feats []uint32
	for _, f := range s.Features {
		if v, ok := l.number[f.View]; ok {
			if x, ok := l.t.find(v, f.Value); ok {
				feats = append(feats, x)
			}
		}
	}
	slices.Sort(feats)
	feats = slices.Compact(feats)
	if _, ok := l.t.orgNum[s.Organisation]; !ok && len(l.t.orgs) > 0 {
		s.Organisation = l.t.orgs[0]
	}
	// The row is added and taken away again: values seen by nobody else cannot link, only their views count.
	r := l.t.add(&s, classOf(s.Class), feats)
	for _, f := range s.Features {
		if v, ok := l.number[f.View]; ok {
			l.t.mask[r] |= 1 << v
		}
	}
	l.label = append(l.label, r)
	l.seen = append(l.seen, 0)
	l.s.labels, l.s.mark = l.label, append(l.s.mark, 0)
	l.setTotals()
	joins := l.candidates(r, feats, l.t.class[r])
	var p coldwatch.Placement
	if len(joins) > 0 {
		p.Campaign = l.names[joins[0].label]
		p.Opened = p.Campaign == ""
		p.Link = l.ledger(r, joins[0].best, 1)
	}
	l.t.unadd(r)
	l.label, l.seen = l.label[:r], l.seen[:r]
	l.s.labels, l.s.mark = l.label, l.s.mark[:r]
	return p
}

// placed answers for a row that is known.
func (l *Linker) placed(r uint32) coldwatch.Placement {
	p := coldwatch.Placement{Campaign: l.names[l.label[r]]}
	if p.Campaign == "" {
		return p
	}
	l.setTotals()
	if b, ok := l.closest(r); ok {
		p.Link = l.ledger(r, b, 1)
	}
	return p
}

func (l *Linker) setTotals() { l.s.setTotals(float64(l.count), float64(l.plain)) }

// background counts an ordinary message's values, or takes them back.
func (l *Linker) background(feats []uint32, d float32) {
	for _, x := range feats {
		l.t.b[x] = max(0, l.t.b[x]+d)
	}
	l.plain += int(d)
}

// hub tells whether so many hold a value that it says little and offers few candidates.
func (l *Linker) hub(x uint32) bool {
	return int(x) < len(l.s.share) || float64(l.t.g[x])+float64(l.t.b[x]) > l.p.Hub*(1+l.s.n/5000)
}

// offers returns how many of a value's holders are candidates: most for a blocking view, few for a hub, else none.
func (l *Linker) offers(x uint32, most int) int {
	switch l.s.views[l.t.vview[x]].block {
	case blockAlways:
		if l.hub(x) {
			return min(l.p.HubNewest, most)
		}
		return most
	case blockRare:
		if !l.hub(x) {
			return most
		}
	}
	return 0
}

// candidates returns the clusters that row r may join, best first.
func (l *Linker) candidates(r uint32, feats []uint32, class uint8) []candidate {
	t := l.t
	order := make([]uint32, 0, len(feats))
	for _, x := range feats {
		if t.head[x] != 0 && l.s.views[t.vview[x]].block != blockNever {
			order = append(order, x)
		}
	}
	slices.SortFunc(order, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(t.g[x], t.g[y]), cmp.Compare(t.key[x], t.key[y]))
	})
	l.tick++
	var found []uint32
	for _, x := range order {
		n := l.offers(x, l.p.Newest)
		for q, ok := t.head[x]-1, true; ok && n > 0; q, ok = t.older(q, x) {
			n--
			if c := l.label[q]; l.seen[c] != l.tick && q != r {
				l.seen[c] = l.tick
				found = append(found, c)
			}
		}
		if len(found) >= maxCandidates {
			found = found[:maxCandidates]
			break
		}
	}
	l.cand = l.cand[:0]
	for _, c := range found {
		if k, ok := l.fits(r, c, class); ok {
			l.cand = append(l.cand, k)
		}
	}
	slices.SortFunc(l.cand, func(a, b candidate) int {
		switch {
		case a.bits > b.bits:
			return -1
		case a.bits < b.bits:
			return 1
		}
		return l.t.order(a.label, b.label)
	})
	return l.cand
}

// fits compares a row with a cluster's exemplars: one must reach the threshold in enough groups, and not too many may
// contradict.
func (l *Linker) fits(r, label uint32, class uint8) (candidate, bool) {
	ex := l.exemplars(label)
	need := l.threshold(l.p.Online, class)
	k := candidate{label: label, bits: -1e9}
	for _, e := range ex {
		if sc, ok := l.s.link(r, e, 1, need, l.tick); ok && sc.bits > k.bits {
			k.bits, k.best, k.strong = sc.bits, e, sc.by
		}
	}
	if k.bits < need || class == classBenign && !l.owned(&k.strong) || l.forbidden(r, label) {
		return k, false
	}
	agree := 0
	for _, e := range ex {
		if e == k.best || l.s.compare(r, e, 1, l.tick).bits >= 0 {
			agree++
		}
	}
	return k, float64(agree) >= l.p.Fraction*float64(len(ex))
}

// threshold returns the bits that a link must reach. Mail with no verdict against it must show much more.
func (l *Linker) threshold(base float64, class uint8) float64 {
	need := base + grow(l.s.n)
	if class == classBenign {
		need += l.p.Overwhelming
	}
	return need
}

// owned tells whether the link of mail with no verdict against it rests on what an attacker owns: where the answers go or
// what is sent, by itself; or two of host, sender and text together. A partner whose account was stolen shares the sender with the attack, and nothing
// else.
func (l *Linker) owned(by *[maxGroups]float64) bool {
	two := 0
	for g, name := range l.groups {
		switch name {
		case "infra", "payload":
			if by[g] >= l.p.Cap*.8 {
				return true
			}
		}
		switch name {
		case "infra", "sender", "text":
			if by[g] >= l.p.Cap*.5 {
				two++
			}
		}
	}
	return two >= 2
}

// exemplars returns the rows that a cluster is compared by; a single row is its own.
func (l *Linker) exemplars(label uint32) []uint32 {
	if c := l.clusters[label]; c != nil {
		return c.ex
	}
	return []uint32{label}
}

// open makes a cluster of one row.
func (l *Linker) open(r uint32) {
	l.count++
	for _, x := range l.t.feats(r) {
		l.t.g[x]++
	}
	l.t.chain(r)
}

// join puts row r into a cluster, which becomes a campaign with its second member.
func (l *Linker) join(r uint32, k candidate) coldwatch.Placement {
	var p coldwatch.Placement
	if !l.quiet {
		p.Link = l.ledger(r, k.best, 1)
	}
	c := l.clusters[k.label]
	if c == nil {
		c = &cluster{rows: []uint32{k.label}, ex: []uint32{k.label}}
		l.clusters[k.label] = c
		l.christen(k.label, r, p.Link)
		p.Opened = true
	}
	l.label[r] = k.label
	for _, x := range l.t.feats(r) {
		if !l.holds(k.label, c, x) {
			l.t.g[x]++
		}
	}
	c.rows = append(c.rows, r)
	l.exemplify(c, r)
	l.t.chain(r)
	if !l.quiet {
		p.Campaign = l.names[k.label]
		l.note(p.Campaign, event{Kind: joined, Row: r + 1, With: k.best + 1, Bits: float32(k.bits)})
	}
	return p
}

// christen names the campaign that a cluster becomes with its second member.
func (l *Linker) christen(label, second uint32, link coldwatch.Link) {
	if l.quiet {
		return
	}
	first := label
	if l.t.before(second, first) {
		first = second
	}
	l.names[label] = l.fresh(first)
	l.note(l.names[label], event{Kind: opened, Row: label + 1, Reason: "two sightings share " + brief(link)})
}

// holds tells whether a cluster already has a value: by its exemplars and by the value's newest holders.
func (l *Linker) holds(label uint32, c *cluster, x uint32) bool {
	n := 8
	for q, ok := l.t.head[x]-1, l.t.head[x] != 0; ok && n > 0; q, ok = l.t.older(q, x) {
		if l.label[q] == label {
			return true
		}
		n--
	}
	for _, e := range c.ex {
		if l.t.has(e, x) {
			return true
		}
	}
	return false
}

// exemplify takes r as an exemplar when it is one of the first two or brings a host, sender or text that no exemplar
// has. The oldest beyond the first two make room.
func (l *Linker) exemplify(c *cluster, r uint32) {
	if len(c.ex) >= 2 && !l.novel(c, r) {
		return
	}
	if len(c.ex) < l.p.Exemplars {
		c.ex = append(c.ex, r)
		return
	}
	copy(c.ex[2:], c.ex[3:])
	c.ex[len(c.ex)-1] = r
}

func (l *Linker) novel(c *cluster, r uint32) bool {
	var have, new uint32
	for _, x := range l.t.feats(r) {
		v := l.t.vview[x]
		switch l.s.views[v].name {
		case coldwatch.ViewHost, coldwatch.ViewSender, coldwatch.ViewText:
		default:
			continue
		}
		new |= 1 << v
		for _, e := range c.ex {
			if l.t.has(e, x) {
				have |= 1 << v
				break
			}
		}
	}
	return new&^have != 0
}

// bridge notes that row r, a member of one cluster, also links to another, and merges the two when the evidence is
// enough.
func (l *Linker) bridge(r uint32, k candidate) (string, bool) {
	a, b := l.label[r], l.label[k.best]
	if a == b {
		return "", false
	}
	key := [2]uint32{min(a, b), max(a, b)}
	es := append(l.bridges[key], edge{a: r, b: k.best, bits: float32(k.bits)})
	if len(es) > 16 {
		es = slices.Delete(es, 1, 2)
	}
	l.bridges[key] = es
	ra, rb := l.members(a), l.members(b)
	if !l.bridged(es, ra, rb) || l.forbiddenPair(ra, rb) {
		return "", false
	}
	delete(l.bridges, key)
	return l.merge(a, b, es[len(es)-1]), true
}

func (l *Linker) members(label uint32) []uint32 {
	if c := l.clusters[label]; c != nil {
		return c.rows
	}
	return []uint32{label}
}

// bridged tells whether edges between two clusters are enough to merge them: one for a single row, else two; and no one
// organisation may have reported an end of every edge, unless one of the clusters is that organisation's alone: then it
// joins, and bridges nothing.
func (l *Linker) bridged(es []edge, ra, rb []uint32) bool {
	if len(es) < min(2, len(ra), len(rb)) {
		return false
	}
	oa, ob := l.reporter(ra), l.reporter(rb)
	_, bad := l.planted(es, oa, ob)
	return !bad
}

// several stands for more than one organisation.
const several = ^uint32(0)

// reporter returns the organisation that reported all rows, or several.
func (l *Linker) reporter(rows []uint32) uint32 {
	for _, r := range rows[1:] {
		if l.t.org[r] != l.t.org[rows[0]] {
			return several
		}
	}
	return l.t.org[rows[0]]
}

// planted tells whether one organisation, other than the reporters of the two clusters, has an end of every edge, so
// that it could have planted them all, and which.
func (l *Linker) planted(es []edge, oa, ob uint32) (uint32, bool) {
	for _, o := range [2]uint32{l.t.org[es[0].a], l.t.org[es[0].b]} {
		if o != oa && o != ob && !slices.ContainsFunc(es, func(e edge) bool { return l.t.org[e.a] != o && l.t.org[e.b] != o }) {
			return o, true
		}
	}
	return 0, false
}

// merge makes one cluster of two; the larger keeps its label, and its name where it has one.
func (l *Linker) merge(a, b uint32, e edge) string {
	if len(l.members(a)) < len(l.members(b)) {
		a, b = b, a
	}
	ca, rows := l.clusters[a], l.members(b)
	ex := l.exemplars(b)
	for _, r := range rows {
		l.label[r] = a
	}
	ca.rows = append(ca.rows, rows...)
	for _, r := range ex {
		l.exemplify(ca, r)
	}
	l.count--
	delete(l.clusters, b)
	if l.quiet {
		return ""
	}
	other := l.names[b]
	delete(l.names, b)
	why := brief(l.ledger(e.a, e.b, 1))
	if other == "" {
		l.note(l.names[a], event{Kind: joined, Row: rows[0] + 1, Reason: why})
		return ""
	}
	l.note(l.names[a], event{Kind: merged, Other: other, Reason: why})
	l.note(other, event{Kind: merged, Other: l.names[a], Reason: why})
	return other
}
