package onnxpb

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"
)

// The kinds of error that Decode and Encode give; each comes wrapped in what
// was found and what to do.
var (
	// ErrEmpty is a file of no bytes.
	ErrEmpty = errors.New("onnx: the file is empty")
	// ErrForeign is a file of another kind.
	ErrForeign = errors.New("onnx: not an ONNX model")
	// ErrTruncated is a file whose end is missing.
	ErrTruncated = errors.New("onnx: the file is truncated")
	// ErrMalformed is a file that is not protobuf as ONNX uses it.
	ErrMalformed = errors.New("onnx: the file is damaged or not an ONNX model")
	// ErrLimit is a file that asks for more than Limits allows.
	ErrLimit = errors.New("onnx: the file exceeds a limit of the reader")
)

// Decode makes a model from the bytes of a file. It first walks the bytes and
// refuses a file that is no model, or whose decoded form would pass the
// limits; nothing in the file is looked up or fetched from elsewhere.
func Decode(data []byte, limits Limits) (*ModelProto, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: want an ONNX model", ErrEmpty)
	}
	if what := foreign(data); what != "" {
		return nil, fmt.Errorf("%w: it is %s", ErrForeign, what)
	}
	limits = limits.orDefault(len(data))
	if int64(len(data)) > limits.Bytes {
		return nil, fmt.Errorf("%w: it has %s, at most %s are read", ErrLimit, bytesText(int64(len(data))), bytesText(limits.Bytes))
	}
	s := scan{limits: limits, total: len(data)}
	err := s.model(data)
	if (err != nil || !s.graph) && isText(data) {
		return nil, fmt.Errorf("%w: it is text that begins %.32q", ErrForeign, data)
	}
	if err != nil {
		return nil, err
	}
	if !s.graph {
		return nil, fmt.Errorf("%w: it is protobuf without a graph (a tensor, or weights?)", ErrForeign)
	}
	m := &ModelProto{}
	if err := proto.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return m, nil
}

// Encode makes the bytes of a file from a model: the same bytes for the same
// model, on every platform. The schema has no maps, so the order of fields is
// all that could vary, and that is fixed by the version of protobuf in go.mod.
func Encode(m *ModelProto) ([]byte, error) {
	if m == nil {
		return nil, errors.New("onnx: no model to write")
	}
	if n := proto.Size(m); n > math.MaxInt32 {
		return nil, fmt.Errorf("onnx: the model takes %s, more than the 2 GiB that protobuf allows", bytesText(int64(n)))
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("onnx: write the model: %w", err)
	}
	return data, nil
}
