// Package api is the console's HTTP API, version 1: all that a person does at the console a program does by it.
//
// A call is one line of a table: method, path, rule, what goes in, what comes out. The routes, their guards and the description
// of the API (OpenAPI 3.1, served as /v1/openapi.json) are made of that one table, so that none can disagree with another.
// Answers are JSON; errors are problem details (RFC 9457). A program comes with a token as Bearer (RFC 6750); what the token's
// scopes and organisation allow is what a person of that role and organisation may.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/desk"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// A Taker takes messages in: when it returns without an error they are on the disk. An engine.Door is one.
type Taker interface {
	Take(ctx context.Context, subs []coldwatch.Submission) (fresh int, err error)
}

// Config says what the API works with.
type Config struct {
	Desk   *desk.Desk
	People *account.People
	Taker  Taker
	Store  engine.Store
	Engine func() *engine.Engine
	Clock  func() time.Time
}

// An API answers calls.
type API struct{ Config }

// New makes the API.
func New(c Config) *API { return &API{c} }

// largestMessage bounds a message handed in, as the strictest common mail servers' limit does; largestBatch several in one request.
const (
	largestMessage = 64 << 20
	largestBatch   = 128 << 20
)

// A call is one line of the table.
type call struct {
	method, path, summary string
	rule                  access.Rule
	query                 []param
	in                    any // what the body is decoded into, a zero value; nil for none
	out                   any // what is answered, a zero value; nil for no content
	media                 string
	body                  int64
	serve                 func(*request) (any, error)
}

// A param is a parameter of the query.
type param struct{ name, about, kind string }

// A request is a call on its way.
type request struct {
	*http.Request
	w  http.ResponseWriter
	in any // as the call's in, decoded
}

// Routes gives the calls with their rules.
func (a *API) Routes() []access.Route {
	var out []access.Route
	for _, c := range a.calls() {
		out = append(out, access.Route{Method: c.method, Path: c.path, Rule: c.rule, Summary: c.summary, Body: c.body, Serve: a.handler(c)})
	}
	return out
}

// answered is what a call gives that wrote its answer itself.
var answered any = struct{}{}

func (a *API) handler(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req := &request{Request: r, w: w}
		if c.in != nil {
			at := reflect.New(reflect.TypeOf(c.in))
			dec := json.NewDecoder(r.Body)
			dec.DisallowUnknownFields()
			err := dec.Decode(at.Interface())
			if err == nil && dec.More() {
				err = errors.New("one JSON value is expected")
			}
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				fail(w, r, err)
				return
			}
			if err != nil {
				fail(w, r, &desk.InputError{Text: "the body cannot be read: " + err.Error(), Hint: "/v1/openapi.json describes it"})
				return
			}
			req.in = at.Elem().Interface()
		}
		v, err := c.serve(req)
		switch {
		case err != nil:
			fail(w, r, err)
		case v == answered:
		case v == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			reply(w, http.StatusOK, v)
		}
	}
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		slog.Error("answer", "error", err)
		console.Problem(w, http.StatusInternalServerError, "", "")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(b, '\n')) //nolint:errcheck // the reader is gone, or reads it
}

// fail answers an error: what the caller can mend with how, what is ours without a word of it.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	var input *desk.InputError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &input):
		console.Problem(w, http.StatusUnprocessableEntity, input.Text, input.Hint)
	case errors.As(err, &tooLarge):
		console.Problem(w, http.StatusRequestEntityTooLarge, "the body is too large", "")
	case errors.Is(err, store.ErrNotFound), errors.Is(err, token.ErrNone):
		console.Problem(w, http.StatusNotFound, "", "")
	case errors.Is(err, desk.ErrHeld):
		console.Problem(w, http.StatusForbidden, desk.ErrHeld.Error(), "")
	case errors.Is(err, account.ErrTaken), errors.Is(err, token.ErrTaken), errors.Is(err, account.ErrLast):
		console.Problem(w, http.StatusConflict, known(err).Error(), "")
	case known(err) != nil:
		console.Problem(w, http.StatusUnprocessableEntity, known(err).Error(), "")
	case errors.Is(err, engine.ErrBusy):
		w.Header().Set("Retry-After", "5")
		console.Problem(w, http.StatusServiceUnavailable, engine.ErrBusy.Error(), "send it again later")
	case errors.Is(err, store.ErrFull):
		w.Header().Set("Retry-After", "60")
		console.Problem(w, http.StatusInsufficientStorage, "the disk is full: nothing was taken in", "send it again later")
	case r.Context().Err() != nil, errors.Is(err, io.ErrUnexpectedEOF):
		console.Problem(w, http.StatusBadRequest, "the request broke off", "")
	default:
		slog.Error("call", "path", r.URL.Path, "error", err)
		console.Problem(w, http.StatusInternalServerError, "", "")
	}
}

// known gives the error, without what it is about, that a caller can mend.
func known(err error) error {
	for _, k := range []error{account.ErrName, account.ErrTaken, account.ErrRole, account.ErrFirst, account.ErrLast, account.ErrWeak, token.ErrName, token.ErrScope, token.ErrTaken} {
		if errors.Is(err, k) {
			return k
		}
	}
	return nil
}
