package verify

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"losscc/verify/irval"
	"losscc/verify/onnxval"
	"losscc/verify/readback"
	"losscc/verify/tensor"
)

const f64 = onnxval.F64

// readBack decodes the file with onnx-go, which shares no code with us, and
// compares what it found with the file.
func (j *judge) readBack(k *checker) {
	g, err := readback.Read(j.c.File)
	if err == nil {
		err = readback.Compare(j.c.File, g)
	}
	switch {
	case errors.Is(err, readback.ErrUnsupported):
		k.skip("%v", err)
	case err != nil:
		k.fail(err)
	}
}

// declared runs the file at every random point, which fails where an output is
// not of the type and shape that the file declares; and each gradient has the
// shape of its input.
func (j *judge) declared(k *checker) {
	for _, p := range j.points {
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		k.Points++
		for name, t := range out {
			k.Compared++
			of, isGrad := strings.CutPrefix(name, "grad_")
			if x := p.in[of]; isGrad && x != nil && x.String() != t.String() {
				k.failAt(p, fmt.Errorf("%s is %s and %s is %s", name, t, of, x))
				return
			}
		}
		for _, name := range j.withGradients() {
			if out["grad_"+name] == nil {
				k.failAt(p, fmt.Errorf("the file has gradients and none for %s", name))
				return
			}
		}
	}
}

// plain are the outputs that are no gradients.
func plain(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	kept := map[string]*tensor.Tensor{}
	for name, t := range out {
		if !strings.HasPrefix(name, "grad_") {
			kept[name] = t
		}
	}
	return kept
}

// value compares every output that is no gradient with the paper's loops.
func (j *judge) value(k *checker) {
	if j.claim == nil {
		k.skip("%s", j.unknown)
		return
	}
	for _, p := range j.points {
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		want, err := j.wantAt(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		if err := j.sharply(k, tolValue, p, plain(out), want); err != nil {
			k.failAt(p, err)
			return
		}
		if k.Points++; k.done() {
			return
		}
	}
}

// evaluators compares the file with the function that it was lowered from.
func (j *judge) evaluators(k *checker) {
	if j.c.IR == nil {
		k.omit()
		return
	}
	for _, p := range j.points {
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		want, err := irval.Eval(j.c.IR, p.in)
		if err != nil {
			k.failAt(p, err)
			return
		}
		bound, err := j.alike(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		k.compare(p, out, j.saturated(want), j.aboveSlopes(bound, out))
		if k.Points++; k.done() {
			return
		}
	}
}

// aboveSlopes is a bound whose floor for gradients is no lower than what a loss of
// that size leaves of them.
func (j *judge) aboveSlopes(bound func(string) Bound, out map[string]*tensor.Tensor) func(string) Bound {
	resolved := tolerance(tolFloorSlope) * total(out["loss"])
	return func(output string) Bound {
		b := bound(output)
		if strings.HasPrefix(output, "grad_") {
			b.Floor = math.Max(b.Floor, resolved)
		}
		return b
	}
}

// gradient compares each gradient, element by element, with the derivative of
// the paper's loops.
func (j *judge) gradient(k *checker) {
	switch {
	case j.claim == nil:
		k.skip("%s", j.unknown)
		return
	case len(j.withGradients()) == 0:
		k.omit()
		return
	}
	for _, p := range j.points {
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		got, want, err := j.gradients(p, out)
		if err != nil {
			k.failAt(p, err)
			return
		}
		bound, err := j.precise(tolGradient, p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		k.compare(p, got, j.saturated(want), j.aboveSlopes(bound, out))
		if k.Points++; k.done() {
			return
		}
	}
}
