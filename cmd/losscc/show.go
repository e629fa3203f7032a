package main

import (
	"slices"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"
	"losscc/cmd/losscc/internal/onnxtext"
	"losscc/onnxexport/onnxpb"

	"github.com/spf13/cobra"
)

// stages are what show can print of a loss on its way to a file.
var stages = []string{"ir", "opt", "grad", "onnx"}

func newShow(c *console) *cobra.Command {
	var stage string
	var why bool
	o := &compiling{}
	cmd := &cobra.Command{
		Use:   "show LOSS",
		Short: "Say what a loss is: formula, paper, inputs, parameters; or print a stage",
		Long: `Say what a loss is: its formula and paper, inputs with shapes and roles,
parameters with defaults, outputs, and what its gradient means. With --stage,
print the loss as it is on its way to a file:
  ir     as its builder wrote it
  grad   with the outputs grad_X (implies --grad)
  opt    after optimisation, as it is lowered
  onnx   the file, in onnx's text syntax
With --why, the stage opt is followed by the choices that were made by cost:
what each way of writing a value was expected to take.
LOSS may be a weighted sum, as 'softmax + 0.003*center'.`,
		Example: `  losscc show arcface
  losscc show arcface --stage ir
  losscc show triplet --set distance=cosine --stage grad
  losscc show arcface --grad --stage opt --why`,
		Args:              argument("one loss, or one sum of losses in quotes", "losscc list shows all"),
		ValidArgsFunction: completeLoss,
		RunE: func(cmd *cobra.Command, args []string) error {
			if stage != "" {
				if err := oneWord("--stage", stage, stages); err != nil {
					return err
				}
			}
			if why && stage != "opt" {
				return misuse("--why tells why the stage opt is as it is; add --stage opt")
			}
			o.grad = o.grad || stage == "grad"
			r, err := o.compiled(args[0])
			if err != nil {
				return err
			}
			if stage != "" {
				return c.showStage(r, stage, why)
			}
			if c.json {
				return c.emit(shownOf(r))
			}
			c.show(r)
			return nil
		},
	}
	cmd.Flags().StringVar(&stage, "stage", "", "`STAGE` print a stage as text: ir, grad, opt or onnx")
	cmd.Flags().BoolVar(&why, "why", false, "after the stage opt, say what was chosen by cost, and why")
	o.register(cmd)
	cmd.RegisterFlagCompletionFunc("stage", oneOf(stages...))
	return cmd
}

// showStage prints one stage.
func (c *console) showStage(r *compile.Result, stage string, why bool) error {
	text, err := stageText(r, stage)
	if err != nil {
		return err
	}
	if c.json {
		return c.emit(struct {
			Schema string `json:"schema"`
			Loss   string `json:"loss"`
			Stage  string `json:"stage"`
			Text   string `json:"text"`
			// Choices are given with --why.
			Choices []shownChoice `json:"choices,omitempty"`
		}{"losscc.stage/1", r.Built.Name(), stage, text, shownChoices(r, why)})
	}
	c.printf("%s", text)
	if why {
		c.why(r)
	}
	return nil
}

func stageText(r *compile.Result, stage string) (string, error) {
	switch stage {
	case "ir":
		return r.Formula.String(), nil
	case "grad":
		return r.Gradient.String(), nil
	case "opt":
		return r.Optimised.String(), nil
	}
	data, err := r.Bytes()
	if err != nil {
		return "", err
	}
	m, err := onnxpb.Decode(data, onnxpb.Limits{})
	if err != nil {
		return "", err
	}
	return onnxtext.String(m), nil
}

// shown is the JSON of show.
type shown struct {
	Schema    string       `json:"schema"`
	Loss      string       `json:"loss"`
	Parts     []shownPart  `json:"parts"`
	Inputs    []port       `json:"inputs"`
	Outputs   []port       `json:"outputs"`
	Params    []shownParam `json:"params"`
	Reduction string       `json:"reduction"`
	Gradients []string     `json:"gradients"`
	Advice    []string     `json:"advice"`
}

type shownPart struct {
	Part string `json:"part"` // its name in a sum: the loss, with a number where that stands twice
	listedLoss
	Factor     float64        `json:"factor"`
	Formula    string         `json:"formula"`
	Notes      []string       `json:"notes"`
	Reductions []string       `json:"reductions"`
	Schedule   *shownSchedule `json:"schedule,omitempty"`
}

type shownSchedule struct {
	Input string  `json:"input"`
	Base  float64 `json:"base"`
	Gamma float64 `json:"gamma"`
	Power float64 `json:"power"`
	Min   float64 `json:"min"`
}

type shownParam struct {
	Name    string   `json:"name"`
	Value   any      `json:"value"`
	Default any      `json:"default"`
	Kind    string   `json:"kind"`
	Range   string   `json:"range,omitempty"`
	Enum    []string `json:"enum,omitempty"`
	Doc     string   `json:"doc"`
}

func shownOf(r *compile.Result) shown {
	in, out := portsOf(r.Gradient, r.Options.DType)
	s := shown{Schema: "losscc.show/1", Loss: r.Built.Name(), Inputs: in, Outputs: out, Params: paramsOf(r.Built),
		Reduction: r.Options.Reduction, Gradients: gradientsOf(r.Built), Advice: orEmpty(r.Built.Advice)}
	for _, p := range r.Built.Parts {
		l := p.Loss
		part := shownPart{p.Name, listedLoss{l.Name, orEmpty(l.Aliases), l.Family, l.Title, l.Paper},
			p.Factor, l.Formula, orEmpty(l.Notes), orEmpty(l.Reductions), nil}
		if t := l.Schedule; t != nil {
			schedule := scheduleOf(t)
			part.Schedule = &schedule
		}
		s.Parts = append(s.Parts, part)
	}
	return s
}

func scheduleOf(s *builders.Schedule) shownSchedule {
	return shownSchedule(*s)
}

// paramsOf are the parameters of all parts with the values that they have.
func paramsOf(b *builders.Built) []shownParam {
	out := []shownParam{}
	for _, p := range b.Parts {
		prefix := ""
		if len(b.Parts) > 1 {
			prefix = p.Name + "."
		}
		for i, q := range p.Loss.Params() {
			out = append(out, shownParam{prefix + q.Name, p.Settings[i].Value, q.Default, q.Kind, q.Accepts(), q.Enum, q.Doc})
		}
	}
	return out
}

// gradientsOf are the gradient semantics that a loss has.
func gradientsOf(b *builders.Built) []string {
	if len(b.Wrt) == 0 {
		return []string{}
	}
	out := []string{"exact"}
	official := true
	for _, p := range b.Parts {
		official = official && p.Loss.Official
	}
	if b.Detached() {
		out = append(out, "detached")
	}
	if official {
		out = append(out, "official")
	}
	return out
}

// reductionsOf are the reductions that every part has with its settings.
func reductionsOf(b *builders.Built) []string {
	var out []string
	for i, p := range b.Parts {
		all := p.Loss.Reductions
		if f, ok := p.Formula.(interface{ Reductions() []string }); ok {
			all = f.Reductions()
		}
		if i == 0 {
			out = slices.Clone(all)
		}
		out = slices.DeleteFunc(out, func(r string) bool { return !slices.Contains(all, r) })
	}
	return out
}
