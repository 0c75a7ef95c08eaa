// Package verdict adds the findings up.
//
// A finding's weight is the log2 of how much likelier it is in an attack than in harmless mail (Good, Probability and the
// Weighing of Evidence, 1950). Weights of independent findings add to the prior's bits; findings of one dependence group
// speak of the same fact, so the strongest counts whole and the rest a share. What a gate explains does not count. The sum
// gives the class; the ledger shows every term. The weights stand in weights.json, each with its reason.
//
// A hostile message is targeted if it was made for the chain: it poses as an organisation of the directory, or speaks of
// the chain's own things to a member of it. The Targeted Threat Index (Hardy et al., USENIX Security 2014) says how much
// work went into it, and the techniques are those of ATT&CK.
package verdict

import (
	"math"
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// Name is the analyser's name and version.
const Name = "verdict/1"

// An Analyzer fills Verdict, TTI and Techniques, and sets the weights of the findings.
type Analyzer struct {
	w *Weights
}

// New returns an analyser with those weights, the shipped ones for nil.
func New(w *Weights) *Analyzer {
	if w == nil {
		w = Shipped()
	}
	return &Analyzer{w}
}

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze needs everything that the other analysers found.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	z.weigh(a)
	v := z.sum(a)
	chain := chainMade(a)
	switch {
	case v.Bits >= z.w.Hostile && chain:
		v.Class = coldwatch.Targeted
	case v.Bits >= z.w.Hostile:
		v.Class = coldwatch.Hostile
	case v.Bits >= z.w.Suspicious:
		v.Class = coldwatch.Suspicious
	default:
		v.Class = coldwatch.Unremarkable
	}
	a.Verdict = v
	a.Techniques = techniques(a)
	a.TTI = threatIndex(a, chain)
	a.Verdict.Summary, a.Verdict.Action = summary(a), action(a)
	if v.Class == coldwatch.Unremarkable {
		a.Impersonated = coldwatch.Impersonation{}
	}
}

// weigh sets the bits and group of every finding that the table knows; others keep their analyser's own.
//
// What rests on words alone counts less in a long text: any phrase turns up by chance if there is text enough, and the
// chance grows with its length, so the bits fall by the log2 of it.
func (z *Analyzer) weigh(a *coldwatch.Analysis) {
	discount := 0.0
	if n := textLength(a); n > usualText {
		discount = math.Log2(float64(n) / usualText)
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		if w, ok := z.w.Kinds[f.Kind]; ok {
			f.Bits, f.Group = w.Bits, w.Group
		}
		if f.Group == "" {
			f.Group = f.Kind
		}
		if discount > 0 && f.Bits > 0 && (strings.HasPrefix(f.Kind, "lure.") && f.Kind != "lure.request_with_html" || f.Kind == "brand.body") {
			f.Bits = math.Round(max(f.Bits-discount, 0)*100) / 100
		}
	}
}

// usualText is the length in bytes of a usual message's text, within which a phrase hardly stands by chance.
const usualText = 2500

// textLength returns the length of the longest text that a body shows.
func textLength(a *coldwatch.Analysis) int {
	n := 0
	for i := range a.Payloads {
		if p := &a.Payloads[i]; p.Via == "body" {
			n = max(n, len(p.Text))
		}
	}
	return n
}

// explained returns the gate that explains a kind of finding, "" if none does.
func (z *Analyzer) explained(a *coldwatch.Analysis, kind string) string {
	for _, g := range a.Gates {
		for _, k := range z.w.Gates[g] {
			if strings.HasPrefix(kind, k) && !z.void(a, g) {
				return g
			}
		}
	}
	return ""
}

// void tells whether a finding takes a gate's word away: what comes from a true partner's account is no longer the
// partner's where the account's habits changed.
func (z *Analyzer) void(a *coldwatch.Analysis, gate string) bool {
	for _, k := range z.w.Voids[gate] {
		for i := range a.Findings {
			if a.Findings[i].Kind == k {
				return true
			}
		}
	}
	return false
}

