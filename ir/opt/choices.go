package opt

import (
	"math"
	"slices"

	"losscc/ir"
)

// Choices are the questions that estimates answer, in the order in which they
// are asked. What verify/bench/choices.py measures of each stands in
// testdata/bench/choices.md.
var Choices = []Choice{
	{
		Name: "norm", Written: "op", Other: "sums",
		Says: "a norm in one operator, or as the root of a sum of squares",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			return v.Op == ir.OpNorm && !v.Attrs.Bool("scaled") && matrix(v.Args[0])
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return ir.Sqrt(ir.Sum(a[0].Mul(a[0]), len(a[0].Type.Shape)-1))
		},
	},
	{
		Name: "pieces", Written: "row", Other: "pieces",
		Says: "a norm of long rows: each at once, or in pieces of 64 whose squares are summed up first",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			return v.Op == ir.OpNorm && !v.Attrs.Bool("scaled") && matrix(v.Args[0])
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return b.Emit(ir.OpLongNorm, nil, a[0]) },
	},
	{
		Name: "slope", Written: "hinge", Other: "slope",
		Says: "[x]₊ of the pairs where c holds: the hinge times c, or x times the slope, which the gradient has",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			x, s := maskedHinge(v.Op, v.Args)
			return x != nil && matrix(v) && s.in(f)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x, s := maskedHinge(v.Op, a)
			return x.Mul(s.float())
		},
	},
	{
		Name: "small-first", Written: "in turn", Other: "together",
		Says: "a matrix times a factor that repeats and a number: one after the other, or their product",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			if v.Op != ir.OpMul || !matrix(v) {
				return false
			}
			big, t, s := twoFactors(v.Args)
			if big == nil || !repeats(v, t, s) || uses.Of(inner(v.Args)) != 1 {
				return false
			}
			// Of two factors one may be large to undo the other, a number is not.
			_, number := t.Const()
			_, other := s.Const()
			return number || other
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			big, t, s := twoFactors(a)
			return big.Mul(t.Mul(s))
		},
	},
	{
		Name: "sum-first", Written: "factor", Other: "sum",
		Says: "a sum of terms that share a factor: each times the factor, or their sum times it",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			if v.Op != ir.OpSum || v.Args[0].Op != ir.OpMul || uses.Of(v.Args[0]) != 1 {
				return false
			}
			x, t := sharedFactor(v.Args[0], v.Attrs.Int("axis"))
			return x != nil && matrix(x) && t != nil
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			axis := v.Attrs.Int("axis")
			x, t := sharedFactor(a[0], axis)
			if len(t.Type.Shape) == len(x.Type.Shape) {
				t = t.Squeeze(axis)
			}
			return ir.Sum(x, axis).Mul(t)
		},
	},
	{
		Name: "hinge", Written: "terms", Other: "counts",
		Says: "all [a − b]₊ summed, where a or b repeats: term by term, or each side times how often it counts, which the gradient has",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			t := summed(v, uses)
			if t == nil {
				return false
			}
			s, ok := difference(t)
			return ok && s.in(f) && s.weighable()
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			t := a[0]
			for t.Op == ir.OpSum {
				t = t.Args[0]
			}
			s, _ := difference(t)
			n := s.float()
			return weighed(s.high, n, math.Inf(-1)).Sub(weighed(s.low, n, math.Inf(1)))
		},
	},
	{
		Name: "zeros", Written: "choice", Other: "product",
		Says: "numbers of counts that are 0 where a condition fails: chosen, or times it, or as they are where they are 0 there anyway",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			if v.Op != ir.OpSelect || !matrix(v) {
				return false
			}
			x, _, _ := orNumber(v.Args, zero)
			return x != nil && x.Type.Equal(v.Type) && finite(x)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x, fails, _ := orNumber(a, zero)
			c := stays(a[0], fails)
			if vanishes(x, c) {
				return x
			}
			return x.Mul(c.Float())
		},
	},
	{
		Name: "onto", Written: "zeros", Other: "terms",
		Says: "numbers sent to places of each row, and a matrix added: sent to zeros first, or to the matrix",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			sent, _ := sentToZeros(v)
			return sent != nil && uses.Of(sent) == 1
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			_, k := sentToZeros(v)
			return a[1-k].AddAt(a[k].Args[1], a[k].Args[2])
		},
	},
	{
		Name: "any", Written: "max", Other: "sum",
		Says: "whether one of a row holds: the largest as whole numbers, or the sum as floats",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			return v.Op == ir.OpLess && wholeZero(v.Args[0]) && v.Args[1].Op == ir.OpReduceMax && boolAsInt(v.Args[1].Args[0])
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			most := a[1]
			return b.Num(0).Less(ir.Sum(most.Args[0].Args[0].Float(), most.Attrs.Int("axis")))
		},
	},
	{
		Name: "compared", Written: "infinite", Other: "quotient",
		Says: "numbers that are only compared, some of which must be less than nothing: infinite where m fails, or x/m, which is infinite or none there",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			if v.Op != ir.OpSelect || !matrix(v) || !v.Args[0].Type.Shape.Equal(v.Type.Shape) {
				return false
			}
			x, _, far := orNumber(v.Args, infinite)
			return x != nil && far > 0 && notNegative(x) && lessThanNothing(f, v)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x, fails, _ := orNumber(a, infinite)
			return x.Div(stays(a[0], fails).Float())
		},
	},
	{
		Name: "mask", Written: "choice", Other: "sum",
		Says: "numbers that must not win made infinite: by choosing, or by adding (1 − m)/m, which is 0 or infinite",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			if v.Op != ir.OpSelect || !matrix(v) || !v.Args[0].Type.Shape.Equal(v.Type.Shape) {
				return false
			}
			x, _, _ := orNumber(v.Args, infinite)
			return x != nil
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x, fails, far := orNumber(a, infinite)
			stays := stays(a[0], fails)
			away := stays.Not().Float().Div(stays.Float())
			if far < 0 {
				return x.Sub(away)
			}
			return x.Add(away)
		},
	},
	{
		Name: "far", Written: "quotient", Other: "reciprocal",
		Says: "0 where m is 1, infinite where it is 0: (1 − m)/m, or 1/m − 1, which needs no 1 − m",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			if v.Op != ir.OpDiv || !matrix(v) {
				return false
			}
			c, m := condition(v.Args[0]), condition(v.Args[1])
			return c != nil && m != nil && (under(c, ir.OpNot) == m || under(m, ir.OpNot) == c)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value { return b.Num(1).Div(a[1]).Sub(1) },
	},
	{
		Name: "rows", Written: "choice", Other: "gather",
		Says: "some rows of a matrix made 0, where rows are counted anyway: chosen, or gathered as a row of zeros that is put below the others",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			return v.Op == ir.OpSelect && v.Type.Elem == ir.Float && matrix(v) && v.Args[1].Type.Equal(v.Type) && len(v.Type.Shape) == 2 &&
				is(v.Args[2], 0) && v.Args[0].Op == ir.OpUnsqueeze && v.Args[0].Attrs.Int("axis") == 1 && counted(f, v.Type.Shape)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			kept, x := first(a[0]), a[1]
			n, d := v.Type.Shape[0], v.Type.Shape[1]
			all := x.Concat(b.Num(0).Expand(ir.One, d), b.Fresh(n))
			return all.Gather(ir.Select(kept, b.Iota(n), b.Extent(n)))
		},
	},
	{
		Name: "extreme", Written: "place", Other: "value",
		Says: "the largest or smallest of a row, whose place nothing else reads: what stands at its place, or by itself",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			if v.Op != ir.OpPick {
				return false
			}
			at := v.Args[1]
			return (at.Op == ir.OpArgMax || at.Op == ir.OpArgMin) && uses.Of(at) == 1 && at.Args[0] == v.Args[0] && sameAxis(at, v)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			axis := v.Attrs.Int("axis")
			if a[1].Op == ir.OpArgMax {
				return ir.ReduceMax(a[0], axis)
			}
			return ir.ReduceMin(a[0], axis)
		},
	},
	{
		Name: "sum-negated", Written: "terms", Other: "sum",
		Says: "a sum of negated terms, or the sum negated",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			return v.Op == ir.OpSum && v.Args[0].Op == ir.OpNeg && matrix(v.Args[0]) && uses.Of(v.Args[0]) == 1
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			return ir.Sum(first(a[0]), v.Attrs.Int("axis")).Neg()
		},
	},
	{
		Name: "recip", Written: "choice", Other: "sum",
		Says: "1/x that is 0 at 0: chosen, or (1 − e)/(x + e) with e = 1 where x is 0",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool { return v.Op == ir.OpRecip && matrix(v) },
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			e := a[0].Eq(0.0).Float()
			return b.Num(1).Sub(e).Div(a[0].Add(e))
		},
	},
	{
		Name: "factor", Written: "after the sum", Other: "before it",
		Says: "a factor of a column's sum, where the product with its terms is there anyway: after the sum, or in it, so that the terms without it may go",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			if v.Op != ir.OpMul {
				return false
			}
			sum, h := columnSum(v.Args)
			return sum != nil && uses.Of(sum) == 1 && uses.Of(sum.Args[0]) == 1 && isThere(f, sum.Args[0].Args[1], h, sum.Attrs.Int("axis"))
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			sum, h := columnSum(a)
			g, z := sum.Args[0].Args[0], sum.Args[0].Args[1]
			axis := sum.Attrs.Int("axis")
			return ir.Sum(g.Mul(z.Mul(h.Unsqueeze(axis))), axis)
		},
	},
	{
		Name: "scale", Written: "product", Other: "factor",
		Says: "a scale for each column of a product: on the product, or on the matrix that brings the columns",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			return v.Op == ir.OpMul && scaledProduct(v.Args) && uses.Of(v.Args[0]) == 1
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			p, h := a[0], a[1].Args[0]
			return b.Emit(ir.OpMatMul, p.Attrs, p.Args[0], p.Args[1].Mul(h.Unsqueeze(1)))
		},
	},
	{
		Name: "pick", Written: "product", Other: "factor",
		Says: "an element of each row of a matrix times a number, of which nothing else is read: picked from the product, or picked and then multiplied",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			if v.Op != ir.OpPick || v.Args[0].Op != ir.OpMul || uses.Of(v.Args[0]) != 1 {
				return false
			}
			x, _ := numbered(v.Args[0].Args)
			return x != nil && matrix(x)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			x, k := numbered(a[0].Args)
			return x.Pick(v.Attrs.Int("axis"), a[1]).Mul(k)
		},
	},
	{
		Name: "put", Written: "scatter", Other: "mask",
		Says: "one element of each row replaced: by its place, or by comparing every place",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			return v.Op == ir.OpPut && len(v.Type.Shape) == 2 && v.Attrs.Int("axis") == 1
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			there := a[1].Col().Eq(b.Iota(v.Type.Shape[1]).Row())
			return ir.Select(there, a[2].Col(), a[0])
		},
	},
	{
		Name: "gram", Written: "one product", Other: "two",
		Says: "(G + Gᵀ)·X as one product, or as G·X + Gᵀ·X without G + Gᵀ",
		Fits: func(f *ir.Func, v *ir.Value, _ Uses) bool {
			return v.Op == ir.OpMatMul && withTranspose(v.Args[0]) != nil
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			g := first(a[0])
			return ir.MatMul(g, a[1]).Add(ir.TMatMul(g, a[1]))
		},
	},
	{
		Name: "borders", Written: "apart", Other: "together",
		Says: "M + Mᵀ, where M is a multiple of G with the sums of G's rows and columns on its diagonal: those sums, or the rows' of G + Gᵀ, which are both",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			m := withTranspose(v)
			if m == nil {
				return false
			}
			g, _ := bordered(m)
			return g != nil && uses.Of(m) == 2
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			g, k := bordered(a[0])
			diagonal := a[0].Args[1]
			s := g.Add(g.T())
			m := s.Put(1, diagonal, s.Pick(1, diagonal).Add(ir.Sum(s, 1).Mul(2/k)))
			if k != 1 {
				m = m.Mul(k)
			}
			return m
		},
	},
	{
		Name: "times", Written: "apart", Other: "kernel",
		Says: "a power of two times a product or times a factor of it: apart, or by the product's kernel; what is picked from the product besides is picked from the multiple",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			if v.Op == ir.OpMatMul {
				m, _ := multipleBut(v.Args[0])
				return m != nil && uses.Of(v.Args[0]) == 1 && uses.Of(m) == 1
			}
			p, _ := multiple(v)
			return p != nil && p.Op == ir.OpMatMul && every(f, p, func(r *ir.Value) bool { return r == v || r.Op == ir.OpPick })
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			if v.Op == ir.OpMatMul {
				m, k := multipleBut(a[0])
				g, _ := multiple(m)
				if put := a[0]; put != m {
					g = b.Emit(ir.OpPut, put.Attrs, g, put.Args[1], put.Args[2].Mul(1/k))
				}
				return times(v, k, g, a[1])
			}
			p, k := multiple(v)
			made, _ := numbered(a)
			return times(p, k, made.Args...)
		},
		Beside: func(b *ir.Builder, v, w *ir.Value, a []*ir.Value) *ir.Value {
			p, k := multiple(v)
			if v.Op == ir.OpMatMul || w.Op != ir.OpPick || w.Args[0] != p {
				return nil
			}
			return times(p, k, a[0].Args...).Pick(w.Attrs.Int("axis"), a[1]).Mul(1 / k)
		},
	},
	{
		Name: "add", Written: "after", Other: "within",
		Says: "a matrix added to a product: after it, or by the product's kernel, which needs no room for the product without it",
		Fits: func(f *ir.Func, v *ir.Value, uses Uses) bool {
			if v.Op != ir.OpAdd {
				return false
			}
			p, c := addedProduct(v.Args)
			return p != nil && uses.Of(p) == 1 && c.Type.Equal(v.Type)
		},
		Apply: func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value {
			p, c := addedProduct(a)
			return b.Emit(ir.OpMatMulAdd, p.Attrs, p.Args[0], p.Args[1], c)
		},
	},
}

