package formula

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

// alongRow is x·grad_x, the derivative in the logarithm of a row's length.
func alongRow(x, g *tensor.Tensor, i int) float64 {
	d := x.Shape[1]
	return dot(x.F[i*d:(i+1)*d], g.F[i*d:(i+1)*d])
}

func TestOnlyLengthThatIsReadHasAGradient(t *testing.T) {
	x := marginWaves("", nil)["embeddings"]
	for loss := range margins {
		if loss == "focal" || loss == "magface" {
			continue
		}
		r := Request{Loss: loss, Reduction: "sum", In: marginWaves(loss, nil)}
		g := gradientOf(t, r, "embeddings")
		for i := range 6 {
			if v := alongRow(x, g, i); !(math.Abs(v) < 1e-6) {
				t.Errorf("%s: x·grad_x of row %d is %g", loss, i, v)
			}
		}
	}
}

func TestMarginOfMagfaceFollowsTheLength(t *testing.T) {
	for _, r := range []float64{3, 60, 300} {
		in := facing(r, 0.7, 1.9)
		req := Request{Loss: "magface", Params: Params{"scale": 2.0}, In: in}
		want := 0.0
		if r == 60 { // dm/dA = 0.0035, ∂CE/∂z_y = p − 1
			m := 0.625
			p := sigma(2 * (cos(0.7+m) - cos(1.9)))
			want = r * (2*(1-p)*sin(0.7+m)*0.0035 + 35*(1/12100.-1/(r*r)))
		}
		got := alongRow(in["embeddings"], gradientOf(t, req, "embeddings"), 0)
		if !(math.Abs(got-want) < 1e-8) {
			t.Errorf("x·grad_x of a row of length %v is %g, want %g", r, got, want)
		}
	}
}

// slopeOfTarget is ∂loss/∂c_y of a row at the angle theta to its class, through the
// weight of the class: its gradient runs along the turn of the angle.
func slopeOfTarget(t *testing.T, r Request, theta float64) float64 {
	t.Helper()
	g := gradientOf(t, r, "weight").F
	// The class lies at angle 0 with length 3: moving it up by δ turns it by
	// δ/3 to the row.
	return g[1] * 3 / sin(theta)
}

func TestSlopeOfTheTargetsCosine(t *testing.T) {
	const theta, omega = 0.7, 1.9
	u := 1.2 * exp(-math.Pow(cos(omega)-cos(1.2), 2)/2)
	for _, c := range []struct {
		is       string
		loss     string
		params   Params
		gradient string
		target   float64 // f of the target
		other    float64
		want     float64 // df/dc
	}{
		{"exact arc", "arcface", nil, "exact", cos(1.2), cos(omega), sin(1.2) / sin(theta)},
		{"detached arc", "arcface", nil, "detached", cos(1.2), cos(omega), 1},
		{"cosface", "cosface", nil, "exact", cos(theta) - 0.35, cos(omega), 1},
		{"cosface detached", "cosface", nil, "detached", cos(theta) - 0.35, cos(omega), 1},
		{"combined", "combined-margin", Params{"m1": 1.5}, "exact", cos(1.35) - 0.2, cos(omega), 1.5 * sin(1.35) / sin(theta)},
		{"combined detached", "combined-margin", Params{"m1": 1.5}, "detached", cos(1.35) - 0.2, cos(omega), 1},
		{"x2", "x2-softmax", nil, "exact", -0.9*0.49 + 0.65, cos(omega), 1.8 * theta / sin(theta)},
		{"x2 detached", "x2-softmax", nil, "detached", -0.9*0.49 + 0.65, cos(omega), 1},
		{"elastic", "elasticface", nil, "exact", cos(1.3), cos(omega), sin(1.3) / sin(theta)},
		{"elastic detached", "elasticface", nil, "detached", cos(1.3), cos(omega), 1},
		{"li-arcface", "li-arcface", nil, "exact", 1 - 2.3/math.Pi, 1 - 3.8/math.Pi, 2 / math.Pi / sin(theta)},
		{"circle's weight is constant", "circle-softmax", nil, "exact", (1.25 - cos(theta)) * (cos(theta) - 0.75), 0, 1.25 - cos(theta)},
		{"arcneg's weights are constant", "arcnegface", nil, "exact", cos(1.2), u*cos(omega) + u - 1, sin(1.2) / sin(theta)},
		{"adaface's quality is constant", "adaface", Params{"alpha": 0.0, "h": 0.1}, "exact", cos(0.7-0.12) - 0.52, cos(omega), sin(0.58) / sin(theta)},
		{"sphereface-r v1", "sphereface-r", Params{"version": "v1"}, "exact", cos(0.98), cos(omega), 1.4 * sin(0.98) / sin(theta)},
		{"sphereface-r v1 detached", "sphereface-r", Params{"version": "v1"}, "detached", cos(0.98), cos(omega), 1},
		{"v0's seam is constant", "sphereface-r", Params{"version": "v0", "margin": 5.5}, "exact", -cos(3.85) - 2, cos(omega), -5.5 * sin(3.85) / sin(theta)},
	} {
		r := Request{Loss: c.loss, Params: merge(Params{"scale": 2.0}, c.params), Gradient: c.gradient, In: facing(5, theta, omega)}
		want := -2 * sigma(2*(c.other-c.target)) * c.want
		if got := slopeOfTarget(t, r, theta); !(math.Abs(got-want) < 1e-8) {
			t.Errorf("%s: %s: ∂loss/∂c = %.12g, want %.12g", c.loss, c.is, got, want)
		}
	}
}