// sum adds the findings to the prior, group by group.
func (z *Analyzer) sum(a *coldwatch.Analysis) coldwatch.Verdict {
	v := coldwatch.Verdict{Prior: z.w.Prior, Bits: z.w.Prior}
	order := make([]int, 0, len(a.Findings))
	for i := range a.Findings {
		order = append(order, i)
	}
	sort.SliceStable(order, func(i, j int) bool {
		return math.Abs(a.Findings[order[i]].Bits) > math.Abs(a.Findings[order[j]].Bits)
	})
	type side struct {
		group string
		up    bool
	}
	counted := map[side]bool{}
	kinds := map[string]bool{}
	for _, i := range order {
		f := &a.Findings[i]
		e := coldwatch.Entry{Kind: f.Kind, Group: f.Group, Weight: f.Bits, Bits: f.Bits, Reason: f.Reason}
		if f.Bits > 0 {
			if g := z.explained(a, f.Kind); g != "" {
				e.Bits = 0
				e.Reason += " The " + gateWords[g] + " explains it."
				v.Gate = g
			}
		}
		if g, ok := strings.CutPrefix(f.Kind, "gate."); ok && f.Bits < 0 && z.void(a, g) {
			e.Bits = 0
			e.Reason += " It does not count, for the habits of the account changed."
		}
		s := side{f.Group, f.Bits > 0}
		switch {
		case e.Bits == 0:
		case kinds[f.Kind]:
			e.Bits = 0
		case counted[s]:
			e.Bits *= z.w.Share
		}
		if e.Bits != 0 {
			counted[s] = true
			kinds[f.Kind] = true
		}
		v.Bits += e.Bits
		v.Ledger = append(v.Ledger, e)
		if strings.HasPrefix(f.Kind, "gate.") && e.Bits < 0 && v.Gate == "" {
			v.Gate = strings.TrimPrefix(f.Kind, "gate.")
		}
	}
	sort.SliceStable(v.Ledger, func(i, j int) bool { return math.Abs(v.Ledger[i].Bits) > math.Abs(v.Ledger[j].Bits) })
	v.Bits = math.Round(v.Bits*1000) / 1000
	v.Probability = 1 / (1 + math.Exp2(-v.Bits))
	return v
}

var gateWords = map[string]string{"bounce": "bounce", "auto-reply": "automatic answer", "mailing-list": "mailing list", "newsletter": "newsletter", "secure-envelope": "encrypted envelope",
	"simulation": "phishing exercise", "partner": "true partner", "internal": "inside origin", "advisory": "warning's quotation", "forwarded": "forwarder"}

// chainMade tells whether a message, if hostile, was made for the chain.
func chainMade(a *coldwatch.Analysis) bool {
	for i := range a.Findings {
		if a.Findings[i].Chain && a.Findings[i].Bits > 0 {
			return true
		}
	}
	return a.Target.Organisation != "" && (a.Lure.Chain || a.Impersonated.Organisation != "" && a.Impersonated.Kind == "account")
}

// techniques collects the ATT&CK ids of the findings that counted and of the shape of a hostile message.
func techniques(a *coldwatch.Analysis) []string {
	if !a.Verdict.Class.Bad() {
		return nil
	}
	set := map[string]bool{}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Bits > 0 {
			for _, t := range f.Techniques {
				set[t] = true
			}
		}
	}
	attached, password, link, layered := false, false, false, false
	for i := range a.Payloads {
		p := &a.Payloads[i]
		attached = attached || p.Via == "attachment" || p.Via == "archive"
		layered = layered || len(p.Layers) > 0
		for j := range p.Forms {
			password = password || p.Forms[j].Password
		}
		for j := range p.Destinations {
			password = password || p.Destinations[j].Credentials
		}
		for j := range p.Links {
			k := p.Links[j].Kind
			link = link || k == "anchor" || k == "text" || k == "qr" || k == "pdf" || k == "area"
		}
	}
	switch {
	case password && attached:
		set["T1598.002"] = true
	case attached:
		set["T1566.001"] = true
	}
	switch {
	case link && a.Lure.Act == "sign-in":
		set["T1598.003"] = true
	case link:
		set["T1566.002"] = true
	}
	if layered {
		set["T1027.006"] = true
	}
	if a.Impersonated.Kind == "account" {
		set["T1586.002"] = true
	}
	if a.Gate("internal") {
		set["T1534"] = true
	}
	out := make([]string, 0, len(set))
	for t := range set {
		out = append(out, t)
	}
	sort.Strings(out)
	return out
}

// threatIndex is the Targeted Threat Index: base 0–4 by how the text is made for its reader, times a factor for how the
// payload is made. Base 5 (facts that are not public) is only an analyst's to give.
func threatIndex(a *coldwatch.Analysis, chain bool) float64 {
	if !a.Verdict.Class.Bad() {
		return 0
	}
	base := 0.0
	switch {
	case a.Impersonated.Organisation != "" || len(a.Lure.Models)+len(a.Lure.Programmes) > 0:
		base = 3
		correct := false
		for i := range a.Lure.Claims {
			correct = correct || a.Lure.Claims[i].Result == coldwatch.Correct
		}
		if a.Impersonated.Kind == "account" || correct && (a.Target.Function != "" && a.Target.Function != "other" || a.Lure.Fidelity > 0) {
			base = 4
		}
	case chain || a.Lure.Chain:
		base = 2
	case a.Target.Organisation != "":
		base = 1
	}
	factor := 1.0
	for i := range a.Payloads {
		p := &a.Payloads[i]
		switch n := len(p.Layers); {
		case p.Trait("macro") || p.Trait("exploit"):
			factor = max(factor, 1.75)
		case n > 1 || p.Trait("anti-analysis"):
			factor = max(factor, 1.5)
		case n == 1:
			factor = max(factor, 1.25)
		}
	}
	return base * factor
}