// sentToZeros is the term of a sum that is numbers sent to places of zeros, and
// which one it is; nil if none is, or the other term repeats.
func sentToZeros(v *ir.Value) (*ir.Value, int) {
	if v.Op != ir.OpAdd {
		return nil, 0
	}
	for k, x := range v.Args {
		if x.Op == ir.OpAddAt && x.Args[0].Op == ir.OpExpand && is(x.Args[0].Args[0], 0) && v.Args[1-k].Type.Equal(v.Type) {
			return x, k
		}
	}
	return nil, 0
}

// multiple takes x·k apart, a matrix times a power of two, which rounds nothing.
func multiple(v *ir.Value) (x *ir.Value, k float64) {
	if v.Op != ir.OpMul || v.Type.Elem != ir.Float {
		return nil, 0
	}
	x, k = numbered(v.Args)
	if frac, _ := math.Frexp(k); x == nil || math.Abs(frac) != 0.5 || !matrix(x) {
		return nil, 0
	}
	return x, k
}

// multipleBut is the multiple that x is, or is but for what was put into it; m is
// nil if it is none.
func multipleBut(x *ir.Value) (m *ir.Value, k float64) {
	if x.Op == ir.OpPut {
		x = x.Args[0]
	}
	if g, k := multiple(x); g != nil {
		return x, k
	}
	return nil, 0
}

