// Package opt makes an equal but cheaper function from a function. A pass
// rebuilds; the table in passes.go holds the passes with the reason for each
// and what must come before it; algebra.go and tidy.go hold the identities, one a
// line, each true of every float64 bit for bit.
//
// Where two ways to compute a value are equal but for rounding, and which is
// cheaper depends on kernels and sizes, Choose takes the one that package cost
// estimates to be cheaper and says what it weighed; choices.go is their table.
package opt
