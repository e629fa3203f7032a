package builders_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/ir/grad"
	"losscc/ir/opt"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

// made is a loss with its gradients, ready to be evaluated.
type made struct {
	t *testing.T
	f *ir.Func
}

func makeLoss(t *testing.T, expr string, s sets, reduction string) made {
	t.Helper()
	b, err := builders.Build(expr, builders.Options{Sets: s, Reduction: reduction})
	if err != nil {
		t.Fatal(err)
	}
	f := b.Func
	if len(b.Wrt) > 0 {
		if f, err = grad.Of(f, "loss", b.Wrt, grad.Exact); err != nil {
			t.Fatal(err)
		}
	}
	if f, err = opt.Run(f, opt.Standard); err != nil {
		t.Fatal(err)
	}
	return made{t, f}
}

// at evaluates the loss on those of the inputs that it takes.
func (m made) at(in inputs) inputs {
	m.t.Helper()
	own := inputs{}
	for _, p := range m.f.Params {
		own[p.Name] = in[p.Name]
	}
	out, err := irval.Eval(m.f, own)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

// equalOutputs fails unless the named outputs agree.
func equalOutputs(t *testing.T, a, b inputs, names ...string) {
	t.Helper()
	for _, n := range names {
		if msg := differ(a[n], b[n], 1e-11); msg != "" {
			t.Errorf("%s: %s", n, msg)
		}
	}
}

var lossAndGradients = []string{"loss", "grad_embeddings", "grad_weight"}

func TestMarginOfOneIsSoftmax(t *testing.T) {
	soft := makeLoss(t, "softmax", sets{"bias": "false"}, "")
	in := drawInputs(makeLoss(t, "l-softmax", nil, "").f, nil, 1)
	equalOutputs(t, makeLoss(t, "l-softmax", sets{"margin": "1"}, "").at(in), soft.at(in), lossAndGradients...)

	// A-Softmax with m = 1 is softmax over unit weights.
	unit := inputs{"embeddings": in["embeddings"], "labels": in["labels"], "weight": in["weight"].Clone(), "lambda": in["lambda"]}
	w := unit["weight"]
	for j := range w.Shape[0] {
		row := w.F[j*3 : j*3+3]
		n := math.Sqrt(row[0]*row[0] + row[1]*row[1] + row[2]*row[2])
		for k := range row {
			row[k] /= n
		}
	}
	equalOutputs(t, makeLoss(t, "a-softmax", sets{"margin": "1"}, "").at(in), soft.at(unit), "loss", "grad_embeddings")
}

func TestAnnealingEndsAtSoftmax(t *testing.T) {
	soft := makeLoss(t, "softmax", sets{"bias": "false"}, "")
	l := makeLoss(t, "l-softmax", nil, "")
	in := drawInputs(l.f, nil, 2)
	before := math.Inf(1)
	for _, lambda := range []float64{1, 1e3, 1e6, 1e9} {
		in["lambda"] = tensor.Scalar(lambda)
		gap := math.Abs(l.at(in)["loss"].F[0] - soft.at(in)["loss"].F[0])
		if !(gap < before) {
			t.Errorf("λ = %g: %g from softmax, no nearer than before (%g)", lambda, gap, before)
		}
		before = gap
	}
	if before > 1e-7 {
		t.Errorf("at λ = 1e9 the loss is still %g from softmax", before)
	}
}

func TestHardmaxIsTheLimitOfSoftmax(t *testing.T) {
	hard := makeLoss(t, "hardmax", nil, "")
	in := drawInputs(hard.f, nil, 3)
	want := hard.at(in)
	for _, tau := range []float64{1, 0.1, 0.01, 0.001} {
		soft := makeLoss(t, "softmax", sets{"temperature": fmt.Sprint(tau)}, "").at(in)
		gap := tau*soft["loss"].F[0] - want["loss"].F[0]
		// log Σ e^{z/τ} lies between max z/τ and that plus log C.
		if gap < -1e-12 || gap > tau*math.Log(4) {
			t.Errorf("τ = %g: τ·softmax − hardmax = %g, want within [0, τ·log C]", tau, gap)
		}
		if tau > 0.001 {
			continue
		}
		for i, g := range soft["grad_weight"].F {
			if d := math.Abs(tau*g - want["grad_weight"].F[i]); d > 1e-6 {
				t.Errorf("τ = %g: τ·grad_weight[%d] is %g from hardmax's", tau, i, d)
			}
		}
	}
}

func TestMinedTripletsOfTheHardestAreBatchHard(t *testing.T) {
	hard := makeLoss(t, "triplet", sets{"mining": "batch-hard"}, "")
	given := makeLoss(t, "triplet", sets{"mining": "indices"}, "")
	miner := makeLoss(t, "mine-triplets", nil, "")
	for seed := range uint64(5) {
		in := drawInputs(hard.f, map[ir.Dim]int{"N": 12}, seed)
		in["triplets"] = miner.at(in)["triplets"]
		equalOutputs(t, given.at(in), hard.at(in), "loss", "grad_embeddings")
	}
}

func TestContrastiveOverABatchIsTheSumOverItsPairs(t *testing.T) {
	all := makeLoss(t, "contrastive", sets{"mining": "all"}, "sum")
	given := makeLoss(t, "contrastive", sets{"mining": "indices"}, "sum")
	in := drawInputs(all.f, nil, 4)
	n := in["labels"].Len()
	pairs := tensor.New(tensor.Int, n*(n-1)/2, 2)
	k := 0
	for i := range n {
		for j := i + 1; j < n; j++ {
			pairs.I[k], pairs.I[k+1] = int64(i), int64(j)
			k += 2
		}
	}
	in["pairs"] = pairs
	equalOutputs(t, all.at(in), given.at(in), "loss", "grad_embeddings")
}

func TestBatchAllIsTheTripleLoop(t *testing.T) {
	all := makeLoss(t, "triplet", sets{"mining": "batch-all", "swap": "true"}, "")
	given := makeLoss(t, "triplet", sets{"mining": "indices", "swap": "true"}, "")
	in := drawInputs(all.f, map[ir.Dim]int{"N": 10, "C": 3}, 5)
	y := in["labels"].I
	list := tensor.New(tensor.Int, 0, 3)
	for a := range y {
		for p := range y {
			for n := range y {
				if a != p && y[a] == y[p] && y[a] != y[n] && y[a] >= 0 && y[n] >= 0 {
					list.I = append(list.I, int64(a), int64(p), int64(n))
					list.Shape[0]++
				}
			}
		}
	}
	in["triplets"] = list
	equalOutputs(t, all.at(in), given.at(in), "loss", "grad_embeddings")
}

func TestASumOfLossesIsTheSumOfItsParts(t *testing.T) {
	sum := makeLoss(t, "softmax + 0.25*center + 2*arcface", sets{"center.alpha": "0.3", "arcface.scale": "7"}, "")
	in := drawInputs(sum.f, nil, 6)
	got := sum.at(in)
	parts := []struct {
		factor float64
		out    inputs
	}{
		{1, makeLoss(t, "softmax", nil, "").at(in)},
		{0.25, makeLoss(t, "center", sets{"alpha": "0.3"}, "").at(in)},
		{2, makeLoss(t, "arcface", sets{"scale": "7"}, "").at(in)},
	}
	for _, name := range []string{"loss", "grad_embeddings", "grad_weight", "grad_bias"} {
		want := tensor.New(tensor.Float, got[name].Shape...)
		for _, p := range parts {
			if p.out[name] == nil {
				continue
			}
			for i, v := range p.out[name].F {
				want.F[i] += p.factor * v
			}
		}
		equalOutputs(t, got, inputs{name: want}, name)
	}
	for i, name := range []string{"softmax", "center", "arcface"} {
		equalOutputs(t, inputs{"v": got["loss."+name]}, inputs{"v": parts[i].out["loss"]}, "v")
	}
	equalOutputs(t, got, parts[1].out, "centers_next", "ignored")
}

func TestAFactorAloneCounts(t *testing.T) {
	twice := makeLoss(t, "2.5*softmax", nil, "")
	in := drawInputs(twice.f, nil, 7)
	got, once := twice.at(in), makeLoss(t, "softmax", nil, "").at(in)
	if want := 2.5 * once["loss"].F[0]; math.Abs(got["loss"].F[0]-want) > 1e-12*want {
		t.Errorf("2.5*softmax is %v, want %v", got["loss"].F[0], want)
	}
	equalOutputs(t, inputs{"v": got["loss.softmax"]}, inputs{"v": once["loss"]}, "v")
}

func TestAWrongSumIsAnsweredWithItsPlace(t *testing.T) {
	for _, c := range []struct{ expr, says, under string }{
		{"softmax + 0.003*centre", `did you mean "center"`, "centre"},
		{"softmax + x*center", "want a finite number before *", "x*"},
		{"softmax + ", "want the name of a loss", ""},
		{"+ softmax", "want the name of a loss", ""},
		{"softmax + nan*center", "want a finite number", "nan"},
		{"softmax * 2", `before *, found "softmax"`, "softmax"},
	} {
		_, err := builders.ParseSum(c.expr)
		if err == nil {
			t.Errorf("%q is accepted", c.expr)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], c.says) || lines[1] != "  "+c.expr {
			t.Errorf("%q: %q", c.expr, err)
			continue
		}
		at := strings.Index(lines[2], "^") - 2
		if c.under != "" && !strings.HasPrefix(c.expr[at:], c.under) {
			t.Errorf("%q: the caret stands under %q, want %q", c.expr, c.expr[at:], c.under)
		}
	}
}
