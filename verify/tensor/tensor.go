package tensor

import "fmt"

// Kind is what the elements of a Tensor are.
type Kind uint8

// The three kinds of element. Every floating type is held as float64; which
// type a file declares is a matter of the file.
const (
	Float Kind = iota // float64 in F
	Int               // int64 in I
	Bool              // bool in B
)

// String is the kind's name in messages.
func (k Kind) String() string {
	switch k {
	case Float:
		return "float"
	case Int:
		return "int64"
	case Bool:
		return "bool"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Tensor is an array of any rank in row-major order; rank 0 is one element.
// Exactly the slice that Kind names is used.
type Tensor struct {
	Kind  Kind
	Shape []int
	F     []float64
	I     []int64
	B     []bool
}

// New is a tensor of the given kind and shape, all zero (or false).
func New(k Kind, shape ...int) *Tensor {
	t := &Tensor{Kind: k, Shape: append([]int{}, shape...)}
	n := Len(shape)
	switch k {
	case Float:
		t.F = make([]float64, n)
	case Int:
		t.I = make([]int64, n)
	case Bool:
		t.B = make([]bool, n)
	}
	return t
}

// Floats is a float tensor over data, which it does not copy.
func Floats(data []float64, shape ...int) *Tensor {
	mustFit(len(data), shape)
	return &Tensor{Kind: Float, Shape: append([]int{}, shape...), F: data}
}

// Ints is an int64 tensor over data, which it does not copy.
func Ints(data []int64, shape ...int) *Tensor {
	mustFit(len(data), shape)
	return &Tensor{Kind: Int, Shape: append([]int{}, shape...), I: data}
}

// Bools is a bool tensor over data, which it does not copy.
func Bools(data []bool, shape ...int) *Tensor {
	mustFit(len(data), shape)
	return &Tensor{Kind: Bool, Shape: append([]int{}, shape...), B: data}
}

// Scalar is a float tensor of rank 0.
func Scalar(v float64) *Tensor { return Floats([]float64{v}) }

func mustFit(n int, shape []int) {
	if n != Len(shape) {
		panic(fmt.Sprintf("tensor: %d elements given for shape %v", n, shape))
	}
}

// Len is the number of elements of a shape: the product of its extents.
func Len(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Len is the number of elements of t.
func (t *Tensor) Len() int { return Len(t.Shape) }

// Clone is a deep copy of t.
func (t *Tensor) Clone() *Tensor {
	return &Tensor{
		Kind:  t.Kind,
		Shape: append([]int{}, t.Shape...),
		F:     append([]float64(nil), t.F...),
		I:     append([]int64(nil), t.I...),
		B:     append([]bool(nil), t.B...),
	}
}

// String is the kind and shape, as "float[8,16]".
func (t *Tensor) String() string { return t.Kind.String() + ShapeString(t.Shape) }

// ShapeString spells a shape as "[8,16]".
func ShapeString(shape []int) string {
	s := "["
	for i, d := range shape {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprint(d)
	}
	return s + "]"
}
