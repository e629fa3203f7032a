package onnxval

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/tensor"
)

func TestABodySeesWhatIsAroundIt(t *testing.T) {
	tests := []struct{ fact, text, want string }{
		{"an input, a constant and a node of the graph", `
			in x f64[N]
			init w f64[] 10
			out y f64[N]
			z = Neg(w)
			y = Scan(x) num_scan_inputs=1 body=<
				in r f64[]
				out t f64[]
				a = Mul(r, w)
				b = Add(a, z)
				c = ReduceSum(x) keepdims=0
				t = Add(b, c)
			>`, "f64[3] 6 16 26"},
		{"what is around the body around it", `
			in x f64[N]
			init w f64[] 10
			out y f64[N,N]
			y = Scan(x) num_scan_inputs=1 body=<
				in r f64[]
				out t f64[N]
				t = Scan(x) num_scan_inputs=1 body=<
					in q f64[]
					out u f64[]
					a = Mul(q, w)
					u = Add(a, r)
				>
			>`, "f64[3,3] 11 21 31 12 22 32 13 23 33"},
		{"its own constants, a name that comes later outside, and a name of another body", `
			in x f64[N]
			out y f64[N]
			z = Scan(x) num_scan_inputs=1 body=<in r f64[]; init k f64[] 2; out t f64[]; t = Mul(r, k)>
			k = Scan(z) num_scan_inputs=1 body=<in r f64[]; init l f64[] 3; out t f64[]; t = Mul(r, l)>
			y = Neg(k)`, "f64[3] -6 -12 -18"},
		{"functions of the file", `
			domain ai.losscc
			in x f64[N]
			out y f64[N]
			s, y = Scan(first, x) num_scan_inputs=1 body=<
				in a f64[]
				in b f64[]
				out c f64[]
				out d f64[]
				c = ai.losscc.Twice(b) k={f64[] 2}
				d = Add(a, c)
			>
			init first f64[] 100
			func ai.losscc.Twice(a) k -> (b)
			c = Constant() value=@k:TENSOR
			b = Mul(a, c)`, "f64[3] 102 6 10"},
		{"the values and attributes of the function that it is in", `
			domain d
			in x f64[N]
			out y f64[N]
			y = d.F(x) k={f64[] 5}
			func d.F(v) k -> (w)
			n = Neg(v)
			w = Scan(v) num_scan_inputs=1 body=<
				in r f64[]
				out t f64[]
				c = Constant() value=@k:TENSOR
				m = ReduceSum(n) keepdims=0
				a = Mul(r, c)
				t = Add(a, m)
			>`, "f64[3] -1 4 9"},
		{"types that the body leaves open", `
			in x f64[N]
			out y f64[N]
			y = Scan(x) num_scan_inputs=1 body=<in r f64[]; out t f64[]; t = Neg(r)>`, "f64[3] -1 -2 -3"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			p := file(tt.text)
			if strings.Contains(tt.fact, "leaves open") {
				body := p.Graph.Node[0].Attribute[1].G
				body.Input[0].Type, body.Output[0].Type = nil, nil
			}
			m, err := Load(bytesOf(t, p))
			if err != nil {
				t.Fatal(err)
			}
			comesOut(t, m, tt.want, 1, 2, 3)
		})
	}
}

