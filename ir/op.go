package ir

import "math"

// AttrRow declares an attribute of an op: its name and a sample of the kind of
// value it holds.
type AttrRow struct {
	Name string
	Kind any
}

// Op is a row of the table of primitive operations.
type Op struct {
	Name  string
	Arity int // -1: any number
	Attrs []AttrRow
	// Infer is the type rule.
	Infer func(args []Type, attrs Attrs) (Type, error)
	// Scalar is what an elementwise op does to one element of each float
	// argument; nil for the others.
	Scalar func(x ...float64) float64
	// Doc says what the op makes, Example how it prints.
	Doc, Example string
}

// String is the op's name.
func (o *Op) String() string { return o.Name }

var (
	axisAttr  = []AttrRow{{"axis", int64(0)}}
	shapeAttr = []AttrRow{{"shape", Shape{}}}
	dimAttr   = []AttrRow{{"dim", Dim("")}}
)

func unary(name, doc string, f func(float64) float64) *Op {
	return &Op{Name: name, Arity: 1, Infer: inferFloats, Doc: doc,
		Scalar:  func(x ...float64) float64 { return f(x[0]) },
		Example: "y: float[N,C] = " + name + " x"}
}

func binary(name, doc string, f func(a, b float64) float64) *Op {
	return &Op{Name: name, Arity: 2, Infer: inferNumbers, Doc: doc,
		Scalar:  func(x ...float64) float64 { return f(x[0], x[1]) },
		Example: "z: float[N,C] = " + name + " x, y"}
}

