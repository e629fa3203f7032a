package builders

import "losscc/ir"

// asoftmaxLoss is L-Softmax over unit weights:
//
//	z_y = s·r·(λ·cos θ_y + ψ_m(θ_y))/(1 + λ),  z_j = s·r·cos θ_j,  r = ‖x‖ or 1
//
// Liu, Wen, Yu, Li, Raj, Song, "SphereFace: Deep Hypersphere Embedding for
// Face Recognition", CVPR 2017.
var asoftmaxLoss = Loss{
	Name:    "a-softmax",
	Aliases: []string{"sphereface", "angular-softmax"},
	Family:  SeedFamily,
	Title:   "multiplicative angular margin over unit weights",
	Formula: "z_y = s·r·(λ·cos θ_y + ψ_m(θ_y))/(1+λ), z_j = s·r·cos θ_j, r = ‖x‖;  ψ_m(θ) = (−1)^k·cos mθ − 2k, k = ⌊mθ/π⌋;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Liu, Wen, Yu, Li, Raj, Song, SphereFace: Deep Hypersphere Embedding for Face Recognition, CVPR 2017",
	Notes: []string{
		"λ = 0 is the pure margin, λ → ∞ is softmax over unit weights; the host feeds lambda by the schedule.",
		"k is constant in the gradient. m may be any real number from 1, as its successors use it.",
		"A zero row has cosine 0 to every class and gradient 0; the official gradient is the others' there.",
		"--gradient official is the arithmetic of the authors' Caffe layer: no margin and no normalisation in grad_weight, and the target's two coefficients in grad_embeddings divided by their joint length. It is no derivative.",
	},
	Reductions: perRow,
	Detached:   true,
	Official:   true,
	Schedule:   &Schedule{Input: "lambda", Base: 1000, Gamma: 0.12, Power: 1, Min: 5},
	New: func() Formula {
		return &ASoftmax{Margin: 4, Scale: 1, FeatureNormalization: "none", CrossEntropy: defaultCE}
	},
}

// ASoftmax has the hyper-parameters of the loss a-softmax.
type ASoftmax struct {
	Margin               float64 `range:">= 1" doc:"m, what the target's angle is multiplied by"`
	Scale                float64 `range:"> 0" doc:"s, multiplies the logits"`
	FeatureNormalization string  `enum:"none|hard" doc:"r is ‖x‖ (none) or 1 (hard)"`
	CrossEntropy
}

// Build writes the loss.
func (p *ASoftmax) Build(g *Graph) {
	h := g.Head(C)
	if p.FeatureNormalization == "hard" {
		h.MarginLoss(h.Cosines(p.Scale, oneCenter), p.Scale, p.CrossEntropy, func(c *ir.Value) *ir.Value {
			return annealed("AMargin", c, p.Margin, g.Lambda())
		})
		return
	}
	z := h.Lengthened(p.Scale)
	h.Predict(z)
	length := ir.Norm(h.X).Called("norm").Mul(p.Scale)
	c := h.Target(z).Div(nonzero(length)).Called("cos_y")
	f := annealed("AMargin", c, p.Margin, g.Lambda())
	z = h.Replace(z, length.Mul(f)).Called("logits")
	if g.Official {
		z = p.official(h, z, ir.Stop(c))
	}
	h.CrossEntropyLoss(z, p.CrossEntropy)
}

// official is z with the gradient of the authors' layer: z is held constant
// and u − u is added, where u is linear in x and W with the wanted
// coefficients: ŵ_j for x of the others, x for every w_j, and for x of the
// target (λ·ŵ_y + (A·ŵ_y + B·x)/√(A²+B²))/(1+λ), A = dψ/dc, B = (ψ − c·A)/‖x‖.
func (p *ASoftmax) official(h *Head, z, c *ir.Value) *ir.Value {
	x, w, lambda := h.X, h.g.Weight(), h.g.Lambda()
	unitW := ir.Stop(w.Mul(ir.Recip(ir.PlainNorm(w)).Col()))
	a := psiSlope(c, p.Margin)
	b := psi(c, p.Margin).Sub(c.Mul(a)).Mul(ir.Stop(ir.Recip(ir.Norm(x))))
	joint := ir.Recip(ir.Sqrt(a.Square().Add(b.Square())))
	toward := unitW.Gather(h.Y)
	margin := a.Mul(joint).Col().Mul(toward).Add(b.Mul(joint).Col().Mul(ir.Stop(x)))
	target := lambda.Mul(toward).Add(margin).Div(lambda.Add(1))

	u := h.Replace(ir.MatMulT(x, unitW), dot(x, ir.Stop(target))).Add(ir.MatMulT(ir.Stop(x), w))
	return ir.Stop(z).Add(u.Sub(ir.Stop(u)))
}

// CheckOfficial refuses what the official gradient is not defined for; Build calls it
// only where that gradient was asked for.
func (p *ASoftmax) CheckOfficial() error {
	if p.Scale != 1 || p.FeatureNormalization != "none" {
		return usage("the official gradient belongs to scale=1 and feature_normalization=none; found scale=%v and feature_normalization=%s", p.Scale, p.FeatureNormalization)
	}
	return nil
}
