package formula

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

func TestStateMovesByHand(t *testing.T) {
	for _, c := range []struct {
		is     string
		loss   string
		params Params
		output string
		want   float64
	}{
		{"t is mostly the old one", "curricularface", nil, "t_next", 0.01*cos(0.7) + 0.99*0.3},
		{"alpha = 0.1", "curricularface", Params{"alpha": 0.1}, "t_next", 0.1*cos(0.7) + 0.9*0.3},
		{"one other class at angle 1.9", "adacos", nil, "scale_next", 8 * cos(1.9) / cos(0.7)},
		{"lengths mix with the old mean", "adaface", nil, "batch_mean_next", 0.01*5 + 0.99*2},
		{"one row has no deviation", "adaface", nil, "batch_std_next", 0.999},
		{"a row was seen", "kappaface", nil, "seen_next", 1},
	} {
		in := facing(5, 0.7, 1.9)
		in["scale"] = tensor.Scalar(8)
		out := outputs(t, Request{Loss: c.loss, Params: c.params, In: in})
		sameAll(t, c.loss+": "+c.is, out[c.output], c.want)
	}
}

func TestScaleFollowsTheMedianAngle(t *testing.T) {
	// Two classes, right and up; kept rows at 0.2, 0.5 and 1.3 from the first,
	// and an ignored one that would move the median.
	in := inputs{
		"embeddings": rows2([]float64{cos(0.2), sin(0.2)}, []float64{cos(0.5), sin(0.5)}, []float64{cos(1.3), sin(1.3)}, []float64{0, 1}),
		"labels":     ints1(0, 0, 0, 2),
		"weight":     rows2([]float64{1, 0}, []float64{0, 1}),
		"scale":      tensor.Scalar(2),
	}
	logB := math.Log((math.Exp(2*sin(0.2)) + math.Exp(2*sin(0.5)) + math.Exp(2*sin(1.3))) / 3)
	next := func(p Params) *tensor.Tensor {
		return outputs(t, Request{Loss: "adacos", Params: p, In: in})["scale_next"]
	}
	sameAll(t, "the median of three targets", next(nil), logB/cos(0.5))

	in["labels"] = ints1(0, -1, 0, 2)
	logB = math.Log((math.Exp(2*sin(0.2)) + math.Exp(2*sin(1.3))) / 2)
	sameAll(t, "the lower of two targets", next(nil), logB/cos(0.2))
	sameAll(t, "the lower median of all four angles", next(Params{"median": "all"}), logB/cos(math.Pi/2-1.3))
	in["labels"] = ints1(-1, -1, 0, 2)
	sameAll(t, "no median beyond π/4", next(nil), 2*sin(1.3)/cos(math.Pi/4))

	out := outputs(t, Request{Loss: "adacos", Params: Params{"variant": "fixed"}, In: in})
	same(t, "two classes have the fixed scale 0", out["loss"].F[0], math.Log(2))
	if out["scale_next"] != nil {
		t.Error("the fixed scale is no state")
	}
}

func TestLengthsOfKeptRowsMoveTheQuality(t *testing.T) {
	in := inputs{
		"embeddings": rows2([]float64{3, 4}, []float64{0, 500}, []float64{0, 0}, []float64{7, 0}),
		"labels":     ints1(0, 1, 0, -1),
		"weight":     rows2([]float64{1, 0}, []float64{0, 1}),
		"batch_mean": tensor.Scalar(20),
		"batch_std":  tensor.Scalar(100),
	}
	out := outputs(t, Request{Loss: "adaface", Params: Params{"alpha": 0.25}, In: in})
	mean := (5 + 100 + 0.001) / 3
	std := math.Sqrt((math.Pow(5-mean, 2) + math.Pow(100-mean, 2) + math.Pow(0.001-mean, 2)) / 2)
	sameAll(t, "batch_mean_next", out["batch_mean_next"], 0.25*mean+0.75*20)
	sameAll(t, "batch_std_next", out["batch_std_next"], 0.25*std+0.75*100)
}

// epochInputs are three classes with 2, 2 and 1 images an epoch, of which two
// rows of the first and one of the last were seen.
func epochInputs(labels ...int64) inputs {
	return inputs{
		"embeddings":   rows2([]float64{0, 3}, []float64{4, 3}),
		"labels":       ints1(labels...),
		"weight":       rows2([]float64{1, 0}, []float64{0, 1}, []float64{-1, 0}),
		"class_counts": floats1(2, 2, 1),
		"kappa":        floats1(1, 2, 4),
		"class_sums":   rows2([]float64{1, 1}, []float64{0, 0}, []float64{0, -1}),
		"seen":         tensor.Scalar(3),
	}
}

