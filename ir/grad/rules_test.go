package grad_test

import (
	"math/rand/v2"
	"testing"

	"losscc/ir"
	"losscc/ir/grad"
	"losscc/verify/tensor"
)

func TestEveryOpHasADerivativeOrAReasonToHaveNone(t *testing.T) {
	for _, op := range ir.Ops {
		switch has, why := grad.Differentiable(op), grad.Constant(op); {
		case has && why != "":
			t.Errorf("%s has a rule, and a reason to have none: %s", op, why)
		case !has && why == "":
			t.Errorf("%s has neither a rule nor a reason to have none", op)
		}
	}
	if grad.Rows() != len(ir.Ops) {
		t.Errorf("the tables have %d rows for %d ops", grad.Rows(), len(ir.Ops))
	}
}

// slopeCase is an op on its domain. The last line of the body is the value; the
// loss is its sum under random weights.
type slopeCase struct {
	fact         string
	params, body string
	in           []string // see drawn
}

// one is an op of one number on the given intervals.
func one(op, attrs string, intervals ...string) slopeCase {
	c := slopeCase{fact: op + attrs, params: "x: float[N,C]", body: "y: float[N,C] = " + op + " x " + attrs}
	for _, i := range intervals {
		c.in = append(c.in, "x [2,3] "+i)
	}
	return c
}

