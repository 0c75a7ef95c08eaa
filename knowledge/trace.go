package knowledge

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// A tracer follows objects through events in the order of time.
type tracer struct {
	known    *Pack
	o        EPCISOptions
	parties  map[string]string // key → organisation
	products map[string]string // key → vaccine
	names    map[string]string // key → name, from the document's master data
	vaccines map[string]*Vaccine
	objects  map[string]*object
	inside   map[string]map[string]bool // parcel → what it holds
	touched  int

	unknownParties, unknownProducts map[string]bool
}

// An object is a thing, or a quantity of a lot, with the way that it took.
type object struct {
	vaccine string
	stops   []string
	bound   string // where it was last sent to
	first   time.Time
	units   float64
	past    []reading // temperatures past the limits
}

type reading struct {
	at             time.Time
	holder         string
	celsius, limit float64
}

func newTracer(known *Pack, o EPCISOptions, names map[string]string) (*tracer, error) {
	x := &tracer{known: known, o: o, parties: map[string]string{}, products: map[string]string{}, names: names, vaccines: map[string]*Vaccine{},
		objects: map[string]*object{}, inside: map[string]map[string]bool{}, unknownParties: map[string]bool{}, unknownProducts: map[string]bool{}}
	for i := range known.Organisations {
		org := &known.Organisations[i]
		for _, n := range append([]string{org.ID, org.Name}, org.Aliases...) {
			x.parties[epcisKey(n)] = org.ID
		}
	}
	for i := range known.Vaccines {
		v := &known.Vaccines[i]
		x.vaccines[v.ID] = v
		x.products[epcisKey(v.ID)], x.products[epcisKey(v.Name)] = v.ID, v.ID
	}
	for _, id := range slices.Sorted(maps.Keys(o.Parties)) {
		org := strings.ToLower(o.Parties[id])
		if known.Organisation(org) == nil {
			return nil, &InputError{"the pack has no organisation " + org, "coldwatch pack show --organisations lists them"}
		}
		x.parties[epcisKey(id)] = org
	}
	for _, id := range slices.Sorted(maps.Keys(o.Products)) {
		v := strings.ToLower(o.Products[id])
		if x.vaccines[v] == nil {
			return nil, &InputError{"the pack has no vaccine " + v, "the vaccines are " + strings.Join(slices.Sorted(maps.Keys(x.vaccines)), ", ")}
		}
		x.products[epcisKey(id)] = v
	}
	if o.Vaccine != "" && x.vaccines[strings.ToLower(o.Vaccine)] == nil {
		return nil, &InputError{"the pack has no vaccine " + o.Vaccine, "the vaccines are " + strings.Join(slices.Sorted(maps.Keys(x.vaccines)), ", ")}
	}
	if o.DosesPerUnit < 0 || math.IsNaN(o.DosesPerUnit) || math.IsInf(o.DosesPerUnit, 0) {
		return nil, &InputError{"the doses of a unit are below zero", "such as 1170 for a tray of 195 vials of six doses"}
	}
	return x, nil
}

// party names the organisation behind an identifier of a party or place, "" when the pack knows none.
func (x *tracer) party(id string) string {
	if id == "" {
		return ""
	}
	key := epcisKey(id)
	org := x.parties[key]
	if name := x.names[key]; org == "" && name != "" {
		org = x.parties[epcisKey(name)]
	}
	if org == "" {
		if u, err := url.Parse(id); err == nil && u.Host != "" {
			if o := x.known.OwnerOf(strings.ToLower(u.Hostname())); o != nil {
				org = o.ID
			}
		}
	}
	if org == "" {
		x.unknownParties[id] = true
	}
	return org
}

// vaccineOf names the vaccine of an object, "" when none is known. A parcel's own number says nothing.
func (x *tracer) vaccineOf(id string) string {
	key := epcisKey(id)
	v := x.products[key]
	if name := x.names[key]; v == "" && name != "" {
		v = x.products[epcisKey(name)]
	}
	if v == "" {
		v = strings.ToLower(x.o.Vaccine)
	}
	if v == "" {
		x.unknownProducts[cmp.Or(strings.TrimPrefix(key, "gtin:"), id)] = true
	}
	return v
}

func isParcel(id string) bool {
	id = strings.ToLower(id)
	return strings.Contains(id, ":sscc:") || strings.Contains(id, ":grai:") || strings.Contains(id, ":giai:") || strings.Contains(id, "/00/") ||
		strings.Contains(id, "/8003/") || strings.Contains(id, "/8004/")
}

