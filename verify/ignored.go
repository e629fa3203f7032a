package verify

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"losscc/verify/draw"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// fills are what is put into ignored rows. A number that is multiplied by 0
// leaves no trace; NaN and infinity do, and so does what overflows.
var fills = []struct {
	name string
	of   func(x float64) float64
}{
	{"other numbers", func(x float64) float64 { return 3 - 2*x }},
	{"NaN", func(float64) float64 { return math.NaN() }},
	{"infinity", func(float64) float64 { return math.Inf(1) }},
	{"−infinity", func(float64) float64 { return math.Inf(-1) }},
}

// ignoredRows puts other numbers, and what is no number, into the embeddings of
// rows whose label marks them as ignored: nothing may change but nothing else
// either.
func (j *judge) ignoredRows(k *checker) {
	for i, p := range j.points {
		for _, by := range []string{"labels", "same"} {
			if t := p.in[by]; t == nil || len(t.I) == 0 {
				continue
			}
			if err := j.ignoredAt(k, p, by, i); err != nil {
				k.failAt(p, err)
				return
			}
			if k.done() {
				return
			}
		}
	}
	if k.Compared == 0 {
		k.omit()
	}
}

// ignoredAt changes one row of the point of that number: rows and labels of
// ignored ones take turns.
func (j *judge) ignoredAt(k *checker, p *point, by string, turn int) error {
	row, strays := turn%len(p.in[by].I), j.strays(p, by)
	q := &point{name: fmt.Sprintf("%s, row %d ignored by %s of %d", p.name, row, by, strays[turn%len(strays)]), in: cloneAll(p.in)}
	q.in[by].I[row] = strays[turn%len(strays)]
	before, err := j.inBoth(q)
	if err != nil {
		return err
	}
	for _, f := range fills {
		r := &point{name: q.name + " and holding " + f.name, in: cloneAll(q.in)}
		if !j.fill(r, by, row, f.of) {
			return nil
		}
		after, err := j.inBoth(r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		for i := range after {
			k.compare(r, after[i], before[i], fixed(tolIgnored))
			j.stillAt(k, r, by, row, after[i])
		}
	}
	k.Points++
	return nil
}

// strays are labels of rows that all parts ignore: negative, or beyond the
// classes where there is a table of them and no part does without.
func (j *judge) strays(p *point, by string) []int64 {
	if by == "same" {
		return []int64{-1, 2, math.MinInt64, 15}
	}
	strays := []int64{-1, -2, math.MinInt64, -100}
	if j.claim != nil && j.claim.has(tableless...) {
		return strays
	}
	for _, in := range j.inputs {
		if axis := slices.Index(in.Dims, "C"); axis >= 0 {
			classes := int64(p.in[in.Name].Shape[axis])
			return append(strays, classes, classes+13)
		}
	}
	return strays
}

// fill changes the row of every table of rows that the labels are of.
func (j *judge) fill(p *point, by string, row int, of func(float64) float64) bool {
	filled := false
	for _, in := range j.inputs {
		t, n := p.in[in.Name], len(p.in[by].I)
		if !j.tableOfRows(in) || !j.marked(in, by) || len(t.Shape) != 2 || t.Shape[0] != n {
			continue
		}
		d := t.Shape[1]
		for i := row * d; i < (row+1)*d; i++ {
			t.F[i] = of(t.F[i])
		}
		draw.Round(t, in.Elem)
		filled = filled || d > 0
	}
	return filled
}

// tableOfRows tells whether an input holds a row a sample: what a miner chooses
// from is no gradient's but data.
func (j *judge) tableOfRows(in draw.Input) bool {
	return in.Elem.Kind() == tensor.Float && (in.Role == draw.Embeddings || in.Name == "embeddings")
}

// marked tells whether rows of an input are ignored by labels or by same, in
// every part of a sum that has the input: triplets that a miner chose have no
// labels, and given triplets nothing of the kind.
func (j *judge) marked(in draw.Input, by string) bool {
	switch {
	case j.claim == nil:
		return true
	case by == "same":
		return in.Name == "embeddings_a" || in.Name == "embeddings_b"
	}
	return in.Name == "embeddings" && !slices.ContainsFunc(j.claim.parts, func(p part) bool {
		return p.name == "triplet" && p.params["mining"] == "indices"
	})
}

// inBoth is what the file makes of a point, exactly and, where its floats have
// fewer bits than float64, in its own precision; but for what rows are predicted
// to be, which does not depend on their labels.
func (j *judge) inBoth(p *point) ([]map[string]*tensor.Tensor, error) {
	out, err := j.eval(p)
	if err != nil || j.elem == f64 {
		return []map[string]*tensor.Tensor{unpredicted(out)}, err
	}
	rounded, err := j.model.Run(p.in, onnxval.Rounded)
	return []map[string]*tensor.Tensor{unpredicted(out), unpredicted(rounded)}, err
}

// stillAt sees that an ignored row's own gradients are 0.
func (j *judge) stillAt(k *checker, p *point, by string, row int, out map[string]*tensor.Tensor) {
	for _, in := range j.inputs {
		g := out["grad_"+in.Name]
		if in.Role != draw.Embeddings || !j.marked(in, by) || g == nil || len(g.Shape) != 2 {
			continue
		}
		name, d := "grad_"+in.Name+" of the ignored row", g.Shape[1]
		got := map[string]*tensor.Tensor{name: tensor.Floats(g.F[row*d:(row+1)*d], d)}
		k.compare(p, got, map[string]*tensor.Tensor{name: tensor.New(tensor.Float, d)}, fixed(tolIgnored))
	}
}

// unpredicted are the outputs but for the predicted classes.
func unpredicted(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	kept := map[string]*tensor.Tensor{}
	for name, t := range out {
		if !strings.HasPrefix(name, "predicted") {
			kept[name] = t
		}
	}
	return kept
}

func cloneAll(in map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	out := map[string]*tensor.Tensor{}
	for name, t := range in {
		out[name] = t.Clone()
	}
	return out
}
