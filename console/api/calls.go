package api

import (
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// Rules of the calls.
var (
	read       = access.Rule{Least: access.Reader, Own: true}
	readWhole  = access.Rule{Least: access.Reader, Whole: true}
	judge      = access.Rule{Least: access.Analyst, Own: true}
	judgeWhole = access.Rule{Least: access.Analyst, Whole: true}
	publish    = access.Rule{Least: access.Publisher, Whole: true}
	administer = access.Rule{Least: access.Administrator, Whole: true}
	handIn     = access.Rule{Least: access.Analyst, Own: true, Scope: token.WriteIntake}
	anybody    = access.Rule{Public: true}
)

// calls is the table.
func (a *API) calls() []call {
	version := param{"version", "Version of the profile; the newest where none is named.", "integer"}
	limit := param{"limit", "At most so many; 500 at most, 100 for campaigns and the audit log and 50 for messages where none is named.", "integer"}
	return []call{
		{method: "GET", path: "/v1/openapi.json", summary: "This description.", rule: anybody, out: map[string]any{}, serve: a.describe},

		{method: "GET", path: "/v1/totals", summary: "Count what is stored.", rule: read, out: Totals{}, serve: a.totals},
		{method: "GET", path: "/v1/queue", summary: "Count what waits to be analysed.", rule: readWhole, out: store.Queue{}, serve: a.queue},

		{method: "GET", path: "/v1/campaigns", summary: "List the campaigns, the gravest first.", rule: read,
			query: []param{{"possible", "Also possible campaigns of one message.", "boolean"}, {"offset", "So many are left out from the beginning.", "integer"}, limit}, out: []Campaign{}, serve: a.campaigns},
		{method: "GET", path: "/v1/campaigns/{id}", summary: "One campaign.", rule: read, query: []param{version}, out: coldwatch.Profile{}, serve: a.campaign},
		{method: "GET", path: "/v1/campaigns/{id}/history", summary: "What happened to a campaign.", rule: read, out: []coldwatch.CampaignEvent{}, serve: a.history},
		{method: "GET", path: "/v1/campaigns/{id}/difference", summary: "What changed from one version to another.", rule: read,
			query: []param{{"from", "The one before where none is named.", "integer"}, {"to", "The newest where none is named.", "integer"}}, out: engine.Difference{}, serve: a.difference},
		{method: "GET", path: "/v1/campaigns/{id}/why", summary: "The links that hold a campaign together, each with its ledger.", rule: read, out: []coldwatch.Link{}, serve: a.why},
		{method: "GET", path: "/v1/campaigns/{id}/without", summary: "What a campaign falls into without a piece of evidence.", rule: read,
			query: []param{{"view", "Kind of the evidence, for example host.", "string"}, {"value", "Its value.", "string"}}, out: [][]string{}, serve: a.without},
		{method: "GET", path: "/v1/campaigns/{id}/export/{format}", summary: "A campaign's report in a format.", rule: read, media: "application/octet-stream", serve: a.export},
		{method: "POST", path: "/v1/campaigns/{id}/judgements", summary: "Enter a hypothesis or an item of evidence about who is behind a campaign.", rule: judgeWhole,
			in: Judgement{}, out: coldwatch.Word{}, serve: a.judge},

		{method: "GET", path: "/v1/messages", summary: "List stored messages, the newest first.", rule: read,
			query: []param{{"q", "Words and indicators that must all occur.", "string"}, {"organisation", "Reporting organisation.", "string"}, {"campaign", "Of this campaign.", "string"},
				{"class", "Verdict: targeted, hostile, suspicious, unremarkable. Repeatable.", "string"},
				{"before", "Received before, RFC 3339; with after_id to go on after the last of a page.", "string"}, {"after_id", "Id of the last message of the page before.", "string"}, limit},
			out: []Row{}, serve: a.messages},
		{method: "POST", path: "/v1/messages", summary: "Hand messages in: one as message/rfc822, or several as parts of multipart/form-data. They are kept when the answer comes; the verdict follows.",
			rule: handIn, query: []param{{"organisation", "Reporting organisation, for tokens that belong to none.", "string"}, {"source", "Where they come from, for people.", "string"}},
			media: "message/rfc822", body: largestBatch, out: Taken{}, serve: a.take},
		{method: "GET", path: "/v1/messages/{id}", summary: "One message with its analysis.", rule: read, out: Message{}, serve: a.message},
		{method: "GET", path: "/v1/messages/{id}/raw", summary: "A message as it came in. Who reads it is written into the audit log.", rule: read, media: "message/rfc822", serve: a.raw},
		{method: "POST", path: "/v1/hunts", summary: "Search all stored mail for the indicators of a report, pasted or defanged text, CSV, STIX or MISP.", rule: readWhole,
			in: Report{}, out: Hunt{}, serve: a.hunt},

		{method: "GET", path: "/v1/words", summary: "What analysts said.", rule: read, out: []coldwatch.Word{}, serve: a.words},
		{method: "POST", path: "/v1/words", summary: "Say what you know of messages, all words or none: " + strings.Join(coldwatch.WordNames(), ", ") + ".", rule: judge, in: []Word{}, out: []coldwatch.Word{}, serve: a.say},
		{method: "DELETE", path: "/v1/words/{id}", summary: "Take a word back.", rule: judge, serve: a.unsay},

		{method: "GET", path: "/v1/warnings", summary: "List the warnings, oldest first.", rule: read, out: []coldwatch.Warning{}, serve: a.warnings},
		{method: "GET", path: "/v1/warnings/{id}", summary: "One warning.", rule: read, out: coldwatch.Warning{}, serve: a.warning},
		{method: "POST", path: "/v1/warnings/{id}/approval", summary: "Let a warning go out that waits for a publisher.", rule: publish, in: Reason{}, out: coldwatch.Warning{}, serve: a.approve},
		{method: "POST", path: "/v1/warnings/{id}/withdrawal", summary: "Take a warning back, and tell its reader.", rule: publish, in: Reason{}, out: coldwatch.Warning{}, serve: a.withdraw},
		{method: "POST", path: "/v1/warnings/{id}/answer", summary: "Enter what a warning's reader found; a later answer takes the place of an earlier one.", rule: judge,
			in: Answer{}, out: coldwatch.Warning{}, serve: a.answer},
		{method: "GET", path: "/v1/rules", summary: "The standing rules by which warnings go out by themselves.", rule: readWhole, out: []Rule{}, serve: a.rules},
		{method: "POST", path: "/v1/rules", summary: "Make a standing rule; DELETE /v1/words/{id} ends it.", rule: publish, in: NewRule{}, out: Rule{}, serve: a.makeRule},
		{method: "GET", path: "/v1/deliveries", summary: "How far the warnings came.", rule: read, out: []store.Delivery{}, serve: a.deliveries},

		{method: "GET", path: "/v1/organisations", summary: "The organisations of the chain pack.", rule: readWhole, out: []Organisation{}, serve: a.organisations},

		{method: "GET", path: "/v1/accounts", summary: "List the accounts.", rule: administer, out: []Account{}, serve: a.accounts},
		{method: "POST", path: "/v1/accounts", summary: "Make an account.", rule: administer, in: NewAccount{}, out: Account{}, serve: a.createAccount},
		{method: "PATCH", path: "/v1/accounts/{name}", summary: "Change an account's role, organisation or password, or disable it.", rule: administer, in: AccountChange{}, out: Account{}, serve: a.changeAccount},
		{method: "DELETE", path: "/v1/accounts/{name}", summary: "Delete an account.", rule: administer, serve: a.deleteAccount},
		{method: "GET", path: "/v1/tokens", summary: "List the tokens of programs.", rule: administer, out: []Token{}, serve: a.tokens},
		{method: "POST", path: "/v1/tokens", summary: "Make a token; its secret is shown this once.", rule: administer, in: NewToken{}, out: NewToken{}, serve: a.createToken},
		{method: "DELETE", path: "/v1/tokens/{name}", summary: "Revoke a token.", rule: administer, serve: a.revokeToken},
		{method: "GET", path: "/v1/audit", summary: "What was done, the newest first.", rule: administer,
			query: []param{{"actor", "Done by.", "string"}, {"action", "Kind of what was done.", "string"}, {"before", "Entries with a lower number.", "integer"}, limit}, out: []store.AuditEntry{}, serve: a.audit},
		{method: "GET", path: "/v1/audit/verification", summary: "Check the audit log's chain of hashes.", rule: administer,
			query: []param{{"head", "Hash that was noted before.", "string"}}, out: audit.Verdict{}, serve: a.verify},
	}
}

// Totals counts what is stored.
type Totals struct {
	Messages  int                     `json:"messages"`
	Classes   map[coldwatch.Class]int `json:"classes"`
	Campaigns int                     `json:"campaigns"`
	First     time.Time               `json:"first,omitzero"`
	Last      time.Time               `json:"last,omitzero"`
}

// Campaign is a campaign as listings show it.
type Campaign struct {
	ID           string              `json:"id"`
	Version      int                 `json:"version"`
	Name         string              `json:"name"`
	Possible     bool                `json:"possible"`
	Messages     int                 `json:"messages"`
	First        time.Time           `json:"first"`
	Last         time.Time           `json:"last"`
	Impersonated []coldwatch.Share   `json:"impersonated"`
	Targets      int                 `json:"targets"` // organisations hit
	Countries    []coldwatch.Share   `json:"countries"`
	Classes      []coldwatch.Share   `json:"classes"`
	TTI          coldwatch.Range     `json:"tti"`
	Activity     coldwatch.Judgement `json:"activity"`
	Summary      []string            `json:"summary"`
}

// Row is a message as listings show it.
type Row struct {
	ID           string          `json:"id"`
	Organisation string          `json:"organisation"`
	Received     time.Time       `json:"received"`
	Class        coldwatch.Class `json:"class"`
	Bits         float64         `json:"bits"`
	Subject      string          `json:"subject"`
	From         string          `json:"from"`
	Size         int             `json:"size"`
	Source       string          `json:"source"`
}

// Message is a message with its analysis.
type Message struct {
	Row
	Campaign string             `json:"campaign,omitempty"`
	Analysis coldwatch.Analysis `json:"analysis"`
	Words    []coldwatch.Word   `json:"words"`
}

// Taken is what became of messages that were handed in.
type Taken struct {
	IDs []string `json:"ids"`
	New int      `json:"new"` // of them not known before
}

// Judgement is a hypothesis or an item of evidence.
type Judgement struct {
	Kind   string `json:"kind"` // "hypothesis", "evidence"
	Reason string `json:"reason"`
	Detail any    `json:"detail"`
}

// Report is a report to hunt with.
type Report struct {
	Text string `json:"text"`
}

// Hunt is what a hunt found.
type Hunt struct {
	Searched  int              `json:"searched"`
	Since     time.Time        `json:"since,omitzero"`
	Hits      []engine.HuntHit `json:"hits"`
	Messages  []Row            `json:"messages"`
	First     time.Time        `json:"first,omitzero"`
	Functions map[string]int   `json:"functions"`
	Related   []Row            `json:"related"`
	Campaigns []string         `json:"campaigns"`
}

// Word is what an analyst says.
type Word struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Other   string `json:"other,omitempty"`
	Reason  string `json:"reason"`
}

