package compile

import (
	"errors"
	"testing"

	"losscc/builders"
)

func TestNumbersThatTheTypeCannotHoldAreRefused(t *testing.T) {
	for _, c := range []struct {
		value, dtype string
		refused      bool
	}{
		{"1e39", "f32", true}, {"1e-50", "f32", true}, {"1e39", "f16", true},
		{"1e39", "f64", false}, {"1e30", "f32", false}, {"1e-30", "f16", false},
	} {
		_, err := Run("arcface", Options{Sets: map[string]string{"scale": c.value}, DType: c.dtype})
		var usage *builders.UsageError
		if errors.As(err, &usage) != c.refused || (err != nil) != c.refused {
			t.Errorf("scale=%s in %s: %v, refused should be %v", c.value, c.dtype, err, c.refused)
		}
	}
}
