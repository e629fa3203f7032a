package builders

import "losscc/ir"

// x2SoftmaxLoss has a parabola over the target's angle for its cosine:
//
//	z_y = s·(a·(θ_y − h)² + k),  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// Xu, Liu, Zhang, Si, Li, Shi, Wang, Gong, "X2-Softmax: Margin Adaptive Loss
// Function for Face Recognition", Expert Systems with Applications, 2024.
var x2SoftmaxLoss = Loss{
	Name:    "x2-softmax",
	Family:  MarginFamily,
	Title:   "a parabola over the target's angle",
	Formula: "z_y = s·(a·(θ_y − h)² + k), z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Xu, Liu, Zhang, Si, Li, Shi, Wang, Gong, X2-Softmax: Margin Adaptive Loss Function for Face Recognition, Expert Systems with Applications 2024",
	Notes: []string{
		"The numbers a, h, k are those of the authors' training script; its gradient is --gradient detached.",
		"What is taken from the cosine, cos θ − f(θ), grows with the angle: 0.35 at θ = 0 and 1.57 at θ = π/2 with these numbers.",
	},
	Reductions: perRow,
	Detached:   true,
	New: func() Formula {
		return &X2Softmax{Scale: 64, A: -0.9, H: 0, K: 0.65, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// X2Softmax has the hyper-parameters of the loss x2-softmax.
type X2Softmax struct {
	Scale float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	A     float64 `doc:"a, how much the parabola bends"`
	H     float64 `doc:"h, the angle of its vertex"`
	K     float64 `doc:"k, its value there"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *X2Softmax) Build(g *Graph) {
	h := g.Head(C)
	h.MarginLoss(h.Cosines(p.Scale, p.SubCenters), p.Scale, p.CrossEntropy, func(c *ir.Value) *ir.Value {
		m := newMargin("X2Margin").tell("a", p.A).tell("h", p.H).tell("k", p.K)
		theta := ir.Acos(m.cosine()).Called("theta")
		f := theta.Sub(m.number("vertex", p.H)).Square().Mul(m.number("bend", p.A)).Add(m.number("top", p.K))
		return m.apply(f, c)
	})
}
