package builders_test

import (
	"slices"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/verify/formula"
)

// namesOfLosses are the names that the losses over classes, pairs and triplets
// go by, each with its other names.
var namesOfLosses = map[string]string{
	"softmax":           "cross-entropy softmax-cross-entropy",
	"hardmax":           "perceptron",
	"contrastive":       "contrastive-loss siamese",
	"triplet":           "triplet-loss facenet",
	"center":            "center-loss",
	"l-softmax":         "large-margin-softmax",
	"a-softmax":         "sphereface angular-softmax",
	"normface":          "normalized-softmax coco",
	"cosface":           "am-softmax lmcl",
	"arcface":           "additive-angular-margin",
	"combined-margin":   "combined cm1",
	"subcenter-arcface": "sub-center-arcface",
	"x2-softmax":        "",
	"li-arcface":        "airface",
	"curricularface":    "curricular",
	"mv-softmax":        "sv-x-softmax mv-am-softmax",
	"npcface":           "",
	"arcnegface":        "",
	"circle-softmax":    "circle-loss-class",
	"adacos":            "",
	"adaface":           "",
	"magface":           "",
	"elasticface":       "elastic-arcface elastic-cosface",
	"adam-softmax":      "adaptiveface",
	"kappaface":         "",
	"sphereface-r":      "",
	"sphereface2":       "",
	"uniface":           "uce unified-cross-entropy",
	"p2sgrad":           "",
	"focal":             "focal-loss",

	"circle":                       "circle-loss circle-pair",
	"n-pair":                       "npair n-pairs npairs n-pair-mc",
	"lifted-structure":             "lifted lifted-struct",
	"generalized-lifted-structure": "generalized-lifted lifted-embedding",
	"multi-similarity":             "ms ms-loss",
	"margin":                       "margin-loss wu-margin",
	"nca":                          "neighbourhood-components",
	"proxy-nca":                    "proxynca proxy-nca++",
	"proxy-anchor":                 "proxyanchor",
	"soft-triple":                  "softtriple",
	"nt-xent":                      "ntxent simclr infonce",
	"supcon":                       "sup-con supervised-contrastive",
	"vicreg":                       "",
	"barlow-twins":                 "barlow",
	"fastap":                       "fast-ap",
	"histogram":                    "histogram-loss",
	"snr-contrastive":              "snr signal-to-noise-ratio",
	"angular":                      "angular-loss",
	"tuplet-margin":                "tuplet",
	"intra-pair-variance":          "",
	"ranked-list":                  "rll",
	"smooth-ap":                    "smoothap",
	"range":                        "range-loss",
	"ring":                         "ring-loss",
	"simple":                       "sim-ple",
	"instance":                     "instance-loss",
	"pnp":                          "pnp-loss",
	"dynamic-soft-margin":          "dsm",
	"threshold-consistent-margin":  "tcm",
}

func TestEveryLossHasItsNames(t *testing.T) {
	for name, aliases := range namesOfLosses {
		for _, word := range append([]string{name}, strings.Fields(aliases)...) {
			if l, ok := builders.Find(word); !ok || l.Name != name {
				t.Errorf("%s is called %q too; builders.Find answers %q", name, word, l.Name)
			}
		}
	}
	seen := map[string]string{}
	for _, l := range builders.List() {
		aliases, known := namesOfLosses[l.Name]
		if !known && l.Family != builders.MinerFamily {
			t.Errorf("%s stands in no row of namesOfLosses; add it", l.Name)
		}
		for _, a := range l.Aliases {
			if known && !slices.Contains(strings.Fields(aliases), a) {
				t.Errorf("%s is called %q in its file only; add it to namesOfLosses or take it out", l.Name, a)
			}
		}
		for _, word := range append([]string{l.Name}, l.Aliases...) {
			if other := seen[word]; other != "" {
				t.Errorf("%s and %s are both called %q", other, l.Name, word)
			}
			seen[word] = l.Name
		}
	}
}

