package onnxval

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"losscc/verify/tensor"
)

// linear is the matrix products.
var linear = []row{
	{"MatMul", 13, "A:T B:T", numbers, "", matMul},
	{"Gemm", 13, "A:T B:T C:T?", numbers, "alpha:float=1 beta:float=1 transA:int=0 transB:int=0", gemm},
}

// matrix reads a tensor as a matrix that starts at an offset.
type matrix struct {
	v            *value
	at           int
	rows, cols   int
	byRow, byCol int // how far the next row and column are
}

// matrixOf is the last two axes of v.
func matrixOf(v *value) matrix {
	n := len(v.Shape)
	return matrix{v, 0, v.Shape[n-2], v.Shape[n-1], v.Shape[n-1], 1}
}

// transposed is m with rows and columns exchanged.
func (m matrix) transposed() matrix {
	return matrix{m.v, m.at, m.cols, m.rows, m.byCol, m.byRow}
}

// multiply writes a·b into out from an offset on, by the definition: each element
// is a sum in the order of the columns of a.
func (c *call) multiply(a, b matrix, out *value, at int) {
	if a.cols != b.rows {
		failf("multiplies a matrix of %d columns by one of %d rows", a.cols, b.rows)
	}
	work := int64(a.rows) * int64(a.cols) * int64(b.cols)
	c.run.spend(work)
	rows := func(from, to int) {
		for i := from; i < to; i++ {
			if first := at + i*b.cols; out.Kind == tensor.Float {
				rowTimes(a.v.F, b.v.F, out.F[first:first+b.cols], a, b, i)
			} else {
				rowTimes(a.v.I, b.v.I, out.I[first:first+b.cols], a, b, i)
			}
		}
	}
	if work < aside {
		rows(0, a.rows)
		return
	}
	var all sync.WaitGroup
	each := (a.rows + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	for from := 0; from < a.rows; from += each {
		all.Go(func() { rows(from, min(from+each, a.rows)) })
	}
	all.Wait()
}

// aside is how many multiplications make it worth while to start others beside.
const aside = 1 << 20

// rowTimes writes row i of a, times b, into out, in the order in which b lies in
// memory. Products are rounded, not fused with the sums.
func rowTimes[T float64 | int64](x, y, out []T, a, b matrix, i int) {
	first := a.at + i*a.byRow
	if b.byCol == 1 {
		for k := range a.cols {
			f, row := x[first+k*a.byCol], y[b.at+k*b.byRow:]
			for j := range out {
				out[j] += T(f * row[j])
			}
		}
		return
	}
	for j := range out {
		var sum T
		ka, kb := first, b.at+j*b.byCol
		for range a.cols {
			sum += T(x[ka] * y[kb])
			ka, kb = ka+a.byCol, kb+b.byRow
		}
		out[j] = sum
	}
}

// matMul multiplies the last two axes and broadcasts the rest; a list is a row
// on the left and a column on the right, and its axis goes.
func matMul(c *call) {
	a, b := c.in[0], c.in[1]
	if len(a.Shape) == 0 || len(b.Shape) == 0 {
		failf("multiplies %s by %s; want at least rank 1", a, b)
	}
	var dropRow, dropCol bool
	if len(a.Shape) == 1 {
		a, dropRow = a.reshaped([]int{1, a.Shape[0]}), true
	}
	if len(b.Shape) == 1 {
		b, dropCol = b.reshaped([]int{b.Shape[0], 1}), true
	}
	ma, mb := matrixOf(a), matrixOf(b)
	batchA, batchB := a.Shape[:len(a.Shape)-2], b.Shape[:len(b.Shape)-2]
	batch := broadcast(batchA, batchB)
	shape := append(slices.Clone(batch), ma.rows, mb.cols)
	out := c.make(a.elem, shape)
	sa, sb := stretched(batchA, batch), stretched(batchB, batch)
	walk(batch, func(i int, at []int) {
		ma.at, mb.at = dot(at, sa)*ma.rows*ma.cols, dot(at, sb)*mb.rows*mb.cols
		c.multiply(ma, mb, out, i*ma.rows*mb.cols)
	})
	if ma.cols != mb.rows { // not met if the batch is empty
		failf("multiplies a matrix of %d columns by one of %d rows", ma.cols, mb.rows)
	}
	if dropCol {
		shape = shape[:len(shape)-1]
	}
	if dropRow {
		shape = slices.Delete(slices.Clone(shape), len(batch), len(batch)+1)
	}
	c.emit(out.reshaped(shape))
}

// gemm is alpha·A'·B' + beta·C.
func gemm(c *call) {
	if len(c.in[0].Shape) != 2 || len(c.in[1].Shape) != 2 {
		failf("multiplies %s by %s, want matrices", c.in[0], c.in[1])
	}
	a, b := matrixOf(c.in[0]), matrixOf(c.in[1])
	if c.flag("transA") {
		a = a.transposed()
	}
	if c.flag("transB") {
		b = b.transposed()
	}
	alpha, beta := c.attr("alpha").f, c.attr("beta").f
	out := c.make(a.v.elem, []int{a.rows, b.cols})
	if out.Kind == tensor.Int && (alpha != math.Trunc(alpha) || beta != math.Trunc(beta)) {
		failf("multiplies integers by alpha = %v, beta = %v; want whole numbers", alpha, beta)
	}
	c.multiply(a, b, out, 0)
	for i := range out.F {
		out.F[i] *= alpha
	}
	for i := range out.I {
		out.I[i] *= truncate(alpha)
	}
	if add := c.in[2]; add != nil {
		c.addScaled(out, add, beta)
	}
	c.emit(out)
}

// addScaled adds beta·v to out; v stretches to out and not the other way.
func (c *call) addScaled(out, v *value, beta float64) {
	if !slices.Equal(broadcast(v.Shape, out.Shape), out.Shape) {
		failf("adds %s to a product of shape %s", v, tensor.ShapeString(out.Shape))
	}
	by := stretched(v.Shape, out.Shape)
	walk(out.Shape, func(i int, at []int) {
		if out.Kind == tensor.Float {
			out.F[i] += float64(beta * v.F[dot(at, by)])
		} else {
			out.I[i] += truncate(beta) * v.I[dot(at, by)]
		}
	})
}
