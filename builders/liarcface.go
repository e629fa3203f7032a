package builders

import (
	"math"

	"losscc/ir"
)

// liArcfaceLoss is linear in the angles:
//
//	z_y = s·(π − 2(θ_y + m))/π,  z_j = s·(π − 2θ_j)/π,  ℓ = log Σ_j e^{z_j} − z_y
//
// Li, Wang, Hu, Leng, "AirFace: Lightweight and Efficient Model for Face
// Recognition", ICCV Workshops 2019.
var liArcfaceLoss = Loss{
	Name:    "li-arcface",
	Aliases: []string{"airface"},
	Family:  MarginFamily,
	Title:   "logits linear in the angle",
	Formula: "z_y = s·(π − 2(θ_y + m))/π, z_j = s·(π − 2θ_j)/π;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Li, Wang, Hu, Leng, AirFace: Lightweight and Efficient Model for Face Recognition, ICCV Workshops 2019",
	Notes: []string{
		"The arc cosine of every logit is taken. Its slope has no bound at cos θ = ±1; at ±1 itself the gradient is 0.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &LiArcface{Scale: 64, Margin: 0.45, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// LiArcface has the hyper-parameters of the loss li-arcface.
type LiArcface struct {
	Scale  float64 `range:"> 0" doc:"s, the logit at angle 0"`
	Margin float64 `range:">= 0" doc:"m, radians added to the target's angle"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *LiArcface) Build(g *Graph) {
	h := g.Head(C)
	cos := h.Cosines(1, p.SubCenters)
	h.Predict(cos)
	m := newMargin("LiArcMargin").tell("margin", p.Margin)
	linear := ir.Acos(m.cosine()).Add(m.number("m", p.Margin)).Mul(-2 / math.Pi).Add(1)
	f := m.apply(linear, h.Target(cos).Called("cos_y"))
	z := ir.Acos(cos).Called("theta").Mul(-2 * p.Scale / math.Pi).Add(p.Scale)
	h.know(z, logits{most: p.Scale})
	h.CrossEntropyLoss(h.Replace(z, f.Mul(p.Scale)).Called("logits"), p.CrossEntropy)
}
