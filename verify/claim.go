package verify

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"losscc/verify/formula"
	"losscc/verify/tensor"
)

// claim is what a file says that it computes: a loss, or a weighted sum of
// losses, by the names of verify/formula.
type claim struct {
	parts       []part
	sum         bool // a weighted sum, be it of one loss
	reduction   string
	gradient    string // exact, detached, official or none
	predictions bool
	fault       error // what the claim says of itself and cannot be so
}

// part is one loss of a claim.
type part struct {
	name   string
	key    string // in params and in names of outputs: name, name_2
	factor float64
	params formula.Params
}

// readClaim takes a file's claim from its metadata; the error says why there
// is none that can be checked. What a claim says twice and differently, or
// leaves out, is its fault.
func readClaim(meta map[string]string, outputs []string) (*claim, error) {
	loss := meta["losscc.loss"]
	if loss == "" {
		return nil, fmt.Errorf("its metadata name no loss")
	}
	var params map[string]any
	if err := json.Unmarshal([]byte(meta["losscc.params"]), &params); err != nil {
		return nil, fmt.Errorf("its metadata losscc.params are no JSON object: %w", err)
	}
	c := &claim{
		reduction: meta["losscc.reduction"], gradient: meta["losscc.gradient"],
		predictions: slices.Contains(outputs, "predicted"),
		fault:       saidTwice("its metadata losscc.params", meta["losscc.params"]),
	}
	if c.reduction == "" {
		c.reduction = "mean"
	}
	if _, err := formula.Defaults(loss); err == nil {
		c.parts = []part{{loss, loss, 1, formula.Params(params)}}
	} else if err := c.readSum(loss, params); err != nil {
		return nil, err
	}
	for _, p := range c.parts {
		c.blame(p.complete())
	}
	return c, nil
}

// blame keeps the first fault of a claim.
func (c *claim) blame(err error) {
	if c.fault == nil {
		c.fault = err
	}
}

// saidTwice finds a name that a flat JSON object has twice: readers differ in
// which of the two they take.
func saidTwice(what, object string) error {
	d := json.NewDecoder(strings.NewReader(object))
	seen := map[string]bool{}
	d.Token() // the brace; whether it is one was seen before
	for d.More() {
		key, _ := d.Token()
		name, isName := key.(string)
		var value any
		if err := d.Decode(&value); err != nil || !isName {
			return nil
		}
		if seen[name] {
			return fmt.Errorf("%s have %q twice", what, name)
		}
		seen[name] = true
	}
	return nil
}

// complete sees that a part has every hyper-parameter of its loss, each of the
// kind it is, and no other.
func (p part) complete() error {
	defaults, err := formula.Defaults(p.name)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		v, given := p.params[name]
		if !given {
			return fmt.Errorf("its metadata losscc.params lack %s of %s", name, p.key)
		}
		if found, want := fmt.Sprintf("%T", v), fmt.Sprintf("%T", defaults[name]); found != want {
			return fmt.Errorf("its metadata losscc.params give %s of %s as %s, want %s", name, p.key, found, want)
		}
		if err := possible(p.name, name, v); err != nil {
			return fmt.Errorf("its metadata losscc.params for %s of %s: %w", name, p.key, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.params)) {
		if _, known := defaults[name]; !known {
			return fmt.Errorf("its metadata losscc.params have %q, and %s has no such parameter", name, p.key)
		}
	}
	return nil
}

