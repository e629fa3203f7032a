package onnxexport

import (
	"fmt"
	"slices"

	"losscc/ir"
)

// A file may walk along an extent (that of the classes) in blocks: what is made of
// one block is in the processor's cache while the next step reads it, and of the
// whole only what a later walk reads, or a result, is ever there. A plan says of
// every value in which walk it is made.

// Blocks asks for walks along an extent.
type Blocks struct {
	// Dim is the extent that is walked along; empty: none is.
	Dim ir.Dim
	// Most is the largest extent of a block. A block has the largest one from a
	// quarter of Most that divides the whole extent, or all of it if none does.
	Most int
}

// kind is how a value is made in a file of blocks.
type kind uint8

const (
	whole  kind = iota // at once, outside of the walks
	block              // a block at a time
	folded             // at once, from what the blocks of a walk add up to
)

// plan is which values are made in which walk.
type plan struct {
	dim   ir.Dim
	kinds map[*ir.Value]kind
	// at is the walk in which a block is made; whole values and folded ones of
	// 2 stand before walk 2, and a walk's folded values after it.
	at map[*ir.Value]int
	// kept are the blocks that a walk leaves for a later one; others that it needs
	// it makes again.
	kept  map[*ir.Value]bool
	walks int
	// known are the walks before which extents are, of those that a value makes.
	known map[ir.Dim]int
}

// CheckBlocks is why a file of f cannot walk along an extent, or nil.
func CheckBlocks(f *ir.Func, dim ir.Dim) error {
	_, err := newPlan(f, dim)
	return err
}

// newPlan says how f is walked through along an extent, or why it cannot be.
func newPlan(f *ir.Func, dim ir.Dim) (*plan, error) {
	p := &plan{dim: dim, kinds: map[*ir.Value]kind{}, at: map[*ir.Value]int{}, kept: map[*ir.Value]bool{}, known: map[ir.Dim]int{}}
	for _, v := range f.Values {
		if err := p.place(v); err != nil {
			return nil, fmt.Errorf("@%s: %w", f.Name, err)
		}
		if p.kinds[v] == folded {
			p.walks = max(p.walks, p.at[v])
		}
	}
	for _, r := range f.Results {
		if p.kinds[r.Value] == block {
			p.walks = max(p.walks, p.at[r.Value]+1)
		}
	}
	if p.walks == 0 {
		return nil, fmt.Errorf("@%s: nothing is made along %s", f.Name, dim)
	}
	p.keep(f)
	for n := range p.walks {
		if len(p.walk(f, n).reads) == 0 {
			return nil, fmt.Errorf("@%s: walk %d reads nothing along %s", f.Name, n, dim)
		}
	}
	return p, nil
}

// axis is where a value has the extent that is walked along, −1 if nowhere.
func (p *plan) axis(v *ir.Value) int { return p.axisOf(v.Type.Shape) }

func (p *plan) axisOf(s ir.Shape) int {
	return slices.IndexFunc(s, func(d ir.Dim) bool { return slices.Contains(d.Factors(), p.dim) })
}

// place decides the kind of v and its walk.
func (p *plan) place(v *ir.Value) error {
	along, blocks := p.axis(v) >= 0, false
	for _, d := range v.Type.Shape {
		for _, f := range d.Factors() {
			p.at[v] = max(p.at[v], p.known[f])
		}
	}
	for _, a := range v.Args {
		p.at[v] = max(p.at[v], p.at[a])
		along = along || p.axis(a) >= 0
		blocks = blocks || p.kinds[a] == block
	}
	if introduces(v.Op) {
		p.known[v.Attrs.Dim("dim")] = p.at[v]
	}
	if !along {
		return nil
	}
	if err := p.divisible(v); err != nil || v.Op == ir.OpParam {
		return err
	}
	switch p.manner(v) {
	case block:
		p.kinds[v] = block
	case folded:
		p.kinds[v] = folded
		p.at[v]++
	default:
		if blocks {
			return fmt.Errorf("%s of %v cannot be made a block of %s at a time", v.Op, v.Args[0].Type, p.dim)
		}
	}
	return nil
}

// divisible sees that a block of v is one: the extent is there once, and leads
// where it is a factor.
func (p *plan) divisible(v *ir.Value) error {
	n := 0
	for _, d := range v.Type.Shape {
		for i, f := range d.Factors() {
			if f != p.dim {
				continue
			}
			if n++; i > 0 || n > 1 {
				return fmt.Errorf("%s of %v has no blocks of %s", v.Op, v.Type, p.dim)
			}
		}
	}
	return nil
}

