package dossier

import (
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// Alert puts a warning into a one-page document: the short text, and for the reader's own messages their ids. The language is a
// key of the warning's Alerts, "" for the English text; title, headings and marking are in it too.
func Alert(w coldwatch.Warning, language string, synthetic bool) *Document {
	body, v, title := w.Text, phrasesIn(language), DefangText(w.Subject)
	if language != "" {
		body = w.Alerts[language]
		if own := v.title(w.Reason); own != "" {
			title = "[" + Label(w.Marking.TLP) + "] " + own
		}
	}
	d := &Document{Language: language, Title: title, Kicker: v.kicker, Marking: coldwatch.Marking{TLP: Label(w.Marking.TLP), Group: Visible(w.Marking.Group)},
		Synthetic: synthetic, Made: w.Reported, Version: v.versionOf(w)}
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
		d.Sections = append(d.Sections, Section{"messages", v.messages, []Block{Paragraph{strings.Join(ids, " ")}, Paragraph{v.digits}}})
	}
	return d
}
