package builders_test

import (
	"fmt"
	"math"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/verify/tensor"
)

// equalHeads fails the test unless two heads have the same rows of loss and the
// same gradients at the same embeddings, labels and weight.
func equalHeads(t *testing.T, is string, a, b claim) {
	t.Helper()
	a.reduction, b.reduction = "none", "none"
	for seed := range uint64(3) {
		x, y := outputsOf(t, a, seed), outputsOf(t, b, seed)
		for _, name := range []string{"loss", "grad_embeddings", "grad_weight"} {
			if msg := differ(x[name], y[name], 1e-11); msg != "" {
				t.Errorf("%s: %v and %v: %s: %s", is, a, b, name, msg)
			}
		}
	}
}

func TestHeadsThatAreOne(t *testing.T) {
	at := func(loss string, s sets) claim {
		c := claim{loss: loss, sets: sets{"scale": "8"}}
		for k, v := range s {
			c.sets[k] = v
		}
		return c
	}
	plain := at("normface", nil)
	arc := at("arcface", nil)
	cos := at("cosface", nil)
	constant := func(name string, v float64) func(in inputs) {
		return func(in inputs) {
			for i := range in[name].F {
				in[name].F[i] = v
			}
		}
	}
	changed := func(c claim, change func(in inputs)) claim {
		c.change = change
		return c
	}
	fixed := at("normface", sets{"scale": fmt.Sprint(math.Sqrt2 * math.Log(3))})
	for _, c := range []struct {
		is   string
		a, b claim
	}{
		{"no margin on the cosine", at("cosface", sets{"margin": "0"}), plain},
		{"no margin on the angle", at("arcface", sets{"margin": "0"}), plain},
		{"(1, m, 0) is arcface", at("combined-margin", sets{"m2": "0.5", "m3": "0"}), arc},
		{"(1, 0, m) is cosface", at("combined-margin", sets{"m2": "0", "m3": "0.35"}), cos},
		{"(1, m, 0) with its options too", at("combined-margin", sets{"m2": "1.4", "m3": "0", "beyond": "clip"}), at("arcface", sets{"margin": "1.4", "beyond": "clip"})},
		{"a filter at 1 filters nothing", at("combined-margin", sets{"interclass_filtering_threshold": "1"}), at("combined-margin", nil)},
		{"a constant margin of the norm", at("magface", sets{"l_m": "0.5", "u_m": "0.5", "lambda_g": "0"}), arc},
		{"a constant margin of the norm, on the cosine", at("magface", sets{"l_m": "0.35", "u_m": "0.35", "lambda_g": "0", "margin_type": "cos"}), cos},
		{"no spread of margins", at("elasticface", sets{"sigma": "0"}), arc},
		{"no noise", changed(at("elasticface", nil), constant("noise", 0)), arc},
		{"no noise in order", changed(at("elasticface", sets{"assignment": "sorted"}), constant("noise", 0)), arc},
		{"no spread, on the cosine", at("elastic-cosface", sets{"sigma": "0"}), cos},
		{"elastic-arcface is elasticface", at("elastic-arcface", nil), at("elasticface", nil)},
		{"elastic-cosface by its settings", at("elastic-cosface", nil), at("elasticface", sets{"margin_type": "cos", "margin": "0.35"})},
		{"no weight of the norm", at("adaface", sets{"h": "0"}), at("cosface", sets{"margin": "0.4"})},
		{"long rows have quality 1", changed(at("adaface", sets{"alpha": "0", "h": "1000"}), constant("batch_mean", 1e-3)), at("combined-margin", sets{"m2": "-0.4", "m3": "0.8"})},
		{"short rows have quality −1", changed(at("adaface", sets{"alpha": "0", "h": "1000"}), constant("batch_mean", 99)), at("arcface", sets{"margin": "0.4"})},
		{"equal trained margins", changed(at("adam-softmax", sets{"lambda": "0"}), constant("margins", 0.35)), cos},
		{"no margin of a class", at("kappaface", sets{"margin": "0"}), plain},
		{"equal classes have half of the margin", changed(at("kappaface", sets{"gamma": "1", "margin": "1"}), constant("kappa", 0.1)), arc},
		{"the fixed scale", claim{loss: "adacos", sets: sets{"variant": "fixed"}}, fixed},
		{"the fixed scale with a margin", claim{loss: "adacos", sets: sets{"variant": "fixed", "margin": "0.5"}}, at("arcface", fixed.sets)},
		{"focal γ = 0 weighs nothing", at("arcface", sets{"focal.gamma": "0"}), arc},
		{"sub-centres are arcface's option", at("subcenter-arcface", sets{"sub_centers": "2"}), at("arcface", sets{"sub_centers": "2"})},
	} {
		t.Run(c.is, func(t *testing.T) { equalHeads(t, c.is, c.a, c.b) })
	}
}

