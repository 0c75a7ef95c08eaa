package message

import (
	"strconv"
	"strings"
	"time"
)

// Date reads a date as it stands in a Date or Received field (RFC 5322 section 3.3), in its obsolete forms (section
// 4.3), and in the broken ones that real mail has: no zone, names of months in full, two-digit years, ISO 8601, ctime.
// The result keeps the zone written; it is false when no day, month and year can be made out.
func Date(s string) (time.Time, bool) {
	if i := strings.LastIndexByte(s, ';'); i >= 0 {
		s = s[i+1:] // the date of a Received field
	}
	if strings.IndexByte(s, '(') >= 0 {
		s, _ = dropComments(s, 0)
	}
	s = strings.Trim(s, " \t\r\n\"")
	if len(s) > 200 {
		return time.Time{}, false
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02"} {
		if len(s) > 4 && s[4] == '-' {
			if t, err := time.Parse(layout, s); err == nil {
				return t, true
			}
		}
	}
	if len(s) > 10 && s[4] == '/' && s[7] == '/' { // 2020/11/25 04:00:00
		if t, err := time.Parse("2006/01/02", s[:10]); err == nil {
			s = t.Format("2 Jan 2006") + s[10:]
		}
	}
	d := dateParts{day: -1, month: 0, year: -1}
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '\r' || r == '\n' }) {
		d.word(w)
	}
	if d.day < 1 || d.day > 31 || d.month == 0 || d.year < 0 {
		return time.Time{}, false
	}
	if d.year < 50 {
		d.year += 2000
	} else if d.year < 1000 {
		d.year += 1900
	}
	loc := time.UTC
	if d.offset != 0 {
		loc = time.FixedZone("", d.offset)
	}
	return time.Date(d.year, d.month, d.day, d.hour, d.minute, d.second, 0, loc), true
}

type dateParts struct {
	day, year, hour, minute, second int
	month                           time.Month
	offset                          int // seconds east
	clock                           bool
}

// word takes one word of a date.
func (d *dateParts) word(w string) {
	switch {
	case strings.IndexByte(w, ':') > 0:
		d.time(w)
	case (w[0] == '+' || w[0] == '-') && d.clock:
		d.zone(w)
	case w[0] >= '0' && w[0] <= '9':
		if strings.Count(w, "-") == 2 { // 25-Nov-2020
			for _, x := range strings.Split(w, "-") {
				if x != "" {
					d.word(x)
				}
			}
			return
		}
		n, err := strconv.Atoi(strings.TrimRight(w, "stndrh."))
		if err != nil || n > 9999 {
			return
		}
		if d.day < 0 && n <= 31 {
			d.day = n
		} else if d.year < 0 {
			d.year = n
		}
	default:
		if m := monthOf(strings.ToLower(w)); m > 0 && !(d.month > 0 && d.clock) {
			d.month = m // the last one: in "mar. 24 nov. 2020" the first is a Tuesday
			return
		}
		if d.clock {
			d.zone(strings.ToUpper(w))
		}
	}
}

// monthOf returns the month that a lower-case word names, in English and in the languages that clients write into
// forwarded mail, 0 if none.
func monthOf(w string) time.Month {
	if len(w) < 3 {
		return 0
	}
	if i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", w[:3]); i >= 0 && i%3 == 0 {
		return time.Month(i/3 + 1)
	}
	for _, m := range [...]struct {
		prefix string
		month  time.Month
	}{
		{"ene", 1}, {"gen", 1}, {"fév", 2}, {"fev", 2}, {"mär", 3}, {"mrz", 3}, {"mrt", 3}, {"avr", 4}, {"abr", 4}, {"mai", 5}, {"mag", 5}, {"mei", 5},
		{"juin", 6}, {"giu", 6}, {"juil", 7}, {"lug", 7}, {"aoû", 8}, {"ago", 8}, {"set", 9}, {"okt", 10}, {"ott", 10}, {"out", 10}, {"déc", 12},
		{"dez", 12}, {"dic", 12},
	} {
		if strings.HasPrefix(w, m.prefix) {
			return m.month
		}
	}
	return 0
}

func (d *dateParts) time(w string) {
	if i := strings.IndexAny(w, "+-"); i > 0 {
		d.clock = true
		d.zone(w[i:])
		w = w[:i]
	}
	var n [3]int
	for i, x := range strings.SplitN(w, ":", 3) {
		if j := strings.IndexByte(x, '.'); j >= 0 {
			x = x[:j]
		}
		n[i], _ = strconv.Atoi(x)
	}
	if n[0] > 24 || n[0] < 0 || n[1] > 59 || n[1] < 0 || n[2] > 60 || n[2] < 0 {
		return
	}
	d.hour, d.minute, d.second, d.clock = n[0], n[1], n[2], true
}

func (d *dateParts) zone(w string) {
	if w[0] == '+' || w[0] == '-' {
		digits := strings.ReplaceAll(w[1:], ":", "")
		n, err := strconv.Atoi(digits)
		if err != nil || n > 1400 || len(digits) > 4 {
			return
		}
		if len(digits) <= 2 {
			n *= 100
		}
		d.offset = (n/100*60 + n%100) * 60
		if w[0] == '-' {
			d.offset = -d.offset
		}
		return
	}
	switch w {
	case "EST", "CDT":
		d.offset = -5 * 3600
	case "EDT":
		d.offset = -4 * 3600
	case "CST", "MDT":
		d.offset = -6 * 3600
	case "MST", "PDT":
		d.offset = -7 * 3600
	case "PST":
		d.offset = -8 * 3600
	case "CET", "BST", "MEZ":
		d.offset = 3600
	case "CEST", "EET", "MESZ":
		d.offset = 2 * 3600
	case "EEST", "MSK":
		d.offset = 3 * 3600
	case "JST", "KST":
		d.offset = 9 * 3600
	case "IST":
		d.offset = 5*3600 + 1800
	case "PM":
		if d.hour < 12 {
			d.hour += 12
		}
	case "AM":
		if d.hour == 12 {
			d.hour = 0
		}
	}
}
