package formula

import (
	"reflect"
	"testing"
)

func TestClassesThatOccurAreSampledAndThenTheLargestNoise(t *testing.T) {
	noise := []float64{0.3, 0.9, 0.1, 0.9, 0.2, 0.5, 0.4, 0.6, 0.7, 0.8}
	for _, c := range []struct {
		is           string
		rate         float64
		labels       []int64
		index, local []int64
	}{
		{"one class of ten", 0.1, []int64{4, 4}, []int64{4}, []int64{0, 0}},
		{"the largest noise fills up, equal noise from the first", 0.2, []int64{4}, []int64{1, 4}, []int64{1}},
		{"both of equal noise", 0.3, []int64{4}, []int64{1, 3, 4}, []int64{2}},
		{"part of a class counts as one", 0.21, []int64{4}, []int64{1, 3, 4}, []int64{2}},
		{"more classes than the sample", 0.1, []int64{7, 2, 7, 0}, []int64{0, 2, 7}, []int64{2, 1, 2, 0}},
		{"labels of no class", 0.2, []int64{-1, 10, 9}, []int64{1, 9}, []int64{-1, -1, 1}},
		{"no label", 0.2, nil, []int64{1, 3}, nil},
		{"all classes", 1, []int64{3}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []int64{3}},
	} {
		t.Run(c.is, func(t *testing.T) {
			out, err := Eval(Request{Loss: "sample-classes", Params: Params{"rate": c.rate}, In: inputs{
				"labels": ints1(c.labels...), "noise": floats1(noise...),
			}})
			if err != nil {
				t.Fatal(err)
			}
			if got := out["class_index"].I; !reflect.DeepEqual(append([]int64{}, got...), append([]int64{}, c.index...)) {
				t.Errorf("classes %v, want %v", got, c.index)
			}
			if got := out["local_labels"].I; !reflect.DeepEqual(append([]int64{}, got...), append([]int64{}, c.local...)) {
				t.Errorf("labels %v, want %v", got, c.local)
			}
		})
	}
}
