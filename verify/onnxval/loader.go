package onnxval

import (
	"fmt"

	"losscc/onnxexport/onnxpb"
)

// loader makes a Model from a file.
type loader struct {
	proto     *onnxpb.ModelProto
	limits    Limits
	opsets    map[string]int64
	functions map[funcID]*function
}

func newLoader(p *onnxpb.ModelProto, limits Limits) *loader {
	l := &loader{proto: p, limits: limits, functions: map[funcID]*function{}}
	if p.GetIrVersion() < 3 {
		failf("the file says IR version %d, want 3 or later", p.GetIrVersion())
	}
	l.opsets = readOpsets(p.GetOpsetImport(), "the model")
	return l
}

// readOpsets takes a list of imported domains. The standard one may be missing
// if no node is in it, but must be one that the tables know.
func readOpsets(ps []*onnxpb.OperatorSetIdProto, of string) map[string]int64 {
	out := map[string]int64{}
	for _, p := range ps {
		domain := p.GetDomain()
		if domain == "ai.onnx" {
			domain = ""
		}
		if _, twice := out[domain]; twice {
			failf("%s imports the domain %q twice", of, domain)
		}
		v := p.GetVersion()
		if domain == "" && (v < firstOpset || v > lastOpset) {
			failf("%s imports opset %d of the standard operators, evaluated are %d to %d", of, v, firstOpset, lastOpset)
		}
		if v < 1 {
			failf("%s imports the domain %q in version %d", of, domain, v)
		}
		out[domain] = v
	}
	return out
}

// model reads the functions, then the graph.
func (l *loader) model() *Model {
	m := &Model{limits: l.limits, metadata: map[string]string{}}
	for _, e := range l.proto.GetMetadataProps() {
		if _, twice := m.metadata[e.GetKey()]; twice {
			failf("the metadata has the key %q twice", e.GetKey())
		}
		m.metadata[e.GetKey()] = e.GetValue()
	}
	l.readFunctions()
	l.readGraph(m)
	_, size := m.graph.weigh(0)
	if size > l.limits.Nodes {
		failf("a run would visit %d nodes, at most %d are allowed", size, l.limits.Nodes)
	}
	l.checkCalls(m.graph, "")
	return m
}

// readFunctions makes every function: signatures first, so that the order in
// the file does not matter, then bodies.
func (l *loader) readFunctions() {
	if len(l.proto.GetFunctions()) > 0 && l.proto.GetIrVersion() < 8 {
		failf("the file has functions and says IR version %d, they came with 8", l.proto.GetIrVersion())
	}
	var order []*function
	for i, p := range l.proto.GetFunctions() {
		name := fmt.Sprintf("function %d %q", i, p.GetName())
		within(InFile, func() string { return name }, func() {
			f := newFunction(p)
			if l.functions[f.id] != nil {
				failf("the function %s is there twice", f.id)
			}
			if _, ok := l.opsets[f.id.domain]; !ok {
				failf("its domain %q is not among the opset imports of the model", f.id.domain)
			}
			l.functions[f.id] = f
			order = append(order, f)
		})
	}
	for _, f := range order {
		within(InFile, func() string { return "the function " + f.id.String() }, func() { l.readBody(f) })
	}
	for _, f := range order {
		within(InFile, func() string { return "the function " + f.id.String() }, func() {
			if f.state == unseen {
				f.state = open
				f.depth, f.size = f.body.weigh(1)
				f.state = done
			}
			l.checkCalls(f.body, "the function "+f.id.String()+", ")
		})
	}
}

// readBody makes the steps of a function.
func (l *loader) readBody(f *function) {
	opsets := readOpsets(f.proto.GetOpsetImport(), "the function")
	for _, p := range f.proto.GetOpsetImport() {
		switch model, ok := l.opsets[p.GetDomain()]; {
		case p.GetDomain() == "ai.onnx":
			failf(`it imports the domain "ai.onnx", which checkers and runtimes do not find in a function: write ""`)
		case ok && model != p.GetVersion():
			failf("it imports version %d of the domain %q and the model %d, want the same", p.GetVersion(), p.GetDomain(), model)
		}
	}
	f.body = &body{}
	s := &scope{slots: map[string]int{}, fn: f, place: "the function " + f.id.String() + ", "}
	for _, name := range f.proto.GetInput() {
		f.body.inputs = append(f.body.inputs, s.define(name, "an input"))
	}
	l.nodes(f.body, s, f.proto.GetNode(), opsets)
	seen := map[int]bool{}
	for _, name := range f.proto.GetOutput() {
		slot, ok := s.slots[name]
		switch {
		case !ok:
			failf("its output %q is made by no node", name)
		case slot < f.in:
			failf("its output %q is an input; runtimes want a node (Identity) in between", name)
		case seen[slot]:
			failf("its output %q is there twice", name)
		}
		seen[slot] = true
		f.body.outputs = append(f.body.outputs, slot)
	}
	f.body.slots = len(s.slots)
}

