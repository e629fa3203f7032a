package formula

import (
	"math"
	"sort"
)

// intraPairVariance pulls each pair towards the mean of its kind. Of
// similarities s it is mean_pos [(1 − ε⁺)μ⁺ − s_ij]₊² + mean_neg [s_ij − (1 + ε⁻)μ⁻]₊²,
// of distances d mean_pos [d_ij − (1 + ε⁺)μ⁺]₊² + mean_neg [(1 − ε⁻)μ⁻ − d_ij]₊².
func intraPairVariance(c *Ctx) {
	m := c.pairMetric()
	k := c.kept(-1)
	s, near := m.similarities(k.x), 1.0 // which way is near
	if m.kind == "euclidean" || m.kind == "squared-euclidean" {
		s, near = m.all(k.x), -1
	}
	var positive, negative []float64
	k.positivePairs(func(i, j int) { positive = append(positive, s[i][j]) })
	k.negativePairs(func(i, j int) { negative = append(negative, s[i][j]) })
	c.outOne(c.beside(positive, -near, c.Float("positive_epsilon")) + c.beside(negative, near, c.Float("negative_epsilon")))
}

// beside is mean [way·(v − (1 + way·epsilon)·μ)]₊², μ the mean of v, constant
// with detach.
func (c *Ctx) beside(v []float64, way, epsilon float64) float64 {
	mu := mean(v)
	if c.Bool("detach") {
		mu = c.Const(mu)
	}
	return mean(each(upTo(len(v)), func(j int) float64 {
		u := c.positive(way * (v[j] - (1+way*epsilon)*mu))
		return u * u
	}))
}

// snrContrastive measures the noise x_i − x_j against the signal x_i,
// d_ij = var(x_i − x_j)/var(x_i): the mean over ordered positive pairs of
// [d_ij − positive_margin]₊, that over ordered negative ones of [margin − d_ij]₊,
// and lambda·mean_i |Σ_d x_id|.
func snrContrastive(c *Ctx) {
	margin, positiveMargin := c.Float("margin"), c.Float("positive_margin")
	all := c.word("average", "nonzero", "all") == "all"
	k := c.kept(-1)
	x := k.x
	if c.Bool("normalize") {
		x = c.units(x)
	}
	d := func(i, j int) float64 {
		signal := variance(x[i])
		if c.holds(signal == 0) {
			return 0
		}
		return variance(minus(x[i], x[j])) / signal
	}
	var far, near []float64
	add := func(terms *[]float64, z float64) {
		if t := c.positive(z); all || c.holds(t > 0) {
			*terms = append(*terms, t)
		}
	}
	k.positivePairs(func(i, j int) { add(&far, d(i, j)-positiveMargin) })
	k.negativePairs(func(i, j int) { add(&near, margin-d(i, j)) })
	off := mean(each(upTo(len(k.x)), func(i int) float64 { return c.abs(sum(k.x[i])) }))
	c.outOne(mean(far) + mean(near) + c.Float("lambda")*off)
}

// variance is the mean square of v about its mean: 0, and not nearly so, where
// all are equal.
func variance(v []float64) float64 {
	u := centered(v)
	return ratio(dot(u, u), float64(len(u)))
}

// centered is v less its mean, which is taken from the first element on.
func centered(v []float64) []float64 {
	u := each(upTo(len(v)), func(j int) float64 { return v[j] - v[0] })
	mid := mean(u)
	for j := range u {
		u[j] -= mid
	}
	return u
}

