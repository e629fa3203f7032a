package verify

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// altered is the honest file after a change.
func altered(t *testing.T, change func(*onnxpb.ModelProto)) []byte {
	t.Helper()
	m, err := onnxpb.Decode(honest().file(t), onnxpb.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	change(m)
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// restate sets an entry of the metadata.
func restate(m *onnxpb.ModelProto, key, value string) {
	for _, p := range m.MetadataProps {
		if p.GetKey() == key {
			p.Value = &value
		}
	}
}

// extent renames an extent of a declaration.
func extent(v *onnxpb.ValueInfoProto, axis int, symbol string) {
	v.Type.GetTensorType().Shape.Dim[axis].Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: symbol}
}

// node is a node without attributes.
func node(op, out string, in ...string) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{Name: &out, OpType: &op, Input: in, Output: []string{out}}
}

func TestWhatAFileDeclaresIsWhatItsLossHas(t *testing.T) {
	const roles = `{"embeddings_a":"embeddings","embeddings_b":"embeddings","same":"labels"}`
	double := int32(onnxpb.TensorProto_DOUBLE)
	for name, c := range map[string]struct {
		check, want string
		change      func(*onnxpb.ModelProto)
	}{
		"another role": {CheckInterface, `role "data", want "embeddings"`, func(m *onnxpb.ModelProto) {
			restate(m, "losscc.inputs", strings.Replace(roles, `_a":"embeddings"`, `_a":"data"`, 1))
		}},
		"a role for nothing": {CheckInterface, `name "x"`, func(m *onnxpb.ModelProto) {
			restate(m, "losscc.inputs", strings.Replace(roles, "{", `{"x":"data",`, 1))
		}},
		"no roles": {CheckInterface, "no JSON", func(m *onnxpb.ModelProto) { restate(m, "losscc.inputs", "none") }},
		"a gradient that is called none": {CheckInterface, "is not wanted", func(m *onnxpb.ModelProto) {
			restate(m, "losscc.gradient", "none")
		}},
		"a gradient of no known kind": {CheckInterface, "want one of", func(m *onnxpb.ModelProto) {
			restate(m, "losscc.gradient", "good")
		}},
		"a gradient that is missing": {CheckInterface, "no output grad_embeddings_b", func(m *onnxpb.ModelProto) {
			m.Graph.Output, m.Graph.Node = m.Graph.Output[:3], m.Graph.Node[:len(m.Graph.Node)-1]
		}},
		"no gradient, and data for roles": {CheckInterface, "role", func(m *onnxpb.ModelProto) {
			restate(m, "losscc.inputs", strings.ReplaceAll(roles, `"embeddings"`, `"data"`))
			m.Graph.Output, m.Graph.Node = m.Graph.Output[:2], m.Graph.Node[:len(m.Graph.Node)-2]
		}},
		"another symbol at an input":  {CheckInterface, "want f64[N,D]", func(m *onnxpb.ModelProto) { extent(m.Graph.Input[0], 0, "M") }},
		"another symbol at an output": {CheckInterface, "want f64[N,D]", func(m *onnxpb.ModelProto) { extent(m.Graph.Output[2], 1, "E") }},
		"an output of no shape": {CheckInterface, "want f64[]", func(m *onnxpb.ModelProto) {
			m.Graph.Output[0].Type.GetTensorType().Shape = nil
		}},
		"an IR version from afar":   {CheckStructure, "IR version 99", func(m *onnxpb.ModelProto) { m.IrVersion = proto.Int64(99) }},
		"an import that nobody has": {CheckStructure, `imports the domain "x.y"`, func(m *onnxpb.ModelProto) { imports(m, "x.y", 1) }},
		"another version of margins": {CheckStructure, "at version 2", func(m *onnxpb.ModelProto) {
			imports(m, domain, 2)
		}},
		"an input that nobody reads": {CheckStructure, "the input or initialiser idle serves", func(m *onnxpb.ModelProto) {
			m.Graph.Input = append(m.Graph.Input, declared("idle", double))
		}},
		"an input with a default": {CheckStructure, "has a default", func(m *onnxpb.ModelProto) {
			m.Graph.Input = append(m.Graph.Input, declared("factor", double))
		}},
		"a role twice": {CheckInterface, `have "same" twice`, func(m *onnxpb.ModelProto) {
			restate(m, "losscc.inputs", strings.Replace(roles, "{", `{"same":"data",`, 1))
		}},
		"a constant for nothing": {CheckStructure, "the input or initialiser idle serves", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer = append(m.Graph.Initializer, scalar("idle", 1))
		}},
		"a function of an overload": {CheckStructure, `has the overload "b"`, func(m *onnxpb.ModelProto) {
			calls(m, "Twice")
			m.Functions = append(m.Functions, function("Twice"))
			m.Functions[1].Overload = proto.String("b")
		}},
		"a default of an attribute": {CheckStructure, "defaults of attributes (1)", func(m *onnxpb.ModelProto) {
			calls(m, "Twice")
			m.Functions[0].AttributeProto = []*onnxpb.AttributeProto{{Name: proto.String("to"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}
		}},
		"constants of float32 that add up to 1 in it": {CheckRounding, "", func(m *onnxpb.ModelProto) {
			single := func(name string, x float32) *onnxpb.TensorProto {
				return &onnxpb.TensorProto{Name: &name, DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), RawData: binary.LittleEndian.AppendUint32(nil, math.Float32bits(x))}
			}
			m.Graph.Initializer = append(m.Graph.Initializer, single("1", 1), single("1e-9", 1e-9))
			m.Graph.Node = append(m.Graph.Node, node("Add", "more", "1", "1e-9"), node("Equal", "low", "more", "1"), node("Where", "loss", "low", "total", "exact"))
			for _, n := range m.Graph.Node {
				if n.Output[0] == "loss" && n.GetOpType() != "Where" {
					n.Output[0] = "exact"
				}
			}
		}},
		"an order that is left open": {CheckStructure, "sorted=0", func(m *onnxpb.ModelProto) {
			top := node("TopK", "top", "squares", "axis")
			top.Output = append(top.Output, "argtop")
			top.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("sorted"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(0)}}
			m.Graph.Node = append(m.Graph.Node, top)
		}},
		"a node for nothing": {CheckStructure, "serves no output", func(m *onnxpb.ModelProto) {
			m.Graph.Node = append(m.Graph.Node, node("Neg", "idle", "loss"))
		}},
		"an import for nothing": {CheckStructure, "has no node of it", func(m *onnxpb.ModelProto) { imports(m, domain, 1) }},
		"a standard op by the other name of its domain": {CheckStructure, `in the domain "ai.onnx"`, func(m *onnxpb.ModelProto) {
			m.Graph.Node[0].Domain = proto.String("ai.onnx")
		}},
		"a graph for training": {CheckStructure, "training_info", func(m *onnxpb.ModelProto) {
			m.TrainingInfo = []*onnxpb.TrainingInfoProto{{}}
		}},
		"fields of no schema at the end": {CheckStructure, "the file has 4 bytes in fields", func(m *onnxpb.ModelProto) {
			m.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 999, protowire.VarintType), 300))
		}},
		"fields of no schema in a node": {CheckStructure, "the file, graph, node 2, has 3 bytes", func(m *onnxpb.ModelProto) {
			m.Graph.Node[2].ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 999, protowire.VarintType), 1))
		}},
		"constants in another form": {CheckStructure, "sparse initialisers", func(m *onnxpb.ModelProto) {
			m.Graph.QuantizationAnnotation = []*onnxpb.TensorAnnotation{{}}
		}},
		"inputs in another order": {CheckStructure, "want embeddings_a before", func(m *onnxpb.ModelProto) {
			m.Graph.Input[0], m.Graph.Input[1] = m.Graph.Input[1], m.Graph.Input[0]
		}},
		"labels before embeddings": {CheckStructure, "want embeddings_b before", func(m *onnxpb.ModelProto) {
			m.Graph.Input[0], m.Graph.Input[2] = m.Graph.Input[2], m.Graph.Input[0]
		}},
		"the loss after another output": {CheckStructure, "the output loss is number 2", func(m *onnxpb.ModelProto) {
			m.Graph.Output[0], m.Graph.Output[1] = m.Graph.Output[1], m.Graph.Output[0]
		}},
		"gradients in another order": {CheckStructure, "grad_embeddings_a stands after grad_embeddings_b", func(m *onnxpb.ModelProto) {
			m.Graph.Output[2], m.Graph.Output[3] = m.Graph.Output[3], m.Graph.Output[2]
		}},
		"a gradient before another output": {CheckStructure, "ignored stands after grad_embeddings_a", func(m *onnxpb.ModelProto) {
			m.Graph.Output[1], m.Graph.Output[2] = m.Graph.Output[2], m.Graph.Output[1]
		}},
		"a loss in float32": {CheckRounding, "", func(m *onnxpb.ModelProto) {
			through := func(out, in string, to onnxpb.TensorProto_DataType) *onnxpb.NodeProto {
				n := node("Cast", out, in)
				n.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("to"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(int64(to))}}
				return n
			}
			for _, n := range m.Graph.Node {
				if n.Output[0] == "loss" {
					n.Output[0] = "exact"
				}
			}
			m.Graph.Node = append(m.Graph.Node, through("single", "exact", onnxpb.TensorProto_FLOAT), through("loss", "single", onnxpb.TensorProto_DOUBLE))
		}},
		"a graph without a name": {CheckStructure, "the graph has no name", func(m *onnxpb.ModelProto) { m.Graph.Name = proto.String("") }},
		"two nodes of one name": {CheckStructure, "in the graph two nodes are called twin", func(m *onnxpb.ModelProto) {
			m.Graph.Node[1].Name, m.Graph.Node[4].Name = proto.String("twin"), proto.String("twin")
		}},
		"two nodes of one name in a function": {CheckStructure, "in the function Twice two nodes are called twin", func(m *onnxpb.ModelProto) {
			imports(m, domain, 1)
			twins := []*onnxpb.NodeProto{node("Neg", "x1", "x"), node("Neg", "y", "x1")}
			twins[0].Name, twins[1].Name = proto.String("twin"), proto.String("twin")
			m.Functions = []*onnxpb.FunctionProto{{Name: proto.String("Twice"), Domain: proto.String(domain), Input: []string{"x"}, Output: []string{"y"},
				OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}, Node: twins}}
		}},
		"a function for nothing": {CheckStructure, "is called nowhere", func(m *onnxpb.ModelProto) {
			imports(m, domain, 1)
			m.Functions = []*onnxpb.FunctionProto{function("Idle")}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := judgeFile(t, altered(t, c.change), Options{Points: 2})
			k := r.Check(c.check)
			if r.Verdict != Refuted || k == nil || k.Status != Failed || !strings.Contains(k.Reason, c.want) || c.want == "" && k.Worst == nil {
				t.Errorf("want %s to fail by %q:\n%s", c.check, c.want, r.Text())
			}
		})
	}
}

// function is one of the domain that turns the sign of its input.
func function(name string) *onnxpb.FunctionProto {
	return &onnxpb.FunctionProto{Name: &name, Domain: proto.String(domain), Input: []string{"x"}, Output: []string{"y"},
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
		Node:        []*onnxpb.NodeProto{node("Neg", "y", "x")}}
}

// calls lets a function of that name make the gradient that is another's opposite.
func calls(m *onnxpb.ModelProto, name string) {
	imports(m, domain, 1)
	m.Functions = []*onnxpb.FunctionProto{function(name)}
	n := m.Graph.Node[len(m.Graph.Node)-1]
	n.OpType, n.Domain = &name, proto.String(domain)
}

// imports adds an import.
func imports(m *onnxpb.ModelProto, domain string, version int64) {
	m.OpsetImport = append(m.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: &domain, Version: &version})
}
