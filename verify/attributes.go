package verify

import (
	"fmt"
	"strings"

	"losscc/onnxexport/onnxpb"
)

// domain is the domain of the ops whose bodies a file holds.
const domain = "ai.losscc"

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
	for _, f := range m.GetFunctions() {
		for _, n := range onnxpb.Within(f.GetNode()) {
			if n.GetDomain() == domain {
				k.fail(fmt.Errorf("the function %s calls %s, want bodies of standard ops only", f.GetName(), n.GetOpType()))
				return
			}
		}
	}
	nodes := onnxpb.Within(m.GetGraph().GetNode())
	parts := j.claim.of(straight(m.GetGraph().GetNode()))
	for _, n := range nodes {
		if n.GetDomain() != domain {
			continue
		}
		k.Compared += len(n.GetAttribute())
		if err := j.claim.margin(n, nodes, parts); err != nil {
			k.fail(fmt.Errorf("node %s (%s): %w", n.GetName(), n.GetOpType(), err))
			return
		}
	}
	if k.Compared == 0 {
		k.omit()
	}
}

// of tells which parts of the claim a node may belong to: those whose value it
// has a hand in.
func (c *claim) of(nodes []*onnxpb.NodeProto) func(n *onnxpb.NodeProto) []part {
	if !c.sum {
		return func(*onnxpb.NodeProto) []part { return c.parts }
	}
	var makes []map[*onnxpb.NodeProto]bool
	for _, p := range c.parts {
		makes = append(makes, ancestors(nodes, "loss."+p.key))
	}
	return func(n *onnxpb.NodeProto) (mine []part) {
		for i, p := range c.parts {
			if makes[i][n] {
				mine = append(mine, p)
			}
		}
		return mine
	}
}

// margin judges a margin node: it is one that each part it belongs to has, and
// says what that part asks for. A derivative says what a node of its op says.
func (c *claim) margin(n *onnxpb.NodeProto, nodes []*onnxpb.NodeProto, parts func(*onnxpb.NodeProto) []part) error {
	name := c.unnumbered(n.GetOpType())
	if of, is := strings.CutSuffix(name, "Grad"); is {
		for _, other := range nodes {
			if other.GetDomain() == domain && c.unnumbered(other.GetOpType()) == of && derivativeOf(n, other) {
				return nil
			}
		}
		return fmt.Errorf("no node of %s has the same attributes, and it is called its derivative", of)
	}
	op, known := marginOps[name]
	if !known {
		return fmt.Errorf("%s has no op of that name", domain)
	}
	for _, p := range parts(n) {
		if err := op.spokenBy(p, n); err != nil {
			return err
		}
	}
	return nil
}

// unnumbered is the name of an op without the number that a sum gives the
// second one of a name.
func (c *claim) unnumbered(op string) string {
	if !c.sum {
		return op
	}
	if at := strings.LastIndex(op, "_"); at >= 0 && strings.Trim(op[at+1:], "0123456789") == "" {
		return op[:at]
	}
	return op
}

// says compares an attribute with the value that it must have.
func says(a *onnxpb.AttributeProto, claimed any) error {
	var found any
	same := false
	switch v := claimed.(type) {
	case float64:
		switch a.GetType() {
		case onnxpb.AttributeProto_FLOAT:
			found, same = a.GetF(), a.GetF() == float32(v)
		case onnxpb.AttributeProto_INT:
			found, same = a.GetI(), float64(a.GetI()) == v
		}
	case bool:
		found, same = a.GetI(), a.GetType() == onnxpb.AttributeProto_INT && (a.GetI() == 1) == v && a.GetI()>>1 == 0
	case string:
		found, same = string(a.GetS()), a.GetType() == onnxpb.AttributeProto_STRING && string(a.GetS()) == v
	}
	if same {
		return nil
	}
	return fmt.Errorf("found %v, and the metadata say %v", found, claimed)
}
