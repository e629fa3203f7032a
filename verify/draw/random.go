package draw

import (
	"math/rand/v2"
	"slices"

	"losscc/verify/tensor"
)

// Random draws every input at the given extents; symbols without one have
// their Usual extent, and symbols in sizes that no input has are no error.
// Labels name every class and now and then none, states are what a run may
// have left, floats are standard normal.
func Random(inputs []Input, sizes Sizes, seed uint64) (map[string]*tensor.Tensor, error) {
	sizes = held(inputs, sizes)
	d := drawer{rng: rand.New(rand.NewPCG(seed, 0x10552cc)), sizes: sizes, inputs: inputs}
	out := map[string]*tensor.Tensor{}
	for _, in := range inputs {
		shape, err := in.shape(sizes)
		if err != nil {
			return nil, err
		}
		t := tensor.New(in.Elem.Kind(), shape...)
		d.fill(in, t)
		Round(t, in.Elem)
		out[in.Name] = t
	}
	return out, nil
}

// drawer draws one set of inputs.
type drawer struct {
	rng    *rand.Rand
	sizes  Sizes
	inputs []Input
}

func (d *drawer) fill(in Input, t *tensor.Tensor) {
	for i := range t.B {
		t.B[i] = d.rng.IntN(2) == 1
	}
	for i := range t.I {
		t.I[i] = d.whole(in, i)
	}
	if in.Role == Index {
		d.distinct(t)
	}
	number := numbers[in.Name]
	if in.Role == Noise && len(in.Dims) == 2 { // to draw one of several with
		number = (*rand.Rand).Float64
	}
	if number == nil && in.Role == Schedule {
		number = numbers["lambda"]
	}
	for i := range t.F {
		if number != nil {
			t.F[i] = number(d.rng)
		} else {
			t.F[i] = d.rng.NormFloat64()
		}
	}
}

// numbers are the floats that are not standard normal: states as a run leaves
// them, learned margins and data in their usual range.
var numbers = map[string]func(*rand.Rand) float64{
	"lambda":       func(r *rand.Rand) float64 { return 3 * r.Float64() },
	"class_weight": positive, "margins": positive, "t": positive, "kappa": positive,
	"class_counts": func(r *rand.Rand) float64 { return float64(1 + r.IntN(9)) },
	"scale":        func(r *rand.Rand) float64 { return 3 + 5*r.Float64() },
	"batch_mean":   func(r *rand.Rand) float64 { return 2 + r.Float64() },
	"batch_std":    func(r *rand.Rand) float64 { return 1 + r.Float64() },
	"histogram":    positive, "radius": positive,
	"seen": func(r *rand.Rand) float64 { return float64(1 + r.IntN(9)) },
}

func positive(r *rand.Rand) float64 { return 0.05 + r.Float64() }

// whole is an integer: a label that one row in eight has outside its classes,
// or the place of a row that one place in eight has outside the rows.
func (d *drawer) whole(in Input, i int) int64 {
	stray := d.rng.IntN(8) == 0
	switch {
	case in.Name == "same":
		if stray {
			return 2
		}
		return int64(d.rng.IntN(2))
	case in.Role == Index:
		n := d.rows()
		if stray || n == 0 {
			return int64(n*d.rng.IntN(2)) - int64(d.rng.IntN(2))
		}
		return int64(d.rng.IntN(n))
	}
	classes, all := d.classes()
	switch {
	case stray && all:
		return int64(classes)
	case stray || classes == 0:
		return -1
	}
	return int64(d.rng.IntN(classes))
}

// distinct moves a place that stands twice in its row to the next, if there is
// one: what a pair of one row is worth is asked elsewhere, at evil inputs.
func (d *drawer) distinct(t *tensor.Tensor) {
	n := int64(d.rows())
	if len(t.Shape) != 2 || n < int64(t.Shape[1]) {
		return
	}
	for row := 0; row < len(t.I); row += t.Shape[1] {
		for k := row + 1; k < row+t.Shape[1]; k++ {
			for slices.Contains(t.I[row:k], t.I[k]) {
				t.I[k] = ((t.I[k]+1)%n + n) % n
			}
		}
	}
}

// rows is how many embeddings there are.
func (d *drawer) rows() int {
	n, _ := d.sizes.of("N")
	return n
}

// classes is how many classes labels are drawn from, and whether these are all
// that there are. Without a table of classes they are few enough for a class
// to have several rows.
func (d *drawer) classes() (n int, all bool) {
	for _, in := range d.inputs {
		for _, dim := range in.Dims {
			if dim == "C" || dim == "P" {
				n, _ = d.sizes.of(dim)
				return n, true
			}
		}
	}
	return max(2, d.rows()/3), false
}
