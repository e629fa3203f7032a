package builders

import "losscc/ir"

// tripletLoss wants an anchor nearer to its positive than to its negative:
//
//	ℓ = [d(a,p) − d(a,n) + α]₊
//
// Schroff, Kalenichenko, Philbin, "FaceNet: A Unified Embedding for Face
// Recognition and Clustering", CVPR 2015; the soft margin is of Hermans, Beyer,
// Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017.
var tripletLoss = Loss{
	Name:       "triplet",
	Aliases:    []string{"triplet-loss", "facenet"},
	Family:     SeedFamily,
	Title:      "anchors nearer to positives than to negatives",
	Formula:    "ℓ = h(d(a,p) − d(a,n) + α), h = [·]₊ or log(1 + e^·)",
	Paper:      "Schroff, Kalenichenko, Philbin, FaceNet: A Unified Embedding for Face Recognition and Clustering, CVPR 2015",
	Notes:      []string{"Embeddings are taken as they come unless normalize=true; FaceNet's are unit vectors."},
	Reductions: perRow,
	New: func() Formula {
		return &Triplet{Margin: 0.2, Distance: "squared-euclidean", Hinge: "relu", Average: "all", Mining: "none"}
	},
}

// Triplet has the hyper-parameters of the loss triplet.
type Triplet struct {
	Margin    float64 `range:">= 0" doc:"α"`
	Distance  string  `enum:"squared-euclidean|euclidean|cosine|dot|angle" doc:"d"`
	Normalize bool    `doc:"replace embeddings by their unit vectors first"`
	Hinge     string  `enum:"relu|softplus" doc:"h"`
	Swap      bool    `doc:"d(a,n) becomes min(d(a,n), d(p,n))"`
	Average   string  `enum:"all|nonzero" doc:"mean over all terms, or over those above 0"`
	Mining    string  `enum:"none|indices|batch-all|batch-hard|semi-hard|batch-all-hard|batch-all-semi-hard" doc:"which triplets"`
}

// Check refuses a swap where no triplets are written out.
func (p *Triplet) Check() error {
	if p.Swap && (p.Mining == "batch-hard" || p.Mining == "semi-hard") {
		return usage("swap=true with mining=%s: the swap belongs to written-out triplets; use mining=none, indices or batch-all…", p.Mining)
	}
	return nil
}

// Reductions are those of the chosen mining.
func (p *Triplet) Reductions() []string {
	if p.Mining == "none" {
		return perRow
	}
	return overall
}

// Build writes the loss.
func (p *Triplet) Build(g *Graph) {
	switch p.Mining {
	case "none":
		p.given(g)
	case "indices":
		p.mined(g)
	case "batch-hard":
		p.batchHard(g.Batch(N))
	case "semi-hard":
		p.semiHard(g.Batch(N))
	default:
		p.batchAll(g.Batch(N))
	}
}

// given is the loss of rows of three inputs.
func (p *Triplet) given(g *Graph) {
	a := g.Input("anchor", ir.F(N, D), RoleEmbeddings)
	pos := g.Input("positive", ir.F(N, D), RoleEmbeddings)
	neg := g.Input("negative", ir.F(N, D), RoleEmbeddings)
	terms := p.rows(a, pos, neg)
	if g.Reduction == "mean" && p.Average == "nonzero" {
		p.average(g, terms, nil)
		return
	}
	g.Loss(terms)
}

// rows are the terms of triplets that are written out.
func (p *Triplet) rows(a, pos, neg *ir.Value) *ir.Value {
	ap, an := p.between(a, pos), p.between(a, neg)
	if p.Swap {
		an = an.Min(p.between(pos, neg))
	}
	return p.term(ap, an)
}

// mined is the loss of the triplets of rows that a miner chose.
func (p *Triplet) mined(g *Graph) {
	x, at := g.GivenRows("triplets", 3)
	terms := p.rows(x.Gather(at[0]), x.Gather(at[1]), x.Gather(at[2]))
	n := g.Extent(terms.Type.Shape[0])
	g.Output("ignored", g.Extent(T).Sub(n))
	p.average(g, terms, n.Float())
}

// average divides the sum of the terms by n, or by how many are above 0.
func (p *Triplet) average(g *Graph, terms, n *ir.Value) {
	if g.Reduction != "sum" && p.Average == "nonzero" {
		n = count(terms.Greater(0))
	}
	p.reduce(g, ir.Sum(terms), n)
}

