package claim

import (
	"sort"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lure/passage"
)

// find reads one passage: first the things that have names, then the numbers that are said of them.
func (r *reading) find(i int) {
	f := &r.folded
	passage.Fold(r.passages[i].Text, f)
	r.spots, r.reading = r.spots[:0], i
	r.findNames(i)
	r.findModels(i)
	sort.SliceStable(r.spots, func(a, b int) bool { return r.spots[a].start < r.spots[b].start })
	r.findNear(i)
	r.findCodes(i)
	r.findNumbers(i)
	r.findIncoterms(i)
}

const maxSpots = 300 // named things of one passage

func (r *reading) findNames(p int) {
	f, text := &r.folded, r.passages[p].Text
	r.ix.names.Scan(f, func(v, s, e int) {
		if len(r.spots) >= maxSpots {
			return
		}
		x := r.ix.named[v]
		x.start, x.end, x.passage = s, e, p
		x.from, x.to = f.Source(s, e)
		if r.ix.short[v] {
			if strings.ToUpper(text[x.from:x.to]) == text[x.from:x.to] {
				r.pending = append(r.pending, x)
			}
			return
		}
		r.name(x)
	})
}

// name takes note of a thing that is named.
func (r *reading) name(x spot) {
	r.spots = append(r.spots, x)
	switch x.kind {
	case spotMake:
		if _, ok := r.makes[x.index]; !ok {
			r.makes[x.index] = x
		}
	case spotModel:
		r.models[x.index] = true
	case spotProgramme:
		p := &r.ix.pack.Programmes[x.index]
		r.programmeByName = true
		r.say(coldwatch.Claim{Kind: "programme", Value: p.ID, Result: coldwatch.Correct, Reason: "The pack knows the programme " + p.Name + "."}, x)
	case spotVaccine:
		v := &r.ix.pack.Vaccines[x.index]
		r.say(coldwatch.Claim{Kind: "vaccine", Value: v.ID, Result: coldwatch.Correct, Reason: "The pack knows the vaccine " + v.Name + "."}, x)
	}
}

// say adds a claim that is no number.
func (r *reading) say(c coldwatch.Claim, x spot) {
	r.add(c, number{model: -1, vaccine: -1, passage: x.passage, at: x.start}, x.from, x.to)
}

func (r *reading) findModels(p int) {
	f := &r.folded
	until := 0
	for _, s := range f.Starts {
		if int(s) < until || len(r.spots) >= maxSpots {
			continue
		}
		m, end := r.ix.model.find(f.B, int(s))
		if m < 0 {
			continue
		}
		x := spot{kind: spotModel, index: m, start: int(s), end: end, passage: p}
		x.from, x.to = f.Source(x.start, end)
		until = end
		if r.ix.weak[m] {
			r.pending = append(r.pending, x)
			continue
		}
		r.name(x)
		r.sayModel(x)
	}
}

func (r *reading) sayModel(x spot) {
	e := &r.ix.pack.Equipment[x.index]
	r.say(coldwatch.Claim{Kind: "model", Value: e.Model, Subject: r.ix.subject(x.index), Result: coldwatch.Correct, Reason: e.Make + " makes the " + e.Model + "."}, x)
}

// findNear looks for names that are almost a model's: the same family, one slip away.
func (r *reading) findNear(p int) {
	f := &r.folded
	for _, s := range f.Starts {
		lead := lettersAt(f.B, int(s))
		after := int(s) + lead
		if lead < 2 || lead > 8 || after+1 >= len(f.B) || !digit(f.B[after]) && !(separator(f.B[after]) && digit(f.B[after+1])) {
			continue
		}
		models := r.ix.family[string(f.B[s:after])]
		if models == nil || r.covered(int(s)) {
			continue
		}
		if len(r.claims) >= maxClaims {
			return
		}
		r.near(p, int(s), lead, models)
	}
}

func (r *reading) near(p, s, lead int, models []int) {
	f := &r.folded
	key, end := []byte(nil), s
	word := 0
	for i := s; i < len(f.B) && word < 3 && len(key) < 24; word++ {
		j := i
		for j < len(f.B) && alnum(f.B[j]) {
			j++
		}
		if j == i || j > i+16 {
			break
		}
		key = append(key, f.B[i:j]...)
		end = j
		if _, digits := count(string(key)); digits >= 2 {
			for _, m := range models {
				if oneSlip(string(key), r.ix.keys[m]) && (lead >= 3 || r.makeNamed(m)) {
					r.sayNear(p, s, end, m)
					return
				}
			}
		}
		if i = j; i < len(f.B) && separator(f.B[i]) {
			i++
		}
	}
}

// makeNamed tells whether the make of a model has been named.
func (r *reading) makeNamed(model int) bool {
	_, ok := r.makes[r.ix.makeOf[model]]
	return ok
}

