package draw

import (
	"math"
	"slices"
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
	var missing []string
	for _, e := range tellings {
		if _, there := by[e.name]; !there {
			missing = append(missing, e.name)
		}
	}
	// Some are of losses that choose from a batch, and some of inputs that these
	// have not.
	others := []string{"a batch of 48 rows to choose from", "long rows to choose from", "labels that floats or fewer bits confuse", "indices that are no row's", "logits far below 0", "margins below 0", "centers 1e4 times as far"}
	if !slices.Equal(missing, others) || len(sets) != len(by) {
		t.Fatalf("%d sets of %d, and none called %q", len(by), len(tellings), missing)
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

func TestTellingRowsOfZerosAndSigns(t *testing.T) {
	sets, err := Telling(margin[:4], 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		for _, r := range rows(s.In["embeddings"]) {
			switch s.Name {
			case "entries that are 0 or above":
				if slices.Min(r) < 0 || slices.Max(r) == 0 {
					t.Errorf("%s: %v", s.Name, r)
				}
			case "entries that are 1 or -1":
				if slices.ContainsFunc(r, func(x float64) bool { return math.Abs(x) != 1 }) {
					t.Errorf("%s: %v", s.Name, r)
				}
			}
		}
	}
}

func TestTellingIndicesKeepRowsThatDiffer(t *testing.T) {
	sets, err := Telling([]Input{{"embeddings", Embeddings, onnxval.F64, []string{"N", "D"}}, {"triplets", Index, onnxval.I64, []string{"T", "3"}}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(sets, func(s Set) bool { return s.Name == "indices that are no row's" })
	strays := map[int64]bool{}
	for _, x := range sets[i].In["triplets"].I {
		if x < 0 || x >= 5 {
			strays[x] = true
		}
	}
	if len(strays) != 12 {
		t.Errorf("%d strays: %v", len(strays), strays)
	}
}

// The labels of walks are the first and the last class of every block, and one is
// none.
func TestWalksHaveLabelsAtBothEndsOfEveryBlock(t *testing.T) {
	inputs := []Input{
		{Name: "embeddings", Elem: onnxval.F32, Dims: []string{"N", "D"}, Role: Embeddings},
		{Name: "labels", Elem: onnxval.I64, Dims: []string{"N"}, Role: Labels},
		{Name: "weight", Elem: onnxval.F32, Dims: []string{"C", "D"}, Role: Parameter},
	}
	sets, err := Walks(inputs, 1)
	if err != nil || len(sets) != len(walks) {
		t.Fatalf("%d sets, %v", len(sets), err)
	}
	for i, size := range []int64{512, 1021} {
		labels, classes := sets[i].In["labels"].I, int64(sets[i].In["weight"].Shape[0])
		for _, block := range []int64{size, 2 * size, 4 * size, 5 * size} {
			for first := int64(0); classes%block == 0 && first < classes; first += block {
				if !slices.Contains(labels, first) || !slices.Contains(labels, first+block-1) {
					t.Errorf("%s: of classes %d to %d not both are labels", sets[i].Name, first, first+block-1)
				}
			}
		}
	}
	if more, err := Walks(inputs[:2], 1); err != nil || len(more) > 0 {
		t.Errorf("without a table: %d sets, %v", len(more), err)
	}
}
