package builders

import (
	"math"

	"losscc/ir"
)

// A margin is a function of a cosine that a file keeps as an op of its own.
// margins.go builds each from its formula; here is the frame they share.

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

// apply calls the finished op, whose value is f, in the graph of c.
func (m *marginOp) apply(f, c *ir.Value, more ...*ir.Value) *ir.Value {
	m.Result("f", f)
	fn, err := m.Func()
	if err != nil {
		return c.Builder().Fail("%w", err)
	}
	return c.Builder().Call(fn, m.attrs, append([]*ir.Value{c}, more...)...).Called("f")
}

// Arc are the options of the additive angular margin: what happens past
// θ + m = π, where cos(θ + m) rises again.
type Arc struct {
	EasyMargin bool    `doc:"apply the margin only where cos θ > 0"`
	Beyond     string  `enum:"none|linear|keep|clip|reflect" doc:"the value where θ + margin is above π"`
	Epsilon    float64 `range:"> 0" doc:"for beyond=clip: cosines are held to ±(1 − ε)"`
}

// defaultArc is the paper's: cos(θ + m) everywhere.
var defaultArc = Arc{Beyond: "none", Epsilon: 0.0001}

// Check refuses combinations that no one has defined.
func (a Arc) Check() error {
	if a.EasyMargin && a.Beyond != "none" {
		return usage("easy_margin=true with beyond=%s: the easy margin has no angle past π to treat; set beyond=none", a.Beyond)
	}
	return nil
}

// clipped is every cosine of the row as the options want it: held to
// ±(1 − ε) with beyond=clip.
func (a Arc) clipped(z *ir.Value, scale float64) *ir.Value {
	if a.Beyond != "clip" {
		return z
	}
	return clamp(z, -scale*(1-a.Epsilon), scale*(1-a.Epsilon))
}

// of is cos(θ + margin) of each cosine as the op of that name, with the
// options' way past π.
func (a Arc) of(op string, c *ir.Value, margin float64) *ir.Value {
	m := newMargin(op).tell("margin", margin).tell("easy_margin", a.EasyMargin).tell("beyond", a.Beyond)
	if a.Beyond == "clip" {
		m.tell("epsilon", a.Epsilon)
	}
	x := m.cosine()
	t := x.Mul(m.number("cos_margin", math.Cos(margin))).Sub(sine(x).Mul(m.number("sin_margin", math.Sin(margin))))
	// cos is decreasing, so θ + margin ≤ π where cos θ ≥ cos(π − margin).
	limit := 2.0 // nowhere
	if margin <= math.Pi {
		limit = -math.Cos(margin)
	}
	switch {
	case a.EasyMargin:
		t = ir.Select(x.Greater(0), t, x)
	case a.Beyond == "linear":
		drop := m.number("drop", margin*math.Sin(margin))
		t = ir.Select(x.GreaterEq(m.number("limit", limit)), t, x.Sub(drop))
	case a.Beyond == "keep":
		t = ir.Select(x.GreaterEq(m.number("limit", limit)), t, x)
	case a.Beyond == "reflect":
		t = ir.Select(x.GreaterEq(m.number("limit", limit)), t, m.Num(-2).Sub(t))
	case a.Beyond == "clip":
		// θ + margin > π − ε where cos θ < cos(π − ε − margin).
		limit = 2.0
		if margin+a.Epsilon <= math.Pi {
			limit = -math.Cos(margin + a.Epsilon)
		}
		t = ir.Select(x.GreaterEq(m.number("limit", limit)), t, m.number("floor", -math.Cos(a.Epsilon)))
	}
	return m.apply(t, c)
}
