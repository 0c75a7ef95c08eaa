package claim

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
)

// findNumbers reads the numbers of a passage, left to right.
func (r *reading) findNumbers(p int) {
	b := r.folded.B
	for i := 0; i < len(b); {
		if !digit(b[i]) {
			i++
			continue
		}
		if at := r.inside(i); at > i {
			i = at
			continue
		}
		if i > 0 && alpha(b[i-1]) && r.currencyBefore(i) < 0 { // "hbc80", "v2"
			i = skipWord(b, i)
			continue
		}
		v, end, ok := scanNumber(b, i)
		if ok && !continues(b, end) {
			end = r.number(p, i, end, v)
		}
		i = max(end, i+1)
		if len(r.claims) >= maxClaims {
			return
		}
	}
}

// continues tells whether what follows shows that a number was only the beginning of something else: a time, a fraction, a path.
func continues(b []byte, end int) bool {
	return end+1 < len(b) && (b[end] == ':' || b[end] == '_' || b[end] == '@') && alnum(b[end+1])
}

func skipWord(b []byte, i int) int {
	for i < len(b) && wordByte(b[i]) {
		i++
	}
	return i
}

// inside gives the end of the model's name that a place lies in, 0 if it lies in none.
func (r *reading) inside(at int) int {
	for i := range r.spots {
		x := &r.spots[i]
		if x.start > at {
			break
		}
		if x.kind == spotModel && at < x.end {
			return x.end
		}
	}
	return 0
}

// number says what one number is, and gives the end of what was read.
func (r *reading) number(p, i, end int, v float64) int {
	b := r.folded.B
	lab := r.labelBefore(i)
	money := r.currencyBefore(i)
	if money >= 0 {
		v, end = spaced(b, v, end)
	} else if w, e := spaced(b, v, end); e > end {
		if u, _ := r.unitAt(e); u >= unitCurrency || u == unitLitre {
			v, end = w, e
		}
	}
	neg := negative(b, i) || lab == labelTemperature && minusBefore(b, i)
	if next := r.temperature(p, i, end, v, neg, lab); next > 0 {
		return next
	}
	u, after := r.unitAt(end)
	if u >= unitCurrency && r.leads(after) {
		u, after = noUnit, end
	}
	if u == unitThousand || u == unitMillion || u == unitTenThousand {
		if next, e := r.unitAt(after); next >= unitCurrency || money >= 0 {
			v *= map[unit]float64{unitThousand: 1e3, unitMillion: 1e6, unitTenThousand: 1e4}[u]
			end = after
			u, after = next, e
		}
	}
	n := number{low: v, high: v, model: -1, vaccine: -1, passage: p, at: i}
	switch {
	case money >= 0:
		n.currency = r.ix.words.currencies[money]
		return r.price(n, r.currencyStart(i), end, lab)
	case u >= unitCurrency:
		n.currency = r.ix.words.currencies[u-unitCurrency]
		return r.price(n, i, after, lab)
	case u == unitLitre && v > 0 && v < 1e6:
		r.capacity(n, i, after)
		return after
	case u == unitPiece || u == unitTimes && r.modelAt(after) >= 0:
		r.quantity(n, i, after)
		return after
	case lab == labelQuantity || r.modelAt(end) >= 0 || timesBefore(b, i) || r.modelEnds(i) && r.moneyAhead(end):
		r.quantity(n, i, end)
	case lab == labelTotal && v >= 100:
		r.total(n, i, end)
	}
	return end
}

// unitAt reads the unit at or one space after a place.
func (r *reading) unitAt(at int) (unit, int) {
	b := r.folded.B
	if at < len(b) && b[at] == ' ' {
		at++
	}
	v, end := r.ix.words.units.At(b, at)
	if v < 0 {
		return noUnit, at
	}
	return unit(v), end
}

// leads tells whether a currency that ends at a place belongs to the number behind it: "10 USD 2,300".
func (r *reading) leads(after int) bool {
	b := r.folded.B
	if after < len(b) && b[after] == ' ' {
		after++
	}
	if after >= len(b) || !digit(b[after]) {
		return false
	}
	_, end, ok := scanNumber(b, after)
	if !ok {
		return false
	}
	u, _ := r.unitAt(end)
	return u < unitCurrency || r.unitLeads(end)
}

// unitLeads tells the same of the next currency, one step only.
func (r *reading) unitLeads(end int) bool {
	_, after := r.unitAt(end)
	b := r.folded.B
	return after+1 < len(b) && (digit(b[after]) || b[after] == ' ' && digit(b[after+1]))
}

