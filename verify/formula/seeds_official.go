package formula

import (
	"fmt"
	"math"

	"losscc/verify/tensor"
)

// OfficialASoftmax is the gradient that the arithmetic of A-Softmax's first
// implementation gives, which is no derivative of the loss: with
// g_ij = ∂loss/∂z_ij,
//
//	grad_weight_j     = Σ_i g_ij·x_i
//	grad_embeddings_i = Σ_others g_ij·ŵ_j
//	                  + g_iy·(lambda·ŵ_y + (A·ŵ_y + B·x)/√(A² + B²))/(1 + lambda)
//
// where A = dψ/dc and B = (ψ − c·A)/‖x‖, 0 for a zero row. It is defined for
// scale=1 and feature_normalization=none.
func OfficialASoftmax(r Request) (gradEmbeddings, gradWeight *tensor.Tensor, err error) {
	if r.Loss != "a-softmax" || r.Gradient != "official" {
		return nil, nil, fmt.Errorf("formula: %s with gradient %q has no official gradient, a-softmax with official has", r.Loss, r.Gradient)
	}
	_, _, err = evalEntry(entry{
		defaults: seeds["a-softmax"].defaults,
		eval:     func(c *Ctx) { gradEmbeddings, gradWeight = officialASoftmax(c) },
	}, r, nil)
	return gradEmbeddings, gradWeight, err
}

func officialASoftmax(c *Ctx) (gradEmbeddings, gradWeight *tensor.Tensor) {
	if c.Float("scale") != 1 || c.Text("feature_normalization") != "none" {
		failf("the official gradient wants scale=1 and feature_normalization=none")
	}
	h := c.head()
	cos, lengths, w := h.cosines(), c.norms(h.x), c.units(h.w)
	rowWeight := h.rowWeights()
	gradEmbeddings = tensor.New(tensor.Float, c.In("embeddings").Shape...)
	gradWeight = tensor.New(tensor.Float, c.In("weight").Shape...)
	gx, gw := slices(gradEmbeddings, len(h.x)), slices(gradWeight, h.C)
	lambda := c.scalar("lambda")
	for i, y := range h.y {
		if y < 0 {
			continue
		}
		z := make([]float64, h.C)
		for j := range z {
			z[j] = lengths[i] * cos[i][j]
		}
		z[y] = lengths[i] * c.annealed(cos[i][y])
		target := c.officialTarget(h.x[i], lengths[i], w[y], cos[i][y])
		for j, g := range c.ceSlope(z, y) {
			g *= rowWeight[i]
			for d := range h.x[i] {
				gw[j][d] += g * h.x[i][d]
				if j != y {
					gx[i][d] += g * w[j][d]
				} else {
					gx[i][d] += g * (lambda*w[y][d] + target[d]) / (1 + lambda)
				}
			}
		}
	}
	return gradEmbeddings, gradWeight
}

// officialTarget is (A·ŵ_y + B·x)/√(A² + B²).
func (c *Ctx) officialTarget(x []float64, length float64, w []float64, cos float64) []float64 {
	m := c.Float("margin")
	a := psiSlope(cos, m)
	b := ratio(c.psi(cos, m)-cos*a, length)
	v := make([]float64, len(x))
	for d := range v {
		v[d] = ratio(a*w[d]+b*x[d], math.Hypot(a, b))
	}
	return v
}

// psiSlope is dψ_m/dc = (−1)^k·m·sin(mθ)/sin θ, and its limit m² where θ is 0,
// and where θ is π if m is an integer; otherwise it is infinite at π, and any
// number will do.
func psiSlope(cos, m float64) float64 {
	theta := angle(cos)
	s := math.Sin(theta)
	if s < 1e-12 {
		return m * m
	}
	slope := m * math.Sin(m*theta) / s
	if int(math.Floor(m*theta/math.Pi))%2 != 0 {
		return -slope
	}
	return slope
}

// rowWeights are the factors of the rows' terms in the loss: those of their
// classes, over the sum of them if the loss is a mean.
func (h *head) rowWeights() []float64 {
	v, total := make([]float64, len(h.y)), 0.0
	classWeight := h.classWeights()
	for i, y := range h.y {
		if y >= 0 {
			v[i] = classWeight[y]
			total += v[i]
		}
	}
	for i := range v {
		if h.c.Reduction() == "mean" {
			v[i] = ratio(v[i], total)
		}
	}
	return v
}

// ceSlope are the derivatives of ce in the logits.
func (c *Ctx) ceSlope(z []float64, y int) []float64 {
	eps, gamma := c.Float("label_smoothing"), c.Float("focal.gamma")
	classes, ce, g := float64(len(z)), crossEntropy(z, y), make([]float64, len(z))
	top := lse(z)
	mass := 1.0 // Σ_j q_j
	if c.Text("smoothing") == "others" {
		mass = 1 - eps + ratio(eps, classes-1)*(classes-1)
	}
	for j := range z {
		g[j] = mass * math.Exp(z[j]-top)
		switch {
		case c.Text("smoothing") == "all":
			g[j] -= eps / classes
		case j != y:
			g[j] -= ratio(eps, classes-1)
		}
	}
	g[y] -= 1 - eps
	if gamma != 0 {
		q := -math.Expm1(-ce) // 1 − e^{−CE}
		f := math.Pow(q, gamma) + gamma*math.Pow(q, gamma-1)*(1-q)*ce
		for j := range g {
			g[j] *= f
		}
	}
	return g
}
