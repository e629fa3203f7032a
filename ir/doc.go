// Package ir makes functions of typed values from a loss's formula: the small
// language that builders write in and that every other package reads.
//
// A Func is a list of Values, each after its arguments: no blocks, no
// mutation. An op is a row of the table in op.go. There is one way to make a
// value, Builder.Emit: it infers the type, merges equal values and records the
// first mistake with the file and line of whoever made it. The printed form of
// a Func (print.go) can be parsed back (parse.go), and Check proves a Func by
// inferring every type again.
package ir
