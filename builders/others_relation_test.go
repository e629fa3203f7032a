package builders_test

import (
	"fmt"
	"math"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/verify/tensor"
)

// easy puts four classes into the corners of a tetrahedron and every row near
// its own, so that no other class is hard.
func easy(in inputs) {
	w, x := in["weight"], in["embeddings"]
	copy(w.F, []float64{1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, 1})
	for i, y := range in["labels"].I {
		for k := range 3 {
			x.F[3*i+k] *= 0.1
			if y >= 0 && y < 4 {
				x.F[3*i+k] += w.F[3*int(y)+k]
			}
		}
	}
}

func TestOtherHeadsThatAreOne(t *testing.T) {
	at := func(loss string, pairs ...string) claim {
		c := claim{loss: loss, sets: sets{"scale": "8"}}
		for i := 0; i < len(pairs); i += 2 {
			c.sets[pairs[i]] = pairs[i+1]
		}
		return c
	}
	near := func(c claim) claim { c.change = easy; return c }
	lambda0 := func(c claim) claim {
		c.change = func(in inputs) { in["lambda"] = tensor.Floats([]float64{0}) }
		return c
	}
	arc, plain := at("arcface"), at("normface")
	linear := at("a-softmax", "feature_normalization", "hard", "margin", "1.4")
	for _, c := range []struct {
		is   string
		a, b claim
	}{
		{"nothing above the threshold", near(at("curricularface")), near(arc)},
		{"no negative misclassified", near(at("mv-softmax")), near(at("cosface"))},
		{"no negative misclassified by the angle", near(at("mv-softmax", "margin_type", "arc", "margin", "0.5")), near(arc)},
		{"no negative hard", near(at("npcface", "m0", "0.5")), near(arc)},
		{"misclassified negatives raised by 0", at("mv-softmax", "t", "0"), at("cosface")},
		{"misclassified negatives raised by 0, any weighting", at("mv-softmax", "t", "0", "weighting", "fixed", "margin_type", "arc", "margin", "0.5"), arc},
		{"the easy margin", at("mv-softmax", "t", "0", "easy_margin", "true"), at("cosface", "easy_margin", "true")},
		{"hard negatives left alone", at("npcface", "t", "1", "a", "0", "m0", "0.5", "m1", "0"), at("arcface", "easy_margin", "true")},
		{"hard negatives left alone, no easy margin", at("npcface", "t", "1", "a", "0", "m0", "0.5", "m1", "0", "easy_margin", "false"), arc},
		{"a weight of 1 at any distance", at("arcnegface", "alpha", "1", "sigma", "1e300"), arc},
		{"v2 dividing by 1", at("sphereface-r", "margin", "1"), plain},
		{"v1 multiplying by 1", at("sphereface-r", "margin", "1", "version", "v1"), plain},
		{"v0 multiplying by 1", at("sphereface-r", "margin", "1", "version", "v0"), plain},
		{"v0 is a-softmax without annealing", at("sphereface-r", "version", "v0"), lambda0(linear)},
		{"v0 with the norm kept", claim{loss: "sphereface-r", sets: sets{"version": "v0", "margin": "3", "feature_normalization": "none"}},
			lambda0(claim{loss: "a-softmax", sets: sets{"margin": "3"}})},
		{"soft without its pull", at("sphereface-r", "feature_normalization", "soft", "soft_weight", "0"), at("sphereface-r", "feature_normalization", "none")},
		{"focal is focal.gamma of softmax", claim{loss: "focal"}, claim{loss: "softmax", sets: sets{"focal.gamma": "2"}}},
		{"focal of γ = 0 is softmax", claim{loss: "focal", sets: sets{"gamma": "0", "bias": "false"}}, claim{loss: "softmax", sets: sets{"bias": "false"}}},
		{"a bias for each class, all equal", shared(at("uniface", "bias_per_class", "true")), shared(at("uniface"))},
	} {
		t.Run(c.is, func(t *testing.T) { equalHeads(t, c.is, c.a, c.b) })
	}
}

// shared is a head whose thresholds are all one.
func shared(c claim) claim {
	c.change = func(in inputs) {
		for j := range in["bias"].F {
			in["bias"].F[j] = 0.3
		}
	}
	return c
}

// Without bending and margin, and with targets and others weighed alike, the
// binary heads are one.
func TestBinaryHeadsAreOne(t *testing.T) {
	const s = 8.0
	dims := map[ir.Dim]int{"N": 9, "C": 5}
	threshold := func(b float64) func(in inputs) {
		return func(in inputs) { in["bias"] = tensor.Floats([]float64{b}, 1) }
	}
	a := outputsOf(t, claim{loss: "sphereface2", dims: dims, change: threshold(-0.7), reduction: "none", sets: sets{
		"scale": fmt.Sprint(s), "t": "1", "margin": "0", "lambda": "0.5", "loss_weight": fmt.Sprint(2 * s),
	}}, 3)
	b := outputsOf(t, claim{loss: "uniface", dims: dims, change: threshold(0.7), reduction: "none", sets: sets{"scale": fmt.Sprint(s), "margin": "0"}}, 3)
	for i := range b["grad_bias"].F {
		b["grad_bias"].F[i] *= -1
	}
	for name, w := range b {
		if msg := differ(a[name], w, 1e-11); msg != "" {
			t.Errorf("%s: %s", name, msg)
		}
	}
}

