package builders

import "losscc/ir"

// arcnegfaceLoss is arcface whose negatives weigh more the nearer they are to
// the target's f:
//
//	z_y = s·f, f = cos(θ_y + m);  z_j = s·(u_j·cos θ_j + u_j − 1),  u_j = α·e^{−(cos θ_j − f)²/σ}
//
// Liu et al., "Towards Flops-constrained Face Recognition", ICCV Workshops
// 2019.
var arcnegfaceLoss = Loss{
	Name:    "arcnegface",
	Family:  MarginFamily,
	Title:   "arcface whose negatives weigh by their nearness to the target",
	Formula: "z_y = s·f, f = cos(θ_y + m);  z_j = s·(u_j·cos θ_j + u_j − 1), u_j = α·e^{−(cos θ_j − f)²/σ};  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Liu et al., Towards Flops-constrained Face Recognition, ICCV Workshops 2019",
	Notes: []string{
		"u_j is constant in the gradient.",
		"FaceX-Zoo's code is beyond=linear.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Arcnegface{Scale: 64, Margin: 0.5, Alpha: 1.2, Sigma: 2, Arc: defaultArc, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
	Advice: func(f Formula) []string { p := f.(*Arcnegface); return monotoneRange(p.Margin, p.Arc) },
}

// Arcnegface has the hyper-parameters of the loss arcnegface.
type Arcnegface struct {
	Scale  float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin float64 `range:">= 0" doc:"m, radians added to the target's angle"`
	Alpha  float64 `doc:"α, the weight of a negative as near as the target"`
	Sigma  float64 `range:"> 0" doc:"σ, how soon the weight falls with distance"`
	Arc
	CrossEntropy
	SubCenters
}

// Check refuses combinations that mean nothing.
func (p *Arcnegface) Check() error { return firstError(p.Arc.Check(), p.CrossEntropy.Check()) }

// Build writes the loss.
func (p *Arcnegface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	h.Predict(z)
	f := p.of("ArcMargin", h.Target(z).Div(p.Scale).Called("cos_y"), p.Margin).Mul(p.Scale)
	z = h.Replace(p.others(p.clipped(z, p.Scale), f), f).Called("logits")
	h.CrossEntropyLoss(z, p.CrossEntropy)
}

// others is u·(z + s) − s, with u = α·e^{−(z − s·f)²/(σ·s²)}.
func (p *Arcnegface) others(z, target *ir.Value) *ir.Value {
	m := newMargin("ArcNegMargin").tell("scale", p.Scale).tell("alpha", p.Alpha).tell("sigma", p.Sigma)
	x, s := m.logits(), m.number("s", p.Scale)
	off := ir.Stop(x).Sub(m.eachRow("target"))
	u := ir.Exp(off.Square().Mul(m.number("fall", -1/(p.Sigma*p.Scale*p.Scale)))).Mul(m.number("weight", p.Alpha)).Called("u")
	return m.applyRows(x.Add(s).Mul(u).Sub(s), z, target)
}
