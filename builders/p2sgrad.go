package builders

import "losscc/ir"

// p2sgradLoss is the loss whose derivative by cos θ_j is cos θ_j − [j = y]:
//
//	q = Σ_j (cos θ_j − [j = y])²,  ℓ = q/2
//
// Zhang, Zhao, Yan, Li, Qiao, Li, Wang, "P2SGrad: Refined Gradients for
// Optimizing Deep Face Models", CVPR 2019.
var p2sgradLoss = Loss{
	Name:    "p2sgrad",
	Family:  MarginFamily,
	Title:   "gradients that are the cosines themselves",
	Formula: "q = Σ_j (cos θ_j − [j = y])²;  ℓ = q/2, ∂ℓ/∂cos θ_j = cos θ_j − [j = y]",
	Paper:   "Zhang, Zhao, Yan, Li, Qiao, Li, Wang, P2SGrad: Refined Gradients for Optimizing Deep Face Models, CVPR 2019",
	Notes: []string{
		"The paper states the rule for the gradient; form=half-sum is the loss that has it.",
		"pytorch-metric-learning's P2SGradLoss is form=mse, q/C, and has no derivative through the normalisation of weight.",
		"There is no scale and no softmax: the head options do not apply.",
	},
	Reductions: perRow,
	New:        func() Formula { return &P2SGrad{Form: "half-sum"} },
}

// P2SGrad has the hyper-parameters of the loss p2sgrad.
type P2SGrad struct {
	Form string `enum:"half-sum|mse" doc:"q/2, or q/C"`
}

// Build writes the loss.
func (p *P2SGrad) Build(g *Graph) {
	h := g.Head(C)
	cos := h.Cosines(1, oneCenter)
	h.Predict(cos)
	off := h.Replace(cos, h.Target(cos).Sub(1)).Called("off")
	q := ir.Sum(off.Square(), 1)
	if p.Form == "mse" {
		h.Loss(q.Div(g.Count(C).Max(1)))
		return
	}
	h.Loss(q.Mul(0.5))
}