// The gradient of p2sgrad in the embedding is the paper's rule carried through
// the normalisation of x: Σ_j (c_j − [j = y])·(ŵ_j − c_j·x̂)/‖x‖.
func TestP2SGradIsTheRule(t *testing.T) {
	var in inputs
	got := outputsOf(t, claim{loss: "p2sgrad", reduction: "sum", change: func(drawn inputs) { in = drawn }}, 2)["grad_embeddings"]
	x, w := in["embeddings"], in["weight"]
	length := func(v []float64) float64 { return math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2]) }
	want := tensor.New(tensor.Float, x.Shape...)
	for i, y := range in["labels"].I {
		if y < 0 || y >= 4 {
			continue
		}
		xi := x.F[3*i : 3*i+3]
		for j := range 4 {
			wj := w.F[3*j : 3*j+3]
			cos := (xi[0]*wj[0] + xi[1]*wj[1] + xi[2]*wj[2]) / length(xi) / length(wj)
			by := cos
			if int64(j) == y {
				by--
			}
			for k := range 3 {
				want.F[3*i+k] += by * (wj[k]/length(wj) - cos*xi[k]/length(xi)) / length(xi)
			}
		}
	}
	if msg := differ(got, want, 1e-12); msg != "" {
		t.Error(msg)
	}
}

// One row's mean is the row.
func TestBatchMeanOfOneRowIsFocal(t *testing.T) {
	one := map[ir.Dim]int{"N": 1}
	label := func(in inputs) { in["labels"].I[0] = 2 }
	a := outputsOf(t, claim{loss: "focal", sets: sets{"form": "batch-mean"}, reduction: "mean", dims: one, change: label}, 1)
	b := outputsOf(t, claim{loss: "focal", reduction: "mean", dims: one, change: label}, 1)
	for name, w := range b {
		if msg := differ(a[name], w, 1e-12); msg != "" {
			t.Errorf("%s: %s", name, msg)
		}
	}
}

func TestOtherHeadsWhereNoRowIsKept(t *testing.T) {
	for _, h := range otherHeads {
		for _, r := range []string{"mean", "sum", "none"} {
			prove(t, claim{loss: h.loss, sets: h.settings[0], reduction: r, predict: true, change: func(in inputs) { fill(in["labels"].I, -1) }})
		}
	}
	prove(t, claim{loss: "focal", sets: sets{"form": "batch-mean"}, change: func(in inputs) { fill(in["labels"].I, -1) }})
}

func TestOtherHeadsEqualTheirFormulasAtTheEdges(t *testing.T) {
	for _, h := range otherHeads {
		for is, c := range map[string]claim{
			"one row":     {dims: map[ir.Dim]int{"N": 1}},
			"no row":      {dims: map[ir.Dim]int{"N": 0}},
			"one class":   {dims: map[ir.Dim]int{"C": 1}},
			"two classes": {dims: map[ir.Dim]int{"C": 2}},
			"ten":         {dims: map[ir.Dim]int{"C": 10, "D": 2}},
		} {
			for _, s := range h.settings {
				c.loss, c.sets, c.reduction = h.loss, s, "sum"
				t.Run(is+": "+c.String(), func(t *testing.T) { proveAt(t, c, 1) })
			}
		}
	}
}

func TestOtherHeadsAreFiniteAtEvilInputs(t *testing.T) {
	for _, h := range otherHeads {
		for _, s := range h.settings {
			for _, scale := range []string{"", "1", "1000"} {
				with := sets{}
				for k, v := range s {
					with[k] = v
				}
				if with["scale"] != "" && scale != "" {
					with["scale"] = scale
				}
				finite(t, "cosines of ±1 and zero rows", claim{loss: h.loss, sets: with, reduction: "sum", change: facing})
				if h.detached {
					finite(t, "cosines of ±1 and zero rows", claim{loss: h.loss, sets: with, reduction: "sum", gradient: "detached", change: facing})
				}
			}
			for _, by := range []float64{1e150, 1e-150} {
				finite(t, fmt.Sprint("rows times ", by), claim{loss: h.loss, sets: s, reduction: "sum", change: func(in inputs) {
					for i := range in["embeddings"].F {
						in["embeddings"].F[i] *= by
					}
				}})
			}
		}
	}
}

func TestOtherHeadsRefuseWhatMeansNothing(t *testing.T) {
	refused := []struct {
		loss string
		sets sets
	}{
		{"curricularface", sets{"easy_margin": "true", "beyond": "linear"}},
		{"curricularface", sets{"alpha": "1.5"}},
		{"arcnegface", sets{"sigma": "0"}},
		{"sphereface-r", sets{"margin": "0.9"}},
		{"sphereface2", sets{"margin_type": "mul"}},
		{"sphereface2", sets{"t": "0"}},
		{"sphereface2", sets{"label_smoothing": "0.1"}},
		{"uniface", sets{"focal.gamma": "2"}},
		{"p2sgrad", sets{"class_weights": "true"}},
		{"focal", sets{"sub_centers": "2"}},
		{"focal", sets{"gamma": "0.5"}},
		{"npcface", sets{"label_smoothing": "0.1", "focal.gamma": "2"}},
	}
	for _, c := range refused {
		if err := builds(c.loss, c.sets, ""); err == nil {
			t.Errorf("%s %v is accepted", c.loss, c.sets)
		}
	}
	if builds("focal", sets{"form": "batch-mean"}, "sum") == nil {
		t.Error("the sum of a function of the mean is accepted")
	}
}

// builds tells why a loss with those settings is refused, or nothing.
func builds(loss string, s sets, reduction string) error {
	_, err := builders.Build(loss, builders.Options{Sets: s, Reduction: reduction})
	return err
}
