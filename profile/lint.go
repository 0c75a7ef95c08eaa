package profile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
)

// A Problem is a place where prose breaks ICD 203 or a rule of the house.
type Problem struct {
	Kind     string `json:"kind"`  // one of the Lint kinds
	Quote    string `json:"quote"` // the words
	Sentence string `json:"sentence"`
	Hint     string `json:"hint"`
}

// Kinds of problem.
const (
	LintWord       = "word"       // an estimative word that is none of the seven bands
	LintMixed      = "mixed"      // a likelihood and a confidence level in one sentence
	LintRows       = "rows"       // both rows of synonyms in one text
	LintBand       = "band"       // a figure that does not lie in the band of the word beside it
	LintConfidence = "confidence" // a confidence level that is not low, moderate or high
	LintHouse      = "house"      // a statement that coldwatch never makes
	LintBasis      = "basis"      // a judgement without its basis
	LintGaps       = "gaps"       // a judgement without its gaps
	LintChange     = "change"     // a judgement without what would change it
)

// hedges are estimative words outside of the bands; longer phrases stand first where one begins with another.
var hedges = []string{
	"highly likely", "extremely likely", "quite likely", "fairly likely", "somewhat likely", "rather likely", "more likely than not",
	"most likely", "more than likely", "less likely", "more likely", "as likely as not", "not likely", "likely not",
	"highly unlikely", "extremely unlikely", "quite unlikely", "fairly unlikely", "somewhat unlikely", "not unlikely",
	"extremely probable", "quite probable", "fairly probable", "most probable", "most probably", "more probable",
	"possible", "possibly", "possibility", "perhaps", "maybe", "might", "could", "may", "conceivable", "conceivably", "presumably", "presumed",
	"supposedly", "apparently", "seemingly", "seems", "seem", "appears to", "appear to", "suggests", "suggest", "suggesting",
	"we believe", "we think", "we feel", "we suspect", "it is believed", "is believed to", "are believed to", "is thought to", "are thought to",
	"is suspected", "are suspected", "suspected of", "certainly", "certain to", "it is certain", "definitely", "undoubtedly", "doubtless",
	"without doubt", "no doubt", "beyond doubt", "surely", "doubtful", "cannot rule out", "cannot be ruled out", "can not be ruled out",
	"good chance", "fair chance", "strong chance", "small chance", "slim chance", "slight chance", "every chance", "some chance", "better than even", "little chance",
	"chances are", "odds are", "the odds", "fifty-fifty", "in all likelihood", "in all probability", "plausibly", "potentially", "arguably",
	"virtually certain", "practically certain", "all but certain", "nearly impossible", "impossible", "inevitable", "inevitably", "bound to",
	"reportedly", "allegedly", "alleged", "ostensibly", "unquestionably", "would appear", "would seem", "appeared to", "seemed", "indicates that",
	"real chance", "reasonable chance", "high chance", "low chance", "big chance", "high probability", "low probability", "strong likelihood",
	"high likelihood", "low likelihood", "little likelihood", "toss-up", "cannot exclude", "cannot be excluded", "can't rule out", "cannot be sure", "we guess",
	"our guess", "we assume", "we presume", "we speculate", "speculation", "we are sure", "for sure", "feasible", "imaginable", "unthinkable", "no way of",
	"suspected to", "strong possibility", "probably not", "believed", "credible that", "questionable",
	"hallmark of", "hallmarks of", "should prove", "expected to", "tend to", "proves that", "clearly", "obviously",
}

// firstRow and secondRow are the two rows of ICD 203, longest phrase first, with their band.
var firstRow = []bandPhrase{
	{"almost no chance", 0}, {"very unlikely", 1}, {"roughly even chance", 3}, {"roughly an even chance", 3}, {"very likely", 5},
	{"almost certainly", 6}, {"almost certain", 6}, {"unlikely", 2}, {"likely", 4},
}

var secondRow = []bandPhrase{
	{"highly improbable", 1}, {"highly improbably", 1}, {"highly probable", 5}, {"highly probably", 5}, {"nearly certain", 6}, {"nearly certainly", 6},
	{"roughly even odds", 3}, {"improbable", 2}, {"improbably", 2}, {"probable", 4}, {"probably", 4}, {"remote chance", 0}, {"remote possibility", 0},
}

type bandPhrase struct {
	words string
	band  int
}

// levels are the words that may stand before or after "confidence".
var levels = map[string]bool{"low": true, "moderate": true, "high": true}

