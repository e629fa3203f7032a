package opt

import (
	"fmt"
	"slices"

	"losscc/ir"
)

// Pass makes a function from a function.
type Pass struct {
	Name string
	// Why says what the pass is for; After which passes it must follow, with
	// the reason.
	Why   string
	After map[string]string
	Run   func(*ir.Func) (*ir.Func, error)
}

// The passes.
var (
	// InlineCalls puts the bodies of functions in place of their calls.
	InlineCalls = Pass{
		Name: "inline", Why: "the flat form has no functions",
		Run: inline,
	}
	// Mend forgets what was mended.
	Mend = Pass{
		Name: "mend", Why: "what was mended is wanted by the gradient, which is taken now",
		After: map[string]string{"inline": "bodies are mended too"},
		Run:   mend,
	}
	// Release forgets what was held constant.
	Release = Pass{
		Name: "release", Why: "stop means nothing once gradients are taken, and hides equal values from each other",
		After: map[string]string{"inline": "bodies hold stops too"},
		Run:   release,
	}
	// Simplify applies the identities of algebra.go until none applies.
	Simplify = Pass{
		Name: "simplify", Why: "the gradient's rules write what their general case needs",
		After: map[string]string{
			"inline":  "a body and its surroundings simplify together",
			"release": "an identity does not look through stop",
		},
		Run: func(f *ir.Func) (*ir.Func, error) { return simplify(f, identities) },
	}
	// Tidy applies the identities of algebra.go and of tidy.go until none applies.
	Tidy = Pass{
		Name: "tidy", Why: "what a choice wrote simplifies, and what choices look for may go",
		After: map[string]string{"simplify": "choices are made between the two"},
		Run:   func(f *ir.Func) (*ir.Func, error) { return simplify(f, tidying) },
	}
)

// Standard is the order for a file with functions, Flat for one without. After
// either, choices are made by cost; Last is the order behind them.
var (
	Standard = []Pass{Mend, Release, Simplify}
	Flat     = []Pass{InlineCalls, Mend, Release, Simplify}
	Last     = []Pass{Tidy}
)

// Run applies passes in order, to f and to the functions that it calls.
func Run(f *ir.Func, passes []Pass) (*ir.Func, error) {
	for _, p := range passes {
		g, err := p.Run(f)
		if err != nil {
			return nil, fmt.Errorf("pass %s: %w", p.Name, err)
		}
		f = g
	}
	return f, nil
}

// overCallees applies a pass to the functions that f calls and to f, so that
// the calls in the result call what the pass made.
func overCallees(f *ir.Func, pass func(*ir.Func) (*ir.Func, error)) (*ir.Func, error) {
	made := map[*ir.Func]*ir.Func{}
	redirect := func(g *ir.Func) (*ir.Func, error) {
		return ir.Rebuild(g, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
			if c := v.Callee(); c != nil {
				return b.CallOut(made[c], v.Attrs.Int("out"), v.CallAttrs(), args...)
			}
			return ir.Again(b, v, args)
		})
	}
	for _, c := range append(f.Callees(), f) {
		r, err := redirect(c)
		if err != nil {
			return nil, err
		}
		if made[c], err = pass(r); err != nil {
			return nil, err
		}
	}
	return made[f], nil
}

func inline(f *ir.Func) (*ir.Func, error) {
	for len(f.Callees()) > 0 {
		g, err := ir.Rebuild(f, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
			if c := v.Callee(); c != nil {
				return ir.Inline(b, c, v.CallAttrs(), args)[v.Attrs.Int("out")]
			}
			return ir.Again(b, v, args)
		})
		if err != nil {
			return nil, err
		}
		f = g
	}
	return f, nil
}

func release(f *ir.Func) (*ir.Func, error) { return forget(f, ir.OpStop) }

func mend(f *ir.Func) (*ir.Func, error) {
	g, err := forget(f, ir.OpThrough)
	if err != nil || g == f {
		return g, err
	}
	// Without what only the mended was made of.
	return overCallees(g, func(f *ir.Func) (*ir.Func, error) { return ir.Rebuild(f, ir.Again) })
}

// forget puts the first argument in place of an op, in f and what it calls.
func forget(f *ir.Func, op *ir.Op) (*ir.Func, error) {
	is := func(v *ir.Value) bool { return v.Op == op }
	if !slices.ContainsFunc(append(f.Callees(), f), func(f *ir.Func) bool { return slices.ContainsFunc(f.Values, is) }) {
		return f, nil
	}
	return overCallees(f, func(f *ir.Func) (*ir.Func, error) {
		return ir.Rebuild(f, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
			if is(v) {
				return args[0]
			}
			return ir.Again(b, v, args)
		})
	})
}

// sweeps is how often simplify may go over a function; each sweep shortens it
// or is the last.
const sweeps = 50

func simplify(f *ir.Func, by table) (*ir.Func, error) {
	return overCallees(f, func(f *ir.Func) (*ir.Func, error) { return by.simplify(f) })
}

func (by table) simplify(f *ir.Func) (*ir.Func, error) {
	for range sweeps {
		changed := false
		g, err := ir.Rebuild(f, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
			if n := by.rewrite(b, v, args); n != nil {
				changed = true
				return n
			}
			return ir.Again(b, v, args)
		})
		if err != nil {
			return nil, err
		}
		f = g
		if !changed {
			return f, nil
		}
	}
	return f, nil
}

// rewrite is the first identity that applies, or nil.
func (by table) rewrite(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
	for _, r := range by[v.Op] {
		if n := r.Apply(b, v, args); n != nil && n.Type.Equal(v.Type) {
			return n
		}
	}
	return nil
}
