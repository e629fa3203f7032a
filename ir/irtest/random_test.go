package irtest

import (
	"math"
	"math/rand/v2"
	"testing"

	"losscc/ir"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

const draws = 300

func TestEveryValueIsDefinedAndFinite(t *testing.T) {
	for seed := range uint64(draws) {
		for name, make := range map[string]func(*rand.Rand) *ir.Func{"RandomFunc": RandomFunc, "SmoothFunc": SmoothFunc} {
			rng := rand.New(rand.NewPCG(seed, 0))
			f := make(rng)
			if err := ir.Check(f); err != nil {
				t.Fatalf("%s, seed %d: %v\n%s", name, seed, err, f)
			}
			for range 3 {
				all, err := irval.EvalAll(f, Inputs(rng, f))
				if err != nil {
					t.Fatalf("%s, seed %d: %v\n%s", name, seed, err, f)
				}
				for v, x := range all {
					if !finite(x) {
						t.Fatalf("%s, seed %d: value %s is %v in\n%s", name, seed, f.Names()[v], x.F, f)
					}
				}
			}
		}
	}
}

func finite(x *tensor.Tensor) bool {
	for _, e := range x.F {
		if math.IsNaN(e) || math.Abs(e) > 2*limit {
			return false
		}
	}
	return true
}

// The functions are of use only if they reach the whole language.
func TestRandomFunctionsUseEveryOp(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(*rand.Rand) *ir.Func
		not  []*ir.Op
	}{
		{"RandomFunc", RandomFunc, nil},
		{"SmoothFunc", SmoothFunc, []*ir.Op{ir.OpAbs, ir.OpFloor, ir.OpLess, ir.OpLessEqual, ir.OpEqual, ir.OpAnd, ir.OpOr,
			ir.OpNot, ir.OpSelect, ir.OpToInt, ir.OpStop, ir.OpThrough, ir.OpReduceMax, ir.OpReduceMin, ir.OpArgMax, ir.OpArgMin, ir.OpArgTop, ir.OpNonZero}},
	} {
		count := map[*ir.Op]int{}
		for seed := range uint64(draws) {
			f := c.make(rand.New(rand.NewPCG(seed, 1)))
			for _, g := range append(f.Callees(), f) {
				for _, v := range g.Values {
					count[v.Op]++
				}
			}
		}
		for _, op := range c.not {
			if count[op] > 0 {
				t.Errorf("%s has %s", c.name, op)
			}
			count[op] = draws
		}
		for _, op := range ir.Ops {
			if count[op] < draws/20 {
				t.Errorf("%d functions of %s have %s only %d times", draws, c.name, op, count[op])
			}
		}
	}
}

func TestTheSameSeedMakesTheSameFunctionAndInputs(t *testing.T) {
	for seed := range uint64(20) {
		a, b := rand.New(rand.NewPCG(seed, 2)), rand.New(rand.NewPCG(seed, 2))
		f, g := RandomFunc(a), RandomFunc(b)
		if f.String() != g.String() {
			t.Fatalf("seed %d:\n%s\n%s", seed, f, g)
		}
		x, y := Inputs(a, f), Inputs(b, g)
		for name := range x {
			if x[name].String() != y[name].String() {
				t.Fatalf("seed %d: %s is %v and %v", seed, name, x[name], y[name])
			}
		}
	}
}

// A function that is smooth has slopes from both sides that agree.
func TestSmoothFunctionsHaveADerivative(t *testing.T) {
	for seed := range uint64(draws) {
		rng := rand.New(rand.NewPCG(seed, 3))
		f := SmoothFunc(rng)
		in := SmoothInputs(rng, f)
		at := func(shift float64) float64 {
			moved := map[string]*tensor.Tensor{}
			for name, x := range in {
				moved[name] = x.Clone()
				for i := range moved[name].F {
					moved[name].F[i] += shift
				}
			}
			out, err := irval.Eval(f, moved)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			return out["loss"].F[0]
		}
		const h = 1e-6
		left, right := (at(0)-at(-h))/h, (at(h)-at(0))/h
		if math.Abs(left-right) > 1e-2*(1+math.Abs(left)+math.Abs(right)) {
			t.Errorf("seed %d: slopes %v and %v in\n%s", seed, left, right, f)
		}
	}
}
