package grad

import "losscc/ir"

// rule contributes to the arguments of v what v's adjoint g is worth to them.
type rule func(w *walk, v, g *ir.Value)

// rules is the whole calculus. Ops that are missing in it have no derivative
// and are named in constant.
var rules map[*ir.Op]rule

// constant are the ops through which no gradient passes, with the reason.
var constant = map[*ir.Op]string{
	ir.OpParam: "a leaf", ir.OpConst: "a number", ir.OpInt: "a number", ir.OpAttr: "a hyper-parameter",
	ir.OpIota: "whole numbers", ir.OpExtent: "whole numbers",
	ir.OpFloor: "flat between its steps", ir.OpStop: "held constant by the formula",
	ir.OpLess: "a choice", ir.OpLessEqual: "a choice", ir.OpEqual: "a choice",
	ir.OpAnd: "a choice", ir.OpOr: "a choice", ir.OpNot: "a choice",
	ir.OpFloat: "made from whole numbers", ir.OpToInt: "whole numbers",
	ir.OpArgMax: "a choice", ir.OpArgMin: "a choice", ir.OpArgTop: "a choice", ir.OpNonZero: "a choice",
}

func init() { rules = calculus() }

// calculus is a function only because the row of call needs the table.
func calculus() map[*ir.Op]rule {
	return map[*ir.Op]rule{
		ir.OpNeg:      func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Neg()) },
		ir.OpAbs:      func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(sign(v.Args[0]))) },
		ir.OpExp:      func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(v)) },
		ir.OpLog:      func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Div(v.Args[0])) },
		ir.OpSqrt:     func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(ir.Recip(v).Mul(0.5))) },
		ir.OpSin:      func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(ir.Cos(v.Args[0]))) },
		ir.OpCos:      func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(ir.Sin(v.Args[0])).Neg()) },
		ir.OpAcos:     func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(ir.Recip(sine(v.Args[0]))).Neg()) },
		ir.OpRecip:    func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(v).Mul(v).Neg()) },
		ir.OpSigmoid:  func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(v.Sub(v.Square()))) },
		ir.OpSoftplus: func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Mul(ir.Sigmoid(v.Args[0]))) },
		ir.OpPow: func(w *walk, v, g *ir.Value) {
			e := v.Attrs.Float("exponent")
			w.add(v.Args[0], g.Mul(v.Args[0].Pow(e-1).Mul(e)))
		},

		ir.OpThrough: func(w *walk, v, g *ir.Value) { w.add(v.Args[1], g) },

		ir.OpAdd: func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g); w.add(v.Args[1], g) },
		ir.OpSub: func(w *walk, v, g *ir.Value) {
			w.add(v.Args[0], g)
			if w.active[v.Args[1]] {
				w.add(v.Args[1], g.Neg())
			}
		},
		ir.OpMul: func(w *walk, v, g *ir.Value) {
			for i, a := range v.Args {
				if w.active[a] {
					w.add(a, g.Mul(v.Args[1-i]))
				}
			}
		},
		ir.OpDiv: func(w *walk, v, g *ir.Value) {
			q := g.Div(v.Args[1])
			w.add(v.Args[0], q)
			if w.active[v.Args[1]] {
				w.add(v.Args[1], q.Mul(v).Neg())
			}
		},
		// The result tells which was taken, so that the first argument need not
		// be kept: max(a, b) > b just where a > b.
		ir.OpMax: func(w *walk, v, g *ir.Value) { w.addChoice(v, g, v.Greater(v.Args[1])) },
		ir.OpMin: func(w *walk, v, g *ir.Value) { w.addChoice(v, g, v.Less(v.Args[1])) },
		ir.OpSelect: func(w *walk, v, g *ir.Value) {
			if w.active[v.Args[1]] {
				w.add(v.Args[1], ir.Select(v.Args[0], g, 0.0))
			}
			if w.active[v.Args[2]] {
				w.add(v.Args[2], ir.Select(v.Args[0], 0.0, g))
			}
		},

		ir.OpSum: func(w *walk, v, g *ir.Value) {
			x := v.Args[0]
			w.add(x, g.Unsqueeze(v.Attrs.Int("axis")).Expand(x.Type.Shape...))
		},
		ir.OpNorm: func(w *walk, v, g *ir.Value) {
			if x, last := v.Args[0], len(v.Args[0].Type.Shape)-1; v.Attrs.Bool("scaled") {
				// The unit vector first: g/‖x‖ may be too large to be a number.
				w.add(x, x.Mul(ir.Recip(v).Unsqueeze(last)).Mul(g.Unsqueeze(last)))
				return
			}
			norm(w, v, g)
		},
		ir.OpLongNorm: norm,
		ir.OpReduceMax: func(w *walk, v, g *ir.Value) {
			axis := v.Attrs.Int("axis")
			w.addAt(v.Args[0], axis, v.Args[0].ArgMax(axis), g)
		},
		ir.OpReduceMin: func(w *walk, v, g *ir.Value) {
			axis := v.Attrs.Int("axis")
			w.addAt(v.Args[0], axis, v.Args[0].ArgMin(axis), g)
		},
		ir.OpCumSum: func(w *walk, v, g *ir.Value) {
			// The adjoint of a running sum is the running sum from the other
			// end: the total less what came before.
			axis := v.Attrs.Int("axis")
			run := w.b.Emit(ir.OpCumSum, v.Attrs, g)
			w.add(v.Args[0], ir.Sum(g, axis).Unsqueeze(axis).Sub(run).Add(g))
		},
		ir.OpMatMul: matmul,
		ir.OpMatMulAdd: func(w *walk, v, g *ir.Value) {
			matmul(w, v, g)
			w.add(v.Args[2], g)
		},
		ir.OpMatMulBy: func(w *walk, v, g *ir.Value) { matmul(w, v, g.Mul(v.Attrs.Float("factor"))) },

		ir.OpTranspose: func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.T()) },
		ir.OpExpand:    func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g) },
		ir.OpReshape:   func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Reshape(v.Args[0].Type.Shape...)) },
		ir.OpUnsqueeze: func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Squeeze(v.Attrs.Int("axis"))) },
		ir.OpSqueeze:   func(w *walk, v, g *ir.Value) { w.add(v.Args[0], g.Unsqueeze(v.Attrs.Int("axis"))) },

		ir.OpPick: func(w *walk, v, g *ir.Value) { w.addAt(v.Args[0], v.Attrs.Int("axis"), v.Args[1], g) },
		ir.OpPut: func(w *walk, v, g *ir.Value) {
			axis, idx := v.Attrs.Int("axis"), v.Args[1]
			if w.active[v.Args[0]] {
				w.add(v.Args[0], g.Put(axis, idx, w.b.Num(0).Expand(v.Args[2].Type.Shape...)))
			}
			if w.active[v.Args[2]] {
				w.add(v.Args[2], g.Pick(axis, idx))
			}
		},
		ir.OpTake: func(w *walk, v, g *ir.Value) {
			x := v.Args[0]
			w.add(x, w.b.Num(0).Expand(x.Type.Shape...).AddAt(v.Args[1], g))
		},
		ir.OpAddAt: func(w *walk, v, g *ir.Value) {
			w.add(v.Args[0], g)
			if w.active[v.Args[2]] {
				w.add(v.Args[2], g.Take(v.Args[1]))
			}
		},
		ir.OpGather: func(w *walk, v, g *ir.Value) {
			x, idx := v.Args[0], v.Args[1]
			flat := ir.One
			for _, d := range idx.Type.Shape {
				flat = flat.Times(d)
			}
			if len(idx.Type.Shape) != 1 {
				idx = idx.Reshape(flat)
				g = g.Reshape(append(ir.Shape{flat}, x.Type.Shape[1:]...)...)
			}
			w.add(x, g.ScatterAdd(idx, x.Type.Shape[0]))
		},
		ir.OpScatterAdd: func(w *walk, v, g *ir.Value) { w.add(v.Args[1], g.Gather(v.Args[0])) },
		ir.OpConcat: func(w *walk, v, g *ir.Value) {
			first, second := v.Args[0].Type.Shape[0], v.Args[1].Type.Shape[0]
			w.add(v.Args[0], g.Gather(w.b.Iota(first)))
			w.add(v.Args[1], g.Gather(w.b.Iota(second).Add(w.b.Extent(first))))
		},
		ir.OpCall: call,
	}
}

