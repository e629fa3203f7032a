package formula

import "math"

// metricOptions are the hyper-parameters of every loss that measures
// distances; each loss sets its own default.
var metricOptions = Params{"distance": "euclidean", "normalize": false}

// metric is a distance between rows.
type metric struct {
	c    *Ctx
	kind string
	unit bool // rows are replaced by their unit vectors first
}

// metric is the distance that the hyper-parameters name.
func (c *Ctx) metric() metric {
	m := metric{c, c.Text("distance"), c.Bool("normalize")}
	switch m.kind {
	case "euclidean", "squared-euclidean", "dot":
	case "cosine", "angle":
		m.unit = true
	default:
		failf("distance %q is none of euclidean, squared-euclidean, cosine, dot, angle", m.kind)
	}
	return m
}

// rows are the rows as between wants them.
func (m metric) rows(x [][]float64) [][]float64 {
	if m.unit {
		return m.c.units(x)
	}
	return x
}

// between is the distance of two rows out of rows.
func (m metric) between(a, b []float64) float64 {
	if len(a) != len(b) {
		failf("rows of %d and %d columns have no distance", len(a), len(b))
	}
	switch m.kind {
	case "euclidean":
		return m.c.norm(minus(a, b))
	case "squared-euclidean":
		return dot(minus(a, b), minus(a, b))
	case "cosine":
		return 1 - cosine(a, b)
	case "dot":
		return -dot(a, b)
	}
	return m.c.arccos(a, b)
}

// all are the distances of all rows to all rows.
func (m metric) all(x [][]float64) [][]float64 {
	x = m.rows(x)
	d := table2(len(x), len(x))
	for i := range x {
		for j := range x {
			d[i][j] = m.between(x[i], x[j])
		}
	}
	return d
}

// arccos is arccos(â·b̂) of two unit vectors, through the half angle: exact
// where the cosine itself has lost the angle's digits.
func (c *Ctx) arccos(a, b []float64) float64 {
	if c.holds(dot(a, a) == 0 || dot(b, b) == 0) {
		return math.Pi / 2
	}
	apart, along := 0.0, 0.0
	for d := range a {
		apart += (a[d] - b[d]) * (a[d] - b[d])
		along += (a[d] + b[d]) * (a[d] + b[d])
	}
	return 2 * math.Atan2(math.Sqrt(apart), math.Sqrt(along))
}

func minus(a, b []float64) []float64 {
	v := make([]float64, len(a))
	for d := range a {
		v[d] = a[d] - b[d]
	}
	return v
}
