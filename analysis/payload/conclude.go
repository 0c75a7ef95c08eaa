package payload

import (
	"slices"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A weight is what a kind of finding counts. Bits are log2 of how much more often the fact is seen in hostile mail
// than in other mail; secure-mail envelopes, HTML reports and statements, and invoices with codes keep many of them low.
type weight struct {
	bits       float64
	techniques []string
}

// weigh knows the weight of each kind of fact.
func weigh(kind string) weight {
	switch kind {
	case "payload.password_form":
		return weight{3, []string{"T1566.001", "T1056.003"}}
	case "payload.password_form_hidden":
		return weight{6, []string{"T1566.001", "T1056.003", "T1027"}}
	case "payload.recipient_prefilled":
		return weight{1.5, []string{"T1566.001"}}
	case "payload.recipient_encoded":
		return weight{2.5, []string{"T1566.001", "T1027"}}
	case "payload.script_layers":
		return weight{2, []string{"T1027", "T1140"}}
	case "payload.script_layers_deep":
		return weight{4, []string{"T1027", "T1140"}}
	case "payload.script_opaque":
		return weight{1, []string{"T1027"}}
	case "payload.endpoint_encoded":
		return weight{3.5, []string{"T1027", "T1567"}}
	case "payload.exfiltration_service":
		return weight{4.5, []string{"T1567", "T1056.003"}}
	case "payload.html_smuggling":
		return weight{5, []string{"T1027.006"}}
	case "payload.meta_refresh", "payload.script_redirect":
		return weight{2.5, []string{"T1566.001"}}
	case "payload.svg_script":
		return weight{4.5, []string{"T1027.017"}}
	case "payload.archive_password_in_body":
		return weight{4, []string{"T1027.013", "T1566.001"}}
	case "payload.archive_encrypted":
		return weight{1, []string{"T1027.013"}}
	case "payload.archive_unread":
		return weight{1, []string{"T1027.013"}}
	case "payload.archive_page":
		return weight{2, []string{"T1566.001"}}
	case "payload.executable":
		return weight{5, []string{"T1204.002"}}
	case "payload.executable_in_archive":
		return weight{4.5, []string{"T1204.002", "T1566.001"}}
	case "payload.shortcut":
		return weight{4.5, []string{"T1204.002"}}
	case "payload.macro":
		return weight{1.5, []string{"T1059.005"}}
	case "payload.macro_autoexec":
		return weight{4, []string{"T1059.005", "T1204.002"}}
	case "payload.remote_template":
		return weight{4, []string{"T1221"}}
	case "payload.embedded_object":
		return weight{3, []string{"T1204.002"}}
	case "payload.pdf_javascript":
		return weight{1.5, []string{"T1059.007"}}
	case "payload.pdf_launch":
		return weight{4, []string{"T1204.002"}}
	case "payload.pdf_attachment":
		return weight{1, []string{"T1204.002"}}
	case "payload.personal_link":
		return weight{1.5, []string{"T1566.002"}}
	case "payload.qr_link":
		return weight{1, []string{"T1566.002"}}
	case "payload.qr_personal":
		return weight{4.5, []string{"T1566.002"}}
	case "payload.qr_drawn":
		return weight{4.5, []string{"T1566.002", "T1027"}}
	case "payload.hidden_text":
		return weight{0.7, []string{"T1027"}}
	case "payload.type_mismatch":
		return weight{2.5, []string{"T1036.008"}}
	case "payload.name_double_extension":
		return weight{4.5, []string{"T1036.007"}}
	case "payload.name_direction":
		return weight{6, []string{"T1036.002"}}
	case "payload.name_blank":
		return weight{4.5, []string{"T1036"}}
	}
	if kind == "limit.images" { // newsletters have many
		return weight{0.1, nil}
	}
	if strings.HasPrefix(kind, "limit.") {
		return weight{0.5, nil}
	}
	return weight{}
}

// conclude judges each payload as a whole and turns the facts into findings: one a kind, with up to three quotations.
func (o *opener) conclude() {
	for _, p := range o.list {
		o.judge(p)
	}
	slices.SortStableFunc(o.facts, func(a, b fact) int { return strings.Compare(a.kind, b.kind) })
	for i := 0; i < len(o.facts); {
		f := o.facts[i]
		w := weigh(f.kind)
		finding := coldwatch.Finding{Kind: f.kind, Bits: w.bits, Group: "payload", Reason: f.reason, Techniques: w.techniques, Analyzer: name}
		for ; i < len(o.facts) && o.facts[i].kind == f.kind; i++ {
			if len(finding.Evidence) < 3 {
				ev := o.facts[i].evidence
				if ev.Span.Where == "" {
					ev = coldwatch.Evidence{Span: coldwatch.Span{Where: o.facts[i].payload}, Quote: o.facts[i].payload}
				}
				finding.Evidence = append(finding.Evidence, ev)
			}
		}
		o.a.Add(finding)
	}
}

// judge states what a finished payload amounts to.
func (o *opener) judge(p *coldwatch.Payload) {
	if p.Via == "body" || p.Kind != "html" && p.Kind != "svg" {
		return
	}
	whole := coldwatch.Span{Where: p.ID, Start: 0, End: min(len(p.Content), 200)}
	depth := len(p.Layers)
	for i := range p.Forms {
		f := &p.Forms[i]
		switch {
		case f.Password && depth > 0:
			o.fact("payload.password_form_hidden", p, f.Span, strings.Join(f.Inputs, ", "), "A page that asks for a password was hidden under "+layersWord(p.Layers)+".")
		case f.Password:
			o.fact("payload.password_form", p, f.Span, strings.Join(f.Inputs, ", "), "An attached page asks for a password.")
		}
		if f.Prefilled {
			o.fact("payload.recipient_prefilled", p, f.Span, strings.Join(f.Inputs, ", "), "The form of an attached page is filled in with the recipient's address.")
		}
	}
	hiding := 0
	for _, l := range p.Layers {
		if l != "srcdoc" && l != "concat" {
			hiding++
		}
	}
	if depth > 1 && hiding > 0 {
		o.fact("payload.script_layers_deep", p, whole, strings.Join(p.Layers, " → "), "The page was wrapped "+strconv.Itoa(depth)+" times: "+layersWord(p.Layers)+".")
	} else if depth == 1 {
		o.fact("payload.script_layers", p, whole, p.Layers[0], "The page was hidden in script by "+layersWord(p.Layers)+".")
	}
	for i := range p.Destinations {
		d := &p.Destinations[i]
		switch {
		case d.Credentials && (d.Kind == "telegram" || d.Kind == "form-service"):
			o.fact("payload.exfiltration_service", p, d.Span, d.URL, "What is typed into the page goes to a service that relays it to whoever rents it.")
		case d.Layer > depth && d.Kind != "redirect":
			o.fact("payload.endpoint_encoded", p, d.Span, d.URL, "The page hides in encoded form where it sends what is typed.")
		case d.Kind == "redirect" && len(p.Forms) == 0:
			kind := "payload.script_redirect"
			if p.Trait("meta-refresh") {
				kind = "payload.meta_refresh"
			}
			if strings.Contains(d.URL, "://") {
				o.fact(kind, p, d.Span, d.URL, "An attached page sends its reader on to another address as soon as it is opened.")
			}
		}
	}
	if p.Kind == "svg" && (p.Trait("script") || len(p.Forms) > 0) {
		o.fact("payload.svg_script", p, whole, p.Name, "A picture in SVG carries a script or a form.")
	}
	if p.Trait("opaque-script") {
		o.fact("payload.script_opaque", p, whole, p.Name, "The page's script builds something that could not be computed.")
	}
}

func layersWord(layers []string) string { return strings.Join(layers, ", then ") }
