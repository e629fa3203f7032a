package onnxexport_test

import (
	"math"
	"testing"

	"losscc/ir"
	"losscc/onnxexport"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// How many of their digits the composed ops keep. The bounds are what was
// measured, rounded up; units are of 1 or, relative, of the value.

// unary is the file of one op of a vector.
func unary(t *testing.T, op string, d onnxexport.DType) *onnxval.Model {
	t.Helper()
	f := parsed(t, source("x: float[N]", "y: float[N] = "+op+" x"))
	return loaded(t, f, onnxexport.Options{Float: d})
}

func ranOn(t *testing.T, m *onnxval.Model, x []float64, o ...onnxval.Option) []float64 {
	t.Helper()
	out, err := m.Run(tensors{"x": tensor.Floats(x, len(x))}, o...)
	if err != nil {
		t.Fatal(err)
	}
	return out["r"].F
}

// cosines is a dense grid of [−1, 1], densest at the ends.
func cosines() []float64 {
	var xs []float64
	const n = 4000
	for i := range n + 1 {
		xs = append(xs, float64(2*i-n)/n)
	}
	for k := 1.0; k < 60; k += 0.25 {
		xs = append(xs, 1-math.Exp2(-k), -1+math.Exp2(-k), math.Exp2(-k), -math.Exp2(-k))
	}
	for x, i := 1.0, 0; i < 200; i++ {
		x = math.Nextafter(x, 0)
		xs = append(xs, x, -x)
	}
	return xs
}

// angle is the arc cosine to the last bits, near ±1 too, where that of the
// library cancels.
func angle(c float64) float64 { return 2 * math.Atan2(math.Sqrt(1-c), math.Sqrt(1+c)) }

// The arc cosine of a float64 file starts from one of float32: Rounded makes
// the evaluator round that one as a runtime does. Small angles keep their
// digits too, relative to themselves.
func TestAcosInFloat64KeepsItsDigits(t *testing.T) {
	m, xs := unary(t, "acos", onnxexport.F64), cosines()
	for name, o := range map[string][]onnxval.Option{"exact": nil, "from float32": {onnxval.Rounded}} {
		got := ranOn(t, m, xs, o...)
		worst, at := 0.0, 0.0
		for i, x := range xs {
			want := angle(x)
			if want == 0 {
				want, got[i] = 1, got[i]+1
			}
			if d := math.Abs(got[i]-want) / want; !(d <= worst) {
				worst, at = d, x
			}
		}
		t.Logf("%s: %.2g at %v", name, worst, at)
		if !(worst <= 7e-16) {
			t.Errorf("%s: acos(%v) has a relative error of %.2g", name, at, worst)
		}
	}
}

func TestAcosHoldsItsArgument(t *testing.T) {
	xs := []float64{1, -1, 1.5, -1.5, math.Inf(1), math.Inf(-1), math.Nextafter(1, 2)}
	want := []float64{0, math.Pi, 0, math.Pi, 0, math.Pi, 0}
	for _, d := range []onnxexport.DType{onnxexport.F32, onnxexport.F64} {
		for _, o := range [][]onnxval.Option{nil, {onnxval.Rounded}} {
			for i, got := range ranOn(t, unary(t, "acos", d), xs, o...) {
				if !(math.Abs(got-want[i]) <= 2e-7) {
					t.Errorf("acos(%v) is %v", xs[i], got)
				}
			}
		}
	}
	if got := ranOn(t, unary(t, "acos", onnxexport.F64), []float64{math.NaN()})[0]; !math.IsNaN(got) {
		t.Errorf("acos(NaN) is %v", got)
	}
}

// The cosine of a float64 file is the sine of x + π/2, of which the sum rounds
// by half a unit in its last place.
func TestCosInFloat64KeepsItsDigits(t *testing.T) {
	var xs []float64
	const n = 20000
	for i := range n + 1 {
		xs = append(xs, -math.Pi+2*math.Pi*float64(i)/n)
	}
	for k := 1.0; k < 60; k++ {
		xs = append(xs, math.Exp2(-k), math.Pi/2-math.Exp2(-k), math.Pi-math.Exp2(-k))
	}
	got := ranOn(t, unary(t, "cos", onnxexport.F64), xs)
	worst, at := 0.0, 0.0
	for i, x := range xs {
		if d := math.Abs(got[i] - math.Cos(x)); !(d <= worst) {
			worst, at = d, x
		}
	}
	t.Logf("%.2g at %v", worst, at)
	if !(worst <= 4e-16) {
		t.Errorf("cos(%v) is %.2g from the cosine", at, worst)
	}
}

// Tails keep their digits, relative to themselves: what a confident row's loss
// is made of.
func TestTailsKeepTheirDigits(t *testing.T) {
	for _, c := range []struct {
		op          string
		reach       float64 // of x
		dtype       onnxexport.DType
		o           []onnxval.Option
		bound       float64
		atInfinity  [2]float64 // −∞, ∞
		description string
	}{
		{"sigmoid", 700, onnxexport.F64, nil, 4.5e-16, [2]float64{0, 1}, "float64"},
		{"softplus", 700, onnxexport.F64, nil, 4.5e-16, [2]float64{0, math.Inf(1)}, "float64"},
		{"sigmoid", 80, onnxexport.F32, []onnxval.Option{onnxval.Rounded}, 2e-7, [2]float64{0, 1}, "float32"},
		{"softplus", 80, onnxexport.F32, []onnxval.Option{onnxval.Rounded}, 2e-7, [2]float64{0, math.Inf(1)}, "float32"},
	} {
		t.Run(c.op+" in "+c.description, func(t *testing.T) {
			var xs []float64
			for i := range 4001 {
				x := c.reach * float64(i-2000) / 2000
				xs = append(xs, float64(float32(x)), float64(float32(x/100)))
			}
			m := unary(t, c.op, c.dtype)
			got := ranOn(t, m, xs, c.o...)
			scalar := ir.OpNamed(c.op).Scalar
			worst, at := 0.0, 0.0
			for i, x := range xs {
				want := scalar(x)
				if d := math.Abs(got[i]-want) / want; !(d <= worst) {
					worst, at = d, x
				}
			}
			t.Logf("%.2g at %v", worst, at)
			if !(worst <= c.bound) {
				t.Errorf("%s(%v) has a relative error of %.2g", c.op, at, worst)
			}
			ends := ranOn(t, m, []float64{math.Inf(-1), math.Inf(1), -1e30, 1e30}, c.o...)
			if ends[0] != c.atInfinity[0] || ends[1] != c.atInfinity[1] || ends[2] != 0 || math.IsNaN(ends[3]) || math.IsInf(ends[3], 0) {
				t.Errorf("far out it is %v", ends)
			}
		})
	}
}
