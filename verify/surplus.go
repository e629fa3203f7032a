package verify

import (
	"fmt"
	"slices"
	"strings"

	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// checkSurplus sees that a file has nothing that this judge does not look at
// and another reader may: fields outside of the schema, a graph for training,
// other forms of constants.
func checkSurplus(m *onnxpb.ModelProto) error {
	if n := len(m.GetTrainingInfo()); n > 0 {
		return fmt.Errorf("the file has training_info (%d entries), which a runtime may run in place of the graph; leave it out: a loss's gradients are outputs", n)
	}
	if err := checkUnknown(m.ProtoReflect(), "the file"); err != nil {
		return err
	}
	g := m.GetGraph()
	if len(g.GetSparseInitializer()) > 0 || len(g.GetQuantizationAnnotation()) > 0 {
		return fmt.Errorf("the graph has sparse initialisers or annotations for quantisation, want plain initialisers only")
	}
	return nil
}

// checkUnknown finds fields that the schema does not have.
func checkUnknown(m protoreflect.Message, where string) (err error) {
	if n := len(m.GetUnknown()); n > 0 {
		return fmt.Errorf("%s has %d bytes in fields that the schema of ONNX does not have; write the file again without them", where, n)
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				if err = checkUnknown(v.List().Get(i).Message(), fmt.Sprintf("%s, %s %d,", strings.TrimSuffix(where, ","), f.Name(), i)); err != nil {
					return false
				}
			}
		default:
			err = checkUnknown(v.Message(), fmt.Sprintf("%s, %s,", strings.TrimSuffix(where, ","), f.Name()))
		}
		return err == nil
	})
	return err
}

// checkDomains sees that nodes are of the two domains, each by its one name,
// and that what is imported is used.
func checkDomains(m *onnxpb.ModelProto) error {
	used := false
	for _, b := range bodies(m) {
		for _, n := range b.nodes {
			switch d := n.GetDomain(); d {
			case "":
			case domain:
				used = true
			default:
				return fmt.Errorf("%s has the node %s (%s) in the domain %q, want %q for ops of the standard, and %q", b.where, n.GetName(), n.GetOpType(), d, "", domain)
			}
		}
	}
	for _, i := range m.GetOpsetImport() {
		if i.GetDomain() == domain && !used {
			return fmt.Errorf("the file imports %s and has no node of it; a flat file imports %q only", domain, "")
		}
	}
	return nil
}

// body is the nodes of the graph or of a function, those in attributes included.
type body struct {
	where string
	nodes []*onnxpb.NodeProto
}

func bodies(m *onnxpb.ModelProto) []body {
	all := []body{{"the graph", onnxpb.Within(m.GetGraph().GetNode())}}
	for _, f := range m.GetFunctions() {
		all = append(all, body{"the function " + f.GetName(), onnxpb.Within(f.GetNode())})
	}
	return all
}

// leading are the inputs that a host gives at each step, in the order in which
// it gives them: a module's forward takes them by position, before all others.
var leading = []string{"embeddings", "embeddings_a", "embeddings_b", "anchor", "positive", "negative"}

// checkOrder sees that inputs and outputs stand in the order that hosts count
// on: embeddings first, the loss first, and gradients last in the order of
// their inputs.
func checkOrder(m *onnxpb.ModelProto) error {
	var inputs, grads []string
	last := -1
	for _, in := range m.GetGraph().GetInput() {
		name := in.GetName()
		inputs, grads = append(inputs, name), append(grads, "grad_"+name)
		at := slices.Index(leading, name)
		if at < 0 {
			at = len(leading)
		}
		if at < last {
			return fmt.Errorf("the inputs are %s; want %s before all others, in that order", strings.Join(inputs, ", "), name)
		}
		last = at
	}
	last = -1
	for i, out := range m.GetGraph().GetOutput() {
		name, at := out.GetName(), slices.Index(grads, out.GetName())
		if name == "loss" && i > 0 {
			return fmt.Errorf("the output loss is number %d, want it first", i+1)
		}
		if at < last {
			return fmt.Errorf("the output %s stands after %s; want gradients last, in the order of their inputs", name, grads[last])
		}
		last = max(last, at)
	}
	return nil
}
