package ir_test

import (
	"strings"
	"testing"

	"losscc/ir"
)

const checkedText = `func @G<m: number>(x: float[M]) {
k: float[] = attr {name="m"}
y: float[M] = mul x, k
return y=y
}
func @f<n: int, k: number>(x: float[N,D], i: int[N]) {
a: float[N] = sum x {axis=1}
b: float[N] = call a {fn=@G, out=0, m=0.5}
c: float[N] = add a, b
r: int[N,R] = argtop x, e {largest=true, dim=R}
i2: int[D] = iota {dim=D}
return c=c, b=b
}`

// value is the value of that name.
func value(f *ir.Func, name string) *ir.Value {
	for v, n := range f.Names() {
		if n == name {
			return v
		}
	}
	return nil
}

func TestTheCheckerFindsWhatIsBroken(t *testing.T) {
	source := strings.Replace(checkedText, "r: ", "e: int[] = int {value=1}\nr: ", 1)
	other := parse(t, source)
	for _, c := range []struct {
		fact   string
		change func(f, g *ir.Func)
		want   string // empty: nothing is wrong
	}{
		{"nothing", func(f, g *ir.Func) {}, ""},

		{"a wrong kind of element", func(f, g *ir.Func) { value(f, "a").Type = ir.I("N") }, "@f: value 2 (sum) says int[N], its op makes float[N]"},
		{"a wrong extent", func(f, g *ir.Func) { value(f, "c").Type = ir.F("D") }, "@f: value 4 (add) says float[D], its op makes float[N]"},
		{"a wrong rank of a call", func(f, g *ir.Func) { value(f, "b").Type = ir.F() }, "@f: value 3 (call) says float[], its op makes float[N]"},
		{"a parameter whose type its readers do not expect", func(f, g *ir.Func) { f.Params[0].Type = ir.F("N") }, "@f: value 2 (sum) axis 1 is outside float[N]"},
		{"another op", func(f, g *ir.Func) { value(f, "c").Op = ir.OpLess }, "@f: value 4 (less) says float[N], its op makes bool[N]"},
		{"an extent that nothing has", func(f, g *ir.Func) { f.Params[0].Type = ir.F("N", "E") }, "@f: value 7 (iota) no parameter and no value before has the extent D"},
		{"no op", func(f, g *ir.Func) { value(f, "c").Op = nil }, "@f: value 4 has no op"},
		{"an op that is not in the table", func(f, g *ir.Func) { value(f, "c").Op = &ir.Op{Name: "tanh"} }, "@f: value 4 (tanh) the op has no type rule"},
		{"no value", func(f, g *ir.Func) { f.Values[4] = nil }, "@f: value 4 has no op"},

		{"values exchanged", func(f, g *ir.Func) { f.Values[2], f.Values[4] = f.Values[4], f.Values[2] }, "@f: value 2 carries the number 4"},
		{"a value twice in the list", func(f, g *ir.Func) { f.Values = append(f.Values, f.Values[3]) }, "@f: value 8 carries the number 3"},
		{"a value left out", func(f, g *ir.Func) { f.Values = append(f.Values[:3], f.Values[4:]...) }, "@f: value 3 carries the number 4"},
		{"an argument that comes later", func(f, g *ir.Func) { value(f, "a").Args[0] = value(f, "c") }, "@f: value 2 (sum) uses a value that does not stand before it"},
		{"a value of itself", func(f, g *ir.Func) { value(f, "c").Args[1] = value(f, "c") }, "@f: value 4 (add) uses a value that does not stand before it"},
		{"an argument of another function", func(f, g *ir.Func) { value(f, "c").Args[1] = value(other, "b") }, "@f: value 4 (add) uses a value that does not stand before it"},
		{"an argument that is nothing", func(f, g *ir.Func) { value(f, "c").Args[1] = nil }, "@f: value 4 (add) uses a value that does not stand before it"},
		{"an argument too few", func(f, g *ir.Func) { value(f, "c").Args = value(f, "c").Args[:1] }, "@f: value 4 (add) want 2 arguments, got 1"},
		{"an argument too many", func(f, g *ir.Func) { value(f, "a").Args = append(value(f, "a").Args, f.Params[1]) }, "@f: value 2 (sum) want 1 arguments, got 2"},

		{"an attribute left out", func(f, g *ir.Func) { value(f, "a").Attrs = nil }, "@f: value 2 (sum) attribute axis: want a whole number, got none"},
		{"an attribute of a wrong kind", func(f, g *ir.Func) { value(f, "a").Attrs[0].Val = 1 }, "@f: value 2 (sum) attribute axis: want a whole number, got int"},
		{"an attribute too many", func(f, g *ir.Func) { value(f, "c").Attrs = ir.Attrs{{Name: "axis", Val: int64(0)}} }, "@f: value 4 (add) want 0 attributes, got 1"},
		{"attributes in another order", func(f, g *ir.Func) {
			a := value(f, "r").Attrs
			a[0], a[1] = a[1], a[0]
		}, "@f: value 6 (argtop) attribute dim stands where largest belongs"},
		{"an extent that is none", func(f, g *ir.Func) { value(f, "r").Attrs[1].Val = ir.Dim("") }, `@f: value 6 (argtop) attribute dim: "" is no extent`},
		{"a number that is not declared", func(f, g *ir.Func) { g.Attrs[0].Name = "q" }, `@G: value 1 (attr) @G declares no number "m"`},
		{"a name that cannot be read back", func(f, g *ir.Func) { value(f, "a").Name = "return" }, `@f: value 2 (sum) a value cannot be called "return"`},

		{"a parameter that is not listed", func(f, g *ir.Func) { f.Params = f.Params[:1] }, "@f: value 1 (param) is not in the list of parameters"},
		{"parameters exchanged", func(f, g *ir.Func) { f.Params[0], f.Params[1] = f.Params[1], f.Params[0] }, "@f: parameter 0 is not value 0"},
		{"a listed parameter that is no value", func(f, g *ir.Func) { f.Params = append(f.Params, other.Params[0]) }, "@f: parameter 2 is not value 2"},
		{"a listed parameter that is made", func(f, g *ir.Func) { f.Params = append(f.Params, f.Values[2]) }, "@f: value 2 (sum) stands in the list of parameters"},
		{"a parameter too many and no value", func(f, g *ir.Func) { f.Values = f.Values[:1] }, "@f: parameter 1 is not value 1"},
		{"two parameters of one name", func(f, g *ir.Func) { f.Params[1].Name = "x" }, `@f: parameter "x" is declared twice`},
		{"a parameter without a name", func(f, g *ir.Func) { f.Params[1].Name = "" }, "@f: a parameter has an empty name"},
		{"a parameter without a type", func(f, g *ir.Func) { f.Params[1].Type = ir.Type{} }, `@f: parameter "i": a type without elements`},

		{"a result of another function", func(f, g *ir.Func) { f.Results[0].Value = value(other, "c") }, `@f: result "c" is no value of the function`},
		{"a result without a value", func(f, g *ir.Func) { f.Results[1].Value = nil }, `@f: result "b" is no value of the function`},
		{"two results of one name", func(f, g *ir.Func) { f.Results[1].Name = "c" }, `@f: result "c" is given twice`},
		{"a result without a name", func(f, g *ir.Func) { f.Results[1].Name = "" }, "@f: a result has an empty name"},

		{"a function without a name", func(f, g *ir.Func) { f.Name = "" }, "@: a function has an empty name"},
		{"an attribute twice", func(f, g *ir.Func) { f.Attrs[1].Name = "n" }, `@f: attribute "n" is declared twice`},
		{"an attribute of no kind", func(f, g *ir.Func) { f.Attrs[0].Kind = "double" }, `@f: no kind of attribute "double"`},

		{"a callee that is broken", func(f, g *ir.Func) { g.Values[2].Type = ir.I("M") }, "@G: value 2 (mul) says int[M], its op makes float[M]"},
		{"a callee with another number of parameters", func(f, g *ir.Func) {
			g.Params, g.Values, g.Results = nil, nil, nil
		}, "@f: value 3 (call) @G has 0 results, not a result 0"},
		{"a callee of the caller's name", func(f, g *ir.Func) { g.Name = "f" }, "@f: two functions have this name"},
		{"a callee that calls its caller", func(f, g *ir.Func) {
			g.Values[2].Op, g.Values[2].Attrs = ir.OpCall, ir.Attrs{{Name: "fn", Val: f}}
		}, "@f: the function calls itself"},
		{"a call of nothing", func(f, g *ir.Func) { value(f, "b").Attrs[0].Val = (*ir.Func)(nil) }, "@f: value 3 (call) no function to call"},
		{"a call without its attributes", func(f, g *ir.Func) { value(f, "b").Attrs = value(f, "b").Attrs[:2] }, "@f: value 3 (call) @G declares 1 attributes, the call sets 0"},
	} {
		f := parse(t, source)
		c.change(f, f.Callees()[0])
		err := ir.Check(f)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.fact, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %s", c.fact, err, c.want)
		}
	}
	if err := ir.Check(nil); err == nil {
		t.Error("no function passes")
	}
}

func TestTwoCalleesOfOneNameAreABrokenFunction(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	by := ir.Attrs{{Name: "by", Val: 1.0}}
	b.Result("y", b.Call(negFunc(t), by, b.Call(negFunc(t), by, x)))
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Check(f); err == nil || err.Error() != "@Neg: two functions have this name" {
		t.Errorf("error %v", err)
	}
}
