package draw

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"losscc/verify/half"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// Input is an input as a file declares it, and what a host does with it.
type Input struct {
	Name string
	// Role is the one that the file's metadata name, or the one that the
	// name has by custom; "" if neither says.
	Role string
	Elem onnxval.Elem
	// Dims are numbers or symbols.
	Dims []string
}

// Roles of inputs, as files name them.
const (
	Embeddings = "embeddings"
	Parameter  = "parameter"
	Labels     = "labels"
	Index      = "index"
	State      = "state"
	Schedule   = "schedule"
	Noise      = "noise"
	Data       = "data"
)

// custom is the role that an input of a name has where a file says nothing.
var custom = map[string]string{
	"embeddings": Embeddings, "embeddings_a": Embeddings, "embeddings_b": Embeddings,
	"anchor": Embeddings, "positive": Embeddings, "negative": Embeddings,
	"weight": Parameter, "bias": Parameter, "proxies": Parameter, "centers": State,
	"bank": Data, "bank_labels": Labels, "histogram": State, "radius": Parameter, "beta": Parameter,
	"labels": Labels, "same": Labels, "triplets": Index, "pairs": Index,
	"lambda": Schedule, "noise": Noise,
}

// Inputs are the inputs of a file in its order.
func Inputs(m *onnxval.Model) []Input {
	roles := map[string]string{}
	// Metadata that cannot be read leave the roles to custom.
	_ = json.Unmarshal([]byte(m.Metadata()["losscc.inputs"]), &roles)
	var all []Input
	for _, p := range m.Inputs() {
		role, said := roles[p.Name]
		if !said {
			role = custom[p.Name]
		}
		all = append(all, Input{p.Name, role, p.Elem, p.Dims})
	}
	return all
}

// Differentiable tells whether a file with gradients has one for the input.
func (in Input) Differentiable() bool {
	return in.Elem.Kind() == tensor.Float && (in.Role == Embeddings || in.Role == Parameter)
}

// Sizes are extents by symbol.
type Sizes map[string]int

// Usual are the extents of symbols that nobody gave.
var Usual = Sizes{"N": 8, "C": 10, "D": 16, "K": 3, "P": 6, "T": 12, "T2": 9, "S": 12, "R": 6, "M": 7, "B": 9}

// ParseSizes reads extents as "N=8,C=10,D=16".
func ParseSizes(text string) (Sizes, error) {
	s := Sizes{}
	for _, part := range strings.Split(text, ",") {
		name, number, ok := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || name == "" {
			return nil, fmt.Errorf("found %q, want extents as N=8,C=10,D=16", part)
		}
		s[name] = n
	}
	return s, nil
}

// String lists the extents in the order of their symbols.
func (s Sizes) String() string {
	var parts []string
	for name, n := range s {
		parts = append(parts, fmt.Sprintf("%s=%d", name, n))
	}
	sort.Strings(parts)
	return strings.Join(parts, ",")
}

// of is the extent that a symbol has in s, or else usually.
func (s Sizes) of(symbol string) (int, error) {
	n := 1
	for _, factor := range strings.Split(symbol, "*") {
		f, err := strconv.Atoi(factor)
		if given, ok := s[factor]; ok {
			f, err = given, nil
		} else if usual, ok := Usual[factor]; ok {
			f, err = usual, nil
		}
		if err != nil {
			return 0, fmt.Errorf("no extent is given for %s; add %s=…", symbol, factor)
		}
		n *= f
	}
	return n, nil
}

// shape are the extents of an input.
func (in Input) shape(s Sizes) ([]int, error) {
	shape := make([]int, len(in.Dims))
	for i, d := range in.Dims {
		n, err := s.of(d)
		if err != nil {
			return nil, fmt.Errorf("input %s [%s]: %w", in.Name, strings.Join(in.Dims, ","), err)
		}
		shape[i] = n
	}
	return shape, nil
}

// Round brings a tensor's floats to numbers that the type can hold.
func Round(t *tensor.Tensor, e onnxval.Elem) {
	for i, x := range t.F {
		switch e {
		case onnxval.F32:
			t.F[i] = float64(float32(x))
		case onnxval.F16:
			t.F[i] = half.Round(x)
		}
	}
}
