package draw

import (
	"slices"

	"losscc/verify/tensor"
)

// batch is a set of inputs that is being spoiled.
type batch struct {
	inputs []Input
	in     map[string]*tensor.Tensor
}

// roles are the float inputs of rank 1 and more that have one of the roles,
// and those of rank 0 where they are what a role is about.
func (b batch) roles(of ...string) []*tensor.Tensor {
	var ts []*tensor.Tensor
	for _, in := range b.inputs {
		if slices.Contains(of, in.Role) && in.Elem.Kind() == tensor.Float {
			ts = append(ts, b.in[in.Name])
		}
	}
	return ts
}

// has tells whether an input has the symbol among its extents.
func (b batch) has(symbol string) bool {
	return slices.ContainsFunc(b.inputs, func(in Input) bool { return slices.Contains(in.Dims, symbol) })
}

func (b batch) scale(ts []*tensor.Tensor, by float64) bool {
	for _, t := range ts {
		for i := range t.F {
			t.F[i] *= by
		}
	}
	return len(ts) > 0
}

func (b batch) add(ts []*tensor.Tensor, x float64) bool {
	for _, t := range ts {
		for i := range t.F {
			t.F[i] += x
		}
	}
	return len(ts) > 0
}

// classed tells whether a loss holds rows against a table of classes.
func (b batch) classed() bool { return b.in["weight"] != nil }

// axes makes each row of each table a unit vector along an axis.
func (b batch) axes(ts []*tensor.Tensor) bool {
	done := false
	for _, t := range ts {
		if len(t.Shape) < 2 {
			continue
		}
		for i, r := range rows(t) {
			for d := range r {
				r[d] = 0
			}
			r[i%len(r)] = 1
			done = true
		}
	}
	return done
}

// scaleRow scales the row of index 1 of each table.
func (b batch) scaleRow(ts []*tensor.Tensor, by float64) bool {
	done := false
	for _, t := range ts {
		if r := rows(t); len(r) > 1 {
			for i := range r[1] {
				r[1][i] *= by
			}
			done = true
		}
	}
	return done
}

// equalRows makes all rows of each table equal to its first.
func (b batch) equalRows(ts []*tensor.Tensor) bool {
	done := false
	for _, t := range ts {
		r := rows(t)
		for i := 1; i < len(r); i++ {
			copy(r[i], r[0])
			done = true
		}
	}
	return done
}

// twice makes the last rows of embeddings equal to the first ones, their labels
// too: whatever is nearest or farthest then is two rows, and the first counts.
func (b batch) twice() bool {
	done := false
	for _, t := range b.roles(Embeddings) {
		r := rows(t)
		for i := range len(r) / 2 {
			copy(r[len(r)/2+i], r[i])
			done = true
		}
	}
	if y := b.in["labels"]; y != nil {
		for i := range y.I {
			y.I[i] = int64(i % max(1, len(y.I)/2) % 2)
		}
	}
	return done
}

// first sets the first element of an input.
func (b batch) first(name string, x float64) bool {
	t := b.in[name]
	if t == nil || len(t.F) == 0 {
		return false
	}
	t.F[0] = x
	return true
}

// copyOver makes the input to a multiple of the input from.
func (b batch) copyOver(from, to string, by float64) bool {
	f, t := b.in[from], b.in[to]
	if f == nil || t == nil || len(f.F) != len(t.F) {
		return false
	}
	for i, x := range f.F {
		t.F[i] = by * x
	}
	return true
}

// label sets the labels.
func (b batch) label(of func(i int) int64) bool {
	y := b.in["labels"]
	if y == nil {
		return false
	}
	for i := range y.I {
		y.I[i] = of(i)
	}
	return true
}

func (b batch) fill(name string, x int64) bool {
	t := b.in[name]
	if t == nil {
		return false
	}
	for i := range t.I {
		t.I[i] = x
	}
	return true
}

func (b batch) index(x int64) bool {
	done := false
	for _, in := range b.inputs {
		if in.Role == Index {
			done = b.fill(in.Name, x)
		}
	}
	return done
}

// certain makes the one row one of class 0, far out on its row of the table of
// classes, and the other classes' rows opposite.
func (b batch) certain() bool {
	w := b.in["weight"]
	if w == nil || len(rows(w)) < 2 || !b.label(func(int) int64 { return 0 }) {
		return false
	}
	r := rows(w)
	for i := range r[1:] {
		for d := range r[0] {
			r[i+1][d] = -r[0][d]
		}
	}
	return b.onClass(0, 12)
}

// onClass puts each embedding of a kept row on a multiple of the row of the
// table of classes that is off places after its label's.
func (b batch) onClass(off int, by float64) bool {
	return b.classes(off, func(x, w []float64) {
		for d := range x {
			x[d] = by * w[d]
		}
	})
}

// nearClass puts each embedding of a kept row near a multiple of its class's
// row, at angles of about a fourth of angle for the first to nine times it for
// the sixth.
func (b batch) nearClass(by, angle float64) bool {
	n := 0.0
	return b.classes(0, func(x, w []float64) {
		n++
		for d := range x {
			x[d] = by*2*w[d] + angle*n*n/4*x[d]
		}
	})
}

// classes calls f with each embedding and the row of its class's table.
func (b batch) classes(off int, f func(x, w []float64)) bool {
	x, y := b.in["embeddings"], b.in["labels"]
	var table *tensor.Tensor
	for _, name := range []string{"weight", "centers", "proxies"} {
		if t := b.in[name]; t != nil && table == nil {
			table = t
		}
	}
	if x == nil || y == nil || table == nil || len(table.Shape) == 0 || table.Shape[0] == 0 {
		return false
	}
	c := table.Shape[0]
	w, rs := rows(table), rows(x)
	if len(w) == 0 || len(w[0]) != width(rs) || len(y.I) != len(rs) {
		return false // extents that the file fixes differently
	}
	per := len(w) / c
	for i, label := range y.I {
		if label >= 0 && label < int64(c) {
			f(rs[i], w[(int(label)+off)%c*per])
		}
	}
	return true
}

// width is how long rows are.
func width(rs [][]float64) int {
	if len(rs) == 0 {
		return 0
	}
	return len(rs[0])
}

// rows are the rows of a table along its last axis; none of a scalar.
func rows(t *tensor.Tensor) [][]float64 {
	if len(t.Shape) == 0 || t.Len() == 0 {
		return nil
	}
	d := t.Shape[len(t.Shape)-1]
	if len(t.Shape) == 1 {
		d = 1
	}
	var r [][]float64
	for i := 0; i+d <= len(t.F); i += d {
		r = append(r, t.F[i:i+d])
	}
	return r
}