// times is k times a product of two matrices as p is one.
func times(p *ir.Value, k float64, factors ...*ir.Value) *ir.Value {
	return factors[0].Builder().Emit(ir.OpMatMulBy, append(p.Attrs[:2:2], ir.Attr{Name: "factor", Val: k}), factors...)
}

// matrix tells whether x has two extents or more that are not 1.
func matrix(x *ir.Value) bool {
	n := 0
	for _, d := range x.Type.Shape {
		if d != ir.One {
			n++
		}
	}
	return n >= 2
}

func wholeZero(x *ir.Value) bool { return x.Op == ir.OpInt && x.Attrs.Int("value") == 0 }

func boolAsInt(x *ir.Value) bool { return x.Op == ir.OpToInt && x.Args[0].Type.Elem == ir.Bool }

// inner is the factor that is a product itself, or nil.
func inner(a []*ir.Value) *ir.Value {
	for _, x := range a {
		if x.Op == ir.OpMul {
			return x
		}
	}
	return nil
}

// twoFactors takes the factors of (big·t)·s apart, where t repeats; nil if they
// are nothing of the kind.
func twoFactors(a []*ir.Value) (big, t, s *ir.Value) {
	p := inner(a)
	if p == nil || p.Type.Elem != ir.Float {
		return nil, nil, nil
	}
	s = a[0]
	if s == p {
		s = a[1]
	}
	for i, x := range p.Args {
		if y := p.Args[1-i]; x.Type.Equal(p.Type) && !y.Type.Equal(p.Type) {
			return x, y, s
		}
	}
	return nil, nil, nil
}

