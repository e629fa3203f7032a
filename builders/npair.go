package builders

import "losscc/ir"

// nPairLoss has an anchor of each class choose its positive among those of all
// classes:
//
//	ℓ_i = log Σ_j e^{s(a_i,p_j)} − s(a_i,p_i) + λ/4·(‖a_i‖² + ‖p_i‖²)
//
// Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective",
// NeurIPS 2016.
var nPairLoss = Loss{
	Name:    "n-pair",
	Aliases: []string{"npair", "n-pairs", "npairs", "n-pair-mc"},
	Family:  PairFamily,
	Title:   "an anchor of each class chooses among the positives of all",
	Formula: "ℓ_i = log Σ_j e^{z_ij} − mean_{y_j=y_i} z_ij, z_ij = s(a_i,p_j), + λ/4·(mean‖a‖² + mean‖p‖²)",
	Paper:   "Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, NeurIPS 2016",
	Notes: []string{
		"positives=labels: of each class with two rows or more, the first is its anchor and the second its positive.",
		"positives=views: row i of embeddings_a is an anchor, row i of embeddings_b its positive, and rows of one label share their target.",
	},
	Reductions: meanOnly,
	New: func() Formula {
		return &NPair{Positives: "labels", Distance: "dot"}
	},
}

// NPair has the hyper-parameters of the loss n-pair.
type NPair struct {
	Positives string  `enum:"labels|views" doc:"pairs by the rows of a class, or two inputs"`
	Distance  string  `enum:"dot|euclidean|squared-euclidean|cosine" doc:"d; s is −d, and the cosine itself"`
	Normalize bool    `doc:"replace embeddings by their unit vectors first"`
	Lambda    float64 `range:">= 0" doc:"λ, the weight of the embeddings' squared lengths"`
}

// Build writes the loss.
func (p *NPair) Build(g *Graph) {
	if p.Positives == "views" {
		p.views(g)
		return
	}
	b := g.Batch(N)
	again := b.again()
	later := b.Once(b.Same)
	first := has(b.Same).And(again.Not())
	second := later.Float().ArgMax(1)
	m := g.Fresh("M")
	at := first.NonZero(m).Column(0)
	anchor, positive := b.X.Gather(at), b.X.Gather(second.Gather(at))
	z := p.nearness(anchor, positive)
	terms := ir.Softplus(lseOrNone(g.itself(m).Not(), z).Sub(diagonal(z)))
	n := g.Count(m).Max(1)
	loss := ir.Sum(terms).Div(n)
	g.Output("loss", p.withLengths(loss, ir.Sum(dot(anchor, anchor)).Div(n), ir.Sum(dot(positive, positive)).Div(n)))
}

// views is the loss of two inputs, row by row.
func (p *NPair) views(g *Graph) {
	a, o := g.Views()
	labels := g.Labels()
	r := g.RowsWhere(g.within(labels, ""))
	a, o = g.harmless(a, r.Kept), g.harmless(o, r.Kept)
	z := p.nearness(a, o)
	equal, kept := labels.Col().Eq(labels.Row()), r.Kept.Row()
	alike, unlike := equal.And(kept), equal.Not().And(kept)
	own := lseWhere(alike, z)
	terms := ir.Softplus(lseOrNone(unlike, z).Sub(own)).Add(own.Sub(meanWhere(alike, z)))
	g.Output("loss", p.withLengths(r.Mean(terms), r.Mean(dot(a, a)), r.Mean(dot(o, o))))
}

func (p *NPair) nearness(a, o *ir.Value) *ir.Value {
	return nearness(p.Distance, p.Normalize, a, o).Called("logits")
}

// withLengths adds the mean squared lengths of anchors and positives.
func (p *NPair) withLengths(loss, a, o *ir.Value) *ir.Value {
	if p.Lambda == 0 {
		return loss
	}
	return loss.Add(a.Add(o).Mul(p.Lambda / 4))
}
