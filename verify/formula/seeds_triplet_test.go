package formula

import (
	"fmt"
	"math"
	"testing"

	"losscc/verify/tensor"
)

// The golden numbers were made by a second writing of the formulas over whole
// arrays, with masks instead of loops.
func TestTripletGolden(t *testing.T) {
	for _, c := range []struct {
		params Params
		want   float64
	}{
		{Params{"mining": "batch-all"}, 2.5186046112753155},
		{Params{"mining": "batch-all", "distance": "dot"}, 1.318402027903922},
		{Params{"mining": "batch-all", "distance": "euclidean", "swap": true, "average": "nonzero"}, 1.5839505085760044},
		{Params{"mining": "batch-all-hard", "distance": "euclidean", "margin": 0.5}, 1.618064681996191},
		{Params{"mining": "batch-all-semi-hard", "distance": "euclidean", "margin": 1.0}, 0.5340643052832436},
		{Params{"mining": "batch-all-semi-hard", "distance": "euclidean", "margin": 1.0, "swap": true}, 0.4035757432940148},
		{Params{"mining": "batch-hard", "distance": "cosine", "margin": 0.0, "hinge": "softplus"}, 1.3100234043713233},
		{Params{"mining": "batch-hard", "margin": 0.3, "normalize": true}, 2.2226546078528164},
		{Params{"mining": "semi-hard", "distance": "euclidean", "margin": 1.0}, 0.8542113138783813},
		{Params{"mining": "semi-hard", "distance": "angle", "margin": 0.35, "average": "nonzero"}, 0.9651323876439774},
	} {
		same(t, fmt.Sprint(c.params), lossOf(t, "triplet", c.params, waves()), c.want)
	}
}

// On the points of line with margin 1 the triplets (a, p, n) have the terms
// (0,1,2) −1, (0,1,3) ½, (1,0,2) 0, (1,0,3) 1½, (2,3,0) −½, (2,3,1) ½,
// (3,2,0) 1, (3,2,1) 2 before the hinge.
func TestTripletByHand(t *testing.T) {
	for _, c := range []struct {
		mining, average string
		swap            bool
		sum, n          float64
	}{
		{"batch-all", "all", false, 5.5, 8},
		{"batch-all", "nonzero", false, 5.5, 5},
		{"batch-all", "all", true, 9, 8},
		{"batch-all-hard", "all", false, 4.5, 3},
		{"batch-all-hard", "all", true, 9, 6},
		{"batch-all-semi-hard", "all", false, 1, 3},
		{"batch-all-semi-hard", "nonzero", false, 1, 2},
		{"batch-all-semi-hard", "all", true, 0, 2},
		{"batch-hard", "all", false, 4.5, 4},
		{"semi-hard", "all", false, 2, 4},
		{"semi-hard", "nonzero", false, 2, 3},
	} {
		is := fmt.Sprintf("%s average=%s swap=%v", c.mining, c.average, c.swap)
		p := Params{"mining": c.mining, "average": c.average, "swap": c.swap, "margin": 1.0, "distance": "euclidean"}
		out := outputs(t, Request{Loss: "triplet", Params: p, In: line()})
		sameAll(t, is, out["loss"], c.sum/c.n)
		sameInts(t, is+": ignored rows", out["ignored"], 1)
		out = outputs(t, Request{Loss: "triplet", Params: p, Reduction: "sum", In: line()})
		sameAll(t, is+": sum", out["loss"], c.sum)
	}
}

func TestTripletOfGivenTriplets(t *testing.T) {
	in := inputs{
		"anchor":   rows2([]float64{0, 0}, []float64{0, 0}),
		"positive": rows2([]float64{1, 0}, []float64{0, 3}),
		"negative": rows2([]float64{0, 2}, []float64{1, 2}),
	}
	for _, c := range []struct {
		is     string
		params Params
		want   []float64
	}{
		{"squared distances", Params{}, []float64{0, 4.2}},
		{"distances", Params{"distance": "euclidean"}, []float64{0, 3.2 - math.Sqrt(5)}},
		{"the negative is nearer to the positive", Params{"swap": true}, []float64{0, 7.2}},
		{"soft margin", Params{"hinge": "softplus", "margin": 0.0}, []float64{math.Log1p(math.Exp(-3)), math.Log1p(math.Exp(4))}},
		{"an anchor of no direction is 1 from all", Params{"normalize": true}, []float64{0.2, 0.2}},
	} {
		out := outputs(t, Request{Loss: "triplet", Params: c.params, Reduction: "none", In: in})
		sameAll(t, c.is, out["loss"], c.want...)
		if out["ignored"] != nil {
			t.Errorf("%s: given triplets have an output ignored", c.is)
		}
		same(t, c.is+": mean", lossOf(t, "triplet", c.params, in), (c.want[0]+c.want[1])/2)
	}
	g := gradientOf(t, Request{Loss: "triplet", Reduction: "sum", In: in}, "anchor")
	closeTo(t, "grad_anchor is 2(n − p) where the term is positive", g, []float64{0, 0, 2, -2})
}

