package main

import (
	"fmt"
	"strconv"
	"strings"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"
	"losscc/onnxexport"

	"github.com/spf13/cobra"
)

// compiling are the flags that say what is compiled; build and show share them.
type compiling struct {
	sets, with      []string
	choose          []string
	grad            bool
	gradient        string
	reduction       string
	dtype, form     string
	opset, blocks   int
	gradientChanged func() bool
	blocksChanged   func() bool
}

// The words that flags accept.
var (
	gradients  = []string{"exact", "detached", "official"}
	reductions = []string{"mean", "sum", "none"}
	dtypes     = []string{"f32", "f64", "f16"}
	forms      = []string{"functions", "flat"}
	extras     = []string{"predictions"}
)

func (o *compiling) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.sets, "set", nil, "`NAME=VALUE` set a parameter; again for more\n(in a sum: LOSS.NAME=VALUE)")
	f.BoolVar(&o.grad, "grad", false, "add outputs grad_X, the gradient for each trained input X")
	f.StringVar(&o.gradient, "gradient", "exact", "`WHICH` exact, detached or official; implies --grad")
	f.StringVar(&o.reduction, "reduction", "", "`HOW` how rows become one number: mean, sum or none\n(default: the loss's own, mostly mean)")
	f.StringVar(&o.dtype, "dtype", "f32", "`TYPE` floats at inputs and outputs: f32, f64 or f16")
	f.StringVar(&o.form, "form", "functions", "`FORM` functions keeps margins as ops with a body,\nflat has standard ops only, and tells no shapes between them")
	f.IntVar(&o.opset, "opset", onnxexport.DefaultOpset, fmt.Sprintf("`N` standard opset to write, %d to %d (default %d)",
		onnxexport.MinOpset, onnxexport.MaxOpset, onnxexport.DefaultOpset))
	f.StringArrayVar(&o.with, "with", nil, "`WHAT` add outputs: predictions adds predicted and accuracy")
	f.StringArrayVar(&o.choose, "choose", nil, "`CHOICE=WAY` take this way of a choice, whatever it costs; again for more\n(losscc show LOSS --stage opt --why shows the choices)")
	f.IntVar(&o.blocks, "blocks", 0, "`=CLASSES` walk through the classes in blocks of at most so many, where\ntheir number has such a divisor (--blocks alone: 2048); saves memory")
	o.blocksChanged = func() bool { return f.Changed("blocks") }
	f.Lookup("blocks").NoOptDefVal = "2048"
	o.gradientChanged = func() bool { return f.Changed("gradient") }
	for flag, words := range map[string][]string{"gradient": gradients, "reduction": reductions, "dtype": dtypes, "form": forms, "with": extras} {
		cmd.RegisterFlagCompletionFunc(flag, oneOf(words...))
	}
	cmd.RegisterFlagCompletionFunc("set", completeSet)
}

// options are the flags as the compiler wants them.
func (o *compiling) options() (compile.Options, error) {
	out := compile.Options{
		Grad: o.grad || o.gradientChanged(), Gradient: o.gradient, Reduction: o.reduction,
		DType: o.dtype, Form: o.form, Opset: o.opset, Blocks: o.blocks,
	}
	if o.reduction != "" {
		if err := oneWord("--reduction", o.reduction, reductions); err != nil {
			return out, err
		}
	}
	if o.opset == 0 { // which to the compiler means the default
		return out, misuse("--opset: found 0, want %d to %d", onnxexport.MinOpset, onnxexport.MaxOpset)
	}
	if o.blocks == 0 && o.blocksChanged() { // which to the compiler means none
		return out, misuse("--blocks: found 0, want 1 to %d classes; without --blocks there are none", compile.MostBlock)
	}
	for _, w := range o.with {
		if err := oneWord("--with", w, extras); err != nil {
			return out, err
		}
		out.Predictions = true
	}
	var err error
	if out.Sets, err = pairs("--set", o.sets, "margin=0.3"); err != nil {
		return out, err
	}
	for _, text := range o.sets {
		if _, value, _ := strings.Cut(text, "="); divided(value) {
			return out, misuse("--set: found %q, want the number without _", text)
		}
	}
	out.Choose, err = pairs("--choose", o.choose, "norm=sums")
	return out, err
}

// oneWord refuses a value that is not among the words of a flag.
func oneWord(flag, value string, words []string) error {
	for _, w := range words {
		if w == value {
			return nil
		}
	}
	return misuse("%s: found %q, want one of %s%s", flag, value, strings.Join(words, ", "), builders.DidYouMean(value, words))
}

// pairs takes NAME=VALUE apart, each name once.
func pairs(flag string, texts []string, example string) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range texts {
		name, value, ok := strings.Cut(t, "=")
		if !ok || name == "" {
			return nil, misuse("%s: found %q, want NAME=VALUE, such as %s", flag, t, example)
		}
		if _, twice := out[name]; twice {
			return nil, misuse("%s: %s is given twice", flag, name)
		}
		out[name] = value
	}
	return out, nil
}

// divided tells a number that is one only because _ may stand between digits in
// Go's source.
func divided(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && strings.Contains(text, "_")
}

// compiled is the loss that the arguments and flags ask for. What the compiler
// says that is no misuse is a defect of ours.
func (o *compiling) compiled(expr string) (*compile.Result, error) {
	opts, err := o.options()
	if err != nil {
		return nil, err
	}
	for _, word := range strings.FieldsFunc(expr, func(r rune) bool { return strings.ContainsRune("+* \t", r) }) {
		if divided(word) {
			return nil, misuse("found the factor %q, want the number without _", word)
		}
	}
	return compile.Run(expr, opts)
}
