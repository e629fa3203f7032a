package builders

import (
	"math"

	"losscc/ir"
)

// CrossEntropy are the options of every head whose loss is a cross-entropy.
type CrossEntropy struct {
	LabelSmoothing float64 `range:">= 0, < 1" doc:"share ε of the target that goes to other classes"`
	Smoothing      string  `enum:"all|others" doc:"spread ε over all classes, or over the others only"`
	FocalGamma     float64 `name:"focal.gamma" range:">= 1" or:"0" doc:"weight each row by (1 − e^−CE)^γ"`
	ClassWeights   bool    `doc:"take an input class_weight [C] that weighs rows by their class"`
}

// Check refuses combinations that mean nothing.
func (o CrossEntropy) Check() error {
	if o.FocalGamma != 0 && o.LabelSmoothing != 0 {
		return usage("focal.gamma=%v with label_smoothing=%v: e^−CE is no probability once labels are smoothed; set one of them to 0", o.FocalGamma, o.LabelSmoothing)
	}
	return nil
}

// SubCenters is the option of heads over cosines to have K centres a class.
type SubCenters struct {
	SubCenters int `range:">= 1" doc:"centres a class; above 1 weight is [C,K,D] and the nearest counts"`
}

// defaultCE and oneCenter are the options as papers have them.
var (
	defaultCE = CrossEntropy{Smoothing: "all"}
	oneCenter = SubCenters{SubCenters: 1}
)

// Head is a loss over classes: its rows, and for each the class y.
type Head struct {
	*Rows
	// Y [N] is the label of a kept row, 0 of an ignored one.
	Y *ir.Value
	// X is embeddings [N,D], with what could spread from ignored rows taken out.
	X *ir.Value

	known map[*ir.Value]logits
}

// logits is what is known of logits [N,C] from how they were made.
type logits struct {
	// most is what |z_j| of the classes other than y cannot be above, 0 where
	// there is no such number.
	most float64
	// unmoved: z_y was made as the others were, without a margin.
	unmoved bool
}

// know notes what is known of logits, and gives them back.
func (h *Head) know(z *ir.Value, l logits) *ir.Value {
	h.known[z] = l
	return z
}

// Head begins a loss over the classes along an extent: labels outside it mark
// ignored rows.
func (g *Graph) Head(classes ir.Dim) *Head {
	x, labels := g.Embeddings(), g.Labels()
	return g.headOn(g.RowsWhere(g.within(labels, classes)), x, labels)
}

// headOn is a head over embeddings of some rows.
func (g *Graph) headOn(r *Rows, x, labels *ir.Value) *Head {
	return &Head{Rows: r, Y: ir.Select(r.Kept, labels, 0).Called("y"), X: g.harmless(x, r.Kept), known: map[*ir.Value]logits{}}
}

// harmless is x with what could spread from an ignored row taken out: a NaN
// there would reach every gradient of a product, as 0 times NaN. Without
// predictions the whole row is 0; with them, what is finite stays, since an
// ignored row has a prediction too.
func (g *Graph) harmless(x, kept *ir.Value) *ir.Value {
	keep := kept.Col()
	if g.Predictions {
		keep = keep.Or(x.Sub(x).Eq(0.0))
	}
	return ir.Select(keep, x, 0.0)
}

// Weight is the input weight [C,D].
func (g *Graph) Weight() *ir.Value { return g.Input("weight", ir.F(C, D), RoleParameter) }

// Bias is the input bias, one number or one a class, and what it is to the loss.
func (g *Graph) Bias(numbers ir.Dim, use string) *ir.Value {
	return g.InputFor(use, "bias", ir.F(numbers), RoleParameter)
}

// Target is the element of each row of z that belongs to its class.
func (h *Head) Target(z *ir.Value) *ir.Value { return z.Pick(1, h.Y) }

// IsTarget is true at each row's class, over [N,C].
func (h *Head) IsTarget() *ir.Value {
	return h.g.Iota(C).Row().Eq(h.Y.Col())
}

// Replace is z with each row's element of its class replaced.
func (h *Head) Replace(z, v *ir.Value) *ir.Value {
	return h.know(z.Put(1, h.Y, v), logits{most: h.known[z].most})
}

