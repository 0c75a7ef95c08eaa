package profile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A Band is one of the seven bands of ICD 203.
type Band struct {
	Words    string  // the first row, the only one that coldwatch writes
	Synonym  string  // the second row
	Low, Top float64 // probability
}

// Bands are the bands of ICD 203 in rising order.
func Bands() [7]Band {
	return [7]Band{
		{"almost no chance", "remote", .01, .05},
		{"very unlikely", "highly improbable", .05, .20},
		{"unlikely", "improbable", .20, .45},
		{"roughly even chance", "roughly even odds", .45, .55},
		{"likely", "probable", .55, .80},
		{"very likely", "highly probable", .80, .95},
		{"almost certain", "nearly certain", .95, .99},
	}
}

// Words gives the ICD 203 words for a probability.
func Words(p float64) string {
	bands := Bands()
	for _, b := range bands {
		if p < b.Top {
			return b.Words
		}
	}
	return bands[6].Words
}

func compare[T cmp.Ordered](a, b T) int { return cmp.Compare(a, b) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func counted(n int, one, many string) string { return strconv.Itoa(n) + " " + plural(n, one, many) }

func date(t time.Time) string { return t.UTC().Format("2 January 2006") }

func percent(p float64) string {
	switch {
	case p > 0 && p < .01:
		return "under 1 %"
	case p < 1 && p > .99:
		return "over 99 %"
	}
	return fmt.Sprintf("%.0f %%", p*100)
}

// thousands writes a number with its thousands apart: 1 250 000 as "1,250,000".
func thousands(x float64) string {
	s := strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// oneLine makes a sender's words fit for a line of ours: no control or format characters, at most eighty letters.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.C, r) }), " ")
	if r := []rune(s); len(r) > 80 {
		s = string(r[:79]) + "…"
	}
	return s
}

// list joins as prose: "a, b and c"; beyond the limit "a, b and 3 more".
func list(items []string, limit int) string {
	switch n := len(items); {
	case n == 0:
		return ""
	case n == 1:
		return items[0]
	case n <= limit:
		return strings.Join(items[:n-1], ", ") + " and " + items[n-1]
	default:
		return strings.Join(items[:limit], ", ") + " and " + strconv.Itoa(n-limit) + " more"
	}
}
