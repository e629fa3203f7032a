// Package onnxpb makes ONNX files from Go values and Go values from ONNX
// files: the types of the ONNX schema, and the two doors between them and
// bytes.
//
// The schema is written by hand in onnx.proto and the types are generated from
// it. Decode refuses what would cost far more memory than the file is long
// before it builds anything; Encode gives the same bytes every time.
package onnxpb

//go:generate ./generate.sh
