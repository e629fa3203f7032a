package onnxval

import (
	"sort"
	"strings"
	"sync"
)

// row is an operator of the standard domain from an opset on: one line of a
// table.
type row struct {
	name  string
	since int

	// sig names the inputs with a letter for their type, as
	// "data:T axes:L? -> 2": T is one type for all that have it, out of the
	// set t; I is int32 or int64, the same for all that have it; L is int64, B
	// is bool, N any number, A anything. "?" marks what may be left out, "*"
	// what may repeat. The number of outputs stands after "->": 1 if it is not
	// given, "*" for any.
	sig   string
	t     set
	attrs string // as parseAttrs reads it
	run   func(*call)
}

// op is a row made ready.
type op struct {
	row
	params   []param
	variadic bool // the last parameter repeats
	outs     int  // -1: any number from 1 on
	attrs    map[string]attrSpec
}

// param is an input of an operator.
type param struct {
	name     string
	letter   byte
	optional bool
}

// The opsets of the standard domain whose operators the tables are written for.
const (
	firstOpset = 13
	lastOpset  = 26
)

// ops is every operator by name, each with its rows from the newest to the
// oldest.
var ops = sync.OnceValue(func() map[string][]*op {
	out := map[string][]*op{}
	for _, table := range [][]row{
		arithmetic, comparison, casting, reductions, normalisers, linear, ordering,
		shaping, moving, picking, scattering, making, scanning,
	} {
		for _, r := range table {
			out[r.name] = append(out[r.name], newOp(r))
		}
	}
	for _, rows := range out {
		sort.Slice(rows, func(i, j int) bool { return rows[i].since > rows[j].since })
	}
	return out
})

// newOp makes a row ready.
func newOp(r row) *op {
	o := &op{row: r, outs: 1, attrs: parseAttrs(r.attrs)}
	in, out, found := strings.Cut(r.sig, "->")
	if found {
		o.outs = int(strings.TrimSpace(out)[0]) - '0'
		if o.outs < 0 || o.outs > 9 {
			o.outs = -1
		}
	}
	for _, word := range strings.Fields(in) {
		word, optional := strings.CutSuffix(word, "?")
		word, repeats := strings.CutSuffix(word, "*")
		name, letter, _ := strings.Cut(word, ":")
		o.variadic = o.variadic || repeats
		o.params = append(o.params, param{name, letter[0], optional})
	}
	return o
}

// Ops lists the operators of the standard domain that are evaluated, sorted.
func Ops() []string {
	var names []string
	for name := range ops() {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// opAt is the operator as an opset has it; known tells whether a later one has.
func opAt(name string, opset int) (o *op, known bool) {
	rows := ops()[name]
	for _, o := range rows {
		if o.since <= opset {
			return o, true
		}
	}
	return nil, len(rows) > 0
}

// param is the parameter that input i stands for.
func (o *op) param(i int) param {
	return o.params[min(i, len(o.params)-1)]
}

// checkArity fails if the operator cannot have these inputs and outputs.
func (o *op) checkArity(in, out []string) {
	for i, name := range in {
		if i >= len(o.params) && !o.variadic {
			failf("has %d inputs, %s", len(in), o.wantsInputs())
		}
		if name == "" && !o.param(i).optional {
			failf("the input %s is left out, but it must be there", o.param(i).name)
		}
	}
	for i := len(in); i < len(o.params); i++ {
		if !o.params[i].optional {
			failf("has %d inputs, %s", len(in), o.wantsInputs())
		}
	}
	if o.outs >= 0 && len(out) != o.outs || len(out) == 0 {
		failf("has %d outputs, want %d", len(out), max(o.outs, 1))
	}
}

// wantsInputs spells what inputs there may be.
func (o *op) wantsInputs() string {
	var names []string
	for _, p := range o.params {
		name := p.name
		if p.optional {
			name += " (optional)"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "want none"
	}
	if o.variadic {
		names = append(names, "…")
	}
	return "want " + strings.Join(names, ", ")
}

// checkAttrs fails if a node of this operator at this opset cannot have these
// attributes, or lacks one.
func (o *op) checkAttrs(attrs map[string]*attr, opset int) {
	for name, a := range attrs {
		spec, ok := o.attrs[name]
		switch {
		case !ok:
			failf("has an attribute %s, which the operator does not have or is not evaluated", name)
		case spec.since > opset:
			failf("has an attribute %s, which came with opset %d; the file is written in %d", name, spec.since, opset)
		case a.kind != spec.kind:
			failf("the attribute %s is of type %s, want %s", name, a.kind, spec.kind)
		}
	}
	for name, spec := range o.attrs {
		if spec.required && attrs[name] == nil {
			failf("lacks the attribute %s", name)
		}
	}
}
