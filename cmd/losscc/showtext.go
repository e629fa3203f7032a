package main

import (
	"fmt"
	"strings"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"
)

// show writes everything about a loss for people.
func (c *console) show(r *compile.Result) {
	for i, p := range r.Built.Parts {
		if i > 0 {
			c.printf("\n")
		}
		c.showPart(p, len(r.Built.Parts) > 1)
	}
	in, out := portsOf(r.Gradient, r.Options.DType)
	g := graph{in, out, r.Built.Name(), r.Options.Reduction, settingsOf(r.Built)}
	c.section("Inputs", portLines(g.in, g.role))
	c.section("Outputs", portLines(g.out, g.meaning))
	var lines [][]string
	for _, p := range paramsOf(r.Built) {
		lines = append(lines, []string{p.Name, valueText(p), p.Doc + " (" + acceptsText(p) + ")"})
	}
	c.section("Parameters (--set NAME=VALUE)", wrapLast(lines))
	if all := reductionsOf(r.Built); len(all) > 0 {
		c.section("Reductions", [][]string{{strings.Join(all, ", ")}})
	}
	c.section("Gradients", gradientLines(gradientsOf(r.Built)))
	for _, t := range r.Built.Schedules() {
		c.section("Schedule", scheduleLines([]shownSchedule{scheduleOf(t)}))
	}
	if len(r.Built.Advice) > 0 {
		c.printf("\n")
		c.heading("Advice")
		c.bullets(r.Built.Advice)
	}
}

// scheduleLines say which value an input has at each iteration.
func scheduleLines(all []shownSchedule) [][]string {
	var lines [][]string
	for _, s := range all {
		rule := builders.Schedule(s)
		lines = append(lines, []string{rule.String() + ", iterations from 1"})
	}
	return lines
}

// showPart writes what a loss is by itself.
func (c *console) showPart(p builders.Part, inSum bool) {
	l := p.Loss
	c.printf("%s: %s\n", c.outStyle.bold(p.Name), l.Title)
	if len(l.Aliases) > 0 {
		c.printf("also called %s\n", strings.Join(l.Aliases, ", "))
	}
	if inSum {
		c.printf("with factor %g in the sum\n", p.Factor)
	}
	c.printf("\n")
	for _, line := range strings.Split(l.Formula, ";") {
		c.printf("  %s\n", strings.TrimSpace(line))
	}
	c.printf("\n")
	c.printf("%s\n", wrapped(l.Paper, "", 78))
	if len(l.Notes) > 0 {
		c.printf("\n")
		c.bullets(l.Notes)
	}
}

func (c *console) bullets(notes []string) {
	for _, n := range notes {
		c.printf("  - %s\n", wrapped(n, "    ", 74))
	}
}

// section writes a title and lines under it, or nothing without lines.
func (c *console) section(title string, lines [][]string) {
	if len(lines) == 0 {
		return
	}
	c.printf("\n")
	c.heading(title)
	c.rows(lines)
}

// wrapLast breaks the last cells of lines so that the table fits a terminal.
func wrapLast(lines [][]string) [][]string {
	wide := 2
	for _, l := range lines {
		n := 2
		for _, cell := range l[:len(l)-1] {
			n += len([]rune(cell)) + 2
		}
		wide = max(wide, n)
	}
	var out [][]string
	for _, l := range lines {
		last := len(l) - 1
		for i, part := range strings.Split(wrapped(l[last], "", max(30, 78-wide)), "\n") {
			line := make([]string, len(l))
			if i == 0 {
				copy(line, l)
			}
			line[last] = part
			out = append(out, line)
		}
	}
	return out
}

// valueText is a parameter's value, and the default where it differs.
func valueText(p shownParam) string {
	if p.Value != p.Default {
		return fmt.Sprintf("%v (default %v)", p.Value, p.Default)
	}
	return fmt.Sprint(p.Value)
}

// acceptsText is what values a parameter takes.
func acceptsText(p shownParam) string {
	switch {
	case p.Kind == "bool":
		return "bool"
	case p.Kind == "enum":
		return strings.Join(p.Enum, ", ")
	case p.Range != "":
		return p.Kind + " " + p.Range
	}
	return p.Kind
}

// gradientLines say what gradient semantics mean.
func gradientLines(names []string) [][]string {
	meaning := map[string]string{
		"exact":    "the derivative of the value, the default",
		"detached": "a margin passes on the slope of its cosine, as insightface does",
		"official": "what the published implementation propagates, which is no derivative",
	}
	var lines [][]string
	for _, n := range names {
		lines = append(lines, []string{n, meaning[n]})
	}
	return lines
}
