package onnxval

import (
	"losscc/onnxexport/onnxpb"
)

// scan is what a Scan node repeats, and how. Of the inputs and outputs of its
// body the states come first; the rest is scanned and stacked.
type scan struct {
	body     *body
	in, out  []port
	captures []capture
	states   int
	inAxes   []int64
	outAxes  []int64
	inBack   []bool // from the last place to the first
	outBack  []bool
}

// scan reads the body of a Scan node and checks that the node fits it. All
// attributes must stand at the node: what a function would pass on to them is
// not followed.
func (l *loader) scan(s *scope, n *onnxpb.NodeProto, st *step, opsets map[string]int64) *scan {
	for _, name := range sortedKeys(st.attrs) {
		if ref := st.attrs[name].ref; ref != "" {
			failf("the attribute %s refers to %s; those of a Scan are evaluated only where they stand at the node", name, ref)
		}
	}
	have, over := len(n.GetInput()), st.attrs["num_scan_inputs"].i
	if over < 1 || over > int64(have) {
		failf("scans the last %d of its %d inputs, want from 1 to all", over, have)
	}
	if s.depth >= maxCallDepth {
		failf("bodies nest deeper than %d", maxCallDepth)
	}
	sc := &scan{states: have - int(over)}
	g := st.attrs["body"].g
	sc.checkArity(n, g)
	inner := &scope{slots: map[string]int{}, captured: map[int]bool{}, fn: s.fn, outer: s, place: s.place + st.label + ", ", depth: s.depth + 1}
	sc.body, sc.in, sc.out = l.graph(inner, g, opsets)
	sc.captures = inner.captures
	sc.inAxes = oneEach(st.attrs, "scan_input_axes", int(over), "scan input")
	sc.inBack = directions(st.attrs, "scan_input_directions", int(over), "scan input")
	sc.outAxes = oneEach(st.attrs, "scan_output_axes", len(sc.out)-sc.states, "scan output")
	sc.outBack = directions(st.attrs, "scan_output_directions", len(sc.out)-sc.states, "scan output")
	return sc
}

// checkArity fails if a node has not what its body takes and gives.
func (sc *scan) checkArity(n *onnxpb.NodeProto, g *onnxpb.GraphProto) {
	have, takes := len(n.GetInput()), len(g.GetInput())
	if have != takes {
		failf("has %d inputs (%d states and %d to scan), the body takes %d", have, sc.states, have-sc.states, takes)
	}
	out, gives := len(n.GetOutput()), len(g.GetOutput())
	if out != gives {
		failf("has %d outputs, the body gives %d", out, gives)
	}
	if gives < sc.states {
		failf("has %d states, the body gives %d outputs, want at least the states", sc.states, gives)
	}
}

// oneEach is a list of an integer for each of n things, by default zeros.
func oneEach(attrs map[string]*attr, name string, n int, what string) []int64 {
	a := attrs[name]
	if a == nil {
		return make([]int64, n)
	}
	if len(a.ints) != n {
		failf("the attribute %s has %d elements, want one for each %s, which are %d", name, len(a.ints), what, n)
	}
	return a.ints
}

// directions tells which of n things go backwards.
func directions(attrs map[string]*attr, name string, n int, what string) []bool {
	out := make([]bool, n)
	for i, d := range oneEach(attrs, name, n, what) {
		if d != 0 && d != 1 {
			failf("the attribute %s has the element %d, want 0 for forward or 1 for backward", name, d)
		}
		out[i] = d == 1
	}
	return out
}
