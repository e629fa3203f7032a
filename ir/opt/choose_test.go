package opt_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/opt"
	"losscc/verify/irval"
	"losscc/verify/tensor"
)

// chances are functions in which a choice has two ways, by its name.
var chances = map[string]string{
	"norm": `func @f(w: float[N,K]) {
  %1: float[N] = norm w {scaled=false}
  return y=%1
}
`,
	"pieces": `func @f(w: float[C,D]) {
  %1: float[C] = norm w {scaled=false}
  return y=%1
}
`,
	"slope": `func @f(x: float[N,N], z: float[N,N]) {
  %1: bool[N,N] = less_equal z, x
  %2: float[] = const {value=0.3}
  %3: float[N,N] = sub %2, x
  %4: float[] = const {value=0.0}
  %5: float[N,N] = max %3, %4
  %6: float[N,N] = float %1
  %7: float[N,N] = mul %5, %6
  %8: bool[N,N] = less x, %2
  %9: bool[N,N] = and %1, %8
  %10: float[N,N] = float %9
  return terms=%7, slope=%10
}
`,
	"hinge": `func @f(a: float[N,C], b: float[N,D]) {
  %1: float[] = const {value=0.0}
  %2: bool[N,C] = less %1, a
  %3: float[] = const {value=-inf}
  %4: float[N,C] = select %2, a, %3
  %5: float[N,C,1] = unsqueeze %4 {axis=2}
  %6: float[] = const {value=0.2}
  %7: float[N,C,1] = add %5, %6
  %8: bool[N,D] = less b, %6
  %9: float[] = const {value=inf}
  %10: float[N,D] = select %8, b, %9
  %11: float[N,1,D] = unsqueeze %10 {axis=1}
  %12: float[N,C,D] = sub %7, %11
  %13: float[N,C,D] = max %12, %1
  %14: float[N,C] = sum %13 {axis=2}
  %15: float[N] = sum %14 {axis=1}
  %16: float[] = sum %15 {axis=0}
  %17: bool[N,C,D] = less %11, %7
  %18: float[N,C,D] = float %17
  %19: float[N,C] = sum %18 {axis=2}
  %20: float[N,D] = sum %18 {axis=1}
  return loss=%16, for_a=%19, for_b=%20
}
`,
	"zeros": `func @f(x: float[N,C], z: float[N,C]) {
  %1: bool[N,C] = less x, z
  %2: float[N,C] = float %1
  %3: float[N] = sum %2 {axis=1}
  %4: float[N,1] = unsqueeze %3 {axis=1}
  %5: float[] = const {value=1.0}
  %6: float[N,1] = max %4, %5
  %7: float[N,C] = div %2, %6
  %8: bool[N,C] = less z, %5
  %9: float[] = const {value=0.0}
  %10: float[N,C] = select %8, %7, %9
  return y=%10
}
`,
	"onto": `func @f(i: int[N,R], j: int[N,R], v: float[N,R], w: float[N,R], x: float[N,C]) {
  %1: float[] = const {value=0.0}
  %2: float[N,C] = expand %1 {shape=[N,C]}
  %3: float[N,C] = add_at %2, i, v
  %4: float[N,C] = add_at x, j, w
  %5: float[N,C] = add %3, %4
  %6: float[N,C] = mul %5, x
  return y=%6
}
`,
	"any": `func @f(x: float[N,N]) {
  %1: bool[N,N] = less x, x
  %2: float[N,N] = transpose x
  %3: bool[N,N] = less x, %2
  %4: bool[N,N] = or %1, %3
  %5: int[N,N] = to_int %4
  %6: int[N] = reduce_max %5 {axis=1}
  %7: int[] = int {value=0}
  %8: bool[N] = less %7, %6
  return y=%8
}
`,
	"compared": `func @f(x: float[N,N], y: float[N,N], l: int[N]) {
  %1: int[N,1] = unsqueeze l {axis=1}
  %2: int[1,N] = unsqueeze l {axis=0}
  %3: bool[N,N] = equal %1, %2
  %4: float[] = const {value=0.0}
  %5: float[N,N] = max x, %4
  %6: float[] = const {value=inf}
  %7: float[N,N] = select %3, %6, %5
  %8: float[N,1,N] = unsqueeze %7 {axis=1}
  %9: float[N,N,1] = unsqueeze y {axis=2}
  %10: bool[N,N,N] = less %8, %9
  %11: bool[N,N,N] = less_equal %8, %9
  %12: float[N,N,1] = neg %9
  %13: bool[N,N,N] = less %12, %8
  %14: bool[N,N,N] = and %13, %11
  return y=%10, z=%14
}
`,
	"mask": `func @f(x: float[N,N], y: float[N,N]) {
  %1: bool[N,N] = less x, y
  %2: float[] = const {value=-inf}
  %3: float[N,N] = select %1, x, %2
  %4: float[] = const {value=inf}
  %5: float[N,N] = select %1, y, %4
  %6: int[N] = argmax %3 {axis=1}
  %7: int[N] = argmin %5 {axis=1}
  %8: float[N] = pick x, %6 {axis=1}
  %9: float[N] = pick y, %7 {axis=1}
  %10: float[N,N] = select %1, %4, x
  %11: int[N] = argmin %10 {axis=1}
  %12: float[N] = pick x, %11 {axis=1}
  return far=%8, near=%9, other=%12
}
`,
	"far": `func @f(x: float[N,C], y: float[N,C]) {
  %1: bool[N,C] = less x, y
  %2: bool[N,C] = not %1
  %3: float[N,C] = float %2
  %4: float[N,C] = float %1
  %5: float[N,C] = div %3, %4
  %6: float[N,C] = add x, %5
  %7: int[N] = argmin %6 {axis=1}
  return y=%7
}
`,
	"rows": `func @f(x: float[N,D], y: int[N]) {
  %1: int[] = int {value=0}
  %2: bool[N] = less %1, y
  %3: bool[N,1] = unsqueeze %2 {axis=1}
  %4: float[] = const {value=0.0}
  %5: float[N,D] = select %3, x, %4
  %6: int[N] = iota {dim=N}
  return y=%5, places=%6
}
`,
	"extreme": `func @f(x: float[N,C], y: float[N,C]) {
  %1: int[N] = argmax x {axis=1}
  %2: float[N] = pick x, %1 {axis=1}
  %3: int[N] = argmin y {axis=1}
  %4: float[N] = pick y, %3 {axis=1}
  return far=%2, near=%4
}
`,
	"small-first": `func @f(x: float[N,C], r: float[N]) {
  %1: float[N,1] = unsqueeze r {axis=1}
  %2: float[N,C] = mul x, %1
  %3: float[] = const {value=0.3}
  %4: float[N,C] = mul %2, %3
  return y=%4
}
`,
	"sum-first": `func @f(x: float[N,C,D], r: float[N]) {
  %1: float[N,1] = unsqueeze r {axis=1}
  %2: float[N,1,1] = unsqueeze %1 {axis=2}
  %3: float[N,C,D] = mul %2, x
  %4: float[N,D] = sum %3 {axis=1}
  return y=%4
}
`,
	"sum-negated": `func @f(x: float[N,C]) {
  %1: float[N,C] = neg x
  %2: float[N] = sum %1 {axis=1}
  return y=%2
}
`,
	"recip": `func @f(x: float[N,C], y: float[N,C]) {
  %1: bool[N,C] = less x, y
  %2: float[N,C] = float %1
  %3: float[N,C] = mul %2, x
  %4: float[N,C] = recip %3
  return y=%4
}
`,
	"factor": `func @f(x: float[N,C], g: float[N,C], h: float[C]) {
  %1: float[1,C] = unsqueeze h {axis=0}
  %2: float[N,C] = mul x, %1
  %3: float[N,C] = mul g, x
  %4: float[C] = sum %3 {axis=0}
  %5: float[C] = mul %4, h
  return y=%5, z=%2
}
`,
	"scale": `func @f(x: float[N,D], w: float[C,D], h: float[C]) {
  %1: float[N,C] = matmul x, w {trans_a=false, trans_b=true}
  %2: float[1,C] = unsqueeze h {axis=0}
  %3: float[N,C] = mul %1, %2
  return y=%3
}
`,
	"pick": `func @f(x: float[N,C], y: int[N]) {
  %1: float[] = const {value=0.3}
  %2: float[N,C] = mul x, %1
  %3: float[N] = pick %2, y {axis=1}
  return y=%3
}
`,
	"put": `func @f(x: float[N,C], y: int[N], v: float[N]) {
  %1: float[N,C] = put x, y, v {axis=1}
  return y=%1
}
`,
	"gram": `func @f(g: float[N,N], x: float[N,D]) {
  %1: float[N,N] = transpose g
  %2: float[N,N] = add g, %1
  %3: float[N,D] = matmul %2, x {trans_a=false, trans_b=false}
  return y=%3
}
`,
	"borders": `func @f(g: float[N,N]) {
  %1: float[] = const {value=-2.0}
  %2: float[N,N] = mul g, %1
  %3: int[N] = iota {dim=N}
  %4: float[N] = pick %2, %3 {axis=1}
  %5: float[N] = sum g {axis=1}
  %6: float[N] = sum g {axis=0}
  %7: float[N] = add %6, %5
  %8: float[N] = add %4, %7
  %9: float[N,N] = put %2, %3, %8 {axis=1}
  %10: float[N,N] = transpose %9
  %11: float[N,N] = add %9, %10
  return y=%11
}
`,
	"times": `func @f(x: float[N,D], g: float[N,N]) {
  %1: float[N,N] = matmul x, x {trans_a=false, trans_b=true}
  %2: int[N] = iota {dim=N}
  %3: float[N] = pick %1, %2 {axis=1}
  %4: float[N,1] = unsqueeze %3 {axis=1}
  %5: float[] = const {value=2.0}
  %6: float[N,N] = mul %1, %5
  %7: float[N,N] = sub %4, %6
  %8: float[N,N] = mul %7, g
  %9: float[] = const {value=-0.5}
  %10: float[N,N] = mul %8, %9
  %11: float[N,D] = matmul %10, x {trans_a=false, trans_b=false}
  return y=%11
}
`,
	"add": `func @f(g: float[N,C], x: float[N,D], w: float[C,D]) {
  %1: float[C,D] = matmul g, x {trans_a=true, trans_b=false}
  %2: float[C,D] = add w, %1
  return y=%2
}
`,
}

