package formula

import (
	"maps"
	"math"
	"strings"
	"testing"

	"losscc/verify/tensor"
)

// sameHead fails unless two heads have the same rows of loss and the same
// gradient in embeddings and weight on marginWaves.
func sameHead(t *testing.T, is, loss string, p Params, other string, q Params) {
	t.Helper()
	sameRequests(t, is,
		Request{Loss: loss, Params: p, Reduction: "none", In: marginWaves(loss, p)},
		Request{Loss: other, Params: q, Reduction: "none", In: marginWaves(other, q)})
}

func sameRequests(t *testing.T, is string, a, b Request) {
	t.Helper()
	sameAll(t, is, outputs(t, a)["loss"], outputs(t, b)["loss"].F...)
	for _, input := range []string{"embeddings", "weight"} {
		closeTo(t, is+": grad_"+input, gradientOf(t, a, input), gradientOf(t, b, input).F)
	}
}

func TestHeadsThatAreOne(t *testing.T) {
	s := func(p Params) Params { return merge(Params{"scale": 8.0}, p) }
	arc := s(nil)
	for _, c := range []struct {
		is   string
		loss string
		p    Params
		as   string
		q    Params
	}{
		{"cosface with margin 0 is normface", "cosface", s(Params{"margin": 0.0}), "normface", s(nil)},
		{"arcface with margin 0 is normface", "arcface", s(Params{"margin": 0.0}), "normface", s(nil)},
		{"combined (1, m, 0) is arcface", "combined-margin", s(Params{"m2": 0.5, "m3": 0.0}), "arcface", arc},
		{"combined (1, 0, m) is cosface", "combined-margin", s(Params{"m2": 0.0, "m3": 0.35}), "cosface", s(nil)},
		{"a filter at 1 filters nothing", "combined-margin", s(Params{"interclass_filtering_threshold": 1.0}), "combined-margin", s(nil)},
		{"sub-centres are arcface's option", "subcenter-arcface", s(Params{"sub_centers": 2.0}), "arcface", s(Params{"sub_centers": 2.0})},
		{"magface with a constant margin and no regulariser is arcface", "magface", s(Params{"l_m": 0.5, "u_m": 0.5, "lambda_g": 0.0}), "arcface", arc},
		{"and with the margin on the cosine cosface", "magface", s(Params{"l_m": 0.35, "u_m": 0.35, "lambda_g": 0.0, "margin_type": "cos"}), "cosface", s(nil)},
		{"elasticface without spread is arcface", "elasticface", s(Params{"sigma": 0.0}), "arcface", arc},
		{"and with the margin on the cosine cosface", "elasticface", s(Params{"sigma": 0.0, "margin_type": "cos", "margin": 0.35}), "cosface", s(nil)},
		{"arcface's options reach elasticface", "elasticface", s(Params{"sigma": 0.0, "margin": 1.5, "beyond": "reflect"}), "arcface", s(Params{"margin": 1.5, "beyond": "reflect"})},
		{"mv-softmax with t = 0 is cosface", "mv-softmax", s(Params{"t": 0.0}), "cosface", s(nil)},
		{"npcface without its terms is arcface", "npcface", s(Params{"t": 1.0, "a": 0.0, "m0": 0.5, "m1": 0.0, "easy_margin": false}), "arcface", arc},
		{"and with easy margin its easy margin", "npcface", s(Params{"t": 1.0, "a": 0.0, "m0": 0.5, "m1": 0.0}), "arcface", s(Params{"easy_margin": true})},
		{"arcnegface with equal weights of 1 is arcface", "arcnegface", s(Params{"alpha": 1.0, "sigma": 1e300}), "arcface", arc},
		{"adaface that reads no length is cosface", "adaface", s(Params{"h": 0.0}), "cosface", s(Params{"margin": 0.4})},
		{"kappaface of no margin is normface", "kappaface", s(Params{"margin": 0.0}), "normface", s(nil)},
		{"sphereface-r v2 with margin 1 is normface", "sphereface-r", s(Params{"margin": 1.0}), "normface", s(nil)},
		{"v1 with margin 1 too", "sphereface-r", s(Params{"margin": 1.0, "version": "v1"}), "normface", s(nil)},
		{"v0 with margin 1 too", "sphereface-r", s(Params{"margin": 1.0, "version": "v0"}), "normface", s(nil)},
		{"the fixed scale is normface's", "adacos", Params{"variant": "fixed"}, "normface", Params{"scale": math.Sqrt2 * math.Log(3)}},
		{"and with a margin arcface's", "adacos", Params{"variant": "fixed", "margin": 0.5}, "arcface", Params{"scale": math.Sqrt2 * math.Log(3)}},
		{"focal γ = 0 is no weighting", "arcface", s(Params{"focal.gamma": 0.0}), "arcface", arc},
		{"focal γ = 0 is softmax", "focal", Params{"gamma": 0.0}, "softmax", nil},
		{"focal is softmax with its option", "focal", Params{"gamma": 2.5}, "softmax", Params{"focal.gamma": 2.5}},
	} {
		if c.as == "softmax" {
			in := marginWaves("focal", nil)
			sameRequests(t, c.is, Request{Loss: c.loss, Params: c.p, Reduction: "none", In: in},
				Request{Loss: c.as, Params: c.q, Reduction: "none", In: in})
			continue
		}
		sameHead(t, c.loss+": "+c.is, c.loss, c.p, c.as, c.q)
	}
}

