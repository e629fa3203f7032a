package formula

import (
	"math"

	"losscc/verify/tensor"
)

// views are the rows of embeddings_a and of embeddings_b, two views each of
// one thing.
func (c *Ctx) views() (a, b [][]float64) {
	a, b = c.matrix("embeddings_a"), c.matrix("embeddings_b")
	if len(a) != len(b) || width(c.In("embeddings_a")) != width(c.In("embeddings_b")) {
		failf("embeddings_a is %s and embeddings_b %s", c.In("embeddings_a"), c.In("embeddings_b"))
	}
	return a, b
}

// columns are the D columns of rows.
func columns(x [][]float64, D int) [][]float64 {
	z := table2(D, len(x))
	for i := range x {
		for d := range z {
			z[d][i] = x[i][d]
		}
	}
	return z
}

// vicreg is lambda·mean(a − b)² + mu·½(v(a) + v(b)) + nu·(c(a) + c(b)).
func vicreg(c *Ctx) {
	c.word("variance", "unbiased", "population")
	a, b := c.views()
	if len(a) == 0 {
		c.outOne(0)
		return
	}
	var apart []float64
	for i := range a {
		for _, v := range minus(a[i], b[i]) {
			apart = append(apart, v*v)
		}
	}
	D := width(c.In("embeddings_a"))
	za, zb := columns(a, D), columns(b, D)
	c.outOne(c.Float("lambda")*mean(apart) + c.Float("mu")/2*(c.flatness(za)+c.flatness(zb)) +
		c.Float("nu")*(covariance(za)+covariance(zb)))
}

// flatness is v(z) = mean_d [gamma − √(var_d z + epsilon)]₊ of columns, the
// variance over N, or over N − 1, which 1 replaces for N = 1.
func (c *Ctx) flatness(z [][]float64) float64 {
	return mean(each(upTo(len(z)), func(d int) float64 {
		u, n := centered(z[d]), float64(len(z[d]))
		if c.Text("variance") == "unbiased" {
			n = math.Max(n-1, 1)
		}
		return c.positive(c.Float("gamma") - c.root(dot(u, u)/n+c.Float("epsilon")))
	}))
}

// covariance is c(z) = (1/D)·Σ_{d≠e} cov_de² of columns, cov over N − 1, which 1
// replaces for N = 1.
func covariance(z [][]float64) float64 {
	off := make([][]float64, len(z))
	for d := range z {
		off[d] = centered(z[d])
	}
	var square float64
	for d := range z {
		for e := range d { // cov_de and cov_ed
			cov := dot(off[d], off[e]) / math.Max(float64(len(z[d]))-1, 1)
			square += 2 * cov * cov
		}
	}
	return square / float64(len(z))
}

// barlowTwins wants the correlations C = z̃_aᵀz̃_b/N of the columns to be the
// unit matrix: Σ_d (1 − C_dd)² + lambda·Σ_{d≠e} C_de².
func barlowTwins(c *Ctx) {
	c.word("variance", "population", "unbiased")
	a, b := c.views()
	if len(a) == 0 {
		c.outOne(0)
		return
	}
	D := width(c.In("embeddings_a"))
	za, zb := c.standard(columns(a, D)), c.standard(columns(b, D))
	var on, off float64
	for d := range za {
		for e := range zb {
			C := dot(za[d], zb[e]) / float64(len(a))
			if d == e {
				on += (1 - C) * (1 - C)
			} else {
				off += C * C
			}
		}
	}
	c.outOne(on + c.Float("lambda")*off)
}

// standard are the columns z̃ = (z − mean z)/√(var z + epsilon), 0 where the
// root is 0; the variance over N, or over N − 1.
func (c *Ctx) standard(z [][]float64) [][]float64 {
	s := table2(len(z), len(z[0]))
	for d := range z {
		u, n := centered(z[d]), float64(len(z[d]))
		if c.Text("variance") == "unbiased" {
			n--
		}
		root := c.root(ratio(dot(u, u), n) + c.Float("epsilon"))
		for i := range u {
			s[d][i] = ratio(u[i], root)
		}
	}
	return s
}

// dynamicSoftMargin weighs v, by how much a positive is farther than a negative,
// by how many of the v seen so far are no larger: the mean of weight·v,
// weight = Σ_{b≤l} new_b, new the histogram that the batch has moved and l the
// bin of v in it; constant with detach.
func dynamicSoftMargin(c *Ctx) {
	var v []float64
	views := c.word("positives", "views", "labels") == "views"
	if views {
		v = c.gapsOfViews()
	} else {
		v = c.gapsOfLabels()
	}
	next, bin := c.moveHistogram(v)
	c.Out("histogram_next", tensor.Floats(next, len(next)))
	terms := each(upTo(len(v)), func(t int) float64 {
		weight := sum(next[:bin[t]+1])
		if c.Bool("detach") {
			weight = c.Const(weight)
		}
		return weight * v[t]
	})
	if !views {
		c.outOne(mean(terms))
		return
	}
	rows := make([]float64, len(c.matrix("embeddings_a")))
	copy(rows, terms)
	c.reduce(rows, []float64{float64(len(rows))})
}

// gapsOfViews are v_i = d(a_i, b_i) − min(min_{j≠i} d(a_i, b_j), min_{j≠i} d(a_j, b_i)),
// none where there is no other row.
func (c *Ctx) gapsOfViews() []float64 {
	m := metric{c, "euclidean", true}
	a, b := c.views()
	a, b = m.rows(a), m.rows(b)
	var v []float64
	for i := range a {
		var others []float64
		for j := range a {
			if j != i {
				others = append(others, m.between(a[i], b[j]), m.between(a[j], b[i]))
			}
		}
		if len(others) > 0 {
			nearest := c.choice(argmin(others))
			v = append(v, m.between(a[i], b[i])-others[nearest])
		}
	}
	return v
}

// gapsOfLabels are v = d_ij − d_ik of all i, j∈P(i), k∈N(i).
func (c *Ctx) gapsOfLabels() []float64 {
	k := c.kept(-1)
	d := metric{c, "euclidean", true}.all(k.x)
	var v []float64
	k.tuplets(func(i, j int, n []int) {
		v = append(v, each(n, func(k int) float64 { return d[i][j] - d[i][k] })...)
	})
	return v
}

// moveHistogram is (1 − momentum)·histogram/Σhistogram + momentum·h, or h where
// the histogram is still empty, and the bin of each v. Of w = 4/(B − 1) and
// q = clip((v + 2)/w, 0, B − 1), each of n values adds (1 − f)/n to h at l = ⌊q⌋
// and f/n at min(l + 1, B − 1), f = q − l. Without a v the histogram stays.
func (c *Ctx) moveHistogram(v []float64) (next []float64, bin []int) {
	old := c.float("histogram", 1).F
	next, bin = make([]float64, len(old)), make([]int, len(v))
	if len(v) == 0 {
		copy(next, old)
		return next, bin
	}
	h, last := make([]float64, len(old)), len(old)-1
	w := 4 / float64(last)
	for t := range v {
		q := c.clamp((v[t]+2)/w, 0, float64(last))
		bin[t] = max(0, c.choice(int(math.Floor(q)))) // NaN has a bin, and reaches all that it is added to
		f := q - float64(bin[t])
		h[bin[t]] += (1 - f) / float64(len(v))
		h[min(bin[t]+1, last)] += f / float64(len(v))
	}
	momentum, seen := c.Float("momentum"), sum(old)
	for b := range next {
		next[b] = h[b]
		if seen != 0 {
			next[b] = (1-momentum)*old[b]/seen + momentum*h[b]
		}
	}
	return next, bin
}
