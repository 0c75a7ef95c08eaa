package verdict

import (
	"strings"

	"github.com/coldwatch/coldwatch"
)

// summary says in one sentence why the verdict is what it is.
func summary(a *coldwatch.Analysis) string {
	v := &a.Verdict
	var top []string
	for _, e := range v.Ledger {
		if e.Bits > 0 && len(top) < 2 {
			top = append(top, strings.TrimSuffix(e.Reason, "."))
		}
	}
	switch {
	case v.Class == coldwatch.Unremarkable && len(top) == 0:
		return "Nothing speaks against this message."
	case v.Class == coldwatch.Unremarkable:
		return "What is odd about this message is too little to speak against it: " + lowerFirst(top[0]) + "."
	}
	return strings.Join(top, "; ") + "."
}

// lowerFirst lowers the first letter of a sentence that moves into another, unless a name or abbreviation stands there.
func lowerFirst(s string) string {
	for _, w := range [...]string{"The ", "A ", "An ", "No ", "What ", "Two ", "Nothing ", "Bounces "} {
		if strings.HasPrefix(s, w) {
			return strings.ToLower(s[:1]) + s[1:]
		}
	}
	return s
}

// action says in one sentence what to do.
func action(a *coldwatch.Analysis) string {
	switch a.Verdict.Class {
	case coldwatch.Unremarkable:
		return "Nothing needs to be done."
	case coldwatch.Suspicious:
		return "Have somebody look at it before anybody answers, clicks or opens anything; ask the sender by a way known from before."
	}
	out := "Do not open, click or answer; take the message out of every mailbox that got it"
	if asks(a) {
		out += ", and have whoever typed a password change it now"
	}
	if a.Impersonated.Kind == "account" && a.Impersonated.Name != "" {
		return out + "; tell " + a.Impersonated.Name + " by telephone that the account may be in other hands."
	}
	if a.Impersonated.Organisation != "" {
		return out + "; tell " + a.Impersonated.Name + " that its name is used."
	}
	return out + "."
}

func asks(a *coldwatch.Analysis) bool {
	if a.Lure.Act == "sign-in" {
		return true
	}
	for i := range a.Payloads {
		for j := range a.Payloads[i].Forms {
			if a.Payloads[i].Forms[j].Password {
				return true
			}
		}
	}
	return false
}
