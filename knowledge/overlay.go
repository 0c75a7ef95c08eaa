package knowledge

import (
	"strings"

	"github.com/coldwatch/coldwatch"
)

func equipmentKey(e *Equipment) string {
	return strings.ToLower(e.Make) + "|" + strings.ToLower(e.Model)
}

func personKey(h *Person) string {
	if h.Email != "" {
		return h.OrgID + "|" + h.Email
	}
	return h.OrgID + "|" + strings.ToLower(h.Name)
}

// Overlay lays one pack on top of another: a row of top replaces the row of base with the same id (equipment: make and
// model; people: organisation and address; relations: both ends and kind) where it stands, other rows are added behind.
// The result has the name of both, "top over base", and the version of both. Neither pack is changed.
func Overlay(base, top *Pack) *Pack {
	p := &Pack{Name: top.Name + " over " + base.Name, Version: top.Version + "+" + base.Version,
		Description: first(top.Description, base.Description), Sector: first(top.Sector, base.Sector), Licence: first(top.Licence, base.Licence),
		places: map[string][]place{}}
	p.Sources = append(append(p.Sources, top.Sources...), base.Sources...)
	p.Problems = append(append(p.Problems, base.Problems...), top.Problems...)
	lay := &layer{p, base, top}
	p.Roles = over(lay, "roles.csv", base.Roles, top.Roles, func(r *Role) string { return r.ID })
	p.Organisations = over(lay, "organisations.csv", base.Organisations, top.Organisations, func(o *Organisation) string { return o.ID })
	p.People = over(lay, "people.csv", base.People, top.People, personKey)
	p.Equipment = over(lay, "equipment.csv", base.Equipment, top.Equipment, equipmentKey)
	p.Programmes = over(lay, "programmes.csv", base.Programmes, top.Programmes, func(g *Programme) string { return g.ID })
	p.Vaccines = over(lay, "vaccines.csv", base.Vaccines, top.Vaccines, func(v *Vaccine) string { return v.ID })
	p.Relations = over(lay, "relations.csv", base.Relations, top.Relations, func(r *Relation) string { return r.FromOrg + "|" + r.ToOrg + "|" + r.Kind })
	p.Priors = over(lay, "priors.csv", base.Priors, top.Priors, func(h *Prior) string { return h.Hypothesis })
	p.Lanes = over(lay, "lanes.csv", base.Lanes, top.Lanes, func(l *Lane) string { return l.ID })
	p.Excursions = over(lay, "excursions.csv", base.Excursions, top.Excursions, func(x *coldwatch.Excursion) string { return strings.Join(excursionRow(x), "|") })
	p.build()
	return p
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

type layer struct{ out, base, top *Pack }

// over lays the rows of one table over another and keeps where each stands.
func over[T any](l *layer, table string, base, top []T, key func(*T) string) []T {
	rows := append([]T(nil), base...)
	places := make([]place, 0, len(base)+len(top))
	at := make(map[string]int, len(base)+len(top))
	for i := range rows {
		places = append(places, l.base.place(table, i))
		at[key(&rows[i])] = i
	}
	for i := range top {
		where := l.top.place(table, i)
		if j, same := at[key(&top[i])]; same {
			rows[j], places[j] = top[i], where
			continue
		}
		at[key(&top[i])] = len(rows)
		rows, places = append(rows, top[i]), append(places, where)
	}
	l.out.places[table] = places
	return rows
}
