package builders_test

import (
	"testing"
)

// otherHeads are the heads that move the other classes' logits or leave the
// softmax, each with the settings that its claims vary; scales are small enough
// for every class to count.
var otherHeads = []struct {
	loss     string
	settings []sets
	detached bool
	arc      bool // has the arc options
	plain    bool // has none of the options of a cross-entropy
}{
	{loss: "curricularface", arc: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "alpha": "0"}, {"scale": "5", "alpha": "1"}, {"scale": "5", "alpha": "0.5", "margin": "2"}, {"scale": "5", "margin": "0"},
	}},
	{loss: "mv-softmax", settings: []sets{
		{"scale": "5"}, {"scale": "5", "weighting": "fixed"}, {"scale": "5", "margin_type": "arc", "margin": "0.5"},
		{"scale": "5", "margin_type": "arc", "margin": "1.5", "weighting": "fixed"}, {"scale": "5", "easy_margin": "true"},
		{"scale": "5", "easy_margin": "true", "easy_threshold": "0.35", "t": "0.12"}, {"scale": "5", "easy_margin": "true", "easy_threshold": "-0.35", "margin_type": "arc", "margin": "1"},
		{"scale": "5", "t": "-0.4"}, {"scale": "5", "t": "0"}, {"scale": "5", "margin": "0"}, {"scale": "5", "margin": "2.5"},
	}},
	{loss: "npcface", settings: []sets{
		{"scale": "5"}, {"scale": "5", "easy_margin": "false"}, {"scale": "5", "margin": "1.5", "m1": "0.9"}, {"scale": "5", "margin": "0", "t": "1", "a": "0.7"},
		{"scale": "5", "m0": "-0.2", "m1": "0", "t": "-0.3", "a": "-1", "easy_margin": "false"},
	}},
	{loss: "arcnegface", arc: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "alpha": "0.3", "sigma": "0.1"}, {"scale": "5", "alpha": "-1", "sigma": "7"}, {"scale": "5", "margin": "0"},
	}},
	{loss: "circle-softmax", settings: []sets{{"scale": "8"}, {"scale": "8", "margin": "0"}, {"scale": "8", "margin": "0.8"}}},
	{loss: "sphereface-r", detached: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "margin": "1"}, {"scale": "5", "margin": "2.7", "loss_weight": "0.4"},
		{"scale": "5", "version": "v1"}, {"scale": "5", "version": "v1", "margin": "3"}, {"scale": "5", "version": "v1", "margin": "1"}, {"scale": "5", "version": "v1", "margin": "9"},
		{"scale": "5", "version": "v0"}, {"scale": "5", "version": "v0", "margin": "3"}, {"scale": "5", "version": "v0", "margin": "1"},
		{"feature_normalization": "none"}, {"feature_normalization": "none", "version": "v1"}, {"feature_normalization": "none", "version": "v0", "margin": "4"},
		{"feature_normalization": "soft", "scale": "1.7"}, {"feature_normalization": "soft", "scale": "1.7", "soft_weight": "3", "loss_weight": "2", "version": "v0"},
		{"feature_normalization": "soft", "scale": "1.7", "soft_weight": "3", "loss_weight": "2", "class_weights": "true"},
		{"feature_normalization": "soft", "soft_weight": "0.5", "focal.gamma": "2"},
	}},
	{loss: "sphereface2", detached: true, plain: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "t": "1"}, {"scale": "5", "t": "2.5"}, {"scale": "5", "t": "0.6"}, {"scale": "5", "t": "7", "loss_weight": "50"},
		{"scale": "5", "lambda": "0"}, {"scale": "5", "lambda": "1"}, {"scale": "5", "margin": "0"},
		{"scale": "5", "margin_type": "arc"}, {"scale": "5", "margin_type": "arc", "margin": "2.4", "t": "1.5"}, {"scale": "5", "margin_type": "arc", "margin": "3.3"}, {"scale": "5", "margin_type": "arc", "margin": "0"},
		{"scale": "5", "margin_type": "mul", "margin": "1.4"}, {"scale": "5", "margin_type": "mul", "margin": "3"}, {"scale": "5", "margin_type": "mul", "margin": "1", "t": "4"},
	}},
	{loss: "uniface", plain: true, settings: []sets{
		{"scale": "5"}, {"scale": "5", "bias_per_class": "true"}, {"scale": "1", "clamp": "true"}, {"scale": "1", "clamp": "true", "bias_per_class": "true"},
		{"scale": "5", "lambda": "0"}, {"scale": "5", "lambda": "3", "margin": "0"},
	}},
	{loss: "p2sgrad", plain: true, settings: []sets{nil, {"form": "mse"}}},
	{loss: "focal", plain: true, settings: []sets{
		nil, {"gamma": "0"}, {"gamma": "1"}, {"gamma": "1.5", "bias": "false"}, {"form": "sigmoid"}, {"form": "sigmoid", "gamma": "0", "alpha": "0.8"},
		{"form": "sigmoid", "gamma": "1", "bias": "false"}, {"form": "sigmoid", "gamma": "3.5", "alpha": "-2"},
	}},
}

func otherClaims() []claim {
	var claims []claim
	for _, h := range otherHeads {
		add := func(c claim, parts ...sets) {
			c.loss, c.sets = h.loss, sets{}
			for _, s := range parts {
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
		if h.plain {
			continue
		}
		for _, o := range []sets{
			{"label_smoothing": "0.1"}, {"label_smoothing": "0.2", "smoothing": "others"}, {"focal.gamma": "2"}, {"focal.gamma": "1"},
			{"class_weights": "true"}, {"class_weights": "true", "focal.gamma": "1.5"},
		} {
			add(claim{}, first, o)
		}
		add(claim{predict: true}, first, sets{"sub_centers": "2"})
		if !h.arc {
			continue
		}
		for _, o := range []sets{
			{"easy_margin": "true"}, {"beyond": "linear"}, {"beyond": "keep"}, {"beyond": "reflect"}, {"beyond": "clip"}, {"beyond": "clip", "epsilon": "0.3"},
		} {
			for _, m := range []sets{nil, {"margin": "1.2"}, {"margin": "3.3"}} {
				add(claim{predict: true}, first, o, m)
			}
		}
	}
	return append(claims, claim{loss: "focal", sets: sets{"form": "batch-mean"}, predict: true}, claim{loss: "focal", sets: sets{"form": "batch-mean", "gamma": "0"}})
}

func TestOtherHeadsEqualTheirFormulas(t *testing.T) {
	for _, c := range otherClaims() {
		t.Run(c.String(), func(t *testing.T) { prove(t, c) })
	}
}
