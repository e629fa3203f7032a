package main

import (
	"fmt"
	"strings"
)

// inspect writes what is in a file for people.
func (c *console) inspect(r inspected) {
	what := "not made by losscc"
	if r.Loss != "" {
		what = r.Loss
	}
	c.printf("%s: %s\n", c.outStyle.bold(r.File), what)
	var opsets []string
	for _, o := range r.Opsets {
		if o.Domain == "" {
			opsets = append(opsets, fmt.Sprintf("opset %d", o.Version))
		} else {
			opsets = append(opsets, fmt.Sprintf("%s %d", o.Domain, o.Version))
		}
	}
	c.printf("%s, IR %d, %s", bytesText(int64(r.Bytes)), r.IRVersion, strings.Join(opsets, ", "))
	if r.Producer != "" {
		c.printf(", written by %s", r.Producer)
	}
	c.printf("\n")
	g := graph{r.Inputs, r.Outputs, r.Loss, r.Reduction, r.Params}
	c.section("Inputs", portLines(g.in, g.role))
	c.section("Outputs", portLines(g.out, g.meaning))
	var params []string
	for _, name := range r.paramOrder {
		params = append(params, fmt.Sprintf("%s=%v", name, r.Params[name]))
	}
	c.paragraph("Parameters", strings.Join(params, ", "))
	if r.Gradient == "none" {
		c.section("Gradient", [][]string{{"none", "build with --grad for the outputs grad_X"}})
	} else if r.Gradient != "" {
		c.section("Gradient", gradientLines([]string{r.Gradient}))
	}
	c.section("Schedule", scheduleLines(r.Schedules))
	if r.Blocks != nil {
		c.section("Blocks", [][]string{{"along " + r.Blocks.Extent, fmt.Sprintf("%d at most, if a number from a quarter of that on divides %s; else all at once", r.Blocks.Most, r.Blocks.Extent)}})
	}
	c.inspectOps(r)
	var lines [][]string
	for _, v := range r.Loads {
		lines = append(lines, []string{v.Reader, v.Answer, v.Why})
	}
	c.section("Where it loads (by rule, not by running)", lines)
}

// inspectOps writes the ops of the graph and the functions.
func (c *console) inspectOps(r inspected) {
	var ops []string
	for _, o := range r.Ops {
		ops = append(ops, fmt.Sprintf("%d×%s", o.Count, o.Op))
	}
	c.paragraph(fmt.Sprintf("Ops (%s, %s)", counted(r.Nodes, "node"), counted(r.Constants, "constant")), strings.Join(ops, ", "))
	if len(r.Functions) == 0 {
		return
	}
	c.printf("\n")
	c.heading("Margin ops (a function each; a native kernel of the same name takes its place)")
	for _, f := range r.Functions {
		c.printf("  %s.%s (%s) => (%s), a body of %s\n", f.Domain, f.Name, strings.Join(f.Inputs, ", "), strings.Join(f.Outputs, ", "), counted(f.Nodes, "node"))
		for _, text := range f.callTexts {
			c.printf("    %s\n", wrapped(text, "    ", 74))
		}
	}
}

// paragraph writes a title and text under it, or nothing without text.
func (c *console) paragraph(title, text string) {
	if text == "" {
		return
	}
	c.printf("\n")
	c.heading(title)
	c.printf("  %s\n", wrapped(text, "  ", 76))
}

// counted is a number of things: 1 node, 2 nodes.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
