package verify

import (
	"testing"

	"losscc/onnxexport/onnxpb"
)

// turned gives an output the other sign where there are more than nine rows,
// which no random point has.
func turned(output string) func(*onnxpb.ModelProto) {
	return func(m *onnxpb.ModelProto) {
		for _, n := range m.Graph.Node {
			if n.Output[0] == output {
				n.Output[0] = "right"
			}
		}
		m.Graph.Initializer = append(m.Graph.Initializer, whole("nine", 9))
		m.Graph.Node = append(m.Graph.Node, node("Shape", "rows1", "same"), node("Squeeze", "rows", "rows1"),
			node("Greater", "many", "rows", "nine"), node("Neg", "wrong", "right"), node("Where", output, "many", "wrong", "right"))
	}
}

func TestWhatRandomPointsDoNotMeetIsSeen(t *testing.T) {
	for _, output := range []string{"loss", "grad_embeddings_b"} {
		r := judgeFile(t, altered(t, turned(output)), Options{Points: 7})
		if k := r.Check(CheckTelling); k == nil || k.Status != Failed {
			t.Errorf("%s:\n%s", output, r.Text())
		}
		for _, c := range []string{CheckValue, CheckGradient, CheckEdges} {
			if k := r.Check(c); k == nil || k.Status != Passed {
				t.Errorf("%s: %s sees it too, and the test shows nothing", output, c)
			}
		}
	}
}
