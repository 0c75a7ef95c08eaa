package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
)

// Tuning is what tuning proposes.
type Tuning = campaign.Tuning

// linkingSetting keeps the m that were learnt from this store's own mail, by view, where they are not the shipped ones.
const linkingSetting = "linking"

// Tune learns the parameters of linking from the stored mail, without labels, and tells what they would change. Nothing is
// applied.
func (e *Engine) Tune(ctx context.Context, seed int64) (Tuning, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, _, err := e.current(ctx)
	if err != nil {
		return Tuning{}, err
	}
	l.Relink()
	return l.Linker.Tune(seed)
}

// Retune links by other m from now on, nil for the shipped ones, and brings the campaigns up to date. ErrElsewhere: another
// process links, and takes them up when it starts again.
func (e *Engine) Retune(ctx context.Context, m map[coldwatch.View]float64) error {
	var kept []byte
	if len(m) > 0 {
		js, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("keep parameters of linking: %w", err)
		}
		kept = js
	}
	if err := e.Store.PutSetting(ctx, linkingSetting, kept); err != nil {
		return err
	}
	if err := e.forgetLinks(ctx); err != nil {
		return err
	}
	_, err := e.Update(ctx)
	return err
}

// linking gives the parameters of linking: the shipped ones, with what was learnt from this store's mail.
func (e *Engine) linking(ctx context.Context) (campaign.Parameters, error) {
	kept, err := e.Store.Setting(ctx, linkingSetting)
	if err != nil || len(kept) == 0 {
		return e.shipped, err
	}
	var m map[coldwatch.View]float64
	if err := json.Unmarshal(kept, &m); err != nil {
		return e.shipped, fmt.Errorf("parameters of linking: %w", err)
	}
	return e.shipped.Learnt(m), nil
}
