package verify

import (
	"maps"
	"math"
	"slices"

	"losscc/verify/tensor"
)

// conditions are how much larger, relative to the output, the change of each
// float output is than the change of the inputs that causes it: the largest
// over the random points, because a number inside may be sensitive where the
// inputs are not, and at p; at least 1.
func (j *judge) conditions(p *point) (map[string]float64, error) {
	if j.general == nil {
		j.general = map[string]float64{}
		for _, q := range j.points {
			if err := j.condition(q, j.general); err != nil {
				return nil, err
			}
		}
	}
	here := maps.Clone(j.general)
	if slices.Contains(j.points, p) {
		return here, nil
	}
	return here, j.condition(p, here)
}

// condition raises the conditions in cond to those at p.
func (j *judge) condition(p *point, cond map[string]float64) error {
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	eps := tolerance(tolNudge)
	for _, sign := range []float64{1, -1, 0.7} {
		moved, err := j.model.Run(nudged(p.in, sign*eps))
		if err != nil {
			return err
		}
		for name, t := range out {
			cond[name] = math.Max(math.Max(cond[name], 1), change(moved[name], t, tolerance(tolFloorLow))/eps)
		}
	}
	return nil
}

// nudged is the inputs with every float moved by about by, relative to its own
// size, up and down by turns that differ from row to row.
func nudged(in map[string]*tensor.Tensor, by float64) map[string]*tensor.Tensor {
	out := map[string]*tensor.Tensor{}
	for name, t := range in {
		t = t.Clone()
		for i := range t.F {
			t.F[i] *= 1 + by*math.Cos(float64(7*i*i+3*i+len(name)))
		}
		out[name] = t
	}
	return out
}