// Every choice fits the function that shows it, once; the two ways are equal but
// for rounding.
func TestTheTwoWaysOfAChoiceAreEqual(t *testing.T) {
	if len(chances) != len(opt.Choices) {
		t.Errorf("%d functions show %d choices", len(chances), len(opt.Choices))
	}
	for _, c := range opt.Choices {
		t.Run(c.Name, func(t *testing.T) {
			if c.Says == "" || c.Written == "" || c.Other == "" || c.Written == c.Other {
				t.Errorf("%+v has no words, or the same for both ways", c)
			}
			f := parsed(t, chances[c.Name])
			places := 1
			if op := map[string]string{"mask": "= select", "extreme": "= pick", "times": "= matmul"}[c.Name]; op != "" {
				places = strings.Count(chances[c.Name], op)
			}
			before := f.String()
			written, one := chosen(t, f, c.Name, c.Written)
			other, two := chosen(t, f, c.Name, c.Other)
			if len(one) != places || len(two) != places || one[0].TookOther || !two[0].TookOther || !one[0].Forced || !two[0].Forced {
				t.Fatalf("decided %+v and %+v", one, two)
			}
			if f.String() != before {
				t.Errorf("asking changes what is asked about to\n%s", f)
			}
			if written.String() != f.String() {
				t.Errorf("the way that is written changes\n%s to\n%s", f, written)
			}
			if other.String() == f.String() {
				t.Errorf("the other way changes nothing in\n%s", f)
			}
			equalButForRounding(t, f, other)
		})
	}
}

