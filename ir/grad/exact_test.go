package grad_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/grad"
)

// exactCase is a loss (the last line of the body, summed), inputs, and the
// gradients to the last digit.
type exactCase struct {
	fact         string
	params, body string
	in           string // see drawn
	want         string // "x: 0 0.5; y: 1"
}

func (c exactCase) check(t *testing.T, sem grad.Semantics) {
	t.Helper()
	f := parsed(t, source(c.params, c.body, "loss"))
	var wrt, got []string
	for _, part := range strings.Split(c.want, ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), ":")
		wrt = append(wrt, name)
	}
	out := evaluated(t, gradients(t, f, sem, wrt...), drawn(t, rand.New(rand.NewPCG(1, 1)), f, c.in))
	for _, name := range wrt {
		got = append(got, name+": "+spell(out["grad_"+name]))
	}
	if all := strings.Join(got, "; "); all != c.want {
		t.Errorf("the gradient is\n%s\nwant\n%s\nin\n%s", all, c.want, f)
	}
}

// Where an op has no derivative, its row in ir says what it is given.
func TestKinks(t *testing.T) {
	num := func(fact, op, in, want string) exactCase {
		return exactCase{fact, "x: float[N]", "y: float[N] = " + op, "x " + in, "x: " + want}
	}
	pair := func(fact, op, in, want string) exactCase {
		return exactCase{fact, "x: float[N], z: float[N]", "y: float[N] = " + op + " x, z", in, want}
	}
	row := func(fact, op, in, want string) exactCase {
		return exactCase{fact, "x: float[N,D]", "y: float[N] = " + op, "x " + in, "x: " + want}
	}
	for _, c := range []exactCase{
		num("√x has 0 at 0", "sqrt x", "[3] 0 -0 4", "0 0 0.25"),
		num("1/x has 0 at 0", "recip x", "[4] 0 -0 2 -2", "0 0 -0.25 -0.25"),
		num("|x| has 0 at 0", "abs x", "[4] 0 -0 2 -2", "0 0 1 -1"),
		num("acos has 0 at ±1 and beyond", "acos x", "[5] 1 -1 1.5 -2 0", "0 0 0 0 -1"),
		num("the floor is flat", "floor x", "[3] 0 1.5 2", "0 0 0"),
		num("what is held constant has none", "stop x", "[2] 0 3", "0 0"),
		pair("what is mended has the slope of what it mends", "through", "x [3] 1 2 3; z [3] 0 -1 5", "x: 0 0 0; z: 1 1 1"),
		num("x² by pow has 0 at 0", "pow x {exponent=2.0}", "[2] 0 3", "0 6"),
		num("x by pow has 1 at 0", "pow x {exponent=1.0}", "[2] 0 3", "1 1"),
		num("a sigmoid's tails are flat and finite", "sigmoid x", "[4] 0 1000 -1000 inf", "0.25 0 0 0"),
		num("a softplus's tails are 0 and 1", "softplus x", "[4] 0 1000 -1000 -inf", "0.5 1 0 0"),
		pair("the larger of two equal numbers is the second", "max", "x [4] 1 2 0 -0; z [4] 1 1 -0 0", "x: 0 1 0 0; z: 1 0 1 1"),
		pair("the smaller of two equal numbers is the second", "min", "x [4] 1 1 0 -0; z [4] 1 2 -0 0", "x: 0 1 0 0; z: 1 0 1 1"),
		num("max(x, x) has 1", "max x, x", "[2] 0 3", "1 1"),
		num("min(x, x) has 1", "min x, x", "[2] 0 3", "1 1"),
		row("the first of equal minima takes all", "reduce_min x {axis=1}", "[3,3] 1 2 1 3 3 3 inf inf inf", "1 0 0 1 0 0 1 0 0"),
		row("the first of equal maxima takes all", "reduce_max x {axis=1}", "[3,3] 1 2 2 3 3 3 -inf -inf -inf", "0 1 0 1 0 0 1 0 0"),
		row("the norm of a zero row has 0", "norm x {scaled=false}", "[2,2] 0 0 3 4", "0 0 0.6 0.8"),
		row("the scaled norm of a zero row has 0", "norm x {scaled=true}", "[2,2] 0 -0 3 4", "0 0 0.6 0.8"),
		row("a scaled norm of huge and tiny rows has a unit gradient", "norm x {scaled=true}", "[2,2] 3e200 4e200 3e-200 4e-200", "0.6 0.8 0.6 0.8"),
		{"the first of equal maxima down a column too", "x: float[N,C]", "y: float[C] = reduce_max x {axis=0}", "x [2,2] 1 2 1 3", "x: 1 0 0 1"},
		{"a condition passes nothing on", "x: float[N], z: float[N]", "c: bool[N] = less x, z\ny: float[N] = float c", "x [2] 1 2; z [2] 2 1", "x: 0 0; z: 0 0"},
		{"a choice passes on what it took", "x: float[N], z: float[N]", "c: bool[N] = less x, z\ny: float[N] = select c, x, z", "x [3] 1 2 1; z [3] 2 1 1", "x: 1 0 0; z: 0 1 1"},
	} {
		t.Run(c.fact, func(t *testing.T) { c.check(t, grad.Exact) })
	}
}

