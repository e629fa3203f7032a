package ir_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"losscc/ir"
)

// below is the place in this file some lines below its call.
func below(lines int) string {
	_, _, line, _ := runtime.Caller(1)
	return fmt.Sprintf("builder_test.go:%d: ", line+lines)
}

// neg is a function of one vector.
func negFunc(t *testing.T) *ir.Func {
	return parse(t, "func @Neg<by: number>(x: float[M]) {\nk: float[] = attr {name=\"by\"}\ny: float[M] = mul x, k\nreturn y=y\n}")
}

func TestAMistakeIsPlacedAtTheLineOfItsMaker(t *testing.T) {
	callee := negFunc(t)
	for _, c := range []struct {
		fact string
		make func(b *ir.Builder, x *ir.Value) (place string)
		want string
	}{
		{"Emit", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Emit(ir.OpSum, nil, x)
			return at
		}, "@f: sum: attribute axis: want a whole number, got none"},
		{"a method", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			x.Add(b.Iota("N"))
			return at
		}, "@f: add: want two floats or two ints, got float[N] and int[N]"},
		{"a method whose operand is no number", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			x.Add("1")
			return at
		}, "@f: operand is string, want a value or a number"},
		{"a method of several ops", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			x.Column(0)
			return at
		}, "@f: transpose: want a matrix, got float[N]"},
		{"a function", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			ir.Sum(x, 0, 3)
			return at
		}, "@f: sum: axis 3 is outside float[N]"},
		{"Select", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			ir.Select(x, 1, 0)
			return at
		}, "@f: select: want a bool condition, got float[N]"},
		{"the last line of several", func(b *ir.Builder, x *ir.Value) string {
			at := below(3)
			ir.Exp(x).
				Neg().
				Float()
			return at
		}, "@f: float: float[N] is float already"},
		{"Param with a name in use", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Param("x", ir.F("N"), "")
			return at
		}, `@f: parameter "x" is declared twice`},
		{"Param without a kind of element", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Param("y", ir.Type{}, "")
			return at
		}, `@f: parameter "y": a type without elements; want float, int or bool`},
		{"Param with an extent that cannot be read back", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Param("y", ir.F("N+1"), "")
			return at
		}, `@f: parameter "y": "N+1" is no extent`},
		{"Param with a name that cannot be read back", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Param("two words", ir.F("N"), "")
			return at
		}, `@f: a parameter cannot be called "two words"`},
		{"Param with a role that cannot be read back", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Param("y", ir.F("N"), "class weight")
			return at
		}, `@f: a role cannot be called "class weight"`},
		{"Attribute twice", func(b *ir.Builder, x *ir.Value) string {
			b.Attribute("m", ir.IntAttr)
			at := below(1)
			x.Add(b.Attribute("m", ir.NumberAttr))
			return at
		}, `@f: attribute "m" is declared twice`},
		{"DeclareNumber twice", func(b *ir.Builder, x *ir.Value) string {
			b.DeclareNumber("m")
			at := below(1)
			b.DeclareNumber("m")
			return at
		}, `@f: attribute "m" is declared twice`},
		{"Result twice", func(b *ir.Builder, x *ir.Value) string {
			b.Result("y", x)
			at := below(1)
			b.Result("y", x)
			return at
		}, `@f: result "y" is given twice`},
		{"Result of nothing", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Result("y", nil)
			return at
		}, `@f: result "y" has no value`},
		{"Result of another function's value", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Result("y", callee.Params[0])
			return at
		}, `@f: result "y" belongs to another function`},
		{"Called with a name that cannot be read back", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			x.Neg().Called("return")
			return at
		}, `@f: a value cannot be called "return": the word ends a function`},
		{"an argument that is missing", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			x.And(nil)
			return at
		}, "@f: and: argument 1 is missing"},
		{"an argument of another function", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			x.Add(callee.Params[0])
			return at
		}, "@f: add: argument 1 belongs to another function"},
		{"no op", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Emit(nil, nil, x)
			return at
		}, "@f: no op to apply"},
		{"Call with the wrong arguments", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Call(callee, ir.Attrs{{Name: "by", Val: 1.0}}, x, x)
			return at
		}, "@f: call: @Neg takes 1 arguments, got 2"},
		{"Call of nothing", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Call(nil, nil, x)
			return at
		}, "@f: call: no function to call"},
		{"Inline with the wrong arguments", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			ir.Inline(b, callee, ir.Attrs{{Name: "by", Val: 1.0}}, []*ir.Value{x.Col()})
			return at
		}, "@f: @Neg wants float[M] for x, got float[N,1]"},
		{"Inline without an attribute", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			ir.Inline(b, callee, nil, []*ir.Value{x})
			return at
		}, "@f: @Neg: the number by is not set"},
		{"a mistake of the caller's own", func(b *ir.Builder, x *ir.Value) string {
			at := below(1)
			b.Fail("no %d-th margin", 3)
			return at
		}, "@f: no 3-th margin"},
	} {
		b := ir.NewBuilder("f")
		x := b.Param("x", ir.F("N"), "")
		want := c.make(b, x) + c.want
		f, err := b.Func()
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", c.fact, err, want)
		}
		if f != nil || b.Err() == nil {
			t.Errorf("%s: a function came with the error", c.fact)
		}
	}
}