func TestKappaChangesAtTheEndOfAnEpoch(t *testing.T) {
	out := outputs(t, Request{Loss: "kappaface", In: epochInputs(1, -1)})
	sameAll(t, "within the epoch: kappa", out["kappa_next"], 1, 2, 4)
	sameAll(t, "within the epoch: sums", out["class_sums_next"], 1, 1, 0, 1, 0, -1)
	sameAll(t, "within the epoch: seen", out["seen_next"], 4)

	out = outputs(t, Request{Loss: "kappaface", In: epochInputs(1, 1)})
	kappa := func(r float64) float64 { return r * (2 - r*r) / (1 - r*r) }
	first, second := kappa(math.Sqrt2/2), kappa(math.Sqrt(0.8*0.8+1.6*1.6)/2)
	sameAll(t, "at its end: kappa, a perfect class like the best of the others", out["kappa_next"], first, second, max(first, second))
	sameAll(t, "at its end: sums", out["class_sums_next"], 0, 0, 0, 0, 0, 0)
	sameAll(t, "at its end: seen", out["seen_next"], 0)

	in := epochInputs(1, 1)
	in["class_counts"] = floats1(1, 1, 1)
	in["class_sums"] = rows2([]float64{2, 0}, []float64{2, 0}, []float64{2, 0})
	out = outputs(t, Request{Loss: "kappaface", In: in})
	sameAll(t, "only perfect classes", out["kappa_next"], 0, 0, 0)

	in["class_counts"] = floats1(0, 1, 1)
	in["class_sums"] = rows2([]float64{0, 0}, []float64{0, 0}, []float64{0, 0})
	out = outputs(t, Request{Loss: "kappaface", In: in})
	sameAll(t, "a class without images", out["kappa_next"], 0, 0, 0)
}

func TestMarginsOfKappaFollowScatterAndCount(t *testing.T) {
	m := func(kappa, counts []float64, class int) float64 {
		e := epoch{counts: counts, kappa: kappa}
		c := &Ctx{params: Params{"margin": 1.0, "gamma": 0.7, "temperature": 0.55}}
		e.angular.head = &head{c: c, C: len(kappa)}
		return e.margins()[class]
	}
	few := func(share float64) float64 { return 0.3 * (cos(math.Pi*share/1.05) + 1) / 2 }
	same(t, "equal kappas are all average", m([]float64{0.1, 0.1, 0.1}, []float64{4, 2, 1}, 1), 0.35+few(0.5))
	same(t, "one class is average", m([]float64{7}, []float64{4}, 0), 0.35+few(1))
	same(t, "kappa 1, 2, 3 is −1, 0, 1", m([]float64{1, 2, 3}, []float64{2, 1, 2}, 0), 0.7*(1-1/(1+exp(0.55)))+few(1))
	same(t, "no images at all", m([]float64{1, 2, 3}, []float64{0, 0, 0}, 1), 0.35+few(0))
}

func TestWithoutAKeptRowNothingMoves(t *testing.T) {
	for loss, states := range map[string][]string{
		"curricularface": {"t"},
		"adacos":         {"scale"},
		"adaface":        {"batch_mean", "batch_std"},
		"kappaface":      {"kappa", "class_sums", "seen"},
	} {
		in := marginWaves(loss, nil)
		in["labels"] = ints1(-1, 4, -100, 99, -1, 4)
		in["seen"] = tensor.Scalar(100) // past the end of the epoch
		out := outputs(t, Request{Loss: loss, In: in})
		for _, s := range states {
			sameAll(t, loss+": "+s+"_next", out[s+"_next"], in[s].F...)
		}
	}
}

func TestAllIgnoredIsZeroWithGradientZero(t *testing.T) {
	for loss := range margins {
		in := marginWaves(loss, nil)
		in["labels"] = ints1(-1, 4, -100, 99, -1, 4)
		for _, reduction := range []string{"mean", "sum", "none"} {
			r := Request{Loss: loss, Reduction: reduction, Predictions: true, In: in}
			out := outputs(t, r)
			zeros := make([]float64, out["loss"].Len())
			sameAll(t, loss+" "+reduction, out["loss"], zeros...)
			sameInts(t, loss+": ignored", out["ignored"], 6)
			sameAll(t, loss+": accuracy", out["accuracy"], 0)
			for _, input := range []string{"embeddings", "weight", "bias", "margins"} {
				g := gradientOf(t, r, input)
				sameAll(t, loss+": grad_"+input, g, make([]float64, g.Len())...)
			}
		}
	}
}
