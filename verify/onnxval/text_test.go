package onnxval

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/half"
	"losscc/verify/tensor"
)

// The tests write tensors as text, "f32[2,3] 1 2 3 4 5 6", so that a case is a
// line that can be checked by hand.

// parse reads a tensor.
func parse(text string) *value {
	head, body, _ := strings.Cut(strings.TrimSpace(text), " ")
	name, dims, ranked := strings.Cut(strings.TrimSuffix(head, "]"), "[")
	v := &value{}
	for e, d := range elems {
		if d.name == name {
			v.elem = e
		}
	}
	if v.elem == 0 || !ranked {
		panic("no tensor: " + text)
	}
	shape := []int{}
	for _, d := range strings.FieldsFunc(dims, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(d)
		if err != nil {
			panic(err)
		}
		shape = append(shape, n)
	}
	v.Tensor = tensor.New(v.elem.Kind(), shape...)
	words := strings.Fields(body)
	if len(words) != v.Len() {
		panic(fmt.Sprintf("%d elements in %q", len(words), text))
	}
	for i, w := range words {
		var err error
		switch v.Kind {
		case tensor.Float:
			v.F[i], err = strconv.ParseFloat(w, 64)
		case tensor.Int:
			v.I[i], err = strconv.ParseInt(w, 10, 64)
		case tensor.Bool:
			v.B[i], err = strconv.ParseBool(w)
		}
		if err != nil {
			panic(err)
		}
	}
	return v
}

// show writes a tensor.
func show(v *value) string {
	s := v.String()
	for _, f := range v.F {
		s += " " + strconv.FormatFloat(f, 'g', -1, 64)
	}
	for _, i := range v.I {
		s += fmt.Sprint(" ", i)
	}
	for _, b := range v.B {
		s += " " + strconv.FormatBool(b)[:1]
	}
	return s
}

// closeTo tells whether two tensors are equal, floats to a few units of float64
// and −0 told from 0.
func closeTo(a, b *value) bool {
	if a.String() != b.String() {
		return false
	}
	for i := range a.F {
		x, y := a.F[i], b.F[i]
		bound := 4e-16 * math.Max(math.Abs(x), math.Abs(y))
		if !same(a, i, b, i) && (math.IsInf(bound, 0) || !(math.Abs(x-y) <= bound)) ||
			x == 0 && math.Signbit(x) != math.Signbit(y) {
			return false
		}
	}
	for i := range a.Len() {
		if a.Kind != tensor.Float && !same(a, i, b, i) {
			return false
		}
	}
	return true
}

// proto is the tensor as a file holds it.
func (v *value) proto(name string) *onnxpb.TensorProto {
	raw := []byte{}
	o := binary.LittleEndian
	for _, f := range v.F {
		switch v.elem {
		case F16:
			raw = o.AppendUint16(raw, half.FromFloat64(f))
		case F32:
			raw = o.AppendUint32(raw, math.Float32bits(float32(f)))
		case F64:
			raw = o.AppendUint64(raw, math.Float64bits(f))
		}
	}
	for _, i := range v.I {
		if v.elem == I32 {
			raw = o.AppendUint32(raw, uint32(i))
		} else {
			raw = o.AppendUint64(raw, uint64(i))
		}
	}
	for _, b := range v.B {
		raw = append(raw, byte(asBit(b)))
	}
	return &onnxpb.TensorProto{Name: &name, Dims: wide(v.Shape), DataType: proto.Int32(int32(elems[v.elem].code)), RawData: raw}
}

