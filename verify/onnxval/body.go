package onnxval

import (
	"fmt"
	"strings"

	"losscc/onnxexport/onnxpb"
)

// body is a list of nodes, ready to be walked: every name has become a slot.
type body struct {
	steps   []step
	slots   int
	inputs  []int
	outputs []int
}

// step is a node: an operator or a function, and where its values are.
type step struct {
	label string
	op    *op       // one of these two
	fn    *function // is set
	opset int
	in    []int // −1: left out
	out   []int
	attrs map[string]*attr
}

// scope is the names that a body has made so far.
type scope struct {
	slots map[string]int
	fn    *function // whose body it is; nil: the graph
}

// define makes a slot for a name that is new; what says what it names.
func (s *scope) define(name, what string) int {
	if name == "" {
		failf("%s has no name", what)
	}
	if _, taken := s.slots[name]; taken {
		failf("%s has the name %q, which is taken: a value is made once", what, name)
	}
	slot := len(s.slots)
	s.slots[name] = slot
	return slot
}

// nodes makes the steps of a list of nodes.
func (l *loader) nodes(b *body, s *scope, nodes []*onnxpb.NodeProto, opsets map[string]int64) {
	made := map[string]int{} // name → the node that makes it, for messages
	for i, n := range nodes {
		for _, out := range n.GetOutput() {
			made[out] = i
		}
	}
	for i, n := range nodes {
		label := nodeLabel(i, n)
		within(InFile, func() string { return s.place() + label }, func() {
			st := l.step(s, n, opsets)
			st.label = label
			for _, name := range n.GetInput() {
				st.in = append(st.in, s.find(name, made))
			}
			for k, name := range n.GetOutput() {
				slot := -1
				if name != "" {
					slot = s.define(name, fmt.Sprintf("output %d", k))
				}
				st.out = append(st.out, slot)
			}
			b.steps = append(b.steps, st)
		})
	}
}

// find is the slot of an input of a node: −1 if it is left out.
func (s *scope) find(name string, made map[string]int) int {
	if name == "" {
		return -1
	}
	slot, ok := s.slots[name]
	if !ok {
		if by, later := made[name]; later {
			failf("the input %q is made by node %d, which does not come before: nodes must be in topological order", name, by)
		}
		failf("the input %q is made by nothing in %s", name, s.where())
	}
	return slot
}

func (s *scope) where() string {
	if s.fn != nil {
		return "the function " + s.fn.id.String()
	}
	return "the graph"
}

// place is where a node stands, in front of its label.
func (s *scope) place() string {
	if s.fn != nil {
		return s.where() + ", "
	}
	return ""
}

// nodeLabel names a node for a message: its position, name and operator.
func nodeLabel(i int, n *onnxpb.NodeProto) string {
	op := n.GetOpType()
	if n.GetDomain() != "" {
		op = n.GetDomain() + "." + op
	}
	if n.GetName() == "" {
		return fmt.Sprintf("node %d (%s)", i, op)
	}
	return fmt.Sprintf("node %d %q (%s)", i, n.GetName(), op)
}

// step finds what a node calls and checks the call; inputs and outputs are the
// caller's to resolve.
func (l *loader) step(s *scope, n *onnxpb.NodeProto, opsets map[string]int64) step {
	if n.GetOpType() == "" {
		failf("the node names no operator")
	}
	domain := n.GetDomain()
	if domain == "ai.onnx" {
		domain = ""
	}
	st := step{attrs: readAttrs(n.GetAttribute())}
	s.checkRefs(st.attrs)
	version, imported := opsets[domain]
	if !imported {
		failf("the domain %q is not among the opset imports of %s", domain, s.where())
	}
	st.opset = int(min(version, 1<<20))
	id := funcID{domain, n.GetOpType(), n.GetOverload()}
	if st.fn = l.functions[id]; st.fn != nil {
		st.fn.checkCall(n, st.attrs)
		return st
	}
	if domain != "" {
		failf("the file has no function %s%s", id, l.have())
	}
	o, known := opAt(n.GetOpType(), st.opset)
	switch {
	case o == nil && known:
		failf("the operator is not in opset %d", st.opset)
	case o == nil:
		failf("the operator is not evaluated here")
	}
	st.op = o
	o.checkArity(n.GetInput(), n.GetOutput())
	o.checkAttrs(st.attrs, st.opset)
	return st
}

// checkRefs fails if an attribute refers to what the enclosing function does
// not have, and notes what type it is taken for.
func (s *scope) checkRefs(attrs map[string]*attr) {
	for _, name := range sortedKeys(attrs) {
		a := attrs[name]
		if a.ref == "" {
			continue
		}
		if s.fn == nil {
			failf("the attribute %s refers to %s, but the node is in no function", name, a.ref)
		}
		s.fn.note(a.ref, a.kind)
	}
}

// have lists the functions of the file, for the message that one is missing.
func (l *loader) have() string {
	if len(l.functions) == 0 {
		return ": it has no functions at all"
	}
	var names []string
	for id := range l.functions {
		names = append(names, id.String())
		if len(names) == 5 {
			names = append(names, "…")
			break
		}
	}
	return ", only " + strings.Join(names, ", ")
}
