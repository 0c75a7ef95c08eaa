package measure

// Counts says in how many hostile and harmless messages a kind of finding stood. Spam is left out: it is neither.
type Counts struct{ Hostile, HostileOf, Benign, BenignOf int }

// Rates counts each kind of finding that stood anywhere.
func Rates(t *Truth, f *Found) map[string]Counts {
	out := map[string]Counts{}
	hostileOf, benignOf := 0, 0
	for path, l := range t.Messages {
		hostile := l.Label == "campaign" || l.Label == "phish"
		switch {
		case hostile:
			hostileOf++
		case l.Label == "benign":
			benignOf++
		default:
			continue
		}
		for _, k := range f.Kinds[path] {
			c := out[k]
			if hostile {
				c.Hostile++
			} else {
				c.Benign++
			}
			out[k] = c
		}
	}
	for k, c := range out {
		c.HostileOf, c.BenignOf = hostileOf, benignOf
		out[k] = c
	}
	return out
}
