package onnxexport_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"losscc/onnxexport"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

func TestTypesOfInputsAndOutputs(t *testing.T) {
	f := parsed(t, "func @f(x: float[N,3], i: int[C*K], c: bool[]) {\nn: bool[] = not c\nreturn y=x, j=i, n=n\n}")
	for d, float := range map[onnxexport.DType]string{onnxexport.F32: "f32", onnxexport.F64: "f64", onnxexport.F16: "f16"} {
		m := loaded(t, f, onnxexport.Options{Float: d})
		for what, got := range map[string][]onnxval.Port{"x i c": m.Inputs(), "y j n": m.Outputs()} {
			want := []string{float + "[N,3]", "i64[C*K]", "bool[]"}
			for i, p := range got {
				if p.Name != strings.Fields(what)[i] || p.String() != want[i] {
					t.Errorf("%s is %s, want %s", p.Name, p, want[i])
				}
			}
		}
	}
}

// A float16 file computes in float32 and holds what leaves it to ±65504.
func TestFloat16IsOutsideOnly(t *testing.T) {
	f := parsed(t, "func @f(x: float[N]) {\ns: float[N] = mul x, x\nq: float[N] = mul s, s\nr: float[N] = sqrt q\nn: float[N] = neg s\nc: bool[N] = less s, x\nreturn q=q, r=r, n=n, c=c\n}")
	m := loaded(t, f, onnxexport.Options{Float: onnxexport.F16})
	out, err := m.Run(tensors{"x": tensor.Floats([]float64{100, 1000, 0.1, math.Inf(1), math.NaN()}, 5)}, onnxval.Rounded)
	if err != nil {
		t.Fatal(err)
	}
	tenth := 0.0999755859375 // as float16 has it
	for name, want := range map[string][]float64{
		"q": {65504, 65504, math.Pow(tenth, 4), 65504, math.NaN()},
		"r": {10000, 65504, tenth * tenth, 65504, math.NaN()},
		"n": {-10000, -65504, -tenth * tenth, -65504, math.NaN()},
	} {
		for i, w := range want {
			got := out[name].F[i]
			if math.IsNaN(w) != math.IsNaN(got) || math.Abs(got-w) > 1e-3*math.Abs(w) {
				t.Errorf("%s[%d] is %v, want %v", name, i, got, w)
			}
		}
	}
	if got := fmt.Sprint(out["c"].B); got != "[false false true false false]" {
		t.Errorf("c is %s", got)
	}
	for _, n := range model(t, f, onnxexport.Options{Float: onnxexport.F16}).GetGraph().GetNode() {
		for _, in := range n.GetInput() {
			if in == "x" && n.GetOpType() != "Cast" {
				t.Errorf("%s reads a float16", n.GetOpType())
			}
		}
	}
}

// Results that no node of their own makes are passed through.
func TestResultsThatArePassedThrough(t *testing.T) {
	f := parsed(t, `func @F(a: float[N]) {
k: float[] = const {value=2.5}
y: float[N] = mul a, k
return y=y, k=k, a=a, z=y
}
func @f(x: float[N], i: int[]) {
c: float[] = const {value=0.5}
n: int[] = int {value=7}
y: float[N] = exp x
h: float[] = call x {fn=@F, out=1}
g: float[N] = call x {fn=@F, out=2}
z: float[N] = call x {fn=@F, out=3}
return first=y, second=y, x2=x, x3=x, i2=i, c=c, c2=c, n=n, h=h, g=g, z=z
}`)
	in := tensors{"x": tensor.Floats([]float64{1, -2}, 2), "i": tensor.Ints([]int64{5})}
	want := evaluated(t, f, in)
	for _, d := range []onnxexport.DType{onnxexport.F32, onnxexport.F64, onnxexport.F16} {
		m := loaded(t, f, onnxexport.Options{Float: d})
		got, err := m.Run(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := apart(got, want, 0, 0); diff != "" {
			t.Errorf("%v: %s", d, diff)
		}
		var order []string
		for _, p := range m.Outputs() {
			order = append(order, p.Name)
		}
		if s := strings.Join(order, " "); s != "first second x2 x3 i2 c c2 n h g z" {
			t.Errorf("outputs %s", s)
		}
	}
}

// An output that had the name of an input would take it from the input.
func TestAResultWithTheNameOfAParameterIsRefused(t *testing.T) {
	for _, text := range []string{
		"func @f(x: float[N]) {\nreturn x=x\n}",
		"func @f(x: float[N]) {\ny: float[N] = exp x\nreturn x=y\n}",
	} {
		_, err := onnxexport.Model(parsed(t, text), onnxexport.Options{})
		if err == nil || !strings.Contains(err.Error(), `the result "x" has the name of a parameter`) {
			t.Errorf("error %v in\n%s", err, text)
		}
	}
}
