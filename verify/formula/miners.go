package formula

import (
	"sort"

	"losscc/verify/tensor"
)

// mineOptions are the hyper-parameters of the miners: which triplets are
// sought, by which distance, and how many of them an anchor may give (0: all).
var mineOptions = merge(metricOptions, Params{
	"strategy": "hardest",
	"distance": "squared-euclidean",
	"margin":   0.2,
	"cap":      0.0,
})

// miners choose what a loss is then fed with: triplets or pairs from a batch,
// or classes.
var miners = map[string]entry{
	"mine-triplets": {defaults: mineOptions, eval: mineTriplets},
	"mine-pairs":    {defaults: mineOptions, eval: minePairs},

	"sample-classes": {defaults: Params{"rate": 0.1}, eval: sampleClasses},
}

// mineTriplets gives the mined triplets [T,3], in the order of (a, p, n).
func mineTriplets(c *Ctx) {
	mined := c.mined()
	t := tensor.New(tensor.Int, len(mined), 3)
	for i, m := range mined {
		copy(t.I[3*i:], m[:])
	}
	c.Out("triplets", t)
}

// minePairs gives the pairs [T,2] that the mined triplets are made of: the
// anchor with the positive, and with the negative. The smaller index stands
// first; each pair stands once, in the order of its indices.
func minePairs(c *Ctx) {
	n := int64(len(c.matrix("embeddings")))
	at := map[int64]bool{} // i·n + j
	for _, m := range c.mined() {
		for _, j := range m[1:] {
			at[min(m[0], j)*n+max(m[0], j)] = true
		}
	}
	t := tensor.New(tensor.Int, 0, 2)
	for k := range n * n {
		if at[k] {
			t.I = append(t.I, k/n, k%n)
			t.Shape[0]++
		}
	}
	c.Out("pairs", t)
}

// mined are the triplets (a, p, n) that the strategy names:
//
//	hardest    of an anchor with a positive and a negative: the farthest
//	           positive with the nearest negative
//	semi-hard  of each (a, p): the nearest n with d_ap < d_an < d_ap + margin,
//	           where there is one
//	violating  every (a, p, n) with d_an − d_ap < margin
//
// Equal distances go to the first index. Of more than cap triplets of an
// anchor those with the largest d_ap − d_an stay, the first ones of equals.
func (c *Ctx) mined() [][3]int64 {
	x := c.matrix("embeddings")
	b := batch{c: c, y: c.labels("labels", len(x), -1), d: c.metric().all(x)}
	margin, limit := c.Float("margin"), int(c.Float("cap"))
	var mined [][3]int64
	for a := range x {
		var of [][3]int64
		add := func(p, n int) { of = append(of, [3]int64{int64(a), int64(p), int64(n)}) }
		nearer := func(d, best float64) bool { return d < best }
		switch c.Text("strategy") {
		case "hardest":
			p := b.best(a, b.positive, func(d, best float64) bool { return d > best })
			n := b.best(a, b.negative, nearer)
			if p >= 0 && n >= 0 {
				add(p, n)
			}
		case "semi-hard":
			for p := range x {
				inside := func(a, n int) bool {
					return b.negative(a, n) && b.d[a][n] > b.d[a][p] && b.d[a][n] < b.d[a][p]+margin
				}
				if n := b.best(a, inside, nearer); b.positive(a, p) && n >= 0 {
					add(p, n)
				}
			}
		case "violating":
			for p := range x {
				for n := range x {
					if b.positive(a, p) && b.negative(a, n) && b.d[a][n]-b.d[a][p] < margin {
						add(p, n)
					}
				}
			}
		default:
			failf("strategy %q is none of hardest, semi-hard, violating", c.Text("strategy"))
		}
		mined = append(mined, b.hardest(of, limit)...)
	}
	return mined
}

// hardest are the limit triplets with the largest d_ap − d_an, in the order in
// which they came; 0 is no limit.
func (b batch) hardest(of [][3]int64, limit int) [][3]int64 {
	if limit == 0 || len(of) <= limit {
		return of
	}
	gap := func(t [3]int64) float64 { return b.d[t[0]][t[1]] - b.d[t[0]][t[2]] }
	order := make([]int, len(of))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return gap(of[order[i]]) > gap(of[order[j]]) })
	order = order[:limit]
	sort.Ints(order)
	kept := make([][3]int64, limit)
	for i, k := range order {
		kept[i] = of[k]
	}
	return kept
}