// Places: what was read twice gets both, what was overwritten gets nothing.
func TestPlaces(t *testing.T) {
	for _, c := range []exactCase{
		{"a row gathered three times gets three", "x: float[C], i: int[N], w: float[N]", "g: float[N] = gather x, i\ny: float[N] = mul g, w",
			"x [3] 5 6 7; i [4] 2 0 2 2; w [4] 1 2 4 8", "x: 2 0 13"},
		{"of a table of places", "x: float[C], i: int[N,K], w: float[N,K]", "g: float[N,K] = gather x, i\ny: float[N,K] = mul g, w",
			"x [2] 5 6; i [2,2] 1 0 1 1; w [2,2] 1 2 4 8", "x: 2 13"},
		{"gathered nowhere", "x: float[C], i: int[N]", "y: float[N] = gather x, i", "x [2] 5 6; i [0]", "x: 0 0"},
		{"rows summed into one place all get its gradient", "v: float[N], i: int[N], w: float[C]", "s: float[C] = scatter_add i, v {dim=C}\ny: float[C] = mul s, w",
			"v [3] 5 6 7; i [3] 1 1 0; w [3] 1 2 4", "v: 2 2 1; w: 7 11 0"},
		{"what was put hides what was there", "x: float[N,C], i: int[N], v: float[N], w: float[N,C]", "p: float[N,C] = put x, i, v {axis=1}\ny: float[N,C] = mul p, w",
			"x [2,2] 1 2 3 4; i [2] 1 0; v [2] 5 6; w [2,2] 1 2 4 8", "x: 1 0 0 8; v: 2 4; w: 1 5 6 4"},
		{"picked at one place twice gets both", "x: float[N,C], i: int[N], k: int[N]", "a: float[N] = pick x, i {axis=1}\nb: float[N] = pick x, k {axis=1}\ny: float[N] = add a, b",
			"x [2,3] 1 2 3 4 5 6; i [2] 1 0; k [2] 1 2", "x: 0 2 0 1 0 1"},
		{"picked and used whole", "x: float[N,C], i: int[N]", "a: float[N] = pick x, i {axis=1}\nb: float[N] = reduce_max x {axis=1}\nc: float[N] = sum x {axis=1}\nd: float[N] = add a, b\ny: float[N] = add d, c",
			"x [2,3] 1 2 3 6 5 4; i [2] 1 0", "x: 1 2 2 3 1 1"},
		{"rows of one joined to themselves", "a: float[N], w: float[M]", "c: float[M] = concat a, a {dim=M}\ny: float[M] = mul c, w", "a [2] 5 6; w [4] 1 2 4 8", "a: 5 10"},
	} {
		t.Run(c.fact, func(t *testing.T) { c.check(t, grad.Exact) })
	}
}

// What is broadcast gets the sum over the axes that it lacks or has as 1, in
// its own shape.
func TestBroadcastingIsUndone(t *testing.T) {
	for _, shapes := range []struct{ a, b, y, in string }{
		{"N,1", "N,C", "N,C", "a [2,1] 0.5..2; b [2,3] 0.5..2"},
		{"1,C", "N,C", "N,C", "a [1,3] 0.5..2; b [2,3] 0.5..2"},
		{"N,1", "1,C", "N,C", "a [2,1] 0.5..2; b [1,3] 0.5..2"},
		{"", "N,C", "N,C", "a [] 0.5..2; b [2,3] 0.5..2"},
		{"C", "N,C", "N,C", "a [3] 0.5..2; b [2,3] 0.5..2"},
		{"1", "N,C", "N,C", "a [1] 0.5..2; b [2,3] 0.5..2"},
		{"1,1", "N,C", "N,C", "a [1,1] 0.5..2; b [2,3] 0.5..2"},
		{"1,1,1", "N,C", "1,N,C", "a [1,1,1] 0.5..2; b [2,3] 0.5..2"},
		{"N,1,K", "C,1", "N,C,K", "a [2,1,2] 0.5..2; b [3,1] 0.5..2"},
		{"N,C", "N,C", "N,C", "a [1,1] 0.5..2; b [1,1] 0.5..2"},
		{"N,1", "N,C", "N,C", "a [1,1] 0.5..2; b [1,1] 0.5..2"},
		{"N,1", "N,C", "N,C", "a [2,1] 0.5..2; b [2,0]"},
	} {
		for _, op := range []*ir.Op{ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpDiv, ir.OpMax, ir.OpMin} {
			for _, order := range []string{"a, b", "b, a"} {
				c := slopeCase{"", "a: float[" + shapes.a + "], b: float[" + shapes.b + "]",
					"y: float[" + shapes.y + "] = " + op.Name + " " + order, []string{shapes.in}}
				t.Run(op.Name+" of ["+shapes.a+"] and ["+shapes.b+"], "+order, func(t *testing.T) { c.check(t, op) })
			}
		}
	}
}

