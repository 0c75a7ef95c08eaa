package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/verdict"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/measure"
	"github.com/coldwatch/coldwatch/store/postgres"
)

type measureCmd struct {
	Scenarios []string       `arg:"" optional:"" name:"scenario" help:"Folders of labelled scenarios."`
	Errors    bool           `help:"List every wrong verdict with its kind."`
	Weights   string         `help:"Write the weights of the verdict, moved towards what these scenarios show, to a file; scan --weights uses it." placeholder:"FILE"`
	Federated bool           `help:"Each member in a database of its own with a hub between them, compared with the same mail in one place."`
	Bench     bool           `name:"linkbench" help:"Measure linking alone, on sightings made of symbols: quality beside simpler methods, speed, memory."`
	Linkbench linkbenchFlags `embed:"" prefix:"linkbench-"`
	Live      bool           `help:"Hand the mail in as if it came now, and measure the time from the second organisation's message to the warnings."`
	Rate      float64        `help:"With --live: messages a second." default:"20" placeholder:"N"`
	KeepBits  bool           `help:"With --weights: leave the weights as they are and write only how often each finding stood."`
}

func (measureCmd) Help() string {
	return "The mail is walked without the truth folder, in a database of its own (a schema of its own where --db names a server), and compared afterwards. docs/formats/scenario.md describes scenarios and measures."
}

func (c measureCmd) Run(ctx context.Context, g *Globals) error {
	err := c.run(ctx, g)
	if errors.Is(err, context.Canceled) {
		return &userError{err: errors.New("stopped"), hint: "run the same command again: it measures anew, nothing of this run is kept"}
	}
	return err
}

func (c measureCmd) run(ctx context.Context, g *Globals) error {
	switch {
	case c.Bench:
		return c.Linkbench.run(ctx, g)
	case len(c.Scenarios) == 0:
		return &userError{err: errors.New("which scenarios?"), hint: "coldwatch measure FOLDER…, or coldwatch measure --linkbench", code: 2}
	case c.Federated:
		return c.federated(ctx, g)
	case c.Live:
		return c.live(ctx, g)
	}
	var results []measure.Result
	seen := map[string]verdict.Rates{}
	for _, dir := range c.Scenarios {
		if !isScenario(dir) {
			return hinted("a scenario is a folder with scenario.json, pack/, mail/ and truth/; coldwatch demo makes one", "%s is no scenario", dir)
		}
		r, f, t, err := g.measureOne(ctx, dir)
		if err != nil {
			return err
		}
		results = append(results, r)
		sumRates(seen, measure.Rates(t, f))
		if !g.JSON {
			g.printResult(&r)
			if c.Errors {
				g.printErrors(t, f)
			}
		}
	}
	if c.Weights != "" {
		if err := c.writeWeights(seen); err != nil {
			return err
		}
		g.note("weights written; coldwatch scan --weights %s uses them", c.Weights)
	}
	switch {
	case !g.JSON && len(results) > 1:
		w := measure.Worst(results)
		g.print("\nworst of %d: campaign recall %.3f, fpr %.4f, B³ F1 %.3f, pairwise F1 %.3f, discovery %.3f", len(results),
			w.Verdict.CampaignRecall, w.Verdict.FPR, w.Clusters.B3F1, w.Clusters.PairwiseF1, w.Clusters.DiscoveryRate)
		families := measure.Families(results)
		for _, f := range slices.Sorted(maps.Keys(families)) {
			g.print("\nfamily %s", orWord(safe(f), "unnamed"))
			a := families[f]
			g.printAssessment(&a)
		}
		return nil
	case g.JSON && len(results) == 1:
		return g.printJSON(results[0])
	case g.JSON:
		return g.printJSON(map[string]any{"scenarios": results, "worst": measure.Worst(results), "families": measure.Families(results)})
	}
	return nil
}

