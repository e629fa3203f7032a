package builders

import "losscc/ir"

// focalLoss lowers the weight of what is already right:
//
//	z = x·Wᵀ + b,  p = e^{z_y}/Σ_j e^{z_j},  ℓ = (1 − p)^γ·(−ln p)
//
// Lin, Goyal, Girshick, He, Dollár, "Focal Loss for Dense Object Detection",
// ICCV 2017. On top of any other head it is the option focal.gamma.
var focalLoss = Loss{
	Name:    "focal",
	Aliases: []string{"focal-loss"},
	Family:  MarginFamily,
	Title:   "cross-entropy that weighs what is right less",
	Formula: "z = x·Wᵀ + b;  softmax: ℓ = (1 − p)^γ·(−ln p), p = e^{z_y}/Σ_j e^{z_j};  sigmoid: ℓ = α·F(z_y) + (1−α)·Σ_others F(−z_j), F(z) = (1 − σ(z))^γ·log(1 + e^{−z});  batch-mean: (1 − e^{−M})^γ·M, M the mean of −ln p",
	Paper:   "Lin, Goyal, Girshick, He, Dollár, Focal Loss for Dense Object Detection, ICCV 2017",
	Notes: []string{
		"The paper's form is sigmoid with alpha=0.25; alpha is read by it only. batch-mean (evoLVe) has the reduction mean only.",
		"Nothing is normalised. On top of another head set focal.gamma there.",
	},
	Reductions: perRow,
	New:        func() Formula { return &Focal{Gamma: 2, Form: "softmax", Alpha: 0.25, Bias: true} },
}

// Focal has the hyper-parameters of the loss focal.
type Focal struct {
	Gamma float64 `range:">= 1" or:"0" doc:"γ, how much less"`
	Form  string  `enum:"softmax|sigmoid|batch-mean" doc:"over the classes, each class for itself, or of the batch's mean"`
	Alpha float64 `doc:"α, weight of the target (sigmoid)"`
	Bias  bool    `doc:"add an input bias [C]"`
}

// Reductions are those of the form.
func (p *Focal) Reductions() []string {
	if p.Form == "batch-mean" {
		return perRow[:1]
	}
	return perRow
}

// Build writes the loss.
func (p *Focal) Build(g *Graph) {
	h := g.Head(C)
	z := h.Linear(p.Bias)
	h.Predict(z)
	if p.Form == "sigmoid" {
		own, others := p.binary(h.Target(z)), h.OthersSum(p.binary(z.Neg()))
		h.Loss(own.Mul(p.Alpha).Add(others.Mul(1 - p.Alpha)))
		return
	}
	if p.Form == "batch-mean" {
		ce, _ := h.CrossEntropyOf(z, defaultCE)
		mean := h.Mean(ce)
		if p.Gamma > 0 {
			mean = focal(mean, p.Gamma).Mul(mean)
		}
		g.Output("loss", mean)
		return
	}
	h.CrossEntropyLoss(z, CrossEntropy{Smoothing: "all", FocalGamma: p.Gamma})
}

// binary is F(z) = σ(−z)^γ·log(1 + e^{−z}).
func (p *Focal) binary(z *ir.Value) *ir.Value {
	ce := ir.Softplus(z.Neg())
	if p.Gamma == 0 {
		return ce
	}
	return ir.Sigmoid(z.Neg()).Pow(p.Gamma).Mul(ce)
}
