package builders

import "losscc/ir"

// circleLoss weighs each similarity by how far it is from its optimum:
//
//	ℓ_i = log(1 + Σ_N e^{γ·α_n(s_ij − m)} · Σ_P e^{−γ·α_p(s_ij − 1 + m)}),
//	α_p = [1 + m − s_ij]₊, α_n = [s_ij + m]₊
//
// Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei, "Circle Loss: A Unified Perspective of
// Pair Similarity Optimization", CVPR 2020.
var circleLoss = Loss{
	Name:    "circle",
	Aliases: []string{"circle-loss", "circle-pair"},
	Family:  PairFamily,
	Title:   "pairs weighed by how far their cosine is from its optimum",
	Formula: "ℓ_i = log(1 + Σ_N e^{s·α_n(c_ij − m)} · Σ_P e^{−s·α_p(c_ij − 1 + m)}), α_p = [1 + m − c]₊, α_n = [c + m]₊",
	Paper:   "Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei, Circle Loss: A Unified Perspective of Pair Similarity Optimization, CVPR 2020",
	Notes: []string{
		"detach=true holds the weights α constant in the gradient, which is then the paper's equation 10.",
		"circle-softmax is the paper's form over classes.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Circle{Margin: 0.4, Scale: 80, Over: "anchors", Combine: "product", Detach: true, Average: "all"}
	},
}

// Circle has the hyper-parameters of the loss circle.
type Circle struct {
	Margin  float64 `range:">= 0" doc:"m, how far from its optimum a cosine may be"`
	Scale   float64 `range:"> 0" doc:"s, the paper's γ"`
	Over    string  `enum:"anchors|batch" doc:"a term for each anchor, or one for all pairs of the batch"`
	Combine string  `enum:"product|sum" doc:"log(1 + Σ·Σ) of the paper, or log(1 + Σ) + log(1 + Σ)"`
	Detach  bool    `doc:"hold the weights constant in the gradient"`
	Average string  `enum:"all|rows|nonzero" doc:"mean over anchors, over kept rows, or over terms above 0"`
}

// Reductions are those of the terms.
func (p *Circle) Reductions() []string {
	if p.Over == "batch" {
		return meanOnly
	}
	return perRow
}

// Build writes the loss.
func (p *Circle) Build(g *Graph) {
	b := g.Batch(N)
	c := b.cosines()
	pos, neg := b.Same, b.Other
	u := p.weight(g.Num(1 + p.Margin).Sub(c)).Mul(c.Sub(1 - p.Margin)).Mul(-p.Scale)
	v := p.weight(c.Add(p.Margin)).Mul(c.Sub(p.Margin)).Mul(p.Scale)
	if p.Over == "batch" {
		row := func(x *ir.Value) *ir.Value { return flat(x).Row() }
		pos, neg, u, v = row(b.Once(pos)), row(b.Once(neg)), row(u), row(v)
	}
	both := has(pos).And(has(neg))
	var terms *ir.Value
	if p.Combine == "product" {
		terms = ir.Softplus(lseWhere(pos, u).Add(lseWhere(neg, v)))
	} else {
		terms = lse1Where(pos, u).Add(lse1Where(neg, v))
	}
	if p.Over == "batch" {
		g.Output("loss", ir.Sum(ir.Select(both, terms, 0.0)))
		return
	}
	b.Anchors(terms, both, p.Average)
}

func (p *Circle) weight(z *ir.Value) *ir.Value {
	if p.Detach {
		return hinge(ir.Stop(z))
	}
	return hinge(z)
}
