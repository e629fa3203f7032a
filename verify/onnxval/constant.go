package onnxval

import (
	"encoding/binary"
	"fmt"
	"math"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/half"
	"losscc/verify/tensor"
)

// maxExtent bounds an extent, and the product of all extents that are not
// zero, so that no arithmetic on shapes overflows.
const maxExtent = 1 << 40

// checkExtents tells what is wrong with a shape, if anything, and the number
// of its elements.
func checkExtents(shape []int64) (elements int64, err error) {
	elements = 1
	product := int64(1)
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("the extent %d is negative", d)
		}
		if d > maxExtent/product {
			return 0, fmt.Errorf("the shape %v is larger than any tensor", shape)
		}
		product *= max(d, 1)
		elements *= min(d, 1)
	}
	return elements * product, nil
}

// readTensor takes a tensor out of a file: the elements must be in the file,
// in exactly one field, and as many as the extents say.
func readTensor(p *onnxpb.TensorProto) (*value, error) {
	if p.GetDataLocation() != onnxpb.TensorProto_DEFAULT || len(p.GetExternalData()) > 0 {
		return nil, fmt.Errorf("its elements are in another file (external data), which is not followed: store them in the model")
	}
	if p.Segment != nil {
		return nil, fmt.Errorf("it is a segment of a larger tensor, which is not evaluated")
	}
	elem, err := ElemOf(p.GetDataType())
	if err != nil {
		return nil, err
	}
	n, err := checkExtents(p.GetDims())
	if err != nil {
		return nil, err
	}
	have, get, err := source(p, elem)
	if err != nil {
		return nil, err
	}
	if have != n {
		return nil, fmt.Errorf("the extents %v make %d elements and the data has %d", p.GetDims(), n, have)
	}
	shape := make([]int, len(p.GetDims()))
	for i, d := range p.GetDims() {
		shape[i] = int(d)
	}
	v := &value{elem, tensor.New(elem.Kind(), shape...)}
	for i := range int(n) {
		get(v.Tensor, i)
	}
	return v, nil
}

// source finds the field that holds the elements, how many it has, and how the
// i-th is put into a tensor.
func source(p *onnxpb.TensorProto, elem Elem) (have int64, get func(t *tensor.Tensor, i int), err error) {
	lists := []struct {
		name string
		len  int
		of   set
		get  func(t *tensor.Tensor, i int)
	}{
		{"float_data", len(p.GetFloatData()), setOf(F32), func(t *tensor.Tensor, i int) { t.F[i] = float64(p.FloatData[i]) }},
		{"double_data", len(p.GetDoubleData()), setOf(F64), func(t *tensor.Tensor, i int) { t.F[i] = p.DoubleData[i] }},
		{"int64_data", len(p.GetInt64Data()), setOf(I64), func(t *tensor.Tensor, i int) { t.I[i] = p.Int64Data[i] }},
		{"int32_data", len(p.GetInt32Data()), setOf(I32, Bool, F16), int32Getter(p.GetInt32Data(), elem)},
		{"uint64_data", len(p.GetUint64Data()), 0, nil},
		{"string_data", len(p.GetStringData()), 0, nil},
	}
	if raw := p.GetRawData(); p.RawData != nil {
		size := elems[elem].size
		if len(raw)%size != 0 {
			return 0, nil, fmt.Errorf("raw_data has %d bytes, which is no whole number of %s elements", len(raw), elem)
		}
		have, get = int64(len(raw)/size), rawGetter(raw, elem)
	}
	for _, l := range lists {
		switch {
		case l.len == 0:
		case get != nil:
			return 0, nil, fmt.Errorf("its elements are there twice (%s and another field)", l.name)
		case !l.of.has(elem):
			return 0, nil, fmt.Errorf("its elements are %s and stand in %s", elem, l.name)
		default:
			have, get = int64(l.len), l.get
		}
	}
	return have, get, nil
}

// int32Getter reads the types that share int32_data; a half is there as its
// bits.
func int32Getter(data []int32, elem Elem) func(t *tensor.Tensor, i int) {
	switch elem {
	case Bool:
		return func(t *tensor.Tensor, i int) { t.B[i] = data[i] != 0 }
	case F16:
		return func(t *tensor.Tensor, i int) { t.F[i] = half.ToFloat64(uint16(data[i])) }
	}
	return func(t *tensor.Tensor, i int) { t.I[i] = int64(data[i]) }
}

// rawGetter reads little-endian elements.
func rawGetter(raw []byte, elem Elem) func(t *tensor.Tensor, i int) {
	order := binary.LittleEndian
	switch elem {
	case F16:
		return func(t *tensor.Tensor, i int) { t.F[i] = half.ToFloat64(order.Uint16(raw[2*i:])) }
	case F32:
		return func(t *tensor.Tensor, i int) { t.F[i] = float64(math.Float32frombits(order.Uint32(raw[4*i:]))) }
	case F64:
		return func(t *tensor.Tensor, i int) { t.F[i] = math.Float64frombits(order.Uint64(raw[8*i:])) }
	case I32:
		return func(t *tensor.Tensor, i int) { t.I[i] = int64(int32(order.Uint32(raw[4*i:]))) }
	case I64:
		return func(t *tensor.Tensor, i int) { t.I[i] = int64(order.Uint64(raw[8*i:])) }
	}
	return func(t *tensor.Tensor, i int) { t.B[i] = raw[i] != 0 }
}

// Number is the one float of a tensor in a file.
func Number(p *onnxpb.TensorProto) (x float64, err error) {
	v, err := readTensor(p)
	switch {
	case err != nil:
		return 0, err
	case v.Kind != tensor.Float || len(v.F) != 1 || len(v.Shape) > 0:
		return 0, fmt.Errorf("it is %s, want one float", v)
	}
	return v.F[0], nil
}
