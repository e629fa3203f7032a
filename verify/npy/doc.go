// Package npy makes tensors from NumPy's .npy files and .npy files from
// tensors. It reads versions 1 to 3 of the format, either byte order and
// either memory order; every floating type becomes float64, every integer
// int64, and the name of the type in the file is kept beside the tensor.
package npy
