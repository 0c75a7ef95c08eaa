package dossier

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/worldmap"
)

// Build puts a report into words. The pack gives names to ids and may be nil.
func Build(r coldwatch.Report, pack *knowledge.Pack) *Document {
	r = Redact(r, pack, NamesInReports)
	b := &builder{r: r, p: r.Profile, pack: pack}
	p := r.Profile
	d := &Document{
		Title: DefangText(p.Name), Kicker: "Campaign report", Marking: coldwatch.Marking{TLP: Label(r.Marking.TLP), Group: Visible(r.Marking.Group)},
		Synthetic: r.Synthetic, Made: r.Made, Version: Version(p), Summary: texts(p.Summary), Facts: b.facts(),
	}
	if d.Title == "" {
		d.Title = "Campaign " + Visible(p.Campaign)
	}
	if p.Possible {
		d.Kicker = "Possible campaign: " + Count(p.Messages, "message", "messages") + ", " + Count(len(p.Targets)+min(p.Unknown, 1), "organisation", "organisations")
	}
	if len(d.Summary) == 0 {
		d.Summary = []string{b.plainSummary()}
	}
	action := b.action()
	if w := r.Withdrawn; w != nil {
		d.Kicker = "Withdrawn"
		d.Summary = []string{"Withdrawn on " + Day(w.At) + ": " + DefangText(w.Reason), "What is written below does not hold any more; it stays for the record."}
		action = []Block{List{Items: []string{"Take the indicators of this report out of your block lists and rules.", "Lift what was done because of it, and tell those to whom you passed it on."}}}
	}
	for _, s := range []Section{
		{"action", "What to do", action},
		{"where", "Where: the countries that were targeted", b.where()},
		{"chain", "The links of the chain that were hit", b.chain()},
		{"timeline", "When", b.when()},
		{"impersonated", "Who is impersonated", b.impersonated()},
		{"lure", "The lure, and what it knew", b.lure()},
		{"targets", "Who was addressed", b.targets()},
		{"objective", "What was sought", b.objective()},
		{"infrastructure", "Infrastructure and indicators", b.infrastructure()},
		{"attack", "Techniques (MITRE ATT&CK)", b.techniques()},
		{"rules", "Detection rules", b.rules()},
		{"doses", "Doses exposed", b.doses()},
		{"size", "How big it really is", b.size()},
		{"next", "Who may be next", b.next()},
		{"attribution", "Who is behind it", b.attribution()},
		{"judgements", "Judgements and what they rest on", b.judgements()},
		{"links", "Why these messages belong together", b.links()},
		{"messages", "The messages", b.messages()},
		{"figures", "Which messages stand behind the figures", b.figures()},
		{"warnings", "Who is told what", b.warnings()},
		{"method", "Method, gaps and revisions", b.method()},
	} {
		if len(s.Blocks) > 0 {
			d.Sections = append(d.Sections, s)
		}
	}
	return d
}

type builder struct {
	r    coldwatch.Report
	p    coldwatch.Profile
	pack *knowledge.Pack
}

func texts(in []string) []string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		if s = strings.TrimSpace(DefangText(s)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// CountryName returns the English name of a country code, "unknown country" for "".
func CountryName(code string) string {
	if code == "" {
		return "unknown country"
	}
	return Visible(worldmap.Name(code))
}

// RoleName returns the name of a role as the profile gives it, the id if it gives none.
func RoleName(p coldwatch.Profile, id string) string {
	for _, s := range p.Roles {
		if s.Value == id && s.Name != "" {
			return s.Name
		}
	}
	for _, st := range p.Stages {
		for _, r := range st.Roles {
			if r.Role == id && r.Name != "" {
				return r.Name
			}
		}
	}
	return strings.ReplaceAll(id, "-", " ")
}

// organisation returns the name of an organisation, the id if the pack does not know it.
func (b *builder) organisation(id string) string {
	for _, t := range b.p.Targets {
		if t.Organisation == id && t.Name != "" {
			return Visible(t.Name)
		}
	}
	if b.pack != nil {
		for i := range b.pack.Organisations {
			if b.pack.Organisations[i].ID == id {
				return Visible(b.pack.Organisations[i].Name)
			}
		}
	}
	return Visible(id)
}

func (b *builder) organisations(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = b.organisation(id)
	}
	return out
}

// label is a share's name for people.
func label(s coldwatch.Share) string {
	v := s.Name
	if v == "" {
		v = words(s.Value)
	}
	if v == "" {
		v = "unknown"
	}
	return Visible(v)
}

// words turns an id of ours into words: "open-attachment" to "open attachment".
func words(id string) string {
	switch id {
	case "atob":
		return "base64 (atob)"
	case "unescape":
		return "percent codes (unescape)"
	case "dkim":
		return "signing domain"
	case "envelope":
		return "envelope sender"
	case "exfiltration":
		return "receives what is typed"
	case "landing":
		return "page that is shown"
	case "other":
		return "other or unknown"
	case "it":
		return "IT"
	case "pdf":
		return "PDF"
	case "qr":
		return "QR code"
	case "html-attachment":
		return "HTML attachment"
	}
	return strings.ReplaceAll(id, "-", " ")
}

// verbatim names shares by their values as they are: names of people and models are not ids of ours.
func verbatim(in []coldwatch.Share) []coldwatch.Share {
	out := slices.Clone(in)
	for i := range out {
		if out[i].Name == "" {
			out[i].Name = strings.ReplaceAll(out[i].Value, "|", " ")
		}
	}
	return out
}

