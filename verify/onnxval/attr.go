package onnxval

import (
	"fmt"
	"strconv"
	"strings"

	"losscc/onnxexport/onnxpb"
)

// attr is an attribute's value, or the name of the attribute of the enclosing
// function that it stands for.
type attr struct {
	kind   onnxpb.AttributeProto_AttributeType
	ref    string
	i      int64
	f      float64
	s      string
	ints   []int64
	floats []float64
	t      *value
	g      *onnxpb.GraphProto // the body of a Scan
}

// readAttrs takes the attributes of a node, by name. Graphs are refused unless
// the node is one that has a body.
func readAttrs(as []*onnxpb.AttributeProto, graphs bool) map[string]*attr {
	out := make(map[string]*attr, len(as))
	for _, a := range as {
		if a.GetName() == "" {
			failf("an attribute has no name")
		}
		if out[a.GetName()] != nil {
			failf("the attribute %s comes twice", a.GetName())
		}
		out[a.GetName()] = readAttr(a, graphs)
	}
	return out
}

// readAttr takes one attribute: its type says which field holds the value, and
// no other field may be set.
func readAttr(a *onnxpb.AttributeProto, graphs bool) *attr {
	kind, name := a.GetType(), a.GetName()
	if kind == onnxpb.AttributeProto_UNDEFINED {
		failf("the attribute %s does not say its type", name)
	}
	fields := map[onnxpb.AttributeProto_AttributeType]bool{
		onnxpb.AttributeProto_FLOAT:          a.F != nil,
		onnxpb.AttributeProto_INT:            a.I != nil,
		onnxpb.AttributeProto_STRING:         a.S != nil,
		onnxpb.AttributeProto_TENSOR:         a.T != nil,
		onnxpb.AttributeProto_GRAPH:          a.G != nil,
		onnxpb.AttributeProto_FLOATS:         len(a.Floats) > 0,
		onnxpb.AttributeProto_INTS:           len(a.Ints) > 0,
		onnxpb.AttributeProto_STRINGS:        len(a.Strings) > 0,
		onnxpb.AttributeProto_TENSORS:        len(a.Tensors) > 0,
		onnxpb.AttributeProto_GRAPHS:         len(a.Graphs) > 0,
		onnxpb.AttributeProto_SPARSE_TENSOR:  a.SparseTensor != nil,
		onnxpb.AttributeProto_SPARSE_TENSORS: len(a.SparseTensors) > 0,
		onnxpb.AttributeProto_TYPE_PROTO:     a.Tp != nil,
		onnxpb.AttributeProto_TYPE_PROTOS:    len(a.TypeProtos) > 0,
	}
	for k, set := range fields {
		if set && (k != kind || a.GetRefAttrName() != "") {
			failf("the attribute %s is of type %s and holds a value of type %s", name, refText(a), k)
		}
	}
	if a.GetRefAttrName() != "" {
		return &attr{kind: kind, ref: a.GetRefAttrName()}
	}
	out := &attr{kind: kind}
	switch kind {
	case onnxpb.AttributeProto_FLOAT:
		out.f = float64(a.GetF())
	case onnxpb.AttributeProto_INT:
		out.i = a.GetI()
	case onnxpb.AttributeProto_STRING:
		out.s = string(a.GetS())
	case onnxpb.AttributeProto_INTS:
		out.ints = a.GetInts()
	case onnxpb.AttributeProto_FLOATS:
		for _, f := range a.GetFloats() {
			out.floats = append(out.floats, float64(f))
		}
	case onnxpb.AttributeProto_TENSOR:
		if a.T == nil {
			failf("the attribute %s is of type TENSOR and holds none", name)
		}
		t, err := readTensor(a.T)
		if err != nil {
			failf("the attribute %s: %w", name, err)
		}
		out.t = t
	case onnxpb.AttributeProto_GRAPH:
		if !graphs {
			failf("the attribute %s is of type %s, which is not evaluated", name, kind)
		}
		if out.g = a.G; out.g == nil {
			failf("the attribute %s is of type GRAPH and holds none", name)
		}
	default:
		failf("the attribute %s is of type %s, which is not evaluated", name, kind)
	}
	return out
}

// refText is the type of an attribute for a message, and that it is a
// reference if it is one.
func refText(a *onnxpb.AttributeProto) string {
	if a.GetRefAttrName() != "" {
		return fmt.Sprintf("%s, refers to %s", a.GetType(), a.GetRefAttrName())
	}
	return a.GetType().String()
}

// attrSpec is an attribute that an operator has.
type attrSpec struct {
	kind     onnxpb.AttributeProto_AttributeType
	required bool
	def      *attr // nil: none
	since    int   // opset; 0: always
}

// attrKinds are the words for types in the op tables.
var attrKinds = map[string]onnxpb.AttributeProto_AttributeType{
	"int":    onnxpb.AttributeProto_INT,
	"ints":   onnxpb.AttributeProto_INTS,
	"float":  onnxpb.AttributeProto_FLOAT,
	"floats": onnxpb.AttributeProto_FLOATS,
	"string": onnxpb.AttributeProto_STRING,
	"tensor": onnxpb.AttributeProto_TENSOR,
	"graph":  onnxpb.AttributeProto_GRAPH,
}

// parseAttrs reads the attributes of a row of an op table, as
//
//	axis:int=0 to:int! reduction:string=none@16
//
// with a default after "=", "!" for what must be given, and the first opset
// that has it after "@".
func parseAttrs(text string) map[string]attrSpec {
	out := map[string]attrSpec{}
	for _, word := range strings.Fields(text) {
		var spec attrSpec
		word, since, dated := strings.Cut(word, "@")
		if dated {
			spec.since, _ = strconv.Atoi(since)
		}
		word, def, has := strings.Cut(word, "=")
		word, spec.required = strings.CutSuffix(word, "!")
		name, kind, _ := strings.Cut(word, ":")
		spec.kind = attrKinds[kind]
		if has {
			spec.def = &attr{kind: spec.kind, s: def}
			spec.def.i, _ = strconv.ParseInt(def, 10, 64)
			spec.def.f, _ = strconv.ParseFloat(def, 64)
		}
		out[name] = spec
	}
	return out
}
