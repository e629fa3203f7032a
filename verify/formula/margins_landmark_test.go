package formula

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

// facing is a row of length r between its own class at the angle theta and
// one other at the angle omega; state and draws are what the table starts from.
func facing(r, theta, omega float64) inputs {
	sin, cos := math.Sincos(theta)
	so, co := math.Sincos(theta + omega)
	return inputs{
		"embeddings":   rows2([]float64{r * cos, r * sin}),
		"labels":       ints1(0),
		"weight":       rows2([]float64{3, 0}, []float64{2 * co, 2 * so}),
		"t":            tensor.Scalar(0.3),
		"batch_mean":   tensor.Scalar(2),
		"batch_std":    tensor.Scalar(0.999),
		"noise":        floats1(2),
		"margins":      floats1(0.3, 0.5),
		"class_counts": floats1(4, 2),
		"kappa":        floats1(1, 3),
		"class_sums":   tensor.New(tensor.Float, 2, 2),
		"seen":         tensor.Scalar(0),
	}
}

// landmark is the cosine or angle that a head makes of the target's angle
// theta and of another class's omega, for a row of length r.
type landmark struct {
	is              string
	loss            string
	params          Params
	r, theta, omega float64
	target, other   float64 // f of both, at scale 1
	plus            float64 // what the loss adds to the cross-entropy
}

var (
	cos, sin, exp = math.Cos, math.Sin, math.Exp

	// tAfter07 is the t of curricularface after a step from 0.3 with the target at 0.7.
	tAfter07 = 0.01*cos(0.7) + 0.99*0.3
	tAfter2  = 0.01*cos(2) + 0.99*0.3
	// fewImages is kappaface's weight of the class with the most images.
	fewImages = (cos(math.Pi/1.05) + 1) / 2
)

