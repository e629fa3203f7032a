package ir

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Attr is a named constant that belongs to a value or a call: a float64,
// int64, bool, string, Shape or *Func.
type Attr struct {
	Name string
	Val  any
}

// Attrs are attributes in the order of the op's row.
type Attrs []Attr

// Get is the attribute of that name, or nil.
func (as Attrs) Get(name string) any {
	for _, a := range as {
		if a.Name == name {
			return a.Val
		}
	}
	return nil
}

// Int is an attribute as a number, 0 if there is none.
func (as Attrs) Int(name string) int {
	n, _ := as.Get(name).(int64)
	return int(n)
}

// Float is an attribute as a float64, 0 if there is none.
func (as Attrs) Float(name string) float64 {
	f, _ := as.Get(name).(float64)
	return f
}

// Bool is an attribute as true or false, false if there is none.
func (as Attrs) Bool(name string) bool {
	b, _ := as.Get(name).(bool)
	return b
}

// Text is an attribute as a string, empty if there is none.
func (as Attrs) Text(name string) string {
	s, _ := as.Get(name).(string)
	return s
}

// Shape is an attribute as a shape, nil if there is none.
func (as Attrs) Shape(name string) Shape {
	s, _ := as.Get(name).(Shape)
	return s
}

// Dim is an attribute as an extent, empty if there is none.
func (as Attrs) Dim(name string) Dim {
	d, _ := as.Get(name).(Dim)
	return d
}

// printAttr spells a value as the parser reads it.
func printAttr(v any) string {
	switch v := v.(type) {
	case float64:
		return printFloat(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return strconv.Quote(v)
	case Dim:
		return string(v)
	case Shape:
		return v.String()
	case *Func:
		return "@" + v.Name
	}
	return fmt.Sprintf("<%T>", v)
}

// printFloat spells a float64 so that it reads back with the same bits and is
// told apart from an integer.
func printFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// appendKey spells attributes so that equal keys mean equal attributes, numbers by
// their bits (−0 is not 0, and NaN equals itself).
func (as Attrs) appendKey(key []byte) []byte {
	for _, a := range as {
		key = append(append(key, a.Name...), '=')
		switch v := a.Val.(type) {
		case float64:
			key = strconv.AppendUint(key, math.Float64bits(v), 16)
		case int64:
			key = strconv.AppendInt(key, v, 10)
		case bool:
			key = strconv.AppendBool(key, v)
		case Dim:
			key = append(key, v...)
		case *Func:
			key = fmt.Appendf(key, "%p", v)
		default:
			key = append(key, printAttr(a.Val)...)
		}
		key = append(key, ';')
	}
	return key
}

// AttrText spells an attribute's value as the text form does.
func AttrText(v any) string { return printAttr(v) }
