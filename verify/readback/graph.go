package readback

import (
	"errors"

	"losscc/verify/tensor"
)

// Graph is the operations of a model's main graph in the order of the file, and
// the values between them.
type Graph struct {
	Inputs       []Declared          // in order, without those that an initializer sets
	Outputs      []Declared          // in order
	Initializers map[string]Constant // by name
	Operations   []Operation
}

// Operation is one call of an operator or a function.
type Operation struct {
	Op      string // as "MatMul" or "ArcMargin"; onnx-go drops the domain
	Inputs  []string
	Outputs []string
	// Attributes maps names to a float32, int64, string, []float32, []int64,
	// []string or Constant.
	Attributes map[string]any
}

// Declared is an input or output of the graph.
type Declared struct {
	Name string
	Elem string // the element type in Go's words: "float32"
}

// Constant is the elements of a tensor in the file.
type Constant struct {
	Elem   string // the element type in Go's words: "float32"
	Tensor *tensor.Tensor
}

// Read errors, for errors.Is.
var (
	// ErrUnsupported is a file that may be right but that onnx-go cannot read.
	ErrUnsupported = errors.New("onnx-go cannot read this")
	// ErrDecode is a file that onnx-go refused, or choked on.
	ErrDecode = errors.New("onnx-go does not decode the file")
	// ErrMalformed is a file that contradicts itself.
	ErrMalformed = errors.New("the file contradicts itself")
	// ErrDiffers is a file in which the two decoders see different graphs.
	ErrDiffers = errors.New("onnx-go reads another graph than the file holds")
)

// UnsupportedError says which part of a file onnx-go cannot read.
type UnsupportedError struct {
	Where string // as "input embeddings" or "node 3 (Constant)"
	What  string // as "elements of type FLOAT16"
}

// Error is the part and the reason.
func (e *UnsupportedError) Error() string {
	return ErrUnsupported.Error() + ": " + e.Where + " has " + e.What
}

// Unwrap is ErrUnsupported.
func (e *UnsupportedError) Unwrap() error { return ErrUnsupported }