// checkCalls checks the types of the attributes of every call in a body, which
// can only be known when all bodies were read.
func (l *loader) checkCalls(b *body, place string) {
	for _, st := range b.steps {
		if st.fn != nil {
			within(InFile, func() string { return place + st.label }, func() { st.fn.checkAttrKinds(st.attrs) })
		}
		if st.scan != nil {
			l.checkCalls(st.scan.body, place+st.label+", ")
		}
	}
}

// readGraph makes the steps of the graph and what stands around them.
func (l *loader) readGraph(m *Model) {
	s := &scope{slots: map[string]int{}}
	m.graph, m.inputs, m.outputs = l.graph(s, l.proto.GetGraph(), l.opsets)
	if len(m.outputs) == 0 {
		failf("the graph has no output")
	}
}

// graph makes the steps of a graph, the file's or a node's, and takes what it
// declares its inputs and outputs to be.
func (l *loader) graph(s *scope, g *onnxpb.GraphProto, opsets map[string]int64) (b *body, in, out []port) {
	b = &body{initial: map[int]*value{}, values: map[int]port{}}
	for _, p := range g.GetInput() {
		slot := s.define(p.GetName(), "an input")
		in = append(in, s.port(p, "input", slot))
		b.inputs = append(b.inputs, slot)
	}
	l.readInitializers(b, in, s, g)
	l.nodes(b, s, g.GetNode(), opsets)
	seen := map[int]bool{}
	for _, p := range g.GetOutput() {
		slot := s.result(p.GetName(), len(in))
		if seen[slot] {
			failf("the output %q is there twice", p.GetName())
		}
		seen[slot] = true
		out = append(out, s.port(p, "output", slot))
		b.outputs = append(b.outputs, slot)
	}
	for _, p := range g.GetValueInfo() {
		if slot, ok := s.slots[p.GetName()]; ok && p.GetType().GetTensorType() != nil {
			b.values[slot] = readPort(p, "value", slot)
		}
	}
	b.slots = len(s.slots)
	return b, in, out
}

// port takes the declaration of an input or output. A node's body may leave its
// type open.
func (s *scope) port(p *onnxpb.ValueInfoProto, what string, slot int) port {
	switch {
	case s.outer == nil:
		return readPort(p, what, slot)
	case p.GetType() == nil:
		return port{name: p.GetName(), slot: slot}
	}
	return readPort(p, "body's "+what, slot)
}

// result is the slot of an output of a graph, whose first inputs slots are its
// inputs. A node's body may not pass on what comes in: ONNX Runtime refuses
// values from outside, and gives other numbers than the body's inputs have.
func (s *scope) result(name string, inputs int) int {
	slot, ok := s.see(name)
	switch {
	case !ok:
		failf("the output %q is made by no node", name)
	case s.captured[slot]:
		failf("the output %q is made outside of the body; runtimes want a node (Identity) in between", name)
	case s.outer != nil && slot < inputs:
		failf("the output %q is an input of the body; runtimes want a node (Identity) in between", name)
	}
	return slot
}

// readInitializers takes the constants of a graph. One with the name of an
// input is that input's default, in the file's graph only.
func (l *loader) readInitializers(b *body, in []port, s *scope, g *onnxpb.GraphProto) {
	if len(g.GetSparseInitializer()) > 0 {
		failf("the graph has sparse initializers, which are not evaluated")
	}
	for i, p := range g.GetInitializer() {
		name := fmt.Sprintf("%sinitializer %d %q", s.place, i, p.GetName())
		within(InFile, func() string { return name }, func() {
			v, err := readTensor(p)
			if err != nil {
				failf("%w", err)
			}
			slot, taken := s.slots[p.GetName()]
			switch {
			case !taken:
				slot = s.define(p.GetName(), "it")
			case slot >= len(in) || b.initial[slot] != nil:
				failf("its name is taken by another initializer")
			case s.outer != nil:
				failf("its name is taken by an input of the body, which has its value from the node")
			case in[slot].elem != v.elem:
				failf("it is %s, and the input that it is the default of is %s", v, in[slot].public())
			default:
				in[slot].optional = true
			}
			b.initial[slot] = v
		})
	}
}
