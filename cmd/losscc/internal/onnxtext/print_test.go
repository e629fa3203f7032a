package onnxtext_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"losscc/cmd/losscc/internal/compile"
	"losscc/cmd/losscc/internal/onnxtext"
	"losscc/onnxexport/onnxpb"
	"losscc/verify/runtime/runtimetest"
)

// models are files that hold every kind of entry that losscc writes.
var models = []struct {
	name, loss string
	options    compile.Options
}{
	{"functions", "arcface", compile.Options{Grad: true}},
	{"flat in float64", "arcface", compile.Options{Grad: true, Form: "flat", DType: "f64"}},
	{"half precision", "cosface", compile.Options{Grad: true, DType: "f16", Predictions: true}},
	{"a sum", "softmax + 0.5*arcface", compile.Options{}},
	{"a newer opset", "softmax", compile.Options{Grad: true, Opset: 20, Sets: map[string]string{"label_smoothing": "0.1"}}},
	{"pairs", "contrastive", compile.Options{Grad: true}},
}

func build(t *testing.T, loss string, o compile.Options) []byte {
	t.Helper()
	r, err := compile.Run(loss, o)
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestTextIsThatOfOnnx holds our printer against onnx's own: the same but for
// white space and the names of nodes.
func TestTextIsThatOfOnnx(t *testing.T) {
	s := runtimetest.Need(t, "onnx")
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			data := build(t, m.loss, m.options)
			p, err := onnxpb.Decode(data, onnxpb.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want, err := s.Print(context.Background(), data)
			if err != nil {
				t.Fatal(err)
			}
			got, want := plain(onnxtext.String(p)), plain(want)
			if got == want {
				return
			}
			i := 0
			for i < len(got) && i < len(want) && got[i] == want[i] {
				i++
			}
			t.Errorf("differs at …%.60s…, onnx has …%.60s…", got[i:], want[i:])
		})
	}
}

var (
	nodeName = regexp.MustCompile(`(?m)^\s*\["?[\w.]+"?\] `)
	space    = regexp.MustCompile(`\s+`)
)

// plain is a text without names of nodes and without white space.
func plain(s string) string { return space.ReplaceAllString(nodeName.ReplaceAllString(s, ""), "") }

// TestTextIsReadable shows a few lines as people see them.
func TestTextIsReadable(t *testing.T) {
	p, err := onnxpb.Decode(build(t, "arcface", compile.Options{Grad: true}), onnxpb.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	text := onnxtext.String(p)
	for _, want := range []string{
		"   ir_version: 8,\n   opset_import: [\"\" : 17, \"ai.losscc\" : 1],\n",
		"\n      \"losscc.loss\": \"arcface\",\n",
		"arcface (float[N,D] embeddings, int64[N] labels, float[C,D] weight) => (float loss, int64 ignored, float[N,D] grad_embeddings, float[C,D] grad_weight)\n",
		"ai.losscc.ArcMargin <margin: float = 0.5, ",
		"\n>\nArcMargin <margin, ",
		" = Constant <value: tensor = @cos_margin> ()\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}
