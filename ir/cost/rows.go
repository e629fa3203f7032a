package cost

import (
	"fmt"

	"losscc/ir"
)

// row adds the nodes that an op becomes.
type row func(e *estimate, v *ir.Value)

// rows are the ops that cost something, as they are lowered.
var rows map[*ir.Op]row

// free are the ops that become no node, or one that is only another look at the
// same elements.
var free = map[*ir.Op]bool{
	ir.OpParam: true, ir.OpConst: true, ir.OpInt: true, ir.OpAttr: true, ir.OpExtent: true,
	ir.OpUnsqueeze: true, ir.OpSqueeze: true, ir.OpReshape: true,
}

func init() {
	rows = map[*ir.Op]row{
		ir.OpIota: nodes("ConstantOfShape float", "CumSum int64, inner"),
		ir.OpNeg:  nodes("Neg float"), ir.OpAbs: nodes("Abs float"), ir.OpExp: nodes("Exp float"), ir.OpLog: nodes("Log float"),
		ir.OpSqrt: nodes("Sqrt float"), ir.OpFloor: nodes("Floor float"), ir.OpSin: nodes("Sin float"), ir.OpCos: nodes("Cos float"),
		ir.OpAcos:     nodes("Max scalar", "Min scalar", "Acos float"),
		ir.OpRecip:    nodes("Reciprocal float", "Abs float", "Less scalar", "Where scalar where true"),
		ir.OpSigmoid:  nodes("Neg float", "Exp float", "Add scalar", "Reciprocal float"),
		ir.OpSoftplus: nodes("Abs float", "Neg float", "Exp float", "Add scalar", "Sub scalar", "Sub same shape", "Log float", "Div same shape", "Add same shape", "Max scalar", "Add same shape"),
		ir.OpAdd:      binary("Add"), ir.OpSub: binary("Sub"), ir.OpMul: binary("Mul"), ir.OpDiv: binary("Div"), ir.OpMax: binary("Max"), ir.OpMin: binary("Min"),
		ir.OpPow:  power,
		ir.OpLess: binary("Less"), ir.OpLessEqual: binary("LessOrEqual"), ir.OpEqual: binary("Equal"),
		ir.OpAnd: binary("And"), ir.OpOr: binary("Or"), ir.OpNot: nodes("Not bool"),
		ir.OpSelect: choose, ir.OpFloat: convert, ir.OpToInt: convert, ir.OpStop: nodes("Identity float"), ir.OpThrough: nodes("Identity float"),

		ir.OpSum: reduce("ReduceSum"), ir.OpReduceMax: reduce("ReduceMax"), ir.OpReduceMin: reduce("ReduceMin"), ir.OpArgMax: reduce("ArgMax"), ir.OpArgMin: reduce("ArgMin"),
		ir.OpNorm: norm,
		ir.OpLongNorm: func(e *estimate, v *ir.Value) {
			for range 5 { // how long a row is, and its pieces
				e.node("Add int64, scalar", 1)
			}
			x, pieces := v.Args[0], "ReduceSumSquare pieces of 64"
			if e.sizes.Of(x.Type.Shape[len(x.Type.Shape)-1])%ir.NormPiece != 0 { // a row is one
				pieces = "ReduceSumSquare inner"
			}
			e.node(pieces, e.elements(x))
			e.node("ReduceSum float, inner", max(e.elements(x)/ir.NormPiece, e.elements(v)))
			e.node("Sqrt float", e.elements(v))
		},
		ir.OpArgTop: func(e *estimate, v *ir.Value) { e.node("TopK 8 of each row", e.elements(v.Args[0])) },
		ir.OpCumSum: nodes("CumSum float, inner"),

		ir.OpMatMul:    func(e *estimate, v *ir.Value) { e.product(v) },
		ir.OpMatMulBy:  func(e *estimate, v *ir.Value) { e.product(v) },
		ir.OpMatMulAdd: func(e *estimate, v *ir.Value) { e.productOnto(v) },
		ir.OpTranspose: nodes("Transpose float"),
		ir.OpExpand:    expand,
		ir.OpPick:      nodes("GatherElements one of each row"),
		ir.OpPut: func(e *estimate, v *ir.Value) {
			if e.over(v) { // only what is put is written
				e.node("GatherElements one of each row", e.elements(v.Args[2]))
				return
			}
			e.node("ScatterElements one of each row", e.elements(v))
		},
		ir.OpTake: nodes("GatherElements one of each row"),
		ir.OpAddAt: func(e *estimate, v *ir.Value) {
			if !e.over(v) {
				e.node("ScatterElements one of each row", e.elements(v))
			}
			e.node("GatherElements one of each row", e.elements(v.Args[2]))
		},
		ir.OpGather: nodes("Gather N rows of [C,D]"),
		ir.OpScatterAdd: func(e *estimate, v *ir.Value) {
			e.node("ConstantOfShape float", e.elements(v))
			e.node("ScatterElements add N rows to [C,D]", e.elements(v.Args[1]))
		},
		ir.OpNonZero: func(e *estimate, v *ir.Value) { e.node("NonZero bool", e.elements(v.Args[0])) },
		ir.OpConcat:  nodes("Concat one more"),
		ir.OpCall:    call,
	}
}

// nodes is a row of kernels that each make as many elements as the value has.
func nodes(kinds ...string) row {
	return func(e *estimate, v *ir.Value) {
		for _, k := range kinds {
			e.node(k, e.elements(v))
		}
	}
}