func TestOneSubCenterIsTheClass(t *testing.T) {
	p := Params{"scale": 8.0}
	in, flat := marginWaves("subcenter-arcface", Params{"sub_centers": 1.0}), marginWaves("arcface", nil)
	sameRequests(t, "K = 1", Request{Loss: "subcenter-arcface", Params: merge(p, Params{"sub_centers": 1.0}), In: in},
		Request{Loss: "arcface", Params: p, In: flat})
}

func TestTheNearestSubCenterCounts(t *testing.T) {
	in := facing(5, 0.7, 1.9)
	in["weight"] = tensor.Floats([]float64{-1, 0, 1, 0, cos(2.6), sin(2.6), cos(3), sin(3)}, 2, 2, 2)
	r := Request{Loss: "subcenter-arcface", Params: Params{"scale": 1.0}, In: in}
	same(t, "loss", outputs(t, r)["loss"].F[0], sp(cos(1.9)-cos(1.2)))
	g := gradientOf(t, r, "weight").F
	for i, moves := range []bool{false, true, true, false} {
		if (math.Hypot(g[2*i], g[2*i+1]) > 1e-3) != moves {
			t.Errorf("gradient of sub-centre %d is %v", i, g[2*i:2*i+2])
		}
	}
	// Equal sub-centres: the first one has all of the gradient.
	in["weight"] = tensor.Floats([]float64{1, 0, 1, 0, cos(2.6), sin(2.6), cos(2.6), sin(2.6)}, 2, 2, 2)
	g = gradientOf(t, r, "weight").F
	for i, moves := range []bool{true, false, true, false} {
		if (math.Hypot(g[2*i], g[2*i+1]) > 1e-3) != moves {
			t.Errorf("gradient of equal sub-centre %d is %v", i, g[2*i:2*i+2])
		}
	}
}

// Where no other class passes the threshold, hard-example heads are their own
// margin and no more.
func TestNothingHardIsThePlainMargin(t *testing.T) {
	in := facing(5, 0.2, 1.9)
	for _, c := range []struct {
		loss string
		p    Params
		as   string
		q    Params
	}{
		{"curricularface", nil, "arcface", nil},
		{"mv-softmax", nil, "cosface", nil},
		{"mv-softmax", Params{"margin_type": "arc", "weighting": "fixed"}, "arcface", Params{"margin": 0.35}},
		{"npcface", nil, "arcface", Params{"margin": 0.4}},
	} {
		s := Params{"scale": 4.0}
		sameRequests(t, c.loss+" is "+c.as, Request{Loss: c.loss, Params: merge(s, c.p), In: in},
			Request{Loss: c.as, Params: merge(s, c.q), In: in})
	}
}

