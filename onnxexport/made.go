package onnxexport

import (
	"math"

	"losscc/ir"
	"losscc/onnxexport/onnxpb"
)

// The ops that become several nodes, because no operator does what they do in
// every release and type.

// lowerCos: ONNX Runtime had no Cos for double until 1.30.
func lowerCos(l *lowering, v *ir.Value) {
	if l.o.Float != F64 {
		l.out("Cos", v, l.in(v))
		return
	}
	l.out("Sin", v, []string{l.step("Add", append(l.in(v), l.number(math.Pi/2)))})
}

// lowerAcos: ONNX Runtime has no Acos for double. The float32 one gives θ₀
// within 4e-4 of θ, and δ = sin(θ−θ₀) = sin θ·cos θ₀ − cos θ·sin θ₀ gives
// θ = θ₀ + δ + δ³/6 + 3δ⁵/40 to the last bits.
func lowerAcos(l *lowering, v *ir.Value) {
	one, minus := l.number(1), l.number(-1)
	c := l.step("Min", []string{l.step("Max", append(l.in(v), minus)), one})
	if l.o.Float != F64 {
		l.out("Acos", v, []string{c})
		return
	}
	single := l.step("Cast", []string{c}, intAttr("to", int64(onnxpb.TensorProto_FLOAT)))
	t0 := l.step("Cast", []string{l.step("Acos", []string{single})}, intAttr("to", int64(onnxpb.TensorProto_DOUBLE)))
	sin0 := l.step("Sin", []string{t0})
	cos0 := l.step("Sin", []string{l.step("Add", []string{t0, l.number(math.Pi / 2)})})
	sin := l.step("Sqrt", []string{l.step("Mul", []string{l.step("Sub", []string{one, c}), l.step("Add", []string{one, c})})})
	delta := l.step("Sub", []string{l.step("Mul", []string{sin, cos0}), l.step("Mul", []string{c, sin0})})
	square := l.step("Mul", []string{delta, delta})
	tail := l.step("Add", []string{l.step("Mul", []string{square, l.number(3.0 / 40)}), l.number(1.0 / 6)})
	factor := l.step("Add", []string{l.step("Mul", []string{square, tail}), one})
	l.out("Add", v, []string{t0, l.step("Mul", []string{delta, factor})})
}

// lowerIota: a running sum of ones keeps the name of its extent through shape
// inference; Range loses it.
func lowerIota(l *lowering, v *ir.Value) {
	ones := l.step("ConstantOfShape", []string{l.shape(v.Type.Shape)}, tensorAttr("value", wholes(1)))
	if l.outer == nil || l.blocks.axis(v) < 0 {
		l.out("CumSum", v, []string{ones, l.whole(0)}, intAttr("exclusive", 1))
		return
	}
	at := l.step("CumSum", []string{ones, l.whole(0)}, intAttr("exclusive", 1))
	l.out("Add", v, []string{at, l.firstPlace()})
}

// lowerSum: up to 1.16 ONNX Runtime refuses to sum over an extent of 0. Where
// the extent is what was chosen from the data, a zero is added at its end.
func lowerSum(l *lowering, v *ir.Value) {
	x := l.ref(v.Args[0])
	if s := v.Args[0].Type.Shape; len(s) == 1 && !l.given(s[0]) {
		zero := l.ints(0)
		if v.Type.Elem == ir.Float {
			zero = l.constant("zero", l.filled(0))
		}
		x = l.step("Concat", []string{x, zero}, intAttr("axis", 0))
	}
	l.out("ReduceSum", v, []string{x, l.ints(axis(v))}, intAttr("keepdims", 0))
}

// lowerLessEqual: of whole numbers a ≤ b is not b < a, since none of them is a
// NaN, and a reader that knows LessOrEqual by an old version alone (onnx2torch)
// knows Not and Less. Of floats it stays: a NaN is neither below nor above.
func lowerLessEqual(l *lowering, v *ir.Value) {
	a, b := v.Args[0], v.Args[1]
	if a.Type.Elem != ir.Int {
		l.out("LessOrEqual", v, l.in(v))
		return
	}
	more := l.step("Less", []string{l.ref(b), l.ref(a)})
	l.out("Not", v, []string{more})
	l.shapes["not "+l.ref(v)] = more
}

// lowerSelect: no release of ONNX Runtime has Where for bools.
func lowerSelect(l *lowering, v *ir.Value) {
	if v.Type.Elem != ir.Bool {
		l.out("Where", v, l.in(v))
		return
	}
	c, a, b := l.ref(v.Args[0]), l.ref(v.Args[1]), l.ref(v.Args[2])
	yes := l.step("And", []string{c, a})
	no := l.step("And", []string{l.step("Not", []string{c}), b})
	l.out("Or", v, []string{yes, no})
}

