package formula

import "math"

// multiSimilarity weighs each pair by its own similarity and by those beside
// it: (1/α)·lse1_{P*}(−α(s_ij − λ)) + (1/β)·lse1_{N*}(β(s_ij − λ)).
func multiSimilarity(c *Ctx) {
	alpha, beta, lambda := c.Float("alpha"), c.Float("beta"), c.Float("lambda")
	mining := c.word("mining", "multi-similarity", "none") == "multi-similarity"
	k := c.kept(-1)
	s := c.pairMetric().similarities(k.x)
	k.anchors(func(i int) (float64, bool) {
		p, n := k.positives(i), k.negatives(i)
		if mining {
			p, n = c.informative(s[i], p, n)
		}
		pull := lse1(each(p, func(j int) float64 { return -alpha * (s[i][j] - lambda) }))
		push := lse1(each(n, func(j int) float64 { return beta * (s[i][j] - lambda) }))
		return pull/alpha + push/beta, len(p)+len(n) > 0
	})
}

// informative are the positives that are less similar than the most similar
// negative and epsilon, and the negatives that are more similar than the least
// similar positive less epsilon; none where one side is empty.
func (c *Ctx) informative(s []float64, p, n []int) (hardP, hardN []int) {
	if len(p) == 0 || len(n) == 0 {
		return nil, nil
	}
	epsilon, most, least := c.Float("epsilon"), math.Inf(-1), math.Inf(1)
	for _, j := range n {
		most = math.Max(most, s[j])
	}
	for _, j := range p {
		least = math.Min(least, s[j])
	}
	for _, j := range p {
		if c.holds(s[j]-epsilon < most) {
			hardP = append(hardP, j)
		}
	}
	for _, j := range n {
		if c.holds(s[j]+epsilon > least) {
			hardN = append(hardN, j)
		}
	}
	return hardP, hardN
}

// circle lets each similarity go at a pace of its own:
// u_ij = −scale·[1 + margin − s_ij]₊·(s_ij − 1 + margin) of positives,
// v_ij = scale·[s_ij + margin]₊·(s_ij − margin) of negatives, the paces [·]₊
// constants of the gradient with detach. A term is sp(lse u + lse v), or
// lse1 u + lse1 v: one per anchor, or one over all pairs of the batch.
func circle(c *Ctx) {
	scale, m := c.Float("scale"), c.Float("margin")
	product := c.word("combine", "product", "sum") == "product"
	pace := c.positive
	if c.Bool("detach") {
		pace = func(z float64) float64 { return c.Const(math.Max(z, 0)) }
	}
	u := func(s float64) float64 { return -scale * pace(1+m-s) * (s - 1 + m) }
	v := func(s float64) float64 { return scale * pace(s+m) * (s - m) }
	term := func(us, vs []float64) (float64, bool) {
		switch {
		case len(us) == 0 || len(vs) == 0:
			return 0, false
		case product:
			return sp(lse(us) + lse(vs)), true
		}
		return lse1(us) + lse1(vs), true
	}

	k := c.kept(-1)
	s := c.cosinesOf(k.x)
	if c.word("over", "anchors", "batch") == "anchors" {
		k.anchors(func(i int) (float64, bool) {
			return term(
				each(k.positives(i), func(j int) float64 { return u(s[i][j]) }),
				each(k.negatives(i), func(j int) float64 { return v(s[i][j]) }),
			)
		})
		return
	}
	var us, vs []float64
	k.positivePairs(func(i, j int) {
		if i < j {
			us = append(us, u(s[i][j]))
		}
	})
	k.negativePairs(func(i, j int) {
		if i < j {
			vs = append(vs, v(s[i][j]))
		}
	})
	one, _ := term(us, vs)
	c.outOne(one)
}

// liftedStructure sets a positive pair against the negatives of both its rows:
// the mean over unordered positive pairs of ½[J_ij]₊²,
// J_ij = ln(Σ_{k∈N(i)} e^{margin − d_ik} + Σ_{l∈N(j)} e^{margin − d_jl}) + d_ij − positive_margin.
// A pair without negatives counts as 0.
func liftedStructure(c *Ctx) {
	margin, positiveMargin := c.Float("margin"), c.Float("positive_margin")
	k := c.kept(-1)
	d := c.pairMetric().all(k.x)
	var terms []float64
	k.positivePairs(func(i, j int) {
		if i > j {
			return
		}
		n := k.negatives(i) // N(j) is N(i): the rows are of one class
		if len(n) == 0 {
			terms = append(terms, 0)
			return
		}
		push := append(
			each(n, func(k int) float64 { return margin - d[i][k] }),
			each(n, func(l int) float64 { return margin - d[j][l] })...,
		)
		J := c.positive(lse(push) + d[i][j] - positiveMargin)
		terms = append(terms, J*J/2)
	})
	c.outOne(mean(terms))
}

// generalizedLiftedStructure sets all positives of an anchor against all its
// negatives: [lse_{P(i)}(d_ij − positive_margin) + lse_{N(i)}(margin − d_ij)]₊.
func generalizedLiftedStructure(c *Ctx) {
	margin, positiveMargin := c.Float("margin"), c.Float("positive_margin")
	k := c.kept(-1)
	d := c.pairMetric().all(k.x)
	k.anchors(func(i int) (float64, bool) {
		p, n := k.positives(i), k.negatives(i)
		if len(p) == 0 || len(n) == 0 {
			return 0, false
		}
		pull := lse(each(p, func(j int) float64 { return d[i][j] - positiveMargin }))
		push := lse(each(n, func(j int) float64 { return margin - d[i][j] }))
		return c.positive(pull + push), true
	})
}

// thresholdConsistentMargin is positive_weight·mean(positive_margin − s) over
// the ordered positive pairs with s ≤ positive_margin, and
// negative_weight·mean(s − negative_margin) over the ordered negative pairs
// with s ≥ negative_margin.
func thresholdConsistentMargin(c *Ctx) {
	positiveMargin, negativeMargin := c.Float("positive_margin"), c.Float("negative_margin")
	k := c.kept(-1)
	s := c.cosinesOf(k.x)
	var far, near []float64
	k.positivePairs(func(i, j int) {
		if c.holds(s[i][j] <= positiveMargin) {
			far = append(far, positiveMargin-s[i][j])
		}
	})
	k.negativePairs(func(i, j int) {
		if c.holds(s[i][j] >= negativeMargin) {
			near = append(near, s[i][j]-negativeMargin)
		}
	})
	c.outOne(c.Float("positive_weight")*mean(far) + c.Float("negative_weight")*mean(near))
}
