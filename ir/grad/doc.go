// Package grad makes the function that also returns gradients from the
// function of a loss: reverse mode, one walk (grad.go) and one page of
// calculus (rules.go), a row an op.
//
// Before its rule is asked, a value whose gradient is known at one element of
// each row only passes on that element alone (spots.go): it stays a vector until
// it meets an op that needs the matrix.
//
// Broadcasting is undone in one place, where contributions are added. A called
// function gets a derivative function of its own, named after it with Grad, so
// that margin ops stay whole in the gradient.
package grad
