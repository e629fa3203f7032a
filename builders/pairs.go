package builders

import (
	"math"
	"strconv"

	"losscc/ir"
)

// Batch is a batch with labels as losses over pairs see it: which rows are
// kept, and for each two of them whether they are of one class.
type Batch struct {
	*Rows
	g *Graph
	n ir.Dim
	// X is embeddings, Labels labels.
	X, Labels *ir.Value
	// Equal holds at (i, i), and at (i, j) for two kept rows of one label, Same
	// where i ≠ j too; Other for two kept rows of different labels.
	Equal, Same, Other *ir.Value
}

// Batch begins a loss over the pairs of a batch of n rows; a negative label
// marks an ignored row.
func (g *Graph) Batch(n ir.Dim) *Batch { return g.BatchOf(n, "") }

// BatchOf is Batch with labels below the extent of a table of classes, others
// being ignored; without a table no label is too large.
func (g *Graph) BatchOf(n, classes ir.Dim) *Batch {
	x := g.Input("embeddings", ir.F(n, D), RoleEmbeddings)
	labels := g.Input("labels", ir.I(n), RoleLabels)
	rows := g.RowsWhere(g.within(labels, classes))
	// Of an ignored row's distances no loss has a derivative, so that its
	// gradient is 0 without being made 0 here.
	return g.batchOf(n, x.Through(g.harmless(x, rows.Kept)), labels, rows)
}

// within tells which labels are those of a class of the table along an extent, or
// where there is none, not negative.
func (g *Graph) within(labels *ir.Value, classes ir.Dim) *ir.Value {
	kept := labels.GreaterEq(0)
	if classes != "" {
		kept = kept.And(labels.Less(g.Extent(classes)))
	}
	return kept.Called("kept")
}

// itself holds at (i, i) of a square matrix.
func (g *Graph) itself(n ir.Dim) *ir.Value {
	place := g.Iota(n)
	return place.Col().Eq(place.Row())
}

func (g *Graph) batchOf(n ir.Dim, x, labels *ir.Value, rows *Rows) *Batch {
	place := g.Iota(n)
	both := rows.Kept.Col().And(rows.Kept.Row())
	// An ignored row has a label of its own, which no other row has.
	own := ir.Select(rows.Kept, labels, g.Whole(-1).Sub(place))
	equal := own.Col().Eq(own.Row()).Called("equal_labels")
	self := g.itself(n)
	return &Batch{
		Rows: rows, g: g, n: n, X: x, Labels: labels,
		Equal: equal, Same: equal.And(self.Not()).Called("same_class"),
		Other: both.And(equal.Not()).Called("other_class"),
	}
}

// positives are for each row the other rows of its class, see sideBySide.
func (b *Batch) positives() (at, there, counts *ir.Value) {
	return b.sideBySide(b.Equal.Float().Put(1, b.g.Iota(b.n), b.g.Num(0).Expand(b.n)))
}

// sideBySide are for each row the rows whose number is 1 and not 0: places
// [n,R], R the most that a row has, but 1 at least; whether there is one; and how
// many there are [n].
// Behind those that there are stand others, which are to be masked.
func (b *Batch) sideBySide(same *ir.Value) (at, there, counts *ir.Value) {
	counts = ir.Sum(same, 1)
	one := b.g.Num(1).Expand(ir.One)
	most := ir.ReduceMax(counts.Concat(one, b.g.Fresh("L")), 0).Int().Min(b.g.Extent(b.n))
	r := b.g.Fresh("R")
	return same.ArgTop(most, r), b.g.Iota(r).Row().Less(counts.Int().Col()), counts
}

// Once keeps of each two pairs (i, j) and (j, i) the one with i < j.
func (b *Batch) Once(pairs *ir.Value) *ir.Value {
	place := b.g.Iota(b.n)
	return pairs.And(place.Col().Less(place.Row()))
}

// again tells which rows have a row of their class before them.
func (b *Batch) again() *ir.Value {
	place := b.g.Iota(b.n)
	return has(b.Same.And(place.Row().Less(place.Col())))
}

// far is +∞, the distance of what must not be chosen as near.
func (b *Batch) far() *ir.Value { return b.g.Num(math.Inf(1)) }

// anchors tells which rows have another of their class and one of a different
// class.
func (b *Batch) anchors() *ir.Value {
	alike := ir.Sum(b.Equal.Float(), 1) // itself included
	return alike.Greater(1).And(alike.Less(b.Count())).Called("anchors")
}

// has tells for each row whether a pair of it holds.
func has(pairs *ir.Value) *ir.Value { return ir.ReduceMax(pairs.Int(), 1).Greater(0) }

// count is how many pairs hold, as a float.
func count(pairs *ir.Value) *ir.Value { return ir.Sum(pairs.Float()) }

// flat is a matrix, or a value of more axes, as a vector.
func flat(x *ir.Value) *ir.Value {
	all := x.Type.Shape[0]
	for _, d := range x.Type.Shape[1:] {
		all = all.Times(d)
	}
	return x.Reshape(all)
}

// GivenRows are rows of embeddings that an input of indices [T,width] names:
// the embeddings, and the columns of those rows of the input in which every
// index is one of a row; padding falls away.
func (g *Graph) GivenRows(input string, width int) (x *ir.Value, columns []*ir.Value) {
	x = g.Embeddings()
	index := g.Input(input, ir.I(T, ir.Dim(strconv.Itoa(width))), RoleIndex)
	var usable *ir.Value
	for k := range width {
		c := index.Column(k)
		inside := c.GreaterEq(0).And(c.Less(g.Extent(N)))
		if usable != nil {
			inside = inside.And(usable)
		}
		columns, usable = append(columns, c), inside
	}
	rows := usable.NonZero(g.Fresh("M")).Column(0)
	for k, c := range columns {
		columns[k] = c.Gather(rows)
	}
	return x, columns
}

// RowsOf are the rows of an input of indices where kept holds, among those
// that GivenRows left; it also makes the output ignored.
func (g *Graph) RowsOf(kept *ir.Value) *Rows {
	g.Output("ignored", g.Extent(T).Sub(ir.Sum(kept.Int())))
	return &Rows{g: g, Kept: kept, Weight: kept.Float()}
}
