package ir

// The words in which builders write. Arithmetic reads infix, as methods; an
// operand is a *Value, a float64 or an int, and numbers become constants.

// Operand is what arithmetic takes: *Value, float64 or int.
type Operand any

// Num is a constant.
func (b *Builder) Num(x float64) *Value { return b.Emit(OpConst, Attrs{{"value", x}}) }

// Whole is an int constant.
func (b *Builder) Whole(n int) *Value { return b.Emit(OpInt, Attrs{{"value", int64(n)}}) }

// Iota is 0, 1, … along an extent.
func (b *Builder) Iota(d Dim) *Value { return b.Emit(OpIota, Attrs{{"dim", d}}) }

// Extent is an extent as an int.
func (b *Builder) Extent(d Dim) *Value { return b.Emit(OpExtent, Attrs{{"dim", d}}) }

// Count is an extent as a float.
func (b *Builder) Count(d Dim) *Value { return b.Extent(d).Float() }

// operand turns an operand of v's kind into a value.
func (v *Value) operand(x Operand) *Value {
	switch x := x.(type) {
	case *Value:
		return x
	case float64:
		return v.b.Num(x)
	case int:
		if v.Type.Elem == Int {
			return v.b.Whole(x)
		}
		return v.b.Num(float64(x))
	}
	return v.b.fail("operand is %T, want a value or a number", x)
}

func (v *Value) un(op *Op) *Value             { return v.b.Emit(op, nil, v) }
func (v *Value) bin(op *Op, x Operand) *Value { return v.b.Emit(op, nil, v, v.operand(x)) }

// Builder is what v was made by.
func (v *Value) Builder() *Builder { return v.b }

// Called gives the value the paper's name for it, unless it has one.
func (v *Value) Called(name string) *Value {
	if v.Name != "" || v.Type.Elem == 0 {
		return v
	}
	if err := nameError("a value", name); err != nil {
		return v.b.fail("%w", err)
	}
	v.Name = name
	return v
}

// Add is v + x.
func (v *Value) Add(x Operand) *Value { return v.bin(OpAdd, x) }

// Sub is v − x.
func (v *Value) Sub(x Operand) *Value { return v.bin(OpSub, x) }

// Mul is v · x.
func (v *Value) Mul(x Operand) *Value { return v.bin(OpMul, x) }

// Div is v / x.
func (v *Value) Div(x Operand) *Value { return v.bin(OpDiv, x) }

// Max is the larger of v and x.
func (v *Value) Max(x Operand) *Value { return v.bin(OpMax, x) }

// Min is the smaller of v and x.
func (v *Value) Min(x Operand) *Value { return v.bin(OpMin, x) }

// Less is v < x.
func (v *Value) Less(x Operand) *Value { return v.bin(OpLess, x) }

// LessEq is v ≤ x.
func (v *Value) LessEq(x Operand) *Value { return v.bin(OpLessEqual, x) }

// Greater is v > x.
func (v *Value) Greater(x Operand) *Value { return v.operand(x).bin(OpLess, v) }

// GreaterEq is v ≥ x.
func (v *Value) GreaterEq(x Operand) *Value { return v.operand(x).bin(OpLessEqual, v) }

// Eq is v = x.
func (v *Value) Eq(x Operand) *Value { return v.bin(OpEqual, x) }

// And is v and c.
func (v *Value) And(c *Value) *Value { return v.b.Emit(OpAnd, nil, v, c) }

// Or is v or c.
func (v *Value) Or(c *Value) *Value { return v.b.Emit(OpOr, nil, v, c) }

// Not is the opposite of v.
func (v *Value) Not() *Value { return v.un(OpNot) }

// Neg is −v.
func (v *Value) Neg() *Value { return v.un(OpNeg) }

// Float is a bool or int as a float.
func (v *Value) Float() *Value { return v.un(OpFloat) }

// Int is a bool or float as an int.
func (v *Value) Int() *Value { return v.un(OpToInt) }

// Pow is v^exponent for v ≥ 0.
func (v *Value) Pow(exponent float64) *Value {
	return v.b.Emit(OpPow, Attrs{{"exponent", exponent}}, v)
}

