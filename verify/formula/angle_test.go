package formula

import (
	"fmt"
	"math"
	"testing"

	"losscc/verify/tensor"
)

// with is a context of these hyper-parameters and no inputs.
func with(p ...Params) *Ctx { return &Ctx{params: merge(p...)} }

func TestPsiLandmarks(t *testing.T) {
	for m := 1; m <= 8; m++ {
		for k := 0; k <= m; k++ {
			same(t, fmt.Sprintf("ψ_%d(%dπ/%d)", m, k, m), with().psi(math.Cos(float64(k)*math.Pi/float64(m)), float64(m)), float64(1-2*k))
		}
	}
}

func TestPsiIsDecreasingAndContinuous(t *testing.T) {
	for _, m := range []float64{1, 1.5, 2, math.E, 3, 4, 4.7, 8} {
		last := 1.0
		const steps = 4000
		for i := 1; i <= steps; i++ {
			v := with().psi(math.Cos(math.Pi*float64(i)/steps), m)
			if v > last || v < last-1.01*m*math.Pi/steps {
				t.Fatalf("m=%v: ψ goes from %v to %v at step %d", m, last, v, i)
			}
			last = v
		}
	}
}

func TestPsiOfTwo(t *testing.T) {
	for _, c := range []float64{0.9, 0.3, -0.2, -0.95} {
		want := 2*c*c - 1
		if c < 0 {
			want = -1 - 2*c*c
		}
		same(t, fmt.Sprint("ψ₂ at c = ", c), with().psi(c, 2), want)
	}
}

func TestPsiSlope(t *testing.T) {
	for _, m := range []float64{1, 2, 3.3, 4, 7} {
		for _, c := range []float64{0.97, 0.4, 0.05, -0.31, -0.88} {
			fixed := &Ctx{replay: true, consts: []float64{math.Floor(m * math.Acos(c) / math.Pi)}}
			d, _, _ := derivative(func(d float64) (float64, error) {
				fixed.next = 0
				return fixed.psi(c+d, m), nil
			}, 1e-3)
			if got := psiSlope(c, m); math.Abs(got-d) > 1e-8*math.Abs(d) {
				t.Errorf("dψ_%v/dc at %v = %v, want %v", m, c, got, d)
			}
		}
		same(t, "at θ = 0", psiSlope(1, m), m*m)
	}
	same(t, "at θ = π", psiSlope(-1, 4), 16)
}

func TestArcBeyondPi(t *testing.T) {
	const m = 0.5
	at := func(theta float64) float64 { return math.Cos(theta) }
	for _, c := range []struct {
		is     string
		params Params
		theta  float64
		want   float64
	}{
		{"none rises again", Params{}, math.Pi, -math.Cos(m)},
		{"linear falls on", Params{"beyond": "linear"}, math.Pi, -1 - m*math.Sin(m)},
		{"keep is the cosine", Params{"beyond": "keep"}, math.Pi, -1},
		{"reflect falls on", Params{"beyond": "reflect"}, math.Pi, -2 + math.Cos(m)},
		{"clip is flat", Params{"beyond": "clip"}, math.Pi, -math.Cos(0.0001)},
		{"none where θ + m = π", Params{}, math.Pi - m, -1},
		{"linear where θ + m < π", Params{"beyond": "linear"}, math.Pi - m - 1e-9, -1},
		{"linear just past π", Params{"beyond": "linear"}, math.Pi - m + 1e-9, math.Cos(math.Pi-m+1e-9) - m*math.Sin(m)},
		{"keep just past π", Params{"beyond": "keep"}, math.Pi - m + 1e-9, math.Cos(math.Pi - m + 1e-9)},
		{"reflect just past π", Params{"beyond": "reflect"}, math.Pi - m + 1e-9, -1},
		{"clip inside", Params{"beyond": "clip"}, 1, math.Cos(1.5)},
		{"clip at θ = 0", Params{"beyond": "clip"}, 0, math.Cos(m + math.Acos(1-0.0001))},
		{"easy margin below 90°", Params{"easy_margin": true}, 1, math.Cos(1.5)},
		{"easy margin above 90°", Params{"easy_margin": true}, 2, math.Cos(2)},
	} {
		ctx := with(arcOptions, c.params)
		cos := ctx.arcCosines([]float64{at(c.theta)})[0]
		same(t, c.is, ctx.arc(cos, m), c.want)
	}
}

func TestArcWhereTheAngleIsPi(t *testing.T) {
	same(t, "θ + m = π is not beyond", with(arcOptions, Params{"beyond": "keep"}).arc(0, math.Pi/2), -1)
	same(t, "easy margin at c = 0", with(arcOptions, Params{"easy_margin": true}).arc(0, 1), 0)
}