// readSum takes the parts of a weighted sum from its text, as in
// "softmax + 0.003*center". In params each has its factor under its key, which
// is the loss's name, or that and a number for a second part of one loss, and
// its hyper-parameters under the key and a dot.
func (c *claim) readSum(loss string, params map[string]any) error {
	c.sum = true
	left := maps.Clone(params)
	count := map[string]int{}
	for _, term := range strings.Split(loss, " + ") {
		p := part{factor: 1, name: term, params: formula.Params{}}
		if factor, name, weighted := strings.Cut(term, "*"); weighted {
			x, err := strconv.ParseFloat(factor, 64)
			if err != nil {
				return fmt.Errorf("there is no formula for the loss %q of its metadata", loss)
			}
			p.factor, p.name = x, name
		}
		if _, err := formula.Defaults(p.name); err != nil {
			return fmt.Errorf("there is no formula for the loss %q of its metadata", loss)
		}
		p.key = p.name
		if count[p.name]++; count[p.name] > 1 {
			p.key += fmt.Sprintf("_%d", count[p.name])
		}
		if left[p.key] != p.factor {
			c.blame(fmt.Errorf("its metadata call it %q, and give %s the factor %v", loss, p.key, left[p.key]))
		}
		delete(left, p.key)
		for full, v := range params {
			if own, mine := strings.CutPrefix(full, p.key+"."); mine {
				p.params[own] = v
				delete(left, full)
			}
		}
		c.parts = append(c.parts, p)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		c.blame(fmt.Errorf("its metadata losscc.params have %q, which belongs to no part of %q", name, loss))
	}
	return nil
}

// request is the question to the formula of a part.
func (c *claim) request(p part, in map[string]*tensor.Tensor) formula.Request {
	gradient := c.gradient
	if gradient == "none" {
		gradient = ""
	}
	return formula.Request{Loss: p.name, Params: p.params, Reduction: c.reduction, Gradient: gradient, Predictions: c.predictions, In: in}
}

// values are the outputs other than gradients that the file must give on the
// inputs. In a sum the parts' values are outputs of their own, and another
// output stands under its name, or under its name and that of its part where
// has says that the file has it so.
func (c *claim) values(in map[string]*tensor.Tensor, has func(output string) bool) (map[string]*tensor.Tensor, error) {
	if !c.sum {
		return formula.Eval(c.request(c.parts[0], in))
	}
	var total *tensor.Tensor
	all := map[string]*tensor.Tensor{}
	for _, p := range c.parts {
		out, err := c.partValues(p, in)
		if err != nil {
			return nil, err
		}
		loss := out["loss"]
		if total == nil {
			total = tensor.New(tensor.Float, loss.Shape...)
		}
		if len(total.F) != len(loss.F) {
			return nil, fmt.Errorf("the parts' losses differ in shape: %s and %s", total, loss)
		}
		for i, x := range loss.F {
			total.F[i] += p.factor * x
		}
		all["loss."+p.key] = loss
		delete(out, "loss")
		for name, t := range out {
			if has(name + "." + p.key) {
				name += "." + p.key
			} else if all[name] != nil {
				continue
			}
			all[name] = t
		}
	}
	all["loss"] = total
	return all, nil
}

// partValues are the values of one part of a sum; a part without classes makes
// no predictions.
func (c *claim) partValues(p part, in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	r := c.request(p, in)
	out, err := formula.Eval(r)
	if err != nil && r.Predictions {
		r.Predictions = false
		return formula.Eval(r)
	}
	return out, err
}

// derivative is what the output grad_NAME must be.
func (c *claim) derivative(in map[string]*tensor.Tensor, name string) (*tensor.Tensor, error) {
	total := tensor.New(tensor.Float, in[name].Shape...)
	for _, p := range c.parts {
		r := c.request(p, in)
		r.Predictions = false
		g, err := formula.Gradient(r, name)
		if err != nil {
			return nil, err
		}
		for i, x := range g.F {
			total.F[i] += p.factor * x
		}
	}
	return total, nil
}

// slope is the paper's derivative along a direction, and how far from it that
// may be.
func (c *claim) slope(in, along map[string]*tensor.Tensor) (slope, unresolved float64, err error) {
	for _, p := range c.parts {
		r := c.request(p, in)
		r.Predictions = false
		x, by, err := formula.Slope(r, along)
		if err != nil {
			return 0, 0, err
		}
		slope += p.factor * x
		unresolved += math.Abs(p.factor) * by
	}
	return slope, unresolved, nil
}

// total is the number that gradients belong to.
func (c *claim) total(in map[string]*tensor.Tensor) (float64, error) {
	s := 0.0
	for _, p := range c.parts {
		r := c.request(p, in)
		r.Predictions = false
		out, err := formula.Eval(r)
		if err != nil {
			return 0, err
		}
		x, err := formula.Total(out)
		if err != nil {
			return 0, err
		}
		s += p.factor * x
	}
	return s, nil
}
