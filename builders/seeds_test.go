package builders_test

import (
	"testing"

	"losscc/builders"
	"losscc/verify/tensor"
)

type sets = map[string]string

func TestSeedsEqualTheirFormulas(t *testing.T) {
	var claims []claim
	add := func(loss string, s sets) {
		for _, r := range []string{"mean", "sum", "none"} {
			claims = append(claims, claim{loss: loss, sets: s, reduction: r})
		}
	}
	for _, b := range []string{"true", "false"} {
		add("hardmax", sets{"bias": b})
	}
	for _, u := range []string{"plus-one", "mean", "sum", "none"} {
		for _, o := range []string{"dense", "rows"} {
			add("center", sets{"update": u, "centers_output": o, "alpha": "0.3"})
		}
		add("center", sets{"update": u, "normalize": "true", "loss_weight": "1"})
	}
	for _, m := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		add("l-softmax", sets{"margin": m})
		add("a-softmax", sets{"margin": m})
		claims = append(claims, claim{loss: "l-softmax", sets: sets{"margin": m}, gradient: "detached"},
			claim{loss: "a-softmax", sets: sets{"margin": m}, gradient: "detached", predict: true},
			claim{loss: "a-softmax", sets: sets{"margin": m}, gradient: "official"})
	}
	for _, m := range []string{"1.35", "2.5", "9"} {
		add("a-softmax", sets{"margin": m, "feature_normalization": "hard", "scale": "4"})
		claims = append(claims, claim{loss: "a-softmax", sets: sets{"margin": m}, gradient: "official"})
	}
	for _, o := range []sets{{"label_smoothing": "0.1"}, {"label_smoothing": "0.1", "smoothing": "others"}, {"focal.gamma": "2"}, {"class_weights": "true"}} {
		o["scale"] = "2"
		add("l-softmax", o)
		add("a-softmax", o)
	}
	claims = append(claims, claim{loss: "hardmax", predict: true}, claim{loss: "l-softmax", predict: true})
	for _, c := range claims {
		t.Run(c.String(), func(t *testing.T) { prove(t, c) })
	}
}

// A zero row has no direction: what is made of its cosines has gradient 0 there,
// what is linear in it, as w_j·x, has its own; grad_weight follows each.
func TestGradientsOfZeroRowsAreTheFormulas(t *testing.T) {
	zero := func(in inputs) {
		clear(in["embeddings"].F[:3])
		fill(in["labels"].I[:2], 1)
		clear(in["weight"].F[6:9])
	}
	for _, c := range []struct {
		loss  string
		sets  sets
		still bool // the row's gradient is 0
	}{
		{"softmax", nil, false},
		{"l-softmax", nil, false},
		{"a-softmax", nil, true},
		{"a-softmax", sets{"scale": "3", "margin": "1.5"}, true},
		{"a-softmax", sets{"feature_normalization": "hard", "scale": "3"}, true},
		{"sphereface-r", sets{"scale": "3", "feature_normalization": "none", "version": "v0"}, true},
		{"sphereface-r", sets{"scale": "3", "feature_normalization": "soft"}, true},
	} {
		for _, gradient := range []string{"exact", "detached"} {
			l, _ := builders.Find(c.loss)
			if gradient == "detached" && !l.Detached {
				continue
			}
			prove(t, claim{loss: c.loss, sets: c.sets, gradient: gradient, change: zero})
			g := outputsOf(t, claim{loss: c.loss, sets: c.sets, gradient: gradient, change: zero}, 1)["grad_embeddings"]
			still := g.F[0] == 0 && g.F[1] == 0 && g.F[2] == 0
			if still != c.still {
				t.Errorf("%s %v %s: the zero row's gradient is %v", c.loss, c.sets, gradient, g.F[:3])
			}
		}
	}
	// With m = 4 the official coefficients of a zero row are both 0.
	prove(t, claim{loss: "a-softmax", sets: sets{"margin": "3"}, gradient: "official", change: zero})
}

func TestCentersStayWhereNoRowIsKept(t *testing.T) {
	for _, o := range []string{"dense", "rows"} {
		prove(t, claim{loss: "center", sets: sets{"centers_output": o}, change: func(in map[string]*tensor.Tensor) {
			for i := range in["labels"].I {
				in["labels"].I[i] = -1
			}
		}})
	}
}
