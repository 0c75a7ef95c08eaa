package coldwatch

// A Lure is what a message wants and what it knows.
type Lure struct {
	Theme      string     `json:"theme"`             // "quotation", "tender", "order", "contract", "invoice", "customs", "programme", "meeting", "document", "account", "delivery", "charity", "job", "newsletter", "advance-fee", "extortion", "prize", "investment", "gift-card", "payroll", "subscription", "dating", "other"
	Act        string     `json:"act"`               // "open-attachment", "sign-in", "click", "reply", "pay", "change-bank", "send-information", "none"
	Language   string     `json:"language"`          // ISO 639-1, "" when too short to tell
	Score      float64    `json:"score"`             // bits for the theme
	Phrases    []Evidence `json:"phrases,omitempty"` // the phrases that decided theme and act
	Claims     []Claim    `json:"claims,omitempty"`
	Models     []string   `json:"models,omitempty"`     // "make|model" of pack equipment that is named, sorted
	Programmes []string   `json:"programmes,omitempty"` // pack ids named, sorted
	Vaccines   []string   `json:"vaccines,omitempty"`   // pack ids named, sorted
	Chain      bool       `json:"chain"`                // speaks of the chain's own things: equipment, programmes, vaccines, cold transport
	Fidelity   int        `json:"fidelity"`             // 0–100
	FidelityOf int        `json:"fidelity_of"`          // number of verifiable claims behind it
	Fidelities string     `json:"fidelity_word"`        // "none", "low", "medium", "high"
}

// A Claim is a checkable statement in a message.
type Claim struct {
	Kind     string   `json:"kind"`              // "make", "model", "capacity", "temperature", "quantity", "price", "total", "incoterm", "programme", "reference", "certificate"
	Value    string   `json:"value"`             // normalised
	Subject  string   `json:"subject,omitempty"` // what it is said of: "make|model"
	Result   string   `json:"result"`            // "correct", "plausible", "wrong", "unverifiable"
	Reason   string   `json:"reason"`
	Evidence Evidence `json:"evidence"`
}

// Claim results.
const (
	Correct      = "correct"
	Plausible    = "plausible"
	Wrong        = "wrong"
	Unverifiable = "unverifiable"
)
