// Package brand knows the brands that phishing most often pretends to be, and the domains that truly send for them.
//
// The list in brands.csv is ours: names from the regular public rankings of impersonated brands (APWG Phishing Activity
// Trends, the quarterly brand phishing reports of mail security vendors), domains from the brands' own sites and mail. A
// brand whose name is also a common word or a person's name is marked "word" and counts only as a whole display name or
// beside a word of service ("Chase Online", "Apple Support").
package brand

import (
	_ "embed"
	"encoding/csv"
	"strings"
	"sync"

	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
)

//go:embed brands.csv
var text string

// A Brand is one name with what belongs to it.
type Brand struct {
	Name    string
	Domains []string
	Word    bool
}

// A List finds brands in names and domains. It is never changed and safe for concurrent use.
type List struct {
	brands   []Brand
	first    map[string][]name // first word → names, longest first
	owner    map[string]int    // domain → brand
	imitated *lookalike.Index
}

type name struct {
	words []string
	brand int
	word  bool
}

// Default returns the embedded list.
var Default = sync.OnceValue(func() *List { return load(text) })

func load(text string) *List {
	l := &List{first: map[string][]name{}, owner: map[string]int{}}
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', -1
	rows, _ := r.ReadAll() // the table is ours and a test reads every row
	var protected []lookalike.Protected
	for _, row := range rows {
		if len(row) < 3 {
			continue
		}
		b, i := Brand{Domains: strings.Fields(row[1]), Word: row[2] == "word"}, len(l.brands)
		for j, n := range strings.Split(row[0], ";") {
			if j == 0 {
				b.Name = n
			}
			if w := split(n); len(w) > 0 {
				l.first[w[0]] = append(l.first[w[0]], name{w, i, b.Word && len(w) == 1})
			}
		}
		for j, d := range b.Domains {
			l.owner[d] = i
			if label := names.Label(d); j < 3 && len(label) >= 5 && !b.Word {
				protected = append(protected, lookalike.Protected{Domain: d, Label: label, Owner: i})
			}
		}
		l.brands = append(l.brands, b)
	}
	l.imitated = lookalike.New(protected)
	return l
}

func split(s string) []string {
	s = names.Fold(s)
	var out []string
	names.Words(s, func(i, j int) bool { out = append(out, s[i:j]); return len(out) < 32 })
	return out
}

// Owner returns the brand that a domain belongs to, nil if none.
func (l *List) Owner(domain string) *Brand {
	for d := domain; d != ""; {
		if i, ok := l.owner[d]; ok {
			return &l.brands[i]
		}
		dot := strings.IndexByte(d, '.')
		if dot < 0 {
			return nil
		}
		d = d[dot+1:]
	}
	return nil
}

// Owns tells whether the domain is one of the brand's own.
func (b *Brand) Owns(domain string) bool {
	for _, d := range b.Domains {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}

// InName returns the brand that a display name claims to be, nil if none. Letters that look alike count as the same.
func (l *List) InName(display string) *Brand {
	if open := strings.LastIndexByte(display, '('); open > 0 && strings.HasSuffix(strings.TrimSpace(display), ")") {
		display = display[:open] // "Anna Example (Google)" works there
	}
	if b := l.in(split(display), true); b != nil {
		return b
	}
	if plain := names.Fold(display); names.Skeleton(display) != plain {
		for _, w := range strings.Fields(display) {
			if names.Mixed(w) {
				return l.in(split(unmix(display)), true)
			}
		}
		if joined := strings.Join(split(plain), ""); len(joined) >= 5 && len(joined) <= 20 && strings.ContainsAny(joined, "01345") {
			return l.in(split(digits.Replace(plain)), true)
		}
	}
	return nil
}

// InText returns the brands that a text names, in order, at most most. Brands whose name is a word do not count here.
func (l *List) InText(s string, most int) []*Brand {
	var out []*Brand
	words := split(s)
	for i := 0; i < len(words) && len(out) < most; i++ {
		if n := l.at(words, i); n != nil && !n.word {
			out = append(out, &l.brands[n.brand])
			i += len(n.words) - 1
		}
	}
	return out
}

var digits = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s")

// unmix replaces the letters of other alphabets by the Latin ones that they pass for.
func unmix(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(names.Skeleton(string(r)))
		}
	}
	return b.String()
}

func (l *List) in(words []string, whole bool) *Brand {
	for i := range words {
		n := l.at(words, i)
		if n == nil {
			continue
		}
		if !n.word {
			return &l.brands[n.brand]
		}
		if len(words) == 1 || len(words) <= 5 && l.service(words, i) {
			return &l.brands[n.brand]
		}
	}
	return nil
}

func (l *List) at(words []string, i int) *name {
	var best *name
	list := l.first[words[i]]
	for k := range list {
		n := &list[k]
		if best != nil && len(n.words) <= len(best.words) || i+len(n.words) > len(words) {
			continue
		}
		match := true
		for j, w := range n.words {
			match = match && words[i+j] == w
		}
		if match {
			best = n
		}
	}
	return best
}

// service tells whether every word but the brand's is one that a company's mail service goes by.
func (l *List) service(words []string, brand int) bool {
	for i, w := range words {
		if i != brand && !services[w] {
			return false
		}
	}
	return true
}

var services = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`support team security secure billing account accounts service services customer client help care desk id online bank banking
		alert alerts notification notifications notice info update updates verification verify no reply noreply store shop pay payments payment card cards
		mail email inc com corporate company group mobile app cloud invoice orders order department dept center centre prime rewards delivery express the
		official it kundenservice kundendienst soporte servicio atencion cliente clientes suporte atendimento service-client mobil member members`) {
		out[w] = true
	}
	return out
}()

// Imitated returns the brand that a host imitates and how, nil if none.
func (l *List) Imitated(host string) (*Brand, lookalike.Match) {
	if l.Owner(host) != nil {
		return nil, lookalike.Match{}
	}
	if names.FreeMail(host) {
		return nil, lookalike.Match{}
	}
	m, ok := l.imitated.Find(host)
	if !ok || m.Kind == lookalike.Edit && (len(m.Label) < 7 || len(names.Label(host)) < 7) || m.Kind == lookalike.Edit2 {
		return nil, lookalike.Match{} // short names of brands are a letter off too many words
	}
	if m.Kind == lookalike.Combosquat && plainLabels[m.Label] {
		for _, w := range strings.Split(m.Added, "-") {
			if !services[w] {
				return nil, lookalike.Match{} // "customs-office-services" is an office, not Office
			}
		}
	}
	return &l.brands[m.Owner], m
}

// plainLabels are labels of brands' domains that are words of everyday names as well.
var plainLabels = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`office outlook windows live azure messenger workplace dynamics android blogger correos hermes kindle audible orange target shell chase
		apple discover wise square stripe zoom dropbox box canvas indeed steam epic twitch`) {
		out[w] = true
	}
	return out
}()