// Reason is why.
type Reason struct {
	Reason string `json:"reason"`
}

// Answer is what a reader found of a campaign at its own place.
type Answer struct {
	Received    int    `json:"received,omitempty"`    // messages
	Blocked     int    `json:"blocked,omitempty"`     // of them, before anybody saw them
	Opened      int    `json:"opened,omitempty"`      // people who opened one
	Credentials int    `json:"credentials,omitempty"` // people who typed a password
	Reset       int    `json:"reset,omitempty"`       // passwords reset
	Reason      string `json:"reason,omitempty"`      // a remark
}

// NewRule is a standing rule to be made.
type NewRule struct {
	Reader        string `json:"reader"`        // id in the chain pack, "constituency", or "*" for everybody
	TLP           string `json:"tlp"`           // the strictest marking that goes out by it
	Organisations int    `json:"organisations"` // only of campaigns that hit at least so many
	Reason        string `json:"reason"`
}

// Rule is a standing rule, with who made it.
type Rule struct {
	ID string `json:"id"`
	NewRule
	Author string    `json:"author"`
	At     time.Time `json:"at"`
}

// Organisation is one of the chain pack.
type Organisation struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Country string   `json:"country"`
	Roles   []string `json:"roles"`
	Domains []string `json:"domains"`
	Member  bool     `json:"member"`
}

