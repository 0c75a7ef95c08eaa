package federation

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/coldwatch/coldwatch"
)

// A Policy says what leaves a member's house. Nothing it can say lets out a recipient, a subject, a body or an attachment: a
// sighting does not hold them. What it does not mention has the value that DefaultPolicy gives.
type Policy struct {
	Share    []coldwatch.Class `yaml:"share"`    // classes of verdict whose messages give a sighting
	Clear    []string          `yaml:"clear"`    // kinds of the attacker's own that leave readable: hosts, mailboxes, networks, files
	Withhold []coldwatch.View  `yaml:"withhold"` // views that do not leave, not even as tokens
	Never    []string          `yaml:"never"`    // domains and words that leave in no clear value
	Person   bool              `yaml:"person"`   // the function of the person addressed: sales, procurement …
	Imitated bool              `yaml:"imitated"` // whom the message imitates, by its id in the pack
	Details  bool              `yaml:"details"`  // findings, lure and methods, in the words of the program
	Openings bool              `yaml:"openings"` // tell the members what a token stands for once two of them have it
	TLP      string            `yaml:"tlp"`      // marking of the sightings
	Group    string            `yaml:"group"`    // sharing group; "": the whole community
}

//go:embed policy.yaml
var policyText []byte

// PolicyText is the policy that a member begins with, with comments that explain it.
func PolicyText() []byte { return slices.Clone(policyText) }

// DefaultPolicy is what PolicyText says.
func DefaultPolicy() Policy {
	p, err := ParsePolicy(policyText)
	if err != nil {
		panic(err) // embedded, and tested
	}
	return p
}

// Kinds of clear value.
const (
	clearHosts     = "hosts"
	clearMailboxes = "mailboxes"
	clearNetworks  = "networks"
	clearFiles     = "files"
)

// views that can be withheld.
var views = []coldwatch.View{coldwatch.ViewHost, coldwatch.ViewPath, coldwatch.ViewAccount, coldwatch.ViewLinkHost, coldwatch.ViewStructure,
	coldwatch.ViewLayers, coldwatch.ViewAttachment, coldwatch.ViewFuzzy, coldwatch.ViewImage, coldwatch.ViewFileName, coldwatch.ViewMetadata,
	coldwatch.ViewSender, coldwatch.ViewReplyTo, coldwatch.ViewEnvelope, coldwatch.ViewDKIM, coldwatch.ViewPersona, coldwatch.ViewNet,
	coldwatch.ViewTooling, coldwatch.ViewText, coldwatch.ViewSubject, coldwatch.ViewIdentity, coldwatch.ViewTheme, coldwatch.ViewModels}

// ParsePolicy reads a policy file. What it leaves out stays as DefaultPolicy has it; what it misspells is an error, for a policy
// that is not understood must let nothing out.
func ParsePolicy(text []byte) (Policy, error) {
	var p Policy
	if err := yaml.Unmarshal(policyText, &p); err != nil {
		return p, fmt.Errorf("policy: %w", err)
	}
	base := p
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		return p, fmt.Errorf("policy: %w", err)
	}
	if p.TLP == "" && p.Share == nil { // a file that says nothing empties what it is read into
		p = base
	}
	for _, c := range p.Share {
		if c != coldwatch.Targeted && c != coldwatch.Hostile && c != coldwatch.Suspicious {
			return p, fmt.Errorf("policy: share: %q is none of targeted, hostile, suspicious", c)
		}
	}
	for _, c := range p.Clear {
		if !slices.Contains([]string{clearHosts, clearMailboxes, clearNetworks, clearFiles}, c) {
			return p, fmt.Errorf("policy: clear: %q is none of hosts, mailboxes, networks, files", c)
		}
	}
	for _, v := range p.Withhold {
		if !slices.Contains(views, v) {
			return p, fmt.Errorf("policy: withhold: there is no view %q", v)
		}
	}
	for i, n := range p.Never {
		if p.Never[i] = strings.ToLower(strings.TrimSpace(n)); p.Never[i] == "" {
			return p, fmt.Errorf("policy: never: a line is empty")
		}
	}
	if tlpIDs[p.TLP] == "" {
		return p, fmt.Errorf("policy: tlp: %q is none of TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT, TLP:RED", p.TLP)
	}
	if len(p.Group) > 64 || strings.ContainsAny(p.Group, "\n\t") {
		return p, fmt.Errorf("policy: group: a name of at most 64 letters")
	}
	return p, nil
}
