package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A ViewParameter says how one view takes part in linking.
type ViewParameter struct {
	View  coldwatch.View `json:"view"`
	Group string         `json:"group"` // dependence group
	M     float64        `json:"m"`     // P(agree | same campaign)
	U     float64        `json:"u"`     // P(agree | different campaigns), used for disagreement only
	Own   bool           `json:"own"`   // tells of the operator, not of what he bought: a link needs at least one such view
	Role  bool           `json:"role"`  // tells whom the operator plays: with much else it stands in for what is his own
	Block string         `json:"block"` // "always", "rare" (unless a hub), "never": whether its values offer candidates
}

// Parameters are all numbers of the ledger. They are frozen by version: the same version always means the same numbers.
type Parameters struct {
	Version      string          `json:"version"`
	Views        []ViewParameter `json:"views"`
	Text         [3]float64      `json:"text"`          // m of the text levels: Jaccard ≥ .3, ≥ .6, ≥ .9
	Online       float64         `json:"online"`        // bits to join on arrival, at 5,000 clusters
	Relink       float64         `json:"relink"`        // bits to join in the re-link pass
	Cap          float64         `json:"cap"`           // most bits that one value can give
	Share        float64         `json:"share"`         // part that further terms of a dependence group count
	Floor        float64         `json:"floor"`         // least bits of a group that disagrees (negative)
	GroupBits    float64         `json:"group_bits"`    // bits that make a group count as agreeing
	Groups       int             `json:"groups"`        // groups that must agree
	OwnBits      float64         `json:"own_bits"`      // bits that one view of the operator's own must give
	OwnRelink    float64         `json:"own_relink"`    // the same in the re-link pass
	RoleBits     float64         `json:"role_bits"`     // bits that whom the operator plays must give where nothing of his own agrees
	RoleExtra    float64         `json:"role_extra"`    // and bits above the threshold that such a link must have
	Witnesses    float64         `json:"witnesses"`     // strength of the prior of P(x|y), in clusters
	Merge        float64         `json:"merge"`         // bits more for each doubling of the smaller of two clusters: the best of many pairs is no surprise
	Fraction     float64         `json:"fraction"`      // part of the exemplar pairs that must not contradict
	Exemplars    int             `json:"exemplars"`     // members a cluster is compared by
	Newest       int             `json:"newest"`        // members that a value offers as candidates
	HubNewest    int             `json:"hub_newest"`    // the same for a hub
	Hub          float64         `json:"hub"`           // count that makes a value a hub, at few clusters
	Window       int             `json:"window"`        // neighbours of each value's list that the re-link pass compares
	Prior        float64         `json:"prior"`         // λ: P(same campaign) of a candidate pair
	Overwhelming float64         `json:"overwhelming"`  // bits above the threshold for mail with no verdict against it
	Unseen       float64         `json:"unseen"`        // while little was seen, a value of the operator's own that was never met is as rare as one in so many
	UnseenShared float64         `json:"unseen_shared"` // the same of other views
	Passes       int             `json:"passes"`        // re-link passes
}

