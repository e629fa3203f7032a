package onnxval

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"losscc/onnxexport/onnxpb"
)

// twice is a file whose graph calls a function that calls a function.
const twice = `
	domain ai.losscc
	in x f64[N]
	out y f64[N]
	y = ai.losscc.Twice(x) m={f64[] 3} note=1f
	func ai.losscc.Twice(a) m note -> (c)
	b = ai.losscc.Shift(a) by=@m:TENSOR sign=1
	c = ai.losscc.Shift(b) by=@m:TENSOR sign=-1
	func ai.losscc.Shift(a) by sign -> (c)
	k = Constant() value=@by:TENSOR
	s = Constant() value_int=@sign:INT
	f = CastLike(s, k)
	t = Mul(k, f)
	c = Add(a, t)
	c2 = Mul(c, c)`

func TestLoadNamesWhatIsWrongWithAFile(t *testing.T) {
	const io = "in x f32[N]\nout y f32[N]\n"
	const fn = "domain d\n" + io + "y = d.F(x) a=1\n"
	tests := []struct{ fact, text, says string }{
		{"an unknown operator", io + "y = Frobnicate(x)", "node 0 (Frobnicate): the operator is not evaluated here"},
		{"an operator of a later opset", "opset 13\nin x f32[2,2]\nout y f32[2,2]\ny = Trilu(x)", "node 0 (Trilu): the operator is not in opset 13"},
		{"a domain that is not imported", io + "y = d.F(x)", `node 0 (d.F): the domain "d" is not among the opset imports of the graph`},
		{"a function that is not there", "domain d\n" + io + "y = d.F(x)", "node 0 (d.F): the file has no function d.F: it has no functions at all"},
		{"another function", "domain d\n" + io + "y = d.G(x)\nfunc d.F(x) -> (y)\ny = Neg(x)", "the file has no function d.G, only d.F"},
		{"nodes out of order", io + "y = Neg(z)\nz = Neg(x)", `node 0 (Neg): the input "z" is made by node 1, which does not come before`},
		{"a cycle", io + "y = Neg(z)\nz = Neg(y)", "topological order"},
		{"a node that takes itself", io + "y = Add(x, y)", "made by node 0, which does not come before"},
		{"an input from nowhere", io + "y = Neg(z)", `the input "z" is made by nothing in the graph`},
		{"a value made twice", io + "y = Neg(x)\ny = Neg(x)", `node 1 (Neg): output 0 has the name "y", which is taken`},
		{"a node that makes an input", io + "x = Neg(x)\ny = Neg(x)", `has the name "x", which is taken`},
		{"two inputs of one name", "in x f32[N]\n" + io + "y = Neg(x)", `an input has the name "x", which is taken`},
		{"two initializers of one name", io + "init w f32[] 1\ninit w f32[] 2\ny = Add(x, w)", `initializer 1 "w": its name is taken`},
		{"two defaults of one input", io + "init x f32[] 1\ninit x f32[] 2\ny = Neg(x)", `initializer 1 "x": its name is taken`},
		{"a default of another type", io + "init x i64[] 1\ny = Neg(x)", "it is i64[], and the input that it is the default of is f32[N]"},
		{"an output from nowhere", io + "z = Neg(x)", `the output "y" is made by no node`},
		{"an output twice", io + "out y f32[N]\ny = Neg(x)", "is there twice"},
		{"no output", "in x f32[N]\ny = Neg(x)", "the graph has no output"},
		{"too many inputs", io + "y = Neg(x, x)", "has 2 inputs, want X"},
		{"too few inputs", io + "y = Add(x)", "has 1 inputs, want A, B"},
		{"an input left out", io + "y = Add(-, x)", "the input A is left out"},
		{"too many outputs", io + "y, z = Neg(x)", "has 2 outputs, want 1"},
		{"an unknown attribute", io + "y = Neg(x) alpha=1", "has an attribute alpha, which the operator does not have"},
		{"an attribute of another type", io + "y = Softmax(x) axis=1f", "the attribute axis is of type FLOAT, want INT"},
		{"a missing attribute", io + "y = Concat(x)", "lacks the attribute axis"},
		{"a reference in the graph", io + "y = Softmax(x) axis=@a:INT", "refers to a, but the node is in no function"},
		{"an early opset", "opset 11\n" + io + "y = Neg(x)", "imports opset 11 of the standard operators, evaluated are 13 to 26"},
		{"a late opset", "opset 99\n" + io + "y = Neg(x)", "imports opset 99"},
		{"a domain twice", "domain d\ndomain d\n" + io + "y = Neg(x)", `imports the domain "d" twice`},
		{"no IR version", "ir 0\n" + io + "y = Neg(x)", "says IR version 0"},
		{"metadata twice", "meta a b\nmeta a c\n" + io + "y = Neg(x)", `key "a" twice`},

		{"functions before IR 8", "ir 7\n" + fn + "func d.F(x) a -> (y)\ny = Softmax(x) axis=@a:INT", "they came with 8"},
		{"a function twice", fn + "func d.F(x) a -> (y)\ny = Neg(x)\nfunc d.F(x) a -> (y)\ny = Neg(x)", `function 1 "F": the function d.F is there twice`},
		{"a function of a domain that is not imported", io + "y = Neg(x)\nfunc e.F(x) -> (y)\ny = Neg(x)", `its domain "e" is not among the opset imports of the model`},
		{"a function in the standard domain", io + "y = Neg(x)\nfunc F(x) -> (y)\ny = Neg(x)", "is in the standard domain"},
		{"a function without outputs", fn + "func d.F(x) a -> ()\ny = Neg(x)", "has no output"},
		{"a call with too few inputs", fn + "func d.F(x, z) a -> (y)\ny = Neg(x)", "node 0 (d.F): has 1 inputs, the function takes 2"},
		{"a call with an input left out", "domain d\n" + io + "y = d.F(-)\nfunc d.F(x) -> (y)\ny = Neg(x)", "the input x is left out"},
		{"a call with too few outputs", fn + "func d.F(x) a -> (y, z)\ny = Neg(x)\nz = Neg(x)", "has 1 outputs, the function gives 2"},
		{"a call without an attribute", fn + "func d.F(x) a b -> (y)\ny = Neg(x)", "lacks the attribute b, which the function requires"},
		{"a call with an attribute more", fn + "func d.F(x) -> (y)\ny = Neg(x)", "has an attribute a, which the function does not declare"},
		{"a call with an attribute of another type", fn + "func d.F(x) a -> (y)\ny = LeakyRelu(x)", "the function d.F, node 0 (LeakyRelu)"},
		{"an attribute taken for another type", fn + "func d.F(x) a -> (y)\ny = Constant() value_float=@a:FLOAT", "node 0 (d.F): the attribute a is of type INT, the function takes it for FLOAT"},
		{"an attribute taken for two types", fn + "func d.F(x) a -> (y)\nz = Constant() value_float=@a:FLOAT\ny = Constant() value_int=@a:INT", "node 1 (Constant): refers to the attribute a as INT, and it is FLOAT elsewhere"},
		{"a reference to no attribute", fn + "func d.F(x) a -> (y)\ny = Softmax(x) axis=@b:INT", "the function d.F, node 0 (Softmax): refers to the attribute b, which the function d.F does not declare"},
		{"a reference without a type", fn + "func d.F(x) a -> (y)\ny = Softmax(x) axis=@a:UNDEFINED", "does not say its type"},
		{"an attribute twice", fn + "func d.F(x) a a -> (y)\ny = Neg(x)", "declared twice"},
		{"an attribute with a default and without", fn + "func d.F(x) a a=1 -> (y)\ny = Neg(x)", "with a default and without"},
		{"an output that is an input", fn + "func d.F(x) a -> (x)\ny = Neg(x)", `its output "x" is an input`},
		{"an output twice, of a function", "domain d\n" + io + "y, z = d.F(x)\nfunc d.F(x) -> (y, y)\ny = Neg(x)", `its output "y" is there twice`},
		{"an output that is not made", fn + "func d.F(x) a -> (z)\ny = Neg(x)", `its output "z" is made by no node`},
		{"a value of the graph in a function", fn + "init w f32[] 1\nfunc d.F(z) a -> (y)\ny = Neg(w)", `the function d.F, node 0 (Neg): the input "w" is made by nothing in the function d.F`},
		{"a function that calls itself", fn + "func d.F(x) a -> (y)\ny = d.F(x) a=1", "the function d.F calls itself"},
		{"functions in a circle", fn + "func d.F(x) a -> (y)\ny = d.G(x)\nfunc d.G(x) -> (y)\ny = d.F(x) a=1", "calls itself"},
		{"a circle that nothing calls", "domain d\n" + io + "y = Neg(x)\nfunc d.F(x) -> (y)\ny = d.F(x)", "the function d.F calls itself"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) { notLoaded(t, file(tt.text), tt.says) })
	}
}

