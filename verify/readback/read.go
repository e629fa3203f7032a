package readback

import (
	"fmt"

	"losscc/onnxexport/onnxpb"

	onnx "github.com/owulveryck/onnx-go"
)

// Read decodes a file with onnx-go. Errors are ErrUnsupported, ErrMalformed,
// ErrDecode, or those of onnxpb.Decode, which looks at the file first: onnx-go
// trusts a file with any amount of memory and stack.
func Read(data []byte) (*Graph, error) {
	m, err := onnxpb.Decode(data, onnxpb.Limits{})
	if err != nil {
		return nil, err
	}
	if _, err := describe(m); err != nil {
		return nil, err
	}
	return decode(data)
}

// decode is onnx-go's part. It panics on some files, and so may the tensor
// library below it; neither gets past here.
func decode(data []byte) (g *Graph, err error) {
	defer func() {
		if r := recover(); r != nil {
			g, err = nil, fmt.Errorf("%w: it panics: %v", ErrDecode, r)
		}
	}()
	b := newBackend()
	m := onnx.NewModel(b)
	if err := m.UnmarshalBinary(data); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDecode, err)
	}
	return b.graph(m.Input, m.Output)
}