func TestLoadNamesWhatIsWrongWithABody(t *testing.T) {
	const io = "in x f64[N]\nout y f64[N]\ninit w f64[] 1\n"
	const in = "in r f64[]; out t f64[]; "
	scan := func(body string) string { return io + "y = Scan(x) num_scan_inputs=1 body=<" + body + ">" }
	tests := []struct{ fact, text, says string }{
		{"an unknown name", scan(in + "t = Neg(q)"), `node 0 (Scan), node 0 (Neg): the input "q" is made by nothing in the body or around it, in the graph`},
		{"nodes out of order", scan(in + "t = Neg(q); q = Neg(r)"), `node 0 (Scan), node 0 (Neg): the input "q" is made by node 1, which does not come before`},
		{"what comes later outside", scan(in+"t = Neg(q)") + "\nq = Neg(x)", `the input "q" is made by node 1 around the body, which does not come before`},
		{"what the Scan itself gives", scan(in + "t = Neg(y)"), `the input "y" is made by node 0 around the body, which does not come before`},
		{"a value made twice", scan(in + "t = Neg(r); t = Neg(r)"), `node 0 (Scan), node 1 (Neg): output 0 has the name "t", which is taken`},
		{"a node that hides a value outside", scan(in + "w = Neg(r); t = Neg(w)"), `node 0 (Scan), node 0 (Neg): output 0 has the name "w", which is taken outside of the body`},
		{"a node that hides what was used", scan(in + "t = Neg(w); w = Neg(r)"), `output 0 has the name "w", which is taken outside of the body`},
		{"an input that hides a value outside", scan("in x f64[]; out t f64[]; t = Neg(x)"), `node 0 (Scan): an input has the name "x", which is taken outside of the body`},
		{"a constant that hides a value outside", scan(in + "init w f64[] 2; t = Neg(r)"), `node 0 (Scan), initializer 0 "w": it has the name "w", which is taken outside of the body`},
		{"a value that hides one two bodies out", scan(in + "t = Scan(x) num_scan_inputs=1 body=<in q f64[]; out u f64[]; r = Neg(q); u = Neg(r)>"), `node 0 (Scan), node 0 (Scan), node 0 (Neg): output 0 has the name "r", which is taken outside`},
		{"a constant for an input", scan(in + "init r f64[] 2; t = Neg(r)"), "its name is taken by an input of the body"},
		{"two constants of one name", scan(in + "init k f64[] 2; init k f64[] 3; t = Neg(r)"), "its name is taken by another initializer"},
		{"an output that nothing makes", scan("in r f64[]; out t f64[]; q = Neg(r)"), `node 0 (Scan): the output "t" is made by no node`},
		{"an output from outside", scan("in r f64[]; out w f64[]; q = Neg(r)"), `node 0 (Scan): the output "w" is made outside of the body`},
		{"an output from outside that was used", scan("in r f64[]; out w f64[]; q = Neg(w)"), `the output "w" is made outside of the body`},
		{"an output that is an input", scan("in r f64[]; out r f64[]; q = Neg(r)"), `the output "r" is an input of the body`},
		{"an output twice", "in x f64[N]\nout y f64[N]\ny, z = Scan(x) num_scan_inputs=1 body=<in r f64[]; out t f64[]; out t f64[]; t = Neg(r)>", `the output "t" is there twice`},
		{"no output", scan("in r f64[]; q = Neg(r)"), "has 1 outputs, the body gives 0"},
		{"an unknown operator", scan(in + "t = Frobnicate(r)"), "node 0 (Scan), node 0 (Frobnicate): the operator is not evaluated here"},
		{"an unknown function", "domain d\n" + scan(in+"t = d.F(r)"), "node 0 (Scan), node 0 (d.F): the file has no function d.F"},
		{"a domain that is not imported", scan(in + "t = d.F(r)"), `the domain "d" is not among the opset imports of the graph`},
		{"a reference in a body in the graph", scan(in + "t = Softmax(r) axis=@a:INT"), "refers to a, but the node is in no function"},
		{"an attribute that a call has in another type", "domain d\n" + scan(in+"t = d.F(r) a=1") + "\nfunc d.F(x) a -> (y)\ny = Constant() value_float=@a:FLOAT", "node 0 (Scan), node 0 (d.F): the attribute a is of type INT, the function takes it for FLOAT"},
		{"a function that calls itself in a body", "domain d\n" + io + "y = d.F(x)\nfunc d.F(x) -> (y)\ny = Scan(x) num_scan_inputs=1 body=<" + in + "t = d.F(r)>", "the function d.F calls itself"},
		{"a value of the graph in a body in a function", "domain d\n" + io + "y = d.F(x)\nfunc d.F(x) -> (y)\ny = Scan(x) num_scan_inputs=1 body=<" + in + "t = Add(r, w)>", `the function d.F, node 0 (Scan), node 0 (Add): the input "w" is made by nothing in the body or around it, in the function d.F`},
		{"a body from a function's attribute", "domain d\n" + io + "y = d.F(x)\nfunc d.F(x) a=1 -> (y)\ny = Scan(x) num_scan_inputs=1 body=@a:GRAPH", "refers to the attribute a as GRAPH, and it is INT"},
		{"axes from a function's attribute", "domain d\n" + io + "y = d.F(x) a=0,\nfunc d.F(x) a -> (y)\ny = Scan(x) num_scan_inputs=1 scan_input_axes=@a:INTS body=<" + in + "t = Neg(r)>", "the function d.F, node 0 (Scan): the attribute scan_input_axes refers to a"},
		{"a body for a function", "domain d\n" + io + "y = d.F(x) a=<" + in + "t = Neg(r)>\nfunc d.F(x) a -> (y)\ny = Neg(x)", "node 0 (d.F): the attribute a is of type GRAPH, which is not evaluated"},
		{"a body as a function's default", "domain d\n" + io + "y = d.F(x)\nfunc d.F(x) a=<> -> (y)\ny = Neg(x)", "the attribute a is of type GRAPH, which is not evaluated"},
		{"another operator with a body", io + "y = Loop(x) body=<" + in + "t = Neg(r)>", "node 0 (Loop): the attribute body is of type GRAPH, which is not evaluated"},
		{"an input left out", io + "y = Scan(-) num_scan_inputs=1 body=<" + in + "t = Neg(r)>", "the input inputs is left out"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) { notLoaded(t, file(tt.text), tt.says) })
	}
}

