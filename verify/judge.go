package verify

import (
	"context"
	"fmt"
	"slices"

	"losscc/ir"
	"losscc/verify/draw"
	"losscc/verify/onnxval"
	"losscc/verify/runtime"
	"losscc/verify/tensor"
)

// Case is a file to be judged.
type Case struct {
	// Name is what reports call it.
	Name string
	// File is its bytes.
	File []byte
	// IR is the function that the file was lowered from, if it is at hand.
	IR *ir.Func
}

// Options say how a file is judged; the zero value is the usual way.
type Options struct {
	// Runtimes are sessions with other runtimes that must agree.
	Runtimes []*runtime.Session
	// Seed is that of all random numbers.
	Seed uint64
	// Points is at how many random points the file is compared: 20 if zero.
	Points int
	// ReplayDir is where the inputs of failures are written, nothing if empty.
	ReplayDir string
	// UntilFailure stops at the first check that fails.
	UntilFailure bool
	// Only names the checks to make, all if empty.
	Only []string
}

// usualPoints is how many random points are enough to meet every branch of a
// loss several times.
const usualPoints = 20

func (o Options) points() int {
	if o.Points == 0 {
		return usualPoints
	}
	return o.Points
}

// The names of checks, in the order in which they are made.
const (
	CheckLoads      = "loads"
	CheckReadBack   = "read back"
	CheckStructure  = "structure"
	CheckInterface  = "interface"
	CheckAttributes = "attributes"
	CheckBodies     = "margin bodies"
	CheckDeclared   = "declared outputs"
	CheckValue      = "value"
	CheckEvaluators = "evaluators"
	CheckGradient   = "gradient"
	CheckTelling    = "telling inputs"
	CheckSlope      = "own slope"
	CheckIgnored    = "ignored rows"
	CheckFinite     = "finite"
	CheckEdges      = "edges"
	CheckKinks      = "edge gradients"
	CheckNotNumbers = "not numbers"
	CheckRounding   = "rounding"
	CheckRuntime    = "runtime" // and the runtime's name
)

// checks is the judge's whole procedure after loading.
var checks = []struct {
	name, against string
	make          func(*judge, *checker)
}{
	{CheckReadBack, "onnx-go's decoder", (*judge).readBack},
	{CheckStructure, "what a file needs", (*judge).structure},
	{CheckInterface, "what its loss has", (*judge).interfaces},
	{CheckAttributes, "the parameters it claims", (*judge).attributes},
	{CheckBodies, "the paper's loops, op by op", (*judge).bodies},
	{CheckDeclared, "what evaluation makes", (*judge).declared},
	{CheckValue, "the paper's loops", (*judge).value},
	{CheckEvaluators, "the IR's evaluator", (*judge).evaluators},
	{CheckGradient, "the loops' numeric derivative", (*judge).gradient},
	{CheckTelling, "the paper's loops, states and sizes", (*judge).telling},
	{CheckSlope, "differences of its own loss", (*judge).ownSlope},
	{CheckIgnored, "anything else in those rows", (*judge).ignoredRows},
	{CheckFinite, "evil inputs", (*judge).finite},
	{CheckEdges, "the paper's loops, evil inputs", (*judge).edges},
	{CheckKinks, "the loops' numeric derivative", (*judge).edgeGradients},
	{CheckNotNumbers, "the paper's loops, NaN inside", (*judge).notNumbers},
	{CheckRounding, "itself in its own precision", (*judge).rounding},
}

// judge is the judging of one file.
type judge struct {
	ctx     context.Context
	c       Case
	o       Options
	model   *onnxval.Model
	inputs  []draw.Input
	outputs []string
	elem    onnxval.Elem // of the floats
	claim   *claim       // nil: nobody knows what the file should compute
	unknown string       // why claim is nil
	report  *Report

	points []*point
	told   []*point // telling inputs, at which gradients are slopes
	evils  []*point
	steep  []*point // those of evils at which the loss is smooth

	general map[bool]map[string]float64 // the condition of each output, see conditions
}

// point is a set of inputs and what the file makes of it.
type point struct {
	name string
	in   map[string]*tensor.Tensor
	out  map[string]*tensor.Tensor
	err  error
	want map[string]*tensor.Tensor // of the claim, made once
	cond map[string]float64        // see conditionsAt, made once
	blur map[string]float64        // see blurs, made once

	turning bool // cosines are ±1 up to rounding
	level   bool // several classes have them
	twin    bool // positives are their anchors
	whole   bool // distances are whole numbers and their roots
	tiny    bool // numbers are nothing beside 1
	facing  bool // rows whose angle is taken are equal or opposite
	vague   bool // another order of sums, or rounding, leaves gradients no digits
	kinked  bool // the loss may have a kink there
}