// notLoaded fails the test unless a file is refused, by its own fault, in words that
// it says.
func notLoaded(t *testing.T, p *onnxpb.ModelProto, says string) {
	t.Helper()
	_, err := Load(bytesOf(t, p))
	var e *Error
	if !errors.As(err, &e) || e.Fault != InFile || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v\nwant … %s", err, says)
	}
}

// What the text of a test cannot say is done to the file.
func TestLoadNamesWhatIsWrongInsideAMessage(t *testing.T) {
	tests := []struct {
		fact   string
		change func(m *onnxpb.ModelProto)
		says   string
	}{
		{"external data", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer[0].DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
		}, `initializer 0 "w": its elements are in another file (external data)`},
		{"external data without the word", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer[0].ExternalData = []*onnxpb.StringStringEntryProto{{Key: proto.String("location"), Value: proto.String("../w")}}
		}, "external data"},
		{"external data of an attribute", func(m *onnxpb.ModelProto) {
			m.Graph.Node[0].Attribute[0].T.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
		}, "node 0 (Constant): the attribute value: its elements are in another file"},
		{"too few bytes", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].RawData = make([]byte, 4) }, "make 2 elements and the data has 1"},
		{"half an element", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].RawData = make([]byte, 7) }, "no whole number of f32 elements"},
		{"no data", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].RawData = nil }, "make 2 elements and the data has 0"},
		{"data twice", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].FloatData = []float32{1, 2} }, "there twice (float_data"},
		{"data in another field", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer[0].RawData, m.Graph.Initializer[0].Int64Data = nil, []int64{1, 2}
		}, "elements are f32 and stand in int64_data"},
		{"a negative extent", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].Dims = []int64{-2} }, "the extent -2 is negative"},
		{"extents that overflow", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].Dims = []int64{1 << 32, 1 << 32} }, "larger than any tensor"},
		{"extents that overflow beside a zero", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer[0].Dims = []int64{0, 1 << 62, 4}
		}, "larger than any tensor"},
		{"text elements", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].DataType = proto.Int32(8) }, "elements of type string are not evaluated"},
		{"a type without a name", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].DataType = proto.Int32(77) }, "element type 77 is unknown"},
		{"a segment", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].Segment = &onnxpb.TensorProto_Segment{} }, "segment"},
		{"an initializer without a name", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].Name = nil }, "has no name"},
		{"sparse initializers", func(m *onnxpb.ModelProto) {
			m.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{{}}
		}, "sparse initializers"},
		{"an input that is a sequence", func(m *onnxpb.ModelProto) {
			m.Graph.Input[0].Type.Value = &onnxpb.TypeProto_SequenceType{}
		}, "the input x has no tensor type"},
		{"an input without a type", func(m *onnxpb.ModelProto) { m.Graph.Input[0].Type = nil }, "the input x has no tensor type"},
		{"an input of text", func(m *onnxpb.ModelProto) { m.Graph.Input[0].Type.GetTensorType().ElemType = proto.Int32(8) }, "the input x: elements of type string"},
		{"an input of a negative extent", func(m *onnxpb.ModelProto) {
			m.Graph.Input[0].Type.GetTensorType().Shape.Dim[0].Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: -1}
		}, "the input x declares the extent -1"},
		{"a node without an operator", func(m *onnxpb.ModelProto) { m.Graph.Node[0].OpType = nil }, "names no operator"},
		{"a named node", func(m *onnxpb.ModelProto) {
			m.Graph.Node[0].Name, m.Graph.Node[0].OpType = proto.String("head/pick"), proto.String("Pick")
		}, `node 0 "head/pick" (Pick): the operator is not evaluated`},
		{"an attribute without a name", func(m *onnxpb.ModelProto) { m.Graph.Node[0].Attribute[0].Name = nil }, "an attribute has no name"},
		{"an attribute twice", func(m *onnxpb.ModelProto) {
			m.Graph.Node[0].Attribute = append(m.Graph.Node[0].Attribute, m.Graph.Node[0].Attribute[0])
		}, "the attribute value comes twice"},
		{"an attribute without a type", func(m *onnxpb.ModelProto) { m.Graph.Node[0].Attribute[0].Type = nil }, "does not say its type"},
		{"an attribute of two values", func(m *onnxpb.ModelProto) { m.Graph.Node[0].Attribute[0].I = proto.Int64(1) }, "is of type TENSOR and holds a value of type INT"},
		{"an attribute without its tensor", func(m *onnxpb.ModelProto) { m.Graph.Node[0].Attribute[0].T = nil }, "is of type TENSOR and holds none"},
		{"a subgraph", func(m *onnxpb.ModelProto) {
			a := m.Graph.Node[0].Attribute[0]
			a.Type, a.T, a.G = onnxpb.AttributeProto_GRAPH.Enum(), nil, &onnxpb.GraphProto{}
		}, "is of type GRAPH, which is not evaluated"},
		{"the long name of the standard domain in a function", func(m *onnxpb.ModelProto) {
			m.Functions[0].OpsetImport[0].Domain = proto.String("ai.onnx")
		}, `the function d.F: it imports the domain "ai.onnx"`},
		{"another opset in a function", func(m *onnxpb.ModelProto) {
			m.Functions[0].OpsetImport[0].Version = proto.Int64(18)
		}, `imports version 18 of the domain "" and the model 17`},
		{"a default that is a reference", func(m *onnxpb.ModelProto) {
			m.Functions[0].AttributeProto = []*onnxpb.AttributeProto{attribute("k", "@j:INT")}
		}, "the default of attribute k is a reference"},
		{"a domain in version 0", func(m *onnxpb.ModelProto) { m.OpsetImport[1].Version = proto.Int64(0) }, `imports the domain "d" in version 0`},
		{"no opset in a function", func(m *onnxpb.ModelProto) { m.Functions[0].OpsetImport = nil }, `the domain "" is not among the opset imports of the function d.F`},
		{"a function without a name", func(m *onnxpb.ModelProto) { m.Functions[0].Name = nil }, "the function has no name"},
	}
	const text = `
		domain d
		in x f32[N]
		out y f32[N]
		init w f32[2] 1 2
		c = Constant() value={f32[] 1}
		z = Add(x, c)
		y = d.F(z)
		func d.F(a) -> (b)
		b = Neg(a)`
	if _, err := Load(bytesOf(t, file(text))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			m := file(text)
			tt.change(m)
			notLoaded(t, m, tt.says)
		})
	}
}

