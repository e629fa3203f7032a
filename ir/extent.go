package ir

import "slices"

// The extents that a value's type names are its arguments' own, or come from
// one of two places: an op may introduce one (how many places a condition
// has), and an op may need one that other values have (the length of iota).
// A value that needs an extent has no argument that shows it; what carries
// the extent is kept for it all the same.

// introduces tells whether the op's dim names an extent of its own making.
func (o *Op) introduces() bool {
	return o == OpArgTop || o == OpNonZero || o == OpConcat
}

// needs is the extents that v has from elsewhere than its arguments' elements.
func (v *Value) needs() Shape {
	if v.Op.introduces() {
		return nil
	}
	for _, row := range v.Op.Attrs {
		switch row.Kind.(type) {
		case Shape:
			return v.Attrs.Shape(row.Name)
		case Dim:
			return Shape{v.Attrs.Dim(row.Name)}
		}
	}
	return nil
}

// carriers are the values by which extents are known: for each, the first one
// that has it and did not need it from others.
type carriers map[Dim]*Value

func (c carriers) add(v *Value) {
	if len(v.needs()) > 0 {
		return
	}
	for _, d := range v.Type.Shape {
		if _, number := d.Size(); !number && c[d] == nil {
			c[d] = v
		}
	}
}

// parts are the extents whose product d is and that values have: d itself, or
// a split of its factors, C*K*D into C*K and D. Where there is no such split,
// they are the factors.
func (c carriers) parts(d Dim) []Dim {
	factors := d.Factors()
	if split, ok := c.split(factors); ok {
		return split
	}
	return factors
}

func (c carriers) split(factors []Dim) ([]Dim, bool) {
	if len(factors) == 0 {
		return nil, true
	}
	part := One
	for i, f := range factors {
		if part = part.Times(f); !c.has(part) {
			continue
		}
		if rest, ok := c.split(factors[i+1:]); ok {
			return append([]Dim{part}, rest...), true
		}
	}
	return nil, false
}

// has tells whether a value has an extent, or it is a number.
func (c carriers) has(d Dim) bool {
	_, number := d.Size()
	return number || c[d] != nil
}

// unknown is the first extent of s that nothing carries, or empty.
func (c carriers) unknown(s Shape) Dim {
	for _, d := range s {
		for _, f := range c.parts(d) {
			if !c.has(f) {
				return f
			}
		}
	}
	return ""
}

// Set is some of a function's values, by their places.
type Set []bool

// Has tells whether v is one of them; it belongs to the function.
func (s Set) Has(v *Value) bool { return s[v.index] }

func (s Set) add(v *Value) { s[v.index] = true }

// Live is the set of values that the results of f need: by their elements, or
// by an extent that no other live value carries.
func Live(f *Func) Set {
	live := make(Set, len(f.Values))
	for _, r := range f.Results {
		live.add(r.Value)
	}
	known := carriers{}
	for _, v := range f.Values {
		known.add(v)
	}
	var wanted []Dim // extents of parameters
	for i := len(f.Values) - 1; i >= 0; i-- {
		v := f.Values[i]
		if !live.Has(v) {
			continue
		}
		for _, a := range v.Args {
			live.add(a)
		}
		for _, d := range v.needs() {
			for _, part := range known.parts(d) {
				if c := known[part]; c != nil && c.Op != OpParam {
					live.add(c)
				} else if c != nil {
					wanted = append(wanted, part)
				}
			}
		}
	}
	keepParams(f, live, wanted)
	return live
}

// keepParams adds a parameter for each wanted extent that no live one has.
func keepParams(f *Func, live Set, wanted []Dim) {
	known := carriers{}
	for _, p := range f.Params {
		if live.Has(p) {
			known.add(p)
		}
	}
	for _, d := range wanted {
		for _, p := range f.Params {
			if known[d] == nil && slices.Contains(p.Type.Shape, d) {
				live.add(p)
				known.add(p)
			}
		}
	}
}
