package compile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"losscc/ir"
)

// infix writes the results of a function as formulas: each its expression, and
// after "where" the values that it is made of, those that have a name or that
// stand in it more than once.
type infix struct {
	names map[*ir.Value]string
	where []string
	uses  map[*ir.Value]int
}

// formulaOf is a result of an elementwise function as a formula.
func formulaOf(r *ir.Value) string {
	n := &infix{names: map[*ir.Value]string{}, uses: map[*ir.Value]int{}}
	n.count(r)
	text := n.body(r, loose)
	if len(n.where) > 0 {
		text += ", where " + strings.Join(n.where, ", ")
	}
	return text
}

// count finds out what stands in the formula more than once.
func (n *infix) count(v *ir.Value) {
	n.uses[v]++
	if n.uses[v] == 1 {
		for _, a := range v.Args {
			n.count(a)
		}
	}
}

// How tightly an expression holds together.
const (
	loose = iota
	compared
	summed
	multiplied
	negated
	tight
)

// ref is v inside an expression that binds that tightly: its name, which is
// then explained, or its own expression.
func (n *infix) ref(v *ir.Value, bind int) string {
	switch v.Op {
	case ir.OpConst, ir.OpInt, ir.OpAttr, ir.OpParam:
		return n.body(v, bind)
	}
	if v.Name == "" && n.uses[v] == 1 {
		return n.body(v, bind)
	}
	if name := n.names[v]; name != "" {
		return name
	}
	text := n.body(v, loose) // names what it is made of first
	name := v.Name
	if name == "" {
		name = fmt.Sprintf("v%d", len(n.names)+1)
	}
	n.names[v] = name
	n.where = append(n.where, name+" = "+text)
	return name
}

var infixOps = map[*ir.Op]struct {
	sign        string
	bind, right int // of itself, and what its right side must hold
}{
	ir.OpAdd: {" + ", summed, multiplied}, ir.OpSub: {" − ", summed, multiplied},
	ir.OpMul: {"·", multiplied, negated}, ir.OpDiv: {"/", multiplied, negated},
	ir.OpLess: {" < ", compared, summed}, ir.OpLessEqual: {" ≤ ", compared, summed}, ir.OpEqual: {" = ", compared, summed},
	ir.OpAnd: {" and ", loose, compared}, ir.OpOr: {" or ", loose, compared},
}

var wordOps = map[*ir.Op]string{
	ir.OpMax: "max", ir.OpMin: "min", ir.OpSelect: "if", ir.OpExp: "exp", ir.OpLog: "ln", ir.OpSqrt: "√", ir.OpFloor: "floor",
	ir.OpSin: "sin", ir.OpCos: "cos", ir.OpAcos: "arccos", ir.OpRecip: "recip", ir.OpAbs: "abs",
	ir.OpSigmoid: "sigmoid", ir.OpSoftplus: "softplus", ir.OpNot: "not", ir.OpSum: "sum",
}

// body is v's own expression.
func (n *infix) body(v *ir.Value, bind int) string {
	text, has := "", tight
	arg := func(i, bind int) string { return n.ref(v.Args[i], bind) }
	switch v.Op {
	case ir.OpParam:
		text = v.Name
	case ir.OpAttr:
		text = v.Attrs.Text("name")
	case ir.OpConst:
		text = number(v.Attrs.Float("value"))
	case ir.OpInt:
		text = fmt.Sprint(v.Attrs.Int("value"))
	case ir.OpNeg:
		text, has = "−"+arg(0, negated), negated
	case ir.OpFloat:
		text = "[" + arg(0, loose) + "]"
	case ir.OpPow:
		text = arg(0, tight) + "^" + number(v.Attrs.Float("exponent"))
	default:
		if o, ok := infixOps[v.Op]; ok {
			if v.Op == ir.OpMul && v.Args[0] == v.Args[1] {
				text = arg(0, tight) + "²"
				break
			}
			text, has = arg(0, o.bind)+o.sign+arg(1, o.right), o.bind
			break
		}
		word, ok := wordOps[v.Op]
		if !ok {
			panic("no infix form of " + v.Op.Name)
		}
		args := make([]string, len(v.Args))
		for i := range args {
			args[i] = arg(i, loose)
		}
		text = word + "(" + strings.Join(args, ", ") + ")"
	}
	if has < bind || strings.HasPrefix(text, "−") && bind > summed {
		return "(" + text + ")"
	}
	return text
}

// number is a constant as short as it stays exact, in multiples of π where it
// is one.
func number(x float64) string {
	for _, c := range []struct {
		of   float64
		text string
	}{{math.Pi, "π"}, {-math.Pi, "−π"}, {1 / math.Pi, "(1/π)"}} {
		if x == c.of {
			return c.text
		}
	}
	return strings.Replace(strconv.FormatFloat(x, 'g', -1, 64), "-", "−", 1)
}

func TestFormulasStandInPlainText(t *testing.T) {
	b := ir.NewBuilder("f")
	x, y, z := b.Param("x", ir.F(), ""), b.Param("y", ir.F(), ""), b.Param("z", ir.F(), "")
	for _, c := range []struct {
		v    *ir.Value
		want string
	}{
		{x.Sub(y).Sub(z), "x − y − z"},
		{x.Sub(y.Sub(z)), "x − (y − z)"},
		{x.Add(y.Add(z)), "x + (y + z)"},
		{x.Mul(y.Mul(z)), "x·(y·z)"},
		{x.Mul(y.Add(z)), "x·(y + z)"},
		{x.Div(y.Mul(z)), "x/(y·z)"},
		{x.Mul(y).Div(z), "x·y/z"},
		{x.Mul(x), "x²"},
		{x.Add(y).Square(), "v1², where v1 = x + y"},
		{x.Add(1).Neg(), "−(x + 1)"},
		{x.Sub(y.Neg()), "x − (−y)"},
		{x.Mul(-2), "x·(−2)"},
		{x.Less(y).Float().Mul(z), "[x < y]·z"},
		{ir.Select(x.Less(y).And(y.Less(z)), x, 0.5), "if(x < y and y < z, x, 0.5)"},
		{ir.Exp(x).Called("e").Add(y), "e + y, where e = exp(x)"},
		{ir.Cos(x).Mul(ir.Cos(x).Add(ir.Sin(x))), "v1·(v1 + sin(x)), where v1 = cos(x)"},
		{x.Add(y).Pow(1.5), "(x + y)^1.5"},
		{x.Min(3.141592653589793), "min(x, π)"},
	} {
		if got := formulaOf(c.v); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	for a, b := range map[string]string{"cos_m2·1.4 − v1": "cos_m2·2 − v1", "x·(−2) + 0.5": "x·3 + 1e−17", "max(x, 0)": "max(x, 0.25)"} {
		if withoutNumbers(a) != withoutNumbers(b) {
			t.Errorf("%q and %q differ in more than their numbers: %q, %q", a, b, withoutNumbers(a), withoutNumbers(b))
		}
	}
	if withoutNumbers("v1·m2") == withoutNumbers("v2·m1") {
		t.Error("names are taken for numbers")
	}
}
