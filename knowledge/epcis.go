package knowledge

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// Limits on one file of events.
const (
	maxEPCIS  = 256 << 20
	maxTraced = 500_000   // objects
	maxTouch  = 5_000_000 // objects touched by all events, contents of parcels counted
)

// EPCISOptions name what the events call by numbers of their own.
type EPCISOptions struct {
	Parties      map[string]string // GLN, or identifier of a party or place → organisation id
	Products     map[string]string // GTIN, or identifier of a product → vaccine id
	Vaccine      string            // vaccine id of every product that is not named; "" leaves them out
	DosesPerUnit float64           // doses in one unit of the events' quantities; 0 gives lanes without dose figures
}

// A Traced is what events of EPCIS tell: the ways that doses took, and temperatures past a vaccine's limits on them.
type Traced struct {
	Events          int                   `json:"events"`
	Lanes           []Lane                `json:"lanes"`
	Excursions      []coldwatch.Excursion `json:"excursions"`
	UnknownParties  []string              `json:"unknown_parties,omitempty"`  // identifiers that name no organisation of the pack
	UnknownProducts []string              `json:"unknown_products,omitempty"` // and no vaccine
	Skipped         int                   `json:"skipped,omitempty"`          // events that could not be read or have no time
}

// ReadEPCIS reads events of GS1 EPCIS 2.0 in JSON or JSON-LD (EPCISDocument, EPCISQueryDocument, a list, or one event a
// line) and follows each object through them. Who holds it, by read point, business location and possessing party (CBV 2.0
// section 8), gives a lane; sensor reports of temperature (EPCIS 2.0 section 7.3.7) give excursions past the storage limits
// of its vaccine, one a day, lane and holder: the worst. An [InputError] says what cannot be used, and what to do.
func ReadEPCIS(r io.Reader, known *Pack, o EPCISOptions) (Traced, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxEPCIS+1))
	if err != nil {
		return Traced{}, fmt.Errorf("epcis: %w", err)
	}
	if len(raw) > maxEPCIS {
		return Traced{}, &InputError{fmt.Sprintf("the file is larger than %d MiB", maxEPCIS>>20), "split it by time and import the parts together in one list"}
	}
	f, err := readEvents(raw)
	if err != nil {
		return Traced{}, err
	}
	x, err := newTracer(known, o, f.names)
	if err != nil {
		return Traced{}, err
	}
	slices.SortStableFunc(f.events, func(a, b epcisEvent) int { return a.at.Compare(b.at) })
	for i := range f.events {
		if err := x.follow(&f.events[i]); err != nil {
			return Traced{}, err
		}
	}
	out := x.result()
	out.Events, out.Skipped = len(f.events), f.skipped
	switch {
	case len(f.events) == 0:
		return out, &InputError{"no event of EPCIS is in the file", "it takes EPCIS 2.0 in JSON or JSON-LD; convert XML of EPCIS 1.x first"}
	case len(out.Lanes) == 0 && len(out.UnknownParties) > 0:
		return out, &InputError{"no lane: no organisation is known for " + some(out.UnknownParties), "say who they are with --party IDENTIFIER=ORGANISATION, or add the identifier to the organisation's aliases"}
	case len(out.Lanes) == 0 && len(out.UnknownProducts) > 0:
		return out, &InputError{"no lane: no vaccine is known for " + some(out.UnknownProducts), "say which they are with --product IDENTIFIER=VACCINE, or --vaccine ID for all"}
	case len(out.Lanes) == 0:
		return out, &InputError{"no lane: no object was seen in the custody of two organisations", "the events must name read points, business locations or possessing parties"}
	}
	return out, nil
}

func some(ids []string) string {
	if len(ids) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:5], ", "), len(ids)-5)
	}
	return strings.Join(ids, ", ")
}

// An epcisEvent is one event with what matters here; the JSON names are those of the standard.
type epcisEvent struct {
	Type        string       `json:"type"`
	IsA         string       `json:"isA"`
	EventTime   string       `json:"eventTime"`
	Action      string       `json:"action"`
	BizStep     string       `json:"bizStep"`
	EPCs        []string     `json:"epcList"`
	Children    []string     `json:"childEPCs"`
	Outputs     []string     `json:"outputEPCList"`
	Parent      string       `json:"parentID"`
	Quantities  []quantity   `json:"quantityList"`
	ChildCounts []quantity   `json:"childQuantityList"`
	OutCounts   []quantity   `json:"outputQuantityList"`
	ReadPoint   epcisPlace   `json:"readPoint"`
	Location    epcisPlace   `json:"bizLocation"`
	Sources     []sourceDest `json:"sourceList"`
	Dests       []sourceDest `json:"destinationList"`
	Sensors     []sensor     `json:"sensorElementList"`

	at time.Time
}

type quantity struct {
	Class    string  `json:"epcClass"`
	Quantity float64 `json:"quantity"`
}

// An epcisPlace is {"id": …} by the standard; a plain string occurs.
type epcisPlace string

