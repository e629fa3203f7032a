package bridge

import (
	"testing"

	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

func TestWhatOnnx2torchLacks(t *testing.T) {
	text := func(name, s string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: proto.String(name), S: []byte(s)}
	}
	whole := func(name string, n int64) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: proto.String(name), I: proto.Int64(n)}
	}
	for _, c := range []struct {
		op    string
		opset int64
		attr  *onnxpb.AttributeProto
		lacks string
	}{
		{"Add", 17, nil, ""},
		{"Add", 5, nil, ""},
		{"ScatterElements", 17, nil, "ScatterElements"},
		{"LessOrEqual", 12, nil, ""},
		{"LessOrEqual", 15, nil, ""},
		{"LessOrEqual", 16, nil, "LessOrEqual as of opset 16 (it has that of 12–15)"},
		{"ReduceMax", 17, nil, ""},
		{"ReduceMax", 18, nil, "ReduceMax as of opset 18 (it has that of 1–17)"},
		{"ScatterND", 17, nil, ""},
		{"ScatterND", 17, text("reduction", "none"), ""},
		{"ScatterND", 17, text("reduction", "add"), "ScatterND with a reduction"},
		{"Reshape", 17, whole("allowzero", 0), ""},
		{"Reshape", 17, whole("allowzero", 1), "Reshape with allowzero"},
		{"Reshape", 17, nil, ""},
		{"NonZero", 17, nil, "right NonZero (it transposes the places)"},
		{"CumSum", 17, nil, "right CumSum without reverse (it sums from the end)"},
		{"CumSum", 17, whole("reverse", 0), ""},
		{"CumSum", 17, whole("reverse", 1), ""},
		{"Reshape", 26, whole("allowzero", 0), "Reshape as of opset 26 (it has that of 5–18)"},
	} {
		n := &onnxpb.NodeProto{OpType: proto.String(c.op)}
		if c.attr != nil {
			n.Attribute = append(n.Attribute, c.attr)
		}
		if got := Onnx2torch.Lacks(n, c.opset); got != c.lacks {
			t.Errorf("%s %v at opset %d: lacks %q, want %q", c.op, c.attr, c.opset, got, c.lacks)
		}
	}
}

func TestTheTableOfOnnx2torchIsRead(t *testing.T) {
	if Onnx2torch.Name != "onnx2torch" || Onnx2torch.Release == "" || Onnx2torch.Release[len(Onnx2torch.Release)-1] == ',' {
		t.Errorf("name %q, release %q", Onnx2torch.Name, Onnx2torch.Release)
	}
	if first, last := Onnx2torch.Tried(); first != 1 || last < 25 {
		t.Errorf("opsets %d to %d were tried", first, last)
	}
	if len(Onnx2torch.has) < 100 {
		t.Errorf("%d operators", len(Onnx2torch.has))
	}
	for op, spans := range Onnx2torch.has {
		for _, s := range spans {
			if s.first < 1 || s.last < s.first {
				t.Errorf("%s has opsets %d to %d", op, s.first, s.last)
			}
		}
	}
}