var slopes = map[*ir.Op][]slopeCase{
	ir.OpNeg:  {one("neg", "", "-3..3")},
	ir.OpAbs:  {one("abs", "", "0.1..3", "-3..-0.1")},
	ir.OpExp:  {one("exp", "", "-3..3")},
	ir.OpLog:  {one("log", "", "0.1..5")},
	ir.OpSqrt: {one("sqrt", "", "0.1..5")},
	ir.OpSin:  {one("sin", "", "-4..4")},
	ir.OpCos:  {one("cos", "", "-4..4")},
	ir.OpAcos: {one("acos", "", "-0.9..0.9")},
	// On both sides of 0.
	ir.OpRecip:    {one("recip", "", "0.2..3", "-3..-0.2")},
	ir.OpSigmoid:  {one("sigmoid", "", "-6..6")},
	ir.OpSoftplus: {one("softplus", "", "-6..6", "20..40")},
	ir.OpPow: {
		one("pow", "{exponent=0.5}", "0.2..3"), one("pow", "{exponent=1.0}", "0.2..3"), one("pow", "{exponent=2.0}", "0.2..3"),
		one("pow", "{exponent=2.5}", "0.2..3"), one("pow", "{exponent=-1.0}", "0.2..3"), one("pow", "{exponent=0.0}", "0.2..3"),
	},

	ir.OpAdd: {two("add", ""), {"x + x", "x: float[N]", "y: float[N] = add x, x", []string{"x [3] -2..2"}}},
	ir.OpSub: {two("sub", ""), {"x − x", "x: float[N]", "y: float[N] = sub x, x", []string{"x [3] -2..2"}}},
	ir.OpMul: {two("mul", ""), {"x · x", "x: float[N]", "y: float[N] = mul x, x", []string{"x [3] -2..2"}}},
	ir.OpDiv: {two("div", ""), {"x / x", "x: float[N]", "y: float[N] = div x, x", []string{"x [3] 0.5..2"}}},
	ir.OpMax: {two("max", "")},
	ir.OpMin: {two("min", "")},
	ir.OpSelect: {
		{"either by a condition", "c: bool[N], a: float[N], b: float[N]", "y: float[N] = select c, a, b",
			[]string{"c [4] T F F T; a [4] -2..2; b [4] -2..2"}},
		{"one condition for all", "c: bool[], a: float[N], b: float[C,N]", "y: float[C,N] = select c, a, b",
			[]string{"c [] T; a [3] -2..2; b [2,3] -2..2", "c [] F; a [3] -2..2; b [2,3] -2..2"}},
		{"a condition of more axes", "c: bool[N,C], a: float[N,1], b: float[C]", "y: float[N,C] = select c, a, b",
			[]string{"c [2,2] T F T T; a [2,1] -2..2; b [2] -2..2"}},
	},

	ir.OpThrough: {{"of what needs no mending", "x: float[N]", "o: float[] = const {value=0.0}\nw: float[N] = max x, o\ny: float[N] = through w, x", []string{"x [3] 0.5..2"}}},

	ir.OpSum:       axes("sum"),
	ir.OpReduceMax: axes("reduce_max"),
	ir.OpReduceMin: axes("reduce_min"),
	ir.OpCumSum: {
		{"down", "x: float[N,C]", "y: float[N,C] = cumsum x {axis=0}", []string{"x [4,3] -2..2"}},
		{"across", "x: float[N,C]", "y: float[N,C] = cumsum x {axis=1}", []string{"x [3,4] -2..2"}},
		{"of one", "x: float[N]", "y: float[N] = cumsum x {axis=0}", []string{"x [1] -2..2"}},
	},
	ir.OpNorm: {
		{"a vector", "x: float[D]", "y: float[] = norm x {scaled=false}", []string{"x [4] -2..2"}},
		{"rows", "x: float[N,D]", "y: float[N] = norm x {scaled=false}", []string{"x [2,4] -2..2", "x [3,1] 0.5..2"}},
		{"scaled rows", "x: float[N,D]", "y: float[N] = norm x {scaled=true}", []string{"x [2,4] -2..2", "x [3,1] 0.5..2"}},
		{"rows of rows", "x: float[N,C,D]", "y: float[N,C] = norm x {scaled=true}", []string{"x [2,2,3] -2..2"}},
	},
	ir.OpLongNorm: {
		{"a vector", "x: float[D]", "y: float[] = long_norm x", []string{"x [4] -2..2"}},
		{"rows", "x: float[N,D]", "y: float[N] = long_norm x", []string{"x [2,4] -2..2", "x [3,1] 0.5..2"}},
	},
	ir.OpMatMul: {
		product("N,D", "D,C", false, false, "x [2,3] -2..2; w [3,4] -2..2"),
		product("N,D", "C,D", false, true, "x [2,3] -2..2; w [4,3] -2..2"),
		product("D,N", "D,C", true, false, "x [3,2] -2..2; w [3,4] -2..2"),
		product("D,N", "C,D", true, true, "x [3,2] -2..2; w [4,3] -2..2"),
		{"x·xᵀ", "x: float[N,D]", "z: float[N,N] = matmul x, x {trans_a=false, trans_b=true}", []string{"x [3,2] -2..2"}},
		{"xᵀ·x", "x: float[N,D]", "z: float[D,D] = matmul x, x {trans_a=true, trans_b=false}", []string{"x [3,2] -2..2"}},
		{"x·x", "x: float[N,N]", "z: float[N,N] = matmul x, x {trans_a=false, trans_b=false}", []string{"x [3,3] -2..2"}},
		{"xᵀ·xᵀ", "x: float[N,N]", "z: float[N,N] = matmul x, x {trans_a=true, trans_b=true}", []string{"x [3,3] -2..2"}},
	},

	ir.OpMatMulAdd: {
		{"y·w + c", "y: float[N,D], w: float[D,C], c: float[N,C]", "z: float[N,C] = matmul_add y, w, c {trans_a=false, trans_b=false}", []string{"y [2,3] -2..2; w [3,4] -2..2; c [2,4] -2..2"}},
		{"yᵀ·w + y", "y: float[N,N]", "z: float[N,N] = matmul_add y, y, y {trans_a=true, trans_b=false}", []string{"y [3,3] -2..2"}},
	},
	ir.OpMatMulBy: {
		{"2·x·wᵀ", "x: float[N,D], w: float[C,D]", "z: float[N,C] = matmul_by x, w {trans_a=false, trans_b=true, factor=2.0}", []string{"x [2,3] -2..2; w [4,3] -2..2"}},
		{"−x·xᵀ", "x: float[N,D]", "z: float[N,N] = matmul_by x, x {trans_a=false, trans_b=true, factor=-1.0}", []string{"x [3,2] -2..2"}},
	},

	ir.OpTranspose: {{"exchanged", "x: float[N,D]", "y: float[D,N] = transpose x", []string{"x [2,3] -2..2"}}},
	ir.OpExpand: {
		{"a number", "x: float[], n: float[N,C]", "y: float[N,C] = expand x {shape=[N,C]}", []string{"x [] -2..2; n [2,3] 0..1"}},
		{"a row", "x: float[C], n: float[N]", "y: float[N,C] = expand x {shape=[N,C]}", []string{"x [3] -2..2; n [2] 0..1"}},
		{"a column", "x: float[N,1], n: float[C]", "y: float[N,C] = expand x {shape=[N,C]}", []string{"x [2,1] -2..2; n [3] 0..1"}},
		{"in the middle", "x: float[K,1,C], n: float[N]", "y: float[K,N,C] = expand x {shape=[K,N,C]}", []string{"x [2,1,3] -2..2; n [2] 0..1"}},
	},
	ir.OpReshape: {
		{"joined", "x: float[C,K,D]", "y: float[C*K,D] = reshape x {shape=[C*K,D]}", []string{"x [2,3,2] -2..2"}},
		{"parted", "x: float[C*K], n: float[C,K]", "y: float[C,K] = reshape x {shape=[C,K]}", []string{"x [6] -2..2; n [2,3] 0..1"}},
	},
	ir.OpUnsqueeze: {
		{"in front", "x: float[N]", "y: float[1,N] = unsqueeze x {axis=0}", []string{"x [3] -2..2"}},
		{"at the end", "x: float[N]", "y: float[N,1] = unsqueeze x {axis=1}", []string{"x [3] -2..2"}},
	},
	ir.OpSqueeze: {{"out of the middle", "x: float[N,1,C]", "y: float[N,C] = squeeze x {axis=1}", []string{"x [2,1,3] -2..2"}}},

	ir.OpPick: {
		{"a column each row", "x: float[N,C], i: int[N]", "y: float[N] = pick x, i {axis=1}", []string{"x [3,4] -2..2; i [3] 3 0 3"}},
		{"a row each column", "x: float[N,C], i: int[C]", "y: float[C] = pick x, i {axis=0}", []string{"x [3,2] -2..2; i [2] 2 2"}},
		{"of a distance", "x: float[N,N], q: float[N], i: int[N]", "c: float[N,1] = unsqueeze q {axis=1}\nr: float[1,N] = unsqueeze q {axis=0}\na: float[N,N] = add c, r\ntwo: float[] = const {value=2.0}\nb: float[N,N] = mul x, two\nd: float[N,N] = sub a, b\nzero: float[] = const {value=0.0}\nm: float[N,N] = max d, zero\ny: float[N] = pick m, i {axis=1}",
			[]string{"x [3,3] -2..2; q [3] 5..9; i [3] 2 0 1", "x [3,3] 1..2; q [3] -1..1; i [3] 1 1 1"}},
		{"of columns that repeat", "x: float[N,C], q: float[C], i: int[C], s: float[]", "a: float[N,C] = mul x, q\nb: float[N,C] = mul a, s\nc: float[N,C] = exp b\ny: float[C] = pick c, i {axis=0}",
			[]string{"x [3,2] -1..1; q [2] -1..1; i [2] 2 2; s [] 0.5..1"}},
		{"of a matrix times itself, twice", "x: float[N,C], i: int[N], k: int[N]", "a: float[N,C] = mul x, x\np: float[N] = pick a, i {axis=1}\nq: float[N] = pick a, k {axis=1}\ny: float[N] = mul p, q",
			[]string{"x [3,4] -2..2; i [3] 3 0 3; k [3] 1 0 2"}},
		{"of a matrix with what it picks", "x: float[N,C], i: int[N]", "p: float[N] = pick x, i {axis=1}\nc: float[N,1] = unsqueeze p {axis=1}\na: float[N,C] = mul x, c\ny: float[N] = pick a, i {axis=1}",
			[]string{"x [3,4] -2..2; i [3] 3 0 3"}},
		{"of one row", "x: float[N,C], q: float[N,1], i: int[N]", "a: float[N,C] = mul x, q\ny: float[N] = pick a, i {axis=1}",
			[]string{"x [1,4] -2..2; q [1,1] 1..2; i [1] 3", "x [2,1] -2..2; q [2,1] 1..2; i [2] 0 0"}},
		{"of one row that is a vector", "x: float[D], q: float[1,D], i: int[1]", "a: float[1,D] = mul q, x\ny: float[1] = pick a, i {axis=1}", []string{"x [4] -2..2; q [1,4] 1..2; i [1] 3"}},
		{"of a vector", "x: float[N], i: int[]", "y: float[] = pick x, i {axis=0}", []string{"x [3] -2..2; i [] 1"}},
		{"at three ranks", "x: float[N,C,K], i: int[N,K]", "y: float[N,K] = pick x, i {axis=1}", []string{"x [2,3,2] -2..2; i [2,2] 0 2 1 1"}},
		{"beside the whole", "x: float[N,C], i: int[N]", "p: float[N] = pick x, i {axis=1}\nc: float[N,1] = unsqueeze p {axis=1}\ny: float[N,C] = mul x, c",
			[]string{"x [3,4] -2..2; i [3] 3 0 3"}},
		{"at two places, perhaps the same", "x: float[N,C], i: int[N], k: int[N]",
			"a: float[N] = pick x, i {axis=1}\nb: float[N] = pick x, k {axis=1}\ny: float[N] = mul a, b",
			[]string{"x [3,4] -2..2; i [3] 3 0 1; k [3] 3 1 1"}},
		{"along two axes", "x: float[N,C], i: int[N], k: int[C]",
			"a: float[N] = pick x, i {axis=1}\nb: float[C] = pick x, k {axis=0}\nc: float[N,1] = unsqueeze a {axis=1}\ny: float[N,C] = mul c, b",
			[]string{"x [2,3] -2..2; i [2] 2 0; k [3] 1 1 0"}},
	},
	ir.OpPut: {
		{"a column each row", "x: float[N,C], i: int[N], v: float[N]", "y: float[N,C] = put x, i, v {axis=1}", []string{"x [3,4] -2..2; i [3] 3 0 3; v [3] -2..2"}},
		{"a row each column", "x: float[N,C], i: int[C], v: float[C]", "y: float[N,C] = put x, i, v {axis=0}", []string{"x [3,2] -2..2; i [2] 2 2; v [2] -2..2"}},
		{"what was picked there", "x: float[N,C], i: int[N]", "p: float[N] = pick x, i {axis=1}\ns: float[N] = mul p, p\ny: float[N,C] = put x, i, s {axis=1}",
			[]string{"x [3,4] -2..2; i [3] 3 0 3"}},
	},
	ir.OpTake: {
		{"two of each row", "x: float[N,C], i: int[N,R]", "y: float[N,R] = take x, i", []string{"x [3,4] -2..2; i [3,2] 3 0 1 2 0 3"}},
		{"one twice", "x: float[N,C], i: int[N,R]", "y: float[N,R] = take x, i", []string{"x [2,3] -2..2; i [2,3] 2 0 2 1 1 1"}},
		{"beside the whole", "x: float[N,N], i: int[N,N]", "t: float[N,N] = take x, i\ny: float[N,N] = mul t, x", []string{"x [2,2] -2..2; i [2,2] 1 1 0 1"}},
	},
	ir.OpAddAt: {
		{"two to each row", "x: float[N,C], i: int[N,R], v: float[N,R]", "y: float[N,C] = add_at x, i, v", []string{"x [3,4] -2..2; i [3,2] 3 0 1 2 0 3; v [3,2] -2..2"}},
		{"two to one place", "x: float[N,C], i: int[N,R], v: float[N,R]", "a: float[N,C] = add_at x, i, v\ny: float[N,C] = mul a, a", []string{"x [2,3] -2..2; i [2,3] 2 0 2 1 1 1; v [2,3] -2..2"}},
	},
	ir.OpGather: {
		{"rows, one twice", "x: float[C,D], i: int[N]", "y: float[N,D] = gather x, i", []string{"x [3,2] -2..2; i [4] 2 0 2 2"}},
		{"one row", "x: float[C,D], i: int[]", "y: float[D] = gather x, i", []string{"x [3,2] -2..2; i [] 1"}},
		{"a table of rows", "x: float[C,D], i: int[N,K]", "y: float[N,K,D] = gather x, i", []string{"x [3,2] -2..2; i [2,2] 2 0 2 2"}},
		{"a table of numbers", "x: float[C], i: int[N,K]", "y: float[N,K] = gather x, i", []string{"x [3] -2..2; i [2,2] 2 0 2 2"}},
		{"numbers, none", "x: float[C], i: int[N]", "y: float[N] = gather x, i", []string{"x [3] -2..2; i [0]"}},
	},
	ir.OpScatterAdd: {
		{"rows, two to one place", "v: float[N,D], i: int[N], n: float[C]", "y: float[C,D] = scatter_add i, v {dim=C}", []string{"v [4,2] -2..2; i [4] 2 0 2 2; n [3] 0..1"}},
		{"numbers", "v: float[N], i: int[N], n: float[C]", "y: float[C] = scatter_add i, v {dim=C}", []string{"v [4] -2..2; i [4] 1 0 1 2; n [3] 0..1"}},
	},
	ir.OpConcat: {
		{"two", "a: float[N,D], b: float[P,D]", "y: float[M,D] = concat a, b {dim=M}", []string{"a [2,3] -2..2; b [3,3] -2..2"}},
		{"one twice", "a: float[N]", "y: float[M] = concat a, a {dim=M}", []string{"a [3] -2..2"}},
	},
	ir.OpCall: {
		{"a function", "x: float[N]", cube + "y: float[N] = call x {fn=@Cube, out=0, k=0.5}", []string{"x [3] -2..2"}},
		{"with itself", "x: float[N]", cross + "y: float[N] = call x, x {fn=@Cross, out=0}", []string{"x [3] -2..2"}},
		{"by its second argument", "x: float[N]", cross + "c: float[] = const {value=0.7}\nd: float[N] = expand c {shape=[N]}\ny: float[N] = call d, x {fn=@Cross, out=0}", []string{"x [3] -2..2"}},
		{"of a function that calls", "x: float[N]", nested + "y: float[N] = call x {fn=@Outer, out=0}", []string{"x [3] -2..2"}},
	},
}

