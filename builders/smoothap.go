package builders

import "losscc/ir"

// smoothAPLoss is one less the average precision of each row as a query, with
// sigmoids in place of ranks' steps:
//
//	ℓ_i = 1 − 1/|S|·Σ_{j∈S} (1 + R(j,S))/(1 + R(j,S) + R(j,N)),
//	R(j,Q) = Σ_{k∈Q, k≠j} σ((s_ik − s_ij)/τ)
//
// Brown, Xie, Kalogeiton, Zisserman, "Smooth-AP: Smoothing the Path Towards
// Large-Scale Image Retrieval", ECCV 2020.
var smoothAPLoss = Loss{
	Name:    "smooth-ap",
	Aliases: []string{"smoothap"},
	Family:  PairFamily,
	Title:   "average precision with sigmoids for the steps of ranks",
	Formula: "R(j,Q) = Σ_{k∈Q, k≠j} σ((s_ik − s_ij)/τ);  ℓ_i = 1 − mean_{j∈S} (1 + R(j,S))/(1 + R(j,S) + R(j,N))",
	Paper:   "Brown, Xie, Kalogeiton, Zisserman, Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval, ECCV 2020",
	Notes: []string{
		"S is the query's class, with the query itself as in the authors' code (include_query) or without.",
		"It sets the rows of a class against all rows: N² times the most rows of a class are held at once.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &SmoothAP{Ranking{Temperature: 0.01, IncludeQuery: true, Distance: "cosine", Average: "all"}}
	},
}

// SmoothAP has the hyper-parameters of the loss smooth-ap.
type SmoothAP struct{ Ranking }

// Ranking are the options of losses over smoothed ranks.
type Ranking struct {
	Temperature  float64 `range:"> 0" doc:"τ, how smooth a step is"`
	IncludeQuery bool    `doc:"the query is one of its class"`
	Distance     string  `enum:"cosine|euclidean|squared-euclidean|dot" doc:"d; s is −d, and the cosine itself"`
	Normalize    bool    `doc:"replace embeddings by their unit vectors first"`
	Average      string  `enum:"all|rows|nonzero" doc:"mean over rows with a positive, over kept rows, or over terms above 0"`
}

// ranks are, for each row i as a query and each j of its set S, side by side:
// whether there is one, [N,R], and the steps σ((s_ik − s_ij)/τ) of all rows k,
// [N,R,N]; set is S over [N,N].
type ranks struct{ there, steps, set *ir.Value }

func (p *Ranking) ranks(b *Batch) ranks {
	s := b.similarities(p.Distance, p.Normalize).Div(p.Temperature)
	set := b.Same
	if p.IncludeQuery {
		set = b.Equal // of an ignored row it alone, which is no query
	}
	at, there, _ := b.sideBySide(set.Float())
	return ranks{there, ir.Sigmoid(s.Unsqueeze(1).Sub(s.Take(at).Unsqueeze(2))), set}
}

// over is Σ_k of the steps of the rows that a mask [N,N] chooses, [N,R].
func (r ranks) over(mask *ir.Value) *ir.Value {
	return ir.Sum(r.steps.Mul(mask.Float().Unsqueeze(1)), 2)
}

// Build writes the loss. A row's step over itself is ½.
func (p *SmoothAP) Build(g *Graph) {
	b := g.Batch(N)
	r := p.ranks(b)
	own, before := r.over(r.set).Add(0.5), r.over(b.Other)
	missing := before.Div(own.Add(before)) // 1 less the precision at j
	b.Anchors(meanWhere(r.there, missing), has(b.Same), p.Average)
}
