package taxii

import (
	"net/url"
	"testing"
)

// FuzzQuery: whatever stands in a query, it is refused or asks for a page of a fair size, and the same query asks for the same.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "limit=1&next=kf12oi", "added_after=2021-01-01T00:00:00.000000Z&match[type]=indicator,file", "match[version]=all,last",
		"match[version]=2021-01-01T00:00:00Z", "match[id]=a&match[id]=b", "limit=99999999999999999999", "next=-zzz", "match[", "match[]=x", "%5b=&limit=%00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		values, err := url.ParseQuery(s)
		if err != nil {
			return
		}
		q, err := parseQuery(values, []string{"id", "type", "version", "spec_version"})
		if err != nil {
			return
		}
		if q.Limit < 1 || q.Limit > PageLimit || len(q.IDs) > maxValues || q.After.Year() > 300_000 {
			t.Errorf("%q asks for %+v", s, q)
		}
	})
}
