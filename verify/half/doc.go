// Package half makes IEEE 754 half-precision numbers (float16) from float64
// and float64 from them.
package half
