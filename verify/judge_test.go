package verify

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// halfSquare is a contrastive loss over pairs of one class only, written by
// hand: with margin 0, ½·‖a−b‖² for the pairs of one class, and 0 for others.
type halfSquare struct {
	factor   float64 // of the loss; the formula's is 0.5
	slope    float64 // of the gradient; the formula's is 1
	metadata map[string]string
}

func honest() halfSquare {
	return halfSquare{0.5, 1, map[string]string{
		"losscc.loss":      "contrastive",
		"losscc.params":    params("0"),
		"losscc.gradient":  "exact",
		"losscc.reduction": "sum",
		"losscc.inputs":    `{"embeddings_a":"embeddings","embeddings_b":"embeddings","same":"labels"}`,
	}}
}

// params are those of a contrastive loss with a margin.
func params(margin string) string {
	return `{"margin":` + margin + `,"positive_margin":0,"distance":"euclidean","normalize":false,"squared":true,"loss_weight":0.5,"average":"all","mining":"none"}`
}

func (h halfSquare) file(t *testing.T) []byte {
	t.Helper()
	n := func(op string, out string, in ...string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{Name: &out, OpType: &op, Input: in, Output: []string{out}}
	}
	with := func(n *onnxpb.NodeProto, a ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		n.Attribute = a
		return n
	}
	integer := func(name string, x int64) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &x}
	}
	double, int64s := int32(onnxpb.TensorProto_DOUBLE), int32(onnxpb.TensorProto_INT64)
	m := &onnxpb.ModelProto{
		IrVersion:   proto.Int64(8),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
		Graph: &onnxpb.GraphProto{
			Name:        proto.String("g"),
			Input:       []*onnxpb.ValueInfoProto{declared("embeddings_a", double, "N", "D"), declared("embeddings_b", double, "N", "D"), declared("same", int64s, "N")},
			Output:      []*onnxpb.ValueInfoProto{declared("loss", double), declared("ignored", int64s), declared("grad_embeddings_a", double, "N", "D"), declared("grad_embeddings_b", double, "N", "D")},
			Initializer: []*onnxpb.TensorProto{scalar("factor", h.factor), scalar("slope", h.slope), scalar("none", 0), whole("zero", 0), whole("one", 1), vector("axis", 1)},
			Node: []*onnxpb.NodeProto{
				n("Equal", "is_one", "same", "one"), n("Equal", "is_zero", "same", "zero"),
				n("Or", "kept", "is_one", "is_zero"), n("Not", "not_kept", "kept"),
				with(n("Cast", "count", "not_kept"), integer("to", int64(int64s))),
				with(n("ReduceSum", "ignored", "count"), integer("keepdims", 0)),
				n("Unsqueeze", "masks", "is_one", "axis"),
				n("Sub", "apart", "embeddings_a", "embeddings_b"), n("Where", "masked", "masks", "apart", "none"),
				n("Mul", "squares", "masked", "masked"), with(n("ReduceSum", "total", "squares"), integer("keepdims", 0)),
				n("Mul", "loss", "total", "factor"),
				n("Mul", "grad_embeddings_a", "masked", "slope"), n("Neg", "grad_embeddings_b", "grad_embeddings_a"),
			},
		},
	}
	for k, v := range h.metadata {
		m.MetadataProps = append(m.MetadataProps, &onnxpb.StringStringEntryProto{Key: &k, Value: &v})
	}
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func declared(name string, elem int32, dims ...string) *onnxpb.ValueInfoProto {
	s := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		s.Dim = append(s.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: d}})
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem, Shape: s}}}}
}

func scalar(name string, x float64) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: &name, DataType: proto.Int32(int32(onnxpb.TensorProto_DOUBLE)), RawData: binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))}
}

func whole(name string, x int64) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: &name, DataType: proto.Int32(int32(onnxpb.TensorProto_INT64)), RawData: binary.LittleEndian.AppendUint64(nil, uint64(x))}
}

func vector(name string, x int64) *onnxpb.TensorProto {
	t := whole(name, x)
	t.Dims = []int64{1}
	return t
}

