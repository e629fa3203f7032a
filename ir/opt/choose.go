package opt

import (
	"math"

	"losscc/ir"
	"losscc/ir/cost"
)

// Choice is two ways to compute a value that are equal but for rounding, of
// which the cheaper one depends on kernels and sizes.
type Choice struct {
	Name string
	// Says is what is chosen between; Written and Other name the ways, Written
	// being how builders and the gradient's rules put it.
	Says, Written, Other string
	// Fits tells whether there is another way at v, used by uses.
	Fits func(f *ir.Func, v *ir.Value, uses Uses) bool
	// Apply makes v the other way in the function being made.
	Apply func(b *ir.Builder, v *ir.Value, a []*ir.Value) *ir.Value
	// Beside makes another value w of the function, where it has to change with
	// v, and gives nil where not; nil if none has to.
	Beside func(b *ir.Builder, v, w *ir.Value, a []*ir.Value) *ir.Value
}

// Decision is a choice made at one value.
type Decision struct {
	Choice *Choice
	// At is the value: its name or its op, and its shape.
	At string
	// Ways are the estimates of the whole function with each way, one for each
	// of Sizes: as it is written and the other.
	Sizes          []cost.Sizes
	Written, Other []cost.Estimate
	// TookOther tells which way was taken, Forced whether somebody asked for it.
	TookOther, Forced bool
}

// Target is what functions are made cheap for.
type Target struct {
	// Double is arithmetic in float64.
	Double bool
	// Copies tells that nothing is written over, as in a file that tells no shapes.
	Copies bool
	// Forced are the choices that are not left to the estimate: the name of
	// the way by the name of the choice.
	Forced map[string]string
}

// worth is how the two costs weigh: six percent of memory are worth one of
// time. Memory counts with what a runtime holds anyway, beside which a few
// matrices of a batch are nothing.
const (
	worth   = 1.0 / 6
	runtime = 64 << 20
)

// Telling is how much cheaper the other way has to be, as a logarithm: estimates
// do not tell a percent. Of a way that costs no more at any size, in time and in
// memory, Least is enough.
const (
	Telling = 0.01
	Least   = 0.003
)

// Choose takes the cheaper way at every value where there are two, and tells
// of each what it weighed. Ways differ in their last digits.
func Choose(f *ir.Func, t Target) (*ir.Func, []Decision, error) {
	var all []Decision
	model := cost.New(t.Double, t.Copies)
	for i := range Choices {
		c := &Choices[i]
		g, made, err := t.choose(f, c, model)
		if err != nil {
			return nil, nil, err
		}
		f, all = g, append(all, made...)
	}
	return f, all, nil
}

// choose decides one choice at every value of f.
func (t Target) choose(f *ir.Func, c *Choice, model *cost.Model) (*ir.Func, []Decision, error) {
	var made []Decision
	var before []cost.Estimate
	read := uses(f)
	shapes := cost.Shapes(f)
	for at := 0; at < len(f.Values); at++ {
		v := f.Values[at]
		if !c.Fits(f, v, read) {
			continue
		}
		g, err := apply(f, v, c)
		if err != nil {
			return nil, nil, err
		}
		if before == nil {
			before = model.Of(f, shapes...)
		}
		d := Decision{Choice: c, At: place(v), Sizes: shapes, Written: before, Other: model.Of(g, shapes...)}
		d.decide(t.Forced[c.Name])
		made = append(made, d)
		if d.TookOther {
			if g, err = ir.Rebuild(g, ir.Again); err != nil {
				return nil, nil, err
			}
			// What stood before v may have gone, and v has taken new places.
			at += len(g.Values) - len(f.Values)
			f, before, read = g, d.Other, uses(g)
		}
	}
	return f, made, nil
}

// decide takes the other way if it costs less over all sizes, or the one asked
// for.
func (d *Decision) decide(forced string) {
	switch forced {
	case "":
		w := d.Weight()
		d.TookOther = w < -Telling || w < -Least && d.neverWorse()
	case d.Choice.Other:
		d.TookOther, d.Forced = true, true
	default:
		d.Forced = true
	}
}

// neverWorse tells whether the other way costs no more at any size, in time or in
// memory.
func (d *Decision) neverWorse() bool {
	for i := range d.Sizes {
		if d.Other[i].Nanoseconds > d.Written[i].Nanoseconds || d.Other[i].Bytes > d.Written[i].Bytes {
			return false
		}
	}
	return true
}

// Weight is the cost of the other way against the written one, as the mean
// logarithm over the sizes: below 0 the other is cheaper.
func (d *Decision) Weight() float64 {
	w := 0.0
	for i := range d.Sizes {
		w += math.Log(d.Other[i].Nanoseconds/d.Written[i].Nanoseconds) +
			worth*math.Log(float64(d.Other[i].Bytes+runtime)/float64(d.Written[i].Bytes+runtime))
	}
	return w / float64(len(d.Sizes))
}

// place says which value it is: its name or its op, and its shape.
func place(v *ir.Value) string {
	name := v.Name
	if name == "" {
		name = v.Op.Name
	}
	return name + " " + v.Type.Shape.String()
}

// apply makes one value of f the other way; what nobody reads then is there
// still.
func apply(f *ir.Func, at *ir.Value, c *Choice) (*ir.Func, error) {
	return ir.Rebuild(f, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
		if v == at {
			return c.Apply(b, v, args)
		}
		if c.Beside != nil {
			if w := c.Beside(b, at, v, args); w != nil {
				return w
			}
		}
		return ir.Again(b, v, args)
	})
}

// Uses is how often each value of a function is read, by its place; a result is
// read.
type Uses []int

// Of is how often v is read, nothing if it is nil.
func (u Uses) Of(v *ir.Value) int {
	if v == nil {
		return 0
	}
	return u[v.Index()]
}

func uses(f *ir.Func) Uses {
	n := make(Uses, len(f.Values))
	for _, v := range f.Values {
		for _, a := range v.Args {
			n[a.Index()]++
		}
	}
	for _, r := range f.Results {
		n[r.Value.Index()]++
	}
	return n
}
