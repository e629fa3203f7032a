// Package runtimetest gives tests a session with another ONNX runtime, or skips
// them where there is none.
package runtimetest
