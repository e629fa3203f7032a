package builders

import "losscc/ir"

// Distances are the options that fix a distance between embeddings.
type Distances struct {
	Normalize bool `doc:"replace both operands by their unit vectors first"`
}

// between is the distance of each pair of rows a, b [N,D].
func between(distance string, normalize bool, a, b *ir.Value) *ir.Value {
	if normalize || distance == "cosine" || distance == "angle" {
		a, b = unit(a), unit(b)
	}
	switch distance {
	case "euclidean":
		return ir.Norm(a.Sub(b)).Called("d")
	case "squared-euclidean":
		return ir.Sum(a.Sub(b).Square(), 1).Called("d")
	case "cosine":
		return dot(a, b).Neg().Add(1)
	case "angle":
		return ir.Acos(dot(a, b))
	}
	return dot(a, b).Neg() // dot
}

// betweenAll is the distance of each row of x to each other, [N,N].
func betweenAll(distance string, normalize bool, x *ir.Value) *ir.Value {
	if normalize || distance == "cosine" || distance == "angle" {
		x = unit(x)
	}
	gram := ir.MatMulT(x, x)
	switch distance {
	case "euclidean":
		return ir.Sqrt(squares(gram)).Called("d")
	case "squared-euclidean":
		return squares(gram).Called("d")
	case "cosine":
		return gram.Neg().Add(1)
	case "angle":
		return ir.Acos(gram)
	}
	return gram.Neg() // dot
}

// Order is for each row i of a batch how far the rows j lie from it, without
// what is the same for all j: f grows with the distance d, and is cheaper.
//
//	‖x_i − x_j‖² = ‖x_i‖² + 2·f_ij, f_ij = ‖x_j‖²/2 − x_i·x_j;  else f_ij = −x_i·x_j
type Order struct {
	distance string
	// Far is f, [n,n]; ignored rows j are farther than all others.
	Far *ir.Value
	// norms is ‖x_i‖², if the distance is euclidean.
	norms *ir.Value
}

// ignoredFar is f of an ignored row: finite, so that what is infinite beside it
// can be added.
const ignoredFar = 1e38

// Order is the order of the batch's rows by distance from each.
func (b *Batch) Order(distance string, normalize bool) *Order {
	x := b.X
	if normalize || distance == "cosine" || distance == "angle" {
		x = unit(x)
	}
	gram := ir.MatMulT(x, x)
	o := &Order{distance: distance}
	column := b.g.Num(0).Expand(b.n)
	if distance == "euclidean" || distance == "squared-euclidean" {
		o.norms = diagonal(gram)
		column = o.norms.Mul(0.5)
	}
	o.Far = ir.Select(b.Kept, column, ignoredFar).Row().Sub(gram).Called("far")
	return o
}

// Distance is d of values of f, one for each row, [n].
func (o *Order) Distance(f *ir.Value) *ir.Value {
	switch o.distance {
	case "euclidean", "squared-euclidean":
		d := f.Mul(2).Add(o.norms).Max(0.0)
		if o.distance == "euclidean" {
			d = ir.Sqrt(d)
		}
		return d
	case "cosine":
		return f.Add(1)
	case "angle":
		return ir.Acos(f.Neg())
	}
	return f // dot
}

// diagonal is what a square matrix has there.
func diagonal(x *ir.Value) *ir.Value {
	return x.Pick(1, x.Builder().Iota(x.Type.Shape[0]))
}

// squares is ‖x_i − x_j‖² from the products of the rows. ‖x_i‖² is read off
// the diagonal, so that equal rows are at distance 0 and not at the difference
// of two roundings; what rounding brings below 0 is 0, with the gradient of the
// rest, which is (x_i − x_j)·2 and so 0 for equal rows by itself.
func squares(gram *ir.Value) *ir.Value {
	q := diagonal(gram)
	s := q.Col().Add(q.Row()).Sub(gram.Mul(2))
	return s.Through(s.Max(0.0))
}
