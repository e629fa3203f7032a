package compile

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/verify"
)

// file is what a cell of the matrix is compiled to.
func file(t testing.TB, v variant, o Options) (*Result, []byte) {
	t.Helper()
	o.Sets = v.sets
	r, err := Run(v.loss.Name, o)
	if err != nil {
		t.Fatalf("%v %+v: %v", v, o, err)
	}
	data, err := r.Bytes()
	if err != nil {
		t.Fatalf("%v %+v: %v", v, o, err)
	}
	return r, data
}

// judged fails the test unless the judge finds nothing wrong with a file.
func judged(t testing.TB, name string, r *Result, data []byte, o verify.Options) {
	t.Helper()
	report, err := verify.Judge(context.Background(), verify.Case{Name: name, File: data, IR: r.Optimised}, o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() || len(o.Only) == 0 && report.Verdict != verify.Proved {
		t.Errorf("%s", failures(report))
	}
}

// failures is the part of a report that is bad news.
func failures(r *verify.Report) string {
	text := r.Name + ": " + string(r.Verdict)
	for _, c := range r.Checks {
		if c.Status == verify.Failed {
			text += "\n  " + c.Name + ": " + c.Reason
			if c.Worst != nil {
				text += " " + c.Worst.String() + " at " + c.At
			}
		}
	}
	return text + "\n  " + strings.Join(r.NotChecked, "\n  ")
}

// witnessed are the checks of the files that share their formula with one that
// went through all of them: they are held against their own function.
var witnessed = []string{verify.CheckDeclared, verify.CheckValue, verify.CheckEvaluators, verify.CheckReadBack}

// fullMatrix is the variable that, set to full, asks for every setting in every
// type and form: verify/test.sh sets it. Otherwise settings take turns at the types
// and forms other than the first, so that each of them is met by every loss; with
// -short only every fifth setting is tried.
const fullMatrix = "LOSSCC_MATRIX"

// Every loss × settings × gradient goes through the whole judge as float64 with
// functions; its other types and forms are held against the paper and against the
// function that they were lowered from. The first two settings have every
// reduction, the others take turns: it is the last step, and the same for all.
func TestEveryFileOfEveryLossIsProved(t *testing.T) {
	full := os.Getenv(fullMatrix) == "full"
	for _, l := range builders.List() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			files := 0
			for i, v := range variants(t, l) {
				if testing.Short() && i > 1 && i%5 != 0 {
					continue
				}
				reductions, others := v.reductions(t), writings[1:]
				if i > 1 {
					reductions = reductions[i%len(reductions):][:1]
				}
				if !full || l.Family == builders.PairFamily { // no functions, and so one form
					others = others[i%len(others):][:1]
				}
				for _, reduction := range reductions {
					for _, gradient := range gradients(l) {
						files += proveWritings(t, v, Options{Reduction: reduction, Gradient: gradient}, others)
					}
				}
			}
			t.Logf("%d files", files)
		})
	}
}

// writing is a form and type that a file is written in.
type writing struct{ form, dtype string }

var writings = []writing{{"functions", "f64"}, {"flat", "f32"}, {"flat", "f64"}, {"functions", "f32"}}

// proveWritings proves the files of one variant, reduction and gradient, and gives
// their number: none where this gradient is refused as misuse.
func proveWritings(t *testing.T, v variant, o Options, others []writing) int {
	o.Grad, o.Sets = hasGradient(t, v), v.sets
	n := 0
	for _, c := range append(writings[:1:1], others...) {
		o.Form, o.DType = c.form, c.dtype
		r, err := Run(v.loss.Name, o)
		var usage *builders.UsageError
		if errors.As(err, &usage) && o.Gradient != "exact" {
			return n
		}
		if err != nil {
			t.Errorf("%v %+v: %v", v, o, err)
			return n
		}
		data, err := r.Bytes()
		if err != nil {
			t.Errorf("%v %+v: %v", v, o, err)
			return n
		}
		name := v.String() + " " + o.Reduction + " " + o.Gradient + " " + o.DType + " " + o.Form
		if n == 0 {
			judged(t, name, r, data, verify.Options{Points: 3})
		} else {
			judged(t, name, r, data, verify.Options{Points: 2, Only: witnessed})
		}
		n++
	}
	return n
}

