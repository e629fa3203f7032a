package cost

import (
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/irtest"
)

// Every op is free or has a row, and not both.
func TestEveryOpHasARow(t *testing.T) {
	for _, op := range ir.Ops {
		if free[op] == (rows[op] != nil) {
			t.Errorf("%s: free is %v, and it has a row: %v", op, free[op], rows[op] != nil)
		}
	}
}

// Every kernel that rows.go names is one that was measured.
func TestEveryKernelHasAPrice(t *testing.T) {
	for _, file := range []string{"rows.go", "estimate.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, m := range regexp.MustCompile(`"([A-Z][A-Za-z0-9]+ [^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			found++
			if _, measured := prices[m[1]]; !measured && !strings.Contains(m[1], "%") {
				t.Errorf("%s names the kernel %q, which has no price", file, m[1])
			}
		}
		if found == 0 {
			t.Errorf("%s names no kernel", file)
		}
	}
}

// Whatever a random function does, all its nodes are counted at a price above
// nothing; in float64 it costs more.
func TestEstimatesOfRandomFunctions(t *testing.T) {
	for seed := range uint64(300) {
		f := irtest.RandomFunc(rand.New(rand.NewPCG(seed, 7)))
		s := sizes(64, 100)
		last := lastUses(f, ir.Live(f))
		for _, v := range f.Values {
			one := newEstimate(New(false, false), f, s, last)
			if row := rows[v.Op]; row != nil {
				if row(one, v); !(one.out.Nanoseconds >= 100*float64(one.out.Nodes)) {
					t.Errorf("%v costs %v ns with %v, in\n%s", v.Op, one.out.Nanoseconds, v.Args, f)
				}
			}
		}
		single, double := New(false, false).Of(f, s)[0], New(true, false).Of(f, s)[0]
		if math.IsNaN(single.Nanoseconds) || single.Nanoseconds < 100*float64(single.Nodes) || single.Bytes < 0 {
			t.Fatalf("%+v in\n%s", single, f)
		}
		if double.Nanoseconds < 0.8*single.Nanoseconds || double.Bytes < single.Bytes { // a norm is made otherwise
			t.Fatalf("float64 takes %+v and float32 %+v in\n%s", double, single, f)
		}
	}
}

func TestAPriceBetweenWhatWasMeasured(t *testing.T) {
	p := price{{1, 100}, {1000, 1100}, {100_000, 11_000}, {1_000_000, 220_000}}
	for _, c := range []struct{ work, ns float64 }{
		{0, 100}, {1, 100}, {500.5, 600}, {1000, 1100}, {10_000, 1100 * math.Sqrt(10)}, {100_000, 11_000}, {1_000_000, 220_000}, {2_000_000, 440_000},
	} {
		if got := p.at(c.work); math.Abs(got-c.ns) > 1e-9*c.ns {
			t.Errorf("%v elements take %v ns, want %v", c.work, got, c.ns)
		}
	}
}

func parsed(t *testing.T, text string) *ir.Func {
	t.Helper()
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What is held at once, by hand.
func TestBytes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int64
	}{
		{"an operand and its result", "func @f(x: float[N,C]) {\n%1: float[N,C] = exp x\n%2: float[N,C] = neg %1\n%3: float[N,C] = abs %2\nreturn y=%3\n}", 2 * 4 * 4 * 10},
		{"what is read again is kept", "func @f(x: float[N,C]) {\n%1: float[N,C] = exp x\n%2: float[N,C] = neg %1\n%3: float[N,C] = mul %2, %1\nreturn y=%3\n}", 3 * 4 * 4 * 10},
		{"a view is the same elements", "func @f(x: float[N]) {\n%1: float[N] = exp x\n%2: float[N,1] = unsqueeze %1 {axis=1}\n%3: float[N,1] = neg %2\nreturn y=%3\n}", 2 * 4 * 4},
		{"what nothing else reads is put into where it lies", "func @f(x: float[N,C], i: int[N], v: float[N]) {\n%1: float[N,C] = exp x\n%2: float[N,C] = put %1, i, v {axis=1}\nreturn y=%2\n}", 4 * 4 * 10},
		{"what was read before is put into where it lies", "func @f(x: float[N,C], i: int[N]) {\n%1: float[N,C] = exp x\n%2: float[N] = pick %1, i {axis=1}\n%3: float[N] = neg %2\n%4: float[N,C] = put %1, i, %3 {axis=1}\nreturn y=%4\n}", 4*4*10 + 2*4*4},
		{"what something else reads is copied", "func @f(x: float[N,C], i: int[N], v: float[N]) {\n%1: float[N,C] = exp x\n%2: float[N,C] = put %1, i, v {axis=1}\nreturn y=%2, z=%1\n}", 2 * 4 * 4 * 10},
		{"a parameter is copied", "func @f(x: float[N,C], i: int[N], v: float[N]) {\n%1: float[N,C] = put x, i, v {axis=1}\nreturn y=%1\n}", 4 * 4 * 10},
		{"conditions take a byte", "func @f(x: float[N,C]) {\n%1: bool[N,C] = less x, x\n%2: float[N,C] = float %1\nreturn y=%2\n}", 4*10 + 4*4*10},
		{"squares are held while a scaled norm is made", "func @f(x: float[N,C]) {\n%1: float[N] = norm x {scaled=true}\nreturn y=%1\n}", 4*4 + 4*4*10},
	} {
		if got := New(false, false).Of(parsed(t, c.text), Sizes{"N": 4, "C": 10})[0].Bytes; got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, got, c.want)
		}
	}
	put := "func @f(x: float[N,C], i: int[N], v: float[N]) {\n%1: float[N,C] = exp x\n%2: float[N,C] = put %1, i, v {axis=1}\nreturn y=%2\n}"
	if got := New(false, true).Of(parsed(t, put), Sizes{"N": 4, "C": 10})[0].Bytes; got != 2*4*4*10 {
		t.Errorf("where nothing is written over, a put holds %d bytes", got)
	}
}
