package builders

import "losscc/ir"

// wuMarginLoss holds the distances of pairs on either side of a boundary β, which
// may be trained for each class:
//
//	f_ij = [d_ij − β_i + m]₊ for positives, g_ik = [β_i − d_ik + m]₊ for negatives
//
// Wu, Manmatha, Smola, Krähenbühl, "Sampling Matters in Deep Embedding Learning",
// ICCV 2017.
var wuMarginLoss = Loss{
	Name:    "margin",
	Aliases: []string{"margin-loss", "wu-margin"},
	Family:  PairFamily,
	Title:   "pairs on either side of a boundary, which may be trained",
	Formula: "f_ij = [d_ij − β_i + m]₊ over P, g_ik = [β_i − d_ik + m]₊ over N;  (Σ f + Σ g + ν·Σ β_i)/(how many f and g are above 0)",
	Paper:   "Wu, Manmatha, Smola, Krähenbühl, Sampling Matters in Deep Embedding Learning, ICCV 2017",
	Notes: []string{
		"over=triplets counts a pair once for each triplet that it is part of; the sum is made without listing triplets.",
		"mining=distance-weighted draws one negative for each positive pair, rarely a near one, by the input noise [N,N], uniform in [0, 1).",
		"With learn_beta a host starts beta at the parameter beta.",
		"At the defaults β − m is 1, where a zero row lies from all others: whether those pairs count is then a matter of rounding.",
	},
	Reductions: meanOnly,
	New: func() Formula {
		return &WuMargin{Margin: 0.2, Beta: 1.2, Over: "triplets", Mining: "none", Cutoff: 0.5, NonzeroLossCutoff: 1.4, Distance: "euclidean", Normalize: true}
	},
}

// WuMargin has the hyper-parameters of the loss margin.
type WuMargin struct {
	Margin            float64 `range:">= 0" doc:"m, how far from the boundary pairs are to be"`
	Beta              float64 `doc:"β, the boundary; where it is trained, its start"`
	LearnBeta         bool    `doc:"take an input beta [C], a boundary for each class"`
	Nu                float64 `range:">= 0" doc:"ν, the weight of trained boundaries"`
	Over              string  `enum:"triplets|pairs" doc:"count a pair for each of its triplets, or once"`
	Mining            string  `enum:"none|distance-weighted" doc:"all negatives, or one drawn for each positive pair"`
	Cutoff            float64 `range:"> 0, < 2" doc:"distances below it are drawn as it is"`
	NonzeroLossCutoff float64 `range:"> 0, <= 2" doc:"distances from it on are not drawn"`
	Distance          string  `enum:"euclidean|squared-euclidean" doc:"d"`
	Normalize         bool    `doc:"replace embeddings by their unit vectors first"`
}

// Check refuses drawing where no triplets are made.
func (p *WuMargin) Check() error {
	if p.Mining == "distance-weighted" && p.Over == "pairs" {
		return usage("mining=distance-weighted with over=pairs: a negative is drawn for each positive pair, which makes triplets; use over=triplets")
	}
	return nil
}

// Build writes the loss.
func (p *WuMargin) Build(g *Graph) {
	b, beta, inner, outer := p.begin(g)
	d := b.distances(p.Distance, p.Normalize)
	f := hinge(d.Sub(inner.Col()))
	h := hinge(outer.Col().Sub(d))
	positives, negatives := ir.Sum(b.Same.Float(), 1), ir.Sum(b.Other.Float(), 1)
	pos, neg := b.Same.Float(), b.Other.Float()
	every := positives.Mul(negatives) // triplets of an anchor
	switch {
	case p.Mining == "distance-weighted":
		drawn := p.draw(g, b, ir.Stop(d))
		// How often each negative was drawn, and each positive had one.
		neg, pos = drawn, pos.Mul(ir.Sum(drawn, 1).Greater(0).Float().Col())
		every = ir.Sum(drawn, 1)
	case p.Over == "triplets":
		pos, neg = pos.Mul(negatives.Col()), neg.Mul(positives.Col())
	default:
		every = positives.Add(negatives)
	}
	above := func(x *ir.Value) *ir.Value { return x.Greater(0).Float() }
	total := ir.Sum(f.Mul(pos).Add(h.Mul(neg)))
	active := ir.Sum(above(f).Mul(pos).Add(above(h).Mul(neg)))
	if p.LearnBeta && p.Nu > 0 {
		total = total.Add(ir.Sum(beta.Mul(every)).Mul(p.Nu))
	}
	g.Output("loss", ir.Select(active.Eq(0.0), 0.0, total.Div(active.Max(1))))
}

// begin is the batch, the boundary β of each of its rows, β − m and β + m.
func (p *WuMargin) begin(g *Graph) (b *Batch, beta, inner, outer *ir.Value) {
	if !p.LearnBeta {
		same := func(x float64) *ir.Value { return g.Num(x).Expand(N) }
		return g.Batch(N), same(p.Beta), same(p.Beta - p.Margin), same(p.Beta + p.Margin)
	}
	b = g.BatchOf(N, C)
	beta = g.Input("beta", ir.F(C), RoleParameter).Gather(ir.Select(b.Kept, b.Labels, 0))
	return b, beta, beta.Sub(p.Margin), beta.Add(p.Margin)
}

// draw is how often each negative of a row was drawn, [N,N]: for each positive of
// the row once, with a probability that falls with the density of distances on the
// unit sphere.
func (p *WuMargin) draw(g *Graph, b *Batch, d *ir.Value) *ir.Value {
	noise := g.Input("noise", ir.F(N, N), RoleNoise)
	can := b.Other.And(d.Less(p.NonzeroLossCutoff))
	t := ir.Select(can, d.Max(p.Cutoff), 1.0)
	entries := g.Count(D)
	inside := g.Num(1).Sub(t.Square().Mul(0.25))
	// ln w = (2 − D)·ln t − (D − 3)/2·ln(1 − t²/4)
	z := g.Num(2).Sub(entries).Mul(ir.Log(t)).Sub(entries.Sub(3).Mul(0.5).Mul(ir.Log(inside)))
	z = negated(can, z)
	w := ir.Exp(z.Sub(lseTop(z).Col()))
	running := w.CumSum(1)
	at, there, _ := b.positives()
	bar := noise.Take(at).Mul(ir.Sum(w, 1).Col()) // [N,R]
	beyond := can.Unsqueeze(1).And(running.Unsqueeze(1).Greater(bar.Unsqueeze(2)))
	first := beyond.Float().ArgMax(2)
	place := g.Iota(N)
	lastCan := ir.ReduceMax(ir.Select(can, place.Row(), g.Whole(-1)), 1)
	some := ir.ReduceMax(beyond.Int(), 2).Greater(0)
	chosen := ir.Select(some, first, lastCan.Max(0).Col())
	once := there.And(has(can).Col()).Float()
	return g.Num(0).Expand(N, N).AddAt(chosen, once)
}