// sharedFactor takes x·t apart, where x has all extents and t is the same along
// an axis.
func sharedFactor(p *ir.Value, axis int) (x, t *ir.Value) {
	for i, x := range p.Args {
		t, rank := p.Args[1-i], len(p.Type.Shape)
		if !x.Type.Equal(p.Type) || t.Type.Shape.Equal(x.Type.Shape) {
			continue
		}
		if s := t.Type.Shape; len(s) == 0 || len(s) == rank && s[axis] == ir.One {
			return x, t
		}
	}
	return nil, nil
}

// repeats tells whether the product of two factors has fewer elements than v.
func repeats(v, t, s *ir.Value) bool {
	shape := shapeOf([]*ir.Value{t, s})
	return shape != nil && !shape.Equal(v.Type.Shape)
}

// columnSum takes the factors of sum(g·z)·h apart, h a vector as the sum is.
func columnSum(a []*ir.Value) (sum, h *ir.Value) {
	for i, x := range a {
		if y := a[1-i]; x.Op == ir.OpSum && x.Args[0].Op == ir.OpMul && matrix(x.Args[0]) && y.Type.Equal(x.Type) {
			return x, y
		}
	}
	return nil, nil
}

// isThere tells whether f has z·h with h along the other axis than the given.
func isThere(f *ir.Func, z, h *ir.Value, axis int) bool {
	for _, v := range f.Values {
		if v.Op == ir.OpMul && v.Args[0] == z && v.Args[1].Op == ir.OpUnsqueeze && v.Args[1].Args[0] == h && v.Args[1].Attrs.Int("axis") == axis {
			return true
		}
	}
	return false
}

