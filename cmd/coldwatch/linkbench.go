package main

import (
	"context"
	"io"

	"github.com/coldwatch/coldwatch/measure"
	"github.com/coldwatch/coldwatch/measure/linkbench"
)

// linkbenchFlags are the flags of measure --linkbench.
type linkbenchFlags struct {
	N         int      `name:"n" help:"Sightings of each family." default:"20000"`
	Family    []string `help:"Of easy, rotation, kits and bridge; all when none is named." enum:"easy,rotation,kits,bridge" placeholder:"FAMILY"`
	Seed      []int64  `help:"Seeds." default:"61"`
	Baselines bool     `help:"Beside simpler methods on the same sightings." default:"true" negatable:""`
	Relink    bool     `help:"With the re-link pass; without it only placing is measured." default:"true" negatable:""`
}

func (f linkbenchFlags) run(ctx context.Context, g *Globals) error {
	o := linkbench.Options{N: f.N, Seeds: f.Seed, Baselines: f.Baselines, NoRelink: !f.Relink, Clock: measure.ThreadCPU}
	for _, name := range f.Family {
		o.Families = append(o.Families, linkbench.Family(name))
	}
	if !g.JSON {
		_, err := linkbench.Run(ctx, o, g.stdout)
		return err
	}
	rs, err := linkbench.Run(ctx, o, io.Discard)
	if err != nil {
		return err
	}
	return g.printJSON(rs)
}
