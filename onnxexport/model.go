package onnxexport

import (
	"fmt"

	"losscc/ir"
	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// Model lowers f to an ONNX model. It is an error if the opset cannot be
// written, if the form is Flat and f calls a function, or if a result has the
// name of a parameter.
func Model(f *ir.Func, o Options) (*onnxpb.ModelProto, error) {
	if o.Opset == 0 {
		o.Opset = DefaultOpset
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	callees := f.Callees()
	if o.Form == Flat && len(callees) > 0 {
		return nil, fmt.Errorf("@%s calls @%s: the flat form holds no functions", f.Name, callees[0].Name)
	}
	m := &onnxpb.ModelProto{
		IrVersion:       proto.Int64(irVersion(o.Opset)),
		ProducerName:    proto.String("losscc"),
		ProducerVersion: proto.String(o.Version),
		OpsetImport:     []*onnxpb.OperatorSetIdProto{opset("", o.Opset)},
	}
	names := opNames(callees)
	for _, c := range callees {
		fp, err := function(c, names, o)
		if err != nil {
			return nil, err
		}
		m.Functions = append(m.Functions, fp)
	}
	if len(callees) > 0 {
		m.OpsetImport = append(m.OpsetImport, opset(Domain, DomainVersion))
	}
	g, err := graph(f, names, o)
	if err != nil {
		return nil, err
	}
	m.Graph = g
	for _, p := range o.Metadata {
		m.MetadataProps = append(m.MetadataProps, &onnxpb.StringStringEntryProto{Key: proto.String(p.Key), Value: proto.String(p.Value)})
	}
	return m, nil
}

// Bytes is the file of f: Model, encoded.
func Bytes(f *ir.Func, o Options) ([]byte, error) {
	m, err := Model(f, o)
	if err != nil {
		return nil, err
	}
	return onnxpb.Encode(m)
}

func opset(domain string, version int) *onnxpb.OperatorSetIdProto {
	return &onnxpb.OperatorSetIdProto{Domain: proto.String(domain), Version: proto.Int64(int64(version))}
}

// opNames names the op of each function. Functions of one name and different
// bodies are told apart by a number.
func opNames(callees []*ir.Func) map[*ir.Func]string {
	names, taken := map[*ir.Func]string{}, map[string]bool{}
	for _, c := range callees {
		name := c.Name
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", c.Name, n)
		}
		names[c], taken[name] = name, true
	}
	return names
}

// function lowers a callee to the body of its op.
func function(f *ir.Func, names map[*ir.Func]string, o Options) (*onnxpb.FunctionProto, error) {
	l := newLowering(f, names, o)
	l.body = true
	fp := &onnxpb.FunctionProto{
		Name:        proto.String(names[f]),
		Domain:      proto.String(Domain),
		OpsetImport: []*onnxpb.OperatorSetIdProto{opset("", o.Opset)},
	}
	if calls(f) {
		fp.OpsetImport = append(fp.OpsetImport, opset(Domain, DomainVersion))
	}
	for _, a := range f.Attrs {
		fp.Attribute = append(fp.Attribute, a.Name)
	}
	for _, p := range f.Params {
		l.names[p] = l.unused(p.Name)
		fp.Input = append(fp.Input, l.names[p])
	}
	outs, err := l.run()
	if err != nil {
		return nil, err
	}
	fp.Output, fp.Node = outs, l.nodes
	return fp, nil
}

func calls(f *ir.Func) bool {
	for _, v := range f.Values {
		if v.Op == ir.OpCall {
			return true
		}
	}
	return false
}

// graph lowers the loss itself.
func graph(f *ir.Func, names map[*ir.Func]string, o Options) (*onnxpb.GraphProto, error) {
	l := newLowering(f, names, o)
	g := &onnxpb.GraphProto{Name: proto.String(f.Name)}
	for _, p := range f.Params {
		if f.Result(p.Name) != nil {
			return nil, fmt.Errorf("@%s: the result %q has the name of a parameter, and a graph has one value of a name; rename one of them", f.Name, p.Name)
		}
		name := l.unused(p.Name)
		l.names[p] = name
		g.Input = append(g.Input, valueInfo(name, p.Type, o.Float.outside()))
		if o.Float == F16 && p.Type.Elem == ir.Float {
			l.names[p] = l.node1("Cast", name+"_f32", []string{name}, intAttr("to", int64(onnxpb.TensorProto_FLOAT)))
		}
	}
	if o.Float == F16 {
		l.half = map[string]bool{}
		for _, r := range f.Results {
			l.half[r.Name] = r.Value.Type.Elem == ir.Float
		}
	}
	outs, err := l.run()
	if err != nil {
		return nil, err
	}
	for i, r := range f.Results {
		g.Output = append(g.Output, valueInfo(outs[i], r.Value.Type, o.Float.outside()))
	}
	g.Node, g.Initializer, g.ValueInfo = l.nodes, l.inits, l.told
	return g, nil
}

func valueInfo(name string, t ir.Type, float onnxpb.TensorProto_DataType) *onnxpb.ValueInfoProto {
	s := &onnxpb.TensorShapeProto{}
	for _, x := range t.Shape {
		dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: string(x)}}
		if n, ok := x.Size(); ok {
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(n)}
		}
		s.Dim = append(s.Dim, dim)
	}
	elem := float
	switch t.Elem {
	case ir.Int:
		elem = onnxpb.TensorProto_INT64
	case ir.Bool:
		elem = onnxpb.TensorProto_BOOL
	}
	return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{
		Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(elem)), Shape: s}},
	}}
}
