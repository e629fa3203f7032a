package builders

import (
	"fmt"
	"math"

	"losscc/ir"
)

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

// CheckUnused refuses options that another margin_type would not read.
func (a Arc) CheckUnused(marginType string) error {
	if marginType != "arc" && (a.EasyMargin || a.Beyond != "none") {
		return usage("margin_type=%s with easy_margin=%v and beyond=%s: these are options of the margin on the angle; set margin_type=arc or leave them out", marginType, a.EasyMargin, a.Beyond)
	}
	return nil
}

// monotoneRange warns where cos(θ + m) turns.
func monotoneRange(margin float64, a Arc) []string {
	if margin == 0 || a.Beyond != "none" || a.EasyMargin {
		return nil
	}
	return []string{fmt.Sprintf("cos(θ + m) falls only up to θ = π − m = %.4g rad (%.4g°): a target angle beyond is rewarded for growing; beyond=linear keeps it falling",
		math.Pi-margin, 180-margin*180/math.Pi)}
}

// clipped is the cosines of other classes as the options want them: held to
// ±(1 − ε) with beyond=clip. The target's are held inside the margin.
func (a Arc) clipped(z *ir.Value, scale float64) *ir.Value {
	if a.Beyond != "clip" {
		return z
	}
	return clamp(z, -scale*(1-a.Epsilon), scale*(1-a.Epsilon))
}

// begin declares the options on a margin op and gives its cosine.
func (a Arc) begin(m *marginOp) *ir.Value {
	m.tell("easy_margin", a.EasyMargin).tell("beyond", a.Beyond)
	return a.cosine(m)
}

// cosine is the cosine that a margin op is given, held to ±(1 − ε) with
// beyond=clip.
func (a Arc) cosine(m *marginOp) *ir.Value {
	x := m.cosine()
	if a.Beyond != "clip" {
		return x
	}
	m.tell("epsilon", a.Epsilon)
	most := m.number("most", 1-a.Epsilon)
	return x.Max(most.Neg()).Min(most).Called("clipped")
}

// turn is an angle with its margin, as the options look at it: its cosine,
// whether it is at most π, what linear takes from cos θ where it is above, and
// its cosine with the angle held to [ε, π−ε].
type turn struct {
	cos                  *ir.Value
	within, drop, inside func() *ir.Value
}

// bend is cos t of the target's cosine x with the options' way past π.
func (a Arc) bend(x *ir.Value, t turn) *ir.Value {
	switch {
	case a.EasyMargin:
		return ir.Select(x.Greater(0), t.cos, x)
	case a.Beyond == "linear":
		return ir.Select(t.within(), t.cos, x.Sub(t.drop()))
	case a.Beyond == "keep":
		return ir.Select(t.within(), t.cos, x)
	case a.Beyond == "reflect":
		return ir.Select(t.within(), t.cos, t.cos.Neg().Sub(2))
	case a.Beyond == "clip":
		return t.inside()
	}
	return t.cos
}

// of is arc(c; margin) of each cosine as the op of that name. No angle is
// taken: cos(θ + m) = cos θ·cos m − sin θ·sin m, and as cos is decreasing,
// θ + m ≤ π where cos θ ≥ cos(π − m).
func (a Arc) of(op string, c *ir.Value, margin float64) *ir.Value {
	m := newMargin(op).tell("margin", margin)
	x := a.begin(m)
	cos := x.Mul(m.number("cos_margin", math.Cos(margin))).Sub(sine(x).Mul(m.number("sin_margin", math.Sin(margin))))
	return m.apply(a.bend(x, turn{
		cos:    cos,
		within: func() *ir.Value { return x.GreaterEq(m.number("limit", turningPoint(margin))) },
		drop:   func() *ir.Value { return m.number("drop", margin*math.Sin(margin)) },
		inside: func() *ir.Value {
			limit := m.number("limit", turningPoint(margin+a.Epsilon))
			return ir.Select(x.GreaterEq(limit), cos, m.number("floor", -math.Cos(a.Epsilon)))
		},
	}), c)
}

// turningPoint is the cosine from which on θ + margin is at most π.
func turningPoint(margin float64) float64 {
	if margin > math.Pi {
		return 2 // no angle is
	}
	return -math.Cos(margin)
}

// ofRow is arc(x; margin) inside a margin op, for a margin of each row.
func (a Arc) ofRow(x, margin *ir.Value) *ir.Value {
	cos := x.Mul(ir.Cos(margin)).Sub(sine(x).Mul(ir.Sin(margin)))
	return a.bend(x, a.angular(cos, func() *ir.Value { return ir.Acos(x).Add(margin) }, func() *ir.Value { return margin.Mul(ir.Sin(margin)) }))
}

// angular is a turn that is known by its angle; drop is what linear takes.
func (a Arc) angular(cos *ir.Value, angle, drop func() *ir.Value) turn {
	return turn{
		cos:    cos,
		within: func() *ir.Value { return angle().LessEq(math.Pi) },
		drop:   drop,
		inside: func() *ir.Value { return ir.Cos(clamp(angle(), a.Epsilon, math.Pi-a.Epsilon)) },
	}
}
