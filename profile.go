package coldwatch

import "time"

// A Profile is the dossier of a campaign: what it means. Fields are filled as far as the sightings and the pack allow;
// what cannot be assessed says so in its own words and is never a zero.
type Profile struct {
	Campaign string `json:"id"`      // campaign id
	Version  int    `json:"version"` // rises when the content changes
	Name     string `json:"name"`    // short name for people: "Haier Biomedical quotation lure"
	Pack     string `json:"pack"`

	Messages       int              `json:"messages"`
	First          time.Time        `json:"first"` // earliest trusted receipt
	Last           time.Time        `json:"last"`
	Impersonated   []Share          `json:"impersonated"` // organisations by pack id, most frequent first
	Personas       []Share          `json:"personas"`
	Targets        []TargetEntry    `json:"targets"`         // organisations hit, sorted by first sighting
	Unknown        int              `json:"unknown_targets"` // messages whose organisation is not in the pack
	Countries      []Share          `json:"countries"`
	Roles          []Share          `json:"roles"`
	Stages         []StageHit       `json:"stages"`    // the chain in its order, hit or not
	Functions      []Share          `json:"functions"` // of the people addressed
	Themes         []Share          `json:"themes"`
	Acts           []Share          `json:"acts"`
	Carriers       []Share          `json:"carriers"`
	Models         []Share          `json:"models"`     // "make|model"
	Programmes     []Share          `json:"programmes"` // pack ids
	Claims         map[string]int   `json:"claims"`     // result → count
	Fidelity       Range            `json:"fidelity"`
	Layers         []Share          `json:"layers"`
	Techniques     []Share          `json:"techniques"` // ATT&CK
	TTI            Range            `json:"tti"`
	Objectives     []Share          `json:"objectives"`
	Infrastructure []Infrastructure `json:"infrastructure"`
	Timeline       []Wave           `json:"timeline"`
	Phases         []Phase          `json:"phases"`
	Start          StartEstimate    `json:"start"`
	Activity       Judgement        `json:"activity"`    // active or dormant
	Specificity    Index            `json:"specificity"` // targeting index with its interval
	Relations      []Judgement      `json:"relations"`   // relations between the targets that explain the choice
	Doses          Doses            `json:"doses"`
	Size           Size             `json:"size"`
	Next           Prediction       `json:"next"`
	Attribution    Attribution      `json:"attribution"`
	Summary        []string         `json:"summary"` // what happened in three sentences
	Judgements     []Judgement      `json:"judgements"`
	Possible       bool             `json:"possible"` // one message, one organisation: "possible campaign"
	Members        []string         `json:"members"`  // sighting ids, sorted
	Gaps           []string         `json:"gaps,omitempty"`

	FidelityOverTime []FidelityPoint `json:"fidelity_over_time,omitempty"`  // by month, oldest first
	HalfLife         Range           `json:"infrastructure_half_life_days"` // of owned infrastructure; N = 0: not assessed
	Objective        Objective       `json:"objective"`
	Classes          []Share         `json:"classes"`                // verdict classes of the messages
	RoleIndexes      []RoleIndex     `json:"role_indexes,omitempty"` // roles against all mail seen, most over-represented first
	NotTargeted      []string        `json:"not_targeted,omitempty"` // organisations that report, share role and country with a target, and were not hit
	Excursions       []Excursion     `json:"excursions,omitempty"`   // temperatures past the limit in the custody of a target
}

// A FidelityPoint is what the lures of one month knew.
type FidelityPoint struct {
	From     time.Time      `json:"from"` // first day of the month
	Messages int            `json:"messages"`
	Fidelity Range          `json:"fidelity"` // 0–100
	Claims   map[string]int `json:"claims"`   // result → count
}

// An Objective is what was sought: what the messages asked for, and apart from it what that would give.
type Objective struct {
	Observed []string  `json:"observed"` // sentences of fact
	Inferred Judgement `json:"inferred"`
}

// A RoleIndex is a role's share of the campaign's messages over its share of all mail seen.
type RoleIndex struct {
	Role string `json:"role"`
	Name string `json:"name"`
	Index
}

// An Excursion is a temperature outside of a vaccine's limits.
type Excursion struct {
	At           time.Time `json:"at"`
	Lane         string    `json:"lane"`
	Organisation string    `json:"organisation"` // that had custody, pack id
	Celsius      float64   `json:"celsius"`
	Limit        float64   `json:"limit_c"` // the limit that was passed
}