// judge is the report on a file, which must not take an error to make.
func judgeFile(t *testing.T, file []byte, o Options) *Report {
	t.Helper()
	r, err := Judge(context.Background(), Case{Name: "file", File: file}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnHonestFileIsProved(t *testing.T) {
	r := judgeFile(t, honest().file(t), Options{})
	if r.Verdict != Proved {
		t.Errorf("%s", r.Text())
	}
	for _, c := range []string{CheckLoads, CheckReadBack, CheckDeclared, CheckValue, CheckGradient, CheckSlope, CheckFinite, CheckEdges} {
		if k := r.Check(c); k == nil || k.Status != Passed {
			t.Errorf("check %s: %+v", c, k)
		}
	}
	if v := r.Check(CheckValue); v.Points != 20 || v.Compared != 40 || v.Worst == nil {
		t.Errorf("value: %d numbers at %d points, want 40 at 20", v.Compared, v.Points)
	}
}

func TestADishonestFileIsRefutedByTheCheckThatSeesIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*halfSquare)
		failed []string
	}{
		{"a loss that is too large", func(h *halfSquare) { h.factor *= 1 + 1e-9 }, []string{CheckValue}},
		{"a gradient that is too large", func(h *halfSquare) { h.slope = 1 + 1e-6 }, []string{CheckGradient, CheckSlope}},
		{"a gradient of the other sign", func(h *halfSquare) { h.slope = -1 }, []string{CheckGradient, CheckSlope}},
		{"a loss that is NaN", func(h *halfSquare) { h.factor = math.NaN() }, []string{CheckValue, CheckFinite}},
		{"another claim", func(h *halfSquare) { h.metadata["losscc.params"] = params("1.5") }, []string{CheckValue, CheckGradient}},
		{"another reduction", func(h *halfSquare) { h.metadata["losscc.reduction"] = "mean" }, []string{CheckValue, CheckGradient}},
		{"a parameter that the loss has not", func(h *halfSquare) { h.metadata["losscc.params"] = `{"margn":0}` }, []string{CheckValue}},
		{"gradients that it says it has not", func(h *halfSquare) { h.metadata["losscc.gradient"] = "official" }, []string{CheckValue}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := honest()
			c.change(&h)
			r := judgeFile(t, h.file(t), Options{Points: 6})
			if r.Verdict != Refuted {
				t.Fatalf("%s", r.Text())
			}
			for _, f := range c.failed {
				if k := r.Check(f); k == nil || k.Status != Failed {
					t.Errorf("check %s did not fail:\n%s", f, r.Text())
				}
			}
		})
	}
}

func TestAFileWithoutAFormulaIsNotProved(t *testing.T) {
	for name, change := range map[string]func(*halfSquare){
		"no metadata":      func(h *halfSquare) { h.metadata = nil },
		"an unknown loss":  func(h *halfSquare) { h.metadata["losscc.loss"] = "hardmin" },
		"an unknown sum":   func(h *halfSquare) { h.metadata["losscc.loss"] = "contrastive + 2*hardmin" },
		"no parameters":    func(h *halfSquare) { h.metadata["losscc.params"] = "margin=0" },
		"a sum of nothing": func(h *halfSquare) { h.metadata["losscc.loss"], h.metadata["losscc.params"] = "a + b", `{"a.b":1}` },
	} {
		t.Run(name, func(t *testing.T) {
			h := honest()
			change(&h)
			r := judgeFile(t, h.file(t), Options{Points: 4})
			if r.Verdict != Unproved || r.Check(CheckValue).Status != Skipped {
				t.Fatalf("%s", r.Text())
			}
			if !slices.ContainsFunc(r.NotChecked, func(s string) bool { return strings.Contains(s, "against a formula") }) {
				t.Errorf("what was not checked is not said: %v", r.NotChecked)
			}
			// Its gradients are still held against its own loss.
			if r.Check(CheckSlope).Status != Passed {
				t.Errorf("%s", r.Text())
			}
			h.slope = 1.001
			if r := judgeFile(t, h.file(t), Options{Points: 4}); r.Verdict != Refuted {
				t.Errorf("a wrong gradient passes:\n%s", r.Text())
			}
		})
	}
}

