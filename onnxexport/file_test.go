package onnxexport_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/opt"
	"losscc/onnxexport"
	"losscc/onnxexport/onnxpb"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

func model(t *testing.T, f *ir.Func, o onnxexport.Options) *onnxpb.ModelProto {
	t.Helper()
	m, err := onnxexport.Model(f, o)
	if err != nil {
		t.Fatalf("%v in\n%s", err, f)
	}
	return m
}

var simple = "func @f(x: float[N]) {\ny: float[N] = exp x\nreturn y=y\n}"

var calling = "func @G(a: float[N]) {\ny: float[N] = neg a\nreturn y=y\n}\nfunc @F(a: float[N]) {\ny: float[N] = call a {fn=@G, out=0}\nreturn y=y\n}\n" +
	"func @f(x: float[N]) {\ny: float[N] = call x {fn=@F, out=0}\nreturn y=y\n}"

func TestOpsetsAndVersions(t *testing.T) {
	for _, c := range []struct {
		opset   int
		version int64 // of the IR
		written int64
	}{
		{0, 8, 17}, {16, 8, 16}, {17, 8, 17}, {18, 8, 18}, {19, 9, 19}, {20, 9, 20}, {21, 10, 21}, {22, 10, 22}, {23, 11, 23}, {24, 12, 24}, {25, 13, 25},
	} {
		for _, text := range []string{simple, calling} {
			m := model(t, parsed(t, text), onnxexport.Options{Opset: c.opset})
			want := fmt.Sprintf(" %d", c.written)
			if text == calling {
				want += " ai.losscc1"
			}
			if got := imports(m.GetOpsetImport()); m.GetIrVersion() != c.version || got != want {
				t.Errorf("opset %d: IR version %d, imports%s; want %d,%s", c.opset, m.GetIrVersion(), got, c.version, want)
			}
			for _, f := range m.GetFunctions() {
				want := fmt.Sprintf(" %d", c.written)
				if f.GetName() == "F" {
					want += " ai.losscc1"
				}
				if got := imports(f.GetOpsetImport()); got != want {
					t.Errorf("opset %d: function %s imports%s, want%s", c.opset, f.GetName(), got, want)
				}
			}
		}
	}
	for _, opset := range []int{-1, 1, 15, 26} {
		_, err := onnxexport.Model(parsed(t, simple), onnxexport.Options{Opset: opset})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("opset %d cannot be written; choose 16 to 25", opset)) {
			t.Errorf("opset %d: error %v", opset, err)
		}
	}
}

func imports(all []*onnxpb.OperatorSetIdProto) string {
	s := ""
	for _, i := range all {
		s += fmt.Sprintf(" %s%d", i.GetDomain(), i.GetVersion())
	}
	return s
}

func TestTheFlatFormHoldsNoFunctions(t *testing.T) {
	f := parsed(t, calling)
	_, err := onnxexport.Model(f, onnxexport.Options{Form: onnxexport.Flat})
	if err == nil || !strings.Contains(err.Error(), "@f calls @G: the flat form holds no functions") {
		t.Errorf("error %v", err)
	}
	g, err := opt.Run(f, opt.Flat)
	if err != nil {
		t.Fatal(err)
	}
	if m := model(t, g, onnxexport.Options{Form: onnxexport.Flat}); len(m.GetFunctions()) != 0 || imports(m.GetOpsetImport()) != " 17" {
		t.Errorf("%d functions, imports%s", len(m.GetFunctions()), imports(m.GetOpsetImport()))
	}
}

