package onnxexport

import (
	"fmt"

	"losscc/onnxexport/onnxpb"
)

// DType is the floating type of a file's inputs and outputs.
type DType uint8

// The floating types. Arithmetic in an F16 file is float32 inside: halves are
// widened at the inputs and narrowed, held to ±65504, at the outputs.
const (
	F32 DType = iota
	F64
	F16
)

// DTypes are the names by which commands know the floating types.
var DTypes = map[string]DType{"f32": F32, "f64": F64, "f16": F16}

// Form is whether a file holds functions, and the shapes of what ONNX Runtime may
// write over, which not every reader likes.
type Form uint8

// The forms.
const (
	Functions Form = iota
	Flat
)

// Forms are the names by which commands know the forms.
var Forms = map[string]Form{"functions": Functions, "flat": Flat}

// The opsets that a file can be written for, and the one that it is written
// for unless another is asked: 17 loads in every release of ONNX Runtime since
// 1.12.
const (
	MinOpset     = 16
	MaxOpset     = 25
	DefaultOpset = 17
)

// irVersion is the lowest IR version that belongs to an opset and holds
// functions.
func irVersion(opset int) int64 {
	switch {
	case opset <= 18:
		return 8
	case opset <= 20:
		return 9
	case opset <= 22:
		return 10
	case opset == 23:
		return 11
	case opset == 24:
		return 12
	}
	return 13
}

// Domain is the domain of the margin ops, at version 1.
const (
	Domain        = "ai.losscc"
	DomainVersion = 1
)

// Property is an entry of a file's metadata.
type Property struct{ Key, Value string }

// Options say how a file is written.
type Options struct {
	Float    DType
	Form     Form
	Opset    int // 0: DefaultOpset
	Metadata []Property
	Version  string // of the producer
	Blocks   Blocks
}

func (o Options) check() error {
	if o.Opset < MinOpset || o.Opset > MaxOpset {
		return fmt.Errorf("opset %d cannot be written; choose %d to %d", o.Opset, MinOpset, MaxOpset)
	}
	return nil
}

// inside is the type in which a file of floating type d computes.
func (d DType) inside() onnxpb.TensorProto_DataType {
	if d == F64 {
		return onnxpb.TensorProto_DOUBLE
	}
	return onnxpb.TensorProto_FLOAT
}

// outside is the type of a file's inputs and outputs.
func (d DType) outside() onnxpb.TensorProto_DataType {
	if d == F16 {
		return onnxpb.TensorProto_FLOAT16
	}
	return d.inside()
}
