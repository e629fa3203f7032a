package formula

import "math"

// proxies are the rows of the input proxies, as wide as the embeddings.
func (c *Ctx) proxies() [][]float64 {
	p := c.matrix("proxies")
	if d, e := width(c.In("embeddings")), width(c.In("proxies")); d != e {
		failf("embeddings have %d columns and proxies %d", d, e)
	}
	return p
}

// proxyNCA is scale·d(x_i, p_y) + lse_j(−scale·d(x_i, p_j)), j over the proxies
// of the other classes (which may make it negative) or over all.
func proxyNCA(c *Ctx) {
	scale, all := c.Float("scale"), c.word("denominator", "negatives", "all") == "all"
	m, p := c.pairMetric(), c.proxies()
	k := c.kept(len(p))
	x, p := m.rows(k.x), m.rows(p)
	rows := make([]float64, k.n)
	for i, y := range k.y {
		z := each(upTo(len(p)), func(j int) float64 { return -scale * m.between(x[i], p[j]) })
		others := append(append([]float64{}, z[:y]...), z[y+1:]...)
		switch {
		case all:
			rows[k.at[i]] = crossEntropy(z, y)
		case len(others) > 0:
			rows[k.at[i]] = lse(others) - z[y]
		}
	}
	c.reduce(rows, []float64{float64(len(k.x))})
}

// proxyAnchor makes the proxies the anchors, s_ic the cosine of row i and
// proxy c: (1/|P⁺|)·Σ_{c∈P⁺} lse1_{i: y_i=c}(−scale(s_ic − margin)) +
// (1/P)·Σ_c lse1_{i: y_i≠c}(scale(s_ic + margin)), P⁺ the proxies with a row.
func proxyAnchor(c *Ctx) {
	scale, m := c.Float("scale"), c.Float("margin")
	p := c.units(c.proxies())
	k := c.kept(len(p))
	x := c.units(k.x)
	var pull, push []float64
	for class := range p {
		var own, others []float64
		for i, y := range k.y {
			s := cosine(x[i], p[class])
			if y == class {
				own = append(own, -scale*(s-m))
			} else {
				others = append(others, scale*(s+m))
			}
		}
		if len(own) > 0 {
			pull = append(pull, lse1(own))
		}
		push = append(push, lse1(others))
	}
	c.outOne(mean(pull) + mean(push))
}

// softTriple has K centres a class and lets them share a row softly,
// S_ic = Σ_k softmax_k(c_ick/gamma)·c_ick: the cross-entropy of
// scale·(S_ic − margin·[c = y_i]), and tau times how far the centres of a class
// are apart.
func softTriple(c *Ctx) {
	w := c.float("weight", 3)
	C, K := w.Shape[0], w.Shape[1]
	if K < 1 || width(w) != width(c.In("embeddings")) {
		failf("weight is %s beside embeddings %s", w, c.In("embeddings"))
	}
	scale, gamma := c.Float("scale"), c.Float("gamma")
	centers := c.units(slices(w, C*K))
	k := c.kept(C)
	x := c.units(k.x)
	var terms []float64
	for i, y := range k.y {
		z := make([]float64, C)
		for class := range z {
			of := each(upTo(K), func(k int) float64 { return cosine(x[i], centers[class*K+k]) })
			share := shares(each(upTo(K), func(k int) float64 { return of[k] / gamma }))
			z[class] = scale * dot(share, of)
		}
		z[y] -= scale * c.Float("margin")
		terms = append(terms, crossEntropy(z, y))
	}
	c.outOne(mean(terms) + c.Float("tau")*c.spread(centers, C, K))
}

// spread is Σ_c Σ_{s<t} √(‖ŵ_cs − ŵ_ct‖² + epsilon)/(C·K·(K−1)) of K centres a
// class, 0 of one.
func (c *Ctx) spread(centers [][]float64, C, K int) float64 {
	var apart float64
	for class := range C {
		for s := range K {
			for t := s + 1; t < K; t++ {
				away := minus(centers[class*K+s], centers[class*K+t])
				apart += c.root(dot(away, away) + c.Float("epsilon"))
			}
		}
	}
	return ratio(apart, float64(C*K*(K-1)))
}

// root is √z, with gradient 0 at z = 0.
func (c *Ctx) root(z float64) float64 {
	if c.holds(z == 0) {
		return 0
	}
	return math.Sqrt(z)
}

// shares are the softmax of v.
func shares(v []float64) []float64 {
	all := lse(v)
	p := make([]float64, len(v))
	for j := range v {
		p[j] = math.Exp(v[j] - all)
	}
	return p
}

// instance takes each row for a class: in both views of a shared classifier,
// CE(scale·a_i·Wᵀ, y_i) + CE(scale·b_i·Wᵀ, y_i), or among the rows of the batch,
// lse_j(scale·cos_ij) − scale·cos_ii.
func instance(c *Ctx) {
	scale := c.Float("scale")
	if c.word("form", "shared-classifier", "batch") == "batch" {
		cos := c.cosinesOf(c.matrix("embeddings"))
		rows := each(upTo(len(cos)), func(i int) float64 {
			return crossEntropy(each(upTo(len(cos)), func(j int) float64 { return scale * cos[i][j] }), i)
		})
		c.reduce(rows, []float64{float64(len(rows))})
		return
	}
	w := c.matrix("weight")
	a, b := c.keptOf("embeddings_a", len(w)), c.keptOf("embeddings_b", len(w))
	if width(c.In("embeddings_a")) != width(c.In("weight")) || width(c.In("embeddings_b")) != width(c.In("weight")) {
		failf("embeddings_a and embeddings_b are %s and %s, weight %s", c.In("embeddings_a"), c.In("embeddings_b"), c.In("weight"))
	}
	if c.Bool("normalize") {
		a.x, b.x, w = c.units(a.x), c.units(b.x), c.units(w)
	}
	rows := make([]float64, a.n)
	for i, y := range a.y {
		ce := func(x []float64) float64 {
			return crossEntropy(each(upTo(len(w)), func(j int) float64 { return scale * dot(x, w[j]) }), y)
		}
		rows[a.at[i]] = ce(a.x[i]) + ce(b.x[i])
	}
	c.reduce(rows, []float64{float64(len(a.x))})
}
