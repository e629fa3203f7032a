package builders_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/ir/grad"
	"losscc/ir/opt"
	"losscc/verify"
	"losscc/verify/formula"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

// This file proves losses: what a builder wrote, evaluated in float64, equals
// the loops of verify/formula, and its gradient their numeric derivative.

// claim is one loss with its settings, to be proved on drawn inputs.
type claim struct {
	loss      string
	sets      map[string]string
	reduction string // empty: mean
	gradient  string // empty: exact
	predict   bool
	dims      map[ir.Dim]int
	// change alters the drawn inputs.
	change func(in map[string]*tensor.Tensor)
	// valueOnly leaves the gradient out: the inputs sit on a kink.
	valueOnly bool
}

func (c claim) String() string {
	s := c.loss
	for _, k := range sortedNames(c.sets) {
		s += fmt.Sprintf(" %s=%s", k, c.sets[k])
	}
	return strings.Join([]string{s, c.reduction, c.gradient}, " ")
}

func sortedNames(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// The tolerances of this file, by the judge's table. Tests of relations between
// losses say theirs in place: how exact a relation is is part of the relation.
var (
	valueTolerance    = tolerance("function")
	gradientTolerance = tolerance("function, gradient")
	floorTolerance    = tolerance("function, floor")
)

func tolerance(name string) float64 {
	x, err := verify.ToleranceOf(name)
	if err != nil {
		panic(err)
	}
	return x
}

// prove fails the test unless the claim holds at several drawn points.
func prove(t *testing.T, c claim) {
	t.Helper()
	for seed := range uint64(3) {
		proveAt(t, c, seed)
	}
}

func proveAt(t *testing.T, c claim, seed uint64) {
	t.Helper()
	if c.reduction == "" {
		c.reduction = "mean"
	}
	built, err := builders.Build(c.loss, builders.Options{Reduction: c.reduction, Sets: c.sets, Predictions: c.predict, Official: c.gradient == "official"})
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	sem := grad.Exact
	if c.gradient == "detached" {
		sem = grad.Detached
	}
	f, err := grad.Of(built.Func, "loss", built.Wrt, sem)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	for _, passes := range [][]opt.Pass{opt.Standard, opt.Flat} {
		g, err := opt.Run(f, passes)
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if err := ir.Check(g); err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if passes[0].Name != "inline" {
			continue
		}
		in := drawInputs(g, c.dims, seed)
		if c.change != nil {
			c.change(in)
		}
		got, err := irval.Eval(g, in)
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		c.compare(t, seed, built, in, got)
	}
}

// compare holds got against the formula.
func (c claim) compare(t *testing.T, seed uint64, built *builders.Built, in, got map[string]*tensor.Tensor) {
	t.Helper()
	req := formula.Request{Loss: built.Parts[0].Loss.Name, Params: formula.Params{}, Reduction: c.reduction, Gradient: c.gradient, Predictions: c.predict, In: in}
	for _, s := range built.Settings() {
		v := s.Value
		if n, ok := v.(int); ok {
			v = float64(n)
		}
		req.Params[s.Name] = v
	}
	want, err := formula.Eval(req)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	for name, w := range want {
		if got[name] == nil {
			t.Errorf("%v: no output %s", c, name)
			continue
		}
		if msg := differ(got[name], w, valueTolerance); msg != "" {
			t.Errorf("%v: seed %d: %s: %s", c, seed, name, msg)
		}
	}
	for name := range got {
		if want[name] == nil && !strings.HasPrefix(name, "grad_") {
			t.Errorf("%v: output %s is none of the formula's", c, name)
		}
	}
	if c.valueOnly {
		return
	}
	for _, name := range built.Wrt {
		w, err := formula.Gradient(req, name)
		if err != nil {
			t.Fatalf("%v: %s: %v", c, name, err)
		}
		if msg := differ(got["grad_"+name], w, gradientTolerance); msg != "" {
			t.Errorf("%v: seed %d: grad_%s: %s", c, seed, name, msg)
		}
	}
}

// differ says where two tensors differ by more than tol of the larger of the
// largest wanted element and the floor, or nothing.
func differ(got, want *tensor.Tensor, tol float64) string {
	if got.String() != want.String() {
		return fmt.Sprintf("is %v, want %v", got, want)
	}
	top := floorTolerance
	for _, w := range want.F {
		top = math.Max(top, math.Abs(w))
	}
	for i, w := range want.F {
		if !(math.Abs(got.F[i]-w) <= tol*top) {
			return fmt.Sprintf("element %d is %v, want %v (off by %.2g of the largest)", i, got.F[i], w, math.Abs(got.F[i]-w)/top)
		}
	}
	for i, w := range want.I {
		if got.I[i] != w {
			return fmt.Sprintf("element %d is %v, want %v", i, got.I[i], w)
		}
	}
	return ""
}

// drawInputs are random inputs for a function's parameters; labels hold every
// class, some of them ignored.
func drawInputs(f *ir.Func, dims map[ir.Dim]int, seed uint64) map[string]*tensor.Tensor {
	size := map[ir.Dim]int{"N": 7, "C": 4, "D": 3, "K": 2, "T": 6, "P": 4}
	for d, n := range dims {
		size[d] = n
	}
	rng := rand.New(rand.NewPCG(seed, 11))
	in := map[string]*tensor.Tensor{}
	for _, p := range f.Params {
		shape := make([]int, len(p.Type.Shape))
		for i, d := range p.Type.Shape {
			if n, ok := d.Size(); ok {
				shape[i] = n
			} else {
				shape[i] = size[d]
			}
		}
		in[p.Name] = drawOne(p.Name, p.Type.Elem, shape, size, rng)
	}
	return in
}

// drawOne draws one input by its name; states are drawn as a run would leave
// them.
func drawOne(name string, elem ir.Elem, shape []int, size map[ir.Dim]int, rng *rand.Rand) *tensor.Tensor {
	if elem == ir.Int {
		x := tensor.New(tensor.Int, shape...)
		for i := range x.I {
			switch name {
			case "same":
				x.I[i] = int64(rng.IntN(3)) // 2 is ignored
			case "pairs", "triplets":
				// A row is never paired with itself: the angle between equal
				// rows is all rounding.
				w := shape[1]
				x.I[i] = int64(rng.IntN(size["N"]/w)*w+i%w) - int64(rng.IntN(8)/7*(size["N"]+1))
			default:
				x.I[i] = int64(rng.IntN(size["C"]+1)) - int64(rng.IntN(6)/5) // C and sometimes −1 are ignored
			}
		}
		return x
	}
	x := tensor.New(tensor.Float, shape...)
	for i := range x.F {
		switch name {
		case "lambda":
			x.F[i] = 3 * rng.Float64()
		case "class_weight", "margins", "t", "kappa", "histogram":
			x.F[i] = rng.Float64()
		case "class_counts":
			x.F[i] = float64(1 + rng.IntN(9))
		case "scale":
			x.F[i] = 3 + 5*rng.Float64()
		case "batch_mean":
			x.F[i] = 2 + rng.Float64()
		case "batch_std", "seen":
			x.F[i] = 1 + rng.Float64()
		default:
			x.F[i] = rng.NormFloat64()
			if name == "noise" && len(shape) == 2 { // to draw one of several with
				x.F[i] = rng.Float64()
			}
		}
	}
	return x
}
