// Package irval makes tensors from an ir.Func and its inputs: the meaning of
// the language, op by op, in float64 and plain Go.
//
// Every op has one row in the table of table.go. The package is one of two
// witnesses of what a loss computes; the other reads ONNX files. They share no
// kernel, so that a mistake in one shows as a difference between them. Here
// an element is found by strides: how far apart the neighbours along an axis
// lie.
//
// Where the language leaves a case open, this is what holds:
//
//   - sum over nothing is 0; reduce_max over nothing is −∞, reduce_min ∞ (of ints
//     the smallest and the largest there are); argmax over nothing is an error.
//   - max, min, reduce_max and reduce_min give NaN if an operand is NaN; argmax and argtop
//     count NaN as larger than every number; equal elements go by their place.
//   - int arithmetic wraps, int division cuts towards 0, and division by 0 is
//     an error.
//   - to_int of NaN, or of a number that no int64 holds, is an error.
//   - a place outside the extent that pick, put, gather or scatter_add reach
//     into is an error.
package irval
