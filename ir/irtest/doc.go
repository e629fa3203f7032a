// Package irtest makes random well-typed functions of the language, and inputs
// for them, for the tests of what reads ir: the printer, passes, gradients,
// evaluators and exporters.
//
// Every value of a function made here is finite and defined for the inputs
// drawn by Inputs: the maker follows the interval in which each value lies and
// leaves out an op whose operand is outside its domain. Two evaluations can
// thus be compared bit for bit.
package irtest
