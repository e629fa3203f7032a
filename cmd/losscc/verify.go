package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"
	"losscc/verify"
	rt "losscc/verify/runtime"

	"github.com/spf13/cobra"
)

// verifying is the flags of verify.
type verifying struct {
	runtimes []string
	seed     uint64
	points   int
	replay   string
}

func newVerify(c *console) *cobra.Command {
	o := &verifying{}
	cmd := &cobra.Command{
		Use:   "verify [LOSS...] [FILE.onnx...]",
		Short: "Hold a file against its paper's formula, numeric derivatives and other runtimes",
		Long: `Judge files by what they compute. A file is evaluated in float64 and compared
with the paper's formula in plain loops, its gradients with numeric derivatives,
at random inputs and at those that break careless losses; it is read back by
another decoder, and run in the runtimes that --runtime names. A LOSS is built
first, with gradients, in every form; without arguments every loss is.

A check that fails is shown with the worst element, and a command that runs the
file on its inputs. A file that does not say which loss it is, or is one that
losscc has no formula for, is not proved: exit code 1, as for a failed check.`,
		Example: `  losscc verify arcface.onnx
  losscc verify triplet 'softmax + 0.003*center'
  losscc verify --runtime onnxruntime --runtime onnx arcface.onnx
  losscc verify --runtime all`,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			losses, _ := completeLoss(cmd, nil, word)
			return losses, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.replay == "" && cmd.Flags().Changed("replay") {
				return misuse("verify: want --replay DIR, the directory to write to")
			}
			return c.verify(args, o)
		},
	}
	f := cmd.Flags()
	names := append([]string{"go", "all"}, rt.Names()...)
	f.StringSliceVar(&o.runtimes, "runtime", []string{"go"}, "also run in `NAME`: "+strings.Join(names, ", ")+"\n(go is losscc's own evaluator, which always runs)")
	f.Uint64Var(&o.seed, "seed", 1, "`N` the same number draws the same inputs")
	f.IntVar(&o.points, "points", 20, "`N` how many random inputs to compare at")
	f.StringVar(&o.replay, "replay", "", "write the inputs of failures below `DIR`\n(default: a new one among the temporary files)")
	cmd.RegisterFlagCompletionFunc("runtime", oneOf(names...))
	return cmd
}

// verify judges losses and files and shows the reports.
func (c *console) verify(args []string, o *verifying) error {
	known := append([]string{"go", "all"}, rt.Names()...)
	for _, name := range o.runtimes {
		if err := oneWord("--runtime", name, known); err != nil {
			return err
		}
	}
	if o.points < 1 {
		return misuse("--points: found %d, want at least 1", o.points)
	}
	cases, err := c.cases(args)
	if err != nil {
		return err
	}
	sessions, err := verify.Sessions(o.runtimes)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range sessions {
			s.Close()
		}
	}()
	options := verify.Options{Runtimes: sessions, Seed: o.seed, Points: o.points, ReplayDir: o.replay}
	if o.replay == "" {
		if options.ReplayDir, err = os.MkdirTemp("", "losscc-verify-"); err != nil {
			return failure(codeIO, "make a directory for replays: %w", bare(err))
		}
		defer os.Remove(options.ReplayDir) // goes only where it is empty
	} else if err := makeDir(o.replay); err != nil {
		return err
	}
	return c.judgeAll(cases, options)
}

// cases are what the arguments ask to judge.
func (c *console) cases(args []string) ([]verify.Case, error) {
	if len(args) == 0 {
		for _, l := range builders.List() {
			args = append(args, l.Name)
		}
	}
	var all []verify.Case
	for _, arg := range args {
		made, err := c.casesOf(arg)
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
	}
	return all, nil
}

// casesOf is a file, or a loss in every form that a file of it can have.
func (c *console) casesOf(arg string) ([]verify.Case, error) {
	if isFile(arg) {
		data, err := c.readInput(arg, "an ONNX file; losscc build makes one")
		return []verify.Case{{Name: arg, File: data}}, err
	}
	var all []verify.Case
	for _, o := range []compile.Options{
		{Grad: true, DType: "f64", Form: "functions"}, {Grad: true, DType: "f64", Form: "flat"}, {Grad: true, DType: "f32", Form: "functions"},
	} {
		b, err := builders.Build(arg, builders.Options{})
		if err != nil {
			return nil, err
		}
		o.Grad = len(b.Wrt) > 0
		r, err := compile.Run(arg, o)
		if err != nil {
			return nil, err
		}
		data, err := r.Bytes()
		if err != nil {
			return nil, err
		}
		all = append(all, verify.Case{Name: arg + " " + o.Form + " " + o.DType, File: data, IR: r.Optimised})
	}
	return all, nil
}

// isFile tells a file from the name of a loss or a sum of losses.
func isFile(arg string) bool {
	if strings.EqualFold(filepath.Ext(arg), ".onnx") || arg == "-" {
		return true
	}
	if _, isLoss := builders.Find(arg); isLoss || strings.ContainsAny(arg, "+*") {
		return false
	}
	_, err := os.Stat(arg)
	return err == nil || strings.ContainsRune(arg, filepath.Separator)
}

// judgeAll judges cases side by side and shows the reports in their order.
func (c *console) judgeAll(cases []verify.Case, o verify.Options) error {
	reports, errs := make([]*verify.Report, len(cases)), make([]error, len(cases))
	ready := make([]chan struct{}, len(cases))
	for i := range ready {
		ready[i] = make(chan struct{})
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), len(cases)) {
		workers.Go(func() {
			for i := range next {
				reports[i], errs[i] = judgeOne(cases[i], o)
				close(ready[i])
			}
		})
	}
	go func() {
		for i := range cases {
			next <- i
		}
		close(next)
	}()
	for i := range cases {
		if <-ready[i]; reports[i] != nil && !c.json {
			c.printf("%s", reports[i].Text())
			c.out.Flush()
		}
	}
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return c.conclude(verify.Summarise(reports, o))
}

// judgeOne judges a case. A panic is a defect of ours in that case, and the
// others are judged all the same.
func judgeOne(c verify.Case, o verify.Options) (r *verify.Report, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, failure(codeDefect, "%s: losscc failed where it should not: %v", c.Name, p)
		}
	}()
	return verify.Judge(context.Background(), c, o)
}

// conclude ends with the exit code that the reports deserve.
func (c *console) conclude(s *verify.Summary) error {
	if c.json {
		if err := c.emit(s); err != nil {
			return err
		}
	} else if len(s.Reports) > 1 {
		c.say("%s", strings.TrimSuffix(s.Text(), "\n"))
	}
	code := codeDone
	if s.Verdict != verify.Proved {
		code = codeDiffers
	}
	for _, r := range s.Reports {
		for _, check := range r.Checks {
			var died *rt.Error
			switch {
			case check.Name == verify.CheckLoads && check.Err() != nil:
				return failure(codeFile, "%s: %w", r.Name, check.Err())
			case errors.As(check.Err(), &died) && !slices.Contains([]error{rt.ErrRejected}, died.Kind):
				code = codeRuntime
			}
		}
	}
	if code == codeDone {
		return nil
	}
	return silent(code)
}
