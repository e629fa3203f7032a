package builders

import (
	"fmt"

	"losscc/ir"
)

// magfaceLoss has a margin that grows with the embedding's norm, and pulls
// norms up:
//
//	z_y = s·cos(θ_y + m(a)),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y + λ_g·(a/u_a² + 1/a)
//	a = clamp(‖x‖, l_a, u_a),  m(a) = (u_m − l_m)/(u_a − l_a)·(a − l_a) + l_m
//
// Meng, Zhao, Huang, Zhou, "MagFace: A Universal Representation for Face
// Recognition and Quality Assessment", CVPR 2021.
var magfaceLoss = Loss{
	Name:    "magface",
	Family:  MarginFamily,
	Title:   "a margin that grows with the norm",
	Formula: "z_y = s·cos(θ_y + m(a)), z_j = s·cos θ_j, a = clamp(‖x‖, l_a, u_a), m(a) = (u_m − l_m)/(u_a − l_a)·(a − l_a) + l_m;  ℓ = log Σ_j e^{z_j} − z_y + λ_g·(a/u_a² + 1/a)",
	Paper:   "Meng, Zhao, Huang, Zhou, MagFace: A Universal Representation for Face Recognition and Quality Assessment, CVPR 2021",
	Notes: []string{
		"Margin and regulariser have gradients in ‖x‖, which is 0 outside [l_a, u_a].",
		"The authors' code has easy_margin=true, and without it beyond=linear; lambda_g is 20 in its arguments and 35 in its script, 150 with l_m=0.35 for margin_type=cos.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Magface{Scale: 64, LA: 10, UA: 110, LM: 0.45, UM: 0.8, LambdaG: 35, MarginType: "arc", Arc: defaultArc, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
	Advice: func(f Formula) []string { return f.(*Magface).advice() },
}

// Magface has the hyper-parameters of the loss magface.
type Magface struct {
	Scale      float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	LA         float64 `range:"> 0" doc:"l_a, the smallest norm that counts"`
	UA         float64 `range:"> 0" doc:"u_a, the largest norm that counts"`
	LM         float64 `range:">= 0" doc:"l_m, the margin at l_a"`
	UM         float64 `range:">= 0" doc:"u_m, the margin at u_a"`
	LambdaG    float64 `range:">= 0" doc:"λ_g, weight of the regulariser of norms"`
	MarginType string  `enum:"arc|cos" doc:"margin on the angle, or on the cosine"`
	Arc
	CrossEntropy
	SubCenters
}

// Check refuses combinations that mean nothing.
func (p *Magface) Check() error {
	if p.LA >= p.UA {
		return usage("l_a=%v with u_a=%v: norms run from l_a up to u_a; make u_a the larger", p.LA, p.UA)
	}
	if p.LM > p.UM {
		return usage("l_m=%v with u_m=%v: the margin grows from l_m to u_m with the norm; make u_m the larger", p.LM, p.UM)
	}
	return firstError(p.CheckUnused(p.MarginType), p.Arc.Check(), p.CrossEntropy.Check())
}

// Build writes the loss.
func (p *Magface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	norm := ir.Norm(h.X)
	z = h.Moved(z, p.Scale, p.Arc, func(c *ir.Value) *ir.Value { return p.margin(c, norm) })
	a := clamp(norm, p.LA, p.UA).Called("a")
	pull := a.Mul(1 / (p.UA * p.UA)).Add(ir.Recip(a)).Called("g")
	h.RegularisedLoss(z, p.CrossEntropy, pull.Mul(p.LambdaG))
}

// margin is cos(θ + m(a)), or cos θ − m(a).
func (p *Magface) margin(c, norm *ir.Value) *ir.Value {
	m := newMargin("MagMargin").tell("l_a", p.LA).tell("u_a", p.UA).tell("l_m", p.LM).tell("u_m", p.UM).tell("margin_type", p.MarginType)
	x := p.begin(m)
	low, high := m.number("low", p.LA), m.number("high", p.UA)
	a := m.Param("norm", ir.F(N), "").Max(low).Min(high).Called("a")
	by := a.Sub(low).Mul(m.number("slope", p.slope())).Add(m.number("least", p.LM)).Called("m")
	if p.MarginType == "cos" {
		return m.apply(x.Sub(by), c, norm)
	}
	return m.apply(p.ofRow(x, by), c, norm)
}

// slope is dm/da.
func (p *Magface) slope() float64 { return (p.UM - p.LM) / (p.UA - p.LA) }

// advice warns of a regulariser too weak for the norm to have an optimum.
func (p *Magface) advice() []string {
	var out []string
	ua, la := p.UA*p.UA, p.LA*p.LA
	if bound := p.Scale * p.slope() * ua * la / (ua - la); p.LambdaG < bound {
		out = append(out, fmt.Sprintf("lambda_g = %v is below s·(u_m − l_m)/(u_a − l_a)·u_a²·l_a²/(u_a² − l_a²) = %.4g, from which on the paper shows that each norm has one best value", p.LambdaG, bound))
	}
	if p.MarginType == "arc" {
		out = append(out, monotoneRange(p.UM, p.Arc)...)
	}
	return out
}
