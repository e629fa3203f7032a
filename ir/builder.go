package ir

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Builder makes one Func. Mistakes do not panic and need no checks between
// lines: the first is kept with the place in the source that made it, and Func
// returns it.
type Builder struct {
	fn     *Func
	merged map[string]*Value
	key    []byte // the last key that was looked up
	err    error
	fresh  map[Dim]bool
	names  map[string]bool // "parameter x", "attribute m", "result loss"
	known  carriers
	wanted []lateExtent // that a parameter may still bring
}

// lateExtent is an extent that a value needed and nothing had, and what to say
// if no parameter brings it later.
type lateExtent struct {
	extent Dim
	err    error
}

// NewBuilder begins a function of that name.
func NewBuilder(name string) *Builder { return newBuilder(name, 0) }

// newBuilder begins a function of about so many values.
func newBuilder(name string, values int) *Builder {
	b := &Builder{fn: &Func{Name: name, Values: make([]*Value, 0, values)}, merged: make(map[string]*Value, values), fresh: map[Dim]bool{}, names: map[string]bool{}, known: carriers{}}
	if err := nameError("a function", name); err != nil {
		b.fail("%w", err)
	}
	return b
}

// Margin marks the function as one whose first argument is a cosine; see
// Func.Margin.
func (b *Builder) Margin(is bool) { b.fn.Margin = is }

// Param adds a parameter, after the others and before every other value. The
// role says what a host does with it; it may be empty.
func (b *Builder) Param(name string, t Type, role string) *Value {
	v := &Value{Op: OpParam, Type: t, Name: name}
	if role != "" {
		v.Attrs = Attrs{{"role", role}}
	}
	if err := checkParam(v); err != nil {
		return b.fail("%w", err)
	}
	if b.again("parameter", name) {
		return b.fail("parameter %q is declared twice", name)
	}
	b.add(v, len(b.fn.Params))
	b.fn.Params = append(b.fn.Params, v)
	return v
}

// again tells whether a name was given to a thing of that kind before.
func (b *Builder) again(kind, name string) bool {
	key := kind + " " + name
	was := b.names[key]
	b.names[key] = true
	return was
}

// checkParam says what is wrong with a parameter, or is nil.
func checkParam(v *Value) error {
	if err := nameError("a parameter", v.Name); err != nil {
		return err
	}
	if role := v.Attrs.Text("role"); role != "" {
		if err := nameError("a role", role); err != nil {
			return err
		}
	}
	if err := v.Type.check(); err != nil {
		return fmt.Errorf("parameter %q: %w", v.Name, err)
	}
	return nil
}

// Attribute declares an attribute of the function. A number is also given
// back as a value for the body to use; the other kinds have none.
func (b *Builder) Attribute(name string, kind ParamKind) *Value {
	if !b.declare(FuncAttr{name, kind}) {
		return b.fail("no attribute %q", name)
	}
	if kind != NumberAttr {
		return nil
	}
	return b.Emit(OpAttr, Attrs{{"name", name}})
}

// checkAttribute says why an attribute cannot be declared, or is nil. A call
// spells its callee and result as fn and out.
func checkAttribute(a FuncAttr) error {
	if err := nameError("an attribute", a.Name); err != nil {
		return err
	}
	if a.Name == "fn" || a.Name == "out" {
		return fmt.Errorf("an attribute cannot be called %q: calls use the word", a.Name)
	}
	switch a.Kind {
	case NumberAttr, FloatAttr, IntAttr, TextAttr:
		return nil
	}
	return fmt.Errorf("no kind of attribute %q; want number, float, int or text", a.Kind)
}

// Result gives a value back under a name.
func (b *Builder) Result(name string, v *Value) {
	switch err := nameError("a result", name); {
	case b.err != nil:
	case err != nil:
		b.fail("%w", err)
	case v == nil || v.Type.Elem == 0:
		b.fail("result %q has no value", name)
	case v.b != b:
		b.fail("result %q belongs to another function", name)
	case b.again("result", name):
		b.fail("result %q is given twice", name)
	default:
		b.fn.Results = append(b.fn.Results, Result{name, v})
	}
}

// Func is the finished function, or the first mistake made in building it.
func (b *Builder) Func() (*Func, error) {
	for _, w := range b.wanted {
		if b.err == nil && !b.known.has(w.extent) {
			b.err = w.err
		}
	}
	if b.err != nil {
		return nil, b.err
	}
	return b.fn, nil
}

// Err is the first mistake so far.
func (b *Builder) Err() error { return b.err }

// Fail records a mistake of the caller's, unless one is recorded already.
func (b *Builder) Fail(format string, args ...any) *Value { return b.fail(format, args...) }

// fail records the first mistake and where it was made; what it returns
// poisons every value made from it in silence.
func (b *Builder) fail(format string, args ...any) *Value {
	if b.err == nil {
		b.err = b.mistake(format, args...)
	}
	return &Value{b: b, Op: OpConst}
}

// mistake is an error with the place in the source that led to it.
func (b *Builder) mistake(format string, args ...any) error {
	return fmt.Errorf("%s: @%s: %w", caller(), b.fn.Name, fmt.Errorf(format, args...))
}

// need remembers an extent that a value needs and nothing has.
func (b *Builder) need(v *Value) {
	d := b.known.unknown(v.needs())
	if d == "" || slices.ContainsFunc(b.wanted, func(w lateExtent) bool { return w.extent == d }) {
		return
	}
	b.wanted = append(b.wanted, lateExtent{d, b.mistake("%s: %w", v.Op, unknownExtent(d))})
}

func unknownExtent(d Dim) error {
	return fmt.Errorf("no parameter and no value before has the extent %s", d)
}

// caller is the file and line of the nearest frame outside this package.
func caller() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		in := f.Function[strings.LastIndex(f.Function, "/")+1:]
		if !strings.HasPrefix(in, "ir.") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return "?"
		}
	}
}

// add puts a value into the list at a place, and keeps its extents from Fresh.
func (b *Builder) add(v *Value, at int) {
	v.b = b
	v.id = len(b.fn.Values)
	b.fn.Values = slices.Insert(b.fn.Values, at, v)
	for i := at; i < len(b.fn.Values); i++ {
		b.fn.Values[i].index = i
	}
	b.reserve(v.Type.Shape)
	b.known.add(v)
}

func (b *Builder) reserve(s Shape) {
	for _, d := range s {
		if b.fresh[d] {
			continue
		}
		b.fresh[d] = true
		for _, f := range d.Factors() {
			b.fresh[f] = true
		}
	}
}

// Fresh is an extent that no other value has: base, base2, base3 …
func (b *Builder) Fresh(base Dim) Dim {
	d := base
	for i := 2; b.fresh[d]; i++ {
		d = Dim(fmt.Sprintf("%s%d", base, i))
	}
	b.fresh[d] = true
	return d
}

// DeclareNumber declares a number attribute whose value the body asks for
// itself, if it does.
func (b *Builder) DeclareNumber(name string) {
	b.declare(FuncAttr{name, NumberAttr})
}

func (b *Builder) declare(a FuncAttr) bool {
	if err := checkAttribute(a); err != nil {
		b.fail("%w", err)
		return false
	}
	if b.again("attribute", a.Name) {
		b.fail("attribute %q is declared twice", a.Name)
		return false
	}
	b.fn.Attrs = append(b.fn.Attrs, a)
	return true
}