// Through is w in its value and v in its gradient, where w only mends v, or is
// the same by a way whose gradient is dearer. In a file without gradients it is w.
func (v *Value) Through(w *Value) *Value { return v.b.Emit(OpThrough, nil, w, v) }

// Square is v·v.
func (v *Value) Square() *Value { return v.Mul(v) }

// T is a matrix transposed.
func (v *Value) T() *Value { return v.un(OpTranspose) }

// Unsqueeze puts in an axis of extent 1.
func (v *Value) Unsqueeze(axis int) *Value { return v.axis(OpUnsqueeze, axis) }

// Squeeze takes out an axis of extent 1.
func (v *Value) Squeeze(axis int) *Value { return v.axis(OpSqueeze, axis) }

// Col is a vector [N] as a column [N,1].
func (v *Value) Col() *Value { return v.Unsqueeze(1) }

// Row is a vector [N] as a row [1,N].
func (v *Value) Row() *Value { return v.Unsqueeze(0) }

func (v *Value) axis(op *Op, axis int) *Value {
	return v.b.Emit(op, Attrs{{"axis", int64(axis)}}, v)
}

// Expand is v repeated to a shape.
func (v *Value) Expand(shape ...Dim) *Value {
	return v.b.Emit(OpExpand, Attrs{{"shape", Shape(shape)}}, v)
}

// Reshape is v's elements under another shape.
func (v *Value) Reshape(shape ...Dim) *Value {
	return v.b.Emit(OpReshape, Attrs{{"shape", Shape(shape)}}, v)
}

// Pick is the element of v at idx along an axis: [N,C], [N] → [N].
func (v *Value) Pick(axis int, idx *Value) *Value {
	return v.b.Emit(OpPick, Attrs{{"axis", int64(axis)}}, v, idx)
}

// Put is v with the element at idx along an axis replaced by x: [N,C], [N], [N] →
// [N,C].
func (v *Value) Put(axis int, idx, x *Value) *Value {
	return v.b.Emit(OpPut, Attrs{{"axis", int64(axis)}}, v, idx, x)
}

// Take is the elements of each row of v at idx, places of that row: [N,C], [N,R] →
// [N,R].
func (v *Value) Take(idx *Value) *Value { return v.b.Emit(OpTake, nil, v, idx) }

// AddAt is v with x added in each row at idx, places of that row: [N,C], [N,R],
// [N,R] → [N,C].
func (v *Value) AddAt(idx, x *Value) *Value { return v.b.Emit(OpAddAt, nil, v, idx, x) }

// Gather is the rows of v at idx: [C,D], [N] → [N,D].
func (v *Value) Gather(idx *Value) *Value { return v.b.Emit(OpGather, nil, v, idx) }

// ScatterAdd sums the rows of v by the places idx into dim rows: [N,D], [N] →
// [dim,D].
func (v *Value) ScatterAdd(idx *Value, dim Dim) *Value {
	return v.b.Emit(OpScatterAdd, Attrs{{"dim", dim}}, idx, v)
}

// NonZero is the places where v holds, a column an axis; dim names how many there
// are: [N,C] → [dim,2].
func (v *Value) NonZero(dim Dim) *Value {
	return v.b.Emit(OpNonZero, Attrs{{"dim", dim}}, v)
}

// Concat is the rows of v, then those of w; dim names how many there are: [N,D],
// [M,D] → [dim,D].
func (v *Value) Concat(w *Value, dim Dim) *Value {
	return v.b.Emit(OpConcat, Attrs{{"dim", dim}}, v, w)
}

// CumSum is the running sum along an axis.
func (v *Value) CumSum(axis int) *Value { return v.axis(OpCumSum, axis) }

// ArgMax is the place of the first maximum along an axis: [N,C] → [N].
func (v *Value) ArgMax(axis int) *Value { return v.axis(OpArgMax, axis) }

// ArgMin is the place of the first minimum along an axis: [N,C] → [N].
func (v *Value) ArgMin(axis int) *Value { return v.axis(OpArgMin, axis) }

// ArgTop is the places of the k largest along the last axis, in order; dim names
// k: [N,C], [] → [N,dim].
func (v *Value) ArgTop(k *Value, dim Dim) *Value {
	return v.b.Emit(OpArgTop, Attrs{{"largest", true}, {"dim", dim}}, v, k)
}

