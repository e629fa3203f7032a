package irtest

import (
	"math"
	"math/rand/v2"

	"losscc/ir"
	"losscc/verify/tensor"
)

// Inputs draws an extent from 1 to 4 for every symbol of f's parameters, and
// elements for each: floats in [−2, 2], in half of the draws from a few values
// only so that there are ties and zeros of both signs, ints from −3 to 5.
func Inputs(rng *rand.Rand, f *ir.Func) map[string]*tensor.Tensor {
	return draw(rng, f, rng.IntN(2) == 0)
}

// SmoothInputs is Inputs without ties.
func SmoothInputs(rng *rand.Rand, f *ir.Func) map[string]*tensor.Tensor {
	return draw(rng, f, false)
}

func draw(rng *rand.Rand, f *ir.Func, ties bool) map[string]*tensor.Tensor {
	extents := map[ir.Dim]int{}
	in := map[string]*tensor.Tensor{}
	for _, p := range f.Params {
		shape := make([]int, len(p.Type.Shape))
		for i, d := range p.Type.Shape {
			shape[i] = 1
			for _, s := range d.Factors() {
				if n, literal := s.Size(); literal {
					extents[s] = n
				} else if extents[s] == 0 {
					extents[s] = 1 + rng.IntN(maxExtent)
				}
				shape[i] *= extents[s]
			}
		}
		in[p.Name] = elements(rng, p.Type.Elem, shape, ties)
	}
	return in
}

func elements(rng *rand.Rand, elem ir.Elem, shape []int, ties bool) *tensor.Tensor {
	few := []float64{-1, -0.5, math.Copysign(0, -1), 0, 0.5, 1}
	switch elem {
	case ir.Int:
		t := tensor.New(tensor.Int, shape...)
		for i := range t.I {
			t.I[i] = rng.Int64N(9) - 3
		}
		return t
	case ir.Bool:
		t := tensor.New(tensor.Bool, shape...)
		for i := range t.B {
			t.B[i] = rng.IntN(2) == 0
		}
		return t
	}
	t := tensor.New(tensor.Float, shape...)
	for i := range t.F {
		t.F[i] = 4*rng.Float64() - 2
		if ties {
			t.F[i] = few[rng.IntN(len(few))]
		}
	}
	return t
}
