package opt_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"losscc/ir"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

var update = flag.Bool("update", false, "write what the rules make again")

// rulesDir holds the cases of rules.
var rulesDir = filepath.Join("..", "..", "testdata", "rules")

const arrow = "=>\n"

// archive is a file of cases: a name, a function, and after an arrow another.
type archive struct {
	name string
	txtar.Archive
}

func archives(t *testing.T, but ...string) []archive {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(rulesDir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", rulesDir, err)
	}
	var all []archive
	for _, file := range files {
		name, isArchive := strings.CutSuffix(filepath.Base(file), ".txtar")
		if !isArchive {
			t.Errorf("%s is no file of cases", file)
			continue
		}
		if !strings.Contains(strings.Join(but, " "), name) {
			all = append(all, read(t, name))
		}
	}
	return all
}

func read(t *testing.T, name string) archive {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join(rulesDir, name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) == 0 {
		t.Fatalf("%s has no cases", name)
	}
	return archive{name, *a}
}

func (a *archive) write(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(rulesDir, a.name+".txtar"), txtar.Format(&a.Archive), 0o666); err != nil {
		t.Fatal(err)
	}
}

func parsed(t *testing.T, text string) *ir.Func {
	t.Helper()
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return f
}

// evil are the numbers for which careless identities fail.
var evil = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, 3, -2.5, math.NaN(), math.Inf(1), math.Inf(-1),
	5e-324, -5e-324, 0x1p-1023, 0x1p-1022, math.MaxFloat64, -math.MaxFloat64, 1e-200, 1e200, 0.1, 1 << 53,
}

// draw is inputs of f at small extents, 0 among them: floats of evil and others,
// ints that are places of every extent.
func draw(rng *rand.Rand, f *ir.Func) map[string]*tensor.Tensor {
	extents, least, places := map[ir.Dim]int{}, 3, false
	for _, p := range f.Params {
		places = places || p.Type.Elem == ir.Int
		for _, d := range p.Type.Shape {
			for _, s := range d.Factors() {
				if n, ok := s.Size(); ok {
					extents[s] = n
				} else if _, have := extents[s]; !have {
					extents[s] = rng.IntN(4)
				}
			}
		}
	}
	for d, n := range extents {
		if _, number := d.Size(); !number && places {
			extents[d] = max(n, 1)
			least = min(least, extents[d])
		}
	}
	in := map[string]*tensor.Tensor{}
	for _, p := range f.Params {
		shape := make([]int, len(p.Type.Shape))
		for i, d := range p.Type.Shape {
			shape[i] = 1
			for _, s := range d.Factors() {
				shape[i] *= extents[s]
			}
		}
		in[p.Name] = elements(rng, p.Type.Elem, shape, least)
	}
	return in
}

func elements(rng *rand.Rand, elem ir.Elem, shape []int, places int) *tensor.Tensor {
	switch elem {
	case ir.Int:
		x := tensor.New(tensor.Int, shape...)
		for i := range x.I {
			x.I[i] = rng.Int64N(int64(places))
		}
		return x
	case ir.Bool:
		x := tensor.New(tensor.Bool, shape...)
		for i := range x.B {
			x.B[i] = rng.IntN(2) == 0
		}
		return x
	}
	x := tensor.New(tensor.Float, shape...)
	for i := range x.F {
		switch rng.IntN(3) {
		case 0:
			x.F[i] = rng.NormFloat64()
		case 1:
			x.F[i] = math.Float64frombits(rng.Uint64())
		default:
			x.F[i] = evil[rng.IntN(len(evil))]
		}
	}
	return x
}

// difference evaluates two functions and says where a result differs, bit for
// bit; one NaN is like another.
func difference(f, g *ir.Func, in map[string]*tensor.Tensor) (string, error) {
	want, err := irval.Eval(f, in)
	if err != nil {
		return "", fmt.Errorf("%w in\n%s", err, f)
	}
	got, err := irval.Eval(g, in)
	if err != nil {
		return "", fmt.Errorf("%w in\n%s", err, g)
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d results, not %d", len(got), len(want)), nil
	}
	for name, x := range want {
		y := got[name]
		if y == nil || x.String() != y.String() {
			return fmt.Sprintf("%s is %v, not %v", name, y, x), nil
		}
		for i := range x.F {
			if math.Float64bits(x.F[i]) != math.Float64bits(y.F[i]) && !(math.IsNaN(x.F[i]) && math.IsNaN(y.F[i])) {
				return fmt.Sprintf("%s[%d] is %v, not %v", name, i, y.F[i], x.F[i]), nil
			}
		}
		for i := range x.I {
			if x.I[i] != y.I[i] {
				return fmt.Sprintf("%s[%d] is %d, not %d", name, i, y.I[i], x.I[i]), nil
			}
		}
		for i := range x.B {
			if x.B[i] != y.B[i] {
				return fmt.Sprintf("%s[%d] is %v, not %v", name, i, y.B[i], x.B[i]), nil
			}
		}
	}
	return "", nil
}

// differs looks for inputs for which two functions differ.
func differs(t *testing.T, f, g *ir.Func, draws int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for range draws {
		in := draw(rng, f)
		d, err := difference(f, g, in)
		if err != nil {
			t.Fatal(err)
		}
		if d != "" {
			for name, x := range in {
				d += fmt.Sprintf("\n%s %v %v %v %v", name, x.Shape, x.F, x.I, x.B)
			}
			return d
		}
	}
	return ""
}
