package script

import "unicode/utf16"

func (p *parser) object(n *node) *node {
	n.op = opObject
	p.advance()
	for !p.is("}") && p.tok.kind != tokEOF && p.budget > 0 {
		if p.is("...") {
			p.advance()
			n.list = append(n.list, nil, p.assign())
			p.take(",")
			continue
		}
		for p.word("get") || p.word("set") || p.word("async") || p.word("static") {
			if nt := p.peek(); nt.kind == tokPunct && nt.text != "[" && nt.text != "*" {
				break
			}
			p.advance()
		}
		p.take("*")
		key := p.new(opConst)
		switch {
		case p.tok.kind == tokIdent:
			key.val = stringValue(utf16.Encode([]rune(p.tok.text)))
			key.text = p.tok.text
		case p.tok.kind == tokString:
			key.val = stringValue(p.tok.str)
		case p.tok.kind == tokNumber:
			key.val = numberValue(p.tok.num)
		case p.is("["):
			p.advance()
			key = p.assign()
			if !p.is("]") {
				p.errs++
			}
		default:
			p.errs++
			p.advance()
			continue
		}
		p.advance()
		n.list = append(n.list, key, p.property(key))
		if !p.take(",") && !p.is("}") {
			p.errs++
			if p.is(";") {
				break
			}
		}
	}
	p.expect("}")
	return n
}

// property reads what stands after a key.
func (p *parser) property(key *node) *node {
	switch {
	case p.take(":"):
		return p.assign()
	case p.is("("):
		f := &function{name: key.text, start: p.tok.pos}
		m := &node{op: opFunc, pos: p.tok.pos, fn: f}
		p.functionBody(f)
		return m
	case p.is("="):
		id := &node{op: opIdent, pos: key.pos, text: key.text}
		p.advance()
		return &node{op: opAssign, text: "=", pos: key.pos, a: id, b: p.assign()}
	}
	return &node{op: opIdent, pos: key.pos, text: key.text}
}

// class reads a class as an object of its methods; new makes an object of those.
func (p *parser) class(declare bool) *node {
	n := p.new(opObject)
	p.advance()
	name := ""
	if p.tok.kind == tokIdent && p.tok.text != "extends" {
		name = p.tok.text
		p.advance()
	}
	if p.word("extends") {
		p.advance()
		p.unary()
	}
	p.expect("{")
	for !p.is("}") && p.tok.kind != tokEOF && p.budget > 0 {
		at := p.tok.pos
		for p.word("static") || p.word("get") || p.word("set") || p.word("async") {
			if nt := p.peek(); nt.kind == tokPunct && (nt.text == "(" || nt.text == "=") {
				break
			}
			p.advance()
		}
		p.take("*")
		key := p.new(opConst)
		key.text = p.tok.text
		key.val = stringValue(utf16.Encode([]rune(p.tok.text)))
		p.advance()
		switch {
		case p.is("("):
			f := &function{name: key.text, start: p.tok.pos}
			m := &node{op: opFunc, pos: p.tok.pos, fn: f}
			p.functionBody(f)
			n.list = append(n.list, key, m)
		case p.take("="):
			n.list = append(n.list, key, p.assign())
		}
		p.take(";")
		if p.tok.pos == at {
			p.advance()
		}
	}
	p.take("}")
	if declare && name != "" {
		p.fn.vars = append(p.fn.vars, name)
		return &node{op: opAssign, text: "=", pos: n.pos, a: &node{op: opIdent, text: name}, b: n}
	}
	return n
}
