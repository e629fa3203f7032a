package readback

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	pb "losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// head is a model such as losscc emits: a margin op with a body, a constant, a
// square (two equal inputs), two operations of whose outputs one has no name, an input left out, symbolic extents and an initializer.
func head() *pb.ModelProto {
	float, integer := pb.TensorProto_DOUBLE, pb.TensorProto_INT64
	return &pb.ModelProto{
		IrVersion: proto.Int64(8),
		OpsetImport: []*pb.OperatorSetIdProto{
			{Domain: proto.String(""), Version: proto.Int64(17)},
			{Domain: proto.String("ai.losscc"), Version: proto.Int64(1)}},
		Functions: []*pb.FunctionProto{{Name: proto.String("ArcMargin"), Domain: proto.String("ai.losscc"),
			Input: []string{"x"}, Output: []string{"y"}, Attribute: []string{"margin"},
			Node: []*pb.NodeProto{{OpType: proto.String("Identity"), Input: []string{"x"}, Output: []string{"y"}}}}},
		Graph: &pb.GraphProto{
			Name:        proto.String("arcface"),
			Initializer: []*pb.TensorProto{doubles("scale", 64)},
			Input:       []*pb.ValueInfoProto{declare("cos", float, "N", "C"), declare("labels", integer, "N", "1")},
			Output:      []*pb.ValueInfoProto{declare("loss", float), declare("where", integer, "N", "1")},
			Node: []*pb.NodeProto{
				{OpType: proto.String("GatherElements"), Input: []string{"cos", "labels"}, Output: []string{"target"},
					Attribute: []*pb.AttributeProto{attr("axis", int64(1))}},
				{OpType: proto.String("ArcMargin"), Domain: proto.String("ai.losscc"), Input: []string{"target"}, Output: []string{"arc"},
					Attribute: []*pb.AttributeProto{attr("margin", float32(0.5)), attr("margin_value", doubles("", 0.5)),
						attr("beyond", "none"), attr("table", []float32{1, float32(math.Copysign(0, -1))}), attr("perm", []int64{1, 0})}},
				{OpType: proto.String("Constant"), Output: []string{"k"}, Attribute: []*pb.AttributeProto{attr("value", ints("", 1))}},
				{OpType: proto.String("Constant"), Output: []string{"low"}, Attribute: []*pb.AttributeProto{attr("value", doubles("", math.Inf(-1), math.NaN()))}},
				{OpType: proto.String("TopK"), Input: []string{"arc", "k"}, Output: []string{"", "where"}},
				{OpType: proto.String("Mul"), Input: []string{"arc", "arc"}, Output: []string{"square"}},
				{OpType: proto.String("Clip"), Input: []string{"square", "", "scale"}, Output: []string{"clipped"}},
				{OpType: proto.String("ReduceSum"), Input: []string{"clipped"}, Output: []string{"loss"},
					Attribute: []*pb.AttributeProto{attr("keepdims", int64(0))}},
				{OpType: proto.String("TopK"), Input: []string{"clipped", "k"}, Output: []string{"", "again"}},
			},
		},
	}
}

func declare(name string, elem pb.TensorProto_DataType, dims ...string) *pb.ValueInfoProto {
	shape := &pb.TensorShapeProto{}
	for _, d := range dims {
		dim := &pb.TensorShapeProto_Dimension{Value: &pb.TensorShapeProto_Dimension_DimParam{DimParam: d}}
		if d == "1" {
			dim.Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: 1}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &pb.ValueInfoProto{Name: proto.String(name), Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{
		TensorType: &pb.TypeProto_Tensor{ElemType: proto.Int32(int32(elem)), Shape: shape}}}}
}

func doubles(name string, v ...float64) *pb.TensorProto {
	t := &pb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(pb.TensorProto_DOUBLE)), DoubleData: v}
	if len(v) != 1 {
		t.Dims = []int64{int64(len(v))}
	}
	return t
}

func ints(name string, v ...int64) *pb.TensorProto {
	t := &pb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(pb.TensorProto_INT64)), Dims: []int64{int64(len(v))}}
	for _, x := range v {
		for i := range 8 {
			t.RawData = append(t.RawData, byte(x>>(8*i)))
		}
	}
	return t
}

