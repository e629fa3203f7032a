package verify

import (
	"fmt"

	"losscc/onnxexport/onnxpb"
)

// The IR versions that a file may say: from the first whose initialisers need
// not be inputs to the last that the standard has.
const (
	firstIR = 4
	lastIR  = 13
)

// structure sees that a file holds what it needs and nothing else: whatever an
// evaluator does not look at, another reader may.
func (j *judge) structure(k *checker) {
	m, err := onnxpb.Decode(j.c.File, onnxpb.Limits{})
	if err != nil {
		k.fail(err)
		return
	}
	for _, check := range []func(*onnxpb.ModelProto) error{checkSurplus, checkVersions, checkNames, checkSorted, checkFunctions, checkDomains, checkGraph, checkOrder} {
		if err := check(m); err != nil {
			k.fail(err)
			return
		}
	}
}

// checkVersions sees to the IR version and to what is imported.
func checkVersions(m *onnxpb.ModelProto) error {
	if v := m.GetIrVersion(); v < firstIR || v > lastIR {
		return fmt.Errorf("the file says IR version %d, want %d to %d", v, firstIR, lastIR)
	}
	standard, err := checkImports("the file", m.GetOpsetImport())
	if err != nil {
		return err
	}
	for _, f := range m.GetFunctions() {
		own, err := checkImports("the function "+f.GetName(), f.GetOpsetImport())
		if err != nil {
			return err
		}
		if own != 0 && own != standard {
			return fmt.Errorf("the function %s imports opset %d and the file %d, want one of both", f.GetName(), own, standard)
		}
	}
	return nil
}

// checkImports gives the standard opset that is imported, 0 if none is.
func checkImports(who string, imports []*onnxpb.OperatorSetIdProto) (standard int64, err error) {
	seen := map[string]bool{}
	for _, i := range imports {
		d := i.GetDomain()
		switch {
		case seen[d]:
			return 0, fmt.Errorf("%s imports the domain %q twice", who, d)
		case d == "":
			standard = i.GetVersion()
		case d != domain:
			return 0, fmt.Errorf("%s imports the domain %q, want %q and %q only", who, d, "", domain)
		case i.GetVersion() != 1:
			return 0, fmt.Errorf("%s imports %s at version %d, want 1", who, domain, i.GetVersion())
		}
		seen[d] = true
	}
	return standard, nil
}

// checkFunctions sees that every function is of the domain and is called.
func checkFunctions(m *onnxpb.ModelProto) error {
	bodies := map[string]*onnxpb.FunctionProto{}
	for _, f := range m.GetFunctions() {
		if f.GetDomain() != domain {
			return fmt.Errorf("the function %s is of the domain %q, want %q", f.GetName(), f.GetDomain(), domain)
		}
		if o := f.GetOverload(); o != "" {
			return fmt.Errorf("the function %s has the overload %q, and readers that know none call another of its name", f.GetName(), o)
		}
		if n := len(f.GetAttributeProto()); n > 0 {
			return fmt.Errorf("the function %s has defaults of attributes (%d), want every attribute at its call", f.GetName(), n)
		}
		bodies[f.GetName()] = f
	}
	called := map[string]bool{}
	var follow func(nodes []*onnxpb.NodeProto)
	follow = func(nodes []*onnxpb.NodeProto) {
		for _, n := range onnxpb.Within(nodes) {
			if name := n.GetOpType(); n.GetDomain() == domain && !called[name] {
				called[name] = true
				follow(bodies[name].GetNode())
			}
		}
	}
	follow(m.GetGraph().GetNode())
	for _, f := range m.GetFunctions() {
		if !called[f.GetName()] {
			return fmt.Errorf("the function %s is called nowhere", f.GetName())
		}
		if err := checkNeeded("the function "+f.GetName(), f.GetNode(), f.GetInput(), f.GetOutput()); err != nil {
			return err
		}
	}
	return nil
}

