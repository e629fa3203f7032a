// Package onnxval makes the outputs of an ONNX file from its inputs, in plain
// Go and float64: the witness that says what a file computes.
//
// It is naive on purpose. Every operator is written as the specification words
// it, over row-major slices, with no fusion, no reordering and no kernel shared
// with anything else that evaluates; a model-local function is run by walking
// its body and not by copying it into the caller, and the body of a Scan, the
// only operator with one that is evaluated, by walking it once for each place
// along the axes scanned. It is stricter than runtimes
// are: what the specification leaves undefined (an index out of range, two
// different values written to one place, an integer division by zero) is an
// error that names the node.
//
// Floating arithmetic is float64 whatever type the file declares, and nothing
// is rounded on the way, so that the result is the value of the formula and not
// of a precision. A Cast between floating types changes the declared type and
// keeps the number; a constant of type float or float16 is the number that the
// file holds. With the option Rounded every input, and every value after the
// node that made it, is rounded to its declared type: what a float32 runtime
// may give, up to the order of its sums, and a measure of how well the formula
// is conditioned.
package onnxval
