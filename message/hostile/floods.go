package hostile

import (
	"bytes"
	"fmt"
	"strings"
)

// A Flood makes messages of any size that cost much to read.
type Flood struct {
	Name string
	Size int // at which the others usually break
	Make func(n int) []byte
}

// Floods returns the makers of costly messages.
func Floods() []Flood {
	return []Flood{
		{"nested-multiparts", 10_000, nested},
		{"nested-same-boundary", 10_000, nestedSame},
		{"nested-messages", 5_000, nestedMessages},
		{"parts", 100_000, manyParts},
		{"ambiguous-parts", 10_000, ambiguousParts},
		{"boundary-params", 10_000, func(n int) []byte {
			return field("Content-Type: multipart/mixed", n, func(i int) string { return fmt.Sprintf("; boundary=b%d", i) }, "--b1\n\nx\n--b1--\n")
		}},
		{"rfc2231-pieces", 100_000, func(n int) []byte {
			return field("Content-Type: text/plain", n, func(i int) string { return fmt.Sprintf(";\n name*%d=x", i) }, "x")
		}},
		{"rfc2231-names", 100_000, func(n int) []byte {
			return field("Content-Type: text/plain", n, func(i int) string { return fmt.Sprintf(";\n n%d*0=x", i) }, "x")
		}},
		{"header-fields", 100_000, func(n int) []byte {
			return field("X-A: b", n, func(i int) string { return fmt.Sprintf("\nX-%d: y", i) }, "x")
		}},
		{"header-one-line", 10_000_000, func(n int) []byte { return field("X-A: ", 1, func(int) string { return strings.Repeat("a", n) }, "x") }},
		{"header-folded", 500_000, func(n int) []byte { return field("X-A: b", n, func(int) string { return "\n c" }, "x") }},
		{"received", 5_000, func(n int) []byte {
			return field("X-A: b", n, func(i int) string {
				return fmt.Sprintf("\nReceived: from h%d.example by h%d.example; Wed, 25 Nov 2020 04:00:00 +0000", i, i+1)
			}, "x")
		}},
		{"to-addresses", 100_000, func(n int) []byte {
			return field("To: x@one.example", n, func(i int) string { return fmt.Sprintf(",\n a%d@one.example", i) }, "x")
		}},
		{"encoded-words", 20_000, func(n int) []byte {
			return field("Subject: x", n, func(int) string { return "\n =?utf-8?b?QUJD?=" }, "x")
		}},
		{"encoded-words-open", 200_000, func(n int) []byte { return field("Subject: x", n, func(int) string { return "=?a?b?" }, "x") }},
		{"comments-nested", 50_000, func(n int) []byte { return field("From: ", n, func(int) string { return "(" }, "x") }},
		{"groups-nested", 20_000, func(n int) []byte { return field("To: ", n, func(int) string { return "g:" }, "x") }},
		{"angles", 50_000, func(n int) []byte { return field("From: ", n, func(int) string { return "<" }, "x") }},
		{"quotes", 50_000, func(n int) []byte { return field("From: a", n, func(int) string { return "\"<\\\"" }, "x") }},
		{"dash-lines", 200_000, func(n int) []byte {
			return append(nested(20), bytes.Repeat([]byte("\n--b19x"), n)...)
		}},
		{"undeclared", 20_000, func(n int) []byte {
			return field("X-A: b", 1, func(int) string { return "" }, strings.Repeat("--q\nContent-Type: text/plain\n\nx\n", n))
		}},
		{"uuencoded-files", 50_000, func(n int) []byte {
			return field("X-A: b", 1, func(int) string { return "" }, strings.Repeat("begin 644 a\n#0V%T\n`\nend\n", n))
		}},
		{"closed-and-open", 50_000, func(n int) []byte {
			return field("Content-Type: multipart/mixed; boundary=b", 1, func(int) string { return "" }, strings.Repeat("--b\n\nx\n--b--\n", n))
		}},
		{"bare-crs", 1_000_000, func(n int) []byte {
			return field("X-A: b\rContent-Type: multipart/mixed; boundary=b", 1, func(int) string { return "" }, strings.Repeat("\r--b\r\rx", n/8))
		}},
		{"nuls", 1_000_000, func(n int) []byte {
			return field("X-A: b\x00", 1, func(int) string { return "" }, strings.Repeat("\x00", n))
		}},
		{"base64-padding", 1_000_000, func(n int) []byte {
			return field("Content-Transfer-Encoding: base64", 1, func(int) string { return "" }, strings.Repeat("QQ==", n/4))
		}},
		{"tags", 200_000, func(n int) []byte {
			return field("Subject: Fwd: x\nContent-Type: text/html", 1, func(int) string { return "" }, strings.Repeat("<p>From: a", n)+strings.Repeat("<style>", n/10))
		}},
	}
}

// field makes a message with one field that goes on n times.
func field(start string, n int, piece func(i int) string, body string) []byte {
	var b bytes.Buffer
	b.WriteString(start)
	for i := 0; i < n; i++ {
		b.WriteString(piece(i))
	}
	b.WriteString("\n\n" + body)
	return b.Bytes()
}

func nested(n int) []byte {
	var b bytes.Buffer
	b.WriteString("From: a@one.example\n")
	for i := 0; i < n; i++ {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("\nHello\n")
	return b.Bytes()
}

func nestedSame(n int) []byte {
	return []byte("From: a@one.example\n" + strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", n) + "\nHello\n")
}

func nestedMessages(n int) []byte {
	return []byte(strings.Repeat("From: a@one.example\nContent-Type: message/rfc822\n\n", n) + "From: a@one.example\n\nHello\n")
}

func manyParts(n int) []byte {
	return []byte("Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", n) + "--b--\n")
}

func ambiguousParts(n int) []byte {
	return []byte("Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: multipart/mixed; boundary=\"c'\"; boundary=d\nContent-Type: text/plain\n\n--d\n\nx\n", n) + "--b--\n")
}
