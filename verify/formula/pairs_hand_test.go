package formula

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

// corner are two rows of one class at a right angle, one of another class that
// is opposite to the first, and an ignored one. Cosines are 0, −1 and 0,
// squared distances 2, 4 and 2, of the pairs 01, 02 and 12.
func corner() inputs {
	right, up, left := []float64{1, 0}, []float64{0, 1}, []float64{-1, 0}
	return inputs{
		"embeddings":   rows2(right, up, left, []float64{5, 5}),
		"labels":       ints1(0, 0, 1, -9),
		"proxies":      rows2(right, left),
		"weight":       rows2(right, left),
		"embeddings_a": rows2(right, up, left, []float64{5, 5}),
		"embeddings_b": rows2([]float64{3, 0}, []float64{0, 2}, []float64{-1, 0}, []float64{5, 5}),
		"beta":         floats1(1, 2),
		"noise":        tensor.New(tensor.Float, 4, 4),
		"radius":       floats1(2),
		"bias":         floats1(-1),
		"bank":         rows2(up, []float64{7, 7}, left),
		"bank_labels":  ints1(0, -1, 1),
		"histogram":    floats1(0, 0, 0),
	}
}

// Each value can be seen from the table and the corner.
func TestPairsByHand(t *testing.T) {
	root2, e := math.Sqrt2, math.E
	sq := func(x float64) float64 { return x * x }
	for _, c := range []struct {
		loss   string
		params Params
		want   float64
	}{
		// Row 0: P = {0}, N = {−1}. Row 1: P = {0}, N = {0}. Row 2: N = {−1, 0}.
		{"multi-similarity", Params{"mining": "none"}, (sp(2)/2*2 + (sp(-100)+2*sp(-50))/50) / 3},
		{"multi-similarity", nil, (sp(2)/2 + sp(-50)/50) / 3},
		{"multi-similarity", Params{"average": "all"}, sp(2)/2 + sp(-50)/50},
		{"multi-similarity", Params{"lambda": 0.0, "beta": 1.0, "alpha": 1.0, "epsilon": 1.1}, (math.Ln2 + sp(-1) + 2*math.Ln2) / 3},
		{"supcon", Params{"temperature": 1.0}, (sp(-1) + math.Ln2) / 2},
		{"supcon", Params{"temperature": 1.0, "average": "rows", "base_temperature": 0.5}, 2 * (sp(-1) + math.Ln2) / 3},
		{"supcon", Params{"temperature": 1.0, "form": "in"}, (sp(-1) + math.Ln2) / 2},
		{"circle", Params{"scale": 1.0}, (sp(1.4*0.6) + sp(1.4*0.6-0.4*0.4)) / 2},
		{"circle", Params{"scale": 1.0, "combine": "sum"}, sp(1.4*0.6) + (math.Ln2+sp(-0.4*0.4))/2},
		{"circle", Params{"scale": 1.0, "over": "batch"}, sp(1.4*0.6 + math.Log(1+math.Exp(-0.4*0.4)))},
		{"nca", nil, (sp(2-4) + math.Ln2) / 2},
		{"nca", Params{"objective": "expected", "average": "rows"}, (sigma(-2) + 0.5) / 3},
		{"nca", Params{"epsilon": 0.5}, -(math.Log(0.5+sigma(2)) + math.Log(1)) / 2},
		{"lifted-structure", nil, sq(math.Log(math.Exp(1-2)+math.Exp(1-root2))+root2) / 2},
		{"generalized-lifted-structure", nil, (root2 - 1 + 1) / 2}, // Row 0: √2 + 1 − 2, row 1: √2 + 1 − √2.
		{"n-pair", nil, 0},
		{"n-pair", Params{"lambda": 2.0}, 1},
		{"n-pair", Params{"positives": "views"}, (math.Log(math.Exp(3)+1+math.Exp(-1)) - 1.5 + math.Log(1+math.Exp(2)+1) - 1 + math.Log(math.Exp(-3)+1+e) - 1) / 3},
		{"angular", nil, (sp(4*(-1)) + sp(4*(-1))) / 2},
		{"tuplet-margin", Params{"scale": 1.0}, (sp(-1-sin(0.1)) + sp(-sin(0.1))) / 2},
		{"threshold-consistent-margin", Params{"negative_margin": -0.5, "positive_weight": 2.0, "negative_weight": 4.0}, 2*0.9 + 4*0.5},
		{"proxy-nca", nil, (0 - 4 + 2 - 2 + 0 - 4) / 3.},
		{"proxy-nca", Params{"denominator": "all"}, (sp(-4) + math.Ln2 + sp(-4)) / 3},
		{"proxy-anchor", Params{"scale": 1.0}, (math.Log(1+math.Exp(-0.9)+math.Exp(0.1))+sp(-0.9))/2 + (sp(-0.9)+math.Log(1+math.Exp(-0.9)+math.Exp(0.1)))/2},
		{"nt-xent", Params{"positives": "labels", "temperature": 1.0}, (sp(-1) + math.Ln2) / 2},
		{"nt-xent", Params{"positives": "labels", "temperature": 1.0, "denominator": "negatives"}, (-1 + 0) / 2.},
		{"intra-pair-variance", nil, sq(0.5*1.01) / 2},
		{"intra-pair-variance", Params{"distance": "squared-euclidean"}, (sq(3*0.99-2) + 0) / 2},
		// Variances ¼, ¼ and ¼; those of the differences 1, 1 and 0.
		{"snr-contrastive", nil, 4 + 1},
		{"snr-contrastive", Params{"average": "all", "lambda": 3.0}, 4 + 0.5 + 3},
		{"ranked-list", nil, 0.5 * 2 * (root2 - 0.8) / 3},
		{"ranked-list", Params{"alpha": 1.5, "average": "all"}, (0.5*2*(root2-1.1) + 0.5*2*(1.5-root2)) / 3},
		{"smooth-ap", Params{"temperature": 1.0, "include_query": false}, (1 - 1/(1+sigma(-1)) + 1 - 1/1.5) / 2},
		{"smooth-ap", nil, (0 + 1 - (1+2/2.5)/2) / 2},
		{"pnp", Params{"variant": "o"}, (0 + 0.5/2) / 2},
		{"pnp", Params{"variant": "ib", "include_query": false}, (0 + (1-math.Ln2)/4) / 2},
		{"pnp", Params{"alpha": 1.0, "average": "rows"}, (0 + (1-1/1.5)/2) / 3},
		{"fastap", Params{"bins": 2.0}, (0 + 0.5) / 2},
		{"fastap", Params{"bins": 4.0}, (0 + 0.5) / 2},
		{"histogram", Params{"bins": 2.0}, 0.5},
		{"vicreg", Params{"mu": 0.0, "nu": 0.0}, 25 * (4 + 1) / 8.},
		{"ring", nil, 0.01 / 2 * (3 + sq(math.Sqrt(50)-2)) / 4},
		{"ring", Params{"mode": "smooth-l1", "lambda": 1.0}, (3*0.5 + math.Sqrt(50) - 2.5) / 4},
		{"ring", Params{"mode": "auto", "lambda": 2.0}, (3 + sq(math.Sqrt(50)-2)) / sq((3+math.Sqrt(50))/4) / 4},
		// f = [√2 − 1.2 + 0.2]₊ twice; g = [1.4 − 2]₊ and [1.4 − √2]₊ are 0.
		{"margin", nil, root2 - 1},
		{"margin", Params{"over": "pairs", "margin": 0.5}, (2*(root2-0.7) + 2*(1.7-root2)) / 4},
		{"margin", Params{"learn_beta": true, "nu": 3.0}, (2*(root2-0.8) + 2*3*1) / 2},
		{"simple", Params{"lambda": 0.5, "loss_weight": 2.0}, sp(1.3) + (2*sp(-1-0.3-1)+2*sp(-0.3-1))/4},
		{"simple", Params{"lambda": 0.5, "loss_weight": 2.0, "bank": true}, (sp(1.3)+sp(1-0.7)+sp(1-0.7))/3 + (sp(-2.3)+sp(-1.3)+sp(-1.3))/3},
		// Means (½, ½) and (−1, 0) are 2.5 apart, squared.
		{"range", nil, 0.00005*2 + 0.0001*(20000-2.5)},
		{"range", Params{"distance": "euclidean", "alpha": 1.0, "beta": 1.0, "margin": 1.0}, root2},
		{"instance", nil, (2*sp(-2) + sp(-6) - sp(-2) + 2*math.Ln2 + 2*sp(-2)) / 3},
		{"instance", Params{"normalize": true}, (2*sp(-2) + 2*math.Ln2 + 2*sp(-2)) / 3},
		// v = √2 − 2 and √2 − √2, in bins 0 and 1 of a new histogram.
		{"dynamic-soft-margin", Params{"positives": "labels"}, (root2 - 2) * (1 - root2/2) / 2 / 2},
	} {
		same(t, c.loss, lossOf(t, c.loss, c.params, corner()), c.want)
	}
}

