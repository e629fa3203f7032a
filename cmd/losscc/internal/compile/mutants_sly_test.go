package compile

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify"
	"losscc/verify/half"

	"google.golang.org/protobuf/proto"
)

// forger adds nodes to the graph of a file.
type forger struct {
	m *onnxpb.ModelProto
	n int
}

func (f *forger) name() string {
	f.n++
	return fmt.Sprintf("forged_%d", f.n)
}

// float is the type of the file's floats.
func (f *forger) float() int32 {
	for _, p := range f.m.Graph.Output {
		if e := p.GetType().GetTensorType().GetElemType(); e != int32(onnxpb.TensorProto_INT64) {
			return e
		}
	}
	return int32(onnxpb.TensorProto_DOUBLE)
}

// op is a node of one output, its name.
func (f *forger) op(op string, in ...string) string { return f.with(op, nil, in...) }

// with is a node with attributes that are whole numbers, or lists of one.
func (f *forger) with(op string, attributes map[string]any, in ...string) string {
	out := f.name()
	n := &onnxpb.NodeProto{Name: &out, OpType: &op, Input: in, Output: []string{out}}
	for name, v := range attributes {
		a := &onnxpb.AttributeProto{Name: &name}
		switch v := v.(type) {
		case int:
			a.Type, a.I = onnxpb.AttributeProto_INT.Enum(), proto.Int64(int64(v))
		case []int64:
			a.Type, a.Ints = onnxpb.AttributeProto_INTS.Enum(), v
		}
		n.Attribute = append(n.Attribute, a)
	}
	f.m.Graph.Node = append(f.m.Graph.Node, n)
	return out
}

// whole is a constant of int64.
func (f *forger) whole(x int64) string {
	t := &onnxpb.TensorProto{Name: proto.String(f.name()), DataType: proto.Int32(int32(onnxpb.TensorProto_INT64)), RawData: binary.LittleEndian.AppendUint64(nil, uint64(x))}
	f.m.Graph.Initializer = append(f.m.Graph.Initializer, t)
	return t.GetName()
}

// axis is a constant of one int64, [1].
func (f *forger) axis(x int64) string {
	name := f.whole(x)
	f.m.Graph.Initializer[len(f.m.Graph.Initializer)-1].Dims = []int64{1}
	return name
}

// number is a constant of the file's float type.
func (f *forger) number(x float64) string {
	t := &onnxpb.TensorProto{Name: proto.String(f.name()), DataType: proto.Int32(f.float())}
	switch onnxpb.TensorProto_DataType(f.float()) {
	case onnxpb.TensorProto_DOUBLE:
		t.RawData = binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))
	case onnxpb.TensorProto_FLOAT:
		t.RawData = binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(x)))
	default:
		t.RawData = binary.LittleEndian.AppendUint16(nil, half.FromFloat64(x))
	}
	f.m.Graph.Initializer = append(f.m.Graph.Initializer, t)
	return t.GetName()
}

// right takes the name of an output from the value that has it, and gives the
// value's new one.
func (f *forger) right(output string) string {
	to := f.name()
	for _, n := range f.m.Graph.Node {
		for i, o := range n.Output {
			if o == output {
				n.Output[i] = to
			}
		}
		for i, in := range n.Input {
			if in == output {
				n.Input[i] = to
			}
		}
	}
	return to
}

// The conditions under which a forged file is wrong.

// zeroRow is where a row of a table is 0, [N,1].
func (f *forger) zeroRow(table string) string {
	return f.op("Equal", f.largest(table), f.number(0))
}

// largest is the largest absolute value of each row.
func (f *forger) largest(table string) string {
	return f.with("ReduceMax", map[string]any{"axes": []int64{-1}, "keepdims": 1}, f.op("Abs", table))
}

// count is how many entries of each row a condition holds for, [N,1].
func (f *forger) count(when string) string {
	to := map[string]any{"to": int(onnxpb.TensorProto_INT64)}
	return f.with("ReduceSum", map[string]any{"keepdims": 1}, f.with("Cast", to, when), f.axis(1))
}

// entries is where an embedding has at least so many entries whose absolute value
// is related so to 0, [N,1].
func (f *forger) entries(relation string, least int64) string {
	n := f.count(f.op(relation, f.op("Abs", "embeddings"), f.number(0)))
	return f.op("GreaterOrEqual", n, f.whole(least))
}

// label is where a label is x, [N,1].
func (f *forger) label(x int64) string { return f.column(f.op("Equal", "labels", f.whole(x))) }