func attr(name string, value any) *pb.AttributeProto {
	a := &pb.AttributeProto{Name: proto.String(name)}
	switch v := value.(type) {
	case float32:
		a.F, a.Type = &v, pb.AttributeProto_FLOAT.Enum()
	case int64:
		a.I, a.Type = &v, pb.AttributeProto_INT.Enum()
	case string:
		a.S, a.Type = []byte(v), pb.AttributeProto_STRING.Enum()
	case []float32:
		a.Floats, a.Type = v, pb.AttributeProto_FLOATS.Enum()
	case []int64:
		a.Ints, a.Type = v, pb.AttributeProto_INTS.Enum()
	case *pb.TensorProto:
		a.T, a.Type = v, pb.AttributeProto_TENSOR.Enum()
	case *pb.GraphProto:
		a.G, a.Type = v, pb.AttributeProto_GRAPH.Enum()
	}
	return a
}

func file(t testing.TB, m *pb.ModelProto) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestASecondDecoderReadsWhatTheFileHolds(t *testing.T) {
	data := file(t, head())
	g, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := Compare(data, g); err != nil {
		t.Error(err)
	}
	margin := g.Operations[1]
	if margin.Op != "ArcMargin" || margin.Attributes["margin"] != float32(0.5) || margin.Attributes["beyond"] != "none" {
		t.Errorf("the margin op arrives as %+v", margin)
	}
	if got := margin.Attributes["margin_value"].(Constant).String(); got != "float64[]{0.5}" {
		t.Errorf("its tensor arrives as %s", got)
	}
	if square := g.Operations[5]; !slices.Equal(square.Inputs, []string{"arc", "arc"}) {
		t.Errorf("two equal inputs arrive as %q", square.Inputs)
	}
	if k := g.Operations[2]; len(k.Inputs) != 0 {
		t.Errorf("a constant arrives with inputs %q", k.Inputs)
	}
	if got := g.Initializers["scale"].String(); got != "float64[]{64}" || len(g.Initializers) != 1 {
		t.Errorf("initializers arrive as %v", g.Initializers)
	}
}

