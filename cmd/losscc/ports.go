package main

import (
	"slices"
	"strconv"
	"strings"

	"losscc/builders"
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

// graph is what the words about an input or an output depend on: the others, and
// how the file was built.
type graph struct {
	in, out         []port
	loss, reduction string
	params          map[string]any // hyper-parameters by name
}

// roles say what a host does with an input.
var roles = map[string]string{
	"embeddings": "from the network, a row a sample; has a gradient",
	"parameter":  "trained with the network; has a gradient",
	"labels":     "from the data",
	"index":      "rows that a miner chose",
	"schedule":   "moved by the host as training goes on",
	"noise":      "drawn by the host",
	"data":       "from the data",
}

// role is what is said of an input.
func (g graph) role(p port) string {
	switch {
	case p.Role == "":
		return ""
	case p.Name == "labels" && g.classes() != "":
		return "classes 0…" + g.classes() + "−1; anything else marks an ignored row"
	case p.Name == "labels":
		return "classes from 0 up; a negative one marks an ignored row"
	case p.Name == "bank_labels":
		return "labels: the classes of the bank's rows; a negative one leaves its row out"
	case p.Name == "same":
		return "labels: 1 for one class, 0 for two; anything else marks an ignored pair"
	case p.Role == "state" && p.Name == "centers" && named(g.out, "center_rows"):
		return "state: put center_values into its rows center_rows"
	case p.Role == "state":
		return "state: feed back " + p.Name + "_next"
	case p.Role == p.Name:
		return roles[p.Role]
	}
	return p.Role + ": " + roles[p.Role]
}

// classes is the extent that says how many classes there are, if one does.
func (g graph) classes() string {
	for _, extent := range []string{"C", "P"} {
		if slices.ContainsFunc(g.in, func(p port) bool { return slices.Contains(p.Shape, any(extent)) }) {
			return extent
		}
	}
	return ""
}

// named tells whether a port has that name.
func named(ports []port, name string) bool {
	return slices.ContainsFunc(ports, func(p port) bool { return p.Name == name })
}

// meanings say what outputs are, by their names.
var meanings = map[string]string{
	"triplets":      "rows: anchor, positive, negative",
	"pairs":         "rows, two by two",
	"class_index":   "the sampled classes",
	"local_labels":  "where labels stand among them; −1 is ignored",
	"predicted":     "the class with the highest score, without margin",
	"accuracy":      "share of kept rows that are predicted right",
	"center_rows":   "the classes that occur, ascending: rows of centers",
	"center_values": "where these centres move to",
}

// meaning is what is said of an output.
func (g graph) meaning(p port) string {
	switch name := p.Name; {
	case name == "loss":
		return g.value()
	case name == "ignored":
		return g.ignored()
	case strings.HasPrefix(name, "ignored."):
		return "how many the part " + strings.TrimPrefix(name, "ignored.") + " ignored"
	case strings.HasPrefix(name, "loss."):
		return "a part of the sum, before its factor"
	case strings.HasPrefix(name, "grad_"):
		return "∂loss/∂" + strings.TrimPrefix(name, "grad_")
	case strings.HasSuffix(name, "_next"):
		return "the state " + strings.TrimSuffix(name, "_next") + " for the next step"
	}
	return meanings[p.Name]
}

// splits tells whether parts of a sum have an output each, called name.part.
func (g graph) splits(name string) bool {
	return slices.ContainsFunc(g.out, func(p port) bool { return strings.HasPrefix(p.Name, name+".") })
}

// ignored is what is said of the count of what was ignored: of what the loss runs
// over.
func (g graph) ignored() string {
	switch {
	case g.splits("ignored"):
		return "how many the other parts ignored"
	case named(g.in, "pairs"):
		return "how many pairs were ignored"
	case named(g.in, "triplets"):
		return "how many triplets were ignored"
	}
	return "how many rows were ignored"
}

// value is what is said of the loss.
func (g graph) value() string {
	switch {
	case g.reduction == "none":
		return "one number a row"
	case g.reduction == "":
		return "the value"
	case g.splits("loss"):
		return "the weighted sum of the parts (reduction " + g.reduction + ")"
	case g.reduction == "mean":
		return g.mean()
	}
	return "the " + g.reduction + " over " + g.terms()
}

// terms are what the value of a loss has a term for.
func (g graph) terms() string {
	if mining, ok := g.params["mining"]; ok && mining != "none" {
		if found, ok := map[string]string{"contrastive": "pairs", "triplet": "triplets"}[g.loss]; ok {
			return found
		}
	}
	return "rows"
}

// mean is over what the parameter average says, where a loss has it.
func (g graph) mean() string {
	average := g.params["average"]
	switch {
	case g.loss == "contrastive" && average == "separate":
		return "the mean over pairs of one class plus that over the others"
	case g.loss == "contrastive" && average == "nonzero":
		return "the mean over pairs of one class plus that over the others, terms above 0 only"
	case g.loss == "triplet" && average == "nonzero":
		return "the mean over " + g.terms() + ", terms above 0 only"
	}
	if l, ok := builders.Find(g.loss); ok && l.Family == builders.PairFamily {
		return g.meanOfAnchors(l)
	}
	return "the mean over " + g.terms()
}

// meanOfAnchors is what a loss over pairs, proxies or views divides by.
func (g graph) meanOfAnchors(l builders.Loss) string {
	switch {
	case !slices.Contains(l.Reductions, "none") || g.params["over"] == "batch" || g.params["positives"] == "labels":
		return "the value"
	case g.params["average"] == "all":
		return "the mean over rows that have a term"
	case g.params["average"] == "nonzero":
		return "the mean over rows, terms above 0 only"
	}
	return "the mean over rows"
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
