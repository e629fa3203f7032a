package builders

import "losscc/ir"

// cosfaceLoss takes a margin from the target's cosine:
//
//	z_y = s·(cos θ_y − m),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// Wang, Wang, Zhou, Ji, Gong, Zhou, Li, Liu, "CosFace: Large Margin Cosine
// Loss for Deep Face Recognition", CVPR 2018; Wang, Cheng, Liu, Liu, "Additive
// Margin Softmax for Face Verification", IEEE Signal Processing Letters, 2018.
var cosfaceLoss = Loss{
	Name:       "cosface",
	Aliases:    []string{"am-softmax", "lmcl"},
	Family:     MarginFamily,
	Title:      "additive cosine margin",
	Formula:    "z_y = s·(cos θ_y − m), z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:      "Wang et al., CosFace: Large Margin Cosine Loss for Deep Face Recognition, CVPR 2018; Wang, Cheng, Liu, Liu, Additive Margin Softmax for Face Verification, SPL 2018",
	Notes:      []string{"Exact and detached gradients are the same: the derivative of cos θ − m is that of cos θ."},
	Reductions: perRow,
	Detached:   true,
	New: func() Formula {
		return &Cosface{Scale: 64, Margin: 0.35, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// Cosface has the hyper-parameters of the loss cosface.
type Cosface struct {
	Scale      float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin     float64 `range:">= 0" doc:"m, taken from the target's cosine"`
	EasyMargin bool    `doc:"apply the margin only where cos θ > 0"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *Cosface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	h.MarginLoss(z, p.Scale, p.CrossEntropy, func(c *ir.Value) *ir.Value {
		return cosMargin("CosMargin", c, p.Margin, p.EasyMargin)
	})
}

// cosMargin is cos θ − m as the op of that name; easy: only where cos θ > 0.
func cosMargin(op string, c *ir.Value, margin float64, easy bool) *ir.Value {
	m := newMargin(op).tell("margin", margin).tell("easy_margin", easy)
	x := m.cosine()
	f := x.Sub(m.number("m", margin))
	if easy {
		f = ir.Select(x.Greater(0), f, x)
	}
	return m.apply(f, c)
}
