package builders

import "losscc/ir"

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

// products is x_i·y_j, of unit vectors where the distance or normalize says so.
func products(distance string, normalize bool, x, y *ir.Value) *ir.Value {
	if normalize || distance == "cosine" || distance == "angle" {
		x, y = unit(x), unit(y)
	}
	return ir.MatMulT(x, y)
}

// betweenAll is the distance of each row of x to each other, [N,N].
func betweenAll(distance string, normalize bool, x *ir.Value) *ir.Value {
	p := products(distance, normalize, x, x)
	switch distance {
	case "euclidean", "squared-euclidean":
		q := diagonal(p)
		return squares(distance, p, q, q)
	case "cosine":
		return p.Neg().Add(1)
	case "angle":
		return ir.Acos(p)
	}
	return p.Neg() // dot
}

// Distances is the distance of each row of the batch to each other, [n,n]; ignored
// rows j are farther than all others.
func (b *Batch) Distances(distance string, normalize bool) *ir.Value {
	p := products(distance, normalize, b.X, b.X)
	others := func(there any) *ir.Value { return ir.Select(b.Kept, there, ignoredFar).Row() }
	switch distance {
	case "euclidean", "squared-euclidean":
		q := diagonal(p)
		return squares(distance, p, q, q.Through(ir.Select(b.Kept, q, ignoredFar)))
	case "cosine":
		return others(1).Sub(p)
	case "angle":
		return ir.Acos(p).Add(others(0))
	}
	return others(0).Sub(p) // dot
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
	p := products(distance, normalize, b.X, b.X)
	o := &Order{distance: distance}
	column := b.g.Num(0).Expand(b.n)
	if distance == "euclidean" || distance == "squared-euclidean" {
		o.norms = diagonal(p)
		column = o.norms.Mul(0.5)
	}
	o.Far = ir.Select(b.Kept, column, ignoredFar).Row().Sub(p).Called("far")
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

// squares is ‖x_i − x_j‖², or its root, from the products of the rows and from
// ‖x_i‖² and ‖x_j‖², [n]. Those are read off the diagonal, so that equal rows are
// at distance 0 and not at the difference of two roundings; what rounding brings
// below 0 is 0, with the gradient of the rest, which is (x_i − x_j)·2 and so 0 for
// equal rows by itself.
func squares(distance string, products, i, j *ir.Value) *ir.Value {
	s := i.Col().Add(j.Row()).Sub(products.Mul(2))
	s = s.Through(s.Max(0.0))
	if distance == "euclidean" {
		s = ir.Sqrt(s)
	}
	return s.Called("d")
}
