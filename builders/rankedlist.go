package builders

import "losscc/ir"

// rankedListLoss draws an anchor's class within a ball and pushes the others out of
// a larger one, hard rows counting more:
//
//	ℓ_i = (1 − λ)·Σ_{P*} w_ij·(d_ij − (α − m)) + λ·Σ_{N*} w_ij·(α − d_ij)
//
// Wang, Hua, Kodirov, Hu, Garnier, Robertson, "Ranked List Loss for Deep Metric
// Learning", CVPR 2019.
var rankedListLoss = Loss{
	Name:       "ranked-list",
	Aliases:    []string{"rll"},
	Family:     PairFamily,
	Title:      "a class within a ball, the others outside a larger one",
	Formula:    "P* = {d_ij > α − m}, N* = {d_ij < α};  ℓ_i = (1 − λ)·Σ_{P*} w_ij(d_ij − (α − m)) + λ·Σ_{N*} w_ij(α − d_ij), w = softmax(T·v)",
	Paper:      "Wang, Hua, Kodirov, Hu, Garnier, Robertson, Ranked List Loss for Deep Metric Learning, CVPR 2019",
	Notes:      []string{"detach=true holds the weights w constant in the gradient. At a positive temperature of 0 all positives of an anchor weigh the same."},
	Reductions: perRow,
	New: func() Formula {
		return &RankedList{Margin: 0.4, Alpha: 1.2, NegativeTemperature: 10, Lambda: 0.5, Detach: true, Distance: "euclidean", Normalize: true, Average: "rows"}
	},
}

// RankedList has the hyper-parameters of the loss ranked-list.
type RankedList struct {
	Margin              float64 `range:">= 0" doc:"m, between the two balls"`
	Alpha               float64 `doc:"α, the radius of the outer ball"`
	PositiveTemperature float64 `doc:"T of positives: how much more far ones weigh"`
	NegativeTemperature float64 `doc:"T of negatives: how much more near ones weigh"`
	Lambda              float64 `range:">= 0, <= 1" doc:"λ, the share of the negatives"`
	Detach              bool    `doc:"hold the weights constant in the gradient"`
	Distance            string  `enum:"euclidean|squared-euclidean|cosine" doc:"d"`
	Normalize           bool    `doc:"replace embeddings by their unit vectors first"`
	Average             string  `enum:"rows|all|nonzero" doc:"mean over kept rows, over rows with a term, or over terms above 0"`
}

// Build writes the loss.
func (p *RankedList) Build(g *Graph) {
	b := g.Batch(N)
	d := b.distances(p.Distance, p.Normalize)
	pull, push := d.Sub(p.Alpha-p.Margin), g.Num(p.Alpha).Sub(d)
	pos, neg := b.Same.And(pull.Greater(0)), b.Other.And(push.Greater(0))
	terms := p.weighted(pos, pull, p.PositiveTemperature).Mul(1 - p.Lambda).Add(p.weighted(neg, push, p.NegativeTemperature).Mul(p.Lambda))
	b.Anchors(terms, has(pos).Or(has(neg)), p.Average)
}

// weighted is Σ w·v of each row over the places that a mask chooses, w = softmax(t·v)
// over them; 0 where it chooses none.
func (p *RankedList) weighted(mask, v *ir.Value, t float64) *ir.Value {
	if t == 0 {
		return meanWhere(mask, v)
	}
	z := negated(mask, v.Mul(t))
	w := ir.Exp(z.Sub(lseTop(z).Col()))
	total := ir.Sum(w, 1)
	if p.Detach {
		w, total = ir.Stop(w), ir.Stop(total)
	}
	return ir.Sum(w.Mul(ir.Select(mask, v, 0.0)), 1).Div(nonzero(total))
}
