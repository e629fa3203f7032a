package compile

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"losscc/builders"
	"losscc/ir"
	"losscc/ir/grad"
	"losscc/ir/opt"
	"losscc/onnxexport"
)

// Version is the version that files name.
const Version = "0.1.0"

// MostBlock is how many classes a block may have at most. The judge asks for more, so
// that it sees every file walk.
const MostBlock = 1 << 12

// Options are what a file is built with, in the words of the command line.
type Options struct {
	Sets        map[string]string
	Grad        bool
	Gradient    string // exact, detached, official; empty: exact
	Reduction   string // mean, sum, none; empty: the loss's default
	DType       string // f32, f64, f16; empty: f32
	Form        string // functions, flat; empty: functions
	Opset       int    // 0: the default
	Predictions bool
	// Choose takes the named way of a choice instead of the cheaper one.
	Choose map[string]string
	// Blocks is how many classes a block has at most, where the file walks through
	// them in blocks; 0: it does not.
	Blocks int
}

// Result is a loss after every stage.
type Result struct {
	Built *builders.Built
	// Formula is the loss as its builder wrote it, Gradient with gradients
	// (the same function if none were asked for), Optimised what is lowered.
	Formula, Gradient, Optimised *ir.Func
	// Decisions are the choices by cost on the way to Optimised.
	Decisions []opt.Decision
	Options   Options
	Metadata  []onnxexport.Property
}

// Run takes a loss, or a weighted sum of losses, through every stage before
// export. Mistakes of the caller's are *builders.UsageError.
func Run(expr string, o Options) (*Result, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	b, err := builders.Build(expr, builders.Options{Reduction: o.Reduction, Predictions: o.Predictions, Official: o.Gradient == "official", Sets: o.Sets})
	if err != nil {
		return nil, err
	}
	if err := o.holds(b.Settings()); err != nil {
		return nil, err
	}
	o.Reduction = b.Reduction
	r := &Result{Built: b, Formula: b.Func, Gradient: b.Func, Options: o}
	if err := r.differentiate(); err != nil {
		return nil, err
	}
	if r.Optimised, err = opt.Run(r.Gradient, o.passes()); err != nil {
		return nil, err
	}
	t := opt.Target{Double: o.DType == "f64", Copies: o.Form == "flat", Forced: o.Choose}
	if r.Optimised, r.Decisions, err = opt.Choose(r.Optimised, t); err != nil {
		return nil, err
	}
	if err := r.choseAll(); err != nil {
		return nil, err
	}
	if r.Optimised, err = opt.Run(r.Optimised, opt.Last); err != nil {
		return nil, err
	}
	if err := r.checkBlocks(); err != nil {
		return nil, err
	}
	r.Metadata = r.metadata()
	return r, nil
}

// passes are what a function goes through before export. A file without
// gradients keeps what the formula holds constant, each an Identity, so that
// whoever differentiates it can do so as the paper does.
func (o Options) passes() []opt.Pass {
	all := opt.Standard
	if o.Form == "flat" {
		all = opt.Flat
	}
	var out []opt.Pass
	for _, p := range all {
		if o.Grad || p.Name != opt.Release.Name {
			out = append(out, p)
		}
	}
	return out
}

func (o Options) withDefaults() Options {
	set := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	set(&o.Gradient, "exact")
	set(&o.DType, "f32")
	set(&o.Form, "functions")
	if o.Opset == 0 {
		o.Opset = onnxexport.DefaultOpset
	}
	return o
}

func (o Options) check() error {
	for _, c := range []struct {
		flag, value string
		known       []string
		suggest     func(string, []string) string
	}{
		{"--gradient", o.Gradient, []string{"exact", "detached", "official"}, builders.DidYouMean},
		// A type that is a letter away is another type: bf16 is not f16.
		{"--dtype", o.DType, []string{"f32", "f64", "f16"}, func(string, []string) string { return "" }},
		{"--form", o.Form, []string{"functions", "flat"}, builders.DidYouMean},
	} {
		if !contains(c.known, c.value) {
			return builders.Usage("%s: found %q, want one of %s%s", c.flag, c.value, strings.Join(c.known, ", "), c.suggest(c.value, c.known))
		}
	}
	if err := o.checkChoose(); err != nil {
		return err
	}
	if o.Blocks < 0 || o.Blocks > MostBlock {
		return builders.Usage("--blocks: found %d, want 1 to %d classes", o.Blocks, MostBlock)
	}
	if o.Opset < onnxexport.MinOpset || o.Opset > onnxexport.MaxOpset {
		return builders.Usage("--opset: found %d, want %d to %d", o.Opset, onnxexport.MinOpset, onnxexport.MaxOpset)
	}
	return nil
}

// checkChoose refuses choices and ways that there are not.
func (o Options) checkChoose() error {
	for name, way := range o.Choose {
		names := make([]string, len(opt.Choices))
		var found *opt.Choice
		for i := range opt.Choices {
			names[i] = opt.Choices[i].Name
			if names[i] == name {
				found = &opt.Choices[i]
			}
		}
		if found == nil {
			return builders.Usage("--choose: found the choice %q, want one of %s%s", name, strings.Join(names, ", "), builders.DidYouMean(name, names))
		}
		if ways := []string{found.Written, found.Other}; !contains(ways, way) {
			return builders.Usage("--choose %s: found the way %q, want %q or %q%s", name, way, ways[0], ways[1], builders.DidYouMean(way, ways))
		}
	}
	return nil
}