// marginLoss has a boundary β_i between positives and negatives,
// f(i,j) = [d_ij − β_i + margin]₊ and g(i,k) = [β_i − d_ik + margin]₊: their sum
// over the triplets (or over the pairs), and with learn_beta nu·β_i for each,
// by how many of the f and g are above 0.
func marginLoss(c *Ctx) {
	m, learn := c.Float("margin"), c.Bool("learn_beta")
	k, beta := c.boundaries(learn)
	d := c.pairMetric("euclidean", "squared-euclidean").all(k.x)
	var total, above, price float64
	add := func(z float64) {
		t := c.positive(z)
		total += t
		if c.holds(t > 0) {
			above++
		}
	}
	f := func(i, j int) { add(d[i][j] - (beta(i) - m)) }
	g := func(i, j int) { add(beta(i) + m - d[i][j]) }
	pay := func(i int) {
		if learn {
			price += c.Float("nu") * beta(i)
		}
	}

	weighted := c.word("mining", "none", "distance-weighted") == "distance-weighted"
	if c.word("over", "triplets", "pairs") == "pairs" {
		if weighted {
			failf("mining distance-weighted goes with over=triplets")
		}
		k.positivePairs(func(i, j int) { f(i, j); pay(i) })
		k.negativePairs(func(i, j int) { g(i, j); pay(i) })
	} else {
		k.tuplets(func(i, j int, n []int) {
			if weighted {
				n = k.drawn(i, j, n, d[i])
			}
			for _, l := range n {
				f(i, j)
				g(i, l)
				pay(i)
			}
		})
	}
	c.outOne(ratio(total+price, above))
}

// boundaries are the kept rows and the β_i of each: beta, or beta[y_i] where
// it is learned.
func (c *Ctx) boundaries(learn bool) (kept, func(i int) float64) {
	if !learn {
		return c.kept(-1), func(i int) float64 { return c.Float("beta") }
	}
	beta := c.float("beta", 1).F
	k := c.kept(len(beta))
	return k, func(i int) float64 { return beta[k.y[i]] }
}

// drawn is the negative k that noise_ij draws for the pair (i, j) by the
// weights w_k, the inverse of how often a distance occurs on the sphere: the
// first with w_1 + … + w_k > noise_ij·Σw, the last with w_k > 0 if there is
// none, and nothing if all w are 0.
// ln w_k = (2 − D)·ln t_k − (D − 3)/2·ln(1 − t_k²/4), t_k = max(d_ik, cutoff).
func (k kept) drawn(i, j int, n []int, d []float64) []int {
	c := k.c
	D, noise := float64(len(k.x[i])), c.float("noise", 2)
	if noise.Shape[0] != k.n || noise.Shape[1] != k.n {
		failf("input \"noise\" is %s, want float[%d,%d]", noise, k.n, k.n)
	}
	w := each(n, func(l int) float64 {
		if d[l] >= c.Float("nonzero_loss_cutoff") {
			return math.Inf(-1)
		}
		t := math.Max(d[l], c.Float("cutoff"))
		return (2-D)*math.Log(t) - (D-3)/2*math.Log(1-t*t/4)
	})
	top := w[argmax(w)]
	if c.holds(math.IsInf(top, -1)) {
		return nil
	}
	for l := range w {
		w[l] = math.Exp(w[l] - top) // large D: only their ratios count
	}
	chosen, soFar := 0, 0.0
	for l := range w {
		if w[l] > 0 {
			chosen = l
		}
		if soFar += w[l]; soFar > noise.F[k.at[i]*k.n+k.at[j]]*sum(w) {
			break
		}
	}
	return []int{n[c.choice(chosen)]}
}

// simple is the loss of pairs without a proxy or a norm, of
// g_ij = x_i·x_j − b_theta‖x_i‖‖x_j‖ over the ordered pairs of the batch, or of
// the batch with a bank: loss_weight·(lambda·mean_pos sp(−(g − margin + b)/r) +
// (1 − lambda)·mean_neg sp((g + margin + b)·r)).
func simple(c *Ctx) {
	k, b := c.kept(-1), c.scalar("bias")
	others, bank := k, c.Bool("bank")
	if bank {
		others = c.bank()
	}
	m, r, lambda := c.Float("margin"), c.Float("r"), c.Float("lambda")
	var pull, push []float64
	for i, x := range k.x {
		for j, z := range others.x {
			if !bank && i == j {
				continue
			}
			g := dot(x, z) - c.Float("b_theta")*c.norm(x)*c.norm(z)
			if k.y[i] == others.y[j] {
				pull = append(pull, sp(-(g-m+b)/r))
			} else {
				push = append(push, sp((g+m+b)*r))
			}
		}
	}
	c.outOne(c.Float("loss_weight") * (lambda*mean(pull) + (1-lambda)*mean(push)))
}

