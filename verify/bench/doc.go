// Package bench measures the files that losscc writes against what people use
// instead of them, and the kernels that the files are made of. The measuring is
// Python's, as what it measures is; run.sh starts it. The package itself is
// empty: its tests run the harness at tiny shapes, and show that it notices a
// wrong number.
package bench