func TestANameThatCannotBeReadBackIsRefused(t *testing.T) {
	for _, name := range []string{"", "return", "1st", "-a", "a b", "a%b", "%1", "a,b", "a:b", "a\"", "(a"} {
		if _, err := ir.NewBuilder(name).Func(); err == nil {
			t.Errorf("a function is called %q", name)
		}
	}
	for _, name := range []string{"l-softmax", "θ", "cos.2", "_", "Margin1", "func", "float"} {
		b := ir.NewBuilder(name)
		b.Result(name, b.Param(name, ir.F("N"), name).Neg().Called(name))
		f, err := b.Func()
		if err != nil {
			t.Errorf("the name %q is refused: %v", name, err)
			continue
		}
		if got := parse(t, f.String()).String(); got != f.String() {
			t.Errorf("the name %q reads back as\n%s", name, got)
		}
	}
}

func TestTheFirstMistakeWinsAndTheRestIsSilent(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	at := below(1)
	bad := x.T()
	want := at + "@f: transpose: want a matrix, got float[N]"
	// Everything that can be done with the poison, and mistakes of other kinds.
	y := ir.Softplus(bad.Mul(2).Add(x).Sub(bad.T())).Col().Row().Called("y")
	y = ir.Select(y.Less(0).And(bad.Eq(bad)), y, 1).Expand("N").Reshape("N", "1")
	ir.ReduceMax(ir.Sum(y), 4)
	b.Call(negFunc(t), nil, bad)
	for _, v := range ir.Inline(b, negFunc(t), nil, []*ir.Value{bad}) {
		v.Neg()
	}
	bad.Gather(bad).Put(0, bad, bad).Pick(3, bad).ArgMax(1)
	x.Add(b.Param("x", ir.F("N"), ""))
	if n, ok := bad.Const(); ok {
		t.Errorf("the poison is the constant %v", n)
	}
	before := len(x.Builder().Param("more", ir.F(), "").Name)
	b.Result("y", y)
	b.Fail("late")
	if _, err := b.Func(); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if before != len("more") {
		t.Error("a parameter after the mistake is no parameter")
	}
}

