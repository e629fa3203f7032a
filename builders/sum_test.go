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

func TestPartsShareAnInputOnlyWhereItIsTheSame(t *testing.T) {
	for _, c := range []struct {
		expr string
		sets sets
		says string // empty: they share it
	}{
		{"a-softmax + l-softmax", nil, "cannot share the input lambda: one wants lambda = max(5, 1000·(1 + 0.12·iteration)^−1) and the other lambda = max(0, "},
		{"a-softmax + 2*a-softmax", nil, ""},
		{"softmax + uniface", nil, "input bias: for one it is float[C], for the other float[1]"},
		{"softmax + uniface", sets{"uniface.bias_per_class": "true"}, "input bias: for one it is added to x·Wᵀ, for the other taken from s·cos θ"},
		{"softmax + uniface", sets{"softmax.bias": "false"}, ""},
		{"uniface + sphereface2", nil, "uniface and sphereface2 cannot share the input bias"},
		{"uniface + 2*uniface", sets{"uniface_2.margin": "0.2"}, ""},
		{"sphereface2 + 2*sphereface2", sets{"sphereface2_2.loss_weight": "2"}, ""},
		{"sphereface2 + 2*sphereface2", sets{"sphereface2_2.margin": "0.2"}, "with the start that belongs to"},
		{"softmax + focal", nil, ""},
		{"softmax + hardmax", nil, ""},
		{"softmax + subcenter-arcface", nil, "float[C,D], for the other float[C,K,D]"},
		{"center + center", nil, ""},
		{"center + center", sets{"center_2.loss_weight": "2"}, ""},
		{"center + center", sets{"center_2.update": "none"}, "input centers: for one it is state, for the other parameter"},
		{"center + center", sets{"center_2.alpha": "0.1"}, "center and center_2 cannot share the state centers"},
		{"center + softmax + center", sets{"center_2.centers_output": "rows"}, "center and center_2 cannot share the state centers"},
		{"curricularface + curricularface", sets{"curricularface_2.margin": "0.3"}, ""},
		{"curricularface + curricularface", sets{"curricularface_2.alpha": "0.3"}, "cannot share the state t"},
		{"kappaface + kappaface", nil, ""},
	} {
		b, err := builders.Build(c.expr, builders.Options{Sets: c.sets})
		var usage *builders.UsageError
		switch {
		case c.says == "" && err == nil:
			if err := ir.Check(b.Func); err != nil {
				t.Errorf("%s %v: %v", c.expr, c.sets, err)
			}
		case c.says == "" || !errors.As(err, &usage) || !strings.Contains(err.Error(), c.says):
			t.Errorf("%s %v: %v, want a refusal that says %q", c.expr, c.sets, err, c.says)
		}
	}
}

// There are not as many pairs as triplets: each input of indices has an extent
// of its own, and each loss counts its own ignored rows.
func TestPairsAndTripletsOfASumAreTwoNumbers(t *testing.T) {
	s := sets{"contrastive.mining": "indices", "triplet.mining": "indices"}
	for _, c := range []struct{ expr, pairs, triplets string }{
		{"contrastive + triplet", "int[T,2]", "int[T2,3]"},
		{"triplet + contrastive", "int[T2,2]", "int[T,3]"},
	} {
		sum := makeLoss(t, c.expr, s, "sum")
		for name, want := range map[string]string{"pairs": c.pairs, "triplets": c.triplets} {
			if got := sum.f.Param(name).Type.String(); got != want {
				t.Errorf("%s: %s is %s, want %s", c.expr, name, got, want)
			}
		}
		in := drawInputs(sum.f, map[ir.Dim]int{"T": 5, "T2": 8}, 1)
		in["pairs"].I[0], in["triplets"].I[0], in["triplets"].I[3] = -1, 99, 99
		got := sum.at(in)
		ignored := int64(0)
		for _, part := range []string{"contrastive", "triplet"} {
			own := makeLoss(t, part, sets{"mining": "indices"}, "sum").at(in)
			equalOutputs(t, inputs{"v": got["loss."+part]}, inputs{"v": own["loss"]}, "v")
			ignored += own["ignored"].I[0]
		}
		counted := got["ignored"].I[0]
		for _, part := range []string{"contrastive", "triplet"} {
			if o := got["ignored."+part]; o != nil {
				counted += o.I[0]
			}
		}
		if counted != ignored {
			t.Errorf("%s ignores %d pairs and triplets, want %d", c.expr, counted, ignored)
		}
	}
	// Two losses over triplets have the same ones.
	two := makeLoss(t, "triplet + 2*triplet", sets{"triplet.mining": "indices", "triplet_2.mining": "indices", "triplet_2.margin": "1"}, "")
	if got := two.f.Param("triplets").Type.String(); got != "int[T,3]" {
		t.Errorf("triplets of two losses are %s", got)
	}
}

// Every name and alias can be written, alone and in a sum, one with + in it too.
func TestEveryNameCanBeWritten(t *testing.T) {
	for _, name := range builders.Names() {
		terms, err := builders.ParseSum(name)
		if err != nil || len(terms) != 1 {
			t.Errorf("%s: %d terms, %v", name, len(terms), err)
			continue
		}
		if terms[0].Loss.Family == builders.MinerFamily {
			continue
		}
		for _, sum := range []string{"softmax + 0.5*" + name, "softmax+0.5*" + name, name + " + softmax", name + "+softmax"} {
			if terms, err := builders.ParseSum(sum); err != nil || len(terms) != 2 {
				t.Errorf("%s: %d terms, %v", sum, len(terms), err)
			}
		}
	}
}
