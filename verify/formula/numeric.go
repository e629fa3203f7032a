package formula

import (
	"fmt"
	"math"

	"losscc/verify/tensor"
)

// step is the distance of the stencil's points: with five points the
// truncation error is of order step⁴ and the rounding error of order ε/step.
const step = 1e-3

// Total is the scalar that a gradient belongs to: the loss, or with
// reduction none the sum of its rows.
func Total(out map[string]*tensor.Tensor) (float64, error) {
	l, ok := out["loss"]
	if !ok {
		return 0, fmt.Errorf("formula: no output loss")
	}
	var s float64
	for _, v := range l.F {
		s += v
	}
	return s, nil
}

// Gradient is ∂Total/∂input by central differences over five points, one
// element at a time, with everything that went through Const held at its
// value at the point itself. Kinks within the stencil make it wrong: the
// caller chooses points that have none.
func Gradient(r Request, input string) (*tensor.Tensor, error) {
	_, consts, err := eval(r, nil)
	if err != nil {
		return nil, err
	}
	if consts == nil {
		consts = []float64{}
	}
	x, ok := r.In[input]
	if !ok || x.Kind != tensor.Float {
		return nil, fmt.Errorf("formula: %s has no float input %q", r.Loss, input)
	}
	moved := x.Clone()
	in := map[string]*tensor.Tensor{}
	for k, v := range r.In {
		in[k] = v
	}
	in[input] = moved
	r.In = in
	at := func(i int, v float64) (float64, error) {
		moved.F[i] = v
		out, _, err := eval(r, consts)
		if err != nil {
			return 0, err
		}
		return Total(out)
	}
	g := tensor.New(tensor.Float, x.Shape...)
	for i, v := range x.F {
		h := step * math.Max(1e-3, math.Abs(v))
		if math.Abs(v) < 1 {
			h = step
		}
		var f [4]float64
		for k, d := range []float64{-2, -1, 1, 2} {
			if f[k], err = at(i, v+d*h); err != nil {
				return nil, err
			}
		}
		moved.F[i] = v
		g.F[i] = (f[0] - 8*f[1] + 8*f[2] - f[3]) / (12 * h)
	}
	return g, nil
}
