package verify

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
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
}

// part is one loss of a claim.
type part struct {
	name   string
	factor float64
	params formula.Params
}

// readClaim takes a file's claim from its metadata; the error says why there
// is none that can be checked.
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
	}
	if c.reduction == "" {
		c.reduction = "mean"
	}
	if _, err := formula.Defaults(loss); err == nil {
		c.parts = []part{{loss, 1, formula.Params(params)}}
		return c, nil
	}
	c.sum = true
	return c, c.readSum(loss, params)
}

// readSum takes the parts of a weighted sum: each loss has its factor under
// its name, and its hyper-parameters under its name and a dot.
func (c *claim) readSum(loss string, params map[string]any) error {
	for name, v := range params {
		factor, number := v.(float64)
		if strings.Contains(name, ".") {
			continue
		}
		if _, err := formula.Defaults(name); err != nil || !number {
			return fmt.Errorf("there is no formula for the loss %q of its metadata", loss)
		}
		p := part{name, factor, formula.Params{}}
		for full, v := range params {
			if own, mine := strings.CutPrefix(full, name+"."); mine {
				p.params[own] = v
			}
		}
		c.parts = append(c.parts, p)
	}
	if terms := strings.Count(loss, " + ") + 1; len(c.parts) != terms {
		return fmt.Errorf("there is no formula for the loss %q of its metadata", loss)
	}
	sort.Slice(c.parts, func(i, j int) bool {
		return strings.Index(loss, c.parts[i].name) < strings.Index(loss, c.parts[j].name)
	})
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
		all["loss."+p.name] = loss
		delete(out, "loss")
		for name, t := range out {
			if has(name + "." + p.name) {
				name += "." + p.name
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

// slope is the paper's derivative along a direction.
func (c *claim) slope(in, along map[string]*tensor.Tensor) (float64, error) {
	s := 0.0
	for _, p := range c.parts {
		r := c.request(p, in)
		r.Predictions = false
		x, err := formula.Slope(r, along)
		if err != nil {
			return 0, err
		}
		s += p.factor * x
	}
	return s, nil
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
