package cost

import "math"

// price is what a kernel took at four amounts of work: elements of its largest
// operand or result, of a product the multiply-adds. The first is one element,
// which is what any node takes. prices.go holds them, by operator and form.
type price [4]struct{ work, ns float64 }

// at is the time for an amount of work, in nanoseconds: between two amounts
// along the power law through them, beyond the most in proportion.
func (p *price) at(work float64) float64 {
	if work <= p[0].work {
		return p[0].ns
	}
	for i := 1; i < len(p); i++ {
		if a, b := p[i-1], p[i]; work < b.work && b.work > a.work && i > 1 {
			return a.ns * math.Pow(work/a.work, math.Log(b.ns/a.ns)/math.Log(b.work/a.work))
		} else if work < b.work { // few elements: a fixed part and a part for each
			return a.ns + (b.ns-a.ns)*(work-a.work)/(b.work-a.work)
		}
	}
	most := p[0]
	for _, q := range p { // a large table may mean no more work than a small one
		if q.work > most.work {
			most = q
		}
	}
	return most.ns * work / most.work
}
