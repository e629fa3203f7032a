package builders

import "losscc/ir"

// multiSimilarityLoss weighs each pair by its similarity and by those of the pairs
// beside it:
//
//	ℓ_i = 1/α·log(1 + Σ_P e^{−α(s_ij − λ)}) + 1/β·log(1 + Σ_N e^{β(s_ij − λ)})
//
// Wang, Han, Huang, Dong, Scott, "Multi-Similarity Loss with General Pair Weighting
// for Deep Metric Learning", CVPR 2019.
var multiSimilarityLoss = Loss{
	Name:    "multi-similarity",
	Aliases: []string{"ms", "ms-loss"},
	Family:  PairFamily,
	Title:   "pairs weighed by their own and each other's similarity",
	Formula: "ℓ_i = 1/α·log(1 + Σ_P e^{−α(s_ij − λ)}) + 1/β·log(1 + Σ_N e^{β(s_ij − λ)})",
	Paper:   "Wang, Han, Huang, Dong, Scott, Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, CVPR 2019",
	Notes: []string{
		"mining=multi-similarity keeps positives with s_ij − ε below the largest similarity of a negative, and negatives with s_ij + ε above the least of a positive.",
		"λ is the paper's 1; its code has 0.5, with β = 40.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &MultiSimilarity{Alpha: 2, Beta: 50, Lambda: 1, Mining: "multi-similarity", Epsilon: 0.1, Distance: "cosine", Average: "rows"}
	},
}

// MultiSimilarity has the hyper-parameters of the loss multi-similarity.
type MultiSimilarity struct {
	Alpha     float64 `range:"> 0" doc:"α, how sharply positives are weighed"`
	Beta      float64 `range:"> 0" doc:"β, how sharply negatives are weighed"`
	Lambda    float64 `doc:"λ, the similarity that divides near from far"`
	Mining    string  `enum:"multi-similarity|none" doc:"which pairs count: those within ε of an opposite one, or all"`
	Epsilon   float64 `doc:"ε, how much easier than an opposite pair a pair may be"`
	Distance  string  `enum:"cosine|euclidean|squared-euclidean|dot" doc:"d; s is −d, and the cosine itself"`
	Normalize bool    `doc:"replace embeddings by their unit vectors first"`
	Average   string  `enum:"rows|all|nonzero" doc:"mean over kept rows, over rows with a pair, or over terms above 0"`
}

// Build writes the loss.
func (p *MultiSimilarity) Build(g *Graph) {
	b := g.Batch(N)
	s := b.similarities(p.Distance, p.Normalize)
	pos, neg := b.Same, b.Other
	if p.Mining == "multi-similarity" {
		fixed := ir.Stop(s)
		nearest := ir.ReduceMax(negated(b.Other, fixed), 1)
		farthest := ir.ReduceMin(ir.Select(b.Same, fixed, b.far()), 1)
		pos = pos.And(fixed.Sub(p.Epsilon).Less(nearest.Col())).Called("hard_positive")
		neg = neg.And(fixed.Add(p.Epsilon).Greater(farthest.Col())).Called("hard_negative")
	}
	off := s.Sub(p.Lambda)
	pull := lse1Where(pos, off.Mul(-p.Alpha)).Div(p.Alpha)
	push := lse1Where(neg, off.Mul(p.Beta)).Div(p.Beta)
	b.Anchors(pull.Add(push), has(pos).Or(has(neg)), p.Average)
}
