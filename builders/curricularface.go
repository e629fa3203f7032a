package builders

import "losscc/ir"

// curricularfaceLoss weighs hard negatives little at first and more as
// training goes on:
//
//	z_y = s·cos(θ_y + m),  z_j = s·cos θ_j·(t + cos θ_j) where cos θ_j > cos(θ_y + m), else s·cos θ_j
//	t ← α·mean cos θ_y + (1 − α)·t
//
// Huang, Wang, Tai, Liu, Shen, Li, Li, Huang, "CurricularFace: Adaptive
// Curriculum Learning Loss for Deep Face Recognition", CVPR 2020.
var curricularfaceLoss = Loss{
	Name:    "curricularface",
	Aliases: []string{"curricular"},
	Family:  MarginFamily,
	Title:   "arcface whose hard negatives weigh more as training goes on",
	Formula: "z_y = s·cos(θ_y + m);  z_j = s·cos θ_j·(t + cos θ_j) where cos θ_j > cos(θ_y + m), else s·cos θ_j;  t ← α·mean cos θ_y + (1−α)·t;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Huang et al., CurricularFace: Adaptive Curriculum Learning Loss for Deep Face Recognition, CVPR 2020",
	Notes: []string{
		"t starts at 0; a step already uses its own t_next. t and the choice of hard negatives are constant in the gradient.",
		"alpha weighs the new mean: 0.01 in the authors' code, 0.1 in TFace; the paper prints 0.99 for the old value.",
		"The authors' code is beyond=linear; the threshold is cos(θ_y + m) whatever the arc options say.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Curricularface{Scale: 64, Margin: 0.5, Alpha: 0.01, Arc: defaultArc, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
	Advice: func(f Formula) []string { p := f.(*Curricularface); return monotoneRange(p.Margin, p.Arc) },
}

// Curricularface has the hyper-parameters of the loss curricularface.
type Curricularface struct {
	Scale  float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin float64 `range:">= 0" doc:"m, radians added to the target's angle"`
	Alpha  float64 `range:">= 0, <= 1" doc:"α, the share of this step in t"`
	Arc
	CrossEntropy
	SubCenters
}

// Check refuses combinations that mean nothing.
func (p *Curricularface) Check() error { return firstError(p.Arc.Check(), p.CrossEntropy.Check()) }

// Build writes the loss.
func (p *Curricularface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	h.Predict(z)
	z = p.clipped(z, p.Scale)
	c := h.Target(z).Div(p.Scale).Called("cos_y")

	t := g.Input("t", ir.F(), RoleState)
	t = g.Next("t", t, h.Mean(ir.Stop(c)).Mul(p.Alpha).Add(t.Mul(1-p.Alpha)), h.Any())
	z = p.others(z, turned(c, p.Margin).Mul(p.Scale), t)
	z = h.Replace(z, p.of("ArcMargin", c, p.Margin).Mul(p.Scale)).Called("logits")
	h.CrossEntropyLoss(z, p.CrossEntropy)
}

// others is z·(t + z/s) where z is above the threshold, else z.
func (p *Curricularface) others(z, threshold, t *ir.Value) *ir.Value {
	m := newMargin("CurricularMargin").tell("scale", p.Scale)
	x, hard := m.logits(), m.eachRow("threshold")
	more := x.Mul(m.number("per_scale", 1/p.Scale)).Add(m.Param("t", ir.F(), "").Sub(1))
	f := x.Mul(above(x, hard).Mul(more).Add(1))
	return m.apply(f, z, ir.Stop(threshold).Col(), ir.Stop(t))
}
