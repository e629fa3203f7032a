package formula

import (
	"math"
	"sort"
)

// arcface adds the margin to the target's angle: f = arc(c; margin).
func arcface(c *Ctx) { arcfaceOf(c.angular()) }

// subcenterArcface is arcface before the best of K sub-centres a class; weight
// is [C,K,D] for K = 1 too.
func subcenterArcface(c *Ctx) { arcfaceOf(c.angularOf(3)) }

func arcfaceOf(raw angular) {
	a, m := raw.clipped(), raw.c.Float("margin")
	a.marginLoss(func(i, y int) float64 {
		return a.c.Margin(raw.cos[i][y], a.c.arc(a.cos[i][y], m))
	})
}

// combinedMargin is f = arc(c; m1·θ + m2) − m3; another class's cosine above
// the threshold becomes 0.
func combinedMargin(c *Ctx) {
	raw := c.angular()
	a := raw.clipped()
	m1, m2, m3 := c.Float("m1"), c.Float("m2"), c.Float("m3")
	s, most := c.Float("scale"), c.Float("interclass_filtering_threshold")
	a.crossEntropy(func(i, y int) []float64 {
		cos := a.cos[i][y]
		f := c.Margin(raw.cos[i][y], c.arcAt(cos, m1*angle(cos)+m2, m2)-m3)
		return a.logitsOf(i, y, s, f, func(cos float64) float64 {
			if most > 0 && c.holds(cos > most) {
				return 0
			}
			return cos
		})
	})
}

// x2Softmax is a parabola over the target's angle: f = a(θ − h)² + k.
func x2Softmax(c *Ctx) {
	a := c.angular()
	bend, h, k := c.Float("a"), c.Float("h"), c.Float("k")
	a.marginLoss(func(i, y int) float64 {
		off := angle(a.cos[i][y]) - h
		return c.Margin(a.cos[i][y], bend*off*off+k)
	})
}

// liArcface is linear in the angles: z_j = s(π − 2θ_j)/π, with θ + margin for
// the target.
func liArcface(c *Ctx) {
	a := c.angular()
	s, m := c.Float("scale"), c.Float("margin")
	linear := func(theta float64) float64 { return (math.Pi - 2*theta) / math.Pi }
	a.crossEntropy(func(i, y int) []float64 {
		target := linear(angle(a.cos[i][y]) + m)
		return a.logitsOf(i, y, s, target, func(cos float64) float64 { return linear(angle(cos)) })
	})
}

// elasticface draws the margin of each row: m_i = margin + sigma·noise_i,
// f = arc(c; m_i) or c − m_i.
func elasticface(c *Ctx) {
	kind := c.word("margin_type", "arc", "cos")
	raw := c.angular()
	a := raw
	if kind == "arc" {
		a = raw.clipped()
	}
	m, sigma := c.Float("margin"), c.Float("sigma")
	noise := raw.assigned(c.vector("noise", len(a.x)))
	a.marginLoss(func(i, y int) float64 {
		mi := m + sigma*noise[i]
		if kind == "cos" {
			return c.Margin(a.cos[i][y], a.cos[i][y]-mi)
		}
		return c.Margin(raw.cos[i][y], c.arc(a.cos[i][y], mi))
	})
}

// assigned is the noise of each row: its own (random), or the kept rows' noise
// in ascending order given to them in descending order of the target's cosine
// (sorted), so that the row that is hardest gets the largest margin.
func (a angular) assigned(noise []float64) []float64 {
	if a.c.word("assignment", "random", "sorted") == "random" {
		return noise
	}
	var rows []int
	var draws []float64
	a.eachKept(func(i, y int) {
		rows = append(rows, i)
		draws = append(draws, noise[i])
	})
	sort.Float64s(draws)
	sort.SliceStable(rows, func(p, q int) bool {
		return a.cos[rows[p]][a.y[rows[p]]] > a.cos[rows[q]][a.y[rows[q]]]
	})
	given := make([]float64, len(noise))
	for rank, i := range rows {
		given[a.c.choice(i)] = draws[rank]
	}
	return given
}

// magface makes the margin from the row's length: A = clamp(‖x‖, l_a, u_a),
// m linear in A from l_m to u_m, and a regulariser that likes long rows:
// ℓ = CE(z) + lambda_g(A/u_a² + 1/A).
func magface(c *Ctx) {
	kind := c.word("margin_type", "arc", "cos")
	a := c.angular()
	if kind == "arc" {
		a = a.clipped()
	}
	la, ua, lm, um := c.Float("l_a"), c.Float("u_a"), c.Float("l_m"), c.Float("u_m")
	s, lambda := c.Float("scale"), c.Float("lambda_g")
	a.loss(func(i, y int) float64 {
		A := c.clamp(c.norm(a.x[i]), la, ua)
		m := (um-lm)/(ua-la)*(A-la) + lm
		f := a.cos[i][y] - m
		if kind == "arc" {
			f = c.arc(a.cos[i][y], m)
		}
		return c.ce(a.logits(i, y, s, f), y) + lambda*(A/(ua*ua)+1/A)
	})
}
