package formula

import (
	"math"

	"losscc/verify/tensor"
)

// kappaface has a margin per class, wider for classes whose images scatter and
// for classes with few images; f = arc(c; m_y). What it knows of the scatter
// is the concentration kappa, taken anew at the end of each epoch.
func kappaface(c *Ctx) {
	a := c.angular()
	e := epoch{
		angular: a,
		counts:  c.vector("class_counts", a.C),
		kappa:   c.vector("kappa", a.C),
		seen:    c.scalar("seen"),
	}
	e.next()
	m := e.margins()
	a = a.clipped()
	a.marginLoss(func(i, y int) float64 { return c.arc(a.cos[i][y], m[y]) })
}

// epoch is what kappaface remembers: the images of each class in an epoch, the
// concentrations from the last one and the rows seen in this one.
type epoch struct {
	angular
	counts, kappa []float64
	seen          float64
}

// margins are m_j = margin(gamma·w_κ + (1 − gamma)·w_s), where
// w_κ = 1 − σ(temperature·k_j) with the standardised kappa, and
// w_s = (cos(π·n_j/(1.05·max n)) + 1)/2.
func (e epoch) margins() []float64 {
	k := standardised(e.kappa)
	most := 1.0
	for _, n := range e.counts {
		most = math.Max(most, n)
	}
	gamma := e.c.Float("gamma")
	m := make([]float64, e.C)
	for j := range m {
		scatter := 1 - sigma(e.c.Float("temperature")*k[j])
		few := (math.Cos(math.Pi*e.counts[j]/(1.05*most)) + 1) / 2
		m[j] = e.c.Float("margin") * (gamma*scatter + (1-gamma)*few)
	}
	return m
}

// standardised is (v − mean)/std with divisor n − 1; all 0 where std is 0 or
// there is one number only.
func standardised(v []float64) []float64 {
	k := make([]float64, len(v))
	n := float64(len(v))
	mean := sum(v) / n
	var square float64
	equal := true
	for _, x := range v {
		square += (x - mean) * (x - mean)
		equal = equal && x == v[0]
	}
	if equal || square == 0 {
		return k
	}
	for j, x := range v {
		k[j] = (x - mean) / math.Sqrt(square/(n-1))
	}
	return k
}

// next gives the next state: the sums with this batch's unit vectors, or where
// an epoch ends the new concentrations and sums at 0. Without a kept row
// nothing moves.
func (e epoch) next() {
	sums := e.c.float("class_sums", 2).Clone()
	if d := width(e.c.In("embeddings")); sums.Shape[0] != e.C || sums.Shape[1] != d {
		failf("input \"class_sums\" is %s, want float[%d,%d]", sums, e.C, d)
	}
	rows := slices(sums, e.C)
	e.eachKept(func(i, y int) {
		for d, v := range e.c.unit(e.x[i]) {
			rows[y][d] += v
		}
	})
	kappa, seen := e.kappa, e.seen+float64(e.kept)
	if e.kept > 0 && seen >= sum(e.counts) {
		kappa, seen = e.concentrations(rows), 0
		sums = tensor.New(tensor.Float, sums.Shape...)
	}
	e.c.Out("kappa_next", tensor.Floats(append([]float64{}, kappa...), e.C))
	e.c.Out("class_sums_next", sums)
	e.c.outScalar("seen_next", seen)
}

// concentrations are κ_j = r(D − r²)/(1 − r²), r = ‖S_j‖/max(n_j, 1) the length
// of a class's mean unit vector; where r ≥ 1 the largest of the others.
func (e epoch) concentrations(sums [][]float64) []float64 {
	kappa := make([]float64, e.C)
	var infinite []int
	var most float64 // no κ is below 0
	for j, s := range sums {
		r := e.c.norm(s) / math.Max(e.counts[j], 1)
		if r >= 1 {
			infinite = append(infinite, j)
			continue
		}
		kappa[j] = r * (float64(len(s)) - r*r) / (1 - r*r)
		most = math.Max(most, kappa[j])
	}
	for _, j := range infinite {
		kappa[j] = most
	}
	return kappa
}
