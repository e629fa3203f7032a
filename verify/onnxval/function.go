package onnxval

import (
	"losscc/onnxexport/onnxpb"
)

// function is a model-local function.
type function struct {
	id       funcID
	proto    *onnxpb.FunctionProto
	in, out  int
	required map[string]bool
	defaults map[string]*attr
	kinds    map[string]onnxpb.AttributeProto_AttributeType // as the body takes them
	body     *body

	state int   // of the walk over the call graph
	depth int   // of the calls below
	size  int64 // nodes visited by one call
}

// funcID is what tells functions apart.
type funcID struct{ domain, name, overload string }

func (id funcID) String() string {
	s := id.domain + "." + id.name
	if id.overload != "" {
		s += ":" + id.overload
	}
	return s
}

// maxCallDepth is how deep functions may call functions.
const maxCallDepth = 100

// newFunction checks the signature of a function; its body comes later, when
// all functions are known by name.
func newFunction(p *onnxpb.FunctionProto) *function {
	f := &function{
		id:       funcID{p.GetDomain(), p.GetName(), p.GetOverload()},
		proto:    p,
		in:       len(p.GetInput()),
		out:      len(p.GetOutput()),
		required: map[string]bool{},
		defaults: map[string]*attr{},
		kinds:    map[string]onnxpb.AttributeProto_AttributeType{},
	}
	switch {
	case f.id.name == "":
		failf("the function has no name")
	case f.id.domain == "" || f.id.domain == "ai.onnx":
		failf("the function is in the standard domain, where runtimes look for their own operators only")
	case f.out == 0:
		failf("the function has no output")
	}
	for _, name := range p.GetAttribute() {
		if f.required[name] {
			failf("the attribute %s is declared twice", name)
		}
		f.required[name] = true
	}
	f.defaults = readAttrs(p.GetAttributeProto(), false)
	for _, name := range sortedKeys(f.defaults) {
		if f.required[name] {
			failf("the attribute %s is declared with a default and without", name)
		}
		if f.defaults[name].ref != "" {
			failf("the default of attribute %s is a reference", name)
		}
		f.kinds[name] = f.defaults[name].kind
	}
	return f
}

// note records that the body takes an attribute for a type.
func (f *function) note(name string, kind onnxpb.AttributeProto_AttributeType) {
	if !f.required[name] && f.defaults[name] == nil {
		failf("refers to the attribute %s, which the function %s does not declare", name, f.id)
	}
	if known, ok := f.kinds[name]; ok && known != kind {
		failf("refers to the attribute %s as %s, and it is %s elsewhere", name, kind, known)
	}
	f.kinds[name] = kind
}

// checkCall fails if a node does not fit the signature of the function that it
// calls. The types of attributes are checked when all bodies were read.
func (f *function) checkCall(n *onnxpb.NodeProto, attrs map[string]*attr) {
	if len(n.GetInput()) != f.in {
		failf("has %d inputs, the function takes %d", len(n.GetInput()), f.in)
	}
	if len(n.GetOutput()) != f.out {
		failf("has %d outputs, the function gives %d", len(n.GetOutput()), f.out)
	}
	for i, name := range n.GetInput() {
		if name == "" {
			failf("the input %s is left out; a function's inputs must all be there", f.proto.GetInput()[i])
		}
	}
	for _, name := range sortedKeys(attrs) {
		if !f.required[name] && f.defaults[name] == nil {
			failf("has an attribute %s, which the function does not declare", name)
		}
	}
	for _, name := range sortedKeys(f.required) {
		if attrs[name] == nil {
			failf("lacks the attribute %s, which the function requires", name)
		}
	}
}

// checkAttrKinds fails if a call gives an attribute in another type than the
// body takes it for.
func (f *function) checkAttrKinds(attrs map[string]*attr) {
	for _, name := range sortedKeys(attrs) {
		if want, used := f.kinds[name]; used && attrs[name].kind != want {
			failf("the attribute %s is of type %s, the function takes it for %s", name, attrs[name].kind, want)
		}
	}
}

// The states of a function in the walk over the call graph.
const (
	unseen = iota
	open
	done
)

// weigh finds how deep the calls of a body go and how many nodes one run of it
// visits, and fails if a function calls itself, directly or not. The body of a
// Scan counts as one call, because how often it is walked shows only in a run.
func (b *body) weigh(at int) (depth int, size int64) {
	for _, st := range b.steps {
		size++
		if st.fn == nil && st.scan == nil {
			continue
		}
		if at >= maxCallDepth {
			failf("calls nest deeper than %d", maxCallDepth)
		}
		below, more := st.weigh(at + 1)
		depth = max(depth, below+1)
		if at+depth > maxCallDepth {
			failf("calls nest deeper than %d", maxCallDepth)
		}
		size = min(size+more, 1<<60)
	}
	return depth, size
}

// weigh finds the same of the body that a node walks. That of a function is
// weighed once, whoever calls it first.
func (st *step) weigh(at int) (depth int, size int64) {
	if st.scan != nil {
		return st.scan.body.weigh(at)
	}
	f := st.fn
	if f.state == open {
		failf("the function %s calls itself", f.id)
	}
	if f.state == unseen {
		f.state = open
		f.depth, f.size = f.body.weigh(at)
		f.state = done
	}
	return f.depth, f.size
}