// What the text of a test cannot say is done to the body.
func TestLoadNamesWhatIsWrongInsideABody(t *testing.T) {
	tests := []struct {
		fact   string
		change func(n *onnxpb.NodeProto, g *onnxpb.GraphProto)
		says   string
	}{
		{"no graph", func(n *onnxpb.NodeProto, g *onnxpb.GraphProto) { n.Attribute[1].G = nil }, "node 0 (Scan): the attribute body is of type GRAPH and holds none"},
		{"a graph in another attribute", func(n *onnxpb.NodeProto, g *onnxpb.GraphProto) { n.Attribute[1].Name = proto.String("then") }, "has an attribute then"},
		{"an input that is a sequence", func(n *onnxpb.NodeProto, g *onnxpb.GraphProto) {
			g.Input[0].Type.Value = &onnxpb.TypeProto_SequenceType{}
		}, "node 0 (Scan): the body's input r has no tensor type"},
		{"an input without a name", func(n *onnxpb.NodeProto, g *onnxpb.GraphProto) { g.Input[0].Name = nil }, "an input has no name"},
		{"an output without a name", func(n *onnxpb.NodeProto, g *onnxpb.GraphProto) { g.Output[0].Name = nil }, `the output "" is made by no node`},
		{"sparse initializers", func(n *onnxpb.NodeProto, g *onnxpb.GraphProto) {
			g.SparseInitializer = []*onnxpb.SparseTensorProto{{}}
		}, "sparse initializers"},
		{"external data", func(n *onnxpb.NodeProto, g *onnxpb.GraphProto) {
			g.Initializer[0].DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
		}, `node 0 (Scan), initializer 0 "k": its elements are in another file`},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			m := file("in x f64[N]\nout y f64[N]\ny = Scan(x) num_scan_inputs=1 body=<in r f64[]; init k f64[] 2; out t f64[]; t = Mul(r, k)>")
			tt.change(m.Graph.Node[0], m.Graph.Node[0].Attribute[1].G)
			notLoaded(t, m, tt.says)
		})
	}
}

