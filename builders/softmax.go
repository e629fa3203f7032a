package builders

// softmaxLoss is the cross-entropy of a linear classifier:
//
//	z = (x·Wᵀ + b)/τ,  ℓ = log Σ_j e^{z_j} − z_y
//
// Bridle, "Probabilistic interpretation of feedforward classification network
// outputs, with relationships to statistical pattern recognition",
// Neurocomputing, 1990. Nothing is normalised.
var softmaxLoss = Loss{
	Name:       "softmax",
	Aliases:    []string{"cross-entropy", "softmax-cross-entropy"},
	Family:     SeedFamily,
	Title:      "cross-entropy of a linear classifier",
	Formula:    "z = (x·Wᵀ + b)/τ;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:      "Bridle, Probabilistic interpretation of feedforward classification network outputs, Neurocomputing 1990",
	Notes:      []string{"Nothing is normalised.", "With label smoothing ε the target is (1−ε)·onehot + ε/C (smoothing=all), or ε/(C−1) on the others only (smoothing=others)."},
	Reductions: perRow,
	New:        func() Formula { return &Softmax{Bias: true, Temperature: 1, CrossEntropy: defaultCE} },
}

// Softmax has the hyper-parameters of the loss softmax.
type Softmax struct {
	Bias        bool    `doc:"add an input bias [C]"`
	Temperature float64 `range:"> 0" doc:"τ, divides the logits"`
	CrossEntropy
}

// Build writes the loss.
func (p *Softmax) Build(g *Graph) {
	h := g.Head(C)
	z := h.Linear(p.Bias)
	h.Predict(z)
	if p.Temperature != 1 {
		z = h.know(z.Div(p.Temperature), logits{unmoved: true})
	}
	h.CrossEntropyLoss(z, p.CrossEntropy)
}