func (p *epcisPlace) UnmarshalJSON(b []byte) error {
	var o struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(b, &o) == nil {
		*p = epcisPlace(o.ID)
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	*p = epcisPlace(s)
	return err
}

type sourceDest struct {
	Type        string `json:"type"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
}

type sensor struct {
	Metadata struct {
		Time  string `json:"time"`
		Start string `json:"startTime"`
	} `json:"sensorMetadata"`
	Reports []sensorReport `json:"sensorReport"`
}

type sensorReport struct {
	Type  string   `json:"type"`
	Value *float64 `json:"value"`
	Min   *float64 `json:"minValue"`
	Max   *float64 `json:"maxValue"`
	Unit  string   `json:"uom"`
	Time  string   `json:"time"`
}

// vocabulary is the master data that a document may carry: identifiers with their names.
type vocabulary struct {
	Elements []struct {
		ID         string `json:"id"`
		Attributes []struct {
			ID    string          `json:"id"`
			Value json.RawMessage `json:"attribute"`
		} `json:"attributes"`
	} `json:"vocabularyElementList"`
}

type epcisFile struct {
	events  []epcisEvent
	names   map[string]string // identifier → name
	skipped int
}

// readEvents takes the events out of whatever holds them.
func readEvents(raw []byte) (*epcisFile, error) {
	raw, _ = toUTF8(raw)
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<")) {
		return nil, &InputError{"the file is XML", "it takes EPCIS 2.0 in JSON or JSON-LD; convert XML of EPCIS 1.x first"}
	}
	f := &epcisFile{names: map[string]string{}}
	d := json.NewDecoder(bytes.NewReader(raw))
	for {
		var v json.RawMessage
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, &InputError{fmt.Sprintf("not readable as JSON near byte %d: %v", d.InputOffset(), err), "it takes EPCIS 2.0 in JSON or JSON-LD, whole documents or one event a line"}
		}
		f.take(v, 0)
	}
}

// take reads a document, a list of events, or one event. Lists of lists are no EPCIS.
func (f *epcisFile) take(v json.RawMessage, depth int) {
	var list []json.RawMessage
	if json.Unmarshal(v, &list) == nil {
		for _, e := range list {
			if depth < 2 {
				f.take(e, depth+1)
			}
		}
		return
	}
	var doc struct {
		Header struct {
			Master struct {
				Lists []vocabulary `json:"vocabularyList"`
			} `json:"epcisMasterData"`
		} `json:"epcisHeader"`
		Body *struct {
			Events []json.RawMessage `json:"eventList"`
			Event  json.RawMessage   `json:"event"`
			Query  struct {
				Results struct {
					Events []json.RawMessage `json:"eventList"`
				} `json:"resultsBody"`
			} `json:"queryResults"`
		} `json:"epcisBody"`
	}
	if json.Unmarshal(v, &doc) == nil && doc.Body != nil && depth < 2 {
		for _, l := range doc.Header.Master.Lists {
			f.master(l)
		}
		for _, e := range append(append(doc.Body.Events, doc.Body.Query.Results.Events...), doc.Body.Event) {
			if len(e) > 0 {
				f.take(e, depth+1)
			}
		}
		return
	}
	var e epcisEvent
	if json.Unmarshal(v, &e) != nil || !strings.HasSuffix(cmp.Or(e.Type, e.IsA), "Event") {
		f.skipped++
		return
	}
	at, ok := epcisTime(e.EventTime)
	if !ok {
		f.skipped++
		return
	}
	e.at = at
	f.events = append(f.events, e)
}

func (f *epcisFile) master(l vocabulary) {
	for _, e := range l.Elements {
		for _, a := range e.Attributes {
			var name string
			if low := strings.ToLower(a.ID); (strings.HasSuffix(low, "name") || strings.HasSuffix(low, "descriptionshort")) && json.Unmarshal(a.Value, &name) == nil {
				f.names[epcisKey(e.ID)] = name
			}
		}
	}
}

func epcisTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err == nil && t.Year() >= 1990 && t.Year() < 2200
}

// epcisKey folds the ways of writing one number into one: URNs of the EPC Tag Data Standard and GS1 Digital Links become
// "gln:" or "gtin:" and the number with its check digit; what is neither stays as it is, in lower case.
func epcisKey(id string) string {
	id = strings.ToLower(strings.TrimSpace(id))
	for _, urn := range []struct{ prefix, kind string }{{"urn:epc:id:sgln:", "gln"}, {"urn:epc:id:pgln:", "gln"},
		{"urn:epc:id:sgtin:", "gtin"}, {"urn:epc:class:lgtin:", "gtin"}, {"urn:epc:idpat:sgtin:", "gtin"}} {
		rest, ok := strings.CutPrefix(id, urn.prefix)
		if !ok {
			continue
		}
		part := strings.SplitN(rest, ".", 3)
		if len(part) < 2 || part[1] == "" && urn.kind == "gtin" {
			return id
		}
		number := part[0] + part[1]
		if urn.kind == "gtin" {
			number = part[1][:1] + part[0] + part[1][1:]
		}
		if digits(number) && (len(number) == 12 || len(number) == 13) {
			return urn.kind + ":" + number + checkDigit(number)
		}
		return id
	}
	for _, link := range []struct{ path, kind string }{{"/414/", "gln"}, {"/417/", "gln"}, {"/01/", "gtin"}} {
		if _, rest, ok := strings.Cut(id, link.path); ok && strings.Contains(id, "://") {
			number, _, _ := strings.Cut(rest, "/")
			number, _, _ = strings.Cut(number, "?")
			if digits(number) {
				return link.kind + ":" + number
			}
		}
	}
	switch {
	case len(id) == 13 && digits(id):
		return "gln:" + id
	case len(id) == 14 && digits(id):
		return "gtin:" + id
	}
	return id
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// checkDigit is that of the GS1 General Specifications, section 7.9.
func checkDigit(number string) string {
	sum := 0
	for i := range len(number) {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			n *= 3
		}
		sum += n
	}
	return string(rune('0' + (10-sum%10)%10))
}

// laneID names a lane by its vaccine and stops, so that another import of the same events replaces it.
func laneID(vaccine string, stops []string) string {
	h := sha256.Sum256([]byte(vaccine + "|" + strings.Join(stops, "|")))
	return "epcis-" + hex.EncodeToString(h[:5])
}

func sortedSet(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }
