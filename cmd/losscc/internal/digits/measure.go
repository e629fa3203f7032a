package digits

import (
	"math"
	"sort"
)

// Measure is what held-out digits look like through a network.
type Measure struct {
	// Accuracy is the share whose nearest class mean (of the training digits)
	// is their own: by distance, and by angle.
	Accuracy, AngleAccuracy float64
	// Within is the mean distance to the own class's mean, Between the mean
	// distance of two class means, both over the mean norm of an embedding.
	Within, Between float64
	// WithinAngle and BetweenAngle are the same as angles, in degrees.
	WithinAngle, BetweenAngle float64
}

// Look measures a network on held-out digits of the classes that it was
// trained on.
func Look(net *Linear, train, held *Set) Measure {
	means, _ := classMeans(net, train)
	x := embedAll(net, held)
	own, classes := classMeans(net, held)
	var m Measure
	var scale float64
	for i, e := range x {
		y := held.Labels[i]
		m.Accuracy += same(nearest(means, e, distance), y)
		m.AngleAccuracy += same(nearest(means, e, angle), y)
		m.Within += distance(e, own[y])
		m.WithinAngle += angle(e, own[y])
		scale += length(e)
	}
	n := float64(len(x))
	scale /= n
	pairs := 0.0
	for a := range classes {
		for b := range a {
			m.Between += distance(own[classes[a]], own[classes[b]])
			m.BetweenAngle += angle(own[classes[a]], own[classes[b]])
			pairs++
		}
	}
	m.Accuracy /= n
	m.AngleAccuracy /= n
	m.Within /= n * scale
	m.WithinAngle *= 180 / math.Pi / n
	m.Between /= pairs * scale
	m.BetweenAngle *= 180 / math.Pi / pairs
	return m
}

// Verify compares every two digits of a set by cosine: the share of pairs of
// one class accepted where 1 % of the others are (TAR at FAR 1 %), and the
// rate at which both errors are equal (EER).
func Verify(net *Linear, s *Set) (tar, eer float64) {
	x := embedAll(net, s)
	var genuine, impostor []float64
	for i := range x {
		for j := range i {
			c := math.Cos(angle(x[i], x[j]))
			if s.Labels[i] == s.Labels[j] {
				genuine = append(genuine, c)
			} else {
				impostor = append(impostor, c)
			}
		}
	}
	sort.Float64s(genuine)
	sort.Float64s(impostor)
	above := func(sorted []float64, t float64) float64 {
		return 1 - float64(sort.SearchFloat64s(sorted, t))/float64(len(sorted))
	}
	tar = above(genuine, impostor[len(impostor)*99/100])
	eer = 1
	for _, t := range impostor {
		eer = math.Min(eer, math.Max(above(impostor, t), 1-above(genuine, t)))
	}
	return tar, eer
}

func embedAll(net *Linear, s *Set) [][]float64 {
	rows := make([]int, len(s.Labels))
	for i := range rows {
		rows[i] = i
	}
	t := net.Embed(s, rows)
	out := make([][]float64, len(rows))
	for i := range out {
		out[i] = t.F[i*net.D : (i+1)*net.D]
	}
	return out
}

// classMeans are the mean embeddings by label, and the labels in order.
func classMeans(net *Linear, s *Set) (map[int][]float64, []int) {
	means, counts := map[int][]float64{}, map[int]float64{}
	for i, e := range embedAll(net, s) {
		y := s.Labels[i]
		if means[y] == nil {
			means[y] = make([]float64, net.D)
		}
		counts[y]++
		for k := range e {
			means[y][k] += e[k]
		}
	}
	var labels []int
	for y, m := range means {
		labels = append(labels, y)
		for k := range m {
			m[k] /= counts[y]
		}
	}
	sort.Ints(labels)
	return means, labels
}

func nearest(means map[int][]float64, e []float64, d func(a, b []float64) float64) int {
	best, at := -1, math.Inf(1)
	for y := range 10 {
		if m := means[y]; m != nil && d(e, m) < at {
			best, at = y, d(e, m)
		}
	}
	return best
}

func same(a, b int) float64 {
	if a == b {
		return 1
	}
	return 0
}

func length(a []float64) float64 {
	var s float64
	for _, x := range a {
		s += x * x
	}
	return math.Sqrt(s)
}

func distance(a, b []float64) float64 {
	var s float64
	for i := range a {
		s += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(s)
}

func angle(a, b []float64) float64 {
	var s float64
	for i := range a {
		s += a[i] * b[i]
	}
	n := length(a) * length(b)
	if n == 0 {
		return math.Pi / 2
	}
	return math.Acos(math.Max(-1, math.Min(1, s/n)))
}
