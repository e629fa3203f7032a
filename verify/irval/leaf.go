package irval

import (
	"fmt"

	"losscc/ir"
	"losscc/verify/tensor"
)

func constant(_ *frame, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	return tensor.Scalar(v.Attrs.Float("value")), nil
}

func whole(_ *frame, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	n, _ := v.Attrs.Get("value").(int64)
	return tensor.Ints([]int64{n}), nil
}

func attribute(fr *frame, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	x, ok := fr.attrs.Get(v.Attrs.Text("name")).(float64)
	if !ok {
		return nil, fmt.Errorf("the attribute %s is not set to a number", v.Attrs.Text("name"))
	}
	return tensor.Scalar(x), nil
}

func extent(fr *frame, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	shape, err := fr.extents.shape(ir.Shape{v.Attrs.Dim("dim")})
	if err != nil {
		return nil, err
	}
	return tensor.Ints([]int64{int64(shape[0])}), nil
}

func iota(fr *frame, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	shape, err := fr.extents.shape(ir.Shape{v.Attrs.Dim("dim")})
	if err != nil {
		return nil, err
	}
	out := tensor.New(tensor.Int, shape...)
	for i := range out.I {
		out.I[i] = int64(i)
	}
	return out, nil
}
