package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Names lists the hypotheses that evidence can speak of: the classes of the pack and what an analyst entered, sorted.
func Names(pack *knowledge.Pack, entered []string) []string {
	priors := pack.Priors
	if len(priors) == 0 {
		priors = BuiltinPriors()
	}
	out := slices.Clone(entered)
	for _, p := range priors {
		out = append(out, p.Hypothesis)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// CheckHypothesis tells what is wrong with a hypothesis that an analyst enters, and what would be right; "" for nothing.
func CheckHypothesis(h Hypothesis) (reason, hint string) {
	switch {
	case strings.TrimSpace(h.Name) == "":
		return "the hypothesis has no name", "name a class or an actor"
	case len(h.Name) > 80 || strings.ContainsAny(h.Name, "\n\r\t=;"):
		return "the name of the hypothesis is too long or holds a tab, an end of line, = or ;", "a few words are enough"
	case h.Prior <= 0 || h.Prior >= 1:
		return fmt.Sprintf("the prior %g is no share between 0 and 1", h.Prior), "the share of campaigns of this kind that the hypothesis accounts for, before any evidence, such as 0.05"
	}
	return "", ""
}

// CheckEvidence tells what is wrong with an item of evidence that an analyst enters, and what would be right; "" for
// nothing. names are the hypotheses that it may speak of.
func CheckEvidence(it coldwatch.GradedItem, names []string) (reason, hint string) {
	if strings.TrimSpace(it.Text) == "" || strings.TrimSpace(it.Group) == "" {
		return "an item of evidence needs a text and a group", "items of one group share a source or a cause: the strongest counts whole, the others a quarter"
	}
	if len(it.Grade) != 2 || reliability[it.Grade[0]] == 0 || it.Grade[1] < '1' || it.Grade[1] > '6' {
		return fmt.Sprintf("%q is no Admiralty grade", it.Grade), "a letter A to F for the source and a digit 1 to 6 for the item, such as B2"
	}
	if _, ok := fakery[it.Cost]; !ok {
		return fmt.Sprintf("%q says nothing about the cost to fake", it.Cost), "easy, moderate or hard"
	}
	if len(it.Ranges) == 0 {
		return "the item has no likelihoods", "how often it would be seen if a hypothesis were true, such as state=0.5-0.8; what is left out may be anything from 0.2 to 0.8"
	}
	for _, name := range sortedKeys(it.Ranges) {
		if !slices.Contains(names, name) {
			return "there is no hypothesis " + name, "the hypotheses are " + strings.Join(names, ", ")
		}
		if r := it.Ranges[name]; !(r[0] >= 0 && r[0] <= r[1] && r[1] <= 1) {
			return fmt.Sprintf("the likelihoods %g to %g of %s are no range within 0 and 1", r[0], r[1], name), "such as 0.5-0.8"
		}
	}
	if it.Exclusive != "" && !slices.Contains(names, it.Exclusive) {
		return "there is no hypothesis " + it.Exclusive, "the hypotheses are " + strings.Join(names, ", ")
	}
	return "", ""
}
