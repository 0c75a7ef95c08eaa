package brand

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	rows := 0
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		if strings.Count(line, ",") != 2 {
			t.Errorf("line %d has not three cells: %s", i+1, line)
		}
	}
	if l := Default(); len(l.brands) != rows || rows < 300 {
		t.Errorf("%d brands of %d rows", len(l.brands), rows)
	}
}

func TestInName(t *testing.T) {
	l := Default()
	for name, want := range map[string]string{
		"PayPal Service":           "PayPal",
		"Amazon.com":               "Amazon",
		"Microsoft account team":   "Microsoft",
		"Chase Online":             "JPMorgan Chase",
		"Chase Miller":             "",
		"Apple Support":            "Apple",
		"Orange":                   "Orange",
		"Orange Tree Design":       "",
		"NETFLIX":                  "Netflix",
		"Micr0soft Teams":          "Microsoft",
		"Аmazоn":                   "Amazon",
		"Tim Berners":              "",
		"Anna Schmidt":             "",
		"Target Marketing Systems": "",
		"みずほ銀行":                    "Mizuho",
	} {
		got := ""
		if b := l.InName(name); b != nil {
			got = b.Name
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestImitated(t *testing.T) {
	l := Default()
	for host, want := range map[string]string{
		"paypa1.example":               "PayPal",
		"paypal-secure-login.example":  "PayPal",
		"secure.microsoftonline.test":  "Microsoft",
		"amazon.account-verify.test":   "Amazon",
		"netfliix.test":                "Netflix",
		"mail.paypal.com":              "",
		"cobaltworks.example":          "",
		"xn--pypal-4ve.test":           "PayPal",
		"dropbox.com.files-view.test":  "Dropbox",
		"stripes-and-stars.example":    "",
		"docusign-documents.test":      "DocuSign",
		"wellsfargo.com-alerts.test":   "Wells Fargo",
		"lists.kernel.org":             "",
		"vger.kernel.org":              "",
		"facebookmail-noreply.example": "Facebook",
	} {
		b, m := l.Imitated(host)
		got := ""
		if b != nil {
			got = b.Name
		}
		if got != want {
			t.Errorf("%s: got %q (%v), want %q", host, got, m, want)
		}
	}
}

func TestEverydayLabels(t *testing.T) {
	l := Default()
	for host, want := range map[string]bool{"calvevo-customs-office-services.example": false, "office-support.test": true, "northern-post-office.example": false} {
		if b, _ := l.Imitated(host); (b != nil) != want {
			t.Errorf("%s: %v", host, b)
		}
	}
}