// X·Xᵀ reads X twice; its gradient is one product, (G + Gᵀ)·X.
func TestTheGradientOfXXtIsOneProduct(t *testing.T) {
	f := parsed(t, source("x: float[N,D], w: float[N,N]", "z: float[N,N] = matmul x, x {trans_a=false, trans_b=true}\ny: float[N,N] = mul z, w", "loss"))
	g := gradients(t, f, grad.Exact, "x")
	if n := count(g, ir.OpMatMul); n != 2 {
		t.Errorf("%d products, want that of the value and one for the gradient, in\n%s", n, g)
	}
	exactCase{"", "x: float[N,D], w: float[N,N]", "z: float[N,N] = matmul x, x {trans_a=false, trans_b=true}\ny: float[N,N] = mul z, w",
		"x [2,2] 1 2 3 4; w [2,2] 1 10 100 1000", "x: 332 444 6110 8220"}.check(t, grad.Exact)
}

// A gradient that reaches a matrix at one element of each row is a vector until
// something needs the matrix: only the derivative itself has two extents.
func TestTheGradientOfWhatIsPickedIsAVector(t *testing.T) {
	text := "two: float[] = const {value=2.0}\na: float[N,C] = mul x, two\nb: float[N,C] = exp a\nc: float[N,C] = neg b\ny: float[N] = pick c, i {axis=1}"
	params := "x: float[N,C], i: int[N]"
	f := parsed(t, source(params, text, "loss"))
	matrices := func(f *ir.Func) (n int) {
		for _, v := range f.Values {
			if len(v.Type.Shape) == 2 {
				n++
			}
		}
		return n
	}
	g := gradients(t, f, grad.Exact, "x")
	if n := matrices(g) - matrices(f); n > 2 { // zeros, and what is put into them
		t.Errorf("%d matrices in the gradient of a vector, in\n%s", n, g)
	}
	exactCase{"", params, text, "x [2,2] 0 7 5 0; i [2] 0 1", "x: -2 0 0 -2"}.check(t, grad.Exact)
}

// Of X·Xᵀ at a few places, G + Gᵀ is those places and their mirror images.
func TestTheGradientOfXXtAtSpots(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"off the diagonal", "z: float[N,N] = matmul x, x {trans_a=false, trans_b=true}\ny: float[N] = pick z, i {axis=1}", "x: 6 8 2 4"},
		{"down columns", "z: float[N,N] = matmul x, x {trans_a=false, trans_b=true}\ny: float[N] = pick z, i {axis=0}", "x: 6 8 2 4"},
		{"on it", "k: int[N] = iota {dim=N}\nz: float[N,N] = matmul x, x {trans_a=false, trans_b=true}\ny: float[N] = pick z, k {axis=1}", "x: 2 4 6 8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			exactCase{"", "x: float[N,D], i: int[N]", c.text, "x [2,2] 1 2 3 4; i [2] 1 0", c.want}.check(t, grad.Exact)
		})
	}
}

// What the formula does not differentiate by costs nothing.
func TestOneOperandAloneIsOneProduct(t *testing.T) {
	f := parsed(t, source("x: float[N,D], w: float[C,D]", "z: float[N,C] = matmul x, w {trans_a=false, trans_b=true}", "loss"))
	for _, name := range []string{"x", "w"} {
		if n := count(gradients(t, f, grad.Exact, name), ir.OpMatMul); n != 2 {
			t.Errorf("by %s alone: %d products, want 2", name, n)
		}
	}
}
