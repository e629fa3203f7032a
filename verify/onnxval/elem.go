package onnxval

import (
	"fmt"
	"math"
	"strings"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/half"
	"losscc/verify/tensor"
)

// Elem is the type of a value's elements as the file declares it.
type Elem uint8

// The element types that are evaluated.
const (
	F16 Elem = iota + 1
	F32
	F64
	I32
	I64
	Bool
)

// elems is what there is to know of an Elem: its names here, in a file and in
// NumPy, its number in a file, the size of an element in raw_data, and the tensor
// it lives in.
var elems = map[Elem]struct {
	name, onnx, numpy string
	code              onnxpb.TensorProto_DataType
	size              int
	kind              tensor.Kind
}{
	F16:  {"f16", "float16", "float16", onnxpb.TensorProto_FLOAT16, 2, tensor.Float},
	F32:  {"f32", "float", "float32", onnxpb.TensorProto_FLOAT, 4, tensor.Float},
	F64:  {"f64", "double", "float64", onnxpb.TensorProto_DOUBLE, 8, tensor.Float},
	I32:  {"i32", "int32", "int32", onnxpb.TensorProto_INT32, 4, tensor.Int},
	I64:  {"i64", "int64", "int64", onnxpb.TensorProto_INT64, 8, tensor.Int},
	Bool: {"bool", "bool", "bool", onnxpb.TensorProto_BOOL, 1, tensor.Bool},
}

// String is the short name: f16, f32, f64, i32, i64, bool.
func (e Elem) String() string {
	if d, ok := elems[e]; ok {
		return d.name
	}
	return fmt.Sprintf("Elem(%d)", uint8(e))
}

// NumPy is NumPy's name: float16, float32, float64, int32, int64, bool; empty for
// what is no Elem.
func (e Elem) NumPy() string { return elems[e].numpy }

// ElemNamed is the Elem of a short name, and 0 for a word that is none.
func ElemNamed(name string) Elem {
	for e, d := range elems {
		if d.name == name {
			return e
		}
	}
	return 0
}

// Kind is the kind of tensor that holds elements of this type.
func (e Elem) Kind() tensor.Kind { return elems[e].kind }

// ElemOf is the Elem of a type number in a file.
func ElemOf(code int32) (Elem, error) {
	for e, d := range elems {
		if int32(d.code) == code {
			return e, nil
		}
	}
	if name, ok := onnxpb.TensorProto_DataType_name[code]; ok {
		return 0, fmt.Errorf("elements of type %s are not evaluated, only float, double, float16, int32, int64 and bool", strings.ToLower(name))
	}
	return 0, fmt.Errorf("element type %d is unknown", code)
}

// round is v in the precision of e.
func (e Elem) round(v float64) float64 {
	switch e {
	case F32:
		return float64(float32(v))
	case F16:
		return half.Round(v)
	}
	return v
}

// set is a set of element types.
type set uint8

func setOf(es ...Elem) set {
	var s set
	for _, e := range es {
		s |= 1 << e
	}
	return s
}

var (
	floats  = setOf(F16, F32, F64)
	ints    = setOf(I32, I64)
	numbers = floats | ints
	bools   = setOf(Bool)
	every   = numbers | bools
)

// has tells whether e is in s.
func (s set) has(e Elem) bool { return s&(1<<e) != 0 }

// String lists the set: "f32 or f64".
func (s set) String() string {
	var names []string
	for e := F16; e <= Bool; e++ {
		if s.has(e) {
			names = append(names, e.String())
		}
	}
	return strings.Join(names, " or ")
}

// value is a tensor and the type that its elements are declared to have. What
// is in a value never changes once a node has made it, so values may share
// their elements.
type value struct {
	elem Elem
	*tensor.Tensor
}

// String is the type and shape, as "f32[8,16]".
func (v *value) String() string { return v.elem.String() + tensor.ShapeString(v.Shape) }

// reshaped is v with other extents over the same elements.
func (v *value) reshaped(shape []int) *value {
	t := *v.Tensor
	t.Shape = shape
	return &value{v.elem, &t}
}

// settle brings the elements of v into their type: int32 wraps around, and
// with rounding the floats take the declared precision. It writes only where
// something changes, because elements may be shared.
func (v *value) settle(rounded bool) {
	switch {
	case v.elem == I32:
		for i, x := range v.I {
			if y := int64(int32(x)); y != x {
				v.I[i] = y
			}
		}
	case rounded && (v.elem == F32 || v.elem == F16):
		for i, x := range v.F {
			if y := v.elem.round(x); y != x && !math.IsNaN(x) {
				v.F[i] = y
			}
		}
	}
}

// held is a number on the way to a result, in its type if the run rounds.
func (r *runner) held(e Elem, x float64) float64 {
	if r.rounded && (e == F32 || e == F16) {
		return e.round(x)
	}
	return x
}