// declare is the declaration of a value, as "f32[N,3]"; "f32" has no shape, "?"
// is an extent that is not said.
func declare(name, text string) *onnxpb.ValueInfoProto {
	elem, dims, ranked := strings.Cut(strings.TrimSuffix(text, "]"), "[")
	tt := &onnxpb.TypeProto_Tensor{}
	for _, d := range elems {
		if d.name == elem {
			tt.ElemType = proto.Int32(int32(d.code))
		}
	}
	if ranked {
		tt.Shape = &onnxpb.TensorShapeProto{}
		for _, d := range strings.FieldsFunc(dims, func(r rune) bool { return r == ',' }) {
			dim := &onnxpb.TensorShapeProto_Dimension{}
			if n, err := strconv.Atoi(d); err == nil {
				dim.Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(n)}
			} else if d != "?" {
				dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: d}
			}
			tt.Shape.Dim = append(tt.Shape.Dim, dim)
		}
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: tt}}}
}

// node reads a node, as "y, i = TopK(x, k) axis=0 largest=0". An operator with a
// dot in its name is in the domain before it. Attributes are integers, lists
// "1,2", floats "0.5f", texts "'add'", tensors in braces, graphs as statements in
// angle brackets, or "@name:TYPE" for a reference; "~" is a space in the default
// of a function's attribute.
func node(text string) *onnxpb.NodeProto {
	out, rest, _ := strings.Cut(text, " = ")
	op, rest, _ := strings.Cut(rest, "(")
	in, attrs, ok := strings.Cut(rest, ")")
	if !ok {
		panic("no node: " + text)
	}
	n := &onnxpb.NodeProto{OpType: proto.String(op), Output: names(out), Input: names(in)}
	if i := strings.LastIndex(op, "."); i >= 0 {
		n.Domain, n.OpType = proto.String(op[:i]), proto.String(op[i+1:])
	}
	for attrs = strings.TrimSpace(attrs); attrs != ""; attrs = strings.TrimSpace(attrs) {
		var name, val string
		name, attrs, _ = strings.Cut(attrs, "=")
		if strings.HasPrefix(attrs, "{") {
			val, attrs, _ = strings.Cut(attrs, "}")
		} else if strings.HasPrefix(attrs, "<") {
			val, attrs = enclosed(attrs)
		} else {
			val, attrs, _ = strings.Cut(attrs, " ")
		}
		n.Attribute = append(n.Attribute, attribute(name, val))
	}
	return n
}

// enclosed cuts text behind the bracket that closes its first one.
func enclosed(text string) (inside, rest string) {
	depth := 0
	for i, r := range text {
		if r == '<' {
			depth++
		}
		if r == '>' {
			depth--
		}
		if depth == 0 {
			return text[:i+1], text[i+1:]
		}
	}
	panic("no end: " + text)
}

// statements splits text at the ends of lines and at semicolons, those in angle
// brackets aside.
func statements(text string) []string {
	depth := 0
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '<' {
			depth++
		}
		if r == '>' {
			depth = max(depth-1, 0) // an arrow is no bracket
		}
		return depth == 0 && (r == '\n' || r == ';')
	})
}

// names splits a list of names; "-" is one left out.
func names(text string) []string {
	var out []string
	for _, w := range strings.Split(text, ",") {
		if w = strings.TrimSpace(w); w == "-" {
			out = append(out, "")
		} else if w != "" {
			out = append(out, w)
		}
	}
	return out
}

