package onnxexport_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/irtest"
	"losscc/ir/opt"
	"losscc/onnxexport"
	"losscc/verify"
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
	g, err := opt.Run(f, []opt.Pass{opt.InlineCalls})
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

// ONNX Runtime loads the file of a random function and gives the same.
func TestOnnxRuntimeRunsRandomFunctions(t *testing.T) {
	session := runtimetest.Need(t, "onnxruntime")
	near := tolerance(t, "runtime")
	for seed := range uint64(40) {
		f := random(t, seed)
		o := onnxexport.Options{Float: onnxexport.F64, Opset: []int{16, 17, 18, 21}[seed%4]}
		if seed%3 == 0 {
			f, o.Form = flat(t, f), onnxexport.Flat
		}
		in := irtest.Inputs(rand.New(rand.NewPCG(seed, 31)), f)
		got, err := session.Run(context.Background(), file(t, f, o), in)
		if err != nil {
			t.Errorf("seed %d: %v in\n%s", seed, err, f)
			continue
		}
		if d := apart(got, evaluated(t, f, in), near, 1); d != "" {
			t.Errorf("seed %d: %s in\n%s\nfor %s", seed, d, f, spelled(in))
		}
	}
}

// ONNX Runtime gives for each op what the language gives, in float64 and
// float32, on finite inputs.
func TestOnnxRuntimeRunsEveryOp(t *testing.T) {
	session := runtimetest.Need(t, "onnxruntime")
	bounds := map[onnxexport.DType]float64{onnxexport.F64: tolerance(t, "runtime"), onnxexport.F32: tolerance(t, "single")}
	for _, op := range ir.Ops {
		for i, c := range lowered[op] {
			if testing.Short() && i > 0 {
				continue
			}
			f := parsed(t, source(c.params, c.body))
			if c.in == anywhere {
				c.in = domain{0.25, 2}
			}
			if strings.Contains(c.fact, "huge") || strings.Contains(c.fact, "tiny") {
				c.in = domain{0.25, 2}
			}
			for d, near := range bounds {
				t.Run(fmt.Sprintf("%s/%s/%d", op.Name, c.fact, d), func(t *testing.T) {
					data, rng := file(t, f, onnxexport.Options{Float: d}), rand.New(rand.NewPCG(7, 7))
					in := drawn(rng, f, c.in)
					for in == nil || smallest(in) == 0 {
						in = drawn(rng, f, c.in)
					}
					got, err := session.Run(context.Background(), data, in)
					if err != nil {
						t.Fatalf("%v in\n%s\nfor %s", err, f, spelled(in))
					}
					if diff := apart(got, evaluated(t, f, in), near, 1); diff != "" {
						t.Errorf("%s in\n%s\nfor %s", diff, f, spelled(in))
					}
				})
			}
		}
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