var arcLandmarks = []landmark{
	{"no margin", "normface", nil, 2, 0.7, 1.9, cos(0.7), cos(1.9), 0},
	{"margin off the cosine", "cosface", nil, 2, 0.7, 1.9, cos(0.7) - 0.35, cos(1.9), 0},
	{"margin off a negative cosine", "cosface", nil, 2, 2, 1, cos(2) - 0.35, cos(1), 0},
	{"easy margin leaves a negative cosine", "cosface", Params{"easy_margin": true}, 2, 2, 1, cos(2), cos(1), 0},
	{"margin on the angle", "arcface", nil, 2, 0.7, 1.9, cos(1.2), cos(1.9), 0},
	{"past π the cosine rises again", "arcface", nil, 2, 3, 1.9, cos(3.5), cos(1.9), 0},
	{"past π linear", "arcface", Params{"beyond": "linear"}, 2, 3, 1.9, cos(3) - 0.5*sin(0.5), cos(1.9), 0},
	{"past π keep", "arcface", Params{"beyond": "keep"}, 2, 3, 1.9, cos(3), cos(1.9), 0},
	{"past π reflect", "arcface", Params{"beyond": "reflect"}, 2, 3, 1.9, -2 - cos(3.5), cos(1.9), 0},
	{"clip cuts the angle", "arcface", Params{"beyond": "clip", "epsilon": 0.1}, 2, 2.8, 1.9, cos(math.Pi - 0.1), cos(1.9), 0},
	{"clip cuts every cosine first", "arcface", Params{"beyond": "clip", "epsilon": 0.1}, 2, 0.05, 0.1, cos(math.Acos(0.9) + 0.5), 0.9, 0},
	{"easy margin leaves an obtuse angle", "arcface", Params{"easy_margin": true}, 2, 2, 1.9, cos(2), cos(1.9), 0},
	{"three margins", "combined-margin", Params{"m1": 2.0, "m2": 0.1}, 2, 0.7, 1.9, cos(1.5) - 0.2, cos(1.9), 0},
	{"linear past π takes m2", "combined-margin", Params{"m1": 2.0, "m2": 0.1, "beyond": "linear"}, 2, 2, 1.9, cos(2) - 0.1*sin(0.1) - 0.2, cos(1.9), 0},
	{"the filter takes a near class out", "combined-margin", Params{"interclass_filtering_threshold": 0.3}, 2, 0.7, 1, cos(1) - 0.2, 0, 0},
	{"the filter leaves a far class", "combined-margin", Params{"interclass_filtering_threshold": 0.6}, 2, 0.7, 1, cos(1) - 0.2, cos(1), 0},
	{"a parabola", "x2-softmax", Params{"h": 0.2}, 2, 0.7, 1.9, -0.9*0.25 + 0.65, cos(1.9), 0},
	{"lines", "li-arcface", nil, 2, 0.7, 1.9, 1 - 2*1.15/math.Pi, 1 - 3.8/math.Pi, 0},
	{"a drawn margin", "elasticface", Params{"sigma": 0.1}, 2, 0.7, 1.9, cos(1.4), cos(1.9), 0},
	{"a drawn margin off the cosine", "elasticface", Params{"sigma": 0.1, "margin_type": "cos", "beyond": "clip", "epsilon": 0.5}, 2, 0.7, 1.9, cos(0.7) - 0.7, cos(1.9), 0},
	{"a trained margin", "adam-softmax", nil, 2, 0.7, 1.9, cos(0.7) - 0.3, cos(1.9), -70 * 0.4},
	{"a trained margin, one minus mean", "adam-softmax", Params{"regularizer": "one-minus-mean", "lambda": 2.0}, 2, 0.7, 1.9, cos(0.7) - 0.3, cos(1.9), 2 * 0.6},
	{"weights of both sides", "circle-softmax", nil, 2, 0.7, 0.9, (1.25 - cos(0.7)) * (cos(0.7) - 0.75), (cos(0.9) + 0.25) * (cos(0.9) - 0.25), 0},
	{"no weight beyond the optimum", "circle-softmax", nil, 2, 0.7, 1.9, (1.25 - cos(0.7)) * (cos(0.7) - 0.75), 0, 0},
	{"scattered classes get the narrow margin", "kappaface", nil, 2, 0.7, 1.9, cos(0.7 + 0.62*(0.7/(1+exp(-0.55/math.Sqrt2))+0.3*fewImages)), cos(1.9), 0},
	{"a short row", "magface", nil, 3, 0.7, 1.9, cos(0.7 + 0.45), cos(1.9), 35 * (10/12100. + 1/10.)},
	{"a row halfway", "magface", nil, 60, 0.7, 1.9, cos(0.7 + 0.625), cos(1.9), 35 * (60/12100. + 1/60.)},
	{"a long row", "magface", Params{"lambda_g": 2.0}, 300, 0.7, 1.9, cos(0.7 + 0.8), cos(1.9), 2 * (2 / 110.)},
	{"a row's own margin past π", "magface", Params{"beyond": "linear"}, 60, 3, 1.9, cos(3) - 0.625*sin(0.625), cos(1.9), 35 * (60/12100. + 1/60.)},
	{"clip cuts every cosine", "magface", Params{"beyond": "clip", "epsilon": 0.1}, 60, 0.05, 0.1, cos(math.Acos(0.9) + 0.625), 0.9, 35 * (60/12100. + 1/60.)},
	{"no clip off the cosine", "magface", Params{"margin_type": "cos", "beyond": "clip", "epsilon": 0.1}, 60, 0.05, 0.1, cos(0.05) - 0.625, cos(0.1), 35 * (60/12100. + 1/60.)},
	{"clip cuts every cosine", "kappaface", Params{"margin": 0.0, "beyond": "clip", "epsilon": 0.1}, 2, 0.05, 1.9, 0.9, cos(1.9), 0},
	{"off the cosine", "magface", Params{"margin_type": "cos"}, 60, 0.7, 1.9, cos(0.7) - 0.625, cos(1.9), 35 * (60/12100. + 1/60.)},
}

var hardLandmarks = []landmark{
	{"an easy class stays", "curricularface", nil, 2, 0.7, 1.9, cos(1.2), cos(1.9), 0},
	{"a hard class by t", "curricularface", nil, 2, 0.7, 0.9, cos(1.2), cos(0.9) * (tAfter07 + cos(0.9)), 0},
	{"what is hard knows no easy margin", "curricularface", Params{"easy_margin": true}, 2, 2, 2.2, cos(2), cos(2.2) * (tAfter2 + cos(2.2)), 0},
	{"alpha = 1 forgets", "curricularface", Params{"alpha": 1.0}, 2, 0.7, 0.9, cos(1.2), cos(0.9) * (cos(0.7) + cos(0.9)), 0},
	{"adaptive", "mv-softmax", nil, 2, 0.7, 0.9, cos(0.7) - 0.35, 1.2*cos(0.9) + 0.2, 0},
	{"fixed", "mv-softmax", Params{"weighting": "fixed"}, 2, 0.7, 0.9, cos(0.7) - 0.35, cos(0.9) + 0.2, 0},
	{"an easy class stays", "mv-softmax", nil, 2, 0.7, 1.9, cos(0.7) - 0.35, cos(1.9), 0},
	{"hard by the angle", "mv-softmax", Params{"margin_type": "arc", "margin": 0.5}, 2, 0.7, 1.19, cos(1.2), 1.2*cos(1.19) + 0.2, 0},
	{"easy margin up to the threshold, hard all the same", "mv-softmax", Params{"easy_margin": true, "easy_threshold": 0.8}, 2, 0.7, 0.9, cos(0.7), 1.2*cos(0.9) + 0.2, 0},
	{"easy margin past the threshold", "mv-softmax", Params{"easy_margin": true, "easy_threshold": 0.7}, 2, 0.7, 0.9, cos(0.7) - 0.35, 1.2*cos(0.9) + 0.2, 0},
	{"no hard class, m0", "npcface", nil, 2, 0.7, 1.9, cos(0.7 + 0.4), cos(1.9), 0},
	{"a hard class widens the margin", "npcface", nil, 2, 0.7, 0.9, cos(0.7 + 0.4 + 0.2*cos(0.9)), 1.1*cos(0.9) + 0.2, 0},
	{"easy margin leaves an obtuse angle", "npcface", nil, 2, 2, 1.9, cos(2), 1.1*cos(1.9) + 0.2, 0},
	{"no easy margin", "npcface", Params{"easy_margin": false}, 2, 2, 1.9, cos(2 + 0.4 + 0.2*cos(1.9)), 1.1*cos(1.9) + 0.2, 0},
	{"weight by nearness", "arcnegface", nil, 2, 0.7, 1.9, cos(1.2), 1.2*exp(-math.Pow(cos(1.9)-cos(1.2), 2)/2)*(cos(1.9)+1) - 1, 0},
	{"as near as can be", "arcnegface", nil, 2, 0.7, 1.2, cos(1.2), 1.2*(cos(1.2)+1) - 1, 0},
}