// twoViews are two rows, right and up, seen from both sides, once as they are
// and once longer.
func twoViews() inputs {
	return inputs{
		"embeddings_a": rows2([]float64{1, 0}, []float64{0, 1}),
		"embeddings_b": rows2([]float64{3, 0}, []float64{0, 2}),
		"histogram":    floats1(1, 0, 1),
	}
}

func TestPairsOfViewsByHand(t *testing.T) {
	// Cosines are 1 with the own other view and 0 with the two others.
	e, root2 := math.E, math.Sqrt2
	for _, c := range []struct {
		loss   string
		params Params
		want   float64
	}{
		{"nt-xent", Params{"temperature": 1.0}, math.Log(e+2) - 1},
		{"nt-xent", Params{"temperature": 1.0, "candidates": "other-view"}, math.Log(e+1) - 1},
		{"nt-xent", Params{"temperature": 1.0, "denominator": "negatives"}, math.Ln2 - 1},
		{"nt-xent", Params{"temperature": 1.0, "denominator": "negatives", "candidates": "other-view"}, -1},
		// Rows of a see 3 and 0, 2 and 0; with a itself 1 and 0.
		{"nt-xent", Params{"temperature": 1.0, "distance": "dot", "symmetric": false}, (math.Log(math.Exp(3)+2) - 3 + math.Log(math.Exp(2)+2) - 2) / 2},
		{"vicreg", Params{"lambda": 1.0, "mu": 0.0, "nu": 0.0}, (4 + 1) / 4.},
		// Variances ½ and ½ of a, 4.5 and 2 of b; covariances −½ and −3.
		{"vicreg", Params{"lambda": 0.0, "mu": 2.0, "nu": 0.0, "epsilon": 0.0}, 1 - math.Sqrt(0.5)},
		{"vicreg", Params{"lambda": 0.0, "mu": 0.0, "nu": 1.0}, 0.25 + 9},
		{"vicreg", Params{"lambda": 0.0, "mu": 2.0, "nu": 0.0, "epsilon": 0.0, "variance": "population"}, 0.5},
		{"barlow-twins", Params{"lambda": 0.5}, 0.5 * 2}, // C is 1 and −1
		{"barlow-twins", Params{"lambda": 0.5, "variance": "unbiased"}, 2*0.25 + 0.5*2*0.25},
		// v = 0 − √2 for both, in the first of three bins, f = 1 − √2/2.
		{"dynamic-soft-margin", nil, -root2 * (0.99*0.5 + 0.01*root2/2)},
		{"dynamic-soft-margin", Params{"momentum": 0.5}, -root2 * (0.5*0.5 + 0.5*root2/2)},
	} {
		same(t, c.loss, lossOf(t, c.loss, c.params, twoViews()), c.want)
	}
	out := outputs(t, Request{Loss: "dynamic-soft-margin", Params: Params{"momentum": 0.5}, In: twoViews()})
	sameAll(t, "histogram_next", out["histogram_next"], 0.25+0.5*root2/2, 0.5*(1-root2/2), 0.25)
}

