package main

import (
	"strconv"
	"strings"

	"losscc/ir"
	"losscc/verify/onnxval"
)

// port is an input or output as JSON and tables show it.
type port struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []any  `json:"shape"` // symbols and numbers; null if not even their count is known
	Role  string `json:"role,omitempty"`
}

// portOf is a value of a function in a file of floating type dtype.
func portOf(name string, t ir.Type, dtype, role string) port {
	elem := onnxval.ElemNamed(dtype)
	switch t.Elem {
	case ir.Int:
		elem = onnxval.I64
	case ir.Bool:
		elem = onnxval.Bool
	}
	p := port{Name: name, DType: elem.NumPy(), Shape: []any{}, Role: role}
	for _, d := range t.Shape {
		p.Shape = append(p.Shape, extent(string(d)))
	}
	return p
}

// extent is a number where the text is one.
func extent(s string) any {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return s
}

// portsOf are the inputs and outputs of a function.
func portsOf(f *ir.Func, dtype string) (in, out []port) {
	in, out = []port{}, []port{}
	for _, p := range f.Params {
		in = append(in, portOf(p.Name, p.Type, dtype, p.Attrs.Text("role")))
	}
	for _, r := range f.Results {
		out = append(out, portOf(r.Name, r.Value.Type, dtype, ""))
	}
	return in, out
}

// shapeText is a shape as [N,D].
func (p port) shapeText() string {
	if p.Shape == nil {
		return "unknown"
	}
	parts := make([]string, len(p.Shape))
	for i, d := range p.Shape {
		switch d := d.(type) {
		case int:
			parts[i] = strconv.Itoa(d)
		case string:
			parts[i] = d
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// roles say what a host does with an input.
var roles = map[string]string{
	"embeddings": "from the network, a row a sample; has a gradient",
	"parameter":  "trained with the network; has a gradient",
	"labels":     "from the data",
	"index":      "rows that a miner chose",
	"state":      "feed back what NAME_next gave",
	"schedule":   "moved by the host as training goes on",
	"noise":      "drawn by the host",
	"data":       "from the data",
}

// roleOf is what is said of an input.
func roleOf(p port) string {
	text := roles[p.Role]
	switch {
	case p.Role == "":
		return ""
	case p.Name == "labels":
		text = "classes 0…C−1; anything else marks an ignored row"
	case p.Name == "same":
		text = "1 for a pair of one class, else 0"
	case p.Role == "state":
		text = "state: feed back " + p.Name + "_next"
	}
	if p.Role == p.Name || p.Role == "state" {
		return text
	}
	return p.Role + ": " + text
}

// meaningOf is what is said of an output.
func meaningOf(name, reduction string) string {
	switch {
	case name == "loss" && reduction == "none":
		return "one number a row"
	case name == "loss" && reduction != "":
		return "the " + reduction + " over rows"
	case name == "loss":
		return "the value"
	case name == "ignored":
		return "how many rows were ignored"
	case name == "triplets":
		return "rows: anchor, positive, negative"
	case name == "pairs":
		return "rows, two by two"
	case name == "class_index":
		return "the sampled classes"
	case name == "local_labels":
		return "where labels stand among them; −1 is ignored"
	case name == "predicted":
		return "the class with the highest score, without margin"
	case name == "accuracy":
		return "share of kept rows that are predicted right"
	case strings.HasPrefix(name, "loss."):
		return "a part of the sum, before its factor"
	case strings.HasPrefix(name, "grad_"):
		return "∂loss/∂" + strings.TrimPrefix(name, "grad_")
	case strings.HasSuffix(name, "_next"):
		return "the state " + strings.TrimSuffix(name, "_next") + " for the next step"
	}
	return ""
}

// portLines are inputs or outputs as lines of a table; say adds what there is
// to say.
func portLines(ports []port, say func(port) string) [][]string {
	var lines [][]string
	for _, p := range ports {
		lines = append(lines, []string{p.Name, p.DType, p.shapeText(), say(p)})
	}
	return lines
}

// wrapped breaks text into lines of at most width runes at blanks; lines after
// the first begin with indent.
func wrapped(text, indent string, width int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + indent)
			at = len(indent)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
