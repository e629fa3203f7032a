package ir

import (
	"fmt"
	"strings"
)

// The limits of a type keep a text of a few lines from naming a shape that
// takes minutes to write down.
const (
	maxRank    = 8
	maxFactors = 8
)

// nameError says why a word cannot name a value, function, attribute or role
// in the text form, or is nil.
func nameError(what, name string) error {
	if name == "" {
		return fmt.Errorf("%s has an empty name", what)
	}
	if name == "return" {
		return fmt.Errorf("%s cannot be called %q: the word ends a function", what, name)
	}
	for i := range len(name) {
		c := name[i]
		digit, hyphen := c >= '0' && c <= '9', c == '-'
		if c == '%' || i == 0 && (digit || hyphen) || !hyphen && !isNameByte(c) {
			return fmt.Errorf("%s cannot be called %q: want letters, digits, _, . and -, not beginning with a digit or -", what, name)
		}
	}
	return nil
}

// check says why d is no extent, or is nil.
func (d Dim) check() error {
	if len(d) == 1 && d[0] >= 'A' && d[0] <= 'Z' {
		return nil // as nearly all are
	}
	if strings.Count(string(d), "*") >= maxFactors {
		return fmt.Errorf("the extent %.40s… has more than %d factors", d, maxFactors)
	}
	factors := d.Factors()
	for _, f := range factors {
		if _, number := f.Size(); number && (f[0] != '0' || f == "0") {
			if f == One && len(factors) > 1 {
				return fmt.Errorf("the extent %s has a factor 1; leave it out", d)
			}
			continue
		}
		if nameError("an extent", string(f)) != nil || strings.Contains(string(f), "-") {
			return fmt.Errorf("%q is no extent; want a symbol such as N, a number, or a product such as C*K", string(d))
		}
	}
	return nil
}

// check says why t is no type of a value, or is nil.
func (t Type) check() error {
	if elemNames[t.Elem] == "" {
		return fmt.Errorf("a type without elements; want float, int or bool")
	}
	if len(t.Shape) > maxRank {
		return fmt.Errorf("rank %d; at most %d is allowed", len(t.Shape), maxRank)
	}
	for _, d := range t.Shape {
		if err := d.check(); err != nil {
			return err
		}
	}
	return nil
}
