package builders

import "losscc/ir"

// supconLoss is a cross-entropy over the batch in which every row of the anchor's
// class is a target:
//
//	ℓ_i = −mean_{j∈P(i)} log( e^{z_ij} / Σ_{k≠i} e^{z_ik} ),  z = s/τ
//
// Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu, Krishnan, "Supervised
// Contrastive Learning", NeurIPS 2020.
var supconLoss = Loss{
	Name:    "supcon",
	Aliases: []string{"sup-con", "supervised-contrastive"},
	Family:  PairFamily,
	Title:   "a softmax over the batch with all rows of the class as targets",
	Formula: "ℓ_i = −mean_P (z_ij − log Σ_{k≠i} e^{z_ik}), z = s/τ;  form=in: ℓ_i = −log mean_P e^{z_ij} + log Σ_{k≠i} e^{z_ik}",
	Paper:   "Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu, Krishnan, Supervised Contrastive Learning, NeurIPS 2020",
	Notes: []string{
		"All views of a sample are rows of embeddings that have its label.",
		"base_temperature above 0 multiplies the loss by temperature/base_temperature, as the authors' code does with 0.07.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &SupCon{Temperature: 0.1, Form: "out", Distance: "cosine", Average: "all"}
	},
}

// SupCon has the hyper-parameters of the loss supcon.
type SupCon struct {
	Temperature     float64 `range:"> 0" doc:"τ, what similarities are divided by"`
	BaseTemperature float64 `range:">= 0" doc:"τ₀: the loss is multiplied by τ/τ₀; 0 leaves it"`
	Form            string  `enum:"out|in" doc:"the mean over positives outside the logarithm, or inside"`
	Distance        string  `enum:"cosine|euclidean|squared-euclidean|dot" doc:"d; s is −d, and the cosine itself"`
	Normalize       bool    `doc:"replace embeddings by their unit vectors first"`
	Average         string  `enum:"all|rows|nonzero" doc:"mean over rows with a positive, over kept rows, or over terms above 0"`
}

// Build writes the loss.
func (p *SupCon) Build(g *Graph) {
	b := g.Batch(N)
	z := b.similarities(p.Distance, p.Normalize).Mul(1 / p.Temperature).Called("logits")
	hasPos := has(b.Same)
	// −log p, p the share of positives in the sum, and what is left: with one
	// positive it is nothing.
	terms := ir.Softplus(b.lead(z))
	if p.Form == "out" {
		terms = terms.Add(lseWhere(b.Same, z).Sub(meanWhere(b.Same, z)))
	} else {
		terms = terms.Add(ir.Log(ir.Sum(b.Same.Float(), 1).Max(1)))
	}
	if p.BaseTemperature > 0 {
		terms = terms.Mul(p.Temperature / p.BaseTemperature)
	}
	b.Anchors(terms, hasPos, p.Average)
}
