package lure

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch/analysis/lure/passage"
	"github.com/coldwatch/coldwatch/knowledge"
)

//go:embed phrases/*.txt
var files embed.FS

// A section is what a phrase speaks for: a theme, an act or a sign.
type section int

// sections are all of them, in a fixed order: themes first (a tie goes to the earlier), then acts, then signs.
var sections = [...]string{
	"theme quotation", "theme tender", "theme order", "theme contract", "theme invoice", "theme customs", "theme programme",
	"theme meeting", "theme delivery", "theme charity", "theme account", "theme document", "theme job", "theme newsletter",

	"act open-attachment", "act sign-in", "act click", "act reply", "act pay", "act change-bank", "act send-information",

	"sign urgency", "sign secrecy", "sign greeting", "sign account-threat", "sign account-notice", "sign credentials", "sign held-mail", "sign wallet",
	"sign payment-change", "sign advance-fee", "sign extortion", "sign prize", "sign gambling", "sign investment",
	"sign gift-card", "sign payroll", "sign subscription", "sign delivery-fee", "sign dating", "sign open-html", "sign enable-content",
	"sign chain",
}

const (
	sectionCount = section(len(sections))
	themeCount   = section(14)
	actCount     = section(7)
	signFrom     = themeCount + actCount
	chainSection = sectionCount - 1
)

func sectionOf(s string) section {
	for i := range sections {
		if sections[i] == s {
			return section(i)
		}
	}
	return -1
}

// An effect is what one phrase adds to one section.
type effect struct {
	section section
	weight  float64 // bits
}

// table holds the phrases and what each speaks for.
type table struct {
	phrases []passage.Phrase
	effects [][]effect // by phrase value
	byText  map[string]int
}

// load reads the embedded tables; a broken one is a broken build, which the package's tests catch.
func load() *table {
	t := &table{byText: map[string]int{}}
	names, err := fs.Glob(files, "phrases/*.txt")
	if err != nil {
		panic("lure: " + err.Error())
	}
	for _, n := range names {
		raw, err := files.ReadFile(n)
		if err != nil {
			panic("lure: " + err.Error())
		}
		if err := t.parse(n, string(raw)); err != nil {
			panic("lure: " + err.Error())
		}
	}
	return t
}

// parse reads one table: "[theme order]" opens a section, "2.5: one phrase | another" gives phrases of a weight in bits,
// "#" begins a remark.
func (t *table) parse(file, text string) error {
	sec := section(-1)
	sc := bufio.NewScanner(strings.NewReader(text))
	for line := 1; sc.Scan(); line++ {
		s := strings.TrimSpace(sc.Text())
		switch {
		case s == "" || s[0] == '#':
			continue
		case s[0] == '[':
			if sec = sectionOf(strings.Trim(s, "[]")); sec < 0 {
				return fmt.Errorf("%s:%d: no section is called %s", file, line, s)
			}
			continue
		}
		w, list, ok := strings.Cut(s, ":")
		weight, err := strconv.ParseFloat(w, 64)
		if !ok || err != nil || sec < 0 {
			return fmt.Errorf("%s:%d: want \"weight: phrase | phrase\" within a section", file, line)
		}
		for _, p := range strings.Split(list, "|") {
			t.add(strings.TrimSpace(p), sec, weight)
		}
	}
	return sc.Err()
}

func (t *table) add(text string, sec section, weight float64) {
	var f passage.Folded
	passage.Fold(text, &f)
	key := string(f.B)
	if key == "" {
		return
	}
	n, ok := t.byText[key]
	if !ok {
		n = len(t.effects)
		t.byText[key] = n
		t.effects = append(t.effects, nil)
		t.phrases = append(t.phrases, passage.Phrase{Text: text, Value: n})
		if f.Counts[passage.Hangul] > 0 && strings.Contains(key, " ") { // Korean writers set such spaces or leave them out
			t.phrases = append(t.phrases, passage.Phrase{Text: strings.ReplaceAll(key, " ", ""), Value: n})
		}
	}
	for i := range t.effects[n] {
		if e := &t.effects[n][i]; e.section == sec { // the same word in two languages
			e.weight = max(e.weight, weight)
			return
		}
	}
	t.effects[n] = append(t.effects[n], effect{sec, weight})
}

// chain adds what the pack calls its own.
func (t *table) chain(pack *knowledge.Pack) {
	if pack == nil {
		return
	}
	programme := sectionOf("theme programme")
	for _, p := range pack.Programmes {
		for _, n := range append([]string{p.Name}, p.Aliases...) {
			if len(n) >= 5 { // shorter ones mean other things too
				t.add(n, chainSection, 2)
				t.add(n, programme, 1)
			}
		}
	}
	for _, v := range pack.Vaccines {
		n, _, _ := strings.Cut(v.Name, "(")
		if n = strings.TrimSpace(n); len(n) >= 5 {
			t.add(n, chainSection, 2)
		}
	}
}
