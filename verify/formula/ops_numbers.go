package formula

import "math"

// noNumbers is for a body that is given none.
func noNumbers(*Ctx) map[string]Attribute { return nil }

func marginNumber(c *Ctx) map[string]Attribute {
	return map[string]Attribute{"m": must(c.Float("margin"), true)}
}

// also is the attributes with one more.
func also(all map[string]Attribute, name string, a Attribute) map[string]Attribute {
	all[name] = a
	return all
}

// most is the largest cosine that beyond=clip leaves.
func (c *Ctx) most() map[string]Attribute {
	all := map[string]Attribute{}
	if c.Text("beyond") == "clip" {
		all["most"] = must(1-c.Float("epsilon"), true)
	}
	return all
}

// slope is how fast magface's margin grows with the length.
func (c *Ctx) slope() float64 {
	return (c.Float("u_m") - c.Float("l_m")) / (c.Float("u_a") - c.Float("l_a"))
}

// turning is the cosine of the angle that a margin m brings to π; 2, which no
// cosine is, where there is none.
func turning(m float64) float64 {
	if m > math.Pi {
		return 2
	}
	return math.Cos(math.Pi - m)
}

// multiple is how an angle times the margin, held to π, is found: by the angle,
// or for a whole margin from the cosine, down to that of π over the margin.
func (c *Ctx) multiple() map[string]Attribute {
	m := c.Float("margin")
	whole := m == math.Floor(m) && m <= 8
	return map[string]Attribute{"limit": must(math.Cos(math.Pi/m), whole), "factor": must(m, !whole)}
}

func arcNumbers(c *Ctx) map[string]Attribute {
	m, beyond := c.Float("margin"), c.Text("beyond")
	all := also(also(c.most(), "cos_margin", must(math.Cos(m), true)), "sin_margin", must(math.Sin(m), true))
	switch beyond {
	case "clip":
		eps := c.Float("epsilon")
		return also(also(all, "limit", must(turning(m+eps), true)), "floor", must(math.Cos(math.Pi-eps), true))
	case "linear":
		all["drop"] = must(m*math.Sin(m), true)
	case "none":
		return all
	}
	return also(all, "limit", must(turning(m), true))
}

func combinedNumbers(c *Ctx) map[string]Attribute {
	m1, m2, beyond := c.Float("m1"), c.Float("m2"), c.Text("beyond")
	sums, angles := m1 == 1 && beyond != "clip", m1 != 1 || beyond != "none"
	all := also(also(c.most(), "cos_m2", must(math.Cos(m2), sums)), "sin_m2", must(math.Sin(m2), sums))
	all = also(also(all, "factor", must(m1, angles)), "shift", must(m2, angles))
	all = also(all, "minus", must(c.Float("m3"), true))
	return also(all, "drop", must(m2*math.Sin(m2), beyond == "linear"))
}

func sphereFace2Numbers(c *Ctx) map[string]Attribute {
	m := c.Float("margin")
	switch c.Text("margin_type") {
	case "cos":
		return marginNumber(c)
	case "mul":
		return c.multiple()
	}
	return map[string]Attribute{"cos_margin": must(math.Cos(m), true), "sin_margin": must(math.Sin(m), true), "limit": must(turning(m), true)}
}

func curricularNumbers(c *Ctx) map[string]Attribute {
	return map[string]Attribute{"per_scale": must(1/c.Float("scale"), true)}
}

func mvNumbers(c *Ctx) map[string]Attribute {
	t := c.Float("t")
	return map[string]Attribute{"raise": must(t*c.Float("scale"), true), "weight": must(t, c.Text("weighting") == "adaptive")}
}

func npcNumbers(c *Ctx) map[string]Attribute {
	return map[string]Attribute{"weight": must(c.Float("t")-1, true), "raise": must(c.Float("scale")*c.Float("a"), true)}
}

func arcNegNumbers(c *Ctx) map[string]Attribute {
	s := c.Float("scale")
	return map[string]Attribute{"s": must(s, true), "fall": must(-1/(c.Float("sigma")*s*s), true), "weight": must(c.Float("alpha"), true)}
}

func circleNumbers(c *Ctx) map[string]Attribute {
	return map[string]Attribute{"m": must(c.Float("margin"), true), "s": must(c.Float("scale"), true)}
}
