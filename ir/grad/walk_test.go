package grad_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/grad"
	"losscc/ir/irtest"
	"losscc/ir/opt"
)

// draws is how many random functions a test looks at.
const draws = 120

// The gradient of a random smooth function is its slope, as the walk writes it
// and after the passes of both forms.
func TestRandomGradientsAreSlopes(t *testing.T) {
	for seed := range uint64(draws) {
		rng := rand.New(rand.NewPCG(seed, 10))
		f := irtest.SmoothFunc(rng)
		in := irtest.SmoothInputs(rng, f)
		wrt := floats(f, "")
		g := gradients(t, f, grad.Exact, wrt...)
		agree(t, f, g, in, wrt)
		for _, passes := range [][]opt.Pass{opt.Standard, opt.Flat} {
			h, err := opt.Run(g, passes)
			if err != nil {
				t.Fatalf("seed %d: %v in\n%s", seed, err, g)
			}
			if err := ir.Check(h); err != nil {
				t.Fatalf("seed %d: %v in\n%s", seed, err, h)
			}
			if seed%4 == 0 {
				agree(t, f, h, in, wrt)
			}
		}
	}
}

// A random function of any ops has a gradient that can be printed, read and
// evaluated, and its results are what they were to the last bit.
func TestResultsAreLeftAsTheyWere(t *testing.T) {
	seen := 0
	for seed := range uint64(draws) {
		rng := rand.New(rand.NewPCG(seed, 11))
		f := withLoss(t, irtest.RandomFunc(rng))
		for _, sem := range []grad.Semantics{grad.Exact, grad.Detached} {
			g, err := grad.Of(f, "loss", floats(f, ""), sem)
			if err != nil {
				if strings.Contains(err.Error(), "only a function with one can be differentiated") {
					continue
				}
				t.Fatalf("seed %d: %v in\n%s", seed, err, f)
			}
			again, err := ir.Parse(g.String())
			if err != nil {
				t.Fatalf("seed %d: %v in\n%s", seed, err, g)
			}
			if again.String() != g.String() {
				t.Fatalf("seed %d: read back it is\n%s\nnot\n%s", seed, again, g)
			}
			seen++
			in := irtest.Inputs(rng, f)
			want, got := evaluated(t, f, in), evaluated(t, g, in)
			if len(got) != len(want)+len(floats(f, "")) {
				t.Fatalf("seed %d: %d results", seed, len(got))
			}
			for name, x := range want {
				y := got[name]
				same := x.String() == y.String()
				for i := range x.F {
					same = same && math.Float64bits(x.F[i]) == math.Float64bits(y.F[i])
				}
				for i := range x.I {
					same = same && x.I[i] == y.I[i]
				}
				for i := range x.B {
					same = same && x.B[i] == y.B[i]
				}
				if !same {
					t.Fatalf("seed %d: %s is %v, was %v, in\n%s", seed, name, y, x, g)
				}
			}
		}
	}
	if seen < draws {
		t.Errorf("only %d of %d gradients were made", seen, 2*draws)
	}
}

// withLoss is f with one more result, loss: the sum of its last float value.
func withLoss(t *testing.T, f *ir.Func) *ir.Func {
	t.Helper()
	var loss *ir.Value
	for _, v := range f.Values {
		if v.Type.Elem == ir.Float {
			loss = v
		}
	}
	g := *f
	g.Results = append(append([]ir.Result(nil), f.Results...), ir.Result{Name: "loss", Value: loss})
	h, err := ir.Rebuild(&g, ir.Again)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWhatCannotBeDifferentiated(t *testing.T) {
	const params = "x: float[N], i: int[N]"
	const pair = `func @Pair(a: float[N]) {
y: float[N] = mul a, a
z: float[N] = sin a
return y=y, z=z
}

y: float[N] = call x {fn=@Pair, out=1}`
	for _, c := range []struct{ fact, body, result, loss, by, want string }{
		{"a result that is not there", "y: float[N] = mul x, x", "loss", "losses", "x", `@f has no float result "losses" to differentiate`},
		{"a result of whole numbers", "y: int[N] = add i, i", "loss", "loss", "x", `@f has no float result "loss" to differentiate`},
		{"by a parameter that is not there", "y: float[N] = mul x, x", "loss", "loss", "w", `@f has no float parameter "w" to differentiate by`},
		{"by whole numbers", "y: float[N] = mul x, x", "loss", "loss", "i", `@f has no float parameter "i" to differentiate by`},
		{"through one of several results", pair, "loss", "loss", "x", "@Pair has 2 results; only a function with one can be differentiated"},
		{"where the name of the gradient is taken", "y: float[N] = mul x, x", "grad_x=x, loss", "loss", "x", "grad_x"},
		{"twice by the same", "y: float[N] = mul x, x", "loss", "loss", "x x", "grad_x"},
	} {
		t.Run(c.fact, func(t *testing.T) {
			f := parsed(t, source(params, c.body, c.result))
			g, err := grad.Of(f, c.loss, strings.Fields(c.by), grad.Exact)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q; made\n%v", err, c.want, g)
			}
		})
	}
}

func TestLossesOfAnyShape(t *testing.T) {
	for _, c := range []exactCase{
		{"a table is summed", "x: float[N,C]", "y: float[N,C] = mul x, x", "x [2,2] 1 2 3 4", "x: 2 4 6 8"},
		{"a number", "x: float[]", "y: float[] = mul x, x", "x [] 3", "x: 6"},
		{"of what it does not depend on, 0", "x: float[N], z: float[C]", "y: float[N] = mul x, x", "x [2] 1 2; z [2] 5 6", "x: 2 4; z: 0 0"},
		{"of no rows", "x: float[N,C]", "y: float[N,C] = mul x, x", "x [0,2]", "x: "},
	} {
		t.Run(c.fact, func(t *testing.T) { c.check(t, grad.Exact) })
	}
}

func TestTheLossMayBeTheParameter(t *testing.T) {
	f := parsed(t, "func @f(x: float[N]) {\nreturn loss=x\n}")
	out := evaluated(t, gradients(t, f, grad.Exact, "x"), drawn(t, rand.New(rand.NewPCG(1, 1)), f, "x [2] 5 6"))
	if got := spell(out["grad_x"]); got != "1 1" {
		t.Errorf("the gradient is %s", got)
	}
}

// A second derivative is a derivative of what Of made.
func TestSecondDerivatives(t *testing.T) {
	for _, c := range []struct{ fact, body, in string }{
		{"of an op", "y: float[N] = exp x", "x [3] -1..1"},
		{"of a called function", cube + "y: float[N] = call x {fn=@Cube, out=0, k=0.5}", "x [3] 0.5..2"},
	} {
		t.Run(c.fact, func(t *testing.T) {
			first := gradients(t, parsed(t, source("x: float[N]", c.body, "loss")), grad.Exact, "x")
			slope := *first
			slope.Results = []ir.Result{{Name: "loss", Value: first.Result("grad_x")}}
			f, err := ir.Rebuild(&slope, ir.Again)
			if err != nil {
				t.Fatal(err)
			}
			second := gradients(t, f, grad.Exact, "x")
			agree(t, f, second, drawn(t, rand.New(rand.NewPCG(1, 1)), f, c.in), []string{"x"})
			if _, err := ir.Parse(second.String()); err != nil {
				t.Errorf("%v in\n%s", err, second)
			}
		})
	}
}