// Of every choice both ways have been measured.
func TestEveryChoiceIsMeasured(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "bench", "choices*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no measurements: %v", err)
	}
	have := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var measured struct{ Rows []struct{ Choice string } }
		if err := json.Unmarshal(data, &measured); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, r := range measured.Rows {
			have[r.Choice] = true
		}
	}
	for _, c := range opt.Choices {
		if !have[c.Name] {
			t.Errorf("testdata/bench has no row of %s: give choices.py a loss that has it, and run it", c.Name)
		}
	}
}

// chosen is f with a way of a choice, and what was decided there. A norm stays
// one, unless it is asked about: it is of interest to two choices.
func chosen(t *testing.T, f *ir.Func, name, way string) (*ir.Func, []opt.Decision) {
	t.Helper()
	forced := map[string]string{"norm": "op"}
	forced[name] = way
	g, decisions, err := opt.Choose(f, opt.Target{Forced: forced})
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Check(g); err != nil {
		t.Fatal(err)
	}
	var those []opt.Decision
	for _, d := range decisions {
		if d.Choice.Name == name {
			those = append(those, d)
		}
	}
	return g, those
}

func equalButForRounding(t *testing.T, f, g *ir.Func) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		in := map[string]*tensor.Tensor{}
		size := map[ir.Dim]int{"N": 1 + rng.IntN(5), "C": 1 + rng.IntN(6), "D": 1 + rng.IntN(4), "K": 1 + rng.IntN(4)}
		for _, p := range f.Params {
			shape := make([]int, len(p.Type.Shape))
			for i, d := range p.Type.Shape {
				shape[i] = size[d]
			}
			if p.Type.Elem == ir.Int {
				in[p.Name] = elements(rng, ir.Int, shape, size["C"])
				continue
			}
			x := tensor.New(tensor.Float, shape...)
			for i := range x.F {
				x.F[i] = rng.NormFloat64()
			}
			in[p.Name] = x
		}
		want, err := irval.Eval(f, in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := irval.Eval(g, in)
		if err != nil {
			t.Fatal(err)
		}
		for name, w := range want {
			for i := range w.F {
				if math.Abs(w.F[i]-got[name].F[i]) > 1e-14*(1+math.Abs(w.F[i])) {
					t.Fatalf("%s[%d] is %v one way and %v the other, in\n%s", name, i, w.F[i], got[name].F[i], g)
				}
			}
			for i := range w.B {
				if w.B[i] != got[name].B[i] {
					t.Fatalf("%s[%d] is %v one way, in\n%s", name, i, w.B[i], g)
				}
			}
		}
	}
}

