package verify

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// gradientsAt compares the gradients at a point with the paper's: along a
// random direction of all inputs together, which has something of every
// element and costs one derivative. The official gradient is no derivative,
// and is compared element by element.
func (j *judge) gradientsAt(k *checker, p *point, rng *rand.Rand, bounds gradientBounds) error {
	switch {
	case len(j.withGradients()) == 0:
		return nil
	case j.claim.gradient == "official":
		return j.officialAt(k, p)
	}
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	along, inner, size := j.direction(p, out, rng)
	slope, unresolved, err := j.claim.slope(p.in, along)
	if err != nil {
		return err
	}
	by, err := bounds(p)
	if err != nil {
		return err
	}
	if err := j.heldAt(k, p, out, by); err != nil {
		return err
	}
	size = math.Max(size, math.Abs(slope))
	relative := 0.0
	for name := range along {
		b := by("grad_" + name)
		relative = math.Max(relative, b.Relative)
		if j.elem != f64 {
			size = math.Max(size, b.Floor)
		}
	}
	if p.kinked {
		relative = math.Max(relative, tolerance(tolUnresolved)*unresolved/size)
	}
	d := Difference{Output: "gradients · direction", Got: Number(inner), Want: Number(slope), Off: Number(apart(inner, slope, size)), Tolerance: Number(relative)}
	k.see(p, d, 1, nil)
	return nil
}

// gradientBounds are how far apart gradients may be at a point.
type gradientBounds func(p *point) (func(output string) Bound, error)

// atTelling are the bounds where losses are smooth.
func (j *judge) atTelling(p *point) (func(output string) Bound, error) {
	return j.precise(tolTelling, p)
}

// atEdges are the bounds at evil inputs.
func (j *judge) atEdges(p *point) (func(output string) Bound, error) {
	if p.turning {
		return j.precise(tolTurning, p)
	}
	return j.precise(tolKink, p)
}

// anyNumber tells whether the gradients at a point may be any finite numbers:
// at cosines that are ±1 but for what the inputs were rounded by, where the
// derivative of an angle is as large as it happens to be; where the last bits
// of the inputs choose between rows; where a swap has two equal distances to
// choose from; where the last bits of the inputs tell which terms a mean counts;
// and for the official gradient, whose quotient is that of two zeros where a row
// is 0.
func (j *judge) anyNumber(p *point) (bool, error) {
	if j.claim.gradient == "official" || (p.twin || p.turning || p.whole) && j.claim.swaps() {
		return true, nil
	}
	if !p.turning && !j.claim.counts() {
		return false, nil
	}
	if _, err := j.wantAt(p); err != nil {
		return false, err
	}
	if !p.turning {
		return j.blurs(p)["loss"] > tolerance(tolTurning), nil
	}
	if j.blurs(p)["loss"] > tolerance(tolTurning) {
		return true, nil
	}
	if j.elem == f64 {
		return false, nil
	}
	cond, err := j.conditionsAt(p)
	if err != nil {
		return false, err
	}
	for name, k := range cond {
		if strings.HasPrefix(name, "grad_") && !(k <= tolerance(tolCondition)) {
			return true, nil
		}
	}
	return false, nil
}

// counts tells whether a part's mean is over the terms that are above 0, so that it
// jumps where one of them begins to count.
func (c *claim) counts() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool {
		return p.params["average"] == "nonzero" || p.name == "margin" || p.name == "threshold-consistent-margin"
	})
}

// swaps tells whether a part takes the smaller of two distances.
func (c *claim) swaps() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.params["swap"] == true })
}

// squares tells whether a part has the length of a row twice in its value.
func (c *claim) squares() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool {
		return p.measures() || p.name == "center" && p.params["normalize"] != true
	})
}

// proxied tells whether a part takes the distances of rows as they are to a table of
// proxies from each other.
func (c *claim) proxied() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.name == "proxy-nca" && p.measures() && p.params["distance"] != "dot" })
}

// turns tells whether a part measures the angle between rows.
func (c *claim) turns() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.params["distance"] == "angle" })
}

// exact tells whether every part measures its rows by a distance that is exact
// between whole numbers.
func (c *claim) exact() bool {
	return !slices.ContainsFunc(c.parts, func(p part) bool { return !p.measures() })
}

// measures tells whether a part's distances are made of products of rows as they
// are.
func (p part) measures() bool {
	return slices.Contains([]any{"euclidean", "squared-euclidean", "dot"}, p.params["distance"]) && p.params["normalize"] != true
}

