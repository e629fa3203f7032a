package formula

import "math"

// sphereFaceR multiplies angles: the target's by the margin (v0 with ψ, v1 cut
// at π), or the others' by its inverse (v2). Logits are scale·f (hard) or
// ‖x‖·f (none, soft); soft also pulls ‖x‖ to the scale.
func sphereFaceR(c *Ctx) {
	a := c.angular()
	s, weight := c.Float("scale"), c.Float("loss_weight")
	normalization := c.word("feature_normalization", "hard", "none", "soft")
	a.loss(func(i, y int) float64 {
		r := s
		if normalization != "hard" {
			r = c.norm(a.x[i])
		}
		z := make([]float64, a.C)
		for j, cos := range a.cos[i] {
			z[j] = r * c.Margin(cos, c.multiplied(cos, j == y))
		}
		term := weight * c.ce(z, y)
		if normalization == "soft" {
			term += c.Float("soft_weight") * c.distance(r, s)
		}
		return term
	})
}

// multiplied is f of one cosine, the target's or another's.
func (c *Ctx) multiplied(cos float64, target bool) float64 {
	m := c.Float("margin")
	switch version := c.word("version", "v2", "v1", "v0"); {
	case version == "v0" && target:
		return c.psi(cos, m)
	case version == "v1" && target:
		return math.Cos(c.clamp(m*angle(cos), 0, math.Pi))
	case version == "v2" && !target:
		return math.Cos(angle(cos) / m)
	}
	return cos
}

// distance is |a − b|, with gradient 0 where they are equal.
func (c *Ctx) distance(a, b float64) float64 { return c.positive(a-b) + c.positive(b-a) }

// sphereFace2 is one binary decision a class:
// ℓ = loss_weight/scale·(lambda·sp(−z_y) + (1 − lambda)·Σ_others sp(z_j)),
// z = scale·f + bias.
func sphereFace2(c *Ctx) {
	a := c.angular()
	s, lambda := c.Float("scale"), c.Float("lambda")
	bias := c.vector("bias", 1)[0]
	a.loss(func(i, y int) float64 {
		var own, others float64
		for j, cos := range a.cos[i] {
			z := s*c.Margin(cos, c.adjusted(cos, j == y)) + bias
			if j == y {
				own = sp(-z)
			} else {
				others += sp(z)
			}
		}
		return c.Float("loss_weight") / s * (lambda*own + (1-lambda)*others)
	})
}

// adjusted is f of one cosine, the target's or another's: the similarity
// g with the margin on the cosine of both kinds, or on the target's angle.
func (c *Ctx) adjusted(cos float64, target bool) float64 {
	g := func(cos float64) float64 {
		return 2*math.Pow((c.clamp(cos, -1, 1)+1)/2, c.Float("t")) - 1
	}
	m := c.Float("margin")
	switch kind := c.word("margin_type", "cos", "arc", "mul"); {
	case kind == "cos" && target:
		return g(cos) - m
	case kind == "cos":
		return g(cos) + m
	case kind == "arc" && target:
		return g(math.Cos(c.clamp(angle(cos)+m, 0, math.Pi)))
	case target:
		return g(math.Cos(c.clamp(m*angle(cos), 0, math.Pi)))
	}
	return g(cos)
}
