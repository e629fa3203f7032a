package formula

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

type inputs = map[string]*tensor.Tensor

// rows2 is a float [n,d] from its rows.
func rows2(rows ...[]float64) *tensor.Tensor {
	t := tensor.New(tensor.Float, len(rows), len(rows[0]))
	for i, r := range rows {
		copy(t.F[i*len(r):], r)
	}
	return t
}

func floats1(v ...float64) *tensor.Tensor { return tensor.Floats(v, len(v)) }
func ints1(v ...int64) *tensor.Tensor     { return tensor.Ints(v, len(v)) }

func ints2(k int, v ...int64) *tensor.Tensor { return tensor.Ints(v, len(v)/k, k) }

// wave is a float [n,d] whose elements f gives.
func wave(n, d int, f func(i, j float64) float64) *tensor.Tensor {
	t := tensor.New(tensor.Float, n, d)
	for i := range t.F {
		t.F[i] = f(float64(i/d), float64(i%d))
	}
	return t
}

// waves are six embeddings of three columns, one of them ignored, before four
// classes: the batch that the golden numbers were computed on.
func waves() inputs {
	return inputs{
		"embeddings":   wave(6, 3, func(i, d float64) float64 { return 1.3 * math.Sin(1.7*i+0.9*d+0.3) }),
		"weight":       wave(4, 3, func(j, d float64) float64 { return math.Cos(1.1*j - 0.7*d + 0.2) }),
		"centers":      wave(4, 3, func(j, d float64) float64 { return 0.5 * math.Cos(1.1*j-0.7*d+0.2) }),
		"bias":         floats1(-0.15, -0.05, 0.05, 0.15),
		"class_weight": floats1(1, 1./2, 1./3, 1./4),
		"labels":       ints1(2, 0, -1, 3, 0, 2),
	}
}

// outputs are what Eval gives, which must not fail.
func outputs(t *testing.T, r Request) inputs {
	t.Helper()
	out, err := Eval(r)
	if err != nil {
		t.Fatalf("%s %v: %v", r.Loss, r.Params, err)
	}
	return out
}

// lossOf is the value of a loss that is one number.
func lossOf(t *testing.T, loss string, p Params, in inputs) float64 {
	t.Helper()
	l := outputs(t, Request{Loss: loss, Params: p, In: in})["loss"]
	if len(l.Shape) != 0 {
		t.Fatalf("%s: loss is %s, want one number", loss, l)
	}
	return l.F[0]
}

// same fails unless got and want agree to 1e-12 of the larger of want and 1.
func same(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*math.Max(1, math.Abs(want))) {
		t.Errorf("%s = %.17g, want %.17g", what, got, want)
	}
}

// sameAll is same for every element.
func sameAll(t *testing.T, what string, got *tensor.Tensor, want ...float64) {
	t.Helper()
	if got == nil || got.Kind != tensor.Float || got.Len() != len(want) || len(got.F) != len(want) {
		t.Fatalf("%s is %v, want %d floats", what, got, len(want))
	}
	for i := range want {
		same(t, what, got.F[i], want[i])
	}
}

// sameInts fails unless got holds exactly the wanted numbers.
func sameInts(t *testing.T, what string, got *tensor.Tensor, want ...int64) {
	t.Helper()
	if got == nil || got.Kind != tensor.Int || got.Len() != len(want) || len(got.I) != len(want) {
		t.Fatalf("%s is %v, want %d integers", what, got, len(want))
	}
	for i := range want {
		if got.I[i] != want[i] {
			t.Errorf("%s = %v, want %v", what, got.I, want)
			return
		}
	}
}

// gradientOf is the numeric gradient, which must not fail.
func gradientOf(t *testing.T, r Request, input string) *tensor.Tensor {
	t.Helper()
	g, err := Gradient(r, input)
	if err != nil {
		t.Fatalf("%s %v: gradient of %s: %v", r.Loss, r.Params, input, err)
	}
	return g
}

// closeTo fails unless every element is within 1e-9 of the largest wanted one.
func closeTo(t *testing.T, what string, got *tensor.Tensor, want []float64) {
	t.Helper()
	size := 0.0
	for _, v := range want {
		size = math.Max(size, math.Abs(v))
	}
	for i, v := range want {
		if !(math.Abs(got.F[i]-v) <= 1e-9*math.Max(size, 1e-3)) {
			t.Errorf("%s[%d] = %.17g, want %.17g", what, i, got.F[i], v)
		}
	}
}
