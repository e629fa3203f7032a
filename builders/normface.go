package builders

// normfaceLoss is the cross-entropy of scaled cosines:
//
//	z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// Wang, Xiang, Cheng, Yuille, "NormFace: L2 Hypersphere Embedding for Face
// Verification", ACM MM 2017; Liu, Li, Wang, "Rethinking Feature Discrimination
// and Polymerization for Large-scale Recognition", 2017 (COCO).
var normfaceLoss = Loss{
	Name:    "normface",
	Aliases: []string{"normalized-softmax", "coco"},
	Family:  MarginFamily,
	Title:   "cross-entropy of scaled cosines, no margin",
	Formula: "z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Wang, Xiang, Cheng, Yuille, NormFace: L2 Hypersphere Embedding for Face Verification, ACM MM 2017; Liu, Li, Wang, Rethinking Feature Discrimination and Polymerization for Large-scale Recognition, 2017",
	Notes: []string{
		"A temperature τ is scale = 1/τ: pytorch-metric-learning's default 0.05 is scale=20; OpenSphere's CocoLoss has scale=30, insightface's nsoftmax scale=64.",
	},
	Reductions: perRow,
	Advice:     func(f Formula) []string { return scaleAdvice(f.(*Normface).Scale) },
	New:        func() Formula { return &Normface{Scale: 20, CrossEntropy: defaultCE, SubCenters: oneCenter} },
}

// Normface has the hyper-parameters of the loss normface.
type Normface struct {
	Scale float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *Normface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	h.Predict(z)
	h.CrossEntropyLoss(z, p.CrossEntropy)
}
