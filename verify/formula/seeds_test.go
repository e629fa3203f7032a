package formula

import (
	"maps"
	"testing"
)

func TestDefaultsOfTheSeeds(t *testing.T) {
	head := Params{"label_smoothing": 0.0, "smoothing": "all", "focal.gamma": 0.0, "class_weights": false}
	for loss, want := range map[string]Params{
		"softmax":     merge(head, Params{"bias": true, "temperature": 1.0}),
		"hardmax":     {"bias": true},
		"contrastive": {"margin": 1.0, "positive_margin": 0.0, "distance": "euclidean", "normalize": false, "squared": true, "loss_weight": 0.5, "average": "all", "mining": "none"},
		"triplet":     {"margin": 0.2, "distance": "squared-euclidean", "normalize": false, "hinge": "relu", "swap": false, "average": "all", "mining": "none"},
		"center":      {"loss_weight": 0.5, "alpha": 0.5, "update": "plus-one", "centers_output": "dense", "normalize": false},
		"l-softmax":   merge(head, Params{"margin": 4.0, "scale": 1.0}),
		"a-softmax":   merge(head, Params{"margin": 4.0, "scale": 1.0, "feature_normalization": "none"}),
	} {
		got, err := Defaults(loss)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v (%v), want %v", loss, got, err, want)
		}
	}
	if _, err := Defaults("hardmin"); err == nil {
		t.Error("defaults of an unknown loss: no error")
	}
}

// Every seed gives 0 with gradient 0 where nothing is kept, whatever the
// reduction, and for no rows at all.
func TestNothingKeptIsZero(t *testing.T) {
	for _, loss := range []string{"softmax", "hardmax", "center", "l-softmax", "a-softmax"} {
		for _, reduction := range []string{"mean", "sum", "none"} {
			in := withLambda(1)
			in["labels"] = ints1(-1, 4, 1<<62, -1<<63, 5, -2)
			r := Request{Loss: loss, Reduction: reduction, In: in}
			out := outputs(t, r)
			for _, v := range out["loss"].F {
				same(t, loss+" "+reduction, v, 0)
			}
			sameInts(t, loss+": ignored", out["ignored"], 6)
			closeTo(t, loss+": grad_embeddings", gradientOf(t, r, "embeddings"), make([]float64, 18))

			in["embeddings"], in["labels"] = wave(0, 3, nil), ints1()
			none := outputs(t, r)["loss"]
			if reduction == "none" {
				sameAll(t, loss+" of no rows", none)
			} else {
				sameAll(t, loss+" of no rows", none, 0)
			}
		}
	}
}

func TestDetachedIsForMarginsOnly(t *testing.T) {
	for loss, want := range map[string]bool{
		"softmax": false, "hardmax": false, "contrastive": false, "triplet": false, "center": false,
		"l-softmax": true, "a-softmax": true,
	} {
		in := withLambda(1)
		in["anchor"], in["positive"], in["negative"] = in["embeddings"], in["embeddings"], in["embeddings"]
		in["embeddings_a"], in["embeddings_b"], in["same"] = in["embeddings"], in["embeddings"], in["labels"]
		if _, err := Eval(Request{Loss: loss, Gradient: "detached", In: in}); (err == nil) != want {
			t.Errorf("%s: %v", loss, err)
		}
	}
}