// one is a function of one number in its body, made apart from others of its
// name.
func one(t *testing.T, name string, number float64) *ir.Func {
	t.Helper()
	b := ir.NewBuilder(name)
	b.Result("y", b.Param("a", ir.F("N"), "").Mul(number))
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Functions that share a name become ops that do not, whatever they are called.
func TestFunctionsOfOneNameAreToldApart(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	sum := x
	for i, name := range []string{"F", "F", "F_2", "F_3", "F", "G"} {
		sum = sum.Add(b.Call(one(t, name, math.Pow(10, float64(i))), nil, x))
	}
	b.Result("y", sum)
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	ops := map[string]bool{}
	m := model(t, f, onnxexport.Options{Float: onnxexport.F64})
	for _, fn := range m.GetFunctions() {
		if ops[fn.GetName()] {
			t.Errorf("two ops are called %s", fn.GetName())
		}
		ops[fn.GetName()] = true
	}
	for _, want := range []string{"F", "F_2", "F_3", "G"} {
		if !ops[want] {
			t.Errorf("no op is called %s", want)
		}
	}
	out, err := loaded(t, f, onnxexport.Options{Float: onnxexport.F64}).Run(tensors{"x": tensor.Floats([]float64{1}, 1)})
	if err != nil || out["y"].F[0] != 111112 {
		t.Errorf("%v, %v", out["y"], err)
	}
}

// A function's own attributes become those of its nodes, numbers at full
// precision.
func TestAttributesOfCalls(t *testing.T) {
	f := parsed(t, `func @F<m: number, s: float, kind: text, k: int>(a: float[N]) {
m: float[] = attr {name="m"}
y: float[N] = mul a, m
return y=y
}
func @f(x: float[N]) {
y: float[N] = call x {fn=@F, out=0, m=0.1, s=0.1, kind="θ \"q\"", k=-3}
return y=y
}`)
	for _, d := range []onnxexport.DType{onnxexport.F32, onnxexport.F64} {
		m := model(t, f, onnxexport.Options{Float: d})
		n := m.GetGraph().GetNode()[0]
		var names []string
		for _, a := range n.GetAttribute() {
			names = append(names, a.GetName())
		}
		if got := strings.Join(names, " "); n.GetOpType() != "F" || n.GetDomain() != "ai.losscc" || got != "m s kind k" {
			t.Fatalf("%s.%s has %s", n.GetDomain(), n.GetOpType(), got)
		}
		a := n.GetAttribute()
		raw := binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.1))
		if d == onnxexport.F32 {
			raw = binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.1))
		}
		if !bytes.Equal(a[0].GetT().GetRawData(), raw) || len(a[0].GetT().GetDims()) != 0 {
			t.Errorf("m is %v", a[0].GetT())
		}
		if a[1].GetF() != 0.1 || string(a[2].GetS()) != "θ \"q\"" || a[3].GetI() != -3 {
			t.Errorf("the others are %v, %q, %v", a[1].GetF(), a[2].GetS(), a[3].GetI())
		}
		if got := strings.Join(m.GetFunctions()[0].GetAttribute(), " "); got != "m s kind k" {
			t.Errorf("the function has %s", got)
		}
	}
}

// namesOnce sees that no name of a value is made twice, that no node is without
// a name or has that of another, and that the outputs are the wanted ones.
func namesOnce(ins, inits, outs []string, nodes []*onnxpb.NodeProto) error {
	made, named := map[string]bool{}, map[string]bool{}
	for _, name := range append(append([]string{}, ins...), inits...) {
		if name == "" || made[name] {
			return fmt.Errorf("the input %q is made twice", name)
		}
		made[name] = true
	}
	for _, n := range nodes {
		if n.GetName() == "" || named[n.GetName()] {
			return fmt.Errorf("a node is called %q as another is", n.GetName())
		}
		named[n.GetName()] = true
		for _, in := range n.GetInput() {
			if !made[in] {
				return fmt.Errorf("%s reads %q before it is made", n.GetName(), in)
			}
		}
		for _, out := range n.GetOutput() {
			if out == "" || made[out] {
				return fmt.Errorf("the value %q is made twice", out)
			}
			made[out] = true
		}
	}
	for _, out := range outs {
		if !made[out] {
			return fmt.Errorf("nothing makes the output %q", out)
		}
	}
	return nil
}

func ports(all []*onnxpb.ValueInfoProto) []string {
	var names []string
	for _, p := range all {
		names = append(names, p.GetName())
	}
	return names
}