// Judge holds a file against everything that there is to hold it against. The
// error is that of a context; whatever is wrong with the file is in the report.
func Judge(ctx context.Context, c Case, o Options) (*Report, error) {
	o.Points = o.points()
	j := &judge{ctx: ctx, c: c, o: o, report: &Report{Name: c.Name, NotChecked: []string{}}, general: map[bool]map[string]float64{}}
	if !j.load() {
		return j.finish(), ctx.Err()
	}
	for _, ch := range checks {
		if j.wanted(ch.name) {
			j.run(ch.name, ch.against, func(k *checker) { ch.make(j, k) })
		}
	}
	for _, s := range o.Runtimes {
		if j.wanted(CheckRuntime) {
			j.run(CheckRuntime+" "+s.Runtime().Name(), s.Runtime().String(), func(k *checker) { j.inRuntime(k, s) })
		}
	}
	return j.finish(), ctx.Err()
}

func (j *judge) wanted(check string) bool {
	if j.ctx.Err() != nil || j.o.UntilFailure && j.failed() {
		return false
	}
	return len(j.o.Only) == 0 || slices.Contains(j.o.Only, check)
}

func (j *judge) failed() bool {
	return slices.ContainsFunc(j.report.Checks, func(c Check) bool { return c.Status == Failed })
}

// run makes one check. A panic of ours is a failure of the check and not of
// the process.
func (j *judge) run(name, against string, do func(*checker)) {
	k := &checker{Check: Check{Name: name, Against: against}, j: j}
	func() {
		defer func() {
			if p := recover(); p != nil {
				k.fail(fmt.Errorf("the judge failed where it should not: %v", p))
			}
		}()
		do(k)
	}()
	if c := k.close(); c.Status != omitted {
		j.report.Checks = append(j.report.Checks, c)
	}
}

// load is the check that everything else needs.
func (j *judge) load() bool {
	j.run(CheckLoads, "the file evaluator", func(k *checker) {
		m, err := onnxval.Load(j.c.File)
		if err != nil {
			k.fail(err)
			return
		}
		j.model = m
	})
	if j.model == nil {
		return false
	}
	j.inputs = draw.Inputs(j.model)
	for _, p := range j.model.Outputs() {
		j.outputs = append(j.outputs, p.Name)
	}
	j.elem = floatType(append(j.model.Outputs(), j.model.Inputs()...))
	meta := j.model.Metadata()
	claim, err := readClaim(meta, j.outputs)
	if err != nil {
		j.unknown = err.Error()
	} else {
		j.claim = claim
	}
	j.takeDuties()
	r := j.report
	r.Loss, r.Gradient, r.Reduction = meta["losscc.loss"], meta["losscc.gradient"], meta["losscc.reduction"]
	if p := meta["losscc.params"]; isJSON(p) {
		r.Params = []byte(p)
	}
	r.DType = j.elem.String()
	j.run(CheckLoads, "inputs that are drawn for it", func(k *checker) {
		j.draw()
		k.omit()
	})
	return !j.failed()
}

// floatType is the type of the first float among inputs and outputs, f64 where
// there is none.
func floatType(ports []onnxval.Port) onnxval.Elem {
	for _, p := range ports {
		if p.Elem.Kind() == tensor.Float {
			return p.Elem
		}
	}
	return f64
}

// sizes are the extents of the random points, in turn.
var sizes = []draw.Sizes{
	{"N": 5, "C": 4, "D": 3, "K": 2, "P": 4, "T": 6, "S": 8},
	{"N": 7, "C": 2, "D": 4, "K": 3, "P": 3, "T": 5, "S": 7},
	{"N": 3, "C": 6, "D": 2, "K": 1, "P": 5, "T": 4, "S": 9},
	{"N": 1, "C": 3, "D": 2, "K": 2, "P": 3, "T": 1, "S": 4},
	{"N": 6, "C": 3, "D": 5, "K": 2, "P": 2, "T": 8, "S": 6},
	{"N": 2, "C": 2, "D": 3, "K": 1, "P": 2, "T": 2, "S": 3},
	{"N": 9, "C": 5, "D": 3, "K": 2, "P": 6, "T": 7, "S": 5},
}

