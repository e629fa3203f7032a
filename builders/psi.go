package builders

import (
	"math"

	"losscc/ir"
)

// psi is ψ_m(θ) = (−1)^k·cos(mθ) − 2k, k = ⌊mθ/π⌋, of the cosine c = cos θ: it
// falls from 1 to 1 − 2m over [0, π], and its slope is continuous. For a whole
// m ≤ 8, cos(mθ) is the Chebyshev polynomial of c and k counts the seams
// cos(jπ/m) that c has passed; else θ itself is taken.
func psi(c *ir.Value, m float64) *ir.Value {
	cosine, _, sign, k := multipleAngle(c, m)
	return sign.Mul(cosine).Sub(k.Mul(2)).Called("psi")
}

// psiSlope is dψ_m/dc = (−1)^k·m·sin(mθ)/sin θ.
func psiSlope(c *ir.Value, m float64) *ir.Value {
	_, slope, sign, _ := multipleAngle(c, m)
	return sign.Mul(slope)
}

// multipleAngle is cos(mθ), its derivative in cos θ, (−1)^k and k.
func multipleAngle(c *ir.Value, m float64) (cosine, slope, sign, k *ir.Value) {
	if n := int(m); float64(n) == m && n <= 8 {
		sign, k = passedSeams(c, n)
		return chebyshev(c, n), chebyshevSlope(c, n), sign, k
	}
	theta := ir.Acos(c).Called("theta")
	angle := theta.Mul(m)
	k = ir.Floor(angle.Mul(1 / math.Pi)).Called("k")
	odd := k.Sub(ir.Floor(k.Mul(0.5)).Mul(2))
	sign = odd.Mul(-2).Add(1)
	return ir.Cos(angle), ir.Sin(angle).Mul(m).Mul(ir.Recip(sine(c))), sign, k
}

// passedSeams is (−1)^k and k = Σ_j [c ≤ cos(jπ/m)], j from 1 to m − 1.
func passedSeams(c *ir.Value, m int) (sign, k *ir.Value) {
	b := c.Builder()
	k, sign = b.Num(0), b.Num(1)
	for j := 1; j < m; j++ {
		past := c.LessEq(math.Cos(float64(j) * math.Pi / float64(m))).Float()
		k = k.Add(past)
		sign = sign.Mul(past.Mul(-2).Add(1))
	}
	return sign, k
}

// chebyshev is cos(nθ) as a polynomial of c, by the halving rules
// T_2n = 2T_n² − 1 and T_{2n+1} = 2T_n·T_{n+1} − c.
func chebyshev(c *ir.Value, n int) *ir.Value {
	switch {
	case n == 0:
		return c.Builder().Num(1)
	case n == 1:
		return c
	case n%2 == 0:
		return chebyshev(c, n/2).Square().Mul(2).Sub(1)
	}
	return chebyshev(c, n/2).Mul(chebyshev(c, n/2+1)).Mul(2).Sub(c)
}

// chebyshevSlope is n·U_{n−1}(c), the derivative of chebyshev, U_k = 2c·U_{k−1}
// − U_{k−2}.
func chebyshevSlope(c *ir.Value, n int) *ir.Value {
	u, before := c.Builder().Num(1), c.Builder().Num(0)
	for range n - 1 {
		u, before = c.Mul(2).Mul(u).Sub(before), u
	}
	return u.Mul(float64(n))
}
