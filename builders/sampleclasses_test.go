package builders_test

import (
	"fmt"
	"math"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/ir/opt"
	"losscc/verify/formula"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

func TestSampledClassesAreThoseOfTheLoops(t *testing.T) {
	for _, rate := range []string{"0.01", "0.1", "0.3", "0.35", "0.999999", "1"} {
		for _, classes := range []int{1, 2, 7, 10, 40} {
			for _, rows := range []int{0, 1, 9} {
				for is, change := range map[string]func(in inputs){
					"drawn":       func(inputs) {},
					"equal noise": func(in inputs) { in["noise"] = tensor.New(tensor.Float, classes) },
					"ignored":     func(in inputs) { fill(in["labels"].I, -3) },
					"beyond":      func(in inputs) { fill(in["labels"].I, int64(classes)) },
				} {
					t.Run(fmt.Sprint(is, rate, classes, rows), func(t *testing.T) {
						sampleAt(t, sets{"rate": rate}, map[ir.Dim]int{"C": classes, "N": rows}, change)
					})
				}
			}
		}
	}
}

// sampleAt is a sample of classes at drawn inputs; it fails the test unless it
// is that of the loops.
func sampleAt(t *testing.T, s sets, dims map[ir.Dim]int, change func(in inputs)) map[string]*tensor.Tensor {
	t.Helper()
	built, err := builders.Build("sample-classes", builders.Options{Sets: s})
	if err != nil {
		t.Fatal(err)
	}
	f, err := opt.Run(built.Func, opt.Flat)
	if err != nil {
		t.Fatal(err)
	}
	in := drawInputs(f, dims, 5)
	change(in)
	got, err := irval.Eval(f, in)
	if err != nil {
		t.Fatal(err)
	}
	want, err := formula.Eval(formula.Request{Loss: "sample-classes", Params: formula.Params{"rate": built.Settings()[0].Value}, In: in})
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range want {
		if msg := differ(got[name], w, 0); msg != "" {
			t.Errorf("%s: %s", name, msg)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d outputs, want %d", len(got), len(want))
	}
	return got
}

// A head runs unchanged on the sampled rows of weight with the local labels.
// With rate 1 that is the full loss; with less it is the full loss wherever the
// classes left out count for nothing, and their rows do not move.
func TestAHeadOnSampledClasses(t *testing.T) {
	const classes = 20
	dims := map[ir.Dim]int{"C": classes, "N": 9}
	for _, loss := range []string{"arcface", "mv-softmax", "sphereface-r", "uniface"} {
		for _, rate := range []string{"0.1", "0.5", "1"} {
			t.Run(loss+" "+rate, func(t *testing.T) {
				full := claim{loss: loss, reduction: "none", dims: dims}
				var drawn inputs
				full.change = func(in inputs) { forward(in); drawn = in }
				outputsOf(t, full, 4)
				sample := sampleAt(t, sets{"rate": rate}, dims, func(in inputs) { in["labels"] = drawn["labels"] })
				rows := sample["class_index"].I
				sampled := map[int]bool{}
				for _, j := range rows {
					sampled[int(j)] = true
				}
				full.change = func(in inputs) { forward(in); turnAway(in["weight"], sampled) }
				whole := outputsOf(t, full, 4)

				part := claim{loss: loss, reduction: "none", dims: map[ir.Dim]int{"C": len(rows), "N": 9}}
				part.change = func(in inputs) {
					for name, x := range drawn {
						in[name] = x
					}
					in["weight"], in["labels"] = gathered(drawn["weight"], rows), sample["local_labels"]
				}
				got := outputsOf(t, part, 4)
				moved := whole["grad_weight"]
				whole["grad_weight"] = gathered(moved, rows)
				for name, w := range whole {
					if msg := differ(got[name], w, 1e-12); msg != "" {
						t.Errorf("%s: %s", name, msg)
					}
				}
				for i, v := range moved.F {
					if !sampled[i/3] && math.Abs(v) > 1e-12 {
						t.Errorf("row %d is not sampled and moves by %v", i/3, v)
					}
				}
			})
		}
	}
}

// forward makes the first entry of each embedding large.
func forward(in inputs) {
	x := in["embeddings"]
	for i := 0; i < len(x.F); i += 3 {
		x.F[i] = 4 + math.Abs(x.F[i])
	}
	if b := in["bias"]; b != nil {
		b.F[0] = 0
	}
}

// turnAway makes the rows that are not sampled point the other way.
func turnAway(w *tensor.Tensor, sampled map[int]bool) {
	for j := range w.Shape[0] {
		if !sampled[j] {
			copy(w.F[3*j:], []float64{-1, 0, 0})
		}
	}
}

// gathered is the rows of x at those places.
func gathered(x *tensor.Tensor, rows []int64) *tensor.Tensor {
	d := x.Shape[1]
	y := tensor.New(tensor.Float, len(rows), d)
	for k, j := range rows {
		copy(y.F[k*d:(k+1)*d], x.F[int(j)*d:])
	}
	return y
}

func TestSampleClassesIsNoLoss(t *testing.T) {
	for is, o := range map[string]builders.Options{
		"a reduction":    {Reduction: "mean"},
		"a rate of 0":    {Sets: sets{"rate": "0"}},
		"a rate above 1": {Sets: sets{"rate": "1.5"}},
		"predictions":    {Predictions: true},
	} {
		if _, err := builders.Build("sample-classes", o); err == nil {
			t.Errorf("%s is accepted", is)
		}
	}
}
