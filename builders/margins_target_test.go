package builders_test

import (
	"testing"

	"losscc/verify/tensor"
)

// inputs is what a claim's change alters.
type inputs = map[string]*tensor.Tensor

// targetHeads are the heads whose margin moves the target only, each with the
// settings that its claims vary; scales are small enough for every class to
// count.
var targetHeads = []struct {
	loss     string
	settings []sets
	detached bool
	arc      bool // has the arc options
	change   func(in inputs)
}{
	{loss: "normface", settings: []sets{{"scale": "5"}}},
	{loss: "arcface", arc: true, detached: true, settings: []sets{{"scale": "5"}, {"scale": "5", "margin": "0"}}},
	{loss: "combined-margin", arc: true, detached: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "m1": "1.35", "m2": "0", "m3": "0"}, {"scale": "5", "m1": "0.9", "m2": "0.6", "m3": "-0.1"},
		{"scale": "5", "m2": "-0.3"}, {"scale": "5", "m1": "0"}, {"scale": "5", "interclass_filtering_threshold": "0.3"},
		{"scale": "5", "interclass_filtering_threshold": "1"}, {"scale": "5", "interclass_filtering_threshold": "-0.5"},
	}},
	{loss: "subcenter-arcface", arc: true, detached: true, settings: []sets{{"scale": "5"}, {"scale": "5", "sub_centers": "2", "margin": "0.2"}}},
	{loss: "x2-softmax", detached: true, settings: []sets{{"scale": "5"}, {"scale": "5", "a": "-0.5", "h": "0.2", "k": "0.9"}}},
	{loss: "li-arcface", settings: []sets{{"scale": "5"}, {"scale": "5", "margin": "0"}}},
	{loss: "adacos", settings: []sets{
		nil, {"median": "all"}, {"margin": "0.5"}, {"variant": "fixed"}, {"variant": "fixed", "margin": "0.5"}, {"median": "all", "margin": "0.5"},
	}},
	{loss: "adacos", settings: []sets{nil, {"median": "all"}, {"margin": "0.5"}}, change: nearCenters},
	{loss: "adaface", settings: []sets{
		{"scale": "5"}, {"scale": "5", "h": "0"}, {"scale": "5", "alpha": "1"}, {"scale": "5", "alpha": "0"}, {"scale": "5", "margin": "0"},
		{"scale": "5", "h": "2", "margin": "0.7"}, {"scale": "5", "beyond": "clip"}, {"scale": "5", "beyond": "clip", "epsilon": "0.3", "alpha": "0.5"},
	}, change: spreadNorms},
	{loss: "magface", arc: true, change: spreadNorms, settings: []sets{
		{"scale": "5"}, {"scale": "5", "lambda_g": "0"}, {"scale": "5", "margin_type": "cos"}, {"scale": "5", "l_a": "1", "u_a": "30", "l_m": "0", "u_m": "2"},
	}},
	{loss: "elasticface", arc: true, detached: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "sigma": "1"}, {"scale": "5", "margin_type": "cos"}, {"scale": "5", "assignment": "sorted", "sigma": "0.5"},
	}},
	{loss: "elastic-cosface", detached: true, settings: []sets{nil, {"scale": "5", "assignment": "sorted", "sigma": "0.5"}}},
	{loss: "adam-softmax", settings: []sets{{"scale": "5"}, {"scale": "5", "lambda": "0"}, {"scale": "5", "regularizer": "one-minus-mean"}}},
	{loss: "kappaface", arc: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "gamma": "1", "temperature": "2"}, {"scale": "5", "gamma": "0"}, {"scale": "5", "margin": "0"},
	}},
	{loss: "kappaface", settings: []sets{{"scale": "5"}}, change: func(in inputs) { // no images, no spread of κ
		for i := range in["kappa"].F {
			in["class_counts"].F[i] = 0
			in["kappa"].F[i] = float64(i) * 1e-200
		}
	}},
	{loss: "kappaface", settings: []sets{{"scale": "5"}}, change: func(in inputs) { // the end of an epoch
		in["seen"].F[0] = 100
		for i := range in["class_sums"].F {
			in["class_sums"].F[i] *= 2
		}
	}},
}

