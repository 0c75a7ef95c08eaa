package readers

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // go-message reads only UTF-8 without
	"github.com/jhillyerd/enmime/v2"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/message"
)

// mails gives the messages of CW_MAIL, or of a scenario made on the spot.
func mails(tb testing.TB) [][]byte {
	dir := os.Getenv("CW_MAIL")
	if dir == "" {
		dir = filepath.Join(tb.TempDir(), "scenario")
		if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 1, Messages: 800}); err != nil {
			tb.Fatal(err)
		}
	}
	var out [][]byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil && message.LooksLikeMail(raw) {
			out = append(out, raw)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		tb.Fatalf("%d messages in %s: %v", len(out), dir, err)
	}
	return out
}

// A reader reads a message and returns the bytes of its decoded leaves.
type reader struct {
	name string
	read func(raw []byte) (leaves int, err error)
}

func readers() []reader {
	opener := payload.New(payload.Limits{})
	return []reader{
		{"coldwatch", func(raw []byte) (int, error) { return leaves(message.Parse(raw, message.Limits{})), nil }},
		{"coldwatch-payloads", func(raw []byte) (int, error) {
			a := &coldwatch.Analysis{Message: message.Parse(raw, message.Limits{})}
			opener.Analyze(a)
			return leaves(a.Message), nil
		}},
		{"net-mail", netMail},
		{"enmime", func(raw []byte) (int, error) {
			e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
			if err != nil {
				return 0, err
			}
			n := 0
			e.Root.DepthMatchAll(func(p *enmime.Part) bool {
				if p.FirstChild == nil {
					n += len(p.Content)
				}
				return false
			})
			return n, nil
		}},
		{"go-message", goMessage},
	}
}

func leaves(m *coldwatch.Message) int {
	n := 0
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Leaf() && p.Reading == 0 {
			n += len(p.Content)
		}
	}
	return n
}

// netMail reads with the standard library, as its users do: net/mail, mime, mime/multipart.
func netMail(raw []byte) (int, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	return entity(m.Header.Get, m.Body, 0)
}

func entity(get func(string) string, body io.Reader, depth int) (int, error) {
	media, params, err := mime.ParseMediaType(get("Content-Type"))
	if err == nil && strings.HasPrefix(media, "multipart/") && depth < 64 {
		n := 0
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return n, err
			}
			k, err := entity(p.Header.Get, p, depth+1)
			if n += k; err != nil {
				return n, err
			}
		}
	}
	switch strings.ToLower(get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	return len(b), err
}

func goMessage(raw []byte) (int, error) {
	e, err := gomessage.Read(bytes.NewReader(raw))
	if err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
		return 0, err
	}
	n := 0
	err = e.Walk(func(_ []int, e *gomessage.Entity, err error) error {
		if err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
			return err
		}
		if strings.HasPrefix(e.Header.Get("Content-Type"), "multipart/") {
			return nil
		}
		b, err := io.ReadAll(e.Body)
		n += len(b)
		return err
	})
	return n, err
}

func BenchmarkReaders(b *testing.B) {
	all := mails(b)
	size := 0
	for _, m := range all {
		size += len(m)
	}
	for _, r := range readers() {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, raw := range all {
					_, _ = r.read(raw) // what fails is counted by TestSame
				}
			}
			b.ReportMetric(float64(len(all))*float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// TestSame says how many messages each reader gives up on, and that coldwatch finds no less in what others read.
func TestSame(t *testing.T) {
	all := mails(t)
	list := readers()
	failed := map[string]int{}
	var fewer []string
	for i, raw := range all {
		ours, err := list[0].read(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list[2:] {
			n, err := guarded(r, raw)
			if err != nil {
				failed[r.name]++
			} else if r.name == "net-mail" && ours*10 < n*9 { // line ends and charsets make sizes differ a little
				fewer = append(fewer, fmt.Sprintf("message %d: %d bytes against %d of %s", i, ours, n, r.name))
			}
		}
	}
	for _, r := range list {
		t.Logf("%-20s gives up on %d of %d", r.name, failed[r.name], len(all))
	}
	if len(fewer) > 0 {
		t.Errorf("less is found in %d: %s", len(fewer), strings.Join(fewer, "; "))
	}
}

func guarded(r reader, raw []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errors.New("panic")
		}
	}()
	return r.read(raw)
}
