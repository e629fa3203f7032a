package builders

import (
	"math"

	"losscc/ir"
)

// S is the rows of the subset that a miner is given.
const S ir.Dim = "S"

var mineTripletsLoss = Loss{
	Name:    "mine-triplets",
	Family:  MinerFamily,
	Title:   "chooses triplets from a subset for triplet with mining=indices",
	Formula: "hardest: the farthest positive with the nearest negative;  semi-hard: for each (a,p) the nearest n with d_ap < d_an < d_ap + α;  violating: every (a,p,n) with d_an − d_ap < α",
	Paper:   "Schroff, Kalenichenko, Philbin, FaceNet, CVPR 2015, section 3.2: every n steps the newest network chooses from a subset",
	Notes: []string{
		"Equal distances go to the first row. Of more than cap triplets of an anchor those with the largest d_ap − d_an stay (0: all stay).",
		"violating sets every positive pair against every row: positive pairs × S numbers are held at once.",
	},
	New: func() Formula { return &MineTriplets{newMiner()} },
}

var minePairsLoss = Loss{
	Name:    "mine-pairs",
	Family:  MinerFamily,
	Title:   "chooses pairs from a subset for contrastive with mining=indices",
	Formula: "the pairs (a,p) and (a,n) of the triplets that mine-triplets chooses, each once, i < j",
	Paper:   mineTripletsLoss.Paper,
	Notes:   mineTripletsLoss.Notes,
	New:     func() Formula { return &MinePairs{newMiner()} },
}

// Miner has the hyper-parameters of mine-triplets and mine-pairs.
type Miner struct {
	Strategy  string  `enum:"hardest|semi-hard|violating" doc:"which triplets are sought"`
	Distance  string  `enum:"squared-euclidean|euclidean|cosine|dot|angle" doc:"d"`
	Normalize bool    `doc:"replace embeddings by their unit vectors first"`
	Margin    float64 `range:">= 0" doc:"α, for semi-hard and violating"`
	Cap       int     `range:">= 0" doc:"how many triplets an anchor may give, 0 for all"`
}

func newMiner() Miner {
	return Miner{Strategy: "hardest", Distance: "squared-euclidean", Margin: 0.2}
}

// MineTriplets makes triplets [T,3] from embeddings [S,D] and labels [S].
type MineTriplets struct{ Miner }

// MinePairs makes pairs [T,2] from the same.
type MinePairs struct{ Miner }

// Build writes the miner.
func (p *MineTriplets) Build(g *Graph) {
	m := p.mine(g, T)
	g.Output("triplets", columns(m.a, m.p, m.n).Called("triplets"))
}

// Build writes the miner. The pairs are marked in a table and read off in the
// order of their rows.
func (p *MinePairs) Build(g *Graph) {
	m := p.mine(g, g.Fresh("M"))
	size := g.Extent(S)
	mark := func(other *ir.Value) *ir.Value {
		place := m.a.Min(other).Mul(size).Add(m.a.Max(other))
		return g.Num(1).Expand(place.Type.Shape...).ScatterAdd(place, S.Times(S))
	}
	marked := mark(m.p).Add(mark(m.n)).Greater(0)
	g.Output("pairs", marked.Reshape(S, S).NonZero(T).Called("pairs"))
}

// triplets are chosen triplets: the rows a, p, n of each, and d_ap − d_an.
type triplets struct{ a, p, n, gap *ir.Value }

// mine is what the strategy chooses, at most cap of an anchor: t triplets.
func (p *Miner) mine(g *Graph, t ir.Dim) triplets {
	x := g.Input("embeddings", ir.F(S, D), RoleData)
	labels := g.Input("labels", ir.I(S), RoleLabels)
	kept := labels.GreaterEq(0)
	x = g.harmless(x, kept)
	b := g.batchOf(S, x, labels, &Rows{g: g, Kept: kept})
	d := betweenAll(p.Distance, p.Normalize, x)
	listed := t
	if p.Cap > 0 {
		listed = g.Fresh("L")
	}
	var m triplets
	switch p.Strategy {
	case "hardest":
		return p.hardest(b, d, t) // one of an anchor
	case "semi-hard":
		m = p.semiHard(b, d, listed)
	default:
		m = p.violating(b, d, listed)
	}
	if p.Cap > 0 {
		m = capped(g, m, p.Cap, t)
	}
	return m
}

func (p *Miner) hardest(b *Batch, d *ir.Value, t ir.Dim) triplets {
	farthest := ir.Select(b.Same, d, b.far().Neg()).ArgMax(1)
	nearest := ir.Select(b.Other, d, b.far()).Neg().ArgMax(1)
	a := has(b.Same).And(has(b.Other)).NonZero(t).Column(0)
	return triplets{a: a, p: farthest.Gather(a), n: nearest.Gather(a)}
}

func (p *Miner) semiHard(b *Batch, d *ir.Value, t ir.Dim) triplets {
	pairs := b.Same.NonZero(b.g.Fresh("M"))
	a, pos := pairs.Column(0), pairs.Column(1)
	ap := flat(d).Gather(a.Mul(b.g.Extent(S)).Add(pos))
	an := ir.Select(b.Other, d, b.far()).Gather(a)
	inside := ap.Col().Less(an).And(an.Less(ap.Col().Add(p.Margin)))
	an = ir.Select(inside, an, b.far())
	nearest := an.Neg().ArgMax(1)
	gap := ap.Sub(an.Pick(1, nearest))
	found := gap.Greater(math.Inf(-1)).NonZero(t).Column(0)
	return triplets{a.Gather(found), pos.Gather(found), nearest.Gather(found), gap.Gather(found)}
}

func (p *Miner) violating(b *Batch, d *ir.Value, t ir.Dim) triplets {
	pairs := b.Same.NonZero(b.g.Fresh("M"))
	a, pos := pairs.Column(0), pairs.Column(1)
	ap := flat(d).Gather(a.Mul(b.g.Extent(S)).Add(pos))
	an := ir.Select(b.Other, d, b.far()).Gather(a)
	found := an.Sub(ap.Col()).Less(p.Margin).NonZero(t)
	pair, n := found.Column(0), found.Column(1)
	gap := ap.Gather(pair).Sub(flat(an).Gather(pair.Mul(b.g.Extent(S)).Add(n)))
	return triplets{a.Gather(pair), pos.Gather(pair), n, gap}
}

// capped keeps of each anchor the limit triplets with the largest gap, in the
// order in which they came: sorted by gap, then stably by anchor, a triplet's
// rank is its place less the place where its anchor begins.
func capped(g *Graph, m triplets, limit int, t ir.Dim) triplets {
	all := m.a.Type.Shape[0]
	n := g.Extent(all)
	byGap := m.gap.ArgTop(n, all)
	byAnchor := m.a.Gather(byGap).ArgBottom(n, all)
	order := byGap.Gather(byAnchor)
	anchor := m.a.Gather(order)
	of := g.Num(1).Expand(all).ScatterAdd(anchor, S)
	begins := of.CumSum(0).Sub(of)
	rank := g.Iota(all).Float().Sub(begins.Gather(anchor))
	kept := order.Gather(rank.Less(limit).NonZero(t).Column(0))
	kept = kept.Gather(kept.ArgBottom(g.Extent(t), t))
	return triplets{a: m.a.Gather(kept), p: m.p.Gather(kept), n: m.n.Gather(kept)}
}

// columns are vectors side by side.
func columns(vs ...*ir.Value) *ir.Value {
	out := vs[0].Row()
	for i, v := range vs[1:] {
		out = out.Concat(v.Row(), ir.Dim(string(rune('2'+i))))
	}
	return out.T()
}
