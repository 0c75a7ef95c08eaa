package script

import "strconv"

// Shape is a fingerprint of the tokens of a page's scripts: names, numbers and texts are only their kind, and repeated
// literals in a list count once, so that the same script with other names and data has the same shape.
func Shape(sources []Source) string {
	const prime = 1099511628211
	h, n := uint64(14695981039346656037), 0
	mix := func(s string) {
		for i := 0; i < len(s); i++ {
			h = (h ^ uint64(s[i])) * prime
		}
		h = (h ^ 0xff) * prime
		n++
	}
	for _, s := range sources {
		if s.Handler {
			continue
		}
		l := lexer{src: s.Text}
		var last, before string
		for count := 0; count < 200_000; count++ {
			t := l.next()
			if t.kind == tokEOF {
				break
			}
			word := t.text
			switch t.kind {
			case tokNumber:
				word = "0"
			case tokString, tokTemplate:
				word = "''"
			case tokRegex:
				word = "//"
			case tokIdent:
				word = identShape(t.text)
			}
			if word == before && (last == "," || last == "+") && (word == "''" || word == "0") {
				before, last = "", word // the list goes on: the comma before was counted once
				continue
			}
			if word == "," || word == "+" {
				if last == "''" || last == "0" {
					before, last = last, word
					continue
				}
			}
			mix(word)
			before, last = last, word
		}
	}
	if n < 12 {
		return ""
	}
	return strconv.FormatUint(h, 16)
}

// identShape keeps the words of the language and the platform and makes one of all others.
func identShape(s string) string {
	if globalNames[s] || stringMethods[s] || arrayMethods[s] {
		return s
	}
	switch s {
	case "var", "let", "const":
		return "var"
	case "function", "return", "if", "else", "for", "while", "do", "new", "try", "catch", "this", "typeof", "in", "of", "switch", "case", "async", "await",
		"document", "window", "location", "write", "writeln", "getElementById", "addEventListener", "innerHTML", "action", "href", "fetch", "ajax", "post",
		"XMLHttpRequest", "open", "send", "sendBeacon", "navigator", "submit", "preventDefault", "value", "body", "method", "forms", "length", "createElement":
		return s
	}
	return "x"
}
