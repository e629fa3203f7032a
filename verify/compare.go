package verify

import (
	"fmt"
	"math"
	"sort"

	"losscc/verify/tensor"
)

// Difference is the place where two sets of tensors are furthest apart.
type Difference struct {
	Output string `json:"output"`
	// Index is the element's place, one number an axis.
	Index []int  `json:"index"`
	Got   Number `json:"got"`
	Want  Number `json:"want"`
	// Off is |Got − Want| relative to the largest wanted element; infinite
	// where no tolerance can help: NaN against a number, another shape.
	Off Number `json:"off"`
	// Tolerance is what Off may be at most.
	Tolerance Number `json:"tolerance"`
	// Why says what is wrong where it is no matter of numbers.
	Why string `json:"why,omitempty"`
}

// Within tells whether the difference is inside its tolerance. An infinite one
// never is, and nothing is inside of NaN.
func (d Difference) Within() bool {
	return !math.IsInf(float64(d.Off), 0) && float64(d.Off) <= float64(d.Tolerance)
}

// String is the difference in words.
func (d Difference) String() string {
	if d.Why != "" {
		return d.Output + ": " + d.Why
	}
	return fmt.Sprintf("%s%s is %.17g, want %.17g (off by %.2g, at most %.2g)",
		d.Output, tensor.ShapeString(d.Index), float64(d.Got), float64(d.Want), float64(d.Off), float64(d.Tolerance))
}

// worse tells whether d uses up more of its tolerance than e.
func (d Difference) worse(e Difference) bool { return d.share() > e.share() }

// share is how much of the tolerance is used up, infinitely much where that is
// no number.
func (d Difference) share() float64 {
	share := float64(d.Off) / float64(d.Tolerance)
	switch {
	case d.Off == 0 && d.Within():
		return 0
	case math.IsNaN(share):
		return math.Inf(1)
	}
	return share
}

// Bound is how far apart numbers may be: Relative times the largest wanted
// element of their tensor, or times Floor if that is larger.
type Bound struct{ Relative, Floor float64 }

// Compare finds the worst difference between two sets of tensors by name, each
// output with its own bound, and how many numbers were compared. Floats
// are apart relative to the largest wanted element of their tensor; integers
// and bools are equal or not. An output that is missing, that nobody wanted,
// of another kind or shape, NaN where a number is wanted or the reverse,
// infinite where the other is not, is outside every tolerance.
func Compare(got, want map[string]*tensor.Tensor, bound func(output string) Bound) (Difference, int) {
	worst, n := Difference{}, 0
	for _, name := range names(want, got) {
		b := bound(name)
		d := compareOne(got[name], want[name], b.Floor)
		d.Output, d.Tolerance = name, Number(b.Relative)
		if want[name] != nil {
			n += want[name].Len()
		}
		if worst.Output == "" || d.worse(worst) {
			worst = d
		}
	}
	return worst, n
}

// names are the names of all the maps, sorted.
func names(maps ...map[string]*tensor.Tensor) []string {
	seen := map[string]bool{}
	var all []string
	for _, m := range maps {
		for name := range m {
			if !seen[name] {
				seen[name] = true
				all = append(all, name)
			}
		}
	}
	sort.Strings(all)
	return all
}

// outside is a difference that no tolerance helps.
func outside(format string, args ...any) Difference {
	return Difference{Off: Number(math.Inf(1)), Why: fmt.Sprintf(format, args...)}
}

// compareOne is the worst difference of two tensors.
func compareOne(got, want *tensor.Tensor, floor float64) Difference {
	switch {
	case got == nil:
		return outside("is missing, want %s", want)
	case want == nil:
		return outside("is %s, and nothing of that name is wanted", got)
	case got.String() != want.String():
		return outside("is %s, want %s", got, want)
	case len(got.F) != len(want.F) || len(got.I) != len(want.I) || len(got.B) != len(want.B):
		return outside("holds another number of elements than its shape %s says", tensor.ShapeString(got.Shape))
	}
	worst, at := Difference{}, -1
	size := math.Max(floor, largest(want))
	see := func(i int, g, w, off float64) {
		if at < 0 || off > float64(worst.Off) {
			worst, at = Difference{Got: Number(g), Want: Number(w), Off: Number(off)}, i
		}
	}
	for i, w := range want.F {
		see(i, got.F[i], w, apart(got.F[i], w, size))
	}
	for i, w := range want.I {
		see(i, float64(got.I[i]), float64(w), unequal(got.I[i] == w))
	}
	for i, w := range want.B {
		see(i, truth(got.B[i]), truth(w), unequal(got.B[i] == w))
	}
	if at >= 0 {
		worst.Index = place(at, want.Shape)
	}
	return worst
}

// apart is |g − w| relative to size; infinite if one is NaN or infinite and
// the other is not the same.
func apart(g, w, size float64) float64 {
	if math.IsNaN(g) || math.IsNaN(w) {
		return unequal(math.IsNaN(g) && math.IsNaN(w))
	}
	if math.IsInf(g, 0) || math.IsInf(w, 0) {
		return unequal(g == w)
	}
	return math.Abs(g-w) / size
}

func unequal(same bool) float64 {
	if same {
		return 0
	}
	return math.Inf(1)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// largest is the largest finite absolute value of a float tensor.
func largest(t *tensor.Tensor) float64 {
	top := 0.0
	for _, x := range t.F {
		if a := math.Abs(x); a > top && !math.IsInf(a, 0) {
			top = a
		}
	}
	return top
}

// place is the row-major index i as one number an axis.
func place(i int, shape []int) []int {
	at := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		at[axis] = i % shape[axis]
		i /= shape[axis]
	}
	return at
}

// notFinite is the first element of a set of outputs that is NaN or infinite.
func notFinite(out map[string]*tensor.Tensor) (Difference, bool) {
	for _, name := range names(out) {
		for i, x := range out[name].F {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				d := outside("%s is %g, want a finite number", tensor.ShapeString(place(i, out[name].Shape)), x)
				d.Output, d.Got = name, Number(x)
				return d, true
			}
		}
	}
	return Difference{}, false
}
