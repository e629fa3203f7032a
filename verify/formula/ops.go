package formula

import (
	"math"

	"losscc/verify/tensor"
)

// op is a margin as an op of its own, element by element: its inputs by name,
// the first the one whose shape its value has; those of them that it has a
// derivative by; and its loops.
type op struct {
	inputs []string
	slopes []string
	at     func(c *Ctx, in func(name string) float64) float64
	// numbers are the attributes that its body may compute with, of which Must
	// are those that these hyper-parameters need.
	numbers func(c *Ctx) map[string]Attribute
}

// Attribute is a number that an op is given beside its hyper-parameters.
type Attribute struct {
	Value float64
	Must  bool
}

// must is an attribute that is needed, if it is.
func must(x float64, needed bool) Attribute { return Attribute{x, needed} }

// Op is a margin op under hyper-parameters.
type Op struct {
	name   string
	op     op
	params Params
}

// FindOp is the margin op of that name; known is false if there is none.
func FindOp(name string, params Params) (o Op, known bool) {
	found, known := ops[name]
	return Op{name, found, merge(arcOptions, params)}, known
}

// Inputs are the names of its inputs in their order.
func (o Op) Inputs() []string { return o.op.inputs }

// Slopes are the inputs that it has a derivative by, in their order.
func (o Op) Slopes() []string { return o.op.slopes }

// Attributes are the numbers that its body may be given.
func (o Op) Attributes() (all map[string]Attribute, err error) {
	_, _, err = evalEntry(o.entry(func(c *Ctx) { all = o.op.numbers(c) }), Request{Loss: o.name}, nil)
	return all, err
}

// Value is f at every element of the first input. Of the others, one with a
// column for all has its number of the row, and a single one is for all.
func (o Op) Value(in map[string]*tensor.Tensor) (*tensor.Tensor, error) {
	out, err := Eval(o.request(in, nil))
	return out["f"], err
}

// Gradient is the derivative of Σ grad·f by an input.
func (o Op) Gradient(in map[string]*tensor.Tensor, grad *tensor.Tensor, by string) (*tensor.Tensor, error) {
	return Gradient(o.request(in, grad), by)
}

func (o Op) entry(eval func(*Ctx)) entry { return entry{defaults: o.params, eval: eval} }

func (o Op) request(in map[string]*tensor.Tensor, grad *tensor.Tensor) Request {
	e := o.entry(func(c *Ctx) {
		lead := c.In(o.op.inputs[0])
		f, total := tensor.New(tensor.Float, lead.Shape...), 0.0
		for i := range f.F {
			f.F[i] = o.op.at(c, func(name string) float64 { return at(c.In(name), i, len(f.F)) })
			if grad != nil {
				total += grad.F[i] * f.F[i]
			}
		}
		c.Out("f", f)
		c.outScalar("loss", total)
	})
	return Request{Loss: o.name, In: in, of: &e}
}

// at is element i of n, of a tensor that may have one number a row or in all.
func at(t *tensor.Tensor, i, n int) float64 {
	if len(t.F) == 0 || n%len(t.F) != 0 {
		failf("an input is %s, beside %d elements", t, n)
	}
	return t.F[i/(n/len(t.F))]
}

