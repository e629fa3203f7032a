package formula

import "math"

// curricularface is arcface whose hard others weigh more as training goes on:
// c_j(t + c_j) where c_j > cos(θ + margin), t a mean of the targets' cosines
// that moves with the step itself.
func curricularface(c *Ctx) {
	a := c.angular().clipped()
	t := c.scalar("t")
	if a.kept > 0 {
		var mean float64
		a.eachKept(func(i, y int) { mean += a.cos[i][y] / float64(a.kept) })
		t = c.Const(c.Float("alpha")*mean + (1-c.Float("alpha"))*t)
	}
	c.outScalar("t_next", t)
	s, m := c.Float("scale"), c.Float("margin")
	a.crossEntropy(func(i, y int) []float64 {
		target := a.cos[i][y]
		h := math.Cos(angle(target) + m)
		return a.logitsOf(i, y, s, c.arc(target, m), func(cos float64) float64 {
			if c.holds(cos > h) {
				return cos * (t + cos)
			}
			return cos
		})
	})
}

// mvSoftmax raises the others above the target with its margin h:
// (t + 1)c_j + t (adaptive) or c_j + t (fixed) where c_j > h.
func mvSoftmax(c *Ctx) {
	a := c.angular()
	s, m, t := c.Float("scale"), c.Float("margin"), c.Float("t")
	kind := c.word("margin_type", "cos", "arc")
	weighting := c.word("weighting", "adaptive", "fixed")
	a.crossEntropy(func(i, y int) []float64 {
		target := a.cos[i][y]
		h := target - m
		if kind == "arc" {
			h = math.Cos(angle(target) + m)
		}
		f := h
		if c.Bool("easy_margin") && !c.holds(target > c.Float("easy_threshold")) {
			f = target
		}
		return a.logitsOf(i, y, s, f, func(cos float64) float64 {
			switch hard := c.holds(cos > h); {
			case !hard:
				return cos
			case weighting == "adaptive":
				return (t+1)*cos + t
			}
			return cos + t
		})
	})
}

// npcface raises the hard others to t·c_j + a, and widens the target's margin
// by their mean cosine: m̃ = m0 + m1·mean, a constant of the gradient.
func npcface(c *Ctx) {
	n := c.angular()
	s, m, t, a := c.Float("scale"), c.Float("margin"), c.Float("t"), c.Float("a")
	n.crossEntropy(func(i, y int) []float64 {
		target := n.cos[i][y]
		h := math.Cos(angle(target) + m)
		hard := make([]bool, n.C)
		var total, count float64
		for j, cos := range n.cos[i] {
			hard[j] = j != y && c.holds(cos > h)
			if hard[j] {
				total += cos
				count++
			}
		}
		wide := c.Const(c.Float("m0") + c.Float("m1")*ratio(total, count))
		f := math.Cos(angle(target) + wide)
		if c.Bool("easy_margin") && !c.holds(target > 0) {
			f = target
		}
		z := n.logits(i, y, s, f)
		for j := range z {
			if hard[j] {
				z[j] = s * (t*n.cos[i][j] + a)
			}
		}
		return z
	})
}

// arcnegface is arcface whose others weigh more the nearer they are to the
// target: z_j = s(u_j·c_j + u_j − 1), u_j = alpha·e^{−(c_j − f)²/sigma}, a
// constant of the gradient.
func arcnegface(c *Ctx) {
	a := c.angular().clipped()
	s, m := c.Float("scale"), c.Float("margin")
	alpha, sigma := c.Float("alpha"), c.Float("sigma")
	a.crossEntropy(func(i, y int) []float64 {
		f := c.arc(a.cos[i][y], m)
		return a.logitsOf(i, y, s, f, func(cos float64) float64 {
			u := c.Const(alpha * math.Exp(-(cos-f)*(cos-f)/sigma))
			return u*cos + u - 1
		})
	})
}
