package misp

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Feed makes the files of a feed folder, by name: manifest.json, hashes.csv (MD5 of each value, by which an instance finds
// correlations without reading the events; MISP's format wants MD5) and UUID.json for each event.
func Feed(events []Event) (map[string][]byte, error) {
	files := map[string][]byte{}
	manifest := map[string]any{}
	var hashes []string
	for _, e := range events {
		raw, err := encode(map[string]any{"Event": e})
		if err != nil {
			return nil, fmt.Errorf("misp feed: event %s: %w", e.UUID, err)
		}
		files[e.UUID+".json"] = raw
		manifest[e.UUID] = map[string]any{"info": e.Info, "Orgc": e.Orgc, "analysis": e.Analysis, "Tag": e.Tags, "timestamp": e.Timestamp, "date": e.Date, "threat_level_id": e.ThreatLevel}
		values := e.Attributes
		for _, o := range e.Objects {
			values = slices.Concat(values, o.Attributes)
		}
		for _, a := range values {
			if a.Type == "comment" || a.Type == "text" {
				continue
			}
			sum := md5.Sum([]byte(a.Value))
			hashes = append(hashes, hex.EncodeToString(sum[:])+","+e.UUID+"\n")
		}
	}
	slices.Sort(hashes)
	raw, err := encode(manifest)
	if err != nil {
		return nil, fmt.Errorf("misp feed: manifest: %w", err)
	}
	files["manifest.json"] = raw
	files["hashes.csv"] = []byte(strings.Join(slices.Compact(hashes), ""))
	return files, nil
}
