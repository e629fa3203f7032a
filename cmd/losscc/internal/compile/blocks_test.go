package compile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/ir"
	"losscc/onnxexport/onnxpb"
	"losscc/verify"
	"losscc/verify/runtime"
	"losscc/verify/runtime/runtimetest"

	"google.golang.org/protobuf/proto"
)

// walked are the losses whose files can walk through classes or proxies in blocks:
// those that have any, but for one that sorts them.
func walked() []builders.Loss {
	var all []builders.Loss
	for _, l := range builders.List() {
		var usage *builders.UsageError
		if _, err := Run(l.Name, Options{Blocks: 2}); !errors.As(err, &usage) {
			all = append(all, l)
		}
	}
	return all
}

func TestEveryLossWithClassesHasBlocks(t *testing.T) {
	var names []string
	for _, l := range walked() {
		names = append(names, l.Name)
	}
	for _, l := range builders.List() {
		f, err := Run(l.Name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		classes := slices.ContainsFunc(f.Formula.Params, func(p *ir.Value) bool {
			return slices.Contains(p.Type.Shape, builders.C) || slices.Contains(p.Type.Shape, builders.P)
		})
		if classes != slices.Contains(names, l.Name) && l.Name != "sample-classes" && l.Name != "center" {
			t.Errorf("%s: has classes: %v, has blocks: %v", l.Name, classes, !classes)
		}
	}
	if len(names) < 25 {
		t.Errorf("only %d losses have blocks: %v", len(names), names)
	}
}

// In blocks every loss is proved as it is without them. The judge has thousands of
// classes for such files; of three classes at most, its few ones have many blocks too.
func TestBlocksAreProved(t *testing.T) {
	for i, l := range walked() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && i%5 != 0 {
				return
			}
			v := variant{l, nil}
			for n, w := range append(writings[:1:1], writings[1+i%3]) {
				o := Options{DType: w.dtype, Form: w.form, Grad: hasGradient(t, v), Blocks: 512}
				asked := verify.Options{Points: 3}
				if n > 0 {
					o.Blocks, asked = 3, verify.Options{Points: 7, Only: witnessed}
				}
				r, data := file(t, v, o)
				judged(t, l.Name+" in blocks, "+w.dtype+" "+w.form, r, data, asked)
			}
		})
	}
}

// What a loss has beside its formula goes in blocks too.
func TestSettingsInBlocksAreProved(t *testing.T) {
	for _, c := range []struct {
		expr string
		o    Options
	}{
		{"arcface", Options{Sets: map[string]string{"sub_centers": "3", "scale": "6"}}},
		{"arcface", Options{Sets: map[string]string{"label_smoothing": "0.1", "scale": "6"}}},
		{"arcface", Options{Sets: map[string]string{"class_weights": "true", "scale": "6"}, Reduction: "none"}},
		{"arcface", Options{Gradient: "detached"}},
		{"arcface", Options{Choose: map[string]string{"add": "within"}}},
		{"softmax", Options{Predictions: true}},
		{"softmax", Options{Sets: map[string]string{"focal.gamma": "2"}, DType: "f16"}},
		{"softmax + 0.003*center", Options{}},
		{"curricularface + 0.5*arcface", Options{Sets: map[string]string{"arcface.scale": "5", "curricularface.scale": "6"}}},
	} {
		t.Run(c.expr, func(t *testing.T) {
			t.Parallel()
			o := c.o
			o.Grad = true
			if o.DType == "" {
				o.DType = "f64"
			}
			for most, asked := range map[int]verify.Options{512: {Points: 3}, 3: {Points: 7, Only: witnessed}} {
				o.Blocks = most
				r, err := Run(c.expr, o)
				if err != nil {
					t.Fatal(err)
				}
				data, err := r.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				judged(t, c.expr, r, data, asked)
			}
		})
	}
}

// Every runtime agrees on files with blocks; the losses take turns at types and
// forms.
func TestEveryRuntimeAgreesOnBlocks(t *testing.T) {
	t.Parallel()
	for _, name := range runtime.Names() {
		t.Run(name, func(t *testing.T) {
			session := runtimetest.Need(t, name)
			for i, l := range walked() {
				if testing.Short() && i%5 != 0 {
					continue
				}
				t.Run(l.Name, func(t *testing.T) {
					t.Parallel()
					w := writings[i%len(writings)]
					inRuntimes(t, variant{l, nil}, Options{DType: w.dtype, Form: w.form, Blocks: 2048}, session)
				})
			}
		})
	}
}

