package builders

import "losscc/ir"

// P is the number of proxies.
const P ir.Dim = "P"

// Proxies is a loss over a batch and a table of proxies, one for each class.
type Proxies struct {
	*Head
	// Table is proxies [P,D].
	Table *ir.Value
}

// Proxies begins a loss with the inputs embeddings, labels and proxies; labels
// that have no proxy mark ignored rows.
func (g *Graph) Proxies() Proxies {
	h := g.Head(P)
	return Proxies{h, g.Input("proxies", ir.F(P, D), RoleParameter)}
}
