package builders

import "losscc/ir"

// ncaLoss has each row choose a neighbour at random, near ones more often, and
// wants one of its class:
//
//	p_i = Σ_{P(i)} e^{−s·d_ij} / Σ_{k≠i} e^{−s·d_ik},  ℓ_i = −log p_i or 1 − p_i
//
// Goldberger, Roweis, Hinton, Salakhutdinov, "Neighbourhood Components Analysis",
// NeurIPS 2004.
var ncaLoss = Loss{
	Name:    "nca",
	Aliases: []string{"neighbourhood-components"},
	Family:  PairFamily,
	Title:   "a neighbour drawn at random is of the row's class",
	Formula: "p_i = Σ_P e^{−s·d_ij} / Σ_{k≠i} e^{−s·d_ik};  ℓ_i = −log(ε + p_i), or 1 − p_i",
	Paper:   "Goldberger, Roweis, Hinton, Salakhutdinov, Neighbourhood Components Analysis, NeurIPS 2004",
	Notes: []string{
		"The paper maximises Σ p_i (objective=expected) and, as an alternative, Σ log p_i, which is what every library calls NCA.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &NCA{Scale: 1, Objective: "log", Distance: "squared-euclidean", Average: "all"}
	},
}

// NCA has the hyper-parameters of the loss nca.
type NCA struct {
	Scale     float64 `range:"> 0" doc:"s, what distances are multiplied by"`
	Objective string  `enum:"log|expected" doc:"−log p, or 1 − p"`
	Epsilon   float64 `range:">= 0" doc:"ε, added to p within the logarithm"`
	Distance  string  `enum:"squared-euclidean|euclidean|cosine|dot" doc:"d"`
	Normalize bool    `doc:"replace embeddings by their unit vectors first"`
	Average   string  `enum:"all|rows|nonzero" doc:"mean over rows with a positive, over kept rows, or over terms above 0"`
}

// Build writes the loss.
func (p *NCA) Build(g *Graph) {
	b := g.Batch(N)
	far := b.lead(b.distances(p.Distance, p.Normalize).Mul(-p.Scale))
	var terms *ir.Value
	switch {
	case p.Objective == "expected":
		terms = ir.Sigmoid(far)
	case p.Epsilon > 0:
		terms = ir.Log(ir.Sigmoid(far.Neg()).Add(p.Epsilon)).Neg()
	default:
		terms = ir.Softplus(far)
	}
	b.Anchors(terms, has(b.Same), p.Average)
}
