package taxii_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/publish/taxii"
)

// memory is a backend for the tests.
type memory struct {
	mu      sync.Mutex
	objects map[string][]taxii.Object
	last    map[string]time.Time
}

func newMemory() *memory {
	return &memory{objects: map[string][]taxii.Object{}, last: map[string]time.Time{}}
}

func (m *memory) PutObjects(_ context.Context, collection string, now time.Time, objects []taxii.Object) (added []taxii.Object, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := now.Truncate(time.Microsecond)
	for _, o := range objects {
		if !at.After(m.last[collection]) {
			at = m.last[collection].Add(time.Microsecond)
		}
		if slices.ContainsFunc(m.objects[collection], func(have taxii.Object) bool {
			return have.ID == o.ID && (o.Version.IsZero() || have.Version.Equal(o.Version))
		}) {
			continue
		}
		o.Added = at
		if o.Version.IsZero() {
			o.Version = at
		}
		m.last[collection] = at
		m.objects[collection] = append(m.objects[collection], o)
		added = append(added, o)
	}
	return added, nil
}

func (m *memory) chosen(o taxii.Object, q taxii.Query) bool {
	in := func(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
	if !o.Added.After(q.After) || !in(q.IDs, o.ID) || !in(q.Types, o.Type) || !in(q.Specs, o.Spec) || q.Source != "" && q.Source != o.Source {
		return false
	}
	if !q.Last && !q.First && len(q.Versions) == 0 {
		return true
	}
	same := slices.DeleteFunc(slices.Clone(m.objects[q.Collection]), func(x taxii.Object) bool { return x.ID != o.ID })
	by := func(x, y taxii.Object) int { return cmp.Compare(x.Version.UnixMicro(), y.Version.UnixMicro()) }
	return q.Last && slices.MaxFunc(same, by).Version.Equal(o.Version) || q.First && slices.MinFunc(same, by).Version.Equal(o.Version) ||
		slices.ContainsFunc(q.Versions, o.Version.Equal)
}

func (m *memory) Objects(_ context.Context, q taxii.Query) (out []taxii.Object, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.objects[q.Collection] {
		if m.chosen(o, q) {
			if out = append(out, o); len(out) == q.Limit {
				break
			}
		}
	}
	return out, nil
}

func (m *memory) DeleteObjects(_ context.Context, q taxii.Query) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(m.objects[q.Collection]), func(o taxii.Object) bool { return m.chosen(o, q) })
	n := len(m.objects[q.Collection]) - len(kept)
	m.objects[q.Collection] = kept
	return n, nil
}