// forms are how the operands of a binary op may repeat, in the words of the prices.
var forms = []string{"same shape", "with itself", "scalar", "[N,1]", "[1,C]", "[N,1] with [1,C]"}

// binary is one kernel; its price depends on how operands repeat.
func binary(op string) row {
	kinds, whole := map[string]string{}, map[string]string{} // by form; of whole numbers
	for _, form := range forms {
		kinds[form] = op + " " + form
		if _, measured := prices[kinds[form]]; !measured {
			kinds[form] = op + " same shape" // conditions in rarer forms
		}
		whole[form] = op + " int64, " + form
		if _, measured := prices[whole[form]]; !measured {
			whole[form] = op + " int64, scalar"
		}
		if _, measured := prices[whole[form]]; !measured {
			whole[form] = op + " same shape"
		}
	}
	return func(e *estimate, v *ir.Value) {
		if v.Args[0].Type.Elem == ir.Int {
			e.node(whole[e.form(v)], e.elements(v))
		} else {
			e.node(kinds[e.form(v)], e.elements(v))
		}
	}
}

// form is how the operands of a binary op repeat, one of forms.
func (e *estimate) form(v *ir.Value) string {
	a, b := v.Args[0], v.Args[1]
	if a == b && v.Op == ir.OpMul {
		return "with itself"
	}
	n := e.elements(v)
	wholeA, wholeB := e.elements(a) == n, e.elements(b) == n
	small := b
	if !wholeA {
		small = a
	}
	switch {
	case wholeA && wholeB:
		return "same shape"
	case !wholeA && !wholeB:
		return "[N,1] with [1,C]"
	case e.elements(small) == 1:
		return "scalar"
	case small.Type.Shape[len(small.Type.Shape)-1] == ir.One:
		return "[N,1]"
	}
	return "[1,C]"
}

func power(e *estimate, v *ir.Value) {
	kind := "Pow scalar"
	if v.Attrs.Float("exponent") == 2 {
		kind = "Mul with itself"
	}
	e.node(kind, e.elements(v))
}

// choose is Where, or And and Or among conditions.
func choose(e *estimate, v *ir.Value) {
	n := e.elements(v)
	whole := func(i int) bool { return e.elements(v.Args[i]) == n }
	row := func(i int) bool { return !whole(i) && e.elements(v.Args[i]) > 1 }
	switch {
	case v.Type.Elem == ir.Bool:
		e.node("And same shape", n)
		e.node("And same shape", n)
		e.node("Not bool", n)
		e.node("Or same shape", n)
	case v.Type.Elem == ir.Int:
		e.node("Where int64, scalar where false", n)
	case !whole(0):
		e.node("Where condition [N,1]", n)
	case row(1) || row(2):
		e.node("Where [N,1] where false", n)
	case whole(1) && whole(2):
		e.node("Where same shape", n)
	case whole(2):
		e.node("Where scalar where true", n)
	case whole(1):
		e.node("Where scalar where false", n)
	default:
		e.node("Where scalars", n)
	}
}

// convert is Cast.
func convert(e *estimate, v *ir.Value) {
	names := map[ir.Elem]string{ir.Bool: "bool", ir.Int: "int64", ir.Float: "float"}
	e.node("Cast "+names[v.Args[0].Type.Elem]+" to "+names[v.Type.Elem], e.elements(v))
}

// reduce is one kernel over the elements that go in, dearer across rows.
func reduce(op string) row {
	return func(e *estimate, v *ir.Value) {
		form := " float, "
		if v.Args[0].Type.Elem == ir.Int {
			form = " int64, "
		}
		if v.Attrs.Int("axis") < len(v.Args[0].Type.Shape)-1 {
			form += "outer"
		} else {
			form += "inner"
		}
		if _, measured := prices[op+form]; !measured {
			form = " float, inner" // rarer forms
		}
		e.node(op+form, e.elements(v.Args[0]))
	}
}

func expand(e *estimate, v *ir.Value) {
	kind := "Expand [1,C]"
	if _, number := v.Args[0].Const(); number {
		kind = "ConstantOfShape float"
	}
	e.node(kind, e.elements(v))
}

// norm in float32 is an operator of its own; in float64, and where it is
// scaled, it is made of others.
func norm(e *estimate, v *ir.Value) {
	n := e.elements(v.Args[0])
	switch {
	case v.Attrs.Bool("scaled"):
		e.node("Abs float", n)
		e.node("ReduceMax float, inner", n)
		e.node("Div [N,1]", n)
	case !e.double:
		e.node("ReduceL2 inner", n)
		return
	}
	e.node("Mul with itself", n)
	e.node("ReduceSum float, inner", n)
	e.node("Sqrt float", e.elements(v))
	e.passing = int64(n) * e.width(ir.Float)
}

// call is the body of a function at the sizes of its arguments, once for all of
// its results.
func call(e *estimate, v *ir.Value) {
	if v.Attrs.Int("out") > 0 {
		return
	}
	f := v.Callee()
	inner := Sizes{pairs: e.sizes[pairs]}
	key := fmt.Appendf(nil, "%d", inner[pairs])
	for i, p := range f.Params {
		for k, d := range p.Type.Shape {
			inner[d] = e.sizes.Of(v.Args[i].Type.Shape[k])
			key = fmt.Appendf(key, " %d", inner[d])
		}
	}
	at := bodyAt{f, string(key)}
	body, ok := e.bodies[at]
	if !ok {
		body = e.Of(f, inner)[0]
		e.bodies[at] = body
	}
	e.out.Nanoseconds += body.Nanoseconds
	e.out.Nodes += body.Nodes
}
