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
		if p.funcs[f.Name] != nil {
			p.failf("function @%s is defined twice", f.Name)
		}
		p.funcs[f.Name] = f
	}
	if f == nil {
		return nil, errors.New("no function in the text; it begins with \"func @name(\"")
	}
	return f, nil
}

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	numberToken
	textToken
	markToken // one punctuation character
)

type token struct {
	kind      tokenKind
	text      string
	line, col int
}

type parser struct {
	text      string
	at        int
	line      int
	lineStart int
	tok       token
	funcs     map[string]*Func
}

func (p *parser) failf(format string, args ...any) {
	panic(&SyntaxError{p.tok.line, p.tok.col, fmt.Sprintf(format, args...)})
}

func isNameByte(c byte) bool {
	return c == '_' || c == '%' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// advance reads the next token. Names may hold dots, digits and letters of
// any script; a number is a name that begins with a digit or a sign.
func (p *parser) advance() {
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c == '\n' {
			p.line++
			p.lineStart = p.at + 1
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		p.at++
	}
	p.tok = token{kind: endToken, line: p.line, col: p.at - p.lineStart + 1}
	if p.at >= len(p.text) {
		return
	}
	start := p.at
	c := p.text[p.at]
	switch {
	case c == '"':
		p.tok.kind = textToken
		p.at++
		for p.at < len(p.text) && p.text[p.at] != '"' && p.text[p.at] != '\n' {
			if p.text[p.at] == '\\' {
				p.at++
			}
			p.at++
		}
		p.at = min(p.at+1, len(p.text))
		s, err := strconv.Unquote(p.text[start:p.at])
		if err != nil {
			p.failf("text without an end, or with a wrong escape")
		}
		p.tok.text = s
	case c == '-' || c >= '0' && c <= '9':
		p.tok.kind = numberToken
		p.at++
		for p.at < len(p.text) && (isNameByte(p.text[p.at]) || (p.text[p.at] == '-' || p.text[p.at] == '+') && p.text[p.at-1] == 'e') {
			p.at++
		}
		p.tok.text = p.text[start:p.at]
	case isNameByte(c):
		p.tok.kind = nameToken
		for p.at < len(p.text) && isNameByte(p.text[p.at]) {
			p.at++
		}
		p.tok.text = p.text[start:p.at]
	default:
		p.tok.kind = markToken
		p.at++
		p.tok.text = p.text[start:p.at]
	}
}

func (p *parser) mark(m string) bool {
	if p.tok.kind == markToken && p.tok.text == m {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(m string) {
	if !p.mark(m) {
		p.failf("want %q, found %q", m, p.tok.text)
	}
}

func (p *parser) name() string {
	if p.tok.kind != nameToken {
		p.failf("want a name, found %q", p.tok.text)
	}
	s := p.tok.text
	p.advance()
	return s
}

// list reads items between commas up to a closing mark, which it takes.
func (p *parser) list(end string, item func()) {
	for !p.mark(end) {
		item()
		if !p.mark(",") {
			p.expect(end)
			return
		}
	}
}

func (p *parser) function() *Func {
	margin := false
	if p.tok.text == "margin" {
		margin = true
		p.advance()
	}
	if p.name() != "func" {
		p.failf("want \"func\"")
	}
	p.expect("@")
	b := NewBuilder(p.name())
	b.Margin(margin)
	if p.mark("<") {
		p.list(">", func() {
			a := FuncAttr{Name: p.name()}
			p.expect(":")
			a.Kind = ParamKind(p.name())
			switch a.Kind {
			case NumberAttr, FloatAttr, IntAttr, TextAttr:
			default:
				p.failf("no kind of attribute %q; want number, float, int or text", a.Kind)
			}
			b.fn.Attrs = append(b.fn.Attrs, a)
		})
	}
	values := map[string]*Value{}
	p.expect("(")
	p.list(")", func() {
		name := p.name()
		p.expect(":")
		t := p.typ()
		role := ""
		if p.tok.kind == nameToken {
			role = p.name()
		}
		values[name] = b.Param(name, t, role)
		p.check(b)
	})
	p.expect("{")
	for p.tok.text != "return" {
		p.line1(b, values)
	}
	p.advance()
	for !p.mark("}") {
		name := p.name()
		p.expect("=")
		b.Result(name, p.value(values))
		p.check(b)
		p.mark(",")
	}
	return b.fn
}

func (p *parser) check(b *Builder) {
	if b.err != nil {
		p.failf("%s", strings.TrimPrefix(b.err.Error(), "?: "))
	}
}

func (p *parser) value(values map[string]*Value) *Value {
	v, ok := values[p.tok.text]
	if !ok {
		p.failf("no value %q before this line", p.tok.text)
	}
	p.advance()
	return v
}

// line1 reads one value.
func (p *parser) line1(b *Builder, values map[string]*Value) {
	name := p.name()
	if values[name] != nil {
		p.failf("value %q is defined twice", name)
	}
	p.expect(":")
	t := p.typ()
	p.expect("=")
	op := OpNamed(p.tok.text)
	if op == nil || op == OpParam {
		p.failf("no op %q", p.tok.text)
	}
	opLine := p.tok.line
	p.advance()
	var args []*Value
	for p.tok.kind == nameToken && p.tok.line == opLine {
		args = append(args, p.value(values))
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
	p.check(b)
	if !v.Type.Equal(t) {
		p.failf("%s: the text says %v, the op makes %v", name, t, v.Type)
	}
	if !strings.HasPrefix(name, "%") && v.Name == "" {
		v.Name = name
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

func (p *parser) dim() Dim {
	var d string
	for {
		if p.tok.kind != nameToken && (p.tok.kind != numberToken || strings.Trim(p.tok.text, "0123456789") != "") {
			p.failf("want an extent, found %q", p.tok.text)
		}
		d += p.tok.text
		p.advance()
		if !p.mark("*") {
			return Dim(d)
		}
		d += "*"
	}
}

// attr reads an attribute's value, of the kind that the op's row declares.
func (p *parser) attr(op *Op, name string) any {
	if p.mark("@") {
		n := p.name()
		f := p.funcs[n]
		if f == nil {
			p.failf("no function @%s before this line", n)
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
			p.failf("wrong number %q", t.text)
		}
		return f
	case t.kind == numberToken:
		n, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			p.failf("wrong number %q", t.text)
		}
		return n
	}
	p.failf("want a value for %s, found %q", name, t.text)
	return nil
}
