package main

import (
	"context"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"losscc/verify/onnxval"
	"losscc/verify/runtime/runtimetest"
	"losscc/verify/tensor"
)

// sample is handwritten digits: grey levels from 0 to 1, a row each, and which
// digit it is.
type sample struct {
	x *tensor.Tensor // [N,64]
	y *tensor.Tensor // [N]
}

// digits reads testdata/digits.csv; each fifth row is held out.
func digits(t *testing.T) (train, held sample) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "digits.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var x [2][]float64
	var y [2][]int64
	for i, r := range records[1:] {
		part := 0
		if i%5 == 4 {
			part = 1
		}
		for j, field := range r {
			n, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			if j < 64 {
				x[part] = append(x[part], float64(n)/16)
			} else {
				y[part] = append(y[part], int64(n))
			}
		}
	}
	of := func(part int) sample {
		n := len(y[part])
		return sample{tensor.Floats(x[part], n, 64), tensor.Ints(y[part], n)}
	}
	return of(0), of(1)
}

// evaluator runs a file.
type evaluator func(in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error)

// lesson is a loss that learns digits from its own file and nothing else.
type lesson struct {
	loss  string
	build []string // arguments of build
	start []string // inputs that are trained
	rate  float64
	steps int
	// The loss falls below share of where it began, and on what was held out
	// the accuracy is at least accuracy. Both were measured (see the table)
	// and are given with a margin.
	share, accuracy float64
}

// Measured: softmax goes from 2.387 to 0.372 (16 %) with accuracy 0.933 on the
// 359 digits held out, arcface from 41.02 to 18.07 (44 %) with 0.905. The
// bounds leave the losses a fifth and an eighth more, and the accuracies 8 and
// 9 digits. At twice arcface's rate the steps overshoot, and what float32
// rounds away grows from step to step.
var lessons = []lesson{
	{"softmax", nil, []string{"weight", "bias"}, 1, 60, 0.2, 0.91},
	{"arcface", nil, []string{"weight"}, 0.008, 100, 0.5, 0.88},
}

// TestFilesTrainOnRealData moves the weights by plain gradient steps, where
// the loss and its gradient come from an emitted file.
func TestFilesTrainOnRealData(t *testing.T) {
	train, held := digits(t)
	for _, l := range lessons {
		t.Run(l.loss, func(t *testing.T) {
			data, model := l.file(t)
			losses, weights := l.train(t, train, func(in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) { return model.Run(in) })
			first, last := losses[0], losses[len(losses)-1]
			for i := range losses[1:] {
				if !(losses[i+1] < losses[i]) {
					t.Errorf("step %d took the loss from %.6f to %.6f", i, losses[i], losses[i+1])
				}
			}
			if !(last < l.share*first) {
				t.Errorf("the loss went from %.4f to %.4f, want below %.2g of it", first, last, l.share)
			}
			weights["embeddings"], weights["labels"] = held.x, held.y
			out, err := model.Run(weights)
			if err != nil {
				t.Fatal(err)
			}
			accuracy := out["accuracy"].F[0]
			if !(accuracy >= l.accuracy) {
				t.Errorf("accuracy %.4f on what was held out, want at least %v", accuracy, l.accuracy)
			}
			t.Logf("loss %.4f to %.4f, accuracy %.4f", first, last, accuracy)

			session := runtimetest.Need(t, "onnxruntime")
			others, _ := l.train(t, train, func(in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
				return session.Run(context.Background(), data, in)
			})
			worst := 0.0
			for i := range losses {
				worst = math.Max(worst, math.Abs(losses[i]-others[i])/math.Max(1, math.Abs(losses[i])))
			}
			if !(worst <= sameLoss) {
				t.Errorf("ONNX Runtime's losses differ by %.2g, want at most %g", worst, sameLoss)
			}
			t.Logf("ONNX Runtime's losses differ by %.2g at most", worst)
		})
	}
}

// sameLoss is how far the losses of two evaluators may be apart after steps
// that each took by itself: float32 against float64, relative to the loss.
const sameLoss = 1e-5

// file builds the loss as losscc build does.
func (l lesson) file(t *testing.T) ([]byte, *onnxval.Model) {
	t.Helper()
	path := filepath.Join(t.TempDir(), l.loss+".onnx")
	args := append([]string{"build", l.loss, "--grad", "--with", "predictions", "-o", path}, l.build...)
	if got := enter(args...); got.code != codeDone {
		t.Fatal(got.err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnxval.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return data, m
}

// train takes the steps and gives the loss at each, and what was learned.
func (l lesson) train(t *testing.T, s sample, eval evaluator) (losses []float64, weights map[string]*tensor.Tensor) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	learned := map[string]*tensor.Tensor{}
	for _, name := range l.start {
		learned[name] = tensor.New(tensor.Float, map[string][]int{"weight": {10, 64}, "bias": {10}}[name]...)
		for i := range learned[name].F {
			learned[name].F[i] = 0.1 * rng.NormFloat64()
		}
	}
	for range l.steps {
		in := map[string]*tensor.Tensor{"embeddings": s.x, "labels": s.y}
		for name, w := range learned {
			in[name] = w
		}
		out, err := eval(in)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, out["loss"].F[0])
		for name, w := range learned {
			next := w.Clone()
			for i, g := range out["grad_"+name].F {
				next.F[i] -= l.rate * g
			}
			learned[name] = next
		}
	}
	return losses, learned
}
