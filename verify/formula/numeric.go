package formula

import (
	"fmt"
	"maps"
	"math"

	"losscc/verify/tensor"
)

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

// Gradient is ∂Total/∂input by central differences, one element at a time,
// with everything that went through Const held at its value at the point
// itself. For the official gradient, which is no derivative, it is that
// gradient's own arithmetic.
func Gradient(r Request, input string) (*tensor.Tensor, error) {
	if r.Gradient == "official" {
		return official(r, input)
	}
	x, err := r.float(input)
	if err != nil {
		return nil, err
	}
	total, err := r.near(input)
	if err != nil {
		return nil, err
	}
	moved, g := r.In[input], tensor.New(tensor.Float, x.Shape...)
	for i, v := range x.F {
		g.F[i], _, err = derivative(func(d float64) (float64, error) {
			moved.F[i] = v + d
			return total()
		}, extent(x, i))
		if err != nil {
			return nil, err
		}
		moved.F[i] = v
	}
	return g, nil
}

// Slope is the derivative of Total where the named float inputs move along
// the given directions, of their own shapes, together: what the gradients'
// inner products with the directions must add up to. Unresolved is by how much
// the best two steps of the differences disagree: little where the loss is
// smooth, more near a kink or a root.
func Slope(r Request, along map[string]*tensor.Tensor) (slope, unresolved float64, err error) {
	if r.Gradient == "official" {
		return 0, 0, fmt.Errorf("formula: the official gradient is no derivative and has no slope")
	}
	var names []string
	at, size := r.In, math.Inf(1)
	for name, way := range along {
		x, err := r.float(name)
		if err != nil {
			return 0, 0, err
		}
		if way.Kind != tensor.Float || len(way.F) != len(x.F) {
			return 0, 0, fmt.Errorf("formula: the direction of %q is %s, want %s", name, way, x)
		}
		names = append(names, name)
		for i := range x.F {
			if way.F[i] != 0 {
				size = math.Min(size, extent(x, i)/extent(way, i))
			}
		}
	}
	if math.IsInf(size, 1) {
		return 0, 0, nil
	}
	total, err := r.near(names...)
	if err != nil {
		return 0, 0, err
	}
	return derivative(func(d float64) (float64, error) {
		for _, name := range names {
			for i, v := range at[name].F {
				r.In[name].F[i] = v + d*along[name].F[i]
			}
		}
		return total()
	}, size)
}

// float is the float input of that name.
func (r *Request) float(name string) (*tensor.Tensor, error) {
	x, ok := r.In[name]
	if !ok || x.Kind != tensor.Float {
		return nil, fmt.Errorf("formula: %s has no float input %q", r.Loss, name)
	}
	return x, nil
}

// near makes copies of the named inputs that may be moved, and gives Total at
// where they are, with the constants of where they were.
func (r *Request) near(names ...string) (total func() (float64, error), err error) {
	_, consts, err := eval(*r, nil)
	if err != nil {
		return nil, err
	}
	if consts == nil {
		consts = []float64{}
	}
	r.In = maps.Clone(r.In)
	for _, name := range names {
		r.In[name] = r.In[name].Clone()
	}
	return func() (float64, error) {
		out, _, err := eval(*r, consts)
		if err != nil {
			return 0, err
		}
		return Total(out)
	}, nil
}

// The steps of derivative are halved from largest, in units of the input or
// of 1, whichever is larger, to smallest in units of the input. Truncation
// falls with step⁴ and rounding grows with 1/step; which step is best depends
// on how sharp the loss is (a scale of 64 wants steps that a scale of 1 loses
// digits at). Where no two steps agree to rough, nor to what rounding leaves of
// values of that size, the loss bends within them, as an angle near 0 does, and
// smaller ones are tried, down to finest.
const (
	largest  = 2e-3
	smallest = 5e-5
	rough    = 1e-6
	finest   = 1e-7
	rounding = 1e-12
	bit      = 2e-16
)

// derivative is f′(0) by the stencil of five points, at the step of those
// tried where it differs least from its value at twice the step, and that
// difference, or what the last bits of f make if that is more. The arguments of
// f are of the given size.
func derivative(f func(d float64) (float64, error), size float64) (slope, unresolved float64, err error) {
	top := 0.0
	difference := func(h float64) (float64, error) {
		after, err := f(h)
		if err != nil {
			return 0, err
		}
		before, err := f(-h)
		top = math.Max(top, math.Abs(after))
		return after - before, err
	}
	h := largest * math.Max(1, size)
	wide, err := difference(2 * h)
	if err != nil {
		return 0, 0, err
	}
	best, last, least := math.NaN(), math.NaN(), math.Inf(1)
	for ; h >= smallest*size || h >= finest*size && least > math.Max(rough*math.Abs(best), rounding*top/h); h /= 2 {
		narrow, err := difference(h)
		if err != nil {
			return 0, 0, err
		}
		d := (8*narrow - wide) / (12 * h)
		if apart := math.Abs(d - last); apart < least {
			best, least, unresolved = d, apart, math.Max(apart, bit*top/h)
		}
		last, wide = d, narrow
	}
	return best, unresolved, nil
}

// extent is the size of the numbers beside element i: the largest absolute
// value along the last axis, 1 if they are all 0.
func extent(x *tensor.Tensor, i int) float64 {
	row := x.F
	if len(x.Shape) > 0 {
		d := width(x)
		row = x.F[i/d*d : i/d*d+d]
	}
	size := 0.0
	for _, v := range row {
		size = math.Max(size, math.Abs(v))
	}
	if size == 0 {
		return 1
	}
	return size
}

// official is the official gradient of one input.
func official(r Request, input string) (*tensor.Tensor, error) {
	x, w, err := OfficialASoftmax(r)
	switch {
	case err != nil:
		return nil, err
	case input == "embeddings":
		return x, nil
	case input == "weight":
		return w, nil
	}
	return nil, fmt.Errorf("formula: there is no official gradient of %q", input)
}