// The functions that cases call.
const (
	cube = `func @Cube<k: number>(c: float[N]) {
k: float[] = attr {name="k"}
s: float[N] = mul c, c
u: float[N] = mul s, c
y: float[N] = mul u, k
return y=y
}

`
	cross = `func @Cross(a: float[N], b: float[N]) {
s: float[N] = mul a, a
e: float[N] = exp b
y: float[N] = mul s, e
return y=y
}

`
	nested = `func @Inner(a: float[N]) {
y: float[N] = mul a, a
return y=y
}
func @Outer(a: float[M]) {
i: float[M] = call a {fn=@Inner, out=0}
j: float[M] = call i {fn=@Inner, out=0}
y: float[M] = mul j, a
return y=y
}

`
)

func two(op, attrs string) slopeCase {
	return slopeCase{op, "x: float[N,C], z: float[N,C]", "y: float[N,C] = " + op + " x, z " + attrs,
		[]string{"x [2,3] -2..2; z [2,3] 0.3..2", "x [2,3] -2..2; z [2,3] -2..-0.3"}}
}

func axes(op string) []slopeCase {
	return []slopeCase{
		{"a vector", "x: float[N]", "y: float[] = " + op + " x {axis=0}", []string{"x [4] -2..2"}},
		{"down", "x: float[N,C]", "y: float[C] = " + op + " x {axis=0}", []string{"x [3,2] -2..2"}},
		{"across", "x: float[N,C]", "y: float[N] = " + op + " x {axis=1}", []string{"x [3,2] -2..2"}},
		{"the middle", "x: float[N,C,K]", "y: float[N,K] = " + op + " x {axis=1}", []string{"x [2,3,2] -2..2"}},
	}
}

