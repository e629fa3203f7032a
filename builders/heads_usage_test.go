package builders_test

import (
	"strings"
	"testing"

	"losscc/builders"
)

func TestHeadsRefuseWhatMeansNothing(t *testing.T) {
	for _, c := range []struct {
		loss string
		sets sets
		says string
	}{
		{"combined-margin", sets{"easy_margin": "true", "beyond": "linear"}, "set beyond=none"},
		{"subcenter-arcface", sets{"easy_margin": "true", "beyond": "keep"}, "set beyond=none"},
		{"kappaface", sets{"easy_margin": "true", "beyond": "clip"}, "set beyond=none"},
		{"magface", sets{"margin_type": "cos", "beyond": "linear"}, "set margin_type=arc"},
		{"magface", sets{"margin_type": "cos", "easy_margin": "true"}, "set margin_type=arc"},
		{"elastic-cosface", sets{"beyond": "clip"}, "set margin_type=arc"},
		{"magface", sets{"l_a": "110"}, "make u_a the larger"},
		{"magface", sets{"l_m": "0.9"}, "make u_m the larger"},
		{"magface", sets{"l_a": "0"}, "> 0"},
		{"magface", sets{"l_m": "-0.1"}, ">= 0"},
		{"magface", sets{"focal.gamma": "2", "label_smoothing": "0.1"}, "no probability"},
		{"normface", sets{"scale": "0"}, "> 0"},
		{"normface", sets{"margin": "0.1"}, "no parameter"},
		{"combined-margin", sets{"m1": "-1"}, ">= 0"},
		{"subcenter-arcface", sets{"sub_centers": "0"}, ">= 1"},
		{"li-arcface", sets{"margin": "-0.1"}, ">= 0"},
		{"adacos", sets{"variant": "dynamo"}, "did you mean \"dynamic\""},
		{"adacos", sets{"scale": "30"}, "no parameter"},
		{"adaface", sets{"beyond": "linear"}, "none, clip"},
		{"adaface", sets{"alpha": "1.5"}, "<= 1"},
		{"adaface", sets{"h": "-1"}, ">= 0"},
		{"elasticface", sets{"sigma": "-1"}, ">= 0"},
		{"adam-softmax", sets{"lambda": "-1"}, ">= 0"},
		{"adam-softmax", sets{"regularizer": "mean"}, "one-minus-mean"},
		{"kappaface", sets{"temperature": "0"}, "> 0"},
	} {
		_, err := builders.Build(c.loss, builders.Options{Sets: c.sets})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %v: %v, want a refusal that says %q", c.loss, c.sets, err, c.says)
		}
	}
}

// settingOf is the value that a built loss has for a hyper-parameter.
func settingOf(b *builders.Built, name string) any {
	for _, s := range b.Settings() {
		if s.Name == name {
			return s.Value
		}
	}
	return nil
}

func TestAnAliasMayHaveItsOwnDefaults(t *testing.T) {
	for _, c := range []struct {
		name, loss, marginType string
		margin                 float64
	}{
		{"elasticface", "elasticface", "arc", 0.5},
		{"elastic-arcface", "elasticface", "arc", 0.5},
		{"elastic-cosface", "elasticface", "cos", 0.35},
		{"Elastic-CosFace", "elasticface", "cos", 0.35},
	} {
		b, err := builders.Build(c.name, builders.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if b.Name() != c.loss || settingOf(b, "margin_type") != c.marginType || settingOf(b, "margin") != c.margin {
			t.Errorf("%s is %s with %v", c.name, b.Name(), b.Settings())
		}
	}
	b, err := builders.Build("elastic-cosface", builders.Options{Sets: sets{"margin_type": "arc", "beyond": "linear", "margin": "0.4"}})
	if err != nil || settingOf(b, "margin") != 0.4 {
		t.Errorf("settings over an alias's defaults: %v", err)
	}
}

func TestAdviceHasThePapersNumbers(t *testing.T) {
	for _, c := range []struct {
		loss string
		sets sets
		says []string // nil: no advice
	}{
		{"cosface", nil, nil},
		{"cosface", sets{"margin": "0"}, nil},
		{"cosface", sets{"margin": "1", "scale": "3.956"}, nil},
		{"cosface", sets{"margin": "1.05"}, []string{"m = 1.05 is above C/(C−1) from C = 22 classes on, which is the paper's bound up to C = D + 1"}},
		{"cosface", sets{"margin": "1.1"}, []string{"from C = 12 classes on"}},
		{"cosface", sets{"margin": "1.2"}, []string{"from C = 7 classes on"}},
		{"cosface", sets{"margin": "2"}, []string{"from C = 3 classes on"}},
		{"cosface", sets{"margin": "2.5"}, []string{"m = 2.5 is above C/(C−1) for every number of classes C"}},
		{"cosface", sets{"scale": "3.95"}, []string{"s = 3.95 is below (C−1)/C·ln((C−1)·P/(1−P)) from C = 10 classes on", "3.955 is enough for C = 10, 9.095 for C = 1000, 13.64 for C = 93431"}},
		{"normface", sets{"scale": "1"}, []string{"s = 1 is below (C−1)/C·ln((C−1)·P/(1−P)) for every number of classes C: "}},
		{"normface", sets{"scale": "2"}, []string{"from C = 4 classes on"}},
		{"normface", sets{"scale": "8"}, nil},
		{"softmax + cosface", sets{"cosface.scale": "1"}, []string{"s = 1 is below"}},
		{"magface", sets{"lambda_g": "20", "beyond": "linear"}, []string{"lambda_g = 20", "22.59"}},
		{"magface", sets{"lambda_g": "23", "beyond": "linear"}, nil},
		{"magface", sets{"margin_type": "cos"}, nil},
		{"magface", nil, []string{"2.342 rad"}},
		{"subcenter-arcface", nil, []string{"2.642 rad (151.4°)"}},
		{"elasticface", nil, []string{"2.642 rad"}},
		{"elastic-cosface", nil, nil},
		{"combined-margin", sets{"m1": "1.35", "m2": "0", "m3": "0"}, []string{"2.327 rad (133.3°)"}},
		{"combined-margin", sets{"m1": "0", "m2": "0.3"}, nil},
		{"combined-margin", sets{"m2": "-0.3"}, nil},
		{"combined-margin", sets{"beyond": "linear"}, nil},
		{"normface", nil, nil},
	} {
		b, err := builders.Build(c.loss, builders.Options{Sets: c.sets})
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(b.Advice, "\n")
		for _, s := range c.says {
			if !strings.Contains(all, s) {
				t.Errorf("%s %v advises %q, want %q in it", c.loss, c.sets, all, s)
			}
		}
		if c.says == nil && all != "" {
			t.Errorf("%s %v advises %q, want nothing", c.loss, c.sets, all)
		}
	}
}
