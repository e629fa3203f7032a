package onnxexport

import (
	"fmt"

	"losscc/ir"
)

// Extents come from tensors, so that a file runs at any N, C, D: a parameter
// that has the extent, or else a value made before.

// carrier is a named tensor and the axis on which it has extent d.
func (l *lowering) carrier(d ir.Dim) (string, int, bool) {
	for _, v := range l.f.Values {
		name := l.names[v]
		if name == "" || v.Op != ir.OpParam && !introduces(v.Op) {
			continue
		}
		for axis, x := range v.Type.Shape {
			if x == d {
				return name, axis, true
			}
		}
	}
	return "", 0, false
}

// introduces tells whether an op may make an extent that its arguments lack.
func introduces(op *ir.Op) bool {
	return op == ir.OpNonZero || op == ir.OpArgTop || op == ir.OpConcat
}

// extent is a vector of one int64, the extent d.
func (l *lowering) extent(d ir.Dim) string {
	if n, ok := d.Size(); ok {
		return l.ints(int64(n))
	}
	if l.outside(ir.Shape{d}) {
		return l.outer.extent(d)
	}
	key := "extent " + string(d)
	if name, ok := l.shapes[key]; ok {
		return name
	}
	name := ""
	if from, axis, ok := l.carrier(d); ok {
		name = l.node1("Shape", l.fresh("extent_"+string(d)), []string{from},
			intAttr("start", int64(axis)), intAttr("end", int64(axis+1)))
	} else if fs := d.Factors(); len(fs) > 1 {
		name = l.extent(fs[0])
		for _, f := range fs[1:] {
			name = l.step("Mul", []string{name, l.extent(f)})
		}
	} else {
		l.err = fmt.Errorf("no tensor has the extent %s", d)
	}
	l.shapes[key] = name
	return name
}

// given tells whether an extent is one of the function's parameters, or a
// number, and not one that a choice made.
func (l *lowering) given(d ir.Dim) bool {
	for _, f := range d.Factors() {
		if _, ok := f.Size(); ok {
			continue
		}
		found := false
		for _, p := range l.f.Params {
			for _, x := range p.Type.Shape {
				found = found || x == f
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// shape is a vector of int64, the extents of s: the shape of a value made
// before, which keeps the names of its extents through shape inference, or
// else extents joined.
func (l *lowering) shape(s ir.Shape) string {
	if l.body {
		l.err = fmt.Errorf("the body of a function cannot ask for the shape %v", s)
		return ""
	}
	if l.outside(s) {
		return l.outer.shape(s)
	}
	if name, ok := l.shapes[s.String()]; ok {
		return name
	}
	name := ""
	for _, v := range l.f.Values {
		if len(s) > 0 && l.made[v] && v.Type.Shape.Equal(s) {
			name = l.node1("Shape", l.fresh("shape"), []string{l.names[v]})
			break
		}
	}
	if name == "" {
		name = l.joinedShape(s)
	}
	l.shapes[s.String()] = name
	return name
}

// outside tells whether extents are the same in the body of a walk as around it.
func (l *lowering) outside(s ir.Shape) bool {
	return l.outer != nil && len(s) > 0 && l.blocks.axisOf(s) < 0
}

func (l *lowering) joinedShape(s ir.Shape) string {
	static := make([]int64, len(s))
	all := true
	for i, d := range s {
		n, ok := d.Size()
		static[i] = int64(n)
		all = all && ok
	}
	if all {
		return l.ints(static...)
	}
	if len(s) == 1 {
		return l.extent(s[0])
	}
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = l.extent(d)
	}
	return l.node1("Concat", l.fresh("shape"), parts, intAttr("axis", 0))
}
