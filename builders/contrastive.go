package builders

import "losscc/ir"

// contrastiveLoss pulls pairs of one class together and pushes others apart:
//
//	½·d² for a pair of one class,  ½·[m − d]₊² for another
//
// Hadsell, Chopra, LeCun, "Dimensionality Reduction by Learning an Invariant
// Mapping", CVPR 2006.
var contrastiveLoss = Loss{
	Name:       "contrastive",
	Aliases:    []string{"contrastive-loss", "siamese"},
	Family:     SeedFamily,
	Title:      "pairs of one class near, others a margin apart",
	Formula:    "u = [d − p]₊ for a pair of one class, [m − d]₊ for another;  ℓ = w·u²",
	Paper:      "Hadsell, Chopra, LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006",
	Reductions: perRow,
	New: func() Formula {
		return &Contrastive{Margin: 1, Distance: "euclidean", Squared: true, LossWeight: 0.5, Average: "all", Mining: "none"}
	},
}

// Contrastive has the hyper-parameters of the loss contrastive.
type Contrastive struct {
	Margin         float64 `range:">= 0" doc:"m, how far pairs of two classes are pushed"`
	PositiveMargin float64 `doc:"p, how near pairs of one class need to be"`
	Distance       string  `enum:"euclidean|squared-euclidean|cosine|dot|angle" doc:"d"`
	Normalize      bool    `doc:"replace embeddings by their unit vectors first"`
	Squared        bool    `doc:"u² (the paper) or u"`
	LossWeight     float64 `range:"> 0" doc:"w"`
	Average        string  `enum:"all|separate|nonzero" doc:"mean over all pairs; over each kind; over each kind's terms above 0"`
	Mining         string  `enum:"none|all|hard|indices" doc:"given pairs; all of the batch; its hard ones; pairs by their rows"`
}

// Build writes the loss.
func (p *Contrastive) Build(g *Graph) {
	a := g.Input("embeddings_a", ir.F(N, D), RoleEmbeddings)
	b := g.Input("embeddings_b", ir.F(N, D), RoleEmbeddings)
	same := g.Input("same", ir.I(N), RoleLabels)
	positive, negative := same.Eq(1), same.Eq(0)
	rows := g.RowsWhere(positive.Or(negative).Called("kept"))
	p.loss(rows, between(p.Distance, p.Normalize, a, b), positive, negative)
}

// loss reduces the terms of pairs at distance d.
func (p *Contrastive) loss(r *Rows, d, positive, negative *ir.Value) {
	m := d.Builder().Num(p.Margin)
	u := ir.Select(positive, hinge(d.Sub(p.PositiveMargin)), hinge(m.Sub(d)))
	if p.Squared {
		u = u.Square()
	}
	terms := u.Mul(p.LossWeight).Called("terms")
	if r.g.Reduction != "mean" || p.Average == "all" {
		r.Loss(terms)
		return
	}
	mean := func(which *ir.Value) *ir.Value {
		if p.Average == "nonzero" {
			which = which.And(terms.Greater(0))
		}
		return ir.Sum(ir.Select(which, terms, 0.0)).Div(ir.Sum(which.Float()).Max(1))
	}
	r.g.Output("loss", mean(positive).Add(mean(negative)))
}
