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

// squares is ‖x_i − x_j‖² from the products of the rows. ‖x_i‖² is read off
// the diagonal, so that equal rows are at distance 0 and not at the difference
// of two roundings.
func squares(gram *ir.Value) *ir.Value {
	q := gram.Pick(1, gram.Builder().Iota(gram.Type.Shape[0]))
	return q.Col().Add(q.Row()).Sub(gram.Mul(2)).Max(0.0)
}
