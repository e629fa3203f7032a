package builders

import "losscc/ir"

// A margin is a function of a cosine that a file keeps as an op of its own.
// Each loss builds its margin from its formula; here is the frame they share.

// marginOp is a margin being built: a function whose first argument is the
// cosine, with the attributes that a call sets.
type marginOp struct {
	*ir.Builder
	attrs ir.Attrs
}

// newMargin begins the margin op of that name.
func newMargin(name string) *marginOp {
	m := &marginOp{Builder: ir.NewBuilder(name)}
	m.Margin(true)
	return m
}

// tell sets an attribute that readers and native kernels see: a float64, int
// or string, by its kind.
func (m *marginOp) tell(name string, v any) *marginOp {
	switch v := v.(type) {
	case float64:
		m.Attribute(name, ir.FloatAttr)
		m.attrs = append(m.attrs, ir.Attr{Name: name, Val: v})
	case int:
		m.Attribute(name, ir.IntAttr)
		m.attrs = append(m.attrs, ir.Attr{Name: name, Val: int64(v)})
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		m.Attribute(name, ir.IntAttr)
		m.attrs = append(m.attrs, ir.Attr{Name: name, Val: n})
	case string:
		m.Attribute(name, ir.TextAttr)
		m.attrs = append(m.attrs, ir.Attr{Name: name, Val: v})
	}
	return m
}

// number sets an attribute that the body computes with.
func (m *marginOp) number(name string, x float64) *ir.Value {
	m.attrs = append(m.attrs, ir.Attr{Name: name, Val: x})
	return m.Attribute(name, ir.NumberAttr)
}

// cosine is the first argument, the cosine of each row.
func (m *marginOp) cosine() *ir.Value { return m.Param("cos", ir.F(N), "") }

// apply calls the finished op, whose value is f, in the graph of c. Parts of a
// sum that have one margin share the op.
func (m *marginOp) apply(f, c *ir.Value, more ...*ir.Value) *ir.Value {
	m.Result("f", f)
	fn, err := m.Func()
	if err != nil {
		return c.Builder().Fail("%w", err)
	}
	b := c.Builder()
	return b.Call(b.Own(fn), m.attrs, append([]*ir.Value{c}, more...)...).Called("f")
}
