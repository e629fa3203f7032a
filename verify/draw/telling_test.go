package draw

import (
	"math"
	"testing"

	"losscc/verify/onnxval"
)

func TestTellingSetsAreWhatTheirNamesSay(t *testing.T) {
	inputs := append(margin[:4:4], Input{"batch_mean", State, onnxval.F32, nil}, Input{"lambda", Schedule, onnxval.F32, nil},
		Input{"class_counts", Data, onnxval.F32, []string{"C"}}, Input{"class_sums", State, onnxval.F32, []string{"C", "D"}}, Input{"seen", State, onnxval.F32, nil})
	sets, err := Telling(inputs, 1)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Set{}
	for _, s := range sets {
		by[s.Name] = s
	}
	// One is of losses that choose from a batch, and one of those with centres.
	if len(by) != len(tellings)-2 || len(sets) != len(by) {
		t.Fatalf("%d sets of %d", len(by), len(tellings))
	}
	at := func(set, input string, i int) float64 { return by[set].In[input].F[i] }
	for _, c := range []struct {
		set, input string
		want       float64
	}{
		{"lambda 0", "lambda", 0}, {"lambda 5", "lambda", 5}, {"lambda 1000", "lambda", 1000},
		{"states as training starts", "t", 0}, {"states on the other side", "t", -0.5}, {"states late in training", "t", 1},
		{"states as training starts", "batch_mean", 20}, {"embeddings short, middling and long", "batch_mean", 20},
	} {
		if got := at(c.set, c.input, 0); got != c.want {
			t.Errorf("%s: %s is %g, want %g", c.set, c.input, got, c.want)
		}
	}
	for i, want := range []float64{5, 40, 250, 5} {
		if n := norm(rows(by["embeddings short, middling and long"].In["embeddings"])[i]); math.Abs(n/want-1) > 1e-6 {
			t.Errorf("row %d is %g long, want %g", i, n, want)
		}
	}
	images := 0.0
	last := by["the last row of an epoch"].In
	for i, n := range last["class_counts"].F {
		images += n
		if r := norm(rows(last["class_sums"])[i]) / n; !(r > 0 && r < 1) {
			t.Errorf("class %d: the mean unit vector is %g long", i, r)
		}
	}
	if got := last["seen"].F[0]; got != images-1 {
		t.Errorf("%g rows seen of %g", got, images)
	}
	if big := by["many rows, classes and entries"].In["weight"].Shape; big[0] != 15 || big[1] != 9 {
		t.Errorf("the large table is %v", big)
	}
}
