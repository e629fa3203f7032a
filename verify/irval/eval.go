package irval

import (
	"fmt"

	"losscc/ir"
	"losscc/verify/tensor"
)

// Eval is the results of f by name, for inputs by the names of f's parameters.
// The attributes are those that a call of f would set, for a function that
// declares any. It fails if f does not pass ir.Check, if an input is missing,
// unknown, or not of its parameter's type, and where an op has no value.
func Eval(f *ir.Func, in map[string]*tensor.Tensor, attrs ...ir.Attr) (map[string]*tensor.Tensor, error) {
	all, err := EvalAll(f, in, attrs...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*tensor.Tensor, len(f.Results))
	for _, r := range f.Results {
		out[r.Name] = all[r.Value].Clone()
	}
	return out, nil
}

// EvalAll is what every value of f is, parameters included; see Eval. Values
// may share their elements: a reader must not change them.
func EvalAll(f *ir.Func, in map[string]*tensor.Tensor, attrs ...ir.Attr) (map[*ir.Value]*tensor.Tensor, error) {
	if err := ir.Check(f); err != nil {
		return nil, err
	}
	if err := checkAttrs(f, attrs); err != nil {
		return nil, err
	}
	fr := &frame{fn: f, attrs: attrs, extents: extents{}, made: make(map[*ir.Value]*tensor.Tensor, len(f.Values))}
	if err := fr.bindInputs(in); err != nil {
		return nil, err
	}
	if err := fr.run(); err != nil {
		return nil, err
	}
	return fr.made, nil
}

// frame is one run of a function.
type frame struct {
	fn      *ir.Func
	attrs   ir.Attrs
	extents extents
	made    map[*ir.Value]*tensor.Tensor
}

// run makes every value that is not a parameter, in order. That each value has
// the shape its type says is checked here, whatever its op; it is also how the
// extents that a value introduces (how many places a condition has) get known.
func (fr *frame) run() error {
	for _, v := range fr.fn.Values {
		if v.Op == ir.OpParam {
			continue
		}
		args := make([]*tensor.Tensor, len(v.Args))
		for i, a := range v.Args {
			args[i] = fr.made[a]
		}
		kernel := table[v.Op]
		if kernel == nil {
			return fr.errorf(v, "no row in the evaluator's table")
		}
		t, err := kernel(fr, v, args)
		if err != nil {
			return fr.errorf(v, "%w", err)
		}
		if t.Kind != kindOf(v.Type.Elem) {
			return fr.errorf(v, "made %v, its type is %v", t, v.Type)
		}
		if err := fr.extents.unify(v.Type.Shape, t.Shape); err != nil {
			return fr.errorf(v, "made %v, its type is %v: %w", t, v.Type, err)
		}
		fr.made[v] = t
	}
	return nil
}

func (fr *frame) errorf(v *ir.Value, format string, args ...any) error {
	return fmt.Errorf("@%s: %s: %s: %w", fr.fn.Name, fr.fn.Names()[v], v.Op, fmt.Errorf(format, args...))
}

// call runs the function of a call in a frame of its own: its symbols are its
// own, and bound by the arguments.
func call(fr *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	f := v.Callee()
	in := &frame{fn: f, attrs: v.CallAttrs(), extents: extents{}, made: make(map[*ir.Value]*tensor.Tensor, len(f.Values))}
	for i, p := range f.Params {
		if err := in.extents.unify(p.Type.Shape, args[i].Shape); err != nil {
			return nil, fmt.Errorf("argument %s is %v, want %v: %w", p.Name, args[i], p.Type, err)
		}
		in.made[p] = args[i]
	}
	if err := in.run(); err != nil {
		return nil, err
	}
	return in.made[f.Results[v.Attrs.Int("out")].Value], nil
}

func kindOf(e ir.Elem) tensor.Kind {
	switch e {
	case ir.Int:
		return tensor.Int
	case ir.Bool:
		return tensor.Bool
	}
	return tensor.Float
}
