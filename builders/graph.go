package builders

import (
	"losscc/ir"
)

// Graph is what a loss writes itself into: the inputs that it names, the
// reduction that was asked for, and its outputs. Parts of a sum share one
// builder and so their inputs.
type Graph struct {
	*ir.Builder
	// Reduction is mean, sum or none.
	Reduction string
	// Predictions asks for predicted and accuracy.
	Predictions bool
	// Official asks for the gradient of the published implementation.
	Official bool

	part    string // the part of a sum that is written
	inputs  map[string]input
	chosen  ir.Dim // what T is to this part; empty before it asks for indices
	outputs []output
}

// input is an input with the part that asked for it first, and what for.
type input struct {
	value     *ir.Value
	part, use string
}

// output is a result of one loss. One that moves a state is fed back to it.
type output struct {
	name  string
	value *ir.Value
	moves string
}

// Input is the input of that name. A second part that asks for it gets the
// same one, if it wants the same type and role.
func (g *Graph) Input(name string, t ir.Type, role string) *ir.Value {
	return g.InputFor("", name, t, role)
}

// InputFor is Input for a use that not all losses with an input of that name
// have: parts that use it differently cannot share it.
func (g *Graph) InputFor(use, name string, t ir.Type, role string) *ir.Value {
	if role == RoleIndex {
		g.chosen = g.listed(name)
		t = ir.I(g.chosen, t.Shape[1])
	}
	old, shared := g.inputs[name]
	if !shared {
		v := g.Param(name, t, role)
		g.inputs[name] = input{v, g.part, use}
		return v
	}
	differs := func(one, other any) *ir.Value {
		return g.Fail("%w", usage("%s and %s cannot share the input %s: for one it is %v, for the other %v; set parameters that make it the same, or build a file of each", old.part, g.part, name, one, other))
	}
	switch is := old.value.Attrs.Text("role"); {
	case !old.value.Type.Equal(t):
		return differs(old.value.Type, t)
	case is != role:
		return differs(is, role)
	case old.use != use:
		return differs(old.use, use)
	}
	return old.value
}

// listed is the extent of an input of indices: T, or another where the sum has
// indices of another kind, for there are not as many pairs as triplets.
func (g *Graph) listed(name string) ir.Dim {
	if old, shared := g.inputs[name]; shared {
		return old.value.Type.Shape[0]
	}
	for _, in := range g.inputs {
		if in.value.Attrs.Text("role") == RoleIndex {
			return g.Fresh(T)
		}
	}
	return T
}

// Extent is how many there are along an extent, as an int.
func (g *Graph) Extent(d ir.Dim) *ir.Value {
	if d == T && g.chosen != "" {
		d = g.chosen
	}
	return g.Builder.Extent(d)
}

// Embeddings is the input embeddings [N,D].
func (g *Graph) Embeddings() *ir.Value {
	return g.Input("embeddings", ir.F(N, D), RoleEmbeddings)
}

// Labels is the input labels [N].
func (g *Graph) Labels() *ir.Value { return g.Input("labels", ir.I(N), RoleLabels) }

// Output adds an output under its name.
func (g *Graph) Output(name string, v *ir.Value) {
	g.outputs = append(g.outputs, output{name: name, value: v})
}

// Moved adds an output from which a host makes the next value of a state.
func (g *Graph) Moved(state, name string, v *ir.Value) {
	g.outputs = append(g.outputs, output{name, v, state})
}

// Next adds the new value of a state: the old one where keep says that no row
// was kept.
func (g *Graph) Next(state string, old, next, any *ir.Value) *ir.Value {
	n := ir.Select(any, next, old).Called(state + "_next")
	g.Moved(state, state+"_next", n)
	return n
}

// Rows is a loss's rows: which are kept, and the count and sums over them.
type Rows struct {
	g *Graph
	// Kept tells for each row whether it counts, as a bool and as 0 or 1.
	Kept, Weight *ir.Value
	dim          ir.Dim
}

// RowsWhere are the rows where kept holds; it also makes the output ignored.
func (g *Graph) RowsWhere(kept *ir.Value) *Rows {
	r := &Rows{g: g, Kept: kept, Weight: kept.Float(), dim: kept.Type.Shape[0]}
	g.Output("ignored", ir.Sum(kept.Not().Int()))
	return r
}

// Count is how many rows are kept, as a float.
func (r *Rows) Count() *ir.Value { return ir.Sum(r.Weight) }

// Any tells whether a row is kept.
func (r *Rows) Any() *ir.Value { return r.Count().Greater(0) }

// Sum is the sum of a value over the kept rows.
func (r *Rows) Sum(x *ir.Value) *ir.Value { return ir.Sum(ir.Select(r.Kept, x, 0.0)) }

// Mean is the mean of a value over the kept rows, 0 if there are none.
func (r *Rows) Mean(x *ir.Value) *ir.Value { return r.Sum(x).Div(r.Count().Max(1)) }

// Loss makes the output loss from a term for each row.
func (r *Rows) Loss(terms *ir.Value) { r.WeightedLoss(terms, nil) }

// WeightedLoss makes the output loss from terms that are weighted: the mean
// divides by the weights' sum, 0 if that is 0. Nil weights are ones.
func (r *Rows) WeightedLoss(terms, weights *ir.Value) {
	terms = ir.Select(r.Kept, terms, 0.0)
	switch r.g.Reduction {
	case "none":
		r.g.Output("loss", terms)
	case "sum":
		r.g.Output("loss", ir.Sum(terms))
	default:
		total := ir.Sum(terms)
		if weights == nil {
			r.g.Output("loss", total.Div(r.Count().Max(1)))
			return
		}
		by := r.Sum(weights)
		r.g.Output("loss", ir.Select(by.Eq(0.0), 0.0, total.Div(ir.Select(by.Eq(0.0), 1.0, by))))
	}
}

// Loss makes the output loss from terms none of which is ignored, n of them.
func (g *Graph) Loss(terms *ir.Value) {
	switch g.Reduction {
	case "none":
		g.Output("loss", terms)
	case "sum":
		g.Output("loss", ir.Sum(terms))
	default:
		g.Output("loss", ir.Sum(terms).Div(g.Count(terms.Type.Shape[0]).Max(1)))
	}
}
