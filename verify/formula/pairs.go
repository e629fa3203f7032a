package formula

import "losscc/verify/tensor"

// similar are the metric options of a loss whose default is the cosine.
var similar = merge(metricOptions, Params{"distance": "cosine"})

// pairs are the losses over pairs of rows, over proxies and over two views.
var pairs = map[string]entry{
	"multi-similarity": {
		defaults: merge(similar, Params{
			"alpha": 2.0, "beta": 50.0, "lambda": 1.0, "mining": "multi-similarity", "epsilon": 0.1, "average": "rows",
		}),
		eval: multiSimilarity,
	},
	"supcon": {
		defaults: merge(similar, Params{"temperature": 0.1, "base_temperature": 0.0, "form": "out", "average": "all"}),
		eval:     supcon,
	},
	"circle": {
		defaults: Params{
			"margin": 0.4, "scale": 80.0, "over": "anchors", "combine": "product", "detach": true, "average": "all",
		},
		eval: circle,
	},
	"nt-xent": {
		defaults: merge(similar, Params{
			"temperature": 0.1, "positives": "views", "candidates": "both-views", "symmetric": true, "denominator": "all",
		}),
		eval: ntXent,
	},
	"proxy-anchor": {
		defaults: Params{"margin": 0.1, "scale": 32.0},
		eval:     proxyAnchor,
	},
	"proxy-nca": {
		defaults: Params{"scale": 1.0, "denominator": "negatives", "distance": "squared-euclidean", "normalize": true},
		eval:     proxyNCA,
	},
	"nca": {
		defaults: merge(metricOptions, Params{
			"scale": 1.0, "objective": "log", "epsilon": 0.0, "distance": "squared-euclidean", "average": "all",
		}),
		eval: nca,
	},
	"lifted-structure": {
		defaults: merge(metricOptions, Params{"margin": 1.0, "positive_margin": 0.0}),
		eval:     liftedStructure,
	},
	"generalized-lifted-structure": {
		defaults: merge(metricOptions, Params{"margin": 1.0, "positive_margin": 0.0, "average": "all"}),
		eval:     generalizedLiftedStructure,
	},
	"n-pair": {
		defaults: merge(metricOptions, Params{"positives": "labels", "distance": "dot", "lambda": 0.0}),
		eval:     nPair,
	},
	"angular": {
		defaults: Params{"alpha": 45.0, "normalize": true},
		eval:     angularLoss,
	},
	"tuplet-margin": {
		defaults: Params{"margin": 0.1, "scale": 64.0},
		eval:     tupletMargin,
	},
	"threshold-consistent-margin": {
		defaults: Params{"positive_margin": 0.9, "negative_margin": 0.5, "positive_weight": 1.0, "negative_weight": 1.0},
		eval:     thresholdConsistentMargin,
	},
	"soft-triple": {
		defaults: Params{"scale": 20.0, "gamma": 0.1, "margin": 0.01, "tau": 0.2, "epsilon": 0.0},
		eval:     softTriple,
	},
	"intra-pair-variance": {
		defaults: merge(similar, Params{"positive_epsilon": 0.01, "negative_epsilon": 0.01, "detach": false}),
		eval:     intraPairVariance,
	},
	"snr-contrastive": {
		defaults: Params{"margin": 1.0, "positive_margin": 0.0, "lambda": 0.0, "normalize": false, "average": "nonzero"},
		eval:     snrContrastive,
	},
	"ranked-list": {
		defaults: Params{
			"margin": 0.4, "alpha": 1.2, "positive_temperature": 0.0, "negative_temperature": 10.0, "lambda": 0.5,
			"detach": true, "distance": "euclidean", "normalize": true, "average": "rows",
		},
		eval: rankedList,
	},
	"smooth-ap": {
		defaults: merge(similar, Params{"temperature": 0.01, "include_query": true, "average": "all"}),
		eval:     smoothAP,
	},
	"pnp": {
		defaults: merge(similar, Params{
			"variant": "dq", "alpha": 8.0, "b": 2.0, "temperature": 0.01, "include_query": true, "average": "all",
		}),
		eval: pnp,
	},
	"fastap": {
		defaults: Params{"bins": 10.0, "average": "all"},
		eval:     fastAP,
	},
	"histogram": {
		defaults: Params{"bins": 100.0},
		eval:     histogram,
	},
	"vicreg": {
		defaults: Params{
			"lambda": 25.0, "mu": 25.0, "nu": 1.0, "gamma": 1.0, "epsilon": 0.0001, "variance": "unbiased",
		},
		eval: vicreg,
	},
	"barlow-twins": {
		defaults: Params{"lambda": 0.005, "epsilon": 0.0, "variance": "population"},
		eval:     barlowTwins,
	},
	"instance": {
		defaults: Params{"form": "shared-classifier", "scale": 1.0, "normalize": false},
		eval:     instance,
	},
	"ring": {
		defaults: Params{"lambda": 0.01, "mode": "l2"},
		eval:     ring,
	},
	"margin": {
		defaults: Params{
			"margin": 0.2, "beta": 1.2, "learn_beta": false, "nu": 0.0, "over": "triplets", "mining": "none",
			"cutoff": 0.5, "nonzero_loss_cutoff": 1.4, "distance": "euclidean", "normalize": true,
		},
		eval: marginLoss,
	},
	"simple": {
		defaults: Params{
			"b_theta": 0.3, "lambda": 0.0001, "margin": 0.0, "r": 1.0, "loss_weight": 1000.0, "bank": false,
		},
		eval: simple,
	},
	"range": {
		defaults: Params{
			"k": 2.0, "margin": 20000.0, "alpha": 0.00005, "beta": 0.0001,
			"distance": "squared-euclidean", "normalize": false,
		},
		eval: rangeLoss,
	},
	"dynamic-soft-margin": {
		defaults: Params{"momentum": 0.01, "positives": "views", "detach": true},
		eval:     dynamicSoftMargin,
	},
}

