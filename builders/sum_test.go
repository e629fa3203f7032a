package builders_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/ir"
)

// marginsOf are the margins of a sum's parts, by their names in the sum.
func marginsOf(t *testing.T, expr string, s sets) map[string]any {
	t.Helper()
	b, err := builders.Build(expr, builders.Options{Sets: s})
	if err != nil {
		t.Fatalf("%s %v: %v", expr, s, err)
	}
	out := map[string]any{}
	for _, s := range b.Settings() {
		if part, ok := strings.CutSuffix(s.Name, ".margin"); ok {
			out[part] = s.Value
		}
	}
	return out
}

func TestEachPartOfASumIsSetUnderItsOwnName(t *testing.T) {
	const usual = 0.5
	for _, c := range []struct {
		expr          string
		set           string
		first, second float64
	}{
		{"arcface + 3*arcface", "arcface.margin", 1, usual},
		{"arcface + 3*arcface", "arcface_2.margin", usual, 1},
		{"arcface + additive-angular-margin", "additive-angular-margin.margin", usual, 1},
		{"arcface + arcface", "Additive-Angular-Margin.margin", 1, usual},
		{"arcface + arcface", "additive-angular-margin_2.margin", usual, 1},
		{"arcface + softmax + arcface", "arcface_2.margin", usual, 1},
	} {
		m := marginsOf(t, c.expr, sets{c.set: "1"})
		if m["arcface"] != c.first || m["arcface_2"] != c.second {
			t.Errorf("%s with %s=1 has the margins %v", c.expr, c.set, m)
		}
	}
	// Two aliases of one loss, one with defaults of its own, are told apart.
	m := marginsOf(t, "elasticface + elastic-cosface", sets{"elastic-cosface.margin": "0.2"})
	if m["elasticface"] != 0.5 || m["elasticface_2"] != 0.2 {
		t.Errorf("elasticface + elastic-cosface has the margins %v", m)
	}
}

func TestParametersOfNoPartAreRefused(t *testing.T) {
	for _, c := range []struct {
		expr string
		sets sets
		says string
	}{
		{"arcface + arcface", sets{"arcface_3.margin": "1"}, `"arcface_3" is no part of the sum, whose parts are arcface, arcface_2`},
		{"arcface + arcface", sets{"arcface_1.margin": "1"}, `"arcface_1" is no part of the sum`},
		{"arcface + softmax", sets{"arcface_2.margin": "1"}, `whose parts are arcface, softmax`},
		{"arcface + softmax", sets{"_2.margin": "1"}, `"_2" is no part of the sum`},
		{"arcface + arcface", sets{"margin": "1"}, "arcface.margin=… or arcface_2.margin=…"},
		{"arcface + arcface", sets{"nothing": "1"}, "arcface.scale, "},
		{"arcface + softmax", sets{"arcface.margin": "1", "additive-angular-margin.margin": "2"}, "set under another name too, as arcface.margin"},
		{"arcface", sets{"arcface.margin": "1", "margin": "2"}, "set under another name too, as arcface.margin"},
	} {
		_, err := builders.Build(c.expr, builders.Options{Sets: c.sets})
		var usage *builders.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %v: %v, want a refusal that says %q", c.expr, c.sets, err, c.says)
		}
	}
}

// Parts with one margin share its op; parts with two of one name have two.
func TestTheMarginsOfASumHaveNamesOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		expr string
		sets sets
		want string
	}{
		{"arcface + arcface", sets{"arcface_2.margin": "0.2"}, "ArcMargin"},
		{"arcface + arcface", sets{"arcface_2.beyond": "linear"}, "ArcMargin ArcMargin_2"},
		{"arcface + curricularface", nil, "ArcMargin CurricularMargin"},
	} {
		b, err := builders.Build(c.expr, builders.Options{Sets: c.sets})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range b.Func.Callees() {
			names = append(names, f.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s %v calls %s, want %s", c.expr, c.sets, got, c.want)
		}
		if err := ir.Check(b.Func); err != nil {
			t.Errorf("%s %v: %v", c.expr, c.sets, err)
		}
	}
}
