package irval

import (
	"strings"
	"testing"

	"losscc/ir"
	"losscc/verify/tensor"
)

func TestCalls(t *testing.T) {
	const twice = `func @Twice(x: float[M]) {
y: float[M] = add x, x
return y=y
}
`
	const scale = `func @Scale<by: number, kind: text>(x: float[M]) {
k: float[] = attr {name="by"}
y: float[M] = mul x, k
z: float[M] = sub x, k
return y=y, z=z
}
`
	const filter = `func @Places(c: bool[M]) {
p: int[T,1] = nonzero c {dim=T}
return p=p
}
`
	run(t, []opCase{
		{"a call runs the callee under the arguments' extents", "x: float[N,1]", twice + "\n%1: float[N] = squeeze x {axis=1}\nr: float[N] = call %1 {fn=@Twice, out=0}", "x: 1 | 2", "[2] 2 4", ""},
		{"one callee under two extents", "x: float[N], w: float[C]", twice + "\n%1: float[N] = call x {fn=@Twice, out=0}\n%2: float[] = sum %1 {axis=0}\n%3: float[C] = call w {fn=@Twice, out=0}\nr: float[C] = add %3, %2", "x: 1 2 3; w: 10", "[1] 32", ""},
		{"a call sets the callee's attributes", "x: float[N]", scale + "\nr: float[N] = call x {fn=@Scale, out=0, by=10.0, kind=\"a\"}", "x: 1 2", "[2] 10 20", ""},
		{"a call takes the result it names", "x: float[N]", scale + "\nr: float[N] = call x {fn=@Scale, out=1, by=10.0, kind=\"a\"}", "x: 1 2", "[2] -9 -8", ""},
		{"two calls keep their own attributes", "x: float[N]", scale + "\n%1: float[N] = call x {fn=@Scale, out=0, by=2.0, kind=\"a\"}\nr: float[N] = call %1 {fn=@Scale, out=0, by=5.0, kind=\"a\"}", "x: 1 2", "[2] 10 20", ""},
		{"an extent of the callee's own gets known to the caller", "c: bool[N]", filter + "\np: int[T,1] = call c {fn=@Places, out=0}\nr: int[T] = iota {dim=T}", "c: T T F", "[2] 0 1", ""},
	})
}

func TestInputErrors(t *testing.T) {
	f, err := ir.Parse(`func @f(x: float[N,D], y: int[N], w: float[D,3]) {
s: float[N] = sum x {axis=1}
return s=s
}`)
	if err != nil {
		t.Fatal(err)
	}
	ok := func() map[string]*tensor.Tensor {
		return map[string]*tensor.Tensor{
			"x": tensor.New(tensor.Float, 2, 4), "y": tensor.New(tensor.Int, 2), "w": tensor.New(tensor.Float, 4, 3)}
	}
	for _, c := range []struct {
		fact   string
		change func(map[string]*tensor.Tensor)
		want   string
	}{
		{"all right", func(m map[string]*tensor.Tensor) {}, ""},
		{"missing", func(m map[string]*tensor.Tensor) { delete(m, "y") }, `@f: input "y" is missing, want int[N]`},
		{"unknown", func(m map[string]*tensor.Tensor) { m["z"] = m["x"] }, `@f: no parameter "z"; it takes x, y, w`},
		{"wrong kind", func(m map[string]*tensor.Tensor) { m["y"] = tensor.New(tensor.Float, 2) }, `@f: input "y" is float[2], want int[N]`},
		{"wrong rank", func(m map[string]*tensor.Tensor) { m["y"] = tensor.New(tensor.Int, 2, 1) }, `@f: input "y" is int64[2,1], want int[N]`},
		{"wrong extent", func(m map[string]*tensor.Tensor) { m["y"] = tensor.New(tensor.Int, 5) }, `@f: input "y" is int64[5], want int[N] with N = 2 as in "x"`},
		{"wrong literal extent", func(m map[string]*tensor.Tensor) { m["w"] = tensor.New(tensor.Float, 4, 5) }, `@f: input "w" is float[4,5], want float[D,3]`},
		{"too few elements", func(m map[string]*tensor.Tensor) { m["y"].I = m["y"].I[:1] }, `input "y" says int64[2] and holds 1 elements, want 2`},
		{"an extent below 0", func(m map[string]*tensor.Tensor) { m["y"].Shape[0] = -1 }, `an extent is below 0`},
	} {
		t.Run(c.fact, func(t *testing.T) {
			in := ok()
			c.change(in)
			_, err := Eval(f, in)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestAProductMustBeTheProductOfItsFactors(t *testing.T) {
	f, err := ir.Parse("func @f(w: float[C*K], c: int[C], k: int[K]) {\nreturn w=w\n}")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Eval(f, map[string]*tensor.Tensor{
		"w": tensor.New(tensor.Float, 5), "c": tensor.New(tensor.Int, 2), "k": tensor.New(tensor.Int, 3)})
	if want := `input "w" is float[5], want float[C*K] with C*K = 6`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestAttributesOfTheFunctionItself(t *testing.T) {
	f, err := ir.Parse("func @f<k: number>(x: float[N]) {\n%1: float[] = attr {name=\"k\"}\nr: float[N] = mul x, %1\nreturn r=r\n}")
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]*tensor.Tensor{"x": tensor.Floats([]float64{1, 2}, 2)}
	if _, err := Eval(f, in); err == nil || !strings.Contains(err.Error(), "the attribute k is not set to a number") {
		t.Errorf("without the attribute: error %v", err)
	}
	out, err := Eval(f, in, ir.Attr{Name: "k", Val: 3.0})
	if err != nil || spell(out["r"]) != "[2] 3 6" {
		t.Errorf("with k = 3: %v, %v", out["r"], err)
	}
}

func TestEvalAllKeepsEveryValue(t *testing.T) {
	f, err := ir.Parse("func @f(x: float[N]) {\na: float[N] = add x, x\nb: float[] = sum a {axis=0}\nunused: float[N] = exp x\nreturn b=b\n}")
	if err != nil {
		t.Fatal(err)
	}
	all, err := EvalAll(f, map[string]*tensor.Tensor{"x": tensor.Floats([]float64{0, 1}, 2)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"[2] 0 1", "[2] 0 2", "[] 2", "[2] 1 2.71828182845905"}
	for i, v := range f.Values {
		if got := spell(all[v]); got != want[i] {
			t.Errorf("value %d is %s, want %s", i, got, want[i])
		}
	}
}

// A result may be a parameter: changing what Eval gives must not change what
// it was given.
func TestResultsShareNothingWithInputs(t *testing.T) {
	f, err := ir.Parse("func @f(x: float[N]) {\nreturn x=x\n}")
	if err != nil {
		t.Fatal(err)
	}
	in := tensor.Floats([]float64{1}, 1)
	out, err := Eval(f, map[string]*tensor.Tensor{"x": in})
	if err != nil {
		t.Fatal(err)
	}
	out["x"].F[0] = 2
	if in.F[0] != 1 {
		t.Error("the input changed with the result")
	}
}

func TestABrokenFunctionIsAnError(t *testing.T) {
	f, err := ir.Parse("func @f(x: float[N]) {\na: float[N] = add x, x\nreturn a=a\n}")
	if err != nil {
		t.Fatal(err)
	}
	f.Values[1].Type = ir.F("N", "N")
	if _, err := Eval(f, map[string]*tensor.Tensor{"x": tensor.New(tensor.Float, 1)}); err == nil {
		t.Error("a function that the checker refuses was run")
	}
}
