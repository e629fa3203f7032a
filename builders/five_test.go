package builders_test

import "testing"

func TestFirstLossesEqualTheirFormulas(t *testing.T) {
	type sets = map[string]string
	var claims []claim
	add := func(loss string, s sets) {
		for _, r := range []string{"mean", "sum", "none"} {
			claims = append(claims, claim{loss: loss, sets: s, reduction: r})
		}
	}
	for _, s := range []sets{nil, {"bias": "false"}, {"temperature": "0.3"}, {"label_smoothing": "0.1"}, {"label_smoothing": "0.1", "smoothing": "others"}, {"focal.gamma": "2"}, {"focal.gamma": "1.5", "class_weights": "true"}, {"class_weights": "true"}} {
		add("softmax", s)
	}
	for _, s := range []sets{nil, {"scale": "8"}, {"margin": "0.2", "scale": "5", "label_smoothing": "0.2"}, {"easy_margin": "true", "scale": "4"}, {"sub_centers": "2", "scale": "6"}, {"focal.gamma": "2", "scale": "3"}, {"class_weights": "true", "scale": "3"}} {
		add("cosface", s)
		add("arcface", s)
	}
	for _, b := range []string{"linear", "keep", "clip", "reflect"} {
		add("arcface", sets{"beyond": b, "margin": "1.2", "scale": "4"})
		add("arcface", sets{"beyond": b, "margin": "3.3", "scale": "4"})
		claims = append(claims, claim{loss: "arcface", sets: sets{"beyond": b, "scale": "5", "margin": "1"}, gradient: "detached", predict: true})
	}
	claims = append(claims, claim{loss: "arcface", sets: sets{"scale": "8"}, gradient: "detached"}, claim{loss: "cosface", gradient: "detached", predict: true}, claim{loss: "softmax", predict: true})
	for _, d := range []string{"euclidean", "squared-euclidean", "cosine", "dot", "angle"} {
		add("contrastive", sets{"distance": d})
		add("contrastive", sets{"distance": d, "normalize": "true", "squared": "false", "positive_margin": "0.1"})
		add("triplet", sets{"distance": d})
		add("triplet", sets{"distance": d, "normalize": "true", "hinge": "softplus", "swap": "true"})
		add("triplet", sets{"distance": d, "average": "nonzero", "margin": "0.5"})
	}
	for _, a := range []string{"separate", "nonzero"} {
		add("contrastive", sets{"average": a, "loss_weight": "2"})
	}
	for _, c := range claims {
		t.Run(c.String(), func(t *testing.T) { prove(t, c) })
	}
}
