package compile

import (
	"slices"
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify"

	"google.golang.org/protobuf/proto"
)

// decoded is the file of a loss, or of a sum of losses.
func decoded(t *testing.T, expr string, o Options) *onnxpb.ModelProto {
	t.Helper()
	r, err := Run(expr, o)
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnxpb.Decode(data, onnxpb.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// spoilt is a file of a loss after a change, and the judge's report on it.
func spoilt(t *testing.T, loss string, o Options, spoil func(f *forger)) *verify.Report {
	t.Helper()
	m := decoded(t, loss, o)
	spoil(&forger{m: m})
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	report, err := verify.Judge(t.Context(), verify.Case{Name: loss, File: data}, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// refutedBy fails the test unless that check of the report failed.
func refutedBy(t *testing.T, report *verify.Report, check string) {
	t.Helper()
	if k := report.Check(check); k == nil || k.Status != verify.Failed {
		t.Errorf("%s by %q:\n%s", report.Verdict, check, report.Text())
	}
}

// unguarded lets what an ignored row holds into the arithmetic.
func unguarded(t *testing.T) func(f *forger) {
	return func(f *forger) {
		if f.passRows("embeddings") == 0 {
			t.Error("nothing guards against ignored rows")
		}
		f.prune()
	}
}

// A pair meets no other: what an ignored one holds is in its own gradient, if
// that is not left out.
func TestJudgeRefutesGradientsOfIgnoredPairs(t *testing.T) {
	t.Parallel()
	for _, dtype := range []string{"f64", "f32", "f16"} {
		report := spoilt(t, "contrastive", Options{DType: dtype, Grad: true}, func(f *forger) {
			if n := f.passRows("embeddings", "grad_embeddings"); n < 4 {
				t.Errorf("only %d guards against ignored rows", n)
			}
			f.prune()
		})
		refutedBy(t, report, verify.CheckIgnored)
	}
}

// passRows takes out what makes rows 0, by Where or by Gather among them and a row
// of zeros, where what goes in or what comes out has a name that begins so, and
// tells how often.
func (f *forger) passRows(names ...string) int {
	found := 0
	of := map[string]string{} // what stands above the zeros
	named := func(name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(name, n) })
	}
	for _, n := range f.m.Graph.Node {
		in := ""
		switch n.GetOpType() {
		case "Concat":
			of[n.Output[0]] = n.Input[0]
		case "Gather":
			in = of[n.Input[0]]
		case "Where":
			in = n.Input[1]
		}
		if in != "" && (named(in) || named(n.Output[0])) {
			n.OpType, n.Input, n.Attribute = proto.String("Identity"), []string{in}, nil
			found++
		}
	}
	return found
}

// prune takes out the nodes that serve no output.
func (f *forger) prune() {
	needed := map[string]bool{}
	for _, o := range f.m.Graph.Output {
		needed[o.GetName()] = true
	}
	var kept []*onnxpb.NodeProto
	for _, n := range slices.Backward(f.m.Graph.Node) {
		if slices.ContainsFunc(n.Output, func(o string) bool { return needed[o] }) {
			kept = append(kept, n)
			for _, in := range n.Input {
				needed[in] = true
			}
		}
	}
	slices.Reverse(kept)
	f.m.Graph.Node = kept
	f.dropIdle()
}

// dropIdle takes out the constants that no node reads.
func (f *forger) dropIdle() {
	read := map[string]bool{}
	for _, n := range f.m.Graph.Node {
		for _, in := range n.Input {
			read[in] = true
		}
	}
	f.m.Graph.Initializer = slices.DeleteFunc(f.m.Graph.Initializer, func(t *onnxpb.TensorProto) bool { return !read[t.GetName()] })
}

// An ignored row that holds NaN or infinity spoils gradients of what it is
// multiplied with, by 0 too, unless the file takes it out first.
func TestJudgeRefutesFilesThatIgnoredRowsSpoil(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		loss string
		sets map[string]string
		grad bool
	}{
		{"softmax", nil, true},
		{"cosface", nil, true},
		{"arcface", nil, true},
		{"adaface", nil, true},
		{"triplet", map[string]string{"mining": "batch-hard"}, true},
		{"mine-triplets", nil, false},
		{"mine-pairs", nil, false},
	} {
		for _, dtype := range []string{"f64", "f32", "f16"} {
			t.Run(c.loss+" "+dtype, func(t *testing.T) {
				report := spoilt(t, c.loss, Options{DType: dtype, Grad: c.grad, Sets: c.sets}, unguarded(t))
				refutedBy(t, report, verify.CheckIgnored)
			})
		}
	}
}

// Every label outside of the classes marks an ignored row.
func TestJudgeRefutesFilesThatTakeAStrayLabelForAClass(t *testing.T) {
	t.Parallel()
	for _, label := range []int64{-2, -100} {
		report := spoilt(t, "arcface", Options{DType: "f64", Grad: true}, func(f *forger) { f.forged("grad_embeddings", f.label(label)) })
		refutedBy(t, report, verify.CheckIgnored)
	}
	report := spoilt(t, "arcface", Options{DType: "f64", Grad: true}, func(f *forger) {
		beyond := f.op("Add", f.op("Gather", f.op("Shape", "weight"), f.whole(0)), f.whole(13))
		f.forged("grad_embeddings", f.column(f.op("Equal", "labels", beyond)))
	})
	refutedBy(t, report, verify.CheckIgnored)
}
