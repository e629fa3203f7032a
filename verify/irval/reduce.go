package irval

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"losscc/ir"
	"losscc/verify/tensor"
)

// lanes are the lines of elements along one axis: element k of lane l is at
// start(l) + k·step.
type lanes struct {
	count, length, step int
	without             []int // the shape that is left when the axis goes
}

func along(shape []int, axis int) lanes {
	step := tensor.Len(shape[axis+1:])
	without := append(append([]int{}, shape[:axis]...), shape[axis+1:]...)
	return lanes{count: tensor.Len(without), length: shape[axis], step: step, without: without}
}

// start is the place of a lane's first element. Lane l is also the place of
// the lane's element in the shape without the axis.
func (l lanes) start(lane int) int { return lane/l.step*l.step*l.length + lane%l.step }

func sum(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	l := along(args[0].Shape, v.Attrs.Int("axis"))
	out := tensor.New(args[0].Kind, l.without...)
	for lane := range l.count {
		for k, at := 0, l.start(lane); k < l.length; k, at = k+1, at+l.step {
			if out.Kind == tensor.Int {
				out.I[lane] += args[0].I[at]
			} else {
				out.F[lane] += args[0].F[at]
			}
		}
	}
	return out, nil
}

// norm takes the root of the sum of squares of the row over its largest
// entry, whether the value is scaled or not: in float64 that is the same.
func norm(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	l := along(args[0].Shape, len(args[0].Shape)-1)
	out := tensor.New(tensor.Float, l.without...)
	for lane := range l.count {
		row := args[0].F[l.start(lane):][:l.length]
		top := 0.0
		for _, x := range row {
			top = math.Max(top, math.Abs(x))
		}
		if top == 0 {
			continue
		}
		var squares float64
		for _, x := range row {
			squares += float64(x / top * (x / top))
		}
		out.F[lane] = top * math.Sqrt(squares)
	}
	return out, nil
}

func cumSum(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	l := along(args[0].Shape, v.Attrs.Int("axis"))
	out := args[0].Clone()
	for lane := range l.count {
		for k, at := 1, l.start(lane)+l.step; k < l.length; k, at = k+1, at+l.step {
			if out.Kind == tensor.Int {
				out.I[at] += out.I[at-l.step]
			} else {
				out.F[at] += out.F[at-l.step]
			}
		}
	}
	return out, nil
}

func reduceMax(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	return extreme(v, args, firstMax, math.MinInt64, math.Inf(-1))
}

func reduceMin(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	return extreme(v, args, firstMin, math.MaxInt64, math.Inf(1))
}

// extreme is for each lane the element that first finds, and of nothing one of
// two numbers.
func extreme(v *ir.Value, args []*tensor.Tensor, first func(*tensor.Tensor, lanes, int) int, whole int64, float float64) (*tensor.Tensor, error) {
	l := along(args[0].Shape, v.Attrs.Int("axis"))
	out := tensor.New(args[0].Kind, l.without...)
	for lane := range l.count {
		if out.Kind == tensor.Int {
			out.I[lane] = whole
		} else {
			out.F[lane] = float
		}
		if l.length > 0 {
			move(out, lane, args[0], l.start(lane)+l.step*first(args[0], l, lane))
		}
	}
	return out, nil
}

func argMax(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	return argFirst(v, args, firstMax)
}

func argMin(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	return argFirst(v, args, firstMin)
}

// argFirst is for each lane the place that first finds.
func argFirst(v *ir.Value, args []*tensor.Tensor, first func(*tensor.Tensor, lanes, int) int) (*tensor.Tensor, error) {
	l := along(args[0].Shape, v.Attrs.Int("axis"))
	if l.length == 0 && l.count > 0 {
		return nil, fmt.Errorf("%v has no element along axis %d", args[0], v.Attrs.Int("axis"))
	}
	out := tensor.New(tensor.Int, l.without...)
	for lane := range l.count {
		out.I[lane] = int64(first(args[0], l, lane))
	}
	return out, nil
}

