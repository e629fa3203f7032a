package builders

import "losscc/ir"

// circleSoftmaxLoss weighs every cosine by its distance from its optimum:
//
//	z_y = s·[1 + m − cos θ_y]₊·(cos θ_y − (1 − m)),  z_j = s·[cos θ_j + m]₊·(cos θ_j − m)
//
// Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei, "Circle Loss: A Unified
// Perspective of Pair Similarity Optimization", CVPR 2020, with class-level
// labels.
var circleSoftmaxLoss = Loss{
	Name:    "circle-softmax",
	Aliases: []string{"circle-loss-class"},
	Family:  MarginFamily,
	Title:   "circle loss before class weights",
	Formula: "z_y = s·[1 + m − cos θ_y]₊·(cos θ_y − (1 − m)), z_j = s·[cos θ_j + m]₊·(cos θ_j − m);  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei, Circle Loss: A Unified Perspective of Pair Similarity Optimization, CVPR 2020",
	Notes: []string{
		"The weights [1 + m − cos θ_y]₊ and [cos θ_j + m]₊ are constant in the gradient.",
		"Its form over pairs of a batch is a loss of its own.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &CircleSoftmax{Scale: 256, Margin: 0.25, CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
}

// CircleSoftmax has the hyper-parameters of the loss circle-softmax.
type CircleSoftmax struct {
	Scale  float64 `range:"> 0" doc:"s, the paper's γ"`
	Margin float64 `range:">= 0" doc:"m, the radius of the decision boundary"`
	CrossEntropy
	SubCenters
}

// Build writes the loss. What a negative's cosine is to 0, the target's is to
// 1: with e = 1 − cos θ_y, z_y = −s·[e + m]₊·(e − m).
func (p *CircleSoftmax) Build(g *Graph) {
	h := g.Head(C)
	cos := h.Cosines(1, p.SubCenters)
	h.Predict(cos)
	circle := p.margin()
	short := g.Num(1).Sub(h.Target(cos)).Called("short")
	z := h.Replace(circle(cos), circle(short.Col()).Squeeze(1).Neg()).Called("logits")
	h.CrossEntropyLoss(z, p.CrossEntropy)
}

// margin is s·[c + m]₊·(c − m) of a matrix, the first factor a constant.
func (p *CircleSoftmax) margin() func(c *ir.Value) *ir.Value {
	m := newMargin("CircleMargin").tell("scale", p.Scale).tell("margin", p.Margin)
	x, by := m.cosines(), m.number("m", p.Margin)
	f := hinge(ir.Stop(x).Add(by)).Mul(m.number("s", p.Scale)).Mul(x.Sub(by))
	m.Result("f", f)
	fn, err := m.Func()
	return func(c *ir.Value) *ir.Value {
		if err != nil {
			return c.Builder().Fail("%w", err)
		}
		return c.Builder().Call(fn, m.attrs, c)
	}
}
