package npy

import (
	"errors"
	"fmt"
	"strings"

	"losscc/verify/tensor"
)

// Encode makes the bytes of a file from a tensor, with the elements in the
// type of the given name: float16, float32 or float64 (rounded to the nearest,
// ties to even), int64, bool. The bytes are those that numpy.save writes.
func Encode(t *tensor.Tensor, dtypeName string) ([]byte, error) {
	if t == nil {
		return nil, errors.New("npy: no tensor to write")
	}
	d, ok := dtypes[dtypeName]
	if !ok || d.kind != tensor.Bool && d.putF == nil && d.putI == nil {
		return nil, fmt.Errorf("npy: cannot write element type %q, want one of %s", dtypeName, strings.Join(names(true), ", "))
	}
	if d.kind != t.Kind {
		return nil, fmt.Errorf("npy: %s does not go into elements of type %s", t, dtypeName)
	}
	head := headerText(d, t.Shape)
	out := make([]byte, len(head), len(head)+t.Len()*d.size)
	copy(out, head)
	for i := range t.Len() {
		at := len(out)
		out = out[:at+d.size]
		switch d.kind {
		case tensor.Float:
			d.putF(out[at:], t.F[i])
		case tensor.Int:
			d.putI(out[at:], t.I[i])
		case tensor.Bool:
			out[at] = 0
			if t.B[i] {
				out[at] = 1
			}
		}
	}
	return out, nil
}

// headerText is everything before the elements, in version 1 of the format:
// padded so that they start at a multiple of 64 bytes.
func headerText(d dtype, shape []int) string {
	order := "<"
	if d.size == 1 {
		order = "|"
	}
	extents := make([]string, len(shape))
	for i, n := range shape {
		extents[i] = fmt.Sprint(n)
	}
	tuple := strings.Join(extents, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	text := fmt.Sprintf("{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }", order, d.code, tuple)
	if len(shape) > 0 { // room for the first extent to grow in place
		text += strings.Repeat(" ", 21-len(extents[0]))
	}
	const before = len(magic) + 2 + 2 // version, length
	text += strings.Repeat(" ", 64-(before+len(text)+1)%64) + "\n"
	return magic + "\x01\x00" + string([]byte{byte(len(text)), byte(len(text) >> 8)}) + text
}
