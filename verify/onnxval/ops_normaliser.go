package onnxval

import "math"

// normalisers is the operators that relate each element to the sum of a line.
var normalisers = []row{
	{"Softmax", 13, "input:T", floats, "axis:int=-1", alongAxis(func(x, y []float64) {
		m, s := shifted(x, y)
		for i, v := range x {
			y[i] = math.Exp(v-m) / s
		}
	})},
	{"LogSoftmax", 13, "input:T", floats, "axis:int=-1", alongAxis(func(x, y []float64) {
		m, s := shifted(x, y)
		for i, v := range x {
			y[i] = v - m - math.Log(s)
		}
	})},
}

// shifted is the largest element of a line, and the sum of the exponentials of
// all elements less that one, none of which overflows.
func shifted(x, scratch []float64) (largest, amount float64) {
	largest = total(math.Inf(-1), larger[float64])(x)
	for i, v := range x {
		scratch[i] = math.Exp(v - largest)
	}
	return largest, sum(scratch)
}

// alongAxis applies f to every line along the attribute axis.
func alongAxis(f func(x, y []float64)) func(*call) {
	return func(c *call) {
		x := c.in[0]
		ax := axis(c.int("axis"), len(x.Shape))
		out := c.make(x.elem, x.Shape)
		lines(x.Shape, ax, func(at func(i int) int) {
			line, result := make([]float64, x.Shape[ax]), make([]float64, x.Shape[ax])
			for i := range line {
				line[i] = x.F[at(i)]
			}
			f(line, result)
			for i := range line {
				out.F[at(i)] = result[i]
			}
		})
		c.emit(out)
	}
}

// lines visits every line along an axis; at is the offset of its i-th element.
func lines(shape []int, ax int, visit func(at func(i int) int)) {
	outer, inner := around(shape, ax)
	n := shape[ax]
	for o := range outer {
		for k := range inner {
			visit(func(i int) int { return (o*n+i)*inner + k })
		}
	}
}
