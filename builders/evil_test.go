package builders_test

import (
	"math"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/ir/grad"
	"losscc/ir/opt"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

// outputsOf is every output of a loss, gradients too, at drawn inputs.
func outputsOf(t *testing.T, c claim, seed uint64) map[string]*tensor.Tensor {
	t.Helper()
	built, err := builders.Build(c.loss, builders.Options{Reduction: c.reduction, Sets: c.sets, Predictions: c.predict})
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
	if f, err = opt.Run(f, opt.Flat); err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	in := drawInputs(f, c.dims, seed)
	if c.change != nil {
		c.change(in)
	}
	out, err := irval.Eval(f, in)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	return out
}

// finite fails the test if an output of the loss is not a number or infinite.
func finite(t *testing.T, is string, c claim) {
	t.Helper()
	for name, x := range outputsOf(t, c, 1) {
		for i, v := range x.F {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: %v: element %d of %s is %v", is, c, i, name, v)
				break
			}
		}
	}
}

// heads are all losses of the margin family that are losses of rows.
func heads() []builders.Loss {
	var out []builders.Loss
	for _, l := range builders.List() {
		if l.Family == builders.MarginFamily {
			out = append(out, l)
		}
	}
	return out
}

// hasParam tells whether a loss has a hyper-parameter of that name, and that
// word among its values if one is given.
func hasParam(l builders.Loss, name, word string) bool {
	for _, p := range l.Params() {
		if p.Name != name {
			continue
		}
		for _, e := range p.Enum {
			if e == word {
				return true
			}
		}
		return word == ""
	}
	return false
}

// facing puts rows onto class centres and against them: the target's, another
// class's; and makes a row and a class of zeros.
func facing(in inputs) {
	x, w, y := in["embeddings"], in["weight"], in["labels"]
	d := x.Shape[1]
	each := len(w.F) / w.Shape[0]
	for i := range y.I {
		y.I[i] = int64(i % w.Shape[0])
	}
	onto := func(row, class int, by float64) {
		for k := range d {
			x.F[row*d+k] = by * w.F[class%w.Shape[0]*each+k]
		}
	}
	onto(0, 0, 1)
	onto(1, 1, -3)
	onto(2, 3, 0.7)
	onto(3, 0, -0.2)
	onto(4, 0, 0)
	for k := range each {
		w.F[2*each+k] = 0
	}
}

func TestHeadsAreFiniteAtEvilInputs(t *testing.T) {
	long := func(by float64) func(in inputs) {
		return func(in inputs) {
			for i := range in["embeddings"].F {
				in["embeddings"].F[i] *= by
			}
		}
	}
	ignored := func(in inputs) { fill(in["labels"].I, -1) }
	for _, l := range heads() {
		for _, gradient := range []string{"exact", "detached"} {
			if gradient == "detached" && !l.Detached {
				continue
			}
			for _, r := range l.Reductions {
				for _, s := range evilSettings(l) {
					c := claim{loss: l.Name, sets: s, gradient: gradient, reduction: r, change: facing}
					finite(t, "cosines of ±1 and zero rows", c)
					if r == "mean" {
						c.change, c.dims = nil, map[ir.Dim]int{"N": 0, "C": 1}
						finite(t, "no row and one class", c)
						c.dims = map[ir.Dim]int{"C": 1}
						finite(t, "one class", c)
					}
				}
				c := claim{loss: l.Name, gradient: gradient, reduction: r}
				c.change = ignored
				finite(t, "all ignored", c)
				c.change = long(1e150)
				finite(t, "huge rows", c)
				c.change = long(1e-150)
				finite(t, "tiny rows", c)
				c.change = nil
				c.dims = map[ir.Dim]int{"N": 1}
				finite(t, "one row", c)
				c.dims = map[ir.Dim]int{"N": 0}
				finite(t, "no row", c)
				c.dims = map[ir.Dim]int{"C": 1}
				finite(t, "one class", c)
				c.dims = map[ir.Dim]int{"C": 2}
				finite(t, "two classes", c)
			}
		}
	}
}

// evilSettings are the settings under which a loss meets cosines of ±1.
func evilSettings(l builders.Loss) []sets {
	all := []sets{nil}
	for _, s := range []string{"1", "1000"} {
		if hasParam(l, "scale", "") {
			all = append(all, sets{"scale": s})
		}
	}
	for _, b := range []string{"linear", "keep", "reflect", "clip"} {
		if hasParam(l, "beyond", b) {
			all = append(all, sets{"beyond": b})
		}
	}
	for name, value := range map[string]string{"easy_margin": "true", "focal.gamma": "2", "label_smoothing": "0.1", "class_weights": "true", "median": "all", "variant": "fixed", "assignment": "sorted"} {
		if hasParam(l, name, "") {
			all = append(all, sets{name: value})
		}
	}
	for _, m := range []string{"1.35", "0.5"} {
		if hasParam(l, "m1", "") {
			all = append(all, sets{"m1": m})
		}
	}
	return all
}

// A row alone, one class, long and short rows are nothing special to a
// formula.
func TestHeadsEqualTheirFormulasAtTheEdges(t *testing.T) {
	for _, h := range targetHeads {
		for is, c := range map[string]claim{
			"one row":     {dims: map[ir.Dim]int{"N": 1}},
			"no row":      {dims: map[ir.Dim]int{"N": 0}},
			"one class":   {dims: map[ir.Dim]int{"C": 1}},
			"two classes": {dims: map[ir.Dim]int{"C": 2}},
			"long rows":   {change: spreadNorms},
		} {
			if is == "one class" && h.loss == "adacos" {
				continue // its scale needs two
			}
			c.loss, c.sets, c.reduction = h.loss, h.settings[0], "sum"
			t.Run(is+": "+h.loss, func(t *testing.T) { prove(t, c) })
		}
	}
}
