package formula

import (
	"math"

	"losscc/verify/tensor"
)

// matrix is the input of that name, a float [rows, columns], row by row.
func (c *Ctx) matrix(name string) [][]float64 {
	t := c.float(name, 2)
	return slices(t, t.Shape[0])
}

// vector is the input of that name, a float [n].
func (c *Ctx) vector(name string, n int) []float64 {
	t := c.float(name, 1)
	if t.Shape[0] != n {
		failf("input %q is %s, want float[%d]", name, t, n)
	}
	return t.F
}

// scalar is the input of that name, one number of shape [] or [1].
func (c *Ctx) scalar(name string) float64 {
	t := c.In(name)
	if t.Kind != tensor.Float || t.Len() != 1 || len(t.Shape) > 1 {
		failf("input %q is %s, want one float", name, t)
	}
	return t.F[0]
}

func (c *Ctx) float(name string, rank int) *tensor.Tensor {
	t := c.In(name)
	if t.Kind != tensor.Float || len(t.Shape) != rank {
		failf("input %q is %s, want a float of rank %d", name, t, rank)
	}
	return t
}

// ints is the input of that name, an int64 tensor of the given rank.
func (c *Ctx) ints(name string, rank int) *tensor.Tensor {
	t := c.In(name)
	if t.Kind != tensor.Int || len(t.Shape) != rank {
		failf("input %q is %s, want an int64 of rank %d", name, t, rank)
	}
	return t
}

// labels are the n labels of the input of that name, −1 for one outside
// 0..classes−1; with classes < 0 every label from 0 up is kept.
func (c *Ctx) labels(name string, n, classes int) []int {
	t := c.ints(name, 1)
	if t.Len() != n {
		failf("input %q is %s, want int64[%d]", name, t, n)
	}
	y := make([]int, n)
	for i, v := range t.I {
		y[i] = -1
		if v >= 0 && (classes < 0 || v < int64(classes)) {
			y[i] = int(v)
		}
	}
	return y
}

// count is how many labels are those of kept rows.
func count(y []int) int {
	n := 0
	for _, v := range y {
		if v >= 0 {
			n++
		}
	}
	return n
}

// slices are the n equal parts of a float tensor in order.
func slices(t *tensor.Tensor, n int) [][]float64 {
	rows, d := make([][]float64, n), width(t)
	for i := range rows {
		rows[i] = t.F[i*d : (i+1)*d]
	}
	return rows
}

// width is the last extent of a tensor.
func width(t *tensor.Tensor) int { return t.Shape[len(t.Shape)-1] }

// table2 is n rows of m zeros.
func table2(n, m int) [][]float64 {
	t := make([][]float64, n)
	for i := range t {
		t[i] = make([]float64, m)
	}
	return t
}

func sum(v []float64) float64 {
	var s float64
	for _, x := range v {
		s += x
	}
	return s
}

// ratio is a/b, and 0 where b is 0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func dot(a, b []float64) float64 {
	var s float64
	for d := range a {
		s += a[d] * b[d]
	}
	return s
}

// argmax is the first index of a largest element, 0 if there is none.
func argmax(v []float64) int {
	best := 0
	for j := range v {
		if v[j] > v[best] {
			best = j
		}
	}
	return best
}

// norm is ‖x‖; that of a zero row is 0 with gradient 0.
func (c *Ctx) norm(x []float64) float64 {
	var scale float64
	for _, v := range x {
		scale = math.Max(scale, math.Abs(v))
	}
	if c.holds(scale == 0) {
		return 0
	}
	var s float64
	for _, v := range x {
		s += (v / scale) * (v / scale)
	}
	return scale * math.Sqrt(s)
}

// unit is x̂ = x/‖x‖; a zero row is 0 with gradient 0.
func (c *Ctx) unit(x []float64) []float64 {
	u := make([]float64, len(x))
	if r := c.norm(x); r != 0 {
		for d := range x {
			u[d] = x[d] / r
		}
	}
	return u
}

// units are the unit vectors of all rows.
func (c *Ctx) units(rows [][]float64) [][]float64 {
	u := make([][]float64, len(rows))
	for i := range rows {
		u[i] = c.unit(rows[i])
	}
	return u
}

// cosine is â·b̂ of two unit vectors, which rounding keeps within ±1.
func cosine(a, b []float64) float64 { return math.Max(-1, math.Min(1, dot(a, b))) }

// positive is [z]₊ = max(z, 0), with gradient 0 at z = 0.
func (c *Ctx) positive(z float64) float64 {
	if c.holds(z > 0) {
		return z
	}
	return 0
}

// clamp is z inside [lo, hi], with derivative 1 inside and 0 outside.
func (c *Ctx) clamp(z, lo, hi float64) float64 {
	below, above := c.holds(z < lo), c.holds(z > hi)
	switch {
	case below:
		return lo
	case above:
		return hi
	}
	return z
}

// lse is ln Σ_j e^{z_j}, finite for large z; −∞ for no z.
func lse(z []float64) float64 {
	if len(z) == 0 {
		return math.Inf(-1)
	}
	top := z[argmax(z)]
	if math.IsInf(top, 0) {
		return top
	}
	var s float64
	for _, v := range z {
		s += math.Exp(v - top)
	}
	return top + math.Log(s)
}

// sp is softplus, ln(1 + e^z), finite for large z.
func sp(z float64) float64 { return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }

// sigma is the logistic function 1/(1 + e^{−z}).
func sigma(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	return math.Exp(z) / (1 + math.Exp(z))
}

// crossEntropy is CE(z) = lse z − z_y, exact also where it is tiny.
func crossEntropy(z []float64, y int) float64 {
	rest := make([]float64, 0, len(z))
	for j, v := range z {
		if j != y {
			rest = append(rest, v-z[y])
		}
	}
	return sp(lse(rest))
}

// ce is the cross-entropy of a row's logits with the head's options: label
// smoothing, or the focal factor.
func (c *Ctx) ce(z []float64, y int) float64 {
	eps, gamma := c.Float("label_smoothing"), c.Float("focal.gamma")
	if eps != 0 && gamma != 0 {
		failf("label_smoothing and focal.gamma exclude each other")
	}
	ce := crossEntropy(z, y)
	if gamma != 0 {
		return math.Pow(-math.Expm1(-ce), gamma) * ce
	}
	if eps == 0 {
		return ce
	}
	var others float64
	for j := range z {
		if j != y {
			others += ce + z[y] - z[j]
		}
	}
	C := float64(len(z))
	if c.word("smoothing", "all", "others") == "all" {
		return (1-eps)*ce + eps/C*(ce+others)
	}
	return (1-eps)*ce + ratio(eps, C-1)*others
}
