package ir

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Emit is the one way to make a value: it infers the type, gives back an equal
// value if there is one, and records the first mistake.
func (b *Builder) Emit(op *Op, attrs Attrs, args ...*Value) *Value {
	if op == nil {
		return b.fail("no op to apply")
	}
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
	attrs = inRowOrder(op, attrs)
	t, err := inferType(b.fn, op, types, attrs)
	if err != nil {
		return b.fail("%s: %w", op, err)
	}
	b.key = appendKey(b.key[:0], op, attrs, args)
	if v, ok := b.merged[string(b.key)]; ok {
		return v
	}
	v := &Value{Op: op, Args: slices.Clone(args), Attrs: attrs, Type: t}
	b.need(v)
	b.add(v, len(b.fn.Values))
	b.merged[string(b.key)] = v
	return v
}

// inRowOrder is attributes in the order of the op's row, so that values with
// equal ones are equal; a call's stay as they are.
func inRowOrder(op *Op, attrs Attrs) Attrs {
	if len(op.Attrs) < 2 || len(attrs) != len(op.Attrs) {
		return attrs
	}
	out := make(Attrs, 0, len(attrs))
	for _, row := range op.Attrs {
		for _, a := range attrs {
			if a.Name == row.Name {
				out = append(out, a)
			}
		}
	}
	if len(out) != len(attrs) {
		return attrs // inferType says what is wrong
	}
	return out
}

// inferType is the type of an op applied in fn, or why it does not apply.
func inferType(fn *Func, op *Op, types []Type, attrs Attrs) (Type, error) {
	t, err := applyRule(fn, op, types, attrs)
	if err == nil {
		err = t.check()
	}
	return t, err
}

func applyRule(fn *Func, op *Op, types []Type, attrs Attrs) (Type, error) {
	if op == OpCall {
		f, out, err := checkCall(attrs)
		if err != nil {
			return Type{}, err
		}
		return inferCall(f, out, types)
	}
	if op.Infer == nil {
		return Type{}, fmt.Errorf("the op has no type rule")
	}
	if len(types) != op.Arity {
		return Type{}, fmt.Errorf("want %d arguments, got %d", op.Arity, len(types))
	}
	if err := checkAttrs(op, attrs); err != nil {
		return Type{}, err
	}
	if op == OpAttr {
		if name := attrs.Text("name"); !fn.declaresNumber(name) {
			return Type{}, fmt.Errorf("@%s declares no number %q", fn.Name, name)
		}
	}
	return op.Infer(types, attrs)
}

func (f *Func) declaresNumber(name string) bool {
	return slices.Contains(f.Attrs, FuncAttr{name, NumberAttr})
}

// checkAttrs sees that an op's attributes are those of its row, in its order.
func checkAttrs(op *Op, attrs Attrs) error {
	for i, row := range op.Attrs {
		got := attrs.Get(row.Name)
		if reflect.TypeOf(got) != reflect.TypeOf(row.Kind) {
			return fmt.Errorf("attribute %s: want %s, got %s", row.Name, kindName(row.Kind), kindName(got))
		}
		if i < len(attrs) && len(attrs) == len(op.Attrs) && attrs[i].Name != row.Name {
			return fmt.Errorf("attribute %s stands where %s belongs", attrs[i].Name, row.Name)
		}
		switch got := got.(type) {
		case Dim:
			if err := got.check(); err != nil {
				return fmt.Errorf("attribute %s: %w", row.Name, err)
			}
		case Shape:
			if err := (Type{Float, got}).check(); err != nil {
				return fmt.Errorf("attribute %s: %w", row.Name, err)
			}
		}
	}
	if len(attrs) != len(op.Attrs) {
		return fmt.Errorf("want %d attributes, got %d", len(op.Attrs), len(attrs))
	}
	return nil
}

// kindName is what the messages call an attribute's kind.
func kindName(v any) string {
	switch v.(type) {
	case nil:
		return "none"
	case float64:
		return "a number with a point"
	case int64:
		return "a whole number"
	case bool:
		return "true or false"
	case string:
		return "text"
	case Dim:
		return "an extent"
	case Shape:
		return "a shape"
	case *Func:
		return "a function"
	}
	return fmt.Sprintf("%T", v)
}

// checkCall is the function and the result that a call's attributes name; it
// sees that they set exactly what the function declares.
func checkCall(attrs Attrs) (*Func, int, error) {
	if len(attrs) < 2 || attrs[0].Name != "fn" || attrs[1].Name != "out" {
		return nil, 0, fmt.Errorf("want the attributes fn and out first")
	}
	f, _ := attrs[0].Val.(*Func)
	if f == nil {
		return nil, 0, fmt.Errorf("no function to call")
	}
	out, whole := attrs[1].Val.(int64)
	if !whole {
		return nil, 0, fmt.Errorf("attribute out: want a whole number, got %s", kindName(attrs[1].Val))
	}
	if len(attrs) != len(f.Attrs)+2 {
		return nil, 0, fmt.Errorf("@%s declares %d attributes, the call sets %d", f.Name, len(f.Attrs), len(attrs)-2)
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
			return nil, 0, fmt.Errorf("@%s: attribute %d is %s=%s, want %s of kind %s", f.Name, i, got.Name, printAttr(got.Val), a.Name, a.Kind)
		}
	}
	return f, int(out), nil
}

// appendKey appends what only equal values have in common.
func appendKey(key []byte, op *Op, attrs Attrs, args []*Value) []byte {
	key = append(key, op.Name...)
	for _, a := range args {
		key = strconv.AppendInt(append(key, ' '), int64(a.id), 10)
	}
	return attrs.appendKey(append(key, '{'))
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

// Own is what to call in b for f: a function that b calls already and that
// differs from f by a number behind its name at most, or f itself, with such a
// number if b calls another function of its name.
func (b *Builder) Own(f *Func) *Func {
	name, taken := f.Name, map[string]bool{b.fn.Name: true}
	for _, c := range b.fn.Callees() {
		if Unnumbered(c.Name) == f.Name && c.under("") == f.under("") {
			return c
		}
		taken[c.Name] = true
	}
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", f.Name, n)
	}
	if name == f.Name {
		return f
	}
	own := *f
	own.Name = name
	return &own
}

// under is the text of f under another name.
func (f *Func) under(name string) string {
	other := *f
	other.Name = name
	return other.String()
}

// Unnumbered is the name of a function without the number that tells it from
// others of its name: ArcMargin of ArcMargin_2.
func Unnumbered(name string) string {
	if at := strings.LastIndexByte(name, '_'); at > 0 && at+1 < len(name) && strings.Trim(name[at+1:], "0123456789") == "" {
		return name[:at]
	}
	return name
}

// CallAttrs are the attributes that a call sets for the function's own.
func (v *Value) CallAttrs() Attrs { return v.Attrs[2:] }

// Callee is the function that a call applies, or nil.
func (v *Value) Callee() *Func {
	f, _ := v.Attrs.Get("fn").(*Func)
	return f
}
