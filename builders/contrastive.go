package builders

import "losscc/ir"

// contrastiveLoss pulls pairs of one class together and pushes others apart:
//
//	½·d² for a pair of one class,  ½·[m − d]₊² for another
//
// Hadsell, Chopra, LeCun, "Dimensionality Reduction by Learning an Invariant
// Mapping", CVPR 2006.
var contrastiveLoss = Loss{
	Name:       "contrastive",
	Aliases:    []string{"contrastive-loss", "siamese"},
	Family:     SeedFamily,
	Title:      "pairs of one class near, others a margin apart",
	Formula:    "u = [d − p]₊ for a pair of one class, [m − d]₊ for another;  ℓ = w·u²",
	Paper:      "Hadsell, Chopra, LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006",
	Reductions: perRow,
	New: func() Formula {
		return &Contrastive{Margin: 1, Distance: "euclidean", Squared: true, LossWeight: 0.5, Average: "all", Mining: "none"}
	},
}

// Contrastive has the hyper-parameters of the loss contrastive.
type Contrastive struct {
	Margin         float64 `range:">= 0" doc:"m, how far pairs of two classes are pushed"`
	PositiveMargin float64 `doc:"p, how near pairs of one class need to be"`
	Distance       string  `enum:"euclidean|squared-euclidean|cosine|dot|angle" doc:"d"`
	Normalize      bool    `doc:"replace embeddings by their unit vectors first"`
	Squared        bool    `doc:"u² (the paper) or u"`
	LossWeight     float64 `range:"> 0" doc:"w"`
	Average        string  `enum:"all|separate|nonzero" doc:"mean over all pairs; over each kind; over each kind's terms above 0"`
	Mining         string  `enum:"none|all|hard|indices" doc:"given pairs; all of the batch; its hard ones; pairs by their rows"`
}

// Reductions are those of the chosen mining.
func (p *Contrastive) Reductions() []string {
	if p.Mining == "none" {
		return perRow
	}
	return overall
}

// Build writes the loss.
func (p *Contrastive) Build(g *Graph) {
	switch p.Mining {
	case "none":
		p.given(g)
	case "indices":
		p.mined(g)
	case "all":
		b := g.Batch(N)
		p.whole(b).loss(b.g, b.Same, b.Other, p.all(b), nil)
	case "hard":
		p.hard(g.Batch(N))
	}
}

// given is the loss of rows of two inputs.
func (p *Contrastive) given(g *Graph) {
	a, b := g.Views()
	same := g.Input("same", ir.I(N), RoleLabels)
	positive, negative := same.Eq(1), same.Eq(0)
	r := g.RowsWhere(positive.Or(negative).Called("kept"))
	d := between(p.Distance, p.Normalize, g.harmless(a, r.Kept), g.harmless(b, r.Kept))
	p.loss(g, positive, negative, d, r)
}

// mined is the loss of the pairs of rows that a miner chose.
func (p *Contrastive) mined(g *Graph) {
	g.Embeddings() // inputs stand in the order of their first mention
	labels := g.Labels()
	x, at := g.GivenRows("pairs", 2)
	i, j := at[0], at[1]
	li, lj := labels.Gather(i), labels.Gather(j)
	r := g.RowsOf(li.GreaterEq(0).And(lj.GreaterEq(0)).Called("kept"))
	same := r.Kept.And(li.Eq(lj))
	d := between(p.Distance, p.Normalize, g.harmless(x.Gather(i), r.Kept), g.harmless(x.Gather(j), r.Kept))
	p.loss(g, same, r.Kept.And(same.Not()), d, r)
}

// whole is the loss over a matrix in which each pair stands twice, at (i, j) and
// (j, i), so that the matrix is its own transpose: means stay, sums halve.
func (p *Contrastive) whole(b *Batch) *Contrastive {
	q := *p
	if b.g.Reduction == "sum" {
		q.LossWeight /= 2
	}
	return &q
}

func (p *Contrastive) all(b *Batch) *ir.Value { return betweenAll(p.Distance, p.Normalize, b.X) }

// terms are w·u² or w·u, u = [d − p]₊ and [m − d]₊, for pairs of one class and
// of two.
func (p *Contrastive) terms(d *ir.Value) (positive, negative *ir.Value) {
	term := func(u *ir.Value) *ir.Value {
		u = hinge(u)
		if p.Squared {
			u = u.Square()
		}
		return u.Mul(p.LossWeight)
	}
	return term(d.Sub(p.PositiveMargin)), term(d.Builder().Num(p.Margin).Sub(d))
}

// loss reduces the terms of pairs at distance d; r are the rows of a loss over
// given pairs, nil over all pairs of a batch.
func (p *Contrastive) loss(g *Graph, positive, negative, d *ir.Value, r *Rows) {
	pull, push := p.terms(d)
	if r != nil && (g.Reduction == "none" || p.Average == "all") {
		r.Loss(ir.Select(positive, pull, push).Called("terms"))
		return
	}
	p.average(g, side{pull.Mul(positive.Float()), count(positive)}, side{push.Mul(negative.Float()), count(negative)})
}

// side is the terms of one kind of pairs, 0 for the others, and how many.
type side struct{ terms, count *ir.Value }

func (s side) mean(nonzero bool) *ir.Value {
	n := s.count
	if nonzero {
		n = count(s.terms.Greater(0))
	}
	return ir.Sum(s.terms).Div(n.Max(1))
}

func (p *Contrastive) average(g *Graph, pull, push side) {
	switch {
	case g.Reduction == "sum":
		g.Output("loss", ir.Sum(pull.terms).Add(ir.Sum(push.terms)))
	case p.Average == "all":
		g.Output("loss", ir.Sum(pull.terms).Add(ir.Sum(push.terms)).Div(pull.count.Add(push.count).Max(1)))
	default:
		nonzero := p.Average == "nonzero"
		g.Output("loss", pull.mean(nonzero).Add(push.mean(nonzero)))
	}
}

// hard is the loss of all pairs of one class and of as many of the others, the
// nearest ones; at equal distances the first in row order.
func (p *Contrastive) hard(b *Batch) {
	d := p.all(b)
	same, other := b.Once(b.Same), b.Once(b.Other)
	k := ir.Sum(same.Int()).Min(ir.Sum(other.Int()))
	near := flat(ir.Select(other, ir.Stop(d), b.far())).ArgBottom(k, b.g.Fresh("H"))
	pull, _ := p.terms(d)
	_, push := p.terms(flat(d).Gather(near))
	p.average(b.g, side{pull.Mul(same.Float()), count(same)}, side{push, k.Float()})
}
