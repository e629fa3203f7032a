package builders_test

import (
	"fmt"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/verify/tensor"
)

// pairSettings are, for each loss over pairs, proxies and views, the settings at
// which it is held to its formula, beside its defaults and each of its words.
var pairSettings = map[string][]sets{
	"multi-similarity":             {{"alpha": "1.5", "beta": "4", "lambda": "0.3", "epsilon": "0.4"}, {"beta": "3", "mining": "none", "lambda": "0.5", "average": "nonzero"}},
	"supcon":                       {{"temperature": "0.7", "base_temperature": "0.07"}, {"temperature": "0.7", "form": "in", "average": "nonzero"}},
	"nt-xent":                      {{"temperature": "0.7"}, {"temperature": "0.7", "positives": "labels", "denominator": "negatives"}, {"temperature": "0.7", "candidates": "other-view", "denominator": "negatives"}, {"temperature": "0.7", "symmetric": "false", "distance": "squared-euclidean"}, {"temperature": "0.7", "positives": "labels", "distance": "euclidean", "normalize": "true"}},
	"circle":                       {{"scale": "3"}, {"scale": "3", "combine": "sum", "detach": "false"}, {"scale": "3", "over": "batch"}, {"scale": "3", "over": "batch", "combine": "sum", "detach": "false", "margin": "0.2"}},
	"n-pair":                       {{"lambda": "0.3"}, {"positives": "views", "lambda": "0.3"}, {"positives": "views", "distance": "squared-euclidean", "normalize": "true"}, {"distance": "euclidean"}},
	"nca":                          {{"scale": "0.4", "epsilon": "0.1"}, {"objective": "expected", "average": "nonzero"}},
	"lifted-structure":             {{"positive_margin": "0.3", "margin": "2"}},
	"generalized-lifted-structure": {{"positive_margin": "0.3", "margin": "2", "average": "nonzero"}},
	"angular":                      {{"alpha": "30", "normalize": "false"}},
	"tuplet-margin":                {{"scale": "4", "margin": "0.3"}},
	"threshold-consistent-margin":  {{"positive_margin": "0.2", "negative_margin": "-0.3", "positive_weight": "2", "negative_weight": "0.5"}},
	"soft-triple":                  {{"scale": "4", "gamma": "0.5", "margin": "0.2", "tau": "3", "epsilon": "0.1"}, {"tau": "0"}},
	"proxy-anchor":                 {{"scale": "3", "margin": "0.3"}},
	"proxy-nca":                    {{"scale": "0.7", "denominator": "all", "normalize": "false"}},
	"intra-pair-variance":          {{"positive_epsilon": "0.3", "negative_epsilon": "0.2", "detach": "true", "distance": "euclidean"}, {"distance": "squared-euclidean", "normalize": "true"}},
	"snr-contrastive":              {{"lambda": "0.3", "margin": "4", "positive_margin": "0.2", "average": "all"}, {"normalize": "true", "lambda": "1"}},
	"ranked-list":                  {{"positive_temperature": "1.5", "negative_temperature": "2", "detach": "false", "lambda": "0.3"}, {"normalize": "false", "alpha": "3", "average": "nonzero"}, {"negative_temperature": "0", "detach": "false"}},
	"smooth-ap":                    {{"temperature": "0.5"}, {"temperature": "0.5", "include_query": "false", "distance": "euclidean"}},
	"pnp":                          {{"temperature": "0.5", "alpha": "2"}, {"temperature": "0.5", "variant": "ib", "b": "3", "include_query": "false"}, {"temperature": "0.5", "variant": "iu"}},
	"fastap":                       {{"bins": "3"}, {"bins": "1", "average": "nonzero"}},
	"histogram":                    {{"bins": "5"}, {"bins": "1"}},
	"vicreg":                       {{"gamma": "2", "epsilon": "0.1", "variance": "population", "nu": "0.3"}},
	"barlow-twins":                 {{"lambda": "0.4", "epsilon": "0.1"}},
	"instance":                     {{"scale": "2", "normalize": "true"}, {"form": "batch", "scale": "3"}},
	"ring":                         {{"lambda": "1", "mode": "smooth-l1"}, {"lambda": "1", "mode": "auto"}},
	"margin":                       {{"learn_beta": "true", "nu": "0.3"}, {"learn_beta": "true", "nu": "0.3", "over": "pairs"}, {"mining": "distance-weighted", "nonzero_loss_cutoff": "1.9"}, {"mining": "distance-weighted", "nonzero_loss_cutoff": "1.9", "learn_beta": "true", "nu": "0.2"}, {"normalize": "false", "beta": "2", "margin": "1", "distance": "squared-euclidean"}},
	"simple":                       {{"lambda": "0.4", "margin": "0.3", "r": "0.7"}, {"lambda": "0.4", "bank": "true"}},
	"range":                        {{"margin": "5", "alpha": "0.3", "beta": "0.5", "k": "1"}, {"margin": "5", "alpha": "0.3", "beta": "0.5", "distance": "euclidean"}, {"margin": "3", "alpha": "0.3", "beta": "0.5", "normalize": "true", "k": "9"}},
	"dynamic-soft-margin":          {{"momentum": "0.4", "detach": "false"}, {"momentum": "0.4", "positives": "labels"}, {"momentum": "0.4", "positives": "labels", "detach": "false"}},
}

