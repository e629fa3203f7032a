package runtime_test

import (
	"strconv"
	"strings"
	"testing"

	pb "losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

const (
	f16 = pb.TensorProto_FLOAT16
	f32 = pb.TensorProto_FLOAT
	f64 = pb.TensorProto_DOUBLE
	i64 = pb.TensorProto_INT64
	i32 = pb.TensorProto_INT32
	b1  = pb.TensorProto_BOOL
)

// value declares "name[N,3]"; no brackets means no shape field.
func value(spelled string, elem pb.TensorProto_DataType) *pb.ValueInfoProto {
	name, dims, ranked := strings.Cut(strings.TrimSuffix(spelled, "]"), "[")
	tt := &pb.TypeProto_Tensor{ElemType: proto.Int32(int32(elem))}
	if ranked {
		tt.Shape = &pb.TensorShapeProto{}
		for d := range strings.SplitSeq(dims, ",") {
			if d == "" {
				continue
			}
			dim := &pb.TensorShapeProto_Dimension{Value: &pb.TensorShapeProto_Dimension_DimParam{DimParam: d}}
			if n, err := strconv.ParseInt(d, 10, 64); err == nil {
				dim.Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: n}
			}
			tt.Shape.Dim = append(tt.Shape.Dim, dim)
		}
	}
	return &pb.ValueInfoProto{Name: proto.String(name),
		Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{TensorType: tt}}}
}

// node is spelled "y = Op(a, b)".
func node(spelled string, attributes ...*pb.AttributeProto) *pb.NodeProto {
	left, right, _ := strings.Cut(spelled, " = ")
	op, args, _ := strings.Cut(strings.TrimSuffix(right, ")"), "(")
	n := &pb.NodeProto{OpType: proto.String(op), Name: proto.String("n_" + left), Attribute: attributes}
	n.Output = strings.Split(left, ", ")
	if args != "" {
		n.Input = strings.Split(args, ", ")
	}
	return n
}

func intAttribute(name string, v int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: proto.String(name), I: proto.Int64(v),
		Type: pb.AttributeProto_INT.Enum()}
}

type graph struct {
	in, out []*pb.ValueInfoProto
	nodes   []*pb.NodeProto
}

// model is g as a file for IR 8 and opset 17.
func (g graph) model(t testing.TB) []byte {
	t.Helper()
	data, err := proto.Marshal(&pb.ModelProto{
		IrVersion:   proto.Int64(8),
		OpsetImport: []*pb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
		Graph:       &pb.GraphProto{Name: proto.String("g"), Node: g.nodes, Input: g.in, Output: g.out},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sum is z = x + y in one element type.
func sum(t testing.TB, elem pb.TensorProto_DataType) []byte {
	return graph{
		in:    []*pb.ValueInfoProto{value("x[N]", elem), value("y[N]", elem)},
		nodes: []*pb.NodeProto{node("z = Add(x, y)")},
		out:   []*pb.ValueInfoProto{value("z[N]", elem)},
	}.model(t)
}
