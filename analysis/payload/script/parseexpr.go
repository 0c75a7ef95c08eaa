package script

import "unicode/utf16"

func (p *parser) expression() *node {
	n := p.assign()
	if !p.is(",") {
		return n
	}
	seq := &node{op: opSeq, pos: n.pos, list: []*node{n}}
	for p.take(",") {
		seq.list = append(seq.list, p.assign())
	}
	return seq
}

// binding is the precedence of a binary operator, 0 for none.
func (p *parser) binding() int {
	if p.tok.kind == tokIdent {
		switch p.tok.text {
		case "instanceof":
			return 9
		case "in":
			if !p.noIn {
				return 9
			}
		}
		return 0
	}
	if p.tok.kind != tokPunct {
		return 0
	}
	switch p.tok.text {
	case "??":
		return 1
	case "||":
		return 2
	case "&&":
		return 3
	case "|":
		return 4
	case "^":
		return 5
	case "&":
		return 6
	case "==", "!=", "===", "!==":
		return 7
	case "<", ">", "<=", ">=":
		return 9
	case "<<", ">>", ">>>":
		return 10
	case "+", "-":
		return 11
	case "*", "/", "%":
		return 12
	case "**":
		return 13
	}
	return 0
}

func (p *parser) assign() *node {
	p.nest++
	defer func() { p.nest-- }()
	if p.deep() {
		return &node{}
	}
	if f := p.arrow(); f != nil {
		return f
	}
	left := p.conditional()
	if p.tok.kind == tokPunct {
		switch p.tok.text {
		case "=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", ">>>=", "&=", "|=", "^=", "&&=", "||=", "??=":
			n := p.new(opAssign)
			n.pos = left.pos
			n.text = p.tok.text
			p.advance()
			n.a, n.b = left, p.assign()
			return n
		}
	}
	return left
}

// arrow reads an arrow function if one stands here. A parenthesis needs a look ahead for "=>" after its match.
func (p *parser) arrow() *node {
	async := false
	if p.word("async") {
		nt := p.peek()
		if nt.nl || !(nt.kind == tokPunct && nt.text == "(" || nt.kind == tokIdent && nt.text != "function") {
			return nil
		}
		async = true
	}
	if p.tok.kind == tokIdent && !async {
		if nt := p.peek(); nt.kind == tokPunct && nt.text == "=>" {
			return p.arrowRest(false)
		}
		return nil
	}
	if !async && !p.is("(") {
		return nil
	}
	from := p.tok.pos
	if async {
		from = p.peek().pos
		if p.lex.src[from] != '(' {
			p.advance()
			return p.arrowRest(false)
		}
	}
	if !arrowFollows(p.lex.src, from) {
		return nil
	}
	if async {
		p.advance()
	}
	return p.arrowRest(true)
}

// arrowFollows looks for "=>" after the parenthesis that opens at i; parameter lists are short.
func arrowFollows(s string, i int) bool {
	depth := 0
	for end := min(len(s), i+2000); i < end; i++ {
		switch s[i] {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth--
			if depth == 0 {
				for i++; i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r'); i++ {
				}
				return i+1 < len(s) && s[i] == '=' && s[i+1] == '>'
			}
		case '"', '\'', '`':
			q := s[i]
			for i++; i < end && s[i] != q; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case ';':
			return false
		}
	}
	return false
}

func (p *parser) arrowRest(parens bool) *node {
	n := p.new(opFunc)
	f := &function{arrow: true, start: p.tok.pos}
	outer := p.fn
	p.fn = f
	if parens {
		p.params(f)
	} else {
		f.params = append(f.params, p.pattern())
	}
	p.expect("=>")
	oldIn := p.noIn
	if p.is("{") {
		p.noIn = false
		f.body = p.block().list
		p.noIn = oldIn
	} else {
		f.expr = p.assign()
	}
	f.end = p.tok.pos
	p.fn = outer
	n.fn = f
	return n
}

