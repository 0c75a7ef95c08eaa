package postgres_test

import (
	"testing"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store/conformance"
	"github.com/coldwatch/coldwatch/store/postgres"
	"github.com/coldwatch/coldwatch/store/postgres/pgtest"
)

func TestConformance(t *testing.T) {
	server := pgtest.Start(t)
	conformance.Run(t, func(t *testing.T) engine.Store {
		s, err := postgres.Open(t.Context(), server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}
