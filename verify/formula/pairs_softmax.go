package formula

import "math"

// supcon lets each positive of an anchor compete with all other rows, z = s/τ
// and Z_i = lse_{P(i)∪N(i)} z_ij:
//
//	out  −mean_{j∈P(i)}(z_ij − Z_i)
//	in   Z_i + ln|P(i)| − lse_{P(i)} z_ij
//
// times τ/base_temperature where there is one.
func supcon(c *Ctx) {
	form, tau, factor := c.word("form", "out", "in"), c.Float("temperature"), 1.0
	if base := c.Float("base_temperature"); base > 0 {
		factor = tau / base
	}
	k := c.kept(-1)
	s := c.pairMetric().similarities(k.x)
	k.anchors(func(i int) (float64, bool) {
		p, n := k.positives(i), k.negatives(i)
		if len(p) == 0 {
			return 0, false
		}
		z := func(j int) float64 { return s[i][j] / tau }
		zp, zn := each(p, z), each(n, z)
		if form == "in" {
			return factor * (sp(lse(zn)-lse(zp)) + math.Log(float64(len(p)))), true
		}
		all := append(zp, zn...)
		return factor * mean(each(upTo(len(p)), func(j int) float64 { return crossEntropy(all, j) })), true
	})
}

// nca asks how probable a neighbour of the anchor's class is,
// p_i = Σ_{P(i)} e^{−scale·d_ij} / Σ_{P(i)∪N(i)} e^{−scale·d_ij}: −ln p_i,
// or −ln(epsilon + p_i), or 1 − p_i.
func nca(c *Ctx) {
	objective, epsilon, scale := c.word("objective", "log", "expected"), c.Float("epsilon"), c.Float("scale")
	k := c.kept(-1)
	d := c.pairMetric().all(k.x)
	k.anchors(func(i int) (float64, bool) {
		p := k.positives(i)
		if len(p) == 0 {
			return 0, false
		}
		z := func(j int) float64 { return -scale * d[i][j] }
		odds := lse(each(p, z)) - lse(each(k.negatives(i), z)) // p_i = σ(odds)
		switch {
		case objective == "expected":
			return sigma(-odds), true
		case epsilon > 0:
			return -math.Log(epsilon + sigma(odds)), true
		}
		return sp(-odds), true
	})
}

// nPair lets one positive of each class compete with those of the others:
// mean_i(lse_j z_ij − mean_{j: y_j=y_i} z_ij) + lambda/4·(mean‖a_i‖² + mean‖p_i‖²),
// z_ij = s(a_i, p_j).
func nPair(c *Ctx) {
	var a, p kept
	if c.word("positives", "labels", "views") == "views" {
		a, p = c.keptOf("embeddings_a", -1), c.keptOf("embeddings_b", -1)
	} else {
		a, p = c.kept(-1).firstTwo()
	}
	m := c.pairMetric()
	ua, up := m.rows(a.x), m.rows(p.x)
	var terms, squares []float64
	for i := range ua {
		var own, others []float64
		for j := range up {
			if z := m.near(ua[i], up[j]); p.y[j] == a.y[i] {
				own = append(own, z)
			} else {
				others = append(others, z)
			}
		}
		// lse of all less the mean of the own: beyond the lse of the own, and that.
		terms = append(terms, sp(lse(others)-lse(own))+(lse(own)-mean(own)))
		squares = append(squares, dot(a.x[i], a.x[i])+dot(p.x[i], p.x[i]))
	}
	c.outOne(mean(terms) + c.Float("lambda")/4*mean(squares))
}

// firstTwo are the first and the second row of each class that has two.
func (k kept) firstTwo() (a, p kept) {
	for i, y := range k.y {
		later := k.positives(i)
		if len(later) == 0 || later[0] < i {
			continue
		}
		a.x, a.y = append(a.x, k.x[i]), append(a.y, y)
		p.x, p.y = append(p.x, k.x[later[0]]), append(p.y, y)
	}
	return a, p
}

// ntXent tells an anchor's positive from its negatives, z = s/temperature: of
// two views of each row, or of the classes of a batch.
func ntXent(c *Ctx) {
	switch c.word("positives", "views", "labels") {
	case "views":
		c.ntXentOfViews()
	case "labels":
		c.ntXentOfLabels()
	}
}

