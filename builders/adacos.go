package builders

import (
	"math"

	"losscc/ir"
)

// adacosLoss finds the scale of its cosines itself, in each step anew:
//
//	S = ln B / cos(min(π/4, θ_med)),  B = mean_i Σ_{j≠y} e^{s·cos θ_j},  z_j = S·cos θ_j,  ℓ = log Σ_j e^{z_j} − z_y
//
// where s is the S of the step before, or S = √2·ln(C − 1) (variant=fixed).
//
// Zhang, Zhao, Qiao, Wang, Li, "AdaCos: Adaptively Scaling Cosine Logits for
// Effectively Learning Deep Face Representations", CVPR 2019.
var adacosLoss = Loss{
	Name:    "adacos",
	Family:  MarginFamily,
	Title:   "cosines under a scale that adapts",
	Formula: "z_j = S·cos θ_j, S = ln B / cos(min(π/4, θ_med)), B = mean_i Σ_{j≠y} e^{s·cos θ_j}, s the S of the step before, or S = √2·ln(C − 1);  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Zhang, Zhao, Qiao, Wang, Li, AdaCos: Adaptively Scaling Cosine Logits for Effectively Learning Deep Face Representations, CVPR 2019",
	Notes: []string{
		"S is constant in the gradient and is the state scale, used new; it starts at √2·ln(C − 1), and C must be 2 or more.",
		"θ_med is the lower median of the targets' angles; pytorch-adacos takes it over all angles (median=all) and adds a margin of 0.5. It keeps its scale out of the checkpoint; here scale_next is an output.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Adacos{Variant: "dynamic", Median: "target", CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// Adacos has the hyper-parameters of the loss adacos.
type Adacos struct {
	Variant string  `enum:"dynamic|fixed" doc:"S follows the batches, or is √2·ln(C − 1)"`
	Median  string  `enum:"target|all" doc:"θ_med of the targets' angles, or of all"`
	Margin  float64 `range:">= 0" doc:"m, radians added to the target's angle"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *Adacos) Build(g *Graph) {
	h := g.Head(C)
	cos := h.Cosines(1, p.SubCenters)
	h.Predict(cos)
	s := ir.Log(g.Count(C).Sub(1).Max(1)).Mul(math.Sqrt2)
	if p.Variant == "dynamic" {
		s = p.adapted(h, ir.Stop(cos))
	}
	z := h.know(cos.Mul(s), logits{unmoved: true})
	if p.Margin != 0 {
		f := defaultArc.of("ArcMargin", h.Target(cos).Called("cos_y"), p.Margin)
		z = h.Replace(z, f.Mul(s))
	}
	h.CrossEntropyLoss(z.Called("logits"), p.CrossEntropy)
}

// adapted is S = scale_next. As cos falls, cos(min(π/4, θ_med)) is the larger
// of cos π/4 and the median's cosine.
func (p *Adacos) adapted(h *Head, cos *ir.Value) *ir.Value {
	old := h.g.Input("scale", ir.F(), RoleState)
	others := h.Replace(cos.Mul(old), h.g.Num(nowhere).Expand(N))
	logB := h.lseOfKept(lse(others)).Sub(ir.Log(h.Count().Max(1))).Called("log_b")

	n := ir.Sum(h.Kept.Int())
	of := h.keptFirst(h.Target(cos))
	if p.Median == "all" {
		n, of = n.Mul(h.g.Extent(C)), h.keptFirst(cos).Reshape(N.Times(C))
	}
	median := upperMedian(of, n).Called("cos_med")
	return h.g.Next("scale", old, logB.Div(median.Max(math.Cos(math.Pi/4))), h.Any())
}
