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

	inputs  map[string]*ir.Value
	outputs []output
}

// output is a result of one loss.
type output struct {
	name  string
	value *ir.Value
}

// Input is the input of that name. A second part that asks for it gets the
// same one, if it wants the same type and role.
func (g *Graph) Input(name string, t ir.Type, role string) *ir.Value {
	if v, ok := g.inputs[name]; ok {
		if !v.Type.Equal(t) {
			return g.Fail("%w", usage("the parts want different inputs %s: %v and %v", name, v.Type, t))
		}
		return v
	}
	v := g.Param(name, t, role)
	g.inputs[name] = v
	return v
}

// Embeddings is the input embeddings [N,D].
func (g *Graph) Embeddings() *ir.Value {
	return g.Input("embeddings", ir.F(N, D), RoleEmbeddings)
}

// Labels is the input labels [N].
func (g *Graph) Labels() *ir.Value { return g.Input("labels", ir.I(N), RoleLabels) }

// Output adds an output under its name.
func (g *Graph) Output(name string, v *ir.Value) {
	g.outputs = append(g.outputs, output{name, v})
}

// Next adds the new value of a state: the old one where keep says that no row
// was kept.
func (g *Graph) Next(state string, old, next, any *ir.Value) *ir.Value {
	n := ir.Select(any, next, old).Called(state + "_next")
	g.Output(state+"_next", n)
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
