package digits

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"losscc/cmd/losscc/internal/compile"
	"losscc/ir"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// Runner evaluates a file: the Go evaluator, or another runtime.
type Runner func(in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error)

// Recipe says what is trained and how.
type Recipe struct {
	Name string
	// Loss is the expression that is compiled, with Sets.
	Loss string
	Sets map[string]string
	// Miner, if any, is compiled too and chooses anew every MineEvery steps
	// from MineRows rows; the loss is then fed with what it chose.
	Miner     string
	MineSets  map[string]string
	MineEvery int
	MineRows  int

	D, Batch, Steps int
	Rate            float64
	Seed            uint64
}

func (r Recipe) withDefaults() Recipe {
	set := func(x *int, d int) {
		if *x == 0 {
			*x = d
		}
	}
	set(&r.D, 2)
	set(&r.Batch, 64)
	set(&r.Steps, 400)
	set(&r.MineEvery, 20)
	set(&r.MineRows, 120)
	if r.Rate == 0 {
		r.Rate = 0.02
	}
	return r
}

// Trained is what training left: the network, the loss's own parameters, and
// the loss of each step.
type Trained struct {
	Recipe Recipe
	Net    *Linear
	Params map[string]*tensor.Tensor
	Losses []float64
}

// run is one training.
type run struct {
	Recipe
	set     *Set
	classes int
	rng     *rand.Rand
	net     *Linear
	loss    *compile.Result
	step    Runner
	mine    Runner
	params  map[string]*tensor.Tensor // trained by the optimiser
	states  map[string]*tensor.Tensor // moved by the file
	adams   map[string]*adam
	mined   []int          // rows the miner was given
	chosen  *tensor.Tensor // what it chose
}

// GoRunner evaluates a file with the Go evaluator.
func GoRunner(file []byte) (Runner, error) {
	m, err := onnxval.Load(file)
	if err != nil {
		return nil, err
	}
	return func(in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) { return m.Run(in) }, nil
}

// Train compiles the recipe's loss in float64 and trains on the set, whose
// labels are 0 to classes−1.
func Train(set *Set, classes int, r Recipe, runner func(file []byte) (Runner, error)) (*Trained, error) {
	r = r.withDefaults()
	t := &run{
		Recipe: r, set: set, classes: classes,
		rng:    rand.New(rand.NewPCG(r.Seed, 7)),
		params: map[string]*tensor.Tensor{}, states: map[string]*tensor.Tensor{}, adams: map[string]*adam{},
	}
	t.net = NewLinear(r.D, t.rng)
	var err error
	if t.loss, t.step, err = compiled(r.Loss, r.Sets, true, runner); err != nil {
		return nil, err
	}
	if r.Miner != "" {
		if _, t.mine, err = compiled(r.Miner, r.MineSets, false, runner); err != nil {
			return nil, err
		}
	}
	t.begin()
	out := &Trained{Recipe: r, Net: t.net, Params: t.params}
	for i := range r.Steps {
		l, err := t.once(i)
		if err != nil {
			return nil, fmt.Errorf("%s: step %d: %w", r.Name, i, err)
		}
		out.Losses = append(out.Losses, l)
	}
	return out, nil
}

func compiled(expr string, sets map[string]string, grad bool, runner func([]byte) (Runner, error)) (*compile.Result, Runner, error) {
	r, err := compile.Run(expr, compile.Options{Sets: sets, Grad: grad, DType: "f64"})
	if err != nil {
		return nil, nil, err
	}
	b, err := r.Bytes()
	if err != nil {
		return nil, nil, err
	}
	run, err := runner(b)
	return r, run, err
}

// shape is a parameter's extents here.
func (t *run) shape(p *ir.Value) []int {
	out := make([]int, len(p.Type.Shape))
	for i, d := range p.Type.Shape {
		switch d {
		case "N":
			out[i] = t.Batch
		case "C", "P":
			out[i] = t.classes
		case "D":
			out[i] = t.D
		case "K":
			out[i] = 3
		default:
			out[i], _ = d.Size()
		}
	}
	return out
}

