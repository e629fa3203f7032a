package compile

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// mutant is a file with one mistake in it.
type mutant struct {
	kind  string // what sort of mistake
	place string // the graph or function, and the value that is made there
	what  string
	model *onnxpb.ModelProto
}

func (m mutant) String() string { return m.kind + " " + m.place + ": " + m.what }

// mutants are files that differ from the model in one place each: every place
// and every mistake in the tables below, in the graph and in the bodies of
// functions.
func mutants(m *onnxpb.ModelProto) []mutant {
	b := &breeder{from: m}
	b.outputs()
	b.constants(m.Graph.GetInitializer())
	b.metadata()
	for i, n := range m.Graph.GetNode() {
		b.node("graph", n, func(m *onnxpb.ModelProto) *onnxpb.NodeProto { return m.Graph.Node[i] }, m.Graph.GetNode()[:i])
	}
	for f, fn := range m.GetFunctions() {
		for i, n := range fn.GetNode() {
			b.node(fn.GetName(), n, func(m *onnxpb.ModelProto) *onnxpb.NodeProto { return m.Functions[f].Node[i] }, fn.GetNode()[:i])
		}
	}
	return b.all
}

// breeder makes mutants of one model.
type breeder struct {
	from *onnxpb.ModelProto
	all  []mutant
}

// add makes a mutant by a change to a copy of the model.
func (b *breeder) add(kind, place, what string, change func(m *onnxpb.ModelProto)) {
	m := proto.Clone(b.from).(*onnxpb.ModelProto)
	change(m)
	b.all = append(b.all, mutant{kind, place, what, m})
}

// outputs exchanges, renames, drops and retypes outputs of the graph.
func (b *breeder) outputs() {
	outs := b.from.Graph.GetOutput()
	for i, o := range outs {
		name := o.GetName()
		b.add("output", "graph "+name, "dropped", func(m *onnxpb.ModelProto) {
			m.Graph.Output = slices.Delete(m.Graph.Output, i, i+1)
		})
		b.add("output", "graph "+name, "declared with another type", func(m *onnxpb.ModelProto) {
			m.Graph.Output[i].GetType().GetTensorType().ElemType = proto.Int32(int32(onnxpb.TensorProto_FLOAT))
		})
		b.add("output", "graph "+name, "declared with one axis more", func(m *onnxpb.ModelProto) {
			s := m.Graph.Output[i].GetType().GetTensorType().GetShape()
			s.Dim = append(s.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "Q"}})
		})
		for _, other := range outs[:i] {
			b.add("output", "graph "+name, "exchanged with "+other.GetName(), func(m *onnxpb.ModelProto) {
				exchange(m.Graph, name, other.GetName())
			})
		}
	}
}

// exchange gives the value of each of two names to the other.
func exchange(g *onnxpb.GraphProto, a, b string) {
	to := map[string]string{a: b, b: a}
	for _, n := range g.Node {
		for i, name := range n.Output {
			if other := to[name]; other != "" {
				n.Output[i] = other
			}
		}
		for i, name := range n.Input {
			if other := to[name]; other != "" {
				n.Input[i] = other
			}
		}
	}
}

// constants changes the constants of the graph.
func (b *breeder) constants(inits []*onnxpb.TensorProto) {
	for i, t := range inits {
		b.tensor("graph "+t.GetName(), t, func(m *onnxpb.ModelProto) *onnxpb.TensorProto { return m.Graph.Initializer[i] })
	}
}

// tensor changes the numbers of a tensor.
func (b *breeder) tensor(place string, t *onnxpb.TensorProto, at func(*onnxpb.ModelProto) *onnxpb.TensorProto) {
	if x, ok := floatOf(t); ok {
		for _, y := range []float64{slightly(x), -x, x + 1} {
			if y != x {
				b.add("constant", place, fmt.Sprintf("%g → %g", x, y), func(m *onnxpb.ModelProto) { setNumber(at(m), y) })
			}
		}
	}
	if x, ok := wholeOf(t); ok {
		for _, y := range []int64{x + 1, -x - 1} {
			b.add("constant", place, fmt.Sprintf("%d → %d", x, y), func(m *onnxpb.ModelProto) { setWhole(at(m), y) })
		}
	}
}

// slightly is a number a thousandth larger.
func slightly(x float64) float64 {
	if x == 0 {
		return 0.001
	}
	return x * 1.001
}

