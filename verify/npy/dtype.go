package npy

import (
	"encoding/binary"
	"fmt"
	"math"
	"sort"
	"strings"

	"losscc/verify/half"
	"losscc/verify/tensor"
)

// dtype is an element type of a file: its code in the header, its size in
// bytes, the kind of tensor it becomes, and how an element is read and
// written. Exactly the pair of functions that the kind needs is set.
type dtype struct {
	code string
	size int
	kind tensor.Kind

	getF func(binary.ByteOrder, []byte) float64
	putF func([]byte, float64)
	getI func(binary.ByteOrder, []byte) int64
	putI func([]byte, int64)
}

var little = binary.LittleEndian

// dtypes is every element type that can be read, by NumPy's name for it. What
// has no put is not written: losscc's files have no such inputs.
var dtypes = map[string]dtype{
	"float16": {code: "f2", size: 2, kind: tensor.Float,
		getF: func(o binary.ByteOrder, b []byte) float64 { return half.ToFloat64(o.Uint16(b)) },
		putF: func(b []byte, v float64) { little.PutUint16(b, half.FromFloat64(v)) }},
	"float32": {code: "f4", size: 4, kind: tensor.Float,
		getF: func(o binary.ByteOrder, b []byte) float64 { return float64(math.Float32frombits(o.Uint32(b))) },
		putF: func(b []byte, v float64) { little.PutUint32(b, math.Float32bits(float32(v))) }},
	"float64": {code: "f8", size: 8, kind: tensor.Float,
		getF: func(o binary.ByteOrder, b []byte) float64 { return math.Float64frombits(o.Uint64(b)) },
		putF: func(b []byte, v float64) { little.PutUint64(b, math.Float64bits(v)) }},
	"int8": {code: "i1", size: 1, kind: tensor.Int,
		getI: func(_ binary.ByteOrder, b []byte) int64 { return int64(int8(b[0])) }},
	"int16": {code: "i2", size: 2, kind: tensor.Int,
		getI: func(o binary.ByteOrder, b []byte) int64 { return int64(int16(o.Uint16(b))) }},
	"int32": {code: "i4", size: 4, kind: tensor.Int,
		getI: func(o binary.ByteOrder, b []byte) int64 { return int64(int32(o.Uint32(b))) }},
	"int64": {code: "i8", size: 8, kind: tensor.Int,
		getI: func(o binary.ByteOrder, b []byte) int64 { return int64(o.Uint64(b)) },
		putI: func(b []byte, v int64) { little.PutUint64(b, uint64(v)) }},
	"uint8": {code: "u1", size: 1, kind: tensor.Int,
		getI: func(_ binary.ByteOrder, b []byte) int64 { return int64(b[0]) }},
	"uint16": {code: "u2", size: 2, kind: tensor.Int,
		getI: func(o binary.ByteOrder, b []byte) int64 { return int64(o.Uint16(b)) }},
	"uint32": {code: "u4", size: 4, kind: tensor.Int,
		getI: func(o binary.ByteOrder, b []byte) int64 { return int64(o.Uint32(b)) }},
	"uint64": {code: "u8", size: 8, kind: tensor.Int,
		getI: func(o binary.ByteOrder, b []byte) int64 { return int64(o.Uint64(b)) }},
	"bool": {code: "b1", size: 1, kind: tensor.Bool},
}

// unread says what the codes are that a .npy file may have and that have no
// place in a tensor.
var unread = map[byte]string{
	'O': "Python objects",
	'U': "text",
	'S': "text",
	'a': "text",
	'V': "raw bytes (bfloat16 is stored so): save the array as float32",
	'c': "complex numbers",
	'M': "dates",
	'm': "time spans",
	'f': "a float type of this machine only: save the array as float64",
}

// lookup finds the element type of a header's descr, as "<f4", and the byte
// order.
func lookup(descr string) (name string, d dtype, order binary.ByteOrder, err error) {
	code, order := descr, binary.ByteOrder(binary.LittleEndian)
	if code != "" && strings.ContainsRune("<>|=", rune(code[0])) {
		if code[0] == '>' {
			order = binary.BigEndian
		}
		code = code[1:]
	}
	if code == "?" {
		code = "b1"
	}
	for name, d := range dtypes {
		if d.code == code {
			return name, d, order, nil
		}
	}
	if code != "" {
		if what, ok := unread[code[0]]; ok {
			return "", dtype{}, nil, fmt.Errorf("npy: element type %q: the file holds %s", descr, what)
		}
	}
	return "", dtype{}, nil, fmt.Errorf("npy: element type %q is unknown, want one of %s", descr, strings.Join(names(false), ", "))
}

// names lists the element types, or only those that can be written.
func names(written bool) []string {
	var out []string
	for n, d := range dtypes {
		if !written || d.putF != nil || d.putI != nil || d.kind == tensor.Bool {
			out = append(out, n)
		}
	}
	sort.Strings(out)
	return out
}