func TestAngleOfCosinesThatRoundingMadeTooLarge(t *testing.T) {
	same(t, "above 1", angle(1+1e-15), 0)
	same(t, "below −1", angle(-1-1e-15), math.Pi)
}

func TestArcGradientNearItsJumps(t *testing.T) {
	const m = 0.5
	for _, c := range []struct {
		params   Params
		cos      float64
		constant bool // the value is the cosine but for a constant
	}{
		{Params{"beyond": "linear"}, math.Cos(math.Pi-m) + 1e-9, false},
		{Params{"beyond": "linear"}, math.Cos(math.Pi-m) - 1e-9, true},
		{Params{"beyond": "keep"}, math.Cos(math.Pi-m) - 1e-9, true},
		{Params{"easy_margin": true}, 1e-9, false},
		{Params{"easy_margin": true}, -1e-9, true},
	} {
		seeds["arc"] = entry{defaults: arcOptions, eval: func(c *Ctx) {
			c.Out("loss", tensor.Scalar(c.arc(c.scalar("c"), m)))
		}}
		want := 1.0
		if !c.constant {
			want = math.Sin(math.Acos(c.cos)+m) / math.Sin(math.Acos(c.cos))
		}
		g := gradientOf(t, Request{Loss: "arc", Params: c.params, In: inputs{"c": floats1(c.cos)}}, "c")
		if math.Abs(g.F[0]-want) > 1e-9 {
			t.Errorf("%v at %v: slope %v, want %v", c.params, c.cos, g.F[0], want)
		}
		delete(seeds, "arc")
	}
}

func TestArcOfCombinedMargin(t *testing.T) {
	theta, m1, m2 := 3.0, 1.2, 0.3 // t = 3.9, beyond π
	got := with(arcOptions, Params{"beyond": "linear"}).arcAt(math.Cos(theta), m1*theta+m2, m2)
	same(t, "linear takes m2", got, math.Cos(theta)-m2*math.Sin(m2))
}

func TestArcCosinesClipTheWholeRow(t *testing.T) {
	row := []float64{1, -1, 0.5, -0.9999999}
	got := with(arcOptions, Params{"beyond": "clip", "epsilon": 0.001}).arcCosines(row)
	for j, want := range []float64{0.999, -0.999, 0.5, -0.999} {
		same(t, "clip", got[j], want)
	}
	got = with(arcOptions).arcCosines(row)
	for j, want := range row {
		same(t, "none", got[j], want)
	}
}

func TestAnglesOfRowsKeepTheirDigits(t *testing.T) {
	m := metric{with(), "angle", true}
	for _, want := range []float64{0, 1e-9, 0.3, math.Pi / 2, 3, math.Pi - 1e-9} {
		a, b := []float64{1, 0}, []float64{math.Cos(want), math.Sin(want)}
		if got := m.between(a, b); math.Abs(got-want) > 1e-15 {
			t.Errorf("angle %v, want %v", got, want)
		}
	}
	same(t, "of a zero row", m.between([]float64{0, 0}, []float64{1, 0}), math.Pi/2)
	same(t, "to a zero row", m.between([]float64{1, 0}, []float64{0, 0}), math.Pi/2)
	same(t, "of a right angle", m.between([]float64{1, 0}, []float64{0, 1}), math.Pi/2)
}

func TestLogarithmsStayFinite(t *testing.T) {
	same(t, "lse(1000, 1000)", lse([]float64{1000, 1000}), 1000+math.Ln2)
	same(t, "lse(−1000, −1000)", lse([]float64{-1000, -1000}), -1000+math.Ln2)
	same(t, "sp(1000)", sp(1000), 1000)
	same(t, "sp(0)", sp(0), math.Ln2)
	if got, want := sp(-40), math.Exp(-40); math.Abs(got-want) > 1e-12*want {
		t.Errorf("sp(−40) = %v, want %v", got, want)
	}
	if got, want := crossEntropy([]float64{50, 0}, 0), math.Exp(-50); math.Abs(got-want) > 1e-12*want {
		t.Errorf("CE(50, 0) = %v, want %v", got, want)
	}
	same(t, "σ(−1000)", sigma(-1000), 0)
	same(t, "lse of nothing but −∞", math.Exp(lse([]float64{math.Inf(-1), math.Inf(-1)})), 0)
	same(t, "σ(−ln 3)", sigma(-math.Log(3)), 0.25)
	same(t, "σ(ln 3)", sigma(math.Log(3)), 0.75)
}
