package compile

import (
	"testing"

	"losscc/builders"
)

// ONNX Runtime 1.15 names what it inlines after the address of the call, and
// trips where a body calls a function again: no loss has such a body.
func TestNoFunctionOfALossCallsAnother(t *testing.T) {
	functions := 0
	for _, l := range builders.List() {
		plain, _ := file(t, variant{loss: l}, Options{})
		for _, gradient := range gradients(l) {
			r, _ := file(t, variant{loss: l}, Options{Grad: len(plain.Built.Wrt) > 0, Gradient: gradient})
			for _, f := range r.Optimised.Callees() {
				functions++
				if callees := f.Callees(); len(callees) > 0 {
					t.Errorf("%s: @%s calls @%s", l.Name, f.Name, callees[0].Name)
				}
			}
		}
	}
	if functions < 40 {
		t.Errorf("only %d functions were looked at", functions)
	}
}
