package builders

import (
	"fmt"
	"math"
	"sync"

	"losscc/ir"
)

// combinedMarginLoss has the margins of SphereFace, ArcFace and CosFace in one:
//
//	z_y = s·(cos(m1·θ_y + m2) − m3),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// Deng, Guo, Xue, Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep
// Face Recognition", CVPR 2019, equation 4; the defaults are its CM1.
var combinedMarginLoss = Loss{
	Name:    "combined-margin",
	Aliases: []string{"combined", "cm1"},
	Family:  MarginFamily,
	Title:   "multiplicative and additive angular and cosine margin",
	Formula: "z_y = s·(cos(m1·θ_y + m2) − m3), z_j = s·cos θ_j, or 0 where cos θ_j is above the threshold;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Deng, Guo, Xue, Zafeiriou, ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019",
	Notes: []string{
		"insightface's CombinedMarginLoss (PyTorch) is something else: with m3 > 0 it is cosface whatever m1 and m2 are, with m1=1 and m3=0 it is arcface with detached gradient.",
		"interclass_filtering_threshold is of that class: another class above it has logit 0, which stays in the sum, and no gradient; 0 filters nothing.",
		"m1=1.35, m2=0, m3=0 is what some libraries call SphereFace: cos(m1·θ) without ψ, which rises again past m1·θ = π.",
	},
	Reductions: perRow,
	Detached:   true,
	New: func() Formula {
		return &CombinedMargin{Scale: 64, M1: 1, M2: 0.3, M3: 0.2, Arc: defaultArc, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
	Advice: func(f Formula) []string { return f.(*CombinedMargin).advice() },
}

// CombinedMargin has the hyper-parameters of the loss combined-margin.
type CombinedMargin struct {
	Scale                        float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	M1                           float64 `range:">= 0" doc:"multiplies the target's angle"`
	M2                           float64 `doc:"radians added to the target's angle"`
	M3                           float64 `doc:"taken from the target's cosine"`
	InterclassFilteringThreshold float64 `doc:"above 0: other classes with a larger cosine have logit 0"`
	Arc
	CrossEntropy
	SubCenters
}

// Check refuses combinations that mean nothing.
func (p *CombinedMargin) Check() error { return firstError(p.Arc.Check(), p.CrossEntropy.Check()) }

// Build writes the loss.
func (p *CombinedMargin) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	h.Predict(z)
	c := h.Target(z).Div(p.Scale).Called("cos_y")
	z = h.know(p.filtered(p.clipped(z, p.Scale)), logits{most: p.Scale})
	h.CrossEntropyLoss(h.Replace(z, p.margin(c).Mul(p.Scale)).Called("logits"), p.CrossEntropy)
}

// filtered is z with 0 where the cosine is above the threshold; none is above 1.
func (p *CombinedMargin) filtered(z *ir.Value) *ir.Value {
	if t := p.InterclassFilteringThreshold; t > 0 && t < 1 {
		return z.Mul(z.LessEq(t * p.Scale).Float())
	}
	return z
}

// margin is cos(m1·θ + m2) − m3. With m1 = 1 the cosine of the sum needs no
// angle.
func (p *CombinedMargin) margin(c *ir.Value) *ir.Value {
	m := newMargin("CombinedMargin").tell("m1", p.M1).tell("m2", p.M2).tell("m3", p.M3)
	x := p.begin(m)
	angle := sync.OnceValue(func() *ir.Value {
		return ir.Acos(x).Mul(m.number("factor", p.M1)).Add(m.number("shift", p.M2))
	})
	var cos *ir.Value
	if p.M1 == 1 {
		cos = x.Mul(m.number("cos_m2", math.Cos(p.M2))).Sub(sine(x).Mul(m.number("sin_m2", math.Sin(p.M2))))
	} else {
		cos = ir.Cos(angle())
	}
	drop := func() *ir.Value { return m.number("drop", p.M2*math.Sin(p.M2)) }
	f := p.bend(x, p.angular(cos, angle, drop))
	return m.apply(f.Sub(m.number("minus", p.M3)), c)
}

// advice warns where cos(m1·θ + m2) turns.
func (p *CombinedMargin) advice() []string {
	turn := (math.Pi - p.M2) / p.M1
	if p.Beyond != "none" || p.EasyMargin || !(turn < math.Pi) {
		return nil
	}
	return []string{fmt.Sprintf("cos(m1·θ + m2) falls only up to θ = (π − m2)/m1 = %.4g rad (%.4g°): a target angle beyond is rewarded for growing; beyond=linear keeps it falling",
		turn, turn*180/math.Pi)}
}
