package knowledge

import (
	_ "embed"
	"math"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// stageWords are other words for the stages that people write in their spreadsheets.
var stageWords = map[string]string{
	"supplier": "supply", "suppliers": "supply", "raw-material": "supply", "raw-materials": "supply", "materials": "supply", "upstream": "supply", "energy": "supply",
	"manufacturing": "manufacture", "manufacturer": "manufacture", "production": "manufacture", "maker": "manufacture",
	"store": "storage", "warehouse": "storage", "warehousing": "storage", "cold-storage": "storage", "stockholding": "storage",
	"logistics": "transport", "transportation": "transport", "shipping": "transport", "freight": "transport", "carriage": "transport",
	"customs": "border", "customs-and-border": "border", "border-control": "border", "clearance": "border", "import": "border", "export": "border",
	"distribute": "distribution", "distributor": "distribution", "wholesale": "distribution",
	"lastmile": "last-mile", "health": "last-mile", "health-care": "last-mile", "healthcare": "last-mile", "point-of-care": "last-mile", "delivery": "last-mile", "vaccination": "last-mile",
	"regulator": "oversight", "regulation": "oversight", "programme": "oversight", "program": "oversight", "government": "oversight", "governance": "oversight", "funding": "oversight", "procurement": "oversight",
	"services": "service", "support": "service", "it": "service", "supporting": "service",
}

// stageOf reads a stage. Exact tells that it was written as the format says; stage is "" for an unknown word.
func stageOf(s string) (stage string, exact bool) {
	for _, st := range Stages {
		if s == st {
			return st, true
		}
	}
	if lower := strings.ToLower(s); lower != s {
		if stage, exact = stageOf(lower); exact {
			return stage, true
		}
	}
	w := strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), "-")
	for _, st := range Stages {
		if w == st {
			return st, false
		}
	}
	return stageWords[w], false
}

// coldSources are the ways to keep a dose cold.
var coldSources = [...]string{"mechanical", "dry-ice", "liquid-nitrogen", "solar", "passive", "none"}

func coldSourceOf(s string) (source string, exact bool) {
	w := strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(s), " ", "-"), "_", "-")
	for _, c := range coldSources {
		if w == c {
			return c, strings.EqualFold(s, c)
		}
	}
	return "", false
}

// thousands is a number with a comma for every three digits.
var thousands = regexp.MustCompile(`^[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$`)

// number reads "−70", "2,5", "1,997" and "1 997". Exact tells that it was written as a plain decimal number.
func number(s string) (n float64, exact, ok bool) {
	plain := s
	s = strings.NewReplacer("\u2212", "-", "\u2013", "-", "\u00a0", "", "\u202f", "", " ", "", "'", "").Replace(s)
	if thousands.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	} else if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	if strings.ContainsAny(s, "xXpP_") { // ParseFloat takes hexadecimal and underscores; people do not write them
		return 0, false, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false, false
	}
	return n, s == plain, true
}

// domainOf normalises a domain: lower case, punycode (RFC 5891), no trailing dot, no scheme, no path, no "@" or "*.".
func domainOf(s string) (domain string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if _, after, found := strings.Cut(s, "://"); found {
		s = after
	}
	s, _, _ = strings.Cut(s, "/")
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		s = s[at+1:]
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "*."), ".")
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || ascii == "" || len(ascii) > 253 || !strings.Contains(ascii, ".") || strings.Contains(ascii, "..") {
		return "", false
	}
	return ascii, true
}

//go:embed free_mail.txt
var freeMailText string

// IsFreeMail tells whether a domain is a mail service where anyone can have an address, so that only the whole address
// says who writes. The domain is lower case.
func IsFreeMail(domain string) bool {
	if domain == "" || strings.ContainsAny(domain, "\n# ") {
		return false
	}
	return strings.Contains(freeMailText, "\n"+domain+"\n")
}

// unsafeDomain tells why a domain cannot stand for one organisation, "" if it can. Such a domain in a directory would
// make every stranger under it a partner.
func unsafeDomain(domain string) string {
	if IsFreeMail(domain) {
		return "anyone can have an address under " + domain
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return domain + " is a public suffix: others register names under it"
	}
	return ""
}

// isoCountries are the codes of ISO 3166-1 alpha-2, in order.
const isoCountries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"

// IsCountry tells whether a code is one of ISO 3166-1 alpha-2, in capitals.
func IsCountry(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z' && strings.Contains(isoCountries, code)
}

// countryOf reads a country code. Exact tells that it was written as the standard says.
func countryOf(s string) (code string, exact, ok bool) {
	code = strings.ToUpper(s)
	switch code {
	case "UK":
		code = "GB"
	case "EL":
		code = "GR"
	}
	return code, strings.EqualFold(code, s), IsCountry(code)
}

// idOf makes an id of a name: "B Medical Systems" is b-medical-systems.
func idOf(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		default:
			dash = true
		}
	}
	return b.String()
}