// The names of inputs and outputs are those of the function; every other name
// stands once. The same function gives the same bytes, read back from its text
// too, where it has the names that the text tells values of one name apart by.
func TestNamesAndBytesOfRandomFunctions(t *testing.T) {
	for seed := range uint64(60) {
		f := random(t, seed)
		o := onnxexport.Options{Float: onnxexport.DType(seed % 3), Opset: 16 + int(seed%10), Version: "1", Metadata: []onnxexport.Property{{"b", "2"}, {"a", "1"}}}
		m := model(t, f, o)
		g := m.GetGraph()
		var params, results, inits []string
		for _, p := range f.Params {
			params = append(params, p.Name)
		}
		for _, r := range f.Results {
			results = append(results, r.Name)
		}
		for _, i := range g.GetInitializer() {
			inits = append(inits, i.GetName())
		}
		ins, outs := ports(g.GetInput()), ports(g.GetOutput())
		if fmt.Sprint(ins) != fmt.Sprint(params) || fmt.Sprint(outs) != fmt.Sprint(results) {
			t.Fatalf("seed %d: inputs %v, outputs %v, of\n%s", seed, ins, outs, f)
		}
		if err := namesOnce(ins, inits, outs, g.GetNode()); err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, f)
		}
		for _, fn := range m.GetFunctions() {
			if err := namesOnce(fn.GetInput(), nil, fn.GetOutput(), fn.GetNode()); err != nil {
				t.Fatalf("seed %d: @%s: %v in\n%s", seed, fn.GetName(), err, f)
			}
		}
		data := file(t, f, o)
		again := random(t, seed)
		for what, h := range map[string]*ir.Func{"written again": f, "made again": again} {
			if !bytes.Equal(file(t, h, o), data) {
				t.Fatalf("seed %d: %s, it is another file", seed, what)
			}
		}
		read := parsed(t, f.String())
		if !bytes.Equal(file(t, read, o), file(t, parsed(t, read.String()), o)) {
			t.Fatalf("seed %d: read back, it is another file", seed)
		}
	}
}

// A constant of equal bits stands once; one of other bits apart: 0 and −0.
func TestConstantsStandOnce(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Param("x", ir.F("N"), "")
	y := x
	for _, c := range []float64{0.1, 0, math.Copysign(0, -1), 0.1, math.NaN(), math.NaN()} {
		y = y.Add(b.Num(c)).Neg()
	}
	b.Result("y", y)
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []onnxexport.DType{onnxexport.F32, onnxexport.F64} {
		if n := len(model(t, f, onnxexport.Options{Float: d}).GetGraph().GetInitializer()); n != 4 {
			t.Errorf("%d constants, want 0.1, 0, −0 and NaN", n)
		}
	}
}

func TestMetadataAndProducer(t *testing.T) {
	want := []onnxexport.Property{{"z", "1"}, {"a", "θ"}, {"m", ""}}
	m := model(t, parsed(t, simple), onnxexport.Options{Metadata: want, Version: "v1.2"})
	var got []onnxexport.Property
	for _, p := range m.GetMetadataProps() {
		got = append(got, onnxexport.Property{Key: p.GetKey(), Value: p.GetValue()})
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("metadata %v, want %v in this order", got, want)
	}
	if m.GetProducerName() != "losscc" || m.GetProducerVersion() != "v1.2" || m.GetGraph().GetName() != "f" {
		t.Errorf("producer %s %s, graph %s", m.GetProducerName(), m.GetProducerVersion(), m.GetGraph().GetName())
	}
}

func TestTypesOfInputsAndOutputs(t *testing.T) {
	f := parsed(t, "func @f(x: float[N,3], i: int[C*K], c: bool[]) {\nn: bool[] = not c\nreturn y=x, j=i, n=n\n}")
	for d, float := range map[onnxexport.DType]string{onnxexport.F32: "f32", onnxexport.F64: "f64", onnxexport.F16: "f16"} {
		m := loaded(t, f, onnxexport.Options{Float: d})
		for what, got := range map[string][]onnxval.Port{"x i c": m.Inputs(), "y j n": m.Outputs()} {
			want := []string{float + "[N,3]", "i64[C*K]", "bool[]"}
			for i, p := range got {
				if p.Name != strings.Fields(what)[i] || p.String() != want[i] {
					t.Errorf("%s is %s, want %s", p.Name, p, want[i])
				}
			}
		}
	}
}

