package formula

import (
	"sort"

	"losscc/verify/tensor"
)

// pair is two rows at a distance, of one class or of two.
type pair struct {
	d    float64
	same bool
}

// contrastive pulls pairs of one class together and pushes others apart:
// loss_weight·[d − positive_margin]₊² and loss_weight·[margin − d]₊².
func contrastive(c *Ctx) {
	switch c.Text("mining") {
	case "none":
		pairs, row := c.givenPairs()
		if c.Reduction() == "none" {
			c.rowTerms(pairs, row)
			return
		}
		c.reducePairs(pairs)
	case "all":
		c.reducePairs(c.batchPairs())
	case "hard":
		c.reducePairs(c.hardPairs(c.batchPairs()))
	case "indices":
		c.reducePairs(c.indexedPairs())
	default:
		failf("mining %q is none of none, all, hard, indices", c.Text("mining"))
	}
}

// givenPairs are the pairs of embeddings_a and embeddings_b that `same` keeps,
// and the rows where they stand.
func (c *Ctx) givenPairs() (pairs []pair, row []int) {
	m := c.metric()
	a, b := c.matrix("embeddings_a"), c.matrix("embeddings_b")
	same := c.ints("same", 1)
	if len(a) != len(b) || len(a) != same.Len() {
		failf("embeddings_a, embeddings_b and same have %d, %d and %d rows", len(a), len(b), same.Len())
	}
	a, b = m.rows(a), m.rows(b)
	for i := range a {
		if v := same.I[i]; v == 0 || v == 1 {
			pairs = append(pairs, pair{m.between(a[i], b[i]), v == 1})
			row = append(row, i)
		}
	}
	c.ignored(len(a) - len(pairs))
	return pairs, row
}

// batchPairs are the pairs i < j of kept rows, in row order of (i, j).
func (c *Ctx) batchPairs() []pair {
	x := c.matrix("embeddings")
	y := c.labels("labels", len(x), -1)
	d := c.metric().all(x)
	var pairs []pair
	for i := range x {
		for j := i + 1; j < len(x); j++ {
			if y[i] >= 0 && y[j] >= 0 {
				pairs = append(pairs, pair{d[i][j], y[i] == y[j]})
			}
		}
	}
	c.ignored(len(x) - count(y))
	return pairs
}

// hardPairs are all pairs of one class and as many of the others: the ones
// with the smallest distance, the first of equal ones.
func (c *Ctx) hardPairs(pairs []pair) []pair {
	var same, others []pair
	for _, p := range pairs {
		if p.same {
			same = append(same, p)
		} else {
			others = append(others, p)
		}
	}
	nearest := make([]int, len(others))
	for i := range nearest {
		nearest[i] = i
	}
	sort.SliceStable(nearest, func(i, j int) bool { return others[nearest[i]].d < others[nearest[j]].d })
	hard := same
	for _, i := range nearest[:min(len(same), len(others))] {
		hard = append(hard, others[c.choice(i)])
	}
	return hard
}

// indexedPairs are the pairs of rows that `pairs` names; one with an index or
// a label out of range is ignored.
func (c *Ctx) indexedPairs() []pair {
	x := c.matrix("embeddings")
	y := c.labels("labels", len(x), -1)
	d := c.metric().all(x)
	var pairs []pair
	rows := c.indices("pairs", 2)
	for _, r := range rows {
		if r.within(len(x)) && y[r[0]] >= 0 && y[r[1]] >= 0 {
			pairs = append(pairs, pair{d[r[0]][r[1]], y[r[0]] == y[r[1]]})
		}
	}
	c.ignored(len(rows) - len(pairs))
	return pairs
}

// indexRow is a row of `pairs` or `triplets`.
type indexRow []int64

// within tells whether all indices are among those of n rows.
func (r indexRow) within(n int) bool {
	for _, i := range r {
		if i < 0 || i >= int64(n) {
			return false
		}
	}
	return true
}

// indices are the rows of an int64 input [T,k].
func (c *Ctx) indices(name string, k int) []indexRow {
	t := c.ints(name, 2)
	if t.Shape[1] != k {
		failf("input %q is %s, want int64[T,%d]", name, t, k)
	}
	rows := make([]indexRow, t.Shape[0])
	for i := range rows {
		rows[i] = t.I[i*k : (i+1)*k]
	}
	return rows
}

// term is what a pair adds to the loss.
func (p pair) term(c *Ctx) float64 {
	u := p.d - c.Float("positive_margin")
	if !p.same {
		u = c.Float("margin") - p.d
	}
	u = c.positive(u)
	if c.Bool("squared") {
		u *= u
	}
	return c.Float("loss_weight") * u
}

// rowTerms gives the terms of the pairs at their rows.
func (c *Ctx) rowTerms(pairs []pair, row []int) {
	loss := tensor.New(tensor.Float, c.ints("same", 1).Len())
	for k, p := range pairs {
		loss.F[row[k]] = p.term(c)
	}
	c.Out("loss", loss)
}

// reducePairs gives the sum of the pairs' terms, or the mean that `average`
// names.
func (c *Ctx) reducePairs(pairs []pair) {
	var of, n [2]float64 // of pairs of one class, and of others
	average := c.word("average", "all", "separate", "nonzero")
	for _, p := range pairs {
		t, k := p.term(c), 1
		if p.same {
			k = 0
		}
		of[k] += t
		if average != "nonzero" || c.holds(t > 0) {
			n[k]++
		}
	}
	total, mean := of[0]+of[1], ratio(of[0], n[0])+ratio(of[1], n[1])
	if average == "all" {
		mean = ratio(total, n[0]+n[1])
	}
	c.outMean(total, mean)
}

// outMean gives the loss of terms that are not one per row: their sum or their
// mean, whichever is asked for.
func (c *Ctx) outMean(sum, mean float64) {
	switch c.Reduction() {
	case "mean":
		c.Out("loss", tensor.Scalar(mean))
	case "sum":
		c.Out("loss", tensor.Scalar(sum))
	default:
		failf("reduction %q is none of mean, sum: the terms are not one per row", c.Reduction())
	}
}
