package builders

import (
	"fmt"
	"math"

	"losscc/ir"
)

// sphereface2Loss is one binary decision a class, with a margin on both
// sides:
//
//	z = s·f + b,  f_y = g(cos θ_y) − m, f_j = g(cos θ_j) + m,  g(c) = 2·((c + 1)/2)^t − 1
//	ℓ = w/s·(λ·log(1 + e^{−z_y}) + (1 − λ)·Σ_others log(1 + e^{z_j}))
//
// Wen, Liu, Weller, Raj, Singh, "SphereFace2: Binary Classification is All You
// Need for Deep Face Recognition", ICLR 2022.
var sphereface2Loss = Loss{
	Name:    "sphereface2",
	Family:  MarginFamily,
	Title:   "one binary decision a class",
	Formula: "z = s·f + b, g(c) = 2·((c+1)/2)^t − 1;  cos: f_y = g(cos θ_y) − m, f_j = g(cos θ_j) + m;  arc: f_y = g(cos(min(θ_y + m, π)));  mul: f_y = g(cos(min(m·θ_y, π))), both f_j = g(cos θ_j);  ℓ = w/s·(λ·log(1 + e^{−z_y}) + (1−λ)·Σ_others log(1 + e^{z_j}))",
	Paper:   "Wen, Liu, Weller, Raj, Singh, SphereFace2: Binary Classification is All You Need for Deep Face Recognition, ICLR 2022",
	Notes: []string{
		"bias starts at ln(2v) − b₁ − ln(1 − v + √((1−v)² + 4v·e^{b₀−b₁})), v = λ/((1−λ)(C−1)), b₀ and b₁ = s·f at cos θ = 0 of the target and of the others.",
		"OpenSphere trains with --gradient detached and loss_weight=50. Detached, every f has the derivative of its cosine.",
		"No softmax: classes need no common sum, and the head options do not apply.",
	},
	Reductions: perRow,
	Detached:   true,
	New: func() Formula {
		return &Sphereface2{Scale: 40, Margin: 0.4, T: 3, Lambda: 0.7, MarginType: "cos", LossWeight: 1}
	},
}

// Sphereface2 has the hyper-parameters of the loss sphereface2.
type Sphereface2 struct {
	Scale      float64 `range:"> 0" doc:"s, multiplies f"`
	Margin     float64 `range:">= 0" doc:"m, on the cosine, or added to or multiplied with the target's angle"`
	T          float64 `range:"> 0" doc:"t, bends the similarity"`
	Lambda     float64 `range:">= 0, <= 1" doc:"λ, the share of the target"`
	MarginType string  `enum:"cos|arc|mul" doc:"where the margin is"`
	LossWeight float64 `range:"> 0" doc:"w, multiplies the loss"`
}

// Check refuses a factor that would shrink the angle.
func (p *Sphereface2) Check() error {
	if p.MarginType == "mul" && p.Margin < 1 {
		return usage("margin=%v with margin_type=mul: a margin that multiplies an angle is 1 or more; set margin to 1.4, say", p.Margin)
	}
	return nil
}

// Build writes the loss.
func (p *Sphereface2) Build(g *Graph) {
	h := g.Head(C)
	cos := h.Cosines(1, oneCenter)
	h.Predict(cos)
	b := g.Bias(ir.One, p.biasUse())
	z := func(f *ir.Value) *ir.Value { return f.Mul(p.Scale).Add(b) }
	own := ir.Softplus(z(p.target(h.Target(cos).Called("cos_y"))).Neg())
	others := h.OthersSum(ir.Softplus(z(p.others(cos))))
	h.Loss(own.Mul(p.Lambda).Add(others.Mul(1 - p.Lambda)).Mul(p.LossWeight / p.Scale))
}

// biasUse is what bias is to the loss; its start depends on the parameters.
func (p *Sphereface2) biasUse() string {
	return fmt.Sprintf("added to s·f, with the start that belongs to scale=%g, margin=%g, t=%g, lambda=%g, margin_type=%s", p.Scale, p.Margin, p.T, p.Lambda, p.MarginType)
}

// target is f_y.
func (p *Sphereface2) target(c *ir.Value) *ir.Value {
	m := p.op("SphereFace2TargetMargin")
	x := m.cosine()
	switch p.MarginType {
	case "arc":
		cos := x.Mul(m.number("cos_margin", math.Cos(p.Margin))).Sub(sine(x).Mul(m.number("sin_margin", math.Sin(p.Margin))))
		x = ir.Select(x.Greater(m.number("limit", turningPoint(p.Margin))), cos, -1.0)
	case "mul":
		x = multipliedToPi(m, x, p.Margin)
	default:
		return m.apply(p.similarity(x).Sub(m.number("m", p.Margin)), c)
	}
	return m.apply(p.similarity(x), c)
}

// others is f_j of every class.
func (p *Sphereface2) others(cos *ir.Value) *ir.Value {
	m := p.op("SphereFace2Margin")
	f := p.similarity(m.cosines())
	if p.MarginType == "cos" {
		f = f.Add(m.number("m", p.Margin))
	}
	return m.apply(f, cos)
}

func (p *Sphereface2) op(name string) *marginOp {
	return newMargin(name).tell("margin", p.Margin).tell("t", p.T).tell("margin_type", p.MarginType)
}

// similarity is g(c) = 2·((c + 1)/2)^t − 1, by products for a whole t up to 8:
// those are as good for a cosine that rounding took beyond −1.
func (p *Sphereface2) similarity(c *ir.Value) *ir.Value {
	u := c.Add(1)
	if n := int(p.T); float64(n) == p.T && n <= 8 {
		return product(u, n).Mul(math.Pow(2, 1-p.T)).Sub(1).Called("similarity")
	}
	return power(u.Mul(0.5).Max(0.0), p.T).Mul(2).Sub(1).Called("similarity")
}

// power is u^t for u ≥ 0. Below t = 1 the derivative at 0 is infinite, and 0
// is taken.
func power(u *ir.Value, t float64) *ir.Value {
	if t >= 1 {
		return u.Pow(t)
	}
	some := u.Greater(0)
	return ir.Select(some, ir.Select(some, u, 1.0).Pow(t), 0.0)
}

// product is u·u·…, n times, by halving.
func product(u *ir.Value, n int) *ir.Value {
	switch {
	case n == 1:
		return u
	case n%2 == 0:
		return product(u, n/2).Square()
	}
	return product(u, n-1).Mul(u)
}
