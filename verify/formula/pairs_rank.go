package formula

import "math"

// rankedList pushes positives inside alpha − margin and negatives beyond
// alpha: (1 − lambda)·Σ_{P*} w_ij v_ij + lambda·Σ_{N*} w_ij v_ij with
//
//	P* = {j∈P(i): d_ij > alpha − margin}  v_ij = d_ij − (alpha − margin)
//	N* = {j∈N(i): d_ij < alpha}           v_ij = alpha − d_ij
//
// w the softmax of temperature·v over its side, constant with detach.
func rankedList(c *Ctx) {
	alpha, lambda, detach := c.Float("alpha"), c.Float("lambda"), c.Bool("detach")
	inside := alpha - c.Float("margin")
	side := func(v []float64, temperature float64) float64 {
		w := shares(each(upTo(len(v)), func(j int) float64 { return temperature * v[j] }))
		if detach {
			w = each(upTo(len(w)), func(j int) float64 { return c.Const(w[j]) })
		}
		return dot(w, v)
	}
	k := c.kept(-1)
	d := c.pairMetric("euclidean", "squared-euclidean", "cosine").all(k.x)
	k.anchors(func(i int) (float64, bool) {
		var far, near []float64
		for _, j := range k.positives(i) {
			if c.holds(d[i][j] > inside) {
				far = append(far, d[i][j]-inside)
			}
		}
		for _, j := range k.negatives(i) {
			if c.holds(d[i][j] < alpha) {
				near = append(near, alpha-d[i][j])
			}
		}
		pull := side(far, c.Float("positive_temperature"))
		push := side(near, c.Float("negative_temperature"))
		return (1-lambda)*pull + lambda*push, len(far)+len(near) > 0
	})
}

// ahead is R(j, Q) = Σ_{k∈Q, k≠j} σ((s_ik − s_ij)/temperature), how many of Q
// stand before j, of the similarities s of one anchor.
func (c *Ctx) ahead(s []float64, j int, of []int) float64 {
	var r float64
	for _, k := range of {
		if k != j {
			r += sigma((s[k] - s[j]) / c.Float("temperature"))
		}
	}
	return r
}

// ranked are the rows that an anchor should find first: its positives, and
// with include_query itself.
func (k kept) ranked(i int) []int {
	if k.c.Bool("include_query") {
		return append(k.positives(i), i)
	}
	return k.positives(i)
}

// smoothAP is 1 − AP_i, AP_i = mean_{j∈S} (1 + R(j, S))/(1 + R(j, S) + R(j, N(i))).
func smoothAP(c *Ctx) {
	k := c.kept(-1)
	s := c.pairMetric().similarities(k.x)
	k.anchors(func(i int) (float64, bool) {
		if len(k.positives(i)) == 0 {
			return 0, false
		}
		found, n := k.ranked(i), k.negatives(i)
		return mean(each(found, func(j int) float64 { // 1 less the precision at j
			before := c.ahead(s[i], j, n)
			return before / (1 + c.ahead(s[i], j, found) + before)
		})), true
	})
}

// pnp is mean_{j∈S} f(R_j), R_j = R(j, N(i)) the negatives before j.
func pnp(c *Ctx) {
	f := c.penalty()
	k := c.kept(-1)
	s := c.pairMetric().similarities(k.x)
	k.anchors(func(i int) (float64, bool) {
		if len(k.positives(i)) == 0 {
			return 0, false
		}
		n := k.negatives(i)
		return mean(each(k.ranked(i), func(j int) float64 { return f(c.ahead(s[i], j, n)) })), true
	})
}

// penalty is what R negatives before a positive cost.
func (c *Ctx) penalty() func(R float64) float64 {
	alpha, b := c.Float("alpha"), c.Float("b")
	switch c.word("variant", "dq", "o", "ds", "iu", "ib") {
	case "dq":
		return func(R float64) float64 { return -math.Expm1(-alpha * math.Log1p(R)) } // 1 − (1 + R)^−alpha
	case "ds":
		return math.Log1p
	case "iu":
		return func(R float64) float64 { return (1 + R) * math.Log1p(R) }
	case "ib":
		return func(R float64) float64 { return (b*R - math.Log1p(b*R)) / (b * b) }
	}
	return func(R float64) float64 { return R }
}

// bin is [1 − |z − bΔ|/Δ]₊, the share of z that node b has among nodes at distances
// Δ, of place = z/Δ: on a node that is a whole number, and the shares of the nodes
// beside it are exactly 0.
func (c *Ctx) bin(place float64, b int) float64 { return c.positive(1 - c.abs(place-float64(b))) }

// abs is |z|, with gradient 0 at z = 0.
func (c *Ctx) abs(z float64) float64 {
	below, above := c.holds(z < 0), c.holds(z > 0)
	switch {
	case below:
		return -z
	case above:
		return z
	}
	return 0
}

// fastAP counts the squared distances of unit vectors in bins of Δ = 4/bins:
// 1 − (1/|P(i)|)·Σ_b h⁺_b·H⁺_b/H_b, h⁺_b of P(i), h_b of P(i)∪N(i), H their
// sums up to b.
func fastAP(c *Ctx) {
	bins := int(c.Float("bins"))
	k := c.kept(-1)
	d := metric{c, "squared-euclidean", true}.all(k.x)
	k.anchors(func(i int) (float64, bool) {
		p, n := k.positives(i), k.negatives(i)
		if len(p) == 0 {
			return 0, false
		}
		var sumP, sumAll, precision float64
		for b := range bins + 1 {
			in := func(j int) float64 { return c.bin(d[i][j]*float64(bins)/4, b) }
			hp := sum(each(p, in))
			sumP += hp
			sumAll += hp + sum(each(n, in))
			if c.holds(hp > 0) {
				precision += hp * sumP / sumAll
			}
		}
		return 1 - precision/float64(len(p)), true
	})
}

// histogram is how probable it is that a negative pair is more similar than a
// positive one: Σ_r h⁻_r·Σ_{q≤r} h⁺_q, with h the mean over the unordered pairs
// of their shares in nodes at −1, −1 + Δ, …, 1, Δ = 2/bins.
func histogram(c *Ctx) {
	bins := int(c.Float("bins"))
	k := c.kept(-1)
	s := c.cosinesOf(k.x)
	var positive, negative []float64
	k.positivePairs(func(i, j int) {
		if i < j {
			positive = append(positive, s[i][j])
		}
	})
	k.negativePairs(func(i, j int) {
		if i < j {
			negative = append(negative, s[i][j])
		}
	})
	var reverse, below float64
	for r := range bins + 1 {
		in := func(s []float64) float64 {
			return mean(each(upTo(len(s)), func(j int) float64 { return c.bin((s[j]+1)*float64(bins)/2, r) }))
		}
		below += in(positive)
		reverse += in(negative) * below
	}
	c.outOne(reverse)
}
