package builders

import "losscc/ir"

// liftedStructureLoss sets each positive pair against all negatives of both its
// rows:
//
//	ℓ_ij = ½·[ log( Σ_{N(i)} e^{m − d_ik} + Σ_{N(j)} e^{m − d_jl} ) + d_ij − p ]₊²
//
// Oh Song, Xiang, Jegelka, Savarese, "Deep Metric Learning via Lifted Structured
// Feature Embedding", CVPR 2016.
var liftedStructureLoss = Loss{
	Name:       "lifted-structure",
	Aliases:    []string{"lifted", "lifted-struct"},
	Family:     PairFamily,
	Title:      "each positive pair against all negatives of both rows",
	Formula:    "ℓ_ij = ½·[log(Σ_{N(i)} e^{m − d_ik} + Σ_{N(j)} e^{m − d_jl}) + d_ij − p]₊², mean over positive pairs",
	Paper:      "Oh Song, Xiang, Jegelka, Savarese, Deep Metric Learning via Lifted Structured Feature Embedding, CVPR 2016",
	Notes:      []string{"A positive pair without negatives counts as 0."},
	Reductions: meanOnly,
	New: func() Formula {
		return &LiftedStructure{Margin: 1, Distance: "euclidean"}
	},
}

// LiftedStructure has the hyper-parameters of the loss lifted-structure.
type LiftedStructure struct {
	Margin         float64 `doc:"m, how far pairs of two classes are pushed"`
	PositiveMargin float64 `doc:"p, how near pairs of one class need to be"`
	Distance       string  `enum:"euclidean|squared-euclidean|cosine|dot" doc:"d"`
	Normalize      bool    `doc:"replace embeddings by their unit vectors first"`
}

// Build writes the loss. Each pair stands twice in the matrix, which leaves the
// mean; two rows of one class have negatives together or not at all.
func (p *LiftedStructure) Build(g *Graph) {
	b := g.Batch(N)
	d := b.distances(p.Distance, p.Normalize)
	far := lseWhere(b.Other, g.Num(p.Margin).Sub(d))
	both := far.Row().Add(ir.Softplus(far.Col().Sub(far.Row())))
	j := both.Add(d).Sub(p.PositiveMargin)
	pairs := b.Same.And(has(b.Other).Col())
	terms := hinge(ir.Select(pairs, j, 0.0)).Square()
	g.Output("loss", ir.Sum(terms).Mul(0.5).Div(count(b.Same).Max(1)))
}
