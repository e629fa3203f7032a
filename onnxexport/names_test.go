package onnxexport_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/onnxexport"
	"losscc/onnxexport/onnxpb"
	"losscc/verify/tensor"
)

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

// A value may have the name of an attribute of torch.nn.Module or a word of
// Python's, but its node has another: a reader makes it an attribute beside them.
// Inputs and outputs keep theirs.
func TestNodesHaveNoNameThatAModuleOrPythonHas(t *testing.T) {
	f := parsed(t, `func @f(type: float[N], lambda: int[N], j: int[N]) {
%1: float[N] = float j
half: float[N] = float lambda
double: float[N] = add half, type
train: float[N] = mul double, %1
%2: bool[N] = less half, train
%3: bool[N] = and %2, %2
%4: bool[N] = not %3
%5: bool[N] = select %4, %3, %2
return forward=train, loss.or=half, global=%5
}`)
	g := model(t, f, onnxexport.Options{}).GetGraph()
	if in, out := fmt.Sprint(ports(g.GetInput())), fmt.Sprint(ports(g.GetOutput())); in != "[type lambda j]" || out != "[forward loss.or global]" {
		t.Errorf("inputs %s, outputs %s", in, out)
	}
	for _, n := range g.GetNode() {
		switch name := n.GetName(); name {
		case "half", "double", "train", "forward", "to", "float", "type", "and", "or", "not", "global", "loss.or":
			t.Errorf("a node is called %q", name)
		case n.GetOutput()[0]:
		default:
			if !strings.Contains("forward loss.or global", n.GetOutput()[0]) {
				t.Errorf("%q makes %q, which nobody but the file named", name, n.GetOutput()[0])
			}
		}
	}
	in := tensors{"type": tensor.Floats([]float64{1, -2}, 2), "lambda": tensor.Ints([]int64{3, 0}, 2), "j": tensor.Ints([]int64{1, 2}, 2)}
	got, err := loaded(t, f, onnxexport.Options{Float: onnxexport.F64}).Run(in)
	if err != nil {
		t.Fatal(err)
	}
	if d := apart(got, evaluated(t, f, in), 1e-15, 0); d != "" {
		t.Error(d)
	}
}
