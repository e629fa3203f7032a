package irtest

import (
	"fmt"
	"math/rand/v2"

	"losscc/ir"
)

// RandomFunc is a random function of any ops: rank 0 to 3, all kinds of
// element, extents of one, calls, 5 to 60 values besides its parameters (an
// index may need a few more), some of them without use.
func RandomFunc(rng *rand.Rand) *ir.Func {
	g := newMaker(rng, "random")
	g.params(2+rng.IntN(4), false)
	g.grow(5 + rng.IntN(56))
	return g.finish()
}

// SmoothFunc is a random function whose one result is a number with a
// derivative by every float parameter at every input: no ties, no steps, no
// values held constant. The result depends on at least one float parameter.
func SmoothFunc(rng *rand.Rand) *ir.Func {
	g := newMaker(rng, "smooth")
	g.smooth = true
	g.params(2+rng.IntN(3), true)
	g.grow(5 + rng.IntN(26))
	g.b.Result("loss", g.total())
	return g.func_()
}

// The extents that parameters have, and how large each may be.
var symbols = []ir.Dim{"N", "C", "D", "K"}

const (
	maxExtent   = 4
	maxElements = 512
)

// maker makes one function.
type maker struct {
	rng    *rand.Rand
	b      *ir.Builder
	values []*ir.Value // in the order of making
	known  map[*ir.Value]bounds
	sizes  map[ir.Dim]int // how large an extent can get
	smooth bool
	depth  int  // of calls
	made   *int // functions made, for their names
	called []calledFunc
}

func newMaker(rng *rand.Rand, name string) *maker {
	return &maker{rng: rng, b: ir.NewBuilder(name), known: map[*ir.Value]bounds{}, sizes: map[ir.Dim]int{}, made: new(int)}
}

// params declares n parameters; the first is a float, so that there is one.
func (g *maker) params(n int, floats bool) {
	dims := []ir.Dim{ir.One, "2"}
	for i := range n {
		var shape []ir.Dim
		for range g.rng.IntN(4) {
			d := symbols[g.rng.IntN(len(symbols))]
			if g.rng.IntN(6) == 0 {
				d = dims[g.rng.IntN(len(dims))]
			}
			shape = append(shape, d)
		}
		elem, in := ir.Float, between(-2, 2)
		if k := g.rng.IntN(6); i > 0 && k == 0 {
			elem, in = ir.Int, between(-3, 5)
		} else if i > 0 && k == 1 && !floats {
			elem, in = ir.Bool, between(0, 1)
		}
		for _, d := range shape {
			g.sizes[d] = sizeOf(d)
		}
		role := []string{"", "embeddings", "class-weight"}[g.rng.IntN(3)]
		g.keep(g.b.Param(fmt.Sprintf("p%d", i), ir.Type{Elem: elem, Shape: shape}, role), in)
	}
}

func sizeOf(d ir.Dim) int {
	if n, ok := d.Size(); ok {
		return n
	}
	return maxExtent
}

// grow adds about n values.
func (g *maker) grow(n int) {
	for have := len(g.values); len(g.values) < have+n; {
		r := recipes[g.rng.IntN(len(recipes))]
		if g.smooth && !r.smooth {
			continue
		}
		if v := r.make(g); v != nil && g.rng.IntN(8) == 0 {
			v.Called([]string{"cos", "logits", "θ", "x.2"}[g.rng.IntN(4)])
		}
		if g.b.Err() != nil {
			return
		}
	}
}

// keep remembers a value and its bounds, and gives it back.
func (g *maker) keep(v *ir.Value, in bounds) *ir.Value {
	if _, have := g.known[v]; !have {
		g.values = append(g.values, v)
	}
	g.known[v] = in
	return v
}

// any is a random value that fits, a late one rather than an early one; nil if
// there is none.
func (g *maker) any(fits func(t ir.Type, in bounds) bool) *ir.Value {
	var out []*ir.Value
	for _, v := range g.values {
		if fits(v.Type, g.known[v]) {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out[max(g.rng.IntN(len(out)), g.rng.IntN(len(out)))]
}

// float is a random float of rank least or more.
func (g *maker) float(least int) *ir.Value {
	return g.any(func(t ir.Type, _ bounds) bool { return t.Elem == ir.Float && len(t.Shape) >= least })
}

// ranked is a random value of any kind of rank least or more.
func (g *maker) ranked(least int) *ir.Value {
	return g.any(func(t ir.Type, _ bounds) bool { return len(t.Shape) >= least })
}

// fits tells whether a shape is small enough to be made.
func (g *maker) fits(s ir.Shape) bool {
	n := 1
	for _, d := range s {
		n *= g.size(d)
	}
	return len(s) <= 3 && n <= maxElements
}

// size is how large an extent can get.
func (g *maker) size(d ir.Dim) int {
	n := 1
	for _, f := range d.Factors() {
		if k, ok := g.sizes[f]; ok {
			n *= k
		} else {
			n *= sizeOf(f)
		}
	}
	return n
}

// dim is a random extent that some value has.
func (g *maker) dim() ir.Dim {
	if v := g.ranked(1); v != nil {
		return v.Type.Shape[g.rng.IntN(len(v.Type.Shape))]
	}
	return ir.One
}

// fresh is an extent that no value has yet.
func (g *maker) fresh(base ir.Dim, size int) ir.Dim {
	d := g.b.Fresh(base)
	g.sizes[d] = size
	return d
}

// finish gives the last value and a few others back.
func (g *maker) finish() *ir.Func {
	g.b.Result("last", g.values[len(g.values)-1])
	for i := range g.rng.IntN(4) {
		g.b.Result(fmt.Sprintf("r%d", i), g.values[g.rng.IntN(len(g.values))])
	}
	return g.func_()
}

// total is the sum of the last float values and of a parameter.
func (g *maker) total() *ir.Value {
	sum := ir.Sum(g.values[0])
	for i, left := len(g.values)-1, 4; i > 0 && left > 0; i-- {
		if v := g.values[i]; v.Type.Elem == ir.Float {
			sum = sum.Add(ir.Sum(v))
			left--
		}
	}
	return sum
}

// func_ is the finished function. A mistake in building is one of the maker's:
// no caller can do anything about it.
func (g *maker) func_() *ir.Func {
	f, err := g.b.Func()
	if err != nil {
		panic("irtest: " + err.Error())
	}
	return f
}
