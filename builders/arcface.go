package builders

import "losscc/ir"

// arcfaceLoss adds a margin to the angle between embedding and class centre:
//
//	z_y = s·cos(θ_y + m),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// Deng, Guo, Xue, Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep
// Face Recognition", CVPR 2019.
var arcfaceLoss = Loss{
	Name:    "arcface",
	Aliases: []string{"additive-angular-margin"},
	Family:  MarginFamily,
	Title:   "additive angular margin",
	Formula: "z_y = s·cos(θ_y + m), z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Deng, Guo, Xue, Zafeiriou, ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019",
	Notes: []string{
		"Past θ + m = π the paper's cosine rises again (beyond=none); libraries fall back to cos θ − m·sin m (linear), cos θ (keep) or other rules.",
		"insightface's ArcFace is --gradient detached.",
	},
	Reductions: perRow,
	Detached:   true,
	New: func() Formula {
		return &Arcface{Scale: 64, Margin: 0.5, Arc: defaultArc, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
	Advice: func(f Formula) []string { return monotoneRange(f.(*Arcface).Margin, f.(*Arcface).Arc) },
}

// Arcface has the hyper-parameters of the loss arcface.
type Arcface struct {
	Scale  float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin float64 `range:">= 0" doc:"m, radians added to the target's angle"`
	Arc
	CrossEntropy
	SubCenters
}

// Check refuses combinations that mean nothing.
func (p *Arcface) Check() error { return firstError(p.Arc.Check(), p.CrossEntropy.Check()) }

// Build writes the loss.
func (p *Arcface) Build(g *Graph) {
	h := g.Head(C)
	h.ArcLoss(h.Cosines(p.Scale, p.SubCenters), p.Scale, p.Arc, p.CrossEntropy, func(c *ir.Value) *ir.Value {
		return p.Arc.of("ArcMargin", c, p.Margin)
	})
}
