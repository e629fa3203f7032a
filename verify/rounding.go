package verify

import (
	"slices"
	"sort"
	"strings"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// rounding runs a file of less than float64, or one of float64 that brings
// numbers to less on their way, with every value rounded to its type: what its
// own precision costs must, at most random points, be no more than the condition
// of the inputs explains, and not much more at any telling or evil input, whose
// sizes random points do not have; in float64 nothing at all.
func (j *judge) rounding(k *checker) {
	if j.elem == f64 && !j.narrows() {
		k.omit()
		return
	}
	all, told := []rounded{}, []rounded{}
	for _, p := range j.points {
		if !j.roundedAt(k, p, 1, &all) {
			return
		}
	}
	for _, p := range slices.Concat(j.told, j.evils) {
		if j.calm(p) && !j.roundedAt(k, p, j.allowed(p), &told) {
			return
		}
	}
	beyond := 1 - tolerance(tolShare)
	if j.elem == f64 {
		beyond = 0
	}
	worst := all[int(beyond*float64(len(all)-1))]
	if len(told) > 0 && told[0].worse(worst.Difference) {
		worst = told[0]
	}
	k.Worst, k.at, k.At = &worst.Difference, worst.at, worst.at.name
	if worst := all[0]; !worst.Within() {
		k.note("at some points rounding costs more than the condition of the inputs explains: %s", worst)
	}
}

// calm tells whether rounding may be looked at where a point is telling or evil:
// not at cosines of ±1, where an angle's derivative is any number, and not where
// the paper has no value.
func (j *judge) calm(p *point) bool {
	return p.in != nil && !p.turning && !p.level && !p.vague && !j.undefined(p)
}

// allowed is how many times what the inputs' condition explains rounding may cost
// at any one telling or evil point.
func (j *judge) allowed(p *point) float64 {
	switch {
	case j.elem == f64:
		return 1
	case p.facing:
		return tolerance(tolFacing)
	case slices.Contains(j.steep, p):
		return tolerance(tolSteep)
	}
	return tolerance(tolSizes)
}

// rounded is what rounding costs at a point.
type rounded struct {
	Difference
	at *point
}

// roundedAt adds what rounding costs at a point, which may be so many times what
// the condition of the inputs explains, to those of other points, worst first.
// It is false where the check is at its end.
func (j *judge) roundedAt(k *checker, p *point, most float64, all *[]rounded) bool {
	out, err := j.eval(p)
	if err != nil {
		k.failAt(p, err)
		return false
	}
	own, err := j.model.Run(p.in, onnxval.Rounded)
	if err != nil {
		k.failAt(p, err)
		return false
	}
	bound, err := j.lower(p, false)
	if err != nil {
		k.failAt(p, err)
		return false
	}
	own, out = j.lasting(p, own, out)
	d, n := Compare(own, j.narrowed(out), times(most, bound))
	k.Points, k.Compared = k.Points+1, k.Compared+n
	*all = append(*all, rounded{d, p})
	sort.SliceStable(*all, func(a, b int) bool { return (*all)[a].worse((*all)[b].Difference) })
	return true
}

// lasting are outputs at a point, and those wanted, as far as rounding may change
// them a little but not wholly: all floats, and predictions of rows whose class
// stays by the paper when all inputs are moved more than rounding moves them.
func (j *judge) lasting(p *point, got, want map[string]*tensor.Tensor) (map[string]*tensor.Tensor, map[string]*tensor.Tensor) {
	kept, asked := steady(got), steady(want)
	for name, t := range want {
		g := got[name]
		if !strings.HasPrefix(name, "predicted") || g == nil || len(g.I) != len(t.I) {
			continue
		}
		sure := j.sure(p, name)
		if sure == nil {
			continue
		}
		g = g.Clone()
		for i, is := range sure {
			if !is {
				g.I[i] = t.I[i]
			}
		}
		kept[name], asked[name] = g, t
		if share := "accuracy" + strings.TrimPrefix(name, "predicted"); !slices.Contains(sure, false) && want[share] != nil && got[share] != nil {
			kept[share], asked[share] = got[share], want[share]
		}
	}
	return kept, asked
}

// sure tells of each row whether its prediction by the paper stays as it is when
// the inputs are moved; nil if nobody knows.
func (j *judge) sure(p *point, predicted string) []bool {
	if j.claim == nil {
		return nil
	}
	at, err := j.wantAt(p)
	if err != nil || at[predicted] == nil {
		return nil
	}
	sure := make([]bool, len(at[predicted].I))
	for i := range sure {
		sure[i] = true
	}
	for _, by := range []float64{1, -1, 0.7} {
		moved, err := j.wantAt(&point{in: nudged(p.in, by*tolerance(tolSure))})
		if err != nil {
			return nil
		}
		for i, class := range moved[predicted].I {
			sure[i] = sure[i] && class == at[predicted].I[i]
		}
	}
	return sure
}

// narrows tells whether a file brings numbers to another type of floats or has
// some of another, as one of float64 does to find an angle that it then makes
// exact.
func (j *judge) narrows() bool {
	m, err := onnxpb.Decode(j.c.File, onnxpb.Limits{})
	if err != nil {
		return true
	}
	if slices.ContainsFunc(m.GetGraph().GetInitializer(), narrow) {
		return true
	}
	for _, b := range bodies(m) {
		for _, n := range b.nodes {
			if n.GetOpType() == "CastLike" || slices.ContainsFunc(n.GetAttribute(), narrowing) {
				return true
			}
		}
	}
	return false
}

// lessThanDouble are the types of floats that are not float64.
var lessThanDouble = []int32{int32(onnxpb.TensorProto_FLOAT), int32(onnxpb.TensorProto_FLOAT16), int32(onnxpb.TensorProto_BFLOAT16)}

// narrow tells whether a constant is of such a type.
func narrow(t *onnxpb.TensorProto) bool { return slices.Contains(lessThanDouble, t.GetDataType()) }

// narrowing tells whether an attribute makes numbers of such a type, or leaves to
// who calls its function of which.
func narrowing(a *onnxpb.AttributeProto) bool {
	switch a.GetName() {
	case "to":
		return a.GetRefAttrName() != "" || slices.Contains(lessThanDouble, int32(a.GetI()))
	case "value_float", "value_floats":
		return true
	}
	return a.T != nil && narrow(a.T)
}

// times is a bound that is so many times as wide.
func times(n float64, bound func(string) Bound) func(string) Bound {
	return func(output string) Bound {
		b := bound(output)
		return Bound{n * b.Relative, b.Floor}
	}
}