// mostRecip is ir.MostRecip for float32.
const mostRecip = 1e36

// lowerRecip: the reciprocal of 0 is infinite and not taken, nor one near that:
// a row of embeddings of 1e-38 would have an infinite unit vector, and 0 times
// that is no number.
func lowerRecip(l *lowering, v *ir.Value) {
	r := l.step("Reciprocal", l.in(v))
	most := mostRecip
	if l.o.Float == F64 {
		most = ir.MostRecip
	}
	size := r
	switch v.Args[0].Op {
	case ir.OpNorm, ir.OpLongNorm, ir.OpSqrt, ir.OpAbs, ir.OpExp: // not below 0
	default:
		size = l.step("Abs", []string{r})
	}
	over := l.step("Less", []string{l.number(most), size})
	l.out("Where", v, []string{over, l.number(0), r})
}

// lowerNorm: ReduceL2 needs no room for the squares, but ONNX Runtime has it for
// double since 1.18 only. Scaled, the row is divided by its largest entry, or
// by 1 where that is 0.
func lowerNorm(l *lowering, v *ir.Value) {
	x := l.ref(v.Args[0])
	last := int64(len(v.Args[0].Type.Shape) - 1)
	axes := l.ints(last)
	sum := func(x string) string {
		return l.step("ReduceSum", []string{l.step("Mul", []string{x, x}), axes}, intAttr("keepdims", 0))
	}
	switch {
	case !v.Attrs.Bool("scaled") && l.o.Float == F64:
		l.out("Sqrt", v, []string{sum(x)})
		return
	case !v.Attrs.Bool("scaled"):
		l.reduced("ReduceL2", l.names[v], x, last, 0)
		return
	}
	top := l.reduced("ReduceMax", l.fresh("top"), l.step("Abs", []string{x}), last, 1)
	is0 := l.step("Equal", []string{top, l.number(0)})
	by := l.step("Where", []string{is0, l.number(1), top})
	root := l.step("Sqrt", []string{sum(l.step("Div", []string{x, by}))})
	l.out("Mul", v, []string{root, l.step("Squeeze", []string{by, axes})})
}

// lowerLongNorm: where a row has pieces of ir.NormPiece without a rest, the rows are
// those pieces; other rows are one piece.
func lowerLongNorm(l *lowering, v *ir.Value) {
	shape := v.Args[0].Type.Shape
	rank := int64(len(shape))
	d, whole := l.extent(shape[rank-1]), l.ints(ir.NormPiece)
	rest := l.step("Mod", []string{d, whole})
	each := l.step("Where", []string{l.step("Equal", []string{rest, l.ints(0)}), whole, d})
	var extents []string
	for _, d := range shape[:rank-1] {
		extents = append(extents, l.extent(d))
	}
	extents = append(extents, l.step("Div", []string{d, each}), each)
	pieces := l.step("Reshape", []string{l.ref(v.Args[0]), l.step("Concat", extents, intAttr("axis", 0))})
	sums := l.reduced("ReduceSumSquare", l.fresh("squares"), pieces, rank, 0)
	l.out("Sqrt", v, []string{l.step("ReduceSum", []string{sums, l.ints(rank - 1)}, intAttr("keepdims", 0))})
}

// reduced is a reduction whose axes are an attribute below opset 18 and an input
// from 18.
func (l *lowering) reduced(op, out, x string, axis, keep int64) string {
	if l.o.Opset < 18 {
		return l.node1(op, out, []string{x}, intsAttr("axes", axis), intAttr("keepdims", keep))
	}
	return l.node1(op, out, []string{x, l.ints(axis)}, intAttr("keepdims", keep))
}

// lowerSigmoid: 1/(1+e^−x), which keeps the digits of its tail; e^−x may
// overflow to infinity, whose reciprocal is the right 0.
func lowerSigmoid(l *lowering, v *ir.Value) {
	e := l.step("Exp", []string{l.step("Neg", l.in(v))})
	l.out("Reciprocal", v, []string{l.step("Add", []string{e, l.number(1)})})
}

// lowerSoftplus: max(x,0) + log(1+t), t = e^−|x|, with the rounding of u = 1+t
// made good by (t − (u−1))/u. ONNX's own Softplus overflows by definition.
func lowerSoftplus(l *lowering, v *ir.Value) {
	one := l.number(1)
	t := l.step("Exp", []string{l.step("Neg", []string{l.step("Abs", l.in(v))})})
	u := l.step("Add", []string{t, one})
	lost := l.step("Sub", []string{t, l.step("Sub", []string{u, one})})
	log := l.step("Add", []string{l.step("Log", []string{u}), l.step("Div", []string{lost, u})})
	l.out("Add", v, []string{l.step("Max", append(l.in(v), l.number(0))), log})
}
