package builders

// generalizedLiftedLoss sets all positives of an anchor against all its negatives:
//
//	ℓ_i = [ log Σ_P e^{d_ij − p} + log Σ_N e^{m − d_ij} ]₊
//
// Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person
// Re-Identification", 2017.
var generalizedLiftedLoss = Loss{
	Name:       "generalized-lifted-structure",
	Aliases:    []string{"generalized-lifted", "lifted-embedding"},
	Family:     PairFamily,
	Title:      "all positives of an anchor against all its negatives",
	Formula:    "ℓ_i = [log Σ_P e^{d_ij − p} + log Σ_N e^{m − d_ij}]₊",
	Paper:      "Hermans, Beyer, Leibe, In Defense of the Triplet Loss for Person Re-Identification, 2017",
	Reductions: perRow,
	New: func() Formula {
		return &GeneralizedLifted{Margin: 1, Distance: "euclidean", Average: "all"}
	},
}

// GeneralizedLifted has the hyper-parameters of the loss
// generalized-lifted-structure.
type GeneralizedLifted struct {
	Margin         float64 `doc:"m, how far negatives are pushed"`
	PositiveMargin float64 `doc:"p, how near positives need to be"`
	Distance       string  `enum:"euclidean|squared-euclidean|cosine|dot" doc:"d"`
	Normalize      bool    `doc:"replace embeddings by their unit vectors first"`
	Average        string  `enum:"all|rows|nonzero" doc:"mean over anchors, over kept rows, or over terms above 0"`
}

// Build writes the loss.
func (p *GeneralizedLifted) Build(g *Graph) {
	b := g.Batch(N)
	d := b.distances(p.Distance, p.Normalize)
	pull := lseWhere(b.Same, d.Sub(p.PositiveMargin))
	push := lseWhere(b.Other, g.Num(p.Margin).Sub(d))
	b.Anchors(hinge(pull.Add(push)), b.anchors(), p.Average)
}
