package formula

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

// The golden numbers were made by a second writing of the formulas, over
// whole arrays: log-softmax of x·Wᵀ + b, times the smoothed one-hot.
func TestSoftmaxGolden(t *testing.T) {
	for _, c := range []struct {
		is     string
		params Params
		want   float64
	}{
		{"defaults", nil, 1.4643237205488906},
		{"no bias, temperature", Params{"bias": false, "temperature": 0.5}, 2.114000746145563},
		{"smoothing over all", Params{"label_smoothing": 0.1}, 1.511483980112207},
		{"smoothing over others", Params{"label_smoothing": 0.1, "smoothing": "others"}, 1.5272040666333124},
		{"focal", Params{"focal.gamma": 2.0}, 1.001579000821137},
		{"class weights divide the mean", Params{"class_weights": true}, 1.0361372966280709},
	} {
		same(t, c.is, lossOf(t, "softmax", c.params, waves()), c.want)
	}
	sum := outputs(t, Request{Loss: "softmax", Params: Params{"class_weights": true}, Reduction: "sum", In: waves()})
	sameAll(t, "sum with class weights", sum["loss"], 3.0220671151652065)
	rows := outputs(t, Request{Loss: "softmax", Params: Params{"focal.gamma": 1.5, "class_weights": true}, Reduction: "none", In: waves()})
	sameAll(t, "rows of the focal loss with class weights", rows["loss"],
		0.7446504268997889, 0.09069280380232962, 0, 0.26934384275983664, 0.20217960618567957, 0.6076815461933732)
}

// twoRows are logits (ln 3, 0) and (0, 0) of classes 0 and 1, made by a
// weight of 1 and 0.
func twoRows(labels ...int64) inputs {
	return inputs{
		"embeddings": rows2([]float64{math.Log(3)}, []float64{0}),
		"weight":     rows2([]float64{1}, []float64{0}),
		"bias":       floats1(0, 0),
		"labels":     ints1(labels...),
	}
}

func TestSoftmaxByHand(t *testing.T) {
	ln := math.Log
	for _, c := range []struct {
		is     string
		params Params
		labels []int64
		want   float64
	}{
		{"p = 3/4 and 1/2", nil, []int64{0, 1}, (ln(4./3) + ln(2)) / 2},
		{"an ignored row is not in the mean", nil, []int64{0, 2}, ln(4. / 3)},
		{"no row kept is 0", nil, []int64{-1, 2}, 0},
		{"temperature 1/2 squares the odds", Params{"temperature": 0.5}, []int64{0, -1}, ln(10. / 9)},
		{"smoothing over all gives the label 1 − ε/2", Params{"label_smoothing": 0.2}, []int64{0, -1}, 0.9*ln(4./3) + 0.1*ln(4)},
		{"smoothing over others gives the label 1 − ε", Params{"label_smoothing": 0.2, "smoothing": "others"}, []int64{0, -1}, 0.8*ln(4./3) + 0.2*ln(4)},
		{"focal γ = 2 of p = 3/4", Params{"focal.gamma": 2.0}, []int64{0, -1}, ln(4./3) / 16},
	} {
		same(t, c.is, lossOf(t, "softmax", c.params, twoRows(c.labels...)), c.want)
	}
}

func TestOneClassLosesNothing(t *testing.T) {
	in := inputs{"embeddings": rows2([]float64{3}), "weight": rows2([]float64{2}), "bias": floats1(1), "labels": ints1(0)}
	for _, p := range []Params{nil, {"label_smoothing": 0.1}, {"label_smoothing": 0.1, "smoothing": "others"}, {"focal.gamma": 2.0}} {
		same(t, "softmax of one class", lossOf(t, "softmax", p, in), 0)
	}
	same(t, "hardmax of one class", lossOf(t, "hardmax", nil, in), 0)
}

func TestClassWeightsOfZeroGiveZero(t *testing.T) {
	in := twoRows(0, 1)
	in["class_weight"] = floats1(0, 0)
	same(t, "mean", lossOf(t, "softmax", Params{"class_weights": true}, in), 0)
}

func TestSoftmaxStaysFinite(t *testing.T) {
	for _, scale := range []float64{1000, 1e6} {
		in := twoRows(1, 0)
		in["embeddings"] = rows2([]float64{scale}, []float64{-scale})
		same(t, "far on the wrong side", lossOf(t, "softmax", nil, in), scale)
	}
}

