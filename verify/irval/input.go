package irval

import (
	"fmt"
	"sort"
	"strings"

	"losscc/ir"
	"losscc/verify/tensor"
)

// bindInputs gives every parameter its tensor, and every symbol of the
// parameters its extent.
func (fr *frame) bindInputs(in map[string]*tensor.Tensor) error {
	if err := fr.namesMatch(in); err != nil {
		return err
	}
	from := map[ir.Dim]string{} // the input that fixed a symbol
	for _, p := range fr.fn.Params {
		t := in[p.Name]
		if err := fits(t, p); err != nil {
			return fmt.Errorf("@%s: %w", fr.fn.Name, err)
		}
		for axis, d := range p.Type.Shape {
			old, known := fr.extents.of(d)
			switch _, literal := d.Size(); {
			case known && old != t.Shape[axis] && literal:
				return fmt.Errorf("@%s: input %q is %v, want %v", fr.fn.Name, p.Name, t, p.Type)
			case known && old != t.Shape[axis]:
				return fmt.Errorf("@%s: input %q is %v, want %v with %s = %d as in %q",
					fr.fn.Name, p.Name, t, p.Type, d, old, fixedBy(d, from))
			case !known:
				fr.extents[d] = t.Shape[axis]
				from[d] = p.Name
			}
		}
		fr.made[p] = t
	}
	return fr.productsAgree()
}

// fixedBy is the input that fixed a symbol, or a factor of a product.
func fixedBy(d ir.Dim, from map[ir.Dim]string) string {
	if name, ok := from[d]; ok {
		return name
	}
	return from[d.Factors()[0]]
}

// productsAgree sees that an extent such as C*K, bound before its factors were
// known, is their product.
func (fr *frame) productsAgree() error {
	for _, p := range fr.fn.Params {
		for axis, d := range p.Type.Shape {
			product, known := fr.extents.product(d)
			if got := fr.made[p].Shape[axis]; known && got != product {
				return fmt.Errorf("@%s: input %q is %v, want %v with %s = %d", fr.fn.Name, p.Name, fr.made[p], p.Type, d, product)
			}
		}
	}
	return nil
}

func (fr *frame) namesMatch(in map[string]*tensor.Tensor) error {
	wanted := make([]string, len(fr.fn.Params))
	for i, p := range fr.fn.Params {
		wanted[i] = p.Name
		if in[p.Name] == nil {
			return fmt.Errorf("@%s: input %q is missing, want %v", fr.fn.Name, p.Name, p.Type)
		}
	}
	var unknown []string
	for name := range in {
		if fr.fn.Param(name) == nil {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return fmt.Errorf("@%s: no parameter %q; it takes %s", fr.fn.Name, unknown[0], strings.Join(wanted, ", "))
	}
	return nil
}

// fits sees that a tensor is whole and of a parameter's kind and rank.
func fits(t *tensor.Tensor, p *ir.Value) error {
	if t.Kind != kindOf(p.Type.Elem) || len(t.Shape) != len(p.Type.Shape) {
		return fmt.Errorf("input %q is %v, want %v", p.Name, t, p.Type)
	}
	for _, n := range t.Shape {
		if n < 0 {
			return fmt.Errorf("input %q has the shape %s: an extent is below 0", p.Name, tensor.ShapeString(t.Shape))
		}
	}
	held := map[tensor.Kind]int{tensor.Float: len(t.F), tensor.Int: len(t.I), tensor.Bool: len(t.B)}[t.Kind]
	if held != t.Len() {
		return fmt.Errorf("input %q says %v and holds %d elements, want %d", p.Name, t, held, t.Len())
	}
	return nil
}

// checkAttrs sees that every number that the body uses is set.
func checkAttrs(f *ir.Func, attrs ir.Attrs) error {
	for _, a := range f.Attrs {
		if _, ok := attrs.Get(a.Name).(float64); !ok && a.Kind == ir.NumberAttr {
			return fmt.Errorf("@%s: the attribute %s is not set to a number", f.Name, a.Name)
		}
	}
	return nil
}
