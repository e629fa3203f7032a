package verify

import (
	"math"
	"math/rand/v2"

	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// telling compares values, and gradients along a random direction of all
// inputs together, with the paper's loops at inputs that random ones do not
// meet. A direction has something of every element, and costs one derivative.
func (j *judge) telling(k *checker) {
	if j.claim == nil {
		k.skip("%s", j.unknown)
		return
	}
	rng := rand.New(rand.NewPCG(j.o.Seed, 7))
	for _, p := range j.told {
		if p.in != nil && j.undefined(p) {
			k.note("the paper gives no finite value for: %s", p.name)
			continue
		}
		if err := j.tellingAt(k, p, rng); err != nil {
			k.failAt(p, err)
			return
		}
		if k.Points++; k.done() {
			return
		}
	}
}

func (j *judge) tellingAt(k *checker, p *point, rng *rand.Rand) error {
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	want, err := j.wantAt(p)
	if err != nil {
		return err
	}
	bound, err := j.sharp(tolValue, p)
	if err != nil {
		return err
	}
	k.compare(p, plain(out), want, bound)
	if k.done() || len(j.withGradients()) == 0 || j.claim.gradient == "official" {
		return nil
	}
	along := map[string]*tensor.Tensor{}
	inner, size := 0.0, math.Max(tolerance(tolFloor), tolerance(tolFloorSlope)*total(out["loss"]))
	for _, name := range j.withGradients() {
		g := out["grad_"+name]
		if g == nil {
			continue // seen by another check
		}
		way := tensor.New(tensor.Float, g.Shape...)
		for i := range way.F {
			way.F[i] = rng.NormFloat64()
			inner += way.F[i] * g.F[i]
		}
		along[name] = way
		size = math.Max(size, largest(g))
	}
	if j.elem == onnxval.F16 && size >= largestHalf {
		return nil // held to what the type can hold, and no derivative there
	}
	slope, err := j.claim.slope(p.in, along)
	if err != nil {
		return err
	}
	size = math.Max(size, math.Abs(slope))
	by, err := j.precise(tolTelling, p)
	if err != nil {
		return err
	}
	relative := 0.0
	for name := range along {
		b := by("grad_" + name)
		relative = math.Max(relative, b.Relative)
		if j.elem != f64 {
			size = math.Max(size, b.Floor)
		}
	}
	k.see(p, Difference{Output: "gradients · direction", Got: Number(inner), Want: Number(slope), Off: Number(apart(inner, slope, size)), Tolerance: Number(relative)}, 1, nil)
	return nil
}
