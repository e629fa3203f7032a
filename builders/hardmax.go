package builders

import "losscc/ir"

// hardmaxLoss is the perceptron's loss, the limit of temperature·softmax loss
// as the temperature goes to 0:
//
//	z = x·Wᵀ + b,  ℓ = max_j z_j − z_y
//
// Rosenblatt, "The perceptron: a probabilistic model for information storage
// and organization in the brain", Psychological Review, 1958, in the form of
// Collins, "Discriminative Training Methods for Hidden Markov Models", EMNLP
// 2002.
var hardmaxLoss = Loss{
	Name:    "hardmax",
	Aliases: []string{"perceptron"},
	Family:  SeedFamily,
	Title:   "the largest logit less the target's",
	Formula: "z = x·Wᵀ + b;  ℓ = max_j z_j − z_y = lim τ→0 of τ·log Σ_j e^{z_j/τ} − z_y",
	Paper:   "Rosenblatt, The perceptron, Psychological Review 1958; Collins, Discriminative Training Methods for Hidden Markov Models, EMNLP 2002",
	Notes: []string{
		"Only the winning class and the target get a gradient, and none at all once the target wins: training stops at the boundary.",
		"Softmax gives every class a share of the gradient and keeps widening the gap, which is why training uses the soft one.",
	},
	Reductions: perRow,
	New:        func() Formula { return &Hardmax{Bias: true} },
}

// Hardmax has the hyper-parameters of the loss hardmax.
type Hardmax struct {
	Bias bool `doc:"add an input bias [C]"`
}

// Build writes the loss. The gradient of the maximum goes to the first winner.
func (p *Hardmax) Build(g *Graph) {
	h := g.Head(C)
	z := h.Linear(p.Bias)
	h.Predict(z)
	h.Loss(ir.ReduceMax(z, 1).Sub(h.Target(z)))
}
