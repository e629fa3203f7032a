// Package tensor holds the arrays that evaluators, oracles and files exchange:
// a shape, an element kind and the elements in row-major order. It computes
// nothing, so that the witnesses that use it share no kernel.
package tensor
