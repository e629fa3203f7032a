package formula

import (
	"fmt"
	"math"
	"testing"

	"losscc/verify/tensor"
)

// withLambda is the golden batch with the annealing at that place.
func withLambda(lambda float64) inputs {
	in := waves()
	in["lambda"] = tensor.Scalar(lambda)
	return in
}

// The golden numbers were made with ψ from the binomial form of cos(mθ), by a
// second writing over whole arrays.
func TestLSoftmaxGolden(t *testing.T) {
	for m, want := range [][2]float64{ // lambda = 0, lambda = 5
		1: {1.7782418964234232, 1.7782418964234232},
		2: {3.845799258852149, 2.0878593790806095},
		3: {5.467839327989306, 2.3111034385067937},
		4: {7.64947459242651, 2.643881172045208},
		5: {9.479163817819302, 2.8861437701915067},
		6: {12.203071879556157, 3.285041029006705},
		7: {13.864344388840015, 3.5386622161434707},
		8: {16.330817796480943, 3.9074590674608443},
	} {
		if m == 0 {
			continue
		}
		p := Params{"margin": float64(m), "scale": 1.5}
		same(t, fmt.Sprint("lambda=0 m=", m), lossOf(t, "l-softmax", p, withLambda(0)), want[0])
		same(t, fmt.Sprint("lambda=5 m=", m), lossOf(t, "l-softmax", p, withLambda(5)), want[1])
	}
}

func TestASoftmaxGolden(t *testing.T) {
	for _, c := range []struct {
		m          float64
		none, hard [2]float64 // lambda = 0, lambda = 5
	}{
		{1, [2]float64{2.3636126520176832, 2.3636126520176837}, [2]float64{1.8021016394735838, 1.8021016394735838}},
		{1.5, [2]float64{3.7995139371792073, 2.5950098426482002}, [2]float64{2.7373197553628885, 1.9505038635162422}},
		{4, [2]float64{11.39157293673625, 3.7418266694902256}, [2]float64{7.7222639711874965, 2.704321736912137}},
		{4.7, [2]float64{13.42537132960162, 4.02442150802352}, [2]float64{9.074219620052935, 2.8979324004316647}},
	} {
		for k, lambda := range []float64{0, 5} {
			p := Params{"margin": c.m, "scale": 2.5}
			is := fmt.Sprintf("m=%v lambda=%v", c.m, lambda)
			same(t, is, lossOf(t, "a-softmax", p, withLambda(lambda)), c.none[k])
			p["feature_normalization"] = "hard"
			same(t, is+" hard", lossOf(t, "a-softmax", p, withLambda(lambda)), c.hard[k])
		}
	}
}

func TestAngularMarginsThatAreNone(t *testing.T) {
	plain := lossOf(t, "softmax", Params{"bias": false, "temperature": 0.5}, waves())
	same(t, "l-softmax, margin 1", lossOf(t, "l-softmax", Params{"margin": 1.0, "scale": 2.0}, withLambda(3)), plain)
	if got := lossOf(t, "l-softmax", Params{"scale": 2.0}, withLambda(1e12)); math.Abs(got-plain) > 1e-9 {
		t.Errorf("l-softmax, lambda = 1e12: %v, want nearly %v", got, plain)
	}

	modified := waves() // the modified softmax: weights of length 1, no bias
	w := modified["weight"].Clone()
	for j := range 4 {
		row := w.F[3*j : 3*j+3]
		length := math.Sqrt(row[0]*row[0] + row[1]*row[1] + row[2]*row[2])
		for d := range row {
			row[d] /= length
		}
	}
	modified["weight"] = w
	for _, head := range []Params{{}, {"label_smoothing": 0.2}, {"focal.gamma": 1.5}, {"class_weights": true}} {
		want := lossOf(t, "softmax", merge(head, Params{"bias": false}), modified)
		same(t, fmt.Sprint("a-softmax, margin 1, ", head),
			lossOf(t, "a-softmax", merge(head, Params{"margin": 1.0}), withLambda(0)), want)
	}
}

func TestAngularPredictions(t *testing.T) {
	in := withLambda(0)
	in["embeddings"] = rows2([]float64{1, 1}, []float64{1, 0})
	in["weight"] = rows2([]float64{1, 1}, []float64{9, 0}) // the longer weight wins only where length counts
	in["labels"] = ints1(0, 1)
	out := outputs(t, Request{Loss: "l-softmax", Predictions: true, In: in})
	sameInts(t, "l-softmax", out["predicted"], 1, 1)
	sameAll(t, "accuracy", out["accuracy"], 0.5)
	out = outputs(t, Request{Loss: "a-softmax", Predictions: true, In: in})
	sameInts(t, "a-softmax", out["predicted"], 0, 1)
	sameAll(t, "accuracy", out["accuracy"], 1)
}

// slope is ∂loss/∂z of the mean cross-entropy whose softmax is p.
func slope(p []float64, y int64, n float64) []float64 {
	g := make([]float64, len(p))
	for j := range p {
		g[j] = p[j] / n
	}
	g[y] -= 1 / n
	return g
}

