package compile

import (
	"os"
	"testing"

	"losscc/builders"
	"losscc/verify"
	"losscc/verify/runtime"
	"losscc/verify/runtime/runtimetest"
)

// runtimeChecks are what a test of runtimes asks of the judge.
var runtimeChecks = []string{verify.CheckRuntime}

// inRuntimes fails the test unless runtimes agree with the evaluator on a file.
func inRuntimes(t *testing.T, v variant, o Options, sessions ...*runtime.Session) {
	t.Helper()
	o.Grad = hasGradient(t, v)
	r, data := file(t, v, o)
	judged(t, v.String()+" "+o.Reduction+" "+o.DType+" "+o.Form, r, data,
		verify.Options{Points: 2, Only: runtimeChecks, Runtimes: sessions})
}

// ONNX Runtime agrees on every setting of every loss, in a form and type that
// the settings take turns at; in two of them where the whole matrix is asked for, but
// not of losses over pairs, whose files have no functions and so one form.
func TestOnnxRuntimeAgreesOnEverySetting(t *testing.T) {
	t.Parallel()
	session := runtimetest.Need(t, "onnxruntime")
	for _, l := range builders.List() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			for i, v := range variants(t, l) {
				if testing.Short() && i > 1 && i%5 != 0 {
					continue
				}
				turn := writings[i%len(writings):][:1]
				if os.Getenv(fullMatrix) == "full" && l.Family != builders.PairFamily { // of the others the judge itself sees every one
					turn = append(turn[:1:1], writings[(i+2)%len(writings)])
				}
				for _, w := range turn {
					reductions := v.reductions(t)
					inRuntimes(t, v, Options{DType: w.dtype, Form: w.form, Reduction: reductions[i%len(reductions)]}, session)
				}
			}
		})
	}
}

// The defaults of every loss, in every type and form, pass onnx's checker and
// agree with the newest and the oldest ONNX Runtime and onnx's own evaluator;
// with -short the losses take turns at types and forms.
func TestEveryRuntimeAgreesOnTheDefaults(t *testing.T) {
	t.Parallel()
	for _, name := range runtime.Names() {
		t.Run(name, func(t *testing.T) {
			session := runtimetest.Need(t, name)
			all := append(writings[:4:4], writing{"functions", "f16"})
			for i, l := range builders.List() {
				t.Run(l.Name, func(t *testing.T) {
					t.Parallel()
					some := all
					if testing.Short() {
						some = all[i%len(all):][:1]
					}
					for _, w := range some {
						inRuntimes(t, variant{l, nil}, Options{DType: w.dtype, Form: w.form}, session)
					}
				})
			}
		})
	}
}