// reduce makes the output loss from the sum of n terms.
func (p *Triplet) reduce(g *Graph, total, n *ir.Value) {
	if g.Reduction != "sum" {
		total = total.Div(n.Max(1))
	}
	g.Output("loss", total)
}

func (p *Triplet) between(a, b *ir.Value) *ir.Value {
	return between(p.Distance, p.Normalize, a, b)
}

// term is h(d_ap − d_an + α).
func (p *Triplet) term(ap, an *ir.Value) *ir.Value {
	z := ap.Add(p.Margin).Sub(an)
	if p.Hinge == "softplus" {
		return ir.Softplus(z).Called("terms")
	}
	return hinge(z).Called("terms")
}

// batchHard takes for each anchor that has both its farthest positive and its
// nearest negative.
func (p *Triplet) batchHard(b *Batch) {
	o, positive := b.Order(p.Distance, p.Normalize), b.Equal
	if p.Distance == "dot" { // elsewhere a row is no farther from itself than from others
		positive = b.Same
	}
	farthest := ir.Select(positive, o.Far, b.far().Neg())
	nearest := ir.Select(b.Equal, b.far(), o.Far)
	ap := o.Distance(farthest.Pick(1, farthest.ArgMax(1)))
	an := o.Distance(nearest.Pick(1, nearest.Neg().ArgMax(1)))
	both := b.anchors()
	p.average(b.g, ir.Select(both, p.term(ap, an), 0.0), count(both))
}

// semiHard takes for each pair (a, p) whose anchor has a negative the nearest
// one beyond p, or the farthest if there is none beyond.
func (p *Triplet) semiHard(b *Batch) {
	d := betweenAll(p.Distance, p.Normalize, b.X)
	negative := ir.Select(b.Other, d, b.far())
	at, there, _ := b.positives()
	ap := d.Take(at)
	rows := negative.Unsqueeze(1)
	beyond := ir.Select(ap.Unsqueeze(2).Less(rows), rows, b.far())
	away := ir.Select(b.Other, d, b.far().Neg())
	nearest, farthest := beyond.Neg().ArgMax(2), away.ArgMax(1)
	near := beyond.Pick(2, nearest)
	none := near.Eq(b.far())
	// The value is at hand; its gradient is wanted at one place of d.
	an := d.Take(ir.Select(none, farthest.Col(), nearest)).Through(ir.Select(none, away.Pick(1, farthest).Col(), near))
	chosen := there.And(has(b.Other).Col())
	p.average(b.g, ir.Select(chosen, p.term(ap, an), 0.0), count(chosen))
}

// batchAll takes every triplet, or of these the hard or the semi-hard ones. It
// sets the positives of each anchor, side by side, against the anchor's row: N²
// times the most positives that an anchor has, not N³.
func (p *Triplet) batchAll(b *Batch) {
	d := b.Distances(p.Distance, p.Normalize)
	// Where j is no negative of i, the term of the triplet is 0 by itself.
	negative := ir.Select(b.Equal, b.far(), d)
	at, there, positives := b.positives()
	ap := ir.Select(there, d.Take(at), b.far().Neg()).Unsqueeze(2)
	an := negative.Unsqueeze(1)
	if p.Swap {
		an = an.Min(negative.Gather(at))
	}
	terms := p.term(ap, an)
	switch p.Mining {
	case "batch-all":
		negatives := b.Count().Sub(1).Sub(positives) // of a kept row; others have no positives
		perRow := positives.Mul(negatives)
		p.average(b.g, terms, ir.Sum(perRow))
	case "batch-all-hard":
		p.chosen(b, d, at, terms, an.LessEq(ap))
	case "batch-all-semi-hard":
		p.chosen(b, d, at, terms, ap.Less(an).And(an.LessEq(ap.Add(p.Margin))))
	}
}

// chosen is the loss of some of the triplets of batchAll, [n,R,n], each chosen by
// its distances. Where no chosen one is beyond the margin, d(a,p) + α and d(a,n) are
// summed apart, by how often each counts.
func (p *Triplet) chosen(b *Batch, d, at, terms, chosen *ir.Value) {
	on := chosen.Float()
	if p.Hinge != "relu" || p.Swap || p.Average != "all" {
		p.average(b.g, terms.Mul(on), count(chosen))
		return
	}
	perPositive, perNegative := ir.Sum(on, 2), ir.Sum(on, 1)
	near, far := d.Take(at).Add(p.Margin).Mul(perPositive), d.Mul(perNegative)
	p.reduce(b.g, ir.Sum(near).Sub(ir.Sum(far)), ir.Sum(perPositive))
}