// sign is −1, 0 or 1.
func sign(x *ir.Value) *ir.Value { return x.Greater(0).Float().Sub(x.Less(0).Float()) }

// sine is √(1−c²) for a cosine, 0 beyond ±1.
func sine(c *ir.Value) *ir.Value {
	one := c.Builder().Num(1)
	return ir.Sqrt(one.Sub(c).Mul(one.Add(c)).Max(0.0))
}

// addChoice gives g to the first argument where it was taken, else to the
// second.
func (w *walk) addChoice(v, g, first *ir.Value) {
	if w.active[v.Args[0]] {
		w.add(v.Args[0], g.Mul(first.Float()))
	}
	if w.active[v.Args[1]] {
		w.add(v.Args[1], g.Mul(first.Not().Float()))
	}
}

// norm is what reaches the rows whose norms v is.
func norm(w *walk, v, g *ir.Value) {
	x := v.Args[0]
	w.add(x, x.Mul(g.Mul(ir.Recip(v)).Unsqueeze(len(x.Type.Shape)-1)))
}

// matmul: with Z = A·B, ∂A = G·Bᵀ and ∂B = Aᵀ·G; with Z = X·Xᵀ both are one
// product, (G + Gᵀ)·X.
func matmul(w *walk, v, g *ir.Value) {
	a, c := v.Args[0], v.Args[1]
	ta, tb := v.Attrs.Bool("trans_a"), v.Attrs.Bool("trans_b")
	product := func(x, y *ir.Value, tx, ty bool) *ir.Value {
		return w.b.Emit(ir.OpMatMul, ir.Attrs{{Name: "trans_a", Val: tx}, {Name: "trans_b", Val: ty}}, x, y)
	}
	if a == c && !ta && tb {
		if w.active[a] {
			w.add(a, product(g.Add(g.T()), a, false, false))
		}
		return
	}
	if w.active[a] {
		if ta {
			w.add(a, product(c, g, tb, true))
		} else {
			w.add(a, product(g, c, false, !tb))
		}
	}
	if w.active[c] {
		if tb {
			w.add(c, product(g, a, true, ta))
		} else {
			w.add(c, product(a, g, !ta, false))
		}
	}
}

// call applies the callee's derivative function. Detached, a margin's is that
// of its cosine.
func call(w *walk, v, g *ir.Value) {
	f := v.Callee()
	if w.sem == Detached && f.Margin {
		w.add(v.Args[0], g)
		return
	}
	active := make([]bool, len(v.Args))
	for i, a := range v.Args {
		active[i] = w.active[a]
	}
	if len(f.Results) != 1 {
		w.b.Fail("@%s has %d results; only a function with one can be differentiated", f.Name, len(f.Results))
		return
	}
	d := w.derivativeOf(f, active)
	if d == nil {
		return
	}
	var args []*ir.Value
	for _, i := range d.uses {
		args = append(args, v.Args[i])
	}
	args = append(args, g)
	for i, a := range v.Args {
		if out, ok := d.out[i]; ok {
			w.add(a, w.b.CallOut(d.fn, out, v.CallAttrs(), args...))
		}
	}
}
