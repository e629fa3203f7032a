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