// ∂ℓ/∂c_j = c_j − [j = y] is all that the paper asks for.
func TestRuleOfP2sgrad(t *testing.T) {
	r := Request{Loss: "p2sgrad", In: facing(5, 0.7, 1.9)}
	if got, want := slopeOfTarget(t, r, 0.7), cos(0.7)-1; !(math.Abs(got-want) < 1e-9) {
		t.Errorf("∂ℓ/∂c_y = %.12g, want %.12g", got, want)
	}
	g := gradientOf(t, r, "weight").F[2:] // the other class, of length 2 at angle 2.6
	across := -g[0]*sin(2.6) + g[1]*cos(2.6)
	if got, want := across*2/-sin(1.9), cos(1.9); !(math.Abs(got-want) < 1e-9) {
		t.Errorf("∂ℓ/∂c_j = %.12g, want %.12g", got, want)
	}
}

// A hard class's own slope: t and the mask are constant, the cosine is not.
func TestSlopeOfAHardClass(t *testing.T) {
	const theta, omega = 0.7, 0.9
	tNext := 0.01*cos(theta) + 0.99*0.3
	hard := cos(omega) * (tNext + cos(omega))
	in := facing(5, theta, omega)
	r := Request{Loss: "curricularface", Params: Params{"scale": 2.0}, In: in}
	g := gradientOf(t, r, "weight").F[2:]
	across := -g[0]*sin(theta+omega) + g[1]*cos(theta+omega)
	want := 2 * sigma(2*(hard-cos(1.2))) * (tNext + 2*cos(omega))
	if got := across * 2 / -sin(omega); !(math.Abs(got-want) < 1e-8) {
		t.Errorf("∂loss/∂c_j = %.12g, want %.12g", got, want)
	}
}

func TestGradientOfTrainedNumbers(t *testing.T) {
	p := sigma(2 * (cos(0.7) - 0.3 - cos(1.9)))
	r := Request{Loss: "adam-softmax", Params: Params{"scale": 2.0}, In: facing(5, 0.7, 1.9)}
	closeTo(t, "margins: s(1 − p) − λ/C", gradientOf(t, r, "margins"), []float64{2*(1-p) - 35, -35})

	in := facing(5, 0.7, 1.9)
	in["bias"] = floats1(0.3)
	own, other := 2*(cos(0.7)-0.4)-0.3, 2*cos(1.9)-0.3
	r = Request{Loss: "uniface", Params: Params{"scale": 2.0}, In: in}
	closeTo(t, "uniface bias", gradientOf(t, r, "bias"), []float64{sigma(-own) - sigma(other)})
}

