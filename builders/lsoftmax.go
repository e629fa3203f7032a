package builders

import "losscc/ir"

// lsoftmaxLoss multiplies the target's angle before the cosine:
//
//	z_y = s·‖w_y‖‖x‖·(λ·cos θ_y + ψ_m(θ_y))/(1 + λ),  z_j = s·w_j·x
//
// Liu, Wen, Yu, Yang, "Large-Margin Softmax Loss for Convolutional Neural
// Networks", ICML 2016. There is no bias; λ anneals from softmax to the margin.
var lsoftmaxLoss = Loss{
	Name:    "l-softmax",
	Aliases: []string{"large-margin-softmax"},
	Family:  SeedFamily,
	Title:   "multiplicative angular margin, norms kept",
	Formula: "z_y = s·‖w_y‖‖x‖·(λ·cos θ_y + ψ_m(θ_y))/(1+λ), z_j = s·w_j·x;  ψ_m(θ) = (−1)^k·cos mθ − 2k, k = ⌊mθ/π⌋;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Liu, Wen, Yu, Yang, Large-Margin Softmax Loss for Convolutional Neural Networks, ICML 2016",
	Notes: []string{
		"λ = 0 is the pure margin, λ → ∞ is softmax; the host feeds lambda by the schedule (the authors' example).",
		"A zero row has no angle: its target's logit is 0 with gradient 0, and the others' s·w_j·x keep theirs.",
		"k is constant in the gradient. pytorch-metric-learning's LargeMarginSoftmaxLoss is lambda fed with 0.",
	},
	Reductions: perRow,
	Detached:   true,
	Schedule:   &Schedule{Input: "lambda", Base: 1000, Gamma: 0.000025, Power: 35, Min: 0},
	New:        func() Formula { return &LSoftmax{Margin: 4, Scale: 1, CrossEntropy: defaultCE} },
}

// LSoftmax has the hyper-parameters of the loss l-softmax.
type LSoftmax struct {
	Margin int     `range:">= 1" doc:"m, what the target's angle is multiplied by"`
	Scale  float64 `range:"> 0" doc:"s, multiplies the logits"`
	CrossEntropy
}

// Build writes the loss.
func (p *LSoftmax) Build(g *Graph) {
	h := g.Head(C)
	z := ir.MatMulT(h.X.Mul(p.Scale), g.Weight()).Called("logits_plain")
	h.Predict(z)
	length := ir.Norm(h.X).Mul(ir.PlainNorm(g.Weight()).Gather(h.Y)).Mul(p.Scale).Called("length")
	c := h.Target(z).Div(nonzero(length)).Called("cos_y")
	f := annealed("LMargin", c, float64(p.Margin), g.Lambda())
	h.CrossEntropyLoss(h.Replace(z, length.Mul(f)).Called("logits"), p.CrossEntropy)
}

// Lambda is the input that anneals a margin.
func (g *Graph) Lambda() *ir.Value { return g.Input("lambda", ir.F(), RoleSchedule) }

// annealed is (λ·c + ψ_m(θ))/(1 + λ) as the op of that name.
func annealed(op string, c *ir.Value, margin float64, lambda *ir.Value) *ir.Value {
	m := newMargin(op).tell("margin", margin)
	x, l := m.cosine(), m.Param("lambda", ir.F(), "")
	return m.apply(l.Mul(x).Add(psi(x, margin)).Div(l.Add(1)), c, lambda)
}