func TestEqualConcentrationsAreAverageWhateverTheirMeanRoundsTo(t *testing.T) {
	three := map[ir.Dim]int{"C": 3} // (0.1 + 0.1 + 0.1)/3 is not 0.1
	equalHeads(t, "κ = 0.1", claim{loss: "kappaface", sets: sets{"gamma": "1", "margin": "1"}, dims: three, change: func(in inputs) {
		copy(in["kappa"].F, []float64{0.1, 0.1, 0.1})
	}}, claim{loss: "arcface", dims: three})
}

func TestOneSubCenterIsTheClass(t *testing.T) {
	one := map[ir.Dim]int{"K": 1}
	for seed := range uint64(3) {
		x := outputsOf(t, claim{loss: "subcenter-arcface", sets: sets{"sub_centers": "1"}, reduction: "sum", dims: one}, seed)
		y := outputsOf(t, claim{loss: "arcface", reduction: "sum"}, seed)
		flat := &tensor.Tensor{Kind: tensor.Float, Shape: y["grad_weight"].Shape, F: x["grad_weight"].F}
		x["grad_weight"] = flat
		for _, name := range []string{"loss", "grad_embeddings", "grad_weight"} {
			if msg := differ(x[name], y[name], 1e-11); msg != "" {
				t.Errorf("%s: %s", name, msg)
			}
		}
	}
}

// renamed is x with the slices along its first axis in another order: slice
// order[i] of the result is slice i of x.
func renamed(x *tensor.Tensor, order []int) *tensor.Tensor {
	y := x.Clone()
	each := x.Len() / len(order)
	for i, to := range order {
		for k := range each {
			if x.Kind == tensor.Int {
				y.I[to*each+k] = x.I[i*each+k]
			} else {
				y.F[to*each+k] = x.F[i*each+k]
			}
		}
	}
	return y
}

// turned is x with the last axis, of three entries, in another frame.
func turned(x *tensor.Tensor) *tensor.Tensor {
	y := x.Clone()
	c, s := math.Cos(0.7), math.Sin(0.7)
	for i := 0; i < len(x.F); i += 3 {
		a, b, d := x.F[i], x.F[i+1], x.F[i+2]
		a, b = c*a-s*b, s*a+c*b
		b, d = c*b-s*d, s*b+c*d
		y.F[i], y.F[i+1], y.F[i+2] = a, b, d
	}
	return y
}

// everywhere applies f to the tensors that have an extent at a place of their
// shape: inputs in place, and outputs that belong to them.
func everywhere(params []*ir.Value, in inputs, has func(s ir.Shape) bool, f func(x *tensor.Tensor) *tensor.Tensor) {
	for _, p := range params {
		for _, name := range []string{p.Name, "grad_" + p.Name, p.Name + "_next"} {
			if x := in[name]; x != nil && has(p.Type.Shape) {
				in[name] = f(x)
			}
		}
	}
}

// sameUnder fails the test unless a loss, its gradients and states at changed
// inputs are those at the drawn ones, changed in the same way.
func sameUnder(t *testing.T, is string, c claim, change func(params []*ir.Value, in inputs)) {
	t.Helper()
	built, err := builders.Build(c.loss, builders.Options{Sets: c.sets, Reduction: c.reduction})
	if err != nil {
		t.Fatal(err)
	}
	want := outputsOf(t, c, 2)
	change(built.Func.Params, want)
	before := c.change
	c.change = func(in inputs) {
		if before != nil {
			before(in)
		}
		change(built.Func.Params, in)
	}
	got := outputsOf(t, c, 2)
	for name, w := range want {
		if msg := differ(got[name], w, 1e-9); msg != "" {
			t.Errorf("%s: %v: %s: %s", is, c, name, msg)
		}
	}
}

