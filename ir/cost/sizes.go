package cost

import (
	"strconv"
	"strings"

	"losscc/ir"
)

// Sizes gives extents their numbers.
type Sizes map[ir.Dim]int

// Shapes are the sizes at which a function is judged: those of heads over many
// classes where it has C, those of batches without.
func Shapes(f *ir.Func) []Sizes {
	for _, v := range f.Values {
		for _, d := range v.Type.Shape {
			for _, s := range d.Factors() {
				if s == "C" {
					return []Sizes{sizes(128, 100_000), sizes(1024, 10_000), sizes(128, 10_000)}
				}
			}
		}
	}
	return []Sizes{sizes(128, 0), sizes(256, 0), sizes(1024, 0)}
}

// sizes are n rows and c classes with what goes with them: embeddings of 512
// numbers, three centres a class, four rows of each class in a batch and so
// three positives a row, a tenth of the classes sampled.
func sizes(n, c int) Sizes {
	s := Sizes{"N": n, "C": c, "D": 512, "K": 3, "B": n, "P": n, "T": 3 * n, "R": 3, "S": c / 10, pairs: 3 * n}
	if c == 0 { // S are rows of a subset then
		s["S"] = n
	}
	return s
}

// pairs is the size of extents that a function makes itself, which are mostly
// of pairs.
const pairs ir.Dim = "pairs"

// Of is an extent as a number. N2 is one of about N that a function makes itself.
func (s Sizes) Of(d ir.Dim) int {
	if n, ok := s[d]; ok {
		return n
	}
	n := 1
	for _, f := range d.Factors() {
		if k, ok := f.Size(); ok {
			n *= k
		} else if k, ok := s[f]; ok {
			n *= k
		} else if k, ok := s[ir.Dim(strings.TrimRight(string(f), "0123456789"))]; ok {
			n *= k
		} else {
			n *= s[pairs]
		}
	}
	return n
}

// Elements is how many elements a shape has.
func (s Sizes) Elements(shape ir.Shape) int {
	n := 1
	for _, d := range shape {
		n *= s.Of(d)
	}
	return n
}

// String is the sizes that matter to people: N=128 C=100000 D=512.
func (s Sizes) String() string {
	var parts []string
	for _, d := range []ir.Dim{"N", "C", "D"} {
		if s[d] > 0 {
			parts = append(parts, string(d)+"="+strconv.Itoa(s[d]))
		}
	}
	return strings.Join(parts, " ")
}
