package ir_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/irtest"
)

// texts are the functions written by hand, in the form that the printer gives.
func texts(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.ir")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts in testdata: %v", err)
	}
	out := map[string]string{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(name)] = string(data)
	}
	return out
}

func parse(t testing.TB, text string) *ir.Func {
	t.Helper()
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return f
}

func TestAPrintedFunctionReadsBack(t *testing.T) {
	for name, text := range texts(t) {
		f := parse(t, text)
		if err := ir.Check(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := f.String(); got != text {
			t.Errorf("%s prints as\n%s", name, got)
		}
	}
}

func TestTheTextsUseEveryOp(t *testing.T) {
	all := ""
	for _, text := range texts(t) {
		all += text
	}
	for _, op := range ir.Ops {
		if op != ir.OpParam && !strings.Contains(all, "= "+op.Name+" ") {
			t.Errorf("no text in testdata uses %s", op)
		}
	}
}

func TestARandomFunctionReadsBack(t *testing.T) {
	for seed := range uint64(500) {
		f := irtest.RandomFunc(rand.New(rand.NewPCG(seed, 10)))
		text := f.String()
		g := parse(t, text)
		if got := g.String(); got != text {
			t.Fatalf("seed %d:\n%s\nprints as\n%s", seed, text, got)
		}
		if err := ir.Check(g); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		sameFunc(t, f, g)
	}
}

// sameFunc compares what the text cannot leave out: names, types, attributes,
// and which value stands where.
func sameFunc(t *testing.T, f, g *ir.Func) {
	t.Helper()
	if len(f.Values) != len(g.Values) || len(f.Params) != len(g.Params) || len(f.Results) != len(g.Results) {
		t.Fatalf("%d values, %d parameters, %d results became %d, %d, %d", len(f.Values), len(f.Params), len(f.Results),
			len(g.Values), len(g.Params), len(g.Results))
	}
	for i, v := range f.Values {
		w := g.Values[i]
		if v.Op != w.Op || !v.Type.Equal(w.Type) || len(v.Args) != len(w.Args) || len(v.Attrs) != len(w.Attrs) {
			t.Fatalf("value %d: %v %v became %v %v", i, v.Op, v.Type, w.Op, w.Type)
		}
		for k := range v.Args {
			if v.Args[k].Index() != w.Args[k].Index() {
				t.Fatalf("value %d: argument %d is value %d, was %d", i, k, w.Args[k].Index(), v.Args[k].Index())
			}
		}
	}
}

// What people write is not always what the printer prints.
func TestTextsThatAreReadAndPrintedOtherwise(t *testing.T) {
	for _, c := range []struct{ fact, text, want string }{
		{"spaces and lines are free, but for an op and its arguments",
			"func@f(x:float[N],y:float[N],){z:float[N]=add x,y\nreturn z=z}",
			"func @f(x: float[N], y: float[N]) {\n  z: float[N] = add x, y\n  return z=z\n}\n"},
		{"equal values become one, under the first name",
			"func @f(x: float[N]) {\na: float[N] = neg x\nb: float[N] = neg x\nc: float[N] = add a, b\nreturn c=c}",
			"func @f(x: float[N]) {\n  a: float[N] = neg x\n  c: float[N] = add a, a\n  return c=c\n}\n"},
		{"a name comes to a nameless value that is made again",
			"func @f(x: float[N]) {\n%7: float[N] = neg x\nb: float[N] = neg x\nreturn c=%7}",
			"func @f(x: float[N]) {\n  b: float[N] = neg x\n  return c=b\n}\n"},
		{"nameless values are numbered again",
			"func @f(x: float[N]) {\n%7: float[N] = neg x\n%a: float[N] = exp %7\nreturn c=%a}",
			"func @f(x: float[N]) {\n  %1: float[N] = neg x\n  %2: float[N] = exp %1\n  return c=%2\n}\n"},
		{"attributes in any order print in the row's",
			"func @f(x: float[N], k: int[]) {\ni: int[R] = argtop x, k {dim=R, largest=true}\nreturn i=i}",
			"func @f(x: float[N], k: int[]) {\n  i: int[R] = argtop x, k {largest=true, dim=R}\n  return i=i\n}\n"},
		{"numbers print in their shortest form",
			"func @f() {\na: float[] = const {value=0.10000000000000000555}\nb: float[] = const {value=1e6}\nreturn a=a}",
			"func @f() {\n  a: float[] = const {value=0.1}\n  b: float[] = const {value=1e+06}\n  return a=a\n}\n"},
		{"a function that nothing calls is left out",
			"func @g() {return}\nfunc @f() {return}",
			"func @f() {\n  return \n}\n"},
	} {
		if got := parse(t, c.text).String(); got != c.want {
			t.Errorf("%s: got\n%s", c.fact, got)
		}
	}
}

func TestNamesInTheTextAreUnique(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("cos.2", ir.F("N"), "")
	x.Neg().Called("cos")
	ir.Exp(x).Called("cos")
	ir.Sin(x).Called("cos")
	ir.Sin(ir.Cos(x).Called("cos.3")).Called("late")
	// A parameter may come late; its name is part of the interface and stays.
	late := b.Param("late", ir.F("N"), "")
	b.Result("y", late)
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	want := `func @f(cos.2: float[N], late: float[N]) {
  cos: float[N] = neg cos.2
  cos.3: float[N] = exp cos.2
  cos.4: float[N] = sin cos.2
  cos.3.2: float[N] = cos cos.2
  late.2: float[N] = sin cos.3.2
  return y=late
}
`
	if got := f.String(); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := parse(t, want).String(); got != want {
		t.Errorf("read back as\n%s", got)
	}
}
