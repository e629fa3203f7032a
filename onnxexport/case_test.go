package onnxexport_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/onnxexport"
	"losscc/verify/irval"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

type tensors = map[string]*tensor.Tensor

func parsed(t *testing.T, text string) *ir.Func {
	t.Helper()
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return f
}

// source is the text of a function @f of a body, of which the last line is the
// result r; functions that it calls stand before a blank line.
func source(params, body string) string {
	before, lines, found := strings.Cut(body, "\n\n")
	if !found {
		before, lines = "", body
	}
	all := strings.Split(strings.TrimSpace(lines), "\n")
	last, _, _ := strings.Cut(strings.TrimSpace(all[len(all)-1]), ":")
	return fmt.Sprintf("%s\nfunc @f(%s) {\n%s\nreturn r=%s\n}", before, params, lines, last)
}

// file is the bytes of f.
func file(t *testing.T, f *ir.Func, o onnxexport.Options) []byte {
	t.Helper()
	data, err := onnxexport.Bytes(f, o)
	if err != nil {
		t.Fatalf("%v in\n%s", err, f)
	}
	return data
}

// loaded is the file of f, read by the judge's evaluator.
func loaded(t *testing.T, f *ir.Func, o onnxexport.Options) *onnxval.Model {
	t.Helper()
	m, err := onnxval.Load(file(t, f, o))
	if err != nil {
		t.Fatalf("%+v: %v in\n%s", o, err, f)
	}
	return m
}

// evil are the numbers for which careless lowerings fail.
var evil = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, 3, -2.5, 2, math.NaN(), math.Inf(1), math.Inf(-1),
	5e-324, 0x1p-1022, 1e-200, 1e200, -1e200, math.MaxFloat64, 40, -40, 800, -800,
}

// domain is the interval from which floats are drawn; the empty one stands for
// evil numbers and any others.
type domain struct{ lo, hi float64 }

var anywhere = domain{}

func (d domain) float(rng *rand.Rand) float64 {
	switch {
	case d != anywhere:
		return d.lo + (d.hi-d.lo)*rng.Float64()
	case rng.IntN(2) == 0:
		return 2 * rng.NormFloat64()
	}
	return evil[rng.IntN(len(evil))]
}

// drawn are inputs of f at extents from 0 to 3: floats of a domain, ints that
// are places of every extent.
func drawn(rng *rand.Rand, f *ir.Func, d domain) tensors {
	extents, least := map[ir.Dim]int{}, 3
	for _, p := range f.Params {
		for _, x := range p.Type.Shape {
			for _, s := range x.Factors() {
				if n, number := s.Size(); number {
					extents[s] = n
				} else if _, have := extents[s]; !have {
					extents[s] = rng.IntN(4)
					least = min(least, extents[s])
				}
			}
		}
	}
	in := tensors{}
	for _, p := range f.Params {
		shape := make([]int, len(p.Type.Shape))
		for i, x := range p.Type.Shape {
			shape[i] = 1
			for _, s := range x.Factors() {
				shape[i] *= extents[s]
			}
		}
		x := tensor.New(kinds[p.Type.Elem], shape...)
		for i := range x.F {
			x.F[i] = d.float(rng)
		}
		for i := range x.I {
			x.I[i] = rng.Int64N(int64(max(least, 1)))
		}
		for i := range x.B {
			x.B[i] = rng.IntN(2) == 0
		}
		in[p.Name] = x
	}
	return in
}

var kinds = map[ir.Elem]tensor.Kind{ir.Float: tensor.Float, ir.Int: tensor.Int, ir.Bool: tensor.Bool}

// apart says where two sets of results differ by more than a tolerance,
// relative to the element or, where it is less than floor, to floor.
func apart(got, want tensors, tolerance, floor float64) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d results, want %d", len(got), len(want))
	}
	for name, x := range want {
		y := got[name]
		if y == nil || y.String() != x.String() {
			return fmt.Sprintf("%s is %v, want %v", name, y, x)
		}
		for i, a := range x.F {
			b := y.F[i]
			near := a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tolerance*max(math.Abs(a), floor)
			if !near || math.IsInf(a, 0) && a != b {
				return fmt.Sprintf("%s[%d] is %v, want %v", name, i, b, a)
			}
		}
		for i := range x.I {
			if x.I[i] != y.I[i] {
				return fmt.Sprintf("%s[%d] is %d, want %d", name, i, y.I[i], x.I[i])
			}
		}
		for i := range x.B {
			if x.B[i] != y.B[i] {
				return fmt.Sprintf("%s[%d] is %v, want %v", name, i, y.B[i], x.B[i])
			}
		}
	}
	return ""
}

func spelled(in tensors) string {
	var s strings.Builder
	for name, x := range in {
		fmt.Fprintf(&s, "%s %v %v %v %v\n", name, x.Shape, x.F, x.I, x.B)
	}
	return s.String()
}

// called is a function that does nothing but call f, so that f becomes the body
// of an op.
func called(t *testing.T, f *ir.Func) *ir.Func {
	t.Helper()
	b := ir.NewBuilder("caller")
	b.Reserve(f)
	args := make([]*ir.Value, len(f.Params))
	for i, p := range f.Params {
		args[i] = b.Param(p.Name, p.Type, "")
	}
	for i, r := range f.Results {
		b.Result(r.Name, b.CallOut(f, i, nil, args...))
	}
	g, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func evaluated(t *testing.T, f *ir.Func, in tensors) tensors {
	t.Helper()
	out, err := irval.Eval(f, in)
	if err != nil {
		t.Fatalf("%v in\n%s", err, f)
	}
	return out
}