// Left to itself a choice goes by cost, and says what it weighed: over a
// hundred thousand classes nobody scales the weight to spare a pass over rows.
func TestAChoiceGoesByCost(t *testing.T) {
	f := parsed(t, chances["scale"])
	_, made, err := opt.Choose(f, opt.Target{})
	if err != nil {
		t.Fatal(err)
	}
	d := made[0]
	if d.TookOther || d.Forced || d.Weight() <= 0 || len(d.Written) != len(d.Sizes) || len(d.Other) != len(d.Sizes) {
		t.Errorf("%+v, weight %v", d, d.Weight())
	}
	if d.Written[0].Nanoseconds >= d.Other[0].Nanoseconds || d.Written[0].Bytes >= d.Other[0].Bytes {
		t.Errorf("at %v scaling the weight is cheaper: %+v against %+v", d.Sizes[0], d.Other[0], d.Written[0])
	}
	if !strings.HasPrefix(d.At, "mul [N,C]") {
		t.Errorf("the choice is at %q", d.At)
	}
}

// What is cheaper at every size, in time and in memory, is taken for less than a
// percent.
func TestWhatIsCheaperEverywhereIsTaken(t *testing.T) {
	f := parsed(t, `func @f(x: float[N,D], i: int[N]) {
  %1: float[N,N] = matmul x, x {trans_a=false, trans_b=true}
  %2: float[] = const {value=0.3}
  %3: float[N,N] = mul %1, %2
  %4: float[N] = pick %3, i {axis=1}
  %5: float[N,D] = matmul %1, x {trans_a=false, trans_b=false}
  %6: float[N,D] = matmul %1, %5 {trans_a=false, trans_b=false}
  %7: float[N,D] = matmul %1, %6 {trans_a=false, trans_b=false}
  %8: float[N,D] = matmul %1, %7 {trans_a=false, trans_b=false}
  return y=%4, z=%8
}
`)
	_, made := chosen(t, f, "pick", "")
	if len(made) != 1 || !made[0].TookOther || made[0].Weight() < -0.01 || made[0].Weight() > -0.003 {
		t.Errorf("%+v", made)
	}
}