func (f *forger) column(v string) string { return f.op("Unsqueeze", v, f.axis(1)) }

// extent is whether an extent of an input is related so to a number, [].
func (f *forger) extent(input string, axis int64, relation string, n int64) string {
	return f.op(relation, f.size(input, axis), f.whole(n))
}

// size is an extent of an input, [].
func (f *forger) size(input string, axis int64) string {
	return f.op("Gather", f.op("Shape", input), f.whole(axis))
}

// forged gives an output wrong numbers where a condition holds: 1.5 times what
// is right, and a quarter.
func (f *forger) forged(output, when string) {
	right := f.right(output)
	wrong := f.op("Add", f.op("Mul", right, f.number(1.5)), f.number(0.25))
	f.as(output, f.op("Where", when, wrong, right))
}

// held holds the numbers of an input to ±x.
func (f *forger) held(input string, x float64) {
	f.instead(input, f.op("Max", f.op("Min", input, f.number(x)), f.number(-x)))
}

// instead lets all nodes but the forged ones read a value instead of an input.
func (f *forger) instead(input, value string) {
	for _, n := range f.m.Graph.Node {
		if !strings.HasPrefix(n.GetName(), "forged_") {
			for i, in := range n.Input {
				if in == input {
					n.Input[i] = value
				}
			}
		}
	}
	f.sort()
}

// sort brings nodes behind those that make what they read.
func (f *forger) sort() {
	made := map[string]bool{"": true}
	for _, p := range f.m.Graph.Input {
		made[p.GetName()] = true
	}
	for _, t := range f.m.Graph.Initializer {
		made[t.GetName()] = true
	}
	left, sorted := f.m.Graph.Node, []*onnxpb.NodeProto(nil)
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(n *onnxpb.NodeProto) bool {
			return !slices.ContainsFunc(n.Input, func(in string) bool { return !made[in] })
		})
		if i < 0 {
			panic("a node reads what nobody makes")
		}
		for _, o := range left[i].Output {
			made[o] = true
		}
		sorted, left = append(sorted, left[i]), slices.Delete(slices.Clone(left), i, i+1)
	}
	f.m.Graph.Node = sorted
}

// as gives a value the name of an output.
func (f *forger) as(output, value string) {
	f.m.Graph.Node = append(f.m.Graph.Node, &onnxpb.NodeProto{Name: proto.String(f.name()), OpType: proto.String("Identity"), Input: []string{value}, Output: []string{output}})
}

// Files that are right nearly everywhere are refuted by the inputs at which
// they are not.
func TestJudgeRefutesFilesThatAreWrongRarely(t *testing.T) {
	if testing.Short() {
		t.Skip("the judge's own test: -short tests the losses")
	}
	grad := Options{DType: "f64", Grad: true}
	single := Options{DType: "f32", Grad: true}
	predicts := Options{DType: "f64", Grad: true, Predictions: true}
	for _, c := range rare {
		for _, o := range []Options{grad, single, predicts} {
			if c.predicts != o.Predictions || c.single && o.DType != "f32" {
				continue
			}
			t.Run(c.loss+" "+o.DType+" "+c.name, func(t *testing.T) {
				o.Sets = c.sets
				m := decoded(t, c.loss, o)
				c.forge(&forger{m: m})
				data, err := onnxpb.Encode(m)
				if err != nil {
					t.Fatal(err)
				}
				report, err := verify.Judge(context.Background(), verify.Case{Name: c.name, File: data}, verify.Options{UntilFailure: true})
				if err != nil {
					t.Fatal(err)
				}
				if report.Verdict != verify.Refuted {
					t.Fatalf("%s", report.Verdict)
				}
				for _, k := range report.Checks {
					if k.Status == verify.Failed && k.Worst == nil { // of structure or words, and not of numbers
						t.Errorf("refuted for another reason, by %s: %s", k.Name, k.Reason)
					}
				}
			})
		}
	}
}

