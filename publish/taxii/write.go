package taxii

import (
	"bytes"
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
)

// A status is the resource of section 4.3.1, and whose it is.
type status struct {
	account string
	id      string
	body    map[string]any
}

func (s *Server) status(w http.ResponseWriter, a Account, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.statuses {
		if st.id == id && st.account == a.Name {
			reply(w, http.StatusOK, st.body)
			return
		}
	}
	fail(w, http.StatusNotFound, "no such status")
}

// post takes an envelope of objects (section 5.5). All are handled at once, so the status is complete.
func (s *Server) post(w http.ResponseWriter, r *http.Request, a Account, collection string) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/taxii+json" || params["version"] != "" && params["version"] != "2.1" {
		fail(w, http.StatusUnsupportedMediaType, "send "+MediaType)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, stix.MaxBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "send at most "+strconv.Itoa(stix.MaxBytes)+" bytes")
		return
	case err != nil:
		fail(w, http.StatusBadRequest, "the envelope did not come whole")
		return
	}
	objects, problems, err := parseEnvelope(raw)
	switch {
	case errors.Is(err, stix.ErrTooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "send fewer objects")
		return
	case err != nil:
		fail(w, http.StatusUnprocessableEntity, "this is no envelope of STIX objects")
		return
	}
	now := s.now().UTC()
	accepted, refused, err := s.admit(r, a, collection, objects, now)
	if err == nil {
		_, err = s.backend.PutObjects(r.Context(), collection, now, accepted)
	}
	if err != nil {
		fail(w, http.StatusServiceUnavailable, "the objects could not be stored; try again")
		return
	}
	reply(w, http.StatusAccepted, s.remember(a, collection, raw, now, accepted, append(problems, refused...)))
}

// admit holds each object against what is stored under its id: what another created, what comes from the future, and what would
// loosen a marking stays out.
func (s *Server) admit(r *http.Request, a Account, collection string, objects []stix.Object, now time.Time) (accepted []Object, refused []stix.Problem, err error) {
	stored := map[string]stix.Object{}
	for chunk := range slices.Chunk(objects, 500) {
		ids := make([]string, len(chunk))
		for i, o := range chunk {
			ids[i] = o.ID()
		}
		found, err := s.backend.Objects(r.Context(), Query{Collection: collection, IDs: ids, Last: true})
		if err != nil {
			return nil, nil, err
		}
		for _, f := range found {
			o := stix.Object{}
			if err := json.Unmarshal(f.JSON, &o); err != nil {
				return nil, nil, err
			}
			stored[f.ID] = o
		}
	}
	for _, o := range objects {
		v := versionOf(o)
		if v.After(now.Add(24 * time.Hour)) {
			refused = append(refused, stix.Problem{ID: o.ID(), Reason: "modified in the future"})
			continue
		}
		if old := stored[o.ID()]; old != nil && o["modified"] != nil {
			if reason, ok := stix.Replaces(old, o, now); !ok && reason != stix.NotLater {
				refused = append(refused, stix.Problem{ID: o.ID(), Reason: reason})
				continue
			}
		}
		raw, err := json.Marshal(o)
		if err != nil {
			refused = append(refused, stix.Problem{ID: o.ID(), Reason: "cannot be written"})
			continue
		}
		spec, _ := o["spec_version"].(string)
		if spec == "" {
			spec = "2.1"
		}
		accepted = append(accepted, Object{ID: o.ID(), Type: o.Type(), Spec: spec, Version: v, Source: a.Name, JSON: raw})
	}
	return accepted, refused, nil
}

// versionOf returns what TAXII calls the version of an object (section 3.4.1): modified, else created, else the zero time, for which
// the backend puts the time of addition.
func versionOf(o stix.Object) time.Time {
	for _, p := range []string{"modified", "created"} {
		if s, ok := o[p].(string); ok {
			if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
				return t.UTC().Truncate(time.Microsecond)
			}
		}
	}
	return time.Time{}
}

// remember makes the status of a request and keeps it, the last maxStatuses of them.
func (s *Server) remember(a Account, collection string, raw []byte, now time.Time, accepted []Object, failed []stix.Problem) map[string]any {
	id := uuid.NewSHA1(uuid.NameSpaceURL, slices.Concat([]byte(a.Name+"\x00"+collection+"\x00"+stamp(now)+"\x00"), raw)).String()
	body := map[string]any{"id": id, "status": "complete", "request_timestamp": stamp(now), "total_count": len(accepted) + len(failed),
		"success_count": len(accepted), "failure_count": len(failed), "pending_count": 0}
	var successes, failures []any
	for _, o := range accepted {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = append(s.statuses, status{a.Name, id, body})
	if len(s.statuses) > maxStatuses {
		s.statuses = s.statuses[1:]
	}
	return body
}

// parseEnvelope reads an envelope (section 3.7) with the care of stix.Parse.
func parseEnvelope(raw []byte) ([]stix.Object, []stix.Problem, error) {
	var envelope struct {
		Objects json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return nil, nil, err
	}
	if len(envelope.Objects) == 0 || envelope.Objects[0] != '[' {
		return nil, nil, errors.New("no objects")
	}
	return stix.Parse(io.MultiReader(bytes.NewReader([]byte(`{"type":"bundle","objects":`)), bytes.NewReader(envelope.Objects), bytes.NewReader([]byte("}"))))
}
