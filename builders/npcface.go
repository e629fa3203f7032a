package builders

import "losscc/ir"

// npcfaceLoss raises hard negatives and widens the target's margin by how near
// they are:
//
//	hard j: cos θ_j > cos(θ_y + m);  z_j = s·(t·cos θ_j + a) if hard, else s·cos θ_j
//	z_y = s·cos(θ_y + m̃),  m̃ = m₀ + m₁·mean of the hard cos θ_j
//
// Zeng, Shi, Mei et al., "NPCFace: Negative-Positive Collaborative Training for
// Large-scale Face Recognition", 2020.
var npcfaceLoss = Loss{
	Name:    "npcface",
	Family:  MarginFamily,
	Title:   "hard negatives raised, and the margin widened by them",
	Formula: "hard j: cos θ_j > cos(θ_y + m), z_j = s·(t·cos θ_j + a), other z_j = s·cos θ_j;  z_y = s·cos(θ_y + m̃), m̃ = m0 + m1·mean of the hard cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Zeng, Shi et al., NPCFace: Negative-Positive Collaborative Training for Large-scale Face Recognition, 2020",
	Notes: []string{
		"As the authors' code has it. Which negatives are hard and m̃ are constant in the gradient; m̃ = m0 where none is hard.",
		"With easy_margin the target has its margin only where cos θ_y > 0.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &NPCface{Scale: 64, Margin: 0.5, T: 1.1, A: 0.2, M0: 0.4, M1: 0.2, EasyMargin: true, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// NPCface has the hyper-parameters of the loss npcface.
type NPCface struct {
	Scale      float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin     float64 `range:">= 0" doc:"m, radians that decide which negatives are hard"`
	T          float64 `doc:"t, multiplies a hard negative's cosine"`
	A          float64 `doc:"a, is added to it"`
	M0         float64 `doc:"m₀, the target's margin without hard negatives"`
	M1         float64 `range:">= 0" doc:"m₁, how much their mean cosine widens it"`
	EasyMargin bool    `doc:"apply the margin only where cos θ_y > 0"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *NPCface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	h.Predict(z)
	c := h.Target(z).Div(p.Scale).Called("cos_y")

	hard := above(ir.Stop(z), turned(ir.Stop(c), p.Margin).Mul(p.Scale).Col())
	hard = h.Replace(hard, g.Num(0).Expand(N))
	mean := ir.Sum(hard.Mul(ir.Stop(z)), 1).Div(ir.Sum(hard, 1).Max(1).Mul(p.Scale))
	wide := mean.Mul(p.M1).Add(p.M0).Called("wide_margin")

	z = h.Replace(p.others(z, hard), p.target(c, wide).Mul(p.Scale)).Called("logits")
	h.CrossEntropyLoss(z, p.CrossEntropy)
}

// target is cos(θ + m̃).
func (p *NPCface) target(c, wide *ir.Value) *ir.Value {
	a := Arc{EasyMargin: p.EasyMargin, Beyond: "none"}
	m := newMargin("NPCTargetMargin").tell("easy_margin", p.EasyMargin)
	return m.apply(a.ofRow(m.cosine(), m.Param("margin", ir.F(N), "")), c, wide)
}

// others is z with s·((t − 1)·cos θ_j + a) more where hard is 1.
func (p *NPCface) others(z, hard *ir.Value) *ir.Value {
	m := newMargin("NPCMargin").tell("scale", p.Scale).tell("t", p.T).tell("a", p.A)
	x := m.logits()
	more := x.Mul(m.number("weight", p.T-1)).Add(m.number("raise", p.Scale*p.A))
	return m.apply(x.Add(m.Param("hard", ir.F(N, C), "").Mul(more)), z, hard)
}
