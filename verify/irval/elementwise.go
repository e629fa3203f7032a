package irval

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"losscc/ir"
	"losscc/verify/tensor"
)

// broadcast is a walk over the elements of operands stretched to one shape.
type broadcast struct {
	shape []int
	steps [][]int // for each operand, the stride along each axis; 0 where it stretches
}

// align makes the walk over some tensors, aligned at the last axis.
func align(args []*tensor.Tensor) (*broadcast, error) {
	rank := 0
	for _, a := range args {
		rank = max(rank, len(a.Shape))
	}
	w := &broadcast{shape: make([]int, rank)}
	for i := range w.shape {
		w.shape[i] = 1
	}
	for _, a := range args {
		for i, n := range a.Shape {
			if at := rank - len(a.Shape) + i; n != 1 {
				w.shape[at] = n
			}
		}
	}
	for _, a := range args {
		w.steps = append(w.steps, stretch(a.Shape, w.shape))
	}
	return w, fitsMemory(w.shape)
}

// stretch is the stride along each axis of a shape of an operand of shape s,
// aligned at the last axis: 0 along axes that s lacks or has at extent 1.
func stretch(s, to []int) []int {
	steps := make([]int, len(to))
	stride := 1
	for i := 1; i <= len(s); i++ {
		if n := s[len(s)-i]; n != 1 {
			steps[len(to)-i] = stride
			stride *= n
		}
	}
	return steps
}

// each visits every place of the shape in row-major order, with the place of
// each operand's element.
func (w *broadcast) each(visit func(place int, at []int) error) error {
	index := make([]int, len(w.shape))
	at := make([]int, len(w.steps))
	for place, n := 0, tensor.Len(w.shape); place < n; place++ {
		if err := visit(place, at); err != nil {
			return err
		}
		for axis := len(index) - 1; axis >= 0; axis-- {
			index[axis]++
			for k := range at {
				at[k] += w.steps[k][axis]
			}
			if index[axis] < w.shape[axis] {
				break
			}
			index[axis] = 0
			for k := range at {
				at[k] -= w.steps[k][axis] * w.shape[axis]
			}
		}
	}
	return nil
}

// zip makes the elements of a broadcast from the operands' elements.
func zip[A, B any](args []*tensor.Tensor, in func(*tensor.Tensor) []A, f func([]A) (B, error)) ([]int, []B, error) {
	w, err := align(args)
	if err != nil {
		return nil, nil, err
	}
	elems := make([][]A, len(args))
	for i, a := range args {
		elems[i] = in(a)
	}
	out := make([]B, tensor.Len(w.shape))
	x := make([]A, len(args))
	err = w.each(func(place int, at []int) (err error) {
		for k := range x {
			x[k] = elems[k][at[k]]
		}
		out[place], err = f(x)
		return err
	})
	return w.shape, out, err
}

func floatsOf(t *tensor.Tensor) []float64 { return t.F }
func intsOf(t *tensor.Tensor) []int64     { return t.I }
func boolsOf(t *tensor.Tensor) []bool     { return t.B }

// scalar applies what the op's row does to numbers; ints have a meaning here.
func scalar(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	if args[0].Kind == tensor.Int {
		f := intMeaning[v.Op]
		if f == nil {
			return nil, errors.New("has no meaning for ints")
		}
		shape, out, err := zip(args, intsOf, func(x []int64) (int64, error) { return f(x[0], x[1]) })
		return &tensor.Tensor{Kind: tensor.Int, Shape: shape, I: out}, err
	}
	shape, out, err := zip(args, floatsOf, func(x []float64) (float64, error) { return v.Op.Scalar(x...), nil })
	return &tensor.Tensor{Kind: tensor.Float, Shape: shape, F: out}, err
}

var intMeaning = map[*ir.Op]func(a, b int64) (int64, error){
	ir.OpAdd: func(a, b int64) (int64, error) { return a + b, nil },
	ir.OpSub: func(a, b int64) (int64, error) { return a - b, nil },
	ir.OpMul: func(a, b int64) (int64, error) { return a * b, nil },
	ir.OpMax: func(a, b int64) (int64, error) { return max(a, b), nil },
	ir.OpMin: func(a, b int64) (int64, error) { return min(a, b), nil },
	ir.OpDiv: func(a, b int64) (int64, error) {
		if b == 0 {
			return 0, fmt.Errorf("int division of %d by 0", a)
		}
		return a / b, nil
	},
}

func power(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	exponent := v.Attrs.Float("exponent")
	out := tensor.New(tensor.Float, args[0].Shape...)
	for i, x := range args[0].F {
		out.F[i] = math.Pow(x, exponent)
	}
	return out, nil
}

func less[T cmp.Ordered](a, b T) bool      { return a < b }
func lessEqual[T cmp.Ordered](a, b T) bool { return a <= b }
func equal[T cmp.Ordered](a, b T) bool     { return a == b }

func compare(floats func(a, b float64) bool, ints func(a, b int64) bool) kernel {
	return func(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
		out := &tensor.Tensor{Kind: tensor.Bool}
		var err error
		if args[0].Kind == tensor.Int {
			out.Shape, out.B, err = zip(args, intsOf, func(x []int64) (bool, error) { return ints(x[0], x[1]), nil })
		} else {
			out.Shape, out.B, err = zip(args, floatsOf, func(x []float64) (bool, error) { return floats(x[0], x[1]), nil })
		}
		return out, err
	}
}

func logic(f func([]bool) bool) kernel {
	return func(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
		shape, out, err := zip(args, boolsOf, func(x []bool) (bool, error) { return f(x), nil })
		return &tensor.Tensor{Kind: tensor.Bool, Shape: shape, B: out}, err
	}
}

func choose(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	w, err := align(args)
	if err != nil {
		return nil, err
	}
	out := tensor.New(args[1].Kind, w.shape...)
	err = w.each(func(place int, at []int) error {
		if args[0].B[at[0]] {
			move(out, place, args[1], at[1])
		} else {
			move(out, place, args[2], at[2])
		}
		return nil
	})
	return out, err
}

func toFloat(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out := tensor.New(tensor.Float, args[0].Shape...)
	for i := range out.F {
		if args[0].Kind == tensor.Int {
			out.F[i] = float64(args[0].I[i])
		} else if args[0].B[i] {
			out.F[i] = 1
		}
	}
	return out, nil
}

func toInt(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out := tensor.New(tensor.Int, args[0].Shape...)
	for i := range out.I {
		if args[0].Kind == tensor.Bool {
			if args[0].B[i] {
				out.I[i] = 1
			}
			continue
		}
		x := args[0].F[i]
		if !(x >= -(1<<63) && x < 1<<63) {
			return nil, fmt.Errorf("no int holds %v, element %d", x, i)
		}
		out.I[i] = int64(x)
	}
	return out, nil
}
