package builders

import (
	"math"

	"losscc/ir"
)

// kappafaceLoss has a margin for each class, wider where its images scatter and
// where it has few:
//
//	z_y = s·cos(θ_y + m_y),  m_j = m·(γ·(1 − σ(T·k_j)) + (1 − γ)·(cos(π·n_j/(1.05·max n)) + 1)/2),  ℓ = log Σ_j e^{z_j} − z_y
//	κ_j = r(D − r²)/(1 − r²),  r = ‖Σ x̂_i‖/n_j,  k_j = (κ_j − mean κ)/std κ
//
// Oinar, Le, Woo, "KappaFace: Adaptive Additive Angular Margin Loss for Deep
// Face Recognition", 2022.
var kappafaceLoss = Loss{
	Name:    "kappaface",
	Family:  MarginFamily,
	Title:   "a margin from each class's concentration and size",
	Formula: "z_y = s·cos(θ_y + m_y), m_j = m·(γ·(1 − σ(T·k_j)) + (1 − γ)·(cos(π·n_j/(1.05·max n)) + 1)/2), k the standardised κ, κ_j = r(D − r²)/(1 − r²), r = ‖Σ x̂_i‖/n_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Oinar, Le, Woo, KappaFace: Adaptive Additive Angular Margin Loss for Deep Face Recognition, 2022",
	Notes: []string{
		"Margins are constant in the gradient: κ is the state of the epoch before, used old. class_sums gathers the unit embeddings of an epoch; once seen reaches the sum of class_counts, κ is taken from it and it starts at 0 again. All states start at 0.",
		"class_counts are the images of each class in an epoch. A class whose unit embeddings are all equal has no finite κ and gets the largest of the others.",
		"The authors' memory keeps a mean over epochs for each image (momentum 0.9); here an epoch's own embeddings count.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Kappaface{Scale: 64, Margin: 0.62, Temperature: 0.55, Gamma: 0.7, Arc: defaultArc, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// Kappaface has the hyper-parameters of the loss kappaface.
type Kappaface struct {
	Scale       float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin      float64 `range:">= 0" doc:"m, radians, the most that a class can have"`
	Temperature float64 `range:"> 0" doc:"T, how much κ counts"`
	Gamma       float64 `doc:"γ, share of the scatter; 1 − γ is the share of the size"`
	Arc
	CrossEntropy
	SubCenters
}

// Check refuses combinations that mean nothing.
func (p *Kappaface) Check() error { return firstError(p.Arc.Check(), p.CrossEntropy.Check()) }

// Build writes the loss.
func (p *Kappaface) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	counts := g.Input("class_counts", ir.F(C), RoleData)
	kappa := g.Input("kappa", ir.F(C), RoleState)
	margin := p.margins(h, counts, kappa)
	h.ArcLoss(z, p.Scale, p.Arc, p.CrossEntropy, func(c *ir.Value) *ir.Value {
		m := newMargin("KappaMargin")
		x := p.begin(m)
		return m.apply(p.ofRow(x, m.Param("margin", ir.F(N), "")), c, margin)
	})
	h.kappaEpoch(counts, kappa)
}

// margins are m_y of each row.
func (p *Kappaface) margins(h *Head, counts, kappa *ir.Value) *ir.Value {
	scatter := ir.Sigmoid(standardised(kappa, h.Y).Mul(-p.Temperature))
	most := ir.ReduceMax(counts).Max(1)
	size := ir.Cos(counts.Gather(h.Y).Div(most).Mul(math.Pi / 1.05)).Add(1).Mul(0.5)
	return scatter.Mul(p.Margin * p.Gamma).Add(size.Mul(p.Margin * (1 - p.Gamma))).Called("margin")
}

// standardised is (v − mean)/std, divisor n − 1, at the given places of a
// vector; 0 where all are equal.
func standardised(v, at *ir.Value) *ir.Value {
	n := v.Builder().Count(v.Type.Shape[0])
	mean := ir.Sum(v).Div(n)
	std := ir.Sqrt(ir.Sum(v.Sub(mean).Square()).Div(n.Sub(1).Max(1)))
	// Rounding of the mean can leave a deviation where all are equal.
	equal := ir.ReduceMax(v).Eq(ir.ReduceMax(v.Neg()).Neg()).Or(std.Eq(0.0))
	return ir.Select(equal, 0.0, v.Gather(at).Sub(mean).Div(ir.Select(equal, 1.0, std)))
}

// kappaEpoch makes the next states: the sums with this batch in them, or where
// it ends an epoch κ from them, and the sums at 0.
func (h *Head) kappaEpoch(counts, kappa *ir.Value) {
	before := h.g.Input("class_sums", ir.F(C, D), RoleState)
	seen := h.g.Input("seen", ir.F(), RoleState)
	kept := ir.Stop(unit(h.X)).Mul(h.Weight.Col())
	sums := before.Add(kept.ScatterAdd(h.Y, C)).Called("sums")
	so := seen.Add(h.Count())
	ends := so.GreaterEq(ir.Sum(counts)).And(h.Any()).Called("ends")

	h.g.Next("kappa", kappa, concentration(sums, counts), ends)
	goes := ends.Not().Float()
	h.g.Moved("class_sums", "class_sums_next", sums.Mul(goes).Called("class_sums_next"))
	h.g.Moved("seen", "seen_next", so.Mul(goes).Called("seen_next"))
}

// concentration is κ of each class, r the length of its mean; where r ≥ 1 the
// largest of the others.
func concentration(sums, counts *ir.Value) *ir.Value {
	r := ir.PlainNorm(sums).Div(counts.Max(1)).Called("r")
	finite := r.Less(1.0)
	q := r.Square()
	d := sums.Builder().Count(D)
	kappa := ir.Select(finite, r.Mul(d.Sub(q)).Div(ir.Select(finite, q.Neg().Add(1), 1.0)), 0.0)
	return ir.Select(finite, kappa, ir.ReduceMax(kappa))
}