// A mask is constant: a class as near to the threshold as 1e-9 crosses it
// within the stencil and must do no harm.
func TestMaskIsHeldAtPerturbedPoints(t *testing.T) {
	const theta, omega = 0.7, 1.2
	wide := theta + 0.4 + 0.2*cos(omega)
	tNext := 0.01*cos(theta) + 0.99*5
	arc := sin(1.2) / sin(theta)
	for _, c := range []struct {
		is     string
		loss   string
		params Params
		target float64
		other  float64
		want   float64 // df/dc
	}{
		{"just not hard", "mv-softmax", Params{"margin_type": "arc", "margin": 0.5 - 1e-9}, cos(1.2), cos(omega), arc},
		{"just hard", "mv-softmax", Params{"margin_type": "arc", "margin": 0.5 + 1e-9}, cos(1.2), 1.2*cos(omega) + 0.2, arc},
		{"just not hard", "curricularface", Params{"margin": 0.5 - 1e-9}, cos(1.2), cos(omega), arc},
		{"just hard", "curricularface", Params{"margin": 0.5 + 1e-9}, cos(1.2), cos(omega) * (tNext + cos(omega)), arc},
		{"just not hard", "npcface", Params{"margin": 0.5 - 1e-9}, cos(1.1), cos(omega), sin(1.1) / sin(theta)},
		{"just hard", "npcface", Params{"margin": 0.5 + 1e-9}, cos(wide), 1.1*cos(omega) + 0.2, sin(wide) / sin(theta)},
		{"just easy", "mv-softmax", Params{"easy_margin": true, "easy_threshold": cos(theta) + 1e-9, "margin": 0.1}, cos(theta), cos(omega), 1},
	} {
		in := facing(5, theta, omega)
		in["t"] = tensor.Scalar(5)
		r := Request{Loss: c.loss, Params: merge(Params{"scale": 2.0}, c.params), In: in}
		want := -2 * sigma(2*(c.other-c.target)) * c.want
		if got := slopeOfTarget(t, r, theta); !(math.Abs(got-want) < 1e-6) {
			t.Errorf("%s: %s: ∂loss/∂c = %.12g, want %.12g", c.loss, c.is, got, want)
		}
	}
}

func TestMarginHeadsStayFinite(t *testing.T) {
	for loss := range margins {
		for is, in := range evilInputs(loss) {
			for _, s := range []float64{1, 1000} {
				p := Params{}
				if _, scaled := margins[loss].defaults["scale"]; scaled {
					p["scale"] = s
				}
				for name, o := range outputs(t, Request{Loss: loss, Params: p, Predictions: true, In: in}) {
					for _, v := range o.F {
						if math.IsNaN(v) || math.IsInf(v, 0) {
							t.Errorf("%s, %s, scale %v: %s = %v", loss, is, s, name, o.F)
							break
						}
					}
				}
			}
		}
	}
}

func evilInputs(loss string) map[string]inputs {
	with := func(set func(inputs)) inputs {
		in := marginWaves(loss, nil)
		set(in)
		return in
	}
	evil := map[string]inputs{
		"zero rows":   with(func(in inputs) { clear(in["embeddings"].F) }),
		"zero weight": with(func(in inputs) { clear(in["weight"].F) }),
		"rows at their classes and opposite": with(func(in inputs) {
			w := in["weight"]
			for i := range 6 {
				for d := range 3 {
					in["embeddings"].F[3*i+d] = w.F[(i%4)*(w.Len()/4)+d] * float64(1-i%2*2)
				}
			}
			in["labels"] = ints1(0, 1, 2, 3, 0, 0)
		}),
		"long rows": with(func(in inputs) { scaleBy(in["embeddings"], 1e4) }),
		"tiny rows": with(func(in inputs) { scaleBy(in["embeddings"], 1e-30) }),
	}
	if loss != "adacos" && loss != "subcenter-arcface" && loss != "focal" {
		in := oneClass()
		in["labels"] = ints1(0, 0, 0, 1, -1, 0)
		evil["one class"] = in
	}
	return evil
}

func scaleBy(x *tensor.Tensor, by float64) {
	for i := range x.F {
		x.F[i] *= by
	}
}
