package builders

import "losscc/ir"

// adamSoftmaxLoss trains a margin for each class:
//
//	z_y = s·(cos θ_y − m_y),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y − λ·mean_j m_j
//
// Liu, Zhu, Lei, Li, "AdaptiveFace: Adaptive Margin and Sampling for Face
// Recognition", CVPR 2019.
var adamSoftmaxLoss = Loss{
	Name:    "adam-softmax",
	Aliases: []string{"adaptiveface"},
	Family:  MarginFamily,
	Title:   "a trained cosine margin for each class",
	Formula: "z_y = s·(cos θ_y − m_y), z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y + λ·R, R = −mean_j m_j or 1 − mean_j m_j",
	Paper:   "Liu, Zhu, Lei, Li, AdaptiveFace: Adaptive Margin and Sampling for Face Recognition, CVPR 2019",
	Notes: []string{
		"margins are trained and start in U(0.3, 0.4). The graph does not hold them to a range; FaceX-Zoo clamps them to [0, 1] before each step, which is the host's to do.",
		"Both regularisers have the same gradient; FaceX-Zoo has one-minus-mean.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &AdamSoftmax{Scale: 30, Lambda: 70, Regularizer: "negative-mean", CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// AdamSoftmax has the hyper-parameters of the loss adam-softmax.
type AdamSoftmax struct {
	Scale       float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Lambda      float64 `range:">= 0" doc:"λ, how much large margins are wanted"`
	Regularizer string  `enum:"negative-mean|one-minus-mean" doc:"R"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *AdamSoftmax) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	margins := g.Input("margins", ir.F(C), RoleParameter)
	z = h.Moved(z, p.Scale, defaultArc, func(c *ir.Value) *ir.Value {
		m := newMargin("AdaptiveMargin")
		return m.apply(m.cosine().Sub(m.Param("margin", ir.F(N), "")), c, margins.Gather(h.Y))
	})
	r := ir.Sum(margins).Div(g.Count(C)).Neg()
	if p.Regularizer == "one-minus-mean" {
		r = r.Add(1)
	}
	h.RegularisedLoss(z, p.CrossEntropy, r.Mul(p.Lambda))
}
