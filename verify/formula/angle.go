package formula

import "math"

// arcOptions are the hyper-parameters of every loss that names the additive
// angular margin arc(c; m).
var arcOptions = Params{
	"easy_margin": false,
	"beyond":      "none",
	"epsilon":     0.0001,
}

// angle is arccos of a cosine, which rounding keeps within ±1.
func angle(cos float64) float64 { return math.Acos(math.Max(-1, math.Min(1, cos))) }

// arcCosines are a row's cosines as the arc options take them: beyond=clip
// keeps all of them, the others' too, within ±(1 − epsilon).
func (c *Ctx) arcCosines(cos []float64) []float64 {
	if c.Text("beyond") != "clip" {
		return cos
	}
	eps := c.Float("epsilon")
	inside := make([]float64, len(cos))
	for j := range cos {
		inside[j] = c.clamp(cos[j], eps-1, 1-eps)
	}
	return inside
}

// arc is arc(c; m) of a cosine out of arcCosines.
func (c *Ctx) arc(cos, m float64) float64 { return c.arcAt(cos, angle(cos)+m, m) }

// arcAt is the additive angular margin where the angle with its margin is t
// and the margin that was added is m.
func (c *Ctx) arcAt(cos, t, m float64) float64 {
	beyond := c.Text("beyond")
	if c.Bool("easy_margin") {
		if beyond != "none" {
			failf("easy_margin=true goes with beyond=none only, not %s", beyond)
		}
		if c.holds(cos > 0) {
			return math.Cos(t)
		}
		return cos
	}
	if beyond == "none" {
		return math.Cos(t)
	}
	if beyond == "clip" {
		eps := c.Float("epsilon")
		return math.Cos(c.clamp(t, eps, math.Pi-eps))
	}
	within := c.holds(t <= math.Pi)
	switch {
	case beyond != "linear" && beyond != "keep" && beyond != "reflect":
		failf("beyond %q is none of none, linear, keep, clip, reflect", beyond)
	case within:
		return math.Cos(t)
	case beyond == "linear":
		return cos - m*math.Sin(m)
	case beyond == "keep":
		return cos
	}
	return -2 - math.Cos(t)
}

// psi is ψ_m(θ) = (−1)^k cos(mθ) − 2k with k = ⌊mθ/π⌋ of the angle whose
// cosine is given: cos(mθ) carried on so that it never rises.
func (c *Ctx) psi(cos, m float64) float64 {
	theta := angle(cos)
	k := c.choice(int(math.Floor(m * theta / math.Pi)))
	sign := 1.0
	if k%2 != 0 {
		sign = -1
	}
	return sign*math.Cos(m*theta) - 2*float64(k)
}
