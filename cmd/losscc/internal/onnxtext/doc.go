// Package onnxtext makes text from an ONNX model, in the syntax of onnx's own
// printer and parser: the header, the graph with its initializers and nodes,
// then each function with its body.
//
// It differs from onnx's printer in white space only, and in leaving out the
// name of a node that is called as its first output is.
package onnxtext
