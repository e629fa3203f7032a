package onnxpb

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// small is a model of one node, with every field that tests look at.
func small() *ModelProto {
	dim := func(d string) *TensorShapeProto_Dimension {
		return &TensorShapeProto_Dimension{Value: &TensorShapeProto_Dimension_DimParam{DimParam: d}}
	}
	value := func(name string) *ValueInfoProto {
		return &ValueInfoProto{Name: &name, Type: &TypeProto{Value: &TypeProto_TensorType{TensorType: &TypeProto_Tensor{
			ElemType: proto.Int32(int32(TensorProto_FLOAT)),
			Shape:    &TensorShapeProto{Dim: []*TensorShapeProto_Dimension{dim("N")}},
		}}}}
	}
	return &ModelProto{
		IrVersion:   proto.Int64(8),
		OpsetImport: []*OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
		Graph: &GraphProto{
			Name: proto.String("g"),
			Node: []*NodeProto{{
				OpType: proto.String("Neg"), Input: []string{"x"}, Output: []string{"y"},
				Attribute: []*AttributeProto{{Name: proto.String("a"), Type: AttributeProto_FLOAT.Enum(), F: proto.Float32(0)}},
			}},
			Initializer: []*TensorProto{{Name: proto.String("w"), Dims: []int64{2}, DataType: proto.Int32(1), FloatData: []float32{1, 2}}},
			Input:       []*ValueInfoProto{value("x")},
			Output:      []*ValueInfoProto{value("y")},
		},
	}
}

// encoded is the bytes of m.
func encoded(t testing.TB, m *ModelProto) []byte {
	t.Helper()
	data, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// field is one length-delimited field.
func field(num protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), content)
}

// nested is content inside so many subgraphs of attributes of nodes.
func nested(depth int) []byte {
	var b []byte
	for range depth {
		b = field(1, field(5, field(6, b))) // node, attribute, g
	}
	return field(7, b)
}

func TestDecodeGivesBackWhatWasEncoded(t *testing.T) {
	m := small()
	got, err := Decode(encoded(t, m), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(m, got) {
		t.Errorf("got %v\nwant %v", got, m)
	}
}

func TestFieldsTheSchemaLacksAreKept(t *testing.T) {
	data := append(encoded(t, small()), field(26, []byte("device"))...)
	m, err := Decode(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if again := encoded(t, m); !bytes.Equal(again, data) {
		t.Errorf("got %x\nwant %x", again, data)
	}
}

// The bytes are those of the specification's field numbers: an attribute set
// to zero is there, dims are not packed, float_data is.
func TestBytesOfASmallModel(t *testing.T) {
	want := []string{
		"0808", // ir_version 8
		"3a54", // graph
		"0a18" + "0a0178" + "120179" + "22034e6567", // node: x, y, Neg
		"2a0b" + "0a0161" + "1500000000" + "a00101", // attribute a, 0, FLOAT
		"120167", // name g
		"2a11" + "0802" + "1001" + "2208" + "0000803f00000040" + "420177", // initializer
		"5a10" + "0a0178" + "120b0a090801" + "12050a0312014e",             // input x [N]
		"6210" + "0a0179" + "120b0a090801" + "12050a0312014e",             // output y [N]
		"4204" + "0a00" + "1011",                                          // opset "" 17
	}
	if got := hex.EncodeToString(encoded(t, small())); got != strings.Join(want, "") {
		t.Errorf("got  %s\nwant %s", got, strings.Join(want, ""))
	}
}

func TestWhatIsNoModelIsNamed(t *testing.T) {
	whole := encoded(t, small())
	notUTF8 := small()
	notUTF8.Graph.Node[0].OpType = proto.String("N\xff")
	tests := []struct {
		name string
		data []byte
		kind error
		says string
	}{
		{"nothing", nil, ErrEmpty, "want an ONNX model"},
		{"a zip archive", []byte("PK\x03\x04\x14\x00"), ErrForeign, "unpack it"},
		{"a Git LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), ErrForeign, "git lfs pull"},
		{"a web page", []byte("\n<!DOCTYPE html><title>404</title>"), ErrForeign, "web page"},
		{"text", []byte("loss: arcface\nmargin: 0.5\n"), ErrForeign, `text that begins "loss: arcface`},
		{"gzip", []byte("\x1f\x8b\x08\x00"), ErrForeign, "gzip"},
		{"an array", []byte("\x93NUMPY\x01\x00"), ErrForeign, "NumPy"},
		{"protobuf of another schema", field(99, []byte{1}), ErrForeign, "without a graph"},
		{"a model whose end is missing", whole[:len(whole)/2], ErrTruncated, "fetch the file again"},
		{"noise", bytes.Repeat([]byte{0xff}, 64), ErrMalformed, "byte 0"},
		{"a name that is not UTF-8", encodedRaw(notUTF8), ErrMalformed, `graph.node.op_type: the text "N\xff" is not UTF-8`},
		{"a length inside that runs over", field(7, []byte{0x0a, 0x7f}), ErrMalformed, "graph.node"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.data, Limits{})
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v\nwant %v … %s", err, tt.kind, tt.says)
			}
		})
	}
}

