package rules

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// yara matches attachments: the file itself by its hash, or one that leads to the attacker's hosts, in plain text or base64.
func (f facts) yara() string {
	if len(f.hosts)+len(f.hashes)+len(f.senders) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(f.about("//"))
	if len(f.hashes) > 0 {
		b.WriteString("import \"hash\"\n")
	}
	fmt.Fprintf(&b, "\nrule %s\n{\n  meta:\n    description = \"Attachment of the campaign %s\"\n    author = \"coldwatch\"\n    tlp = \"%s\"\n", f.slug, f.name, f.tlp)
	if f.date != "" {
		fmt.Fprintf(&b, "    date = \"%s\"\n", f.date)
	}
	hosts := slices.Concat(f.hosts, f.senders)
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	if len(hosts) > 0 {
		b.WriteString("  strings:\n")
		for i, h := range hosts {
			fmt.Fprintf(&b, "    $host%d = \"%s\" ascii wide nocase fullword\n    $coded%d = \"%s\" base64 base64wide\n", i, h, i, h)
		}
	}
	var or []string
	if len(hosts) > 0 {
		or = append(or, "any of them")
	}
	for _, h := range f.hashes {
		or = append(or, fmt.Sprintf("hash.sha256(0, filesize) == \"%s\"", h))
	}
	fmt.Fprintf(&b, "  condition:\n    filesize < 20MB and (\n      %s\n    )\n}\n", strings.Join(or, "\n      or "))
	return b.String()
}

// sigma is two documents: one for mail logs (field names of Microsoft 365's and ECS's e-mail fields as Sigma maps them), one for
// web proxies.
func (f facts) sigma() string {
	var b strings.Builder
	senders := slices.Concat(f.addresses, f.senders)
	head := func(kind, title string) {
		fmt.Fprintf(&b, "title: \"%s: %s\"\nid: %s\nstatus: experimental\ndescription: \"coldwatch campaign %s, %s\"\nauthor: coldwatch\n", title, f.name, f.id(kind), f.campaign, f.tlp)
		if f.date != "" {
			fmt.Fprintf(&b, "date: \"%s\"\n", f.date)
		}
		var tags []string
		for _, t := range f.techniques {
			tags = append(tags, "attack."+strings.ToLower(t))
		}
		tags = append(tags, "tlp."+strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(f.tlp, "TLP:"), "+", "-")))
		b.WriteString("tags:\n")
		for _, t := range tags {
			b.WriteString("  - " + t + "\n")
		}
	}
	list := func(in []string) {
		for _, s := range in {
			fmt.Fprintf(&b, "      - \"%s\"\n", s)
		}
	}
	if len(senders)+len(f.hashes) > 0 {
		head("sigma-mail", "Mail of a cold chain phishing campaign")
		b.WriteString("logsource:\n  category: email\ndetection:\n")
		var names []string
		if len(senders) > 0 {
			b.WriteString("  sender:\n    email.from.address|endswith:\n")
			list(senders)
			b.WriteString("  reply:\n    email.reply_to.address|endswith:\n")
			list(senders)
			names = append(names, "sender", "reply")
		}
		if len(f.hashes) > 0 {
			b.WriteString("  file:\n    email.attachments.file.hash.sha256:\n")
			list(f.hashes)
			names = append(names, "file")
		}
		fmt.Fprintf(&b, "  condition: %s\nfalsepositives:\n  - Mail that reports or discusses the campaign\nlevel: high\n", strings.Join(names, " or "))
	}
	if len(f.hosts) > 0 {
		if b.Len() > 0 {
			b.WriteString("---\n")
		}
		head("sigma-proxy", "Visit to a page of a cold chain phishing campaign")
		b.WriteString("logsource:\n  category: proxy\ndetection:\n  host:\n    cs-host:\n")
		list(f.hosts)
		b.WriteString("  under:\n    cs-host|endswith:\n")
		for _, h := range f.hosts {
			fmt.Fprintf(&b, "      - \".%s\"\n", h)
		}
		b.WriteString("  condition: host or under\nfalsepositives:\n  - Analysts that look at the page\nlevel: critical\n")
	}
	if b.Len() == 0 {
		return ""
	}
	return f.about("#") + b.String()
}

