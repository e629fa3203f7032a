package digits

import (
	"math"
	"math/rand/v2"

	"losscc/verify/tensor"
)

// Linear is the network: an image's embedding is A·image + b.
type Linear struct {
	D int
	A []float64 // [D,64]
	B []float64 // [D]
}

// NewLinear draws a network with embeddings of d entries.
func NewLinear(d int, rng *rand.Rand) *Linear {
	l := &Linear{D: d, A: make([]float64, d*64), B: make([]float64, d)}
	for i := range l.A {
		l.A[i] = rng.NormFloat64() / 8
	}
	return l
}

// Embed is the embeddings [len(rows),D] of the chosen images.
func (l *Linear) Embed(s *Set, rows []int) *tensor.Tensor {
	e := tensor.New(tensor.Float, len(rows), l.D)
	for i, r := range rows {
		for d := range l.D {
			sum := l.B[d]
			for k, p := range s.Images[r] {
				sum += float64(l.A[d*64+k] * p)
			}
			e.F[i*l.D+d] = sum
		}
	}
	return e
}

// gradient is the derivative by A and B, from that by the embeddings.
func (l *Linear) gradient(s *Set, rows []int, g *tensor.Tensor) (a, b []float64) {
	a, b = make([]float64, len(l.A)), make([]float64, len(l.B))
	for i, r := range rows {
		for d := range l.D {
			gd := g.F[i*l.D+d]
			b[d] += gd
			for k, p := range s.Images[r] {
				a[d*64+k] += float64(gd * p)
			}
		}
	}
	return a, b
}

// adam is Kingma and Ba's rule (2015) for one array of numbers.
type adam struct {
	rate float64
	m, v []float64
	t    int
}

func (o *adam) step(x, g []float64) {
	if o.m == nil {
		o.m, o.v = make([]float64, len(x)), make([]float64, len(x))
	}
	o.t++
	c1, c2 := 1-math.Pow(0.9, float64(o.t)), 1-math.Pow(0.999, float64(o.t))
	for i := range x {
		o.m[i] = 0.9*o.m[i] + 0.1*g[i]
		o.v[i] = 0.999*o.v[i] + 0.001*g[i]*g[i]
		x[i] -= o.rate * (o.m[i] / c1) / (math.Sqrt(o.v[i]/c2) + 1e-8)
	}
}
