package formula

import "losscc/verify/tensor"

// headOptions are the options of every cross-entropy head; c.ce and head.loss
// read them.
var headOptions = Params{
	"label_smoothing": 0.0,
	"smoothing":       "all",
	"focal.gamma":     0.0,
	"class_weights":   false,
}

// merge is all the given hyper-parameters in one; a later one of the same
// name wins.
func merge(parts ...Params) Params {
	all := Params{}
	for _, p := range parts {
		for k, v := range p {
			all[k] = v
		}
	}
	return all
}

// head is a batch before a table of classes: what every loss over classes
// starts from.
type head struct {
	c    *Ctx
	x    [][]float64 // embeddings [N,D]
	w    [][]float64 // weight, row j of [C,D] or row j·K+k of [C,K,D]
	C, K int
	y    []int // the label of a kept row, −1 of an ignored one
	kept int
}

// head reads embeddings, weight and labels. A weight of rank 3 holds K
// sub-centres a class, where the loss allows them.
func (c *Ctx) head() *head {
	w := c.In("weight")
	h := &head{c: c, x: c.matrix("embeddings"), K: 1}
	switch {
	case len(w.Shape) == 2:
		h.C = w.Shape[0]
	case len(w.Shape) == 3 && c.Has("sub_centers"):
		h.C, h.K = w.Shape[0], w.Shape[1]
	default:
		failf("input \"weight\" is %s, which is no table of classes", w)
	}
	h.w = slices(w, h.C*h.K)
	if d, e := width(c.In("embeddings")), width(w); d != e {
		failf("embeddings have %d columns and weight %d", d, e)
	}
	h.y = c.labels("labels", len(h.x), h.C)
	h.kept = count(h.y)
	return h
}

// dots are the scores x·Wᵀ + bias, [N][C]; nil is no bias.
func (h *head) dots(bias []float64) [][]float64 {
	z := table2(len(h.x), h.C)
	for i, x := range h.x {
		for j := range z[i] {
			z[i][j] = dot(x, h.w[j])
			if bias != nil {
				z[i][j] += bias[j]
			}
		}
	}
	return z
}

// cosines are c_j = x̂·ŵ_j, [N][C]; of K sub-centres the first that has the
// largest cosine counts.
func (h *head) cosines() [][]float64 {
	x, w := h.c.units(h.x), h.c.units(h.w)
	z := table2(len(x), h.C)
	for i := range x {
		for j := range z[i] {
			of := make([]float64, h.K)
			for k := range of {
				of[k] = cosine(x[i], w[j*h.K+k])
			}
			best := 0
			if h.K > 1 {
				best = h.c.choice(argmax(of))
			}
			z[i][j] = of[best]
		}
	}
	return z
}

// crossEntropy gives the loss whose term is the cross-entropy, with the
// head's options, of the logits that a kept row i of label y has.
func (h *head) crossEntropy(logits func(i, y int) []float64) {
	h.loss(func(i, y int) float64 { return h.c.ce(logits(i, y), y) })
}

// loss gives the loss whose term for a kept row i of label y is that, weighted
// by class where that is asked for, and how many rows were ignored.
func (h *head) loss(term func(i, y int) float64) {
	classWeight := h.classWeights()
	terms, weights := make([]float64, len(h.y)), make([]float64, len(h.y))
	for i, y := range h.y {
		if y >= 0 {
			weights[i] = classWeight[y]
			terms[i] = weights[i] * term(i, y)
		}
	}
	h.c.reduce(terms, weights)
	h.c.ignored(len(h.y) - h.kept)
}

// classWeights are class_weight where class_weights=true, and all 1 otherwise.
func (h *head) classWeights() []float64 {
	if h.c.Has("class_weights") && h.c.Bool("class_weights") {
		return h.c.vector("class_weight", h.C)
	}
	ones := make([]float64, h.C)
	for j := range ones {
		ones[j] = 1
	}
	return ones
}

// reduce gives the loss from the terms of all rows, 0 at ignored ones: their
// sum over that of the weights (mean), their sum, or themselves (none).
func (c *Ctx) reduce(terms, weights []float64) {
	switch c.Reduction() {
	case "mean":
		c.Out("loss", tensor.Scalar(ratio(sum(terms), sum(weights))))
	case "sum":
		c.Out("loss", tensor.Scalar(sum(terms)))
	case "none":
		c.Out("loss", tensor.Floats(terms, len(terms)))
	default:
		failf("reduction %q is none of mean, sum, none", c.Reduction())
	}
}

// ignored gives how many rows, pairs or triplets were ignored.
func (c *Ctx) ignored(n int) { c.Out("ignored", tensor.Ints([]int64{int64(n)})) }

// predict gives, where they are asked for, the predicted classes of all rows
// (the first arg-max of the scores) and their accuracy over the kept rows.
func (h *head) predict(scores [][]float64) {
	if !h.c.req.Predictions {
		return
	}
	predicted := tensor.New(tensor.Int, len(scores))
	right := 0.0
	for i, row := range scores {
		j := argmax(row)
		predicted.I[i] = int64(j)
		if h.y[i] == j {
			right++
		}
	}
	h.c.Out("predicted", predicted)
	h.c.Out("accuracy", tensor.Scalar(ratio(right, float64(h.kept))))
}