// floatOf is the one float64 of a tensor.
func floatOf(t *onnxpb.TensorProto) (float64, bool) {
	switch raw := t.GetRawData(); {
	case t.GetDataType() != int32(onnxpb.TensorProto_DOUBLE):
	case len(raw) == 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(raw)), true
	case len(t.GetDoubleData()) == 1:
		return t.DoubleData[0], true
	}
	return 0, false
}

func setNumber(t *onnxpb.TensorProto, x float64) {
	if t.DoubleData != nil {
		t.DoubleData[0] = x
		return
	}
	t.RawData = binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))
}

// wholeOf is the one int64 of a tensor.
func wholeOf(t *onnxpb.TensorProto) (int64, bool) {
	switch raw := t.GetRawData(); {
	case t.GetDataType() != int32(onnxpb.TensorProto_INT64):
	case len(raw) == 8:
		return int64(binary.LittleEndian.Uint64(raw)), true
	case len(t.GetInt64Data()) == 1:
		return t.Int64Data[0], true
	}
	return 0, false
}

func setWhole(t *onnxpb.TensorProto, x int64) {
	if t.Int64Data != nil {
		t.Int64Data[0] = x
		return
	}
	t.RawData = binary.LittleEndian.AppendUint64(nil, uint64(x))
}

// metadata makes the file claim something else than it computes.
func (b *breeder) metadata() {
	for i, p := range b.from.GetMetadataProps() {
		switch p.GetKey() {
		case "losscc.params":
			for _, name := range []string{"margin", "scale", "temperature", "loss_weight"} {
				key := `"` + name + `":`
				if !strings.Contains(p.GetValue(), key) {
					continue
				}
				b.add("claim", p.GetKey(), name+" a thousandth larger", func(m *onnxpb.ModelProto) {
					before, after, _ := strings.Cut(p.GetValue(), key)
					end := strings.IndexAny(after, ",}")
					var x float64
					fmt.Sscan(after[:end], &x)
					m.MetadataProps[i].Value = proto.String(fmt.Sprintf("%s%s%g%s", before, key, x*1.001, after[end:]))
				})
			}
		case "losscc.loss":
			b.add("claim", p.GetKey(), "another loss", func(m *onnxpb.ModelProto) {
				m.MetadataProps[i].Value = proto.String(map[string]string{"cosface": "arcface", "arcface": "cosface"}[p.GetValue()])
			})
		case "losscc.reduction":
			b.add("claim", p.GetKey(), "sum for mean", func(m *onnxpb.ModelProto) { m.MetadataProps[i].Value = proto.String("sum") })
		}
	}
}

// swaps are ops that stand in for each other with the same arguments.
var swaps = map[string][]string{
	"Add": {"Sub", "Mul"}, "Sub": {"Add"}, "Mul": {"Div", "Add"}, "Div": {"Mul"},
	"Max": {"Min"}, "Min": {"Max"},
	"Less": {"LessOrEqual", "Greater"}, "LessOrEqual": {"Less", "Greater"}, "Equal": {"LessOrEqual"},
	"And": {"Or"}, "Or": {"And"}, "Not": {"Identity"},
	"Exp": {"Softplus"}, "Log": {"Sqrt"}, "Sqrt": {"Identity", "Abs"}, "Neg": {"Identity"}, "Abs": {"Identity", "Neg"},
	"Reciprocal": {"Neg", "Identity"}, "Sigmoid": {"Tanh"},
	"ReduceSum": {"ReduceMean"}, "ReduceMax": {"ReduceMin", "ReduceSum"},
	"Sin": {"Cos"}, "Cos": {"Sin"}, "Acos": {"Asin"},
}

// node changes a node: its op, its attributes, its arguments, or takes it out.
func (b *breeder) node(where string, n *onnxpb.NodeProto, at func(*onnxpb.ModelProto) *onnxpb.NodeProto, before []*onnxpb.NodeProto) {
	place := where + " " + n.GetOutput()[0]
	for _, op := range swaps[n.GetOpType()] {
		b.add("op", place, n.GetOpType()+" → "+op, func(m *onnxpb.ModelProto) {
			at(m).OpType = proto.String(op)
			if op == "ReduceMean" || op == "ReduceSum" {
				b.moveAxes(m, at(m))
			}
		})
	}
	for i, a := range n.GetAttribute() {
		b.attribute(place, a, func(m *onnxpb.ModelProto) *onnxpb.AttributeProto { return at(m).Attribute[i] })
	}
	b.arguments(place, n, at, before)
	if len(n.GetInput()) > 0 && n.GetOpType() != "Identity" {
		b.add("drop", place, n.GetOpType()+" gives its argument", func(m *onnxpb.ModelProto) {
			d := at(m)
			d.OpType, d.Domain, d.Attribute = proto.String("Identity"), nil, nil
			d.Input, d.Output = d.Input[len(d.Input)-1:], d.Output[:1]
			if op := n.GetOpType(); op != "Where" {
				d.Input = n.GetInput()[:1]
			}
		})
	}
}

