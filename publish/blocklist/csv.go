package blocklist

import (
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/publish/dossier"
)

// writeCSV writes every indicator with what is known about it. Every cell is quoted (RFC 4180 section 2.5), and one that a
// spreadsheet would take for a formula begins with an apostrophe.
func writeCSV(l *list) string {
	var b strings.Builder
	row := func(cells ...string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(Cell(c))
		}
		b.WriteString("\r\n")
	}
	row("kind", "value", "role", "owned", "block", "messages", "first_seen", "last_seen", "valid_until", "file_name", "campaign", "tlp", "synthetic")
	p := l.r.Profile
	for _, i := range l.all {
		row(string(i.Kind), i.Value, dossier.Visible(i.Role), strconv.FormatBool(i.Owned), strconv.FormatBool(dossier.Blockable(i)), strconv.Itoa(i.Messages),
			stamp(i.First), stamp(i.Last), stamp(dossier.ValidUntil(p, i)), dossier.Visible(i.Name), dossier.Visible(p.Campaign), dossier.Label(l.r.Marking.TLP), strconv.FormatBool(l.r.Synthetic))
	}
	return b.String()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Cell quotes a CSV cell and takes the formula out of it: spreadsheets run what begins with = + - @, a tab or a line break (full
// width forms too).
func Cell(s string) string {
	if t := strings.TrimLeft(s, " \u00a0\u3000"); t != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(t)[0]) {
		s = "'" + s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
