package ir_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/irtest"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

// sameResults evaluates two functions of the same parameters and compares
// every result bit for bit.
func sameResults(t *testing.T, rng *rand.Rand, f, g *ir.Func) {
	t.Helper()
	for range 2 {
		in := irtest.Inputs(rng, f)
		want, err := irval.Eval(f, in)
		if err != nil {
			t.Fatalf("%v in\n%s", err, f)
		}
		got, err := irval.Eval(g, in)
		if err != nil {
			t.Fatalf("%v in\n%s\nmade from\n%s", err, g, f)
		}
		if len(got) != len(want) {
			t.Fatalf("%d results, want %d", len(got), len(want))
		}
		for name, x := range want {
			if !equalBits(x, got[name]) {
				t.Fatalf("%s is %v, was %v, in\n%s\nmade from\n%s", name, got[name], x, g, f)
			}
		}
	}
}

func equalBits(x, y *tensor.Tensor) bool {
	if y == nil || x.String() != y.String() {
		return false
	}
	for i := range x.F {
		if math.Float64bits(x.F[i]) != math.Float64bits(y.F[i]) {
			return false
		}
	}
	for i := range x.I {
		if x.I[i] != y.I[i] {
			return false
		}
	}
	for i := range x.B {
		if x.B[i] != y.B[i] {
			return false
		}
	}
	return true
}

func TestRebuildingKeepsResultsAndDropsDeadCode(t *testing.T) {
	dropped := 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 12))
		f := irtest.RandomFunc(rng)
		g := again(t, f)
		live := ir.Live(f)
		for i, v := range f.Values {
			if !live.Has(v) && v.Op != ir.OpParam {
				dropped++
			}
			if live.Has(v) && i > 0 && v.Op == ir.OpParam && g.Param(v.Name) == nil {
				t.Fatalf("seed %d: parameter %s is gone", seed, v.Name)
			}
		}
		if liveG := ir.Live(g); len(g.Values)-len(g.Params) != count(g, liveG) {
			t.Fatalf("seed %d: dead code is left in\n%s", seed, g)
		}
		if h := again(t, g); h.String() != g.String() {
			t.Fatalf("seed %d:\n%s\nrebuilt again is\n%s", seed, g, h)
		}
		sameResults(t, rng, f, g)
	}
	if dropped == 0 {
		t.Error("no function had dead code: the test shows nothing")
	}
}

// count is how many live values are made by an op.
func count(f *ir.Func, live ir.Set) int {
	n := 0
	for _, v := range f.Values {
		if live.Has(v) && v.Op != ir.OpParam {
			n++
		}
	}
	return n
}

func again(t *testing.T, f *ir.Func) *ir.Func {
	t.Helper()
	g, err := ir.Rebuild(f, ir.Again)
	if err != nil {
		t.Fatalf("%v in\n%s", err, f)
	}
	if err := ir.Check(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestRebuildingAFunctionWithoutDeadCodeChangesNothing(t *testing.T) {
	f := parse(t, texts(t)["arcface.ir"])
	if got := again(t, f).String(); got != f.String() {
		t.Errorf("got\n%s", got)
	}
}

// A count of places has no argument: what it counts lives by the extent alone.
func TestWhatCarriesAnExtentLivesWithIt(t *testing.T) {
	for _, c := range []struct{ fact, params, body, result, live string }{
		{"a count of places keeps the places", "c: bool[N]",
			"p: int[T,1] = nonzero c {dim=T}\nq: int[T,1] = add p, p\nn: int[] = extent {dim=T}", "n", "c p n"},
		{"a product keeps what carries each factor", "c: bool[N], d: bool[N]",
			"p: int[T,1] = nonzero c {dim=T}\nq: int[U,1] = nonzero d {dim=U}\nn: int[] = extent {dim=T*U}", "n", "c d p q n"},
		{"an expansion keeps the rows it expands to", "a: float[N], b: float[P], x: float[]",
			"e: float[M] = concat a, b {dim=M}\ny: float[M] = expand x {shape=[M]}", "y", "a b x e y"},
		{"a parameter lives by its extent if no other has it", "a: float[N], b: float[N], x: float[P]",
			"n: int[N] = iota {dim=N}", "n", "a n"},
		{"a parameter that lives anyhow is enough", "a: float[N], b: float[N], x: float[P]",
			"n: int[] = extent {dim=N}\nm: float[] = float n\ny: float[N] = mul b, m", "y", "b n m y"},
		{"a number needs nobody", "a: float[N]", "n: int[] = extent {dim=7}", "n", "n"},
	} {
		f := parse(t, "func @f("+c.params+") {\n"+c.body+"\nreturn r="+c.result+"\n}")
		names, live, got := f.Names(), ir.Live(f), []string{}
		for _, v := range f.Values {
			if live.Has(v) {
				got = append(got, names[v])
			}
		}
		if strings.Join(got, " ") != c.live {
			t.Errorf("%s: %v live, want %s", c.fact, got, c.live)
		}
	}
}

// The callee keeps what its own signature says.
func TestRebuildingKeepsAttributesRolesAndTheMargin(t *testing.T) {
	const text = `margin func @f<m: number, s: text>(x: float[N] embeddings, unused: int[] labels) {
  %1: float[] = attr {name="m"}
  y: float[N] = mul x, %1
  return y=y
}
`
	if got := again(t, parse(t, text)).String(); got != text {
		t.Errorf("got\n%s", got)
	}
}

func TestInliningEveryCallKeepsTheResults(t *testing.T) {
	inlined := 0
	step := func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
		if v.Op != ir.OpCall {
			return ir.Again(b, v, args)
		}
		inlined++
		return ir.Inline(b, v.Callee(), v.CallAttrs(), args)[v.Attrs.Int("out")]
	}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 13))
		f := irtest.RandomFunc(rng)
		g := f
		for len(g.Callees()) > 0 { // a callee may call
			var err error
			if g, err = ir.Rebuild(g, step); err != nil {
				t.Fatalf("seed %d: %v in\n%s", seed, err, f)
			}
		}
		if err := ir.Check(g); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		sameResults(t, rng, f, g)
	}
	if inlined < 100 {
		t.Errorf("only %d calls", inlined)
	}
}

