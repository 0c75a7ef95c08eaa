package stix_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// parsePattern parses a STIX pattern by the grammar of section 9 (the part without qualifiers that we use, and a bit more):
//
//	pattern     := observation { ("AND" | "OR" | "FOLLOWEDBY") observation }
//	observation := "[" or "]" | "(" pattern ")"
//	or          := and { "OR" and }
//	and         := test { "AND" test }
//	test        := "(" or ")" | path ["NOT"] op constant
//	path        := type ":" step { "." step | "[" (number | "*") "]" }
func parsePattern(s string) error {
	p := &patternParser{tokens: tokenize(s)}
	if p.tokens == nil {
		return fmt.Errorf("no token at %q", s)
	}
	p.pattern()
	if p.err == nil && p.at < len(p.tokens) {
		p.fail("end")
	}
	return p.err
}

var token = regexp.MustCompile(`^(?:\s+|'(?:[^'\\]|\\['\\])*'|-?\d+(?:\.\d+)?|<=|>=|!=|[=<>\[\]().:*]|[A-Za-z_][A-Za-z0-9_-]*)`)

func tokenize(s string) []string {
	var out []string
	for s != "" {
		m := token.FindString(s)
		if m == "" {
			return nil
		}
		if strings.TrimSpace(m) != "" {
			out = append(out, m)
		}
		s = s[len(m):]
	}
	return out
}

type patternParser struct {
	tokens []string
	at     int
	err    error
}

func (p *patternParser) peek() string {
	if p.err != nil || p.at >= len(p.tokens) {
		return ""
	}
	return p.tokens[p.at]
}

func (p *patternParser) fail(want string) {
	if p.err == nil {
		p.err = fmt.Errorf("want %s at token %d of %q", want, p.at, p.tokens)
	}
}

func (p *patternParser) take(want string) {
	if p.peek() != want {
		p.fail(want)
		return
	}
	p.at++
}

func (p *patternParser) pattern() {
	for {
		if p.peek() == "(" {
			p.take("(")
			p.pattern()
			p.take(")")
		} else {
			p.take("[")
			p.or()
			p.take("]")
		}
		switch p.peek() {
		case "AND", "OR", "FOLLOWEDBY":
			p.at++
		default:
			return
		}
	}
}

func (p *patternParser) or() {
	for p.and(); p.peek() == "OR"; p.and() {
		p.at++
	}
}

func (p *patternParser) and() {
	for p.test(); p.peek() == "AND"; p.test() {
		p.at++
	}
}

func (p *patternParser) test() {
	if p.peek() == "(" {
		p.take("(")
		p.or()
		p.take(")")
		return
	}
	p.word("object type")
	p.take(":")
	p.step()
	for p.err == nil {
		switch p.peek() {
		case ".":
			p.at++
			p.step()
			continue
		case "[":
			p.at++
			p.at++ // a number or a star
			p.take("]")
			continue
		}
		break
	}
	if p.peek() == "NOT" {
		p.at++
	}
	switch p.peek() {
	case "=", "!=", "<", ">", "<=", ">=", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET":
		p.at++
	default:
		p.fail("operator")
	}
	c := p.peek()
	if c == "" || !strings.HasPrefix(c, "'") && strings.Trim(c, "-.0123456789") != "" {
		p.fail("constant")
	}
	p.at++
}

func (p *patternParser) step() {
	if strings.HasPrefix(p.peek(), "'") {
		p.at++
		return
	}
	p.word("property")
}

var name = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

func (p *patternParser) word(want string) {
	if !name.MatchString(p.peek()) {
		p.fail(want)
		return
	}
	p.at++
}

func TestPatternParser(t *testing.T) {
	for pattern, ok := range map[string]bool{
		"[domain-name:value = 'a.example']":                                          true,
		"[domain-name:value = 'a.example'] OR [email-addr:value LIKE '%@a.example']": true,
		"[file:hashes.'SHA-256' = 'aa']":                                             true,
		`[url:value = 'https://a.example/\'x\\']`:                                    true,
		"[a:b = 1 AND (a:c = 2 OR a:d[*].e != 'x')]":                                 true,
		"[domain-name:value = a.example]":                                            false,
		"[domain-name:value 'a']":                                                    false,
		"[domain-name = 'a']":                                                        false,
		"domain-name:value = 'a'":                                                    false,
		"[url:value = 'a'b']":                                                        false,
		"[url:value = 'a']]":                                                         false,
		"":                                                                           false,
	} {
		if err := parsePattern(pattern); (err == nil) != ok {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}