// ops are all margin ops, as their losses have them: no two of these losses
// mean different things by one op, and logits are scale·cos.
var ops = map[string]op{
	"LMargin": {[]string{"cos", "lambda"}, cosOnly, annealedOp, noNumbers},
	"AMargin": {[]string{"cos", "lambda"}, cosOnly, annealedOp, noNumbers},
	"CosMargin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		if c.Bool("easy_margin") && !c.holds(in("cos") > 0) {
			return in("cos")
		}
		return in("cos") - c.Float("margin")
	}, func(c *Ctx) map[string]Attribute {
		return map[string]Attribute{"m": must(c.Float("margin"), true)}
	}},
	"ArcMargin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		return c.arcOp(in("cos"), c.Float("margin"))
	}, arcNumbers},
	"CombinedMargin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		cos := c.arcCosines([]float64{in("cos")})[0]
		return c.arcAt(cos, c.Float("m1")*angle(cos)+c.Float("m2"), c.Float("m2")) - c.Float("m3")
	}, combinedNumbers},
	"X2Margin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		off := angle(in("cos")) - c.Float("h")
		return c.Float("a")*off*off + c.Float("k")
	}, func(c *Ctx) map[string]Attribute {
		return map[string]Attribute{"vertex": must(c.Float("h"), true), "bend": must(c.Float("a"), true), "top": must(c.Float("k"), true)}
	}},
	"LiArcMargin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		return (math.Pi - 2*(angle(in("cos"))+c.Float("margin"))) / math.Pi
	}, marginNumber},
	"AdaMargin": {[]string{"cos", "quality"}, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		bend, eps := c.Float("margin")*in("quality"), c.Float("epsilon")
		t := angle(c.arcCosines([]float64{in("cos")})[0]) - bend
		if c.Text("beyond") == "clip" {
			t = c.clamp(t, eps, math.Pi-eps)
		}
		return math.Cos(t) - bend - c.Float("margin")
	}, func(c *Ctx) map[string]Attribute {
		return also(c.most(), "m", must(c.Float("margin"), true))
	}},
	"MagMargin": {[]string{"cos", "norm"}, []string{"cos", "norm"}, func(c *Ctx, in func(string) float64) float64 {
		la := c.Float("l_a")
		m := c.slope()*(c.clamp(in("norm"), la, c.Float("u_a"))-la) + c.Float("l_m")
		return c.arcOrCos(in("cos"), m)
	}, func(c *Ctx) map[string]Attribute {
		all := also(c.most(), "low", must(c.Float("l_a"), true))
		all = also(also(all, "high", must(c.Float("u_a"), true)), "least", must(c.Float("l_m"), true))
		return also(all, "slope", must(c.slope(), true))
	}},
	"ElasticMargin": {[]string{"cos", "noise"}, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		return c.arcOrCos(in("cos"), c.Float("margin")+c.Float("sigma")*in("noise"))
	}, func(c *Ctx) map[string]Attribute {
		return also(also(c.most(), "spread", must(c.Float("sigma"), true)), "mean", must(c.Float("margin"), true))
	}},
	"AdaptiveMargin": {[]string{"cos", "margin"}, []string{"cos", "margin"}, func(c *Ctx, in func(string) float64) float64 {
		return in("cos") - in("margin")
	}, noNumbers},
	"KappaMargin": {[]string{"cos", "margin"}, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		return c.arcOp(in("cos"), in("margin"))
	}, (*Ctx).most},
	"SphereMargin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		return c.multiplied(in("cos"), c.Text("version") != "v2")
	}, func(c *Ctx) map[string]Attribute {
		if c.Text("version") == "v1" {
			return c.multiple()
		}
		return map[string]Attribute{"inverse": must(1/c.Float("margin"), c.Text("version") == "v2" && c.Float("margin") != 1)}
	}},
	"SphereFace2Margin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		return c.adjusted(in("cos"), false)
	}, func(c *Ctx) map[string]Attribute {
		return map[string]Attribute{"m": must(c.Float("margin"), c.Text("margin_type") == "cos")}
	}},
	"SphereFace2TargetMargin": {cosOnly, cosOnly, func(c *Ctx, in func(string) float64) float64 {
		return c.adjusted(in("cos"), true)
	}, sphereFace2Numbers},
	"CurricularMargin": {[]string{"logits", "threshold", "t"}, logitsOnly, curricularOp, curricularNumbers},
	"MVMargin":         {[]string{"logits", "threshold"}, logitsOnly, mvOp, mvNumbers},
	"NPCMargin":        {[]string{"logits", "hard"}, logitsOnly, npcOp, npcNumbers},
	"NPCTargetMargin":  {[]string{"cos", "margin"}, cosOnly, npcTargetOp, noNumbers},
	"ArcNegMargin":     {[]string{"logits", "target"}, logitsOnly, arcNegOp, arcNegNumbers},
	"CircleMargin":     {cosOnly, cosOnly, circleOp, circleNumbers},
}

var cosOnly, logitsOnly = []string{"cos"}, []string{"logits"}

// arcOp is arc(c; m) of a cosine as the head has it.
func (c *Ctx) arcOp(cos, m float64) float64 { return c.arc(c.arcCosines([]float64{cos})[0], m) }

// arcOrCos is the margin m on the angle or on the cosine.
func (c *Ctx) arcOrCos(cos, m float64) float64 {
	if c.word("margin_type", "arc", "cos") == "cos" {
		return cos - m
	}
	return c.arcOp(cos, m)
}

func annealedOp(c *Ctx, in func(string) float64) float64 {
	lambda := in("lambda")
	return (lambda*in("cos") + c.psi(in("cos"), c.Float("margin"))) / (1 + lambda)
}

func curricularOp(c *Ctx, in func(string) float64) float64 {
	s, cos := c.Float("scale"), in("logits")/c.Float("scale")
	if c.holds(in("logits") > in("threshold")) {
		return s * cos * (in("t") + cos)
	}
	return s * cos
}

func mvOp(c *Ctx, in func(string) float64) float64 {
	s, t, cos := c.Float("scale"), c.Float("t"), in("logits")/c.Float("scale")
	switch hard := c.holds(in("logits") > in("threshold")); {
	case !hard:
		return s * cos
	case c.Text("weighting") == "adaptive":
		return s * ((t+1)*cos + t)
	}
	return s * (cos + t)
}

func npcOp(c *Ctx, in func(string) float64) float64 {
	if c.holds(in("hard") == 0) {
		return in("logits")
	}
	s := c.Float("scale")
	return s * (c.Float("t")*in("logits")/s + c.Float("a"))
}

func npcTargetOp(c *Ctx, in func(string) float64) float64 {
	if c.Bool("easy_margin") && !c.holds(in("cos") > 0) {
		return in("cos")
	}
	return math.Cos(angle(in("cos")) + in("margin"))
}

func arcNegOp(c *Ctx, in func(string) float64) float64 {
	s := c.Float("scale")
	cos, f := in("logits")/s, in("target")/s
	u := c.Const(c.Float("alpha") * math.Exp(-(cos-f)*(cos-f)/c.Float("sigma")))
	return s * (u*cos + u - 1)
}

func circleOp(c *Ctx, in func(string) float64) float64 {
	m := c.Float("margin")
	return c.Float("scale") * c.Const(math.Max(0, in("cos")+m)) * (in("cos") - m)
}