// The table. Elementwise ops broadcast their operands.
var (
	OpParam  = &Op{Name: "param", Attrs: []AttrRow{{"role", ""}}, Doc: "a parameter of the function; its type is declared", Example: "embeddings: float[N,D] embedding"}
	OpConst  = &Op{Name: "const", Attrs: []AttrRow{{"value", 0.0}}, Infer: fixed(F()), Doc: "a number", Example: "%1: float[] = const {value=64.0}"}
	OpInt    = &Op{Name: "int", Attrs: []AttrRow{{"value", int64(0)}}, Infer: fixed(I()), Doc: "a whole number", Example: "%1: int[] = int {value=0}"}
	OpAttr   = &Op{Name: "attr", Attrs: []AttrRow{{"name", ""}}, Infer: fixed(F()), Doc: "a number attribute of the function, set by its call", Example: "%1: float[] = attr {name=\"cos_margin\"}"}
	OpIota   = &Op{Name: "iota", Attrs: dimAttr, Infer: inferIota, Doc: "0, 1, … along an extent", Example: "i: int[N] = iota {dim=N}"}
	OpExtent = &Op{Name: "extent", Attrs: dimAttr, Infer: fixed(I()), Doc: "an extent as a number", Example: "%1: int[] = extent {dim=C}"}

	OpNeg      = unary("neg", "−x", func(x float64) float64 { return -x })
	OpAbs      = unary("abs", "|x|; derivative 0 at 0", math.Abs)
	OpExp      = unary("exp", "e^x", math.Exp)
	OpLog      = unary("log", "natural logarithm", log)
	OpSqrt     = unary("sqrt", "√x; derivative 0 at 0", math.Sqrt)
	OpFloor    = unary("floor", "the largest whole number not above x; derivative 0", math.Floor)
	OpSin      = unary("sin", "sine", math.Sin)
	OpCos      = unary("cos", "cosine", math.Cos)
	OpAcos     = unary("acos", "arc cosine of x held to [−1, 1]; derivative 0 at ±1 and beyond", func(x float64) float64 { return math.Acos(math.Max(-1, math.Min(1, x))) })
	OpRecip    = unary("recip", "1/x, and 0 where x is 0 or all but 0; derivative 0 there", recip)
	OpSigmoid  = unary("sigmoid", "1/(1+e^−x)", sigmoid)
	OpSoftplus = unary("softplus", "log(1+e^x), finite for every x", softplus)

	OpAdd = binary("add", "a + b", func(a, b float64) float64 { return a + b })
	OpSub = binary("sub", "a − b", func(a, b float64) float64 { return a - b })
	OpMul = binary("mul", "a · b", func(a, b float64) float64 { return a * b })
	OpDiv = binary("div", "a / b", func(a, b float64) float64 { return a / b })
	OpMax = binary("max", "the larger, NaN if either is; at a tie the gradient goes to b", func(a, b float64) float64 { return max(a, b) })
	OpMin = binary("min", "the smaller, NaN if either is; at a tie the gradient goes to b", func(a, b float64) float64 { return min(a, b) })
	OpPow = &Op{Name: "pow", Arity: 1, Attrs: []AttrRow{{"exponent", 0.0}}, Infer: inferFloats, Doc: "x^exponent, x ≥ 0", Example: "y: float[N] = pow x {exponent=2.0}"}

	OpLess      = compare("less", "a < b")
	OpLessEqual = compare("less_equal", "a ≤ b")
	OpEqual     = compare("equal", "a = b")
	OpAnd       = &Op{Name: "and", Arity: 2, Infer: inferBools, Doc: "both", Example: "c: bool[N] = and a, b"}
	OpOr        = &Op{Name: "or", Arity: 2, Infer: inferBools, Doc: "either", Example: "c: bool[N] = or a, b"}
	OpNot       = &Op{Name: "not", Arity: 1, Infer: inferBools, Doc: "the opposite", Example: "b: bool[N] = not a"}
	OpSelect    = &Op{Name: "select", Arity: 3, Infer: inferSelect, Doc: "a where the condition holds, else b", Example: "z: float[N] = select c, a, b"}
	OpFloat     = &Op{Name: "float", Arity: 1, Infer: convert(Float), Doc: "a bool as 0 or 1, an int as its number", Example: "w: float[N] = float c"}
	OpToInt     = &Op{Name: "to_int", Arity: 1, Infer: convert(Int), Doc: "a bool as 0 or 1, a float cut to its whole part", Example: "k: int[N] = to_int x"}
	OpStop      = &Op{Name: "stop", Arity: 1, Infer: inferFloats, Doc: "x, held constant in the gradient", Example: "y: float[N] = stop x", Scalar: func(x ...float64) float64 { return x[0] }}
	OpThrough   = &Op{Name: "through", Arity: 2, Infer: inferThrough, Doc: "w, with the gradient of x: w mends what x holds, or is the same otherwise made", Example: "y: float[N] = through w, x"}

	OpSum       = &Op{Name: "sum", Arity: 1, Attrs: axisAttr, Infer: inferReduce, Doc: "sum over an axis, which goes", Example: "y: float[N] = sum x {axis=1}"}
	OpReduceMax = &Op{Name: "reduce_max", Arity: 1, Attrs: axisAttr, Infer: inferReduce, Doc: "maximum over an axis, which goes; the gradient goes to the first one", Example: "y: float[N] = reduce_max x {axis=1}"}
	OpReduceMin = &Op{Name: "reduce_min", Arity: 1, Attrs: axisAttr, Infer: inferReduce, Doc: "minimum over an axis, which goes; the gradient goes to the first one", Example: "y: float[N] = reduce_min x {axis=1}"}
	OpNorm      = &Op{Name: "norm", Arity: 1, Attrs: []AttrRow{{"scaled", false}}, Infer: inferNorm, Doc: "Euclidean norm over the last axis, which goes; derivative 0 at a zero row; scaled divides by the largest entry first, so that squares neither overflow nor vanish", Example: "n: float[N] = norm x {scaled=true}"}
	OpLongNorm  = &Op{Name: "long_norm", Arity: 1, Infer: inferNorm, Doc: "Euclidean norm over the last axis, which goes; derivative 0 at a zero row; the squares are summed in pieces of the row first", Example: "n: float[C] = long_norm w"}
	OpArgMax    = &Op{Name: "argmax", Arity: 1, Attrs: axisAttr, Infer: inferArgMax, Doc: "place of the first maximum along an axis, which goes", Example: "i: int[N] = argmax x {axis=1}"}
	OpArgMin    = &Op{Name: "argmin", Arity: 1, Attrs: axisAttr, Infer: inferArgMax, Doc: "place of the first minimum along an axis, which goes", Example: "i: int[N] = argmin x {axis=1}"}
	OpArgTop    = &Op{Name: "argtop", Arity: 2, Attrs: []AttrRow{{"largest", false}, {"dim", Dim("")}}, Infer: inferArgTop, Doc: "places of the k largest (or smallest) along the last axis, in order, ties by place; dim names the extent k", Example: "i: int[N,R] = argtop x, k {largest=true, dim=R}"}
	OpCumSum    = &Op{Name: "cumsum", Arity: 1, Attrs: axisAttr, Infer: inferSame, Doc: "running sum along an axis", Example: "y: float[N] = cumsum x {axis=0}"}

	OpMatMul     = &Op{Name: "matmul", Arity: 2, Attrs: []AttrRow{{"trans_a", false}, {"trans_b", false}}, Infer: inferMatMul, Doc: "product of two matrices, each transposed first if asked", Example: "z: float[N,C] = matmul x, w {trans_a=false, trans_b=true}"}
	OpMatMulAdd  = &Op{Name: "matmul_add", Arity: 3, Attrs: []AttrRow{{"trans_a", false}, {"trans_b", false}}, Infer: inferMatMulAdd, Doc: "product of two matrices, each transposed first if asked, added to a third", Example: "y: float[C,D] = matmul_add g, x, w {trans_a=true, trans_b=false}"}
	OpMatMulBy   = &Op{Name: "matmul_by", Arity: 2, Attrs: []AttrRow{{"trans_a", false}, {"trans_b", false}, {"factor", 0.0}}, Infer: inferMatMul, Doc: "product of two matrices, each transposed first if asked, times a number", Example: "z: float[N,C] = matmul_by x, w {trans_a=false, trans_b=true, factor=2.0}"}
	OpTranspose  = &Op{Name: "transpose", Arity: 1, Infer: inferTranspose, Doc: "a matrix with its axes exchanged", Example: "y: float[D,N] = transpose x"}
	OpExpand     = &Op{Name: "expand", Arity: 1, Attrs: shapeAttr, Infer: inferExpand, Doc: "x repeated to a shape", Example: "y: float[N,C] = expand x {shape=[N,C]}"}
	OpReshape    = &Op{Name: "reshape", Arity: 1, Attrs: shapeAttr, Infer: inferReshape, Doc: "the same elements in row-major order under another shape", Example: "y: float[C*K,D] = reshape x {shape=[C*K,D]}"}
	OpUnsqueeze  = &Op{Name: "unsqueeze", Arity: 1, Attrs: axisAttr, Infer: inferUnsqueeze, Doc: "an axis of extent 1 put in", Example: "y: float[N,1] = unsqueeze x {axis=1}"}
	OpSqueeze    = &Op{Name: "squeeze", Arity: 1, Attrs: axisAttr, Infer: inferSqueeze, Doc: "an axis of extent 1 taken out", Example: "y: float[N] = squeeze x {axis=1}"}
	OpPick       = &Op{Name: "pick", Arity: 2, Attrs: axisAttr, Infer: inferPick, Doc: "one element along an axis at each place", Example: "c: float[N] = pick cos, y {axis=1}"}
	OpPut        = &Op{Name: "put", Arity: 3, Attrs: axisAttr, Infer: inferPut, Doc: "x with one element along an axis replaced at each place", Example: "z: float[N,C] = put x, y, v {axis=1}"}
	OpTake       = &Op{Name: "take", Arity: 2, Infer: inferTake, Doc: "elements of each row of a matrix at places of its own", Example: "t: float[N,R] = take x, i"}
	OpAddAt      = &Op{Name: "add_at", Arity: 3, Infer: inferAddAt, Doc: "a matrix with numbers added in each row at places of its own, all that are sent to one place", Example: "z: float[N,C] = add_at x, i, v"}
	OpGather     = &Op{Name: "gather", Arity: 2, Infer: inferGather, Doc: "rows of x at the given places", Example: "r: float[N,D] = gather centers, y"}
	OpScatterAdd = &Op{Name: "scatter_add", Arity: 2, Attrs: dimAttr, Infer: inferScatterAdd, Doc: "for each place the sum of the rows sent there; dim is how many places there are", Example: "s: float[C,D] = scatter_add y, v {dim=C}"}
	OpNonZero    = &Op{Name: "nonzero", Arity: 1, Attrs: dimAttr, Infer: inferNonZero, Doc: "places where a condition holds, in row-major order, a column an axis; dim names how many", Example: "p: int[T,2] = nonzero c {dim=T}"}
	OpConcat     = &Op{Name: "concat", Arity: 2, Attrs: dimAttr, Infer: inferConcat, Doc: "the rows of a, then those of b; dim names how many there are", Example: "e: float[M,D] = concat a, b {dim=M}"}
	OpCall       = &Op{Name: "call", Arity: -1, Doc: "a result of a function", Example: "f: float[N] = call c {fn=@ArcMargin, out=0, margin=0.5}"}
)