func (p *parser) params(f *function) {
	p.expect("(")
	for !p.is(")") && p.tok.kind != tokEOF && p.budget > 0 {
		at := p.tok.pos
		var prm *node
		if p.take("...") {
			prm = p.new(opSpread)
			prm.a = p.pattern()
		} else {
			prm = p.pattern()
			if p.is("=") {
				as := p.new(opAssign)
				as.text = "="
				p.advance()
				as.a, as.b = prm, p.assign()
				prm = as
			}
		}
		f.params = append(f.params, prm)
		if !p.take(",") && p.tok.pos == at {
			p.advance()
		}
	}
	p.expect(")")
}

// functionRest reads a function from the word "function" on.
func (p *parser) functionRest() *node {
	n := p.new(opFunc)
	f := &function{start: p.tok.pos}
	p.advance()
	p.take("*")
	if p.tok.kind == tokIdent {
		f.name, n.text = p.tok.text, p.tok.text
		p.advance()
	}
	p.functionBody(f)
	n.fn = f
	return n
}

func (p *parser) functionBody(f *function) {
	outer, oldIn := p.fn, p.noIn
	p.fn, p.noIn = f, false
	p.params(f)
	f.body = p.block().list
	f.end = min(p.tok.pos, len(p.lex.src))
	p.fn, p.noIn = outer, oldIn
}

func (p *parser) conditional() *node {
	n := p.binary(1)
	if !p.is("?") {
		return n
	}
	c := p.new(opCond)
	p.advance()
	oldIn := p.noIn
	p.noIn = false
	c.a, c.b = n, p.assign()
	p.noIn = oldIn
	p.expect(":")
	c.c = p.assign()
	return c
}

func (p *parser) binary(least int) *node {
	p.nest++
	defer func() { p.nest-- }()
	left := p.unary()
	for {
		prec := p.binding()
		if prec < least || prec == 0 || p.budget <= 0 {
			return left
		}
		n := p.new(opBinary)
		n.text = p.tok.text
		if prec <= 3 {
			n.op = opLogic
		}
		p.advance()
		next := prec + 1
		if n.text == "**" {
			next = prec
		}
		n.a, n.b = left, p.binary(next)
		left = n
	}
}

func (p *parser) unary() *node {
	if p.tok.kind == tokPunct {
		switch p.tok.text {
		case "!", "~", "+", "-", "++", "--":
			p.nest++
			defer func() { p.nest-- }()
			if p.deep() {
				return &node{}
			}
			n := p.new(opUnary)
			n.text = p.tok.text
			p.advance()
			n.a = p.unary()
			if n.text == "++" || n.text == "--" {
				n.op, n.prefix = opUpdate, true
			}
			return n
		}
	}
	if p.tok.kind == tokIdent {
		switch p.tok.text {
		case "typeof", "void", "delete":
			p.nest++
			defer func() { p.nest-- }()
			if p.deep() {
				return &node{}
			}
			n := p.new(opUnary)
			n.text = p.tok.text
			p.advance()
			n.a = p.unary()
			return n
		case "await", "yield":
			if nt := p.peek(); !(nt.kind == tokPunct && (nt.text == "=" || nt.text == ")" || nt.text == "," || nt.text == ";" || nt.text == ".")) {
				p.nest++
				defer func() { p.nest-- }()
				if p.deep() {
					return &node{}
				}
				n := p.new(opAwait)
				p.advance()
				p.take("*")
				n.a = p.unary()
				return n
			}
		}
	}
	n := p.postfix(p.primary())
	if (p.is("++") || p.is("--")) && !p.tok.nl {
		u := p.new(opUpdate)
		u.text, u.a = p.tok.text, n
		p.advance()
		return u
	}
	return n
}

func (p *parser) postfix(n *node) *node {
	for p.budget > 0 {
		switch {
		case p.is("."), p.is("?."):
			opt := p.is("?.")
			p.advance()
			if opt && p.is("(") {
				n = p.call(n)
				continue
			}
			m := p.new(opMember)
			m.a, m.optional = n, opt
			if opt && p.is("[") {
				p.advance()
				m.b = p.expression()
				p.expect("]")
			} else if p.tok.kind == tokIdent {
				m.text = p.tok.text
				p.advance()
			} else {
				p.errs++
				return n
			}
			n = m
		case p.is("["):
			m := p.new(opMember)
			p.advance()
			oldIn := p.noIn
			p.noIn = false
			m.a, m.b = n, p.expression()
			p.noIn = oldIn
			p.expect("]")
			n = m
		case p.is("("):
			n = p.call(n)
		case p.tok.kind == tokTemplate:
			c := p.new(opCall)
			c.a = n
			c.list = []*node{p.template(p.tok.text, p.tok.pos)}
			p.advance()
			n = c
		default:
			return n
		}
	}
	return n
}

