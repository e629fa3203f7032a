package onnxval

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"losscc/verify/tensor"
)

// draw makes inputs for a model: extents from 0 to 3, the same for the same
// symbol, and numbers of which many are awkward.
func draw(m *Model, r *rand.Rand) map[string]*tensor.Tensor {
	symbols := map[string]int{}
	in := map[string]*tensor.Tensor{}
	for _, p := range m.Inputs() {
		dims := p.Dims
		if !p.Ranked {
			dims = []string{"?", "?", "?"}[:r.IntN(4)]
		}
		shape := []int{}
		for _, d := range dims {
			n, err := strconv.Atoi(d)
			if err != nil {
				if _, ok := symbols[d]; !ok || d == "?" {
					symbols[d] = r.IntN(4)
				}
				n = symbols[d]
			}
			shape = append(shape, n)
		}
		if n, err := checkExtents(wide(shape)); err != nil || n > 1000 {
			return nil
		}
		t := tensor.New(p.Elem.Kind(), shape...)
		floats := []float64{0, 1, -1, 0.5, 1e300, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1)}
		ints := []int64{0, 1, -1, 2, 3, -5, math.MaxInt32, math.MinInt32}
		for i := range t.F {
			t.F[i] = floats[r.IntN(len(floats))]
		}
		for i := range t.I {
			t.I[i] = ints[r.IntN(len(ints))]
		}
		for i := range t.B {
			t.B[i] = r.IntN(2) == 0
		}
		in[p.Name] = t
	}
	return in
}

// No file and no input may make the package fail where it should not, and what
// comes back is well formed.
func FuzzLoadRun(f *testing.F) {
	for _, text := range []string{head, twice, "in x f32[N]\nout y f32[N]\ny = Neg(x)"} {
		f.Add(bytesOf(f, file(text)), uint64(1))
	}
	for _, cases := range opCases {
		for i, oc := range cases {
			text, _ := oc.file(i%2 == 0)
			f.Add(bytesOf(f, file(text)), uint64(i))
		}
	}
	limits := Limits{Nodes: 1000, Elements: 1 << 16, Work: 1 << 22}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		m, err := LoadWithin(data, limits)
		var e *Error
		var d defect
		if err != nil {
			if !errors.As(err, &e) || errors.As(err, &d) {
				t.Fatalf("%#v", err)
			}
			return
		}
		in := draw(m, rand.New(rand.NewPCG(seed, 0)))
		if in == nil {
			return
		}
		out, err := m.Run(in)
		if err != nil {
			if !errors.As(err, &e) || errors.As(err, &d) {
				t.Fatalf("%#v", err)
			}
			return
		}
		for _, p := range m.Outputs() {
			o := out[p.Name]
			if o == nil || o.Kind != p.Elem.Kind() || len(o.F)+len(o.I)+len(o.B) != o.Len() {
				t.Fatalf("output %s is %v, want %s", p.Name, o, p)
			}
		}
		if _, err := m.Run(in, Rounded); errors.As(err, &d) {
			t.Fatal(err)
		}
	})
}

// Every operator meets inputs of random ranks, extents and elements, and random
// integers for its attributes: it computes, or says what is wrong.
func TestNoInputMakesAKernelFailWhereItShouldNot(t *testing.T) {
	computed, refused := 0, 0
	r := rand.New(rand.NewPCG(1, 2))
	for _, cases := range opCases {
		for _, oc := range cases {
			text, _ := oc.file(false)
			m := file(text)
			for range 60 {
				for _, a := range m.Graph.Node[0].Attribute {
					if a.I != nil && a.GetName() != "to" {
						*a.I = int64(r.IntN(6) - 3)
					}
				}
				loaded, err := LoadWithin(bytesOf(t, m), Limits{Elements: 1 << 12})
				if err != nil {
					continue // a case of a bad file
				}
				_, err = loaded.Run(draw(loaded, r))
				var d defect
				if errors.As(err, &d) {
					t.Fatalf("%s: %v", text, err)
				}
				if err == nil {
					computed++
				} else {
					refused++
				}
			}
		}
	}
	if computed < 3000 || refused < 3000 {
		t.Errorf("%d were computed and %d refused: too few to show anything", computed, refused)
	}
}