// Ops is the table in the order of its printing.
var Ops = []*Op{
	OpParam, OpConst, OpInt, OpAttr, OpIota, OpExtent,
	OpNeg, OpAbs, OpExp, OpLog, OpSqrt, OpFloor, OpSin, OpCos, OpAcos, OpRecip, OpSigmoid, OpSoftplus,
	OpAdd, OpSub, OpMul, OpDiv, OpMax, OpMin, OpPow,
	OpLess, OpLessEqual, OpEqual, OpAnd, OpOr, OpNot, OpSelect, OpFloat, OpToInt, OpStop, OpThrough,
	OpSum, OpReduceMax, OpReduceMin, OpNorm, OpLongNorm, OpArgMax, OpArgMin, OpArgTop, OpCumSum,
	OpMatMul, OpMatMulAdd, OpMatMulBy, OpTranspose, OpExpand, OpReshape, OpUnsqueeze, OpSqueeze,
	OpPick, OpPut, OpTake, OpAddAt, OpGather, OpScatterAdd, OpNonZero, OpConcat, OpCall,
}

var opByName = func() map[string]*Op {
	m := map[string]*Op{}
	for _, o := range Ops {
		m[o.Name] = o
	}
	return m
}()

// OpNamed is the op of that name, or nil.
func OpNamed(name string) *Op { return opByName[name] }

// Elementwise tells whether an op works element by element with broadcasting.
func (o *Op) Elementwise() bool {
	switch o {
	case OpPow, OpLess, OpLessEqual, OpEqual, OpAnd, OpOr, OpNot, OpSelect, OpFloat, OpToInt:
		return true
	}
	return o.Scalar != nil
}

func compare(name, doc string) *Op {
	return &Op{Name: name, Arity: 2, Infer: inferCompare, Doc: doc, Example: "c: bool[N] = " + name + " a, b"}
}

// log is right below the smallest normal number too, where math.Log on amd64
// stays at −709 (Go 1.26).
func log(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

func softplus(x float64) float64 {
	return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

// NormPiece is how many squares long_norm sums up at once. ONNX Runtime's kernel
// waits for each sum of a row of 512 before the next; those of eight rows of 64 it
// makes side by side.
const NormPiece = 64

// MostRecip is the largest reciprocal: of a number so small that 1/x times a
// scale might be no number any more it is 0, as of 0.
const MostRecip = 1e300

func recip(x float64) float64 {
	r := 1 / x
	if math.Abs(r) > MostRecip {
		return 0
	}
	return r
}
