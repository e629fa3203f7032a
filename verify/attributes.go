package verify

import (
	"fmt"

	"losscc/onnxexport/onnxpb"
)

// domain is the domain of the ops whose bodies a file holds.
const domain = "ai.losscc"

// elsewhere are parameters that a loss reads outside of its margin op although
// the op has an attribute of that name, which then is the op's own.
var elsewhere = map[[2]string]bool{
	{"mv-softmax", "easy_margin"}: true, // chosen by a threshold of the loss's own
}

// attributes sees that what a margin op says of itself, to readers and to
// native kernels that take its place, is what the file's metadata say: an
// evaluator reads the body and would not notice.
func (j *judge) attributes(k *checker) {
	m, err := onnxpb.Decode(j.c.File, onnxpb.Limits{})
	if err != nil {
		k.fail(err)
		return
	}
	if j.claim == nil {
		k.omit()
		return
	}
	nodes := m.GetGraph().GetNode()
	for _, f := range m.GetFunctions() {
		nodes = append(nodes, f.GetNode()...)
	}
	for _, n := range nodes {
		if n.GetDomain() != domain {
			continue
		}
		for _, a := range n.GetAttribute() {
			claimed, named := j.claim.parameter(a.GetName())
			if !named || a.GetRefAttrName() != "" {
				continue
			}
			k.Compared++
			if err := says(a, claimed); err != nil {
				k.fail(fmt.Errorf("node %s (%s): attribute %s: %w", n.GetName(), n.GetOpType(), a.GetName(), err))
				return
			}
		}
	}
	if k.Compared == 0 {
		k.omit()
	}
}

// parameter are the values that the parts of the claim give to a parameter.
func (c *claim) parameter(name string) (values []any, named bool) {
	for _, p := range c.parts {
		if v, ok := p.params[name]; ok && !elsewhere[[2]string{p.name, name}] {
			values, named = append(values, v), true
		}
	}
	return values, named
}

// says compares an attribute with the values that it may have.
func says(a *onnxpb.AttributeProto, claimed []any) error {
	var found any
	for _, v := range claimed {
		same := false
		switch v := v.(type) {
		case float64:
			switch a.GetType() {
			case onnxpb.AttributeProto_FLOAT:
				found, same = a.GetF(), a.GetF() == float32(v)
			case onnxpb.AttributeProto_INT:
				found, same = a.GetI(), float64(a.GetI()) == v
			default:
				return nil
			}
		case bool:
			found, same = a.GetI(), a.GetType() == onnxpb.AttributeProto_INT && (a.GetI() == 1) == v && a.GetI()>>1 == 0
		case string:
			found, same = string(a.GetS()), a.GetType() == onnxpb.AttributeProto_STRING && string(a.GetS()) == v
		}
		if same {
			return nil
		}
	}
	return fmt.Errorf("found %v, and the metadata say %v", found, claimed)
}
