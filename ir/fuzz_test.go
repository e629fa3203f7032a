package ir_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/irtest"
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
	f.Fuzz(func(t *testing.T, text string) { readsBack(t, text) })
}

// readsBack tells whether a text is a function; if it is, the function passes
// the checker, and prints as a text that is read as the same function.
func readsBack(t *testing.T, text string) bool {
	fn, err := ir.Parse(text)
	if err != nil {
		return false
	}
	if err := ir.Check(fn); err != nil {
		t.Fatalf("%s\nwas read, but: %v", text, err)
	}
	printed := fn.String()
	again, err := ir.Parse(printed)
	if err != nil {
		t.Fatalf("printed as\n%s\nwhich is not read: %v", printed, err)
	}
	if got := again.String(); got != printed {
		t.Fatalf("printed as\n%s\nthen as\n%s", printed, got)
	}
	return true
}

var tokens = regexp.MustCompile(`"[^"\n]*"|[\pL\d_.%-]+|\n|[^\s]| +`)

// Texts that are nearly right go deeper into the reader than random bytes.
func TestNearlyRightTexts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 11))
	var sources [][]string
	for _, text := range texts(t) {
		sources = append(sources, tokens.FindAllString(text, -1))
	}
	for range 20 {
		sources = append(sources, tokens.FindAllString(irtest.RandomFunc(rng).String(), -1))
	}
	read := 0
	const tries = 20000
	for range tries {
		s := slices.Clone(sources[rng.IntN(len(sources))])
		for range 1 + rng.IntN(3) {
			i, j := rng.IntN(len(s)), rng.IntN(len(s))
			switch rng.IntN(4) {
			case 0:
				s[i], s[j] = s[j], s[i]
			case 1:
				s[i] = s[j]
			case 2:
				s = slices.Delete(s, i, i+1)
			case 3:
				s = slices.Insert(s, i, s[j])
			}
		}
		if readsBack(t, strings.Join(s, "")) {
			read++
		}
	}
	if read < tries/50 || read > tries/2 {
		t.Errorf("%d of %d texts are read: the changes are too large or too small to show much", read, tries)
	}
}
