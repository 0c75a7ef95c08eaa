package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch/knowledge"
)

// correctionsSetting holds what was changed in the directory by hand: organisations that lie over those of the pack, by id.
const correctionsSetting = "directory corrections"

type corrections struct {
	Changes       int                      `json:"changes"`
	Organisations []knowledge.Organisation `json:"organisations"`
}

func correctionsOf(ctx context.Context, st Store) (c corrections, err error) {
	b, err := st.Setting(ctx, correctionsSetting)
	if err != nil || len(b) == 0 {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("corrections of the directory: %w", err)
	}
	return c, nil
}

// Corrected lays over a pack what was changed in its directory by hand, and kept in the store.
func Corrected(ctx context.Context, st Store, pack *knowledge.Pack) (*knowledge.Pack, error) {
	c, err := correctionsOf(ctx, st)
	if err != nil || c.Changes == 0 {
		return pack, err
	}
	return c.over(pack), nil
}

func (c corrections) over(pack *knowledge.Pack) *knowledge.Pack {
	return knowledge.Overlay(pack, knowledge.New(knowledge.Pack{Name: "corrections", Version: strconv.Itoa(c.Changes), Organisations: c.Organisations}))
}

// Correct keeps a changed or a new organisation. The pack is the one that is in use, with earlier corrections in it; what comes back is
// the pack with this one too. Mail is read with it by whoever opens the store from then on.
func Correct(ctx context.Context, st Store, pack *knowledge.Pack, o knowledge.Organisation) (*knowledge.Pack, error) {
	c, err := correctionsOf(ctx, st)
	if err != nil {
		return nil, err
	}
	c.Changes++
	c.Organisations = slices.DeleteFunc(c.Organisations, func(x knowledge.Organisation) bool { return x.ID == o.ID })
	c.Organisations = append(c.Organisations, o)
	slices.SortFunc(c.Organisations, func(a, b knowledge.Organisation) int { return strings.Compare(a.ID, b.ID) })
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("corrections of the directory: %w", err)
	}
	if err := st.PutSetting(ctx, correctionsSetting, b); err != nil {
		return nil, err
	}
	one := corrections{Changes: c.Changes, Organisations: []knowledge.Organisation{o}}
	out := one.over(pack)
	if base, ok := strings.CutPrefix(pack.Name, "corrections over "); ok {
		pack = &knowledge.Pack{Name: base, Version: pack.Version[strings.IndexByte(pack.Version, '+')+1:]}
	}
	// As it will be called when it is opened: once over the pack, however often it was corrected.
	out.Name, out.Version = "corrections over "+pack.Name, strconv.Itoa(c.Changes)+"+"+pack.Version
	return out, nil
}
