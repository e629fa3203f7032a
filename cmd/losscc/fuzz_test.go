package main

import (
	"strings"
	"testing"

	"losscc/builders"
)

// FuzzWhatIsAsked types an expression and a setting at show: they are done or
// refused as misuse, and nothing else.
func FuzzWhatIsAsked(f *testing.F) {
	for _, l := range builders.List() {
		for _, p := range l.Params() {
			for _, v := range append(valuesOf(p), "1e308", "2.5", "x") {
				f.Add(l.Name, p.Name+"="+v)
			}
		}
	}
	f.Add("softmax + 0.5*arcface", "arcface.margin=0.3")
	f.Add("2*center+softmax+center", "center.alpha=1")
	f.Add("1e-300*softmax", "temperature=1e-300")
	f.Fuzz(func(t *testing.T, expr, set string) {
		if strings.HasPrefix(expr, "-") || len(expr) > 200 {
			return // a flag, or a sum that takes long for no other reason than its length
		}
		got := enter("show", expr, "--set", set, "--grad", "--stage", "onnx")
		if got.code != codeDone && got.code != codeMisuse {
			t.Errorf("show %q --set %q ends with %d: %s", expr, set, got.code, got.err)
		}
		if (got.out == "") == (got.code == codeDone) || (got.err == "") != (got.code == codeDone) {
			t.Errorf("show %q --set %q ends with %d and says %q", expr, set, got.code, got.err)
		}
	})
}
