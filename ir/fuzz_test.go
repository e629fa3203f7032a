package ir_test

import (
	"strconv"
	"testing"

	"losscc/ir"
)

func itoa(i int) string { return strconv.Itoa(i) }

// FuzzParse: no text panics, and a text that is read is printed so that it is
// read as the same function, which passes the checker.
func FuzzParse(f *testing.F) {
	for _, text := range texts(f) {
		f.Add(text)
	}
	for _, text := range []string{
		"", "func", "func @f", "margin func @f() {return}",
		"func @f(x: float[N]) {\ny: float[N] = add x, x\nreturn y=y}",
		"func @f<k: number>(x: float[C*K,2] role) {\n%1: float[] = attr {name=\"k\"}\nreturn y=%1}",
		"func @g(x: float[N]) {return x=x}\nfunc @f(x: float[1]) {y: float[1] = call x {fn=@g, out=0}\nreturn y=y}",
		"func @f() {\na: float[] = const {value=-nan}\nb: float[] = const {value=1e-5}\nc: int[] = int {value=-0}\nreturn a=a}",
		"func @f(x: bool[A,B]) {\ny: int[T,2] = nonzero x {dim=T}\nx.2: int[2,T] = transpose y\nreturn y=x.2}",
		"func @f(x: float[A]) {\nx.2: float[A] = neg x\nx.2: float[A] = exp x\nreturn}",
		"func @f() {\na: float[] = const {value=0x1p-2}\n%: int[3] = iota {dim=3}\nreturn a-b=a}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fn, err := ir.Parse(text)
		if err != nil {
			return
		}
		if err := ir.Check(fn); err != nil {
			t.Fatalf("was read, but: %v", err)
		}
		printed := fn.String()
		again, err := ir.Parse(printed)
		if err != nil {
			t.Fatalf("printed as\n%s\nwhich is not read: %v", printed, err)
		}
		if got := again.String(); got != printed {
			t.Fatalf("printed as\n%s\nthen as\n%s", printed, got)
		}
	})
}