// mql is a rule of Sublime's message query language.
func (f facts) mql() string {
	var or []string
	if len(f.senders) > 0 {
		d := quoted(f.senders)
		or = append(or, "sender.email.domain.domain in~ ("+d+")", "any(headers.reply_to, .email.domain.domain in~ ("+d+"))", "headers.return_path.domain.domain in~ ("+d+")")
	}
	if len(f.addresses) > 0 {
		or = append(or, "sender.email.email in~ ("+quoted(f.addresses)+")", "any(headers.reply_to, .email.email in~ ("+quoted(f.addresses)+"))")
	}
	if len(f.hosts) > 0 {
		or = append(or, "any(body.links, .href_url.domain.domain in~ ("+quoted(f.hosts)+"))",
			"any(attachments, any(file.explode(.), any(.scan.strings.strings, strings.icontains(., "+quoted(f.hosts)+"))))")
	}
	if len(f.hashes) > 0 {
		or = append(or, "any(attachments, .sha256 in~ ("+quoted(f.hashes)+"))")
	}
	if len(or) == 0 {
		return ""
	}
	return f.about("#") + fmt.Sprintf("name: \"Cold chain phishing: %s\"\ndescription: \"coldwatch campaign %s, %s\"\ntype: \"rule\"\nseverity: \"high\"\nsource: |\n  type.inbound\n  and (\n    %s\n  )\nattack_types:\n  - \"Credential Phishing\"\ntactics_and_techniques:\n  - \"Impersonation: Brand\"\ndetection_methods:\n  - \"Threat intelligence\"\nid: \"%s\"\n",
		f.name, f.campaign, f.tlp, strings.Join(or, "\n    or "), f.id("mql"))
}

// kql is a query over the tables of Microsoft Defender XDR's advanced hunting: EmailEvents, EmailUrlInfo, EmailAttachmentInfo.
func (f facts) kql() string {
	var parts []string
	if len(f.senders)+len(f.addresses) > 0 {
		parts = append(parts, "(EmailEvents\n    | where SenderFromDomain in~ (senders) or SenderMailFromDomain in~ (senders)\n        or SenderFromAddress in~ (addresses) or SenderMailFromAddress in~ (addresses)\n    | project NetworkMessageId, Why = \"sender\")")
	}
	if len(f.hosts) > 0 {
		parts = append(parts, "(EmailUrlInfo\n    | where UrlDomain in~ (hosts)\n    | project NetworkMessageId, Why = \"link\")")
	}
	if len(f.hashes) > 0 {
		parts = append(parts, "(EmailAttachmentInfo\n    | where SHA256 in~ (hashes)\n    | project NetworkMessageId, Why = \"attachment\")")
	}
	if len(parts) == 0 {
		return ""
	}
	list := func(name string, in []string) string { return "let " + name + " = dynamic([" + quoted(in) + "]);\n" }
	return f.about("//") + list("senders", f.senders) + list("addresses", f.addresses) + list("hosts", f.hosts) + list("hashes", f.hashes) +
		"union\n    " + strings.Join(parts, ",\n    ") + "\n| summarize Why = make_set(Why) by NetworkMessageId\n| join kind=inner EmailEvents on NetworkMessageId\n" +
		"| project Timestamp, NetworkMessageId, InternetMessageId, SenderFromAddress, RecipientEmailAddress, Subject, DeliveryAction, DeliveryLocation, Why\n| order by Timestamp asc\n"
}

