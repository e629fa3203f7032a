package main

import (
	"strings"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"
	"losscc/onnxexport/onnxpb"

	"github.com/spf13/cobra"
)

// built is the JSON of build.
type built struct {
	Schema    string         `json:"schema"`
	File      string         `json:"file"`
	Bytes     int            `json:"bytes"`
	Loss      string         `json:"loss"`
	Params    map[string]any `json:"params"`
	Reduction string         `json:"reduction"`
	Gradient  string         `json:"gradient"`
	DType     string         `json:"dtype"`
	Form      string         `json:"form"`
	Opset     int            `json:"opset"`
	IRVersion int64          `json:"ir_version"`
	Inputs    []port         `json:"inputs"`
	Outputs   []port         `json:"outputs"`
	Advice    []string       `json:"advice"`
}

func newBuild(c *console) *cobra.Command {
	var file string
	o := &compiling{}
	cmd := &cobra.Command{
		Use:   "build LOSS -o FILE.onnx",
		Short: "Compile a loss, or a weighted sum of losses, to an ONNX file",
		Long: `Compile a loss to an ONNX file. LOSS may be a weighted sum, as
'softmax + 0.003*center'. The same arguments give the same bytes. The file
appears whole or not at all; -o - writes it to the standard output.`,
		Example: `  losscc build arcface --grad -o arcface.onnx
  losscc build triplet --set margin=0.3 --set distance=cosine -o triplet.onnx
  losscc build cosface --grad --dtype f64 --form flat -o cosface.onnx`,
		Args:              argument("one loss, or one sum of losses in quotes", "losscc list shows all"),
		ValidArgsFunction: completeLoss,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case file == "":
				return misuse("build %s: want -o FILE.onnx, the file to write", args[0])
			case file == "-" && c.json:
				return misuse("-o - and --json both want the standard output; name a file, or leave --json out")
			}
			r, err := o.compiled(args[0])
			if err != nil {
				return err
			}
			return c.build(r, file)
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "`FILE` the file to write")
	o.register(cmd)
	return cmd
}

// build writes the file and says what is in it.
func (c *console) build(r *compile.Result, file string) error {
	data, err := r.Bytes()
	if err != nil {
		return err
	}
	if file == "-" {
		c.out.Write(data) // an error shows when it is flushed
	} else if err := writeWhole(file, data); err != nil {
		return err
	}
	report := builtOf(r, data, file)
	if c.json {
		return c.emit(report) // advice included
	}
	for _, a := range report.Advice {
		c.warn("%s", a)
	}
	if file == "-" {
		file = "the standard output"
	}
	c.say("%s: %s, %s (%s, %s, opset %d)", file, report.Loss, bytesText(int64(len(data))), report.DType, report.Form, report.Opset)
	c.say("  in   %s", signature(report.Inputs))
	c.say("  out  %s", signature(report.Outputs))
	return nil
}

func builtOf(r *compile.Result, data []byte, file string) built {
	in, out := portsOf(r.Optimised, r.Options.DType)
	b := built{Schema: "losscc.build/1", File: file, Bytes: len(data), Loss: r.Built.Name(), Params: settingsOf(r.Built),
		Reduction: r.Options.Reduction, Gradient: "none", DType: r.Options.DType, Form: r.Options.Form, Opset: r.Options.Opset,
		Inputs: in, Outputs: out, Advice: orEmpty(r.Built.Advice)}
	if r.Options.Grad {
		b.Gradient = r.Options.Gradient
	}
	if m, err := onnxpb.Decode(data, onnxpb.Limits{}); err == nil {
		b.IRVersion = m.GetIrVersion()
	}
	return b
}

// settingsOf are the hyper-parameters by name.
func settingsOf(b *builders.Built) map[string]any {
	out := map[string]any{}
	for _, s := range b.Settings() {
		out[s.Name] = s.Value
	}
	return out
}

// signature is ports in a line: embeddings [N,D], labels [N].
func signature(ports []port) string {
	parts := make([]string, len(ports))
	for i, p := range ports {
		parts[i] = strings.TrimSuffix(p.Name+" "+p.shapeText(), " []")
	}
	return strings.Join(parts, ", ")
}