// The symbols of a body are those of the graph around it; one that only the
// body has may differ between iterations, and between calls of a function.
func TestSymbolsOfABody(t *testing.T) {
	tests := []struct{ fact, text, says string }{
		{"of the graph", "in x f64[N]\nout y f64[N,N]\ny = Scan(x) num_scan_inputs=1 body=<in r f64[]; out t f64[N]; t = Add(r, x)>", ""},
		{"of the graph, with another extent", "in x f64[N]\nout y f64[N,1]\ny = Scan(x) num_scan_inputs=1 body=<in r f64[]; init o i64[1] 1; out t f64[N]; t = Expand(r, o)>",
			"node 0 (Scan), iteration 0: the body's output t is [1], want f64[N]: N is 1 here and 3 in x"},
		{"of one iteration", `
			in x f64[N]
			out y f64[N]
			y = Scan(x) num_scan_inputs=1 body=<
				in r f64[]
				value l f64[K]
				init zero f64[] 0
				init one f64[] 1
				out t f64[]
				l = Range(zero, r, one)
				t = ReduceSum(l) keepdims=0
			>`, ""},
		{"of one iteration, twice", `
			in x f64[N]
			out y f64[N]
			y = Scan(x) num_scan_inputs=1 body=<
				in r f64[]
				value l f64[K]
				value m f64[K]
				init zero f64[] 0
				init one f64[] 1
				out t f64[]
				l = Range(zero, r, one)
				m = Concat(l, l) axis=0
				t = ReduceSum(m) keepdims=0
			>`, "iteration 0: the value m is [2], want f64[K]: K is 2 here and 1 in l"},
		{"of a function's call", `
			domain d
			in x f64[N]
			out y f64[N]
			z = Unsqueeze(x, o)
			init o i64[1] 0
			zz = Concat(z, z) axis=1
			a = d.F(zz)
			b = d.F(z)
			y = Squeeze(b, o)
			func d.F(v) -> (w)
			w = Scan(v) num_scan_inputs=1 body=<in r f64[N]; out t f64[N]; t = Neg(r)>`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			_, err := load(t, tt.text).Run(map[string]*tensor.Tensor{"x": tensor.Floats([]float64{1, 2, 3}, 3)})
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}

func TestIterationsCountAgainstTheLimits(t *testing.T) {
	const text = "in x f64[N,D]\nout y f64[N,D]\ny = Scan(x) num_scan_inputs=1 body=<in r f64[D]; out t f64[D]; u = Neg(r); t = Neg(u)>"
	in := map[string]*tensor.Tensor{"x": tensor.New(tensor.Float, 10, 4)}
	tests := []struct {
		fact   string
		limits Limits
		says   string
	}{
		{"nodes", Limits{Nodes: 31}, ""},
		{"one node less", Limits{Nodes: 30}, "node 0 (Scan), iteration 9, node 1 (Neg): the run goes over the limit of 30 nodes"},
		{"elements", Limits{Elements: 160}, ""},
		{"one element less", Limits{Elements: 159}, "node 0 (Scan), iteration 9, node 1 (Neg): the result [4] takes the run to 160 elements, over the limit of 159"},
		{"work", Limits{Work: 200}, "steps"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			m, err := LoadWithin(bytesOf(t, file(text)), tt.limits)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = m.Run(in); tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			if errors.Is(err, ErrLimit) != (tt.says != "") {
				t.Errorf("%v is ErrLimit: %v", err, errors.Is(err, ErrLimit))
			}
		})
	}
	// No elements and no nodes, and still an end.
	m := load(t, "in x f64[N,D]\nout y f64[N,D]\ny = Scan(x) num_scan_inputs=1 body=<in r f64[D]; init k f64[0]; out k f64[0]>")
	if _, err := m.Run(map[string]*tensor.Tensor{"x": tensor.New(tensor.Float, 1<<40, 0)}); !errors.Is(err, ErrLimit) {
		t.Errorf("2⁴⁰ iterations: got %v", err)
	}
	if _, err := LoadWithin(bytesOf(t, file(text)), Limits{Nodes: 2}); err == nil || !strings.Contains(err.Error(), "a run would visit 3 nodes") {
		t.Errorf("got %v", err)
	}
}

func TestBodiesNestToABound(t *testing.T) {
	nested := func(depth int) *onnxpb.ModelProto {
		m := file("in x f64[]\nout y f64[]\ny = Neg(x)")
		nodes := m.Graph.Node
		for i := range depth {
			name := strings.Repeat("b", i+1)
			n := node("y = Scan(l) num_scan_inputs=1")
			n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: proto.String("body"), Type: onnxpb.AttributeProto_GRAPH.Enum(),
				G: &onnxpb.GraphProto{Node: nodes, Input: []*onnxpb.ValueInfoProto{{Name: &name}}, Output: []*onnxpb.ValueInfoProto{{Name: proto.String("y")}}}})
			nodes = []*onnxpb.NodeProto{n}
		}
		m.Graph.Node = nodes
		m.Graph.Output[0] = declare("y", "f64")
		m.Graph.Initializer = append(m.Graph.Initializer, parse("f64[1] 1").proto("l"))
		return m
	}
	for _, c := range []struct {
		depth  int
		limits Limits
		says   string
	}{
		{20, Limits{}, ""},
		{30, Limits{}, "onnx: "},
		{100, Limits{File: onnxpb.Limits{Depth: 1000}}, ""},
		{101, Limits{File: onnxpb.Limits{Depth: 1000}}, "bodies nest deeper than 100"},
	} {
		m, err := LoadWithin(bytesOf(t, nested(c.depth)), c.limits)
		if c.says == "" && err == nil {
			_, err = m.Run(map[string]*tensor.Tensor{"x": tensor.Scalar(1)})
		}
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%d bodies: got %v, want %q", c.depth, err, c.says)
		}
	}
}