// A Share is a value with its count of messages.
type Share struct {
	Value string    `json:"value"`
	Name  string    `json:"name,omitempty"` // for people, where Value is an id
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// A TargetEntry is one targeted organisation.
type TargetEntry struct {
	Organisation string    `json:"organisation"`
	Name         string    `json:"name"`
	Roles        []string  `json:"roles"`
	Country      string    `json:"country"`
	Functions    []string  `json:"functions,omitempty"`
	Messages     int       `json:"messages"`
	First        time.Time `json:"first"`
	Last         time.Time `json:"last"`
	Sightings    []string  `json:"sightings"` // ids
}

// A StageHit is one stage of the chain with the roles on it.
type StageHit struct {
	Stage string    `json:"stage"`
	Roles []RoleHit `json:"roles"`
}

// A RoleHit counts the targeted organisations of a role against all of the pack.
type RoleHit struct {
	Role string `json:"role"`
	Name string `json:"name"`
	Hit  int    `json:"hit"`
	Of   int    `json:"of"`
}

// Infrastructure is something the adversary used, with its span of use.
type Infrastructure struct {
	Observable
	Messages int       `json:"messages"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// A Wave is a burst of messages on the timeline.
type Wave struct {
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
	Messages      int       `json:"messages"`
	Organisations int       `json:"organisations"`
	New           []string  `json:"new"` // organisations hit for the first time
}

// A Phase is a stretch of time in which the methods hold; a change opens the next.
type Phase struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Changes []string  `json:"changes"` // sentences
	P       float64   `json:"p"`       // of the permutation test, 0 for the first phase
}

// A StartEstimate is when the campaign began, as an interval.
type StartEstimate struct {
	Observed time.Time `json:"observed"`
	Earliest time.Time `json:"earliest"` // one-sided 95 % bound
	Likely   time.Time `json:"likely"`
	Method   string    `json:"method"`
	Anchors  []string  `json:"anchors,omitempty"`
	AtLeast  bool      `json:"at_least"` // telemetry starts later than the bound: "active since at least"
}

// A Range is an interval with its middle.
type Range struct {
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
	N      int     `json:"n"`              // observations behind it
	Open   bool    `json:"open,omitempty"` // a figure is missing: the upper end is not known and is at least High
}

// An Index is a ratio with its interval.
type Index struct {
	Assessed bool    `json:"assessed"`
	Reason   string  `json:"reason"` // what it says, or why it was not assessed
	Value    float64 `json:"value"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// Doses are what passes through targeted organisations.
type Doses struct {
	Assessed bool           `json:"assessed"`
	Reason   string         `json:"reason"`
	PerWeek  Range          `json:"per_week"`
	Lanes    []LaneExposure `json:"lanes,omitempty"`
}

// A LaneExposure is one lane with its targeted stops.
type LaneExposure struct {
	Lane          string   `json:"lane"`
	Vaccine       string   `json:"vaccine"`
	StorageMin    float64  `json:"storage_min_c"`
	StorageMax    float64  `json:"storage_max_c"`
	StorageKnown  bool     `json:"storage_known"` // the pack knows both limits
	ColdSource    string   `json:"cold_source"`
	HoldoverHours Range    `json:"holdover_hours"`
	PerWeek       Range    `json:"per_week"`
	Stops         []string `json:"stops"`        // targeted organisations on it
	Alternatives  []string `json:"alternatives"` // other organisations that serve the same link
}

// Size is how big the campaign really is: a lower bound, never a point.
type Size struct {
	Assessed   bool     `json:"assessed"`
	AtLeast    int      `json:"at_least"` // organisations
	Strata     []string `json:"strata,omitempty"`
	Assumption string   `json:"assumption"`
	Reason     string   `json:"reason"`
}

// A Prediction ranks who is likely next.
type Prediction struct {
	Assessed bool        `json:"assessed"`
	Reason   string      `json:"reason"`
	Ranked   []Candidate `json:"ranked,omitempty"`
}

// A Candidate is an organisation that may be next.
type Candidate struct {
	Organisation string   `json:"organisation"`
	Name         string   `json:"name"`
	Score        float64  `json:"score"`
	Probability  float64  `json:"probability"`
	Words        string   `json:"words"` // ICD 203
	Reasons      []string `json:"reasons"`
}

// Attribution holds hypotheses and evidence; no actor is named that no analyst entered.
type Attribution struct {
	Statement  string       `json:"statement"`
	Confidence string       `json:"confidence"` // "low", "moderate", "high"
	Hypotheses []Hypothesis `json:"hypotheses,omitempty"`
	Evidence   []GradedItem `json:"evidence,omitempty"`
	Linchpin   string       `json:"linchpin,omitempty"`
	Stated     string       `json:"stated,omitempty"` // hypothesis that the rule lets us state, "" for undetermined
	Actor      string       `json:"actor,omitempty"`  // actor that an analyst entered and the rule lets us name, "" for unknown
	Change     []string     `json:"would_change,omitempty"`
}

// A Hypothesis is one class of actor with its posterior.
type Hypothesis struct {
	Name   string  `json:"name"`
	Prior  float64 `json:"prior"`
	Low    float64 `json:"low"` // 5 %
	Median float64 `json:"median"`
	High   float64 `json:"high"` // 95 %
	Top    float64 `json:"p_top"`
	Words  string  `json:"words"`
}

// A GradedItem is one piece of attribution evidence with its Admiralty grade.
type GradedItem struct {
	ID     string                `json:"id"`
	Group  string                `json:"group"`
	Text   string                `json:"text"`
	Grade  string                `json:"grade"`  // "B2"
	Cost   string                `json:"cost"`   // to fake: "easy", "moderate", "hard"
	Ranges map[string][2]float64 `json:"ranges"` // hypothesis → likelihood range
	Author string                `json:"author"` // "coldwatch" or the analyst

	Exclusive string `json:"exclusive,omitempty"` // hypothesis that alone is known to have this artefact
}

// A Judgement is one assessed statement with its basis.
type Judgement struct {
	Text       string   `json:"text"`
	Likelihood string   `json:"likelihood,omitempty"` // ICD 203 word, "" for a fact
	Confidence string   `json:"confidence,omitempty"` // a sentence of its own
	Basis      []string `json:"basis,omitempty"`
	Gaps       []string `json:"gaps,omitempty"`
	Change     []string `json:"would_change,omitempty"`
}