func (c measureCmd) federated(ctx context.Context, g *Globals) error {
	var all []federatedResult
	for _, dir := range c.Scenarios {
		if !isScenario(dir) {
			return hinted("a scenario is a folder with scenario.json, pack/, mail/ and truth/; coldwatch demo makes one", "%s is no scenario", dir)
		}
		r, err := g.federated(ctx, dir)
		if err != nil {
			return err
		}
		all = append(all, r)
		if !g.JSON {
			g.printFederated(&r)
		}
	}
	if g.JSON {
		return g.printJSON(all)
	}
	return nil
}

// sumRates adds the counts of one scenario. A kind that one scenario never shows stood there in none of its messages.
func sumRates(sum map[string]verdict.Rates, counts map[string]measure.Counts) {
	var of measure.Counts
	for _, c := range counts {
		of = c
	}
	for _, k := range verdict.Shipped().Names() {
		c := counts[k]
		sum[k] = sum[k].Add(verdict.Rates{Hostile: c.Hostile, HostileOf: of.HostileOf, Benign: c.Benign, BenignOf: of.BenignOf})
	}
}

func (c measureCmd) writeWeights(seen map[string]verdict.Rates) error {
	w := verdict.Shipped().WithRates(seen)
	if !c.KeepBits {
		w = w.Learnt()
	}
	js, err := w.Format()
	if err != nil {
		return err
	}
	return writeFile(c.Weights, func(f io.Writer) error {
		_, err := f.Write(js)
		return err
	})
}

// scratch gives an engine over a database that goes when it is done with: a file, or a schema of the server that --db names.
func (g *Globals) scratch(ctx context.Context, pack *knowledge.Pack) (*engine.Engine, func(), error) {
	if postgres.Is(g.DB) {
		st, err := postgres.OpenScratch(ctx, g.DB)
		if err != nil {
			return nil, nil, &userError{err: err, hint: postgresHint}
		}
		w, err := g.weightsOf(ctx, st)
		if err != nil {
			return nil, nil, errors.Join(err, st.Close())
		}
		e := g.walker(pack, w)
		e.Store = st
		return e, func() {
			if err := st.Close(); err != nil {
				slog.Warn("the scratch schema stays", "error", err)
			}
		}, nil
	}
	tmp, err := os.MkdirTemp("", "coldwatch-measure-")
	if err != nil {
		return nil, nil, err
	}
	e, err := g.engine(ctx, filepath.Join(tmp, "measure.db"), pack, true)
	if err != nil {
		os.RemoveAll(tmp)
		return nil, nil, err
	}
	return e, func() {
		e.Store.Close()
		os.RemoveAll(tmp)
	}, nil
}

// measureOne walks a scenario in a database of its own and compares what was found.
func (g *Globals) measureOne(ctx context.Context, dir string) (measure.Result, *measure.Found, *measure.Truth, error) {
	var none measure.Result
	pack, err := g.pack(dir)
	if err != nil {
		return none, nil, nil, err
	}
	e, done, err := g.scratch(ctx, pack)
	if err != nil {
		return none, nil, nil, err
	}
	defer done()
	start := time.Now()
	sum, err := g.scan(ctx, e, []string{dir}, "")
	if err != nil {
		return none, nil, nil, err
	}
	if sum.Stopped {
		return none, nil, nil, context.Canceled
	}
	profiles, err := e.Update(ctx)
	if err != nil {
		return none, nil, nil, err
	}
	seconds := time.Since(start).Seconds()
	t, err := measure.LoadTruth(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil, nil, hinted("coldwatch scan reads a scenario without labels", "%s has no truth to compare with: %w", dir, err)
	}
	if err != nil {
		return none, nil, nil, err
	}
	f, err := gather(ctx, e, dir, profiles)
	if err != nil {
		return none, nil, nil, err
	}
	r := measure.Compare(t, f, countryOf(pack))
	if r.Assessment, err = assess(ctx, e, t, f, &r); err != nil {
		return none, nil, nil, err
	}
	r.Messages, r.Seconds, r.PeakRSS = sum.Messages, seconds, measure.PeakRSS()
	r.PerSecond = float64(sum.Messages) / seconds
	return r, f, t, nil
}

