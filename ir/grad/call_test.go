package grad_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/grad"
)

// names are those of the functions that f calls, each after those it calls.
func names(f *ir.Func) string {
	var all []string
	for _, c := range f.Callees() {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

// signature is a function's attributes, parameters and results.
func signature(f *ir.Func) string {
	var attrs, params, results []string
	for _, a := range f.Attrs {
		attrs = append(attrs, a.Name)
	}
	for _, p := range f.Params {
		params = append(params, p.Name)
	}
	for _, r := range f.Results {
		results = append(results, r.Name)
	}
	return "<" + strings.Join(attrs, ",") + ">(" + strings.Join(params, ",") + ") " + strings.Join(results, ",")
}

// A called function keeps a function for its derivative, which takes what it
// reads and the gradient of the result.
func TestDerivativesOfCalledFunctions(t *testing.T) {
	for _, c := range []struct {
		fact         string
		params, body string
		by           []string
		functions    string
		signatures   []string // of derivatives, by their order
	}{
		{"it is named after the function, and has its attributes", "x: float[N]", cube + "y: float[N] = call x {fn=@Cube, out=0, k=0.5}", []string{"x"},
			"Cube CubeGrad", []string{"<k>(c,grad) grad_c"}},
		{"two calls share it", "x: float[N], z: float[N]",
			cube + "a: float[N] = call x {fn=@Cube, out=0, k=0.5}\nb: float[N] = call z {fn=@Cube, out=0, k=2.0}\ny: float[N] = add a, b", []string{"x", "z"},
			"Cube CubeGrad", []string{"<k>(c,grad) grad_c"}},
		{"it gives a gradient for each active argument", "x: float[N], z: float[N]", cross + "y: float[N] = call x, z {fn=@Cross, out=0}", []string{"x", "z"},
			"Cross CrossGrad", []string{"<>(a,b,grad) grad_a,grad_b"}},
		{"and none for the others", "x: float[N], z: float[N]", cross + "y: float[N] = call x, z {fn=@Cross, out=0}", []string{"z"},
			"Cross CrossGrad", []string{"<>(a,b,grad) grad_b"}},
		{"different active arguments have a function each", "x: float[N], z: float[N]",
			cross + "a: float[N] = call x, z {fn=@Cross, out=0}\nb: float[N] = call z, x {fn=@Cross, out=0}\nc: float[N] = call x, x {fn=@Cross, out=0}\nd: float[N] = add a, b\ny: float[N] = add d, c", []string{"x"},
			"Cross CrossGrad CrossGrad_2 CrossGrad_3", []string{"<>(a,b,grad) grad_a,grad_b", "<>(a,b,grad) grad_b", "<>(a,b,grad) grad_a"}},
		{"a function that calls has a derivative that calls derivatives", "x: float[N]", nested + "y: float[N] = call x {fn=@Outer, out=0}", []string{"x"},
			"Inner Outer InnerGrad OuterGrad", []string{"<>(a,grad) grad_a", "<>(a,grad) grad_a"}},
		{"a derivative takes only what it reads", "x: float[N], z: float[N]",
			"func @Sum(a: float[N], b: float[N]) {\ny: float[N] = add a, b\nreturn y=y\n}\n\ny: float[N] = call x, z {fn=@Sum, out=0}", []string{"x", "z"},
			"Sum SumGrad", []string{"<>(grad) grad_a,grad_b"}},
		{"of one that does not depend on its argument it is 0", "x: float[N]",
			"func @Flat(a: float[N]) {\ny: float[N] = floor a\nreturn y=y\n}\n\ny: float[N] = call x {fn=@Flat, out=0}", []string{"x"},
			"Flat FlatGrad", nil},
		{"arguments of other kinds pass through", "x: float[N,C], i: int[N]",
			"func @Take(a: float[N,C], i: int[N]) {\np: float[N] = pick a, i {axis=1}\ny: float[N] = mul p, p\nreturn y=y\n}\n\ny: float[N] = call x, i {fn=@Take, out=0}", []string{"x"},
			"Take TakeGrad", []string{"<>(a,i,grad) grad_a"}},
		{"what the function holds constant passes nothing on", "x: float[N]",
			"func @Held(a: float[N]) {\ns: float[N] = stop a\ny: float[N] = mul s, a\nreturn y=y\n}\n\ny: float[N] = call x {fn=@Held, out=0}", []string{"x"},
			"Held HeldGrad", []string{"<>(a,grad) grad_a"}},
	} {
		t.Run(c.fact, func(t *testing.T) {
			g := gradients(t, parsed(t, source(c.params, c.body, "loss")), grad.Exact, c.by...)
			if got := names(g); got != c.functions {
				t.Errorf("the functions are %s, want %s", got, c.functions)
			}
			var got []string
			for _, f := range g.Callees() {
				if strings.Contains(f.Name, "Grad") {
					got = append(got, signature(f))
				}
			}
			if c.signatures != nil && !slices.Equal(got, c.signatures) {
				t.Errorf("derivatives %q, want %q", got, c.signatures)
			}
			if _, err := ir.Parse(g.String()); err != nil {
				t.Errorf("%v in\n%s", err, g)
			}
		})
	}
}

func TestGradientsThroughCalls(t *testing.T) {
	const swapped = cross + "a: float[N] = call x, z {fn=@Cross, out=0}\nb: float[N] = call z, x {fn=@Cross, out=0}\nc: float[N] = call x, x {fn=@Cross, out=0}\nd: float[N] = add a, b\ny: float[N] = add d, c"
	for _, c := range []struct{ fact, params, body, in string }{
		{"two calls with attributes of their own", "x: float[N], z: float[N]",
			cube + "a: float[N] = call x {fn=@Cube, out=0, k=0.5}\nb: float[N] = call z {fn=@Cube, out=0, k=2.0}\ny: float[N] = mul a, b", "x [3] 0.5..2; z [3] 0.5..2"},
		{"one result used twice", "x: float[N]", cube + "a: float[N] = call x {fn=@Cube, out=0, k=0.5}\ny: float[N] = mul a, a", "x [3] 0.5..2"},
		{"a call of a call", "x: float[N]", cube + "a: float[N] = call x {fn=@Cube, out=0, k=0.5}\ny: float[N] = call a {fn=@Cube, out=0, k=0.25}", "x [3] 0.5..1.5"},
		{"active arguments in every way", "x: float[N], z: float[N]", swapped, "x [3] -1..1; z [3] -1..1"},
		{"other extents at each call", "x: float[N], z: float[C]",
			cube + "a: float[N] = call x {fn=@Cube, out=0, k=0.5}\nb: float[C] = call z {fn=@Cube, out=0, k=0.5}\ns: float[] = sum b {axis=0}\ny: float[N] = mul a, s", "x [3] 0.5..2; z [2] 0.5..2"},
	} {
		t.Run(c.fact, func(t *testing.T) {
			h := weighted(t, parsed(t, source(c.params, c.body, "r")))
			f := parsed(t, source(c.params, c.body, "r"))
			for _, by := range [][]string{floats(h, "weight"), {"x"}} {
				rng := rand.New(rand.NewPCG(3, 3))
				agree(t, h, gradients(t, h, grad.Exact, by...), withWeights(t, rng, f, drawn(t, rng, f, c.in)), by)
			}
		})
	}
}

// Two derivatives of one name would make a text that cannot be read back.
func TestNamesOfDerivativesAreFree(t *testing.T) {
	const both = `func @F(a: float[N]) {
y: float[N] = mul a, a
return y=y
}
func @FGrad(a: float[N]) {
y: float[N] = sin a
return y=y
}

a: float[N] = call x {fn=@F, out=0}
b: float[N] = call x {fn=@FGrad, out=0}
y: float[N] = add a, b`
	f := parsed(t, source("x: float[N]", both, "loss"))
	g := gradients(t, f, grad.Exact, "x")
	again, err := ir.Parse(g.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, g)
	}
	agree(t, f, again, drawn(t, rand.New(rand.NewPCG(1, 1)), f, "x [3] 0.5..2"), []string{"x"})
}

// margined is a loss through a margin of a cosine and through a function that
// is none.
const margined = `margin func @Arc<m: number>(cos: float[N]) {
m: float[] = attr {name="m"}
θ: float[N] = acos cos
t: float[N] = add θ, m
y: float[N] = cos t
return y=y
}
func @Square(a: float[N]) {
y: float[N] = mul a, a
return y=y
}

a: float[N] = call x {fn=@Arc, out=0, m=0.5}
b: float[N] = call x {fn=@Square, out=0}
y: float[N] = add a, b`

func TestDetachedAMarginHasTheDerivativeOfItsCosine(t *testing.T) {
	exactCase{"", "x: float[N]", margined, "x [3] 0.5 1 -0.25", "x: 2 3 0.5"}.check(t, grad.Detached)
	f := parsed(t, source("x: float[N]", margined, "loss"))
	detached, exact := gradients(t, f, grad.Detached, "x"), gradients(t, f, grad.Exact, "x")
	if got := names(detached); got != "Arc Square SquareGrad" {
		t.Errorf("detached, the functions are %s", got)
	}
	if got := names(exact); got != "Arc Square SquareGrad ArcGrad" {
		t.Errorf("exact, the functions are %s", got)
	}
	in := drawn(t, rand.New(rand.NewPCG(1, 1)), f, "x [3] -0.9..0.9")
	agree(t, f, exact, in, []string{"x"})
	if a, b := evaluated(t, detached, in)["loss"], evaluated(t, f, in)["loss"]; spell(a) != spell(b) {
		t.Errorf("detached, the loss is %v, and it was %v", a.F, b.F)
	}
}

// Inside another function a margin is detached too.
func TestAMarginInsideAFunctionIsDetachedToo(t *testing.T) {
	const inside = `margin func @Arc(cos: float[N]) {
y: float[N] = mul cos, cos
return y=y
}
func @Head(a: float[N]) {
c: float[N] = call a {fn=@Arc, out=0}
y: float[N] = mul c, a
return y=y
}

y: float[N] = call x {fn=@Head, out=0}`
	// y = f(x)·x with f(x) = x² counted as x + const: y′ = 1·x + f(x).
	exactCase{"", "x: float[N]", inside, "x [2] 2 3", "x: 6 12"}.check(t, grad.Detached)
	exactCase{"", "x: float[N]", inside, "x [2] 2 3", "x: 12 27"}.check(t, grad.Exact)
}

func TestSemanticsAreSpelled(t *testing.T) {
	if a, b := grad.Exact.String(), grad.Detached.String(); a != "exact" || b != "detached" {
		t.Errorf("%s, %s", a, b)
	}
}
