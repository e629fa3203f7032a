package formula

import "math"

// normface is CE of z_j = s·c_j.
func normface(c *Ctx) {
	a := c.angular()
	a.marginLoss(func(i, y int) float64 { return a.cos[i][y] })
}

// cosface takes the margin off the target's cosine: f = c − margin, with
// easy_margin only where c > 0.
func cosface(c *Ctx) {
	a := c.angular()
	m, easy := c.Float("margin"), c.Bool("easy_margin")
	a.marginLoss(func(i, y int) float64 {
		cos := a.cos[i][y]
		if easy && !c.holds(cos > 0) {
			return c.Margin(cos, cos)
		}
		return c.Margin(cos, cos-m)
	})
}

// adamSoftmax has a trained margin per class, f = c − margins[y], and rewards
// large ones: ℓ = CE(z) + lambda·R.
func adamSoftmax(c *Ctx) {
	a := c.angular()
	margins := c.vector("margins", a.C)
	r := -sum(margins) / float64(a.C)
	if c.word("regularizer", "negative-mean", "one-minus-mean") == "one-minus-mean" {
		r++
	}
	s, lambda := c.Float("scale"), c.Float("lambda")
	a.loss(func(i, y int) float64 {
		z := a.logits(i, y, s, a.cos[i][y]-margins[y])
		return c.ce(z, y) + lambda*r
	})
}

// circleSoftmax weighs each cosine by its distance from its optimum, a
// constant of the gradient:
// z_y = s·[1 + m − c]₊(c − (1 − m)), z_j = s·[c_j + m]₊(c_j − m).
func circleSoftmax(c *Ctx) {
	a := c.angular()
	s, m := c.Float("scale"), c.Float("margin")
	a.crossEntropy(func(i, y int) []float64 {
		cos := a.cos[i][y]
		target := c.Const(math.Max(0, 1+m-cos)) * (cos - (1 - m))
		return a.logitsOf(i, y, s, target, func(cos float64) float64 {
			return c.Const(math.Max(0, cos+m)) * (cos - m)
		})
	})
}
