package formula

import (
	"math"
	"sort"
)

// adacos finds its own scale: √2·ln(C − 1) (fixed), or in each step the one
// that keeps the median row in the steep part of the softmax (dynamic).
func adacos(c *Ctx) {
	variant, median := c.word("variant", "dynamic", "fixed"), c.word("median", "target", "all")
	a := c.angular()
	if a.C < 2 {
		failf("the scale needs two classes at least, weight has %d", a.C)
	}
	s := math.Sqrt2 * math.Log(float64(a.C-1))
	if variant == "dynamic" {
		s = a.dynamicScale(c.scalar("scale"), median == "all")
		c.outScalar("scale_next", s)
	}
	m := c.Float("margin")
	a.crossEntropy(func(i, y int) []float64 {
		f := a.cos[i][y]
		if m != 0 {
			f = math.Cos(angle(f) + m)
		}
		return a.logits(i, y, s, f)
	})
}

// dynamicScale is ln B / cos(min(π/4, θ_med)), a constant of the gradient; B is
// the mean over kept rows of Σ_others e^{scale·c_j}, θ_med the lower median of
// the targets' angles or of all. Without a kept row the scale stays.
func (a angular) dynamicScale(scale float64, medianOfAll bool) float64 {
	var others, angles []float64
	a.eachKept(func(i, y int) {
		for j, cos := range a.cos[i] {
			if j != y {
				others = append(others, scale*cos)
			}
			if j == y || medianOfAll {
				angles = append(angles, angle(cos))
			}
		}
	})
	if a.kept == 0 {
		return scale
	}
	sort.Float64s(angles)
	median := angles[(len(angles)-1)/2]
	logB := lse(others) - math.Log(float64(a.kept))
	return a.c.Const(logB / math.Cos(math.Min(math.Pi/4, median)))
}

// adaface reads a row's quality q from its length, against the lengths seen so
// far, and bends the margin by it:
// z_y = s(cos(θ − margin·q) − margin·q − margin), q a constant of the gradient.
func adaface(c *Ctx) {
	beyond, eps := c.word("beyond", "none", "clip"), c.Float("epsilon")
	a := c.angular()
	q := a.quality()
	a = a.clipped()
	m := c.Float("margin")
	a.marginLoss(func(i, y int) float64 {
		t := angle(a.cos[i][y]) - m*q[i]
		if beyond == "clip" {
			t = c.clamp(t, eps, math.Pi-eps)
		}
		return math.Cos(t) - m*q[i] - m
	})
}

// quality is clamp(h(r − batch_mean)/(batch_std + epsilon), −1, 1) of each kept
// row, r its length within [0.001, 100]; mean and deviation of the lengths
// move first, by alpha.
func (a angular) quality() []float64 {
	c := a.c
	r := make([]float64, len(a.x))
	var mean float64
	a.eachKept(func(i, y int) {
		r[i] = math.Max(0.001, math.Min(100, c.norm(a.x[i])))
		mean += r[i] / float64(a.kept)
	})
	var square float64
	a.eachKept(func(i, y int) { square += (r[i] - mean) * (r[i] - mean) })

	alpha := c.Float("alpha")
	batchMean, batchStd := c.scalar("batch_mean"), c.scalar("batch_std")
	if a.kept > 0 {
		batchMean = alpha*mean + (1-alpha)*batchMean
	}
	if a.kept > 1 {
		batchStd = alpha*math.Sqrt(square/float64(a.kept-1)) + (1-alpha)*batchStd
	}
	c.outScalar("batch_mean_next", batchMean)
	c.outScalar("batch_std_next", batchStd)

	q := make([]float64, len(a.x))
	a.eachKept(func(i, y int) {
		z := c.Float("h") * (r[i] - batchMean) / (batchStd + c.Float("epsilon"))
		q[i] = c.Const(math.Max(-1, math.Min(1, z)))
	})
	return q
}
