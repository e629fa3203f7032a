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
	Name:    "cosface",
	Aliases: []string{"am-softmax", "lmcl"},
	Family:  MarginFamily,
	Title:   "additive cosine margin",
	Formula: "z_y = s·(cos θ_y − m), z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Wang et al., CosFace: Large Margin Cosine Loss for Deep Face Recognition, CVPR 2018; Wang, Cheng, Liu, Liu, Additive Margin Softmax for Face Verification, SPL 2018",
	Notes: []string{
		"Exact and detached gradients are the same: the derivative of cos θ − m is that of cos θ.",
		"The paper bounds the margin by C/(C−1) up to C = D + 1 classes, well below it for more, and by 1 − cos(2π/C) in two dimensions, where 0.35 fits up to C = 7.",
	},
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

// advice warns where the margin or the scale is beyond the paper's bounds.
func (p *Cosface) advice() []string {
	var out []string
	if p.Margin > 1 {
		out = append(out, fmt.Sprintf("m = %v is above C/(C−1) %s, which is the paper's bound up to C = D + 1; for more classes the bound is lower",
			p.Margin, classesFrom(firstAbove(p.Margin))))
	}
	return append(out, scaleAdvice(p.Scale)...)
}

// firstAbove is the least number of classes C for which m is above C/(C−1).
func firstAbove(m float64) float64 {
	if m > 2 {
		return 2
	}
	c := math.Floor(m / (m - 1))
	if m <= (c+1)/c { // rounding
		c++
	}
	return c + 1
}

// scaleAdvice warns of a scale at which not even the centre of a class reaches
// probability 0.9 among ten classes whose centres are spread evenly: s is below
// (C−1)/C·ln((C−1)·P/(1−P)), as NormFace and CosFace bound it.
func scaleAdvice(s float64) []string {
	const probability, few = 0.9, 10
	for c := 2.0; c <= few; c++ {
		if s < leastScale(c, probability) {
			return []string{fmt.Sprintf("s = %v is below (C−1)/C·ln((C−1)·P/(1−P)) %s: not even a class's centre reaches probability P = %v there; %.4g is enough for C = 10, %.4g for C = 1000, %.4g for C = 93431",
				s, classesFrom(c), probability, leastScale(10, probability), leastScale(1000, probability), leastScale(93431, probability))}
		}
	}
	return nil
}

// classesFrom says for which numbers of classes C something holds that holds from
// the first one on.
func classesFrom(first float64) string {
	if first <= 2 {
		return "for every number of classes C"
	}
	return fmt.Sprintf("from C = %.0f classes on", first)
}

// leastScale is the scale from which on a class centre can have probability P
// among C classes whose centres are spread evenly.
func leastScale(classes, p float64) float64 {
	return (classes - 1) / classes * math.Log((classes-1)*p/(1-p))
}
