package ir_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"losscc/ir"
)

func TestSyntaxErrors(t *testing.T) {
	const head = "func @f(x: float[N], k: int[]) {\n"
	for _, c := range []struct{ fact, text, want string }{
		{"an empty text", " \n", `no function in the text; it begins with "func @name("`},
		{"another language", "def f(x):", `line 1:1: want "func", found "def"`},
		{"no name", "func f() {", `line 1:6: want "@", found "f"`},
		{"a function without an end", head, `line 2:1: want a name, found ""`},
		{"a name that is a number", "func @1f() {}", `line 1:7: want a name, found "1f"`},
		{"a function twice", "func @f() {return}\nfunc @f() {return}", `line 2:7: function @f is defined twice`},
		{"an unknown kind of attribute", "func @f<m: double>() {return}", `line 1:9: no kind of attribute "double"; want number, float, int or text`},
		{"an attribute twice", "func @f<m: int, m: int>() {return}", `line 1:17: attribute "m" is declared twice`},
		{"an attribute with a call's word", "func @f<out: int>() {return}", `line 1:9: an attribute cannot be called "out"`},
		{"an unknown kind of element", "func @f(x: double[N]) {return}", `line 1:18: no kind of element "double"; want float, int or bool`},
		{"a parameter twice", "func @f(x: float[], x: int[]) {return}", `line 1:21: parameter "x" is declared twice`},
		{"a nameless parameter", "func @f(%1: float[]) {return}", `line 1:9: a parameter cannot be called "%1"`},
		{"an extent that is no name", "func @f(x: float[N-1]) {return}", `line 1:18: "N-1" is no extent; want a symbol such as N, a number, or a product such as C*K`},
		{"an extent below 0", "func @f(x: float[-1]) {return}", `"-1" is no extent`},
		{"an extent with a zero before it", "func @f(x: float[007]) {return}", `"007" is no extent`},
		{"an extent with a factor 1", "func @f(x: float[N*1]) {return}", `the extent N*1 has a factor 1; leave it out`},
		{"an extent without a factor", "func @f(x: float[N*]) {return}", `want an extent, found "]"`},
		{"too high a rank", "func @f(x: float[A,A,A,A,A,A,A,A,A]) {return}", `parameter "x": rank 9; at most 8 is allowed`},
		{"too long a product", "func @f(x: float[A*A*A*A*A*A*A*A*A]) {return}", `has more than 8 factors`},
		{"an unknown op", head + "  y: float[N] = tanh x\n", `line 2:17: no op "tanh"`},
		{"param is no op of a body", head + "  y: float[N] = param\n", `line 2:17: no op "param"`},
		{"an unknown value", head + "  y: float[N] = add x, z\n", `line 2:24: no value "z" before this line`},
		{"a value that comes later", head + "  y: float[N] = neg z\n  z: float[N] = neg x\n", `line 2:21: no value "z" before this line`},
		{"a value twice", head + "  y: float[N] = neg x\n  y: float[N] = exp x\n", `line 3:3: value "y" is defined twice`},
		{"a claim that does not hold", head + "  y: float[D] = neg x\n  return y=y\n}", `line 2:3: y: the text says float[D], the op makes float[N]`},
		{"an operand of a wrong type", head + "  y: int[] = neg k\n  return y=y\n}", `line 2:14: neg: want float, got int[]`},
		{"too few operands", head + "  y: float[N] = add x\n  return y=y\n}", `line 2:17: add: want 2 arguments, got 1`},
		{"an attribute left out", head + "  y: float[] = sum x\n  return y=y\n}", `line 2:16: sum: attribute axis: want a whole number, got none`},
		{"an attribute of a wrong kind", head + "  y: float[] = sum x {axis=0.0}\n  return y=y\n}", `attribute axis: want a whole number, got a number with a point`},
		{"an attribute too many", head + "  y: float[N] = neg x {axis=0}\n  return y=y\n}", `want 0 attributes, got 1`},
		{"a number that overflows", head + "  y: float[] = const {value=1e999}\n", `line 2:29: wrong number "1e999"`},
		{"a number that is none", head + "  y: float[] = const {value=1.2.3}\n", `line 2:29: wrong number "1.2.3"`},
		{"an int beyond 64 bits", head + "  y: int[] = int {value=9223372036854775808}\n", `wrong number "9223372036854775808"`},
		{"no value for an attribute", head + "  y: int[] = int {value=}\n", `line 2:25: want a value for value, found "}"`},
		{"text without an end", head + "  y: float[] = attr {name=\"m\n", `line 2:27: text without an end, or with a wrong escape`},
		{"text with a wrong escape", head + `  y: float[] = attr {name="\q"}`, `line 2:27: text without an end, or with a wrong escape`},
		{"a number that the function does not declare", head + "  y: float[] = attr {name=\"m\"}\n", `line 2:16: attr: @f declares no number "m"`},
		{"an unknown function", head + "  y: float[N] = call x {fn=@g, out=0}\n", `line 2:29: no function @g before this line`},
		{"a function that calls itself", head + "  y: float[N] = call x {fn=@f, out=0}\n", `no function @f before this line`},
		{"a call without a function", head + "  y: float[N] = call x\n", `call: want the attributes fn and out first`},
		{"a result of an unknown value", head + "  return y=y\n}", `line 2:12: no value "y" before this line`},
		{"a result twice", head + "  return y=x, y=k\n}", `line 2:15: result "y" is given twice`},
		{"a result without a value", head + "  return x\n}", `line 3:1: want "=", found "}"`},
	} {
		f, err := ir.Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.fact, err, c.want)
		}
		if f != nil {
			t.Errorf("%s: a function came with the error", c.fact)
		}
		if err != nil && strings.Contains(err.Error(), ".go:") {
			t.Errorf("%s: the error speaks of our source: %v", c.fact, err)
		}
	}
}