// Account is a person who may sign in.
type Account struct {
	Name         string    `json:"name"`
	Role         string    `json:"role"`
	Organisation string    `json:"organisation,omitempty"`
	Created      time.Time `json:"created"`
	Disabled     bool      `json:"disabled"`
	External     bool      `json:"external"` // signs in by OpenID Connect
}

// NewAccount is an account to be made.
type NewAccount struct {
	Name         string `json:"name"`
	Role         string `json:"role"`
	Organisation string `json:"organisation,omitempty"`
	Password     string `json:"password"`
}

// AccountChange names what changes of an account.
type AccountChange struct {
	Role         *string `json:"role,omitempty"`
	Organisation *string `json:"organisation,omitempty"`
	Disabled     *bool   `json:"disabled,omitempty"`
	Password     *string `json:"password,omitempty"`
}

// Token lets a program in.
type Token struct {
	Name         string    `json:"name"`
	Scopes       []string  `json:"scopes"`
	Organisation string    `json:"organisation,omitempty"`
	Created      time.Time `json:"created"`
	Expires      time.Time `json:"expires,omitzero"`
}

// NewToken is a token to be made, and, answered, made.
type NewToken struct {
	Name         string    `json:"name"`
	Scopes       []string  `json:"scopes"`
	Organisation string    `json:"organisation,omitempty"`
	Expires      time.Time `json:"expires,omitzero"`
	Secret       string    `json:"secret,omitempty"` // in the answer only
}
