package builders_test

import (
	"fmt"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/ir/opt"
	"losscc/verify/formula"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

func TestMinersChooseWhatTheLoopsChoose(t *testing.T) {
	for _, miner := range []string{"mine-triplets", "mine-pairs"} {
		for _, strategy := range []string{"hardest", "semi-hard", "violating"} {
			for _, limit := range []string{"0", "1", "2", "3"} {
				for _, d := range distances {
					s := sets{"strategy": strategy, "cap": limit, "distance": d, "margin": "0.6"}
					t.Run(fmt.Sprint(miner, s), func(t *testing.T) {
						for seed := range uint64(4) {
							mineAt(t, miner, s, seed, func(map[string]*tensor.Tensor) {})
						}
					})
				}
			}
		}
	}
}

func TestMinersOnDegenerateSubsets(t *testing.T) {
	changes := map[string]func(in map[string]*tensor.Tensor){
		"one class":   func(in map[string]*tensor.Tensor) { fill(in["labels"].I, 1) },
		"all ignored": func(in map[string]*tensor.Tensor) { fill(in["labels"].I, -1) },
		"all equal":   func(in map[string]*tensor.Tensor) { in["embeddings"] = tensor.New(tensor.Float, 9, 3) },
		"no rows": func(in map[string]*tensor.Tensor) {
			in["embeddings"], in["labels"] = tensor.New(tensor.Float, 0, 3), tensor.New(tensor.Int, 0)
		},
	}
	for name, change := range changes {
		for _, miner := range []string{"mine-triplets", "mine-pairs"} {
			for _, strategy := range []string{"hardest", "semi-hard", "violating"} {
				t.Run(name+" "+miner+" "+strategy, func(t *testing.T) {
					mineAt(t, miner, sets{"strategy": strategy, "cap": "2"}, 1, change)
				})
			}
		}
	}
}

// mineAt compares a miner with the loops on one drawn subset.
func mineAt(t *testing.T, miner string, s sets, seed uint64, change func(map[string]*tensor.Tensor)) {
	t.Helper()
	built, err := builders.Build(miner, builders.Options{Sets: s})
	if err != nil {
		t.Fatal(err)
	}
	f, err := opt.Run(built.Func, opt.Flat)
	if err != nil {
		t.Fatal(err)
	}
	in := drawInputs(f, map[ir.Dim]int{"S": 9, "C": 3}, seed)
	change(in)
	got, err := irval.Eval(f, in)
	if err != nil {
		t.Fatal(err)
	}
	params := formula.Params{}
	for _, p := range built.Settings() {
		if n, ok := p.Value.(int); ok {
			params[p.Name] = float64(n)
		} else {
			params[p.Name] = p.Value
		}
	}
	want, err := formula.Eval(formula.Request{Loss: miner, Params: params, In: in})
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range want {
		if msg := differ(got[name], w, valueTolerance); msg != "" {
			t.Errorf("seed %d: %s: %s\n got %v\nwant %v", seed, name, msg, got[name].I, w.I)
		}
	}
}