// follow applies one event to what it is about, and to what lies in that.
func (x *tracer) follow(e *epcisEvent) error {
	units := map[string]float64{}
	about := slices.Concat(e.EPCs, e.Children, e.Outputs)
	for _, q := range slices.Concat(e.Quantities, e.ChildCounts, e.OutCounts) {
		if q.Class != "" {
			about = append(about, q.Class)
			if q.Quantity > 0 && q.Quantity < 1e12 {
				units[q.Class] += q.Quantity
			}
		}
	}
	if e.Parent != "" {
		if err := x.pack(e, about); err != nil {
			return err
		}
		about = append(about, e.Parent)
	}
	held, bound := x.holders(e)
	past := x.temperatures(e)
	seen := map[string]bool{}
	for len(about) > 0 {
		id := about[len(about)-1]
		about = about[:len(about)-1]
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		if x.touched++; x.touched > maxTouch {
			return &InputError{"the events move too many objects", "split the file by time or by product"}
		}
		for c := range x.inside[id] {
			about = append(about, c)
		}
		if isParcel(id) {
			continue
		}
		if err := x.move(id, e.at, held, bound, units[id], past); err != nil {
			return err
		}
	}
	return nil
}

// pack keeps what lies in what: an aggregation adds to a parcel or takes from it.
func (x *tracer) pack(e *epcisEvent, children []string) error {
	in := x.inside[e.Parent]
	if strings.EqualFold(e.Action, "DELETE") {
		if len(children) == 0 {
			clear(in)
		}
		for _, c := range children {
			delete(in, c)
		}
		return nil
	}
	if in == nil {
		in = map[string]bool{}
		x.inside[e.Parent] = in
	}
	for _, c := range children {
		if x.touched++; x.touched > maxTouch {
			return &InputError{"the events pack too many objects", "split the file by time or by product"}
		}
		in[c] = true
	}
	return nil
}

// holders gives who had the objects, in order, and whom they were sent to.
func (x *tracer) holders(e *epcisEvent) (held []string, bound string) {
	possessing := func(list []sourceDest) string {
		org := ""
		for _, s := range list {
			if kind := strings.ToLower(s.Type); strings.HasSuffix(kind, "possessing_party") || org == "" && strings.HasSuffix(kind, "location") {
				if p := x.party(cmp.Or(s.Source, s.Destination)); p != "" {
					org = p
				}
			}
		}
		return org
	}
	for _, org := range []string{possessing(e.Sources), x.party(string(e.ReadPoint)), x.party(string(e.Location))} {
		if org != "" && !slices.Contains(held, org) {
			held = append(held, org)
		}
	}
	bound = possessing(e.Dests)
	step := strings.ToLower(e.BizStep)
	if bound != "" && (strings.HasSuffix(step, "receiving") || strings.HasSuffix(step, "accepting") || strings.HasSuffix(step, "arriving")) {
		if !slices.Contains(held, bound) {
			held = append(held, bound)
		}
		bound = ""
	}
	return held, bound
}

// temperatures gives the readings of an event in degrees Celsius, limits not yet looked at.
func (x *tracer) temperatures(e *epcisEvent) []reading {
	var out []reading
	for _, s := range e.Sensors {
		for _, r := range s.Reports {
			kind := strings.ToLower(r.Type)
			if i := strings.LastIndexAny(kind, ":/#"); i >= 0 {
				kind = kind[i+1:]
			}
			if kind != "temperature" {
				continue
			}
			at := e.at
			for _, t := range []string{s.Metadata.Start, s.Metadata.Time, r.Time} {
				if when, ok := epcisTime(t); ok {
					at = when
				}
			}
			for _, v := range []*float64{r.Value, r.Min, r.Max} {
				if v == nil {
					continue
				}
				if c, ok := celsius(*v, r.Unit); ok {
					out = append(out, reading{at: at, celsius: c})
				}
			}
		}
	}
	return out
}

// celsius converts from the units of UN/CEFACT Recommendation 20.
func celsius(v float64, unit string) (float64, bool) {
	switch strings.ToUpper(unit) {
	case "CEL", "":
	case "FAH":
		v = (v - 32) * 5 / 9
	case "KEL":
		v -= 273.15
	default:
		return 0, false
	}
	return math.Round(v*100) / 100, v > -274 && v < 500
}

