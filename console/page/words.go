package page

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// functions are what the templates may call.
func (p *Pages) functions() template.FuncMap {
	return template.FuncMap{
		"asset":     func(name string) string { return "/assets/" + name + "?v=" + p.assets[name].version },
		"day":       day,
		"minute":    minute,
		"short":     short,
		"visible":   dossier.Visible,
		"defang":    dossier.DefangText,
		"count":     dossier.Count,
		"number":    dossier.Number,
		"percent":   dossier.Percent,
		"country":   dossier.CountryName,
		"cut":       func(n int, s string) string { return dossier.Cut(s, n) },
		"org":       p.orgName,
		"role":      p.roleName,
		"words":     plainWords,
		"join":      func(list []string) string { return strings.Join(list, ", ") },
		"bits":      bits,
		"bytes":     size,
		"count64":   itoa,
		"kind":      dossier.Kind,
		"drawMap":   p.atlas.draw,
		"drawTime":  drawTime,
		"may":       func(v access.Viewer, role string) bool { r, ok := access.ParseRole(role); return ok && v.May(r) },
		"whole":     func(v access.Viewer) bool { return v.Organisation == "" },
		"dict":      dict,
		"contains":  func(list []string, s string) bool { return slices.Contains(list, s) },
		"technique": func(id string) string { n, _ := dossier.Technique(id); return n },
		"language":  languageName,
		"tlps":      func() []string { return []string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"} },
		"add":       func(a, b int) int { return a + b },
		"class":     func(c coldwatch.Class) string { return "class-" + string(c) },
	}
}

// dict makes the arguments of a part of a page.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict takes pairs")
	}
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		k, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		out[k] = pairs[i+1]
	}
	return out, nil
}

// orgName gives an organisation's name in the directory, the id where it is not there.
func (p *Pages) orgName(id string) string {
	if o := p.Desk.Pack().Organisation(id); o != nil {
		return o.Name
	}
	if id == "" {
		return "not in the directory"
	}
	return id
}

func (p *Pages) roleName(id string) string {
	if r := p.Desk.Pack().Role(id); r != nil {
		return r.Name
	}
	return plainWords(id)
}

// plainWords writes an identifier as people read it.
func plainWords(id string) string {
	return strings.NewReplacer("-", " ", "_", " ").Replace(dossier.Visible(id))
}

func day(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2 Jan 2006")
}

func minute(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2 Jan 2006 15:04")
}

// short shortens a message's id: twelve digits tell messages apart.
func short(id string) string {
	if len(id) == 64 {
		return id[:12]
	}
	return id
}

// bits writes a weight of evidence with its sign.
func bits(f float64) string {
	switch {
	case math.Abs(f) < 0.05:
		return "0"
	case f < 0:
		return fmt.Sprintf("−%.1f", -f)
	}
	return fmt.Sprintf("+%.1f", f)
}

func size(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// span writes a length of time in its two largest units.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "under a minute"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// languageName gives the English name of a language by its tag (BCP 47).
func languageName(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return dossier.Visible(tag)
	}
	return display.English.Tags().Name(t)
}
