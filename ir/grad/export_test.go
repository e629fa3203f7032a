package grad

import "losscc/ir"

// Differentiable tells whether an op has a row in the calculus.
func Differentiable(op *ir.Op) bool { return rules[op] != nil }

// Constant is why no gradient passes through an op, empty if one may.
func Constant(op *ir.Op) string { return constant[op] }

// Rows are how many rows the two tables have.
func Rows() int { return len(rules) + len(constant) }