func TestNamesAndFramesAreNothingToAHead(t *testing.T) {
	rows, classes := []int{3, 0, 6, 2, 1, 5, 4}, []int{2, 0, 3, 1}
	first := func(d ir.Dim) func(ir.Shape) bool {
		return func(s ir.Shape) bool { return len(s) > 0 && s[0] == d }
	}
	last := func(s ir.Shape) bool { return len(s) > 0 && s[len(s)-1] == builders.D }
	for _, l := range heads() {
		c := claim{loss: l.Name, reduction: "sum"}
		sameUnder(t, "rows in another order", c, func(params []*ir.Value, in inputs) {
			everywhere(params, in, first(builders.N), func(x *tensor.Tensor) *tensor.Tensor { return renamed(x, rows) })
		})
		sameUnder(t, "classes in another order", c, func(params []*ir.Value, in inputs) {
			everywhere(params, in, first(builders.C), func(x *tensor.Tensor) *tensor.Tensor { return renamed(x, classes) })
			if y := in["labels"]; y != nil {
				for i, v := range y.I {
					if v >= 0 && v < 4 {
						y.I[i] = int64(classes[v])
					}
				}
			}
		})
		sameUnder(t, "another frame", c, func(params []*ir.Value, in inputs) { everywhere(params, in, last, turned) })
	}
}

// readsLength are the heads to which the norm of an embedding is something.
var readsLength = map[string]bool{"adaface": true, "magface": true, "focal": true}

func TestLengthsAreNothingToAHeadOfCosines(t *testing.T) {
	times := func(x *tensor.Tensor, by float64) {
		for i := range x.F {
			x.F[i] *= by
		}
	}
	for _, l := range heads() {
		c := claim{loss: l.Name, reduction: "none"}
		want := outputsOf(t, c, 0)["loss"]
		for _, by := range []float64{7, 1e-9, 1e9} {
			if l.Name != "focal" {
				c.change = func(in inputs) { times(in["weight"], by) }
				if msg := differ(outputsOf(t, c, 0)["loss"], want, 1e-11); msg != "" {
					t.Errorf("%s: weights times %v: %s", l.Name, by, msg)
				}
			}
			if !readsLength[l.Name] {
				c.change = func(in inputs) { times(in["embeddings"], by) }
				if msg := differ(outputsOf(t, c, 0)["loss"], want, 1e-11); msg != "" {
					t.Errorf("%s: rows times %v: %s", l.Name, by, msg)
				}
			}
		}
	}
}

func TestSortedNoiseGivesTheLargestMarginToTheSmallestCosine(t *testing.T) {
	// One class to the right, rows at these angles from it.
	at := func(angles, noise []float64, ignored int) func(in inputs) {
		return func(in inputs) {
			in["weight"] = tensor.Floats([]float64{1, 0, 0, 0, 0, 1}, 2, 3)
			for i, a := range angles {
				copy(in["embeddings"].F[3*i:], []float64{math.Cos(a), math.Sin(a), 0})
				in["labels"].I[i] = 0
			}
			in["labels"].I[ignored] = -1
			copy(in["noise"].F, noise)
		}
	}
	small := map[ir.Dim]int{"N": 4, "C": 2}
	angles := []float64{0.9, 0, 0.3, 1.1}
	sorted := claim{loss: "elasticface", sets: sets{"scale": "2", "assignment": "sorted"}, dims: small, change: at(angles, []float64{-2, 9, 1, 0.5}, 1)}
	given := claim{loss: "elasticface", sets: sets{"scale": "2"}, dims: small, change: at(angles, []float64{0.5, 9, -2, 1}, 1)}
	equalHeads(t, "0.3 < 0.9 < 1.1 get −2 < 0.5 < 1, the ignored row nothing", sorted, given)
	equal := []float64{0.5, 0.5, 0.5, 0.5}
	sorted.change, given.change = at(equal, []float64{-2, 9, 1, 0.5}, 1), at(equal, []float64{-2, 9, 0.5, 1}, 1)
	equalHeads(t, "equal cosines go by row", sorted, given)
}
