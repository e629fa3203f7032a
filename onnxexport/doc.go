// Package onnxexport makes an ONNX model from any ir.Func: it knows the
// runtimes' habits and no loss.
//
// In form Functions every function that the Func calls becomes a node in the
// domain ai.losscc and a FunctionProto that is its body in standard ops; in
// form Flat there are standard ops only (the Func must call nothing), and no shapes
// of what ONNX Runtime may write over. The
// lowering is one table, a row an op (lower.go). With Blocks what lies along an
// extent is made in walks (blocks.go), each a Scan over blocks of it (walk.go, scan.go):
// elementwise ops and products go from block to block, sums are states, and a walk
// that needs the whole of a sum comes after the one that makes it. Equal Funcs and
// options give equal bytes.
package onnxexport
