package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// ImportLanes writes what events told into the user's own pack: lanes.csv and excursions.csv. A lane with the same id is
// replaced; every other row and column stays.
func ImportLanes(dir string, t Traced) error {
	var lanes, excursions [][]string
	for i := range t.Lanes {
		lanes = append(lanes, laneRow(&t.Lanes[i]))
	}
	for i := range t.Excursions {
		excursions = append(excursions, excursionRow(&t.Excursions[i]))
	}
	if err := putRows(dir, "lanes.csv", laneColumns, lanes, "id"); err != nil {
		return err
	}
	return putRows(dir, "excursions.csv", excursionColumns, excursions, excursionColumns...)
}

// ReadPrices reads a price list: CSV with the columns make, model, currency and either price or price_low and price_high;
// year and source may follow. Rows of one model make one band, from the lowest to the highest. What is known of the model
// otherwise is taken along. A row that is wrong is a problem, and the rest is read; an [InputError] says that nothing is
// left.
func ReadPrices(file string, r io.Reader, known *Pack) ([]Equipment, []Problem, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("price list: %w", err)
	}
	l := &loader{pack: &Pack{}, t: parseTable(file, raw, "make", "model", "currency")}
	base := map[string]*Equipment{}
	for i := range known.Equipment {
		base[equipmentKey(&known.Equipment[i])] = &known.Equipment[i]
	}
	var out []Equipment
	at := map[string]int{}
	for _, rec := range l.t.rows {
		e, reason, hint := l.price(rec)
		if reason == "" {
			key := equipmentKey(&e)
			if b := base[key]; b != nil {
				e.Make, e.Model, e.MakeOrgID, e.Category, e.PQSCode = b.Make, b.Model, b.MakeOrgID, b.Category, b.PQSCode
				e.TempMinC, e.TempMaxC, e.ColdSource, e.CapacityL = b.TempMinC, b.TempMaxC, b.ColdSource, b.CapacityL
			}
			i, again := at[key]
			switch {
			case !again:
				at[key] = len(out)
				out = append(out, e)
			case out[i].Currency != e.Currency:
				reason, hint = e.Model+" has prices in "+out[i].Currency+" and "+e.Currency+"; the row was left out", "convert them into one currency"
			default:
				low, high := min(*out[i].PriceLow, *e.PriceLow), max(*out[i].PriceHigh, *e.PriceHigh)
				out[i].PriceLow, out[i].PriceHigh = &low, &high
				out[i].PriceYear = max(out[i].PriceYear, e.PriceYear)
			}
		}
		if reason != "" {
			l.t.problem(rec.line, true, reason, hint)
		}
	}
	if len(out) == 0 {
		reason, hint := "the price list has no rows", "the first line names the columns make,model,price,currency"
		if len(l.t.problems) > 0 {
			p := l.t.problems[0]
			reason, hint = fmt.Sprintf("no row of the price list can be used; line %d: %s", p.Line, p.Reason), first(p.Hint, hint)
		}
		return nil, l.t.problems, &InputError{reason, hint}
	}
	return out, l.t.problems, nil
}

// price reads one row of a price list.
func (l *loader) price(rec record) (e Equipment, reason, hint string) {
	e = Equipment{Make: l.t.cell(rec, "make"), Model: l.t.cell(rec, "model"), Currency: strings.ToUpper(l.t.cell(rec, "currency")), Source: first(l.t.cell(rec, "source"), "own price list")}
	if e.Make == "" || e.Model == "" {
		return e, "make or model is empty; the row was left out", "both name the equipment"
	}
	if len(e.Currency) != 3 || strings.Trim(e.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return e, fmt.Sprintf("%q is no currency; the row was left out", e.Currency), "write three letters of ISO 4217, such as USD"
	}
	one := l.positive(rec, "price")
	low, high := l.positive(rec, "price_low"), l.positive(rec, "price_high")
	if low == nil {
		low = one
	}
	if high == nil {
		high = one
	}
	switch {
	case low == nil && high == nil:
		return e, "the row has no price; it was left out", "fill in price, or price_low and price_high"
	case low == nil:
		low = high
	case high == nil:
		high = low
	}
	if *low > *high {
		return e, "price_low is above price_high; the row was left out", "swap them"
	}
	if *low == 0 {
		return e, "a price of 0 says nothing; the row was left out", "leave out models without a price"
	}
	e.PriceLow, e.PriceHigh = low, high
	for _, column := range []string{"price_year", "year"} {
		if y := l.number(rec, column); y != nil && *y >= 1900 && *y < 2200 {
			e.PriceYear = int(*y)
		}
	}
	return e, "", ""
}

