package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
)

// Sightings gives the sightings of a campaign that the viewer may see, by time received: of someone who belongs to an organisation
// that organisation's own.
func (d *Desk) Sightings(ctx context.Context, id string) ([]coldwatch.Sighting, error) {
	p, err := d.Campaign(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	return engine.SightingsOf(ctx, d.st, p.Members)
}

// Analysis gives what the analysis room said of a message.
func (d *Desk) Analysis(ctx context.Context, id string) (coldwatch.Analysis, error) {
	row, err := d.Row(ctx, id)
	if err != nil {
		return coldwatch.Analysis{}, err
	}
	return d.analysis(ctx, row.ID)
}

func (d *Desk) analysis(ctx context.Context, id string) (a coldwatch.Analysis, err error) {
	b, err := d.st.Analysis(ctx, id)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, fmt.Errorf("analysis of %s: %w", id, err)
	}
	return a, nil
}
