package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// Elem is what the elements of a value are. Which floating type Float becomes
// in a file (float, double, float16) is decided at export.
type Elem uint8

// The kinds of element.
const (
	Float Elem = iota + 1
	Int
	Bool
)

var elemNames = map[Elem]string{Float: "float", Int: "int", Bool: "bool"}

// String is the element's name in the text form.
func (e Elem) String() string { return elemNames[e] }

// Dim is an extent: a symbol such as "N", a number such as "1", or a product
// of symbols such as "C*K".
type Dim string

// One is the extent 1, which broadcasts.
const One Dim = "1"

// Size is the extent as a number, if it is one.
func (d Dim) Size() (int, bool) {
	if d == "" || d[0] < '0' || d[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(string(d))
	return n, err == nil
}

// Factors are the symbols or numbers whose product d is.
func (d Dim) Factors() []Dim {
	if strings.IndexByte(string(d), '*') < 0 {
		return []Dim{d}
	}
	parts := strings.Split(string(d), "*")
	out := make([]Dim, len(parts))
	for i, p := range parts {
		out[i] = Dim(p)
	}
	return out
}

// Times is the product of two extents.
func (d Dim) Times(e Dim) Dim {
	switch {
	case d == One:
		return e
	case e == One:
		return d
	}
	return d + "*" + e
}

// Shape is the extents of a value, outermost first; empty for a scalar.
type Shape []Dim

// String is the shape as "[N,C]".
func (s Shape) String() string {
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = string(d)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// Equal tells whether two shapes have the same extents.
func (s Shape) Equal(t Shape) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range s {
		if s[i] != t[i] {
			return false
		}
	}
	return true
}

// Without is the shape with one axis left out.
func (s Shape) Without(axis int) Shape {
	out := append(Shape{}, s[:axis]...)
	return append(out, s[axis+1:]...)
}

// With is the shape with an extent put in before an axis.
func (s Shape) With(axis int, d Dim) Shape {
	out := append(Shape{}, s[:axis]...)
	out = append(out, d)
	return append(out, s[axis:]...)
}

// factors is the multiset of all factors of the shape's extents, in order,
// ones left out: two shapes with equal factors hold the same elements.
func (s Shape) factors() []Dim {
	var out []Dim
	for _, d := range s {
		for _, f := range d.Factors() {
			if f != One {
				out = append(out, f)
			}
		}
	}
	return out
}

// Type is what a value is: its elements and its shape.
type Type struct {
	Elem  Elem
	Shape Shape
}

// String is the type as "float[N,C]".
func (t Type) String() string { return t.Elem.String() + t.Shape.String() }

// Equal tells whether two types are the same.
func (t Type) Equal(u Type) bool { return t.Elem == u.Elem && t.Shape.Equal(u.Shape) }

// F, I and B are the types of float, int and bool values of a shape.
func F(shape ...Dim) Type { return Type{Float, shape} }

// I is the type of int values of a shape.
func I(shape ...Dim) Type { return Type{Int, shape} }

// B is the type of bool values of a shape.
func B(shape ...Dim) Type { return Type{Bool, shape} }

// Broadcast is the shape that elementwise ops give to operands of shapes s and
// t: aligned at the last axis, an extent of 1 stretching to the other.
func Broadcast(s, t Shape) (Shape, error) {
	n := max(len(s), len(t))
	out := make(Shape, n)
	for i := 1; i <= n; i++ {
		a, b := One, One
		if i <= len(s) {
			a = s[len(s)-i]
		}
		if i <= len(t) {
			b = t[len(t)-i]
		}
		switch {
		case a == b || b == One:
			out[n-i] = a
		case a == One:
			out[n-i] = b
		default:
			return nil, fmt.Errorf("shapes %v and %v do not broadcast: %s against %s", s, t, a, b)
		}
	}
	return out, nil
}
