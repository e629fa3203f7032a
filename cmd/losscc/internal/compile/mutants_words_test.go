package compile

import (
	"context"
	"slices"
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify"

	"google.golang.org/protobuf/proto"
)

// margins are the margin nodes of a file.
func margins(m *onnxpb.ModelProto) (all []*onnxpb.NodeProto) {
	for _, n := range m.Graph.Node {
		if n.GetDomain() != "" {
			all = append(all, n)
		}
	}
	return all
}

// attributeOf is an attribute of a node by its name.
func attributeOf(n *onnxpb.NodeProto, name string) *onnxpb.AttributeProto {
	i := slices.IndexFunc(n.Attribute, func(a *onnxpb.AttributeProto) bool { return a.GetName() == name })
	return n.Attribute[i]
}

// without takes an attribute from the nodes of an op, and from its function.
func without(m *onnxpb.ModelProto, op, attribute string) {
	for _, n := range margins(m) {
		if n.GetOpType() == op {
			n.Attribute = slices.DeleteFunc(n.Attribute, func(a *onnxpb.AttributeProto) bool { return a.GetName() == attribute })
		}
	}
	for _, f := range m.Functions {
		if f.GetName() == op {
			f.Attribute = slices.DeleteFunc(f.Attribute, func(a string) bool { return a == attribute })
		}
	}
}

// rename gives an op of the domain another name, in all its nodes and its
// function.
func rename(m *onnxpb.ModelProto, from, to string) {
	for _, n := range margins(m) {
		if n.GetOpType() == from {
			n.OpType = &to
		}
	}
	for _, f := range m.Functions {
		if f.GetName() == from {
			f.Name = &to
		}
	}
}

// Margin ops that compute what is right and say what is wrong: a kernel that
// takes their place would believe them.
func TestJudgeRefutesMarginsThatSayAnotherThing(t *testing.T) {
	twoArcs := map[string]string{"arcface.margin": "0.3", "curricularface.margin": "0.6"}
	for _, c := range []struct {
		name, loss string
		sets       map[string]string
		want       string
		change     func(m *onnxpb.ModelProto)
	}{
		{"an op of another loss", "cosface", nil, "cosface has no margin op of that name", func(m *onnxpb.ModelProto) {
			rename(m, "CosMargin", "ArcMargin")
			rename(m, "CosMarginGrad", "ArcMarginGrad")
		}},
		{"an op of no loss", "cosface", nil, "has no op of that name", func(m *onnxpb.ModelProto) {
			rename(m, "CosMargin", "MyMargin")
			rename(m, "CosMarginGrad", "MyMarginGrad")
		}},
		{"a derivative of an op that is not there", "cosface", nil, "called its derivative", func(m *onnxpb.ModelProto) { rename(m, "CosMarginGrad", "LiArcMarginGrad") }},
		{"an attribute too few", "arcface", nil, "attribute margin is missing", func(m *onnxpb.ModelProto) { without(m, "ArcMargin", "margin") }},
		{"an attribute too many", "arcface", nil, "attribute h is none that it has", func(m *onnxpb.ModelProto) {
			n := margins(m)[0]
			n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: proto.String("h"), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(1)})
			for _, f := range m.Functions {
				if f.GetName() == n.GetOpType() {
					f.Attribute = append(f.Attribute, "h")
				}
			}
		}},
		{"an option that the loss has not", "uniface", nil, "attribute easy_margin: found 1", func(m *onnxpb.ModelProto) {
			attributeOf(margins(m)[0], "easy_margin").I = proto.Int64(1)
		}},
		{"a derivative of another margin", "arcface", nil, "called its derivative", func(m *onnxpb.ModelProto) {
			attributeOf(margins(m)[1], "margin").F = proto.Float32(0.25)
		}},
		{"the margins of two parts exchanged", "arcface + 0.5*curricularface", twoArcs, "attribute margin: found 0.6", func(m *onnxpb.ModelProto) {
			swapMargins(m, "ArcMargin")
		}},
		{"the margins of two derivatives exchanged", "arcface + 0.5*curricularface", twoArcs, "called its derivative", func(m *onnxpb.ModelProto) {
			swapMargins(m, "ArcMarginGrad")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := decoded(t, c.loss, Options{DType: "f64", Grad: true, Sets: c.sets})
			right := checked(t, m)
			if right.Failed() {
				t.Fatalf("the file as it was built: %s", failures(right))
			}
			c.change(m)
			report := checked(t, m)
			if k := report.Check(verify.CheckAttributes); k == nil || k.Status != verify.Failed || !strings.Contains(k.Reason, c.want) {
				t.Errorf("want %s to fail by %q:\n%s", verify.CheckAttributes, c.want, report.Text())
			}
		})
	}
}

// swapMargins exchanges what the two nodes of an op say of their margins; the
// second one's name has a number.
func swapMargins(m *onnxpb.ModelProto, op string) {
	of := slices.DeleteFunc(margins(m), func(n *onnxpb.NodeProto) bool { return n.GetOpType() != op && n.GetOpType() != op+"_2" })
	a, b := attributeOf(of[0], "margin"), attributeOf(of[1], "margin")
	a.F, b.F = b.F, a.F
}

// checked is the report on a model, but for what its numbers are.
func checked(t *testing.T, m *onnxpb.ModelProto) *verify.Report {
	t.Helper()
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	o := verify.Options{Points: 2, Only: []string{verify.CheckStructure, verify.CheckInterface, verify.CheckAttributes, verify.CheckValue}}
	report, err := verify.Judge(context.Background(), verify.Case{Name: "file", File: data}, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}