func TestPairsOfOneRow(t *testing.T) {
	in := inputs{
		"embeddings_a": rows2([]float64{1, 2, 3}), "embeddings_b": rows2([]float64{1, 2, 5}), "histogram": floats1(3, 1),
		"embeddings": rows2([]float64{1, 2, 3}), "labels": ints1(4),
	}
	for _, variance := range []string{"population", "unbiased"} {
		r := Request{Loss: "barlow-twins", Params: Params{"variance": variance}, In: in}
		same(t, "barlow-twins is D", outputs(t, r)["loss"].F[0], 3)
		closeTo(t, "its gradient", gradientOf(t, r, "embeddings_a"), []float64{0, 0, 0})
		r.Loss = "vicreg"
		same(t, "vicreg has no variance", outputs(t, r)["loss"].F[0], 25*4/3.+25*0.99)
		closeTo(t, "the gradient of vicreg", gradientOf(t, r, "embeddings_b"), []float64{0, 0, 25 * 2 * 2 / 3.})
	}
	same(t, "nt-xent has no negative", lossOf(t, "nt-xent", nil, in), 0)
	same(t, "and no denominator", lossOf(t, "nt-xent", Params{"denominator": "negatives"}, in), 0)
	out := outputs(t, Request{Loss: "dynamic-soft-margin", Reduction: "none", In: in})
	sameAll(t, "dynamic-soft-margin has no negative", out["loss"], 0)
	sameAll(t, "and its histogram stays", out["histogram_next"], 3, 1)
	same(t, "instance of one row", lossOf(t, "instance", Params{"form": "batch"}, in), 0)
}

