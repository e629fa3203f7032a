package draw

import (
	"math"

	"losscc/verify/tensor"
)

// Telling are the inputs that random ones do not meet and training does: states
// at their start and far into a run, schedules at both ends, rows inside and
// outside of the lengths that a loss clamps to, small tables, stray labels,
// more rows and classes than a few, extents that are equal, rows of a network
// that ends in a ReLU or in signs. Losses are smooth at all of them, so that
// gradients can be compared there too.
func Telling(inputs []Input, seed uint64) ([]Set, error) {
	return spoilt(tellings, inputs, seed)
}

// Walks are inputs of so many classes that a file which goes through them in blocks
// of 4096 at most has several, with labels that are the first and the last class of
// each. Sets that make no sense for the inputs are left out.
func Walks(inputs []Input, seed uint64) ([]Set, error) {
	return spoilt(walks, inputs, seed)
}

var walks = []evil{
	{"thousands of classes", Sizes{"N": 42, "C": 10240, "D": 4, "K": 2, "P": 10240}, func(b batch) bool { return b.ends(512) }},
	{"thousands of classes, of few divisors", Sizes{"N": 8, "C": 3 * 1021, "D": 9, "K": 2, "P": 3 * 1021}, func(b batch) bool { return b.ends(1021) }},
}

// ends labels rows with the first and the last class of every block of a size, where
// there is a table of classes or proxies and nothing to choose rows from. Each row of
// the table is drawn to what is labelled with it, about as far as makes it as likely
// as all others together: what is taken for another row then shows.
func (b batch) ends(size int64) bool {
	if b.mines() || !(b.has("C") || b.has("P")) || !b.label(func(i int) int64 { return (int64(i)+1)/2*size - int64(i)%2 }) {
		return false
	}
	for _, table := range b.roles(Parameter, State) {
		if len(table.Shape) < 2 {
			continue
		}
		for _, x := range b.batches() {
			b.draw(table, x)
		}
	}
	return true
}

// draw draws the rows of a table to the rows of x that are labelled with them.
func (b batch) draw(table, x *tensor.Tensor) {
	classes, width := table.Shape[0], x.Shape[1]
	for i, y := range b.in["labels"].I {
		if y < 0 || y >= int64(classes) {
			continue
		}
		row, square := x.F[i*width:(i+1)*width], 0.0
		for _, v := range row {
			square += v * v
		}
		at := int(y) * (table.Len() / classes)
		for d, v := range row {
			table.F[at+d] += v * math.Log(float64(classes)) / square
		}
	}
}

