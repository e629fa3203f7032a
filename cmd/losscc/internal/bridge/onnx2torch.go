package bridge

import (
	_ "embed"
	"fmt"
	"strings"

	"losscc/onnxexport/onnxpb"
)

//go:embed onnx2torch.txt
var onnx2torchOps string

// Onnx2torch is what was measured of onnx2torch: its registry was asked for
// every operator at every opset, and every loss's flat file was given to it and
// run. Of the operators that it has, it refuses uses of two and computes two
// otherwise than ONNX says.
var Onnx2torch = readerOf(onnx2torchOps, map[string]usage{
	"ScatterND": {"reduction", "ScatterND with a reduction", func(a *onnxpb.AttributeProto) bool { return a != nil && string(a.GetS()) != "none" }},
	"Reshape":   {"allowzero", "Reshape with allowzero", func(a *onnxpb.AttributeProto) bool { return a.GetI() != 0 }},
	"NonZero":   {"", "right NonZero (it transposes the places)", func(*onnxpb.AttributeProto) bool { return true }},
	"CumSum":    {"reverse", "right CumSum without reverse (it sums from the end)", func(a *onnxpb.AttributeProto) bool { return a == nil }},
})

// Reader is which operators a reader of ONNX has.
type Reader struct {
	// Name and Release are those of what was measured.
	Name, Release string
	tried         span
	has           map[string][]span
	without       map[string]usage
}

// span is opsets, from the first to the last.
type span struct{ first, last int64 }

// usage is a way to use an operator, told by an attribute, nil where the node has
// none, that a reader has in other ways only.
type usage struct {
	attribute, says string
	lacking         func(*onnxpb.AttributeProto) bool
}

// readerOf reads a table: a head, and a line for each operator with the opsets at
// which it is there. The table is this package's own: in one that it cannot read
// there are no operators.
func readerOf(table string, without map[string]usage) Reader {
	r := Reader{has: map[string][]span{}, without: without}
	head, rows, _ := strings.Cut(table, "\n")
	fmt.Sscanf(head, "%s %s opsets %d-%d", &r.Name, &r.Release, &r.tried.first, &r.tried.last)
	r.Release = strings.TrimSuffix(r.Release, ",")
	for row := range strings.Lines(rows) {
		words := strings.Fields(row)
		for _, word := range words[1:] {
			var s span
			fmt.Sscanf(word, "%d-%d", &s.first, &s.last)
			r.has[words[0]] = append(r.has[words[0]], s)
		}
	}
	return r
}

// Tried are the first and the last opset that were tried.
func (r Reader) Tried() (first, last int64) { return r.tried.first, r.tried.last }

// Lacks says what the reader has not of that which a node of the standard domain
// asks for, or nothing.
func (r Reader) Lacks(n *onnxpb.NodeProto, opset int64) string {
	spans := r.has[n.GetOpType()]
	if len(spans) == 0 {
		return n.GetOpType()
	}
	if !anyHolds(spans, opset) {
		return fmt.Sprintf("%s as of opset %d (it has that of %s)", n.GetOpType(), opset, spansText(spans))
	}
	if u, ok := r.without[n.GetOpType()]; ok && u.lacking(attribute(n, u.attribute)) {
		return u.says
	}
	return ""
}

// attribute is that of the name, or nil.
func attribute(n *onnxpb.NodeProto, name string) *onnxpb.AttributeProto {
	for _, a := range n.GetAttribute() {
		if a.GetName() == name {
			return a
		}
	}
	return nil
}

func (s span) holds(opset int64) bool { return s.first <= opset && opset <= s.last }

func anyHolds(spans []span, opset int64) bool {
	for _, s := range spans {
		if s.holds(opset) {
			return true
		}
	}
	return false
}

func spansText(spans []span) string {
	words := make([]string, len(spans))
	for i, s := range spans {
		words[i] = fmt.Sprintf("%d–%d", s.first, s.last)
	}
	return strings.Join(words, ", ")
}
