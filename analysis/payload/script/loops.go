package script

func (in *interp) loop(n *node) ctl {
	body, cond, post := n.d, n.b, n.c
	if n.op == opFor && n.a != nil {
		if n.a.op == opVar {
			if c := in.exec(n.a); c != ctlNone {
				return c
			}
		} else {
			in.eval(n.a)
		}
	}
	if n.op != opFor {
		body, cond, post = n.b, n.a, nil
	}
	oldLoose := in.loose
	defer func() { in.loose = oldLoose }()
	for first := true; ; first = false {
		once := false
		if cond != nil && (n.op != opDo || !first) {
			yes, known := in.eval(cond).truth()
			if c := in.thrown(); c != ctlNone {
				return c
			}
			if !known {
				if !first {
					return ctlNone
				}
				once = true
			} else if !yes {
				return ctlNone
			}
		}
		in.loose = false
		c := in.exec(body)
		switch c {
		case ctlReturn, ctlThrow, ctlStop:
			return c
		case ctlBreak, ctlContinue:
			if in.label != "" {
				return c
			}
			if c == ctlBreak {
				return ctlNone
			}
		}
		if once || in.loose {
			return ctlNone
		}
		if post != nil {
			in.eval(post)
		}
		if c := in.thrown(); c != ctlNone {
			return c
		}
	}
}

func (in *interp) forIn(n *node) ctl {
	subject := in.eval(n.b)
	var items []value
	known := true
	switch {
	case subject.k == kObject && (subject.o.cls == clsArray || subject.o.cls == clsBytes):
		for i, e := range subject.o.arr {
			if n.text == "in" {
				e = goString(formatNumber(float64(i)))
			}
			items = append(items, e)
		}
	case subject.k == kString:
		for i, c := range subject.s.units() {
			e := stringValue([]uint16{c})
			e.lay = subject.lay
			if n.text == "in" {
				e = goString(formatNumber(float64(i)))
			}
			items = append(items, e)
		}
	case subject.k == kObject && subject.o.cls == clsPlain:
		for _, k := range subject.o.keys {
			items = append(items, goString(k))
		}
	case subject.unknowable():
		items, known = []value{unknown()}, false
	}
	for _, item := range items {
		target := n.a
		if target.op == opVar && len(target.list) > 0 {
			target = target.list[0]
		}
		in.bindOrAssign(target, item)
		var c ctl
		if known {
			c = in.exec(n.d)
		} else {
			c = in.unsure(n.d)
			if c != ctlStop {
				c = ctlNone
			}
		}
		switch c {
		case ctlReturn, ctlThrow, ctlStop:
			return c
		case ctlBreak, ctlContinue:
			if in.label != "" {
				return c
			}
			if c == ctlBreak {
				return ctlNone
			}
		}
	}
	return ctlNone
}

func (in *interp) bindOrAssign(target *node, v value) {
	if target.op == opIdent {
		if ref := in.env.find(target.text); ref != nil {
			*ref = v
			return
		}
	}
	in.bind(target, v)
}

func (in *interp) execSwitch(n *node) ctl {
	subject := in.eval(n.a)
	match := -1
	_, known := subject.truth()
	if subject.k == kString {
		known = true
	}
	for i, c := range n.list {
		if c.a == nil || !known {
			continue
		}
		eq, ok := strictEqual(subject, in.eval(c.a))
		if ok && eq {
			match = i
			break
		}
	}
	if !known {
		for _, c := range n.list {
			for _, st := range c.list {
				if r := in.unsure(st); r == ctlStop {
					return r
				} else if r != ctlNone {
					break
				}
			}
		}
		return ctlNone
	}
	if match < 0 {
		for i, c := range n.list {
			if c.a == nil {
				match = i
			}
		}
	}
	if match < 0 {
		return ctlNone
	}
	for _, c := range n.list[match:] {
		switch r := in.execList(c.list); r {
		case ctlNone:
		case ctlBreak:
			if in.label == "" {
				return ctlNone
			}
			return r
		default:
			return r
		}
	}
	return ctlNone
}