// A float16 file computes in float32 and holds what leaves it to ±65504.
func TestFloat16IsOutsideOnly(t *testing.T) {
	f := parsed(t, "func @f(x: float[N]) {\ns: float[N] = mul x, x\nq: float[N] = mul s, s\nr: float[N] = sqrt q\nn: float[N] = neg s\nc: bool[N] = less s, x\nreturn q=q, r=r, n=n, c=c\n}")
	m := loaded(t, f, onnxexport.Options{Float: onnxexport.F16})
	out, err := m.Run(tensors{"x": tensor.Floats([]float64{100, 1000, 0.1, math.Inf(1), math.NaN()}, 5)}, onnxval.Rounded)
	if err != nil {
		t.Fatal(err)
	}
	tenth := 0.0999755859375 // as float16 has it
	for name, want := range map[string][]float64{
		"q": {65504, 65504, math.Pow(tenth, 4), 65504, math.NaN()},
		"r": {10000, 65504, tenth * tenth, 65504, math.NaN()},
		"n": {-10000, -65504, -tenth * tenth, -65504, math.NaN()},
	} {
		for i, w := range want {
			got := out[name].F[i]
			if math.IsNaN(w) != math.IsNaN(got) || math.Abs(got-w) > 1e-3*math.Abs(w) {
				t.Errorf("%s[%d] is %v, want %v", name, i, got, w)
			}
		}
	}
	if got := fmt.Sprint(out["c"].B); got != "[false false true false false]" {
		t.Errorf("c is %s", got)
	}
	for _, n := range model(t, f, onnxexport.Options{Float: onnxexport.F16}).GetGraph().GetNode() {
		for _, in := range n.GetInput() {
			if in == "x" && n.GetOpType() != "Cast" {
				t.Errorf("%s reads a float16", n.GetOpType())
			}
		}
	}
}

// Results that no node of their own makes are passed through.
func TestResultsThatArePassedThrough(t *testing.T) {
	f := parsed(t, `func @F(a: float[N]) {
k: float[] = const {value=2.5}
y: float[N] = mul a, k
return y=y, k=k, a=a, z=y
}
func @f(x: float[N], i: int[]) {
c: float[] = const {value=0.5}
n: int[] = int {value=7}
y: float[N] = exp x
h: float[] = call x {fn=@F, out=1}
g: float[N] = call x {fn=@F, out=2}
z: float[N] = call x {fn=@F, out=3}
return first=y, second=y, x2=x, x3=x, i2=i, c=c, c2=c, n=n, h=h, g=g, z=z
}`)
	in := tensors{"x": tensor.Floats([]float64{1, -2}, 2), "i": tensor.Ints([]int64{5})}
	want := evaluated(t, f, in)
	for _, d := range []onnxexport.DType{onnxexport.F32, onnxexport.F64, onnxexport.F16} {
		m := loaded(t, f, onnxexport.Options{Float: d})
		got, err := m.Run(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := apart(got, want, 0, 0); diff != "" {
			t.Errorf("%v: %s", d, diff)
		}
		var order []string
		for _, p := range m.Outputs() {
			order = append(order, p.Name)
		}
		if s := strings.Join(order, " "); s != "first second x2 x3 i2 c c2 n h g z" {
			t.Errorf("outputs %s", s)
		}
	}
}

// An output that had the name of an input would take it from the input.
func TestAResultWithTheNameOfAParameterIsRefused(t *testing.T) {
	for _, text := range []string{
		"func @f(x: float[N]) {\nreturn x=x\n}",
		"func @f(x: float[N]) {\ny: float[N] = exp x\nreturn x=y\n}",
	} {
		_, err := onnxexport.Model(parsed(t, text), onnxexport.Options{})
		if err == nil || !strings.Contains(err.Error(), `the result "x" has the name of a parameter`) {
			t.Errorf("error %v in\n%s", err, text)
		}
	}
}

// A value may have any name, that of an input, an output or a step included.
func TestNamesOfValuesDoNotCollide(t *testing.T) {
	f := parsed(t, `func @f(exp: float[N], num: float[N]) {
k: float[] = const {value=0.1}
add: float[N] = add exp, k
sigmoid_1: float[N] = sigmoid add
neg: float[N] = sigmoid sigmoid_1
Abs: float[N] = mul neg, num
return abs=Abs, add_1=add, axes=neg
}`)
	in := tensors{"exp": tensor.Floats([]float64{1, -2}, 2), "num": tensor.Floats([]float64{3, 4}, 2)}
	got, err := loaded(t, f, onnxexport.Options{Float: onnxexport.F64}).Run(in)
	if err != nil {
		t.Fatal(err)
	}
	if d := apart(got, evaluated(t, f, in), 1e-15, 0); d != "" {
		t.Error(d)
	}
}
