package verify

import (
	"testing"

	"losscc/verify/formula"
)

func TestEveryMarginOpHasAFormula(t *testing.T) {
	for name := range marginOps {
		if _, known := formula.FindOp(name, nil); !known {
			t.Errorf("%s has none, and its body would be held against nothing", name)
		}
	}
}