var tellings = []evil{
	{"many rows, classes and entries", Sizes{"N": 20, "C": 15, "D": 9, "K": 3, "P": 12, "T": 20, "S": 20}, nil},
	{"rows by the dozen, long ones", Sizes{"N": 34, "C": 11, "D": 65, "K": 2, "P": 11, "T": 35, "S": 34}, func(b batch) bool {
		b.label(func(i int) int64 { return int64(i % 3) })
		return b.distinct()
	}},
	{"classes by the dozen", Sizes{"N": 8, "C": 66, "D": 17, "K": 4, "P": 33, "T": 17, "S": 16}, batch.distinct},
	{"eight rows of eight entries", Sizes{"N": 8, "C": 10, "D": 8, "K": 2, "P": 8, "T": 8, "S": 8}, batch.distinct},
	{"four rows of four entries", Sizes{"N": 4, "C": 8, "D": 4, "K": 4, "P": 7, "T": 4, "S": 5}, batch.distinct},
	{"rows and classes by the hundred", Sizes{"N": 70, "C": 310, "D": 3, "K": 2, "P": 130, "T": 70, "S": 48}, func(b batch) bool { return !b.mines() && b.distinct() }},
	{"a batch of 48 rows to choose from", Sizes{"N": 48, "D": 3, "S": 48}, batch.mines},
	{"rows of 137 entries", Sizes{"N": 6, "C": 4, "D": 137, "K": 2, "P": 4, "T": 5, "S": 6}, batch.distinct},
	{"rows of 512 entries", Sizes{"N": 3, "C": 4, "D": 512, "K": 2, "P": 3, "T": 3, "S": 4}, batch.distinct},
	{"as many rows as classes and entries", Sizes{"N": 5, "C": 5, "D": 5, "K": 2, "P": 5, "T": 5, "S": 5}, batch.distinct},
	{"rows, classes and entries by the dozen", Sizes{"N": 40, "C": 72, "D": 128, "K": 5, "P": 72, "T": 40, "S": 40}, func(b batch) bool {
		b.label(func(i int) int64 { return int64(i % 3) })
		return !b.mines() && b.distinct()
	}},
	{"long rows to choose from", Sizes{"N": 40, "D": 32, "S": 40}, func(b batch) bool {
		return b.mines() && b.label(func(i int) int64 { return int64(i % 2) })
	}},
	{"entries that are 0 or above", Sizes{"N": 9, "C": 6, "D": 7, "K": 2, "P": 5, "T": 7, "S": 9}, func(b batch) bool { return b.positive() && b.distinct() }},
	{"entries that are 1 or -1", Sizes{"N": 9, "C": 6, "D": 11, "K": 2, "P": 5, "S": 9}, func(b batch) bool { return (b.has("C") || b.has("P")) && b.signs() }},
	{"one class in the table", with("C", 1), func(b batch) bool { return b.has("C") }},
	{"no rows", none, nil},
	{"all labels ignored", small, func(b batch) bool { return b.label(func(int) int64 { return -1 }) }},
	{"labels far out of range", Sizes{"N": 10, "C": 4, "D": 3, "K": 2, "P": 4, "T": 5, "S": 10}, func(b batch) bool {
		far := []int64{0, -1, -100, 1, -3, 4, 5000, math.MinInt64, math.MaxInt64, 0}
		return b.label(func(i int) int64 { return far[i%len(far)] })
	}},
	{"labels that floats or fewer bits confuse", Sizes{"N": 20, "D": 3, "S": 20}, func(b batch) bool {
		far := []int64{0, 1, 1 << 24, 1<<24 + 1, 1 << 32, 1<<32 + 1, 1 << 53, 1<<53 + 1, math.MaxInt64 - 1, math.MaxInt64}
		return b.mines() && b.label(func(i int) int64 { return far[i%len(far)] })
	}},
	{"indices that are no row's", Sizes{"N": 5, "D": 3, "T": 30}, func(b batch) bool {
		return b.distinct() && b.strays(-1, -2, -3, -5, -6, 5, 6, 7, 1<<32, 1<<32+1, math.MinInt64, math.MaxInt64)
	}},
	{"logits far below 0", small, func(b batch) bool { return b.set("bias", -200) }},
	{"margins below 0", small, func(b batch) bool { return b.times("margins", -1) }},
	{"lambda 0", small, func(b batch) bool { return b.set("lambda", 0) }},
	{"lambda 5", small, func(b batch) bool { return b.set("lambda", 5) }},
	{"lambda 1000", small, func(b batch) bool { return b.set("lambda", 1000) }},
	{"states as training starts", small, func(b batch) bool {
		return b.any(b.set("t", 0), b.set("scale", math.Sqrt2*math.Log(999)), b.set("batch_mean", 20), b.set("batch_std", 100), b.set("seen", 0), b.set("kappa", 0))
	}},
	{"states late in training", small, func(b batch) bool {
		return b.any(b.set("t", 1), b.set("scale", 90), b.set("batch_mean", 40), b.set("batch_std", 0.5), b.count(100, 0))
	}},
	{"states on the other side", small, func(b batch) bool {
		return b.any(b.set("t", -0.5), b.set("scale", 30), b.set("batch_mean", 0.5), b.count(1, 0))
	}},
	{"the last row of an epoch", small, func(b batch) bool { return b.count(3, 1) }},
	{"an epoch that ends with its last row", small, func(b batch) bool {
		return b.label(func(i int) int64 { return int64(i%5) - 1 }) && b.count(3, 4)
	}},
	{"an epoch that does not quite end", small, func(b batch) bool {
		return b.label(func(i int) int64 { return int64(i%5) - 1 }) && b.count(3, 5)
	}},
	{"embeddings short, middling and long", Sizes{"N": 9, "C": 4, "D": 3, "K": 2, "P": 4, "T": 5, "S": 6}, func(b batch) bool {
		b.set("batch_mean", 20)
		b.set("batch_std", 2)
		return b.lengths(b.roles(Embeddings), 5, 40, 250)
	}},
	{"embeddings 1e4 times as short", small, func(b batch) bool { return b.has("C") && b.scale(b.roles(Embeddings), 1e-4) }},
	{"tables of size 0.01", small, func(b batch) bool { return b.scale(b.tables(), 0.01) }},
	{"tables 300 times as large", small, func(b batch) bool { return b.scale(b.tables(), 300) }},
	{"centers 1e4 times as far", small, func(b batch) bool { return b.times("centers", 1e4) }},
	{"two classes alike", small, func(b batch) bool { return b.twins(b.roles(Parameter)) }},
}

