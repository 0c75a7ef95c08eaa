package linkbench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/campaign"
)

// Options say what to run.
type Options struct {
	Families   []Family             `json:"families"` // all four when empty
	N          int                  `json:"n"`        // sightings a family
	Seeds      []int64              `json:"seeds"`
	Parameters *campaign.Parameters `json:"-"` // nil: the default
	Baselines  bool                 `json:"baselines"`
	NoRelink   bool                 `json:"no_relink"` // place only
	Clock      func() time.Duration `json:"-"`         // processor time of the calling thread, or a time; nil: no times
}

// Result is one run.
type Result struct {
	Family    Family             `json:"family"`
	Seed      int64              `json:"seed"`
	N         int                `json:"n"`
	Online    Quality            `json:"online"`
	Relinked  Quality            `json:"relinked"`
	PerSecond float64            `json:"sightings_per_second"` // placing
	P50       time.Duration      `json:"place_p50_ns"`
	P99       time.Duration      `json:"place_p99_ns"`
	Relink    time.Duration      `json:"relink_ns"`
	Bytes     float64            `json:"bytes_per_sighting"`
	Restart   time.Duration      `json:"restart_ns"` // reading the kept state
	Links     Calibration        `json:"links"`
	Baselines map[string]Quality `json:"baselines,omitempty"`
}

// Run makes, places, re-links and judges, and prints a table. It returns as soon as ctx ends; a re-link pass that is under
// way then runs to its end unwatched, for a linker is not to be stopped between two states.
func Run(ctx context.Context, o Options, w io.Writer) ([]Result, error) {
	if len(o.Families) == 0 {
		o.Families = []Family{Easy, Rotation, Kits, Bridge}
	}
	if len(o.Seeds) == 0 {
		o.Seeds = []int64{1}
	}
	if o.N <= 0 {
		o.N = 5000
	}
	if o.Clock == nil {
		o.Clock = func() time.Duration { return 0 }
	}
	var out []Result
	for _, f := range o.Families {
		for _, seed := range o.Seeds {
			done := make(chan Result, 1)
			go func() { done <- one(ctx, o, f, seed) }()
			var r Result
			select {
			case r = <-done:
			case <-ctx.Done():
			}
			if err := ctx.Err(); err != nil {
				return out, err // whatever came may be half of it
			}
			out = append(out, r)
			if err := r.print(w); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// one is one run. After the end of ctx what it returns means nothing.
func one(ctx context.Context, o Options, f Family, seed int64) Result {
	p := campaign.Default()
	if o.Parameters != nil {
		p = *o.Parameters
	}
	ms := generate(f, o.N, seed)
	res := Result{Family: f, Seed: seed, N: len(ms)}
	runtime.LockOSThread() // whose processor time is measured
	defer runtime.UnlockOSThread()
	before := heap()
	l := campaign.New(p)
	took := make([]time.Duration, len(ms))
	var total time.Duration
	for i := range ms {
		if ctx.Err() != nil {
			return res
		}
		s := ms[i].sighting(i)
		t := o.Clock()
		l.Place(s)
		took[i] = o.Clock() - t
		total += took[i]
	}
	res.Bytes = (heap() - before) / float64(len(ms))
	if total > 0 {
		res.PerSecond = float64(len(ms)) / total.Seconds()
	}
	late := took[len(took)*9/10:] // placement time at full size
	slices.Sort(late)
	res.P50, res.P99 = late[len(late)/2], late[len(late)*99/100]
	res.Online = judge(ms, labels(l, ms))
	if !o.NoRelink && ctx.Err() == nil {
		t := o.Clock()
		l.Relink()
		res.Relink = o.Clock() - t
		if ctx.Err() != nil {
			return res
		}
		res.Relinked = judge(ms, labels(l, ms))
		res.Links = calibrate(l, ms, seed)
		res.Restart = restart(l, p, o.Clock)
	}
	if o.Baselines && ctx.Err() == nil {
		res.Baselines = baselines(ms, p)
	}
	return res
}

// restart measures how long a linker takes to come back from what was kept of it, 0 when it does not.
func restart(l *campaign.Linker, p campaign.Parameters, clock func() time.Duration) time.Duration {
	var state bytes.Buffer
	if err := l.Snapshot(&state); err != nil {
		return 0
	}
	t := clock()
	if m, err := campaign.Restore(&state, p); err != nil || m.Len() != l.Len() {
		return 0
	}
	return clock() - t
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// labels numbers the found clusters, single sightings included.
func labels(l *campaign.Linker, ms []message) []int32 {
	at := map[string]int32{}
	for i, c := range l.Campaigns() {
		for _, id := range c.Members {
			at[id] = int32(i) + 1
		}
	}
	out := make([]int32, len(ms))
	for i := range ms {
		s := ms[i].id(i)
		if n := at[s]; n > 0 {
			out[i] = n
		} else {
			out[i] = -int32(i) - 1
		}
	}
	return out
}

func (r Result) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, seed %d: %d sightings, %.0f a second, placement p50 %v p99 %v, %.0f bytes a sighting", r.Family, r.Seed, r.N, r.PerSecond, r.P50, r.P99, r.Bytes)
	relinked := r.Relinked != Quality{}
	if relinked {
		fmt.Fprintf(&b, "\n  re-link %v, restart %v; P(link) of %d candidate pairs: Brier %.3f, expected calibration error %.3f",
			r.Relink.Round(time.Millisecond), r.Restart.Round(time.Millisecond), r.Links.Pairs, r.Links.Brier, r.Links.ECE)
	}
	b.WriteString("\n")
	row := func(name string, q Quality) {
		fmt.Fprintf(&b, "  %-24s B³ %.3f %.3f F1 %.3f  pairs %.3f %.3f F1 %.3f  ARI %.3f  found %.2f  impure %d  a campaign %.2f\n",
			name, q.B3Precision, q.B3Recall, q.B3F1, q.PairwisePrecision, q.PairwiseRecall, q.PairwiseF1, q.ARI, q.Discovery, q.LargestImpure, q.PerCampaign)
	}
	row("online", r.Online)
	if relinked {
		row("re-linked", r.Relinked)
	}
	for _, n := range slices.Sorted(maps.Keys(r.Baselines)) {
		row(n, r.Baselines[n])
	}
	_, err := io.WriteString(w, b.String())
	return err
}
