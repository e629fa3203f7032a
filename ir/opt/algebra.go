package opt

import (
	"slices"

	"losscc/ir"
)

// Rule is an identity: what a value may be replaced by. Apply gets the value
// and its arguments in the function being made, and gives back the equal
// value, or nil where the identity does not apply.
type Rule struct {
	Name  string
	Says  string
	Op    *ir.Op
	Apply func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value
}

// Rules are the identities. Each holds for every float64: x·0 = 0 and x − x = 0
// are none (infinity, NaN), nor is x + 0 = x (−0).
var Rules = concat(
	folds(),
	[]Rule{
		{"neg-neg", "−(−x) = x", ir.OpNeg, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return under(a[0], ir.OpNeg) }},
		{"not-not", "not not c = c", ir.OpNot, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return under(a[0], ir.OpNot) }},
		{"reduce-neg", "the largest of −x is less the smallest of x", ir.OpReduceMax, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if x := under(a[0], ir.OpNeg); x != nil {
				return ir.ReduceMin(x, v.Attrs.Int("axis")).Neg()
			}
			return nil
		}},
		{"mul-one", "1·x = x", ir.OpMul, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return other(a, 1) }},
		{"mul-minus-one", "−1·x = −x", ir.OpMul, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if x := other(a, -1); x != nil {
				return x.Neg()
			}
			return nil
		}},
		{"mul-neg", "(−x)·c = x·(−c) for a number c", ir.OpMul, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			for i := range a {
				x, c := under(a[i], ir.OpNeg), a[1-i]
				if k, ok := c.Const(); ok && x != nil {
					return x.Mul(-k)
				}
			}
			return nil
		}},
		{"neg-mul", "−(x·y) = x·(−y), where y repeats and x does not", ir.OpNeg, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			p := a[0]
			if p.Op != ir.OpMul || p.Type.Elem != ir.Float {
				return nil
			}
			for i, y := range p.Args {
				if x := p.Args[1-i]; x.Type.Equal(p.Type) && !y.Type.Equal(p.Type) {
					return x.Mul(y.Neg())
				}
			}
			return nil
		}},
		{"max-zero", "max(x, 0) = x, where x is 0 or more, or NaN", ir.OpMax, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			c, ok := a[1].Const()
			return when(ok && c == 0 && !signbit(c) && notNegative(a[0]), a[0])
		}},
		{"div-one", "x/1 = x", ir.OpDiv, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return when(is(a[1], 1), a[0]) }},
		{"sub-zero", "x − 0 = x", ir.OpSub, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			c, ok := a[1].Const()
			return when(ok && c == 0 && !signbit(c), a[0])
		}},
		{"add-neg", "a + (−b) = a − b", ir.OpAdd, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if y := under(a[1], ir.OpNeg); y != nil {
				return a[0].Sub(y)
			}
			if x := under(a[0], ir.OpNeg); x != nil {
				return a[1].Sub(x)
			}
			return nil
		}},
		{"sub-neg", "a − (−b) = a + b", ir.OpSub, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if y := under(a[1], ir.OpNeg); y != nil {
				return a[0].Add(y)
			}
			return nil
		}},
		{"pow-one", "x¹ = x", ir.OpPow, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return when(v.Attrs.Float("exponent") == 1, a[0])
		}},
		{"argmax-neg", "the largest of −x is the smallest of x", ir.OpArgMax, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if x := under(a[0], ir.OpNeg); x != nil {
				return b.Emit(ir.OpArgMin, v.Attrs, x)
			}
			return nil
		}},
		{"select-not", "select(not c, x, y) = select(c, y, x)", ir.OpSelect, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if c := under(a[0], ir.OpNot); c != nil {
				return ir.Select(c, a[2], a[1])
			}
			return nil
		}},
		{"select-same", "select(c, x, x) = x", ir.OpSelect, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return when(a[1] == a[2], a[1]) }},

		{"less-hinge", "0 < max(a − b, 0) where b < a, if one of them repeats", ir.OpLess, lessHinge},
		{"less-mask", "0 < x·c where c holds and 0 < x", ir.OpLess, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if !is(a[0], 0) || a[1].Op != ir.OpMul {
				return nil
			}
			x, c := maskedFactor(a[1])
			if x == nil || !c.Type.Shape.Equal(a[1].Type.Shape) {
				return nil
			}
			return both(c, a[0].Less(x))
		}},
		{"mul-float", "the product of two conditions as floats = both, as a float", ir.OpMul, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			c, d := condition(a[0]), condition(a[1])
			if c == nil || d == nil {
				return nil
			}
			return both(c, d).Float()
		}},
		{"mul-masks", "(k·c)·d = k·(c and d) for conditions as floats, where k repeats", ir.OpMul, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			for i := range a {
				d := condition(a[i])
				if p := a[1-i]; d != nil && p.Op == ir.OpMul {
					if k, c := maskedFactor(p); k != nil && !k.Type.Equal(v.Type) {
						return k.Mul(both(c, d).Float())
					}
				}
			}
			return nil
		}},
		{"add-self", "x + x = 2·x", ir.OpAdd, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if a[0] != a[1] || a[0].Type.Elem != ir.Float {
				return nil
			}
			return a[0].Mul(2)
		}},
		{"mul-twice", "(x·c)·k = x·(c·k) for powers of two not below 1", ir.OpMul, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x, k := numbered(a)
			if x == nil || x.Op != ir.OpMul || !doubles(k) {
				return nil
			}
			y, c := numbered(x.Args)
			if y == nil || !doubles(c) {
				return nil
			}
			return y.Mul(c * k)
		}},
		{"mul-put", "(x with v put in)·k = x·k with v·k put in, for a number k", ir.OpMul, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			p, k := numbered(a)
			if p == nil || p.Op != ir.OpPut {
				return nil
			}
			return b.Emit(ir.OpPut, p.Attrs, p.Args[0].Mul(k), p.Args[1], p.Args[2].Mul(k))
		}},
		{"transpose-symmetric", "xᵀ = x, if x is symmetric", ir.OpTranspose, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return when(symmetric(a[0]), a[0])
		}},
		{"sum-symmetric", "columns sum up to what rows do, if the matrix is symmetric", ir.OpSum, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if v.Attrs.Int("axis") != 0 || !symmetric(a[0]) {
				return nil
			}
			return ir.Sum(a[0], 1)
		}},

		{"expand-same", "x expanded to its own shape = x", ir.OpExpand, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return when(a[0].Type.Equal(v.Type), a[0])
		}},
		{"expand-expand", "expand(expand x) = expand x", ir.OpExpand, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if x := under(a[0], ir.OpExpand); x != nil {
				return b.Emit(ir.OpExpand, v.Attrs, x)
			}
			return nil
		}},
		{"squeeze-unsqueeze", "an axis put in and taken out", ir.OpSqueeze, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return when(a[0].Op == ir.OpUnsqueeze && sameAxis(v, a[0]), first(a[0]))
		}},
		{"unsqueeze-expand", "an axis put into what was expanded = what has the axis, expanded", ir.OpUnsqueeze, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x := under(a[0], ir.OpExpand)
			if x == nil {
				return nil
			}
			if at := v.Attrs.Int("axis") - (len(a[0].Type.Shape) - len(x.Type.Shape)); at >= 0 {
				x = x.Unsqueeze(at)
			}
			return x.Expand(v.Type.Shape...)
		}},
		{"squeeze-expand", "an axis taken out of what was expanded = what lacks the axis, expanded", ir.OpSqueeze, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x := under(a[0], ir.OpExpand)
			if x == nil {
				return nil
			}
			if at := v.Attrs.Int("axis") - (len(a[0].Type.Shape) - len(x.Type.Shape)); at >= 0 {
				x = x.Squeeze(at)
			}
			return x.Expand(v.Type.Shape...)
		}},
		{"unsqueeze-squeeze", "an axis taken out and put in", ir.OpUnsqueeze, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return when(a[0].Op == ir.OpSqueeze && sameAxis(v, a[0]), first(a[0]))
		}},
		{"transpose-transpose", "(xᵀ)ᵀ = x", ir.OpTranspose, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return under(a[0], ir.OpTranspose) }},
		{"matmul-transpose", "a transposed factor is a flag of the product", ir.OpMatMul, matmulTranspose},
		{"reshape-same", "x reshaped to its own shape = x", ir.OpReshape, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return when(a[0].Type.Equal(v.Type), a[0])
		}},
		{"reshape-reshape", "reshape(reshape x) = reshape x", ir.OpReshape, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if x := under(a[0], ir.OpReshape); x != nil {
				return b.Emit(ir.OpReshape, v.Attrs, x)
			}
			return nil
		}},
		{"pick-put", "what was put at i is what is picked at i", ir.OpPick, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			p := a[0]
			return when(p.Op == ir.OpPut && sameAxis(v, p) && p.Args[1] == a[1], last(p))
		}},
		{"put-put", "a second put at i hides the first", ir.OpPut, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			p := a[0]
			if p.Op == ir.OpPut && sameAxis(v, p) && p.Args[1] == a[1] {
				return b.Emit(ir.OpPut, v.Attrs, p.Args[0], a[1], a[2])
			}
			return nil
		}},
	},
	expands(),
	unaries(),
)