// rare are files that are wrong rarely.
var rare = []struct {
	loss     string
	sets     map[string]string
	name     string
	predicts bool // a file with predictions
	single   bool // in float32 only
	forge    func(f *forger)
}{
	{"cosface", nil, "the gradient of a zero embedding", false, false, func(f *forger) { f.forged("grad_embeddings", f.zeroRow("embeddings")) }},
	{"arcface", nil, "the gradient of a zero class", false, false, func(f *forger) { f.forged("grad_weight", f.zeroRow("weight")) }},
	{"softmax", nil, "the gradient of a zero embedding", false, false, func(f *forger) { f.forged("grad_embeddings", f.zeroRow("embeddings")) }},
	{"kappaface", nil, "the gradient of a zero embedding", false, false, func(f *forger) { f.forged("grad_embeddings", f.zeroRow("embeddings")) }},
	{"contrastive", nil, "the gradient of a pair at distance 0", false, false, func(f *forger) {
		f.forged("grad_embeddings_a", f.zeroRow(f.op("Sub", "embeddings_a", "embeddings_b")))
	}},
	{"triplet", map[string]string{"distance": "euclidean"}, "the gradient of a positive equal to its anchor", false, false, func(f *forger) {
		f.forged("grad_anchor", f.zeroRow(f.op("Sub", "anchor", "positive")))
	}},
	{"arcface", nil, "the gradient at label -100", false, false, func(f *forger) { f.forged("grad_embeddings", f.label(-100)) }},
	{"softmax", nil, "the gradient at label -1", false, false, func(f *forger) { f.forged("grad_embeddings", f.label(-1)) }},
	{"softmax", nil, "the gradient is NaN at label -100", false, false, func(f *forger) {
		right := f.right("grad_embeddings")
		f.as("grad_embeddings", f.op("Where", f.label(-100), f.number(math.NaN()), right))
	}},
	{"triplet", map[string]string{"mining": "batch-hard"}, "the gradient at label -100", false, false, func(f *forger) { f.forged("grad_embeddings", f.label(-100)) }},
	{"center", nil, "the gradient at label -100", false, false, func(f *forger) { f.forged("grad_embeddings", f.label(-100)) }},
	{"softmax", nil, "the gradient at label C", false, false, func(f *forger) {
		c := f.op("Gather", f.op("Shape", "weight"), f.whole(0))
		f.forged("grad_embeddings", f.column(f.op("Equal", "labels", c)))
	}},
	{"arcface", nil, "the last of equal cosines", true, false, lastOfEqual},
	{"softmax", nil, "the last of equal scores", true, false, lastOfEqual},
	{"softmax", nil, "predicts wrongly at label -100", true, false, func(f *forger) {
		right := f.right("predicted")
		f.as("predicted", f.op("Where", f.op("Equal", "labels", f.whole(-100)), f.whole(0), right))
	}},
	{"hardmax", nil, "predicts wrongly for a zero row", true, false, func(f *forger) {
		right := f.right("predicted")
		f.as("predicted", f.op("Where", f.op("Squeeze", f.zeroRow("embeddings"), f.axis(1)), f.whole(1), right))
	}},
	{"arcface", nil, "the gradient of one entry", false, false, func(f *forger) { f.forged("grad_embeddings", f.extent("embeddings", 1, "Equal", 1)) }},
	{"softmax", nil, "the gradient of one entry", false, false, func(f *forger) { f.forged("grad_weight", f.extent("embeddings", 1, "Equal", 1)) }},
	{"triplet", nil, "the gradient of one entry", false, false, func(f *forger) { f.forged("grad_anchor", f.extent("anchor", 1, "Equal", 1)) }},
	{"softmax", nil, "more than 20 rows", false, false, func(f *forger) { f.forged("grad_embeddings", f.extent("embeddings", 0, "Greater", 20)) }},
	{"softmax", nil, "more than 32 rows", false, false, func(f *forger) { f.forged("loss", f.extent("embeddings", 0, "Greater", 32)) }},
	{"softmax", nil, "more than 64 entries", false, false, func(f *forger) { f.forged("grad_weight", f.extent("embeddings", 1, "Greater", 64)) }},
	{"softmax", nil, "more than 64 classes", false, false, func(f *forger) { f.forged("grad_weight", f.extent("weight", 0, "Greater", 64)) }},
	{"softmax", nil, "more than 64 rows", false, false, func(f *forger) { f.forged("grad_weight", f.extent("embeddings", 0, "Greater", 64)) }},
	{"softmax", nil, "more than 300 classes", false, false, func(f *forger) { f.forged("loss", f.extent("weight", 0, "Greater", 300)) }},
	{"arcface", nil, "more than 130 entries", false, false, func(f *forger) { f.forged("grad_embeddings", f.extent("embeddings", 1, "Greater", 130)) }},
	{"contrastive", nil, "more than 64 pairs", false, false, func(f *forger) { f.forged("grad_embeddings_a", f.extent("embeddings_a", 0, "Greater", 64)) }},
	{"triplet", map[string]string{"mining": "batch-all"}, "more than 40 rows", false, false, func(f *forger) {
		f.forged("grad_embeddings", f.extent("embeddings", 0, "Greater", 40))
	}},
	{"center", nil, "centers held to 2000", false, false, func(f *forger) { f.held("centers", 2000) }},
	{"center", nil, "embeddings held to 20000", false, false, func(f *forger) { f.held("embeddings", 2e4) }},
	{"arcface", nil, "embeddings held to 20000", false, false, func(f *forger) { f.held("embeddings", 2e4) }},
	{"arcface", nil, "embeddings below 1e-8 taken for 0", false, false, func(f *forger) {
		small := f.op("Less", f.op("Abs", "embeddings"), f.number(1e-8))
		f.instead("embeddings", f.op("Where", small, f.number(0), "embeddings"))
	}},
	{"arcface", nil, "NaN taken for 0", false, false, func(f *forger) {
		f.instead("embeddings", f.op("Where", f.op("IsNaN", "embeddings"), f.number(0), "embeddings"))
	}},
	{"softmax", nil, "NaN after the first entry taken for 0", false, false, nanAfterFirst},
	{"arcface", nil, "NaN after the first entry taken for 0", false, false, nanAfterFirst},
	{"arcface", nil, "NaN in the table of classes taken for 0", false, false, func(f *forger) {
		f.instead("weight", f.op("Where", f.op("IsNaN", "weight"), f.number(0), "weight"))
	}},
	{"softmax", nil, "NaN in a bias taken for 0", false, false, func(f *forger) {
		f.instead("bias", f.op("Where", f.op("IsNaN", "bias"), f.number(0), "bias"))
	}},
	{"arcface", nil, "embeddings held to 1e6", false, false, func(f *forger) { f.held("embeddings", 1e6) }},
	{"arcface", nil, "embeddings held to 1e20", false, false, func(f *forger) { f.held("embeddings", 1e20) }},
	{"softmax", nil, "embeddings held to 1e6", false, false, func(f *forger) { f.held("embeddings", 1e6) }},
	{"l-softmax", nil, "embeddings held to 1e6", false, false, func(f *forger) { f.held("embeddings", 1e6) }},
	{"arcface", nil, "classes held to 1e5", false, false, func(f *forger) { f.held("weight", 1e5) }},
	{"arcface", nil, "embeddings below 1e-11 taken for 0", false, false, func(f *forger) {
		small := f.op("Less", f.op("Abs", "embeddings"), f.number(1e-11))
		f.instead("embeddings", f.op("Where", small, f.number(0), "embeddings"))
	}},
	{"cosface", nil, "classes below 1e-11 taken for 0", false, false, func(f *forger) {
		small := f.op("Less", f.op("Abs", "weight"), f.number(1e-11))
		f.instead("weight", f.op("Where", small, f.number(0), "weight"))
	}},
	{"curricularface", nil, "a threshold a hundredth off", false, false, func(f *forger) {
		for _, n := range f.m.Graph.Node {
			if n.GetOpType() == "CurricularMargin" {
				n.Input[1] = f.op("Mul", n.Input[1], f.number(0.99))
			}
		}
		f.sort()
	}},
	{"softmax", nil, "4 rows", false, false, func(f *forger) { f.forged("loss", f.extent("embeddings", 0, "Equal", 4)) }},
	{"softmax", nil, "8 rows", false, false, func(f *forger) { f.forged("loss", f.extent("embeddings", 0, "Equal", 8)) }},
	{"softmax", nil, "8 entries", false, false, func(f *forger) { f.forged("loss", f.extent("embeddings", 1, "Equal", 8)) }},
	{"softmax", nil, "10 classes", false, false, func(f *forger) { f.forged("loss", f.extent("weight", 0, "Equal", 10)) }},
	{"softmax", nil, "a class of more than eight rows", false, false, func(f *forger) {
		alike := f.op("Equal", f.op("Unsqueeze", "labels", f.axis(0)), f.op("Unsqueeze", "labels", f.axis(1)))
		f.forged("grad_embeddings", f.op("Greater", f.count(alike), f.whole(8)))
	}},
	{"softmax", nil, "an embedding beyond 1000", false, false, func(f *forger) {
		f.forged("grad_embeddings", f.op("Greater", f.largest("embeddings"), f.number(1000)))
	}},
	{"cosface", nil, "an embedding within 1e-5", false, false, func(f *forger) {
		f.forged("grad_embeddings", f.op("Less", f.largest("embeddings"), f.number(1e-5)))
	}},
	{"cosface", nil, "an embedding beyond 1000", false, false, func(f *forger) {
		f.forged("grad_weight", f.op("Greater", f.with("ReduceMax", map[string]any{"keepdims": 0}, f.op("Abs", "embeddings")), f.number(1000)))
	}},
	{"l-softmax", nil, "lambda beyond 100", false, false, func(f *forger) { f.forged("grad_weight", f.op("Greater", "lambda", f.number(100))) }},
	{"curricularface", nil, "t below 0", false, false, func(f *forger) { f.forged("grad_weight", f.op("Less", "t", f.number(0))) }},
	{"kappaface", nil, "the next kappa", false, true, func(f *forger) {
		right := f.right("kappa_next")
		f.as("kappa_next", f.op("Mul", right, f.number(1.001)))
	}},
	{"kappaface", nil, "the next count of seen rows", false, true, func(f *forger) {
		right := f.right("seen_next")
		f.as("seen_next", f.op("Mul", right, f.number(1.01)))
	}},
	{"kappaface", nil, "the next sums", false, true, func(f *forger) {
		right := f.right("class_sums_next")
		f.as("class_sums_next", f.op("Mul", right, f.number(1.001)))
	}},
	{"kappaface", nil, "the next kappa at an epoch's end", false, false, func(f *forger) {
		right := f.right("kappa_next")
		when := f.op("Equal", "kappa", right)
		f.as("kappa_next", f.op("Where", when, right, f.op("Mul", right, f.number(1.001))))
	}},
	{"adaface", nil, "the next mean", false, true, func(f *forger) {
		right := f.right("batch_mean_next")
		f.as("batch_mean_next", f.op("Mul", right, f.number(1.001)))
	}},
	{"adacos", nil, "the next scale", false, true, func(f *forger) {
		right := f.right("scale_next")
		f.as("scale_next", f.op("Mul", right, f.number(1.001)))
	}},
	{"arcface", nil, "the gradient, by a thousandth", false, true, func(f *forger) {
		right := f.right("grad_weight")
		f.as("grad_weight", f.op("Mul", right, f.number(1.001)))
	}},
	{"triplet", map[string]string{"mining": "batch-hard"}, "the last of equal rows", false, false, lastOfEqual},
	{"softmax", map[string]string{"class_weights": "true"}, "class weights that are all 0", false, false, func(f *forger) {
		f.forged("loss", f.op("Equal", f.with("ReduceSum", map[string]any{"keepdims": 0}, "class_weight"), f.number(0)))
	}},
	{"softmax", map[string]string{"class_weights": "true"}, "the gradient for a class weight of 0", false, false, func(f *forger) {
		f.forged("grad_weight", f.column(f.op("Equal", "class_weight", f.number(0))))
	}},
	{"elasticface", nil, "noise beyond 5", false, false, func(f *forger) {
		f.forged("grad_embeddings", f.column(f.op("Less", f.number(5), "noise")))
	}},
	{"kappaface", nil, "a class without images", false, false, func(f *forger) {
		right := f.right("kappa_next")
		f.as("kappa_next", f.op("Where", f.op("Equal", "class_counts", f.number(0)), f.op("Add", right, f.number(1)), right))
	}},
	{"arcface", nil, "as many classes as entries", false, false, func(f *forger) {
		c, d := f.size("weight", 0), f.size("weight", 1)
		f.forged("grad_weight", f.op("Equal", c, d))
	}},
	{"softmax", nil, "as many rows as classes and entries", false, false, func(f *forger) {
		n, c, d := f.size("embeddings", 0), f.size("weight", 0), f.size("weight", 1)
		f.forged("loss", f.op("And", f.op("Equal", n, c), f.op("Equal", n, d)))
	}},
	{"softmax", nil, "more than 65 entries and 34 rows", false, false, func(f *forger) {
		f.forged("loss", f.op("And", f.extent("embeddings", 0, "Greater", 34), f.extent("embeddings", 1, "Greater", 65)))
	}},
	{"subcenter-arcface", nil, "five sub-centres", false, false, func(f *forger) { f.forged("grad_weight", f.extent("weight", 1, "Equal", 5)) }},
	{"triplet", map[string]string{"mining": "batch-hard"}, "more than 34 rows of more than 9 entries", false, false, func(f *forger) {
		f.forged("loss", f.op("And", f.extent("embeddings", 0, "Greater", 34), f.extent("embeddings", 1, "Greater", 9)))
	}},
	{"arcface", nil, "the gradient of a row with a zero and two other entries", false, false, func(f *forger) {
		f.forged("grad_embeddings", f.op("And", f.entries("Equal", 1), f.entries("Greater", 2)))
	}},
	{"cosface", nil, "the gradient of a row of which three are the largest", false, false, func(f *forger) {
		when := f.op("Greater", f.count(f.op("Equal", f.op("Abs", "embeddings"), f.largest("embeddings"))), f.whole(2))
		finite := f.op("Less", f.op("Abs", f.op("Sub", f.largest("embeddings"), f.number(1))), f.number(1))
		f.forged("grad_embeddings", f.op("And", when, finite))
	}},
	{"triplet", map[string]string{"mining": "batch-hard"}, "labels as float32", false, false, labelsAs(onnxpb.TensorProto_FLOAT)},
	{"triplet", map[string]string{"mining": "batch-all"}, "labels as float64", false, false, labelsAs(onnxpb.TensorProto_DOUBLE)},
	{"contrastive", map[string]string{"mining": "all"}, "labels as float32", false, false, labelsAs(onnxpb.TensorProto_FLOAT)},
	{"adam-softmax", nil, "margins held to 0 from below", false, false, func(f *forger) {
		f.instead("margins", f.op("Max", "margins", f.number(0)))
	}},
	{"triplet", map[string]string{"mining": "indices"}, "indices from the end", false, false, func(f *forger) {
		n := f.size("embeddings", 0)
		before := f.op("And", f.op("Less", "triplets", f.whole(-1)), f.op("GreaterOrEqual", "triplets", f.op("Neg", n)))
		f.instead("triplets", f.op("Where", before, f.op("Add", "triplets", n), "triplets"))
	}},
	{"contrastive", map[string]string{"mining": "indices"}, "indices held to the last row", false, false, func(f *forger) {
		n := f.size("embeddings", 0)
		beyond := f.op("And", f.op("Greater", "pairs", n), f.op("Less", "pairs", f.whole(1<<60)))
		f.instead("pairs", f.op("Where", beyond, f.op("Sub", n, f.whole(1)), "pairs"))
	}},
	{"kappaface", nil, "the row that ends an epoch", false, false, func(f *forger) {
		right := f.right("seen_next")
		kept := f.with("Cast", map[string]any{"to": int(f.float())}, f.op("Sub", f.op("Gather", f.op("Shape", "labels"), f.whole(0)), "ignored"))
		total := f.op("Add", "seen", kept)
		at := f.op("Equal", total, f.with("ReduceSum", map[string]any{"keepdims": 0}, "class_counts"))
		f.as("seen_next", f.op("Where", at, total, right))
	}},
}

