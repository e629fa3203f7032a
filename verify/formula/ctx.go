package formula

import (
	"fmt"
	"sort"

	"losscc/verify/tensor"
)

// Params are hyper-parameters by name: float64, bool or string.
type Params map[string]any

// Request says which value is wanted: a loss, its hyper-parameters (those not
// given take the default of the table), how rows are reduced (mean, sum,
// none), the gradient semantics (exact, detached, official) and the inputs by the names
// of the graph.
type Request struct {
	Loss        string
	Params      Params
	Reduction   string
	Gradient    string
	Predictions bool
	In          map[string]*tensor.Tensor

	of *entry // its loops, where they are not those of the table
}

// Ctx is what a formula reads its inputs and hyper-parameters from and writes
// its outputs to.
type Ctx struct {
	req    Request
	params Params
	out    map[string]*tensor.Tensor

	consts []float64 // numbers held constant, in the order they were asked for
	next   int
	replay bool
}

// entry is a loss: the defaults of its hyper-parameters, its loops, and
// whether the detached gradient is defined for it.
type entry struct {
	defaults Params
	eval     func(*Ctx)
	detached bool
}

// table holds every loss and miner by name; each file of formulas adds its
// own in the composite literal of its family.
func table(name string) (entry, bool) {
	for _, family := range []map[string]entry{seeds, margins, pairs, miners} {
		if e, ok := family[name]; ok {
			return e, true
		}
	}
	return entry{}, false
}

// Names lists every loss that has a formula here, sorted.
func Names() []string {
	var names []string
	for _, family := range []map[string]entry{seeds, margins, pairs} {
		for n := range family {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// Defaults are the default hyper-parameters of a loss as its paper has them.
func Defaults(loss string) (Params, error) {
	e, ok := table(loss)
	if !ok {
		return nil, fmt.Errorf("formula: no loss %q", loss)
	}
	p := Params{}
	for k, v := range e.defaults {
		p[k] = v
	}
	return p, nil
}

// failure carries a formula's complaint out of its loops.
type failure struct{ err error }

// failf stops the evaluation with an error: an input or parameter is missing
// or of the wrong kind.
func failf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// Eval is the value of every output of the loss: loss, ignored, next states,
// predictions. It is an error if an input is missing or a parameter unknown.
func Eval(r Request) (map[string]*tensor.Tensor, error) {
	out, _, err := eval(r, nil)
	return out, err
}

func eval(r Request, consts []float64) (out map[string]*tensor.Tensor, seen []float64, err error) {
	if r.of != nil {
		return evalEntry(*r.of, r, consts)
	}
	e, ok := table(r.Loss)
	if !ok {
		return nil, nil, fmt.Errorf("formula: no loss %q", r.Loss)
	}
	return evalEntry(e, r, consts)
}

// evalEntry runs the loops of an entry on the request; consts, if not nil,
// are the numbers that Const gives back.
func evalEntry(e entry, r Request, consts []float64) (out map[string]*tensor.Tensor, seen []float64, err error) {
	c := &Ctx{req: r, params: Params{}, out: map[string]*tensor.Tensor{}, consts: consts, replay: consts != nil}
	for k, v := range e.defaults {
		c.params[k] = v
	}
	for k, v := range r.Params {
		if _, known := e.defaults[k]; !known {
			return nil, nil, fmt.Errorf("formula: %s has no parameter %q", r.Loss, k)
		}
		c.params[k] = v
	}
	switch r.Gradient {
	case "", "exact":
	case "detached":
		if !e.detached {
			return nil, nil, fmt.Errorf("formula: %s has no detached gradient", r.Loss)
		}
	case "official":
		if r.Loss != "a-softmax" {
			return nil, nil, fmt.Errorf("formula: %s has no official gradient, a-softmax has", r.Loss)
		}
	default:
		return nil, nil, fmt.Errorf("formula: gradient %q is none of exact, detached, official", r.Gradient)
	}
	defer func() {
		if p := recover(); p != nil {
			f, mine := p.(failure)
			if !mine {
				panic(p)
			}
			err = fmt.Errorf("formula: %s: %w", r.Loss, f.err)
		}
	}()
	e.eval(c)
	if _, given := c.out["predicted"]; r.Predictions && !given {
		failf("the loss has no scores of classes to predict from")
	}
	return c.out, c.consts, nil
}

// Const is a number that the gradient holds constant (the papers' stop
// gradient): v at the point itself, and that same v at every perturbed point.
func (c *Ctx) Const(v float64) float64 {
	if c.replay {
		if c.next >= len(c.consts) {
			failf("a perturbed point asks for more constants than the point itself had (%d): a choice flipped", len(c.consts))
		}
		v = c.consts[c.next]
		c.next++
		return v
	}
	c.consts = append(c.consts, v)
	return v
}

// holds is a comparison's answer, which the gradient holds constant: at the
// perturbed points the branch taken at the point itself is taken again, so
// that a kink inside the stencil does no harm.
func (c *Ctx) holds(cond bool) bool {
	v := 0.0
	if cond {
		v = 1
	}
	return c.Const(v) == 1
}

// choice is an index that was chosen by comparisons (an arg-max, a place in
// an order), which the gradient holds constant.
func (c *Ctx) choice(i int) int { return int(c.Const(float64(i))) }

// Margin is f with the derivative that the request's gradient semantics give
// it: its own (exact), or that of the cosine it was made from (detached).
func (c *Ctx) Margin(cos, f float64) float64 {
	if c.req.Gradient == "detached" {
		return cos + c.Const(f-cos)
	}
	return f
}

// Float is the hyper-parameter of that name as a number.
func (c *Ctx) Float(name string) float64 {
	v, ok := c.params[name].(float64)
	if !ok {
		failf("parameter %q is %T, want a number", name, c.params[name])
	}
	return v
}

// Bool is the hyper-parameter of that name as true or false.
func (c *Ctx) Bool(name string) bool {
	v, ok := c.params[name].(bool)
	if !ok {
		failf("parameter %q is %T, want true or false", name, c.params[name])
	}
	return v
}

// Text is the hyper-parameter of that name as a word.
func (c *Ctx) Text(name string) string {
	v, ok := c.params[name].(string)
	if !ok {
		failf("parameter %q is %T, want a word", name, c.params[name])
	}
	return v
}

// Has tells whether the loss has a hyper-parameter of that name.
func (c *Ctx) Has(name string) bool { _, ok := c.params[name]; return ok }

// In is the input of that name.
func (c *Ctx) In(name string) *tensor.Tensor {
	t, ok := c.req.In[name]
	if !ok {
		failf("input %q is missing", name)
	}
	return t
}

// Reduction is mean, sum or none.
func (c *Ctx) Reduction() string {
	if c.req.Reduction == "" {
		return "mean"
	}
	return c.req.Reduction
}

// Out sets the output of that name.
func (c *Ctx) Out(name string, t *tensor.Tensor) { c.out[name] = t }
