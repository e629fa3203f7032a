package builders_test

import (
	"fmt"
	"math"
	"testing"

	"losscc/builders"
	"losscc/verify/tensor"
)

// A row that is ignored may hold anything: no output but its own prediction
// knows of it, and its gradient is 0.
func TestIgnoredRowsSpreadNothing(t *testing.T) {
	mined := []sets{{"mining": "all"}, {"mining": "hard"}, {"mining": "batch-all"}, {"mining": "batch-hard"}, {"mining": "semi-hard"}}
	for _, l := range builders.List() {
		all := []sets{nil}
		if l.Name == "contrastive" {
			all = append(all, mined[:2]...)
		}
		if l.Name == "triplet" {
			all = mined[2:]
		}
		if l.Name == "n-pair" || l.Name == "simple" || l.Name == "nt-xent" {
			all = append(all, map[string][]sets{
				"n-pair":  {{"positives": "views"}},
				"simple":  {{"bank": "true"}},
				"nt-xent": {{"positives": "labels"}},
			}[l.Name]...)
		}
		if l.Family == builders.MinerFamily {
			continue
		}
		for _, s := range all {
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64} {
				t.Run(fmt.Sprint(l.Name, s, bad), func(t *testing.T) { spreadsNothing(t, l.Name, s, bad) })
			}
		}
	}
}

func spreadsNothing(t *testing.T, loss string, s sets, bad float64) {
	t.Helper()
	m := makeLoss(t, loss, s, "")
	in := drawInputs(m.f, nil, 3)
	if m.f.Result("ignored") == nil {
		return // there are no labels that could mark a row
	}
	labels, rows := in["labels"], []string{"embeddings"}
	if labels == nil {
		labels = in["same"]
	}
	if in["embeddings"] == nil {
		rows = []string{"embeddings_a", "embeddings_b"}
	}
	labels.I[2] = -1
	good := m.at(in)
	for _, r := range rows {
		x := in[r].Clone()
		for k := range 3 {
			x.F[2*3+k] = bad
		}
		in[r] = x
	}
	got := m.at(in)
	for name, w := range good {
		if msg := differ(got[name], w, 0); msg != "" {
			t.Errorf("%s: %s", name, msg)
		}
	}
	for _, r := range rows {
		g := got["grad_"+r]
		if g == nil {
			continue
		}
		if row := tensor.Floats(g.F[6:9], 3); row.F[0] != 0 || row.F[1] != 0 || row.F[2] != 0 {
			t.Errorf("grad_%s of the ignored row is %v", r, row.F)
		}
	}
}