// choseAll refuses a choice that was asked for and is nowhere in this loss.
func (r *Result) choseAll() error {
	for name := range r.Options.Choose {
		var has []string
		for i := range r.Decisions {
			if n := r.Decisions[i].Choice.Name; !contains(has, n) {
				has = append(has, n)
			}
		}
		if contains(has, name) {
			continue
		}
		there := "no choice is made by cost here"
		if len(has) > 0 {
			there = "here are " + strings.Join(has, ", ")
		}
		return builders.Usage("--choose: found the choice %q, which %s does not have with these options; %s", name, r.Built.Name(), there)
	}
	return nil
}

// holds refuses numbers that the arithmetic of the file cannot hold.
func (o Options) holds(settings []builders.Setting) error {
	if o.DType == "f64" {
		return nil
	}
	for _, s := range settings {
		x, ok := s.Value.(float64)
		if f := float64(float32(x)); ok && x != 0 && (f == 0 || math.IsInf(f, 0)) {
			return builders.Usage("parameter %s: found %v, which float32 cannot hold (1e-38 to 3e38); build with --dtype f64", s.Name, x)
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// differentiate adds gradients, if they were asked for.
func (r *Result) differentiate() error {
	o := r.Options
	sem := grad.Exact
	if o.Gradient == "detached" {
		if !r.Built.Detached() {
			return builders.Usage("%s has no detached gradient: its value is not a margin on a cosine alone; build it with --gradient exact", r.Built.Name())
		}
		sem = grad.Detached
	}
	if !o.Grad {
		return nil
	}
	if len(r.Built.Wrt) == 0 {
		return builders.Usage("%s has nothing to differentiate; build it without --grad", r.Built.Name())
	}
	f, err := grad.Of(r.Formula, "loss", r.Built.Wrt, sem)
	if err != nil {
		return err
	}
	r.Gradient = f
	return nil
}

// Bytes is the file.
func (r *Result) Bytes() ([]byte, error) {
	o := r.Options
	return onnxexport.Bytes(r.Optimised, onnxexport.Options{
		Float:    onnxexport.DTypes[o.DType],
		Form:     onnxexport.Forms[o.Form],
		Opset:    o.Opset,
		Metadata: r.Metadata,
		Version:  Version,
		Blocks:   r.blocks(),
	})
}

// blocks are the walks of the file: along its classes, or its proxies.
func (r *Result) blocks() onnxexport.Blocks {
	b := onnxexport.Blocks{Most: r.Options.Blocks}
	for _, p := range r.Optimised.Params {
		for _, d := range p.Type.Shape {
			if b.Most > 0 && b.Dim == "" && (d == builders.C || d == builders.P) {
				b.Dim = d
			}
		}
	}
	return b
}

// checkBlocks refuses blocks of what has none.
func (r *Result) checkBlocks() error {
	if r.Options.Blocks == 0 {
		return nil
	}
	by := r.blocks()
	if by.Dim == "" {
		return builders.Usage("--blocks: %s has neither classes nor proxies to walk through; build it without --blocks", r.Built.Name())
	}
	if err := onnxexport.CheckBlocks(r.Optimised, by.Dim); err != nil {
		return builders.Usage("--blocks: %v; build it without --blocks", err)
	}
	return nil
}

// metadata is what a file says of itself.
func (r *Result) metadata() []onnxexport.Property {
	gradient := "none"
	if r.Options.Grad {
		gradient = r.Options.Gradient
	}
	props := []onnxexport.Property{
		{Key: "losscc.loss", Value: r.Built.Name()},
		{Key: "losscc.params", Value: r.params()},
		{Key: "losscc.gradient", Value: gradient},
		{Key: "losscc.inputs", Value: r.inputs()},
		{Key: "losscc.version", Value: Version},
	}
	if by := r.blocks(); by.Dim != "" {
		props = append(props, onnxexport.Property{Key: "losscc.blocks", Value: fmt.Sprintf(`{"extent":%s,"most":%d}`, quote(string(by.Dim)), by.Most)})
	}
	if r.Options.Reduction != "" {
		props = append(props, onnxexport.Property{Key: "losscc.reduction", Value: r.Options.Reduction})
	}
	for _, s := range r.Built.Schedules() {
		props = append(props, onnxexport.Property{Key: "losscc.schedule." + s.Input, Value: fmt.Sprintf(
			`{"base":%s,"gamma":%s,"power":%s,"min":%s,"rule":"max(min, base*(1+gamma*iteration)^-power), iteration from 1"}`,
			num(s.Base), num(s.Gamma), num(s.Power), num(s.Min))})
	}
	return props
}

// params is one flat JSON object in the order of the loss's hyper-parameters.
func (r *Result) params() string {
	var s strings.Builder
	s.WriteByte('{')
	for i, p := range r.Built.Settings() {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, "%s:%s", quote(p.Name), value(p.Value))
	}
	s.WriteByte('}')
	return s.String()
}

// inputs is one flat JSON object: input to role, in the order of the inputs.
func (r *Result) inputs() string {
	var s strings.Builder
	s.WriteByte('{')
	for i, p := range r.Formula.Params {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, "%s:%s", quote(p.Name), quote(p.Attrs.Text("role")))
	}
	s.WriteByte('}')
	return s.String()
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

func value(v any) string {
	switch v := v.(type) {
	case float64:
		return num(v)
	case string:
		return quote(v)
	}
	return fmt.Sprint(v)
}

func num(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
