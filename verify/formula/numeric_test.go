package formula

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"losscc/verify/tensor"
)

// normalised is a cross-entropy of scale·c_j with its gradient by hand.
func normalised(r *rand.Rand, scale float64) (req Request, gradWeight []float64) {
	const n, classes, d = 5, 7, 8
	x, w, y := tensor.New(tensor.Float, n, d), tensor.New(tensor.Float, classes, d), tensor.New(tensor.Int, n)
	for i := range x.F {
		x.F[i] = r.NormFloat64()
	}
	for i := range w.F {
		w.F[i] = 0.3 * r.NormFloat64()
	}
	gradWeight = make([]float64, classes*d)
	length := func(v []float64) float64 { return math.Sqrt(dot(v, v)) }
	xs, ws := slices(x, n), slices(w, classes)
	for i := range xs {
		y.I[i] = int64(r.Intn(classes))
		z := make([]float64, classes)
		for j := range z {
			z[j] = scale * dot(xs[i], ws[j]) / length(xs[i]) / length(ws[j])
		}
		p, total := make([]float64, classes), lse(z)
		for j := range z {
			p[j] = math.Exp(z[j] - total)
		}
		for j, g := range slope(p, y.I[i], n) {
			for k := range d {
				gradWeight[j*d+k] += scale * g * (xs[i][k]/length(xs[i]) - z[j]/scale*ws[j][k]/length(ws[j])) / length(ws[j])
			}
		}
	}
	return Request{
		Loss:   "a-softmax",
		Params: Params{"margin": 1.0, "scale": scale, "feature_normalization": "hard"},
		In:     inputs{"embeddings": x, "weight": w, "labels": y, "lambda": tensor.Scalar(0)},
	}, gradWeight
}

func TestNumericGradientFollowsTheSharpestScale(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for _, scale := range []float64{1, 16, 64, 256, 1000} {
		req, want := normalised(r, scale)
		got, size, worst := gradientOf(t, req, "weight"), 0.0, 0.0
		for k := range want {
			size = math.Max(size, math.Abs(want[k]))
			worst = math.Max(worst, math.Abs(got.F[k]-want[k]))
		}
		if !(worst <= 1e-10*size) {
			t.Errorf("scale %v: off by %.2g of the largest element", scale, worst/size)
		}
	}
}

func TestNumericGradientFollowsTheSizeOfTheInput(t *testing.T) {
	req, want := normalised(rand.New(rand.NewSource(2)), 16)
	w := req.In["weight"]
	for _, size := range []float64{1e-6, 1e4} { // cosines do not see the size, derivatives fall with it
		big := w.Clone()
		scaled := make([]float64, len(want))
		for k := range big.F {
			big.F[k] *= size
			scaled[k] = want[k] / size
		}
		req.In["weight"] = big
		got := gradientOf(t, req, "weight")
		for k := range got.F {
			got.F[k] *= size
		}
		closeTo(t, fmt.Sprint("size ", size), got, want)
	}
}

func TestSlopeIsTheGradientAlongADirection(t *testing.T) {
	in := withLambda(2)
	r := Request{Loss: "a-softmax", Params: Params{"scale": 8.0}, In: in}
	gx, gw := gradientOf(t, r, "embeddings"), gradientOf(t, r, "weight")
	along := inputs{
		"embeddings": wave(6, 3, func(i, d float64) float64 { return math.Cos(i + 2*d*d) }),
		"weight":     wave(4, 3, func(i, d float64) float64 { return 5 * math.Sin(2+i-3*d) }),
	}
	before := in["weight"].Clone()
	got, _, err := Slope(r, along)
	want := dot(gx.F, along["embeddings"].F) + dot(gw.F, along["weight"].F)
	if err != nil || math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("slope %v (%v), want %v", got, err, want)
	}
	sameAll(t, "the input afterwards", in["weight"], before.F...)

	if got, _, err := Slope(r, inputs{"weight": tensor.New(tensor.Float, 4, 3)}); got != 0 || err != nil {
		t.Errorf("along no direction: %v (%v), want 0", got, err)
	}
	if _, _, err := Slope(r, inputs{"weight": floats1(1)}); err == nil {
		t.Error("a direction of another shape: no error")
	}
	if _, _, err := Slope(r, inputs{"labels": ints1(1)}); err == nil {
		t.Error("a direction for the labels: no error")
	}
	r.Gradient = "official"
	if _, _, err := Slope(r, along); err == nil {
		t.Error("a slope of the official gradient: no error")
	}
}

func TestGradientHoldsConstants(t *testing.T) {
	seeds["constant"] = entry{eval: func(c *Ctx) {
		x := c.vector("x", 4)
		c.Out("loss", tensor.Scalar(x[0]*c.Const(x[0])+c.positive(x[1])+c.clamp(x[2], -1, 1)+c.clamp(x[3], -1, 1)))
	}}
	defer delete(seeds, "constant")
	in := inputs{"x": floats1(3, 1e-9, 1, -1)}
	g := gradientOf(t, Request{Loss: "constant", In: in}, "x")
	closeTo(t, "x·sg(x), a hinge and clamps near their kinks", g, []float64{3, 1, 1, 1})
	in["x"] = floats1(0, 0, 1+1e-9, -1-1e-9)
	g = gradientOf(t, Request{Loss: "constant", In: in}, "x")
	closeTo(t, "on the other side of the kinks", g, []float64{0, 0, 0, 0})
}

func TestGradientOfAFlippedChoiceIsAnError(t *testing.T) {
	seeds["flipping"] = entry{eval: func(c *Ctx) {
		x := c.scalar("x")
		if x > 0 {
			c.Const(x)
		}
		c.Out("loss", tensor.Scalar(x))
	}}
	defer delete(seeds, "flipping")
	if g, err := Gradient(Request{Loss: "flipping", In: inputs{"x": tensor.Scalar(-1e-4)}}, "x"); err == nil {
		t.Errorf("gradient %v and no error", g.F)
	}
}

func TestGradientOfTheWrongInput(t *testing.T) {
	for _, input := range []string{"labels", "nothing"} {
		if _, err := Gradient(Request{Loss: "softmax", In: waves()}, input); err == nil {
			t.Errorf("a gradient of %s", input)
		}
	}
}

func TestGradientHoldsTheNumberOfTerms(t *testing.T) {
	near := 1e-9 // of two active terms one is about to vanish
	in := inputs{
		"embeddings_a": rows2([]float64{1 + near}, []float64{2}),
		"embeddings_b": rows2([]float64{0}, []float64{0}),
		"same":         ints1(1, 1),
		"anchor":       rows2([]float64{0}, []float64{0}),
		"positive":     rows2([]float64{3}, []float64{2 + near}),
		"negative":     rows2([]float64{2}, []float64{2}),
	}
	p := Params{"average": "nonzero", "squared": false, "positive_margin": 1.0, "loss_weight": 1.0}
	g := gradientOf(t, Request{Loss: "contrastive", Params: p, In: in}, "embeddings_a")
	closeTo(t, "contrastive", g, []float64{0.5, 0.5})
	p = Params{"average": "nonzero", "margin": 0.0, "distance": "euclidean"}
	g = gradientOf(t, Request{Loss: "triplet", Params: p, In: in}, "positive")
	closeTo(t, "triplet", g, []float64{0.5, 0.5})
}