func TestASyntaxErrorTellsItsPlace(t *testing.T) {
	_, err := ir.Parse("func @f() {\n  y: float[] = tanh\n}")
	var e *ir.SyntaxError
	if !errors.As(err, &e) || e.Line != 2 || e.Col != 16 || e.Msg != `no op "tanh"` {
		t.Errorf("got %#v", err)
	}
}

// Each of these once took time that grows faster than the text, or could.
func TestLongTextsTakeNoLongTime(t *testing.T) {
	const n = 40000
	many := func(item string) string { return strings.Repeat(item, n) }
	numbered := func(format string) string {
		var s strings.Builder
		for i := range n {
			s.WriteString(strings.ReplaceAll(format, "#", itoa(i)))
		}
		return s.String()
	}
	chain := "func @f0(x: float[]) {\ny: float[] = neg x\nreturn y=y}\n" + func() string {
		var s strings.Builder
		for i := 1; i < n/10; i++ {
			call := "{fn=@f" + itoa(i-1) + ", out=0}\n"
			s.WriteString("func @f" + itoa(i) + "(x: float[]) {\ny: float[] = call x " + call + "z: float[] = call y " + call + "return y=z}\n")
		}
		return s.String()
	}()
	for fact, text := range map[string]string{
		"a long product":                     "func @f(x: float[" + many("A*") + "A]) {return}",
		"a high rank":                        "func @f(x: float[" + many("A,") + "]) {return}",
		"many parameters":                    "func @f(" + numbered("x#:float[],") + ") {return}",
		"many results":                       "func @f(x: float[]) {return " + numbered("x#=x,") + "}",
		"many attributes":                    "func @f<" + numbered("x#:int,") + ">() {return}",
		"many values":                        "func @f(x: float[]) {" + numbered("x#: float[] = const {value=#.0}\n") + "return}",
		"many equal values":                  "func @f(x: float[]) {" + numbered("x#: float[] = neg x\n") + "return}",
		"many brackets":                      "func @f" + many("(") + many("<"),
		"many functions that call two times": chain,
		"a long name":                        "func @" + many("name") + "() {return}",
		"one long text":                      "func @f() {y: float[] = attr {name=\"" + many(`\\`) + `"}`,
		"a chain of values":                  "func @f(x0: float[]) {" + chained(n) + "return}",
	} {
		start := time.Now()
		f, err := ir.Parse(text)
		if err == nil {
			err = ir.Check(f)
			if again := parse(t, f.String()); again.String() != f.String() {
				t.Errorf("%s does not read back", fact)
			}
		}
		// A quadratic reader needs many times this; a slow machine does not.
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s, %d bytes: %v (%v)", fact, len(text), took, err)
		}
	}
}

func chained(n int) string {
	var s strings.Builder
	for i := range n {
		s.WriteString("x" + itoa(i+1) + ": float[] = neg x" + itoa(i) + "\n")
	}
	return s.String()
}