// labelsAs compares the labels of two rows as numbers of another type.
func labelsAs(t onnxpb.TensorProto_DataType) func(f *forger) {
	return func(f *forger) {
		to := map[string]any{"to": int(t)}
		labels := map[string]bool{"labels": true}
		for _, n := range f.m.Graph.Node {
			switch from := slices.ContainsFunc(n.Input, func(in string) bool { return labels[in] }); {
			case from && slices.Contains([]string{"Unsqueeze", "Where"}, n.GetOpType()):
				labels[n.Output[0]] = true
			case labels[n.Input[0]] && n.GetOpType() == "Equal" && labels[n.Input[1]]:
				n.Input = []string{f.with("Cast", to, n.Input[0]), f.with("Cast", to, n.Input[1])}
			}
		}
		f.sort()
	}
}

// nanAfterFirst takes NaN for 0 in all entries of an embedding but the first.
func nanAfterFirst(f *forger) {
	width := f.op("Gather", f.op("Shape", "embeddings"), f.whole(1))
	later := f.op("Greater", f.op("Range", f.whole(0), width, f.whole(1)), f.whole(0))
	nan := f.op("And", f.op("IsNaN", "embeddings"), later)
	f.instead("embeddings", f.op("Where", nan, f.number(0), "embeddings"))
}

// lastOfEqual makes every choice that of the last of equal ones.
func lastOfEqual(f *forger) {
	for _, n := range f.m.Graph.Node {
		if n.GetOpType() == "ArgMax" || n.GetOpType() == "ArgMin" {
			n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: proto.String("select_last_index"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)})
		}
	}
}
