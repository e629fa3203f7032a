package draw

import (
	"testing"

	"losscc/verify/onnxval"
)

// withExtent is the margin inputs with one extent as a number.
func withExtent(name string, axis int, extent string) []Input {
	var all []Input
	for _, in := range margin {
		in.Dims = append([]string(nil), in.Dims...)
		if in.Name == name {
			in.Dims[axis] = extent
		}
		all = append(all, in)
	}
	return all
}

func TestAnExtentThatAFileFixesHoldsForEveryInputThatSharesIt(t *testing.T) {
	for _, c := range []struct {
		input string
		axis  int
		other string // shares the extent, on the axis
		at    int
	}{{"embeddings", 0, "labels", 0}, {"labels", 0, "embeddings", 0}, {"embeddings", 1, "weight", 1}, {"weight", 1, "embeddings", 1}} {
		for _, extent := range []int{0, 3, 5} {
			inputs := withExtent(c.input, c.axis, string(rune('0'+extent)))
			sets, err := Evil(inputs, 1)
			if err != nil {
				t.Fatal(err)
			}
			drawn, skipped := 0, 0
			for _, s := range sets {
				if s.Skipped != "" {
					skipped++
					continue
				}
				drawn++
				if got := s.In[c.other].Shape[c.at]; got != extent {
					t.Errorf("%s fixes %d, and %s has %d at %s", c.input, extent, c.other, got, s.Name)
				}
			}
			if drawn < 5 || skipped == 0 {
				t.Errorf("%s fixes %d: %d sets drawn, %d skipped", c.input, extent, drawn, skipped)
			}
		}
	}
}

func TestABiasOfOneNumberFixesNoClasses(t *testing.T) {
	inputs := append(margin[:3:3], Input{"bias", Parameter, onnxval.F32, []string{"1"}})
	if f := fixed(inputs); len(f) > 0 {
		t.Errorf("fixes %v", f)
	}
}

// A file may declare what fits nothing; it is drawn all the same.
func TestInputsThatDoNotFitEachOtherAreDrawn(t *testing.T) {
	for _, dims := range [][]string{{"7", "D"}, {"M", "Q"}, {"N"}, {}, {"N", "D", "K"}, {"0", "0"}} {
		for _, other := range [][]string{{"4", "D"}, {"N", "2"}, {"C"}} {
			inputs := []Input{
				{"embeddings", Embeddings, onnxval.F32, dims},
				{"labels", Labels, onnxval.I64, []string{"N"}},
				{"weight", Parameter, onnxval.F32, other},
			}
			// Nothing but a panic would be wrong here.
			if _, err := Evil(inputs, 1); err != nil && dims[0] != "M" {
				t.Errorf("%v and %v: %v", dims, other, err)
			}
		}
	}
}
