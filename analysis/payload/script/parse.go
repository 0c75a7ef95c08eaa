package script

import (
	"strings"
	"unicode/utf16"
)

// op says what a node is.
type op uint8

const (
	opEmpty op = iota
	opConst
	opIdent
	opThis
	opArray
	opObject // list: pairs of key node and value node; a key of nil is a spread
	opFunc
	opMember // a.text or a[b]
	opCall
	opNew
	opUnary
	opUpdate // text ++ or --, num 1 for prefix
	opBinary
	opLogic
	opAssign // text "=", "+=", …
	opCond
	opSeq
	opTemplate
	opRegex
	opSpread
	opAwait
	// statements
	opVar // list of opAssign or opIdent
	opBlock
	opIf
	opFor
	opForIn // text "in" or "of"
	opWhile
	opDo
	opReturn
	opBreak
	opContinue
	opThrow
	opTry
	opSwitch // a: subject; list: opCase
	opCase   // a: test or nil; list: statements
	opLabel
	opExpr
)

type node struct {
	op         op
	prefix     bool
	optional   bool
	pos        int
	text       string
	a, b, c, d *node
	list       []*node
	val        value
	fn         *function
}

// A function is a function's code.
type function struct {
	name   string
	params []*node // opIdent, opAssign (default), opSpread (rest), patterns
	body   []*node
	expr   *node // body of an arrow function without braces
	arrow  bool
	vars   []string // hoisted names
	decls  []*node  // function declarations, hoisted with their value
	start  int
	end    int
}

// maxNest bounds the recursion of the parser.
const maxNest = 3000

// maxErrors is how much of a program may be broken; what is worse is no program.
const maxErrors = 20_000

type parser struct {
	lex    lexer
	tok    token
	ahead  []token
	nest   int
	fn     *function
	errs   int
	noIn   bool
	budget int // nodes left
}

// maxNodes bounds the nodes of all programs of a page: at 144 bytes a node, a third of what a message may take.
const maxNodes = 600_000

// parse reads a program and repairs what is broken: after an error it goes on with the next statement. It takes its
// nodes from the budget.
func (in *interp) parse(src string) (*function, int) {
	p := &parser{lex: lexer{src: src}, budget: in.nodes}
	f := &function{end: len(src)}
	p.fn = f
	p.advance()
	for p.tok.kind != tokEOF && p.budget > 0 {
		at := p.tok.pos
		if p.is("}") { // left over from something broken
			p.errs++
			p.advance()
			continue
		}
		f.body = append(f.body, p.statement())
		if p.tok.pos == at && p.tok.kind != tokEOF {
			p.errs++
			p.advance()
		}
	}
	if in.nodes = p.budget; in.nodes <= 0 && p.errs <= maxErrors {
		in.undecided("steps")
	}
	return f, p.errs
}

func (p *parser) advance() {
	if len(p.ahead) > 0 {
		p.tok = p.ahead[0]
		p.ahead = p.ahead[1:]
		return
	}
	p.tok = p.lex.next()
}

func (p *parser) peek() token {
	if len(p.ahead) == 0 {
		p.ahead = append(p.ahead, p.lex.next())
	}
	return p.ahead[0]
}

func (p *parser) is(s string) bool { return p.tok.kind == tokPunct && p.tok.text == s }
func (p *parser) word(s string) bool {
	return p.tok.kind == tokIdent && p.tok.text == s
}

func (p *parser) take(s string) bool {
	if p.is(s) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	if !p.take(s) {
		p.errs++
	}
}

func (p *parser) new(o op) *node {
	p.budget--
	return &node{op: o, pos: p.tok.pos}
}

// deep guards the recursion; past it everything is empty.
func (p *parser) deep() bool {
	if p.nest > maxNest || p.budget <= 0 {
		if p.errs++; p.errs > maxErrors {
			p.budget = 0
		}
		if p.tok.kind != tokEOF {
			p.advance()
		}
		return true
	}
	return false
}

func (p *parser) semi() {
	if !p.take(";") && !p.is("}") && p.tok.kind != tokEOF && !p.tok.nl {
		p.errs++
	}
}

func (p *parser) block() *node {
	n := p.new(opBlock)
	p.expect("{")
	for !p.is("}") && p.tok.kind != tokEOF && p.budget > 0 {
		at := p.tok.pos
		n.list = append(n.list, p.statement())
		if p.tok.pos == at && !p.is("}") && p.tok.kind != tokEOF {
			p.errs++
			p.advance()
		}
	}
	p.take("}")
	return n
}