// kept are the kept rows of a batch, in their order.
type kept struct {
	c  *Ctx
	x  [][]float64
	y  []int // their labels
	at []int // where they stand in the batch
	n  int   // how many rows the batch has
}

// kept reads embeddings and labels, and gives how many rows were ignored:
// those with a label outside 0..classes−1, or below 0 where classes is −1.
func (c *Ctx) kept(classes int) kept { return c.keptOf("embeddings", classes) }

// keptOf is kept of the rows of that input.
func (c *Ctx) keptOf(input string, classes int) kept {
	x := c.matrix(input)
	k := kept{c: c, n: len(x)}
	for i, y := range c.labels("labels", len(x), classes) {
		if y >= 0 {
			k.x, k.y, k.at = append(k.x, x[i]), append(k.y, y), append(k.at, i)
		}
	}
	c.ignored(k.n - len(k.x))
	return k
}

// positives are P(i), the other kept rows of i's class.
func (k kept) positives(i int) []int {
	var p []int
	for j := range k.y {
		if j != i && k.y[j] == k.y[i] {
			p = append(p, j)
		}
	}
	return p
}

// negatives are N(i), the kept rows of other classes.
func (k kept) negatives(i int) []int {
	var n []int
	for j := range k.y {
		if k.y[j] != k.y[i] {
			n = append(n, j)
		}
	}
	return n
}

// positivePairs calls visit for each ordered pair (i, j) of one class.
func (k kept) positivePairs(visit func(i, j int)) {
	for i := range k.y {
		for _, j := range k.positives(i) {
			visit(i, j)
		}
	}
}

// negativePairs calls visit for each ordered pair (i, j) of two classes.
func (k kept) negativePairs(visit func(i, j int)) {
	for i := range k.y {
		for _, j := range k.negatives(i) {
			visit(i, j)
		}
	}
}

// anchors gives the loss of one term per kept row i, which may have none, by
// the divisor that `average` names: the terms, the kept rows, the terms above
// 0.
func (k kept) anchors(term func(i int) (row float64, exists bool)) {
	average := k.c.word("average", "all", "rows", "nonzero")
	rows, divisor := make([]float64, k.n), 0.0
	for i, at := range k.at {
		row, exists := term(i)
		if exists {
			rows[at] = row
		}
		if average == "rows" || exists && (average == "all" || k.c.holds(row > 0)) {
			divisor++
		}
	}
	k.c.reduce(rows, []float64{divisor})
}

// outOne gives a loss whose terms are not one per row, which has a mean only.
func (c *Ctx) outOne(loss float64) {
	if c.Reduction() != "mean" {
		failf("reduction %q is not mean: the terms are not one per row", c.Reduction())
	}
	c.Out("loss", tensor.Scalar(loss))
}

// mean is the mean of v, 0 of nothing.
func mean(v []float64) float64 { return ratio(sum(v), float64(len(v))) }

// pairMetric is the distance that the hyper-parameters name, one of these
// words; without words, one of those that most losses of pairs take.
func (c *Ctx) pairMetric(words ...string) metric {
	if len(words) == 0 {
		words = []string{"euclidean", "squared-euclidean", "cosine", "dot"}
	}
	c.word("distance", words...)
	return c.metric()
}

// near is the similarity of two rows out of rows: their cosine, or −d.
func (m metric) near(a, b []float64) float64 {
	if m.kind == "cosine" {
		return cosine(a, b)
	}
	return -m.between(a, b)
}

// similarities are those of all rows to all rows.
func (m metric) similarities(x [][]float64) [][]float64 {
	x = m.rows(x)
	s := table2(len(x), len(x))
	for i := range x {
		for j := range x {
			s[i][j] = m.near(x[i], x[j])
		}
	}
	return s
}

// cosinesOf are the cosines of all rows to all rows.
func (c *Ctx) cosinesOf(x [][]float64) [][]float64 {
	return metric{c, "cosine", true}.similarities(x)
}

// each are f(j) of the rows js.
func each(js []int, f func(j int) float64) []float64 {
	v := make([]float64, len(js))
	for k, j := range js {
		v[k] = f(j)
	}
	return v
}

// argmin is the first index of a smallest element, 0 if there is none.
func argmin(v []float64) int {
	return argmax(each(upTo(len(v)), func(j int) float64 { return -v[j] }))
}

// upTo are 0..n−1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// lse1 is ln(1 + Σ e^{v_j}), finite for large v; 0 for no v.
func lse1(v []float64) float64 { return sp(lse(v)) }
