package builders

import "losscc/ir"

// ringLoss draws all embeddings to one length, which is trained:
//
//	ℓ_i = λ/2·(‖x_i‖ − R)²
//
// Zheng, Pal, Savvides, "Ring Loss: Convex Feature Normalization for Face
// Recognition", CVPR 2018.
var ringLoss = Loss{
	Name:    "ring",
	Aliases: []string{"ring-loss"},
	Family:  PairFamily,
	Title:   "embeddings of one length, which is trained",
	Formula: "u = ‖x‖ − R;  ℓ = λ·u²/2 (l2), λ·(u²/2 if |u| < 1, else |u| − ½) (smooth-l1), λ·(u/max(m, ½))²/2, m = mean ‖x‖ constant (auto)",
	Paper:   "Zheng, Pal, Savvides, Ring Loss: Convex Feature Normalization for Face Recognition, CVPR 2018",
	Notes: []string{
		"It regularises another loss: add it to one as a weighted sum, softmax + ring.",
		"A host starts radius at the mean length of its first batch.",
	},
	Reductions: perRow,
	New:        func() Formula { return &Ring{Lambda: 0.01, Mode: "l2"} },
}

// Ring has the hyper-parameters of the loss ring.
type Ring struct {
	Lambda float64 `range:">= 0" doc:"λ, the loss's weight"`
	Mode   string  `enum:"l2|smooth-l1|auto" doc:"how u counts: squared, squared near 0 only, or relative to the mean length"`
}

// Build writes the loss.
func (p *Ring) Build(g *Graph) {
	norm := ir.Norm(g.Embeddings()).Called("norm")
	u := norm.Sub(g.Input("radius", ir.F(ir.One), RoleParameter))
	half := u.Square().Mul(0.5)
	switch p.Mode {
	case "smooth-l1":
		away := ir.Abs(u)
		half = ir.Select(away.Less(1), half, away.Sub(0.5))
	case "auto":
		mean := ir.Stop(ir.Sum(norm).Div(g.Count(N).Max(1)))
		half = u.Div(mean.Max(0.5)).Square().Mul(0.5)
	}
	g.Loss(half.Mul(p.Lambda))
}
