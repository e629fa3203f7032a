package irval

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/verify/tensor"
)

// opCase is a function and what it makes. Inputs are spelled as
// "x: 1 2 | 3 4", rows after bars; the type is the parameter's.
type opCase struct {
	fact   string
	params string // as in the text form
	body   string // one line each, the last one is the result
	in     string // "x: 1 2 | 3 4; k: 2"
	want   string // elements in row-major order, after the shape: "[2] 3 7"
	err    string // or a part of the error
}

func run(t *testing.T, cases []opCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			f, err := ir.Parse(source(c))
			if err != nil {
				t.Fatalf("%v in\n%s", err, source(c))
			}
			out, err := Eval(f, inputs(t, f, c.in))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := spell(out["r"]); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// source is the text of a case's function; functions before the body's last
// blank line stand before it.
func source(c opCase) string {
	before, body, found := strings.Cut(c.body, "\n\n")
	if !found {
		before, body = "", c.body
	}
	lines := strings.Split(strings.TrimSpace(body), "\n")
	last, _, _ := strings.Cut(strings.TrimSpace(lines[len(lines)-1]), ":")
	return fmt.Sprintf("%s\nfunc @f(%s) {\n%s\nreturn r=%s\n}", before, c.params, body, last)
}

// inputs reads tensors in the shape that the bars and the parameter's rank
// tell; an extent of 0 is spelled as a shape, "x: [0,3]".
func inputs(t *testing.T, f *ir.Func, text string) map[string]*tensor.Tensor {
	t.Helper()
	in := map[string]*tensor.Tensor{}
	for _, part := range strings.Split(text, ";") {
		name, body, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		p := f.Param(strings.TrimSpace(name))
		if p == nil {
			t.Fatalf("no parameter %q", name)
		}
		in[p.Name] = read(t, p.Type, body)
	}
	return in
}

func read(t *testing.T, typ ir.Type, body string) *tensor.Tensor {
	t.Helper()
	words := strings.Fields(strings.ReplaceAll(body, "|", " "))
	var shape []int
	if len(words) > 0 && words[0][0] == '[' {
		for _, n := range strings.FieldsFunc(words[0], func(r rune) bool { return strings.ContainsRune("[],", r) }) {
			k, _ := strconv.Atoi(n)
			shape = append(shape, k)
		}
		words = words[1:]
	} else if rank := len(typ.Shape); rank == 1 {
		shape = []int{len(words)}
	} else if rank == 2 {
		rows := strings.Count(body, "|") + 1
		shape = []int{rows, len(words) / rows}
	}
	out := tensor.New(kindOf(typ.Elem), shape...)
	for i, w := range words {
		switch out.Kind {
		case tensor.Bool:
			out.B[i] = w == "T"
		case tensor.Int:
			out.I[i], _ = strconv.ParseInt(w, 10, 64)
		default:
			x, err := strconv.ParseFloat(w, 64)
			if err != nil {
				t.Fatal(err)
			}
			out.F[i] = x
		}
	}
	return out
}

func spell(t *tensor.Tensor) string {
	words := []string{tensor.ShapeString(t.Shape)}
	for _, x := range t.F {
		if x == 0 && math.Signbit(x) {
			words = append(words, "-0")
			continue
		}
		words = append(words, strconv.FormatFloat(x, 'g', 15, 64))
	}
	for _, n := range t.I {
		words = append(words, strconv.FormatInt(n, 10))
	}
	for _, b := range t.B {
		words = append(words, map[bool]string{true: "T", false: "F"}[b])
	}
	return strings.Join(words, " ")
}
