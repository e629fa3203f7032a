package builders

import "losscc/ir"

// elasticfaceLoss draws the margin of each row:
//
//	z_y = s·cos(θ_y + m_i) or s·(cos θ_y − m_i),  m_i = m + σ·noise_i,  z_j = s·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// Boutros, Damer, Kirchbuchner, Kuijper, "ElasticFace: Elastic Margin Loss for
// Deep Face Recognition", CVPR Workshops 2022.
var elasticfaceLoss = Loss{
	Name:    "elasticface",
	Aliases: []string{"elastic-arcface", "elastic-cosface"},
	Family:  MarginFamily,
	Title:   "a random margin for each row",
	Formula: "z_y = s·cos(θ_y + m_i) or s·(cos θ_y − m_i), m_i = m + σ·noise_i, z_j = s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Boutros, Damer, Kirchbuchner, Kuijper, ElasticFace: Elastic Margin Loss for Deep Face Recognition, CVPR Workshops 2022",
	Notes: []string{
		"noise is a standard normal number for each row, drawn anew by the host in each step. Margins are not cut off and can be negative.",
		"assignment=sorted is ElasticFace+: of the kept rows the one with the smallest target cosine gets the largest margin. The authors' code applies the inverse of that order, which is not offered.",
		"elastic-cosface is margin_type=cos with margin=0.35. The authors' sigma is 0.05, and 0.0175 (arc) and 0.02 (cos) for the plus variants.",
	},
	Reductions: perRow,
	Detached:   true,
	New:        func() Formula { return elasticface("arc", 0.5) },
	Presets:    map[string]func() Formula{"elastic-cosface": func() Formula { return elasticface("cos", 0.35) }},
	Advice: func(f Formula) []string {
		if p := f.(*Elasticface); p.MarginType == "arc" {
			return monotoneRange(p.Margin, p.Arc)
		}
		return nil
	},
}

func elasticface(marginType string, margin float64) Formula {
	return &Elasticface{Scale: 64, Margin: margin, Sigma: 0.05, MarginType: marginType, Assignment: "random", Arc: defaultArc, CrossEntropy: defaultCE, SubCenters: oneCenter}
}

// Elasticface has the hyper-parameters of the loss elasticface.
type Elasticface struct {
	Scale      float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin     float64 `range:">= 0" doc:"m, the mean of the margins"`
	Sigma      float64 `range:">= 0" doc:"σ, their deviation"`
	MarginType string  `enum:"arc|cos" doc:"margin on the angle, or on the cosine"`
	Assignment string  `enum:"random|sorted" doc:"each row its own noise, or larger margins to smaller cosines"`
	Arc
	CrossEntropy
	SubCenters
}

// Check refuses combinations that mean nothing.
func (p *Elasticface) Check() error {
	return firstError(p.CheckUnused(p.MarginType), p.Arc.Check(), p.CrossEntropy.Check())
}

// Build writes the loss.
func (p *Elasticface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	noise := g.Input("noise", ir.F(N), RoleNoise)
	h.ArcLoss(z, p.Scale, p.Arc, p.CrossEntropy, func(c *ir.Value) *ir.Value {
		if p.Assignment == "sorted" {
			return p.margin(c, h.largerToSmaller(noise, c))
		}
		return p.margin(c, noise)
	})
}

// margin is cos(θ + m_i), or cos θ − m_i.
func (p *Elasticface) margin(c, noise *ir.Value) *ir.Value {
	m := newMargin("ElasticMargin").tell("margin", p.Margin).tell("sigma", p.Sigma).tell("margin_type", p.MarginType)
	x := p.begin(m)
	by := m.Param("noise", ir.F(N), "").Mul(m.number("spread", p.Sigma)).Add(m.number("mean", p.Margin)).Called("m")
	if p.MarginType == "cos" {
		return m.apply(x.Sub(by), c, noise)
	}
	return m.apply(p.ofRow(x, by), c, noise)
}
