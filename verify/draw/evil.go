package draw

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"losscc/verify/tensor"
)

// Set is a set of inputs and the name of what is evil in it. A Smooth one is
// near a place where losses have no derivative, and not on it; a Turning one
// has cosines of ±1 up to rounding, where that of an angle is any number; in a
// Level one several classes have them, and which is first is a matter of the
// last bit.
type Set struct {
	Name    string
	Smooth  bool
	Turning bool
	Level   bool
	// Twin is a set whose positives are their anchors: whatever else is near
	// is as near to both.
	Twin bool
	// Whole is a set of few whole numbers, of which many sums and distances are
	// equal, and exactly so in whatever order they are added up.
	Whole bool
	// Tiny is a set with numbers so small beside 1 that a step as long as 1
	// leads far away from all of them, or so large that it leads nowhere.
	Tiny bool
	// Far is a set of rows so long that float32 does not hold their square.
	Far bool
	// Large is a set of embeddings that are far longer than all else.
	Large bool
	// Close is a set with cosines of ±1 but for a few last bits of float32, which
	// then has no digits of an angle's derivative.
	Close bool
	// Facing is a set of rows that are equal or opposite, so that the angle
	// between two is that of a cosine of ±1.
	Facing bool
	In     map[string]*tensor.Tensor
	// Skipped says why there are no inputs, where there are none.
	Skipped string
}

// Evil are the inputs that break careless losses, as far as they apply to the
// inputs of a file: cosines of ±1, rows of zeros, rows that are equal, numbers
// that are huge or tiny, labels that are out of range, extents of 0 and 1.
func Evil(inputs []Input, seed uint64) ([]Set, error) { return spoilt(evils, inputs, seed) }

// spoilt are the sets of a table that apply to the inputs.
func spoilt(table []evil, inputs []Input, seed uint64) ([]Set, error) {
	var sets []Set
	for _, e := range table {
		if symbol := conflict(inputs, e.sizes); symbol != "" {
			sets = append(sets, Set{Name: e.name, Skipped: fmt.Sprintf("the file fixes the extent %s", symbol)})
			continue
		}
		in, err := Random(inputs, e.sizes, seed)
		if err != nil {
			return nil, err
		}
		b := batch{inputs: inputs, in: in}
		if e.spoil != nil && !e.spoil(b) {
			continue
		}
		for _, i := range inputs {
			Round(in[i.Name], i.Elem)
		}
		if !finite(in) {
			continue // numbers that the type cannot hold
		}
		set := marked(e.name)
		set.In = in
		sets = append(sets, set)
	}
	return sets, nil
}

// marked is a set of that name with its marks, which the name tells.
func marked(name string) Set {
	begins := func(with ...string) bool {
		return slices.ContainsFunc(with, func(w string) bool { return strings.HasPrefix(name, w) })
	}
	return Set{
		Name:    name,
		Smooth:  begins(near, onePair),
		Turning: begins(parallel, farOut, oneEntry, axes, certain),
		Level:   name == oneEntry,
		Twin:    begins(twin),
		Whole:   begins(whole),
		Tiny:    begins(tiny, farAway, farClass),
		Far:     name == farthest,
		Large:   begins("embeddings 1e4 times", "embeddings 1e5 times"),
		Close:   name == closely,
		Facing:  begins(twin, "pairs ", "negative ", "each row twice", "all embeddings equal"),
	}
}

// finite tells whether all floats are.
func finite(in map[string]*tensor.Tensor) bool {
	for _, t := range in {
		if slices.ContainsFunc(t.F, func(x float64) bool { return math.IsInf(x, 0) || math.IsNaN(x) }) {
			return false
		}
	}
	return true
}

// evil is a row of the table: extents, and a change to what was drawn. The
// change tells whether there was anything to change.
type evil struct {
	name  string
	sizes Sizes
	spoil func(b batch) bool
}

// small are extents at which a judge is quick and nothing is degenerate.
var small = Sizes{"N": 6, "C": 4, "D": 3, "K": 2, "P": 4, "T": 5, "S": 6, "M": 5, "B": 6}

// nines are extents at which a few whole numbers tie often.
var nines = Sizes{"N": 9, "D": 3, "T": 12, "S": 9, "M": 5, "B": 6}

func with(symbol string, n int) Sizes {
	s := Sizes{}
	for k, v := range small {
		s[k] = v
	}
	s[symbol] = n
	return s
}

