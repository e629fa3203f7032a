package builders

import (
	"slices"
	"strings"
	"testing"
)

// A setting that does nothing beside the others is said to do nothing, one that
// does something or is the default anyway is not.
func TestSettingsThatDoNothingAreSaid(t *testing.T) {
	for _, c := range []struct {
		expr string
		sets map[string]string
		idle []string
	}{
		{"margin", map[string]string{"nu": "0.5"}, []string{"nu=0.5"}},
		{"margin", map[string]string{"nu": "0.5", "learn_beta": "true"}, nil},
		{"margin", map[string]string{"nu": "0"}, nil}, // the default
		{"nt-xent", map[string]string{"positives": "labels", "candidates": "other-view"}, []string{"candidates=other-view"}},
		{"nt-xent", map[string]string{"candidates": "other-view"}, nil},
		{"instance", map[string]string{"form": "batch", "normalize": "true"}, []string{"normalize=true"}},
		{"instance", map[string]string{"form": "batch"}, nil},
		{"arcface", map[string]string{"smoothing": "others"}, []string{"smoothing=others"}},
		{"arcface", map[string]string{"smoothing": "others", "label_smoothing": "0.1"}, nil},
		{"arcface + 0.5*margin", map[string]string{"margin.nu": "0.5", "arcface.margin": "0.3"}, []string{"margin.nu=0.5"}},
		{"arcface + 0.5*wu-margin", map[string]string{"wu-margin.nu": "0.5"}, []string{"margin.nu=0.5"}},
		{"supcon", map[string]string{"average": "rows"}, nil},
	} {
		b, err := Build(c.expr, Options{Sets: c.sets})
		if err != nil {
			t.Errorf("%s %v: %v", c.expr, c.sets, err)
			continue
		}
		var idle []string
		for _, a := range b.Advice {
			if what, _, found := strings.Cut(a, " changes nothing that the file computes"); found {
				idle = append(idle, what)
			}
		}
		if !slices.Equal(idle, c.idle) {
			t.Errorf("%s %v: idle %v, want %v", c.expr, c.sets, idle, c.idle)
		}
	}
}

// Parts of a sum that are alike are warned of once.
func TestAdviceIsGivenOnce(t *testing.T) {
	one, err := Build("arcface", Options{})
	if err != nil {
		t.Fatal(err)
	}
	two, err := Build("arcface + 0.5*arcface", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.Advice) == 0 || !slices.Equal(one.Advice, two.Advice) {
		t.Errorf("one arcface is warned of by %q, two by %q", one.Advice, two.Advice)
	}
}