func countryOf(pack *knowledge.Pack) func(string) string {
	return func(org string) string {
		if o := pack.Organisation(org); o != nil {
			return o.Country
		}
		return ""
	}
}

// gather collects what the engine made of a scenario, by path.
func gather(ctx context.Context, e *engine.Engine, dir string, profiles []coldwatch.Profile) (*measure.Found, error) {
	f := &measure.Found{Classes: map[string]coldwatch.Class{}, Bits: map[string]float64{}, Imperson: map[string]string{}, Kinds: map[string][]string{}}
	outcomes, err := e.Outcomes(ctx)
	if err != nil {
		return nil, err
	}
	members := map[string][]string{}
	for _, o := range outcomes {
		p := engine.ScenarioPath(dir, o.Source)
		f.Classes[p], f.Bits[p], f.Imperson[p] = o.Class, o.Bits, o.Impersonated
		f.Kinds[p] = o.Kinds
		if o.Campaign != "" {
			members[o.Campaign] = append(members[o.Campaign], p)
		}
	}
	for _, p := range profiles {
		f.Campaigns = append(f.Campaigns, measure.FoundCampaign{ID: p.Campaign, Paths: members[p.Campaign], Profile: p})
	}
	steps, err := e.Online(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		f.Online = append(f.Online, measure.Placed{Path: engine.ScenarioPath(dir, s.Source), Campaign: s.Campaign, Merged: s.Merged})
	}
	return f, nil
}

func (g *Globals) printResult(r *measure.Result) {
	v, c := r.Verdict, r.Clusters
	g.print("%s: %d messages in %.1f s (%.0f a second, peak %.0f MB)", r.Scenario, r.Messages, r.Seconds, r.PerSecond, r.PeakRSS)
	g.print("  verdict    recall %.3f  campaign recall %.3f  chain recall %.3f  fpr %.4f (%d of %d benign)  precision %.3f", v.Recall,
		v.CampaignRecall, v.ChainRecall, v.FPR, v.FalseAlarms, v.Benign, v.Precision)
	g.print("             suspicious %.3f of benign, %.3f of genuine requests for quotation; impersonated right %.3f", v.Suspicious, v.SuspiciousRFQ, v.Impersonated)
	g.print("  clusters   B³ P %.3f R %.3f F1 %.3f  pairs P %.3f R %.3f F1 %.3f", c.B3Precision, c.B3Recall, c.B3F1, c.PairwisePrecision, c.PairwiseRecall, c.PairwiseF1)
	g.print("             discovered %.3f, by the third message %.3f; largest impure %d; %.2f clusters a campaign", c.DiscoveryRate, c.DiscoveredByThird, c.LargestImpure, c.PerCampaign)
	for _, x := range r.Campaigns {
		g.print("  %-5s %4d of %4d messages  %-13s impersonated %s  targets P %.2f R %.2f  countries %s  start %+.1f d  at least %d of %d", x.ID, x.Found, x.Messages,
			orWord(x.Matched, "not found"), yesNo(x.ImpersonatesRight, "right", "wrong"), x.TargetsPrecision, x.TargetsRecall,
			yesNo(x.CountriesRight, "right", "wrong"), x.StartErrorDays, x.SizeAtLeast, x.SizeTrue)
	}
	g.printAssessment(&r.Assessment)
}

// printErrors lists the wrong verdicts, false alarms first.
func (g *Globals) printErrors(t *measure.Truth, f *measure.Found) {
	for _, e := range measure.Errors(t, f) {
		g.print("  %s", strings.TrimSpace(fmt.Sprintf("%-12s %-20s %+.1f %-12s %s", e.Label, e.Kind, e.Bits, e.Class, e.Path)))
	}
}