// hasGradient tells whether a loss has anything to differentiate.
func hasGradient(t testing.TB, v variant) bool {
	b, err := builders.Build(v.loss.Name, builders.Options{Sets: v.sets})
	if err != nil {
		t.Fatalf("%v: %v", v, err)
	}
	return len(b.Wrt) > 0
}

// With predictions, and as float16, the defaults of every loss are proved too.
func TestPredictionsAndHalfPrecisionAreProved(t *testing.T) {
	for _, l := range builders.List() {
		t.Run(l.Name, func(t *testing.T) {
			v := variant{l, nil}
			r, data := file(t, v, Options{DType: "f16", Grad: hasGradient(t, v)})
			judged(t, l.Name+" f16", r, data, verify.Options{Points: 3})
			r, err := Run(l.Name, Options{DType: "f64", Grad: hasGradient(t, v), Predictions: true})
			var usage *builders.UsageError
			if errors.As(err, &usage) {
				return // no classes to choose from
			}
			if err != nil {
				t.Fatal(err)
			}
			if data, err = r.Bytes(); err != nil {
				t.Fatal(err)
			}
			judged(t, l.Name+" with predictions", r, data, verify.Options{Points: 3})
		})
	}
}

// Weighted sums are proved as their parts are, in either precision.
func TestSumsAreProved(t *testing.T) {
	for _, c := range []struct {
		expr string
		sets map[string]string
	}{
		{"softmax + 0.003*center", nil},
		{"softmax + 0.5*center", map[string]string{"center.update": "none", "softmax.bias": "false"}},
		{"arcface + 0.25*softmax", map[string]string{"arcface.scale": "5"}},
		{"softmax + 0.5*softmax", nil},
		{"arcface + 0.5*arcface", map[string]string{"arcface.scale": "5", "arcface_2.scale": "6", "arcface_2.margin": "0.2"}},
		{"arcface + arcface", map[string]string{"arcface.scale": "5", "arcface_2.scale": "6", "arcface_2.beyond": "linear"}},
		{"softmax + 0.1*triplet", map[string]string{"triplet.mining": "batch-hard"}},
		{"contrastive + 0.5*triplet", map[string]string{"contrastive.mining": "indices", "triplet.mining": "indices"}},
		{"a-softmax + 2*a-softmax", map[string]string{"a-softmax.margin": "2"}},
		{"curricularface + 0.5*arcface", map[string]string{"arcface.scale": "5", "curricularface.scale": "6"}},
		{"cosface + 2*center", map[string]string{"cosface.scale": "5"}},
	} {
		for _, reduction := range []string{"mean", "sum", "none"} {
			if reduction == "none" && strings.Contains(c.expr, "triplet") {
				continue // its terms are not one a row
			}
			for _, w := range []writing{{"functions", "f64"}, {"flat", "f64"}, {"functions", "f32"}} {
				if w.dtype == "f32" && reduction != "mean" {
					continue
				}
				r, err := Run(c.expr, Options{DType: w.dtype, Grad: true, Form: w.form, Reduction: reduction, Sets: c.sets, Predictions: reduction == "mean" && !strings.Contains(c.expr, "triplet")})
				if err != nil {
					t.Fatalf("%s: %v", c.expr, err)
				}
				data, err := r.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				judged(t, c.expr+" "+reduction+" "+w.form+" "+w.dtype, r, data, verify.Options{Points: 3})
			}
		}
	}
}

// In float32 a sum is asked for rows as long as each of its parts takes.
func TestSumsAreProvedInSinglePrecision(t *testing.T) {
	for expr, sets := range map[string]map[string]string{
		"softmax + 0.003*center":    nil,
		"arcface + 0.003*center":    nil,
		"cosface + 0.1*contrastive": {"contrastive.mining": "all"},
		"cosface + 0.1*triplet":     {"triplet.mining": "batch-hard", "triplet.distance": "euclidean"},
	} {
		r, err := Run(expr, Options{DType: "f32", Grad: true, Sets: sets})
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		data, err := r.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		judged(t, expr, r, data, verify.Options{})
	}
}

// Gradients of a row that is all but certain are what rounding leaves of a
// difference, and two evaluations differ in it.
func TestGradientsOfNearlyNothingAreProved(t *testing.T) {
	r, data := file(t, variant{mustFind("li-arcface"), nil}, Options{DType: "f64", Grad: true})
	for _, seed := range []uint64{107, 108, 111} {
		judged(t, "li-arcface", r, data, verify.Options{Seed: seed, Only: witnessed})
	}
}
