package builders

import "losscc/ir"

// B is the length of a histogram that is a state.
const B ir.Dim = "B"

// dynamicSoftMarginLoss weighs each triplet by where its gap stands among those that
// were seen:
//
//	v = d_ap − d_an,  ℓ = CDF(v)·v
//
// Zhang, Rusinkiewicz, "Learning Local Descriptors with a CDF-Based Dynamic Soft
// Margin", ICCV 2019.
var dynamicSoftMarginLoss = Loss{
	Name:    "dynamic-soft-margin",
	Aliases: []string{"dsm"},
	Family:  PairFamily,
	Title:   "triplets weighed by where their gap stands among those seen",
	Formula: "v = d_ap − d_an of unit vectors;  h ← (1 − μ)·h/Σh + μ·histogram(v);  ℓ = cumsum(h)[v]·v",
	Paper:   "Zhang, Rusinkiewicz, Learning Local Descriptors with a CDF-Based Dynamic Soft Margin, ICCV 2019",
	Notes: []string{
		"positives=views: row i of the two inputs are a pair, its negative the nearest row of the other input to either.",
		"positives=labels: every triplet of the batch; the positives of a row are set against all rows, N² times the most of a row.",
		"The state histogram starts at zeros; its length is the host's choice, 512 in the authors' code.",
		"detach=true holds the weight constant; otherwise its gradient runs through the place within a bin.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &DynamicSoftMargin{Momentum: 0.01, Positives: "views", Detach: true}
	},
}

// DynamicSoftMargin has the hyper-parameters of the loss dynamic-soft-margin.
type DynamicSoftMargin struct {
	Momentum  float64 `range:">= 0, <= 1" doc:"μ, the share of the batch in the histogram"`
	Positives string  `enum:"views|labels" doc:"pairs by the rows of two inputs, or by class"`
	Detach    bool    `doc:"hold the weights constant in the gradient"`
}

// Reductions are those of the chosen positives.
func (p *DynamicSoftMargin) Reductions() []string {
	if p.Positives == "labels" {
		return meanOnly
	}
	return perRow
}

// Build writes the loss.
func (p *DynamicSoftMargin) Build(g *Graph) {
	if p.Positives == "views" {
		a, b := g.Views()
		hist := p.histogram(g)
		v, there := p.views(g, a, b)
		weighted, _ := p.weighted(g, hist, v.Col(), there.Col())
		g.Loss(weighted.Squeeze(1))
		return
	}
	b := g.Batch(N)
	hist := p.histogram(g)
	d := b.distances("euclidean", true)
	at, some, _ := b.positives()
	v := d.Take(at).Unsqueeze(2).Sub(d.Unsqueeze(1)) // [N,R,N]
	there := some.Unsqueeze(2).And(b.Other.Unsqueeze(1))
	s := v.Type.Shape
	each := s[1].Times(s[2])
	weighted, n := p.weighted(g, hist, v.Reshape(s[0], each), there.Reshape(s[0], each))
	g.Output("loss", ir.Sum(weighted).Div(n.Max(1)))
}

func (p *DynamicSoftMargin) histogram(g *Graph) *ir.Value {
	return g.Input("histogram", ir.F(B), RoleState)
}

// views are the gaps of the pairs of rows, and whether there is a negative.
func (p *DynamicSoftMargin) views(g *Graph, a, b *ir.Value) (v, there *ir.Value) {
	d := across("euclidean", true, a, b)
	others := ir.Select(g.itself(N), g.Num(inf), d)
	there = g.Extent(N).Greater(1).Expand(N)
	nearest := ir.ReduceMin(others, 0).Min(ir.ReduceMin(others, 1)) // of equal ones the row's own counts
	near := ir.Norm(unit(a).Sub(unit(b)))                           // of equal rows exactly 0, which products do not give
	return near.Sub(ir.Select(there, nearest, 0.0)), there
}

// weighted is weight·v of each value of a matrix that there is, 0 of the others, and
// how many there are; it moves the state.
func (p *DynamicSoftMargin) weighted(g *Graph, hist, v, there *ir.Value) (terms, n *ir.Value) {
	n = count(there)
	top := g.Count(B).Sub(1)
	width := g.Num(4).Div(top.Max(1))
	q := v.Add(2).Div(width).Max(0.0).Min(top)
	below := ir.Floor(ir.Stop(q))
	end := g.Extent(B).Sub(1)
	low := below.Int().Max(0).Min(end) // what is no number has a place all the same
	nodes := bins{B, low, low.Add(1).Min(end), q.Sub(below)}
	batch := nodes.all(there.Float()).Div(n.Max(1))
	seen := ir.Sum(hist)
	moved := hist.Mul(1 - p.Momentum).Div(nonzero(seen)).Add(batch.Mul(p.Momentum))
	next := ir.Select(seen.Eq(0.0), batch, moved)
	g.Next("histogram", hist, ir.Stop(next), n.Greater(0))
	weight := next.CumSum(0).Gather(flat(low)).Reshape(v.Type.Shape...)
	if p.Detach {
		weight = ir.Stop(weight)
	}
	return ir.Select(there, weight.Mul(v), 0.0), n
}
