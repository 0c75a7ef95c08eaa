package federation

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/coldwatch/coldwatch/console/taxii"
)

// JoinPath is where an invitation is used.
const JoinPath = "/federation/join"

// Handler serves TAXII 2.1 (package taxii: members push into its inbox and read its campaigns) and enrolment. The caller brings TLS.
func (h *Hub) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/taxii2/", taxii.New(h.store, h.e.Clock))
	mux.HandleFunc("POST "+JoinPath, h.join)
	return mux
}

func (h *Hub) join(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	var j joining
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		http.Error(w, "this is no request to join", http.StatusBadRequest)
		return
	}
	welcome, err := h.enrol(r.Context(), j)
	switch {
	case errors.Is(err, ErrInvite):
		if err := h.refused(r.Context(), "join", err.Error()); err != nil {
			slog.Error("audit", "error", err)
		}
		http.Error(w, ErrInvite.Error(), http.StatusForbidden)
		return
	case err != nil:
		slog.Error("join", "error", err)
		http.Error(w, "the hub cannot do this now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(welcome); err != nil {
		slog.Info("join: the answer was not read", "error", err)
	}
}

// refused notes in the audit that somebody was turned away, at most once a minute: whoever knocks must not fill the disk.
func (h *Hub) refused(ctx context.Context, what, why string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.e.Clock()
	if since := now.Sub(h.turned); since >= 0 && since < time.Minute {
		return nil
	}
	h.turned = now
	return h.audit(ctx, note{"somebody", what + ".refused", why})
}

// Run takes in, links and publishes until ctx ends, looking that often. Linking goes on in the engine's own time.
func (h *Hub) Run(ctx context.Context, every time.Duration) error {
	followed := make(chan error, 1)
	go func() { followed <- h.e.Follow(ctx) }()
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if err := h.round(ctx); err != nil && ctx.Err() == nil {
			slog.Error("the hub could not do its round; it tries again", "error", err)
		}
		select {
		case <-ctx.Done():
			return <-followed
		case <-t.C:
		}
	}
}

func (h *Hub) round(ctx context.Context) error {
	a, err := h.TakeIn(ctx)
	if err != nil {
		return err
	}
	if a.Sightings > 0 {
		slog.Info("taken in", "sightings", a.Sightings, "refused", a.Refused)
	}
	_, err = h.Publish(ctx)
	return err
}