func (r *reading) sayNear(p, s, end, m int) {
	x := spot{start: s, end: end, passage: p}
	x.from, x.to = r.folded.Source(s, end)
	e := &r.ix.pack.Equipment[m]
	value := strings.ToUpper(string(r.folded.B[s:end]))
	r.say(coldwatch.Claim{Kind: "model", Value: value, Result: coldwatch.Wrong,
		Reason: "The pack has no model of that name; " + e.Make + " makes the " + e.Model + ", one slip away."}, x)
}

func lettersAt(b []byte, i int) int {
	n := 0
	for i+n < len(b) && alpha(b[i+n]) {
		n++
	}
	return n
}

// covered tells whether a place lies within something that has been named.
func (r *reading) covered(at int) bool {
	i := sort.Search(len(r.spots), func(i int) bool { return r.spots[i].start > at })
	for i--; i >= 0; i-- {
		if at < r.spots[i].end {
			return true
		}
		if at-r.spots[i].start > 80 {
			break
		}
	}
	return false
}

// oneSlip tells whether two different keys are one insertion, omission, substitution of a letter or swap of neighbours apart. A
// different digit is no slip but may be another model.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:] {
		return true
	}
	return a[i+1:] == b[i+1:] && !(digit(a[i]) && digit(b[i])) && digit(a[i]) == digit(b[i])
}

// incoterms are the rules of 2020, and those of 2010 and 2000 that went.
var incoterms = map[string]bool{"EXW": true, "FCA": true, "CPT": true, "CIP": true, "DAP": true, "DPU": true, "DDP": true, "FAS": true, "FOB": true, "CFR": true, "CIF": true, "DAT": true, "DDU": true}

// findIncoterms looks for the three capital letters; a year that Incoterms never had is wrong.
func (r *reading) findIncoterms(p int) {
	f, text := &r.folded, r.passages[p].Text
	for _, s := range f.Starts {
		if lettersAt(f.B, int(s)) != 3 || int(s)+3 < len(f.B) && wordByte(f.B[s+3]) {
			continue
		}
		switch f.B[s] {
		case 'e', 'f', 'c', 'd':
		default:
			continue
		}
		from, to := f.Source(int(s), int(s)+3)
		if to-from != 3 || !incoterms[text[from:to]] {
			continue
		}
		c := coldwatch.Claim{Kind: "incoterm", Value: text[from:to], Result: coldwatch.Plausible, Reason: "It is a rule of the Incoterms."}
		if year := incotermYear(f.B, int(s)+3); year != "" {
			c.Value += " " + year
			if year != "2020" && year != "2010" && year != "2000" {
				c.Result, c.Reason = coldwatch.Wrong, "There are no Incoterms of "+year+"; they are of 2000, 2010 and 2020."
			}
		}
		r.say(c, spot{passage: p, start: int(s), from: from, to: to})
	}
}

// incotermYear reads the year in "CIP Lyon, Incoterms 2020".
func incotermYear(b []byte, i int) string {
	window := string(b[i:min(len(b), i+48)])
	n := strings.Index(window, "incoterms")
	if n < 0 {
		return ""
	}
	rest := strings.TrimLeft(window[n+len("incoterms"):], " ()®:")
	if len(rest) < 4 || rest[:2] != "20" || !digit(rest[2]) || !digit(rest[3]) || len(rest) > 4 && wordByte(rest[4]) {
		return ""
	}
	return rest[:4]
}

// findCodes looks for PQS codes ("E003/007"), reference numbers and certificates.
func (r *reading) findCodes(p int) {
	f := &r.folded
	refs := 0
	for _, s := range f.Starts {
		b := f.B[s:]
		if len(b) >= 8 && b[0] == 'e' && b[1] == '0' && b[4] == '/' && digit(b[2]) && digit(b[3]) && digit(b[5]) && digit(b[6]) && digit(b[7]) && (len(b) == 8 || !alnum(b[8])) {
			r.sayPQS(p, int(s))
			continue
		}
		w, n := r.ix.codes.At(f.B, int(s))
		switch {
		case w < 0:
		case w < firstReference:
			x := spot{passage: p, start: int(s)}
			x.from, x.to = f.Source(int(s), n)
			r.say(coldwatch.Claim{Kind: "certificate", Value: strings.ToUpper(codeWords[w]), Result: coldwatch.Unverifiable, Reason: "The pack holds no certificates of this kind."}, x)
		case refs < maxReferences:
			if from, to := referenceAt(f.B, n); from > 0 {
				refs++
				r.sayReference(p, from, to, codeWords[w])
			}
		}
	}
}

