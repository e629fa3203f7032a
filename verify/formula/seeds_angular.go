package formula

import "math"

// lSoftmax is CE of z_j = scale·w_j·x with the target's
// z_y = scale·‖w_y‖‖x‖·(lambda·c + ψ_margin(θ))/(1 + lambda).
func lSoftmax(c *Ctx) {
	if m := c.Float("margin"); m < 1 || m != math.Trunc(m) {
		failf("margin %v is no integer from 1 up", m)
	}
	h := c.head()
	scores, cos := h.dots(nil), h.cosines()
	scale := c.Float("scale")
	xs, ws := c.norms(h.x), c.norms(h.w)
	h.crossEntropy(func(i, y int) []float64 {
		z := make([]float64, h.C)
		for j := range z {
			z[j] = scale * scores[i][j]
		}
		z[y] = scale * ws[y] * xs[i] * c.annealed(cos[i][y])
		return z
	})
	h.predict(scores)
}

// aSoftmax is CE of z_j = scale·r·c_j with the target's
// z_y = scale·r·(lambda·c + ψ_margin(θ))/(1 + lambda), r = ‖x‖ or 1. At a zero
// row r and every c_j are 0 with gradient 0, and so are all logits.
func aSoftmax(c *Ctx) {
	if m := c.Float("margin"); m < 1 {
		failf("margin %v is below 1", m)
	}
	h := c.head()
	cos, lengths := h.cosines(), c.norms(h.x)
	hard := c.word("feature_normalization", "none", "hard") == "hard"
	h.crossEntropy(func(i, y int) []float64 {
		r := lengths[i]
		if hard {
			r = 1
		}
		z := make([]float64, h.C)
		for j := range z {
			z[j] = c.Float("scale") * r * cos[i][j]
		}
		z[y] = c.Float("scale") * r * c.annealed(cos[i][y])
		return z
	})
	h.predict(cos)
}

// annealed is f = (lambda·c + ψ_margin(θ))/(1 + lambda) of the target's cosine.
func (c *Ctx) annealed(cos float64) float64 {
	lambda := c.scalar("lambda")
	return c.Margin(cos, (lambda*cos+c.psi(cos, c.Float("margin")))/(1+lambda))
}

// norms are the lengths of all rows.
func (c *Ctx) norms(rows [][]float64) []float64 {
	r := make([]float64, len(rows))
	for i := range rows {
		r[i] = c.norm(rows[i])
	}
	return r
}