// direction is one of every input that has a gradient, but for elements that the
// type could not hold; the gradients' inner product with it, and the size of the
// numbers in it. At tiny inputs it is as
// long in each row as the row is.
func (j *judge) direction(p *point, out map[string]*tensor.Tensor, rng *rand.Rand) (along map[string]*tensor.Tensor, inner, size float64) {
	along = map[string]*tensor.Tensor{}
	size = math.Max(tolerance(tolFloor), tolerance(tolFloorSlope)*total(out["loss"]))
	for _, name := range j.withGradients() {
		g := out["grad_"+name]
		if g == nil {
			continue // seen by another check
		}
		length := func(int) float64 { return 1 }
		if p.tiny {
			length = lengths(p.in[name])
		}
		way := tensor.New(tensor.Float, g.Shape...)
		for i, x := range g.F {
			r := rng.NormFloat64()
			if j.isHeld(x) {
				continue
			}
			way.F[i] = length(i) * r
			inner += way.F[i] * x
			if !math.IsInf(x, 0) && !math.IsNaN(x) {
				size = math.Max(size, length(i)*math.Abs(x))
			}
		}
		along[name] = way
	}
	return along, inner, size
}

// lengths gives for each element the largest absolute value of its row, 1 of a
// row of zeros.
func lengths(x *tensor.Tensor) func(i int) float64 {
	d := 1
	if len(x.Shape) > 0 {
		d = max(1, x.Shape[len(x.Shape)-1])
	}
	return func(i int) float64 {
		row := x.F[i/d*d : min(i/d*d+d, len(x.F))]
		if top := largest(tensor.Floats(row, len(row))); top > 0 {
			return top
		}
		return 1
	}
}

// mostHeld is how many elements of a gradient that are held to what float16 can
// hold are compared: each costs a derivative.
const mostHeld = 8

// heldAt compares elements of gradients that are as large as float16 can hold,
// and in no direction, with the paper's derivative, held to it too.
func (j *judge) heldAt(k *checker, p *point, out map[string]*tensor.Tensor, by func(output string) Bound) error {
	for _, name := range j.withGradients() {
		g := out["grad_"+name]
		if g == nil {
			continue
		}
		var held []int
		for i, x := range g.F {
			if j.isHeld(x) {
				held = append(held, i)
			}
		}
		for n := 0; n < len(held); n += (len(held) + mostHeld - 1) / mostHeld {
			i := held[n]
			length := lengths(p.in[name])(i) // whatever has so steep a slope is often small
			way := tensor.New(tensor.Float, g.Shape...)
			way.F[i] = length
			slope, unresolved, err := j.claim.slope(p.in, map[string]*tensor.Tensor{name: way})
			if err != nil {
				return err
			}
			want := math.Max(-largestHalf, math.Min(largestHalf, slope/length))
			d := Difference{Output: "grad_" + name, Index: place(i, g.Shape), Got: Number(g.F[i]), Want: Number(want), Off: Number(apart(g.F[i], want, largestHalf)),
				Tolerance: Number(math.Max(by("grad_"+name).Relative, tolerance(tolUnresolved)*unresolved/length/largestHalf))}
			k.see(p, d, 1, nil)
		}
	}
	return nil
}

// isHeld tells whether an element is what the type holds a larger one to.
func (j *judge) isHeld(x float64) bool {
	return j.elem == onnxval.F16 && math.Abs(x) >= largestHalf
}

// officialAt compares each element of the official gradient with its own
// arithmetic.
func (j *judge) officialAt(k *checker, p *point) error {
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	got, want, err := j.gradients(p, out)
	if err != nil {
		return err
	}
	bound, err := j.atTelling(p)
	if err != nil {
		return err
	}
	k.compare(p, got, j.saturated(want), bound)
	return nil
}

// gradients are the file's, and the paper's element by element.
func (j *judge) gradients(p *point, out map[string]*tensor.Tensor) (got, want map[string]*tensor.Tensor, err error) {
	got, want = gradientsOf(out), map[string]*tensor.Tensor{}
	for _, name := range j.withGradients() {
		if want["grad_"+name], err = j.claim.derivative(p.in, name); err != nil {
			return nil, nil, err
		}
	}
	return got, want, nil
}

// gradientsOf are the outputs that are gradients.
func gradientsOf(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	kept := map[string]*tensor.Tensor{}
	for name, t := range out {
		if strings.HasPrefix(name, "grad_") {
			kept[name] = t
		}
	}
	return kept
}

// edgeGradients compares gradients with the paper's loops at evil inputs.
func (j *judge) edgeGradients(k *checker) {
	if j.claim == nil {
		k.skip("%s", j.unknown)
		return
	}
	if len(j.withGradients()) == 0 {
		k.omit()
		return
	}
	rng := rand.New(rand.NewPCG(j.o.Seed, 11))
	for _, p := range j.evils {
		if p.in == nil || j.undefined(p) {
			continue
		}
		free, err := j.anyNumber(p)
		if err == nil && !free {
			err = j.gradientsAt(k, p, rng, j.atEdges)
		}
		if err != nil {
			k.failAt(p, err)
			return
		}
		if k.Points++; k.done() {
			return
		}
	}
}