func attribute(name, val string) *onnxpb.AttributeProto {
	a := &onnxpb.AttributeProto{Name: &name}
	switch {
	case strings.HasPrefix(val, "{"):
		a.Type, a.T = onnxpb.AttributeProto_TENSOR.Enum(), parse(strings.Trim(strings.ReplaceAll(val, "~", " "), "{}")).proto("")
	case strings.HasPrefix(val, "<"):
		a.Type, a.G = onnxpb.AttributeProto_GRAPH.Enum(), file(val[1:len(val)-1]).Graph
	case strings.HasPrefix(val, "@"):
		ref, kind, _ := strings.Cut(val[1:], ":")
		a.RefAttrName = &ref
		a.Type = onnxpb.AttributeProto_AttributeType(onnxpb.AttributeProto_AttributeType_value[kind]).Enum()
	case strings.HasPrefix(val, "'"):
		a.Type, a.S = onnxpb.AttributeProto_STRING.Enum(), []byte(strings.Trim(val, "'"))
	case strings.HasSuffix(val, "f"):
		f, err := strconv.ParseFloat(strings.TrimSuffix(val, "f"), 32)
		if err != nil {
			panic(err)
		}
		a.Type, a.F = onnxpb.AttributeProto_FLOAT.Enum(), proto.Float32(float32(f))
	case strings.Contains(val, ","):
		a.Type = onnxpb.AttributeProto_INTS.Enum()
		for _, w := range names(val) {
			i, _ := strconv.ParseInt(w, 10, 64)
			a.Ints = append(a.Ints, i)
		}
	default:
		i, err := strconv.ParseInt(val, 10, 64)
		if err != nil {
			panic(err)
		}
		a.Type, a.I = onnxpb.AttributeProto_INT.Enum(), proto.Int64(i)
	}
	return a
}

// file is a model from text. Each statement is a declaration "in x f32[N]",
// "out y f32[N]", "value z f32[N]", "init w f32[2] 1 2", "opset 18", "ir 9",
// "domain ai.losscc", "meta key value", "func ai.losscc.F(a, b) m n -> (c)", or
// a node, which belongs to the function above it once there is one.
func file(text string) *onnxpb.ModelProto {
	m := &onnxpb.ModelProto{IrVersion: proto.Int64(8), Graph: &onnxpb.GraphProto{Name: proto.String("g")}}
	m.OpsetImport = []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}
	g := m.Graph
	var fn *onnxpb.FunctionProto
	for _, line := range statements(text) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		name, decl, _ := strings.Cut(rest, " ")
		switch {
		case word == "":
		case strings.Contains(line, " = "):
			if fn != nil {
				fn.Node = append(fn.Node, node(line))
			} else {
				g.Node = append(g.Node, node(line))
			}
		case word == "in":
			g.Input = append(g.Input, declare(name, decl))
		case word == "out":
			g.Output = append(g.Output, declare(name, decl))
		case word == "value":
			g.ValueInfo = append(g.ValueInfo, declare(name, decl))
		case word == "init":
			g.Initializer = append(g.Initializer, parse(decl).proto(name))
		case word == "opset":
			v, _ := strconv.ParseInt(name, 10, 64)
			m.OpsetImport[0].Version = &v
		case word == "ir":
			v, _ := strconv.ParseInt(name, 10, 64)
			m.IrVersion = &v
		case word == "domain":
			m.OpsetImport = append(m.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: proto.String(name), Version: proto.Int64(1)})
		case word == "meta":
			m.MetadataProps = append(m.MetadataProps, &onnxpb.StringStringEntryProto{Key: proto.String(name), Value: proto.String(decl)})
		case word == "func":
			fn = signature(rest)
			fn.OpsetImport = proto.CloneOf(m).OpsetImport
			m.Functions = append(m.Functions, fn)
		default:
			panic("no line: " + line)
		}
	}
	return m
}

// signature reads the head of a function.
func signature(text string) *onnxpb.FunctionProto {
	head, out, _ := strings.Cut(text, "->")
	op, rest, _ := strings.Cut(head, "(")
	in, attrs, _ := strings.Cut(rest, ")")
	i := strings.LastIndex(op, ".")
	f := &onnxpb.FunctionProto{Name: proto.String(op[i+1:]), Domain: proto.String(op[:max(i, 0)])}
	f.Input, f.Output = names(in), names(strings.Trim(out, " ()"))
	for _, a := range strings.Fields(attrs) {
		if name, def, ok := strings.Cut(a, "="); ok {
			f.AttributeProto = append(f.AttributeProto, attribute(name, def))
		} else {
			f.Attribute = append(f.Attribute, a)
		}
	}
	return f
}

// bytesOf is the bytes of a model.
func bytesOf(t testing.TB, m *onnxpb.ModelProto) []byte {
	t.Helper()
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
