package page

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// An evidenceView is the graph of what holds a campaign together: messages by time and by the organisation that got them, and the
// strongest links that join all of them (a spanning tree). An edge opens its ledger; a line of a ledger can be left out, which shows
// what the campaign falls into without it.
type evidenceView struct {
	ID         string
	Lanes      []evidenceLane
	Nodes      []evidenceNode
	Edges      []evidenceEdge
	Ticks      []dossier.Tick
	Wide, Tall int
	Chosen     *coldwatch.Link
	ChosenA    string
	ChosenB    string
	Terms      []ledgerTerm
	Most       float64 // bits of the strongest line, for the bars
	View       string  // of what is left out
	Value      string
	Pieces     int
	Loose      int // pieces of one message
	Alt        string
	Hidden     int // messages and links that are others'
	Whole      string
}

type evidenceLane struct {
	Y    int
	Name string
}

type evidenceNode struct {
	X, Y  int
	ID    string
	Title string
	Piece int // 0: the largest; from 1 the others, 7 and more alike
	End   bool
}

type evidenceEdge struct {
	Path, Href, Title string
	Width             int // 1 to 5
	Chosen, Cut       bool
}

type ledgerTerm struct {
	coldwatch.Term
	Href string
	Bar  int
}

const (
	evidenceLeft, evidenceWide, evidenceRow = 190, 780, 26
	evidenceMost                            = 300 // messages drawn
)

// evidence draws the graph, as far as the viewer may see it.
func (p *Pages) evidence(r *http.Request, profile coldwatch.Profile, sightings []coldwatch.Sighting) (evidenceView, error) {
	q := r.URL.Query()
	v := evidenceView{ID: profile.Campaign, Wide: evidenceLeft + evidenceWide + 30, View: q.Get("view"), Value: q.Get("value"), Whole: link(profile.Campaign) + "#evidence"}
	links, err := p.Desk.Why(r.Context(), profile.Campaign)
	if err != nil {
		return v, err
	}
	at := v.place(p, profile, sightings)
	piece := map[string]int{}
	if v.View != "" {
		parts, err := p.Desk.Without(r.Context(), profile.Campaign, coldwatch.View(v.View), v.Value)
		if err != nil {
			return v, err
		}
		slices.SortStableFunc(parts, func(a, b []string) int { return len(b) - len(a) })
		v.Pieces = len(parts)
		for i, part := range parts {
			if len(part) == 1 {
				v.Loose++
			}
			for _, id := range part {
				piece[id] = min(i, 7)
			}
		}
	}
	chosen, err := strconv.Atoi(q.Get("edge"))
	if err != nil {
		chosen = -1
	}
	v.join(links, at, piece, chosen)
	if chosen >= 0 && chosen < len(links) {
		v.open(p, links[chosen], chosen)
	}
	for i := range v.Nodes {
		n := &v.Nodes[i]
		n.Piece = piece[n.ID]
		n.End = v.Chosen != nil && (n.ID == v.Chosen.A || n.ID == v.Chosen.B)
	}
	v.Hidden = max(0, profile.Messages-len(v.Nodes))
	v.Alt = fmt.Sprintf("Evidence graph: %s by time and organisation, joined by %s.", dossier.Count(len(v.Nodes), "message", "messages"),
		dossier.Count(len(v.Edges), "link", "links"))
	return v, nil
}

// place gives each message its place: time to the right, a lane for each organisation.
func (v *evidenceView) place(p *Pages, profile coldwatch.Profile, sightings []coldwatch.Sighting) map[string][2]int {
	from, to := profile.First, profile.Last
	x := dossier.Scale(from, to, evidenceLeft, evidenceWide)
	lanes := map[string]int{}
	at := map[string][2]int{}
	taken := map[[2]int]int{}
	for i := range sightings[:min(len(sightings), evidenceMost)] {
		s := &sightings[i]
		org := s.Target.Organisation
		if org == "" {
			org = s.Organisation
		}
		lane, ok := lanes[org]
		if !ok {
			lane = len(lanes)
			lanes[org] = lane
			v.Lanes = append(v.Lanes, evidenceLane{18 + lane*evidenceRow, dossier.Cut(p.orgName(org), 26)})
		}
		pos := [2]int{x(s.Received), 18 + lane*evidenceRow}
		if n := taken[pos]; n > 0 { // at one time: beside each other
			pos[0] += 9 * n
		}
		taken[[2]int{x(s.Received), pos[1]}]++
		at[s.ID] = pos
		v.Nodes = append(v.Nodes, evidenceNode{X: pos[0], Y: pos[1], ID: s.ID, Title: minute(s.Received) + ", " + p.orgName(org) + ", " + plainWords(s.Lure.Theme)})
	}
	v.Tall = 18 + len(v.Lanes)*evidenceRow + 24
	if !from.IsZero() && to.After(from) {
		v.Ticks = dossier.Ticks(from, to, x)
	}
	return at
}