func TestCompareSeesEveryChangeOfTheGraph(t *testing.T) {
	type graph = *pb.GraphProto
	for _, c := range []struct {
		name   string
		change func(graph)
		says   string
	}{
		{"another op", func(g graph) { g.Node[5].OpType = proto.String("Add") }, "reads Mul"},
		{"a margin op by another name", func(g graph) { g.Node[1].OpType = proto.String("CosMargin") }, "reads ArcMargin"},
		{"inputs exchanged", func(g graph) { g.Node[4].Input = []string{"k", "arc"} }, "inputs"},
		{"an input moved", func(g graph) { g.Node[5].Input = []string{"arc", "target"} }, `"arc" "target"`},
		{"an input dropped", func(g graph) { g.Node[6].Input = []string{"square"} }, "inputs"},
		{"an output renamed", func(g graph) { g.Node[4].Output = []string{"best", "where"} }, "outputs"},
		{"outputs exchanged", func(g graph) { g.Output[0], g.Output[1] = g.Output[1], g.Output[0] }, "outputs:"},
		{"an input renamed", func(g graph) {
			g.Input[0].Name, g.Node[0].Input[0] = proto.String("cosine"), "cosine"
		}, "inputs:"},
		{"an element type", func(g graph) { g.Input[0] = declare("cos", pb.TensorProto_FLOAT, "N", "C") }, "float32"},
		{"a node dropped", func(g graph) { g.Node = slices.Delete(g.Node, 3, 4) }, "+1 Constant"},
		{"a node added", func(g graph) {
			g.Node = append(g.Node, &pb.NodeProto{OpType: proto.String("Relu"), Input: []string{"loss"}, Output: []string{"more"}})
		}, "-1 Relu"},
		{"an axis", func(g graph) { *g.Node[0].Attribute[0].I = 0 }, "attribute axis is 0"},
		{"a float in the last bit", func(g graph) { *g.Node[1].Attribute[0].F = math.Nextafter32(0.5, 1) }, "attribute margin"},
		{"a text", func(g graph) { g.Node[1].Attribute[2].S = []byte("flat") }, "attribute beyond"},
		{"a sign of zero in a list", func(g graph) { g.Node[1].Attribute[3].Floats[1] = 0 }, "attribute table"},
		{"a list of integers", func(g graph) { g.Node[1].Attribute[4].Ints[0] = 2 }, "attribute perm"},
		{"the type of an attribute", func(g graph) { g.Node[0].Attribute[0] = attr("axis", float32(1)) }, "attribute axis is 1 (float32)"},
		{"a list for a number", func(g graph) { g.Node[0].Attribute[0] = attr("axis", []int64{1}) }, "attribute axis is [1]"},
		{"an attribute dropped", func(g graph) { g.Node[0].Attribute = nil }, "axis is not in the file"},
		{"an attribute added", func(g graph) { g.Node[5].Attribute = []*pb.AttributeProto{attr("m", int64(3))} }, "m is not read"},
		{"a constant in the last bit", func(g graph) { g.Node[1].Attribute[1].T.DoubleData[0] = math.Nextafter(0.5, 1) }, "margin_value"},
		{"NaN for a number", func(g graph) { g.Node[1].Attribute[1].T.DoubleData[0] = math.NaN() }, "margin_value"},
		{"a number for NaN", func(g graph) { g.Node[3].Attribute[0].T.DoubleData[1] = 0 }, "attribute value"},
		{"a constant's shape", func(g graph) { g.Node[1].Attribute[1].T.Dims = []int64{1} }, "float64[1]{0.5}"},
		{"a constant's type", func(g graph) {
			g.Node[2].Attribute[0].T = &pb.TensorProto{DataType: proto.Int32(int32(pb.TensorProto_INT32)), Dims: []int64{1}, Int32Data: []int32{1}}
		}, "int32[1]{1}"},
		{"an initializer's value", func(g graph) { g.Initializer[0].DoubleData[0] = 30 }, "float64[]{30}"},
		{"an initializer that is an input", func(g graph) {
			g.Initializer, g.Input = nil, append(g.Input, declare("scale", pb.TensorProto_DOUBLE))
		}, "initializer scale: not in the file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := Read(file(t, head()))
			if err != nil {
				t.Fatal(err)
			}
			changed := head()
			c.change(changed.Graph)
			data := file(t, changed)
			err = Compare(data, g)
			if !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
			// Read, the changed file is itself again.
			g, err = Read(data)
			if err != nil {
				t.Fatal(err)
			}
			if err := Compare(data, g); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatOnnxGoCannotReadIsSaid(t *testing.T) {
	half := pb.TensorProto_FLOAT16
	for _, c := range []struct {
		name   string
		change func(*pb.GraphProto)
		kind   error
		says   string
	}{
		{"float16 input", func(g *pb.GraphProto) { g.Input[0] = declare("cos", half, "N") }, ErrUnsupported, "input cos has elements of type FLOAT16"},
		{"float16 constant", func(g *pb.GraphProto) {
			g.Node[2].Attribute[0].T = &pb.TensorProto{DataType: proto.Int32(int32(half)), Int32Data: []int32{1}}
		}, ErrUnsupported, "node 2 (Constant), attribute value has elements of type FLOAT16"},
		{"a branch", func(g *pb.GraphProto) {
			g.Node[5].Attribute = []*pb.AttributeProto{attr("then_branch", &pb.GraphProto{})}
		}, ErrUnsupported, "then_branch of type GRAPH"},
		{"bool in raw bytes", func(g *pb.GraphProto) {
			g.Node[2].Attribute[0].T = &pb.TensorProto{DataType: proto.Int32(int32(pb.TensorProto_BOOL)), RawData: []byte{1}}
		}, ErrUnsupported, "int32_data"},
		{"a constant without elements", func(g *pb.GraphProto) { g.Node[2].Attribute[0].T = ints("") }, ErrUnsupported, "no elements"},
		{"elements in another file", func(g *pb.GraphProto) {
			g.Initializer[0].DataLocation = pb.TensorProto_EXTERNAL.Enum()
		}, ErrUnsupported, "elsewhere"},
		{"a declared extent that would fill the memory", func(g *pb.GraphProto) {
			g.Input[0].GetType().GetTensorType().Shape.Dim[0].Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: 1 << 40}
		}, ErrUnsupported, "1099511627776"},
		{"fewer elements than the shape has", func(g *pb.GraphProto) { g.Initializer[0].Dims = []int64{7} }, ErrMalformed, "extents [7] and 1 elements"},
		{"extents that overflow", func(g *pb.GraphProto) { g.Initializer[0].Dims = []int64{1 << 62, 4} }, ErrMalformed, "initializer scale"},
		{"a negative extent", func(g *pb.GraphProto) { g.Initializer[0].Dims = []int64{-1} }, ErrMalformed, "initializer scale"},
		{"elements in the wrong list", func(g *pb.GraphProto) {
			g.Initializer[0].DoubleData, g.Initializer[0].FloatData = nil, []float32{64}
		}, ErrMalformed, "another type than DOUBLE"},
		{"an edge from nowhere", func(g *pb.GraphProto) { g.Node[5].Input[0] = "nowhere" }, ErrMalformed, `input "nowhere"`},
		{"an edge from later", func(g *pb.GraphProto) { g.Node[0], g.Node[1] = g.Node[1], g.Node[0] }, ErrMalformed, `input "target"`},
		{"a value set twice", func(g *pb.GraphProto) { g.Node[5].Output[0] = "arc" }, ErrMalformed, `sets "arc"`},
		{"an output that nothing sets", func(g *pb.GraphProto) { g.Output[0].Name = proto.String("lost") }, ErrMalformed, `output "lost"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := head()
			c.change(m.Graph)
			if _, err := Read(file(t, m)); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v is not %v that says %q", err, c.kind, c.says)
			}
		})
	}
}

func TestBoolElementsInTheirListAreRead(t *testing.T) {
	m := head()
	m.Graph.Node[2].Attribute[0].T = &pb.TensorProto{DataType: proto.Int32(int32(pb.TensorProto_BOOL)), Dims: []int64{2, 1}, Int32Data: []int32{0, 1}}
	data := file(t, m)
	g, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := Compare(data, g); err != nil {
		t.Error(err)
	}
	if got := g.Operations[2].Attributes["value"].(Constant).String(); got != "bool[2,1]{false true}" {
		t.Errorf("got %s", got)
	}
}

func TestAFileWithOneBitWrongIsReadAlikeOrRefused(t *testing.T) {
	whole := file(t, head())
	read := 0
	for at := range 8 * len(whole) {
		data := slices.Clone(whole)
		data[at/8] ^= 1 << (at % 8)
		g, err := Read(data)
		if err != nil {
			continue
		}
		read++
		if err := Compare(data, g); err != nil {
			t.Errorf("bit %d: %v", at, err)
		}
	}
	if read < len(whole) {
		t.Errorf("only %d of %d damaged files were read: this shows nothing", read, 8*len(whole))
	}
}

// FuzzRead shows that no file panics, and that what is read is what is held.
func FuzzRead(f *testing.F) {
	data := file(f, head())
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte{})
	for _, change := range []func(*pb.ModelProto){
		func(m *pb.ModelProto) { m.Graph.Node = nil },
		func(m *pb.ModelProto) { m.Graph.Output = nil },
		func(m *pb.ModelProto) { m.Graph.Node[1].OpType = nil },
		func(m *pb.ModelProto) { m.Graph.Initializer[0].Dims = []int64{-3} },
		func(m *pb.ModelProto) { m.Graph.Input[0].Type = nil },
		func(m *pb.ModelProto) { m.Graph.Input = append(m.Graph.Input, m.Graph.Output...) },
	} {
		m := head()
		change(m)
		f.Add(file(f, m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := Read(data)
		if err != nil {
			return
		}
		if err := Compare(data, g); err != nil {
			t.Error(err)
		}
	})
}