func first(in []coldwatch.Share, limit int) []string {
	var out []string
	for i, s := range in {
		if i == limit {
			out = append(out, fmt.Sprintf("%d more", len(in)-limit))
			break
		}
		out = append(out, label(s))
	}
	return out
}

func shares(caption, head string, in []coldwatch.Share) Table {
	t := Table{Caption: caption, Head: []string{head, "Messages", "First", "Last"}}
	for _, s := range in {
		t.Rows = append(t.Rows, []Cell{text(label(s)), number(strconv.Itoa(s.Count)), text(shortDay(s.First)), text(shortDay(s.Last))})
	}
	return t
}

func (b *builder) plainSummary() string {
	p := b.p
	s := Count(p.Messages, "message", "messages") + " reached " + Count(len(p.Targets), "known organisation", "known organisations")
	if !p.First.IsZero() {
		s += ", " + Span(p.First, p.Last)
	}
	return s + "."
}

func (b *builder) facts() []Fact {
	p := b.p
	facts := []Fact{{Value: strconv.Itoa(len(p.Targets)), Label: plural(len(p.Targets), "organisation hit", "organisations hit")}}
	if p.Unknown > 0 {
		facts[0].Note = "and " + Count(p.Unknown, "message", "messages") + " to organisations not in the directory"
	}
	n := len(b.mapCountries())
	facts = append(facts, Fact{Value: strconv.Itoa(n), Label: plural(n, "country", "countries"), Note: Join(countryNames(b.mapCountries(), 4))})
	hit, all := 0, 0
	for _, s := range b.stages() {
		if s.Of == 0 {
			continue // nobody of it is known
		}
		all++
		if s.Hit > 0 {
			hit++
		}
	}
	if all > 0 {
		facts = append(facts, Fact{Value: fmt.Sprintf("%d of %d", hit, all), Label: "stages of the chain that the directory knows"})
	}
	facts = append(facts, Fact{Value: strconv.Itoa(p.Messages), Label: plural(p.Messages, "message", "messages"), Note: seen(p)})
	if !p.Start.Likely.IsZero() {
		facts = append(facts, Fact{Value: p.Start.Likely.UTC().Format("Jan 2006"), Label: "likely start", Note: startNote(p.Start)})
	}
	if d := p.Doses; d.Assessed {
		facts = append(facts, Fact{Value: Interval(d.PerWeek), Label: "doses a week exposed"})
	}
	return facts
}

func seen(p coldwatch.Profile) string {
	if p.First.IsZero() {
		return ""
	}
	return Span(p.First, p.Last)
}

func startNote(s coldwatch.StartEstimate) string {
	if s.Earliest.IsZero() {
		return ""
	}
	if s.AtLeast {
		return "active since at least " + Day(s.Observed)
	}
	return "not before " + Day(s.Earliest)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func countryNames(in []MapCountry, limit int) []string {
	var out []string
	for i, c := range in {
		if i == limit {
			return append(out, fmt.Sprintf("%d more", len(in)-limit))
		}
		out = append(out, c.Name)
	}
	return out
}

// mapCountries counts messages by country, from the profile's shares or, where it has none, from its targets.
func (b *builder) mapCountries() []MapCountry {
	var out []MapCountry
	for _, s := range b.p.Countries {
		if s.Value == "" {
			continue
		}
		out = append(out, MapCountry{Code: s.Value, Name: CountryName(s.Value), Messages: s.Count})
	}
	if len(out) == 0 {
		count := map[string]int{}
		for _, t := range b.p.Targets {
			if t.Country != "" {
				count[t.Country] += t.Messages
			}
		}
		for code, n := range count {
			out = append(out, MapCountry{Code: code, Name: CountryName(code), Messages: n})
		}
	}
	slices.SortFunc(out, func(x, y MapCountry) int {
		if x.Messages != y.Messages {
			return y.Messages - x.Messages
		}
		return strings.Compare(x.Code, y.Code)
	})
	return out
}

func (b *builder) stages() []ChainStage {
	var out []ChainStage
	for _, s := range b.p.Stages {
		st := ChainStage{Name: Visible(words(s.Stage))}
		for _, r := range s.Roles {
			if r.Hit == 0 && r.Of == 0 {
				continue // nobody of that role is known
			}
			st.Hit += r.Hit
			st.Of += r.Of
			if r.Name == "" {
				r.Name = words(r.Role)
			}
			r.Name = Visible(r.Name)
			st.Role = append(st.Role, r)
		}
		st.fold()
		out = append(out, st)
	}
	return out
}

// fold leaves the roles that were hit and sums up the others, where they are more than two.
func (st *ChainStage) fold() {
	hit := slices.DeleteFunc(slices.Clone(st.Role), func(r coldwatch.RoleHit) bool { return r.Hit == 0 })
	rest, of := len(st.Role)-len(hit), 0
	if rest <= 2 {
		return
	}
	for _, r := range st.Role {
		if r.Hit == 0 {
			of += r.Of
		}
	}
	st.Rest = fmt.Sprintf("%d roles: 0 of %d", rest, of)
	if len(hit) > 0 {
		st.Rest = fmt.Sprintf("%d other roles: 0 of %d", rest, of)
	}
	st.Role = hit
}