// join draws the links between messages that are drawn.
func (v *evidenceView) join(links []coldwatch.Link, at map[string][2]int, piece map[string]int, chosen int) {
	for i, l := range links {
		a, okA := at[l.A]
		b, okB := at[l.B]
		if !okA || !okB {
			continue
		}
		e := evidenceEdge{Chosen: i == chosen, Width: min(5, 1+int(l.Bits/20)), Cut: v.View != "" && piece[l.A] != piece[l.B],
			Href:  link(v.ID, "edge", strconv.Itoa(i), "view", v.View, "value", v.Value) + "#evidence",
			Title: fmt.Sprintf("%s and %s: %.0f bits", short(l.A), short(l.B), l.Bits)}
		if len(l.Terms) > 0 {
			e.Title += ", most of all " + plainWords(string(l.Terms[0].View)) + " " + dossier.Visible(l.Terms[0].Value)
		}
		e.Path = curve(a, b)
		v.Edges = append(v.Edges, e)
	}
}

// curve bends an edge, so that several in one lane do not hide each other.
func curve(a, b [2]int) string {
	bend := 0
	if a[1] == b[1] {
		bend = min(22, 6+abs(a[0]-b[0])/12)
	}
	mx, my := (a[0]+b[0])/2, (a[1]+b[1])/2-bend
	return fmt.Sprintf("M%d %dQ%d %d %d %d", a[0], a[1], mx, my, b[0], b[1])
}

func abs(n int) int { return max(n, -n) }

// open shows the ledger of one link.
func (v *evidenceView) open(p *Pages, l coldwatch.Link, number int) {
	v.Chosen = &l
	name := func(id string) string {
		if id == "" {
			return "a message of another organisation"
		}
		return short(id)
	}
	v.ChosenA, v.ChosenB = name(l.A), name(l.B)
	for _, t := range l.Terms {
		v.Most = max(v.Most, t.Bits)
	}
	for _, t := range l.Terms {
		line := ledgerTerm{Term: t, Bar: int(100 * max(0, t.Bits) / max(v.Most, 0.1))}
		line.Note = dossier.DefangText(t.Note)
		line.Href = link(v.ID, "edge", strconv.Itoa(number), "view", string(t.View), "value", t.Value) + "#evidence"
		v.Terms = append(v.Terms, line)
	}
}

// A flowView is how the campaign works: who sends, with what story, in what carrier, to where it leads. A ribbon is as thick as the
// number of messages that went that way.
type flowView struct {
	Columns []flowColumn
	Ribbons []flowRibbon
	Tall    int
	Alt     string
	Counted int
}

type flowColumn struct {
	X     int
	Name  string
	Nodes []flowNode
}

type flowNode struct {
	X, Y, H int
	Label   string
	Title   string
	Count   int
	End     bool // of the last column: its label stands to the left

	in, out int // how far its sides are used up
}

type flowRibbon struct{ Path, Title string }

const (
	flowTall, flowTop, flowGap = 220, 30, 10
	flowNodes                  = 6 // in one column; the rest are put together
)

