package verify

import (
	"testing"

	"losscc/verify/tensor"
)

// An epoch ends where as many rows are seen as there are: a millionth of a row
// less is no rounding.
func TestCountsAreNotNudged(t *testing.T) {
	in := tensors{"seen": tensor.Scalar(7), "class_counts": tensor.Floats([]float64{3, 4}, 2), "kappa": tensor.Floats([]float64{3, 4}, 2)}
	out := nudged(in, 1e-6)
	for name, x := range in {
		if same := out[name].F[0] == x.F[0]; same != (name != "kappa") {
			t.Errorf("%s: %v became %v", name, x.F, out[name].F)
		}
	}
}

// A jump at one point excuses nothing at the others, unless jumps count.
func TestAConditionIsBounded(t *testing.T) {
	p, q := &point{in: tensors{}, cond: map[string]float64{"loss": 12}}, &point{in: tensors{}, cond: map[string]float64{"loss": 1e6}}
	for _, c := range []struct {
		jumps bool
		want  float64
	}{{false, 12}, {true, 1e6}} {
		j := &judge{points: []*point{p, q}, general: map[bool]map[string]float64{}}
		got, err := j.conditions(q, c.jumps)
		if err != nil || got["loss"] != c.want {
			t.Errorf("with jumps %v: %v, %v, want %g", c.jumps, got, err, c.want)
		}
	}
}
