package grad_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/grad"
	"losscc/verify"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

type tensors = map[string]*tensor.Tensor

// parsed is the function of a text.
func parsed(t *testing.T, text string) *ir.Func {
	t.Helper()
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return f
}

// source is the text of a function @f of a body, of which the last line is the
// result; functions that it calls stand before a blank line.
func source(params, body, result string) string {
	before, lines, found := strings.Cut(body, "\n\n")
	if !found {
		before, lines = "", body
	}
	all := strings.Split(strings.TrimSpace(lines), "\n")
	last, _, _ := strings.Cut(strings.TrimSpace(all[len(all)-1]), ":")
	return fmt.Sprintf("%s\nfunc @f(%s) {\n%s\nreturn %s=%s\n}", before, params, lines, result, last)
}

// gradients is f with the gradient of its loss by the named parameters.
func gradients(t *testing.T, f *ir.Func, sem grad.Semantics, wrt ...string) *ir.Func {
	t.Helper()
	g, err := grad.Of(f, "loss", wrt, sem)
	if err != nil {
		t.Fatalf("%v in\n%s", err, f)
	}
	if err := ir.Check(g); err != nil {
		t.Fatalf("%v in\n%s", err, g)
	}
	for _, name := range wrt {
		if got, want := g.Result("grad_"+name).Type, f.Param(name).Type; !got.Equal(want) {
			t.Fatalf("grad_%s is %v, want %v, in\n%s", name, got, want, g)
		}
	}
	return g
}

// floats are the names of f's float parameters but one.
func floats(f *ir.Func, but string) []string {
	var names []string
	for _, p := range f.Params {
		if p.Type.Elem == ir.Float && p.Name != but {
			names = append(names, p.Name)
		}
	}
	return names
}

func evaluated(t *testing.T, f *ir.Func, in tensors) tensors {
	t.Helper()
	out, err := irval.Eval(f, in)
	if err != nil {
		t.Fatalf("%v in\n%s", err, f)
	}
	return out
}

// numeric is the derivative of f's loss by one input, element by element.
func numeric(t *testing.T, f *ir.Func, in tensors, name string) []float64 {
	t.Helper()
	moved := tensors{}
	for k, x := range in {
		moved[k] = x
	}
	x := in[name].Clone()
	moved[name] = x
	slopes := make([]float64, len(x.F))
	for i, at := range in[name].F {
		slopes[i] = slope(func(d float64) float64 {
			x.F[i] = at + d
			return total(evaluated(t, f, moved)["loss"])
		})
		x.F[i] = at
	}
	return slopes
}

func total(x *tensor.Tensor) float64 {
	s := 0.0
	for _, e := range x.F {
		s += e
	}
	return s
}

// slope is f′(0) by the stencil of five points, at the step of those tried
// where it differs least from its value at the step before.
func slope(f func(d float64) float64) float64 {
	best, last, least := math.NaN(), math.NaN(), math.Inf(1)
	for _, h := range []float64{4e-3, 1e-3, 2.5e-4, 6e-5} {
		d := (8*(f(h)-f(-h)) - (f(2*h) - f(-2*h))) / (12 * h)
		if apart := math.Abs(d - last); apart < least {
			best, least = d, apart
		}
		last = d
	}
	return best
}

// agree compares the gradients that g gives with the slopes of f.
func agree(t *testing.T, f, g *ir.Func, in tensors, wrt []string) {
	t.Helper()
	tolerance, err := verify.ToleranceOf("gradient")
	if err != nil {
		t.Fatal(err)
	}
	out := evaluated(t, g, in)
	for _, name := range wrt {
		got, want := out["grad_"+name], numeric(t, f, in, name)
		if len(got.F) != len(want) {
			t.Fatalf("grad_%s has %d elements, want %d", name, len(got.F), len(want))
		}
		size := 1.0 // an element is compared as if one were at least 1
		for _, s := range want {
			size = max(size, math.Abs(s))
		}
		for i := range want {
			if apart := math.Abs(got.F[i] - want[i]); !(apart <= tolerance*size) {
				t.Fatalf("grad_%s[%d] is %v, the slope %v, in\n%s\nfor %s", name, i, got.F[i], want[i], g, spelled(in))
			}
		}
	}
}

// drawn reads inputs spelled as "x [3,4] 0.2..5; y [3] 2 0 2": a shape, and
// elements or the interval in which they are drawn.
func drawn(t *testing.T, rng *rand.Rand, f *ir.Func, text string) tensors {
	t.Helper()
	in := tensors{}
	for _, part := range strings.Split(text, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		p := f.Param(words[0])
		if p == nil || len(words) < 2 {
			t.Fatalf("%q is no input of\n%s", part, f)
		}
		in[p.Name] = elements(t, rng, p.Type.Elem, words[1], words[2:])
	}
	return in
}

func elements(t *testing.T, rng *rand.Rand, elem ir.Elem, shape string, words []string) *tensor.Tensor {
	t.Helper()
	var extents []int
	for _, n := range strings.FieldsFunc(shape, func(r rune) bool { return strings.ContainsRune("[],", r) }) {
		k, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		extents = append(extents, k)
	}
	x := tensor.New(map[ir.Elem]tensor.Kind{ir.Float: tensor.Float, ir.Int: tensor.Int, ir.Bool: tensor.Bool}[elem], extents...)
	if len(words) == 1 {
		if lo, hi, ok := strings.Cut(words[0], ".."); ok {
			a, b := number(t, lo), number(t, hi)
			for i := range x.F {
				x.F[i] = a + (b-a)*rng.Float64()
			}
			return x
		}
	}
	if len(words) != x.Len() {
		t.Fatalf("%d elements of %s", len(words), shape)
	}
	for i, w := range words {
		switch x.Kind {
		case tensor.Float:
			x.F[i] = number(t, w)
		case tensor.Int:
			x.I[i] = int64(number(t, w))
		case tensor.Bool:
			x.B[i] = w == "T"
		}
	}
	return x
}

func number(t *testing.T, w string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(w, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func spelled(in tensors) string {
	var s strings.Builder
	for name, x := range in {
		fmt.Fprintf(&s, "%s %s %v %v %v\n", name, tensor.ShapeString(x.Shape), x.F, x.I, x.B)
	}
	return s.String()
}

// spell is the elements of a tensor; −0 counts as 0, for a gradient of 0.
func spell(x *tensor.Tensor) string {
	words := make([]string, len(x.F))
	for i, e := range x.F {
		words[i] = strconv.FormatFloat(e+0, 'g', 12, 64)
	}
	return strings.Join(words, " ")
}