// begin gives parameters and states their first values, as their papers do.
func (t *run) begin() {
	for _, p := range t.loss.Formula.Params {
		role := p.Attrs.Text("role")
		if role != "parameter" && role != "state" {
			continue
		}
		x := tensor.New(tensor.Float, t.shape(p)...)
		for i := range x.F {
			x.F[i] = t.first(p.Name)
		}
		if role == "state" {
			t.states[p.Name] = x
		} else {
			t.params[p.Name] = x
			t.adams[p.Name] = &adam{rate: t.Rate}
		}
	}
	t.adams["A"], t.adams["B"] = &adam{rate: t.Rate}, &adam{rate: t.Rate}
}

// first draws the first value of an element of an input.
func (t *run) first(name string) float64 {
	c := float64(t.classes)
	switch name {
	case "weight":
		return t.rng.NormFloat64()
	case "margins":
		return 0.3 + 0.1*t.rng.Float64()
	case "scale":
		return math.Sqrt2 * math.Log(c-1)
	case "batch_mean":
		return 20
	case "batch_std":
		return 100
	case "bias":
		if strings.HasPrefix(t.Loss, "uniface") {
			return math.Log(10 * c)
		}
	}
	return 0
}

// once is one step; it gives back the loss.
func (t *run) once(i int) (float64, error) {
	rows := make([]int, t.Batch)
	for k := range rows {
		rows[k] = t.rng.IntN(len(t.set.Labels))
	}
	in := map[string]*tensor.Tensor{}
	if t.mine != nil {
		if i%t.MineEvery == 0 {
			if err := t.mineAgain(); err != nil {
				return 0, err
			}
		}
		rows = t.mined
		in["triplets"], in["pairs"] = t.chosen, t.chosen
	}
	in["embeddings"], in["labels"] = t.net.Embed(t.set, rows), t.set.labels(rows)
	feed := map[string]*tensor.Tensor{}
	for _, p := range t.loss.Formula.Params {
		feed[p.Name] = t.input(p, in, i)
	}
	out, err := t.step(feed)
	if err != nil {
		return 0, err
	}
	return out["loss"].F[0], t.move(rows, out)
}

// input is what a parameter of the file is fed with at step i.
func (t *run) input(p *ir.Value, batch map[string]*tensor.Tensor, i int) *tensor.Tensor {
	if x := batch[p.Name]; x != nil {
		return x
	}
	if x := t.params[p.Name]; x != nil {
		return x
	}
	if x := t.states[p.Name]; x != nil {
		return x
	}
	x := tensor.New(tensor.Float, t.shape(p)...)
	for k := range x.F {
		switch p.Name {
		case "noise":
			x.F[k] = t.rng.NormFloat64()
		case "lambda":
			x.F[k] = t.lambda(i + 1)
		case "class_counts":
			x.F[k] = float64(len(t.set.Labels) / t.classes)
		default:
			x.F[k] = 1
		}
	}
	return x
}

// lambda anneals as the loss's schedule says, its iterations passing faster so
// that the short training sees the margin.
func (t *run) lambda(i int) float64 {
	for _, p := range t.loss.Built.Parts {
		if s := p.Loss.Schedule; s != nil {
			const faster = 50
			return math.Max(s.Min, s.Base*math.Pow(1+s.Gamma*float64(faster*i), -s.Power))
		}
	}
	return 0
}

// move takes one step of the network and the loss's parameters, and takes over
// the new states.
func (t *run) move(rows []int, out map[string]*tensor.Tensor) error {
	g := out["grad_embeddings"]
	if g == nil {
		return fmt.Errorf("the file has no output grad_embeddings")
	}
	a, b := t.net.gradient(t.set, rows, g)
	t.adams["A"].step(t.net.A, a)
	t.adams["B"].step(t.net.B, b)
	for name, x := range t.params {
		t.adams[name].step(x.F, out["grad_"+name].F)
	}
	for name := range t.states {
		if next := out[name+"_next"]; next != nil {
			t.states[name] = next
		}
	}
	return nil
}

// mineAgain draws a subset and has the miner choose from it with the newest
// network.
func (t *run) mineAgain() error {
	t.mined = make([]int, t.MineRows)
	for k := range t.mined {
		t.mined[k] = t.rng.IntN(len(t.set.Labels))
	}
	out, err := t.mine(map[string]*tensor.Tensor{
		"embeddings": t.net.Embed(t.set, t.mined), "labels": t.set.labels(t.mined),
	})
	if err != nil {
		return err
	}
	t.chosen = out["triplets"]
	if t.chosen == nil {
		t.chosen = out["pairs"]
	}
	return nil
}