// multimap is for Rspamd's local.d/multimap.conf. Hosts and domains match with all that is under them.
func (f facts) multimap() string {
	sym := strings.ToUpper(f.slug)
	var b strings.Builder
	one := func(name, options string, values []string) {
		if len(values) > 0 {
			fmt.Fprintf(&b, "%s_%s {\n  %s\n  map = [%s];\n  score = 10.0;\n  description = \"Cold chain phishing, campaign %s\";\n}\n", sym, name, options, quoted(values), f.campaign)
		}
	}
	under := func(in []string) (out []string) {
		for _, s := range in {
			out = append(out, `/(^|\\.)`+strings.ReplaceAll(regexp.QuoteMeta(s), `\`, `\\`)+`$/i`)
		}
		return out
	}
	one("FROM", `type = "from"; extract_from = "both"; filter = "email:domain"; regexp = true;`, under(f.senders))
	one("REPLYTO", `type = "header"; header = "Reply-To"; filter = "email:domain"; regexp = true;`, under(f.senders))
	one("ADDRESS", `type = "from"; extract_from = "both"; filter = "email:addr";`, f.addresses)
	one("HOST", `type = "url"; regexp = true;`, under(f.hosts))
	if b.Len() == 0 {
		return ""
	}
	return f.about("#") + b.String()
}

// regexp is for Rspamd's rules in Lua (lua.local.d): hosts in the body as it came and in its parts as they are decoded, tags
// included, and the same in base64 within them, where scripts hide them.
func (f facts) regexp() string {
	if len(f.hosts) == 0 {
		return ""
	}
	var or, coded []string
	for _, h := range f.hosts {
		or = append(or, regexp.QuoteMeta(h))
		for _, piece := range inBase64(h) {
			coded = append(coded, regexp.QuoteMeta(piece))
		}
	}
	lua := func(re string) string { return strings.ReplaceAll(re, `\`, `\\`) }
	alternatives := []string{"host .. '{body}'", "host .. '{sa_raw_body}'"}
	hidden := ""
	if len(coded) > 0 {
		hidden = "local hidden = '" + lua(`/(?:`+strings.Join(coded, "|")+`)/`) + "'\n"
		alternatives = append(alternatives, "hidden .. '{body}'", "hidden .. '{sa_raw_body}'")
	}
	return f.about("--") + fmt.Sprintf("config['regexp'] = config['regexp'] or {}\nlocal host = '%s'\n%sconfig['regexp']['%s_BODY'] = {\n  re = %s,\n  score = 10.0,\n  description = 'Cold chain phishing, campaign %s',\n}\n",
		lua(`/(?:^|[^a-z0-9.-])(?:[a-z0-9-]+\.)*(?:`+strings.Join(or, "|")+`)(?:[^a-z0-9.-]|$)/i`), hidden, strings.ToUpper(f.slug), strings.Join(alternatives, " .. ' | ' .. "), f.campaign)
}

// inBase64 gives what a host looks like within a longer text in base64, at the three places at which it may begin; nothing for one
// so short that it would be found by chance.
func inBase64(host string) []string {
	var out []string
	for before := range 3 {
		s := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), host...))
		s = s[[...]int{0, 2, 3}[before]:] // the first characters hold bits of what comes before
		if (before+len(host))%3 != 0 {
			s = s[:len(s)-1] // and the last of what comes after
		}
		if len(s) >= 12 {
			out = append(out, s)
		}
	}
	return out
}

// postfix is a table for header_checks with type regexp (POSIX extended).
func (f facts) postfix() string {
	if len(f.senders)+len(f.addresses) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(f.about("#"))
	b.WriteString("# header_checks = regexp:/etc/postfix/coldwatch_header_checks\n")
	line := func(re string) {
		fmt.Fprintf(&b, "/^(From|Reply-To|Sender|Return-Path):.*%s([^a-z0-9.-]|$)/ REJECT phishing against the cold chain, campaign %s\n", re, f.campaign)
	}
	for _, a := range f.addresses {
		line("[ <]" + posix(a))
	}
	for _, d := range f.senders {
		line("@([a-z0-9-]+[.])*" + posix(d))
	}
	return b.String()
}

// posix quotes a value for a POSIX extended expression between slashes.
func posix(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(`.+*?()|[]{}^$/\`, r) {
			b.WriteString("\\" + string(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
