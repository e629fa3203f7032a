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
	// X is embeddings, Labels labels; own is labels, with one of its own for each
	// ignored row.
	X, Labels, own *ir.Value
	// Equal holds at (i, i), and at (i, j) for two kept rows of one label, Same
	// where i ≠ j too; Other for two kept rows of different labels.
	Equal, Same, Other *ir.Value
}

// Batch begins a loss over the pairs of a batch of n rows; a negative label
// marks an ignored row.
func (g *Graph) Batch(n ir.Dim) *Batch {
	x := g.Input("embeddings", ir.F(n, D), RoleEmbeddings)
	labels := g.Input("labels", ir.I(n), RoleLabels)
	rows := g.RowsWhere(labels.GreaterEq(0).Called("kept"))
	// Of an ignored row's distances no loss has a derivative, so that its
	// gradient is 0 without being made 0 here.
	return g.batchOf(n, x.Through(g.harmless(x, rows.Kept)), labels, rows)
}

func (g *Graph) batchOf(n ir.Dim, x, labels *ir.Value, rows *Rows) *Batch {
	place := g.Iota(n)
	both := rows.Kept.Col().And(rows.Kept.Row())
	own := ir.Select(rows.Kept, labels, g.Whole(-1).Sub(place))
	equal := own.Col().Eq(own.Row()).Called("equal_labels")
	self := place.Col().Eq(place.Row())
	return &Batch{
		Rows: rows, g: g, n: n, X: x, Labels: labels, own: own,
		Equal: equal, Same: equal.And(self.Not()).Called("same_class"),
		Other: both.And(equal.Not()).Called("other_class"),
	}
}

// positives are for each row the rows of its class, side by side: places
// [n,R], R the most that a row has, but 1 at least; whether there is one; and how
// many there are [n]. Behind those that there are stand others, which are to be
// masked.
//
// In the order of the labels a class stands together: of each row the positives
// are those that follow it there, and behind the last those from the first on.
func (b *Batch) positives() (at, there, counts *ir.Value) {
	rows, place := b.g.Extent(b.n), b.g.Iota(b.n)
	order := b.own.ArgBottom(rows, b.n)
	label := b.own.Gather(order)
	class := label.Eq(label.Gather(place.Sub(1).Max(0))).Not().Int().CumSum(0)
	sizes := b.g.Num(1).Expand(b.n).ScatterAdd(class, b.n)
	size, end := sizes.Gather(class).Int(), sizes.CumSum(0).Gather(class).Int()

	most := ir.ReduceMax(sizes.Concat(b.g.Num(2).Expand(ir.One), b.g.Fresh("L")), 0)
	nth := place.ArgBottom(most.Int().Sub(1).Min(rows), b.g.Fresh("R")).Row() // 0, 1, …
	next := place.Add(1).Col().Add(nth)
	next = ir.Select(next.Less(end.Col()), next, next.Sub(size.Col())).Min(rows.Sub(1))

	stands := order.ArgBottom(rows, b.n) // where each row stands in that order
	others := size.Gather(stands).Sub(1)
	return order.Gather(next).Gather(stands), nth.Less(others.Col()), others.Float()
}

// Once keeps of each two pairs (i, j) and (j, i) the one with i < j.
func (b *Batch) Once(pairs *ir.Value) *ir.Value {
	place := b.g.Iota(b.n)
	return pairs.And(place.Col().Less(place.Row()))
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

// flat is a matrix as a vector.
func flat(x *ir.Value) *ir.Value {
	s := x.Type.Shape
	return x.Reshape(s[0].Times(s[1]))
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