func TestInliningBindsExtents(t *testing.T) {
	const text = `func @Mean(x: float[A,B]) {
s: float[A] = sum x {axis=1}
n: int[] = extent {dim=B}
m: float[] = float n
y: float[A] = div s, m
z: float[A,B*A] = expand y2 {shape=[A,B*A]}
return y=y, z=z
}
func @f(x: float[N,1], w: float[2,C*K]) {
a: float[N] = call x {fn=@Mean, out=0}
b: float[2,C*K*2] = call w {fn=@Mean, out=1}
return a=a, b=b
}`
	source := parse(t, strings.Replace(text, "z: ", "y2: float[A,1] = unsqueeze y {axis=1}\nz: ", 1))
	g, err := ir.Rebuild(source, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
		if v.Op != ir.OpCall {
			return ir.Again(b, v, args)
		}
		return ir.Inline(b, v.Callee(), v.CallAttrs(), args)[v.Attrs.Int("out")]
	})
	if err != nil {
		t.Fatal(err)
	}
	if g, err = ir.Rebuild(g, ir.Again); err != nil {
		t.Fatal(err)
	}
	const want = `func @f(x: float[N,1], w: float[2,C*K]) {
  %1: float[N] = sum x {axis=1}
  %2: int[] = extent {dim=1}
  %3: float[] = float %2
  a: float[N] = div %1, %3
  %4: float[2] = sum w {axis=1}
  %5: int[] = extent {dim=C*K}
  %6: float[] = float %5
  %7: float[2] = div %4, %6
  %8: float[2,1] = unsqueeze %7 {axis=1}
  b: float[2,C*K*2] = expand %8 {shape=[2,C*K*2]}
  return a=a, b=b
}
`
	if got := g.String(); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestDroppingParameters(t *testing.T) {
	f := parse(t, "func @f(x: float[N] a, y: float[N] b, z: int[]) {\nu: float[N] = neg x\nreturn u=u\n}")
	g, err := ir.DropParams(f, func(p *ir.Value) bool { return p.Name != "y" })
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Check(g); err != nil {
		t.Error(err)
	}
	if want := "func @f(x: float[N] a, z: int[]) {\n  u: float[N] = neg x\n  return u=u\n}\n"; g.String() != want {
		t.Errorf("got\n%s", g)
	}
	if _, err := ir.DropParams(f, func(p *ir.Value) bool { return p.Name != "x" }); err == nil {
		t.Error("a parameter that is read was dropped")
	}
	f = parse(t, "func @f(x: float[N] a, y: float[N] b) {\nw: float[N] = exp y\nu: float[N] = neg x\nreturn u=u\n}")
	if g, err = ir.DropParams(f, func(p *ir.Value) bool { return p.Name != "y" }); err != nil || len(g.Values) != 2 {
		t.Errorf("what nobody reads keeps a parameter: %v %v", g, err)
	}
	f = parse(t, "func @f(x: float[N] a, y: float[N] b) {\nu: float[N] = neg x\nreturn u=u, y=y\n}")
	if _, err := ir.DropParams(f, func(p *ir.Value) bool { return p.Name != "y" }); err == nil {
		t.Error("a parameter that is a result was dropped")
	}
}

func TestCalleesComeBeforeTheirCallers(t *testing.T) {
	for seed := range uint64(100) {
		f := irtest.RandomFunc(rand.New(rand.NewPCG(seed, 14)))
		seen := map[*ir.Func]bool{}
		for _, c := range f.Callees() {
			if seen[c] {
				t.Fatalf("seed %d: @%s is listed twice", seed, c.Name)
			}
			for _, v := range c.Values {
				if d := v.Callee(); d != nil && !seen[d] {
					t.Fatalf("seed %d: @%s comes before @%s, which it calls", seed, c.Name, d.Name)
				}
			}
			seen[c] = true
		}
	}
}