// Linear is x·Wᵀ, with the input bias [C] added if asked for.
func (h *Head) Linear(bias bool) *ir.Value {
	z := ir.MatMulT(h.X, h.g.Weight())
	if bias {
		z = z.Add(h.g.Bias(C, "added to x·Wᵀ"))
	}
	return h.know(z.Called("logits"), logits{unmoved: true})
}

// Cosines is scale·cos θ_j, cos θ_j = x̂·ŵ_j, over [N,C]: x̂ carries the scale
// and the columns are divided by ‖w_j‖ afterwards, so that no normalised copy
// of W is made. With several centres a class the largest counts.
func (h *Head) Cosines(scale float64, o SubCenters) *ir.Value {
	if o.SubCenters > 1 {
		return h.NearestCosines(scale)
	}
	return h.know(h.against(scale, h.g.Weight()).Called(cosines(scale)), logits{scale, true})
}

// NearestCosines is Cosines with weight [C,K,D]: for each class the largest of
// its K cosines.
func (h *Head) NearestCosines(scale float64) *ir.Value {
	w := h.g.Input("weight", ir.F(C, K, D), RoleParameter).Reshape(C.Times(K), D)
	return h.know(ir.ReduceMax(h.against(scale, w).Reshape(N, C, K), 2).Called(cosines(scale)), logits{scale, true})
}

// cosines is what scale·cos θ_j is called.
func cosines(scale float64) string {
	if scale == 1 {
		return "cos"
	}
	return "scaled_cos"
}

// Shorten makes X unit vectors, of lengths that are constant in the gradient, and
// gives ‖x‖ [N]: what is made of both X and ‖x‖ has no square of ‖x‖ on the way to
// its gradient, which may be too small or too large to be a number.
func (h *Head) Shorten() *ir.Value {
	length := ir.Stop(ir.Norm(h.X)).Called("norm")
	h.X = h.X.Mul(ir.Recip(length).Col())
	return ir.PlainNorm(h.X).Mul(length)
}

// Lengthened is scale·‖x‖·cos θ_j = scale·x·ŵ_j over [N,C]. Zero rows have no
// direction: their cosines are 0 and pass no gradient on, as x·ŵ_j would.
func (h *Head) Lengthened(scale float64) *ir.Value {
	w := h.g.Weight()
	inv := ir.Recip(ir.PlainNorm(w).Called("weight_norm"))
	directed := ir.Norm(h.X).Called("norm").Greater(0)
	return ir.MatMulT(h.X.Mul(ir.Select(directed, scale, 0.0).Col()), w).Mul(inv.Row())
}

func (h *Head) against(scale float64, w *ir.Value) *ir.Value {
	inv := ir.Recip(ir.PlainNorm(w).Called("weight_norm"))
	return ir.MatMulT(h.X.Mul(ir.Recip(ir.Norm(h.X).Called("norm")).Mul(scale).Col()), w).Mul(inv.Row())
}

// Predict makes the outputs predicted and accuracy, if they are asked for,
// from scores without margin.
func (h *Head) Predict(scores *ir.Value) {
	if !h.g.Predictions {
		return
	}
	p := ir.Stop(scores).ArgMax(1)
	h.g.Output("predicted", p)
	h.g.Output("accuracy", h.Mean(p.Eq(h.Y).Float()))
}

// CrossEntropyOf is CE(z) of each row with the options applied, and the
// weights that a mean divides by (nil: ones). CE is log(1 + e^u), u = log
// Σ_others e^{z_j} − z_y, so that a row that is nearly certain keeps the digits
// of its loss, and of its gradient the digits of 1 − p_y, which is σ(u).
func (h *Head) CrossEntropyOf(z *ir.Value, o CrossEntropy) (terms, weights *ir.Value) {
	zy := h.Target(z)
	u := h.Others(z).Sub(zy).Called("lead")
	ce := ir.Softplus(u)
	if eps := o.LabelSmoothing; eps > 0 {
		all, count := ce.Add(zy), h.g.Count(C)
		if o.Smoothing == "all" {
			ce = ce.Mul(1 - eps).Add(all.Sub(ir.Sum(z, 1).Div(count)).Mul(eps))
		} else {
			others := all.Mul(count.Sub(1)).Sub(ir.Sum(z, 1).Sub(zy))
			ce = ce.Mul(1 - eps).Add(others.Div(count.Sub(1).Max(1)).Mul(eps))
		}
	}
	if gamma := o.FocalGamma; gamma > 0 {
		ce = ir.Sigmoid(u).Pow(gamma).Mul(ce)
	}
	if o.ClassWeights {
		weights = h.g.Input("class_weight", ir.F(C), RoleData).Gather(h.Y)
		ce = ce.Mul(weights)
	}
	return ce, weights
}

