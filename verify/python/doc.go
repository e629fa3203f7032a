// Package python makes the Python side of the judge, which is kept in .py files
// next to this one, part of any program that imports it: the worker that runs
// other ONNX runtimes in a child process, and the pinned requirements by which
// their environment is found. The package runs nothing itself.
package python
