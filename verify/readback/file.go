package readback

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	pb "losscc/onnxexport/onnxpb"
	"losscc/verify/tensor"
)

// elems is what onnx-go calls the element types that it can read.
var elems = map[pb.TensorProto_DataType]string{
	pb.TensorProto_FLOAT:  "float32",
	pb.TensorProto_DOUBLE: "float64",
	pb.TensorProto_INT32:  "int32",
	pb.TensorProto_INT64:  "int64",
	pb.TensorProto_BOOL:   "bool",
}

// maxDeclared is how many elements a declared input or output may have: onnx-go
// allocates them all.
const maxDeclared = 1 << 24

// describe is the main graph of m as our own decoder sees it, or why onnx-go
// cannot see it.
func describe(m *pb.ModelProto) (*Graph, error) {
	f := m.GetGraph()
	g := &Graph{Initializers: map[string]Constant{}}
	if len(f.GetSparseInitializer()) > 0 {
		return nil, &UnsupportedError{"the graph", "sparse initializers"}
	}
	set := map[string]bool{"": true} // what has a value; "" is an input left out
	for _, t := range f.GetInitializer() {
		c, err := readConstant("initializer "+t.GetName(), t)
		if err != nil {
			return nil, err
		}
		if set[t.GetName()] {
			return nil, fmt.Errorf("%w: initializer %q is there twice or has no name", ErrMalformed, t.GetName())
		}
		set[t.GetName()] = true
		g.Initializers[t.GetName()] = c
	}
	for _, v := range f.GetInput() {
		d, err := readDeclared("input", v)
		if err != nil {
			return nil, err
		}
		if !set[d.Name] {
			set[d.Name] = true
			g.Inputs = append(g.Inputs, d)
		}
	}
	for i, n := range f.GetNode() {
		where := fmt.Sprintf("node %d (%s)", i, n.GetOpType())
		if err := checkEdges(where, n, set); err != nil {
			return nil, err
		}
		o, err := readNode(where, n)
		if err != nil {
			return nil, err
		}
		g.Operations = append(g.Operations, o)
	}
	return g, readResults(g, f, set)
}

// checkEdges refuses a node whose edges onnx-go would read without a word and
// give to another node: those of a value that is set twice, or never.
func checkEdges(where string, n *pb.NodeProto, set map[string]bool) error {
	for _, name := range n.GetInput() {
		if !set[name] {
			return fmt.Errorf("%w: %s has input %q, which nothing before it sets", ErrMalformed, where, name)
		}
	}
	if len(n.GetOutput()) == 0 {
		return &UnsupportedError{where, "no outputs, so that its inputs are lost"}
	}
	for i, name := range n.GetOutput() {
		if name == "" && slices.Contains(n.GetOutput()[:i], "") {
			return &UnsupportedError{where, "two outputs without a name"}
		}
		if name != "" && set[name] {
			return fmt.Errorf("%w: %s sets %q, which is set before", ErrMalformed, where, name)
		}
		set[name] = true
	}
	return nil
}

// readResults adds the outputs to g, and looks at the types that f gives to
// values in between.
func readResults(g *Graph, f *pb.GraphProto, set map[string]bool) error {
	for _, v := range f.GetValueInfo() {
		if _, err := readDeclared("value", v); err != nil {
			return err
		}
		if !set[v.GetName()] {
			return fmt.Errorf("%w: it gives a type to %q, which nothing sets", ErrMalformed, v.GetName())
		}
	}
	for _, v := range f.GetOutput() {
		d, err := readDeclared("output", v)
		if err != nil {
			return err
		}
		if !set[d.Name] {
			return fmt.Errorf("%w: nothing sets output %q", ErrMalformed, d.Name)
		}
		g.Outputs = append(g.Outputs, d)
	}
	return nil
}

func readDeclared(role string, v *pb.ValueInfoProto) (Declared, error) {
	d := Declared{Name: v.GetName()}
	where := role + " " + d.Name
	if v.GetType() == nil {
		return d, nil
	}
	t := v.GetType().GetTensorType()
	if t == nil {
		return d, &UnsupportedError{where, "a type that is no tensor"}
	}
	elem := pb.TensorProto_DataType(t.GetElemType())
	if d.Elem = elems[elem]; d.Elem == "" {
		return d, &UnsupportedError{where, fmt.Sprintf("elements of type %v", elem)}
	}
	size := int64(1)
	for _, dim := range t.GetShape().GetDim() {
		fixed, ok := dim.GetValue().(*pb.TensorShapeProto_Dimension_DimValue)
		if !ok {
			continue // onnx-go drops a symbol, and so makes the rank smaller
		}
		if fixed.DimValue < 1 || fixed.DimValue > maxDeclared/size {
			return d, &UnsupportedError{where, fmt.Sprintf("a fixed extent of %d: a declared tensor is allocated, with 1 to %d elements", fixed.DimValue, maxDeclared)}
		}
		size *= fixed.DimValue
	}
	return d, nil
}

func readNode(where string, n *pb.NodeProto) (Operation, error) {
	o := Operation{Op: n.GetOpType(), Inputs: n.GetInput(), Outputs: n.GetOutput(), Attributes: map[string]any{}}
	for _, a := range n.GetAttribute() {
		if _, twice := o.Attributes[a.GetName()]; twice {
			return o, fmt.Errorf("%w: %s has attribute %s twice", ErrMalformed, where, a.GetName())
		}
		v, err := readAttribute(where, a)
		if err != nil {
			return o, err
		}
		o.Attributes[a.GetName()] = v
	}
	return o, nil
}

