package onnxval

import (
	"sort"

	"losscc/onnxexport/onnxpb"
)

// Limits bounds what a file may ask for. A field that is zero stands for its
// default.
type Limits struct {
	// File bounds the reading of the file.
	File onnxpb.Limits
	// Nodes is how many nodes one run may visit, those in the bodies of called
	// functions counted at every call, and those in the body of a Scan, and one
	// more, at every iteration: by default a million.
	Nodes int64
	// Elements is how many elements the tensors of one run may have together:
	// by default 2²⁹, which is 4 GiB of floats.
	Elements int64
	// Work is how many elementary steps one run may take: by default 2³⁶,
	// which is some minutes.
	Work int64
}

// The defaults of Limits.
const (
	defaultNodes    = 1 << 20
	defaultElements = 1 << 29
	defaultWork     = 1 << 36
)

// orDefault is l with its defaults filled in.
func (l Limits) orDefault() Limits {
	if l.Nodes == 0 {
		l.Nodes = defaultNodes
	}
	if l.Elements == 0 {
		l.Elements = defaultElements
	}
	if l.Work == 0 {
		l.Work = defaultWork
	}
	return l
}

// Model is a file that was checked and can be run. It does not change: any
// number of goroutines may run it.
type Model struct {
	limits   Limits
	graph    *body
	inputs   []port
	outputs  []port
	metadata map[string]string
}

// Port is an input or output of a graph.
type Port struct {
	Name string
	Elem Elem
	// Dims are the extents: a number, a symbol, or "?" where the file says
	// nothing. Ranked is false if it does not even say how many there are.
	Dims   []string
	Ranked bool
	// Optional is true for an input that has a default in the file.
	Optional bool
}

// String is the type and extents, as "f32[N,D]".
func (p Port) String() string {
	if !p.Ranked {
		return p.Elem.String()
	}
	s := p.Elem.String() + "["
	for i, d := range p.Dims {
		if i > 0 {
			s += ","
		}
		s += d
	}
	return s + "]"
}

// Load makes a model from the bytes of a file within the default limits. It
// checks the file as Run needs it: that every operator and function exists at
// the opset that is imported, with the inputs, outputs and attributes that it
// has; that every value is made once, before it is used, and none in the body of
// a Scan has the name of one that the body sees outside; that functions do not
// call themselves. The error is an *Error and names the node.
func Load(data []byte) (*Model, error) { return LoadWithin(data, Limits{}) }

// LoadWithin is Load within the given limits, which also hold for every run.
func LoadWithin(data []byte, limits Limits) (m *Model, err error) {
	defer rescue(InFile, &err)
	limits = limits.orDefault()
	p, err := onnxpb.Decode(data, limits.File)
	if err != nil {
		return nil, &Error{Fault: InFile, Err: err}
	}
	l := newLoader(p, limits)
	return l.model(), nil
}

// Inputs are the inputs of the graph in the order of the file.
func (m *Model) Inputs() []Port { return public(m.inputs) }

// Outputs are the outputs of the graph in the order of the file.
func (m *Model) Outputs() []Port { return public(m.outputs) }

// public is the ports as others see them.
func public(ps []port) []Port {
	out := make([]Port, len(ps))
	for i, p := range ps {
		out[i] = p.public()
	}
	return out
}

// Metadata is the file's table of texts, a copy.
func (m *Model) Metadata() map[string]string {
	out := make(map[string]string, len(m.metadata))
	for k, v := range m.metadata {
		out[k] = v
	}
	return out
}

// sortedKeys lists the keys of a map in order, for messages.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
