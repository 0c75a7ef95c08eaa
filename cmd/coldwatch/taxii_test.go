package main

import (
	"testing"

	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/store"
)

// What others give, by file or by TAXII, is hunted for but for the domains of the directory, which honest mail names every day.
func TestIndicatorsOf(t *testing.T) {
	for pattern, want := range map[string][2]int{ // hunted for, left out
		"[domain-name:value = 'frost-tender.example']":                                       {1, 0},
		"[domain-name:value = 'gavi.org']":                                                   {0, 1},
		"[domain-name:value = 'frost-tender.example' OR domain-name:value = 'WWW.GAVI.ORG']": {1, 1},
		"[url:value = 'https://gavi.org/stolen/login.php']":                                  {1, 1},
	} {
		js := []byte(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001","created":"2021-01-01T00:00:00.000Z",` +
			`"modified":"2021-01-01T00:00:00.000Z","valid_from":"2021-01-01T00:00:00Z","pattern_type":"stix","pattern":"` + pattern + `"}`)
		list, _, left := indicatorsOf(knowledge.Default(), store.Object{ID: "indicator--1", Type: "indicator", JSON: js})
		if len(list) != want[0] || len(left) != want[1] {
			t.Errorf("%s: %d hunted for, %d left out, want %v: %v %v", pattern, len(list), len(left), want, list, left)
		}
	}
}
