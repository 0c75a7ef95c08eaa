package desk

import (
	"context"

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
