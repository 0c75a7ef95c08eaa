package coldwatch

import "time"

// A Mailbox is one address as a header shows it (RFC 5322 section 3.4).
type Mailbox struct {
	Name    string `json:"name,omitempty"` // display name, decoded
	Address string `json:"address"`        // local-part@domain, domain in lower case and punycode
	Domain  string `json:"domain"`         // lower case, punycode
	Span    Span   `json:"span"`
}

// A Sender is who a message says it is from, before anything is believed.
type Sender struct {
	From       []Mailbox `json:"from"` // every address that some client could show as the author; the standard reading first
	ReplyTo    []Mailbox `json:"reply_to,omitempty"`
	Sender     []Mailbox `json:"sender,omitempty"`
	ReturnPath string    `json:"return_path,omitempty"` // envelope sender as the trusted receiver recorded it
}

// Author returns the first From mailbox, the zero Mailbox if there is none.
func (s Sender) Author() Mailbox {
	if len(s.From) == 0 {
		return Mailbox{}
	}
	return s.From[0]
}

// A Result is an authentication result in the words of RFC 8601 section 2.7. Unknown means that nobody trusted said.
type Result string

// Results of authentication methods.
const (
	Unknown   Result = "unknown"
	None      Result = "none"
	Pass      Result = "pass"
	Fail      Result = "fail"
	SoftFail  Result = "softfail"
	Neutral   Result = "neutral"
	TempError Result = "temperror"
	PermError Result = "permerror"
)

// Authentication is what is known about who really sent a message (SPF RFC 7208, DKIM RFC 6376, DMARC RFC 7489, ARC
// RFC 8617), and who says so.
type Authentication struct {
	SPF         Result    `json:"spf"`
	SPFDomain   string    `json:"spf_domain,omitempty"`
	DKIM        Result    `json:"dkim"`                   // pass if any signature passed
	DKIMDomains []string  `json:"dkim_domains,omitempty"` // d= of the signatures that passed
	Signed      []string  `json:"signed,omitempty"`       // d= of every signature present, passed or not
	DMARC       Result    `json:"dmarc"`
	ARC         Result    `json:"arc"`
	Aligned     bool      `json:"aligned"`            // SPF or DKIM passed for the organisational domain of every From shown
	Source      string    `json:"source"`             // "receiver mx.example", "own", "none"
	Forged      []string  `json:"forged,omitempty"`   // Authentication-Results fields below the trusted border, by authserv-id
	Border      string    `json:"border,omitempty"`   // host that received the message from outside
	Hop         string    `json:"hop,omitempty"`      // address of the first external host, the one that handed the mail to the border
	HopName     string    `json:"hop_name,omitempty"` // its name by HELO or reverse DNS
	Received    time.Time `json:"received"`           // when the border received it; the Date field where no trace is there
	Traced      bool      `json:"traced"`             // Received comes from a trace field, not from the Date field
	Forwarded   bool      `json:"forwarded"`          // passed a mailing list or forwarder that breaks signatures
	Inside      bool      `json:"inside"`             // the From domain is one that the trace shows the message to have been delivered for
}

// A Claimed is an identity that a message claims: who it pretends, or truly is said, to be.
type Claimed struct {
	Organisation string   `json:"organisation"`     // pack id, "" when the name is not in the directory
	Name         string   `json:"name"`             // as claimed
	Person       string   `json:"person,omitempty"` // person's name in the directory or as signed
	Kind         string   `json:"kind"`             // "person", "brand", "domain", "account"
	From         string   `json:"from"`             // where it is claimed: "display-name", "signature", "body", "domain", "attachment", …
	Authentic    bool     `json:"authentic"`        // what authenticated belongs to that organisation
	Evidence     Evidence `json:"evidence"`
}