// currencyBefore gives the index of the currency that stands right before a number, -1 if none does.
func (r *reading) currencyBefore(i int) int {
	b := r.folded.B
	s := r.currencyStart(i)
	e := i
	for e > s && (b[e-1] == ' ' || b[e-1] == ':') {
		e--
	}
	if s == e {
		return -1
	}
	if c, ok := r.ix.words.before[string(b[s:e])]; ok {
		return c
	}
	// "us $", "total:$": the sign alone
	if _, n := utf8.DecodeLastRune(b[s:e]); !alpha(b[e-1]) {
		if c, ok := r.ix.words.before[string(b[e-n:e])]; ok {
			return c
		}
	}
	return -1
}

// currencyStart is where the word before a number begins.
func (r *reading) currencyStart(i int) int {
	b := r.folded.B
	s := i
	for k := 0; k < 2 && s > 0 && (b[s-1] == ' ' || b[s-1] == ':'); k++ {
		s--
	}
	for k := 0; k < 12 && s > 0 && (alpha(b[s-1]) || b[s-1] >= 0x80 || b[s-1] == '$'); k++ {
		s--
	}
	return s
}

const labelBytes = 44

// labelBefore gives what the words before a number, in the same sentence, say that it is; the nearest counts.
func (r *reading) labelBefore(i int) label {
	b := r.folded.B
	from := max(0, i-labelBytes)
	for k := i - 1; k >= from; k-- {
		if b[k] == '\n' || b[k] == ';' || (b[k] == '.' && k+1 < len(b) && b[k+1] == ' ' && k < i-2) || digit(b[k]) {
			from = k + 1
			break
		}
	}
	found, at := noLabel, i
	for k := i - 1; k >= from; k-- {
		if wordByte(b[k]) && (k == from || !wordByte(b[k-1]) || b[k] >= 0xC0) {
			if v, end := r.ix.words.labels.At(b, k); v >= 0 && end <= i && (found == noLabel || end > at) { // "total price" over "price"
				found, at = label(v), k
			}
		}
	}
	return found
}

func negative(b []byte, i int) bool {
	if i > 0 && b[i-1] == '-' && (i == 1 || b[i-2] == ' ' || b[i-2] == '(' || b[i-2] == ',' || b[i-2] == '.' || b[i-2] == '/' || b[i-2] == ':' || b[i-2] == '\n' || b[i-2] == '-' || b[i-2] >= 0x80) {
		return true
	}
	if i > 1 && b[i-1] == ' ' && b[i-2] == '-' && i > 2 && b[i-3] == ' ' {
		return true
	}
	return minusBefore(b, i)
}

// minusBefore tells whether the word minus stands before a number.
func minusBefore(b []byte, i int) bool {
	for _, w := range [...]string{"minus ", "минус ", "мінус ", "moins ", "menos ", "meno ", "零下"} {
		if bytes.HasSuffix(b[:i], []byte(w)) {
			return true
		}
	}
	return false
}

func timesBefore(b []byte, i int) bool {
	return i >= 3 && b[i-1] == ' ' && b[i-2] == 'x' && (b[i-3] == ' ' || digit(b[i-3])) || i >= 2 && b[i-1] == 'x' && b[i-2] == ' '
}

// modelAt gives the model whose name begins right after a place, on the same line; -1 if none does.
func (r *reading) modelAt(at int) int {
	b := r.folded.B
	for i := range r.spots {
		if x := &r.spots[i]; x.kind == spotModel && x.start >= at && x.start <= at+3 && onlyGap(b[at:x.start]) && !r.lineBetween(at, x.start) {
			return x.index
		}
	}
	return -1
}

// onlyGap tells whether there are only spaces, and the sign of times, between a number and what it counts.
func onlyGap(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != 'x' {
			return false
		}
	}
	return true
}

// lineBetween tells whether a line ends between two places.
func (r *reading) lineBetween(i, j int) bool {
	s, e := r.folded.From[i], r.folded.From[j]
	return strings.IndexByte(r.passages[r.reading].Text[s:e], '\n') >= 0
}

// modelEnds tells whether a model's name ends right before a place.
func (r *reading) modelEnds(at int) bool {
	for i := range r.spots {
		if x := &r.spots[i]; x.kind == spotModel && x.end < at && x.end >= at-4 {
			return true
		}
	}
	return false
}

// moneyAhead tells whether a currency follows a number in a table's line.
func (r *reading) moneyAhead(end int) bool {
	b := r.folded.B
	for end < len(b) && (b[end] == ' ' || b[end] == '|' || b[end] == '\n' || b[end] == ',') {
		end++
	}
	u, _ := r.ix.words.units.At(b, end)
	return u >= int(unitCurrency)
}

