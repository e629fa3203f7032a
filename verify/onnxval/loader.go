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
	m := &Model{limits: l.limits, metadata: map[string]string{}, values: map[int]port{}}
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
	s := &scope{slots: map[string]int{}, fn: f}
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
	}
}

// readGraph makes the steps of the graph and what stands around them.
func (l *loader) readGraph(m *Model) {
	g := l.proto.GetGraph()
	m.graph = &body{}
	m.initial = map[int]*value{}
	s := &scope{slots: map[string]int{}}
	for _, p := range g.GetInput() {
		m.inputs = append(m.inputs, readPort(p, "input", s.define(p.GetName(), "an input")))
	}
	l.readInitializers(m, s, g)
	l.nodes(m.graph, s, g.GetNode(), l.opsets)
	seen := map[int]bool{}
	for _, p := range g.GetOutput() {
		slot, ok := s.slots[p.GetName()]
		if !ok || seen[slot] {
			failf("the output %q is made by no node, or is there twice", p.GetName())
		}
		seen[slot] = true
		m.outputs = append(m.outputs, readPort(p, "output", slot))
	}
	if len(m.outputs) == 0 {
		failf("the graph has no output")
	}
	for _, p := range g.GetValueInfo() {
		if slot, ok := s.slots[p.GetName()]; ok && p.GetType().GetTensorType() != nil {
			m.values[slot] = readPort(p, "value", slot)
		}
	}
	m.graph.slots = len(s.slots)
}

// readInitializers takes the constants of the graph. One with the name of an
// input is that input's default.
func (l *loader) readInitializers(m *Model, s *scope, g *onnxpb.GraphProto) {
	if len(g.GetSparseInitializer()) > 0 {
		failf("the graph has sparse initializers, which are not evaluated")
	}
	for i, p := range g.GetInitializer() {
		name := fmt.Sprintf("initializer %d %q", i, p.GetName())
		within(InFile, func() string { return name }, func() {
			v, err := readTensor(p)
			if err != nil {
				failf("%w", err)
			}
			slot, taken := s.slots[p.GetName()]
			if !taken {
				slot = s.define(p.GetName(), "it")
			} else if slot >= len(m.inputs) {
				failf("its name is taken by another initializer")
			} else {
				in := &m.inputs[slot]
				if in.optional = true; m.initial[slot] != nil {
					failf("its name is taken by another initializer")
				}
				if in.elem != v.elem {
					failf("it is %s, and the input that it is the default of is %s", v, in.public())
				}
			}
			m.initial[slot] = v
		})
	}
}