func TestSortedNoiseGivesTheLargestMarginToTheSmallestCosine(t *testing.T) {
	rows := func(noise ...float64) Request {
		in := inputs{
			"embeddings": rows2([]float64{cos(0.9), sin(0.9)}, []float64{1, 0}, []float64{cos(0.3), sin(0.3)}, []float64{cos(1.1), sin(1.1)}),
			"labels":     ints1(0, 7, 0, 0),
			"weight":     rows2([]float64{1, 0}, []float64{-1, 0}),
			"noise":      floats1(noise...),
		}
		return Request{Loss: "elasticface", Params: Params{"scale": 2.0, "sigma": 0.1}, Reduction: "none", In: in}
	}
	sorted := rows(-2, 9, 1, 0.5)
	sorted.Params = merge(sorted.Params, Params{"assignment": "sorted"})
	sameRequests(t, "angles 0.3 < 0.9 < 1.1 get −2 < 0.5 < 1", sorted, rows(0.5, 9, -2, 1))

	want := rows(-2, 9, 0.5, 1)
	sorted.In["embeddings"] = rows2([]float64{1, 0}, []float64{1, 0}, []float64{2, 0}, []float64{1, 0})
	want.In["embeddings"] = sorted.In["embeddings"]
	sameAll(t, "equal cosines go by row", outputs(t, sorted)["loss"], outputs(t, want)["loss"].F...)

	// Enough equal rows for an unstable order to show: every other one stands
	// at its class, the rest across.
	const n = 40
	in := inputs{
		"embeddings": wave(n, 2, func(i, d float64) float64 { return max(0, 1-math.Mod(i+d, 2)) }),
		"labels":     tensor.New(tensor.Int, n),
		"weight":     rows2([]float64{1, 0}, []float64{-1, 0}),
		"noise":      tensor.New(tensor.Float, n),
	}
	placed := tensor.New(tensor.Float, n)
	for i := range n {
		in["noise"].F[i] = float64(i)
		placed.F[i] = float64(i/2 + i%2*n/2)
	}
	sorted.In, want.In = in, merged(maps.Clone(in), "noise", placed)
	sameAll(t, "many equal cosines go by row", outputs(t, sorted)["loss"], outputs(t, want)["loss"].F...)
}

// The order of the rows is nothing to any head, nor is the frame of the
// columns; lengths are nothing to one that looks at angles only.
func TestWhatNoHeadReads(t *testing.T) {
	swap := func(x *tensor.Tensor) *tensor.Tensor { // the first two columns turned by a right angle
		y := x.Clone()
		for i := 0; i < len(y.F); i += 3 {
			y.F[i], y.F[i+1] = -x.F[i+1], x.F[i]
		}
		return y
	}
	longer := func(x *tensor.Tensor, by float64) *tensor.Tensor {
		y := x.Clone()
		for i := range y.F {
			y.F[i] *= by
		}
		return y
	}
	readsLength := map[string]bool{"adaface": true, "magface": true, "focal": true}
	for loss := range margins {
		in := marginWaves(loss, nil)
		want := outputs(t, Request{Loss: loss, In: in})["loss"].F[0]
		backwards := marginWaves(loss, nil)
		for _, name := range []string{"embeddings", "labels", "noise"} {
			backwards[name] = reversed(backwards[name])
		}
		same(t, loss+" from the last row", lossOf(t, loss, nil, backwards), want)
		turned := marginWaves(loss, nil)
		turned["embeddings"], turned["weight"] = swap(in["embeddings"]), swap(in["weight"])
		same(t, loss+" in another frame", lossOf(t, loss, nil, turned), want)
		if loss != "focal" {
			in["weight"] = longer(in["weight"], 7)
			same(t, loss+" with longer weights", lossOf(t, loss, nil, in), want)
		}
		if !readsLength[loss] {
			in["embeddings"] = longer(in["embeddings"], 1e-3)
			same(t, loss+" with shorter rows", lossOf(t, loss, nil, in), want)
		}
	}
}

// reversed is x with its rows from the last to the first.
func reversed(x *tensor.Tensor) *tensor.Tensor {
	y := x.Clone()
	n := x.Shape[0]
	d := x.Len() / n
	for i := range n {
		if x.Kind == tensor.Int {
			copy(y.I[i*d:(i+1)*d], x.I[(n-1-i)*d:])
		} else {
			copy(y.F[i*d:(i+1)*d], x.F[(n-1-i)*d:])
		}
	}
	return y
}

