package builders

import "losscc/ir"

// RegularisedLoss makes the output loss from logits, with a term r for each
// row (or one number for all) added to its cross-entropy; class weights weigh
// both.
func (h *Head) RegularisedLoss(z *ir.Value, o CrossEntropy, r *ir.Value) {
	terms, weights := h.CrossEntropyOf(z, o)
	if weights != nil {
		r = r.Mul(weights)
	}
	h.WeightedLoss(terms.Add(r), weights)
}
