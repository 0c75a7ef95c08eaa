package link

import (
	"net/url"
	"strings"

	"github.com/coldwatch/coldwatch/analysis/names"
)

// gateways are the domains of those whose links are unwrapped.
var gateways = map[string]bool{"outlook.com": true, "cudasvc.com": true, "symantec.com": true, "cisco.com": true, "proofpoint.com": true, "urldefense.com": true, "urldefense.us": true}

// unwrap takes off what mail gateways put around links so that they can look at a page when it is opened: the page that a
// reader comes to is the one inside, for the gateway decodes it from the link as well. Where the link holds only a key to it, as
// Mimecast's does, the gateway's address stays.
func unwrap(link string) string {
	const most = 4 // gateways in a row
	for range most {
		in := inside(link)
		if names.Host(in) == "" || len(in) >= len(link)*3 {
			return link
		}
		link = in
	}
	return link
}

// inside gives the link that a gateway's link holds, "" if it is none.
func inside(link string) string {
	host := names.Host(link)
	i := strings.Index(link, "://")
	if host == "" || i < 0 {
		return ""
	}
	path := link[i+3:]
	if slash := strings.IndexByte(path, '/'); slash >= 0 {
		path = path[slash:]
	} else {
		return ""
	}
	switch {
	case strings.HasSuffix(host, ".safelinks.protection.outlook.com"):
		return parameter(path, "url")
	case host == "linkprotect.cudasvc.com":
		return parameter(path, "a")
	case host == "clicktime.symantec.com":
		return parameter(path, "u")
	case host == "secure-web.cisco.com":
		if at := strings.Index(strings.ToLower(path), "/http"); at >= 0 {
			return unescape(path[at+1:])
		}
	case host == "urldefense.proofpoint.com" && strings.HasPrefix(path, "/v1/"):
		return parameter(path, "u")
	case host == "urldefense.proofpoint.com" && strings.HasPrefix(path, "/v2/"):
		_, query, _ := strings.Cut(path, "?")
		for p := range strings.SplitSeq(strings.ReplaceAll(query, "&amp;", "&"), "&") {
			if v, ok := strings.CutPrefix(p, "u="); ok {
				return unescape(strings.NewReplacer("-", "%", "_", "/").Replace(v))
			}
		}
	case (host == "urldefense.com" || host == "urldefense.us" || host == "urldefense.proofpoint.com") && strings.HasPrefix(path, "/v3/__"):
		in, _, ok := strings.Cut(path[len("/v3/__"):], "__;")
		if ok {
			if s, rest, cut := strings.Cut(in, ":/"); cut && !strings.HasPrefix(rest, "/") { // one slash of two was taken for a repeated one
				in = s + "://" + rest
			}
			return in
		}
	}
	return ""
}

func parameter(path, name string) string {
	_, query, _ := strings.Cut(path, "?")
	query, _, _ = strings.Cut(query, "#")
	for p := range strings.SplitSeq(strings.ReplaceAll(query, "&amp;", "&"), "&") {
		if v, ok := strings.CutPrefix(p, name+"="); ok {
			return unescape(v)
		}
	}
	return ""
}

func unescape(s string) string {
	out, err := url.QueryUnescape(s)
	if err != nil {
		return ""
	}
	return out
}