// spreads are the sizes of the embeddings at the random points, in turn: large
// ones are past the margins of most losses over distances, small ones inside.
var spreads = []float64{1, 0.3, 2, 0.6}

// draw makes the points that the file is compared at.
func (j *judge) draw() {
	for i := range j.o.Points {
		seed := j.o.Seed*1000 + uint64(i)
		s := sizes[i%len(sizes)]
		in, err := draw.Random(j.inputs, s, seed)
		spread := spreads[i%len(spreads)]
		for _, x := range j.inputs {
			if t := in[x.Name]; t != nil && x.Role == draw.Embeddings {
				for i := range t.F {
					t.F[i] *= spread
				}
				draw.Round(t, x.Elem)
			}
		}
		j.points = append(j.points, &point{name: fmt.Sprintf("random inputs, seed %d, %s, embeddings times %g", seed, s, spread), in: in, err: err})
	}
	telling, err := draw.Telling(j.inputs, j.o.Seed)
	if err != nil {
		j.told = []*point{{name: "telling inputs", err: err}}
	}
	if j.walks() {
		more, err := draw.Walks(j.inputs, j.o.Seed)
		if err != nil {
			j.told = append(j.told, &point{name: "thousands of classes", err: err})
		}
		telling = append(telling, more...)
	}
	for _, s := range telling {
		if s.In != nil {
			j.told = append(j.told, &point{name: s.Name, in: s.In})
		}
	}
	sets, err := draw.Evil(j.inputs, j.o.Seed)
	if err != nil {
		j.evils = []*point{{name: "evil inputs", err: err}}
	}
	for _, s := range sets {
		if s.Skipped != "" {
			j.report.NotChecked = append(j.report.NotChecked, s.Name+": "+s.Skipped)
			continue
		}
		if s.Whole && (j.claim == nil || !j.claim.exact()) {
			continue // its distances would tie but for their last bits
		}
		if s.Far && j.elem != f64 && (j.claim == nil || j.claim.squares()) {
			j.report.NotChecked = append(j.report.NotChecked, s.Name+": the square of a length is more than "+j.elem.String()+" holds")
			continue
		}
		if s.Large && j.elem != f64 && j.claim != nil && j.claim.proxied() {
			j.report.NotChecked = append(j.report.NotChecked, s.Name+": between distances to proxies "+j.elem.String()+" leaves no digits of a difference there")
			continue
		}
		facing := s.Facing && j.claim != nil && j.claim.turns()
		p := &point{name: s.Name, in: s.In, turning: s.Turning, level: s.Level, twin: s.Twin, whole: s.Whole, tiny: s.Tiny, facing: facing, vague: s.Close || facing && j.elem == f64, kinked: true}
		j.evils = append(j.evils, p)
		if s.Smooth {
			j.steep = append(j.steep, p)
		}
	}
}

// eval is what the file makes of a point.
func (j *judge) eval(p *point) (map[string]*tensor.Tensor, error) {
	if p.out == nil && p.err == nil {
		p.out, p.err = j.model.Run(p.in)
	}
	return p.out, p.err
}

// wantAt is what the claim makes of a point.
func (j *judge) wantAt(p *point) (map[string]*tensor.Tensor, error) {
	if p.want == nil {
		want, err := j.claim.values(p.in, func(o string) bool { return slices.Contains(j.outputs, o) })
		if err != nil {
			return nil, err
		}
		p.want = j.saturated(want)
	}
	return p.want, nil
}

// withGradients are the inputs that the file must have a gradient for.
func (j *judge) withGradients() []string {
	if j.claim == nil || j.claim.gradient == "none" {
		return nil
	}
	var all []string
	for _, in := range j.inputs {
		if in.Differentiable() {
			all = append(all, in.Name)
		}
	}
	return all
}

// finish draws the conclusion.
func (j *judge) finish() *Report {
	r := j.report
	switch {
	case j.failed():
		r.Verdict = Refuted
	case j.claim == nil || len(j.o.Only) > 0:
		r.Verdict = Unproved
	default:
		r.Verdict = Proved
	}
	if j.model == nil {
		return r
	}
	r.Sizes = j.largestSizes()
	if j.claim == nil {
		r.NotChecked = append(r.NotChecked, "the value of any output against a formula: "+j.unknown)
	}
	if len(j.o.Runtimes) == 0 {
		r.NotChecked = append(r.NotChecked, "other runtimes: none was asked for")
	}
	if j.c.IR == nil {
		r.NotChecked = append(r.NotChecked, "the function that the file was lowered from: only the file was given")
	}
	return r
}
