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
// every operator at every opset, and every loss's flat file was given to it.
var Onnx2torch = readerOf(onnx2torchOps, map[string]usage{
	// Both are refused by converters that exist.
	"ScatterND": {"reduction", "ScatterND with a reduction", func(a *onnxpb.AttributeProto) bool { return string(a.GetS()) != "none" }},
	"Reshape":   {"allowzero", "Reshape with allowzero", func(a *onnxpb.AttributeProto) bool { return a.GetI() != 0 }},
})

// Reader is which operators a reader of ONNX has.
type Reader struct {
	// Name and Release are those of what was measured.
	Name, Release string
	tried         span
	has           map[string][]span
	refuses       map[string]usage
}

// span is opsets, from the first to the last.
type span struct{ first, last int64 }

// usage is a way to use an operator that a reader has in other ways.
type usage struct {
	attribute, says string
	refused         func(*onnxpb.AttributeProto) bool
}

// readerOf reads a table: a head, and a line for each operator with the opsets at
// which it is there. The table is this package's own: in one that it cannot read
// there are no operators.
func readerOf(table string, refuses map[string]usage) Reader {
	r := Reader{has: map[string][]span{}, refuses: refuses}
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
	if u, ok := r.refuses[n.GetOpType()]; ok {
		for _, a := range n.GetAttribute() {
			if a.GetName() == u.attribute && u.refused(a) {
				return u.says
			}
		}
	}
	return ""
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
