package onnxexport

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"losscc/ir"
	"losscc/onnxexport/onnxpb"
)

// blocked is what a lowering in blocks knows beside its plan.
type blocked struct {
	*plan
	// size and count are vectors of one int64: how much of the extent a block
	// has, and how many there are.
	size, count string
	// left are the names of what walks kept, blocks stacked.
	left map[*ir.Value]string
	// first is, in a body, the place of the block's first element along the
	// extent, a number; it is asked for where it is used.
	first string
}

// runBlocks lowers every value, those along the plan's extent in walks.
func (l *lowering) runBlocks(p *plan, most int) error {
	l.blocks = &blocked{plan: p, left: map[*ir.Value]string{}}
	l.cut(most)
	for n := range p.walks + 1 {
		for _, v := range l.f.Values {
			if p.kinds[v] == whole && p.at[v] == n {
				if err := l.value(v); err != nil {
					return err
				}
			}
		}
		if n < p.walks {
			if err := l.scan(p.walk(l.f, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// cut chooses how large blocks are: of the sizes from most down to a quarter of it,
// and the whole extent, the first that divides the extent. Nothing is one block of
// nothing: ONNX Runtime (1.32) fails at a Scan of none.
func (l *lowering) cut(most int) {
	all := l.extent(l.blocks.dim)
	least := max(most/4, 1)
	sizes := l.step("Range", []string{l.whole(int64(most)), l.whole(int64(least - 1)), l.whole(-1)})
	sizes = l.step("Concat", []string{sizes, l.step("Max", []string{all, l.ints(1)})}, intAttr("axis", 0))
	rest := l.step("Mod", []string{all, sizes})
	fits := l.step("Cast", []string{l.step("Equal", []string{rest, l.whole(0)})}, intAttr("to", int64(onnxpb.TensorProto_FLOAT)))
	best := l.step("ArgMax", []string{fits}, intAttr("axis", 0), intAttr("keepdims", 1))
	many := l.step("Div", []string{all, l.step("Gather", []string{sizes, best}, intAttr("axis", 0))})
	l.blocks.count = l.node1("Max", l.fresh("blocks"), []string{many, l.ints(1)})
	l.blocks.size = l.node1("Div", l.fresh("block"), []string{all, l.blocks.count})
}

// stacked is the name of a value's blocks one after another, on a new axis where
// its blocks stand.
func (l *lowering) stacked(v *ir.Value) string {
	if name, ok := l.blocks.left[v]; ok {
		return name
	}
	key := "stacked " + l.ref(v)
	if name, ok := l.shapes[key]; ok {
		return name
	}
	var parts []string
	for i, d := range v.Type.Shape {
		if i == l.blocks.axis(v) {
			parts = append(parts, l.blocks.count)
		}
		parts = append(parts, l.inBlock(d))
	}
	form := l.node1("Concat", l.fresh("shape"), parts, intAttr("axis", 0))
	l.shapes[key] = l.node1("Reshape", l.fresh(wish(v)+"_blocks"), []string{l.ref(v), form}, intAttr("allowzero", 1))
	return l.shapes[key]
}

// inBlock is the extent of a block where d is that of the whole.
func (l *lowering) inBlock(d ir.Dim) string {
	fs := d.Factors()
	if fs[0] != l.blocks.dim {
		return l.extent(d)
	}
	name := l.blocks.size
	for _, f := range fs[1:] {
		name = l.step("Mul", []string{name, l.extent(f)})
	}
	return name
}

// unstacked makes the whole v from its blocks, which stand on the first axis.
func (l *lowering) unstacked(v *ir.Value) {
	name, at := l.blocks.left[v], l.blocks.axis(v)
	if at > 0 {
		perm := []int64{0}
		for i := range v.Type.Shape {
			perm = append(perm, int64(i+1))
		}
		copy(perm, perm[1:at+1])
		perm[at] = 0
		name = l.step("Transpose", []string{name}, intsAttr("perm", perm...))
	}
	l.out("Reshape", v, []string{name, l.shape(v.Type.Shape)}, intAttr("allowzero", 1))
}

// within is a lowering of what a walk does with one block. It knows the values
// that are there as a whole and have nothing of the extent.
func (l *lowering) within() *lowering {
	p := l.blocks
	b := &lowering{
		f: l.f, o: l.o, ops: l.ops, taken: l.taken, count: l.count, half: l.half,
		names: map[*ir.Value]string{}, made: map[*ir.Value]bool{}, consts: map[string]string{}, shapes: map[string]string{}, done: map[string]string{},
		blocks: &blocked{plan: p.plan, size: p.size, count: p.count},
		outer:  l,
	}
	for v, name := range l.names {
		if p.kinds[v] != block && p.axis(v) < 0 {
			b.names[v] = name
		}
	}
	maps.Copy(b.made, l.made)
	maps.DeleteFunc(b.made, func(v *ir.Value, _ bool) bool { return b.names[v] == "" })
	b.shapes["extent "+string(p.dim)] = p.size
	return b
}

// port declares a value of a body.
func (l *lowering) port(name string, t ir.Type) *onnxpb.ValueInfoProto {
	return valueInfo(name, l.seen(t), l.o.Float.inside())
}

// seen is the type of a value as it is in a block.
func (l *lowering) seen(t ir.Type) ir.Type {
	if l.outer == nil {
		return t
	}
	s := slices.Clone(t.Shape)
	for i, d := range s {
		fs := slices.Clone(d.Factors())
		if fs[0] != l.blocks.dim {
			continue
		}
		s[i] = l.blocks.dim + "_block"
		for _, f := range fs[1:] {
			s[i] = s[i].Times(f)
		}
	}
	return ir.Type{Elem: t.Elem, Shape: s}
}

// start is what a folded value is before any block.
func (l *lowering) start(v *ir.Value) string {
	switch {
	case v.Op == ir.OpMatMulAdd:
		return l.ref(v.Args[2])
	case v.Type.Elem == ir.Int && len(v.Type.Shape) == 0:
		return l.whole(0)
	case v.Type.Elem == ir.Int:
		return l.step("ConstantOfShape", []string{l.shape(v.Type.Shape)}, tensorAttr("value", wholes(0)))
	}
	from := 0.0
	switch v.Op {
	case ir.OpReduceMax:
		from = math.Inf(-1)
	case ir.OpReduceMin:
		from = math.Inf(1)
	}
	return l.everywhere(v.Type.Shape, from)
}

// everywhere is a number at every place of a shape.
func (l *lowering) everywhere(s ir.Shape, x float64) string {
	if len(s) == 0 {
		return l.number(x)
	}
	return l.step("ConstantOfShape", []string{l.shape(s)}, tensorAttr("value", l.filled(x)))
}

// part makes what one block adds to a folded value.
func (l *lowering) part(v *ir.Value) error {
	switch v.Op {
	case ir.OpMatMulAdd:
		l.out("Gemm", v, l.in(v)[:2], flag("transA", v.Attrs.Bool("trans_a")), flag("transB", v.Attrs.Bool("trans_b")))
	case ir.OpGather:
		at, here := l.places(v.Args[1], 0)
		e := l.step("Gather", []string{l.ref(v.Args[0]), l.step("Squeeze", []string{at, l.ints(0)})}, intAttr("axis", 0))
		here = l.step("Squeeze", []string{here, l.ints(0)})
		for i := range len(v.Args[0].Type.Shape) - 1 {
			here = l.step("Unsqueeze", []string{here, l.ints(int64(i + 1))})
		}
		l.out("Where", v, []string{here, e, l.number(0)})
	case ir.OpPick:
		at, here := l.places(v.Args[1], axis(v))
		e := l.step("GatherElements", []string{l.ref(v.Args[0]), at}, intAttr("axis", axis(v)))
		e = l.step("Where", []string{here, e, l.number(0)})
		l.out("Squeeze", v, []string{e, l.ints(axis(v))})
	default:
		return l.value(v)
	}
	return nil
}

// putInBlock puts numbers where their places are in the block.
func (l *lowering) putInBlock(v *ir.Value) {
	at, here := l.places(v.Args[1], axis(v))
	x := l.unsqueezed(v.Args[2], l.ints(axis(v)))
	old := l.step("GatherElements", []string{l.ref(v.Args[0]), at}, intAttr("axis", axis(v)))
	x = l.step("Where", []string{here, x, old})
	l.mayWriteOver(v.Args[0])
	l.out("ScatterElements", v, []string{l.ref(v.Args[0]), at, x}, intAttr("axis", axis(v)))
}

// places are places along the extent as those in the block, with an axis put in,
// held to it, and whether they are in it.
func (l *lowering) places(idx *ir.Value, axis int64) (at, here string) {
	key := fmt.Sprint("places ", l.ref(idx), " ", axis)
	if name, ok := l.shapes[key]; ok {
		return name, l.shapes["here "+key]
	}
	from := l.step("Sub", []string{l.ref(idx), l.firstPlace()})
	from = l.step("Unsqueeze", []string{from, l.ints(axis)})
	last := l.step("Sub", []string{l.blocks.size, l.ints(1)})
	at = l.step("Max", []string{l.step("Min", []string{from, last}), l.ints(0)})
	here = l.step("Equal", []string{from, at})
	l.shapes[key], l.shapes["here "+key] = at, here
	return at, here
}

// firstPlace is where the block begins along the extent.
func (l *lowering) firstPlace() string {
	if l.blocks.first == "" {
		l.blocks.first = l.fresh("first")
	}
	return l.blocks.first
}