// table is rules by the op that they replace.
type table map[*ir.Op][]Rule

var (
	identities = tableOf(Rules)
	tidying    = tableOf(concat(Rules, Tidies))
)

func tableOf(rules []Rule) table {
	m := table{}
	for _, r := range rules {
		m[r.Op] = append(m[r.Op], r)
	}
	return m
}

// folds are: an elementwise op on constants is a constant; a whole number as a
// float is a constant.
func folds() []Rule {
	rules := []Rule{
		{"fold-float", "float(n) is the number n", ir.OpFloat, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if a[0].Op == ir.OpInt {
				return b.Num(float64(a[0].Attrs.Int("value")))
			}
			return nil
		}},
		{"fold-extent", "an extent that is a number", ir.OpExtent, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if n, ok := v.Attrs.Dim("dim").Size(); ok {
				return b.Whole(n)
			}
			return nil
		}},
	}
	for _, op := range ir.Ops {
		if op.Scalar == nil {
			continue
		}
		rules = append(rules, Rule{"fold-" + op.Name, "an op on numbers is a number", op, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x := make([]float64, len(a))
			for i := range a {
				c, ok := a[i].Const()
				if !ok {
					return nil
				}
				x[i] = c
			}
			return b.Num(v.Op.Scalar(x...))
		}})
	}
	return rules
}

