package opt_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/grad"
	"losscc/ir/irtest"
	"losscc/ir/opt"
)

// passes is every pass there is.
var passes = []opt.Pass{opt.InlineCalls, opt.Mend, opt.Release, opt.Simplify, opt.Tidy}

// pipelines is every order in which passes are run.
var pipelines = map[string][]opt.Pass{"Standard": opt.Standard, "Flat": opt.Flat, "Last": opt.Last}

func TestPassesSayWhatTheyAreForAndWhatComesBefore(t *testing.T) {
	known := map[string]bool{}
	for _, p := range passes {
		if p.Name == "" || p.Why == "" || p.Run == nil || known[p.Name] {
			t.Errorf("pass %q: no name of its own, no reason, or nothing to run", p.Name)
		}
		known[p.Name] = true
	}
	for _, p := range passes {
		for before, why := range p.After {
			if !known[before] || before == p.Name || why == "" {
				t.Errorf("pass %s stands after %q, because %q", p.Name, before, why)
			}
		}
	}
	used := map[string]bool{}
	for name, order := range pipelines {
		for i, p := range order {
			used[p.Name] = true
			if !known[p.Name] {
				t.Errorf("%s has the pass %s, which the test does not know", name, p.Name)
			}
			for _, later := range order[i:] {
				if why, wrong := p.After[later.Name]; wrong {
					t.Errorf("in %s, %s stands before %s: %s", name, p.Name, later.Name, why)
				}
			}
		}
	}
	for name := range known {
		if !used[name] {
			t.Errorf("pass %s is in no pipeline", name)
		}
	}
}

// size is how many values a function and those that it calls have.
func size(f *ir.Func) int {
	n := len(f.Values)
	for _, c := range f.Callees() {
		n += len(c.Values)
	}
	return n
}

func ran(t *testing.T, p opt.Pass, f *ir.Func) *ir.Func {
	t.Helper()
	g, err := opt.Run(f, []opt.Pass{p})
	if err != nil {
		t.Fatalf("%s: %v in\n%s", p.Name, err, f)
	}
	if err := ir.Check(g); err != nil {
		t.Fatalf("%s: %v in\n%s\nmade from\n%s", p.Name, err, g, f)
	}
	return g
}

// same compares two functions on random inputs, bit for bit.
func same(t *testing.T, rng *rand.Rand, f, g *ir.Func) {
	t.Helper()
	for range 2 {
		if d, err := difference(f, g, irtest.Inputs(rng, f)); err != nil || d != "" {
			t.Fatalf("%s %v in\n%s\nmade from\n%s", d, err, g, f)
		}
	}
}

// Every pass leaves a function well-typed, with the results that it had to the
// last bit; a second time it changes nothing; only inlining may lengthen.
func TestPassesKeepValues(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 20))
		f := irtest.RandomFunc(rng)
		for _, p := range passes {
			g := ran(t, p, f)
			same(t, rng, f, g)
			if again := ran(t, p, g); again.String() != g.String() {
				t.Fatalf("seed %d: %s makes\n%s\nof what it made:\n%s", seed, p.Name, again, g)
			}
			if p.Name != opt.InlineCalls.Name && size(g) > size(f) {
				t.Fatalf("seed %d: %s makes %d values of %d:\n%s\nmade from\n%s", seed, p.Name, size(g), size(f), g, f)
			}
			sameInterface(t, f, g)
		}
		for _, order := range pipelines {
			g := f
			for _, p := range order {
				g = ran(t, p, g)
			}
			same(t, rng, f, g)
		}
	}
}

// sameInterface compares what a caller sees of two functions.
func sameInterface(t *testing.T, f, g *ir.Func) {
	t.Helper()
	if len(f.Params) != len(g.Params) || len(f.Results) != len(g.Results) || f.Name != g.Name || f.Margin != g.Margin {
		t.Fatalf("another function:\n%s\nmade from\n%s", g, f)
	}
	for i, p := range f.Params {
		if q := g.Params[i]; q.Name != p.Name || !q.Type.Equal(p.Type) || q.Attrs.Text("role") != p.Attrs.Text("role") {
			t.Fatalf("parameter %d is %s %v", i, q.Name, q.Type)
		}
	}
	for i, r := range f.Results {
		if s := g.Results[i]; s.Name != r.Name || !s.Value.Type.Equal(r.Value.Type) {
			t.Fatalf("result %d is %s %v", i, s.Name, s.Value.Type)
		}
	}
}

// What gradients are written like is what passes are for.
func TestPassesKeepGradients(t *testing.T) {
	shorter := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 21))
		f := irtest.SmoothFunc(rng)
		var by []string
		for _, p := range f.Params {
			if p.Type.Elem == ir.Float {
				by = append(by, p.Name)
			}
		}
		g, err := grad.Of(f, "loss", by, grad.Exact)
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range pipelines {
			h := g
			for _, p := range order {
				h = ran(t, p, h)
			}
			same(t, rng, g, h)
			if again := ran(t, opt.Simplify, h); again.String() != h.String() {
				t.Fatalf("seed %d: simplified again it is\n%s\nand was\n%s", seed, again, h)
			}
			if size(h) < size(g) {
				shorter++
			}
		}
	}
	if shorter < 60 {
		t.Errorf("only %d of 120 gradients became shorter", shorter)
	}
}

