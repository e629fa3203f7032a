package builders

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"losscc/ir"
)

// Options say how a loss is built.
type Options struct {
	// Reduction is mean, sum or none; empty is the loss's own default.
	Reduction string
	// Predictions asks for the outputs predicted and accuracy.
	Predictions bool
	// Official asks for the gradient of the published implementation, which
	// losses with Loss.Official have.
	Official bool
	// Sets are hyper-parameters as text, by name; in a sum of losses under
	// the name of the part, as center.alpha.
	Sets map[string]string
}

// Part is one loss of what was built.
type Part struct {
	// Name is what the part is called in the sum, see Term.
	Name     string
	Loss     Loss
	Factor   float64
	Settings []Setting
	Formula  Formula
}

// Built is a loss, or a weighted sum of losses, as a function.
type Built struct {
	Func      *ir.Func
	Parts     []Part
	Reduction string
	// Wrt are the inputs that have a gradient, in the function's order.
	Wrt []string
	// Advice are warnings with numbers that the papers state, and of settings that
	// change nothing.
	Advice []string
}

// Settings are the hyper-parameters of all parts; in a sum each under the name
// of its part.
func (b *Built) Settings() []Setting {
	if b.single() {
		return b.Parts[0].Settings
	}
	var out []Setting
	for _, p := range b.Parts {
		out = append(out, Setting{p.Name, p.Factor})
		for _, s := range p.Settings {
			out = append(out, Setting{p.Name + "." + s.Name, s.Value})
		}
	}
	return out
}

// single tells whether this is one loss and no weighted sum.
func (b *Built) single() bool { return len(b.Parts) == 1 && b.Parts[0].Factor == 1 }

// Name is the loss's name, or the sum as it was written.
func (b *Built) Name() string {
	if b.single() {
		return b.Parts[0].Loss.Name
	}
	parts := make([]string, len(b.Parts))
	for i, p := range b.Parts {
		parts[i] = p.Loss.Name
		if p.Factor != 1 {
			parts[i] = fmt.Sprintf("%g*%s", p.Factor, p.Loss.Name)
		}
	}
	return strings.Join(parts, " + ")
}

// Detached tells whether every part has detached gradients.
func (b *Built) Detached() bool {
	for _, p := range b.Parts {
		if !p.Loss.Detached {
			return false
		}
	}
	return true
}

// Build makes the loss that expr names, or the weighted sum that it spells.
// Mistakes of the caller's are *UsageError.
func Build(expr string, o Options) (*Built, error) {
	b, err := build(expr, o)
	if err != nil {
		return nil, err
	}
	b.Advice = append(b.Advice, b.idle(expr, o)...)
	return b, nil
}

// idle warns of settings that are no defaults and change nothing, because others are
// as they are: without each the same function would be built.
func (b *Built) idle(expr string, o Options) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(o.Sets)) {
		without := o
		without.Sets = maps.Clone(o.Sets)
		delete(without.Sets, name)
		other, err := build(expr, without)
		if err != nil || other.Func.String() != b.Func.String() {
			continue
		}
		defaults := other.Settings()
		at := slices.IndexFunc(b.Settings(), func(s Setting) bool { return !slices.Contains(defaults, s) })
		if at < 0 {
			continue
		}
		s := b.Settings()[at]
		out = append(out, fmt.Sprintf("%s=%v changes nothing that the file computes, the other settings being as they are; it is in the metadata only", s.Name, s.Value))
	}
	return out
}

func build(expr string, o Options) (*Built, error) {
	terms, err := ParseSum(expr)
	if err != nil {
		return nil, err
	}
	sets, err := splitSets(terms, o.Sets)
	if err != nil {
		return nil, err
	}
	built := &Built{Reduction: o.Reduction}
	for i, t := range terms {
		f, settings, err := t.Loss.Configure(sets[i])
		if err != nil {
			return nil, err
		}
		built.Parts = append(built.Parts, Part{t.Name, t.Loss, t.Factor, settings, f})
		if t.Loss.Advice != nil {
			for _, a := range t.Loss.Advice(f) {
				if !slices.Contains(built.Advice, a) { // two parts may be of one kind
					built.Advice = append(built.Advice, a)
				}
			}
		}
		if all := reductionsOf(t.Loss, f); built.Reduction == "" && len(all) > 0 {
			built.Reduction = all[0]
		}
	}
	if err := built.check(o); err != nil {
		return nil, err
	}
	return built, built.write(o)
}

// reductionsOf are the reductions that a loss has with these settings.
func reductionsOf(l Loss, f Formula) []string {
	if r, ok := f.(interface{ Reductions() []string }); ok {
		return r.Reductions()
	}
	return l.Reductions
}

func (b *Built) check(o Options) error {
	if err := b.oneSchedule(); err != nil {
		return err
	}
	for _, p := range b.Parts {
		all := reductionsOf(p.Loss, p.Formula)
		known := len(all) == 0 && b.Reduction == ""
		if len(all) == 0 && !known {
			return usage("%s has nothing to reduce: it is no loss; leave --reduction out", p.Loss.Name)
		}
		for _, r := range all {
			known = known || r == b.Reduction
		}
		if c, ok := p.Formula.(interface{ CheckOfficial() error }); o.Official && ok {
			if err := c.CheckOfficial(); err != nil {
				return err
			}
		}
		if o.Official && !p.Loss.Official {
			return usage("%s has no official gradient, only %s has; for others there is --gradient exact", p.Loss.Name, strings.Join(officials(), ", "))
		}
		if !known {
			return usage("%s has no reduction %q here; it has %s%s", p.Loss.Name, b.Reduction, strings.Join(all, ", "), DidYouMean(b.Reduction, all))
		}
	}
	return nil
}