func (r *reading) sayPQS(p, s int) {
	x := spot{passage: p, start: s}
	x.from, x.to = r.folded.Source(s, s+8)
	code := strings.ToUpper(string(r.folded.B[s : s+8]))
	c := coldwatch.Claim{Kind: "certificate", Value: "PQS " + code, Result: coldwatch.Unverifiable, Reason: "The pack has no equipment under this PQS code."}
	if m, ok := r.ix.pqs[strings.ToLower(code)]; ok {
		c.Subject = r.ix.subject(m)
		c.Result, c.Reason = coldwatch.Correct, "PQS code "+code+" is that of the "+r.ix.pack.Equipment[m].Model+"."
		if near := r.nearest(s, spotModel, 60, 40); near >= 0 && near != m {
			c.Result, c.Reason = coldwatch.Wrong, "PQS code "+code+" is that of the "+r.ix.pack.Equipment[m].Model+", not of the "+r.ix.pack.Equipment[near].Model+"."
		}
	}
	r.say(c, x)
}

// nearest gives the thing of a kind that stands nearest to a place within the same paragraph, at most so many bytes before
// or after it; -1 if there is none.
func (r *reading) nearest(at int, kind spotKind, before, after int) int {
	best, which := 1<<30, -1
	for i := range r.spots {
		x := &r.spots[i]
		if x.kind != kind {
			continue
		}
		d := 0
		switch {
		case x.end <= at:
			if d = at - x.end; d > before || crosses(r.folded.B[x.end:at]) {
				continue
			}
		case x.start >= at:
			if d = x.start - at; d > after || crosses(r.folded.B[at:x.start]) {
				continue
			}
			d += 10 // of two that are as near, what was said before
		}
		if d < best {
			best, which = d, x.index
		}
	}
	return which
}

// crosses tells whether a stretch holds more than two paragraph ends.
func crosses(b []byte) bool {
	n := 0
	for _, c := range b {
		if c == '\n' {
			n++
		}
	}
	return n > 4
}

const maxReferences = 6

// codeWords are what a certificate is called, then, from firstReference on, the words before a reference number.
var codeWords = [...]string{"iso 13485", "iso 9001", "iso 14001", "iso 17025", "iso13485", "iso9001", "iso17025", "ce mark", "ce certificate", "en 12830", "en12830",
	"gdp certificate", "gmp certificate", "certificate of conformity", "calibration certificate", "fda approval",
	"rfq", "rfp", "itb", "ref", "reference", "tender", "po", "order", "contract", "invoice", "awb", "quotation", "inquiry", "enquiry", "angebot", "anfrage", "bestellung",
	"rechnung", "commande", "devis", "facture", "pedido", "cotizacion", "ordine", "objednavka", "zamowienie", "lta", "case", "bid", "air waybill", "заказ", "заявка", "№", "编号", "番号", "번호"}

const firstReference = 16

// referenceAt reads the number behind a word such as "ref", which ends at i: where it begins and ends, 0 if there is none.
func referenceAt(b []byte, i int) (from, to int) {
	for _, skip := range [...]string{"no", "nr", "num", "number", "n"} {
		j := skipMarks(b, i)
		if lettersAt(b, j) == len(skip) && string(b[j:j+len(skip)]) == skip {
			i = j + len(skip)
			break
		}
	}
	i = skipMarks(b, i)
	j, digits := i, 0
	for j < len(b) && j < i+32 && (alnum(b[j]) || (b[j] == '-' || b[j] == '/' || b[j] == '.' || b[j] == '_') && j+1 < len(b) && alnum(b[j+1])) {
		if digit(b[j]) {
			digits++
		}
		j++
	}
	if digits < 3 || j-i < 4 {
		return 0, 0
	}
	return i, j
}

func skipMarks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == ':' || b[i] == '.' || b[i] == '#' || b[i] == '-') {
		i++
	}
	return i
}

// sayReference adds a reference number. An air waybill number has a check digit: the serial of seven modulo seven (IATA
// resolution 600a).
func (r *reading) sayReference(p, s, end int, word string) {
	x := spot{passage: p, start: s}
	x.from, x.to = r.folded.Source(s, end)
	v := string(r.folded.B[s:end])
	c := coldwatch.Claim{Kind: "reference", Value: strings.ToUpper(v), Result: coldwatch.Unverifiable, Reason: "The pack holds no reference numbers."}
	if word == "awb" || word == "air waybill" {
		serial := strings.NewReplacer("-", "", " ", "").Replace(v)
		if n, err := strconv.Atoi(serial); err == nil && len(serial) == 11 {
			c.Result, c.Reason = coldwatch.Plausible, "The check digit of the air waybill fits."
			if n%1e8/10%7 != n%10 {
				c.Result, c.Reason = coldwatch.Wrong, "The check digit of the air waybill does not fit its serial number."
			}
		}
	}
	r.say(c, x)
}
