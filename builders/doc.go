// Package builders makes the ir.Func of a loss from its formula: one file a
// loss, reading like its paper, over the words that a family shares (heads
// over classes, margins on a cosine, pairs in a batch, reductions over rows).
//
// A loss knows neither its gradient nor its file format. List holds every
// loss; Build makes one of them, or a weighted sum, with hyper-parameters that
// are checked against type, range and enumeration.
package builders
