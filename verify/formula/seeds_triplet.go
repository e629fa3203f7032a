package formula

import "losscc/verify/tensor"

// triplet is h(d_ap − d_an + margin) over triplets of an anchor, a positive of
// its class and a negative of another.
func triplet(c *Ctx) {
	mining, swap := c.Text("mining"), c.Bool("swap")
	if swap && (mining == "batch-hard" || mining == "semi-hard") {
		failf("swap goes with mining none, indices and batch-all…, not %s", mining)
	}
	switch mining {
	case "none":
		c.givenTriplets()
		return
	case "indices":
		c.reduceTriplets(c.indexedTriplets())
		return
	}
	x := c.matrix("embeddings")
	b := batch{c: c, y: c.labels("labels", len(x), -1), d: c.metric().all(x)}
	c.ignored(len(x) - count(b.y))
	switch mining {
	case "batch-all":
		c.reduceTriplets(b.all(func(ap, an float64) bool { return true }))
	case "batch-all-hard":
		c.reduceTriplets(b.all(func(ap, an float64) bool { return an <= ap }))
	case "batch-all-semi-hard":
		c.reduceTriplets(b.all(func(ap, an float64) bool { return ap < an && an <= ap+c.Float("margin") }))
	case "batch-hard":
		c.reduceTriplets(b.hard())
	case "semi-hard":
		c.reduceTriplets(b.semiHard())
	default:
		failf("mining %q is none of none, indices, batch-all, batch-hard, semi-hard, batch-all-hard, batch-all-semi-hard", mining)
	}
}

// hinge is the term of a triplet with the distances d_ap and d_an.
func (c *Ctx) hinge(ap, an float64) float64 {
	z := ap - an + c.Float("margin")
	if c.word("hinge", "relu", "softplus") == "softplus" {
		return sp(z)
	}
	return c.positive(z)
}

// negative is d_an, or with swap the smaller one of d_an and d_pn.
func (c *Ctx) negative(an, pn float64) float64 {
	if c.Bool("swap") && c.holds(pn < an) {
		return pn
	}
	return an
}

// givenTriplets gives the loss of the rows of anchor, positive and negative.
func (c *Ctx) givenTriplets() {
	m := c.metric()
	a, p, n := c.matrix("anchor"), c.matrix("positive"), c.matrix("negative")
	if len(a) != len(p) || len(a) != len(n) {
		failf("anchor, positive and negative have %d, %d and %d rows", len(a), len(p), len(n))
	}
	a, p, n = m.rows(a), m.rows(p), m.rows(n)
	terms := make([]float64, len(a))
	for i := range a {
		an := c.negative(m.between(a[i], n[i]), m.between(p[i], n[i]))
		terms[i] = c.hinge(m.between(a[i], p[i]), an)
	}
	if c.Reduction() == "none" {
		c.Out("loss", tensor.Floats(terms, len(terms)))
		return
	}
	c.reduceTriplets(terms)
}

// indexedTriplets are the terms of the rows that `triplets` names; one with an
// index out of range is ignored.
func (c *Ctx) indexedTriplets() []float64 {
	x := c.matrix("embeddings")
	d := c.metric().all(x)
	var terms []float64
	rows := c.indices("triplets", 3)
	for _, r := range rows {
		if r.within(len(x)) {
			a, p, n := r[0], r[1], r[2]
			terms = append(terms, c.hinge(d[a][p], c.negative(d[a][n], d[p][n])))
		}
	}
	c.ignored(len(rows) - len(terms))
	return terms
}

// reduceTriplets gives the sum of the terms, or the mean that `average` names.
func (c *Ctx) reduceTriplets(terms []float64) {
	var n float64
	all := c.word("average", "all", "nonzero") == "all"
	for _, t := range terms {
		if all || c.holds(t > 0) {
			n++
		}
	}
	c.outMean(sum(terms), ratio(sum(terms), n))
}

// batch is the rows of a batch with labels and all their distances.
type batch struct {
	c *Ctx
	y []int
	d [][]float64
}

// positive and negative tell what row j is to the anchor a.
func (b batch) positive(a, j int) bool { return b.y[a] >= 0 && j != a && b.y[j] == b.y[a] }
func (b batch) negative(a, j int) bool { return b.y[a] >= 0 && b.y[j] >= 0 && b.y[j] != b.y[a] }

// all are the terms of every (a, p, n) whose distances are wanted.
func (b batch) all(wanted func(ap, an float64) bool) []float64 {
	var terms []float64
	for a := range b.y {
		for p := range b.y {
			for n := range b.y {
				if !b.positive(a, p) || !b.negative(a, n) {
					continue
				}
				ap, an := b.d[a][p], b.c.negative(b.d[a][n], b.d[p][n])
				if b.c.holds(wanted(ap, an)) {
					terms = append(terms, b.c.hinge(ap, an))
				}
			}
		}
	}
	return terms
}

// hard are the terms of each anchor that has a positive and a negative, with
// the farthest one and the nearest one.
func (b batch) hard() []float64 {
	var terms []float64
	for a := range b.y {
		far := b.best(a, b.positive, func(d, best float64) bool { return d > best })
		near := b.best(a, b.negative, func(d, best float64) bool { return d < best })
		if far >= 0 && near >= 0 {
			terms = append(terms, b.c.hinge(b.d[a][far], b.d[a][near]))
		}
	}
	return terms
}

// semiHard are the terms of each (a, p) whose anchor has a negative, with the
// nearest one beyond the positive, or the farthest one if none is beyond.
func (b batch) semiHard() []float64 {
	var terms []float64
	for a := range b.y {
		farthest := b.best(a, b.negative, func(d, best float64) bool { return d > best })
		for p := range b.y {
			if farthest < 0 || !b.positive(a, p) {
				continue
			}
			beyond := func(a, n int) bool { return b.negative(a, n) && b.d[a][n] > b.d[a][p] }
			n := b.best(a, beyond, func(d, best float64) bool { return d < best })
			if n < 0 {
				n = farthest
			}
			terms = append(terms, b.c.hinge(b.d[a][p], b.d[a][n]))
		}
	}
	return terms
}

// best is the first row, of those that are something to the anchor a, whose
// distance to it is better than any other's; −1 if there is none.
func (b batch) best(a int, is func(a, j int) bool, better func(d, best float64) bool) int {
	best := -1
	for j := range b.y {
		if is(a, j) && (best < 0 || better(b.d[a][j], b.d[a][best])) {
			best = j
		}
	}
	return b.c.choice(best)
}
