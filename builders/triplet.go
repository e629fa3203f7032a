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

// Build writes the loss.
func (p *Triplet) Build(g *Graph) {
	a := g.Input("anchor", ir.F(N, D), RoleEmbeddings)
	pos := g.Input("positive", ir.F(N, D), RoleEmbeddings)
	neg := g.Input("negative", ir.F(N, D), RoleEmbeddings)
	ap, an := p.between(a, pos), p.between(a, neg)
	if p.Swap {
		an = an.Min(p.between(pos, neg))
	}
	terms := p.term(ap, an)
	if g.Reduction == "mean" && p.Average == "nonzero" {
		g.Output("loss", ir.Sum(terms).Div(ir.Sum(terms.Greater(0).Float()).Max(1)))
		return
	}
	g.Loss(terms)
}

func (p *Triplet) between(a, b *ir.Value) *ir.Value {
	return between(p.Distance, p.Normalize, a, b)
}

// term is h(d_ap − d_an + α).
func (p *Triplet) term(ap, an *ir.Value) *ir.Value {
	z := ap.Sub(an).Add(p.Margin)
	if p.Hinge == "softplus" {
		return ir.Softplus(z).Called("terms")
	}
	return hinge(z).Called("terms")
}
