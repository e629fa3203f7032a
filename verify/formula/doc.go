// Package formula makes the expected value of every loss from its paper's
// formula, in plain Go loops over float64. It is the witness that files are
// compared with: it knows no IR, no gradient rule and no ONNX, and each
// formula is written to be read beside the paper and not to be fast.
//
// What a paper holds constant in the gradient goes through Ctx.Const, which
// remembers the number at the point of differentiation and gives it back at
// the perturbed points, so that a numeric derivative of the loops is the
// derivative that the paper means.
package formula
