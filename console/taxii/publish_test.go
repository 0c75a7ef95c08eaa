package taxii_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// published gives every version in the campaigns collection, in order.
func published(t *testing.T, e *engine.Engine) []map[string]any {
	t.Helper()
	objects, err := e.Store.Objects(t.Context(), store.ObjectQuery{Collection: taxii.Campaigns})
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, o := range objects {
		m := map[string]any{}
		if err := json.Unmarshal(o.JSON, &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func publish(t *testing.T, e *engine.Engine) taxii.Published {
	t.Helper()
	done, err := taxii.Publish(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestPublish(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: 260}); err != nil {
		t.Fatal(err)
	}
	pack, err := knowledge.Load(filepath.Join(dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	open := func() *engine.Engine {
		return engine.New(engine.Config{Store: st, Pack: pack, Limits: message.Default(), Linking: campaign.Default(), Clock: func() time.Time { return noon }})
	}
	e := open()
	src, err := intake.Open(ctx, []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := e.Scan(ctx, src, nil); err != nil {
		t.Fatal(err)
	}
	profiles, err := e.Update(ctx)
	if err != nil {
		t.Fatal(err)
	}
	full := slices.DeleteFunc(slices.Clone(profiles), func(p coldwatch.Profile) bool { return p.Possible })
	first := publish(t, e)
	if first.Campaigns+len(first.Held) > len(full) || first.Campaigns == 0 || first.New == 0 || first.Revoked != 0 {
		t.Fatalf("published %+v of %d campaigns", first, len(full))
	}
	if again := publish(t, open()); again.New != 0 || again.Revoked != 0 {
		t.Fatalf("nothing changed, and %+v", again)
	}
	for _, o := range published(t, e) {
		raw, _ := json.Marshal(o)
		for _, target := range full[0].Targets {
			if org := pack.Organisation(target.Organisation); org != nil && strings.Contains(string(raw), org.Name) && !impersonated(full, org.ID) {
				t.Errorf("%s names %s, which was hit", o["id"], org.Name)
			}
		}
	}

	// All campaigns go: what was theirs is revoked, each with a later version.
	before := published(t, e)
	if err := st.PutCampaigns(ctx, store.CampaignUpdate{All: true}); err != nil {
		t.Fatal(err)
	}
	gone := publish(t, open())
	if gone.Campaigns != 0 || gone.Revoked == 0 || gone.New != gone.Revoked {
		t.Fatalf("without campaigns: %+v", gone)
	}
	modified := map[any]string{}
	for _, o := range before {
		modified[o["id"]], _ = o["modified"].(string)
	}
	revoked := map[any]bool{}
	for _, o := range published(t, e)[len(before):] {
		if o["revoked"] != true || o["modified"].(string) <= modified[o["id"]] {
			t.Errorf("%s is revoked=%v at %s, was of %s", o["id"], o["revoked"], o["modified"], modified[o["id"]])
		}
		revoked[o["id"]] = true
	}
	if publish(t, open()).New != 0 {
		t.Error("they were revoked twice")
	}

	// They come back under other ids, and all references hold.
	n := len(published(t, e))
	if _, err := open().Update(ctx); err != nil {
		t.Fatal(err)
	}
	if back := publish(t, open()); back.New != gone.Revoked {
		t.Errorf("%d objects were revoked, %+v came back", gone.Revoked, back)
	}
	for _, o := range published(t, e)[n:] {
		raw, _ := json.Marshal(o)
		for id := range revoked {
			if strings.Contains(string(raw), id.(string)) {
				t.Fatalf("%s refers to %s, which was revoked", o["id"], id)
			}
		}
	}
	if publish(t, open()).New != 0 {
		t.Error("they came back twice")
	}
}

func impersonated(ps []coldwatch.Profile, org string) bool {
	return slices.ContainsFunc(ps, func(p coldwatch.Profile) bool {
		return slices.ContainsFunc(p.Impersonated, func(s coldwatch.Share) bool { return s.Value == org })
	})
}
