package npy

import (
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"

	"losscc/verify/tensor"
)

// file is a .npy of version 1 with the given dictionary and elements.
func file(dict string, body ...byte) []byte {
	head := []byte("\x93NUMPY\x01\x00")
	head = binary.LittleEndian.AppendUint16(head, uint16(len(dict)))
	return append(append(head, dict...), body...)
}

// dict is a header's dictionary in row-major order.
func dict(descr, shape string) string {
	return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n"
}

// What numpy 2.4's save wrote, with its padding.
var (
	savedFloats = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + strings.Repeat(" ", 58) + "\n" +
		"\x00\x00\x00\x00\x00\x00\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@\x00\x00\xa0@"
	savedScalar = "\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (), }" + strings.Repeat(" ", 62) + "\n" +
		"\x00\x00\x00\x00\x00\x00\x04@"
	savedEmpty = "\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (0, 3), }" + strings.Repeat(" ", 58) + "\n"
	savedBools = "\x93NUMPY\x01\x00v\x00{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }" + strings.Repeat(" ", 60) + "\n\x01\x00"
)

func TestNumPysFilesAreReadAndWrittenByteForByte(t *testing.T) {
	tests := []struct {
		name, file, dtype string
		want              *tensor.Tensor
	}{
		{"floats", savedFloats, "float32", tensor.Floats([]float64{0, 1, 2, 3, 4, 5}, 2, 3)},
		{"a scalar", savedScalar, "float64", tensor.Scalar(2.5)},
		{"no elements", savedEmpty, "int64", tensor.Ints([]int64{}, 0, 3)},
		{"truth values", savedBools, "bool", tensor.Bools([]bool{true, false}, 2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode([]byte(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if got.Dtype != tt.dtype || !reflect.DeepEqual(got.Tensor, tt.want) {
				t.Errorf("got %s %+v\nwant %s %+v", got.Dtype, got.Tensor, tt.dtype, tt.want)
			}
			if back, err := Encode(tt.want, tt.dtype); err != nil || string(back) != tt.file {
				t.Errorf("wrote %q, %v\nwant  %q", back, err, tt.file)
			}
		})
	}
}

func TestElementTypesAreReadExactly(t *testing.T) {
	f := func(v ...float64) *tensor.Tensor { return tensor.Floats(v, len(v)) }
	i := func(v ...int64) *tensor.Tensor { return tensor.Ints(v, len(v)) }
	tests := []struct {
		descr, dtype string
		body         []byte
		want         *tensor.Tensor
	}{
		{"<f2", "float16", []byte{0x00, 0x3c, 0x01, 0x00, 0xff, 0xfb}, f(1, 0x1p-24, -65504)},
		{"<f4", "float32", []byte{0, 0, 0x80, 0xff}, f(math.Inf(-1))},
		{"<f8", "float64", []byte{1, 0, 0, 0, 0, 0, 0xf0, 0x3f}, f(1 + 0x1p-52)},
		{">f8", "float64", []byte{0x3f, 0xf0, 0, 0, 0, 0, 0, 1}, f(1 + 0x1p-52)},
		{">i2", "int16", []byte{0xff, 0xfe}, i(-2)},
		{"|i1", "int8", []byte{0x80, 0x7f}, i(-128, 127)},
		{"|u1", "uint8", []byte{0x80, 0xff}, i(128, 255)},
		{"<i2", "int16", []byte{0, 0x80}, i(-32768)},
		{"<u2", "uint16", []byte{0, 0x80}, i(32768)},
		{"<i4", "int32", []byte{0, 0, 0, 0x80}, i(math.MinInt32)},
		{"<u4", "uint32", []byte{0, 0, 0, 0x80}, i(1 << 31)},
		{"<i8", "int64", []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, i(math.MinInt64)},
		{"<u8", "uint64", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, i(math.MaxInt64)},
		{"|b1", "bool", []byte{0, 1}, tensor.Bools([]bool{false, true}, 2)},
		{"?", "bool", []byte{0, 2}, tensor.Bools([]bool{false, true}, 2)},
	}
	for _, tt := range tests {
		t.Run(tt.descr, func(t *testing.T) {
			got, err := Decode(file(dict(tt.descr, "("+itoa(tt.want.Len())+",)"), tt.body...))
			if err != nil {
				t.Fatal(err)
			}
			if got.Dtype != tt.dtype || !reflect.DeepEqual(got.Tensor, tt.want) {
				t.Errorf("got %s %+v\nwant %s %+v", got.Dtype, got.Tensor, tt.dtype, tt.want)
			}
		})
	}
}

func itoa(n int) string { return string(rune('0' + n)) }

func TestFortranOrderIsTransposed(t *testing.T) {
	body := []byte{0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23}
	got, err := Decode(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }\n", body...))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.I {
		if v != int64(i) {
			t.Fatalf("got %v, want 0 to 23 in order", got.I)
		}
	}
}

func TestTheHeaderMayBeWrittenOtherwise(t *testing.T) {
	body := []byte{7, 0, 0, 0}
	long := func(version byte, dict string) []byte {
		head := binary.LittleEndian.AppendUint32([]byte("\x93NUMPY"+string(rune(version))+"\x00"), uint32(len(dict)))
		return append(append(head, dict...), body...)
	}
	tests := []struct {
		name string
		data []byte
	}{
		{"version 2", long(2, dict("<i4", "(1,)"))},
		{"version 3", long(3, dict("<i4", "(1,)"))},
		{"keys in another order, no last comma", file(`{"shape":(1,),"fortran_order":False,"descr":"<i4"}`, body...)},
		{"Python 2's long extents", file(dict("<i4", "(1L, 1L)"), body...)},
		{"a tuple without its last comma", file(dict("<i4", "(1)"), body...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(tt.data)
			if err != nil || got.I[0] != 7 {
				t.Errorf("got %v, %v; want 7", got.Tensor, err)
			}
		})
	}
}

func TestWhatIsNoArrayIsNamed(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		says string
	}{
		{"nothing", nil, "is empty"},
		{"an .npz", []byte("PK\x03\x04...."), "zip archive"},
		{"text", []byte("1,2,3\n4,5,6\n"), `begins "1,2,3`},
		{"a bare magic", []byte("\x93NUMPY\x01"), "truncated"},
		{"half a length", []byte("\x93NUMPY\x02\x00\x10\x00"), "truncated"},
		{"a later version", []byte("\x93NUMPY\x04\x00\x00\x00\x00\x00"), "version 4"},
		{"a header that is cut", []byte("\x93NUMPY\x01\x00\xff\x00{'descr'"), "255 bytes and the file has 8"},
		{"elements that are cut", file(dict("<f4", "(2, 2)"), make([]byte, 15)...), "float32 [2,2] takes 16 bytes and the file has 15 of them"},
		{"elements and more", file(dict("<f4", "(2, 2)"), make([]byte, 17)...), "one array in a file"},
		{"an absurd shape", file(dict("<f4", "(1048576, 1048576, 2)")), "larger than any array"},
		{"an absurd shape beside a zero", file(dict("<f4", "(0, 4611686018427387904, 4611686018427387904)")), "larger than any array"},
		{"an extent beyond int64", file(dict("<f4", "(99999999999999999999,)")), "want an extent"},
		{"a negative extent", file(dict("<f4", "(-1,)")), `found "-1,)`},
		{"a rank of 65", file(dict("<f4", "("+strings.Repeat("1,", 65)+")"), 0, 0, 0, 0), "more than 64"},
		{"objects", file(dict("|O", "(1,)")), "Python objects"},
		{"complex numbers", file(dict("<c8", "(1,)")), "complex"},
		{"bfloat16", file(dict("<V2", "(1,)")), "bfloat16"},
		{"text elements", file(dict("<U5", "(1,)")), "text"},
		{"an unknown type", file(dict("<x9", "(1,)")), "want one of bool, float16"},
		{"no type", file(dict("", "(1,)")), "unknown"},
		{"records", file("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }"), "records"},
		{"a number beyond int64", file(dict("<u8", "(1,)"), 0, 0, 0, 0, 0, 0, 0, 0x80), "element 0 is 9223372036854775808"},
		{"no shape", file("{'descr': '<f4', 'fortran_order': False}"), `"shape" is missing`},
		{"two shapes", file("{'shape': (1,), 'shape': (1,)}"), "twice"},
		{"another key", file("{'x': (1,)}"), "unknown"},
		{"no end", file("{'descr': '<f4'"), `want "}"`},
		{"more after the end", file(dict("<f4", "()")+"x", 0, 0, 0, 0), "goes on"},
		{"a string without end", file("{'descr"), "does not end"},
		{"a key that is no text", file("{1: 2}"), `found "1: 2}", want a string`},
		{"a word for an order", file("{'fortran_order': Maybe}"), `want "False"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v\nwant … %s", err, tt.says)
			}
		})
	}
}

func TestWritingRoundsToTheType(t *testing.T) {
	v := []float64{0.1, 1e-9, 65520, math.Inf(1), math.Copysign(0, -1), 1 + 0x1p-24}
	tests := []struct {
		dtype string
		want  []float64
	}{
		{"float16", []float64{0.0999755859375, 0, math.Inf(1), math.Inf(1), 0, 1}},
		{"float32", []float64{float64(float32(0.1)), float64(float32(1e-9)), 65520, math.Inf(1), 0, 1}},
		{"float64", v},
	}
	for _, tt := range tests {
		data, err := Encode(tensor.Floats(v, 2, 3), tt.dtype)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.F, tt.want) || !math.Signbit(got.F[4]) {
			t.Errorf("%s: got %v, want %v and −0", tt.dtype, got.F, tt.want)
		}
	}
}

func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	tests := []struct {
		t     *tensor.Tensor
		dtype string
		says  string
	}{
		{tensor.Scalar(1), "int64", "float[] does not go into elements of type int64"},
		{tensor.Ints([]int64{1}), "float32", "int64[] does not go"},
		{tensor.Ints([]int64{1}), "int32", "want one of bool, float16, float32, float64, int64"},
		{tensor.Scalar(1), "double", "want one of"},
		{nil, "float32", "no tensor"},
	}
	for _, tt := range tests {
		if _, err := Encode(tt.t, tt.dtype); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v, want … %s", tt.dtype, err, tt.says)
		}
	}
}

// Every file that reads can be written again, and reads the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{savedFloats, savedScalar, savedEmpty, savedBools} {
		f.Add([]byte(s))
	}
	f.Add(file("{'descr': '>u2', 'fortran_order': True, 'shape': (2, 1), }\n", 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Decode(data)
		if err != nil {
			return
		}
		dtype := map[tensor.Kind]string{tensor.Float: "float64", tensor.Int: "int64", tensor.Bool: "bool"}[a.Kind]
		out, err := Encode(a.Tensor, dtype)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Decode(out)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Encode(b.Tensor, dtype)
		if string(again) != string(out) || b.Dtype != dtype {
			t.Fatalf("%v became %v", a, b)
		}
	})
}