func TestTripletGradientNearATieOfSwap(t *testing.T) {
	for _, c := range []struct {
		is       string
		positive float64 // the anchor is at 0, the negative at 1
		swap     bool
		want     float64
	}{
		{"no swap", 2 - 1e-9, false, -1},
		{"the positive is nearer", 2 - 1e-9, true, 1},
		{"the anchor is nearer", 2 + 1e-9, true, -1},
		{"of equals the anchor counts", 2, true, -1},
	} {
		in := inputs{"anchor": rows2([]float64{0}), "positive": rows2([]float64{c.positive}), "negative": rows2([]float64{1})}
		p := Params{"swap": c.swap, "distance": "euclidean"}
		g := gradientOf(t, Request{Loss: "triplet", Params: p, In: in}, "negative")
		closeTo(t, c.is, g, []float64{c.want})
	}
}

// triples are all (a, p, n) of a batch by explicit loops over its labels.
func triples(y []int64) (rows []int64) {
	for a := range y {
		for p := range y {
			for n := range y {
				if y[a] >= 0 && y[n] >= 0 && a != p && y[a] == y[p] && y[a] != y[n] {
					rows = append(rows, int64(a), int64(p), int64(n))
				}
			}
		}
	}
	return rows
}

func TestBatchAllIsTheTripleLoop(t *testing.T) {
	in := waves()
	in["triplets"] = ints2(3, append(triples(in["labels"].I), -1, 0, 1, 0, 6, 1)...)
	for _, swap := range []bool{false, true} {
		p := Params{"mining": "indices", "swap": swap}
		r := Request{Loss: "triplet", Params: p, In: in}
		sameInts(t, "padding", outputs(t, r)["ignored"], 2)
		want := outputs(t, r)["loss"].F[0]
		g := gradientOf(t, r, "embeddings")
		r.Params = merge(p, Params{"mining": "batch-all"})
		same(t, "batch-all", outputs(t, r)["loss"].F[0], want)
		closeTo(t, "gradient of batch-all", gradientOf(t, r, "embeddings"), g.F)
	}
}

func TestBatchesWithoutTripletsAreZero(t *testing.T) {
	for _, labels := range [][]int64{{0, 1, 2, 3, 4}, {3, 3, 3, 3, 3}, {-1, -1, -1, -1, -1}} {
		for _, mining := range []string{"batch-all", "batch-hard", "semi-hard", "batch-all-hard", "batch-all-semi-hard"} {
			in := line()
			in["labels"] = ints1(labels...)
			same(t, mining, lossOf(t, "triplet", Params{"mining": mining}, in), 0)
		}
	}
}

func TestBatchHardTakesTheFirstOfEqualRows(t *testing.T) {
	in := inputs{
		"embeddings": rows2([]float64{0}, []float64{2}, []float64{-2}, []float64{1}, []float64{-1}),
		"labels":     ints1(0, 0, 0, 1, 2),
	}
	// Anchor 0 has its positives at 2 and its negatives at 1: rows 1 and 3.
	// Anchor 1 has −2 and 1; anchor 2 has 2 and −1. Rows 3, 4 have no positive.
	r := Request{Loss: "triplet", Params: Params{"mining": "batch-hard", "distance": "euclidean"}, Reduction: "sum", In: in}
	closeTo(t, "gradient", gradientOf(t, r, "embeddings"), []float64{-1 + 1, 1 + 1 - 1 + 1, -1 - 1 + 1, -1 + 1, -1})
}

func TestSemiHardTies(t *testing.T) {
	for _, c := range []struct {
		is     string
		margin float64
		x      [4]float64 // of classes 0, 0, 1, 2
		want   []float64
	}{
		{"a negative as far as the positive is not beyond it", 1, [4]float64{0, 1, -1, 1.5}, []float64{0, 1, 0, -1}},
		{"the first of the nearest beyond", 3, [4]float64{0, 1, 2, -2}, []float64{-1, 1, -1, 1}},
		{"the first of the farthest where none is beyond", 0, [4]float64{0, 3, 1, -1}, []float64{0, 1, -1, 0}},
	} {
		in := inputs{"embeddings": tensor.Floats(c.x[:], 4, 1), "labels": ints1(0, 0, 1, 2)}
		p := Params{"mining": "semi-hard", "distance": "euclidean", "margin": c.margin}
		g := gradientOf(t, Request{Loss: "triplet", Params: p, Reduction: "sum", In: in}, "embeddings")
		closeTo(t, c.is, g, c.want)
	}
}

func TestTripletRefusals(t *testing.T) {
	for _, r := range []Request{
		{Loss: "triplet", Params: Params{"mining": "batch-hard", "swap": true}},
		{Loss: "triplet", Params: Params{"mining": "semi-hard", "swap": true}},
		{Loss: "triplet", Params: Params{"mining": "batch-all"}, Reduction: "none"},
		{Loss: "triplet", Params: Params{"mining": "batch"}},
		{Loss: "triplet", Params: Params{"mining": "batch-all", "hinge": "square"}},
		{Loss: "triplet", Params: Params{"mining": "batch-all", "average": "separate"}},
	} {
		r.In = line()
		if _, err := Eval(r); err == nil {
			t.Errorf("%v, reduction %q: no error", r.Params, r.Reduction)
		}
	}
}
