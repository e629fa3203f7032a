package onnxexport

import (
	"math"
	"slices"

	"losscc/ir"
	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// scan is one walk on its way to a Scan node.
type scan struct {
	outer, body *lowering
	states      []state
	// reads are the body's inputs of blocks, stacks what they are blocks of, on
	// axes.
	reads  []*onnxpb.ValueInfoProto
	stacks []string
	axes   []int64
	// makes are the body's outputs of blocks, left what they are stacked in.
	makes []*onnxpb.ValueInfoProto
	left  []string
}

// state is a value that goes through the blocks from first to last: the names of
// what it is before the first one and after the last, and before and after each.
type state struct {
	start, end, before, after string
	typ                       ir.Type
}

// scan adds one walk.
func (l *lowering) scan(w walk) error {
	s := &scan{outer: l, body: l.within()}
	for _, v := range w.reads {
		s.read(v)
	}
	folds := map[*ir.Value]*state{}
	for _, v := range w.folds {
		end := l.named(v)
		folds[v] = &state{start: l.start(v), end: end, before: l.fresh(wish(v) + "_before"), typ: v.Type}
	}
	for _, v := range w.makes {
		var err error
		if st := folds[v]; st != nil {
			err = s.fold(v, st)
		} else {
			err = s.body.value(v)
		}
		if err != nil {
			return err
		}
	}
	s.count()
	for _, v := range w.leaves {
		s.leave(v)
	}
	s.add()
	for _, v := range w.folds {
		l.made[v] = true
	}
	for _, v := range w.leaves {
		if l.result(v) {
			l.named(v)
			l.unstacked(v)
			l.made[v] = true
		}
	}
	return l.err
}

// read gives the body a block of v.
func (s *scan) read(v *ir.Value) {
	b := s.body
	b.names[v] = b.fresh(wish(v) + "_block")
	b.made[v] = true
	at := 0
	if _, kept := s.outer.blocks.left[v]; !kept {
		at = b.blocks.axis(v)
	}
	s.reads = append(s.reads, b.port(b.names[v], v.Type))
	s.stacks = append(s.stacks, s.outer.stacked(v))
	s.axes = append(s.axes, int64(at))
}

// fold makes what a block adds to v, and adds it.
func (s *scan) fold(v *ir.Value, st *state) error {
	b := s.body
	b.names[v] = b.fresh(wish(v))
	if err := b.part(v); err != nil {
		return err
	}
	after := b.fresh(wish(v) + "_after")
	switch part := b.names[v]; v.Op {
	case ir.OpReduceMax:
		st.after = b.node1("Max", after, []string{st.before, part})
	case ir.OpReduceMin:
		st.after = b.node1("Min", after, []string{st.before, part})
	case ir.OpArgMax:
		st.after = s.place(v, st, after, "ReduceMax", "LessOrEqual", math.Inf(-1))
	case ir.OpArgMin:
		st.after = s.place(v, st, after, "ReduceMin", "GreaterOrEqual", math.Inf(1))
	default:
		st.after = b.node1("Add", after, []string{st.before, part})
	}
	s.states = append(s.states, *st)
	return b.err
}

// place is where the best is, after a block: in it, unless none there beats the
// best before. What the best was is a state too; a NaN beats numbers, and nothing it.
func (s *scan) place(v *ir.Value, st *state, after, reduce, noBetter string, worst float64) string {
	l, b := s.outer, s.body
	best := state{before: b.fresh("best_before"), end: l.fresh("best"), typ: ir.F(v.Type.Shape...)}
	best.start = l.everywhere(v.Type.Shape, worst)
	here := b.reduced(reduce, b.fresh("best_here"), b.ref(v.Args[0]), axis(v), 0)
	number := b.step("Equal", []string{best.before, best.before})
	better := b.step("And", []string{number, b.step("Not", []string{b.step(noBetter, []string{here, best.before})})})
	best.after = b.node1("Where", b.fresh("best_after"), []string{better, here, best.before})
	s.states = append(s.states, best)
	at := b.step("Add", []string{b.names[v], b.firstPlace()})
	return b.node1("Where", after, []string{better, at, st.before})
}

// count goes on to where the next block begins, if the body asked where its own
// does.
func (s *scan) count() {
	l, b := s.outer, s.body
	if b.blocks.first == "" {
		return
	}
	next := b.step("Add", []string{b.blocks.first, b.step("Squeeze", []string{l.blocks.size, b.ints(0)})})
	s.states = append(s.states, state{start: l.whole(0), end: l.fresh("past"), before: b.blocks.first, after: next, typ: ir.I()})
}

// leave keeps the blocks of v.
func (s *scan) leave(v *ir.Value) {
	l, b := s.outer, s.body
	l.blocks.left[v] = l.fresh(wish(v) + "_blocks")
	s.makes = append(s.makes, b.port(b.names[v], v.Type))
	s.left = append(s.left, l.blocks.left[v])
}

// add adds the node: its states come first, in the body as outside.
func (s *scan) add() {
	b := s.body
	g := &onnxpb.GraphProto{Name: proto.String("walk")}
	var starts, ends, results []string
	for _, st := range s.states {
		g.Input = append(g.Input, b.port(st.before, st.typ))
		g.Output = append(g.Output, b.port(st.after, st.typ))
		starts, ends, results = append(starts, st.start), append(ends, st.end), append(results, st.after)
	}
	for _, out := range s.makes {
		results = append(results, out.GetName())
	}
	g.Input, g.Output = append(g.Input, s.reads...), append(g.Output, s.makes...)
	b.prune(results)
	g.Node, g.Initializer = b.nodes, b.inits
	for _, told := range b.told { // what is declared as an input already is not told again
		if !slices.ContainsFunc(g.Input, func(in *onnxpb.ValueInfoProto) bool { return in.GetName() == told.GetName() }) {
			g.ValueInfo = append(g.ValueInfo, told)
		}
	}
	attrs := []*onnxpb.AttributeProto{graphAttr("body", g), intAttr("num_scan_inputs", int64(len(s.reads)))}
	if slices.ContainsFunc(s.axes, func(n int64) bool { return n > 0 }) {
		attrs = append(attrs, intsAttr("scan_input_axes", s.axes...))
	}
	s.outer.node("Scan", append(ends, s.left...), append(starts, s.stacks...), attrs...)
}
