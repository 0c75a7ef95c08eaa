package payload

import (
	"net/url"
	"strings"
)

// resolve makes an address absolute against the page's base (RFC 3986 section 5). What does not parse stays as it is.
func resolve(base, ref string) string {
	if base == "" || strings.Contains(ref, "://") {
		return ref
	}
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	r, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	return b.ResolveReference(r).String()
}

// formServices take forms for anybody, or relay what is posted to them.
var formServices = [...]string{
	"formspree.io", "formsubmit.co", "formcarry.com", "getform.io", "submit-form.com", "formbold.com", "web3forms.com", "usebasin.com",
	"formspark.io", "submit.jotform.com", "forms.gle", "docs.google.com/forms", "script.google.com/macros", "forms.office.com",
	"formsite.com", "wufoo.com", "typeform.com", "123formbuilder.com", "cognitoforms.com", "webhook.site", "hooks.zapier.com",
	"hook.eu1.make.com", "pipedream.net", "requestbin", "discord.com/api/webhooks", "discordapp.com/api/webhooks", "smtpjs.com", "api.emailjs.com",
	"formden.com", "formkeep.com", "formcake.com", "nocodeform.io", "herotofu.com", "fabform.io", "firebaseio.com", "sheetdb.io", "airtable.com",
	"api.mailjet.com", "api.sendgrid.com", "backendless.com", "submitform.com", "kwes.io", "formester.com", "pageclip.co", "slapform.com",
}

// destinationKind refines how a destination is reached by where it is.
func destinationKind(u, kind string) string {
	low := strings.ToLower(u)
	rest := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(low, "https:"), "http:"), "//")
	rest = strings.TrimPrefix(rest, "www.")
	host, _, _ := strings.Cut(rest, "/")
	switch {
	case strings.HasPrefix(low, "mailto:"):
		return "mailto"
	case host == "api.telegram.org" || strings.HasPrefix(rest, "t.me/"):
		return "telegram"
	case strings.HasPrefix(low, "ws:") || strings.HasPrefix(low, "wss:"):
		return "websocket"
	}
	for _, s := range formServices {
		h, p, _ := strings.Cut(s, "/")
		if (host == h || strings.HasSuffix(host, "."+h)) && strings.Contains(rest, p) {
			return "form-service"
		}
	}
	return kind
}
