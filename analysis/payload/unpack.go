package payload

import (
	"bytes"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload/archive"
	"github.com/coldwatch/coldwatch/message"
)

// locked is an encrypted archive or document that waits until the message's words are known.
type locked struct {
	p  *coldwatch.Payload
	it item
}

// budget lends the message's budget to an archive; settle takes back what is left.
func (o *opener) budget() (*archive.Budget, func()) {
	if o.start.IsZero() && o.z.Clock != nil {
		o.start = o.z.Clock()
	}
	b := &archive.Budget{FileBytes: o.lim.FileBytes, Bytes: o.bytes, Entries: o.entries, Expired: func() bool {
		return o.z.Clock != nil && o.z.Clock().Sub(o.start) > o.lim.Time
	}}
	return b, func() { o.bytes, o.entries = b.Bytes, b.Entries }
}

// archive unpacks an archive and opens what is inside.
func (o *opener) archive(p *coldwatch.Payload, it item) {
	if p.MediaType == "multipart/related" {
		o.webArchive(p, it)
		return
	}
	if p.MediaType == "application/zip" && bytes.Contains(it.content, []byte("[Content_Types].xml")) {
		o.ooxml(p, it)
		return
	}
	o.unpack(p, it, nil)
}

func (o *opener) unpack(p *coldwatch.Payload, it item, passwords []string) {
	if it.depth >= o.lim.Depth {
		o.limit(p.ID, "limit.archive_depth")
		return
	}
	b, settle := o.budget()
	r := archive.Open(it.content, p.MediaType, it.name, passwords, b)
	settle()
	if r.Limit != "" {
		o.limit(p.ID, r.Limit)
	}
	if r.Broken {
		trait(p, "damaged")
	}
	where := coldwatch.Span{Where: p.ID, End: min(len(p.Content), 64)}
	switch {
	case r.Locked && passwords == nil:
		trait(p, "encrypted")
		o.locked = append(o.locked, locked{p, it})
		return
	case r.Password != "":
		p.Password = true
		o.fact("payload.archive_password_in_body", p, where, it.name, "The attached archive is encrypted and its password stands in the message.")
	case r.Locked:
		o.fact("payload.archive_encrypted", p, where, it.name, "The attached archive is encrypted and its password does not stand in the message.")
	}
	if r.Unread != "" {
		trait(p, "unread")
		o.fact("payload.archive_unread", p, where, it.name, "The attached archive is packed in a way that is not opened here ("+r.Unread+"): look at it by hand.")
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		c := o.open(item{id: it.id + "/" + e.Name, part: it.part, parent: p.ID, via: "archive", name: base(e.Name), content: e.Content, depth: it.depth + 1, layers: it.layers, password: e.Encrypted && !e.Locked})
		if c == nil {
			continue
		}
		if e.Locked {
			trait(c, "encrypted")
		}
		if c.Kind == "html" || c.Kind == "svg" {
			o.fact("payload.archive_page", c, coldwatch.Span{Where: c.ID, End: min(len(c.Content), 64)}, e.Name, "A web page is packed in an archive.")
		}
	}
}

// base is the last element of a name in an archive, by either slash.
func base(n string) string {
	return n[strings.LastIndexAny(n, `/\`)+1:]
}

// webArchive opens a page saved with its parts (RFC 2557).
func (o *opener) webArchive(p *coldwatch.Payload, it item) {
	if it.depth >= o.lim.Depth {
		o.limit(p.ID, "limit.archive_depth")
		return
	}
	m := message.Parse(it.content, o.lim.Mail)
	for i := range m.Parts {
		part := &m.Parts[i]
		if !part.Leaf() || o.entries <= 0 {
			continue
		}
		o.entries--
		o.open(item{id: it.id + "/" + part.ID, part: it.part, parent: p.ID, via: "archive", name: part.Filename, declared: part.MediaType, content: part.Content, text: part.Text, depth: it.depth + 1, layers: it.layers})
	}
}

// secondLook opens what needed a password, now that every text of the message is known.
func (o *opener) secondLook() {
	if len(o.locked) == 0 {
		return
	}
	words := o.passwords()
	for i := 0; i < len(o.locked) && i < 4; i++ {
		l := o.locked[i]
		if l.p.Kind == "pdf" {
			continue
		}
		o.unpack(l.p, l.it, append([]string{}, words...))
	}
}

// passwords are the words of the message that may open an archive, the likeliest first: what stands behind a word for
// password, then what looks like one.
func (o *opener) passwords() []string {
	var sure, maybe []string
	add := func(list *[]string, w string) {
		w = strings.Trim(w, `"'“”‘’«»()[]<>,;:*`)
		if n := len(w); n < 3 || n > 48 {
			return
		}
		*list = append(*list, w)
		if t := strings.TrimRight(w, ".!?"); t != w {
			*list = append(*list, t)
		}
	}
	texts := []string{o.a.Subject}
	for _, p := range o.list {
		if p.Via == "body" || p.Kind == "text" {
			texts = append(texts, p.Text[:min(len(p.Text), 64<<10)])
		}
	}
	for _, t := range texts {
		words := strings.Fields(t)
		for i, w := range words {
			if passwordWord(w) {
				if _, after, ok := strings.Cut(w, ":"); ok {
					add(&sure, after)
				}
				for j := i + 1; j < len(words) && j <= i+8; j++ {
					add(&sure, words[j])
				}
			} else if likePassword(w) && len(maybe) < 40 {
				add(&maybe, w)
			}
		}
	}
	seen := map[string]bool{}
	out := []string{}
	for _, w := range append(rank(sure), maybe...) {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// rank puts what looks like a password before common words.
func rank(list []string) []string {
	var first, rest []string
	for _, w := range list {
		if likePassword(w) {
			first = append(first, w)
		} else {
			rest = append(rest, w)
		}
	}
	return append(first, rest...)
}

func passwordWord(w string) bool {
	w = strings.ToLower(w)
	for _, p := range [...]string{"password", "passwd", "passcode", "passwort", "kennwort", "pw:", "pwd", "pass:", "passw", "contraseña", "clave", "mot", "passe", "senha", "wachtwoord", "hasło", "haslo", "пароль",
		"parola", "şifre", "密码", "密碼", "解压", "パスワード", "암호", "비밀번호", "pin:", "code:", "lösenord", "adgangskode"} {
		if strings.Contains(w, p) {
			return true
		}
	}
	return w == "pin" || w == "pass" || w == "pw" || w == "code" || w == "key"
}

// likePassword tells whether a word has a digit, and letters or signs with it, or is a short number.
func likePassword(w string) bool {
	digits, letters := 0, 0
	for _, c := range w {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			letters++
		}
	}
	return digits > 0 && (letters > 0 || digits >= 3 && digits <= 12) && !strings.Contains(w, "://") && !strings.Contains(w, "@")
}
