package builders

import "losscc/ir"

// instanceLoss has two views of a sample, or each row of a batch, told from all
// others by a softmax:
//
//	ℓ_i = CE(s·a_i·Wᵀ, y_i) + CE(s·b_i·Wᵀ, y_i),  or log Σ_j e^{s·cos_ij} − s·cos_ii
//
// Zheng, Zheng, Garrett, Yang, Xu, Shen, "Dual-Path Convolutional Image-Text
// Embeddings with Instance Loss", ACM TOMM 2020.
var instanceLoss = Loss{
	Name:       "instance",
	Aliases:    []string{"instance-loss"},
	Family:     PairFamily,
	Title:      "two views classified by one W, or each row told from all others",
	Formula:    "ℓ_i = CE(s·a_i·Wᵀ, y_i) + CE(s·b_i·Wᵀ, y_i);  form=batch: ℓ_i = log Σ_j e^{s·cos_ij} − s·cos_ii",
	Paper:      "Zheng, Zheng, Garrett, Yang, Xu, Shen, Dual-Path Convolutional Image-Text Embeddings with Instance Loss, ACM TOMM 2020",
	Notes:      []string{"form=batch is the authors' later code: every row is a class of its own. A host starts weight normal with a deviation of 0.001."},
	Reductions: perRow,
	New:        func() Formula { return &Instance{Form: "shared-classifier", Scale: 1} },
}

// Instance has the hyper-parameters of the loss instance.
type Instance struct {
	Form      string  `enum:"shared-classifier|batch" doc:"two views and a weight, or a batch alone"`
	Scale     float64 `range:"> 0" doc:"s, what logits are multiplied by"`
	Normalize bool    `doc:"unit vectors in place of the views and of weight's rows; a batch has them anyway"`
}

// Build writes the loss.
func (p *Instance) Build(g *Graph) {
	if p.Form == "batch" {
		x := g.Embeddings()
		z := nearness("cosine", false, x, x).Mul(p.Scale).Called("logits")
		g.Loss(ir.Softplus(lseOrNone(g.itself(N).Not(), z).Sub(diagonal(z))))
		return
	}
	a, b := g.Views()
	labels := g.Labels()
	r := g.RowsWhere(g.within(labels, C))
	w := g.Weight()
	r.Loss(p.classified(g, r, a, labels, w).Add(p.classified(g, r, b, labels, w)))
}

// classified is CE of a view's rows.
func (p *Instance) classified(g *Graph, r *Rows, x, labels, w *ir.Value) *ir.Value {
	h := g.headOn(r, x, labels)
	var z *ir.Value
	if p.Normalize {
		z = h.Cosines(p.Scale, oneCenter)
	} else {
		z = h.know(ir.MatMulT(h.X, w).Mul(p.Scale), logits{unmoved: true})
	}
	ce, _ := h.CrossEntropyOf(z, defaultCE)
	return ce
}
