package builders

import "losscc/ir"

// adafaceLoss bends its margin by a row's quality, read off its norm:
//
//	z_y = s·(cos(θ_y − m·q) − m·q − m),  q = clip(h·(‖x‖ − μ)/σ, −1, 1),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// where μ and σ run after the batches' mean and deviation of ‖x‖.
//
// Kim, Jain, Liu, "AdaFace: Quality Adaptive Margin for Face Recognition", CVPR
// 2022.
var adafaceLoss = Loss{
	Name:    "adaface",
	Family:  MarginFamily,
	Title:   "a margin that follows image quality",
	Formula: "z_y = s·(cos(θ_y − m·q) − m·q − m), q = clip(h·(‖x‖ − μ)/(σ + ε), −1, 1), z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Kim, Jain, Liu, AdaFace: Quality Adaptive Margin for Face Recognition, CVPR 2022",
	Notes: []string{
		"q is constant in the gradient; μ and σ are the states batch_mean (start 20) and batch_std (start 100), used new. alpha is the new batch's share: the paper's momentum 0.99 is alpha=0.01; the repository's class default is alpha=1.",
		"q = −1 is arcface, q = 0 cosface, q = 1 is cos(θ − m) − 2m. Norms are held to [0.001, 100], the deviation has divisor n − 1, and a batch of one row leaves batch_std.",
		"The repository holds every cosine to ±(1 − ε) and the angle to [ε, π − ε]: beyond=clip. Its main.py without flags runs with h=0, which is cosface.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Adaface{Scale: 64, Margin: 0.4, H: 0.333, Alpha: 0.01, Beyond: "none", Epsilon: 0.001, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// Adaface has the hyper-parameters of the loss adaface.
type Adaface struct {
	Scale   float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin  float64 `range:">= 0" doc:"m, radians and cosine"`
	H       float64 `range:">= 0" doc:"h, how wide a spread of norms q tells apart"`
	Alpha   float64 `range:">= 0, <= 1" doc:"the new batch's share in the states"`
	Beyond  string  `enum:"none|clip" doc:"clip: cosines held to ±(1 − ε), angles to [ε, π − ε]"`
	Epsilon float64 `range:"> 0" doc:"ε, beside σ and for beyond=clip"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *Adaface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	q := p.quality(h)
	h.ArcLoss(z, p.Scale, p.arc(), p.CrossEntropy, func(c *ir.Value) *ir.Value { return p.margin(c, q) })
}

func (p *Adaface) arc() Arc { return Arc{Beyond: p.Beyond, Epsilon: p.Epsilon} }

// quality is q of each row, after μ and σ have moved.
func (p *Adaface) quality(h *Head) *ir.Value {
	r := clamp(ir.Norm(h.X), 0.001, 100)
	n, mean := h.Count(), h.Mean(r)
	std := ir.Sqrt(h.Sum(r.Sub(mean).Square()).Div(n.Sub(1).Max(1)))
	mu := p.moved(h, "batch_mean", mean, n.Greater(0))
	sigma := p.moved(h, "batch_std", std, n.Greater(1))
	return ir.Stop(clamp(r.Sub(mu).Mul(p.H).Div(sigma.Add(p.Epsilon)), -1, 1)).Called("quality")
}

// moved is the state of that name with alpha of x in it, where x is defined.
func (p *Adaface) moved(h *Head, state string, x, defined *ir.Value) *ir.Value {
	old := h.g.Input(state, ir.F(), RoleState)
	return h.g.Next(state, old, x.Mul(p.Alpha).Add(old.Mul(1-p.Alpha)), defined)
}

// margin is cos(θ − m·q) − m·q − m.
func (p *Adaface) margin(c, q *ir.Value) *ir.Value {
	m := newMargin("AdaMargin").tell("margin", p.Margin).tell("beyond", p.Beyond)
	x := p.arc().cosine(m)
	by, margin := m.Param("quality", ir.F(N), ""), m.number("m", p.Margin)
	by = by.Mul(margin)
	return m.apply(p.arc().ofRow(x, by.Neg()).Sub(by).Sub(margin), c, q)
}
