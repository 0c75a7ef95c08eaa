package claim

import (
	"fmt"
	"math"
	"sort"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// check settles what only the whole message tells, then holds every number against the pack.
func (r *reading) check() {
	r.company()
	r.checkMakes()
	only := r.onlyModel()
	for i := range r.claims {
		c, n := &r.claims[i], &r.values[i]
		switch c.Kind {
		case "capacity", "quantity", "price", "total":
			if n.model < 0 && only >= 0 && !n.other {
				n.model = only
				c.Subject = r.ix.subject(only)
			}
		}
		switch c.Kind {
		case "capacity":
			r.checkCapacity(c, n)
		case "temperature":
			r.checkTemperature(c, n)
		case "price":
			r.checkPrice(c, n)
		case "quantity":
			c.Reason = "The pack does not know what is needed."
		}
	}
	for i := range r.claims {
		if r.claims[i].Kind == "total" {
			r.checkTotal(i)
		}
	}
}

// company lets in the names that mean other things too, where their make, or the chain, is spoken of.
func (r *reading) company() {
	for _, x := range r.pending {
		if x.kind == spotModel && r.makeNamed(x.index) {
			r.models[x.index] = true
			r.sayModel(x)
		}
	}
	chain := len(r.models) > 0 || len(r.makes) > 0 || r.programmeByName || r.a.Lure.Chain
	if !chain {
		return
	}
	named := r.programmeByName
	for _, x := range r.pending {
		if x.kind != spotModel {
			r.name(x)
		}
	}
	r.programmeByName = named
}

// onlyModel gives the one model that the message names, -1 if there are none or several.
func (r *reading) onlyModel() int {
	if len(r.models) != 1 {
		return -1
	}
	for m := range r.models {
		return m
	}
	return -1
}

func (r *reading) checkMakes() {
	made := map[int]bool{} // makes of the models named
	for m := range r.models {
		made[r.ix.makeOf[m]] = true
	}
	named := make([]int, 0, len(r.makes))
	for m := range r.makes {
		named = append(named, m)
	}
	sort.Ints(named)
	for _, m := range named {
		c := coldwatch.Claim{Kind: "make", Value: r.ix.makes[m], Result: coldwatch.Plausible, Reason: "The pack knows the make; the message names no model of it."}
		switch {
		case made[m]:
			c.Result, c.Reason = coldwatch.Correct, "The pack knows the make, and that it makes a model that the message names."
		case len(named) == 1 && len(r.models) > 0:
			c.Result, c.Reason = coldwatch.Wrong, "None of the models that the message names is of this make."
		}
		r.say(c, r.makes[m])
	}
}

func (r *reading) equipment(n *number) *knowledge.Equipment {
	if n.model < 0 {
		return nil
	}
	return &r.ix.pack.Equipment[n.model]
}

// How far a stated capacity may lie from the pack's net volume: rounding, and the gross volume, which is larger.
const (
	roundShare = 0.03
	grossShare = 1.7
)

func (r *reading) checkCapacity(c *coldwatch.Claim, n *number) {
	e := r.equipment(n)
	if e == nil || e.CapacityL == nil || *e.CapacityL <= 0 {
		c.Reason = "The pack does not know the capacity."
		return
	}
	want := *e.CapacityL
	switch {
	case math.Abs(n.low-want) <= max(want*roundShare, 1):
		c.Result, c.Reason = coldwatch.Correct, fmt.Sprintf("The %s holds %s l.", e.Model, format(want))
	case n.low > want*(1-5*roundShare) && n.low <= want*grossShare:
		c.Result, c.Reason = coldwatch.Plausible, fmt.Sprintf("The %s holds %s l net; the figure may be gross.", e.Model, format(want))
	default:
		c.Result, c.Reason = coldwatch.Wrong, fmt.Sprintf("The %s holds %s l.", e.Model, format(want))
	}
}

// bands are the temperatures at which the chain stores, °C: the usual ones of WHO's equipment categories.
var bands = [...][2]float64{{2, 8}, {-25, -15}, {-90, -60}, {-80, -60}, {15, 25}}

const degree = 1 // a degree either way is rounding

func (r *reading) checkTemperature(c *coldwatch.Claim, n *number) {
	if n.other {
		c.Reason = "It speaks of the surroundings or of an event, not of a storage temperature."
		return
	}
	if n.vaccine >= 0 {
		v := &r.ix.pack.Vaccines[n.vaccine]
		if v.StorageMinC != nil && v.StorageMaxC != nil {
			r.withinStorage(c, n, v.Name+" is stored", *v.StorageMinC, *v.StorageMaxC)
			return
		}
	}
	if e := r.equipment(n); e != nil && e.TempMinC != nil && e.TempMaxC != nil {
		r.withinStorage(c, n, "The "+e.Model+" stores", *e.TempMinC, *e.TempMaxC)
		return
	}
	c.Reason = "The message does not say of what, or the pack does not know it."
	for _, b := range bands {
		if n.low >= b[0]-degree && n.high <= b[1]+degree {
			c.Result, c.Reason = coldwatch.Plausible, fmt.Sprintf("The chain stores at %s to %s °C.", format(b[0]), format(b[1]))
			return
		}
	}
}

func (r *reading) withinStorage(c *coldwatch.Claim, n *number, what string, low, high float64) {
	says := fmt.Sprintf("%s at %s to %s °C.", what, format(low), format(high))
	switch {
	case n.low >= low-degree && n.high <= high+degree:
		c.Result, c.Reason = coldwatch.Correct, says
	case n.low < n.high && n.low <= high && n.high >= low:
		c.Result, c.Reason = coldwatch.Plausible, says+" The range stated overlaps."
	case high < 0 && n.low >= 2-degree && n.high <= 8+degree:
		c.Result, c.Reason = coldwatch.Plausible, says+" After thawing 2 to 8 °C is usual."
	default:
		c.Result, c.Reason = coldwatch.Wrong, says
	}
}

// slack is how far outside of its band a price is still plausible; years, freight and discounts move it.
const slack = 0.25

func (r *reading) checkPrice(c *coldwatch.Claim, n *number) {
	e := r.equipment(n)
	if n.other || e == nil || e.PriceLow == nil && e.PriceHigh == nil {
		c.Reason = "The pack has no price band for it."
		return
	}
	if n.currency != e.Currency && e.Currency != "" {
		c.Reason = "The pack's price band is in " + e.Currency + "."
		return
	}
	low, high := ends(e)
	band := fmt.Sprintf("The pack's price band of the %s is %s %s to %s.", e.Model, e.Currency, format(low), format(high))
	switch {
	case n.low >= low && n.low <= high:
		c.Result, c.Reason = coldwatch.Correct, band
	case n.low >= low*(1-slack) && n.low <= high*(1+slack):
		c.Result, c.Reason = coldwatch.Plausible, band
	case r.adds(n):
		c.Kind = "total"
	default:
		c.Result, c.Reason = coldwatch.Wrong, band
	}
}

func ends(e *knowledge.Equipment) (low, high float64) {
	switch {
	case e.PriceLow == nil:
		return 0, *e.PriceHigh
	case e.PriceHigh == nil:
		return *e.PriceLow, *e.PriceLow
	}
	return *e.PriceLow, *e.PriceHigh
}

// adds tells whether an amount is the product of a quantity and a price that the same passage states: a total without the word.
func (r *reading) adds(n *number) bool {
	for i := range r.claims {
		for j := range r.claims {
			q, p := &r.values[i], &r.values[j]
			if r.claims[i].Kind == "quantity" && r.claims[j].Kind == "price" && p != n && q.passage == n.passage && p.passage == n.passage && q.low > 1 && same(q.low*p.low, n.low) {
				return true
			}
		}
	}
	return false
}

// same allows for rounding.
func same(a, b float64) bool { return math.Abs(a-b) <= max(1, 0.002*math.Abs(b)) }

// checkTotal does the sum: each quantity times the price of the same model, in the same passage.
func (r *reading) checkTotal(i int) {
	c, n := &r.claims[i], &r.values[i]
	var products []float64
	other := false
	for j := range r.claims {
		p := &r.values[j]
		if r.claims[j].Kind != "price" || p.passage != n.passage || j == i {
			continue
		}
		if p.other || p.currency != n.currency {
			other = true
			continue
		}
		if q, ok := r.quantityOf(p); ok {
			products = append(products, q*p.low)
		}
	}
	sum := 0.0
	for _, x := range products {
		if same(x, n.low) {
			c.Result, c.Reason = coldwatch.Correct, "Quantity times price gives the total."
			return
		}
		sum += x
	}
	switch {
	case len(products) == 0 || other:
		c.Reason = "The message does not give every figure that the total rests on."
	case same(sum, n.low):
		c.Result, c.Reason = coldwatch.Correct, "The lines add up to the total."
	case len(products) == 1:
		c.Result, c.Reason = coldwatch.Wrong, "Quantity times price gives "+format(sum)+"."
	default:
		c.Reason = "The lines that could be read do not add up to it."
	}
}

// quantityOf gives the quantity that stands nearest to a price, of the same model and passage.
func (r *reading) quantityOf(p *number) (float64, bool) {
	best, q := 1<<30, 0.0
	for j := range r.claims {
		n := &r.values[j]
		if r.claims[j].Kind != "quantity" || n.passage != p.passage || n.model != p.model {
			continue
		}
		if d := abs(n.at - p.at); d < best {
			best, q = d, n.low
		}
	}
	return q, best < 1<<30
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}

// names lists the models, programmes and vaccines named, sorted.
func (r *reading) names() (models, programmes, vaccines []string) {
	for m := range r.models {
		models = append(models, r.ix.subject(m))
	}
	for i := range r.claims {
		switch c := &r.claims[i]; c.Kind {
		case "programme":
			programmes = append(programmes, c.Value)
		case "vaccine":
			vaccines = append(vaccines, c.Value)
		}
	}
	sort.Strings(models)
	sort.Strings(programmes)
	sort.Strings(vaccines)
	return models, programmes, vaccines
}
