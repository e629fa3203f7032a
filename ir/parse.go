package ir

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SyntaxError is a mistake in the text form, with its place.
type SyntaxError struct {
	Line, Col int
	Msg       string
}

// Error is the mistake after its place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d:%d: %s", e.Line, e.Col, e.Msg) }

// Parse reads the text form: one or more functions, each after those that it
// calls. It gives back the last one; every value is typed by its op and
// compared with the type that the text claims.
func Parse(text string) (f *Func, err error) {
	p := &parser{text: text, line: 1, funcs: map[string]*Func{}}
	defer func() {
		if r := recover(); r != nil {
			e, mine := r.(*SyntaxError)
			if !mine {
				panic(r)
			}
			f, err = nil, e
		}
	}()
	p.advance()
	for p.tok.kind != endToken {
		f = p.function()
		p.funcs[f.Name] = f
	}
	if f == nil {
		return nil, errors.New("no function in the text; it begins with \"func @name(\"")
	}
	return f, nil
}

// word takes a name if it is the next token.
func (p *parser) word(w string) bool {
	if p.tok.kind == nameToken && p.tok.text == w {
		p.advance()
		return true
	}
	return false
}

func (p *parser) function() *Func {
	margin := p.word("margin")
	if !p.word("func") {
		p.failf("want \"func\", found %q", p.tok.text)
	}
	p.expect("@")
	at := p.tok
	b := NewBuilder(p.name())
	p.check(b, at)
	if p.funcs[b.fn.Name] != nil {
		p.failAt(at, "function @%s is defined twice", b.fn.Name)
	}
	b.Margin(margin)
	if p.mark("<") {
		p.list(">", func() {
			at := p.tok
			a := FuncAttr{Name: p.name()}
			p.expect(":")
			a.Kind = ParamKind(p.name())
			b.declare(a)
			p.check(b, at)
		})
	}
	values := map[string]*Value{}
	p.expect("(")
	p.list(")", func() {
		at := p.tok
		name := p.name()
		p.expect(":")
		t := p.typ()
		role := ""
		if p.tok.kind == nameToken {
			role = p.name()
		}
		values[name] = b.Param(name, t, role)
		p.check(b, at)
	})
	p.expect("{")
	for !p.word("return") {
		p.value(b, values)
	}
	for !p.mark("}") {
		at := p.tok
		name := p.name()
		p.expect("=")
		b.Result(name, p.named(values))
		p.check(b, at)
		p.mark(",")
	}
	return b.fn
}

// check gives up with the builder's mistake, made at a token; where in this
// file the builder was called is nothing to the reader of the text.
func (p *parser) check(b *Builder, at token) {
	if b.err != nil {
		p.failAt(at, "%v", errors.Unwrap(b.err))
	}
}

// named is the value of the name that comes next.
func (p *parser) named(values map[string]*Value) *Value {
	v, ok := values[p.tok.text]
	if !ok || p.tok.kind != nameToken {
		p.failf("no value %q before this line", p.tok.text)
	}
	p.advance()
	return v
}

// value reads one line: a value's name, type, op, arguments and attributes.
func (p *parser) value(b *Builder, values map[string]*Value) {
	at := p.tok
	name := p.name()
	if values[name] != nil {
		p.failAt(at, "value %q is defined twice", name)
	}
	p.expect(":")
	t := p.typ()
	p.expect("=")
	opAt := p.tok
	op := OpNamed(opAt.text)
	if op == nil || op == OpParam || opAt.kind != nameToken {
		p.failf("no op %q", opAt.text)
	}
	p.advance()
	var args []*Value
	for p.tok.kind == nameToken && p.tok.line == opAt.line {
		args = append(args, p.named(values))
		if !p.mark(",") {
			break
		}
	}
	var attrs Attrs
	if p.mark("{") {
		p.list("}", func() {
			a := p.name()
			p.expect("=")
			attrs = append(attrs, Attr{a, p.attr(op, a)})
		})
	}
	v := b.Emit(op, attrs, args...)
	if len(b.wanted) > 0 {
		b.err = b.wanted[0].err // here, parameters come first
	}
	p.check(b, opAt)
	if !v.Type.Equal(t) {
		p.failAt(at, "%s: the text says %v, the op makes %v", name, t, v.Type)
	}
	if !strings.HasPrefix(name, "%") {
		v.Called(name)
		p.check(b, at)
	}
	values[name] = v
}

func (p *parser) typ() Type {
	var t Type
	switch n := p.name(); n {
	case "float":
		t.Elem = Float
	case "int":
		t.Elem = Int
	case "bool":
		t.Elem = Bool
	default:
		p.failf("no kind of element %q; want float, int or bool", n)
	}
	t.Shape = p.shape()
	return t
}

func (p *parser) shape() Shape {
	s := Shape{}
	p.expect("[")
	p.list("]", func() { s = append(s, p.dim()) })
	if len(s) == 0 {
		return nil
	}
	return s
}

// dim reads an extent. Whether it is one is for the type rules to say; how
// long it may be is not, or a long text would take long.
func (p *parser) dim() Dim {
	at := p.tok
	var factors []string
	for {
		if p.tok.kind != nameToken && p.tok.kind != numberToken {
			p.failf("want an extent, found %q", p.tok.text)
		}
		factors = append(factors, p.tok.text)
		p.advance()
		if p.mark("*") {
			continue
		}
		d := Dim(strings.Join(factors, "*"))
		if err := d.check(); err != nil {
			p.failAt(at, "%v", err)
		}
		return d
	}
}

// attr reads an attribute's value. How it is spelled tells its kind; only a
// bare name is an extent where the op's row says so.
func (p *parser) attr(op *Op, name string) any {
	if p.mark("@") {
		at := p.tok
		f := p.funcs[p.name()]
		if f == nil {
			p.failAt(at, "no function @%s before this line", at.text)
		}
		return f
	}
	for _, row := range op.Attrs {
		if _, isDim := row.Kind.(Dim); isDim && row.Name == name {
			return p.dim()
		}
	}
	if p.tok.text == "[" && p.tok.kind == markToken {
		s := p.shape()
		if s == nil {
			s = Shape{}
		}
		return s
	}
	t := p.tok
	p.advance()
	switch {
	case t.kind == textToken:
		return t.text
	case t.text == "true" || t.text == "false":
		return t.text == "true"
	case t.text == "nan":
		return math.NaN()
	case t.text == "inf" || t.text == "-inf":
		if t.text == "-inf" {
			return math.Inf(-1)
		}
		return math.Inf(1)
	case t.kind == numberToken && strings.ContainsAny(t.text, ".e"):
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			p.failAt(t, "wrong number %q", t.text)
		}
		return f
	case t.kind == numberToken:
		n, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			p.failAt(t, "wrong number %q", t.text)
		}
		return n
	}
	p.failAt(t, "want a value for %s, found %q", name, t.text)
	return nil
}