// checkGraph sees that nothing in the graph is idle or has two meanings.
func checkGraph(m *onnxpb.ModelProto) error {
	g := m.GetGraph()
	initial := map[string]bool{}
	for _, t := range g.GetInitializer() {
		initial[t.GetName()] = true
	}
	for _, in := range g.GetInput() {
		if initial[in.GetName()] {
			return fmt.Errorf("the input %s has a default in the file, and whoever forgets it is not told", in.GetName())
		}
	}
	if err := checkIdle("the graph", g); err != nil {
		return err
	}
	for _, n := range onnxpb.Within(g.GetNode()) {
		for _, a := range n.GetAttribute() {
			if err := checkIdle("the body of "+n.GetName(), a.GetG()); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkIdle sees that nothing in a graph, the file's or a node's, is idle.
func checkIdle(where string, g *onnxpb.GraphProto) error {
	var inputs, outputs []string
	for _, t := range g.GetInitializer() {
		inputs = append(inputs, t.GetName())
	}
	for _, in := range g.GetInput() {
		inputs = append(inputs, in.GetName())
	}
	for _, out := range g.GetOutput() {
		outputs = append(outputs, out.GetName())
	}
	return checkNeeded(where, g.GetNode(), inputs, outputs)
}

// checkNames sees that the graph has a name, which onnx's checker wants, and
// that no two nodes of one graph or function share theirs: ONNX Runtime refuses
// the file. A node need not have one.
func checkNames(m *onnxpb.ModelProto) error {
	if m.GetGraph().GetName() == "" {
		return fmt.Errorf("the graph has no name, and onnx's checker refuses that")
	}
	for _, b := range bodies(m) {
		seen := map[string]bool{}
		for _, n := range b.nodes {
			if name := n.GetName(); name != "" && seen[name] {
				return fmt.Errorf("in %s two nodes are called %s, and ONNX Runtime refuses that", b.where, name)
			}
			seen[n.GetName()] = true
		}
	}
	return nil
}

// checkSorted sees that TopK gives an order: without one every reader has its own.
func checkSorted(m *onnxpb.ModelProto) error {
	for _, b := range bodies(m) {
		for _, n := range b.nodes {
			for _, a := range n.GetAttribute() {
				if n.GetOpType() == "TopK" && a.GetName() == "sorted" && (a.GetI() == 0 || a.GetRefAttrName() != "") {
					return fmt.Errorf("in %s the node %s (TopK) leaves the order open (sorted=0), and readers differ in it", b.where, n.GetName())
				}
			}
		}
	}
	return nil
}

// checkNeeded sees that every input, or constant, and node serves an output.
func checkNeeded(where string, nodes []*onnxpb.NodeProto, inputs, outputs []string) error {
	needed := map[string]bool{}
	for _, o := range outputs {
		needed[o] = true
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		n, serves := nodes[i], false
		for _, o := range n.GetOutput() {
			serves = serves || o != "" && needed[o]
		}
		if !serves {
			return fmt.Errorf("in %s the node %s (%s) serves no output", where, n.GetName(), n.GetOpType())
		}
		for _, in := range n.GetInput() {
			needed[in] = true
		}
		for _, a := range n.GetAttribute() {
			needOf(a, needed)
		}
	}
	for _, in := range inputs {
		if !needed[in] {
			return fmt.Errorf("in %s the input or initialiser %s serves no output", where, in)
		}
	}
	return nil
}

// needOf adds the names that the graphs in an attribute read.
func needOf(a *onnxpb.AttributeProto, needed map[string]bool) {
	for _, g := range append(a.GetGraphs(), a.GetG()) {
		for _, n := range g.GetNode() {
			for _, in := range n.GetInput() {
				needed[in] = true
			}
			for _, b := range n.GetAttribute() {
				needOf(b, needed)
			}
		}
		for _, o := range g.GetOutput() {
			needed[o.GetName()] = true
		}
	}
}
