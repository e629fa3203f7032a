// Package verify makes a verdict on an ONNX file of a loss from the file alone:
// it is the judge. It evaluates the file in float64 and holds every output
// against the paper's formula in plain loops (verify/formula), every gradient
// against numeric derivatives of those loops and of the file's own loss, at
// random inputs, at those that training meets and chance does not, and at those
// that break careless losses (verify/draw): zero rows, cosines of ±1, ties; it
// reads the file back through another decoder (verify/readback) and runs it in
// other runtimes (verify/runtime). Which loss a file claims to be stands in its
// metadata; a file that claims none is judged as far as that goes, and its
// report says what was not proved.
//
// judge.go has the list of its checks; each stands in a file:
//
//	read back, declared outputs, value, evaluators, gradient  points.go
//	structure                                                 structure.go, with surplus.go
//	interface                                                 duties.go, with schedules.go
//	attributes                                                attributes.go, with margins.go
//	margin bodies                                             bodies.go
//	telling inputs                                            telling.go, with walks.go
//	own slope                                                 slope.go
//	ignored rows                                              ignored.go
//	finite, edges                                             evil.go
//	edge gradients                                            along.go
//	not numbers                                               notnumbers.go
//	rounding                                                  rounding.go
//	runtime                                                   runtimes.go
//
// What a file claims is read in claim.go; how far two numbers may be apart is in
// tolerances.go, bounds.go and conditions.go.
//
// The judge does not ask the accused: nothing here imports the builders, the
// calculus or the exporter. Where the file's ir.Func is given as well, the
// evaluator of verify/irval is one more witness.
//
//	report, err := verify.Judge(ctx, verify.Case{File: data}, verify.Options{})
//	fmt.Print(report.Text())
package verify
