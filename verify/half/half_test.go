package half

import (
	"math"
	"testing"
)

func TestEveryHalfComesBack(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		v := ToFloat64(h)
		if math.IsNaN(v) {
			if !math.IsNaN(Round(v)) || h&0x7c00 != 0x7c00 || h&0x3ff == 0 {
				t.Fatalf("%#04x: NaN", h)
			}
			continue
		}
		if got := FromFloat64(v); got != h {
			t.Fatalf("%#04x is %v, which gives %#04x", h, v, got)
		}
	}
}

// Between two neighbours the nearer one is taken, and the even one in the
// middle; all halves are tried, so subnormals and the step to them are too.
func TestRoundingIsToTheNearestAndEven(t *testing.T) {
	for h := uint16(0); h < 0x7bff; h++ {
		lo, hi := ToFloat64(h), ToFloat64(h+1)
		mid := lo + (hi-lo)/2
		even := h + h&1
		for _, c := range []struct {
			v    float64
			want uint16
		}{
			{math.Nextafter(mid, 0), h},
			{mid, even},
			{math.Nextafter(mid, 1e9), h + 1},
			{-mid, even | 0x8000},
		} {
			if got := FromFloat64(c.v); got != c.want {
				t.Fatalf("%v gives %#04x, want %#04x", c.v, got, c.want)
			}
		}
	}
}

func TestEdges(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want uint16
	}{
		{1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {65519.999, 0x7bff}, {65520, 0x7c00},
		{1e300, 0x7c00}, {math.Inf(-1), 0xfc00}, {math.Copysign(0, -1), 0x8000},
		{0x1p-24, 1}, {0x1p-25, 0}, {0x1.000001p-25, 1}, {5e-324, 0}, {1 - 1e-7, 0x3c00},
		{1 + 0x1p-11 + 0x1p-40, 0x3c01}, // by way of float32 this would be a tie, and 0x3c00
	} {
		if got := FromFloat64(c.v); got != c.want {
			t.Errorf("%v gives %#04x, want %#04x", c.v, got, c.want)
		}
	}
}
