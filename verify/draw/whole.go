package draw

import (
	"math"

	"losscc/verify/tensor"
)

// batches are the tables of rows between which distances are taken, and which
// a miner chooses from.
func (b batch) batches() []*tensor.Tensor {
	all := b.roles(Embeddings)
	if x := b.in["embeddings"]; x != nil && len(all) == 0 {
		all = append(all, x)
	}
	return all
}

// labelled tells whether rows have labels.
func (b batch) labelled() bool { return b.in["labels"] != nil }

// wholes makes every entry of the batch −1, 0 or 1. Squares of differences,
// their sums and roots, and inner products of such rows are equal or are apart
// by far more than rounding: what a loss does where two are equal is a matter
// of its formula. A table of classes or proxies has no such batch.
func (b batch) wholes() bool {
	if b.has("C") || b.has("P") {
		return false
	}
	for _, t := range b.batches() {
		for i, x := range t.F {
			t.F[i] = math.Max(-1, math.Min(1, math.Round(x)))
		}
	}
	return len(b.batches()) > 0
}