// Default returns the parameters of this version.
func Default() Parameters {
	return Parameters{
		Version: "2026.2",
		Views: []ViewParameter{
			{coldwatch.ViewHost, "infra", .65, .02, true, false, "always"},
			{coldwatch.ViewPath, "infra", .85, .10, false, false, "rare"},
			{coldwatch.ViewAccount, "infra", .30, .001, true, false, "always"},
			{coldwatch.ViewLinkHost, "infra", .60, .05, true, false, "always"},
			{coldwatch.ViewStructure, "payload", .80, .05, false, false, "rare"},
			{coldwatch.ViewLayers, "payload", .85, .20, false, false, "never"},
			{coldwatch.ViewAttachment, "payload", .20, .001, false, false, "always"},
			{coldwatch.ViewFuzzy, "payload", .30, .01, false, false, "always"},
			{coldwatch.ViewImage, "payload", .30, .02, false, false, "rare"},
			{coldwatch.ViewFileName, "payload", .45, .03, false, false, "rare"},
			{coldwatch.ViewMetadata, "payload", .60, .05, false, false, "rare"},
			{coldwatch.ViewSender, "sender", .60, .01, true, false, "always"},
			{coldwatch.ViewReplyTo, "sender", .60, .02, true, false, "always"},
			{coldwatch.ViewEnvelope, "sender", .60, .02, true, false, "always"},
			{coldwatch.ViewDKIM, "sender", .60, .05, false, false, "rare"},
			{coldwatch.ViewPersona, "meaning", .50, .02, false, true, "rare"},
			{coldwatch.ViewNet, "net", .50, .02, false, false, "rare"},
			{coldwatch.ViewTooling, "tooling", .85, .10, false, false, "never"},
			{coldwatch.ViewText, "text", .45, .01, true, false, "always"},
			{coldwatch.ViewSubject, "text", .65, .02, false, false, "rare"},
			{coldwatch.ViewIdentity, "meaning", .95, .10, false, true, "never"},
			{coldwatch.ViewTheme, "meaning", .95, .20, false, false, "never"},
			{coldwatch.ViewModels, "meaning", .80, .10, false, false, "never"},
		},
		Text:         [3]float64{.85, .75, .45},
		Online:       14,
		Relink:       13,
		Cap:          10,
		Share:        .7,
		Floor:        -3,
		GroupBits:    3,
		Groups:       2,
		OwnBits:      4,
		OwnRelink:    4,
		RoleBits:     4,
		RoleExtra:    6,
		Witnesses:    32,
		Merge:        .5,
		Fraction:     .3,
		Exemplars:    12,
		Newest:       40,
		HubNewest:    5,
		Hub:          60,
		Window:       10,
		Prior:        .002,
		Overwhelming: 12,
		Unseen:       1000,
		UnseenShared: 100,
		Passes:       3,
	}
}

// Learnt returns the parameters with other m where m names a view, and a version that says so.
func (p Parameters) Learnt(m map[coldwatch.View]float64) Parameters {
	p.Views = slices.Clone(p.Views)
	h := sha256.New()
	for i := range p.Views {
		if v, ok := m[p.Views[i].View]; ok && v > 0 && v < 1 {
			p.Views[i].M = v
		}
		fmt.Fprintf(h, "%s %g\n", p.Views[i].View, p.Views[i].M)
	}
	base, _, _ := strings.Cut(p.Version, "+")
	p.Version = base + "+" + hex.EncodeToString(h.Sum(nil)[:4])
	return p
}

// grow is how many bits thresholds rise with the number of clusters n, one for each doubling: the more strangers there are, the rarer
// is a pair of one campaign among the candidates. Under 625 clusters they fall no further.
func grow(n float64) float64 { return math.Max(-3, math.Log2(n/5000)) }

const (
	blockNever = iota
	blockRare
	blockAlways
)

// A view is a ViewParameter made ready: views are small numbers inside the linker.
type view struct {
	name  coldwatch.View
	group uint8
	block uint8
	own   bool
	role  bool
	m     float64
	neg   float64 // bits of disagreement
}

const (
	maxViews  = 32
	maxGroups = 16
	noView    = 255
)

// compile turns the parameters' views into numbered ones, with their groups' names.
func (p Parameters) compile() (views []view, groups []string, text uint8) {
	text = noView
	at := map[string]uint8{}
	for i, v := range p.Views {
		if i >= maxViews {
			break
		}
		g, ok := at[v.Group]
		if !ok {
			if len(groups) == maxGroups {
				continue
			}
			g = uint8(len(groups))
			at[v.Group] = g
			groups = append(groups, v.Group)
		}
		w := view{name: v.View, group: g, own: v.Own, role: v.Role, m: v.M, neg: math.Max(p.Floor, math.Log2((1-v.M)/(1-v.U)))}
		switch v.Block {
		case "always":
			w.block = blockAlways
		case "rare":
			w.block = blockRare
		}
		if v.View == coldwatch.ViewText {
			text = uint8(len(views))
		}
		views = append(views, w)
	}
	return views, groups, text
}