// A Scan gives what the same formula over whole tensors gives, and the same to
// all who run it at once; rounding happens inside.
func TestAScanIsItsFormula(t *testing.T) {
	m := load(t, `
		in embeddings f32[N,D]
		in labels i64[N]
		in weight f32[C,D]
		out loss f32[]
		init zero f32[] 0
		sum, each = Scan(zero, embeddings, labels) num_scan_inputs=2 body=<
			in before f32[]
			in row f32[D]
			in label i64[]
			out after f32[]
			out minus f32[]
			value cos f32[C]
			init minus1 i64[1] -1
			cos = MatMul(weight, row)
			logp = LogSoftmax(cos)
			picked = Gather(logp, label)
			minus = Neg(picked)
			after = Add(before, minus)
		>
		mean = ReduceMean(each) keepdims=0
		n = Size(labels)
		nf = CastLike(n, sum)
		mean2 = Div(sum, nf)
		d = Sub(mean, mean2)
		loss = Add(mean, d)`)
	in := batch(4, 3, 5)
	want, err := load(t, head).Run(in)
	if err != nil {
		t.Fatal(err)
	}
	rounded, err := m.Run(in, Rounded)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if i%2 == 0 {
				got, err := m.Run(in)
				if err != nil || math.Abs(got["loss"].F[0]-want["loss"].F[0]) > 1e-14 {
					t.Errorf("got %v, %v; want %v", got["loss"], err, want["loss"].F)
				}
				return
			}
			got, err := m.Run(in, Rounded)
			if err != nil || got["loss"].F[0] != rounded["loss"].F[0] {
				t.Errorf("rounded: got %v, %v; want %v", got["loss"], err, rounded["loss"].F)
			}
		})
	}
	wg.Wait()
	if x := rounded["loss"].F[0]; x == want["loss"].F[0] || math.Abs(x-want["loss"].F[0]) > 1e-5 {
		t.Errorf("rounded gives %v, exact %v", x, want["loss"].F[0])
	}
}
