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
	initial map[int]*value // its own constants, by slot
	values  map[int]port   // what value_info declares, by slot
}

// step is a node: an operator or a function, and where its values are.
type step struct {
	label string
	op    *op       // one of these two
	fn    *function // is set
	scan  *scan     // what the operator repeats, if it has a body
	opset int
	in    []int // −1: left out
	out   []int
	attrs map[string]*attr
}

// scope is the names that a body has made so far. The body of a node also sees
// those that the bodies around it had made before the node.
type scope struct {
	slots    map[string]int
	made     map[string]int // name → the node that makes it, for messages
	fn       *function      // whose body it is or is in; nil: the graph
	outer    *scope         // what is around a node's body; nil: nothing
	captures []capture      // what was taken from there
	captured map[int]bool   // the slots that it has here
	place    string         // where a node stands, in front of its label
	depth    int            // of bodies around this one
}

// capture is a value that a node's body takes from the body around it: its
// slots there and here.
type capture struct{ from, to int }

// define makes a slot for a name that is new; what says what it names. A name
// that a body sees outside is not new there: the specification forbids hiding.
func (s *scope) define(name, what string) int {
	if name == "" {
		failf("%s has no name", what)
	}
	for o := s.outer; o != nil; o = o.outer {
		if _, taken := o.slots[name]; taken {
			failf("%s has the name %q, which is taken outside of the body: a body may not hide a value that it sees", what, name)
		}
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
	s.made = map[string]int{}
	for i, n := range nodes {
		for _, out := range n.GetOutput() {
			s.made[out] = i
		}
	}
	for i, n := range nodes {
		label := nodeLabel(i, n)
		within(InFile, func() string { return s.place + label }, func() {
			st := l.step(s, n, label, opsets)
			for _, name := range n.GetInput() {
				st.in = append(st.in, s.find(name))
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
func (s *scope) find(name string) int {
	if name == "" {
		return -1
	}
	if slot, ok := s.see(name); ok {
		return slot
	}
	around := ""
	for o := s; o != nil; o = o.outer {
		if by, later := o.made[name]; later {
			failf("the input %q is made by node %d%s, which does not come before: nodes must be in topological order", name, by, around)
		}
		around += " around the body"
	}
	failf("the input %q is made by nothing in %s", name, s.where())
	return -1
}

// see is the slot of a name that was made, in this body or, if it is the body
// of a node, around it: then it gets a slot here as well.
func (s *scope) see(name string) (slot int, ok bool) {
	slot, ok = s.slots[name]
	if ok || s.outer == nil {
		return slot, ok
	}
	from, ok := s.outer.see(name)
	if !ok {
		return 0, false
	}
	slot = len(s.slots)
	s.slots[name] = slot
	s.captures = append(s.captures, capture{from, slot})
	s.captured[slot] = true
	return slot, true
}

func (s *scope) where() string {
	if s.outer != nil {
		return "the body or around it, in " + s.outermost()
	}
	return s.outermost()
}

// outermost is the function or graph that a body is or is in.
func (s *scope) outermost() string {
	if s.fn != nil {
		return "the function " + s.fn.id.String()
	}
	return "the graph"
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
func (l *loader) step(s *scope, n *onnxpb.NodeProto, label string, opsets map[string]int64) step {
	if n.GetOpType() == "" {
		failf("the node names no operator")
	}
	domain := n.GetDomain()
	if domain == "ai.onnx" {
		domain = ""
	}
	repeats := domain == "" && n.GetOpType() == "Scan"
	st := step{label: label, attrs: readAttrs(n.GetAttribute(), repeats)}
	s.checkRefs(st.attrs)
	version, imported := opsets[domain]
	if !imported {
		failf("the domain %q is not among the opset imports of %s", domain, s.outermost())
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
	if repeats {
		st.scan = l.scan(s, n, &st, opsets)
	}
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