// distinct makes the indices of each tuple those of rows that differ.
func (b batch) distinct() bool {
	for _, in := range b.inputs {
		if t := b.in[in.Name]; in.Role == Index && len(t.Shape) == 2 && t.Shape[1] > 0 {
			for i := range t.I {
				t.I[i] = int64((2*(i/t.Shape[1]) + i%t.Shape[1]) % b.rows())
			}
		}
	}
	return true
}

// strays puts these into every seventh place of the indices, in turn.
func (b batch) strays(of ...int64) bool {
	n := 0
	for _, in := range b.inputs {
		if in.Role != Index {
			continue
		}
		for i := 3; i < len(b.in[in.Name].I); i += 7 {
			b.in[in.Name].I[i] = of[n%len(of)]
			n++
		}
	}
	return n > 0
}

// positive makes entries of the batch that are below 0 exactly 0, but for the
// first of a row, lest all of them are.
func (b batch) positive() bool {
	for _, t := range b.batches() {
		for _, r := range rows(t) {
			r[0] = math.Abs(r[0])
			for d, x := range r {
				r[d] = math.Max(0, x)
			}
		}
	}
	return len(b.batches()) > 0
}

// signs makes every entry of the batch its sign: all are its row's largest.
func (b batch) signs() bool {
	for _, t := range b.batches() {
		for i, x := range t.F {
			t.F[i] = math.Copysign(1, x)
		}
	}
	return len(b.batches()) > 0
}

// rows is how many embeddings there are to name, 1 if there are none.
func (b batch) rows() int {
	if x := b.in["embeddings"]; x != nil && x.Shape[0] > 0 {
		return x.Shape[0]
	}
	return 1
}

// mines tells whether a loss chooses among all rows of a batch, of which there
// are as many pairs or triplets as the square or the cube of it.
func (b batch) mines() bool {
	return b.labelled() && !b.has("C") && !b.has("P") && !b.has("T")
}

// times multiplies an input of floats.
func (b batch) times(name string, by float64) bool {
	t := b.in[name]
	return t != nil && b.scale([]*tensor.Tensor{t}, by)
}

// any is true if one of the changes was made.
func (b batch) any(changes ...bool) bool {
	for _, c := range changes {
		if c {
			return true
		}
	}
	return false
}

// set gives an input of floats one number everywhere.
func (b batch) set(name string, x float64) bool {
	t := b.in[name]
	if t == nil {
		return false
	}
	for i := range t.F {
		t.F[i] = x
	}
	return true
}

// tables are the parameters of rank 2 and more.
func (b batch) tables() []*tensor.Tensor {
	var all []*tensor.Tensor
	for _, t := range b.roles(Parameter) {
		if len(t.Shape) > 1 {
			all = append(all, t)
		}
	}
	return all
}

// count makes an epoch of images, unequal in number from class to class, of
// which all but left have been seen; sums of their unit vectors are as long as
// classes that scatter more and more.
func (b batch) count(images, left float64) bool {
	n, s, seen := b.in["class_counts"], b.in["class_sums"], b.in["seen"]
	if n == nil || s == nil || seen == nil {
		return false
	}
	total := 0.0
	for i, r := range rows(s) {
		n.F[i] = images + float64(3*i)
		total += n.F[i]
		length := norm(r)
		for d := range r {
			r[d] *= n.F[i] * 0.9 / float64(i+1) / length
		}
	}
	seen.F[0] = math.Max(0, total-left)
	if left == 0 {
		seen.F[0] = 0 // the epoch begins
	}
	return true
}

// lengths gives the rows of tables these lengths in turn.
func (b batch) lengths(ts []*tensor.Tensor, of ...float64) bool {
	for _, t := range ts {
		for i, r := range rows(t) {
			n := norm(r)
			for d := range r {
				r[d] *= of[i%len(of)] / n
			}
		}
	}
	return len(ts) > 0
}

// twins makes the second row of each table equal to its first.
func (b batch) twins(ts []*tensor.Tensor) bool {
	done := false
	for _, t := range ts {
		if len(t.Shape) == 0 || t.Shape[0] < 2 {
			continue
		}
		per := len(t.F) / t.Shape[0]
		copy(t.F[per:2*per], t.F[:per])
		done = true
	}
	return done
}

func norm(r []float64) float64 {
	s := 0.0
	for _, x := range r {
		s += x * x
	}
	return math.Sqrt(s)
}
