package builders

import "losscc/ir"

// unifaceLoss separates all targets from all others by one threshold:
//
//	z_y = s·(cos θ_y − m) − b,  z_j = s·cos θ_j − b
//	ℓ = log(1 + e^{−z_y}) + λ·Σ_others log(1 + e^{z_j})
//
// Zhou, Jia, Li, Shen, Duan, "UniFace: Unified Cross-Entropy Loss for Deep Face
// Recognition", ICCV 2023.
var unifaceLoss = Loss{
	Name:    "uniface",
	Aliases: []string{"uce", "unified-cross-entropy"},
	Family:  MarginFamily,
	Title:   "one threshold between all targets and all others",
	Formula: "z_y = s·(cos θ_y − m) − b, z_j = s·cos θ_j − b;  ℓ = log(1 + e^{−z_y}) + λ·Σ_others log(1 + e^{z_j})",
	Paper:   "Zhou, Jia, Li, Shen, Duan, UniFace: Unified Cross-Entropy Loss for Deep Face Recognition, ICCV 2023",
	Notes: []string{
		"bias starts at ln(10·C) and is trained: one number for all classes, or one a class with bias_per_class.",
		"The authors' code is clamp=true: logits are held to ±s, which stops the gradient outside and caps each term.",
		"No softmax: classes need no common sum, and the head options do not apply.",
	},
	Reductions: perRow,
	New:        func() Formula { return &Uniface{Scale: 64, Margin: 0.4, Lambda: 1} },
}

// Uniface has the hyper-parameters of the loss uniface.
type Uniface struct {
	Scale        float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin       float64 `range:">= 0" doc:"m, taken from the target's cosine"`
	Lambda       float64 `range:">= 0" doc:"λ, weight of the others"`
	Clamp        bool    `doc:"hold logits to ±s"`
	BiasPerClass bool    `doc:"a threshold for each class"`
}

// Build writes the loss.
func (p *Uniface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, oneCenter)
	h.Predict(z)
	own := cosMargin("CosMargin", h.Target(z).Div(p.Scale).Called("cos_y"), p.Margin, false).Mul(p.Scale)
	const threshold = "taken from s·cos θ, starting at ln(10·C)"
	if p.BiasPerClass {
		b := g.Bias(C, threshold)
		own, z = own.Sub(b.Gather(h.Y)), z.Sub(b)
	} else {
		b := g.Bias(ir.One, threshold)
		own, z = own.Sub(b), z.Sub(b)
	}
	if p.Clamp {
		own, z = clamp(own, -p.Scale, p.Scale), clamp(z, -p.Scale, p.Scale)
	}
	h.Loss(ir.Softplus(own.Neg()).Add(h.OthersSum(ir.Softplus(z)).Mul(p.Lambda)))
}