// expands are: an elementwise op broadcasts by itself, so that expanding an
// operand first changes nothing while another operand has the whole shape.
func expands() []Rule {
	var rules []Rule
	for _, op := range ir.Ops {
		if !op.Elementwise() || op.Arity < 2 {
			continue
		}
		rules = append(rules, Rule{"expand-" + op.Name, "an elementwise op broadcasts by itself", op, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return broadcasting(b, v, a, func(x *ir.Value) *ir.Value { return under(x, ir.OpExpand) })
		}})
	}
	return rules
}

// broadcasting is an elementwise op of what bare makes of its operands, where it
// makes something of one and the result keeps its shape; nil where no operand may
// be bare.
func broadcasting(b *ir.Builder, v *ir.Value, a []*ir.Value, bare func(*ir.Value) *ir.Value) *ir.Value {
	args := slices.Clone(a)
	for i, x := range a {
		if y := bare(x); y != nil {
			args[i] = y
			if !shapeOf(args).Equal(v.Type.Shape) {
				args[i] = x
			}
		}
	}
	if slices.Equal(args, a) {
		return nil
	}
	return b.Emit(v.Op, v.Attrs, args...)
}

// unaries are: an op on each element by itself does to what was expanded, and
// to what was put into it, what it does to the rest. Behind the op a put stands
// where nothing else reads what it changes.
func unaries() []Rule {
	var rules []Rule
	for _, op := range ir.Ops {
		if op.Scalar == nil || op.Arity != 1 || op == ir.OpStop {
			continue
		}
		rules = append(rules,
			Rule{op.Name + "-expand", "an op on each element of what was expanded = the result expanded", op, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
				if x := under(a[0], ir.OpExpand); x != nil {
					return b.Emit(v.Op, v.Attrs, x).Expand(v.Type.Shape...)
				}
				return nil
			}},
			Rule{op.Name + "-put", "an op on each element of what something was put into = the results put together", op, func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
				if p := a[0]; p.Op == ir.OpPut {
					return b.Emit(ir.OpPut, p.Attrs, b.Emit(v.Op, v.Attrs, p.Args[0]), p.Args[1], b.Emit(v.Op, v.Attrs, p.Args[2]))
				}
				return nil
			}})
	}
	return rules
}

func matmulTranspose(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
	ta, tb := v.Attrs.Bool("trans_a"), v.Attrs.Bool("trans_b")
	x, y := a[0], a[1]
	if t := under(x, ir.OpTranspose); t != nil {
		x, ta = t, !ta
	}
	if t := under(y, ir.OpTranspose); t != nil {
		y, tb = t, !tb
	}
	if x == a[0] && y == a[1] {
		return nil
	}
	return b.Emit(ir.OpMatMul, ir.Attrs{{Name: "trans_a", Val: ta}, {Name: "trans_b", Val: tb}}, x, y)
}

// lessHinge is b < a, which takes no matrix of differences: only where a or b is
// smaller than that.
func lessHinge(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
	x, y := hinge(a[1])
	if x == nil || !is(a[0], 0) || !eitherRepeats(a[1], x, y) {
		return nil
	}
	return y.Less(x)
}
