package irval

import (
	"fmt"

	"losscc/ir"
	"losscc/verify/tensor"
)

// move copies one element of src to one place of dst, of the same kind.
func move(dst *tensor.Tensor, to int, src *tensor.Tensor, from int) {
	switch dst.Kind {
	case tensor.Int:
		dst.I[to] = src.I[from]
	case tensor.Bool:
		dst.B[to] = src.B[from]
	default:
		dst.F[to] = src.F[from]
	}
}

// as is the elements of t under another shape; they are shared.
func as(t *tensor.Tensor, shape []int) (*tensor.Tensor, error) {
	if tensor.Len(shape) != t.Len() {
		return nil, fmt.Errorf("%v does not hold the elements of shape %s", t, tensor.ShapeString(shape))
	}
	return &tensor.Tensor{Kind: t.Kind, Shape: shape, F: t.F, I: t.I, B: t.B}, nil
}

func reshape(fr *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	shape, err := fr.extents.shape(v.Attrs.Shape("shape"))
	if err != nil {
		return nil, err
	}
	return as(args[0], shape)
}

func unsqueeze(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	axis := v.Attrs.Int("axis")
	shape := append(append([]int{}, args[0].Shape[:axis]...), 1)
	return as(args[0], append(shape, args[0].Shape[axis:]...))
}

func squeeze(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	return as(args[0], along(args[0].Shape, v.Attrs.Int("axis")).without)
}

func transpose(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	rows, cols := args[0].Shape[0], args[0].Shape[1]
	out := tensor.New(args[0].Kind, cols, rows)
	for to := range out.Len() {
		move(out, to, args[0], to%rows*cols+to/rows)
	}
	return out, nil
}

func expand(fr *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	shape, err := fr.extents.shape(v.Attrs.Shape("shape"))
	if err != nil {
		return nil, err
	}
	out := tensor.New(args[0].Kind, shape...)
	w := broadcast{shape: shape, steps: [][]int{stretch(args[0].Shape, shape)}}
	return out, w.each(func(place int, at []int) error {
		move(out, place, args[0], at[0])
		return nil
	})
}

// place is element i of the places, seen to lie inside an extent.
func place(places *tensor.Tensor, i, extent int) (int, error) {
	p := places.I[i]
	if p < 0 || p >= int64(extent) {
		return 0, fmt.Errorf("place %d (element %d of %v) is outside the extent %d", p, i, places, extent)
	}
	return int(p), nil
}

func pick(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	l := along(args[0].Shape, v.Attrs.Int("axis"))
	out := tensor.New(args[0].Kind, l.without...)
	for lane := range l.count {
		k, err := place(args[1], lane, l.length)
		if err != nil {
			return nil, err
		}
		move(out, lane, args[0], l.start(lane)+k*l.step)
	}
	return out, nil
}

func put(_ *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	l := along(args[0].Shape, v.Attrs.Int("axis"))
	out := args[0].Clone()
	for lane := range l.count {
		k, err := place(args[1], lane, l.length)
		if err != nil {
			return nil, err
		}
		move(out, l.start(lane)+k*l.step, args[2], lane)
	}
	return out, nil
}

func take(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	x, places := args[0], args[1]
	out := tensor.New(x.Kind, places.Shape...)
	return out, inRows(x, places, func(i, at int) { move(out, i, x, at) })
}

func addAt(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out := args[0].Clone()
	return out, inRows(out, args[1], func(i, at int) { out.F[at] += args[2].F[i] })
}

// inRows gives each of the places of a matrix's rows: its number and where the
// matrix has it.
func inRows(x, places *tensor.Tensor, do func(i, at int)) error {
	each, extent := places.Shape[1], x.Shape[1]
	for i := range places.Len() {
		k, err := place(places, i, extent)
		if err != nil {
			return err
		}
		do(i, i/each*extent+k)
	}
	return nil
}

func gather(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	x, places := args[0], args[1]
	shape := append(append([]int{}, places.Shape...), x.Shape[1:]...)
	if err := fitsMemory(shape); err != nil {
		return nil, err
	}
	out := tensor.New(x.Kind, shape...)
	row := tensor.Len(x.Shape[1:])
	for i := range places.Len() {
		k, err := place(places, i, x.Shape[0])
		if err != nil {
			return nil, err
		}
		for j := range row {
			move(out, i*row+j, x, k*row+j)
		}
	}
	return out, nil
}

func scatterAdd(fr *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	places, rows := args[0], args[1]
	shape, err := fr.extents.shape(v.Type.Shape)
	if err != nil {
		return nil, err
	}
	out := tensor.New(tensor.Float, shape...)
	row := tensor.Len(rows.Shape[1:])
	for i := range places.Len() {
		k, err := place(places, i, shape[0])
		if err != nil {
			return nil, err
		}
		for j := range row {
			out.F[k*row+j] += rows.F[i*row+j]
		}
	}
	return out, nil
}

func nonZero(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	rank := len(args[0].Shape)
	out := &tensor.Tensor{Kind: tensor.Int, I: []int64{}}
	for at, holds := range args[0].B {
		if !holds {
			continue
		}
		index := make([]int64, rank)
		for axis := rank - 1; axis >= 0; axis-- {
			index[axis] = int64(at % args[0].Shape[axis])
			at /= args[0].Shape[axis]
		}
		out.I = append(out.I, index...)
	}
	out.Shape = []int{len(out.I) / rank, rank}
	return out, nil
}

func concat(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	a, b := args[0], args[1]
	shape := append([]int{}, a.Shape...)
	shape[0] += b.Shape[0]
	out := tensor.New(a.Kind, shape...)
	for i := range a.Len() {
		move(out, i, a, i)
	}
	for i := range b.Len() {
		move(out, a.Len()+i, b, i)
	}
	return out, nil
}
