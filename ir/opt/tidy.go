package opt

import (
	"slices"

	"losscc/ir"
)

// Tidies are identities that come last, because choices look for what they take
// away: axes in front, which broadcasting puts in by itself.
var Tidies = concat(
	fronts(),
	[]Rule{
		{"equal-places", "i = j for all places along one extent as floats, which hold as many of them as a matrix has rows", ir.OpEqual, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			i, j := places(a[0]), places(a[1])
			if i == nil || i != j || len(v.Type.Shape) < 2 {
				return nil
			}
			return asFloats(a[0]).Eq(asFloats(a[1]))
		}},
		{"unsqueeze-front", "among axes of extent 1 in front, the new one may be the first", ir.OpUnsqueeze, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if at := v.Attrs.Int("axis"); at > 0 && small(a[0].Type.Shape[:at]) {
				return a[0].Unsqueeze(0)
			}
			return nil
		}},
		{"squeeze-front", "among axes of extent 1 in front, the one that goes may be the first", ir.OpSqueeze, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if at := v.Attrs.Int("axis"); at > 0 && small(a[0].Type.Shape[:at]) {
				return a[0].Squeeze(0)
			}
			return nil
		}},
	},
)

// places are 0, 1, …, into which axes were put, without these; nil if x is none.
func places(x *ir.Value) *ir.Value {
	for x.Op == ir.OpUnsqueeze {
		x = x.Args[0]
	}
	return when(x.Op == ir.OpIota, x)
}

// asFloats is x, made of places, as floats.
func asFloats(x *ir.Value) *ir.Value {
	if x.Op == ir.OpUnsqueeze {
		return asFloats(x.Args[0]).Unsqueeze(x.Attrs.Int("axis"))
	}
	return x.Float()
}

// fronts are: an elementwise op puts axes in front by itself. Where no operand
// has the axis, the result gets it.
func fronts() []Rule {
	var rules []Rule
	for _, op := range ir.Ops {
		if !op.Elementwise() {
			continue
		}
		rules = append(rules, Rule{"front-" + op.Name, "an elementwise op puts axes in front by itself", op, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if w := broadcasting(b, v, a, withoutFront); w != nil {
				return w
			}
			// Every operand that has the axis got it.
			args := slices.Clone(a)
			for i, x := range a {
				if len(x.Type.Shape) == len(v.Type.Shape) {
					if args[i] = withoutFront(x); args[i] == nil {
						return nil
					}
				}
			}
			return b.Emit(op, v.Attrs, args...).Unsqueeze(0)
		}})
	}
	return rules
}

// withoutFront is x without the axis that was put in front of it; nil if none was.
func withoutFront(x *ir.Value) *ir.Value {
	return when(x.Op == ir.OpUnsqueeze && x.Attrs.Int("axis") == 0, first(x))
}

// small tells whether every extent is 1.
func small(s ir.Shape) bool {
	for _, d := range s {
		if d != ir.One {
			return false
		}
	}
	return true
}
