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

// A zero row has no direction, and so no gradient, whether its length counts as
// ‖x‖ or as 1; nor has a class of zeros.
func TestGradientsOfZeroRows(t *testing.T) {
	in := withLambda(1)
	for d := range 3 {
		in["embeddings"].F[d], in["weight"].F[3*2+d] = 0, 0
	}
	for _, semantics := range []string{"exact", "detached", "official"} {
		r := Request{Loss: "a-softmax", Gradient: semantics, In: in}
		hard := Request{Loss: "a-softmax", Gradient: semantics, In: in, Params: Params{"feature_normalization": "hard"}}
		rows := outputs(t, Request{Loss: "a-softmax", Reduction: "none", In: in})["loss"]
		same(t, "a row with no direction", rows.F[0], math.Log(4))
		if semantics == "official" {
			continue
		}
		none := []float64{0, 0, 0}
		g := gradientOf(t, r, "embeddings")
		closeTo(t, semantics+": grad_embeddings of the zero row", tensor.Floats(g.F[:3], 3), none)
		g = gradientOf(t, hard, "embeddings")
		closeTo(t, semantics+": grad_embeddings of the zero row of length 1", tensor.Floats(g.F[:3], 3), none)
		g = gradientOf(t, r, "weight")
		closeTo(t, semantics+": grad_weight of the zero row", tensor.Floats(g.F[6:9], 3), none)
	}
}

// The golden numbers were made with ψ and dψ/dc from the Chebyshev polynomial
// of c and its derivative, and ∂loss/∂z by differences.
func TestOfficialASoftmaxGolden(t *testing.T) {
	for _, c := range []struct {
		r      Request
		lambda float64
		gx, gw []float64
	}{
		{
			Request{Params: Params{"margin": 4.0}}, 5,
			[]float64{
				0.226723203582003, 0.167327891963119, 0.0211385409808392,
				-0.0828497569369265, -0.0503272376862121, 0.00502031865017641,
				0, 0, 0,
				0.0291676518766649, 0.143674654229494, 0.190491985024623,
				-0.0586549393993974, -0.0034270022809594, 0.050399592661463,
				0.155218179299967, 0.0350017100819504, -0.101763060711782,
			},
			[]float64{
				-0.150334055753736, -0.0973646099858301, 0.029288431505781,
				0.161731512313592, 0.252098750732192, 0.151682680573832,
				-0.304695860832105, -0.139784981462214, 0.130912385049219,
				0.293298404271338, -0.0149491592859799, -0.3118834971302,
			},
		},
		{
			Request{Params: Params{"margin": 3.0, "label_smoothing": 0.1, "class_weights": true}, Reduction: "sum"}, 0,
			[]float64{
				0.398723031893607, 0.374344941033761, 0.133579316625192,
				0.145201670347724, -0.0672320414129599, -0.299792974035534,
				0, 0, 0,
				-0.0664599598526283, 0.16467163169755, 0.317691485079432,
				-0.0375222151062856, 0.296065094488179, 0.406419770329075,
				0.214949899802581, 0.0648064073128046, -0.119779065627701,
			},
			[]float64{
				-1.28579051993842, -0.779057562746628, 0.317250626218518,
				1.00136229789783, 0.941844202756763, 0.16955719208525,
				-0.340403949662916, -0.177068325843041, 0.120269076844851,
				0.624832171704156, 0.0142816858343128, -0.607076895147518,
			},
		},
		{
			Request{Params: Params{"margin": 2.0, "focal.gamma": 1.0, "class_weights": true}}, 1,
			[]float64{
				0.140788342801485, 0.143980961560598, 0.0625329674004425,
				-0.115993515628813, -0.0791932217664173, -0.00875852308400236,
				0, 0, 0,
				-0.0133495373541527, 0.0642852919268241, 0.111494552216361,
				-0.0654957101959572, 0.0198214463342625, 0.0849559392224718,
				0.0918027499544075, 0.0234186677854522, -0.0565549709347903,
			},
			[]float64{
				-0.311530696008144, -0.205566567778998, 0.0559662406589192,
				0.251567823286301, 0.270468465855077, 0.0846839656704784,
				-0.144320141166753, -0.0717101316672864, 0.0551686758259784,
				0.204283013888638, 0.00680823359174292, -0.195818882154752,
			},
		},
	} {
		c.r.Loss, c.r.Gradient, c.r.In = "a-softmax", "official", withLambda(c.lambda)
		gx, gw, err := OfficialASoftmax(c.r)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "grad_embeddings", gx, c.gx)
		closeTo(t, "grad_weight", gw, c.gw)
	}
}

func TestOfficialGradientOfOneClassIsZero(t *testing.T) {
	in := inputs{"embeddings": rows2([]float64{3, 1}), "weight": rows2([]float64{2, -1}), "labels": ints1(0), "lambda": tensor.Scalar(0)}
	for _, smoothing := range []string{"all", "others"} {
		gx, gw, err := OfficialASoftmax(Request{Loss: "a-softmax", Gradient: "official", In: in,
			Params: Params{"label_smoothing": 0.1, "smoothing": smoothing}})
		if err != nil {
			t.Fatal(err)
		}
		sameAll(t, "grad_embeddings", gx, 0, 0)
		sameAll(t, "grad_weight", gw, 0, 0)
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

func TestWhatAngularLossesRefuse(t *testing.T) {
	for _, r := range []Request{
		{Loss: "l-softmax", Params: Params{"margin": 2.5}},
		{Loss: "l-softmax", Params: Params{"margin": 0.0}},
		{Loss: "a-softmax", Params: Params{"margin": 0.5}},
		{Loss: "a-softmax", Params: Params{"feature_normalization": "soft"}},
		{Loss: "a-softmax", In: inputs{"lambda": floats1(1, 2)}},
		{Loss: "a-softmax", In: inputs{"lambda": rows2([]float64{1})}},
		{Loss: "a-softmax", In: inputs{"lambda": tensor.Ints([]int64{1})}},
		{Loss: "a-softmax", In: inputs{"embeddings": floats1(1, 2, 3)}},
		{Loss: "a-softmax", In: inputs{"labels": ints1(1, 2)}},
		{Loss: "a-softmax", In: inputs{"labels": ints2(1, 0, 1, 2, 0, 1, 2)}},
		{Loss: "a-softmax", In: inputs{"weight": floats1(1, 2, 3)}},
		{Loss: "a-softmax", In: inputs{"weight": tensor.New(tensor.Float, 4, 2, 3)}},
		{Loss: "a-softmax", In: inputs{"class_weight": floats1(1, 2)}, Params: Params{"class_weights": true}},
	} {
		in, changed := withLambda(0), r.In
		for name, v := range changed {
			in[name] = v
		}
		r.In = in
		if _, err := Eval(r); err == nil {
			t.Errorf("%s %v %v: no error", r.Loss, r.Params, changed)
		}
	}
}
