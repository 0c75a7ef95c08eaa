package taxii

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/store"
)

// Status resources are kept for a day after the request, as section 4.3 wants, and at most so many.
const (
	keepStatus  = 24 * time.Hour
	maxStatuses = 1000
	// maxAhead is how far ahead of our clock an object may say that it was modified.
	maxAhead = 24 * time.Hour
)

// A status is the resource of section 4.3.1, and whose it is.
type status struct {
	owner string
	id    string
	at    time.Time
	body  map[string]any
}

func (r *request) status(id string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for _, st := range r.s.statuses {
		if st.id == id && st.owner == r.token.Name {
			r.reply(http.StatusOK, st.body)
			return
		}
	}
	r.fail(http.StatusNotFound, "no such status")
}

// post takes an envelope of objects (section 5.5). All are stored before the answer, so that the status is complete.
func (r *request) post(c *collection) {
	if !c.write {
		r.fail(http.StatusForbidden, "this collection may be read only")
		return
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if v := params["version"]; err != nil || kind != "application/taxii+json" || v != "" && v != "2.1" {
		r.fail(http.StatusUnsupportedMediaType, "send "+MediaType)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(r.w, r.Body, stix.MaxBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		r.fail(http.StatusRequestEntityTooLarge, "send at most "+strconv.Itoa(stix.MaxBytes)+" bytes")
		return
	}
	if err != nil || !json.Valid(raw) {
		r.fail(http.StatusBadRequest, "this is no JSON")
		return
	}
	objects, problems, err := ParseEnvelope(raw)
	switch {
	case errors.Is(err, stix.ErrTooLarge):
		r.fail(http.StatusRequestEntityTooLarge, "send at most "+strconv.Itoa(stix.MaxObjects)+" objects")
		return
	case err != nil || len(objects) == 0:
		r.fail(http.StatusUnprocessableEntity, "this is no envelope with a STIX 2.1 object in it")
		return
	}
	now := r.s.now()
	r.s.writing.Lock()
	taken, refused, err := Take(r.Context(), r.s.store, c.id, r.token.Name, objects, now)
	r.s.writing.Unlock()
	if err != nil {
		r.broken(err)
		return
	}
	r.accepted(taken, append(problems, refused...), now)
}

// accepted answers with the status of what was pushed.
func (r *request) accepted(taken []store.Object, failed []stix.Problem, now time.Time) {
	body := map[string]any{"id": uuid.NewString(), "status": "complete", "request_timestamp": stamp(now), "total_count": len(taken) + len(failed),
		"success_count": len(taken), "failure_count": len(failed), "pending_count": 0}
	var successes, failures []any
	for _, o := range taken {
		v := o.Version
		if v.IsZero() {
			v = now
		}
		successes = append(successes, map[string]any{"id": o.ID, "version": stamp(v)})
	}
	for _, p := range failed {
		failures = append(failures, map[string]any{"id": p.ID, "version": stamp(now), "message": p.Reason})
	}
	if successes != nil {
		body["successes"] = successes
	}
	if failures != nil {
		body["failures"] = failures
	}
	r.s.mu.Lock()
	old := slices.IndexFunc(r.s.statuses, func(st status) bool { return now.Sub(st.at) < keepStatus })
	if old < 0 {
		old = len(r.s.statuses)
	}
	r.s.statuses = append(r.s.statuses[max(old, len(r.s.statuses)-maxStatuses+1):], status{r.token.Name, body["id"].(string), now, body})
	r.s.mu.Unlock()
	r.reply(http.StatusAccepted, body)
}

// Take stores objects of others in a collection, as they came, and tells which it refused. It holds the rules of import: nobody
// replaces what another creator or another source brought, says a later time than now, frees a marking or brings back what was
// revoked. Calls for one collection must take turns.
func Take(ctx context.Context, st Store, collection, source string, objects []stix.Object, now time.Time) (taken []store.Object, refused []stix.Problem, err error) {
	objects = slices.Clone(objects)
	slices.SortStableFunc(objects, func(a, b stix.Object) int { return modified(a).Compare(modified(b)) }) // a history comes in its order
	newest := map[string]stix.Object{}                                                                     // of those stored and those taken now
	for _, o := range objects {
		id := o.ID()
		rec, err := Record(o, source)
		if err != nil {
			return nil, nil, err
		}
		reason := ""
		known, err := st.Objects(ctx, store.ObjectQuery{Collection: collection, IDs: []string{id}})
		if err != nil {
			return nil, nil, err
		}
		stored := newest[id]
		same := false
		for _, k := range known {
			if k.Source != source && !bytes.Equal(k.JSON, rec.JSON) { // what says the same, as the markings of TLP do, replaces nothing
				reason = "another source brought it"
			}
			same = same || rec.Version.IsZero() || k.Version.Equal(rec.Version)
		}
		if stored == nil && len(known) > 0 {
			latest := slices.MaxFunc(known, func(a, b store.Object) int { return a.Version.Compare(b.Version) })
			if stored, err = decode(latest.JSON); err != nil {
				return nil, nil, err
			}
		}
		switch {
		case reason != "":
		case rec.Spec != "2.1":
			reason = "this collection takes STIX 2.1"
		case rec.Version.After(now.Add(maxAhead)):
			reason = "modified in the future"
		case same || stored == nil: // known already: nothing changes, and nothing is wrong
		default:
			why, ok := stix.Replaces(stored, o, now)
			if !ok {
				reason = why
			}
		}
		if reason != "" {
			refused = append(refused, stix.Problem{ID: id, Reason: reason})
			continue
		}
		if !same {
			newest[id] = o
		}
		taken = append(taken, rec)
	}
	_, err = st.PutObjects(ctx, collection, now, taken)
	return taken, refused, err
}

// Record makes what is stored of an object.
func Record(o stix.Object, source string) (store.Object, error) {
	rec := store.Object{ID: o.ID(), Type: o.Type(), Spec: spec(o), Source: source}
	for _, p := range []string{"created", "modified"} {
		if s, ok := o[p].(string); ok {
			if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
				rec.Version = t.UTC().Truncate(time.Microsecond)
			}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(o)
	rec.JSON = bytes.TrimSpace(b.Bytes())
	return rec, err
}

// spec gives the version of STIX that an object is written in: where it does not say, an object with created is of 2.0, and a
// cyber-observable of 2.1 (STIX 2.1 section 3.2).
func spec(o stix.Object) string {
	if s, ok := o["spec_version"].(string); ok {
		return s
	}
	if o["created"] != nil {
		return "2.0"
	}
	return "2.1"
}

func decode(raw []byte) (stix.Object, error) {
	o := stix.Object{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err := d.Decode(&o)
	return o, err
}

// ParseEnvelope reads an envelope (section 3.7) with the care of stix.Parse.
func ParseEnvelope(raw []byte) ([]stix.Object, []stix.Problem, error) {
	var envelope struct {
		Objects json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return nil, nil, err
	}
	if len(envelope.Objects) == 0 || envelope.Objects[0] != '[' {
		return nil, nil, errors.New("no list of objects")
	}
	return stix.Parse(io.MultiReader(bytes.NewReader([]byte(`{"type":"bundle","objects":`)), bytes.NewReader(envelope.Objects), bytes.NewReader([]byte("}"))))
}
