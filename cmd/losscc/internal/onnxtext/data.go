package onnxtext

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/half"
)

// Type is the text of a type: float[N,D], int64[N], float.
func Type(t *onnxpb.TypeProto) string {
	tt := t.GetTensorType()
	if tt == nil {
		return "?"
	}
	s := Elem(tt.GetElemType())
	if tt.GetShape() == nil {
		return s + "[]"
	}
	if len(tt.GetShape().GetDim()) == 0 {
		return s
	}
	return s + "[" + strings.Join(Dims(tt.GetShape()), ",") + "]"
}

// Dims are the extents of a shape: a number, a symbol, or ?.
func Dims(s *onnxpb.TensorShapeProto) []string {
	dims := make([]string, len(s.GetDim()))
	for i, d := range s.GetDim() {
		switch v := d.GetValue().(type) {
		case *onnxpb.TensorShapeProto_Dimension_DimParam:
			dims[i] = v.DimParam
		case *onnxpb.TensorShapeProto_Dimension_DimValue:
			dims[i] = strconv.FormatInt(v.DimValue, 10)
		default:
			dims[i] = "?"
		}
	}
	return dims
}

// Elem is the name of an element type: float, int64, bool.
func Elem(code int32) string {
	if name, ok := onnxpb.TensorProto_DataType_name[code]; ok {
		return strings.ToLower(name)
	}
	return fmt.Sprintf("type_%d", code)
}

func tensorType(t *onnxpb.TensorProto) string {
	if len(t.GetDims()) == 0 {
		return Elem(t.GetDataType())
	}
	dims := make([]string, len(t.GetDims()))
	for i, d := range t.GetDims() {
		dims[i] = strconv.FormatInt(d, 10)
	}
	return Elem(t.GetDataType()) + "[" + strings.Join(dims, ",") + "]"
}

// elements is {1, 2, 3}, or {...} where this package does not read them.
func elements(t *onnxpb.TensorProto) string {
	list := numbers(t)
	if list == nil {
		return "{...}"
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// numbers are the elements of a tensor as text, nil where they are stored in a
// way or type that is not read.
func numbers(t *onnxpb.TensorProto) []string {
	out := []string{}
	raw := t.GetRawData()
	width := map[int32]int{1: 4, 7: 8, 9: 1, 10: 2, 11: 8}[t.GetDataType()]
	if t.RawData != nil && width > 0 {
		for ; len(raw) >= width; raw = raw[width:] {
			out = append(out, rawNumber(t.GetDataType(), raw))
		}
		return out
	}
	switch t.GetDataType() {
	case int32(onnxpb.TensorProto_FLOAT):
		for _, x := range t.GetFloatData() {
			out = append(out, single(x))
		}
	case int32(onnxpb.TensorProto_DOUBLE):
		for _, x := range t.GetDoubleData() {
			out = append(out, double(x))
		}
	case int32(onnxpb.TensorProto_INT64):
		for _, x := range t.GetInt64Data() {
			out = append(out, strconv.FormatInt(x, 10))
		}
	case int32(onnxpb.TensorProto_BOOL), int32(onnxpb.TensorProto_INT32):
		for _, x := range t.GetInt32Data() {
			out = append(out, strconv.FormatInt(int64(x), 10))
		}
	default:
		return nil
	}
	return out
}

func rawNumber(elem int32, b []byte) string {
	order := binary.LittleEndian
	switch onnxpb.TensorProto_DataType(elem) {
	case onnxpb.TensorProto_FLOAT:
		return single(math.Float32frombits(order.Uint32(b)))
	case onnxpb.TensorProto_DOUBLE:
		return double(math.Float64frombits(order.Uint64(b)))
	case onnxpb.TensorProto_FLOAT16:
		return double(half.ToFloat64(order.Uint16(b)))
	case onnxpb.TensorProto_BOOL:
		return strconv.Itoa(int(b[0]))
	}
	return strconv.FormatInt(int64(order.Uint64(b)), 10)
}

func single(x float32) string { return number(float64(x), 32) }
func double(x float64) string { return number(x, 64) }

// number is the shortest text that reads back as x; infinities and NaN are
// written as onnx does.
func number(x float64, bits int) string {
	switch {
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	case math.IsNaN(x):
		return "nan"
	}
	return strconv.FormatFloat(x, 'g', -1, bits)
}

// quote is a text as the syntax has it: in quotes, with \ before " and \.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// identifier is a name as the syntax has it: in quotes unless it is letters,
// digits and _; nothing stands for an input that is left out.
func identifier(name string) string {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return quote(name)
		}
	}
	return name
}

func identifiers(names []string) string { return joined(names, identifier) }

// attribute is name: type = value, or name: type = @reference.
func attribute(a *onnxpb.AttributeProto, indent string) string {
	kind := strings.ToLower(a.GetType().String())
	if ref := a.GetRefAttrName(); ref != "" {
		return fmt.Sprintf("%s: %s = @%s", a.GetName(), kind, ref)
	}
	return fmt.Sprintf("%s: %s = %s", a.GetName(), kind, content(a, indent))
}

func content(a *onnxpb.AttributeProto, indent string) string {
	switch a.GetType() {
	case onnxpb.AttributeProto_INT:
		return strconv.FormatInt(a.GetI(), 10)
	case onnxpb.AttributeProto_FLOAT:
		return single(a.GetF())
	case onnxpb.AttributeProto_STRING:
		return quote(string(a.GetS()))
	case onnxpb.AttributeProto_TENSOR:
		return tensorType(a.GetT()) + " " + elements(a.GetT())
	case onnxpb.AttributeProto_INTS:
		return list(a.GetInts(), func(n int64) string { return strconv.FormatInt(n, 10) })
	case onnxpb.AttributeProto_FLOATS:
		return list(a.GetFloats(), single)
	case onnxpb.AttributeProto_STRINGS:
		return list(a.GetStrings(), func(s []byte) string { return quote(string(s)) })
	case onnxpb.AttributeProto_GRAPH:
		p := &printer{}
		p.graph(a.GetG(), indent+"   ")
		return strings.TrimRight(p.String(), "\n")
	}
	return "..."
}

// list is [a, b].
func list[T any](xs []T, text func(T) string) string { return "[" + joined(xs, text) + "]" }

// joined is a, b.
func joined[T any](xs []T, text func(T) string) string {
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = text(x)
	}
	return strings.Join(parts, ", ")
}

// Value is the value of an attribute as text, a tensor of one element as that
// element.
func Value(a *onnxpb.AttributeProto) string {
	if t := a.GetT(); a.GetType() == onnxpb.AttributeProto_TENSOR && len(t.GetDims()) == 0 {
		if list := numbers(t); len(list) == 1 {
			return list[0]
		}
	}
	return content(a, "")
}