// firstMax is the number in its lane of the first element that none is above.
func firstMax(t *tensor.Tensor, l lanes, lane int) int {
	best, start := 0, l.start(lane)
	for k := 1; k < l.length; k++ {
		a, b := start+best*l.step, start+k*l.step
		if t.Kind == tensor.Int && t.I[a] < t.I[b] || t.Kind == tensor.Float && below(t.F[a], t.F[b]) {
			best = k
		}
	}
	return best
}

// firstMin counts NaN as smallest, as the largest of the negatives does.
func firstMin(t *tensor.Tensor, l lanes, lane int) int {
	best, start := 0, l.start(lane)
	for k := 1; k < l.length; k++ {
		a, b := start+best*l.step, start+k*l.step
		if t.Kind == tensor.Int && t.I[a] > t.I[b] || t.Kind == tensor.Float && below(-t.F[a], -t.F[b]) {
			best = k
		}
	}
	return best
}

// below is a < b with NaN above every number.
func below(a, b float64) bool {
	return a < b || math.IsNaN(b) && !math.IsNaN(a)
}

func argTop(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	x, k := args[0], args[1].I[0]
	axis := len(x.Shape) - 1
	l := along(x.Shape, axis)
	if k < 0 || k > int64(l.length) {
		return nil, fmt.Errorf("wants %d of %d elements along the last axis of %v", k, l.length, x)
	}
	out := tensor.New(tensor.Int, append(append([]int{}, l.without...), int(k))...)
	order := make([]int, l.length)
	for lane := range l.count {
		start := l.start(lane)
		below := func(i, j int) bool { return below(x.F[start+i], x.F[start+j]) }
		if x.Kind == tensor.Int {
			below = func(i, j int) bool { return x.I[start+i] < x.I[start+j] }
		}
		for i := range order {
			order[i] = i
		}
		sort.SliceStable(order, func(i, j int) bool {
			if v.Attrs.Bool("largest") {
				return below(order[j], order[i])
			}
			return below(order[i], order[j])
		})
		for i := range int(k) {
			out.I[lane*int(k)+i] = int64(order[i])
		}
	}
	return out, nil
}

func matMul(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	a, b := matrixOf(args[0], v.Attrs.Bool("trans_a")), matrixOf(args[1], v.Attrs.Bool("trans_b"))
	if a.cols != b.rows {
		return nil, errors.New("inner extents differ")
	}
	if err := fitsMemory([]int{a.rows, b.cols}); err != nil {
		return nil, err
	}
	out := tensor.New(tensor.Float, a.rows, b.cols)
	for i := range a.rows {
		for j := range b.cols {
			s := 0.0
			for k := range a.cols {
				s += float64(a.at(i, k) * b.at(k, j)) // no fused multiply-add: equal bits everywhere
			}
			out.F[i*b.cols+j] = s
		}
	}
	return out, nil
}

// matMulBy is the product times a number.
func matMulBy(f *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out, err := matMul(f, v, args)
	if err != nil {
		return nil, err
	}
	for i := range out.F {
		out.F[i] *= v.Attrs.Float("factor")
	}
	return out, nil
}

// matMulAdd adds the third argument to the product of the others.
func matMulAdd(f *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out, err := matMul(f, v, args[:2])
	if err != nil {
		return nil, err
	}
	if !slices.Equal(out.Shape, args[2].Shape) {
		return nil, errors.New("what is added has another shape than the product")
	}
	for i, x := range args[2].F {
		out.F[i] += x
	}
	return out, nil
}

// matrix is a float matrix, or its transpose, over the same elements.
type matrix struct {
	elems            []float64
	rows, cols       int
	rowStep, colStep int
}

func matrixOf(t *tensor.Tensor, transposed bool) matrix {
	m := matrix{t.F, t.Shape[0], t.Shape[1], t.Shape[1], 1}
	if transposed {
		m.rows, m.cols, m.rowStep, m.colStep = m.cols, m.rows, m.colStep, m.rowStep
	}
	return m
}

func (m matrix) at(i, j int) float64 { return m.elems[i*m.rowStep+j*m.colStep] }