// A column of equal numbers has no variance, though its mean is rounded.
func TestPairsOfEqualColumns(t *testing.T) {
	x := wave(6, 2, func(i, d float64) float64 { return 0.1 + d*math.Sin(i) })
	in := inputs{"embeddings_a": x, "embeddings_b": x}
	r := Request{Loss: "barlow-twins", In: in}
	same(t, "one column is 0, the other itself", outputs(t, r)["loss"].F[0], 1)
	g := gradientOf(t, r, "embeddings_a")
	for i := range 6 {
		same(t, "the gradient of the equal column", g.F[2*i], 0)
	}
	in = inputs{"embeddings": wave(3, 6, func(i, d float64) float64 { return 0.1 * (i + 1) }), "labels": ints1(0, 0, 1)}
	same(t, "rows without variance are at distance 0", lossOf(t, "snr-contrastive", nil, in), 1)
}

func TestPairsSoftTripleByHand(t *testing.T) {
	// Class 0 has its centres right and up, class 1 both left.
	in := inputs{
		"embeddings": rows2([]float64{5, 0}, []float64{0, 1}),
		"labels":     ints1(0, 2),
		"weight":     tensor.Floats([]float64{2, 0, 0, 1, -1, 0, -3, 0}, 2, 2, 2),
	}
	S := sigma(1 / 0.1)
	same(t, "of row and spread", lossOf(t, "soft-triple", nil, in), sp(20*(-1-(S-0.01)))+0.2*math.Sqrt2/4)
	p := Params{"scale": 1.0, "gamma": 2.0, "margin": 0.5, "tau": 3.0, "epsilon": 0.25}
	want := sp(-1-(sigma(0.5)-0.5)) + 3*(1.5+0.5)/4
	same(t, "of row and spread with epsilon", lossOf(t, "soft-triple", p, in), want)

	r := Request{Loss: "soft-triple", In: in}
	for _, v := range gradientOf(t, r, "weight").F {
		if math.IsNaN(v) {
			t.Error("equal centres have a gradient that is no number")
		}
	}
	in["weight"] = tensor.Floats([]float64{1, 0, -1, 0}, 2, 1, 2)
	same(t, "of one centre a class", lossOf(t, "soft-triple", nil, in), sp(20*(-2+0.01)))
}

func TestPairsMarginDrawsByNoise(t *testing.T) {
	// On a line through 0 with D = 3 weights are 1/t: of the anchor at 0 with
	// its positive at 1.5 the negatives are at 0.25 (as at 0.5), 1 and 1.4.
	in := inputs{
		"embeddings": rows2([]float64{0, 0, 0}, []float64{1.5, 0, 0}, []float64{0.25, 0, 0}, []float64{1, 0, 0}, []float64{1.4, 0, 0}),
		"labels":     ints1(0, 0, 1, 2, 3),
	}
	p := Params{"mining": "distance-weighted", "normalize": false, "margin": 10.0}
	// From the anchor at 1.5 those at 1.25, 0.5 and 0.1 weigh 0.8, 2 and 2.
	for _, c := range []struct{ noise, of0, of15 float64 }{
		{0, 0.25, 1.25}, {0.16, 0.25, 1.25}, {0.17, 0.25, 0.5}, {0.58, 0.25, 0.5},
		{0.59, 0.25, 0.1}, {0.66, 0.25, 0.1}, {0.67, 1, 0.1}, {1, 1, 0.1},
	} {
		in["noise"] = wave(5, 5, func(i, j float64) float64 { return c.noise })
		same(t, "the drawn negatives", lossOf(t, "margin", p, in), (2*1.5+40-c.of0-c.of15)/4)
	}
	p["nonzero_loss_cutoff"] = 0.1
	same(t, "no negative is near enough", lossOf(t, "margin", p, in), 0)
	p["over"] = "pairs"
	if _, err := Eval(Request{Loss: "margin", Params: p, In: in}); err == nil {
		t.Error("distance-weighted pairs: no error")
	}
}