var stateLandmarks = []landmark{
	{"of low quality it is arcface", "adaface", Params{"alpha": 0.0, "h": 9.0}, 1, 0.7, 1.9, cos(0.7 + 0.4), cos(1.9), 0},
	{"of middling quality it is cosface", "adaface", Params{"alpha": 0.0}, 2, 0.7, 1.9, cos(0.7) - 0.4, cos(1.9), 0},
	{"of high quality the angle shrinks", "adaface", Params{"alpha": 0.0, "h": 9.0}, 3, 0.7, 1.9, cos(0.7-0.4) - 0.8, cos(1.9), 0},
	{"in between", "adaface", Params{"alpha": 0.0, "h": 0.5}, 3, 0.7, 1.9, cos(0.7-0.2) - 0.6, cos(1.9), 0},
	{"against the step's own mean", "adaface", Params{"alpha": 0.5, "h": 0.5}, 3, 0.7, 1.9, cos(0.7-0.1) - 0.5, cos(1.9), 0},
	{"clip", "adaface", Params{"alpha": 0.0, "h": 9.0, "beyond": "clip", "epsilon": 0.1}, 1, 2.69, 0.1, cos(math.Pi - 0.1), 0.9, 0},
	{"v0 below the first seam", "sphereface-r", Params{"version": "v0"}, 2, 0.7, 1.9, cos(0.98), cos(1.9), 0},
	{"v0 past the first seam", "sphereface-r", Params{"version": "v0"}, 2, 3, 1.9, -cos(4.2) - 2, cos(1.9), 0},
	{"v1", "sphereface-r", Params{"version": "v1"}, 2, 0.7, 1.9, cos(0.98), cos(1.9), 0},
	{"v1 stops at π", "sphereface-r", Params{"version": "v1"}, 2, 3, 1.9, -1, cos(1.9), 0},
	{"v2 pulls the others nearer", "sphereface-r", nil, 2, 0.7, 1.9, cos(0.7), cos(1.9 / 1.4), 0},
	{"with its length", "sphereface-r", Params{"feature_normalization": "none"}, 2, 0.7, 1.9, 2 * cos(0.7), 2 * cos(1.9/1.4), 0},
	{"with a length below the scale", "sphereface-r", Params{"feature_normalization": "soft"}, 0.5, 0.7, 1.9, 0.5 * cos(0.7), 0.5 * cos(1.9/1.4), 0.005},
	{"with a length above the scale", "sphereface-r", Params{"feature_normalization": "soft"}, 3, 0.7, 1.9, 3 * cos(0.7), 3 * cos(1.9/1.4), 0.02},
}

func TestMarginLandmarks(t *testing.T) {
	for _, list := range [][]landmark{arcLandmarks, hardLandmarks, stateLandmarks} {
		for _, l := range list {
			params := merge(Params{"scale": 1.0}, l.params)
			got := lossOf(t, l.loss, params, facing(l.r, l.theta, l.omega))
			same(t, l.loss+": "+l.is, got, sp(l.other-l.target)+l.plus)
		}
	}
}

