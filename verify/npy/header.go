package npy

import (
	"fmt"
	"strconv"
	"strings"
)

// header is the dictionary that a file begins with.
type header struct {
	descr   string
	fortran bool
	shape   []int
	count   int64 // product of the extents
}

// maxElements bounds the product of the extents that are not zero, so that
// whoever multiplies them later stays far from overflow; maxRank is NumPy's.
const (
	maxElements = 1 << 40
	maxRank     = 64
)

// parseHeader reads the Python dictionary of a header: exactly the keys
// descr, fortran_order and shape, in any order.
func parseHeader(text string) (header, error) {
	p := &parser{rest: text}
	var h header
	seen := map[string]bool{}
	p.want("{")
	for p.err == nil && !p.take("}") {
		key := p.quoted()
		p.want(":")
		if p.err == nil && seen[key] {
			p.failf("the key %q comes twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.descr = p.quoted()
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape, h.count = p.tuple()
		default:
			p.failf("the key %q is unknown", key)
		}
		if !p.take(",") {
			p.want("}")
			break
		}
	}
	if p.err == nil && strings.TrimSpace(p.rest) != "" {
		p.failf("the dictionary has an end and then goes on")
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if p.err == nil && !seen[key] {
			p.failf("the key %q is missing", key)
		}
	}
	return h, p.err
}

// parser takes words from the front of a text and remembers the first thing
// that was not as it should be.
type parser struct {
	rest string
	err  error
}

func (p *parser) failf(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("npy: the header is damaged: %s", fmt.Sprintf(format, args...))
	}
}

// take takes a word if it comes next.
func (p *parser) take(word string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	if p.err != nil || !strings.HasPrefix(p.rest, word) {
		return false
	}
	p.rest = p.rest[len(word):]
	return true
}

// want takes a word that must come next.
func (p *parser) want(word string) {
	if !p.take(word) {
		p.failf("found %.20q, want %q", p.rest, word)
	}
}

// quoted takes a string without escapes, in either quotes.
func (p *parser) quoted() string {
	for _, q := range []string{"'", `"`} {
		if p.take(q) {
			s, rest, ok := strings.Cut(p.rest, q)
			if !ok {
				p.failf("a string does not end")
			}
			p.rest = rest
			return s
		}
	}
	if strings.HasPrefix(p.rest, "[") {
		p.failf("the elements are records of several fields, want one number each")
	}
	p.failf("found %.20q, want a string", p.rest)
	return ""
}

func (p *parser) boolean() bool {
	if p.take("True") {
		return true
	}
	p.want("False")
	return false
}

// tuple takes a tuple of extents, and multiplies them.
func (p *parser) tuple() (shape []int, count int64) {
	shape = []int{}
	product := int64(1) // of those that are not zero
	count = 1
	p.want("(")
	for p.err == nil && !p.take(")") {
		d := p.extent()
		if shape = append(shape, d); len(shape) > maxRank {
			p.failf("the shape has more than %d extents", maxRank)
		}
		if d > 0 {
			if product > maxElements/int64(d) {
				p.failf("the shape %v is larger than any array", shape)
				break
			}
			product *= int64(d)
		}
		count *= int64(min(d, 1)) // 0 from the first zero on
		if !p.take(",") {
			p.want(")")
			break
		}
	}
	return shape, count * product
}

// extent takes a number that is not negative, with the L of Python 2 or not.
func (p *parser) extent() int {
	p.take("")
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	d, err := strconv.Atoi(p.rest[:n])
	if err != nil {
		p.failf("found %.20q, want an extent", p.rest)
		return 0
	}
	p.rest = p.rest[n:]
	p.take("L")
	return d
}
