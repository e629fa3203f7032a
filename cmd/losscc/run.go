package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"losscc/verify/npy"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"

	"github.com/spf13/cobra"
)

// running is the flags of run.
type running struct {
	in     []string
	random string
	seed   uint64
	out    string
	drawn  bool // --random is there
}

func newRun(c *console) *cobra.Command {
	o := &running{}
	cmd := &cobra.Command{
		Use:   "run FILE.onnx",
		Short: "Run a file on given or drawn inputs, with no other runtime",
		Long: `Run a file in losscc's own evaluator, in float64 whatever type the file has.
Inputs come from NumPy files, or are drawn; with both, those not given are
drawn. A state input is what the last run gave as NAME_next.`,
		Example: `  losscc run arcface.onnx --random N=8,C=10,D=16
  losscc run arcface.onnx --random N=8,C=10,D=16 --seed 7 --out results
  losscc run triplet.onnx --in anchor=a.npy --in positive=p.npy --in negative=n.npy`,
		Args:              argument("one ONNX file", "losscc build makes one"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.drawn = cmd.Flags().Changed("random")
			if o.out == "" && cmd.Flags().Changed("out") {
				return misuse("run %s: want --out DIR, the directory to write to", args[0])
			}
			return c.run(args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.in, "in", nil, "`NAME=FILE.npy` take an input from a NumPy file; again for more")
	f.StringVar(&o.random, "random", "", "`EXTENTS` draw the other inputs at these extents, as N=8,C=10,D=16")
	f.Uint64Var(&o.seed, "seed", 1, "`N` the same number draws the same inputs")
	f.StringVar(&o.out, "out", "", "`DIR` write each output to DIR/NAME.npy, and the inputs that were drawn")
	return cmd
}

// run evaluates a file and shows its outputs.
func (c *console) run(path string, o *running) error {
	m, _, err := c.loadModel(path)
	if err != nil {
		return err
	}
	if o.out != "" {
		if err := makeDir(o.out); err != nil {
			return err
		}
	}
	in, drawn, err := c.gather(m, path, o)
	if err != nil {
		return err
	}
	out, err := m.Run(in)
	switch {
	case errors.Is(err, onnxval.ErrLimit) && o.random != "":
		return misuse("--random: %s: %w; choose smaller extents", path, err)
	case errors.Is(err, onnxval.ErrLimit):
		return failure(codeFile, "%s: %w; give smaller inputs", path, err)
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	}
	written, err := writeTensors(m, out, in, drawn, o.out)
	if err != nil {
		return err
	}
	if c.json {
		return c.emit(ranOf(m, path, o, in, out, drawn, written))
	}
	if len(drawn) > 0 {
		c.say("drawn with seed %d: %s", o.seed, shapesOf(drawn, in))
	}
	c.rows(outputLines(m, out))
	if o.out != "" {
		c.say("%s in %s", counted(len(written), "file"), o.out)
	}
	return nil
}

// loadModel reads a file that can be evaluated.
func (c *console) loadModel(path string) (*onnxval.Model, []byte, error) {
	data, err := c.readInput(path, "an ONNX file; losscc build makes one")
	if err != nil {
		return nil, nil, err
	}
	m, err := onnxval.Load(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, data, nil
}

func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return failure(codeIO, "make the directory %s: %w", dir, bare(err))
	}
	return nil
}

// writeTensors writes the outputs, and the inputs that were drawn, and gives
// the files by name.
func writeTensors(m *onnxval.Model, out, in map[string]*tensor.Tensor, drawn []string, dir string) (map[string]string, error) {
	written := map[string]string{}
	if dir == "" {
		return written, nil
	}
	write := func(p onnxval.Port, t *tensor.Tensor) error {
		data, err := npy.Encode(t, p.Elem.NumPy())
		if err != nil {
			return failure(codeFile, "%s: %w", p.Name, err)
		}
		if p.Name != filepath.Base(p.Name) {
			return failure(codeFile, "the file calls a value %q, which is no name for a file in %s", p.Name, dir)
		}
		written[p.Name] = filepath.Join(dir, p.Name+".npy")
		return writeWhole(written[p.Name], data)
	}
	for _, p := range m.Inputs() {
		if slices.Contains(drawn, p.Name) {
			if err := write(p, in[p.Name]); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range m.Outputs() {
		if err := write(p, out[p.Name]); err != nil {
			return nil, err
		}
	}
	return written, nil
}

func shapesOf(names []string, in map[string]*tensor.Tensor) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = strings.TrimSuffix(n+" "+tensor.ShapeString(in[n].Shape), " []")
	}
	return strings.Join(parts, ", ")
}
