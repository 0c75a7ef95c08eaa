// Package knowledge is what coldwatch knows about a supply chain: chain packs, loaded, checked and looked up.
//
// A pack is a folder of CSV files (RFC 4180) and a pack.yaml; docs/formats/pack.md names every column. The pack of the
// vaccine cold chain is embedded. A user's own pack is laid on top of another: rows with the same id replace it, others
// add to it. A row that is wrong is reported with file, line and reason, and the rest still loads.
//
// A pack is read once and never changed afterwards, so that any number of goroutines may look things up in it.
package knowledge

import "github.com/coldwatch/coldwatch"

// A Pack is everything that is known about one supply chain. Slices are in file order; look-ups are built by the loader.
type Pack struct {
	Name, Version, Description, Sector, Licence string
	Sources                                     []string

	Roles         []Role
	Organisations []Organisation
	People        []Person
	Equipment     []Equipment
	Programmes    []Programme
	Vaccines      []Vaccine
	Relations     []Relation
	Priors        []Prior
	Lanes         []Lane
	Excursions    []coldwatch.Excursion // temperatures past a limit, of any lane

	Problems []Problem // what was wrong with the rows, in order

	places map[string][]place // table → where each of its rows stands
	index  *index
}

// A place is the line of a file.
type place struct {
	file string
	line int
}

// place tells where row i of a table stands; a pack made in memory has no lines.
func (p *Pack) place(table string, i int) place {
	if rows := p.places[table]; i < len(rows) {
		return rows[i]
	}
	return place{file: table}
}

// A Problem is a row that did not load or loaded in part.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
	Hint   string `json:"hint"`
	Fatal  bool   `json:"fatal"` // the row was left out; else it loaded with the cell mended or empty
}

// Stages of the chain, in its order.
var Stages = [...]string{"supply", "manufacture", "storage", "transport", "border", "distribution", "last-mile", "oversight", "service"}

// A Role is a kind of organisation on the chain.
type Role struct {
	ID, Name, Description, Stage, ColdSource string
}

// An Organisation is one on the chain, or one that the chain knows.
type Organisation struct {
	ID, Name        string
	Aliases         []string
	Roles           []string
	Country, Region string
	Domains         []string // every domain that is truly theirs, lower case
	DKIMDomains     []string
	MailServices    []string
	PostalAddress   string
	Website         string
	Programmes      []string
	Member          bool
	SecurityContact string
	Language        string
	TLPMax          string
	Source          string
}

// A Person belongs to an organisation.
type Person struct {
	OrgID, Name, Title, Function, Email, Source string
}

// Equipment is a model that is made for the chain. A nil number is not known.
type Equipment struct {
	Make, Model, MakeOrgID, Category, PQSCode string
	TempMinC, TempMaxC                        *float64
	ColdSource                                string
	CapacityL                                 *float64
	PriceLow, PriceHigh                       *float64
	Currency                                  string
	PriceYear                                 int
	Source                                    string
}

// A Programme buys or distributes for the chain.
type Programme struct {
	ID, Name      string
	Aliases       []string
	OperatorOrgID string
	Source        string
}

// A Vaccine has the temperatures at which it is stored, in °C.
type Vaccine struct {
	ID, Name, Maker          string
	StorageMinC, StorageMaxC *float64
	ExcursionHours           *float64
	Source                   string
}

// A Relation binds two organisations.
type Relation struct {
	FromOrg, ToOrg, Kind, Detail string
}

// A Prior is the share of a hypothesis before any evidence.
type Prior struct {
	Hypothesis string
	Prior      float64
	Reason     string
}

// A Lane is a way that doses take.
type Lane struct {
	ID, VaccineID       string
	Stops               []string
	ColdSource          string
	HoldoverHours       *float64
	DosesLow, DosesHigh *float64 // a week
}
