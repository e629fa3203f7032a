package onnxexport_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/irtest"
	"losscc/ir/opt"
	"losscc/onnxexport"
	"losscc/verify"
	"losscc/verify/runtime"
	"losscc/verify/runtime/runtimetest"
)

// random is a random function that can be written with its functions: those of
// which a body asks for a shape are put into the graph.
func random(t *testing.T, seed uint64) *ir.Func {
	t.Helper()
	f := irtest.RandomFunc(rand.New(rand.NewPCG(seed, 30)))
	if _, err := onnxexport.Model(f, onnxexport.Options{}); err == nil {
		return f
	} else if !strings.Contains(err.Error(), "the body of a function cannot") {
		t.Fatalf("seed %d: %v in\n%s", seed, err, f)
	}
	return flat(t, f)
}

func flat(t *testing.T, f *ir.Func) *ir.Func {
	t.Helper()
	return passed(t, f, []opt.Pass{opt.InlineCalls})
}

func passed(t *testing.T, f *ir.Func, passes []opt.Pass) *ir.Func {
	t.Helper()
	g, err := opt.Run(f, passes)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func tolerance(t *testing.T, name string) float64 {
	t.Helper()
	x, err := verify.ToleranceOf(name)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// The file of a random function gives what the function gives.
func TestFilesOfRandomFunctions(t *testing.T) {
	near, with := tolerance(t, "value"), 0
	for seed := range uint64(150) {
		f := random(t, seed)
		if len(f.Callees()) > 0 {
			with++
		}
		rng := rand.New(rand.NewPCG(seed, 31))
		in := irtest.Inputs(rng, f)
		want := evaluated(t, f, in)
		for i, opset := range []int{16, 17, 18, 21} {
			g, o := f, onnxexport.Options{Float: onnxexport.F64, Opset: opset}
			if (uint64(i)+seed)%2 == 0 {
				g, o.Form = flat(t, f), onnxexport.Flat
			}
			got, err := loaded(t, g, o).Run(in)
			if err != nil {
				t.Fatalf("seed %d, opset %d: %v in\n%s\nfor %s", seed, opset, err, g, spelled(in))
			}
			if d := apart(got, want, near, 1); d != "" {
				t.Fatalf("seed %d, opset %d: %s in\n%s\nfor %s", seed, opset, d, g, spelled(in))
			}
		}
	}
	if with < 40 {
		t.Errorf("only %d functions call others", with)
	}
}

// runtimes are the releases of ONNX Runtime, the opsets that they read, and
// what they have no kernel for.
var runtimes = []struct {
	name   string
	opsets []int
	lacks  []string
}{
	{"onnxruntime", []int{16, 17, 18, 21}, nil},
	{"onnxruntime-old", []int{16, 17, 18}, []string{
		"Could not find an implementation for Arg", // ArgMax and ArgMin of ints
		// It names what it inlines after the address of the call, and a call in
		// a body may get the address of the one before. No loss has such calls:
		// TestNoFunctionOfALossCallsAnother.
		"two nodes with same node name",
	}},
}

// ONNX Runtime loads the file of a random function after the passes, without
// which 1.15 trips over an attribute that its body does not read, and gives the
// same.
func TestOnnxRuntimeRunsRandomFunctions(t *testing.T) {
	near := tolerance(t, "runtime")
	for _, r := range runtimes {
		t.Run(r.name, func(t *testing.T) {
			session := runtimetest.Need(t, r.name)
			for seed := range uint64(40) {
				f := passed(t, random(t, seed), opt.Standard)
				o := onnxexport.Options{Float: onnxexport.F64, Opset: r.opsets[seed%uint64(len(r.opsets))]}
				if seed%5 == 0 {
					f, o.Form = passed(t, f, opt.Flat), onnxexport.Flat
				}
				agrees(t, session, f, o, irtest.Inputs(rand.New(rand.NewPCG(seed, 31)), f), near, r.lacks)
			}
		})
	}
}

// agrees compares what a runtime makes of the file of f with f.
func agrees(t *testing.T, session *runtime.Session, f *ir.Func, o onnxexport.Options, in tensors, near float64, lacks []string) {
	t.Helper()
	got, err := session.Run(context.Background(), file(t, f, o), in)
	if err != nil {
		if !slices.ContainsFunc(lacks, func(s string) bool { return strings.Contains(err.Error(), s) }) {
			t.Errorf("%v in\n%s\nfor %s", err, f, spelled(in))
		}
		return
	}
	if d := apart(got, evaluated(t, f, in), near, 1); d != "" {
		t.Errorf("%s in\n%s\nfor %s", d, f, spelled(in))
	}
}

// ONNX Runtime gives for each op what the language gives, in float64 and
// float32, on inputs that are no kink of it.
func TestOnnxRuntimeRunsEveryOp(t *testing.T) {
	bounds := map[onnxexport.DType]float64{onnxexport.F64: tolerance(t, "runtime"), onnxexport.F32: tolerance(t, "single")}
	for _, r := range runtimes {
		t.Run(r.name, func(t *testing.T) {
			session := runtimetest.Need(t, r.name)
			for _, op := range ir.Ops {
				for _, c := range lowered[op] {
					f, usual := parsed(t, source(c.params, c.body)), domain{0.25, 2}
					if c.in.lo > -5 && c.in.hi < 5 && c.in != anywhere {
						usual = c.in
					}
					rng := rand.New(rand.NewPCG(7, 7))
					in := drawn(rng, f, usual)
					for smallest(in) == 0 {
						in = drawn(rng, f, usual)
					}
					for d, near := range bounds {
						t.Run(fmt.Sprintf("%s/%s/%d", op.Name, c.fact, d), func(t *testing.T) {
							agrees(t, session, f, onnxexport.Options{Float: d}, in, near, r.lacks)
						})
					}
				}
			}
		})
	}
}

// smallest is how many elements the smallest input has.
func smallest(in tensors) int {
	least := 1 << 30
	for _, x := range in {
		least = min(least, x.Len())
	}
	return least
}