// ImportPrices writes price bands into equipment.csv of the user's own pack. A row of the same make and model is replaced,
// every other row and column stays.
func ImportPrices(dir string, prices []Equipment) error {
	var rows [][]string
	for i := range prices {
		rows = append(rows, equipmentRow(&prices[i]))
	}
	return putRows(dir, "equipment.csv", equipmentColumns, rows, "make", "model")
}

// putRows puts rows into a table of the user's own pack, in place of those that agree in the key columns. The pack is made
// when there is none.
func putRows(dir, name string, columns []string, rows [][]string, key ...string) error {
	if len(rows) == 0 {
		return nil
	}
	path := filepath.Join(dir, name)
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("chain pack: %w", err)
	}
	header, delim := columns, byte(',')
	var old [][]string
	if text, was := toUTF8(raw); strings.TrimSpace(string(text)) != "" {
		t := parseTable(name, raw)
		if was == "UTF-16" || len(raw) > maxFile || len(t.rows) == maxRows {
			return &InputError{path + " is UTF-16 or too large", "save it as CSV UTF-8, or move it away, and try again"}
		}
		head, _ := t.header(&lineReader{text: string(text)})
		header, delim = head.cells, t.delim
		for _, rec := range t.rows {
			old = append(old, rec.cells)
		}
	}
	at := map[string]int{}
	for i, c := range header {
		if _, twice := at[columnName(c)]; !twice {
			at[columnName(c)] = i
		}
	}
	for _, c := range columns {
		if _, there := at[c]; !there {
			at[c] = len(header)
			header = append(slices.Clone(header), c)
		}
	}
	keyOf := func(row []string) string {
		var parts []string
		for _, k := range key {
			v := ""
			if i := at[k]; i < len(row) {
				v = strings.ToLower(strings.TrimSpace(row[i]))
			}
			parts = append(parts, v)
		}
		return strings.Join(parts, "\x00")
	}
	where := map[string]int{}
	for i, row := range old {
		where[keyOf(row)] = i
	}
	for _, row := range rows {
		full := make([]string, len(header))
		for i, c := range columns {
			full[at[c]] = row[i]
		}
		i, replaces := where[keyOf(full)]
		if !replaces {
			where[keyOf(full)] = len(old)
			old = append(old, full)
			continue
		}
		for j := range min(len(header), len(old[i])) { // a column of the user's own keeps its cell
			if !slices.Contains(columns, columnName(header[j])) {
				full[j] = old[i][j]
			}
		}
		old[i] = full
	}
	var b bytes.Buffer
	for _, row := range append([][]string{header}, old...) {
		writeRow(&b, row, delim)
	}
	return putOwn(dir, name, b.Bytes())
}

// putOwn writes a file of the user's own pack, and makes the pack around it when there is none.
func putOwn(dir, name string, content []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("chain pack: %w", err)
	}
	if err := writeFile(filepath.Join(dir, name), content); err != nil {
		return err
	}
	manifestPath := filepath.Join(dir, "pack.yaml")
	if _, err := os.Stat(manifestPath); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	head, err := yaml.Marshal(manifest{Name: "own", Version: "1", Description: "What we know ourselves, over the embedded pack", Extends: EmbeddedName})
	if err != nil {
		return fmt.Errorf("chain pack: %w", err)
	}
	return writeFile(manifestPath, head)
}
