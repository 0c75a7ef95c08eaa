package coldwatch

import "time"

// An Analysis is all that the analysis room says about one message. Analysers write into it in a fixed order: who is
// speaking, what is inside, what is wanted, what is known, and the verdict last.
type Analysis struct {
	Message *Message `json:"-"`

	ID           string    `json:"id"`           // Submission.ID
	Organisation string    `json:"organisation"` // reporting organisation, "" when unknown
	Received     time.Time `json:"received"`     // trusted receipt time, UTC
	Source       string    `json:"source"`
	Via          string    `json:"via,omitempty"` // how the message was carried when it came inside another: Inner.Via

	Hearsay bool `json:"hearsay,omitempty"` // carried inside another message, and nobody trusted vouches for its header

	Subject        string         `json:"subject"` // decoded
	Date           time.Time      `json:"date"`    // as claimed, zero when unreadable
	Sender         Sender         `json:"sender"`
	Recipients     []Mailbox      `json:"recipients,omitempty"` // never leaves the house
	Authentication Authentication `json:"authentication"`
	Claimed        []Claimed      `json:"claimed,omitempty"`
	Impersonated   Impersonation  `json:"impersonated"`
	Payloads       []Payload      `json:"payloads,omitempty"`
	Lure           Lure           `json:"lure"`
	Tooling        Tooling        `json:"tooling"`
	Target         Target         `json:"target"`
	Gates          []string       `json:"gates,omitempty"` // what the message is, where that explains oddities: "bounce", "auto-reply", "mailing-list", "newsletter", "secure-envelope", "simulation", "partner", "internal", "advisory", "forwarded"
	Findings       []Finding      `json:"findings,omitempty"`
	Observables    []Observable   `json:"observables,omitempty"`
	Verdict        Verdict        `json:"verdict"`
	TTI            float64        `json:"tti"`                  // Targeted Threat Index, 0–10
	Techniques     []string       `json:"techniques,omitempty"` // ATT&CK ids, sorted
	Analyzers      []string       `json:"analyzers,omitempty"`  // names and versions that ran, in order
	Pack           string         `json:"pack"`                 // pack name and version
}

// Add appends a finding.
func (a *Analysis) Add(f Finding) { a.Findings = append(a.Findings, f) }

// Gate tells whether the message passed that gate.
func (a *Analysis) Gate(name string) bool {
	for _, g := range a.Gates {
		if g == name {
			return true
		}
	}
	return false
}

// Payload returns the payload with that id, nil if there is none.
func (a *Analysis) Payload(id string) *Payload {
	for i := range a.Payloads {
		if a.Payloads[i].ID == id {
			return &a.Payloads[i]
		}
	}
	return nil
}

// An Impersonation says who a hostile message pretends to be: a claimed identity that authentication contradicts.
type Impersonation struct {
	Organisation string `json:"organisation,omitempty"` // pack id
	Name         string `json:"name,omitempty"`
	Persona      string `json:"persona,omitempty"` // person's name shown
	Kind         string `json:"kind,omitempty"`    // "person", "brand", "domain", "account"
}

// A Target is who was addressed, by place in the chain only: never an address.
type Target struct {
	Organisation string   `json:"organisation"` // pack id, "" when unknown
	Roles        []string `json:"roles"`        // role ids
	Country      string   `json:"country"`      // ISO 3166-1 alpha-2
	Function     string   `json:"function"`     // "executive", "sales", "procurement", "it", "finance", "support", "other"
}

// Tooling is how the message was made: the marks of the program that wrote it, values masked.
type Tooling struct {
	Mailer      string `json:"mailer,omitempty"`       // X-Mailer or User-Agent, versions masked
	HeaderOrder string `json:"header_order,omitempty"` // names of the fields the sending program wrote, in order, hashed
	MessageID   string `json:"message_id,omitempty"`   // shape of Message-ID with runs masked
	Boundary    string `json:"boundary,omitempty"`     // shape of the outermost boundary
	Zone        string `json:"zone,omitempty"`         // time zone of Date, "+0800"
	Fingerprint string `json:"fingerprint,omitempty"`  // hash over the above but the zone
}
