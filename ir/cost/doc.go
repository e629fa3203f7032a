// Package cost makes an estimate of time and memory from a function, the sizes
// of its extents and a table of measured kernels, so that the compiler can
// choose between equal functions.
//
// It knows what each op becomes in a file (rows.go) and what that costs in ONNX
// Runtime's CPU provider (prices.go, measured by verify/bench/kernels.py). The
// sums are good for ratios between functions of the same loss; they promise no
// milliseconds.
package cost
