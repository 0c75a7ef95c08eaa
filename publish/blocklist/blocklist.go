// Package blocklist writes a campaign's indicators for machines that block: plain lists, /etc/hosts, a DNS response policy zone
// (RPZ, draft-vixie-dnsop-dns-rpz), Postfix access tables (access(5)), Rspamd maps, and CSV (RFC 4180) for all of them.
//
// Only what may be blocked outright stands in a block list: the attacker's own hosts, addresses and files. What is shared with
// others stands in the CSV alone, so marked. A value that belongs to an organisation of the pack stands in none of them. Each list
// says whence and until when it is good, in a comment where the format has comments.
package blocklist

import (
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// A Format is one kind of list.
type Format struct {
	name, extension string
	write           func(*list) string
}

// Name returns the name of the list: "hosts", "rpz", …
func (f Format) Name() string { return f.name }

// Extension returns the file's extension.
func (f Format) Extension() string { return f.extension }

// Formats returns every kind of list.
func Formats() []Format {
	return []Format{
		{"csv", ".csv", writeCSV},
		{"domains", ".domains.txt", func(l *list) string { return l.plain(l.domains) }},
		{"urls", ".urls.txt", func(l *list) string { return l.plain(l.urls) }},
		{"addresses", ".addresses.txt", func(l *list) string { return l.plain(l.addresses) }},
		{"hashes", ".sha256.txt", func(l *list) string { return l.plain(l.hashes) }},
		{"hosts", ".hosts", writeHosts},
		{"rpz", ".rpz", writeRPZ},
		{"postfix", ".postfix", writePostfix},
		{"rspamd-map", ".rspamd.map", writeRspamd},
	}
}

// Write writes the list.
func (f Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	r = dossier.Redact(r, pack, dossier.NamesInFeeds)
	l := &list{r: r}
	if r.Withdrawn == nil {
		l.all = dossier.Indicators(r.Profile, pack)
	}
	for _, i := range l.all {
		if !dossier.Blockable(i) {
			continue
		}
		switch i.Kind {
		case coldwatch.DomainName:
			l.domains = append(l.domains, i.Value)
			if i.Role == "sender" || i.Role == "reply-to" || i.Role == "envelope" || i.Role == "dkim" {
				l.senders = append(l.senders, i.Value)
			}
		case coldwatch.URL:
			l.urls = append(l.urls, i.Value)
			if u, err := url.Parse(i.Value); err == nil {
				if _, err := netip.ParseAddr(u.Hostname()); err != nil {
					l.domains = append(l.domains, u.Hostname())
				}
			}
		case coldwatch.EmailAddress:
			l.senders = append(l.senders, i.Value)
		case coldwatch.IPv4Address, coldwatch.IPv6Address:
			l.addresses = append(l.addresses, i.Value)
		case coldwatch.FileHash:
			l.hashes = append(l.hashes, i.Value)
		}
	}
	for _, s := range []*[]string{&l.domains, &l.urls, &l.addresses, &l.hashes, &l.senders} {
		slices.Sort(*s)
		*s = slices.Compact(*s)
	}
	_, err := io.WriteString(w, f.write(l))
	return err
}

type list struct {
	r                                         coldwatch.Report
	all                                       []coldwatch.Infrastructure
	domains, urls, addresses, hashes, senders []string
}

// head is the comment at the top of a list.
func (l *list) head(mark string) string {
	p := l.r.Profile
	out := mark + " " + dossier.Label(l.r.Marking.TLP) + ". coldwatch campaign " + dossier.Version(p) + ".\n"
	if l.r.Synthetic {
		out += mark + " Synthetic: invented data for a demonstration. Do not block.\n"
	}
	if l.r.Withdrawn != nil {
		return out + mark + " Withdrawn: this list is empty on purpose and takes the place of the one before.\n"
	}
	until := p.Last
	for _, i := range l.all {
		if t := dossier.ValidUntil(p, i); dossier.Blockable(i) && t.After(until) {
			until = t
		}
	}
	if !until.IsZero() {
		out += mark + " From mail received until " + dossier.Minute(l.r.Made) + "; drop the list after " + dossier.Day(until) + ".\n"
	}
	return out
}

func (l *list) plain(values []string) string {
	var b strings.Builder
	b.WriteString(l.head("#"))
	for _, v := range values {
		b.WriteString(v + "\n")
	}
	return b.String()
}

func writeHosts(l *list) string {
	var b strings.Builder
	b.WriteString(l.head("#"))
	for _, d := range l.domains {
		b.WriteString("0.0.0.0 " + d + "\n:: " + d + "\n")
	}
	return b.String()
}

// writeRPZ answers each domain and what is under it with "no such name", and each address that a name resolves to likewise.
func writeRPZ(l *list) string {
	var b strings.Builder
	b.WriteString(l.head(";"))
	serial := l.r.Made.Unix()
	if l.r.Made.IsZero() {
		serial = 1
	}
	fmt.Fprintf(&b, "$TTL 3600\n@ IN SOA localhost. hostmaster.localhost. %d 3600 600 604800 300\n@ IN NS localhost.\n", uint32(serial))
	for _, d := range l.domains {
		fmt.Fprintf(&b, "%s CNAME .\n*.%s CNAME .\n", d, d)
	}
	for _, a := range l.addresses {
		if ip, err := netip.ParseAddr(a); err == nil {
			fmt.Fprintf(&b, "%s.rpz-ip CNAME .\n", rpzAddress(ip))
		}
	}
	return b.String()
}

// rpzAddress writes an address as RPZ wants it: prefix length, then the parts in reverse, a run of zeroes as "zz".
func rpzAddress(ip netip.Addr) string {
	if ip.Is4() {
		p := ip.As4()
		return fmt.Sprintf("32.%d.%d.%d.%d", p[3], p[2], p[1], p[0])
	}
	s := strings.Split(ip.String(), ":") // compressed: an empty part stands for the run
	slices.Reverse(s)
	var parts []string
	for _, p := range s {
		if p == "" {
			if len(parts) > 0 && parts[len(parts)-1] == "zz" {
				continue
			}
			p = "zz"
		}
		parts = append(parts, p)
	}
	return "128." + strings.Join(parts, ".")
}

// writePostfix is a table for check_sender_access (access(5)): addresses, domains and what is under them, hosts.
func writePostfix(l *list) string {
	var b strings.Builder
	b.WriteString(l.head("#"))
	b.WriteString("# smtpd_sender_restrictions = check_sender_access hash:/etc/postfix/coldwatch\n")
	for _, s := range l.senders {
		fmt.Fprintf(&b, "%s REJECT phishing against the cold chain\n", s)
		if !strings.Contains(s, "@") {
			fmt.Fprintf(&b, ".%s REJECT phishing against the cold chain\n", s)
		}
	}
	return b.String()
}

// writeRspamd is a map of hosts for multimap with "type = \"url\"; filter = \"tld\"" or "type = \"from\"; filter = \"email:domain\"".
func writeRspamd(l *list) string {
	all := append(slices.Clone(l.domains), l.senders...)
	slices.Sort(all)
	return l.plain(slices.Compact(all))
}