// otherLevels are what prose wrongly puts there.
var otherLevels = map[string]bool{"some": true, "medium": true, "reasonable": true, "good": true, "great": true, "strong": true, "full": true, "complete": true,
	"considerable": true, "limited": true, "little": true, "fair": true, "utmost": true, "total": true, "absolute": true, "weak": true, "increasing": true, "highest": true}

// house are statements that coldwatch never makes: a campaign is never over, and doses pass through, never "at risk".
var house = []string{"doses at risk", "doses are at risk", "vaccines at risk", "vaccines are at risk", "doses in danger", "doses are in danger", "campaign is over",
	"campaign has ended", "campaign ended", "campaign is finished", "0 doses", "no doses are affected", "zero doses"}

// harmless are uses of an estimative word that state no estimate, or belong to a band.
var harmless = []string{"possible campaign", "possible campaigns", "the odds ratio", "almost certainly", "nearly certainly", "could not be", "could not read", "as soon as possible", "where possible", "if possible", "wherever possible",
	"the likely-next", "likely next", "may not be sent", "may not go out", "may be shared", "as possible"}

// Lint checks prose against ICD 203 and the rules of the house. Problems come in the order of the text.
func Lint(text string) []Problem {
	var out []Problem
	firstUsed, secondUsed := "", ""
	for _, s := range Sentences(text) {
		words := normal(s)
		add := func(kind, quote, hint string) { out = append(out, Problem{kind, quote, s, hint}) }
		for _, h := range house {
			if has(words, h) {
				add(LintHouse, h, "Say what is known: doses pass through targeted organisations; a campaign is active or dormant.")
			}
		}
		rest := dropMonth(words, s)
		for _, h := range harmless {
			rest = strings.ReplaceAll(rest, " "+h+" ", "  ")
		}
		for _, h := range hedges {
			if has(rest, h) {
				add(LintWord, h, "Use one of the seven bands of ICD 203, or state the fact.")
				rest = strings.ReplaceAll(rest, " "+h+" ", "  ")
			}
		}
		row1, row2 := find(&words, firstRow), find(&words, secondRow)
		if len(row1) > 0 && firstUsed == "" {
			firstUsed = row1[0].words
		}
		if len(row2) > 0 && secondUsed == "" {
			secondUsed = row2[0].words
		}
		if firstUsed != "" && secondUsed != "" && (len(row1) > 0 || len(row2) > 0) {
			add(LintRows, firstUsed+" / "+secondUsed, "Keep to one row of synonyms.")
			firstUsed, secondUsed = "", ""
		}
		found := append(row1, row2...)
		level := confidence(words, add)
		if level != "" && (len(found) > 0 || hasFigure(s) && has(words, "probability")) {
			quote := "probability"
			if len(found) > 0 {
				quote = found[0].words
			}
			add(LintMixed, quote+" / "+level, "Give the confidence a sentence of its own.")
		}
		if len(found) == 1 {
			checkFigure(s, found[0], add)
		}
	}
	return out
}

// LintJudgement checks a judgement's words, and that it has basis, gaps and what would change it.
func LintJudgement(j coldwatch.Judgement) []Problem {
	out := Lint(j.Text)
	out = append(out, Lint(j.Confidence)...)
	for _, texts := range [][]string{j.Basis, j.Gaps, j.Change} {
		for _, t := range texts {
			out = append(out, Lint(t)...)
		}
	}
	need := func(kind string, list []string) {
		if len(list) == 0 {
			out = append(out, Problem{Kind: kind, Sentence: j.Text, Hint: "A judgement says on what it rests, what is missing and what would change it."})
		}
	}
	if j.Likelihood != "" {
		need(LintBasis, j.Basis)
		need(LintGaps, j.Gaps)
		need(LintChange, j.Change)
		known := false
		for _, b := range Bands() {
			known = known || b.Words == j.Likelihood
		}
		if !known {
			out = append(out, Problem{LintWord, j.Likelihood, j.Text, "Use one of the seven bands of ICD 203."})
		}
	}
	return out
}

// Sentences splits prose at full stops, question and exclamation marks that a space or the end follows, and at line
// ends. Abbreviations and initials do not end a sentence.
func Sentences(text string) []string {
	var out []string
	start := 0
	cut := func(end int) {
		if s := strings.TrimSpace(text[start:end]); s != "" {
			out = append(out, s)
		}
		start = end
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\n':
			if i+1 < len(text) && text[i+1] == '\n' || endsSentence(text[start:i]) {
				cut(i + 1)
			}
		case '.', '!', '?':
			if i+1 < len(text) && !strings.ContainsRune(" \n\t\")”", rune(text[i+1])) {
				continue
			}
			if text[i] == '.' && (abbreviation(text[start:i]) || lowerNext(text[i+1:])) {
				continue
			}
			cut(i + 1)
		}
	}
	cut(len(text))
	return out
}

