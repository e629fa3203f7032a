package verify

import (
	"math"
	"math/rand/v2"

	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// total is the sum of the absolute values of a loss.
func total(loss *tensor.Tensor) float64 {
	s := 0.0
	if loss != nil {
		for _, x := range loss.F {
			s += math.Abs(x)
		}
	}
	return s
}

// ownSlope compares the gradients with differences of the file's own loss
// along a random direction of all inputs together: no formula is needed.
func (j *judge) ownSlope(k *checker) {
	gradient := j.model.Metadata()["losscc.gradient"]
	if gradient == "detached" || gradient == "official" {
		k.skip("a gradient that is called %s is no derivative of the loss", gradient)
		return
	}
	rng := rand.New(rand.NewPCG(j.o.Seed, 5))
	for _, p := range append(j.points[:len(j.points):len(j.points)], j.steep...) {
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		along := map[string]*tensor.Tensor{}
		inner, size := 0.0, math.Max(tolerance(tolFloor), tolerance(tolFloorSlope)*total(out["loss"]))
		for _, in := range j.inputs {
			g := out["grad_"+in.Name]
			if g == nil {
				continue
			}
			way := tensor.New(tensor.Float, g.Shape...)
			for i := range way.F {
				way.F[i] = rng.NormFloat64()
				inner += way.F[i] * g.F[i]
			}
			along[in.Name] = way
			size = math.Max(size, largest(g))
		}
		if len(along) == 0 || out["loss"] == nil {
			k.omit()
			return
		}
		if j.elem == onnxval.F16 && math.Max(size, largest(out["loss"])) >= largestHalf {
			k.note("held to what float16 can hold, and no derivative: %s", p.name)
			continue
		}
		slope, unresolved, err := differences(func(d float64) (float64, error) { return j.totalAt(p, along, d) })
		if err != nil {
			k.failAt(p, err)
			return
		}
		d := Difference{Output: "gradients · direction", Got: Number(inner), Want: Number(slope), Off: Number(apart(inner, slope, math.Max(size, math.Abs(slope)))), Tolerance: Number(math.Max(tolerance(tolSlope), tolerance(tolUnresolved)*unresolved/math.Max(size, math.Abs(slope))))}
		if !d.Within() {
			if held, err := j.heldConstant(p, along); err == nil && held {
				k.skip("the paper holds numbers constant in the gradient: it is not the derivative of the loss, and was compared with the loops that hold them too")
				return
			}
		}
		k.see(p, d, 1, nil)
		if k.Points++; k.done() {
			return
		}
	}
}

// heldConstant tells whether the paper's gradient differs from the derivative
// of the paper's loss along a direction: whether it holds values constant.
func (j *judge) heldConstant(p *point, along map[string]*tensor.Tensor) (bool, error) {
	if j.claim == nil {
		return false, nil
	}
	with, _, err := j.claim.slope(p.in, along)
	if err != nil {
		return false, err
	}
	without, _, err := differences(func(d float64) (float64, error) { return j.claim.total(moved(p.in, along, d)) })
	if err != nil {
		return false, err
	}
	return apart(with, without, math.Max(1, math.Abs(without))) > tolerance(tolHeld), nil
}

// totalAt is the file's loss, summed, at a distance along a direction.
func (j *judge) totalAt(p *point, along map[string]*tensor.Tensor, d float64) (float64, error) {
	out, err := j.model.Run(moved(p.in, along, d))
	if err != nil {
		return 0, err
	}
	s := 0.0
	for _, x := range out["loss"].F {
		s += x
	}
	return s, nil
}

// moved is the inputs at a distance along a direction.
func moved(in, along map[string]*tensor.Tensor, d float64) map[string]*tensor.Tensor {
	out := map[string]*tensor.Tensor{}
	for name, t := range in {
		if way := along[name]; way != nil {
			t = t.Clone()
			for i := range t.F {
				t.F[i] += d * way.F[i]
			}
		}
		out[name] = t
	}
	return out
}

// The steps of differences: from one that is small beside a number of size 1
// down to one whose rounding still leaves ten digits.
const (
	widest    = 1.0 / (1 << 8)
	narrowest = 1.0 / (1 << 18)
)

// differences is f′(0) by the stencil of five points, at the step where it
// agrees best with the step before, and by how much it does not: little where
// f is smooth, much where its rounding is that of a root near 0.
func differences(f func(d float64) (float64, error)) (slope, unresolved float64, err error) {
	pair := func(h float64) (float64, error) {
		a, err := f(h)
		if err != nil {
			return 0, err
		}
		b, err := f(-h)
		return a - b, err
	}
	wide, err := pair(2 * widest)
	if err != nil {
		return 0, 0, err
	}
	best, last, least := math.NaN(), math.NaN(), math.Inf(1)
	for h := widest; h >= narrowest; h /= 2 {
		narrow, err := pair(h)
		if err != nil {
			return 0, 0, err
		}
		at := (8*narrow - wide) / (12 * h)
		if d := math.Abs(at - last); d < least {
			best, least = at, d
		}
		if least <= tolerance(tolSettled)*math.Abs(best) {
			break
		}
		last, wide = at, narrow
	}
	return best, least, nil
}
