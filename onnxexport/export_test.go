package onnxexport

import "losscc/ir"

// Lowered tells whether an op has a row in the lowering.
func Lowered(op *ir.Op) bool { return rows[op] != nil }

// Rows is how many rows the lowering has.
func Rows() int { return len(rows) }