// pairClaims are the losses over pairs, proxies and views at all of those settings.
func pairClaims(t *testing.T) []claim {
	var claims []claim
	for _, l := range builders.List() {
		if l.Family != builders.PairFamily {
			continue
		}
		if len(pairSettings[l.Name]) == 0 {
			t.Errorf("%s: no settings are listed to try it at", l.Name)
		}
		all := append([]sets{nil}, pairSettings[l.Name]...)
		for _, p := range l.Params() {
			words := p.Enum
			if p.Kind == "bool" {
				words = []string{"true", "false"}
			}
			for _, w := range words {
				if w != fmt.Sprint(p.Default) {
					all = append(all, moderated(l, sets{p.Name: w}))
				}
			}
		}
		for _, s := range all {
			for _, r := range []string{"mean", "sum", "none"} {
				if _, err := builders.Build(l.Name, builders.Options{Sets: s, Reduction: r}); err != nil {
					continue
				}
				claims = append(claims, claim{loss: l.Name, sets: s, reduction: r, dims: map[ir.Dim]int{"N": 9, "C": 3, "P": 3, "M": 5, "B": 6}})
			}
		}
	}
	return claims
}

// moderated are settings with a smoother step of ranks, whose numeric derivative has
// digits.
func moderated(l builders.Loss, s sets) sets {
	if l.Name == "smooth-ap" || l.Name == "pnp" {
		s["temperature"] = "0.5"
	}
	return s
}

func TestPairLossesEqualTheirFormulas(t *testing.T) {
	for _, c := range pairClaims(t) {
		t.Run(c.String(), func(t *testing.T) { prove(t, c) })
	}
}

func TestPairLossesOnDegenerateBatches(t *testing.T) {
	batches := map[string]func(in map[string]*tensor.Tensor){
		"one class":   func(in map[string]*tensor.Tensor) { labelled(in, func(int) int64 { return 1 }) },
		"all ignored": func(in map[string]*tensor.Tensor) { labelled(in, func(int) int64 { return -1 }) },
		"all different": func(in map[string]*tensor.Tensor) {
			labelled(in, func(i int) int64 { return int64(i) })
		},
		"one row kept": func(in map[string]*tensor.Tensor) { labelled(in, func(i int) int64 { return int64(-min(i, 1)) }) },
	}
	for name, change := range batches {
		for _, c := range pairClaims(t) {
			if c.reduction != "mean" {
				continue
			}
			c.change = change
			// Where all rows are of one class fastap is 0 everywhere, and its
			// numeric derivative is rounding.
			c.valueOnly = name == "one class" && c.loss == "fastap"
			t.Run(name+" "+c.String(), func(t *testing.T) { proveAt(t, c, 1) })
		}
	}
}

// labelled gives every row a label.
func labelled(in map[string]*tensor.Tensor, label func(i int) int64) {
	for _, name := range []string{"labels", "bank_labels"} {
		if y := in[name]; y != nil {
			for i := range y.I {
				y.I[i] = label(i)
			}
		}
	}
}
