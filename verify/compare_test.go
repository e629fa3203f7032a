package verify

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"losscc/verify/tensor"
)

type tensors = map[string]*tensor.Tensor

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// loose is a bound that only what no tolerance helps is outside of.
func loose(string) Bound { return Bound{1e300, 1} }

func TestCompareSeesWhatNoToleranceHelps(t *testing.T) {
	x := tensor.Floats([]float64{1, 2, 3}, 3)
	for _, c := range []struct {
		name      string
		got, want tensors
		message   string
	}{
		{"NaN against a number", tensors{"x": tensor.Floats([]float64{1, nan, 3}, 3)}, tensors{"x": x}, "x[1] is NaN, want 2"},
		{"a number against NaN", tensors{"x": x}, tensors{"x": tensor.Floats([]float64{1, 2, nan}, 3)}, "x[2] is 3, want NaN"},
		{"infinity against a number", tensors{"x": tensor.Floats([]float64{inf, 2, 3}, 3)}, tensors{"x": x}, "x[0] is +Inf, want 1"},
		{"a number against infinity", tensors{"x": x}, tensors{"x": tensor.Floats([]float64{1, inf, 3}, 3)}, "x[1] is 2, want +Inf"},
		{"the other infinity", tensors{"x": tensor.Scalar(inf)}, tensors{"x": tensor.Scalar(-inf)}, "x[] is +Inf, want -Inf"},
		{"NaN against infinity", tensors{"x": tensor.Scalar(nan)}, tensors{"x": tensor.Scalar(inf)}, "x[] is NaN"},
		{"another shape of as many elements", tensors{"x": tensor.Floats(x.F, 1, 3)}, tensors{"x": x}, "is float[1,3], want float[3]"},
		{"fewer elements", tensors{"x": tensor.Floats(x.F[:2], 2)}, tensors{"x": x}, "is float[2], want float[3]"},
		{"more elements than its shape says", tensors{"x": {Kind: tensor.Float, Shape: []int{3}, F: make([]float64, 4)}}, tensors{"x": x}, "another number of elements"},
		{"another kind", tensors{"x": tensor.Ints([]int64{1, 2, 3}, 3)}, tensors{"x": x}, "is int64[3], want float[3]"},
		{"missing", tensors{}, tensors{"x": x}, "is missing"},
		{"extra", tensors{"x": x, "y": x}, tensors{"x": x}, "y: is float[3], and nothing of that name"},
		{"another integer", tensors{"x": tensor.Ints([]int64{1, 5}, 2)}, tensors{"x": tensor.Ints([]int64{1, 4}, 2)}, "x[1] is 5, want 4"},
		{"integers that are one float64", tensors{"x": tensor.Ints([]int64{1<<53 + 1}, 1)}, tensors{"x": tensor.Ints([]int64{1 << 53}, 1)}, "x[0]"},
		{"another truth", tensors{"x": tensor.Bools([]bool{true}, 1)}, tensors{"x": tensor.Bools([]bool{false}, 1)}, "x[0] is 1, want 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := Compare(c.got, c.want, loose)
			if d.Within() || !strings.Contains(d.String(), c.message) {
				t.Errorf("within %v: %s; want a message with %q", d.Within(), d, c.message)
			}
		})
	}
}

func TestCompareIsRelativeToTheLargestElement(t *testing.T) {
	want := tensors{"g": tensor.Floats([]float64{1e-9, 100, 0}, 3)}
	bound := func(string) Bound { return Bound{1e-6, 1e-3} }
	for _, c := range []struct {
		name   string
		got    []float64
		within bool
		at     int
	}{
		{"equal", []float64{1e-9, 100, 0}, true, 0},
		{"inside at a small element", []float64{5e-5, 100, 0}, true, 0},
		{"outside at the last element", []float64{1e-9, 100, 2e-4}, false, 2},
		{"the worst of several", []float64{3e-5, 100.2, 1e-4}, false, 1},
	} {
		d, n := Compare(tensors{"g": tensor.Floats(c.got, 3)}, want, bound)
		if d.Within() != c.within || n != 3 || d.Index[0] != c.at {
			t.Errorf("%s: within %v at %v of %d: %s", c.name, d.Within(), d.Index, n, d)
		}
	}
	small := tensors{"g": tensor.Scalar(1e-12)}
	if d, _ := Compare(small, tensors{"g": tensor.Scalar(0)}, bound); !d.Within() {
		t.Errorf("below the floor: %s", d)
	}
	if d, _ := Compare(tensors{"g": tensor.Scalar(2e-9)}, tensors{"g": tensor.Scalar(0)}, bound); d.Within() {
		t.Errorf("1e-6 of the floor is 1e-9, and 2e-9 is within: %s", d)
	}
}

func TestCompareTakesEqualNaNsAndInfinitiesAsEqual(t *testing.T) {
	x := tensors{"x": tensor.Floats([]float64{nan, inf, -inf}, 3), "none": tensor.New(tensor.Float, 0, 4)}
	if d, n := Compare(x, x, func(string) Bound { return Bound{} }); !d.Within() || n != 3 {
		t.Errorf("%d compared: %s", n, d)
	}
}

func TestNotFiniteFindsTheFirst(t *testing.T) {
	out := tensors{"a": tensor.Scalar(1), "b": tensor.Floats([]float64{0, 1, nan, inf}, 2, 2)}
	if d, bad := notFinite(out); !bad || d.Output != "b" || !strings.Contains(d.Why, "[1,0] is NaN") {
		t.Errorf("%v %s", bad, d)
	}
	if _, bad := notFinite(tensors{"a": out["a"]}); bad {
		t.Error("1 is not finite")
	}
}

func TestNumbersSurviveJSON(t *testing.T) {
	for _, x := range []float64{0, 1.5, -1e300, nan, inf, -inf} {
		b, err := json.Marshal(Number(x))
		if err != nil {
			t.Fatal(err)
		}
		var y Number
		if err := json.Unmarshal(b, &y); err != nil || math.Float64bits(float64(y)) != math.Float64bits(x) && !(x != x && float64(y) != float64(y)) {
			t.Errorf("%g became %s and then %g (%v)", x, b, float64(y), err)
		}
	}
}

func TestToleranceRowsHaveReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range Tolerances {
		if seen[row.Name] || row.Value <= 0 || len(row.Reason) < 20 {
			t.Errorf("row %+v: want one of each name, above 0, with its reason", row)
		}
		seen[row.Name] = true
	}
}

func TestNothingIsInsideOfNoNumber(t *testing.T) {
	nan, inf := Number(math.NaN()), Number(math.Inf(1))
	for _, d := range []Difference{{Off: inf, Tolerance: inf}, {Off: 1, Tolerance: nan}, {Off: nan, Tolerance: 1}, {Off: inf, Tolerance: nan}} {
		if d.Within() || !d.worse(Difference{Off: 0.5, Tolerance: 1}) {
			t.Errorf("off by %g of %g: within %v, and no worse than half of it", d.Off, d.Tolerance, d.Within())
		}
	}
	if d := (Difference{Off: 1, Tolerance: 2}); !d.Within() || d.share() != 0.5 {
		t.Errorf("off by %g of %g: within %v, a share of %g", d.Off, d.Tolerance, d.Within(), d.share())
	}
}