func (p *parser) statement() *node {
	p.nest++
	defer func() { p.nest-- }()
	if p.deep() {
		return &node{}
	}
	if p.tok.kind == tokPunct {
		switch p.tok.text {
		case "{":
			return p.block()
		case ";":
			p.advance()
			return &node{}
		}
	}
	if p.tok.kind == tokIdent {
		if n := p.keyword(); n != nil {
			return n
		}
		if nt := p.peek(); nt.kind == tokPunct && nt.text == ":" {
			n := p.new(opLabel)
			n.text = p.tok.text
			p.advance()
			p.advance()
			n.a = p.statement()
			return n
		}
	}
	n := p.new(opExpr)
	n.a = p.expression()
	p.semi()
	return n
}

// keyword reads a statement that starts with a word of its own, nil if the word is none.
func (p *parser) keyword() *node {
	switch p.tok.text {
	case "var", "let", "const":
		if p.tok.text == "let" {
			if nt := p.peek(); nt.kind != tokIdent && !(nt.kind == tokPunct && (nt.text == "[" || nt.text == "{")) {
				return nil
			}
		}
		n := p.varStatement()
		p.semi()
		return n
	case "function":
		return p.functionStatement()
	case "async":
		if nt := p.peek(); nt.kind == tokIdent && nt.text == "function" {
			p.advance()
			return p.functionStatement()
		}
	case "if":
		n := p.new(opIf)
		p.advance()
		n.a = p.paren()
		n.b = p.statement()
		if p.word("else") {
			p.advance()
			n.c = p.statement()
		}
		return n
	case "for":
		return p.forStatement()
	case "while":
		n := p.new(opWhile)
		p.advance()
		n.a = p.paren()
		n.b = p.statement()
		return n
	case "do":
		n := p.new(opDo)
		p.advance()
		n.b = p.statement()
		if p.word("while") {
			p.advance()
			n.a = p.paren()
		}
		p.take(";")
		return n
	case "return", "throw":
		n := p.new(opReturn)
		if p.tok.text == "throw" {
			n.op = opThrow
		}
		p.advance()
		if !p.is(";") && !p.is("}") && p.tok.kind != tokEOF && !p.tok.nl {
			n.a = p.expression()
		}
		p.semi()
		return n
	case "break", "continue":
		n := p.new(opBreak)
		if p.tok.text == "continue" {
			n.op = opContinue
		}
		p.advance()
		if p.tok.kind == tokIdent && !p.tok.nl {
			n.text = p.tok.text
			p.advance()
		}
		p.semi()
		return n
	case "try":
		return p.tryStatement()
	case "switch":
		return p.switchStatement()
	case "class":
		n := p.new(opExpr)
		n.a = p.class(true)
		return n
	case "import", "export":
		if nt := p.peek(); nt.kind == tokPunct && nt.text == "(" {
			return nil
		}
		if p.word("export") {
			p.advance()
			if p.word("default") {
				p.advance()
			}
			return p.statement()
		}
		for p.tok.kind != tokEOF && !p.is(";") && p.tok.kind != tokString {
			p.advance()
		}
		if p.tok.kind == tokString {
			p.advance()
		}
		p.take(";")
		return &node{}
	}
	return nil
}

func (p *parser) functionStatement() *node {
	f := p.functionRest()
	if f.text != "" {
		p.fn.decls = append(p.fn.decls, f)
		return &node{}
	}
	n := p.new(opExpr)
	n.a = f
	return n
}

func (p *parser) paren() *node {
	p.expect("(")
	n := p.expression()
	p.expect(")")
	return n
}

func (p *parser) varStatement() *node {
	n := p.new(opVar)
	p.advance()
	for {
		target := p.pattern()
		if p.is("=") {
			as := p.new(opAssign)
			as.text = "="
			p.advance()
			as.a, as.b = target, p.assign()
			if as.b.op == opFunc && as.b.fn.name == "" && target.op == opIdent {
				as.b.fn.name = target.text
			}
			target = as
		}
		n.list = append(n.list, target)
		if !p.take(",") {
			return n
		}
	}
}