// bank are the rows of the input bank whose label in bank_labels is not below
// 0.
func (c *Ctx) bank() kept {
	rows := c.matrix("bank")
	var k kept
	for j, y := range c.labels("bank_labels", len(rows), -1) {
		if y >= 0 {
			k.x, k.y = append(k.x, rows[j]), append(k.y, y)
		}
	}
	return k
}

// rangeLoss is alpha·Σ_classes n/Σ(1/d) over the n = min(k, pairs) largest
// distances within the class, and beta·[margin − D]₊, D the least distance
// between the means of two classes.
func rangeLoss(c *Ctx) {
	m := c.pairMetric("euclidean", "squared-euclidean")
	k := c.kept(-1)
	x := m.rows(k.x)
	var within float64
	var means [][]float64
	for i := range x {
		class := append([]int{i}, k.positives(i)...)
		if len(class) > 1 && class[1] < i {
			continue // the class was met before
		}
		within += c.harmonic(m, x, class)
		means = append(means, middle(x, class))
	}
	var between []float64
	for i := range means {
		for j := i + 1; j < len(means); j++ {
			between = append(between, m.between(means[i], means[j]))
		}
	}
	var apart float64
	if len(between) > 0 {
		least := c.choice(argmin(between))
		apart = c.positive(c.Float("margin") - between[least])
	}
	c.outOne(c.Float("alpha")*within + c.Float("beta")*apart)
}

// harmonic is the harmonic mean of the k largest distances between the rows of
// a class, 0 where one of these is 0.
func (c *Ctx) harmonic(m metric, x [][]float64, class []int) float64 {
	var d []float64
	for a, i := range class {
		for _, j := range class[a+1:] {
			d = append(d, m.between(x[i], x[j]))
		}
	}
	order := upTo(len(d))
	sort.SliceStable(order, func(a, b int) bool { return d[order[a]] > d[order[b]] })
	order = order[:min(int(c.Float("k")), len(d))]
	var inverse float64
	for _, p := range order {
		of := d[c.choice(p)]
		if c.holds(of == 0) {
			return 0
		}
		inverse += 1 / of
	}
	return ratio(float64(len(order)), inverse)
}

// middle is the mean of the rows of a class.
func middle(x [][]float64, class []int) []float64 {
	mid := make([]float64, len(x[class[0]]))
	for d := range mid {
		mid[d] = mean(each(class, func(i int) float64 { return x[i][d] }))
	}
	return mid
}

// ring wants all rows on a sphere of radius R, u_i = ‖x_i‖ − R:
//
//	l2         lambda·u_i²/2
//	smooth-l1  lambda·(u_i²/2 if |u_i| < 1, else |u_i| − ½)
//	auto       lambda·(u_i/max(m, 0.5))²/2, m the mean norm, a constant
func ring(c *Ctx) {
	lambda, mode, R := c.Float("lambda"), c.word("mode", "l2", "smooth-l1", "auto"), c.scalar("radius")
	x := c.matrix("embeddings")
	norms := each(upTo(len(x)), func(i int) float64 { return c.norm(x[i]) })
	unit := 1.0
	if mode == "auto" {
		unit = c.Const(math.Max(mean(norms), 0.5))
	}
	rows := each(upTo(len(x)), func(i int) float64 {
		u := (norms[i] - R) / unit
		if mode == "smooth-l1" && !c.holds(math.Abs(u) < 1) {
			return lambda * (c.abs(u) - 0.5)
		}
		return lambda * u * u / 2
	})
	c.reduce(rows, []float64{float64(len(rows))})
}