func TestPairsRangeOfEqualRows(t *testing.T) {
	in := inputs{
		"embeddings": rows2([]float64{0}, []float64{0}, []float64{4}, []float64{9}, []float64{1}),
		"labels":     ints1(0, 0, 0, 1, 2),
	}
	p := Params{"distance": "euclidean", "alpha": 1.0, "beta": 1.0, "margin": 1.0}
	// The two largest distances of class 0 are 4; means are 4/3, 9 and 1.
	same(t, "the third distance is not among the two", lossOf(t, "range", p, in), 2/(2/4.)+1-1/3.)
	p["k"] = 3.0
	same(t, "a distance 0 among the three", lossOf(t, "range", p, in), 1-1/3.)
	in["labels"] = ints1(0, 0, 0, -1, -1)
	same(t, "one class has no other", lossOf(t, "range", p, in), 0)
}

// The anchor of n-pair is the first of a class and its positive the second;
// later ones and single rows are unused.
func TestPairsNPairTakesTheFirstTwo(t *testing.T) {
	in := inputs{
		"embeddings": rows2([]float64{1}, []float64{7}, []float64{2}, []float64{3}, []float64{9}, []float64{5}),
		"labels":     ints1(8, 1, 4, 8, 8, 4),
	}
	// Of class 8 rows 1 and 3, of class 4 rows 2 and 5.
	want := (sp(5-3) + sp(2*3-2*5)) / 2
	same(t, "n-pair", lossOf(t, "n-pair", nil, in), want)
	same(t, "its norms", lossOf(t, "n-pair", Params{"lambda": 4.0}, in), want+(1+4)/2.+(9+25)/2.)
}

// What a term's constants are: the weights of detach.
func TestPairsDetachedGradientsByHand(t *testing.T) {
	// Points 0 and 1 of one class, 3 of another, on a line; d is squared.
	in := inputs{"embeddings": rows2([]float64{0}, []float64{1}, []float64{3}), "labels": ints1(0, 0, 1), "radius": floats1(0)}
	r := Request{Loss: "ranked-list", Params: Params{
		"normalize": false, "alpha": 5.0, "margin": 5.0, "lambda": 0.0, "positive_temperature": 3.0,
	}, Reduction: "sum", In: in}
	closeTo(t, "one positive has weight 1 either way", gradientOf(t, r, "embeddings"), []float64{-2, 2, 0})

	// The mean norm 4/3 is constant: d/dx of x²/(2·16/9)/3.
	r = Request{Loss: "ring", Params: Params{"mode": "auto", "lambda": 1.0}, In: in}
	closeTo(t, "auto", gradientOf(t, r, "embeddings"), []float64{0, 1 * 9 / 16. / 3, 3 * 9 / 16. / 3})
	closeTo(t, "radius", gradientOf(t, r, "radius"), []float64{-4 * 9 / 16. / 3})

	// s = −1 of the positives; its mean is constant or is not.
	r = Request{Loss: "intra-pair-variance", Params: Params{"distance": "euclidean", "positive_epsilon": -0.5, "negative_epsilon": 1.0}, In: in}
	closeTo(t, "the mean moves", gradientOf(t, r, "embeddings"), []float64{-2 * 0.5 * 0.5, 2 * 0.5 * 0.5, 0})
	r.Params["detach"] = true
	closeTo(t, "the mean stays", gradientOf(t, r, "embeddings"), []float64{-2 * 0.5, 2 * 0.5, 0})
}