func product(x, w string, ta, tb bool, in string) slopeCase {
	flag := map[bool]string{true: "true", false: "false"}
	return slopeCase{"[" + x + "]·[" + w + "]", "x: float[" + x + "], w: float[" + w + "]",
		"z: float[N,C] = matmul x, w {trans_a=" + flag[ta] + ", trans_b=" + flag[tb] + "}", []string{in}}
}

// weighted is f with its value times a weight for each element, summed.
func weighted(t *testing.T, f *ir.Func) *ir.Func {
	t.Helper()
	b := ir.NewBuilder("weighted")
	b.Reserve(f)
	args := make([]*ir.Value, len(f.Params))
	for i, p := range f.Params {
		args[i] = b.Param(p.Name, p.Type, "")
	}
	weight := b.Param("weight", f.Results[0].Value.Type, "")
	b.Result("loss", ir.Sum(ir.Inline(b, f, nil, args)[0].Mul(weight)))
	g, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// withWeights are inputs with a random weight for each element of f's value.
func withWeights(t *testing.T, rng *rand.Rand, f *ir.Func, in tensors) tensors {
	t.Helper()
	shape := evaluated(t, f, in)["r"].Shape
	w := tensor.New(tensor.Float, shape...)
	for i := range w.F {
		w.F[i] = 0.5 + rng.Float64()
	}
	in["weight"] = w
	return in
}

func TestDerivativesAreSlopes(t *testing.T) {
	for _, op := range ir.Ops {
		cases := slopes[op]
		if grad.Differentiable(op) != (len(cases) > 0) {
			t.Errorf("%s: %d cases, and it has a rule: %v", op, len(cases), grad.Differentiable(op))
		}
		for _, c := range cases {
			t.Run(op.Name+"/"+c.fact, func(t *testing.T) { c.check(t, op) })
		}
	}
}

func (c slopeCase) check(t *testing.T, op *ir.Op) {
	f := parsed(t, source(c.params, c.body, "r"))
	if count(f, op) == 0 {
		t.Fatalf("the case has no %s", op)
	}
	h := weighted(t, f)
	wrt := floats(h, "weight")
	g := gradients(t, h, grad.Exact, wrt...)
	for i, in := range c.in {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		agree(t, h, g, withWeights(t, rng, f, drawn(t, rng, f, in)), wrt)
	}
}

// count is how many values of f itself an op makes.
func count(f *ir.Func, op *ir.Op) int {
	n := 0
	for _, v := range f.Values {
		if v.Op == op {
			n++
		}
	}
	return n
}
