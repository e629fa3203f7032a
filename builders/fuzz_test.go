package builders_test

import (
	"errors"
	"testing"

	"losscc/builders"
	"losscc/ir"
)

// FuzzBuild gives Build any expression and any parameter: it answers with a
// function that passes the checker or with a *UsageError, and never panics.
func FuzzBuild(f *testing.F) {
	for _, l := range builders.List() {
		f.Add(l.Name, "margin", "0.5", "mean")
		for _, p := range l.Params() {
			for _, e := range p.Enum {
				f.Add(l.Name, p.Name, e, "")
			}
		}
	}
	f.Add("softmax + 0.003*center", "center.alpha", "0.5", "none")
	f.Add("1e308*softmax+-3*softmax", "softmax.bias", "false", "sum")
	f.Add("2*", "", "", "x")
	f.Add("a-softmax", "margin", "1e300", "mean")
	f.Add("sample-classes", "rate", "1e-300", "")
	f.Fuzz(func(t *testing.T, expr, name, value, reduction string) {
		b, err := builders.Build(expr, builders.Options{Sets: map[string]string{name: value}, Reduction: reduction})
		var usage *builders.UsageError
		switch {
		case err == nil:
			if err := ir.Check(b.Func); err != nil {
				t.Fatalf("%q %s=%q: %v", expr, name, value, err)
			}
		case !errors.As(err, &usage):
			t.Fatalf("%q %s=%q: %v (%T) is no usage error", expr, name, value, err, err)
		}
	})
}
