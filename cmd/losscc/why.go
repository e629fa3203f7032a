package main

import (
	"fmt"
	"strings"

	"losscc/cmd/losscc/internal/compile"
	"losscc/ir/cost"
	"losscc/ir/opt"
)

// shownChoice is a choice by cost in JSON.
type shownChoice struct {
	Choice string `json:"choice"`
	Says   string `json:"says"`
	At     string `json:"at"`
	Taken  string `json:"taken"`
	Forced bool   `json:"forced"`
	// Weight is the mean logarithm of the other way's cost over the written
	// one's.
	Weight float64    `json:"weight"`
	Ways   []shownWay `json:"ways"`
}

// shownWay is one of the two ways; costs are of the whole function.
type shownWay struct {
	Way   string      `json:"way"`
	Costs []shownCost `json:"costs"`
}

type shownCost struct {
	Sizes        string  `json:"sizes"`
	Milliseconds float64 `json:"ms"`
	Bytes        int64   `json:"bytes"`
}

// shownChoices are the decisions of a compilation, nil if nobody asked why.
func shownChoices(r *compile.Result, why bool) []shownChoice {
	if !why {
		return nil
	}
	out := []shownChoice{}
	at := places(r.Decisions)
	for i := range r.Decisions {
		d := &r.Decisions[i]
		out = append(out, shownChoice{
			Choice: d.Choice.Name, Says: d.Choice.Says, At: at[i], Taken: taken(d), Forced: d.Forced, Weight: d.Weight(),
			Ways: []shownWay{{d.Choice.Written, shownCosts(d, d.Written)}, {d.Choice.Other, shownCosts(d, d.Other)}},
		})
	}
	return out
}

func shownCosts(d *opt.Decision, es []cost.Estimate) []shownCost {
	out := make([]shownCost, len(es))
	for i, e := range es {
		out[i] = shownCost{d.Sizes[i].String(), e.Nanoseconds / 1e6, e.Bytes}
	}
	return out
}

// places says of each decision where it was made. Values of one choice that go by
// the same name are counted in the order in which they are computed.
func places(ds []opt.Decision) []string {
	type value struct{ choice, at string }
	of := map[value]int{}
	for i := range ds {
		of[value{ds[i].Choice.Name, ds[i].At}]++
	}
	out, seen := make([]string, len(ds)), map[value]int{}
	for i := range ds {
		v := value{ds[i].Choice.Name, ds[i].At}
		seen[v]++
		out[i] = v.at
		if of[v] > 1 {
			out[i] += fmt.Sprintf(", %d of %d", seen[v], of[v])
		}
	}
	return out
}

// taken is the way that a decision took.
func taken(d *opt.Decision) string {
	if d.TookOther {
		return d.Choice.Other
	}
	return d.Choice.Written
}

// why prints the choices that were made by cost.
func (c *console) why(r *compile.Result) {
	if len(r.Decisions) == 0 {
		c.printf("\nNothing was chosen by cost: no value of this loss has two ways.\n")
		return
	}
	sizes := make([]string, len(r.Decisions[0].Sizes))
	for i, s := range r.Decisions[0].Sizes {
		sizes[i] = s.String()
	}
	c.printf("\nChosen by cost\n")
	c.printf("The loss as a whole with each way, in ms and MB, estimated from measured kernels\n")
	c.printf("(ONNX Runtime, CPU, two threads) at %s.\nSix percent of memory, with the 64 MB that a runtime holds anyway, are worth one\n"+
		"of time. The second way is taken if it is %g percent cheaper in the mean over the\n"+
		"sizes, or %g percent where it costs no more at any size, in time and in memory.\n",
		strings.Join(sizes, "; "), 100*opt.Telling, 100*opt.Least)
	at := places(r.Decisions)
	for i := range r.Decisions {
		d := &r.Decisions[i]
		c.printf("\n%s at %s: %s\n", d.Choice.Name, at[i], d.Choice.Says)
		c.way(d.Choice.Written, d.Written, !d.TookOther, d.Forced)
		c.way(d.Choice.Other, d.Other, d.TookOther, d.Forced)
	}
}

// way prints one of the two ways of a choice; the one that was taken is marked.
func (c *console) way(name string, es []cost.Estimate, taken, forced bool) {
	mark, note := " ", ""
	if taken {
		mark = "*"
		if forced {
			note = "  (asked for)"
		}
	}
	c.printf("  %s %-14s %s%s\n", mark, name, estimates(es), note)
}

func estimates(es []cost.Estimate) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = fmt.Sprintf("%8.2f ms %6.1f MB", e.Nanoseconds/1e6, float64(e.Bytes)/1e6)
	}
	return strings.Join(parts, "   ")
}
