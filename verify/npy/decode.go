package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"losscc/verify/tensor"
)

const magic = "\x93NUMPY"

// Array is what a file holds: the tensor, and NumPy's name of its element
// type ("float32", "int64", …), which the tensor has lost.
type Array struct {
	*tensor.Tensor
	Dtype string
}

// Decode makes a tensor from the bytes of a file. The elements must be there
// exactly: no allocation is larger than eight times the file.
func Decode(data []byte) (Array, error) {
	text, body, err := split(data)
	if err != nil {
		return Array{}, err
	}
	h, err := parseHeader(text)
	if err != nil {
		return Array{}, err
	}
	name, d, order, err := lookup(h.descr)
	if err != nil {
		return Array{}, err
	}
	if want := h.count * int64(d.size); int64(len(body)) < want {
		return Array{}, fmt.Errorf("npy: %s %s takes %d bytes and the file has %d of them: it is truncated", name, tensor.ShapeString(h.shape), want, len(body))
	} else if int64(len(body)) > want {
		return Array{}, fmt.Errorf("npy: %s %s takes %d bytes and the file has %d: want one array in a file", name, tensor.ShapeString(h.shape), want, len(body))
	}
	t, err := elements(d, order, h.shape, body, source(h))
	if err != nil {
		return Array{}, fmt.Errorf("npy: %s%s: %w", name, tensor.ShapeString(h.shape), err)
	}
	return Array{Tensor: t, Dtype: name}, nil
}

// split finds the text of the header and the elements behind it.
func split(data []byte) (text string, body []byte, err error) {
	switch {
	case len(data) == 0:
		return "", nil, errors.New("npy: the file is empty, want a NumPy array")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return "", nil, errors.New("npy: the file is a zip archive (.npz?), want a single .npy")
	case !bytes.HasPrefix(data, []byte(magic)):
		return "", nil, fmt.Errorf("npy: the file begins %.8q, want a NumPy array as numpy.save writes it", data)
	case len(data) < 10:
		return "", nil, errors.New("npy: the file ends within its header: it is truncated")
	}
	version, rest := data[6], data[8:]
	var n, width int
	switch version {
	case 1:
		n, width = int(binary.LittleEndian.Uint16(rest)), 2
	case 2, 3:
		if len(rest) < 4 {
			return "", nil, errors.New("npy: the file ends within its header: it is truncated")
		}
		n, width = int(binary.LittleEndian.Uint32(rest)), 4
	default:
		return "", nil, fmt.Errorf("npy: the file is in version %d of the format, want 1, 2 or 3", version)
	}
	rest = rest[width:]
	if n > len(rest) {
		return "", nil, fmt.Errorf("npy: the header takes %d bytes and the file has %d of them: it is truncated", n, len(rest))
	}
	return string(rest[:n]), rest[n:], nil
}

// source is where in the file the elements stand, as a function that gives
// the next one's index in row-major order at each call.
func source(h header) func() int {
	next := -1
	if !h.fortran || len(h.shape) < 2 {
		return func() int { next++; return next }
	}
	stride := make([]int, len(h.shape))
	for i, s := 0, 1; i < len(h.shape); i++ {
		stride[i] = s
		s *= h.shape[i]
	}
	at := make([]int, len(h.shape))
	pos := 0
	return func() int {
		now := pos
		for i := len(at) - 1; i >= 0; i-- {
			at[i]++
			pos += stride[i]
			if at[i] < h.shape[i] {
				break
			}
			pos -= stride[i] * at[i]
			at[i] = 0
		}
		return now
	}
}

// elements reads every element of a shape from body.
func elements(d dtype, order binary.ByteOrder, shape []int, body []byte, next func() int) (*tensor.Tensor, error) {
	t := tensor.New(d.kind, shape...)
	for i := range t.Len() {
		b := body[next()*d.size:]
		switch d.kind {
		case tensor.Float:
			t.F[i] = d.getF(order, b)
		case tensor.Int:
			t.I[i] = d.getI(order, b)
			if d.code == "u8" && t.I[i] < 0 {
				return nil, fmt.Errorf("element %d is %d, more than an int64 holds", i, uint64(t.I[i]))
			}
		case tensor.Bool:
			t.B[i] = b[0] != 0
		}
	}
	return t, nil
}
