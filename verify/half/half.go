package half

import "math"

// FromFloat64 is the bits of the half nearest to v, ties to even; what is past
// the largest half (65504) by half a step or more is an infinity.
func FromFloat64(v float64) uint16 {
	b := math.Float64bits(v)
	sign := uint16(b>>48) & 0x8000
	exp := int(b>>52)&0x7ff - 1023
	frac := b & (1<<52 - 1)
	switch {
	case exp == 1024 && frac != 0:
		return sign | 0x7e00
	case exp > 15:
		return sign | 0x7c00
	case exp < -25: // below half of the smallest subnormal
		return sign
	}
	frac |= 1 << 52
	drop := 42 // bits of the fraction that a normal half has no room for
	if exp < -14 {
		drop += -14 - exp
	}
	h := frac >> drop
	rest, tie := frac&(1<<drop-1), uint64(1)<<(drop-1)
	if rest > tie || rest == tie && h&1 == 1 {
		h++
	}
	// The leading one of a normal half is not stored: it adds one to the
	// exponent, and so does a carry out of the fraction, up to infinity.
	if exp >= -14 {
		h += uint64(exp+14) << 10
	}
	return sign | uint16(h)
}

// ToFloat64 is the value of the half with the bits h.
func ToFloat64(h uint16) float64 {
	sign := 1.0
	if h&0x8000 != 0 {
		sign = -1
	}
	exp, frac := int(h>>10)&0x1f, float64(h&0x3ff)
	switch {
	case exp == 0x1f && frac != 0:
		return math.NaN()
	case exp == 0x1f:
		return math.Inf(int(sign))
	case exp == 0:
		return math.Copysign(math.Ldexp(frac, -24), sign)
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

// Round is the half nearest to v, as a float64.
func Round(v float64) float64 { return ToFloat64(FromFloat64(v)) }
