package builders_test

import (
	"testing"

	"losscc/ir"
	"losscc/verify/tensor"
)

var distances = []string{"euclidean", "squared-euclidean", "cosine", "dot", "angle"}

// miningClaims are all ways of mining at every distance.
func miningClaims() []claim {
	var claims []claim
	dims := map[ir.Dim]int{"N": 9, "C": 3, "T": 8}
	add := func(loss string, s sets) {
		for _, r := range []string{"mean", "sum"} {
			claims = append(claims, claim{loss: loss, sets: s, reduction: r, dims: dims})
		}
	}
	for _, d := range distances {
		for _, m := range []string{"all", "hard", "indices"} {
			for _, a := range []string{"all", "separate", "nonzero"} {
				add("contrastive", sets{"mining": m, "distance": d, "average": a})
			}
			add("contrastive", sets{"mining": m, "distance": d, "normalize": "true", "squared": "false", "positive_margin": "0.2"})
		}
		for _, m := range []string{"indices", "batch-all", "batch-hard", "semi-hard", "batch-all-hard", "batch-all-semi-hard"} {
			add("triplet", sets{"mining": m, "distance": d, "margin": "0.7"})
			add("triplet", sets{"mining": m, "distance": d, "margin": "0.7", "average": "nonzero", "normalize": "true"})
			add("triplet", sets{"mining": m, "distance": d, "hinge": "softplus", "margin": "0"})
			if m != "batch-hard" && m != "semi-hard" {
				add("triplet", sets{"mining": m, "distance": d, "swap": "true", "margin": "0.7"})
			}
		}
	}
	return claims
}

func TestMiningEqualsTheLoops(t *testing.T) {
	for _, c := range miningClaims() {
		t.Run(c.String(), func(t *testing.T) { prove(t, c) })
	}
}

func TestMiningOnDegenerateBatches(t *testing.T) {
	batches := map[string]func(in map[string]*tensor.Tensor){
		"one class":   func(in map[string]*tensor.Tensor) { fill(in["labels"].I, 1) },
		"all ignored": func(in map[string]*tensor.Tensor) { fill(in["labels"].I, -1) },
		"all different": func(in map[string]*tensor.Tensor) {
			for i := range in["labels"].I {
				in["labels"].I[i] = int64(i)
			}
		},
		"equal rows": func(in map[string]*tensor.Tensor) {
			e := in["embeddings"]
			copy(e.F[3:6], e.F[:3])
			copy(e.F[6:9], e.F[:3])
			in["labels"].I[0], in["labels"].I[1] = in["labels"].I[2], in["labels"].I[2]
		},
	}
	for name, change := range batches {
		for _, c := range miningClaims() {
			if c.reduction != "mean" || c.sets["mining"] == "indices" {
				continue
			}
			c.change, c.valueOnly = change, name == "equal rows"
			t.Run(name+" "+c.String(), func(t *testing.T) { proveAt(t, c, 1) })
		}
	}
}

func fill(x []int64, v int64) {
	for i := range x {
		x[i] = v
	}
}