func TestLoadTakesWhatFilesMayHave(t *testing.T) {
	tests := []struct {
		fact, text string
		change     func(m *onnxpb.ModelProto)
	}{
		{"functions in functions, listed caller first", twice, nil},
		{"the long name of the standard domain", "in x f32[N]\nout y f32[N]\ny = ai.onnx.Neg(x)", func(m *onnxpb.ModelProto) {
			m.OpsetImport[0].Domain = proto.String("ai.onnx")
		}},
		{"a domain that nothing uses", "domain com.microsoft\nin x f32[N]\nout y f32[N]\ny = Neg(x)", nil},
		{"a graph whose output is an input", "in x f32[N]\nout x f32[N]", nil},
		{"training information", "in x f32[N]\nout y f32[N]\ny = Neg(x)", func(m *onnxpb.ModelProto) {
			m.TrainingInfo = []*onnxpb.TrainingInfoProto{{}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			m := file(tt.text)
			if tt.change != nil {
				tt.change(m)
			}
			if _, err := Load(bytesOf(t, m)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLoadPassesOnWhatIsNoModel(t *testing.T) {
	_, err := Load([]byte("PK\x03\x04"))
	var e *Error
	if !errors.As(err, &e) || e.Fault != InFile || !errors.Is(err, onnxpb.ErrForeign) {
		t.Errorf("got %v, want ErrForeign in the file", err)
	}
}

func TestAModelTellsWhatItTakesAndGives(t *testing.T) {
	m, err := Load(bytesOf(t, file(`
		meta losscc.loss arcface
		in embeddings f32[N,D]
		in labels i64[N]
		in w f64[?,3]
		in flag bool
		init w f64[1,3] 1 2 3
		out loss f16[]
		loss = Constant() value={f16[] 1}`)))
	if err != nil {
		t.Fatal(err)
	}
	wantIn := []Port{
		{Name: "embeddings", Elem: F32, Dims: []string{"N", "D"}, Ranked: true},
		{Name: "labels", Elem: I64, Dims: []string{"N"}, Ranked: true},
		{Name: "w", Elem: F64, Dims: []string{"?", "3"}, Ranked: true, Optional: true},
		{Name: "flag", Elem: Bool},
	}
	if got := m.Inputs(); !reflect.DeepEqual(got, wantIn) {
		t.Errorf("inputs are %+v\nwant %+v", got, wantIn)
	}
	if got := m.Outputs(); !reflect.DeepEqual(got, []Port{{Name: "loss", Elem: F16, Ranked: true}}) {
		t.Errorf("outputs are %+v", got)
	}
	if got := m.Metadata(); !reflect.DeepEqual(got, map[string]string{"losscc.loss": "arcface"}) {
		t.Errorf("metadata is %v", got)
	}
}

// A chain of functions, each calling the next twice, is small as a file and has
// no end as a run.
func TestCallsAreBounded(t *testing.T) {
	chain := func(depth, calls int) *onnxpb.ModelProto {
		text := "domain d\nin x f32[N]\nout y f32[N]\ny = d.F0(x)\n"
		for i := range depth {
			name := func(k int) string { return "d.F" + strings.Repeat("0", 1) + strings.Repeat("i", k) }
			text += "func " + name(i) + "(a) -> (b)\n"
			callee := name(i + 1)
			if i == depth-1 {
				callee = "Neg"
			}
			if calls == 2 {
				text += "c = " + callee + "(a)\nb = " + callee + "(c)\n"
			} else {
				text += "b = " + callee + "(a)\n"
			}
		}
		return file(text)
	}
	backwards := func(m *onnxpb.ModelProto) *onnxpb.ModelProto {
		slices.Reverse(m.Functions)
		return m
	}
	tests := []struct {
		fact string
		m    *onnxpb.ModelProto
		says string
	}{
		{"100 calls deep", chain(100, 1), ""},
		{"101 calls deep", chain(101, 1), "calls nest deeper than 100"},
		{"101 calls deep, the last one listed first", backwards(chain(101, 1)), "calls nest deeper than 100"},
		{"100 calls deep, the last one listed first", backwards(chain(100, 1)), ""},
		{"2¹⁷ nodes", chain(17, 2), ""},
		{"2⁶⁰ nodes", chain(60, 2), "a run would visit"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			_, err := Load(bytesOf(t, tt.m))
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}