// lowerNext tells whether the text goes on in lower case, as after the "s.r.o." of a company.
func lowerNext(rest string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " \t"))
	return unicode.IsLower(r)
}

func endsSentence(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || strings.ContainsRune(".!?:", rune(s[len(s)-1]))
}

func abbreviation(before string) bool {
	word := before[strings.LastIndexAny(before, " \n\t(")+1:]
	switch strings.ToLower(word) {
	case "e.g", "i.e", "etc", "dr", "mr", "mrs", "ms", "prof", "vs", "approx", "no", "co", "ltd", "inc", "st", "al", "cf", "ca":
		return true
	}
	return len(word) == 1 && word[0] >= 'A' && word[0] <= 'Z'
}

// normal lowers the sentence and keeps words apart by one space, with a space at either end, for whole-word search.
func normal(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	gap := true
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '%' || r == '\'' || r == '’' {
			if r == '’' {
				r = '\''
			}
			b.WriteRune(unicode.ToLower(r))
			gap = false
		} else if !gap {
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	return b.String()
}

func has(words, phrase string) bool { return strings.Contains(words, " "+phrase+" ") }

// dropMonth takes out "may" where the text writes the month: a capital not at the sentence's start, or a number beside it.
func dropMonth(words, sentence string) string {
	fields := strings.Fields(words)
	original := strings.FieldsFunc(sentence, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '%' && r != '\'' && r != '’'
	})
	for i, w := range fields {
		if w != "may" || i >= len(original) {
			continue
		}
		beside := i > 0 && number(fields[i-1]) || i+1 < len(fields) && number(fields[i+1])
		if original[i] == "May" && (i > 0 || beside) {
			fields[i] = "month"
		}
	}
	return " " + strings.Join(fields, " ") + " "
}

func number(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// find takes the phrases out of the words, longest first, so that "very likely" is not also "likely".
func find(words *string, row []bandPhrase) []bandPhrase {
	var out []bandPhrase
	for _, p := range row {
		if has(*words, p.words) {
			out = append(out, p)
			*words = strings.ReplaceAll(*words, " "+p.words+" ", "  ")
		}
	}
	return out
}

// confidence finds a confidence level, and reports one that ICD 203 does not have.
func confidence(words string, add func(kind, quote, hint string)) string {
	const hint = "Confidence is low, moderate or high."
	fields := strings.Fields(words)
	level := ""
	for i, w := range fields {
		switch w {
		case "confident", "confidently":
			add(LintConfidence, w, hint)
			level = w
		case "confidence":
			from, to := max(0, i-2), min(len(fields), i+6)
			for j := from; j < to; j++ {
				switch f := fields[j]; {
				case levels[f] && (j < i || j > i):
					level = f + " confidence"
				case otherLevels[f] && j == i-1:
					add(LintConfidence, f+" confidence", hint)
					level = f + " confidence"
				case otherLevels[f] && j == i+2 && fields[i+1] == "is":
					add(LintConfidence, "confidence is "+f, hint)
					level = f + " confidence"
				}
			}
		}
	}
	return level
}

func hasFigure(s string) bool { return strings.ContainsRune(s, '%') }

// checkFigure compares a percentage beside a likelihood word with the word's band.
func checkFigure(s string, p bandPhrase, add func(kind, quote, hint string)) {
	at := strings.IndexByte(s, '%')
	if at < 0 || strings.Contains(s, "interval") || strings.Contains(s, "bound") {
		return
	}
	number := strings.TrimRight(s[:at], " \u00a0")
	start := len(number)
	for start > 0 && (number[start-1] >= '0' && number[start-1] <= '9' || number[start-1] == '.') {
		start--
	}
	x, err := strconv.ParseFloat(number[start:], 64)
	if err != nil {
		return
	}
	if b := Bands()[p.band]; x/100 < b.Low-.0001 || x/100 > b.Top+.0001 {
		add(LintBand, p.words+" / "+number[start:]+" %", fmt.Sprintf("%q is %.0f to %.0f %%.", p.words, b.Low*100, b.Top*100))
	}
}
