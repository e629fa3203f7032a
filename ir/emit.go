package ir

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// Builder makes one Func. Mistakes do not panic and need no checks between
// lines: the first is kept with the place in the source that made it, and Func
// returns it.
type Builder struct {
	fn     *Func
	merged map[string]*Value
	err    error
	fresh  map[Dim]bool
}

// NewBuilder begins a function of that name.
func NewBuilder(name string) *Builder {
	return &Builder{fn: &Func{Name: name}, merged: map[string]*Value{}, fresh: map[Dim]bool{}}
}

// Margin marks the function as one whose first argument is a cosine; see
// Func.Margin.
func (b *Builder) Margin(is bool) { b.fn.Margin = is }

// Param adds a parameter. The role says what a host does with it.
func (b *Builder) Param(name string, t Type, role string) *Value {
	if b.fn.Param(name) != nil {
		return b.fail("parameter %q is declared twice", name)
	}
	v := &Value{Op: OpParam, Type: t, Name: name, Attrs: Attrs{{"role", role}}}
	if role == "" {
		v.Attrs = nil
	}
	b.add(v)
	b.fn.Params = append(b.fn.Params, v)
	return v
}

// Attribute declares an attribute of the function. A number is also given
// back as a value for the body to use; the other kinds have none.
func (b *Builder) Attribute(name string, kind ParamKind) *Value {
	b.fn.Attrs = append(b.fn.Attrs, FuncAttr{name, kind})
	if kind != NumberAttr {
		return nil
	}
	return b.Emit(OpAttr, Attrs{{"name", name}})
}

// Result gives a value back under a name.
func (b *Builder) Result(name string, v *Value) {
	if b.err != nil || v == nil || v.Type.Elem == 0 {
		b.fail("result %q has no value", name)
		return
	}
	if b.fn.Result(name) != nil {
		b.fail("result %q is given twice", name)
		return
	}
	b.fn.Results = append(b.fn.Results, Result{name, v})
}

// Func is the finished function, or the first mistake made in building it.
func (b *Builder) Func() (*Func, error) {
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
		b.err = fmt.Errorf("%s: @%s: %w", caller(), b.fn.Name, fmt.Errorf(format, args...))
	}
	return &Value{b: b, Op: OpConst}
}

// caller is the file and line of the nearest frame outside this package.
func caller() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		in := f.Function[strings.LastIndex(f.Function, "/")+1:]
		if !strings.HasPrefix(in, "ir.") || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return "?"
		}
	}
}

func (b *Builder) add(v *Value) {
	v.b = b
	v.index = len(b.fn.Values)
	b.fn.Values = append(b.fn.Values, v)
}

// Emit is the one way to make a value: it infers the type, gives back an equal
// value if there is one, and records the first mistake.
func (b *Builder) Emit(op *Op, attrs Attrs, args ...*Value) *Value {
	types := make([]Type, len(args))
	for i, a := range args {
		switch {
		case a == nil:
			return b.fail("%s: argument %d is missing", op, i)
		case a.b != b:
			return b.fail("%s: argument %d belongs to another function", op, i)
		case a.Type.Elem == 0:
			return a // poisoned
		}
		types[i] = a.Type
	}
	t, err := inferType(op, types, attrs)
	if err != nil {
		return b.fail("%s: %w", op, err)
	}
	key := mergeKey(op, attrs, args)
	if v, ok := b.merged[key]; ok {
		return v
	}
	v := &Value{Op: op, Args: args, Attrs: attrs, Type: t}
	b.add(v)
	b.merged[key] = v
	return v
}

func inferType(op *Op, types []Type, attrs Attrs) (Type, error) {
	if op == OpCall {
		f, ok := attrs.Get("fn").(*Func)
		if !ok {
			return Type{}, fmt.Errorf("no function to call")
		}
		if err := checkCallAttrs(f, attrs); err != nil {
			return Type{}, err
		}
		return inferCall(f, attrs.Int("out"), types)
	}
	if op.Infer == nil {
		return Type{}, fmt.Errorf("the op has no type rule")
	}
	if len(types) != op.Arity {
		return Type{}, fmt.Errorf("want %d arguments, got %d", op.Arity, len(types))
	}
	for _, row := range op.Attrs {
		if got := attrs.Get(row.Name); fmt.Sprintf("%T", got) != fmt.Sprintf("%T", row.Kind) {
			return Type{}, fmt.Errorf("attribute %s: want %T, got %T", row.Name, row.Kind, got)
		}
	}
	if d, ok := attrs.Get("dim").(Dim); ok && d == "" {
		return Type{}, fmt.Errorf("attribute dim is empty")
	}
	return op.Infer(types, attrs)
}

// checkCallAttrs sees that a call sets exactly what the function declares.
func checkCallAttrs(f *Func, attrs Attrs) error {
	if len(attrs) != len(f.Attrs)+2 {
		return fmt.Errorf("@%s declares %d attributes, the call sets %d", f.Name, len(f.Attrs), len(attrs)-2)
	}
	for i, a := range f.Attrs {
		got := attrs[i+2]
		ok := false
		switch a.Kind {
		case NumberAttr, FloatAttr:
			_, ok = got.Val.(float64)
		case IntAttr:
			_, ok = got.Val.(int64)
		case TextAttr:
			_, ok = got.Val.(string)
		}
		if got.Name != a.Name || !ok {
			return fmt.Errorf("@%s: attribute %d is %s=%v, want %s of kind %s", f.Name, i, got.Name, got.Val, a.Name, a.Kind)
		}
	}
	return nil
}

func mergeKey(op *Op, attrs Attrs, args []*Value) string {
	var s strings.Builder
	s.WriteString(op.Name)
	for _, a := range args {
		fmt.Fprintf(&s, " %d", a.index)
	}
	s.WriteByte('{')
	attrs.key(&s)
	return s.String()
}

// Call is the first result of a function applied to values of b. The
// attributes are given in the order in which the function declares them.
func (b *Builder) Call(f *Func, attrs Attrs, args ...*Value) *Value {
	return b.CallOut(f, 0, attrs, args...)
}

// CallOut is a chosen result of a function applied to values of b.
func (b *Builder) CallOut(f *Func, out int, attrs Attrs, args ...*Value) *Value {
	all := append(Attrs{{"fn", f}, {"out", int64(out)}}, attrs...)
	return b.Emit(OpCall, all, args...)
}

// CallAttrs are the attributes that a call sets for the function's own.
func (v *Value) CallAttrs() Attrs { return v.Attrs[2:] }

// Callee is the function that a call applies, or nil.
func (v *Value) Callee() *Func {
	f, _ := v.Attrs.Get("fn").(*Func)
	return f
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
	b.fn.Attrs = append(b.fn.Attrs, FuncAttr{name, NumberAttr})
}