func TestEqualValuesAreOne(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N", "N"), "")
	y := b.Param("y", ir.F("N", "N"), "")
	callee := negFunc(t)
	row := ir.Sum(x, 0)
	call := func(by float64, v *ir.Value) *ir.Value {
		return b.Call(callee, ir.Attrs{{Name: "by", Val: by}}, v)
	}
	top := func(attrs ...ir.Attr) *ir.Value { return b.Emit(ir.OpArgTop, attrs, x, b.Whole(1)) }
	largest, dim := ir.Attr{Name: "largest", Val: true}, ir.Attr{Name: "dim", Val: ir.Dim("R")}
	for _, c := range []struct {
		fact string
		a, b *ir.Value
		same bool
	}{
		{"the same sum", x.Add(y), x.Add(y), true},
		{"a number given twice", x.Add(2), x.Add(2.0), true},
		{"operands exchanged", x.Add(y), y.Add(x), false},
		{"another op", x.Add(y), x.Sub(y), false},
		{"0 and 0", b.Num(0), b.Num(0), true},
		{"0 and −0", b.Num(0), b.Num(math.Copysign(0, -1)), false},
		{"NaN and NaN", b.Num(math.NaN()), b.Num(math.NaN()), true},
		{"neighbouring numbers", b.Num(1), b.Num(math.Nextafter(1, 2)), false},
		{"a float and an int", b.Num(1), b.Whole(1), false},
		{"the same axis", ir.Sum(x, 0), ir.Sum(x, 0), true},
		{"another axis of the same extent", ir.Sum(x, 0), ir.Sum(x, 1), false},
		{"attributes in another order", top(largest, dim), top(dim, largest), true},
		{"an extent under another name", x.ArgTop(b.Whole(1), "R"), x.ArgTop(b.Whole(1), "S"), false},
		{"the same call", call(1, row), call(1, row), true},
		{"a call with another number", call(1, row), call(2, row), false},
		{"a call of another function with the same text", call(1, row), b.Call(negFunc(t), ir.Attrs{{Name: "by", Val: 1.0}}, row), false},
		{"the same attribute", b.Attribute("m", ir.NumberAttr), b.Emit(ir.OpAttr, ir.Attrs{{Name: "name", Val: "m"}}), true},
	} {
		if (c.a == c.b) != c.same {
			t.Errorf("%s: one value is %v", c.fact, !c.same)
		}
	}
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestAMergedValueKeepsItsFirstName(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	v := x.Neg().Called("first")
	if w := x.Neg().Called("second"); w != v || v.Name != "first" {
		t.Errorf("the value is called %q", w.Name)
	}
}

func TestEmitKeepsItsOwnListOfArguments(t *testing.T) {
	b := ir.NewBuilder("f")
	x, y := b.Param("x", ir.F("N"), ""), b.Param("y", ir.F("N"), "")
	args := []*ir.Value{x, y}
	v := b.Emit(ir.OpAdd, nil, args...)
	args[0] = y
	if v.Args[0] != x {
		t.Error("the value changed with the caller's list")
	}
}

func TestParametersComeFirst(t *testing.T) {
	b := ir.NewBuilder("f")
	m := b.Attribute("m", ir.NumberAttr)
	x := b.Param("x", ir.F("N"), "")
	y := x.Mul(m)
	z := b.Param("z", ir.F("N"), "")
	w := x.Mul(m)
	b.Result("y", y.Add(z))
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Check(f); err != nil {
		t.Error(err)
	}
	if x.Index() != 0 || z.Index() != 1 || m.Index() != 2 || y.Index() != 3 || w != y {
		t.Errorf("x, z, m, y are values %d, %d, %d, %d; y made again is y: %v", x.Index(), z.Index(), m.Index(), y.Index(), w == y)
	}
}

func TestAnExtentThatNothingHasIsPlacedAtTheFirstToNeedIt(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	b.Extent("Late")
	at := below(1)
	b.Iota("Q")
	b.Iota("R")
	b.Param("late", ir.F("Late"), "")
	b.Result("y", x)
	want := at + "@f: iota: no parameter and no value before has the extent Q"
	if _, err := b.Func(); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAParameterMayBringAnExtentLate(t *testing.T) {
	b := ir.NewBuilder("f")
	i := b.Iota("N")
	b.Param("x", ir.F("N"), "")
	b.Result("i", i)
	f, err := b.Func()
	if err == nil {
		err = ir.Check(f)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestFreshExtents(t *testing.T) {
	b := ir.NewBuilder("f")
	c := b.Param("c", ir.B("N", "T"), "")
	b.Param("w", ir.F("P*Q"), "")
	for _, x := range []struct{ base, want ir.Dim }{
		{"N", "N2"}, {"T", "T2"}, {"R", "R"}, {"R", "R2"}, {"T", "T3"}, {"P", "P2"}, {"Q", "Q2"},
	} {
		if got := b.Fresh(x.base); got != x.want {
			t.Errorf("Fresh(%s) is %s, want %s", x.base, got, x.want)
		}
	}
	c.NonZero("M")
	if got := b.Fresh("M"); got != "M2" {
		t.Errorf("Fresh(M) is %s although a value has the extent M", got)
	}
}

func TestABuilderOwnsOneFunctionOfABody(t *testing.T) {
	half := parse(t, "func @Neg<by: number>(x: float[M]) {\ny: float[M] = neg x\nreturn y=y\n}")
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	by := ir.Attrs{{Name: "by", Val: 2.0}}
	for _, c := range []struct {
		fact string
		f    *ir.Func
		want string
	}{
		{"the first is itself", negFunc(t), "Neg"},
		{"an equal one is the first", negFunc(t), "Neg"},
		{"another body has another name", half, "Neg_2"},
		{"an equal one is the second", half, "Neg_2"},
		{"the name of the caller is taken", parse(t, "func @f<by: number>(x: float[M]) {\ny: float[M] = neg x\nreturn y=y\n}"), "f_2"},
	} {
		own := b.Own(c.f)
		if x = b.Call(own, by, x); own.Name != c.want {
			t.Errorf("%s: it is called %s, want %s", c.fact, own.Name, c.want)
		}
	}
	b.Result("y", x)
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	if got := len(f.Callees()); got != 3 {
		t.Errorf("f calls %d functions, want 3", got)
	}
	if err := ir.Check(f); err != nil {
		t.Error(err)
	}
	if again := parse(t, f.String()); again.String() != f.String() {
		t.Errorf("the text reads back as another:\n%s", again)
	}
}

func TestANumberStandsAtTheEndOfAName(t *testing.T) {
	for name, want := range map[string]string{"Arc_2": "Arc", "Arc": "Arc", "Arc_": "Arc_", "_2": "_2", "Sphere2Margin": "Sphere2Margin", "A_2_13": "A_2", "A_b": "A_b"} {
		if got := ir.Unnumbered(name); got != want {
			t.Errorf("%s without its number is %s, want %s", name, got, want)
		}
	}
}
