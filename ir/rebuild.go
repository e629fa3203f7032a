package ir

import (
	"fmt"
	"slices"
)

// Rebuild makes a function like f by giving every value to step, in order,
// with its arguments already in the new function, and keeping only what the
// results need: dead code is what is not rebuilt. Step gives back the new
// value; Again is the step that changes nothing.
func Rebuild(f *Func, step func(b *Builder, v *Value, args []*Value) *Value) (*Func, error) {
	b := newBuilder(f.Name, len(f.Values))
	b.fn.Margin = f.Margin
	for _, a := range f.Attrs {
		b.declare(a)
	}
	b.Reserve(f)
	made := make([]*Value, len(f.Values)) // by place
	for _, p := range f.Params {
		made[p.index] = b.Param(p.Name, p.Type, p.Attrs.Text("role"))
	}
	live := Live(f)
	for _, v := range f.Values {
		if v.Op == OpParam || !live.Has(v) {
			continue
		}
		args := make([]*Value, len(v.Args))
		for i, a := range v.Args {
			args[i] = made[a.index]
		}
		n := step(b, v, args)
		if n != nil && v.Name != "" && n.Op != OpParam {
			n.Called(v.Name)
		}
		made[v.index] = n
	}
	for _, r := range f.Results {
		b.Result(r.Name, made[r.Value.index])
	}
	return b.Func()
}

// Again makes a value as it was.
func Again(b *Builder, v *Value, args []*Value) *Value {
	return b.Emit(v.Op, v.Attrs, args...)
}

// Reserve keeps Fresh away from every extent that f has.
func (b *Builder) Reserve(f *Func) {
	for _, v := range f.Values {
		b.reserve(v.Type.Shape)
	}
}

// Inline applies f to values of b: its body, with the attributes that attrs
// sets, in place of a call. It gives back f's results in order.
func Inline(b *Builder, f *Func, attrs Attrs, args []*Value) []*Value {
	out := make([]*Value, len(f.Results))
	bind, poison := bindArgs(b, f, args)
	if poison != nil {
		for i := range out {
			out[i] = poison
		}
		return out
	}
	made := make([]*Value, len(f.Values)) // by place
	for i, p := range f.Params {
		made[p.index] = args[i]
	}
	for _, v := range f.Values {
		switch v.Op {
		case OpParam:
			continue
		case OpAttr:
			made[v.index] = inlineAttr(b, f, attrs, v.Attrs.Text("name"))
			continue
		}
		in := make([]*Value, len(v.Args))
		for i, a := range v.Args {
			in[i] = made[a.index]
		}
		made[v.index] = b.Emit(v.Op, bindAttrs(v.Attrs, bind), in...)
	}
	for i, r := range f.Results {
		out[i] = made[r.Value.index]
	}
	return out
}

// bindArgs is the extents of f's parameters under the arguments, or the poison
// that stands for the results if the arguments do not fit.
func bindArgs(b *Builder, f *Func, args []*Value) (map[Dim]Dim, *Value) {
	types := make([]Type, len(args))
	for i, a := range args {
		if a == nil {
			return nil, b.fail("@%s: argument %d is missing", f.Name, i)
		}
		if a.Type.Elem == 0 {
			return nil, a
		}
		types[i] = a.Type
	}
	bind, err := unify(f, types)
	if err != nil {
		return nil, b.fail("%w", err)
	}
	return bind, nil
}

func inlineAttr(b *Builder, f *Func, attrs Attrs, name string) *Value {
	x, ok := attrs.Get(name).(float64)
	if !ok {
		return b.fail("@%s: the number %s is not set", f.Name, name)
	}
	return b.Num(x)
}

// bindAttrs replaces the symbols in shapes and extents.
func bindAttrs(attrs Attrs, bind map[Dim]Dim) Attrs {
	out := append(Attrs(nil), attrs...)
	for i, a := range out {
		switch v := a.Val.(type) {
		case Shape:
			out[i].Val = substitute(v, bind)
		case Dim:
			out[i].Val = substitute(Shape{v}, bind)[0]
		}
	}
	return out
}

// DropParams is f without the parameters that keep refuses; no result may need
// them.
func DropParams(f *Func, keep func(p *Value) bool) (*Func, error) {
	g := *f
	g.Params, g.Values, g.Results = nil, nil, slices.Clone(f.Results)
	moved := make([]*Value, len(f.Values)) // by the place it had; nil: gone, with what reads it
	for _, v := range f.Values {
		w := *v
		w.index, w.Args = len(g.Values), make([]*Value, len(v.Args))
		for i, a := range v.Args {
			w.Args[i] = moved[a.index]
		}
		if v.Op == OpParam && !keep(v) || slices.Contains(w.Args, nil) {
			continue
		}
		g.Values, moved[v.index] = append(g.Values, &w), &w
		if w.Op == OpParam {
			g.Params = append(g.Params, &w)
		}
	}
	for i, r := range f.Results {
		if g.Results[i].Value = moved[r.Value.index]; g.Results[i].Value == nil {
			return nil, fmt.Errorf("@%s: a parameter that is to be dropped is needed for the result %s", f.Name, r.Name)
		}
	}
	return Rebuild(&g, Again)
}