// safeExponent is up to which |z| a sum of e^z needs no reference: e^67 times
// 2³¹ classes is below the largest float32, e^−67 far above the smallest.
const safeExponent = 67

// Others is log Σ e^{z_j} over the classes other than each row's own, −∞ where
// there are none. Against overflow the terms are e^{z_j − top}: top is none for
// logits that are bounded, the largest of all where z_y is as large as the
// others are, and otherwise the largest of the others, for a margin may leave
// z_y so far below that what vanishes beside e^{z_y} without it counts.
func (h *Head) Others(z *ir.Value) *ir.Value {
	none := h.g.Num(math.Inf(-1))
	without := func(z *ir.Value) *ir.Value { return h.Replace(z, none.Expand(h.Y.Type.Shape...)) }
	known := h.known[z]
	switch {
	case known.most > 0 && known.most <= safeExponent:
		return h.logSum(without(z), nil)
	case known.unmoved:
		top := ir.Stop(ir.ReduceMax(z, 1))
		return h.logSum(without(z.Sub(top.Col())), top)
	}
	z = without(z)
	top := ir.Stop(ir.ReduceMax(z, 1))
	top = ir.Select(top.Eq(math.Inf(-1)), 0.0, top)
	return h.logSum(z.Sub(top.Col()), top)
}

// logSum is log Σ_j e^{z_j} of each row, plus top if there is one; −∞ where
// every z_j is −∞.
func (h *Head) logSum(z, top *ir.Value) *ir.Value {
	sum := ir.Sum(ir.Exp(z), 1)
	empty := sum.Eq(0.0)
	log := ir.Log(ir.Select(empty, 1.0, sum))
	if top != nil {
		log = log.Add(top)
	}
	return ir.Select(empty, h.g.Num(math.Inf(-1)), log)
}

// focal is (1 − e^−ce)^γ.
func focal(ce *ir.Value, gamma float64) *ir.Value {
	p := ir.Exp(ce.Neg())
	return p.Builder().Num(1).Sub(p).Max(0.0).Pow(gamma)
}

// CrossEntropyLoss makes the output loss from logits.
func (h *Head) CrossEntropyLoss(z *ir.Value, o CrossEntropy) {
	h.WeightedLoss(h.CrossEntropyOf(z, o))
}

// MarginLoss makes the whole loss of a head whose margin f moves the target
// only: z holds scale·cos θ_j, and z_y becomes scale·f(cos θ_y).
func (h *Head) MarginLoss(z *ir.Value, scale float64, o CrossEntropy, f func(c *ir.Value) *ir.Value) {
	h.ArcLoss(z, scale, defaultArc, o, f)
}

// ArcLoss is MarginLoss under the options of the additive angular margin,
// which f has applied to the target; they reach the others too.
func (h *Head) ArcLoss(z *ir.Value, scale float64, a Arc, o CrossEntropy, f func(c *ir.Value) *ir.Value) {
	h.CrossEntropyLoss(h.Moved(z, scale, a, f), o)
}

// Moved is the logits of MarginLoss and ArcLoss; it makes the predictions.
func (h *Head) Moved(z *ir.Value, scale float64, a Arc, f func(c *ir.Value) *ir.Value) *ir.Value {
	h.Predict(z)
	c := h.Target(z).Div(scale).Called("cos_y")
	return h.Replace(h.know(a.clipped(z, scale), logits{most: h.known[z].most}), f(c).Mul(scale)).Called("logits")
}
