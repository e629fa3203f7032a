// Package opt makes an equal but cheaper function from a function. A pass
// rebuilds; the table in passes.go holds the passes with the reason for each
// and what must come before it, and algebra.go holds the identities, one a
// line, each true of every float64 bit for bit.
package opt