// ranges are the numbers that a parameter takes, by its name, or by its loss and
// name where that loss differs; every other number may be any that is finite.
var ranges = map[string]string{
	"scale": "> 0", "temperature": "> 0", "loss_weight": "> 0", "epsilon": "> 0",
	"margin": ">= 0", "m1": ">= 0", "lambda": ">= 0", "lambda_g": ">= 0", "soft_weight": ">= 0",
	"adaface h": ">= 0", "elasticface sigma": ">= 0",
	"l-softmax margin": ">= 1", "a-softmax margin": ">= 1", "sphereface-r margin": ">= 1",
	"curricularface alpha": ">= 0, <= 1", "adaface alpha": ">= 0, <= 1", "center alpha": ">= 0, <= 1",
	"sphereface2 lambda": ">= 0, <= 1", "sphereface2 t": "> 0", "arcnegface sigma": "> 0",
	"l_a": "> 0", "u_a": "> 0", "l_m": ">= 0", "u_m": ">= 0",
	"focal.gamma": "0 or >= 1", "focal gamma": "0 or >= 1",
	"label_smoothing": ">= 0, < 1", "sub_centers": ">= 1",

	"multi-similarity alpha": "> 0", "multi-similarity beta": "> 0", "multi-similarity lambda": "", "multi-similarity epsilon": "",
	"lifted-structure margin": "", "generalized-lifted-structure margin": "", // a distance may be negative
	"nca epsilon": ">= 0", "soft-triple epsilon": ">= 0", "vicreg epsilon": ">= 0", "barlow-twins epsilon": ">= 0",
	"base_temperature": ">= 0", "angular alpha": "> 0, < 90", "soft-triple gamma": "> 0", "tau": ">= 0",
	"ranked-list lambda": ">= 0, <= 1", "simple lambda": ">= 0, <= 1", "r": "> 0",
	"positive_weight": ">= 0", "negative_weight": ">= 0", "mu": ">= 0", "nu": ">= 0",
	"cutoff": "> 0, < 2", "nonzero_loss_cutoff": "> 0, <= 2",
	"range k": ">= 1", "range alpha": ">= 0", "range beta": ">= 0",
	"bins": ">= 1, <= 100000", "pnp alpha": "> 0", "b": "> 0", "momentum": ">= 0, <= 1",
}

func TestEveryNumberHasItsRange(t *testing.T) {
	used := map[string]bool{}
	for _, l := range builders.List() {
		if l.Family == builders.MinerFamily {
			continue
		}
		for _, p := range l.Params() {
			if p.Kind != "number" && p.Kind != "integer" {
				continue
			}
			key := l.Name + " " + p.Name
			if _, own := ranges[key]; !own {
				key = p.Name
			}
			used[key] = true
			if got, want := p.Accepts(), ranges[key]; got != want {
				t.Errorf("%s takes %s where it is %q, want %q", l.Name, p.Name, got, want)
			}
		}
	}
	for key := range ranges {
		if !used[key] {
			t.Errorf("no loss has %s", key)
		}
	}
}

// What a range tag cannot say, because it takes two parameters.
func TestRangesOfTwoParameters(t *testing.T) {
	for _, c := range []struct {
		loss string
		sets sets
		ok   bool
	}{
		{"l-softmax", sets{"margin": "8"}, true},
		{"l-softmax", sets{"margin": "1.5"}, false},
		{"a-softmax", sets{"margin": "1.5"}, true},
		{"sphereface2", sets{"margin": "0.9"}, true},
		{"sphereface2", sets{"margin_type": "mul", "margin": "0.9"}, false},
		{"sphereface2", sets{"margin_type": "mul", "margin": "1"}, true},
		{"magface", sets{"l_a": "110"}, false},
		{"magface", sets{"l_m": "0.8"}, true},
		{"magface", sets{"l_m": "0.81"}, false},
		{"sphereface-r", sets{"soft_weight": "-1"}, false},
		{"sphereface-r", sets{"soft_weight": "0"}, true},
		{"combined-margin", sets{"m1": "-0.1"}, false},
		{"combined-margin", sets{"m2": "-0.1", "m3": "-1"}, true},
		{"contrastive", sets{"positive_margin": "-1"}, true},
		{"margin", sets{"mining": "distance-weighted"}, true},
		{"margin", sets{"mining": "distance-weighted", "over": "pairs"}, false},
	} {
		l, _ := builders.Find(c.loss)
		if _, _, err := l.Configure(c.sets); (err == nil) != c.ok {
			t.Errorf("%s %v: %v", c.loss, c.sets, err)
		}
	}
}

// A default is typed twice: with the loss, and with the loops that judge it.
func TestDefaultsAreThoseOfTheFormulas(t *testing.T) {
	for _, l := range builders.List() {
		want, err := formula.Defaults(l.Name)
		if err != nil {
			t.Fatal(err)
		}
		params := l.Params()
		if len(params) != len(want) {
			t.Errorf("%s has %d parameters, its formula %d", l.Name, len(params), len(want))
		}
		for _, p := range params {
			found := p.Default
			if n, whole := found.(int); whole {
				found = float64(n)
			}
			if found != want[p.Name] {
				t.Errorf("%s: %s is %v unless it is set, its formula has %v", l.Name, p.Name, found, want[p.Name])
			}
		}
	}
}
