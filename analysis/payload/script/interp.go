package script

// scope holds the variables of a function call.
type scope struct {
	vars   map[string]*value
	parent *scope
}

func (s *scope) find(name string) *value {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v
		}
	}
	return nil
}

// ctl is how a statement ends.
type ctl uint8

const (
	ctlNone ctl = iota
	ctlBreak
	ctlContinue
	ctlReturn
	ctlThrow
	ctlStop // out of steps
)

type interp struct {
	opt    Options
	res    Result
	steps  int
	nodes  int // left for parsing
	global *scope
	this   value
	env    *scope
	ret    value
	exc    value
	label  string
	depth  int
	nest   int // eval recursion
	offset int // of the script in the page
	pos    int // of the node being evaluated
	base   *layer
	maybe  int  // conditions around that are not known
	loose  bool // a break or return under a condition that is not known was passed
	queue  []value
	funcs  []*object // every closure made, in order
	blobs  []*object
	write  []uint16 // pending document.write
	wlay   *layer
	wpos   int
}

func newInterp(opt Options) *interp {
	in := &interp{opt: opt, steps: opt.Steps, nodes: maxNodes}
	in.global = &scope{vars: map[string]*value{}}
	in.env = in.global
	in.this = host("window")
	return in
}

// step pays for work; false when there is none left.
func (in *interp) step(n int) bool {
	in.steps -= n
	if in.steps < 0 {
		in.undecided("steps")
		return false
	}
	return true
}

func (in *interp) undecided(why string) {
	in.res.Undecided = true
	if in.res.Reason == "" {
		in.res.Reason = why
	}
}

// program evaluates code in a scope: the global one, or that of a direct call of eval.
func (in *interp) program(f *function, env *scope) value {
	oldEnv, oldThis, oldRet := in.env, in.this, in.ret
	in.env = env
	if env == in.global {
		in.this = host("window")
	}
	in.hoist(f, env)
	in.ret = value{}
	var last value
	for _, st := range f.body {
		if st.op == opExpr {
			last = in.eval(st.a)
			if in.steps < 0 {
				break
			}
			if in.exc.k != kUndefined {
				in.exc = value{}
				break
			}
			continue
		}
		if c := in.exec(st); c == ctlThrow {
			in.exc = value{}
			break
		} else if c == ctlStop || c == ctlReturn {
			break
		}
	}
	in.env, in.this, in.ret = oldEnv, oldThis, oldRet
	return last
}

// hoist declares a function's names (section 10.2.11).
func (in *interp) hoist(f *function, env *scope) {
	for _, v := range f.vars {
		if _, ok := env.vars[v]; !ok {
			env.vars[v] = new(value)
		}
	}
	for _, d := range f.decls {
		v := in.closure(d, env)
		env.vars[d.text] = &v
	}
}

func (in *interp) closure(n *node, env *scope) value {
	o := &object{cls: clsFunction, fn: n.fn, env: env, base: in.base}
	if n.fn.arrow {
		o.this = in.this
	}
	if len(in.funcs) < 5000 {
		in.funcs = append(in.funcs, o)
	}
	return objectValue(o)
}

// drain calls what was queued, then what nobody called: handlers.
func (in *interp) drain() {
	for range 4 {
		for i := 0; i < len(in.queue) && i < 2000 && in.steps > 0; i++ {
			in.fire(in.queue[i])
		}
		in.queue = in.queue[:0]
		for i := 0; i < len(in.funcs) && in.steps > 0; i++ {
			if f := in.funcs[i]; !f.called {
				in.maybe++
				in.fire(objectValue(f))
				in.maybe--
			}
		}
		if len(in.queue) == 0 {
			return
		}
	}
}

// fire calls a handler three times, as a reader who is told that the password was wrong tries again: pages that count
// the attempts send, or move on, only then.
func (in *interp) fire(fn value) {
	before := in.steps
	for range 3 {
		in.call(fn, host("event.target"), []value{unknown(), unknown(), unknown(), unknown()})
		in.exc = value{}
		if in.steps < before-before/8 {
			return
		}
	}
}

// call calls a function value.
func (in *interp) call(fn value, this value, args []value) value {
	if !in.step(3 + len(args)) {
		return unknown()
	}
	if fn.k != kObject {
		return unknown()
	}
	switch fn.o.cls {
	case clsNative:
		return in.native(fn.o, this, args)
	case clsHost:
		return in.hostCall(fn.o, this, args)
	case clsFunction:
	default:
		return unknown()
	}
	if in.depth > 200 {
		return unknown()
	}
	o := fn.o
	o.called = true
	if o.typ == "bound" {
		this = o.this
	}
	env := &scope{vars: make(map[string]*value, len(o.fn.vars)+len(o.fn.params)+1), parent: o.env}
	oldEnv, oldThis, oldBase, oldLabel := in.env, in.this, in.base, in.label
	in.env, in.base = env, longer(o.base, in.base)
	if o.fn.arrow {
		in.this = o.this
	} else {
		in.this = this
		a := newArray(args)
		env.vars["arguments"] = &a
	}
	if o.fn.name != "" && o.env.find(o.fn.name) == nil {
		self := fn
		env.vars[o.fn.name] = &self
	}
	in.depth++
	for i, p := range o.fn.params {
		var v value
		if i < len(args) {
			v = args[i]
		}
		if p.op == opSpread {
			var rest []value
			if i < len(args) {
				rest = append(rest, args[i:]...)
			}
			in.bind(p.a, newArray(rest))
			break
		}
		in.bind(p, v)
	}
	in.hoist(o.fn, env)
	in.ret = value{}
	result := value{}
	if o.fn.expr != nil {
		result = in.eval(o.fn.expr)
	} else {
		in.execList(o.fn.body)
		result = in.ret
		in.ret = value{}
	}
	in.depth--
	in.env, in.this, in.base, in.label = oldEnv, oldThis, oldBase, oldLabel
	return result
}

