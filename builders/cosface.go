package builders

import (
	"fmt"
	"math"

	"losscc/ir"
)

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
	Advice:     func(f Formula) []string { return f.(*Cosface).advice() },
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

// advice gives the paper's bounds, which need the number of classes C, for
// numbers that are common.
func (p *Cosface) advice() []string {
	out := []string{fmt.Sprintf("s ≥ (C−1)/C·ln((C−1)·P/(1−P)) lets a class centre reach probability P: for P = 0.9, %.4g at C = 1000, %.4g at C = 10575, %.4g at C = 93431; s is %v",
		leastScale(1000, 0.9), leastScale(10575, 0.9), leastScale(93431, 0.9), p.Scale)}
	if p.Margin > 0 {
		out = append(out, fmt.Sprintf("m ≤ C/(C−1) up to C = D + 1 classes (%.4g at C = 10) and well below it for more; in two dimensions m ≤ 1 − cos(2π/C) (%.4g at C = 10): %s",
			10.0/9, 1-math.Cos(2*math.Pi/10), p.planeBound()))
	}
	return out
}

// leastScale is the scale from which on a class centre can have probability P
// among C classes whose centres are spread evenly.
func leastScale(classes, p float64) float64 {
	return (classes - 1) / classes * math.Log((classes-1)*p/(1-p))
}

// planeBound is up to how many classes the margin fits in two dimensions.
func (p *Cosface) planeBound() string {
	if p.Margin > 2 {
		return fmt.Sprintf("m = %v is above both for every C", p.Margin)
	}
	return fmt.Sprintf("m = %v fits there up to C = %.0f", p.Margin, math.Floor(2*math.Pi/math.Acos(1-p.Margin)))
}