// moveAxes gives ReduceMean, whose axes are an attribute before opset 18, the
// axes that ReduceSum has as an input.
func (b *breeder) moveAxes(m *onnxpb.ModelProto, n *onnxpb.NodeProto) {
	if n.GetOpType() != "ReduceMean" || len(n.Input) < 2 {
		return
	}
	for _, t := range m.Graph.GetInitializer() {
		if x, ok := wholeOf(t); ok && t.GetName() == n.Input[1] {
			n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: proto.String("axes"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{x}})
		}
	}
	n.Input = n.Input[:1]
}

// attribute changes one attribute.
func (b *breeder) attribute(place string, a *onnxpb.AttributeProto, at func(*onnxpb.ModelProto) *onnxpb.AttributeProto) {
	place += "." + a.GetName()
	if a.GetRefAttrName() != "" {
		return
	}
	switch a.GetType() {
	case onnxpb.AttributeProto_INT:
		for _, x := range []int64{1 - a.GetI(), a.GetI() + 1} {
			if x == a.GetI() || slices.Contains([]string{"keepdims", "allowzero", "transA", "transB"}, a.GetName()) && x > 1 {
				continue
			}
			b.add("attribute", place, fmt.Sprintf("%d → %d", a.GetI(), x), func(m *onnxpb.ModelProto) { at(m).I = proto.Int64(x) })
		}
	case onnxpb.AttributeProto_FLOAT:
		b.add("attribute", place, fmt.Sprintf("%g → %g", a.GetF(), a.GetF()+0.1), func(m *onnxpb.ModelProto) { at(m).F = proto.Float32(a.GetF() + 0.1) })
	case onnxpb.AttributeProto_STRING:
		b.add("attribute", place, fmt.Sprintf("%q → %q", a.GetS(), "other"), func(m *onnxpb.ModelProto) { at(m).S = []byte("other") })
	case onnxpb.AttributeProto_INTS:
		b.add("attribute", place, fmt.Sprintf("%d reversed, or 1 − it", a.GetInts()), func(m *onnxpb.ModelProto) {
			if ints := at(m).Ints; len(ints) == 1 {
				ints[0] = 1 - ints[0]
			} else {
				slices.Reverse(ints)
			}
		})
	case onnxpb.AttributeProto_TENSOR:
		b.tensor(place, a.GetT(), func(m *onnxpb.ModelProto) *onnxpb.TensorProto { return at(m).GetT() })
	}
}

// arguments exchanges two arguments of a node, and puts in place of each the
// value that was made before it, or another number.
func (b *breeder) arguments(place string, n *onnxpb.NodeProto, at func(*onnxpb.ModelProto) *onnxpb.NodeProto, before []*onnxpb.NodeProto) {
	in := n.GetInput()
	symmetric := slices.Contains([]string{"Add", "Mul", "Max", "Min", "And", "Or", "Equal"}, n.GetOpType())
	for i := 1; i < len(in); i++ {
		if !symmetric && in[i] != in[i-1] {
			b.add("edge", place, fmt.Sprintf("%s exchanges %s and %s", n.GetOpType(), in[i-1], in[i]), func(m *onnxpb.ModelProto) {
				d := at(m)
				d.Input[i], d.Input[i-1] = d.Input[i-1], d.Input[i]
			})
		}
	}
	for i := range in {
		for back := 1; back <= 2 && back <= len(before); back++ {
			other := before[len(before)-back].GetOutput()[0]
			if other != in[i] {
				b.add("edge", place, fmt.Sprintf("%s takes %s for %s", n.GetOpType(), other, in[i]), func(m *onnxpb.ModelProto) { at(m).Input[i] = other })
			}
		}
	}
	for i, name := range in {
		for _, t := range b.from.Graph.GetInitializer() {
			x, isWhole := wholeOf(t)
			for _, u := range b.from.Graph.GetInitializer() {
				y, also := wholeOf(u)
				if isWhole && also && t.GetName() == name && x != y && len(t.GetDims()) == len(u.GetDims()) {
					b.add("axis", place, fmt.Sprintf("%s takes %d for %d", n.GetOpType(), y, x), func(m *onnxpb.ModelProto) { at(m).Input[i] = u.GetName() })
				}
			}
		}
	}
}
