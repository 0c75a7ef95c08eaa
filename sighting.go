package coldwatch

import "time"

// A View is one way of looking at a message for linking; a message gives values in views. Reference: the evidence
// ledger of package campaign.
type View string

// The views, by dependence group.
const (
	ViewHost       View = "host"       // infra: exfiltration or landing host
	ViewPath       View = "path"       // infra: URL or POST path template
	ViewAccount    View = "account"    // infra: customer of a host that many rent, as a hash beside the host
	ViewLinkHost   View = "link-host"  // infra: host of a link in the body
	ViewStructure  View = "structure"  // payload: HTML and script structure
	ViewLayers     View = "layers"     // payload: obfuscation layers in order
	ViewAttachment View = "attachment" // payload: SHA-256 of an attachment
	ViewFuzzy      View = "fuzzy"      // payload: bands of the TLSH digest
	ViewImage      View = "image"      // payload: bands of the perceptual hash
	ViewFileName   View = "file-name"  // payload: file name template
	ViewMetadata   View = "metadata"   // payload: document author, producer
	ViewSender     View = "sender"     // sender: organisational domain or free-mail address of From
	ViewReplyTo    View = "reply-to"   // sender: the same of Reply-To
	ViewEnvelope   View = "envelope"   // sender: the same of the envelope
	ViewDKIM       View = "dkim"       // sender: DKIM d=
	ViewPersona    View = "persona"    // sender: display name that is no partner's own brand
	ViewNet        View = "net"        // net: /24 or /48 of the first external hop
	ViewTooling    View = "tooling"    // tooling: header order, Message-ID, boundary and mailer template
	ViewText       View = "text"       // text: MinHash band tokens of the masked body
	ViewSubject    View = "subject"    // text: masked subject template
	ViewIdentity   View = "identity"   // meaning: impersonated identity
	ViewTheme      View = "theme"      // meaning: lure theme
	ViewModels     View = "models"     // meaning: set of product models
)

// A Sighting is what passes the privacy wall: campaign and profile know a message only as this. It holds no body, no
// subject, no recipient. See docs/formats/sighting.md.
type Sighting struct {
	ID           string        `json:"id"`           // Submission.ID
	Organisation string        `json:"organisation"` // member, "" when unknown
	Received     time.Time     `json:"received"`     // trusted receipt time, UTC; on the wire the hour
	Target       Target        `json:"target"`
	Class        Class         `json:"class"`
	Bits         float64       `json:"bits"`
	Kinds        []string      `json:"kinds,omitempty"` // kinds of finding, sorted
	Impersonated Impersonation `json:"impersonated"`
	Features     []Feature     `json:"features"` // sorted by view, then value
	Lure         SightingLure  `json:"lure"`
	Techniques   []string      `json:"techniques,omitempty"`
	TTI          float64       `json:"tti"`
	Objective    string        `json:"objective"`             // "credentials", "documents", "payment", "reply", "run-file", "unknown"
	Layers       []string      `json:"layers,omitempty"`      // obfuscation layers, outermost first
	Carrier      string        `json:"carrier"`               // "html-attachment", "archive", "pdf", "office", "link", "qr", "message", "text", "other"
	Observables  []Observable  `json:"observables,omitempty"` // the attacker's, common and partner values taken out
	Marking      Marking       `json:"marking"`
	Provenance   Provenance    `json:"provenance"`
}

// A Feature is one value in one view.
type Feature struct {
	View  View   `json:"view"`
	Value string `json:"value"`
	Token bool   `json:"token,omitempty"` // keyed hash instead of the clear value
}

// Values returns the sighting's values in a view, in order.
func (s *Sighting) Values(v View) []string {
	var out []string
	for _, f := range s.Features {
		if f.View == v {
			out = append(out, f.Value)
		}
	}
	return out
}

// A SightingLure is the part of a Lure that passes the wall.
type SightingLure struct {
	Theme      string         `json:"theme"`
	Act        string         `json:"act"`
	Language   string         `json:"language,omitempty"`
	Fidelity   int            `json:"fidelity"`
	FidelityOf int            `json:"fidelity_of"`
	Models     []string       `json:"models,omitempty"`
	Programmes []string       `json:"programmes,omitempty"`
	Claims     map[string]int `json:"claims,omitempty"` // result → count
	Chain      bool           `json:"chain"`
}

// A Marking is a TLP 2.0 label ("TLP:AMBER") and a sharing group.
type Marking struct {
	TLP   string `json:"tlp"`
	Group string `json:"group,omitempty"`
}

// Provenance says what made a sighting.
type Provenance struct {
	Analyzers []string `json:"analyzers,omitempty"`
	Pack      string   `json:"pack"`
	Node      string   `json:"node,omitempty"`
	Number    uint64   `json:"number,omitempty"`
}
