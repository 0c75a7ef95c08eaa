package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/store"
)

// Correct changes an organisation of the directory, or adds one. What the checks of a pack find wrong about it and did not find
// before refuses it. Mail is read with the change from the next start of the program on.
func (d *Desk) Correct(ctx context.Context, o knowledge.Organisation) error {
	if _, whole, err := bound(ctx); err != nil || !whole {
		return store.ErrNotFound
	}
	d.editing.Lock()
	defer d.editing.Unlock()
	pack := d.Pack()
	if err := checkOrganisation(pack, o); err != nil {
		return err
	}
	before, after := "none", ""
	if old := pack.Organisation(o.ID); old != nil {
		b, err := json.Marshal(old)
		if err != nil {
			return fmt.Errorf("directory: %w", err)
		}
		before = string(b)
	}
	b, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	after = string(b)
	if err := d.log.Add(ctx, audit.DirectoryEdit, o.ID, "before: "+before+" after: "+after); err != nil {
		return err
	}
	fresh, err := engine.Correct(ctx, d.st, pack, o)
	if err != nil {
		return err
	}
	d.corrected.Store(fresh)
	return nil
}

// checkOrganisation says what is wrong with an organisation in its pack.
func checkOrganisation(pack *knowledge.Pack, o knowledge.Organisation) error {
	if o.ID == "" || len(o.ID) > 64 || strings.Trim(o.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return wrong("for example nordic-cold-stores", "an id has lower-case letters, digits and hyphens, at most 64")
	}
	if strings.TrimSpace(o.Name) == "" || len(o.Name) > 200 {
		return wrong("", "an organisation needs a name of at most 200 letters")
	}
	if o.Country != "" && (len(o.Country) != 2 || strings.Trim(o.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return wrong("for example DE; leave it empty where it is not known", "a country is a code of two letters (ISO 3166-1)")
	}
	for _, role := range o.Roles {
		if pack.Role(role) == nil {
			return wrong("choose among those of the directory", "there is no role %q", role)
		}
	}
	known := map[string]bool{}
	for _, p := range pack.Check() {
		known[p.Reason] = true
	}
	next := knowledge.Overlay(pack, knowledge.New(knowledge.Pack{Organisations: []knowledge.Organisation{o}}))
	var found []string
	hint := ""
	for _, p := range next.Check() {
		if !known[p.Reason] && !slices.Contains(found, p.Reason) {
			found = append(found, p.Reason)
			hint = p.Hint
		}
	}
	if len(found) > 0 {
		return wrong(hint, "%s", strings.Join(found, "; "))
	}
	return nil
}