// contrast is lse({z} ∪ negatives) − z, or lse(negatives) − z with
// denominator=negatives, 0 where there are none.
func (c *Ctx) contrast(z float64, negatives []float64) float64 {
	if c.word("denominator", "all", "negatives") == "all" {
		return crossEntropy(append([]float64{z}, negatives...), 0)
	}
	if len(negatives) == 0 {
		return 0
	}
	return lse(negatives) - z
}

// ntXentOfViews is the mean of ½(ℓ(a_i) + ℓ(b_i)), or of ℓ(a_i) alone. The
// positive of a_i is b_i, its negatives are the other b_j and with both-views
// the other a_j.
func (c *Ctx) ntXentOfViews() {
	both, symmetric := c.word("candidates", "both-views", "other-view") == "both-views", c.Bool("symmetric")
	m, tau := c.pairMetric(), c.Float("temperature")
	a, b := c.views()
	a, b = m.rows(a), m.rows(b)
	l := func(own, other [][]float64, i int) float64 {
		var negatives []float64
		for j := range own {
			if j != i {
				negatives = append(negatives, m.near(own[i], other[j])/tau)
				if both {
					negatives = append(negatives, m.near(own[i], own[j])/tau)
				}
			}
		}
		return c.contrast(m.near(own[i], other[i])/tau, negatives)
	}
	rows := make([]float64, len(a))
	for i := range rows {
		rows[i] = l(a, b, i)
		if symmetric {
			rows[i] = (rows[i] + l(b, a, i)) / 2
		}
	}
	c.reduce(rows, []float64{float64(len(rows))})
}

// ntXentOfLabels is the mean over the ordered positive pairs whose anchor has
// a negative; the anchor's other positives are in no denominator.
func (c *Ctx) ntXentOfLabels() {
	k, tau := c.kept(-1), c.Float("temperature")
	s := c.pairMetric().similarities(k.x)
	var terms []float64
	k.tuplets(func(i, j int, n []int) {
		z := func(j int) float64 { return s[i][j] / tau }
		terms = append(terms, c.contrast(z(j), each(n, z)))
	})
	c.outOne(mean(terms))
}

// tuplets calls visit for each ordered positive pair (i, j) whose anchor has
// negatives, with these.
func (k kept) tuplets(visit func(i, j int, n []int)) {
	k.positivePairs(func(i, j int) {
		if n := k.negatives(i); len(n) > 0 {
			visit(i, j, n)
		}
	})
}

// angularLoss bounds the angle at the negative of a triangle by alpha,
// t = tan²alpha: the mean over the tuplets of
// lse1_{k∈N(i)}(4t(x_i + x_j)·x_k − 2(1 + t)x_i·x_j).
func angularLoss(c *Ctx) {
	t := math.Pow(math.Tan(c.Float("alpha")*math.Pi/180), 2)
	k := c.kept(-1)
	x := k.x
	if c.Bool("normalize") {
		x = c.units(x)
	}
	var terms []float64
	k.tuplets(func(i, j int, n []int) {
		terms = append(terms, lse1(each(n, func(k int) float64 {
			return 4*t*(dot(x[i], x[k])+dot(x[j], x[k])) - 2*(1+t)*dot(x[i], x[j])
		})))
	})
	c.outOne(mean(terms))
}

// tupletMargin is the mean over the tuplets of
// lse1_{k∈N(i)} scale·(cos θ_ik − cos(θ_ij − margin)).
func tupletMargin(c *Ctx) {
	scale, m := c.Float("scale"), c.Float("margin")
	k := c.kept(-1)
	x := c.units(k.x)
	var terms []float64
	k.tuplets(func(i, j int, n []int) {
		slack := cosine(x[i], x[j])*math.Cos(m) + c.sine(x[i], x[j])*math.Sin(m)
		terms = append(terms, lse1(each(n, func(k int) float64 { return scale * (cosine(x[i], x[k]) - slack) })))
	})
	c.outOne(mean(terms))
}

// sine is √(1 − (a·b)²) of two unit vectors, as ½‖a − b‖·‖a + b‖, which has
// the digits that the cosine has lost near ±1; 1 beside a zero row.
func (c *Ctx) sine(a, b []float64) float64 {
	if c.holds(dot(a, a) == 0 || dot(b, b) == 0) {
		return 1
	}
	sum := make([]float64, len(a))
	for d := range a {
		sum[d] = a[d] + b[d]
	}
	return c.norm(minus(a, b)) * c.norm(sum) / 2
}