// manner is how v can be made of blocks; whole if it cannot.
func (p *plan) manner(v *ir.Value) kind {
	at := p.axis(v)
	first := -1
	if len(v.Args) > 0 {
		first = p.axis(v.Args[0])
	}
	// An axis that the op works along, or that of the blocks.
	over := func(axis int) kind {
		if axis == first {
			return folded
		}
		return block
	}
	switch op := v.Op; op {
	case ir.OpUnsqueeze, ir.OpSqueeze, ir.OpExpand, ir.OpTranspose, ir.OpThrough:
		return block
	case ir.OpIota:
		if v.Type.Shape[0] == p.dim {
			return block
		}
	case ir.OpReshape:
		if first >= 0 && at >= 0 && slices.Equal(v.Type.Shape[:at], v.Args[0].Type.Shape[:first]) {
			return block
		}
	case ir.OpCall:
		if at >= 0 && elementwise(v.Callee()) {
			return block
		}
	case ir.OpNorm, ir.OpLongNorm:
		if first < len(v.Args[0].Type.Shape)-1 {
			return block
		}
	case ir.OpSum:
		return over(int(axis(v)))
	case ir.OpReduceMax, ir.OpReduceMin:
		if k := over(int(axis(v))); k == block || v.Type.Elem == ir.Float {
			return k
		}
	case ir.OpArgMax, ir.OpArgMin:
		if k := over(int(axis(v))); k == block || v.Args[0].Type.Elem == ir.Float && v.Args[0].Type.Shape[first] == p.dim {
			return k
		}
	case ir.OpCumSum:
		if int(axis(v)) != first {
			return block
		}
	case ir.OpMatMul, ir.OpMatMulBy, ir.OpMatMulAdd:
		if at >= 0 {
			return block
		}
		return folded
	case ir.OpPick:
		switch {
		case int(axis(v)) != first:
			return block
		case v.Args[0].Type.Shape[first] == p.dim && p.axis(v.Args[1]) < 0 && v.Type.Elem == ir.Float:
			return folded
		}
	case ir.OpPut:
		if int(axis(v)) != first || v.Args[0].Type.Shape[first] == p.dim && v.Type.Elem == ir.Float {
			return block
		}
	case ir.OpGather:
		switch {
		case first < 0:
			return block
		case first == 0 && v.Args[0].Type.Shape[0] == p.dim && p.kinds[v.Args[0]] == block && p.axis(v.Args[1]) < 0 && v.Type.Elem == ir.Float:
			return folded
		}
	default:
		if op.Elementwise() {
			return block
		}
	}
	return whole
}

// elementwise tells whether a function makes each element of its results of the same
// elements of its arguments.
func elementwise(f *ir.Func) bool {
	for _, v := range f.Values {
		switch v.Op {
		case ir.OpParam, ir.OpConst, ir.OpInt, ir.OpAttr:
		case ir.OpCall:
			if !elementwise(v.Callee()) {
				return false
			}
		default:
			if !v.Op.Elementwise() {
				return false
			}
		}
	}
	return true
}

// across tells whether a pick or a put has its places along the blocks.
func (p *plan) across(v *ir.Value) bool { return int(axis(v)) == p.axis(v.Args[0]) }

// keep chooses what walks leave for later ones: what these read and cannot make
// again, element by element, from other things that are kept.
func (p *plan) keep(f *ir.Func) {
	crossing := map[*ir.Value]bool{}
	for _, v := range f.Values {
		in := p.at[v]
		if p.kinds[v] == folded {
			in--
		}
		for _, a := range v.Args {
			if p.kinds[v] != whole && p.kinds[a] == block && p.at[a] < in {
				crossing[a] = true
			}
		}
	}
	for _, v := range f.Values {
		if crossing[v] && !p.again(v) {
			p.kept[v] = true
		}
	}
}

// again tells whether a block is cheap to make from what is kept. A margin op is made
// once, as it is in a file without blocks.
func (p *plan) again(v *ir.Value) bool {
	switch v.Op {
	case ir.OpPut, ir.OpUnsqueeze, ir.OpSqueeze, ir.OpExpand, ir.OpReshape, ir.OpThrough, ir.OpIota:
	default:
		if !v.Op.Elementwise() {
			return false
		}
	}
	for _, a := range v.Args {
		if p.kinds[a] == block && !p.kept[a] && !p.again(a) {
			return false
		}
	}
	return true
}

// walk is one pass over all blocks.
type walk struct {
	// makes are the values of the body in order, those that are folded among them.
	makes []*ir.Value
	// reads are the values that are there as a whole, or kept, and read in blocks.
	reads []*ir.Value
	// folds and leaves are what is left when it is over: numbers of all blocks, and
	// blocks that are kept or results.
	folds, leaves []*ir.Value
}

// walk is the n-th pass.
func (p *plan) walk(f *ir.Func, n int) walk {
	need := map[*ir.Value]bool{}
	var w walk
	for _, v := range f.Values {
		switch {
		case p.kinds[v] == folded && p.at[v] == n+1:
			w.folds = append(w.folds, v)
			need[v] = true
		case p.kinds[v] == block && p.at[v] == n && (p.kept[v] || isResult(f, v)):
			w.leaves = append(w.leaves, v)
			need[v] = true
		}
	}
	for _, v := range slices.Backward(f.Values) {
		if !need[v] {
			continue
		}
		if p.kinds[v] == whole || p.kept[v] && p.at[v] < n {
			w.reads = append(w.reads, v)
			continue
		}
		w.makes = append(w.makes, v)
		for _, a := range v.Args {
			if p.kinds[a] == block || p.kinds[a] == whole && p.axis(a) >= 0 {
				need[a] = true
			}
		}
	}
	slices.Reverse(w.reads)
	slices.Reverse(w.makes)
	return w
}
