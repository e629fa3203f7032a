package builders_test

import (
	"fmt"
	"math"
	"testing"

	"losscc/builders"
	"losscc/ir"
)

// A head whose logits are within ±scale sums e^z as it is, which float32 holds
// for every number of classes that an int32 counts; a larger scale, and logits
// that are not bounded, are taken from a reference.
func TestOnlySmallLogitsAreSummedWithoutReference(t *testing.T) {
	for _, c := range []struct {
		loss, scale string
		reference   bool
	}{
		{"arcface", "64", false},
		{"arcface", "67", false},
		{"arcface", "67.1", true},
		{"cosface", "30", false},
		{"normface", "16", false},
		{"li-arcface", "64", false},
		{"sphereface-r", "60", false},
		{"combined-margin", "64", false},
		{"subcenter-arcface", "64", false},
		{"curricularface", "64", true}, // what multiplies the others is a state
		{"circle-softmax", "32", true}, // and here a square
		{"softmax", "", true},
		{"a-softmax", "", true},
	} {
		s := sets{}
		if c.scale != "" {
			s["scale"] = c.scale
		}
		m := makeLoss(t, c.loss, s, "none")
		found := false
		for _, v := range m.f.Values {
			found = found || v.Op == ir.OpReduceMax && v.Args[0].Type.Shape.Equal(ir.Shape{builders.N, builders.C})
		}
		if found != c.reference {
			t.Errorf("%s with scale %s: a reference is taken: %v", c.loss, c.scale, found)
		}
	}
	const classes = 1 << 31
	if most := float32(math.Exp(67) * classes); math.IsInf(float64(most), 0) {
		t.Error("the sum of the largest terms is no float32")
	}
	if least := float32(math.Exp(-67)); least < 0x1p-126 {
		t.Error("the smallest term is no normal float32")
	}
}

// Rows whose target lies at one pole and all others at the other keep their
// loss, whichever way the sum is taken.
func TestSumsOfLogitsFarApart(t *testing.T) {
	const classes = 7
	for _, scale := range []float64{60, 64, 100} {
		for _, cosine := range []float64{-1, 1} {
			out := outputsOf(t, claim{
				loss: "cosface", sets: sets{"scale": fmt.Sprint(scale), "margin": "0.25"}, reduction: "none",
				dims:   map[ir.Dim]int{builders.N: 2, builders.C: classes, builders.D: 1},
				change: func(in inputs) { poles(in, cosine) },
			}, 1)
			want := math.Log1p((classes - 1) * math.Exp(scale*(-cosine-(cosine-0.25))))
			for _, got := range out["loss"].F {
				if math.Abs(got-want) > 1e-13*want {
					t.Errorf("scale %v, target at cosine %v: loss %v, want %v", scale, cosine, got, want)
				}
			}
		}
	}
}

// poles puts every row's target, class 0, at that cosine, and every other class
// at the opposite one, in one dimension.
func poles(in inputs, cosine float64) {
	for i := range in["embeddings"].F {
		in["embeddings"].F[i], in["labels"].I[i] = 2, 0
	}
	for j := range in["weight"].F {
		in["weight"].F[j] = -3 * cosine
	}
	in["weight"].F[0] = 3 * cosine
}