func readAttribute(where string, a *pb.AttributeProto) (any, error) {
	switch a.GetType() {
	case pb.AttributeProto_FLOAT:
		return a.GetF(), nil
	case pb.AttributeProto_INT:
		return a.GetI(), nil
	case pb.AttributeProto_STRING:
		return string(a.GetS()), nil
	case pb.AttributeProto_FLOATS:
		return a.GetFloats(), nil
	case pb.AttributeProto_INTS:
		return a.GetInts(), nil
	case pb.AttributeProto_STRINGS:
		texts := make([]string, len(a.GetStrings()))
		for i, s := range a.GetStrings() {
			texts[i] = string(s)
		}
		return texts, nil
	case pb.AttributeProto_TENSOR:
		return readConstant(where+", attribute "+a.GetName(), a.GetT())
	}
	return nil, &UnsupportedError{where, fmt.Sprintf("attribute %s of type %v", a.GetName(), a.GetType())}
}

// readConstant is t's elements, in whichever of its two places they are.
func readConstant(where string, t *pb.TensorProto) (Constant, error) {
	elem := pb.TensorProto_DataType(t.GetDataType())
	c := Constant{Elem: elems[elem]}
	if c.Elem == "" {
		return c, &UnsupportedError{where, fmt.Sprintf("elements of type %v", elem)}
	}
	if t.GetSegment() != nil || t.GetDataLocation() != pb.TensorProto_DEFAULT {
		return c, &UnsupportedError{where, "its elements elsewhere"}
	}
	size := map[string]int{"float32": 4, "int32": 4, "float64": 8, "int64": 8, "bool": 1}[c.Elem]
	raw := t.GetRawData()
	listed := len(t.GetFloatData()) + len(t.GetDoubleData()) + len(t.GetInt32Data()) + len(t.GetInt64Data())
	held := listed
	if len(raw) > 0 {
		if c.Elem == "bool" {
			return c, &UnsupportedError{where, "bool elements in raw bytes, not in int32_data"}
		}
		if listed > 0 {
			return c, fmt.Errorf("%w: %s has its elements twice", ErrMalformed, where)
		}
		held = len(raw) / size
	}
	shape := make([]int, len(t.GetDims()))
	count := int64(1)
	for i, d := range t.GetDims() {
		if d < 0 || (d > 0 && count > int64(held)/d) {
			return c, fmt.Errorf("%w: %s has extents %v and %d elements", ErrMalformed, where, t.GetDims(), held)
		}
		count *= d
		shape[i] = int(d)
	}
	if count != int64(held) || (len(raw) > 0 && len(raw)%size != 0) {
		return c, fmt.Errorf("%w: %s has extents %v and %d elements", ErrMalformed, where, t.GetDims(), held)
	}
	if held == 0 {
		return c, &UnsupportedError{where, "no elements"}
	}
	c.Tensor = readElements(elem, shape, t)
	if c.Tensor == nil {
		return c, fmt.Errorf("%w: %s has elements of another type than %v", ErrMalformed, where, elem)
	}
	return c, nil
}

// readElements is nil where the list that goes with the type is not the one
// that is filled.
func readElements(elem pb.TensorProto_DataType, shape []int, t *pb.TensorProto) *tensor.Tensor {
	raw, le := t.GetRawData(), binary.LittleEndian
	n := tensor.Len(shape)
	floats, ints, bools := make([]float64, n), make([]int64, n), make([]bool, n)
	for i := range n {
		switch {
		case elem == pb.TensorProto_FLOAT && len(raw) > 0:
			floats[i] = float64(math.Float32frombits(le.Uint32(raw[4*i:])))
		case elem == pb.TensorProto_DOUBLE && len(raw) > 0:
			floats[i] = math.Float64frombits(le.Uint64(raw[8*i:]))
		case elem == pb.TensorProto_INT32 && len(raw) > 0:
			ints[i] = int64(int32(le.Uint32(raw[4*i:])))
		case elem == pb.TensorProto_INT64 && len(raw) > 0:
			ints[i] = int64(le.Uint64(raw[8*i:]))
		case elem == pb.TensorProto_FLOAT && len(t.GetFloatData()) == n:
			floats[i] = float64(t.GetFloatData()[i])
		case elem == pb.TensorProto_DOUBLE && len(t.GetDoubleData()) == n:
			floats[i] = t.GetDoubleData()[i]
		case elem == pb.TensorProto_INT32 && len(t.GetInt32Data()) == n:
			ints[i] = int64(t.GetInt32Data()[i])
		case elem == pb.TensorProto_INT64 && len(t.GetInt64Data()) == n:
			ints[i] = t.GetInt64Data()[i]
		case elem == pb.TensorProto_BOOL && len(t.GetInt32Data()) == n:
			bools[i] = t.GetInt32Data()[i] != 0
		default:
			return nil
		}
	}
	switch elem {
	case pb.TensorProto_FLOAT, pb.TensorProto_DOUBLE:
		return tensor.Floats(floats, shape...)
	case pb.TensorProto_BOOL:
		return tensor.Bools(bools, shape...)
	}
	return tensor.Ints(ints, shape...)
}