func TestInliningLeavesNoCallAndReleaseNoStop(t *testing.T) {
	for seed := range uint64(60) {
		f := irtest.RandomFunc(rand.New(rand.NewPCG(seed, 22)))
		for _, v := range ran(t, opt.InlineCalls, f).Values {
			if v.Op == ir.OpCall {
				t.Fatalf("seed %d: a call is left", seed)
			}
		}
		g := ran(t, opt.Release, f)
		for _, h := range append(g.Callees(), g) {
			for _, v := range h.Values {
				if v.Op == ir.OpStop {
					t.Fatalf("seed %d: a stop is left in @%s", seed, h.Name)
				}
			}
		}
	}
}

// What mends something has its gradient, and Mend leaves the mended alone.
func TestMendLeavesNothingThrough(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	b.Result("y", x.Through(x.Max(0.0)))
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	want := "func @f(x: float[N]) {\n  %1: float[] = const {value=0.0}\n  %2: float[N] = max x, %1\n  return y=%2\n}\n"
	if g := ran(t, opt.Mend, f); g.String() != want {
		t.Errorf("it is left as\n%s", g)
	}
}

// What is wrapped in identities comes out with the ops that it had, however
// deep; only their order may be another.
func TestTangledFunctionsComeOutAsTheyWere(t *testing.T) {
	for seed := range uint64(80) {
		rng := rand.New(rand.NewPCG(seed, 23))
		f := ran(t, opt.Simplify, irtest.RandomFunc(rng))
		knotted := tangled(t, rng, f)
		g := ran(t, opt.Simplify, knotted)
		same(t, rng, f, g)
		if !maps.Equal(ops(g), ops(f)) {
			t.Fatalf("seed %d: it comes out as\n%s\nand was\n%s\ntangled\n%s", seed, g, f, knotted)
		}
	}
}

// tangled is f with identities around its values.
func tangled(t *testing.T, rng *rand.Rand, f *ir.Func) *ir.Func {
	t.Helper()
	g, err := ir.Rebuild(f, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
		x := b.Emit(v.Op, v.Attrs, args...)
		if v.Op == ir.OpConst || v.Op == ir.OpInt || v.Op == ir.OpExtent {
			return x
		}
		for range rng.IntN(4) {
			x = knot(rng, x)
		}
		return x
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// knot is x, said otherwise.
func knot(rng *rand.Rand, x *ir.Value) *ir.Value {
	s := x.Type.Shape
	rank := len(s)
	switch k := rng.IntN(7); {
	case k == 0:
		a := rng.IntN(rank + 1)
		return x.Unsqueeze(a).Squeeze(a)
	case k == 1:
		return x.Expand(s...)
	case k == 2 && rank == 2:
		return x.T().T()
	case k == 3 && rank > 0:
		return x.Reshape(s...)
	case x.Type.Elem == ir.Bool:
		return x.Not().Not()
	case x.Type.Elem == ir.Int:
		return x
	case k == 4:
		return x.Mul(1.0).Div(1.0)
	case k == 5:
		return x.Sub(0.0)
	}
	return x.Neg().Neg()
}

// ops are how many values each op makes in a function and those that it calls.
func ops(f *ir.Func) map[string]int {
	n := map[string]int{}
	for _, g := range append(f.Callees(), f) {
		for _, v := range g.Values {
			n[v.Op.Name]++
		}
	}
	return n
}

// A long chain of identities takes no more sweeps than a short one.
func TestSimplifyingEnds(t *testing.T) {
	b := ir.NewBuilder("chain")
	x := b.Param("x", ir.F("N", "C"), "")
	v := x
	for range 500 {
		v = v.Neg().T().Neg().Mul(-1.0).T().Mul(-1.0).Unsqueeze(0).Expand(ir.One, "N", "C").Squeeze(0)
	}
	b.Result("y", v)
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	g := ran(t, opt.Simplify, f)
	if again := ran(t, opt.Simplify, g); again.String() != g.String() || size(g) > 5 {
		t.Errorf("%d values are left:\n%s", size(g), g)
	}
}

func TestAPassThatFailsIsNamed(t *testing.T) {
	f := irtest.RandomFunc(rand.New(rand.NewPCG(1, 1)))
	cause := errors.New("no luck")
	_, err := opt.Run(f, []opt.Pass{{Name: "doomed", Run: func(*ir.Func) (*ir.Func, error) { return nil, cause }}})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "pass doomed") {
		t.Errorf("error %v", err)
	}
}