// bind gives a pattern its value, in the current scope.
func (in *interp) bind(p *node, v value) {
	if in.nest++; in.nest > 2000 {
		in.nest--
		return
	}
	defer func() { in.nest-- }()
	switch p.op {
	case opIdent:
		if ref, ok := in.env.vars[p.text]; ok {
			*ref = v
		} else {
			in.env.vars[p.text] = &v
		}
	case opAssign:
		if v.k == kUndefined {
			v = in.eval(p.b)
		}
		in.bind(p.a, v)
	case opArray:
		for i, e := range p.list {
			if e.op == opSpread {
				rest := value{k: kUnknown}
				if v.k == kObject && i <= len(v.o.arr) {
					rest = newArray(append([]value(nil), v.o.arr[i:]...))
				}
				in.bind(e.a, rest)
				return
			}
			in.bind(e, in.index(v, i))
		}
	case opObject:
		for i := 0; i+1 < len(p.list); i += 2 {
			if p.list[i] == nil {
				in.bind(p.list[i+1], v)
				continue
			}
			key := in.eval(p.list[i]).str()
			in.bind(p.list[i+1], in.member(v, key))
		}
	case opMember:
		in.assignTo(p, v)
	}
}

func (in *interp) index(v value, i int) value {
	if v.k == kObject && (v.o.cls == clsArray || v.o.cls == clsBytes) {
		if i < len(v.o.arr) {
			return v.o.arr[i]
		}
		return value{}
	}
	if v.k == kString {
		if u := v.s.units(); i < len(u) {
			r := stringValue(u[i : i+1])
			r.lay = v.lay
			return r
		}
		return value{}
	}
	return unknown()
}

func (in *interp) execList(list []*node) ctl {
	for _, st := range list {
		if c := in.exec(st); c != ctlNone {
			return c
		}
	}
	return ctlNone
}

// exec evaluates a statement.
func (in *interp) exec(n *node) ctl {
	if n == nil {
		return ctlNone
	}
	if !in.step(1) {
		return ctlStop
	}
	if in.nest++; in.nest > 4000 {
		in.nest--
		return ctlStop
	}
	c := in.statement(n)
	in.nest--
	return c
}

func (in *interp) statement(n *node) ctl {
	switch n.op {
	case opExpr:
		in.eval(n.a)
		return in.thrown()
	case opVar:
		for _, d := range n.list {
			if d.op == opAssign {
				in.bind(d.a, in.eval(d.b))
			} else if d.op == opIdent && in.env.find(d.text) == nil {
				in.env.vars[d.text] = new(value)
			}
		}
		return in.thrown()
	case opBlock:
		return in.execList(n.list)
	case opIf:
		return in.execIf(n)
	case opFor, opWhile, opDo:
		return in.loop(n)
	case opForIn:
		return in.forIn(n)
	case opReturn:
		in.ret = value{}
		if n.a != nil {
			in.ret = in.eval(n.a)
		}
		if c := in.thrown(); c != ctlNone {
			return c
		}
		return ctlReturn
	case opBreak:
		in.label = n.text
		return ctlBreak
	case opContinue:
		in.label = n.text
		return ctlContinue
	case opThrow:
		in.exc = in.eval(n.a)
		if in.exc.k == kUndefined {
			in.exc = unknown()
		}
		return ctlThrow
	case opTry:
		c := in.exec(n.a)
		if c == ctlThrow && n.b != nil {
			exc := in.exc
			in.exc = value{}
			if n.d != nil {
				in.bind(n.d, exc)
			}
			c = in.exec(n.b)
		} else if n.b != nil && c != ctlStop && in.maybe > 0 {
			// A handler may well throw in the browser: look at what it would do then.
			in.unsure(n.b)
		}
		if n.c != nil {
			exc := in.exc
			in.exc = value{}
			if f := in.exec(n.c); f != ctlNone {
				return f
			}
			in.exc = exc
		}
		return c
	case opSwitch:
		return in.execSwitch(n)
	case opLabel:
		c := in.exec(n.a)
		if (c == ctlBreak || c == ctlContinue) && in.label == n.text {
			in.label = ""
			return ctlNone
		}
		return c
	}
	return ctlNone
}

func (in *interp) thrown() ctl {
	if in.steps < 0 {
		return ctlStop
	}
	if in.exc.k != kUndefined {
		return ctlThrow
	}
	return ctlNone
}

// unsure evaluates a statement that may or may not happen; how it ends does not count.
func (in *interp) unsure(n *node) ctl {
	in.maybe++
	c := in.exec(n)
	in.maybe--
	switch c {
	case ctlThrow:
		in.exc = value{}
	case ctlBreak, ctlReturn:
		in.loose = true
	}
	in.label = ""
	return c
}

func (in *interp) execIf(n *node) ctl {
	cond := in.eval(n.a)
	if c := in.thrown(); c != ctlNone {
		return c
	}
	yes, known := cond.truth()
	if known {
		if yes {
			return in.exec(n.b)
		}
		return in.exec(n.c)
	}
	c1 := in.unsure(n.b)
	ret := in.ret
	c2 := ctlNone
	if n.c != nil {
		c2 = in.unsure(n.c)
	}
	if c1 == ctlStop || c2 == ctlStop {
		return ctlStop
	}
	if c1 == ctlReturn && c2 == ctlReturn {
		if ret.k != kUndefined && in.ret.k == kUndefined {
			in.ret = ret
		}
		return ctlReturn
	}
	if c1 == c2 && (c1 == ctlBreak || c1 == ctlContinue) {
		return c1
	}
	return ctlNone
}