// scaledProduct tells whether factors are x·wᵀ and a row of scales.
func scaledProduct(a []*ir.Value) bool {
	p, u := a[0], a[1]
	return p.Op == ir.OpMatMul && !p.Attrs.Bool("trans_a") && p.Attrs.Bool("trans_b") &&
		u.Op == ir.OpUnsqueeze && u.Attrs.Int("axis") == 0 && len(u.Type.Shape) == 2
}

// addedProduct is the product among two terms, and the other term.
func addedProduct(a []*ir.Value) (p, c *ir.Value) {
	for i, x := range a {
		if x.Op == ir.OpMatMul {
			return x, a[1-i]
		}
	}
	return nil, nil
}

// bordered takes a matrix apart that is k·G with the sums of G's rows and columns
// added on the diagonal; g is nil if it is nothing of the kind.
func bordered(put *ir.Value) (g *ir.Value, k float64) {
	if put.Op != ir.OpPut || put.Args[1].Op != ir.OpIota {
		return nil, 0
	}
	scaled, sum := put.Args[0], put.Args[2]
	if sum.Op != ir.OpAdd || sum.Type.Elem != ir.Float {
		return nil, 0
	}
	for i, there := range sum.Args {
		if there.Op != ir.OpPick || there.Args[0] != scaled || there.Args[1] != put.Args[1] {
			continue
		}
		g = bothSums(sum.Args[1-i])
		if g == scaled {
			return g, 1
		}
		if scaled.Op == ir.OpMul {
			if x, k := numbered(scaled.Args); x != nil && x == g {
				return g, k
			}
		}
	}
	return nil, 0
}

// bothSums is the matrix whose rows' sums and columns' sums are added in s, or nil.
func bothSums(s *ir.Value) *ir.Value {
	if s.Op != ir.OpAdd || s.Args[0].Op != ir.OpSum || s.Args[1].Op != ir.OpSum {
		return nil
	}
	x, y := s.Args[0], s.Args[1]
	return when(x.Args[0] == y.Args[0] && len(x.Args[0].Type.Shape) == 2 && !sameAxis(x, y), x.Args[0])
}

// counted tells whether f has the places of the first axis of a shape.
func counted(f *ir.Func, s ir.Shape) bool {
	return len(s) > 0 && slices.ContainsFunc(f.Values, func(v *ir.Value) bool { return v.Op == ir.OpIota && v.Type.Shape[0] == s[0] })
}