// temperature reads a temperature or a range of them, and gives where it ends; 0 if it is none.
func (r *reading) temperature(p, i, end int, v float64, neg bool, lab label) int {
	b := r.folded.B
	if neg {
		v = -v
	}
	low, high, last := v, v, end
	first, after := r.unitAt(end)
	u := first
	rest := end
	if first == unitCelsius || first == unitBareC || first == unitFahrenheit {
		rest, last = after, after
	}
	if w, uw, e := r.rangeEnd(rest, v); e > 0 {
		u, high, last = uw, w, e
	}
	switch u {
	case unitCelsius:
	case unitBareC:
		if !neg && low == high && lab != labelTemperature && lab != labelAmbient {
			return 0
		}
	case unitFahrenheit:
		low, high = (low-32)/1.8, (high-32)/1.8
	default:
		return 0
	}
	if low > high {
		low, high = high, low
	}
	if low < -273 || high > 200 {
		return 0
	}
	n := number{low: low, high: high, model: -1, vaccine: -1, passage: p, at: i, other: lab == labelAmbient}
	from := i
	if neg && i > 0 && b[i-1] == '-' {
		from--
	}
	value := format(low)
	if low != high {
		value += ".." + format(high)
	}
	r.measured("temperature", value+" °C", n, from, last)
	return last
}

// rangeEnd reads "to -40 °C" behind the first number of a range.
func (r *reading) rangeEnd(at int, first float64) (v float64, u unit, end int) {
	b := r.folded.B
	hyphen := false
	after := at
	switch {
	case at < len(b) && b[at] == '-':
		hyphen, after = true, at+1
	case at+1 < len(b) && b[at] == ' ' && b[at+1] == '-':
		hyphen, after = true, at+2
	default:
		var c unit
		if c, after = r.unitAt(at); c != unitConnector {
			return 0, 0, 0
		}
	}
	for after < len(b) && b[after] == ' ' {
		after++
	}
	sign := 1.0
	switch {
	case after < len(b) && b[after] == '-':
		sign, after = -1, after+1
	case after < len(b) && b[after] == '+':
		after++
	case after+6 < len(b) && string(b[after:after+6]) == "minus ":
		sign, after = -1, after+6
	}
	if after >= len(b) || !digit(b[after]) {
		return 0, 0, 0
	}
	v, e, ok := scanNumber(b, after)
	if !ok {
		return 0, 0, 0
	}
	u, end = r.unitAt(e)
	if u != unitCelsius && u != unitBareC && u != unitFahrenheit {
		return 0, 0, 0
	}
	if v *= sign; hyphen && first < 0 && v > 0 && v < -first { // "-25-15 °C"
		v = -v
	}
	return v, u, end
}

func (r *reading) capacity(n number, from, to int) {
	r.measured("capacity", format(n.low)+" l", n, from, to)
}

func (r *reading) quantity(n number, from, to int) {
	if n.low <= 0 || n.low != float64(int64(n.low)) || n.low > 1e9 {
		return
	}
	r.measured("quantity", format(n.low), n, from, to)
}

func (r *reading) total(n number, from, to int) {
	value := format(n.low)
	if n.currency != "" {
		value = n.currency + " " + value
	}
	r.measured("total", value, n, from, to)
}

func (r *reading) price(n number, from, to int, lab label) int {
	if n.low <= 0 {
		return to
	}
	switch lab {
	case labelTotal:
		r.total(n, from, to)
		return to
	case labelOther, labelAmbient, labelTemperature, labelCapacity:
		n.other = true
	}
	r.measured("price", n.currency+" "+format(n.low), n, from, to)
	return to
}

// How far from a number the thing may stand that it is said of, in bytes.
const (
	reachBefore = 260
	reachAfter  = 90
)

// measured adds a numeric claim, said of the nearest thing.
func (r *reading) measured(kind, value string, n number, from, to int) {
	c := coldwatch.Claim{Kind: kind, Value: value, Result: coldwatch.Unverifiable}
	if !n.other {
		n.model = r.nearest(n.at, spotModel, reachBefore, reachAfter)
		if kind == "temperature" {
			n.vaccine = r.nearest(n.at, spotVaccine, reachBefore, reachAfter)
		}
	}
	if n.model >= 0 {
		c.Subject = r.ix.subject(n.model)
	}
	s, e := r.folded.Source(from, to)
	r.add(c, n, s, e)
}

func format(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