// flow counts the ways that the messages went.
func flow(sightings []coldwatch.Sighting) flowView {
	v := flowView{Counted: len(sightings), Tall: flowTop + flowTall + 40}
	if len(sightings) == 0 {
		return v
	}
	ways := make([][4]string, len(sightings))
	for i := range sightings {
		ways[i] = way(&sightings[i])
	}
	names := [4]string{"Sender", "Lure", "Payload", "Destination"}
	var index [4]map[string]int
	for c := range names {
		index[c] = v.column(c, names[c], ways)
	}
	for c := 0; c < 3; c++ {
		v.ribbons(c, ways, index)
	}
	v.Alt = fmt.Sprintf("How %s work, from sender over lure and payload to destination.", dossier.Count(len(sightings), "message", "messages"))
	return v
}

// way gives the four stations of one message.
func way(s *coldwatch.Sighting) [4]string {
	first := func(list []string, none string) string {
		if len(list) == 0 {
			return none
		}
		return list[0]
	}
	sender := first(s.Values(coldwatch.ViewSender), "other sender")
	destination := first(s.Values(coldwatch.ViewHost), "")
	if destination == "" {
		destination = first(s.Values(coldwatch.ViewLinkHost), "")
	}
	if destination == "" {
		if reply := first(s.Values(coldwatch.ViewReplyTo), ""); reply != "" {
			destination = "answer to " + reply
		} else {
			destination = "no destination seen"
		}
	}
	return [4]string{sender, s.Lure.Theme, s.Carrier, destination}
}

// column counts one station and gives where each value stands.
func (v *flowView) column(c int, name string, ways [][4]string) map[string]int {
	count := map[string]int{}
	for _, w := range ways {
		count[w[c]]++
	}
	values := make([]string, 0, len(count))
	for value := range count {
		values = append(values, value)
	}
	slices.SortFunc(values, func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	shown := min(len(values), flowNodes)
	gaps := (shown - 1) * flowGap
	index := map[string]int{}
	column := flowColumn{X: 10 + c*300, Name: name}
	y := flowTop
	for i, value := range values {
		k := min(i, flowNodes-1)
		index[value] = k
		if i >= flowNodes { // the last node stands for the rest
			n := &column.Nodes[k]
			n.Count += count[value]
			n.Label = fmt.Sprintf("%d others", len(values)-flowNodes+1)
			n.Title = fmt.Sprintf("%s: %s", n.Label, dossier.Count(n.Count, "message", "messages"))
			continue
		}
		label := dossier.DefangText(plainWords(value))
		if c == 0 || c == 3 {
			label = dossier.DefangText(value)
		}
		column.Nodes = append(column.Nodes, flowNode{X: column.X, Label: dossier.Cut(label, 30), Count: count[value], End: c == 3,
			Title: label + ": " + dossier.Count(count[value], "message", "messages")})
	}
	for i := range column.Nodes {
		n := &column.Nodes[i]
		n.Y, n.H = y, max(4, n.Count*(flowTall-gaps)/len(ways))
		y += n.H + flowGap
	}
	v.Tall = max(v.Tall, y+20)
	v.Columns = append(v.Columns, column)
	return index
}

// ribbons joins a column with the next.
func (v *flowView) ribbons(c int, ways [][4]string, index [4]map[string]int) {
	count := map[[2]int]int{}
	for _, w := range ways {
		count[[2]int{index[c][w[c]], index[c+1][w[c+1]]}]++
	}
	left, right := v.Columns[c].Nodes, v.Columns[c+1].Nodes
	for i := range left {
		for k := range right {
			n := count[[2]int{i, k}]
			if n == 0 {
				continue
			}
			a, b := &left[i], &right[k]
			ha, hb := max(2, a.H*n/max(1, a.Count)), max(2, b.H*n/max(1, b.Count))
			x1, x2, mid := a.X+12, b.X, (a.X+12+b.X)/2
			ya, yb := a.Y+a.out, b.Y+b.in
			a.out, b.in = a.out+ha, b.in+hb
			v.Ribbons = append(v.Ribbons, flowRibbon{
				Path:  fmt.Sprintf("M%d %dC%d %d %d %d %d %dL%d %dC%d %d %d %d %d %dZ", x1, ya, mid, ya, mid, yb, x2, yb, x2, yb+hb, mid, yb+hb, mid, ya+ha, x1, ya+ha),
				Title: fmt.Sprintf("%s → %s: %d", a.Label, b.Label, n)})
		}
	}
}