// A slope is 0 where something was put far off, and infinity times 0 is no
// number: no hinge of such is taken times its slope, nor counted, but where what
// was put far off is known.
func TestNothingInfiniteIsTakenTimesZero(t *testing.T) {
	for name, change := range map[string][2]string{
		"slope": {"%3: float[N,N] = sub %2, x", "%11: float[] = const {value=inf}\n  %12: float[N,N] = select %1, x, %11\n  %3: float[N,N] = sub %2, %12"},
		"hinge": {"%10: float[N,D] = select %8, b, %9", "%21: float[N,D] = select %8, b, %9\n  %10: float[N,D] = min %21, %21"},
	} {
		text := strings.Replace(chances[name], change[0], change[1], 1)
		if text == chances[name] {
			t.Fatalf("%s: the case has no %s", name, change[0])
		}
		if name == "slope" {
			text = strings.Replace(text, "less x, %2", "less %12, %2", 1)
		}
		f := parsed(t, text)
		if _, made := chosen(t, f, name, map[string]string{"slope": "slope", "hinge": "counts"}[name]); len(made) > 0 {
			t.Errorf("%s is decided in\n%s", name, f)
		}
	}
}

// Numbers that are 0 anyway where a condition fails are not taken times it: counts
// of what is less, where something was put far off.
func TestWhatVanishesIsNotTakenTimesZero(t *testing.T) {
	const text = `func @f(d: float[N,N], p: float[N,C]) {
  %1: float[] = const {value=0.3}
  %2: bool[N,N] = less d, %1
  %3: float[] = const {value=inf}
  %4: float[N,N] = select %2, d, %3
  %5: float[N,1,N] = unsqueeze %4 {axis=1}
  %6: float[N,C,1] = unsqueeze p {axis=2}
  %7: float[N,C,1] = add %6, %1
  %8: bool[N,C,N] = less %5, %7
  %9: float[N,C,N] = float %8
  %10: float[N,N] = sum %9 {axis=1}
  %11: float[N,N] = mul %10, %1
  %12: float[] = const {value=0.0}
  %13: float[N,N] = select %2, %11, %12
  return y=%13
}
`
	const repeated = `func @f(d: float[N,N], e: float[N,N,N]) {
  %1: float[] = const {value=0.3}
  %2: bool[N,N] = less d, %1
  %3: float[] = const {value=inf}
  %4: float[N,N,N] = select %2, e, %3
  %5: bool[N,N,N] = less %4, %1
  %6: float[N,N,N] = float %5
  %7: float[N,N] = sum %6 {axis=2}
  %8: float[] = const {value=0.0}
  %9: float[N,N] = select %2, %7, %8
  return y=%9
}
`
	const ofRows = `func @f(d: float[N], p: float[N,N]) {
  %1: float[] = const {value=0.3}
  %2: bool[N] = less d, %1
  %3: float[] = const {value=inf}
  %4: float[N] = select %2, d, %3
  %5: float[N,1] = unsqueeze %4 {axis=1}
  %6: bool[N,N] = less %5, p
  %7: float[N,N] = float %6
  %8: float[] = const {value=0.0}
  %9: float[N,N] = select %2, %7, %8
  return y=%9
}
`
	for _, c := range []struct {
		from, to string
		vanishes bool
	}{
		{"", "", true},
		{text, repeated, false},
		{text, ofRows, false},
		{text, strings.NewReplacer("%4: float[N,N,N] = select %2, e", "%4: float[N,N] = select %2, d", "less %4, %1", "less %4, e").Replace(repeated), false},
		{"%8: bool[N,C,N] = less %5, %7", "%14: bool[N,C,N] = less %6, %5\n  %15: bool[N,C,N] = less %5, %7\n  %8: bool[N,C,N] = and %14, %15", true},
		{"%11: float[N,N] = mul %10, %1", "%14: float[N,N] = mul %1, %10\n  %11: float[N,N] = neg %14", true},
		{"select %2, %11, %12", "select %14, %12, %11", true},
		{"less %5, %7", "less %7, %5", false},
		{"less %5, %7", "less_equal %5, %7", false},
		{"%5: float[N,1,N] = unsqueeze %4 {axis=1}", "%14: float[N,N] = add %4, %1\n  %5: float[N,1,N] = unsqueeze %14 {axis=1}", true},
		{"%5: float[N,1,N] = unsqueeze %4 {axis=1}", "%14: float[N,N] = neg %4\n  %15: float[] = const {value=-inf}\n  %16: float[N,N] = select %2, %14, %15\n  %5: float[N,1,N] = unsqueeze %16 {axis=1}", false},
		{"value=inf", "value=-inf", false},
		{"select %2, d, %3", "select %2, %3, d", false},
		{"%13: float[N,N] = select %2,", "%14: bool[N,N] = less d, %12\n  %13: float[N,N] = select %14,", false},
		{"%5: float[N,1,N] = unsqueeze %4 {axis=1}", "%14: float[N] = reduce_min %4 {axis=0}\n  %15: float[1,N] = unsqueeze %14 {axis=0}\n  %5: float[1,1,N] = unsqueeze %15 {axis=0}", false},
		{"%11: float[N,N] = mul %10, %1", "%11: float[N,N] = add %10, %1", false},
	} {
		change := strings.Replace(text, c.from, c.to, 1)
		if c.from != "" && change == text {
			t.Fatalf("the text has no %s", c.from)
		}
		if strings.Contains(c.to, "select %14") && !strings.Contains(c.to, "%14:") {
			change = strings.Replace(change, "  %13:", "  %14: bool[N,N] = not %2\n  %13:", 1)
		}
		f := parsed(t, change)
		g, made := chosen(t, f, "zeros", "product")
		if len(made) != 1 {
			t.Errorf("decided %+v in\n%s", made, f)
			continue
		}
		y := g.Results[0].Value
		product := y.Op == ir.OpMul && slices.ContainsFunc(y.Args, func(a *ir.Value) bool { return a.Op == ir.OpFloat || a.Op == ir.OpUnsqueeze })
		if product == c.vanishes {
			t.Errorf("taken times the condition: %v, in\n%s, from\n%s", product, g, f)
		}
		equalButForRounding(t, f, g)
	}
}

// What is infinite where m is 0 is made of m and its opposite.
func TestFarIsOneOverM(t *testing.T) {
	text := strings.Replace(chances["far"], "= not %1", "= less y, x", 1)
	if _, made := chosen(t, parsed(t, text), "far", "reciprocal"); len(made) > 0 {
		t.Errorf("decided %+v in\n%s", made, text)
	}
}

// A choice is left alone where what it would drop is read elsewhere.
func TestNothingIsComputedTwiceForAChoice(t *testing.T) {
	for name, result := range map[string]string{"scale": "%1", "add": "%1", "factor": "%4", "sum-first": "%3", "sum-negated": "%1", "small-first": "%2", "borders": "%9", "pick": "%2"} {
		text := strings.Replace(chances[name], "return ", "return also="+result+", ", 1)
		if _, made := chosen(t, parsed(t, text), name, ""); len(made) > 0 {
			t.Errorf("%s is decided where %s is a result: %+v", name, result, made)
		}
	}
}