func TestDetachedGradientIsThatOfTheCosine(t *testing.T) {
	const scale, margin = 3.0, 2.0
	in := withLambda(1)
	x, w, y := slices(in["embeddings"], 6), slices(in["weight"], 4), in["labels"].I
	length := func(v []float64) float64 { return math.Sqrt(dot(v, v)) }
	want := tensor.New(tensor.Float, 6, 3)
	for i := range x {
		if y[i] < 0 {
			continue
		}
		var c, p []float64
		total := 0.0
		for j := range w {
			c = append(c, dot(x[i], w[j])/length(x[i])/length(w[j]))
			f := c[j]
			if int64(j) == y[i] {
				psi := 2*f*f - 1
				if f < 0 {
					psi = -1 - 2*f*f
				}
				f = (f + psi) / 2
			}
			p = append(p, math.Exp(scale*f))
			total += p[j]
		}
		for j := range p {
			p[j] /= total
		}
		for j, g := range slope(p, y[i], 5) {
			for d := range x[i] {
				want.F[3*i+d] += scale * g * (w[j][d]/length(w[j]) - c[j]*x[i][d]/length(x[i])) / length(x[i])
			}
		}
	}
	r := Request{Loss: "a-softmax", Gradient: "detached", In: in,
		Params: Params{"scale": scale, "margin": margin, "feature_normalization": "hard"}}
	closeTo(t, "grad_embeddings", gradientOf(t, r, "embeddings"), want.F)
	exact := outputs(t, Request{Loss: "a-softmax", Params: r.Params, In: in})["loss"].F[0]
	same(t, "the detached margin has the same value", outputs(t, r)["loss"].F[0], exact)
	r.Gradient = "exact"
	if g := gradientOf(t, r, "embeddings"); math.Abs(g.F[0]-want.F[0]) < 1e-3 {
		t.Errorf("the exact gradient is the detached one: %v", g.F)
	}
}

func TestZeroRowsHaveNoGradient(t *testing.T) {
	in := withLambda(1)
	for d := range 3 {
		in["embeddings"].F[d], in["weight"].F[3*2+d] = 0, 0
	}
	for _, semantics := range []string{"exact", "detached", "official"} {
		r := Request{Loss: "a-softmax", Gradient: semantics, In: in}
		rows := outputs(t, Request{Loss: "a-softmax", Reduction: "none", In: in})["loss"]
		same(t, "a row with no direction", rows.F[0], math.Log(4))
		if semantics == "official" {
			continue
		}
		g := gradientOf(t, r, "embeddings")
		closeTo(t, semantics+": grad_embeddings of the zero row", tensor.Floats(g.F[:3], 3), []float64{0, 0, 0})
		g = gradientOf(t, r, "weight")
		closeTo(t, semantics+": grad_weight of the zero row", tensor.Floats(g.F[6:9], 3), []float64{0, 0, 0})
	}
}

// The golden numbers were made with ψ and dψ/dc from the Chebyshev polynomial
// of c and its derivative, and ∂loss/∂z by differences.
func TestOfficialASoftmaxGolden(t *testing.T) {
	for _, c := range []struct {
		r      Request
		lambda float64
		gx, gw []float64 // of the first row, of the last class
	}{
		{Request{Params: Params{"margin": 4.0}}, 5,
			[]float64{0.22672320358200343, 0.16732789196311937, 0.02113854098083924},
			[]float64{0.2932984042713378, -0.01494915928597991, -0.3118834971301998}},
		{Request{Params: Params{"margin": 3.0, "label_smoothing": 0.1, "class_weights": true}, Reduction: "sum"}, 0,
			[]float64{0.3987230318936071, 0.3743449410337608, 0.13357931662519235},
			[]float64{0.6248321717041556, 0.01428168583431277, -0.607076895147518}},
		{Request{Params: Params{"margin": 2.0, "focal.gamma": 2.0, "class_weights": true}}, 1,
			[]float64{0.15182848098038002, 0.1552714539347155, 0.06743658787860152},
			[]float64{0.19929474213281237, -7.6838904576049287e-06, -0.19930429489861937}},
	} {
		c.r.Loss, c.r.Gradient, c.r.In = "a-softmax", "official", withLambda(c.lambda)
		gx, gw, err := OfficialASoftmax(c.r)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "grad_embeddings", tensor.Floats(gx.F[:3], 3), c.gx)
		closeTo(t, "ignored row", tensor.Floats(gx.F[6:9], 3), []float64{0, 0, 0})
		closeTo(t, "grad_weight", tensor.Floats(gw.F[9:], 3), c.gw)
	}
}

func TestOfficialGradientWithoutMargin(t *testing.T) {
	r := Request{Loss: "a-softmax", Params: Params{"margin": 1.0, "label_smoothing": 0.1, "smoothing": "others"}, In: withLambda(2)}
	exact := gradientOf(t, r, "embeddings")
	r.Gradient = "official"
	closeTo(t, "margin 1 in the embeddings is the derivative", gradientOf(t, r, "embeddings"), exact.F)
}

func TestOfficialRefusals(t *testing.T) {
	for _, r := range []Request{
		{Loss: "a-softmax", Gradient: "exact"},
		{Loss: "l-softmax", Gradient: "official"},
		{Loss: "a-softmax", Gradient: "official", Params: Params{"scale": 2.0}},
		{Loss: "a-softmax", Gradient: "official", Params: Params{"feature_normalization": "hard"}},
	} {
		r.In = withLambda(0)
		if _, _, err := OfficialASoftmax(r); err == nil {
			t.Errorf("%s %s %v: no error", r.Loss, r.Gradient, r.Params)
		}
	}
	if _, err := Gradient(Request{Loss: "a-softmax", Gradient: "official", In: withLambda(0)}, "labels"); err == nil {
		t.Error("an official gradient of the labels: no error")
	}
}

func TestMarginsThatAngularLossesRefuse(t *testing.T) {
	for _, r := range []Request{
		{Loss: "l-softmax", Params: Params{"margin": 2.5}},
		{Loss: "l-softmax", Params: Params{"margin": 0.0}},
		{Loss: "a-softmax", Params: Params{"margin": 0.5}},
		{Loss: "a-softmax", Params: Params{"feature_normalization": "soft"}},
	} {
		r.In = withLambda(0)
		if _, err := Eval(r); err == nil {
			t.Errorf("%s %v: no error", r.Loss, r.Params)
		}
	}
}