// encodedRaw is the bytes of m, whatever is wrong with them.
func encodedRaw(m *ModelProto) []byte {
	data, _ := proto.Marshal(m)
	return data
}

// Every beginning of a model is an error: a graph is one field, and what is
// after it is cut in a field as well, except between two fields.
func TestEveryTruncationIsAnErrorOrAModel(t *testing.T) {
	whole := encoded(t, small())
	for n := range whole {
		m, err := Decode(whole[:n], Limits{})
		if err == nil && m.Graph == nil {
			t.Errorf("%d of %d bytes: a model without a graph", n, len(whole))
		}
		if err == nil && !proto.Equal(m.Graph, small().Graph) {
			t.Errorf("%d of %d bytes: a part of the graph was taken for all of it", n, len(whole))
		}
	}
}

func TestLimitsAreKeptAtTheirEdge(t *testing.T) {
	tests := []struct {
		name   string
		data   []byte
		limits Limits
		ok     bool
	}{
		{"21 subgraphs are as deep as the default allows", nested(21), Limits{}, true},
		{"22 subgraphs are too deep", nested(22), Limits{}, false},
		{"3000 subgraphs are too deep", nested(3000), Limits{}, false},
		{"a file of the allowed length", nested(1), Limits{Bytes: int64(len(nested(1)))}, true},
		{"a file one byte longer", nested(1), Limits{Bytes: int64(len(nested(1))) - 1}, false},
		{"as many messages as allowed", nested(1), Limits{Messages: 4}, true},
		{"one message more", nested(1), Limits{Messages: 3}, false},
		{"little memory", encodedRaw(small()), Limits{Memory: 500}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.data, tt.limits)
			if tt.ok && err != nil || !tt.ok && !errors.Is(err, ErrLimit) {
				t.Errorf("got %v, want ok = %v", err, tt.ok)
			}
		})
	}
}

// bombs are files of 4 MiB that a plain decoder turns into hundreds.
var bombs = []struct {
	name string
	unit []byte
}{
	{"empty initializers", field(7, repeat(field(5, nil)))},
	{"empty nodes", field(7, repeat(field(1, nil)))},
	{"empty inputs", field(7, repeat(field(11, nil)))},
	{"empty functions", append(field(7, nil), repeat(field(25, nil))...)},
	{"empty opset imports", append(field(7, nil), repeat(field(8, nil))...)},
	{"empty attributes", field(7, field(1, repeat(field(5, nil))))},
	{"empty names", field(7, field(1, repeat(field(1, nil))))},
	{"empty strings of an attribute", field(7, field(1, field(5, repeat(field(9, nil)))))},
	{"small numbers", field(7, field(5, field(7, make([]byte, 4<<20))))},
	{"extents", field(7, field(5, repeat([]byte{8, 1})))},
	{"extents, packed", field(7, field(5, field(1, make([]byte, 4<<20))))},
	{"metadata", append(field(7, nil), repeat(field(14, nil))...)},
	{"raw data", field(7, field(5, field(9, make([]byte, 4<<20))))},
	{"unknown fields", append(field(7, nil), repeat(field(99, nil))...)},
}

// repeat is 4 MiB of b.
func repeat(b []byte) []byte { return bytes.Repeat(b, 4<<20/len(b)) }

func TestABombIsRefusedOrSmall(t *testing.T) {
	refused := 0
	for _, tt := range bombs {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			m, err := Decode(tt.unit, Limits{})
			runtime.GC()
			runtime.ReadMemStats(&after)
			grew := int64(after.HeapAlloc) - int64(before.HeapAlloc)
			if bound := int64(64<<20 + 3*len(tt.unit)); grew > bound {
				t.Errorf("the heap grew by %s, want at most %s", bytesText(grew), bytesText(bound))
			}
			if err != nil && !errors.Is(err, ErrLimit) {
				t.Error(err)
			}
			if err != nil {
				refused++
			}
			t.Logf("%s: heap grew by %s, error %v", tt.name, bytesText(max(grew, 0)), err)
			runtime.KeepAlive(m)
		})
	}
	if refused == 0 || refused == len(bombs) {
		t.Errorf("%d of %d were refused; the scan tells nothing apart", refused, len(bombs))
	}
}

// A model that a person would make passes: many nodes with names, and tensors.
func TestALargeHonestModelPasses(t *testing.T) {
	m := small()
	for range 20000 {
		m.Graph.Node = append(m.Graph.Node, proto.Clone(m.Graph.Node[0]).(*NodeProto))
	}
	m.Graph.Initializer[0].RawData = make([]byte, 64<<20)
	if _, err := Decode(encoded(t, m), Limits{}); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	whole := encodedRaw(small())
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(nested(30))
	f.Add([]byte("PK\x03\x04"))
	f.Add(field(7, field(5, field(1, []byte{1, 2, 0x80}))))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data, Limits{})
		if err != nil {
			return
		}
		again, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(again, Limits{})
		if err != nil {
			t.Fatalf("what was written does not read: %v", err)
		}
		if third, _ := Encode(back); !bytes.Equal(again, third) {
			t.Fatalf("bytes changed: %x, then %x", again, third)
		}
	})
}
