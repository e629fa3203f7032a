// Package digits trains small embeddings of handwritten digits with emitted
// files, and measures them: the smallest real data on which a file shows
// whether it trains something. The network is one linear layer, written by
// hand; loss and gradients come from the file alone.
package digits
