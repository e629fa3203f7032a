package verify

import (
	"math"
	"strings"

	"losscc/verify/draw"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// sharply compares values with the paper's loops: as precise, and for a float64
// file relative to the value however small it is, but where several cosines are
// ±1 up to rounding, of which little may be left. Where that is too sharp, as
// far as the last bits of the inputs blur the loops themselves; those of whole
// numbers do not, whose arithmetic is exact.
func (j *judge) sharply(k *checker, name string, p *point, got, want map[string]*tensor.Tensor) error {
	bound, err := j.precise(name, p)
	if err != nil {
		return err
	}
	var blur map[string]float64
	sharp := func(output string) Bound {
		b := bound(output)
		if j.elem == f64 && !p.level {
			b.Floor = tolerance(tolFloorValue)
		}
		return Bound{math.Max(b.Relative, blur[output]), b.Floor}
	}
	d, n := Compare(got, want, sharp)
	if !d.Within() && !p.whole {
		blur = j.blurs(p)
		d, n = Compare(got, want, sharp)
	}
	k.see(p, d, n, want)
	return nil
}

// alike is the bound of two evaluations of one function.
func (j *judge) alike(p *point) (func(string) Bound, error) {
	bound, err := j.precise(tolValue, p)
	if err != nil || j.elem != f64 {
		return bound, err
	}
	return func(output string) Bound {
		b := bound(output)
		if strings.HasPrefix(output, "grad_") {
			b.Relative = tolerance(tolAlike)
		}
		return b
	}, nil
}

// blurs are how far, relatively, each output of the paper's loops is moved by
// the last bits of the inputs: much, where rows or classes tie and the loss
// jumps from one to the other, and by roots of those bits at cosines of ±1.
func (j *judge) blurs(p *point) map[string]float64 {
	if p.blur != nil {
		return p.blur
	}
	blur := map[string]float64{}
	p.blur = blur
	bit := tolerance(tolBit)
	for _, by := range []float64{bit, -bit, 2.5 * bit, -1.7 * bit, 4 * bit, -6 * bit} {
		q := &point{in: nudged(p.in, by)}
		moved, err := j.wantAt(q)
		if err != nil {
			continue
		}
		for name, t := range p.want {
			if m := moved[name]; m != nil {
				blur[name] = math.Max(blur[name], tolerance(tolBits)*change(m, t, tolerance(tolFloorValue)))
			}
		}
	}
	return blur
}

// lower is the bound for arithmetic in the file's own precision, at a point.
// With inside, numbers inside the file count in the condition as the inputs
// do.
func (j *judge) lower(p *point, inside bool) (func(string) Bound, error) {
	if j.elem == f64 {
		return fixed(tolRuntime), nil
	}
	base := tolerance(tolSingle)
	if j.elem == onnxval.F16 {
		base = tolerance(tolHalf)
	}
	cond, err := j.conditions(p, true)
	if err != nil {
		return nil, err
	}
	if inside {
		if err := j.conditionInside(p, cond); err != nil {
			return nil, err
		}
	}
	floor := tolerance(tolFloorLow)
	return func(output string) Bound { return Bound{base * math.Max(1, cond[output]), floor} }, nil
}

// conditionInside raises the conditions in cond to what rounding every value
// at p costs, in units of float32's last bit.
func (j *judge) conditionInside(p *point, cond map[string]float64) error {
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	rounded, err := j.model.Run(p.in, onnxval.Rounded)
	if err != nil {
		return err
	}
	for name, t := range j.narrowed(out) {
		cond[name] = math.Max(cond[name], change(rounded[name], t, tolerance(tolFloorLow))/tolerance(tolUnit))
	}
	return nil
}

// change is the largest absolute difference of two float tensors, relative to
// the largest element of the second.
func change(moved, t *tensor.Tensor, floor float64) float64 {
	worst := 0.0
	for i := range t.F {
		if i < len(moved.F) {
			worst = math.Max(worst, math.Abs(moved.F[i]-t.F[i]))
		}
	}
	return worst / math.Max(floor, largest(t))
}

// largestHalf is the largest float16: a file of that type holds its outputs to
// it.
const largestHalf = 65504

// saturated is outputs of float64 as a float16 file gives them: held to what
// that type can hold.
func (j *judge) saturated(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	if j.elem != onnxval.F16 {
		return out
	}
	held := map[string]*tensor.Tensor{}
	for name, t := range out {
		t = t.Clone()
		for i, x := range t.F {
			if !math.IsInf(x, 0) && !math.IsNaN(x) {
				t.F[i] = math.Max(-largestHalf, math.Min(largestHalf, x))
			}
		}
		held[name] = t
	}
	return held
}

// steady are the outputs that a rounding may change a little but not wholly:
// all but chosen classes, which may tie.
func steady(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	kept := map[string]*tensor.Tensor{}
	for name, t := range out {
		if !strings.HasPrefix(name, "predicted") && !strings.HasPrefix(name, "accuracy") {
			kept[name] = t
		}
	}
	return kept
}

// narrowed is outputs of the float64 evaluation in the types that the file
// declares.
func (j *judge) narrowed(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	n := map[string]*tensor.Tensor{}
	for _, p := range j.model.Outputs() {
		if t := out[p.Name]; t != nil {
			t = t.Clone()
			draw.Round(t, p.Elem)
			n[p.Name] = t
		}
	}
	return n
}