// leaky sums the squares of all embeddings, those of ignored rows too: there is
// no formula for it, and its gradient, if it has one, is right.
func leaky(t *testing.T, gradient bool) []byte {
	h := honest()
	m, err := onnxpb.Decode(h.file(t), onnxpb.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	double, int64s := int32(onnxpb.TensorProto_DOUBLE), int32(onnxpb.TensorProto_INT64)
	n := func(op string, out string, in ...string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{Name: &out, OpType: &op, Input: in, Output: []string{out}}
	}
	sum := n("ReduceSum", "loss", "squares")
	sum.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("keepdims"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(0)}}
	m.MetadataProps = nil
	m.Graph.Input = []*onnxpb.ValueInfoProto{declared("embeddings", double, "N", "D"), declared("labels", int64s, "N")}
	m.Graph.Output = []*onnxpb.ValueInfoProto{declared("loss", double), declared("grad_embeddings", double, "N", "D")}
	m.Graph.Node = []*onnxpb.NodeProto{n("Mul", "squares", "embeddings", "embeddings"), sum, n("Add", "grad_embeddings", "embeddings", "embeddings")}
	if !gradient {
		m.Graph.Output, m.Graph.Node = m.Graph.Output[:1], m.Graph.Node[:2]
	}
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRowsThatShouldBeIgnoredAreSeenWithoutAFormula(t *testing.T) {
	for _, gradient := range []bool{true, false} {
		r := judgeFile(t, leaky(t, gradient), Options{Points: 3})
		if k := r.Check(CheckIgnored); k == nil || k.Status != Failed {
			t.Errorf("with gradient %v:\n%s", gradient, r.Text())
		}
	}
	r := judgeFile(t, leaky(t, true), Options{Points: 3})
	if k := r.Check(CheckSlope); k == nil || k.Status != Passed {
		t.Errorf("%s", r.Text())
	}
}

func TestWhatDoesNotLoadIsRefuted(t *testing.T) {
	for name, file := range map[string][]byte{"nothing": nil, "text": []byte("no model at all"), "half a file": honest().file(t)[:200]} {
		r := judgeFile(t, file, Options{})
		if r.Verdict != Refuted || len(r.Checks) != 1 || r.Checks[0].Err() == nil {
			t.Errorf("%s: %s", name, r.Text())
		}
	}
}

func TestAFailureCanBeReplayed(t *testing.T) {
	h := honest()
	h.slope = 1.5
	file, dir := h.file(t), t.TempDir()
	r := judgeFile(t, file, Options{Points: 2, ReplayDir: dir})
	k := r.Check(CheckGradient)
	if !strings.HasPrefix(k.Replay, "losscc run "+dir) || strings.Count(k.Replay, "--in ") != 3 {
		t.Fatalf("the command is %q", k.Replay)
	}
	for _, name := range []string{"file.onnx", "embeddings_a.npy", "embeddings_b.npy", "same.npy", "want_grad_embeddings_a.npy", "replay.txt"} {
		if _, err := os.Stat(filepath.Join(dir, "file", "gradient", name)); err != nil {
			t.Error(err)
		}
	}
	if again, err := os.ReadFile(filepath.Join(dir, "file", "gradient", "file.onnx")); err != nil || string(again) != string(file) {
		t.Errorf("the file that is replayed is another: %v", err)
	}
}

func TestTheSameSeedGivesTheSameReport(t *testing.T) {
	file := honest().file(t)
	text := func(seed uint64) string { return judgeFile(t, file, Options{Seed: seed, Points: 3}).Text() }
	if text(1) != text(1) {
		t.Error("two reports of one seed differ")
	}
	if text(1) == text(2) {
		t.Error("two seeds give one report")
	}
}

func TestASummaryIsJSONWithItsSchema(t *testing.T) {
	good := judgeFile(t, honest().file(t), Options{Points: 2})
	bad := judgeFile(t, nil, Options{Points: 2})
	s := Summarise([]*Report{good, bad}, Options{Points: 2})
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"schema": "losscc.verify/1", "verdict": "refuted", "points": 2.0} {
		if back[key] != want {
			t.Errorf("%s is %v, want %v", key, back[key], want)
		}
	}
	if s.Text() != "2 files: 1 proved, 1 refuted\n" {
		t.Errorf("%q", s.Text())
	}
}

func TestACancelledJudgeSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Judge(ctx, Case{File: honest().file(t)}, Options{}); err != context.Canceled {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