func (p *parser) call(n *node) *node {
	c := p.new(opCall)
	c.pos = n.pos
	c.a = n
	c.list = p.args()
	return c
}

func (p *parser) args() []*node {
	p.expect("(")
	oldIn := p.noIn
	p.noIn = false
	var list []*node
	for !p.is(")") && p.tok.kind != tokEOF && p.budget > 0 {
		at := p.tok.pos
		list = append(list, p.element())
		if !p.take(",") && p.tok.pos == at {
			p.errs++
			p.advance()
		} else if !p.is(")") && p.tok.pos == at {
			p.advance()
		}
		if p.is(";") {
			break
		}
	}
	p.noIn = oldIn
	p.expect(")")
	return list
}

// element is an expression that may be spread.
func (p *parser) element() *node {
	if p.is("...") {
		n := p.new(opSpread)
		p.advance()
		n.a = p.assign()
		return n
	}
	return p.assign()
}

func (p *parser) primary() *node {
	p.nest++
	defer func() { p.nest-- }()
	if p.deep() {
		return &node{}
	}
	n := p.new(opConst)
	switch p.tok.kind {
	case tokNumber:
		n.val = numberValue(p.tok.num)
		p.advance()
		return n
	case tokString:
		n.val = stringValue(p.tok.str)
		p.advance()
		return n
	case tokTemplate:
		n = p.template(p.tok.text, p.tok.pos)
		p.advance()
		return n
	case tokRegex:
		n.op, n.text = opRegex, p.tok.text
		n.val = stringValue(utf16.Encode([]rune(p.tok.flags)))
		p.advance()
		return n
	case tokIdent:
		return p.wordPrimary(n)
	case tokPunct:
		switch p.tok.text {
		case "(":
			p.advance()
			oldIn := p.noIn
			p.noIn = false
			e := p.expression()
			p.noIn = oldIn
			p.expect(")")
			return e
		case "[":
			n.op = opArray
			p.advance()
			for !p.is("]") && p.tok.kind != tokEOF && p.budget > 0 {
				if p.take(",") {
					n.list = append(n.list, &node{})
					continue
				}
				at := p.tok.pos
				n.list = append(n.list, p.element())
				if !p.is("]") && !p.take(",") {
					p.errs++
					if p.tok.pos == at || p.is(";") {
						break
					}
				}
			}
			p.expect("]")
			return n
		case "{":
			return p.object(n)
		}
	}
	p.errs++
	n.op = opEmpty
	return n
}

func (p *parser) wordPrimary(n *node) *node {
	w := p.tok.text
	switch w {
	case "function":
		return p.functionRest()
	case "async":
		if nt := p.peek(); nt.kind == tokIdent && nt.text == "function" {
			p.advance()
			return p.functionRest()
		}
	case "class":
		return p.class(false)
	case "new":
		p.advance()
		n.op = opNew
		if p.is(".") {
			p.advance()
			p.advance()
			return n
		}
		c := p.primary()
		for p.is(".") || p.is("[") {
			m := p.new(opMember)
			m.a = c
			if p.take(".") {
				m.text = p.tok.text
				p.advance()
			} else {
				p.advance()
				m.b = p.expression()
				p.expect("]")
			}
			c = m
		}
		n.a = c
		if p.is("(") {
			n.list = p.args()
		}
		return n
	case "this":
		n.op = opThis
	case "null":
		n.val = value{k: kNull}
	case "true", "false":
		n.val = boolValue(w == "true")
	default:
		n.op, n.text = opIdent, w
	}
	p.advance()
	return n
}
