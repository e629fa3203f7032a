package draw

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"losscc/verify/onnxval"
)

// margin are the inputs of a loss over classes, pairs those of one over pairs.
var (
	margin = []Input{
		{"embeddings", Embeddings, onnxval.F32, []string{"N", "D"}},
		{"labels", Labels, onnxval.I64, []string{"N"}},
		{"weight", Parameter, onnxval.F32, []string{"C", "D"}},
		{"t", State, onnxval.F32, nil},
	}
	pairs = []Input{
		{"embeddings_a", Embeddings, onnxval.F64, []string{"N", "D"}},
		{"embeddings_b", Embeddings, onnxval.F64, []string{"N", "D"}},
		{"same", Labels, onnxval.I64, []string{"N"}},
	}
	indexed = []Input{
		{"embeddings", Embeddings, onnxval.F16, []string{"N", "D"}},
		{"labels", Labels, onnxval.I64, []string{"N"}},
		{"triplets", Index, onnxval.I64, []string{"T", "3"}},
	}
)

func TestRandomIsDeterministicAndFitsTheDeclaration(t *testing.T) {
	for _, inputs := range [][]Input{margin, pairs, indexed} {
		sizes := Sizes{"N": 5, "C": 3, "D": 4, "T": 2}
		a, err := Random(inputs, sizes, 7)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := Random(inputs, sizes, 7)
		c, _ := Random(inputs, sizes, 8)
		if !reflect.DeepEqual(a, b) {
			t.Error("one seed draws two sets")
		}
		if reflect.DeepEqual(a, c) {
			t.Error("two seeds draw one set")
		}
		for _, in := range inputs {
			want := make([]int, len(in.Dims))
			for i, d := range in.Dims {
				want[i], _ = sizes.of(d)
			}
			x := a[in.Name]
			if fmt.Sprint(x.Shape) != fmt.Sprint(want) || x.Kind != in.Elem.Kind() {
				t.Errorf("%s is %s, want %v", in.Name, x, want)
			}
			y := x.Clone()
			if Round(y, in.Elem); !reflect.DeepEqual(x, y) {
				t.Errorf("%s holds numbers that %s does not", in.Name, in.Elem)
			}
		}
	}
}

func TestRandomLabelsHoldEveryClassAndStrays(t *testing.T) {
	in, err := Random(margin, Sizes{"N": 500, "C": 3, "D": 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]int{}
	for _, y := range in["labels"].I {
		seen[y]++
	}
	if len(seen) < 4 || seen[0] < 100 || seen[1] < 100 || seen[2] < 100 {
		t.Errorf("labels by class: %v", seen)
	}
}

func TestAnExtentThatNobodyGaveIsAnError(t *testing.T) {
	_, err := Random([]Input{{"x", "", onnxval.F32, []string{"N", "Q"}}}, nil, 1)
	if err == nil || err.Error() != "input x [N,Q]: no extent is given for Q; add Q=…" {
		t.Errorf("%v", err)
	}
}

func TestParseSizes(t *testing.T) {
	if s, err := ParseSizes("N=8, C=10,D=0"); err != nil || s.String() != "C=10,D=0,N=8" {
		t.Errorf("%v %v", s, err)
	}
	for _, text := range []string{"", "N", "N=", "=3", "N=-1", "N=8,C=x"} {
		if s, err := ParseSizes(text); err == nil {
			t.Errorf("%q gives %v", text, s)
		}
	}
}

// evilSet is the set of that name, which must be there.
func evilSet(t *testing.T, inputs []Input, name string) Set {
	t.Helper()
	sets, err := Evil(inputs, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no set %q", name)
	return Set{}
}

func TestEvilSetsAreWhatTheirNamesSay(t *testing.T) {
	for name, want := range map[string]float64{"cosine +1 on the target": 1, "cosine -1 on the target": -1} {
		s := evilSet(t, margin, name)
		kept := 0
		for i, y := range s.In["labels"].I {
			if y >= 0 && y < 4 {
				kept++
				if c := cosine(rows(s.In["embeddings"])[i], rows(s.In["weight"])[y]); math.Abs(c-want) > 1e-6 {
					t.Errorf("%s: row %d has the cosine %g", name, i, c)
				}
			}
		}
		if kept == 0 {
			t.Errorf("%s: no row is kept", name)
		}
	}
	s := evilSet(t, margin, "all labels ignored")
	for _, y := range s.In["labels"].I {
		if y >= 0 && y < 4 {
			t.Errorf("all labels ignored: %d", y)
		}
	}
	ends := map[int64]bool{}
	for _, y := range evilSet(t, margin, "labels at the ends of int64").In["labels"].I {
		ends[y] = true
	}
	for _, y := range []int64{math.MinInt64, math.MaxInt64, -1, 4} {
		if !ends[y] {
			t.Errorf("labels at the ends of int64 lack %d", y)
		}
	}
	for name, axis := range map[string]int{"no rows": 0, "one row": 0, "one entry in an embedding": 1} {
		if got, want := evilSet(t, margin, name).In["embeddings"].Shape[axis], map[string]int{"no rows": 0}[name]; got != want && (name == "no rows" || got != 1) {
			t.Errorf("%s: extent %d is %d", name, axis, got)
		}
	}
	p := evilSet(t, pairs, "pairs at distance 0")
	if !reflect.DeepEqual(p.In["embeddings_a"], p.In["embeddings_b"]) {
		t.Error("pairs at distance 0 are apart")
	}
	for _, x := range evilSet(t, indexed, "indices all out of range").In["triplets"].I {
		if x != -1 {
			t.Errorf("indices all out of range: %d", x)
		}
	}
}

func TestEvilSetsThatDoNotApplyAreLeftOut(t *testing.T) {
	sets, err := Evil(pairs, 3)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, s := range sets {
		if names[s.Name] {
			t.Errorf("two sets are called %q", s.Name)
		}
		names[s.Name] = true
	}
	for _, not := range []string{"all labels ignored", "cosine +1 on the target", "one class in the table", "schedule at 0"} {
		if names[not] {
			t.Errorf("pairs have the set %q", not)
		}
	}
	if !names["same all 1"] || !names["no rows"] {
		t.Errorf("pairs lack sets: %v", names)
	}
}

func cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return ab / math.Sqrt(aa*bb)
}