func TestHardmax(t *testing.T) {
	same(t, "golden", lossOf(t, "hardmax", nil, waves()), 0.8476709760926344)
	in := twoRows(1, 0)
	same(t, "ln 3 short, and a tie", lossOf(t, "hardmax", nil, in), math.Log(3)/2)
	g := gradientOf(t, Request{Loss: "hardmax", In: in}, "bias")
	closeTo(t, "only the first maximal column is pushed", g, []float64{0.5, -0.5})
	g = gradientOf(t, Request{Loss: "hardmax", In: twoRows(0, 1)}, "bias")
	closeTo(t, "a tie goes to the first column", g, []float64{0.5, -0.5})
}

func TestHardmaxIsTheLimitOfSoftmax(t *testing.T) {
	const T = 1e-4
	soft := T * lossOf(t, "softmax", Params{"temperature": T}, waves())
	same(t, "temperature·softmax", soft, lossOf(t, "hardmax", nil, waves()))
}

func TestPredictions(t *testing.T) {
	out := outputs(t, Request{Loss: "softmax", Predictions: true, In: waves()})
	sameInts(t, "predicted, of ignored rows too", out["predicted"], 1, 0, 3, 2, 0, 3)
	sameAll(t, "accuracy over kept rows", out["accuracy"], 0.4)
	sameInts(t, "ignored", out["ignored"], 1)

	tie := outputs(t, Request{Loss: "hardmax", Predictions: true, In: twoRows(-1, 9)})
	sameInts(t, "the first of equal scores", tie["predicted"], 0, 0)
	sameAll(t, "accuracy of no kept row", tie["accuracy"], 0)
}

func TestSoftmaxGradientIsProbabilityMinusOneHot(t *testing.T) {
	in := waves()
	h, n := 3, 5.0
	x, w, y := in["embeddings"], in["weight"], in["labels"].I
	gx, gw, gb := tensor.New(tensor.Float, 6, h), tensor.New(tensor.Float, 4, h), tensor.New(tensor.Float, 4)
	for i := range y {
		if y[i] < 0 {
			continue
		}
		var z [4]float64
		var total float64
		for j := range z {
			for d := range h {
				z[j] += x.F[i*h+d] * w.F[j*h+d]
			}
			z[j] = math.Exp(z[j] + in["bias"].F[j])
			total += z[j]
		}
		for j := range z {
			g := z[j] / total
			if int64(j) == y[i] {
				g--
			}
			gb.F[j] += g / n
			for d := range h {
				gx.F[i*h+d] += g * w.F[j*h+d] / n
				gw.F[j*h+d] += g * x.F[i*h+d] / n
			}
		}
	}
	r := Request{Loss: "softmax", In: in}
	closeTo(t, "grad_embeddings", gradientOf(t, r, "embeddings"), gx.F)
	closeTo(t, "grad_weight", gradientOf(t, r, "weight"), gw.F)
	closeTo(t, "grad_bias", gradientOf(t, r, "bias"), gb.F)
}

func TestMeaninglessRequestsAreRefused(t *testing.T) {
	for _, c := range []struct {
		is string
		r  Request
	}{
		{"an unknown loss", Request{Loss: "softmaxx"}},
		{"an unknown parameter", Request{Loss: "hardmax", Params: Params{"temperature": 2.0}}},
		{"a parameter of another type", Request{Loss: "softmax", Params: Params{"temperature": "2"}}},
		{"an unknown smoothing", Request{Loss: "softmax", Params: Params{"label_smoothing": 0.1, "smoothing": "some"}}},
		{"smoothing and focal at once", Request{Loss: "softmax", Params: Params{"label_smoothing": 0.1, "focal.gamma": 1.0}}},
		{"an unknown reduction", Request{Loss: "softmax", Reduction: "median"}},
		{"a detached gradient without a margin", Request{Loss: "softmax", Gradient: "detached"}},
		{"an official gradient of another loss", Request{Loss: "softmax", Gradient: "official"}},
		{"predictions without scores", Request{Loss: "triplet", Params: Params{"mining": "batch-all"}, Predictions: true}},
		{"a missing input", Request{Loss: "softmax", Params: Params{"class_weights": true}, In: inputs{"embeddings": waves()["embeddings"]}}},
		{"columns that differ", Request{Loss: "hardmax", In: inputs{"embeddings": rows2([]float64{1}), "weight": rows2([]float64{1, 2}), "bias": floats1(0), "labels": ints1(0)}}},
		{"labels that are floats", Request{Loss: "center", In: inputs{"embeddings": waves()["embeddings"], "centers": waves()["centers"], "labels": floats1(1)}}},
	} {
		if c.r.In == nil {
			c.r.In = waves()
		}
		if out, err := Eval(c.r); err == nil {
			t.Errorf("%s: Eval gave %v and no error", c.is, out)
		}
	}
}