// spreadNorms gives rows norms from tiny to huge, on both sides of every limit
// that a head has.
func spreadNorms(in inputs) {
	x := in["embeddings"]
	for i := range x.F {
		x.F[i] *= []float64{1, 7, 30, 100, 2e-4, 12, 60}[i/x.Shape[1]%7]
	}
}

// nearCenters puts rows near enough to their centres for a median angle below
// π/4, each at another angle.
func nearCenters(in inputs) {
	x, w, y := in["embeddings"], in["weight"], in["labels"]
	each := len(w.F) / w.Shape[0]
	for i, v := range y.I {
		if v < 0 || v >= int64(w.Shape[0]) {
			continue
		}
		for k := range x.Shape[1] {
			x.F[i*x.Shape[1]+k] = 0.3*x.F[i*x.Shape[1]+k] + 1.5*w.F[int(v)*each+k]
		}
	}
}

func TestTargetHeadsEqualTheirFormulas(t *testing.T) {
	var claims []claim
	for _, h := range targetHeads {
		add := func(c claim, s ...sets) {
			c.loss, c.sets = h.loss, sets{}
			c.change = h.change
			for _, s := range s {
				for k, v := range s {
					c.sets[k] = v
				}
			}
			claims = append(claims, c)
		}
		first := h.settings[0]
		for _, s := range h.settings {
			add(claim{}, s)
			if h.detached {
				add(claim{gradient: "detached", predict: true}, s)
			}
		}
		add(claim{reduction: "sum"}, first)
		add(claim{reduction: "none", predict: true}, first)
		for _, o := range []sets{
			{"label_smoothing": "0.1"}, {"label_smoothing": "0.2", "smoothing": "others"}, {"focal.gamma": "2"}, {"focal.gamma": "1"},
			{"class_weights": "true"}, {"class_weights": "true", "focal.gamma": "1.5"},
		} {
			add(claim{}, first, o)
		}
		if h.loss != "subcenter-arcface" {
			add(claim{predict: true}, first, sets{"sub_centers": "2"})
		}
		if !h.arc {
			continue
		}
		for _, o := range []sets{
			{"easy_margin": "true"}, {"beyond": "linear"}, {"beyond": "keep"}, {"beyond": "reflect"}, {"beyond": "clip"}, {"beyond": "clip", "epsilon": "0.3"},
		} {
			for _, m := range []string{"1.2", "3.3"} {
				add(claim{predict: true}, first, o, ofMargin(h.loss, m))
				if h.detached {
					add(claim{gradient: "detached"}, first, o, ofMargin(h.loss, m))
				}
			}
		}
	}
	for _, c := range claims {
		t.Run(c.String(), func(t *testing.T) { prove(t, c) })
	}
}

// ofMargin is the setting that gives a head that margin on the angle.
func ofMargin(loss, m string) sets {
	switch {
	case loss == "combined-margin":
		return sets{"m2": m}
	case loss == "magface":
		return sets{"u_m": m, "l_m": "0.1"}
	}
	return sets{"margin": m}
}

func TestAllRowsIgnored(t *testing.T) {
	for _, h := range targetHeads {
		for _, r := range []string{"mean", "none"} {
			prove(t, claim{loss: h.loss, sets: h.settings[0], reduction: r, predict: true, change: func(in inputs) {
				if h.change != nil {
					h.change(in)
				}
				for i := range in["labels"].I {
					in["labels"].I[i] = -1
				}
			}})
		}
	}
}

// Only kept rows may set the shift of AdaCos's sum over exponentials: beside a
// row that is ignored they can all be 0.
func TestAnIgnoredRowDoesNotShiftTheScale(t *testing.T) {
	prove(t, claim{loss: "adacos", valueOnly: true, change: func(in inputs) {
		in["scale"].F[0] = 2000
		fill(in["labels"].I, 1)
		in["labels"].I[0] = -1
		x, w := in["embeddings"].F, in["weight"].F
		for i := range x {
			x[i] = -w[i%3] // against class 0
		}
		copy(w[3:], []float64{w[0], w[1], w[2], w[0], w[1], w[2], w[0], w[1], w[2]})
		copy(x, w[:3])
	}})
}