func TestMarginRefusals(t *testing.T) {
	for _, c := range []struct {
		loss     string
		params   Params
		gradient string
		says     string
	}{
		{"normface", nil, "detached", "no detached gradient"},
		{"curricularface", nil, "detached", "no detached gradient"},
		{"adaface", nil, "detached", "no detached gradient"},
		{"uniface", Params{"sub_centers": 2.0}, "", "no parameter"},
		{"sphereface2", Params{"label_smoothing": 0.1}, "", "no parameter"},
		{"p2sgrad", Params{"focal.gamma": 2.0}, "", "no parameter"},
		{"focal", Params{"class_weights": true}, "", "no parameter"},
		{"arcface", Params{"easy_margin": true, "beyond": "linear"}, "", "easy_margin"},
		{"arcface", Params{"label_smoothing": 0.1, "focal.gamma": 2.0}, "", "exclude"},
		{"arcface", Params{"beyond": "far"}, "", "linear"},
		{"adaface", Params{"beyond": "linear"}, "", "none, clip"},
		{"adacos", Params{"variant": "x"}, "", "dynamic, fixed"},
		{"adacos", Params{"median": "x"}, "", "target, all"},
		{"mv-softmax", Params{"margin_type": "x"}, "", "cos, arc"},
		{"mv-softmax", Params{"weighting": "x"}, "", "adaptive, fixed"},
		{"magface", Params{"margin_type": "x"}, "", "arc, cos"},
		{"elasticface", Params{"margin_type": "x"}, "", "arc, cos"},
		{"elasticface", Params{"assignment": "x"}, "", "random, sorted"},
		{"adam-softmax", Params{"regularizer": "x"}, "", "negative-mean, one-minus-mean"},
		{"sphereface-r", Params{"version": "x"}, "", "v2, v1, v0"},
		{"sphereface-r", Params{"feature_normalization": "x"}, "", "hard, none, soft"},
		{"sphereface2", Params{"margin_type": "x"}, "", "cos, arc, mul"},
		{"p2sgrad", Params{"form": "x"}, "", "half-sum, mse"},
		{"focal", Params{"form": "x"}, "", "softmax, sigmoid, batch-mean"},
	} {
		_, err := Eval(Request{Loss: c.loss, Params: c.params, Gradient: c.gradient, In: marginWaves(c.loss, nil)})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %v %s: %v, want a refusal that says %q", c.loss, c.params, c.gradient, err, c.says)
		}
	}
	for is, r := range map[string]Request{
		"a flat weight has no sub-centres": {Loss: "subcenter-arcface", In: marginWaves("arcface", nil)},
		"nor has it with the option":       {Loss: "arcface", Params: Params{"sub_centers": 2.0}, In: marginWaves("arcface", nil)},
		"sub-centres need the option":      {Loss: "arcface", In: marginWaves("subcenter-arcface", nil)},
		"a class has a sub-centre":         {Loss: "subcenter-arcface", In: merged(marginWaves("", nil), "weight", tensor.New(tensor.Float, 4, 0, 3))},
		"batch-mean has no rows":           {Loss: "focal", Params: Params{"form": "batch-mean"}, Reduction: "none", In: marginWaves("focal", nil)},
		"no scale of one class":            {Loss: "adacos", In: oneClass()},
		"a bias per class is [C]":          {Loss: "uniface", Params: Params{"bias_per_class": true}, In: marginWaves("uniface", nil)},
		"class_sums are [C,D]":             {Loss: "kappaface", In: merged(marginWaves("kappaface", nil), "class_sums", rows2([]float64{1}))},
	} {
		if _, err := Eval(r); err == nil {
			t.Errorf("%s: no refusal", is)
		}
	}
}

// oneClass is marginWaves before one class only.
func oneClass() inputs {
	in := marginWaves("", nil)
	in["weight"] = rows2([]float64{1, 2, 3})
	in["margins"], in["class_counts"], in["kappa"] = floats1(0.3), floats1(3), floats1(1.5)
	in["class_sums"] = rows2([]float64{0.1, 0.2, 0.3})
	return in
}

func merged(in inputs, name string, x *tensor.Tensor) inputs {
	in[name] = x
	return in
}
