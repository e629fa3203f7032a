package onnxval

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/tensor"
)

// port is a declared value: its name, slot, type and extents.
type port struct {
	name     string
	slot     int
	elem     Elem
	dims     []dim
	ranked   bool
	optional bool
}

// dim is a declared extent: a symbol, a number, or (size −1) nothing.
type dim struct {
	symbol string
	size   int
}

func (d dim) String() string {
	switch {
	case d.symbol != "":
		return d.symbol
	case d.size >= 0:
		return strconv.Itoa(d.size)
	}
	return "?"
}

// readPort takes the declaration of a value. what says which it is.
func readPort(p *onnxpb.ValueInfoProto, what string, slot int) port {
	out := port{name: p.GetName(), slot: slot}
	tt := p.GetType().GetTensorType()
	if tt == nil {
		failf("the %s %s has no tensor type; only tensors are evaluated", what, out.name)
	}
	elem, err := ElemOf(tt.GetElemType())
	if err != nil {
		failf("the %s %s: %w", what, out.name, err)
	}
	out.elem, out.ranked = elem, tt.Shape != nil
	for _, d := range tt.GetShape().GetDim() {
		out.dims = append(out.dims, readDim(d, what, out.name))
	}
	return out
}

// readDim takes one extent of the declaration of the value named.
func readDim(d *onnxpb.TensorShapeProto_Dimension, what, name string) dim {
	switch v := d.GetValue().(type) {
	case *onnxpb.TensorShapeProto_Dimension_DimParam:
		if v.DimParam != "" {
			return dim{symbol: v.DimParam}
		}
	case *onnxpb.TensorShapeProto_Dimension_DimValue:
		if v.DimValue < 0 || v.DimValue > maxExtent {
			failf("the %s %s declares the extent %d", what, name, v.DimValue)
		}
		return dim{size: int(v.DimValue)}
	}
	return dim{size: -1}
}

// public is the port as others see it.
func (p port) public() Port {
	out := Port{Name: p.name, Elem: p.elem, Ranked: p.ranked, Optional: p.optional}
	for _, d := range p.dims {
		out.Dims = append(out.Dims, d.String())
	}
	return out
}

// symbols are the extents that the symbols of a file have in a run, each with
// the value that said so first.
type symbols map[string]binding

type binding struct {
	size int
	by   string
}

// check tells in what a tensor is not as p declares it, if anything, and binds
// the symbols that it meets first.
func (s symbols) check(p port, shape []int) error {
	if !p.ranked {
		return nil
	}
	if len(shape) != len(p.dims) {
		return fmt.Errorf("is %s, want %s: rank %d instead of %d", tensor.ShapeString(shape), p.public(), len(shape), len(p.dims))
	}
	for i, d := range p.dims {
		switch {
		case d.symbol != "":
			b, bound := s[d.symbol]
			if !bound {
				s[d.symbol] = binding{shape[i], p.name}
			} else if b.size != shape[i] {
				return fmt.Errorf("is %s, want %s: %s is %d here and %d in %s", tensor.ShapeString(shape), p.public(), d.symbol, shape[i], b.size, b.by)
			}
		case d.size >= 0 && d.size != shape[i]:
			return fmt.Errorf("is %s, want %s: extent %d is %d", tensor.ShapeString(shape), p.public(), i, shape[i])
		}
	}
	return nil
}

// accept makes the value of an input from what the caller gave, or fails with
// what came and what was wanted.
func (s symbols) accept(p port, t *tensor.Tensor, rounded bool) *value {
	if t.Kind != p.elem.Kind() {
		failf("input %s is %s, want %s", p.name, t, p.public())
	}
	have := map[tensor.Kind]int{tensor.Float: len(t.F), tensor.Int: len(t.I), tensor.Bool: len(t.B)}[t.Kind]
	if n, err := checkExtents(wide(t.Shape)); err != nil || n != int64(have) {
		failf("input %s has %d elements and the shape %s", p.name, have, tensor.ShapeString(t.Shape))
	}
	if err := s.check(p, t.Shape); err != nil {
		failf("input %s %w", p.name, err)
	}
	v := &value{p.elem, t}
	if p.elem == I32 {
		for i, x := range t.I {
			if x < math.MinInt32 || x > math.MaxInt32 {
				failf("input %s: element %d is %d, which no int32 is", p.name, i, x)
			}
		}
	}
	if rounded && p.elem.Kind() == tensor.Float {
		v.Tensor = t.Clone()
		v.settle(true)
	}
	return v
}

// accept makes the values of all inputs, by slot.
func (m *Model) accept(in map[string]*tensor.Tensor, s symbols, rounded bool) map[int]*value {
	var wanted []string
	out := map[int]*value{}
	for _, p := range m.inputs {
		wanted = append(wanted, p.name)
		t := in[p.name]
		if t == nil && p.optional {
			t = m.graph.initial[p.slot].Tensor
		}
		if t == nil {
			failf("input %s is missing, want %s", p.name, p.public())
		}
		out[p.slot] = s.accept(p, t, rounded)
	}
	for _, name := range sortedKeys(in) {
		if !slices.Contains(wanted, name) {
			failf("there is no input %s, the file has %s", name, strings.Join(wanted, ", "))
		}
	}
	return out
}