func TestBinaryHeadsByHand(t *testing.T) {
	g := func(cos, t float64) float64 { return 2*math.Pow((cos+1)/2, t) - 1 }
	two := func(own, other float64) float64 { return (0.7*sp(-2*own-0.3) + 0.3*sp(2*other+0.3)) / 2 }
	shared := func(own, other float64) float64 { return sp(-2*own+0.3) + sp(2*other-0.3) }
	for _, c := range []struct {
		is    string
		loss  string
		p     Params
		theta float64
		want  float64
	}{
		{"margin on both cosines", "sphereface2", nil, 0.7, two(g(cos(0.7), 3)-0.4, g(cos(1.9), 3)+0.4)},
		{"margin on the angle", "sphereface2", Params{"margin_type": "arc"}, 0.7, two(g(cos(1.1), 3), g(cos(1.9), 3))},
		{"the angle stops at π", "sphereface2", Params{"margin_type": "arc"}, 3, two(-1, g(cos(1.9), 3))},
		{"the angle times the margin", "sphereface2", Params{"margin_type": "mul", "margin": 1.5, "t": 1.0}, 0.7, two(cos(1.05), cos(1.9))},
		{"the product stops at π", "sphereface2", Params{"margin_type": "mul", "margin": 1.5, "t": 1.0}, 3, two(-1, cos(1.9))},
		{"loss_weight", "sphereface2", Params{"loss_weight": 4.0, "margin": 0.0, "t": 1.0}, 0.7, 4 * two(cos(0.7), cos(1.9))},
		{"one threshold", "uniface", nil, 0.7, shared(cos(0.7)-0.4, cos(1.9))},
		{"lambda", "uniface", Params{"lambda": 0.0}, 0.7, sp(-2*(cos(0.7)-0.4) + 0.3)},
		{"clamp at −s", "uniface", Params{"clamp": true}, 2.9, sp(2) + sp(2*cos(1.9)-0.3)},
		{"half the sum of squares", "p2sgrad", nil, 0.7, (math.Pow(cos(0.7)-1, 2) + math.Pow(cos(1.9), 2)) / 2},
	} {
		in := facing(5, c.theta, 1.9)
		in["bias"] = floats1(0.3)
		p := c.p
		if c.loss != "p2sgrad" {
			p = merge(Params{"scale": 2.0}, c.p)
		}
		same(t, c.loss+": "+c.is, lossOf(t, c.loss, p, in), c.want)
	}
	in := facing(5, 0.7, 1.9)
	in["bias"] = floats1(0.3, -0.2)
	same(t, "uniface: a threshold per class", lossOf(t, "uniface", Params{"scale": 2.0, "bias_per_class": true}, in),
		sp(-2*(cos(0.7)-0.4)+0.3)+sp(2*cos(1.9)+0.2))
}

// Three classes, so that a mean over classes differs from half a sum.
func TestMeanSquareDividesByTheClasses(t *testing.T) {
	in := facing(5, 0.7, 1.9)
	in["weight"] = rows2([]float64{1, 0}, []float64{0, 1}, []float64{0, -1})
	same(t, "p2sgrad form=mse", lossOf(t, "p2sgrad", Params{"form": "mse"}, in),
		(math.Pow(cos(0.7)-1, 2)+2*math.Pow(sin(0.7), 2))/3)
}

func TestFocalByHand(t *testing.T) {
	ln := math.Log
	p := 1 / (1 + 1./3) // σ(ln 3), of the logits (ln 3, 0)
	for _, c := range []struct {
		is     string
		params Params
		labels []int64
		want   float64
	}{
		{"γ = 2 of p = 3/4 and 1/2", nil, []int64{0, 1}, (ln(4./3)/16 + ln(2)/4) / 2},
		{"γ = 0 is softmax", Params{"gamma": 0.0}, []int64{0, 1}, (ln(4./3) + ln(2)) / 2},
		{"sigmoid, the label's side", Params{"form": "sigmoid", "alpha": 1.0}, []int64{0, -1}, (1 - p) * (1 - p) * -ln(p)},
		{"sigmoid, the others' side", Params{"form": "sigmoid", "alpha": 0.0}, []int64{1, -1}, p * p * -ln(1-p)},
		{"sigmoid weighs both", Params{"form": "sigmoid", "gamma": 0.0}, []int64{0, -1}, 0.25*-ln(p) + 0.75*ln(2)},
		{"batch-mean focuses the mean", Params{"form": "batch-mean", "gamma": 1.0}, []int64{0, 1},
			(1 - math.Sqrt(3./8)) * -ln(3./8) / 2},
		{"batch-mean of nothing", Params{"form": "batch-mean"}, []int64{-1, 2}, 0},
	} {
		same(t, c.is, lossOf(t, "focal", c.params, twoRows(c.labels...)), c.want)
	}
}
