package formula

import (
	"fmt"
	"maps"
	"testing"

	"losscc/verify/tensor"
)

// On the points of line, d_an − d_ap of (a, p, n) is (0,1,2) 2, (0,1,3) ½,
// (1,0,2) 1, (1,0,3) −½, (2,3,0) 1½, (2,3,1) ½, (3,2,0) 0, (3,2,1) −1.
func TestMinedByHand(t *testing.T) {
	for _, c := range []struct {
		strategy    string
		margin, cap float64
		triplets    []int64
		pairs       []int64
	}{
		{"hardest", 0, 0, []int64{0, 1, 3, 1, 0, 3, 2, 3, 1, 3, 2, 1}, []int64{0, 1, 0, 3, 1, 2, 1, 3, 2, 3}},
		{"semi-hard", 1, 0, []int64{0, 1, 3, 2, 3, 1}, []int64{0, 1, 0, 3, 1, 2, 2, 3}},
		{"semi-hard", 1.25, 0, []int64{0, 1, 3, 1, 0, 2, 2, 3, 1}, []int64{0, 1, 0, 3, 1, 2, 2, 3}},
		{"violating", 0.5, 0, []int64{1, 0, 3, 3, 2, 0, 3, 2, 1}, []int64{0, 1, 0, 3, 1, 3, 2, 3}},
		{"violating", 0.5, 1, []int64{1, 0, 3, 3, 2, 1}, []int64{0, 1, 1, 3, 2, 3}},
		{"violating", -2, 0, nil, nil},
	} {
		is := fmt.Sprintf("%s margin=%v cap=%v", c.strategy, c.margin, c.cap)
		p := Params{"strategy": c.strategy, "margin": c.margin, "cap": c.cap, "distance": "euclidean"}
		sameInts(t, is, outputs(t, Request{Loss: "mine-triplets", Params: p, In: line()})["triplets"], c.triplets...)
		sameInts(t, is, outputs(t, Request{Loss: "mine-pairs", Params: p, In: line()})["pairs"], c.pairs...)
	}
	if _, err := Eval(Request{Loss: "mine-triplets", Params: Params{"strategy": "easy"}, In: line()}); err == nil {
		t.Error("an unknown strategy: no error")
	}
}

func TestTheCapKeepsTheFirstOfEquals(t *testing.T) {
	in := inputs{
		"embeddings": rows2([]float64{0}, []float64{2}, []float64{-2}, []float64{1}, []float64{-1}),
		"labels":     ints1(0, 0, 0, 1, 2),
	}
	for limit, want := range map[float64][]int64{
		1: {0, 1, 3, 1, 2, 3, 2, 1, 4},
		3: {0, 1, 3, 0, 1, 4, 0, 2, 3, 1, 0, 3, 1, 2, 3, 1, 2, 4, 2, 0, 4, 2, 1, 3, 2, 1, 4},
	} {
		p := Params{"strategy": "violating", "margin": 9.0, "cap": limit, "distance": "euclidean"}
		sameInts(t, fmt.Sprint("cap ", limit), outputs(t, Request{Loss: "mine-triplets", Params: p, In: in})["triplets"], want...)
	}
}

func TestMinedTies(t *testing.T) {
	for _, c := range []struct {
		is       string
		strategy string
		x        []float64
		labels   []int64
		want     []int64
	}{
		{"the first of the farthest and of the nearest", "hardest", []float64{0, 2, -2, 1, -1}, []int64{0, 0, 0, 1, 2}, []int64{0, 1, 3, 1, 2, 3, 2, 1, 4}},
		{"the first of the nearest beyond", "semi-hard", []float64{0, 1, 2, -2}, []int64{0, 0, 1, 2}, []int64{0, 1, 2}},
		{"row 0 is a negative like any", "semi-hard", []float64{2, 0, 1}, []int64{1, 0, 0}, []int64{1, 2, 0}},
		{"no negative", "hardest", []float64{2, 0, 1}, []int64{1, 1, 1}, nil},
		{"no positive", "hardest", []float64{2, 0, 1}, []int64{1, 2, 3}, nil},
		{"ignored rows", "hardest", []float64{2, 0, 1}, []int64{-1, -1, 3}, nil},
	} {
		in := inputs{"embeddings": tensor.Floats(c.x, len(c.x), 1), "labels": ints1(c.labels...)}
		p := Params{"strategy": c.strategy, "margin": 1.5, "distance": "euclidean"}
		sameInts(t, c.is, outputs(t, Request{Loss: "mine-triplets", Params: p, In: in})["triplets"], c.want...)
	}
}

func TestDefaultsOfTheMiners(t *testing.T) {
	want := Params{"strategy": "hardest", "margin": 0.2, "cap": 0.0, "distance": "squared-euclidean", "normalize": false}
	for _, name := range []string{"mine-triplets", "mine-pairs"} {
		if got, err := Defaults(name); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v (%v), want %v", name, got, err, want)
		}
	}
}

func TestMinedTripletsGiveTheLossThatMinesItself(t *testing.T) {
	in := waves()
	for strategy, mining := range map[string]string{"hardest": "batch-hard", "violating": "batch-all"} {
		p := Params{"strategy": strategy, "margin": 1e9}
		in["triplets"] = outputs(t, Request{Loss: "mine-triplets", Params: p, In: in})["triplets"]
		want := lossOf(t, "triplet", Params{"mining": mining}, in)
		same(t, strategy, lossOf(t, "triplet", Params{"mining": "indices"}, in), want)
	}
}

func TestMinersAreNoLosses(t *testing.T) {
	for _, name := range Names() {
		if _, is := miners[name]; is {
			t.Errorf("Names lists the miner %s", name)
		}
	}
}
