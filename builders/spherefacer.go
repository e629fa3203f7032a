package builders

import (
	"math"

	"losscc/ir"
)

// spherefaceRLoss multiplies angles: the target's, or the others' by the
// inverse:
//
//	v0: f_y = ψ_m(θ_y)   v1: f_y = cos(min(m·θ_y, π))   both f_j = cos θ_j
//	v2: f_y = cos θ_y, f_j = cos(θ_j/m)
//	z = r·f,  r = s or ‖x‖,  ℓ = w·(log Σ_j e^{z_j} − z_y) + w_s·|‖x‖ − s| (soft)
//
// Liu, Wen, Raj, Singh, Weller, "SphereFace Revived: Unifying Hyperspherical
// Face Recognition", TPAMI 2022.
var spherefaceRLoss = Loss{
	Name:    "sphereface-r",
	Family:  MarginFamily,
	Title:   "multiplicative angular margin in three versions",
	Formula: "v2: f_y = cos θ_y, f_j = cos(θ_j/m);  v1: f_y = cos(min(m·θ_y, π));  v0: f_y = ψ_m(θ_y), both f_j = cos θ_j;  z = r·f, r = s (hard) or ‖x‖;  ℓ = w·(log Σ_j e^{z_j} − z_y), soft: + w_s·|‖x‖ − s|",
	Paper:   "Liu, Wen, Raj, Singh, Weller, SphereFace Revived: Unifying Hyperspherical Face Recognition, TPAMI 2022",
	Notes: []string{
		"The authors train with --gradient detached and loss_weight=50/scale; scale, margin and version are those of their published configuration.",
		"Detached, every f, the others' too, has the derivative of its cosine; r = ‖x‖ keeps its own.",
		"At θ = π the exact derivative of cos(θ/m) is infinite; there 0 is taken.",
	},
	Reductions: perRow,
	Detached:   true,
	New: func() Formula {
		return &SpherefaceR{Scale: 60, Margin: 1.4, Version: "v2", FeatureNormalization: "hard", LossWeight: 1, SoftWeight: 0.01, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// SpherefaceR has the hyper-parameters of the loss sphereface-r.
type SpherefaceR struct {
	Scale                float64 `range:"> 0" doc:"s, the norm that embeddings are given (hard) or drawn to (soft)"`
	Margin               float64 `range:">= 1" doc:"m, what angles are multiplied or divided by"`
	Version              string  `enum:"v2|v1|v0" doc:"which angles, and what happens past π"`
	FeatureNormalization string  `enum:"hard|none|soft" doc:"r is s, or ‖x‖, or ‖x‖ with a pull towards s"`
	LossWeight           float64 `range:"> 0" doc:"w, multiplies the cross-entropy"`
	SoftWeight           float64 `range:">= 0" doc:"w_s, weight of the pull (soft)"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *SpherefaceR) Build(g *Graph) {
	h := g.Head(C)
	hard := p.FeatureNormalization == "hard"
	var length *ir.Value
	if !hard {
		length = h.Shorten()
	}
	cos := h.Cosines(1, p.SubCenters)
	h.Predict(cos)
	f := p.moved(h, cos)
	var z *ir.Value
	if hard {
		z = h.know(f.Mul(p.Scale).Called("logits"), logits{most: p.Scale})
	} else {
		z = f.Mul(length.Col()).Called("logits")
	}
	terms, weights := h.CrossEntropyOf(z, p.CrossEntropy)
	terms = terms.Mul(p.LossWeight)
	if p.FeatureNormalization == "soft" {
		pull := ir.Abs(length.Sub(p.Scale)).Mul(p.SoftWeight)
		if weights != nil {
			pull = pull.Mul(weights)
		}
		terms = terms.Add(pull)
	}
	h.WeightedLoss(terms, weights)
}

// moved is f of every class.
func (p *SpherefaceR) moved(h *Head, cos *ir.Value) *ir.Value {
	c := h.Target(cos).Called("cos_y")
	m := newMargin("SphereMargin").tell("margin", p.Margin).tell("version", p.Version)
	if p.Version == "v2" {
		x := m.cosines()
		f := x
		if p.Margin != 1 {
			f = ir.Cos(ir.Acos(x).Mul(m.number("inverse", 1/p.Margin)))
		}
		return h.Replace(m.apply(f, cos), c)
	}
	x := m.cosine()
	if p.Version == "v0" {
		return h.Replace(cos, m.apply(psi(x, p.Margin), c))
	}
	return h.Replace(cos, m.apply(multipliedToPi(m, x, p.Margin), c))
}

// multipliedToPi is cos(min(factor·θ, π)) of the cosine c = cos θ, inside a
// margin op; the angle is not taken for a whole factor up to 8.
func multipliedToPi(m *marginOp, c *ir.Value, factor float64) *ir.Value {
	if n := int(factor); float64(n) == factor && n <= 8 {
		return ir.Select(c.Greater(m.number("limit", math.Cos(math.Pi/factor))), chebyshev(c, n), -1.0)
	}
	return ir.Cos(ir.Acos(c).Mul(m.number("factor", factor)).Min(math.Pi))
}