// none has no rows, and no indices of rows.
var none = Sizes{"N": 0, "C": 4, "D": 3, "K": 2, "P": 4, "T": 0, "S": 0, "M": 5, "B": 6}

// These are the names, or begin the names, of sets with a mark.
const (
	near     = "target angle near "
	closely  = near + "0, closely"
	onePair  = "one pair of "
	parallel = "cosine "
	farOut   = "embeddings far out "
	oneEntry = "one entry in an embedding"
	twin     = "positive "
	tiny     = "embeddings 1e9 times as small"
	farAway  = "rows before classes "
	farthest = farAway + "1e30 times as long"
	shortest = farAway + "1e34 times as short"
	farClass = "classes "
	whole    = "whole numbers"
	certain  = "one row that is all but certain"
	axes     = "rows that are unit vectors along an axis"
)

var evils = []evil{
	{parallel + "+1 on the target", small, func(b batch) bool { return b.onClass(0, 1.7) }},
	{parallel + "-1 on the target", small, func(b batch) bool { return b.onClass(0, -0.6) }},
	{parallel + "+1 on another class", small, func(b batch) bool { return b.onClass(1, 2.5) }},
	{parallel + "-1 on another class", small, func(b batch) bool { return b.onClass(1, -1) }},
	{near + "pi", small, func(b batch) bool { return b.nearClass(-1, 0.05) }},
	{near + "0", small, func(b batch) bool { return b.nearClass(1, 0.05) }},
	{closely, small, func(b batch) bool { return b.nearClass(1, 2e-3) }},
	{farOut + "on the target", small, func(b batch) bool { return b.onClass(0, 12) }},
	{"a row of zeros in each table of embeddings", small, func(b batch) bool { return b.scaleRow(b.roles(Embeddings), 0) }},
	{"all embeddings zero", small, func(b batch) bool { return b.scale(b.roles(Embeddings), 0) }},
	{"a row of zeros in each parameter", small, func(b batch) bool { return b.scaleRow(b.roles(Parameter, State), 0) }},
	{"all parameters zero", small, func(b batch) bool { return b.scale(b.roles(Parameter), 0) }},
	{"everything zero", small, func(b batch) bool { return b.scale(b.roles(Parameter, Embeddings), 0) }},
	{"all states zero", small, func(b batch) bool { return b.scale(b.roles(State), 0) }},
	{"all embeddings equal", small, func(b batch) bool { return b.equalRows(b.roles(Embeddings)) }},
	{"all rows of parameters equal", small, func(b batch) bool { return b.equalRows(b.roles(Parameter)) }},
	{"each row twice", small, func(b batch) bool { return b.twice() }},
	{"a class weight of 0", small, func(b batch) bool { return b.first("class_weight", 0) }},
	{"class weights all 0", small, func(b batch) bool { return b.set("class_weight", 0) }},
	{"a class without images", small, func(b batch) bool { return b.first("class_counts", 0) }},
	{"no images at all", small, func(b batch) bool { return b.set("class_counts", 0) }},
	{"noise far out", small, func(b batch) bool { return b.set("noise", 6) && b.first("noise", -6) }},
	{"pairs at distance 0", small, func(b batch) bool { return b.copyOver("embeddings_a", "embeddings_b", 1) }},
	{"pairs that are opposite", small, func(b batch) bool { return b.copyOver("embeddings_a", "embeddings_b", -1) }},
	{twin + "equal to anchor", small, func(b batch) bool { return b.copyOver("anchor", "positive", 1) }},
	{"negative equal to anchor", small, func(b batch) bool { return b.copyOver("anchor", "negative", 1) }},
	{twin + "and negative equal to anchor", small, func(b batch) bool {
		return b.copyOver("anchor", "positive", 1) && b.copyOver("anchor", "negative", 1)
	}},
	{"embeddings 1e4 times as large", small, func(b batch) bool { return b.scale(b.roles(Embeddings), 1e4) }},
	{"embeddings 1e5 times as large", small, func(b batch) bool { return b.scale(b.roles(Embeddings), 1e5) }},
	{"parameters 1e4 times as large", small, func(b batch) bool { return b.scale(b.roles(Parameter), 1e4) }},
	{"embeddings 1e6 times as small", small, func(b batch) bool { return b.scale(b.roles(Embeddings), 1e-6) }},
	{tiny, small, func(b batch) bool { return b.scale(b.roles(Embeddings), 1e-9) }},
	{"parameters 1e6 times as small", small, func(b batch) bool { return b.scale(b.roles(Parameter), 1e-6) }},
	{farAway + "1e16 times as long", small, func(b batch) bool { return b.classed() && b.scale(b.roles(Embeddings), 1e16) }},
	{farthest, small, func(b batch) bool { return b.classed() && b.scale(b.roles(Embeddings), 1e30) }},
	{shortest, small, func(b batch) bool { return b.classed() && b.scale(b.roles(Embeddings), 1e-34) }},
	{farAway + "1e19 times as short", small, func(b batch) bool { return b.classed() && b.scale(b.roles(Embeddings), 1e-19) }},
	{farClass + "1e17 times as long", small, func(b batch) bool { return b.classed() && b.scale(b.tables(), 1e17) }},
	{farClass + "1e17 times as short", small, func(b batch) bool { return b.classed() && b.scale(b.tables(), 1e-17) }},
	{axes, small, func(b batch) bool { return b.axes(b.roles(Embeddings, Parameter)) }},
	{"all labels ignored", small, func(b batch) bool { return b.label(func(i int) int64 { return -1 }) }},
	{"labels at the ends of int64", small, func(b batch) bool {
		ends := []int64{math.MinInt64, math.MaxInt64, 1, -1, 4, 0, 1 << 32, 1<<32 + 1}
		return b.label(func(i int) int64 { return ends[i%len(ends)] })
	}},
	{"one class only", small, func(b batch) bool { return b.label(func(i int) int64 { return 0 }) }},
	{"each row a class of its own", small, func(b batch) bool { return b.label(func(i int) int64 { return int64(i) }) }},
	{"one row kept", small, func(b batch) bool { return b.label(func(i int) int64 { return int64(-min(i, 1)) }) }},
	{"same all 0", small, func(b batch) bool { return b.fill("same", 0) }},
	{"same all 1", small, func(b batch) bool { return b.fill("same", 1) }},
	{"same neither 0 nor 1", small, func(b batch) bool { return b.fill("same", math.MinInt64) }},
	{"indices all out of range", small, func(b batch) bool { return b.index(-1) }},
	{"indices at the end of int64", small, func(b batch) bool { return b.index(math.MaxInt64) }},
	{"indices all of one row", small, func(b batch) bool { return b.index(0) }},
	{whole + " of three classes", nines, func(b batch) bool { return b.wholes() && b.label(func(i int) int64 { return int64(i % 3) }) }},
	{whole + " of two classes, and strays", nines, func(b batch) bool { return b.wholes() && b.label(func(i int) int64 { return int64(i*i%5 - 1) }) }},
	{whole + ", pairs of rows", nines, func(b batch) bool { return !b.labelled() && b.wholes() }},
	{whole + ", all rows equal", small, func(b batch) bool {
		return b.wholes() && b.equalRows(b.batches()) && b.label(func(i int) int64 { return int64(i % 3) })
	}},
	{"schedule at 0", small, func(b batch) bool { return b.scale(b.roles(Schedule), 0) }},
	{"schedule at 1e6", small, func(b batch) bool { return b.scale(b.roles(Schedule), 0) && b.add(b.roles(Schedule), 1e6) }},
	{"no noise", small, func(b batch) bool { return b.scale(b.roles(Noise), 0) }},
	{"no rows", none, nil},
	{"no rows, and indices of some", with("N", 0), func(b batch) bool { return b.has("T") }},
	{"one row", with("N", 1), nil},
	{certain, with("N", 1), func(b batch) bool { return b.certain() }},
	{onePair + "one class", with("N", 1), func(b batch) bool { return b.fill("same", 1) && b.scale(b.roles(Embeddings), 0.3) }},
	{onePair + "two classes", with("N", 1), func(b batch) bool { return b.fill("same", 0) && b.scale(b.roles(Embeddings), 0.2) }},
	{"two rows", with("N", 2), nil},
	{"one class in the table", with("C", 1), func(b batch) bool { return b.has("C") }},
	{oneEntry, with("D", 1), nil},
	{"one sub-centre", with("K", 1), func(b batch) bool { return b.has("K") }},
	{"no indices", with("T", 0), func(b batch) bool { return b.has("T") }},
}