// move notes a step of one object.
func (x *tracer) move(id string, at time.Time, held []string, bound string, units float64, past []reading) error {
	o := x.objects[id]
	if o == nil {
		if len(x.objects) >= maxTraced {
			return &InputError{fmt.Sprintf("the events are about more than %d objects", maxTraced), "split the file by time or by product"}
		}
		o = &object{vaccine: x.vaccineOf(id), first: at, units: 1}
		x.objects[id] = o
	}
	if units > 0 {
		o.units = max(o.units, units)
	}
	for i, org := range held {
		if i+1 < len(held) && slices.Contains(o.stops, org) {
			continue // a source that had it before
		}
		if n := len(o.stops); n == 0 || o.stops[n-1] != org {
			o.stops = append(o.stops, org)
		}
	}
	if bound != "" {
		o.bound = bound
	}
	v := x.vaccines[o.vaccine]
	if v == nil || len(o.stops) == 0 {
		return nil
	}
	for _, r := range past {
		r.holder = o.stops[len(o.stops)-1]
		switch {
		case v.StorageMaxC != nil && r.celsius > *v.StorageMaxC:
			r.limit = *v.StorageMaxC
		case v.StorageMinC != nil && r.celsius < *v.StorageMinC:
			r.limit = *v.StorageMinC
		default:
			continue
		}
		o.past = append(o.past, r)
	}
	return nil
}

// result puts objects of one vaccine that took the same way into one lane. A part of a way, of objects whose events begin
// late or end early, belongs to the longest way that it lies on.
func (x *tracer) result() Traced {
	type way struct {
		vaccine string
		stops   []string
		objects []*object
	}
	ways := map[string]*way{}
	for _, id := range slices.Sorted(maps.Keys(x.objects)) {
		o := x.objects[id]
		if o.bound != "" && !slices.Contains(o.stops, o.bound) {
			o.stops = append(o.stops, o.bound)
		}
		if o.vaccine == "" || len(o.stops) < 2 {
			continue
		}
		key := laneID(o.vaccine, o.stops)
		if ways[key] == nil {
			ways[key] = &way{vaccine: o.vaccine, stops: o.stops}
		}
		ways[key].objects = append(ways[key].objects, o)
	}
	order := slices.SortedFunc(maps.Keys(ways), func(a, b string) int {
		return cmp.Or(len(ways[b].stops)-len(ways[a].stops), strings.Compare(a, b))
	})
	var whole []string
	for _, key := range order {
		w := ways[key]
		i := slices.IndexFunc(whole, func(k string) bool { return ways[k].vaccine == w.vaccine && lies(w.stops, ways[k].stops) })
		if i < 0 {
			whole = append(whole, key)
			continue
		}
		ways[whole[i]].objects = append(ways[whole[i]].objects, w.objects...)
	}
	t := Traced{UnknownParties: sortedSet(x.unknownParties), UnknownProducts: sortedSet(x.unknownProducts)}
	slices.Sort(whole)
	for _, key := range whole {
		w := ways[key]
		lane := Lane{ID: key, VaccineID: w.vaccine, Stops: w.stops}
		if x.o.DosesPerUnit > 0 {
			lane.DosesLow, lane.DosesHigh = perWeek(w.objects, x.o.DosesPerUnit)
		}
		t.Lanes = append(t.Lanes, lane)
		t.Excursions = append(t.Excursions, worst(key, w.objects)...)
	}
	return t
}

// lies tells whether part is a stretch of whole.
func lies(part, whole []string) bool {
	for i := 0; i+len(part) <= len(whole); i++ {
		if slices.Equal(part, whole[i:i+len(part)]) {
			return true
		}
	}
	return false
}

// perWeek gives the least and the most doses of a week that began on the lane, between the first week and the last; these
// two are seen in part only and are left out where others remain.
func perWeek(objects []*object, doses float64) (low, high *float64) {
	const week = 7 * 24 * 3600
	weeks := map[int64]float64{}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, o := range objects {
		w := o.first.Unix() / week
		first, last = min(first, w), max(last, w)
		weeks[w] += o.units * doses
	}
	if last-first >= 2 {
		first, last = first+1, last-1
	}
	least, most := math.Inf(1), 0.0
	for w := first; w <= last; w++ {
		least, most = min(least, weeks[w]), max(most, weeks[w])
	}
	return &least, &most
}

// worst keeps the temperature furthest past the limit of each day, holder and side.
func worst(lane string, objects []*object) []coldwatch.Excursion {
	type slot struct {
		day    int64
		holder string
		limit  float64
	}
	by := map[slot]coldwatch.Excursion{}
	for _, o := range objects {
		for _, r := range o.past {
			k := slot{r.at.Unix() / 86400, r.holder, r.limit}
			old, known := by[k]
			if beyond := math.Abs(r.celsius - r.limit); !known || beyond > math.Abs(old.Celsius-r.limit) || beyond == math.Abs(old.Celsius-r.limit) && r.at.Before(old.At) {
				by[k] = coldwatch.Excursion{At: r.at, Lane: lane, Organisation: r.holder, Celsius: r.celsius, Limit: r.limit}
			}
		}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b coldwatch.Excursion) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Limit, b.Limit))
	})
}
