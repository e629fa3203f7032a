package formula

import "losscc/verify/tensor"

// center is ℓ = loss_weight·‖x − centers[y]‖², and the centres after a step of
// their own rule.
func center(c *Ctx) {
	x, centers := c.matrix("embeddings"), c.matrix("centers")
	if d, e := width(c.In("embeddings")), width(c.In("centers")); d != e {
		failf("embeddings have %d columns and centers %d", d, e)
	}
	y := c.labels("labels", len(x), len(centers))
	if c.Bool("normalize") {
		x = c.units(x)
	}
	terms, weights := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		if y[i] >= 0 {
			away := minus(x[i], centers[y[i]])
			terms[i], weights[i] = c.Float("loss_weight")*dot(away, away), 1
		}
	}
	c.reduce(terms, weights)
	c.ignored(len(y) - count(y))
	if c.word("update", "plus-one", "mean", "sum", "none") != "none" {
		c.moveCenters(x, y, centers)
	}
}

// moveCenters gives the new centres c_j − alpha·Σ(c_j − x_i)/div, all of them
// or only the rows of the classes that occur.
func (c *Ctx) moveCenters(x [][]float64, y []int, centers [][]float64) {
	d := width(c.In("centers"))
	next, moved := tensor.New(tensor.Float, len(centers), d), make([]bool, len(centers))
	for j, at := range centers {
		n, pull := 0.0, make([]float64, d)
		for i := range x {
			if y[i] == j {
				n++
				for k, v := range minus(at, x[i]) {
					pull[k] += v
				}
			}
		}
		moved[j] = n > 0
		for k := range at {
			next.F[j*d+k] = at[k]
			if moved[j] {
				next.F[j*d+k] -= c.Float("alpha") * pull[k] / c.divisor(n)
			}
		}
	}
	if c.word("centers_output", "dense", "rows") == "dense" {
		c.Out("centers_next", next)
		return
	}
	rows, values := tensor.New(tensor.Int, 0), tensor.New(tensor.Float, 0, d)
	for j, m := range moved {
		if m {
			rows.I = append(rows.I, int64(j))
			values.F = append(values.F, next.F[j*d:(j+1)*d]...)
		}
	}
	rows.Shape[0], values.Shape[0] = len(rows.I), len(rows.I)
	c.Out("center_rows", rows)
	c.Out("center_values", values)
}

// divisor is what the pull of n rows on their centre is divided by.
func (c *Ctx) divisor(n float64) float64 {
	switch c.Text("update") {
	case "plus-one":
		return 1 + n
	case "mean":
		return max(n, 1)
	}
	return 1
}
