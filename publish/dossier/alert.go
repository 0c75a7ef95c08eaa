package dossier

import (
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// Alert puts a warning into a one-page document: the short text, and for the reader's own messages their ids. The language is a
// key of the warning's Alerts, "" for the English text.
func Alert(w coldwatch.Warning, language string, synthetic bool) *Document {
	body := w.Text
	if language != "" {
		body = w.Alerts[language]
	}
	d := &Document{Language: language, Title: DefangText(w.Subject), Kicker: "Warning", Marking: coldwatch.Marking{TLP: Label(w.Marking.TLP), Group: Visible(w.Marking.Group)},
		Synthetic: synthetic, Made: w.Reported, Version: Version(coldwatch.Profile{Campaign: w.Campaign, Version: w.Version})}
	for para := range strings.SplitSeq(body, "\n") {
		if para = strings.TrimSpace(DefangText(para)); para != "" {
			d.Summary = append(d.Summary, para)
		}
	}
	if len(w.Messages) > 0 {
		ids := make([]string, len(w.Messages))
		for i, id := range w.Messages {
			ids[i] = Short(id)
		}
		sort.Strings(ids)
		d.Sections = append(d.Sections, Section{"messages", "Messages that reached you", []Block{
			Paragraph{strings.Join(ids, " ")}, Paragraph{"These are the first digits of the SHA-256 by which the mail is stored; the file your-messages.csv has them whole, with times."}}})
	}
	return d
}
