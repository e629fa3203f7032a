package irtest

import (
	"fmt"
	"slices"

	"losscc/ir"
)

// calledFunc is a call made before: another call of the same function is sure
// to be defined for arguments whose bounds lie within those of the first.
type calledFunc struct {
	fn      *ir.Func
	args    []*ir.Value
	results []bounds
}

const maxDepth = 2

// call applies a small function, made for the arguments or called before.
func call(g *maker) *ir.Value {
	if g.depth >= maxDepth {
		return nil
	}
	if len(g.called) == 0 || g.rng.IntN(3) > 0 {
		g.called = append(g.called, g.callee())
	}
	c := g.called[g.rng.IntN(len(g.called))]
	out := g.rng.IntN(len(c.results))
	var attrs ir.Attrs
	for _, a := range c.fn.Attrs {
		attrs = append(attrs, ir.Attr{Name: a.Name, Val: g.attribute(a.Kind)})
	}
	return g.keep(g.b.CallOut(c.fn, out, attrs, g.likes(c.args)...), c.results[out])
}

// likes is arguments of the same types as those of a first call, some of them
// other values.
func (g *maker) likes(first []*ir.Value) []*ir.Value {
	out := slices.Clone(first)
	for i, x := range first {
		if g.rng.IntN(2) == 0 {
			continue
		}
		out[i] = g.any(func(t ir.Type, in bounds) bool {
			return t.Equal(x.Type) && in.lo >= g.known[x].lo && in.hi <= g.known[x].hi
		})
	}
	return out
}

func (g *maker) attribute(k ir.ParamKind) any {
	switch k {
	case ir.IntAttr:
		return int64(g.rng.IntN(3))
	case ir.TextAttr:
		return []string{"", "a \"b\"\n", "θ"}[g.rng.IntN(3)]
	}
	return float64(g.rng.IntN(9)-4) / 2
}

// callee makes a function for one to three random arguments. Its extents are
// symbols of its own; it introduces none that its parameters do not have.
func (g *maker) callee() calledFunc {
	*g.made++
	c := &maker{rng: g.rng, b: ir.NewBuilder(fmt.Sprintf("F%d", *g.made)), known: map[*ir.Value]bounds{},
		sizes: map[ir.Dim]int{}, smooth: g.smooth, depth: g.depth + 1, made: g.made}
	done := calledFunc{}
	own := map[ir.Dim]ir.Dim{}
	for i := range 1 + g.rng.IntN(3) {
		x := g.ranked(0)
		if i == 0 && g.float(0) != nil {
			x = g.float(0)
		}
		done.args = append(done.args, x)
		in := g.known[x]
		in.place = "" // of an extent that has another name here
		c.keep(c.b.Param(string(rune('a'+i)), c.ownType(x.Type, own, g), ""), in)
	}
	if g.rng.IntN(2) == 0 {
		c.keep(c.b.Attribute("k", ir.NumberAttr), between(-2, 2))
	}
	if g.rng.IntN(3) == 0 {
		c.b.Attribute("kind", []ir.ParamKind{ir.TextAttr, ir.IntAttr, ir.FloatAttr}[g.rng.IntN(3)])
	}
	c.grow(1 + g.rng.IntN(6))
	last := c.values[len(c.values)-1]
	if g.smooth {
		for i := len(c.values) - 1; last.Type.Elem != ir.Float; i-- {
			last = c.values[i]
		}
	}
	done.result(c, "y", last)
	if !g.smooth && g.rng.IntN(2) == 0 {
		done.result(c, "z", c.values[g.rng.IntN(len(c.values))])
	}
	done.fn = c.func_()
	return done
}

func (d *calledFunc) result(c *maker, name string, v *ir.Value) {
	c.b.Result(name, v)
	in := c.known[v]
	in.place = ""
	d.results = append(d.results, in)
}

// ownType is a type of the caller's in the callee's own symbols.
func (g *maker) ownType(t ir.Type, own map[ir.Dim]ir.Dim, caller *maker) ir.Type {
	out := ir.Type{Elem: t.Elem}
	for _, d := range t.Shape {
		if _, literal := d.Size(); !literal && own[d] == "" {
			own[d] = ir.Dim(rune('A' + len(own)))
			g.sizes[own[d]] = caller.size(d)
		}
		if to, ok := own[d]; ok {
			d = to
		}
		out.Shape = append(out.Shape, d)
	}
	return out
}
