package profile

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
)

// prose reads the list of sentences that we wrote.
func prose(t testing.TB) [][2]string {
	b, err := os.ReadFile("testdata/prose.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out [][2]string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		kind, sentence, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("no tab in %q", line)
		}
		out = append(out, [2]string{kind, sentence})
	}
	return out
}

func TestLint(t *testing.T) {
	list := prose(t)
	if len(list) < 200 {
		t.Errorf("only %d sentences", len(list))
	}
	for _, p := range list {
		problems := Lint(p[1])
		if p[0] == "good" {
			if len(problems) > 0 {
				t.Errorf("good, but %+v", problems)
			}
			continue
		}
		if !slices.ContainsFunc(problems, func(x Problem) bool { return x.Kind == p[0] }) {
			t.Errorf("%s is not caught in %q: %+v", p[0], p[1], problems)
		}
	}
}

func TestLintJudgement(t *testing.T) {
	whole := coldwatch.Judgement{Text: "It is likely that access was sought.", Likelihood: "likely", Confidence: "Confidence in this judgement is low.",
		Basis: []string{"34 of 34 messages ask for credentials."}, Gaps: []string{"What was done with them is not seen."}, Change: []string{"Use of a stolen account."}}
	if p := LintJudgement(whole); len(p) > 0 {
		t.Errorf("%+v", p)
	}
	for kind, spoil := range map[string]func(*coldwatch.Judgement){
		LintBasis:  func(j *coldwatch.Judgement) { j.Basis = nil },
		LintGaps:   func(j *coldwatch.Judgement) { j.Gaps = nil },
		LintChange: func(j *coldwatch.Judgement) { j.Change = nil },
		LintWord:   func(j *coldwatch.Judgement) { j.Likelihood = "quite likely" },
	} {
		j := whole
		spoil(&j)
		if p := LintJudgement(j); !slices.ContainsFunc(p, func(x Problem) bool { return x.Kind == kind }) {
			t.Errorf("%s: %+v", kind, p)
		}
	}
}

func TestWordsCoverAllProbabilities(t *testing.T) {
	for i := range 101 {
		p := float64(i) / 100
		w := Words(p)
		if problems := Lint(fmt.Sprintf("It is judged: %s.", w)); len(problems) > 0 {
			t.Errorf("%v: %+v", p, problems)
		}
		for _, b := range Bands() {
			if b.Words == w && (p < b.Low-.011 || p > b.Top+.011) {
				t.Errorf("%v is called %q", p, w)
			}
		}
	}
}

func FuzzLint(f *testing.F) {
	for _, p := range prose(f) {
		f.Add(p[1])
	}
	f.Add("May may 5 %\n\n... % .% likely%")
	f.Fuzz(func(t *testing.T, s string) {
		Lint(s)
		Sentences(s)
	})
}

// proseOf gathers every sentence that a profile generates.
func proseOf(p *coldwatch.Profile) (texts []string, judged []coldwatch.Judgement) {
	texts = append(texts, p.Name, p.Start.Method, p.Specificity.Reason, p.Doses.Reason, p.Size.Reason, p.Size.Assumption, p.Next.Reason, p.Attribution.Statement)
	texts = append(append(append(append(texts, p.Summary...), p.Gaps...), p.Objective.Observed...), p.Attribution.Change...)
	texts = append(append(texts, p.Size.Strata...), p.Start.Anchors...)
	for _, c := range p.Next.Ranked {
		texts = append(texts, c.Reasons...)
	}
	for _, ph := range p.Phases {
		texts = append(texts, ph.Changes...)
	}
	for _, r := range p.RoleIndexes {
		texts = append(texts, r.Reason)
	}
	for _, e := range p.Attribution.Evidence {
		texts = append(texts, e.Text)
	}
	judged = append(append(judged, p.Judgements...), p.Relations...)
	return texts, append(judged, p.Activity, p.Objective.Inferred)
}

func TestAllGeneratedProsePasses(t *testing.T) {
	pack := testPack()
	for round := range 60 {
		all := sightings([]int{1, 2, 5, 12, 40, 90}[round%6], uint64(round))
		for i := range all {
			s := &all[i]
			s.Objective = []string{"credentials", "documents", "payment", "reply", "run-file", "unknown"}[round/6%6]
			s.Lure.Theme = []string{"quotation", "customs", "account", "other"}[round%4]
			s.Carrier = []string{"html-attachment", "qr", "link", "message", "other"}[round%5]
			if round%7 == 0 {
				s.Impersonated = coldwatch.Impersonation{}
			}
			if round%5 == 0 && i%2 == 0 {
				s.Lure.FidelityOf = 0
			}
		}
		p := Build(coldwatch.Campaign{ID: fmt.Sprintf("c-%010d", round)}, all, pack, options())
		texts, judged := proseOf(&p)
		for _, s := range texts {
			if problems := Lint(s); len(problems) > 0 {
				t.Errorf("%q: %+v", s, problems)
			}
		}
		for _, j := range judged {
			if problems := LintJudgement(j); len(problems) > 0 {
				t.Errorf("%q: %+v", j.Text, problems)
			}
		}
		if len(p.Summary) != 3 {
			t.Errorf("summary %q", p.Summary)
		}
	}
}
