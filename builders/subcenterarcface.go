package builders

import "losscc/ir"

// subcenterArcfaceLoss is ArcFace before the nearest of K centres of each class:
//
//	cos θ_j = max_k x̂·ŵ_jk,  z_y = s·cos(θ_y + m),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// Deng, Guo, Liu, Gong, Zafeiriou, "Sub-center ArcFace: Boosting Face
// Recognition by Large-Scale Noisy Web Faces", ECCV 2020.
var subcenterArcfaceLoss = Loss{
	Name:    "subcenter-arcface",
	Aliases: []string{"sub-center-arcface"},
	Family:  MarginFamily,
	Title:   "additive angular margin, several centres a class",
	Formula: "cos θ_j = max_k x̂·ŵ_jk, z_y = s·cos(θ_y + m), z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Deng, Guo, Liu, Gong, Zafeiriou, Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy Web Faces, ECCV 2020",
	Notes: []string{
		"The first of the nearest centres has all of the gradient; which one it is, is held constant.",
		"weight is [C,K,D] for K = 1 too, and K is read from it: sub_centers is for hosts that make it. Dropping samples far from a class's main centre is the host's.",
	},
	Reductions: perRow,
	Detached:   true,
	New: func() Formula {
		return &SubcenterArcface{Scale: 64, Margin: 0.5, SubCenters: 3, Arc: defaultArc, CrossEntropy: defaultCE}
	},
	Advice: func(f Formula) []string {
		return monotoneRange(f.(*SubcenterArcface).Margin, f.(*SubcenterArcface).Arc)
	},
}

// SubcenterArcface has the hyper-parameters of the loss subcenter-arcface.
type SubcenterArcface struct {
	Scale      float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin     float64 `range:">= 0" doc:"m, radians added to the target's angle"`
	SubCenters int     `range:">= 1" doc:"K, centres a class; the nearest counts"`
	Arc
	CrossEntropy
}

// Check refuses combinations that mean nothing.
func (p *SubcenterArcface) Check() error { return firstError(p.Arc.Check(), p.CrossEntropy.Check()) }

// Build writes the loss.
func (p *SubcenterArcface) Build(g *Graph) {
	h := g.Head(C)
	h.ArcLoss(h.NearestCosines(p.Scale), p.Scale, p.Arc, p.CrossEntropy, func(c *ir.Value) *ir.Value {
		return p.Arc.of("ArcMargin", c, p.Margin)
	})
}
