package builders

import "losscc/ir"

// ntXentLoss has each row choose its positive among the rows of a batch:
//
//	ℓ(a_i) = −log( e^{z(a_i,b_i)} / (e^{z(a_i,b_i)} + Σ_negatives e^z) ),  z = s/τ
//
// Chen, Kornblith, Norouzi, Hinton, "A Simple Framework for Contrastive Learning of
// Visual Representations", ICML 2020; van den Oord, Li, Vinyals, "Representation
// Learning with Contrastive Predictive Coding", 2018 (InfoNCE).
var ntXentLoss = Loss{
	Name:    "nt-xent",
	Aliases: []string{"ntxent", "simclr", "infonce"},
	Family:  PairFamily,
	Title:   "a row's other view, chosen among the rows of the batch",
	Formula: "ℓ(a_i) = log(e^{z(a_i,b_i)} + Σ_{j≠i} e^{z(a_i,b_j)} + Σ_{j≠i} e^{z(a_i,a_j)}) − z(a_i,b_i), z = s/τ;  ℓ_i = ½·(ℓ(a_i) + ℓ(b_i))",
	Paper:   "Chen, Kornblith, Norouzi, Hinton, A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020; van den Oord, Li, Vinyals, Representation Learning with Contrastive Predictive Coding, 2018",
	Notes: []string{
		"The mean over N rows is the paper's over 2N views; its code reports twice that.",
		"candidates=other-view is the symmetric InfoNCE of CLIP; symmetric=false then that of MultipleNegativesRanking.",
		"positives=labels: each ordered pair of a class against the anchor's rows of other classes; an anchor's other positives are in no denominator.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &NTXent{Temperature: 0.1, Positives: "views", Candidates: "both-views", Symmetric: true, Denominator: "all", Distance: "cosine"}
	},
}

// NTXent has the hyper-parameters of the loss nt-xent.
type NTXent struct {
	Temperature float64 `range:"> 0" doc:"τ, what similarities are divided by"`
	Positives   string  `enum:"views|labels" doc:"pairs by the rows of two inputs, or by class"`
	Candidates  string  `enum:"both-views|other-view" doc:"negatives of a_i: b_j and a_j, or b_j alone"`
	Symmetric   bool    `doc:"the mean of both roles, or embeddings_a as anchors only"`
	Denominator string  `enum:"all|negatives" doc:"the positive with the negatives, or these alone"`
	Distance    string  `enum:"cosine|euclidean|squared-euclidean|dot" doc:"d; s is −d, and the cosine itself"`
	Normalize   bool    `doc:"replace embeddings by their unit vectors first"`
}

// Reductions are those of the chosen positives.
func (p *NTXent) Reductions() []string {
	if p.Positives == "labels" {
		return meanOnly
	}
	return perRow
}

// Build writes the loss.
func (p *NTXent) Build(g *Graph) {
	if p.Positives == "labels" {
		p.labels(g)
		return
	}
	a, b := g.Views()
	z := p.logits(a, b)
	own := diagonal(z)
	if p.Distance == "euclidean" { // equal rows are at 0, which products do not give
		own = between(p.Distance, p.Normalize, a, b).Neg().Mul(1 / p.Temperature)
	}
	terms := p.side(g, z, own, a)
	if p.Symmetric {
		terms = terms.Add(p.side(g, z.T(), own, b)).Mul(0.5)
	}
	g.Loss(terms.Called("terms"))
}

// side is ℓ of the rows of x, whose logits with the other view are z, and with their
// own rows there own.
func (p *NTXent) side(g *Graph, z, own, x *ir.Value) *ir.Value {
	others := g.itself(N).Not()
	against := lseOrNone(others, z)
	if p.Candidates == "both-views" {
		against = logAddExp(against, lseOrNone(others, p.logits(x, x)))
	}
	return p.term(g.Extent(N).Greater(1).Expand(N), against, own)
}

// term is log(e^z + e^against) − z, or against − z; 0 where there are no negatives.
func (p *NTXent) term(some, against, z *ir.Value) *ir.Value {
	lead := against.Sub(z)
	if p.Denominator == "all" {
		return ir.Softplus(lead)
	}
	return ir.Select(some, lead, 0.0)
}

// labels is the mean over the ordered pairs of one class whose first row has
// negatives.
func (p *NTXent) labels(g *Graph) {
	b := g.Batch(N)
	z := p.logits(b.X, b.X)
	pairs := b.Same.And(has(b.Other).Col())
	terms := p.term(pairs, lseOrNone(b.Other, z).Col(), z)
	if p.Denominator == "all" { // terms of other pairs are numbers, 0 of those without negatives
		terms = terms.Mul(pairs.Float())
	}
	g.Output("loss", ir.Sum(terms).Div(count(pairs).Max(1)))
}

func (p *NTXent) logits(x, y *ir.Value) *ir.Value {
	return nearness(p.Distance, p.Normalize, x, y).Mul(1 / p.Temperature)
}