// pattern reads what is bound: a name, or an array or object pattern.
func (p *parser) pattern() *node {
	if p.tok.kind == tokIdent {
		n := p.new(opIdent)
		n.text = p.tok.text
		p.fn.vars = append(p.fn.vars, n.text)
		p.advance()
		return n
	}
	if p.is("[") || p.is("{") {
		n := p.primary()
		p.declare(n, 0)
		return n
	}
	p.errs++
	return &node{}
}

// declare notes the names of a pattern.
func (p *parser) declare(n *node, depth int) {
	if n == nil || depth > 50 {
		return
	}
	switch n.op {
	case opIdent:
		p.fn.vars = append(p.fn.vars, n.text)
	case opAssign, opSpread:
		p.declare(n.a, depth+1)
	case opArray, opObject:
		for i, k := range n.list {
			if n.op == opObject && i%2 == 0 {
				continue
			}
			p.declare(k, depth+1)
		}
	}
}

func (p *parser) forStatement() *node {
	n := p.new(opFor)
	p.advance()
	if p.word("await") {
		p.advance()
	}
	p.expect("(")
	old := p.noIn
	p.noIn = true
	if !p.is(";") {
		if p.word("var") || p.word("let") || p.word("const") {
			n.a = p.varStatement()
		} else {
			n.a = p.expression()
		}
	}
	p.noIn = old
	if p.word("in") || p.word("of") {
		n.op, n.text = opForIn, p.tok.text
		p.advance()
		n.b = p.expression()
		p.expect(")")
		n.d = p.statement()
		return n
	}
	p.expect(";")
	if !p.is(";") {
		n.b = p.expression()
	}
	p.expect(";")
	if !p.is(")") {
		n.c = p.expression()
	}
	p.expect(")")
	n.d = p.statement()
	return n
}

func (p *parser) tryStatement() *node {
	n := p.new(opTry)
	p.advance()
	n.a = p.block()
	if p.word("catch") {
		p.advance()
		if p.take("(") {
			n.d = p.pattern()
			p.expect(")")
		}
		n.b = p.block()
	}
	if p.word("finally") {
		p.advance()
		n.c = p.block()
	}
	return n
}

func (p *parser) switchStatement() *node {
	n := p.new(opSwitch)
	p.advance()
	n.a = p.paren()
	p.expect("{")
	for !p.is("}") && p.tok.kind != tokEOF && p.budget > 0 {
		c := p.new(opCase)
		switch {
		case p.word("case"):
			p.advance()
			c.a = p.expression()
		case p.word("default"):
			p.advance()
		default:
			p.errs++
			p.advance()
			continue
		}
		p.expect(":")
		for !p.is("}") && !p.word("case") && !p.word("default") && p.tok.kind != tokEOF && p.budget > 0 {
			at := p.tok.pos
			c.list = append(c.list, p.statement())
			if p.tok.pos == at {
				p.errs++
				p.advance()
			}
		}
		n.list = append(n.list, c)
	}
	p.take("}")
	return n
}

// template parses the substitutions of a template literal.
func (p *parser) template(raw string, pos int) *node {
	n := &node{op: opTemplate, pos: pos}
	var lit []uint16
	l := lexer{src: raw}
	for l.at < len(raw) {
		switch c := raw[l.at]; {
		case c == '\\':
			l.at++
			lit = l.escape(lit)
		case c == '$' && l.at+1 < len(raw) && raw[l.at+1] == '{':
			n.list = append(n.list, &node{op: opConst, val: stringValue(lit)})
			lit = nil
			end, depth := l.at+2, 1
			for end < len(raw) && depth > 0 {
				switch raw[end] {
				case '{':
					depth++
				case '}':
					depth--
				}
				end++
			}
			if p.nest < maxNest {
				sub := &parser{lex: lexer{src: raw[l.at+2 : max(l.at+2, end-1)]}, fn: p.fn, nest: p.nest + 20, budget: p.budget}
				sub.advance()
				n.list = append(n.list, sub.expression())
				p.budget = sub.budget
				p.errs += sub.errs
			}
			l.at = end
		case c < 0x80:
			lit = append(lit, uint16(c))
			l.at++
		default:
			end := l.at
			for end < len(raw) && raw[end] >= 0x80 {
				end++
			}
			lit = append(lit, utf16.Encode([]rune(strings.ToValidUTF8(raw[l.at:end], "\ufffd")))...)
			l.at = end
		}
	}
	n.list = append(n.list, &node{op: opConst, val: stringValue(lit)})
	return n
}