// ArgBottom is the places of the k smallest along the last axis, in order; dim
// names k: [N,C], [] → [N,dim].
func (v *Value) ArgBottom(k *Value, dim Dim) *Value {
	return v.b.Emit(OpArgTop, Attrs{{"largest", false}, {"dim", dim}}, v, k)
}

// Column is column k of a matrix.
func (v *Value) Column(k int) *Value { return v.T().Gather(v.b.Whole(k)) }

// Abs is |x|.
func Abs(x *Value) *Value { return x.un(OpAbs) }

// Exp is e^x.
func Exp(x *Value) *Value { return x.un(OpExp) }

// Log is the natural logarithm of x.
func Log(x *Value) *Value { return x.un(OpLog) }

// Sqrt is √x.
func Sqrt(x *Value) *Value { return x.un(OpSqrt) }

// Floor is the largest whole number not above x.
func Floor(x *Value) *Value { return x.un(OpFloor) }

// Sin is the sine of x.
func Sin(x *Value) *Value { return x.un(OpSin) }

// Cos is the cosine of x.
func Cos(x *Value) *Value { return x.un(OpCos) }

// Acos is the arc cosine of x held to [−1, 1].
func Acos(x *Value) *Value { return x.un(OpAcos) }

// Recip is 1/x, and 0 where x is 0.
func Recip(x *Value) *Value { return x.un(OpRecip) }

// Norm is the Euclidean norm over the last axis, safe for huge and tiny
// entries.
func Norm(x *Value) *Value { return x.b.Emit(OpNorm, Attrs{{"scaled", true}}, x) }

// PlainNorm is Norm for entries within 1e±18, which reads x once less.
func PlainNorm(x *Value) *Value { return x.b.Emit(OpNorm, Attrs{{"scaled", false}}, x) }

// Sigmoid is 1/(1+e^−x).
func Sigmoid(x *Value) *Value { return x.un(OpSigmoid) }

// Softplus is log(1+e^x).
func Softplus(x *Value) *Value { return x.un(OpSoftplus) }

// Stop is x, held constant in the gradient.
func Stop(x *Value) *Value { return x.un(OpStop) }

// MatMul is the product of two matrices.
func MatMul(a, w *Value) *Value { return matmul(a, w, false, false) }

// MatMulT is a·wᵀ.
func MatMulT(a, w *Value) *Value { return matmul(a, w, false, true) }

// TMatMul is aᵀ·w.
func TMatMul(a, w *Value) *Value { return matmul(a, w, true, false) }

func matmul(a, w *Value, ta, tb bool) *Value {
	return a.b.Emit(OpMatMul, Attrs{{"trans_a", ta}, {"trans_b", tb}}, a, w)
}

// Sum is the sum of x over the given axes, or over all; the axes go.
func Sum(x *Value, axes ...int) *Value { return reduce(OpSum, x, axes) }

// ReduceMax is the maximum of x over the given axes, or over all; the axes go.
func ReduceMax(x *Value, axes ...int) *Value { return reduce(OpReduceMax, x, axes) }

// ReduceMin is the minimum of x over the given axes, or over all; the axes go.
func ReduceMin(x *Value, axes ...int) *Value { return reduce(OpReduceMin, x, axes) }

// reduce goes from the last axis to the first, so that the numbers stay right.
func reduce(op *Op, x *Value, axes []int) *Value {
	if len(axes) == 0 {
		for a := len(x.Type.Shape) - 1; a >= 0; a-- {
			x = x.axis(op, a)
		}
		return x
	}
	for i := len(axes) - 1; i >= 0; i-- {
		x = x.axis(op, axes[i])
	}
	return x
}

// Select is a where c holds, else otherwise; at least one of them is a value.
func Select(c *Value, a, otherwise Operand) *Value {
	like, ok := a.(*Value)
	if !ok {
		if like, ok = otherwise.(*Value); !ok {
			like = c.b.Num(0)
		}
	}
	return c.b.Emit(OpSelect, nil, c, like.operand(a), like.operand(otherwise))
}
