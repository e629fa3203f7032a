// Package compile makes the bytes of an ONNX file from the name of a loss and
// its options: formula, gradient, optimisation, export, one after the other.
// It is the one place that knows all stages.
package compile