// Of the whole logits a file with blocks keeps one matrix, from which it makes the
// others again, and it walks as often as it must: a cosine head twice, plain
// softmax, which wants the largest logit first, three times.
func TestBlocksKeepOneMatrix(t *testing.T) {
	for loss, want := range map[string]struct {
		scans int
		kept  string
	}{
		"arcface": {2, "scaled_cos_blocks"},
		"softmax": {3, "logits_blocks"},
	} {
		_, data := file(t, variant{mustFind(loss), nil}, Options{Grad: true, Blocks: 2048})
		m, err := onnxpb.Decode(data, onnxpb.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		scans := 0
		kept := map[string]bool{}
		for _, n := range m.GetGraph().GetNode() {
			if n.GetOpType() != "Scan" {
				if slices.ContainsFunc(n.GetInput(), func(in string) bool { return kept[in] }) && n.GetOpType() != "Reshape" {
					t.Errorf("%s: %s reads a matrix of all classes outside of the walks", loss, n.GetName())
				}
				continue
			}
			scans++
			body := n.GetAttribute()[0].GetG()
			for i, out := range body.GetOutput() {
				if shape := out.GetType().GetTensorType().GetShape().GetDim(); len(shape) == 2 && shape[0].GetDimParam() == "N" && strings.HasPrefix(shape[1].GetDimParam(), "C_") {
					kept[n.GetOutput()[i]] = true
				}
			}
		}
		if scans != want.scans || len(kept) != 1 || !kept[want.kept] {
			t.Errorf("%s: %d walks that keep %v, want %d and %s", loss, scans, kept, want.scans, want.kept)
		}
	}
}

func TestBlocksThatCannotBeAreMisuse(t *testing.T) {
	for _, c := range []struct {
		expr   string
		blocks int
		says   string
	}{
		{"triplet", 2048, "--blocks: triplet has neither classes nor proxies to walk through; build it without --blocks"},
		{"sample-classes", 2048, "--blocks: @sample_classes: argtop of float[C] cannot be made a block of C at a time; build it without --blocks"},
		{"arcface", -1, "--blocks: found -1, want 1 to 4096 classes"},
		{"arcface", 4097, "--blocks: found 4097, want 1 to 4096 classes"},
	} {
		_, err := Run(c.expr, Options{Blocks: c.blocks})
		var usage *builders.UsageError
		if !errors.As(err, &usage) || err.Error() != c.says {
			t.Errorf("%s --blocks=%d: %v, want misuse: %s", c.expr, c.blocks, err, c.says)
		}
	}
}

// A file that is wrong only where there is more than one block is refuted, also at the
// default size of blocks, which few classes do not fill; and so is one that never has
// a second block, whatever it would do there.
func TestJudgeRefutesBlocksThatForgetWhereTheyAre(t *testing.T) {
	_, data := file(t, variant{mustFind("arcface"), nil}, Options{Grad: true, Blocks: 2048})
	steps := func(m *onnxpb.ModelProto, change func(*onnxpb.NodeProto)) {
		n := 0
		for _, node := range onnxpb.Within(m.GetGraph().GetNode()) {
			if node.GetOpType() == "Add" && strings.HasPrefix(node.GetInput()[0], "first") {
				change(node)
				n++
			}
		}
		if n != 2 {
			t.Fatalf("%d steps from block to block, want one in each walk", n)
		}
	}
	for what, change := range map[string]func(*onnxpb.ModelProto){
		"backwards": func(m *onnxpb.ModelProto) {
			steps(m, func(n *onnxpb.NodeProto) { n.OpType = proto.String("Sub") })
		},
		"twice as far from block to block": func(m *onnxpb.ModelProto) {
			steps(m, func(n *onnxpb.NodeProto) { n.Input[1] = n.Input[0] })
		},
		"blocks that no input fills": func(m *onnxpb.ModelProto) {
			for _, c := range m.GetGraph().GetInitializer() {
				if len(c.Dims) == 0 && len(c.RawData) == 8 && binary.LittleEndian.Uint64(c.RawData) == 2048 {
					binary.LittleEndian.PutUint64(c.RawData, 20000)
				}
			}
		},
	} {
		m, err := onnxpb.Decode(data, onnxpb.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		change(m)
		changed, err := onnxpb.Encode(m)
		if err != nil || bytes.Equal(changed, data) {
			t.Fatalf("%s: nothing changed, %v", what, err)
		}
		report, err := verify.Judge(context.Background(), verify.Case{Name: what, File: changed}, verify.Options{Points: 3})
		if err != nil {
			t.Fatal(err)
		}
		if report.Verdict != verify.Refuted {
			t.Errorf("%s: %s\n%s", what, report.Verdict, report.Text())
		}
	}
}

// Softmax takes the largest logit off, and no other number: where all are far below 0
// a largest one that is not below 0 leaves nothing.
func TestJudgeRefutesALargestLogitOfZeroAtLeast(t *testing.T) {
	_, data := file(t, variant{mustFind("softmax"), nil}, Options{Grad: true})
	m, err := onnxpb.Decode(data, onnxpb.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	g := m.GetGraph()
	zero := slices.IndexFunc(g.Initializer, func(c *onnxpb.TensorProto) bool {
		return c.GetDataType() == int32(onnxpb.TensorProto_FLOAT) && len(c.Dims) == 0 && bytes.Equal(c.RawData, make([]byte, 4))
	})
	at := slices.IndexFunc(g.Node, func(n *onnxpb.NodeProto) bool { return n.GetOpType() == "ReduceMax" })
	if zero < 0 || at < 0 {
		t.Fatal("softmax has no zero, or no largest logit")
	}
	largest := g.Node[at]
	held := &onnxpb.NodeProto{OpType: proto.String("Max"), Name: proto.String("held"), Input: []string{"largest", g.Initializer[zero].GetName()}, Output: []string{largest.Output[0]}}
	largest.Output[0] = "largest"
	g.Node = slices.Insert(g.Node, at+1, held)
	if data, err = onnxpb.Encode(m); err != nil {
		t.Fatal(err)
	}
	report, err := verify.Judge(context.Background(), verify.Case{Name: "softmax", File: data}, verify.Options{Points: 3})
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != verify.Refuted {
		t.Errorf("%s\n%s", report.Verdict, report.Text())
	}
}

// Heads and losses over pairs add up, over labels or given rows.
func TestSumsOfHeadsAndPairsAreProved(t *testing.T) {
	for _, expr := range []string{"softmax + multi-similarity", "arcface + 0.5*supcon", "softmax + triplet", "arcface + contrastive", "softmax + 0.5*instance"} {
		t.Run(expr, func(t *testing.T) {
			t.Parallel()
			r, err := Run(expr, Options{Grad: true, DType: "f64"})
			if err != nil {
				t.Fatal(err)
			}
			data, err := r.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			judged(t, expr, r, data, verify.Options{Points: 3})
		})
	}
}
