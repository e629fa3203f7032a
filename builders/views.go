package builders

import "losscc/ir"

// Views are the inputs embeddings_a and embeddings_b [N,D], two views of each row.
func (g *Graph) Views() (a, b *ir.Value) {
	return g.Input("embeddings_a", ir.F(N, D), RoleEmbeddings), g.Input("embeddings_b", ir.F(N, D), RoleEmbeddings)
}

// centred is a matrix less the mean of each column, which is taken from the first
// row on: a column of equal numbers becomes 0 exactly.
func centred(z *ir.Value) *ir.Value {
	b, rows := z.Builder(), z.Type.Shape[0]
	some := z.Concat(b.Num(0).Expand(ir.One, z.Type.Shape[1]), b.Fresh("L")) // a first row for no rows
	z = z.Sub(ir.Stop(some.Gather(b.Whole(0))).Row())
	return z.Sub(ir.Sum(z, 0).Div(b.Count(rows).Max(1)).Row())
}

// variance is that of each column of a centred matrix: over one row less where it is
// unbiased, but over 1 at least.
func variance(centred *ir.Value, kind string) *ir.Value {
	n := centred.Builder().Count(centred.Type.Shape[0])
	if kind == "unbiased" {
		n = n.Sub(1)
	}
	return ir.Sum(centred.Square(), 0).Div(n.Max(1))
}

// offDiagonal is a square matrix with zeros on its diagonal.
func offDiagonal(x *ir.Value) *ir.Value {
	d := x.Type.Shape[0]
	return x.Put(1, x.Builder().Iota(d), x.Builder().Num(0).Expand(d))
}
