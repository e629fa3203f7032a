// Package draw makes the inputs of a file from what the file says of them:
// their names, roles, types and extents. Random draws inputs as a training
// step would have them; Evil makes those that break careless losses, each under
// the name of what is wrong with it. The same seed draws the same numbers, and
// every number is one that the input's declared type can hold, so that each
// runtime is given the same.
package draw
