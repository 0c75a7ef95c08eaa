package coldwatch

// A Span points at the bytes that a finding quotes.
type Span struct {
	Where string `json:"where"` // "raw" (Message.Raw), a part id (its decoded Content) or a payload id (its Content)
	Start int    `json:"start"` // byte offset
	End   int    `json:"end"`   // exclusive
}

// Evidence is a quotation with its place. Quote is what stands there, or its readable form where the bytes are encoded.
type Evidence struct {
	Span  Span   `json:"span"`
	Quote string `json:"quote"`
}

// A Finding is a conclusion with its evidence.
type Finding struct {
	Kind       string     `json:"kind"`                 // stable and dotted: "identity.contradiction"
	Bits       float64    `json:"bits"`                 // weight of evidence, log2 likelihood ratio: above 0 hostile, below 0 harmless
	Group      string     `json:"group"`                // dependence group: of one group the strongest counts whole, the rest a share
	Chain      bool       `json:"chain,omitempty"`      // speaks for a message made for the chain ("targeted"), not only hostile
	Reason     string     `json:"reason"`               // one sentence that a person reads
	Evidence   []Evidence `json:"evidence"`             // at least one
	Techniques []string   `json:"techniques,omitempty"` // ATT&CK ids
	Analyzer   string     `json:"analyzer"`             // name and version, "identity/1"
}

// A Class is a verdict's class.
type Class string

// The classes of a verdict, in rising order of threat to the chain.
const (
	Unremarkable Class = "unremarkable" // nothing speaks against it, or a gate explains what does
	Suspicious   Class = "suspicious"   // worth a person's look
	Hostile      Class = "hostile"      // an attack on whoever got it
	Targeted     Class = "targeted"     // hostile, and made for the chain
)

// Bad tells whether the class raises the alarm: hostile or targeted.
func (c Class) Bad() bool { return c == Hostile || c == Targeted }

// A Verdict is the sum of the findings, as a ledger.
type Verdict struct {
	Class       Class   `json:"class"`
	Bits        float64 `json:"bits"`           // sum with dependence groups applied, prior included
	Probability float64 `json:"probability"`    // that the message is hostile: 1/(1+2^-bits)
	Prior       float64 `json:"prior"`          // bits, before any finding
	Ledger      []Entry `json:"ledger"`         // strongest first
	Gate        string  `json:"gate,omitempty"` // the gate that held the verdict down: "bounce", "mailing-list", "simulation", …
	Summary     string  `json:"summary"`        // why, in one plain sentence
	Action      string  `json:"action"`         // what to do, in one plain sentence
}

// An Entry is one line of a verdict's ledger.
type Entry struct {
	Kind   string  `json:"kind"`
	Group  string  `json:"group"`
	Weight float64 `json:"weight"` // bits that the finding had by itself
	Bits   float64 `json:"bits"`   // bits that counted after its group
	Reason string  `json:"reason"`
}

// An ObservableKind says what an observable's value is; the names are STIX 2.1 cyber-observable types.
type ObservableKind string

// Kinds of observable.
const (
	DomainName   ObservableKind = "domain-name"
	URL          ObservableKind = "url"
	EmailAddress ObservableKind = "email-addr"
	IPv4Address  ObservableKind = "ipv4-addr"
	IPv6Address  ObservableKind = "ipv6-addr"
	FileHash     ObservableKind = "file" // SHA-256 in hex
)

// An Observable is a fact of infrastructure seen in a message. A recipient's address is never one.
type Observable struct {
	Kind  ObservableKind `json:"kind"`
	Value string         `json:"value"`          // normalised: lower case, punycode
	Role  string         `json:"role"`           // "sender", "reply-to", "envelope", "dkim", "sending-host", "link", "landing", "exfiltration", "attachment", "hotlink"
	Name  string         `json:"name,omitempty"` // a file's name
	Owned bool           `json:"owned"`          // looks like the attacker's own, not shared or borrowed infrastructure
}
