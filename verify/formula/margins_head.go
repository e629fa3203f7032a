package formula

import (
	"strings"

	"losscc/verify/tensor"
)

// angular is a head before cosines: c[i][j] = x̂_i·ŵ_j. It gives the
// predictions, which no margin touches.
type angular struct {
	*head
	cos [][]float64
}

// angular reads the head of a loss over cosines. A weight of rank 3 belongs
// to sub_centers above 1.
func (c *Ctx) angular() angular {
	rank := 2
	if c.Has("sub_centers") && c.Float("sub_centers") > 1 {
		rank = 3
	}
	return c.angularOf(rank)
}

// angularOf reads the head of a loss whose weight has the given rank.
func (c *Ctx) angularOf(rank int) angular {
	w := c.float("weight", rank)
	if rank == 3 && w.Shape[1] < 1 {
		failf("input \"weight\" is %s, want at least one sub-centre", w)
	}
	h := c.head()
	a := angular{h, h.cosines()}
	a.predict(a.cos)
	return a
}

// clipped is the same head with the cosines as the arc options take them;
// the predictions were made before.
func (a angular) clipped() angular {
	inside := make([][]float64, len(a.cos))
	for i := range inside {
		inside[i] = a.c.arcCosines(a.cos[i])
	}
	return angular{a.head, inside}
}

// logits are z_j = s·c_j of row i with z_y = s·target.
func (a angular) logits(i, y int, s, target float64) []float64 {
	return a.logitsOf(i, y, s, target, func(cos float64) float64 { return cos })
}

// logitsOf are z_j = s·other(c_j) of row i with z_y = s·target.
func (a angular) logitsOf(i, y int, s, target float64, other func(cos float64) float64) []float64 {
	z := make([]float64, a.C)
	for j := range z {
		if j == y {
			z[j] = s * target
		} else {
			z[j] = s * other(a.cos[i][j])
		}
	}
	return z
}

// marginLoss gives the loss whose margin changes the target's cosine only:
// z_y = scale·f for the f of a kept row i of label y, z_j = scale·c_j.
func (a angular) marginLoss(f func(i, y int) float64) {
	s := a.c.Float("scale")
	a.crossEntropy(func(i, y int) []float64 { return a.logits(i, y, s, f(i, y)) })
}

// eachKept calls visit for every kept row i of label y, in the order of rows.
func (h *head) eachKept(visit func(i, y int)) {
	for i, y := range h.y {
		if y >= 0 {
			visit(i, y)
		}
	}
}

// outScalar gives an output of one number, a state's next value.
func (c *Ctx) outScalar(name string, v float64) { c.Out(name, tensor.Scalar(v)) }

// word is the hyper-parameter of that name, which must be one of the words.
func (c *Ctx) word(name string, words ...string) string {
	given := c.Text(name)
	for _, w := range words {
		if w == given {
			return given
		}
	}
	failf("%s %q is none of %s", name, given, strings.Join(words, ", "))
	return ""
}
