package taxii

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

// maxValues bounds the values of one match.
const maxValues = 1000

// parseQuery reads the parameters of a request (section 3.4); a match that the endpoint does not know, a parameter that stands twice
// and one that cannot be read are refused. Parameters of other names are not ours and change nothing.
func parseQuery(values url.Values, permitted []string) (store.ObjectQuery, error) {
	q := store.ObjectQuery{Limit: PageLimit, Last: true}
	var after, next time.Time
	for key, list := range values {
		match, isMatch := strings.CutPrefix(key, "match[")
		match, closed := strings.CutSuffix(match, "]")
		switch {
		case isMatch && (!closed || !slices.Contains(permitted, match)):
			return q, fmt.Errorf("%.50q is not known here", key)
		case !isMatch && key != "added_after" && key != "limit" && key != "next":
			continue
		case len(list) != 1 || list[0] == "":
			return q, fmt.Errorf("%.50q needs one value", key)
		}
		v := list[0]
		var err error
		switch {
		case isMatch:
			err = parseMatch(&q, match, strings.Split(v, ","))
		case key == "added_after":
			after, err = time.Parse(time.RFC3339Nano, v)
		case key == "limit":
			q.Limit, err = strconv.Atoi(v)
			if err == nil && q.Limit < 1 {
				err = strconv.ErrRange
			}
			q.Limit = min(q.Limit, PageLimit)
		case key == "next":
			var us int64
			us, err = strconv.ParseInt(v, 36, 64)
			if err == nil && us < 0 {
				err = strconv.ErrRange
			}
			next = time.UnixMicro(us)
		}
		if err != nil {
			return q, fmt.Errorf("%.50q cannot be read", key)
		}
	}
	q.After = after
	if next.After(after) {
		q.After = next
	}
	return q, nil
}

// parseMatch reads the values of one match: any of them matches; different matches must all match.
func parseMatch(q *store.ObjectQuery, match string, values []string) error {
	if len(values) > maxValues || slices.Contains(values, "") {
		return strconv.ErrRange
	}
	switch match {
	case "id":
		q.IDs = values
	case "type":
		q.Types = values
	case "spec_version":
		q.Specs = values
	case "version":
		return parseVersions(q, values)
	}
	return nil
}

func parseVersions(q *store.ObjectQuery, values []string) error {
	q.Last = false
	all := false
	for _, v := range values {
		switch v {
		case "last":
			q.Last = true
		case "first":
			q.First = true
		case "all":
			all = true
		default:
			t, err := time.Parse(time.RFC3339Nano, v)
			if err != nil {
				return err
			}
			q.Versions = append(q.Versions, t)
		}
	}
	if all {
		q.Last, q.First, q.Versions = false, false, nil
	}
	return nil
}
