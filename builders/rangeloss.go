package builders

import "losscc/ir"

// rangeLoss draws the farthest pairs of each class together and the two nearest
// classes apart:
//
//	α·Σ_classes n/Σ_{n farthest} 1/d + β·[m − D]₊,  D the least distance of two means
//
// Zhang, Fang, Wen, Li, Qiao, "Range Loss for Deep Face Recognition with Long-Tailed
// Training Data", ICCV 2017.
var rangeLoss = Loss{
	Name:    "range",
	Aliases: []string{"range-loss"},
	Family:  PairFamily,
	Title:   "the farthest pairs of a class together, the nearest classes apart",
	Formula: "α·Σ_classes n/Σ 1/d over the n = min(k, pairs) largest distances of the class + β·[m − D]₊, D the least distance between two class means",
	Paper:   "Zhang, Fang, Wen, Li, Qiao, Range Loss for Deep Face Recognition with Long-Tailed Training Data, ICCV 2017",
	Notes: []string{
		"The sum over classes is not divided by anything. It regularises another loss: add it to one as a weighted sum.",
		"It sets the rows of a class against each other: N times the square of the most rows of a class are held at once.",
	},
	Reductions: meanOnly,
	New: func() Formula {
		return &Range{K: 2, Margin: 20000, Alpha: 0.00005, Beta: 0.0001, Distance: "squared-euclidean"}
	},
}

// Range has the hyper-parameters of the loss range.
type Range struct {
	K         int     `range:">= 1" doc:"k, how many pairs of a class count"`
	Margin    float64 `range:">= 0" doc:"m, how far apart the nearest classes are to be"`
	Alpha     float64 `range:">= 0" doc:"α, the weight of the pairs of a class"`
	Beta      float64 `range:">= 0" doc:"β, the weight of the nearest classes"`
	Distance  string  `enum:"squared-euclidean|euclidean" doc:"d"`
	Normalize bool    `doc:"replace embeddings by their unit vectors first"`
}

// Build writes the loss. The first row of a class stands for it.
func (p *Range) Build(g *Graph) {
	b := g.Batch(N)
	x := b.X
	if p.Normalize {
		x = unit(x)
	}
	first := b.Kept.And(b.again().Not())
	classes := g.Fresh("M")
	at := first.NonZero(classes).Column(0)
	intra := p.pairs(g, b, betweenAll(p.Distance, false, x), first)
	inter := p.apart(g, b, x, at)
	g.Output("loss", intra.Mul(p.Alpha).Add(inter.Mul(p.Beta)))
}

// pairs is Σ n/Σ 1/d over the classes, each counted at its first row. d of the pairs
// of a class: its rows r against its rows s, each pair once.
func (p *Range) pairs(g *Graph, b *Batch, d, first *ir.Value) *ir.Value {
	rows, there, _ := b.sideBySide(b.Equal.Float())
	there = there.And(first.Col()) // [N,R]
	s := rows.Type.Shape
	r := g.Iota(s[1])
	once := r.Col().Less(r.Row()).Unsqueeze(0).And(there.Unsqueeze(2)).And(there.Unsqueeze(1)) // [N,R,R]
	of := flat(d).Gather(flat(rows.Unsqueeze(2).Mul(g.Extent(N)).Add(rows.Unsqueeze(1)))).Reshape(s[0], s[1].Times(s[1]))
	mask := once.Reshape(s[0], s[1].Times(s[1]))
	order := negated(mask, ir.Stop(of))
	pairs := ir.Sum(mask.Float(), 1)
	most := ir.ReduceMax(pairs.Concat(g.Num(1).Expand(ir.One), g.Fresh("L")), 0).Int().Min(p.K).Min(g.Extent(N).Mul(g.Extent(N))) // of a class; 1 at least, but of no rows
	k := g.Fresh("L")
	chosen := order.ArgTop(most, k)
	far := of.Take(chosen)
	inside := g.Iota(k).Float().Row().Less(pairs.Col())
	n := pairs.Min(float64(p.K))
	least := ir.Stop(ir.ReduceMin(ir.Select(inside, far, g.Num(inf)), 1))
	empty := least.Eq(0.0).Or(pairs.Eq(0.0))
	least = ir.Select(empty, 1.0, least)
	// n/Σ(1/d) in units of the least d, so that no square of d is too large.
	sum := ir.Sum(ir.Select(inside, ir.Recip(far.Div(least.Col())), 0.0), 1)
	return ir.Sum(ir.Select(empty, 0.0, n.Mul(least).Div(ir.Select(empty, 1.0, sum))))
}

// apart is [m − D]₊, D the least distance between the means of two classes.
func (p *Range) apart(g *Graph, b *Batch, x, at *ir.Value) *ir.Value {
	member := b.Equal.Float().Gather(at) // [M,N]
	mean := ir.MatMul(member, x).Div(ir.Sum(member, 1).Max(1).Col())
	d := betweenAll(p.Distance, false, mean)
	m := d.Type.Shape[0]
	place := g.Iota(m)
	others := ir.Select(place.Col().Less(place.Row()), d, g.Num(inf))
	// A row of infinities in front, for a minimum over no classes.
	least := ir.ReduceMin(flat(others).Concat(g.Num(inf).Expand(ir.One), g.Fresh("L")), 0)
	return ir.Select(g.Extent(m).Greater(1), hinge(g.Num(p.Margin).Sub(least)), 0.0)
}
