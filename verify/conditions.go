package verify

import (
	"maps"
	"math"
	"slices"

	"losscc/verify/tensor"
)

// counted are the inputs whose floats are whole numbers: a part of one more
// would end an epoch, and is nothing that rounding makes.
var counted = []string{"class_counts", "seen"}

// conditions are how much larger, relative to the output, the change of each
// float output is than the change of the inputs that causes it: the largest
// over the random points, because a number inside may be sensitive where the
// inputs are not, and at p; at least 1. A change beyond the largest condition
// is a jump from one class or row to another, which a rounded constant does not
// make, and excuses nothing; with jumps, as where every number is rounded, it
// counts.
func (j *judge) conditions(p *point, jumps bool) (map[string]float64, error) {
	most := tolerance(tolCondition)
	if jumps {
		most = math.Inf(1)
	}
	if j.general[jumps] == nil {
		general := map[string]float64{}
		for _, q := range j.points {
			if err := j.raise(general, q, most); err != nil {
				return nil, err
			}
		}
		j.general[jumps] = general
	}
	here := maps.Clone(j.general[jumps])
	if slices.Contains(j.points, p) {
		return here, nil
	}
	return here, j.raise(here, p, most)
}

// raise brings the conditions in cond up to those at p, but for what is beyond
// most.
func (j *judge) raise(cond map[string]float64, p *point, most float64) error {
	at, err := j.conditionsAt(p)
	if err != nil {
		return err
	}
	for name, k := range at {
		cond[name] = math.Max(cond[name], 1)
		if k <= most {
			cond[name] = math.Max(cond[name], k)
		}
	}
	return nil
}

// conditionsAt are the conditions at a point: those of values by the paper's
// loops where there are any, so that a file is not allowed what its own noise
// makes of it, and those of gradients by the file.
func (j *judge) conditionsAt(p *point) (map[string]float64, error) {
	if p.cond != nil {
		return p.cond, nil
	}
	out, err := j.eval(p)
	if err != nil {
		return nil, err
	}
	cond, eps := map[string]float64{}, tolerance(tolNudge)
	raise := func(moved, at map[string]*tensor.Tensor) {
		for name, t := range at {
			if m := moved[name]; m != nil {
				cond[name] = math.Max(cond[name], change(m, t, tolerance(tolFloorLow))/eps)
			}
		}
	}
	for _, sign := range []float64{1, -1, 0.7} {
		q := &point{in: nudged(p.in, sign*eps)}
		moved, err := j.eval(q)
		if err != nil {
			return nil, err
		}
		if j.claim == nil {
			raise(moved, out)
			continue
		}
		raise(moved, gradientsOf(out))
		want, err := j.wantAt(p)
		if err != nil {
			return nil, err
		}
		if moved, err = j.wantAt(q); err != nil {
			return nil, err
		}
		raise(moved, want)
	}
	p.cond = cond
	return cond, nil
}

// nudged is the inputs with every float moved by about by, relative to its own
// size, up and down by turns that differ from row to row; but not what is
// counted.
func nudged(in map[string]*tensor.Tensor, by float64) map[string]*tensor.Tensor {
	out := map[string]*tensor.Tensor{}
	for name, t := range in {
		if slices.Contains(counted, name) {
			out[name] = t
			continue
		}
		t = t.Clone()
		for i := range t.F {
			t.F[i] *= 1 + by*math.Cos(float64(7*i*i+3*i+len(name)))
		}
		out[name] = t
	}
	return out
}
