package onnxexport

import (
	"fmt"

	"losscc/ir"
	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// rows is the whole lowering: what each op becomes. A row emits nodes of which
// the last makes the value under the name that it has been given.
var rows map[*ir.Op]func(l *lowering, v *ir.Value)

func init() {
	rows = map[*ir.Op]func(l *lowering, v *ir.Value){
		ir.OpParam: func(*lowering, *ir.Value) {},
		// Constants appear where they are first referred to.
		ir.OpConst: func(*lowering, *ir.Value) {},
		ir.OpInt:   func(*lowering, *ir.Value) {},
		ir.OpAttr:  lowerAttr,
		ir.OpIota:  lowerIota,
		ir.OpExtent: func(l *lowering, v *ir.Value) {
			l.out("Squeeze", v, []string{l.extent(v.Attrs.Dim("dim")), l.ints(0)})
		},

		ir.OpNeg: direct("Neg"), ir.OpAbs: direct("Abs"), ir.OpExp: direct("Exp"), ir.OpLog: direct("Log"),
		ir.OpSqrt: direct("Sqrt"), ir.OpFloor: direct("Floor"), ir.OpSin: direct("Sin"),
		ir.OpRecip: lowerRecip, ir.OpNorm: lowerNorm, ir.OpLongNorm: lowerLongNorm,
		ir.OpCos: lowerCos, ir.OpAcos: lowerAcos, ir.OpSigmoid: lowerSigmoid, ir.OpSoftplus: lowerSoftplus,
		ir.OpAdd: direct("Add"), ir.OpSub: direct("Sub"), ir.OpMul: direct("Mul"), ir.OpDiv: direct("Div"),
		ir.OpMax: direct("Max"), ir.OpMin: direct("Min"),
		ir.OpPow: func(l *lowering, v *ir.Value) {
			if e := v.Attrs.Float("exponent"); e == 2 {
				l.out("Mul", v, []string{l.ref(v.Args[0]), l.ref(v.Args[0])})
			} else {
				l.out("Pow", v, []string{l.ref(v.Args[0]), l.number(e)})
			}
		},

		ir.OpLess: direct("Less"), ir.OpLessEqual: lowerLessEqual, ir.OpEqual: direct("Equal"),
		ir.OpAnd: direct("And"), ir.OpOr: direct("Or"), ir.OpNot: lowerNot, ir.OpSelect: lowerSelect,
		ir.OpFloat: func(l *lowering, v *ir.Value) {
			l.out("Cast", v, l.in(v), intAttr("to", int64(l.o.Float.inside())))
		},
		ir.OpToInt: func(l *lowering, v *ir.Value) {
			l.out("Cast", v, l.in(v), intAttr("to", int64(onnxpb.TensorProto_INT64)))
		},
		ir.OpStop:    direct("Identity"),
		ir.OpThrough: func(l *lowering, v *ir.Value) { l.out("Identity", v, l.in(v)[:1]) },

		ir.OpSum: lowerSum,
		ir.OpReduceMax: func(l *lowering, v *ir.Value) {
			l.reduced("ReduceMax", l.names[v], l.ref(v.Args[0]), axis(v), 0)
		},
		ir.OpReduceMin: func(l *lowering, v *ir.Value) {
			l.reduced("ReduceMin", l.names[v], l.ref(v.Args[0]), axis(v), 0)
		},
		ir.OpArgMax: func(l *lowering, v *ir.Value) {
			l.out("ArgMax", v, l.in(v), intAttr("axis", axis(v)), intAttr("keepdims", 0))
		},
		ir.OpArgMin: func(l *lowering, v *ir.Value) {
			l.out("ArgMin", v, l.in(v), intAttr("axis", axis(v)), intAttr("keepdims", 0))
		},
		ir.OpArgTop: func(l *lowering, v *ir.Value) {
			largest := int64(0)
			if v.Attrs.Bool("largest") {
				largest = 1
			}
			k := l.step("Unsqueeze", []string{l.ref(v.Args[1]), l.ints(0)})
			l.node("TopK", []string{l.fresh("top"), l.names[v]}, []string{l.ref(v.Args[0]), k},
				intAttr("axis", -1), intAttr("largest", largest), intAttr("sorted", 1))
		},
		ir.OpCumSum: func(l *lowering, v *ir.Value) { l.out("CumSum", v, append(l.in(v), l.whole(axis(v)))) },

		ir.OpMatMul: func(l *lowering, v *ir.Value) {
			ta, tb := v.Attrs.Bool("trans_a"), v.Attrs.Bool("trans_b")
			if !ta && !tb {
				l.out("MatMul", v, l.in(v))
				return
			}
			// Gemm, because the product of a Transpose fails for double in
			// ONNX Runtime up to 1.24.
			l.out("Gemm", v, l.in(v), flag("transA", ta), flag("transB", tb))
		},
		ir.OpMatMulAdd: func(l *lowering, v *ir.Value) {
			l.out("Gemm", v, l.in(v), flag("transA", v.Attrs.Bool("trans_a")), flag("transB", v.Attrs.Bool("trans_b")))
		},
		// An attribute of 32 bits holds the factor.
		ir.OpMatMulBy: func(l *lowering, v *ir.Value) {
			factor := v.Attrs.Float("factor")
			if float64(float32(factor)) != factor {
				l.err = fmt.Errorf("the factor %v needs more than 32 bits, which Gemm does not have for it", factor)
				return
			}
			l.out("Gemm", v, l.in(v), flag("transA", v.Attrs.Bool("trans_a")), flag("transB", v.Attrs.Bool("trans_b")), floatAttr("alpha", factor))
		},
		ir.OpTranspose: func(l *lowering, v *ir.Value) { l.out("Transpose", v, l.in(v), intsAttr("perm", 1, 0)) },
		ir.OpExpand:    lowerExpand,
		ir.OpReshape: func(l *lowering, v *ir.Value) {
			l.out("Reshape", v, append(l.in(v), l.shape(v.Type.Shape)), intAttr("allowzero", 1))
		},
		ir.OpUnsqueeze: func(l *lowering, v *ir.Value) {
			if l.result(v) {
				l.out("Unsqueeze", v, append(l.in(v), l.ints(axis(v))))
				return
			}
			l.names[v] = l.unsqueezed(v.Args[0], l.ints(axis(v)))
		},
		ir.OpSqueeze: func(l *lowering, v *ir.Value) { l.out("Squeeze", v, append(l.in(v), l.ints(axis(v)))) },

		ir.OpPick: func(l *lowering, v *ir.Value) {
			a := l.ints(axis(v))
			idx := l.unsqueezed(v.Args[1], a)
			e := l.step("GatherElements", []string{l.ref(v.Args[0]), idx}, intAttr("axis", axis(v)))
			l.out("Squeeze", v, []string{e, a})
			l.shapes[unsqueezedKey(l.ref(v), a)] = e
		},
		ir.OpPut: func(l *lowering, v *ir.Value) {
			if l.outer != nil && l.blocks.across(v) {
				l.putInBlock(v)
				return
			}
			a := l.ints(axis(v))
			idx := l.unsqueezed(v.Args[1], a)
			x := l.unsqueezed(v.Args[2], a)
			l.mayWriteOver(v.Args[0])
			l.out("ScatterElements", v, []string{l.ref(v.Args[0]), idx, x}, intAttr("axis", axis(v)))
		},
		ir.OpTake: func(l *lowering, v *ir.Value) { l.out("GatherElements", v, l.in(v), intAttr("axis", 1)) },
		ir.OpAddAt: func(l *lowering, v *ir.Value) {
			l.mayWriteOver(v.Args[0])
			l.out("ScatterElements", v, l.in(v), intAttr("axis", 1), textAttr("reduction", "add"))
		},
		ir.OpGather:     func(l *lowering, v *ir.Value) { l.out("Gather", v, l.in(v), intAttr("axis", 0)) },
		ir.OpScatterAdd: lowerScatterAdd,
		ir.OpNonZero: func(l *lowering, v *ir.Value) {
			l.out("Transpose", v, []string{l.step("NonZero", l.in(v))}, intsAttr("perm", 1, 0))
		},
		ir.OpConcat: func(l *lowering, v *ir.Value) { l.out("Concat", v, l.in(v), intAttr("axis", 0)) },
		ir.OpCall:   lowerCall,
	}
}

// out adds the node that makes v.
func (l *lowering) out(op string, v *ir.Value, ins []string, attrs ...*onnxpb.AttributeProto) {
	l.node1(op, l.names[v], ins, attrs...)
}

// direct is an op that is one node with the same arguments.
func direct(op string) func(*lowering, *ir.Value) {
	return func(l *lowering, v *ir.Value) { l.out(op, v, l.in(v)) }
}

func axis(v *ir.Value) int64 { return int64(v.Attrs.Int("axis")) }

func flag(name string, on bool) *onnxpb.AttributeProto {
	if on {
		return intAttr(name, 1)
	}
	return intAttr(name, 0)
}

// unsqueezed is a value with an axis put in, made once for each value and axis.
func (l *lowering) unsqueezed(v *ir.Value, axes string) string {
	key := unsqueezedKey(l.ref(v), axes)
	if name, ok := l.shapes[key]; ok {
		return name
	}
	l.shapes[key] = l.step("Unsqueeze", []string{l.ref(v), axes})
	return l.shapes[key]
}

func unsqueezedKey(of, axes string) string { return "unsqueezed " + of + " " + axes }

// lowerNot takes what a condition was made the opposite of.
func lowerNot(l *lowering, v *ir.Value) {
	if opposite := l.shapes["not "+l.ref(v.Args[0])]; opposite != "" && !l.result(v) {
		l.names[v] = opposite
		return
	}
	l.out("Not", v, l.in(v))
}

// filled is the one-element tensor that ConstantOfShape fills with.
func (l *lowering) filled(x float64) *onnxpb.TensorProto {
	t := l.scalar(x)
	t.Dims = []int64{1}
	return t
}

// lowerScatterAdd: ScatterElements adds one update after the other. ScatterND
// would need no indices beyond the rows', but ONNX Runtime's (1.32) deals the
// updates out to threads, which then add to one row at once and lose some.
func lowerScatterAdd(l *lowering, v *ir.Value) {
	idx, x := v.Args[0], v.Args[1]
	zeros := l.step("ConstantOfShape", []string{l.shape(v.Type.Shape)}, tensorAttr("value", l.filled(0)))
	l.tell(zeros, v.Type)
	at := l.ref(idx)
	for i := 1; i < len(x.Type.Shape); i++ {
		at = l.step("Unsqueeze", []string{at, l.ints(int64(i))})
	}
	if len(x.Type.Shape) > 1 {
		at = l.step("Expand", []string{at, l.shape(x.Type.Shape)})
	}
	l.out("ScatterElements", v, []string{zeros, at, l.ref(x)}, intAttr("axis", 0), textAttr("reduction", "add"))
}

func lowerExpand(l *lowering, v *ir.Value) {
	if c, ok := v.Args[0].Const(); ok {
		l.out("ConstantOfShape", v, []string{l.shape(v.Type.Shape)}, tensorAttr("value", l.filled(c)))
		return
	}
	l.out("Expand", v, append(l.in(v), l.shape(v.Type.Shape)))
}

// lowerAttr reads a number attribute of the function. It is a tensor of the
// arithmetic's type, because a FLOAT attribute holds 32 bits.
func lowerAttr(l *lowering, v *ir.Value) {
	l.node1("Constant", l.names[v], nil, &onnxpb.AttributeProto{
		Name: proto.String("value"), RefAttrName: proto.String(v.Attrs.Text("name")), Type: onnxpb.AttributeProto_TENSOR.Enum(),
	})
}

// lowerCall makes one node for all results of a call that are used.
func lowerCall(l *lowering, v *ir.Value) {
	f := v.Callee()
	key := l.ops[f]
	for _, n := range l.in(v) {
		key += "," + n
	}
	for _, a := range v.CallAttrs() {
		key += "," + a.Name + "=" + ir.AttrText(a.Val)
	}
	if len(f.Results) == 1 {
		l.callNode(v, f, []string{l.names[v]})
		return
	}
	if l.done[key] == "" {
		l.done[key] = l.names[v]
		l.callNode(v, f, l.callOuts(v, f))
	}
}

// callOuts names every result of a call: the values that use them, or a name
// that nothing reads.
func (l *lowering) callOuts(v *ir.Value, f *ir.Func) []string {
	outs := make([]string, len(f.Results))
	for _, w := range l.f.Values {
		if w.Op == ir.OpCall && w.Callee() == f && sameArgs(v, w) {
			outs[w.Attrs.Int("out")] = l.named(w)
		}
	}
	for i := range outs {
		if outs[i] == "" {
			outs[i] = l.fresh(f.Results[i].Name)
		}
	}
	return outs
}

func sameArgs(v, w *ir.Value) bool {
	for i := range v.Args {
		if v.Args[i] != w.Args[i] {
			return false
		}
	}
	for i, a := range v.CallAttrs() {
		if w.CallAttrs()[i] != a {
			return false
		}
	}
	return true
}

func (l *lowering) callNode(v *ir.Value, f *ir.Func, outs []string) {
	n := &onnxpb.NodeProto{
		OpType: proto.String(l.ops[f]), Domain: proto.String(Domain), Name: proto.String(l.nodeName(outs)),
		Input: l.in(v), Output: outs,
	}
	for i, a := range v.CallAttrs() {
		switch f.Attrs[i].Kind {
		case ir.NumberAttr:
			n.Attribute = append(n.Attribute, tensorAttr(a.Name, l.scalar(a.Val.(float64))))
		case ir.FloatAttr:
			n.Attribute = append(n.Attribute, floatAttr(a.Name, a.Val.(float64)))
		case ir.IntAttr:
			n.Attribute = append(n.Attribute, intAttr(a.Name, a.Val.(int64)))
		case ir.TextAttr:
			n.Attribute = append(n.Attribute, textAttr(a.Name, a.Val.(string)))
		}
	}
	l.nodes = append(l.nodes, n)
}
