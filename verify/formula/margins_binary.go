package formula

import "math"

// uniface is one binary decision a class against one threshold:
// ℓ = sp(−z_y) + lambda·Σ_others sp(z_j), z_y = s(c − margin) − b, z_j = s·c_j − b.
func uniface(c *Ctx) {
	a := c.angular()
	s, m, lambda := c.Float("scale"), c.Float("margin"), c.Float("lambda")
	bias := a.thresholds()
	a.loss(func(i, y int) float64 {
		z := a.logits(i, y, s, a.cos[i][y]-m)
		var own, others float64
		for j := range z {
			v := z[j] - bias[j]
			if c.Bool("clamp") {
				v = c.clamp(v, -s, s)
			}
			if j == y {
				own = sp(-v)
			} else {
				others += sp(v)
			}
		}
		return own + lambda*others
	})
}

// thresholds are the bias of each class: its own, or the one that all share.
func (a angular) thresholds() []float64 {
	if a.c.Bool("bias_per_class") {
		return a.c.vector("bias", a.C)
	}
	shared := make([]float64, a.C)
	for j := range shared {
		shared[j] = a.c.vector("bias", 1)[0]
	}
	return shared
}

// p2sgrad is the loss whose derivative is the rule c_j − [j = y]: half of
// q = Σ_j (c_j − [j = y])², or q/C (mse).
func p2sgrad(c *Ctx) {
	a := c.angular()
	divisor := 2.0
	if c.word("form", "half-sum", "mse") == "mse" {
		divisor = float64(a.C)
	}
	a.loss(func(i, y int) float64 {
		var q float64
		for j, cos := range a.cos[i] {
			if j == y {
				cos--
			}
			q += cos * cos
		}
		return q / divisor
	})
}

// focal lowers the weight of what is already right, on plain scores
// z = x·Wᵀ + bias: by the softmax's probability of the label, by each class's
// own sigmoid, or by the batch's mean cross-entropy.
func focal(c *Ctx) {
	h := c.head()
	z := h.dots(c.bias(h.C))
	h.predict(z)
	gamma, alpha := c.Float("gamma"), c.Float("alpha")
	switch c.word("form", "softmax", "sigmoid", "batch-mean") {
	case "softmax":
		h.loss(func(i, y int) float64 { return focused(crossEntropy(z[i], y), gamma) })
	case "sigmoid":
		h.loss(func(i, y int) float64 {
			var others float64
			for j, v := range z[i] {
				if j != y {
					others += focused(sp(v), gamma)
				}
			}
			return alpha*focused(sp(-z[i][y]), gamma) + (1-alpha)*others
		})
	case "batch-mean":
		if c.Reduction() != "mean" {
			failf("form batch-mean has the reduction mean only, not %s", c.Reduction())
		}
		var total float64
		h.eachKept(func(i, y int) { total += crossEntropy(z[i], y) })
		c.outScalar("loss", focused(ratio(total, float64(h.kept)), gamma))
		c.ignored(len(h.y) - h.kept)
	}
}

// focused is (1 − p)^gamma·(−ln p) for a given −ln p.
func focused(nll, gamma float64) float64 { return math.Pow(-math.Expm1(-nll), gamma) * nll }
