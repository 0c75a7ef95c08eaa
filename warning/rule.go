package warning

import (
	"errors"
	"fmt"
	"slices"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// A Rule is a publisher's standing word: warnings for a reader may go out by themselves.
type Rule struct {
	Reader        string `json:"reader"`        // pack id, "constituency", or "*" for everybody
	TLP           string `json:"tlp"`           // the strictest marking that the rule covers: "TLP:GREEN" covers GREEN and CLEAR
	Organisations int    `json:"organisations"` // the campaign must have hit at least so many
}

// Validate tells what is wrong with a rule.
func (r Rule) Validate(pack *knowledge.Pack) error {
	switch {
	case r.Reader != "*" && r.Reader != Constituency && pack.Organisation(r.Reader) == nil:
		return fmt.Errorf("no organisation of the pack is %q", r.Reader)
	case !slices.Contains([]string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT"}, r.TLP):
		return fmt.Errorf("%q is no marking that a rule may cover", r.TLP)
	case r.Organisations < 1:
		return errors.New("a campaign has hit at least one organisation")
	}
	return nil
}

// String says the rule as the audit log keeps it.
func (r Rule) String() string {
	return fmt.Sprintf("for %s up to %s, from %d organisations on", r.Reader, r.TLP, r.Organisations)
}

// Covers tells whether the rule lets a warning out about a campaign that hit so many organisations.
func (r Rule) Covers(w *coldwatch.Warning, organisations int) bool {
	return (r.Reader == w.Reader || r.Reader == "*") && r.TLP != "" && strictness(w.Marking.TLP) <= strictness(r.TLP) && organisations >= r.Organisations
}