// officials are the losses that have an official gradient.
func officials() []string {
	var names []string
	for _, l := range List() {
		if l.Official {
			names = append(names, l.Name)
		}
	}
	return names
}

// oneSchedule sees that parts which share an input that a host moves want it
// moved by one schedule.
func (b *Built) oneSchedule() error {
	first := map[string]Part{}
	for _, p := range b.Parts {
		s := p.Loss.Schedule
		if s == nil {
			continue
		}
		old, shared := first[s.Input]
		if !shared {
			first[s.Input] = p
		} else if *old.Loss.Schedule != *s {
			return usage("%s and %s cannot share the input %s: one wants %v and the other %v; build a file of each", old.Name, p.Name, s.Input, old.Loss.Schedule, s)
		}
	}
	return nil
}

// Schedules are those of the inputs that a host moves, each once.
func (b *Built) Schedules() []*Schedule {
	var out []*Schedule
	for _, p := range b.Parts {
		s := p.Loss.Schedule
		if s != nil && !slices.ContainsFunc(out, func(o *Schedule) bool { return *o == *s }) {
			out = append(out, s)
		}
	}
	return out
}

// write builds the function.
func (b *Built) write(o Options) error {
	name := funcName(b.Name())
	if !b.single() {
		name = "sum_of_" + name
	}
	ib, parts := b.graphs(name, o, nil)
	if err := ib.Err(); err != nil {
		return err
	}
	if !b.single() { // again, with the inputs first that a host gives first
		if rows := rowsOf(parts[0].inputs); len(rows) > 0 {
			if ib, parts = b.graphs(name, o, rows); ib.Err() != nil {
				return ib.Err()
			}
		}
	}
	if err := movedAlike(parts); err != nil {
		return err
	}
	for _, out := range b.join(parts) {
		ib.Result(out.name, out.value)
	}
	f, err := ib.Func()
	if err != nil {
		return err
	}
	if o.Predictions && f.Result("predicted") == nil {
		return usage("%s makes no predictions: it has no classes to choose from", b.Name())
	}
	b.Func = f
	for _, p := range f.Params {
		if p.Type.Elem == ir.Float && Differentiable(p.Attrs.Text("role")) {
			b.Wrt = append(b.Wrt, p.Name)
		}
	}
	return nil
}

// graphs are the parts in a function being made, which has some inputs already.
func (b *Built) graphs(name string, o Options, given []named) (*ir.Builder, []*Graph) {
	ib := ir.NewBuilder(name)
	inputs := map[string]input{}
	for _, in := range given {
		v := ib.Param(in.name, in.value.Type, in.value.Attrs.Text("role"))
		inputs[in.name] = input{v, in.part, in.use}
	}
	var parts []*Graph
	for _, p := range b.Parts {
		g := &Graph{Builder: ib, Reduction: b.Reduction, Predictions: o.Predictions, Official: o.Official, part: p.Name, inputs: inputs}
		p.Formula.Build(g)
		parts = append(parts, g)
	}
	return ib, parts
}

// named is an input under its name.
type named struct {
	name string
	input
}

// rowsOf are the inputs of rows in the order in which hosts give them.
func rowsOf(inputs map[string]input) []named {
	var rows []named
	for _, name := range []string{"embeddings", "embeddings_a", "embeddings_b", "anchor", "positive", "negative"} {
		if in, has := inputs[name]; has {
			rows = append(rows, named{name, in})
		}
	}
	return rows
}

// movedAlike sees that parts which share a state agree on its next value: a host
// can feed back only one.
func movedAlike(parts []*Graph) error {
	first := map[string]*Graph{}
	for _, g := range parts {
		for _, o := range g.outputs {
			old := first[o.moves]
			switch {
			case o.moves == "":
			case old == nil:
				first[o.moves] = g
			case !slices.Equal(old.moved(o.moves), g.moved(o.moves)):
				return usage("%s and %s cannot share the state %s: each moves it by arithmetic of its own, and a host can feed back one value; give both the same parameters, or build a file of each", old.part, g.part, o.moves)
			}
		}
	}
	return nil
}

// moved are the outputs that move a state.
func (g *Graph) moved(state string) []output {
	return slices.DeleteFunc(slices.Clone(g.outputs), func(o output) bool { return o.moves != state })
}

// join puts the outputs of the parts together: the loss first, then each
// part's own value, then everything else under its name, once where parts
// agree and under name.part where they do not.
func (b *Built) join(parts []*Graph) []output {
	if b.single() {
		return lossFirst(parts[0].outputs)
	}
	var total *ir.Value
	var values, rest []output
	seen := map[string]*ir.Value{}
	for i, g := range parts {
		for _, o := range g.outputs {
			if o.name == "loss" {
				v := o.value
				if f := b.Parts[i].Factor; f != 1 {
					v = v.Mul(f)
				}
				if total == nil {
					total = v
				} else {
					total = total.Add(v)
				}
				values = append(values, output{name: "loss." + b.Parts[i].Name, value: o.value})
				continue
			}
			switch old := seen[o.name]; {
			case old == nil:
				seen[o.name] = o.value
				rest = append(rest, o)
			case old != o.value:
				rest = append(rest, output{name: o.name + "." + b.Parts[i].Name, value: o.value})
			}
		}
	}
	return append(append([]output{{name: "loss", value: total}}, values...), rest...)
}

func lossFirst(outs []output) []output {
	for i, o := range outs {
		if o.name == "loss" {
			rest := append(append([]output{}, outs[:i]...), outs[i+1:]...)
			return append([]output{o}, rest...)
		}
	}
	return outs
}

// funcName is a name for the function that the text form can hold.
func funcName(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '-' || r == ' ' || r == '+' || r == '*' || r == '.':
			b.WriteByte('_')
		}
	}
	return b.String()
}
