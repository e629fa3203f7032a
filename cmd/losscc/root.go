package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// run is the program: arguments in, exit code out. A panic of ours becomes a
// message, not a trace.
func run(args []string, in io.Reader, out, errOut io.Writer) (code int) {
	c := newConsole(in, out, errOut)
	defer func() {
		if p := recover(); p != nil {
			c.json = c.json || asksForJSON(args)
			code = c.defect(args, p, debug.Stack())
		}
	}()
	root := newRoot(c)
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	// A mistake in the flags before it leaves --json unread.
	c.json = c.json || err != nil && asksForJSON(args)
	if flushed := c.out.Flush(); err == nil && flushed != nil {
		err = failure(codeIO, "write to stdout: %w", flushed)
	}
	return c.close(cmd, err)
}

// close says what went wrong, if something did, and gives the exit code.
func (c *console) close(cmd *cobra.Command, err error) int {
	code := codeOf(err)
	var f *fault
	if code == codeDone || errors.As(err, &f) && f.err == nil {
		return code
	}
	// The words of whoever found the misuse, without where in our source.
	var usage *builders.UsageError
	if code == codeMisuse && errors.As(err, &usage) {
		err = usage
	}
	if c.json {
		return c.objection(err.Error(), code)
	}
	c.say("%s %v", c.errStyle.red("losscc:"), err)
	switch code {
	case codeMisuse:
		c.say("%s", c.errStyle.faint("see "+cmd.CommandPath()+" --help"))
	case codeDefect:
		c.say("This is a mistake of losscc %s, not yours. Please report it with the command that you gave.", compile.Version)
	}
	return code
}

// asksForJSON finds --json among arguments that could not be read as flags.
func asksForJSON(args []string) bool {
	for _, a := range args {
		switch a {
		case "--json", "--json=true":
			return true
		case "--":
			return false
		}
	}
	return false
}

// objection writes an error as one line of JSON, where talk would be, and gives
// its exit code back.
func (c *console) objection(text string, code int) int {
	e := json.NewEncoder(c.err)
	e.SetEscapeHTML(false)
	e.Encode(struct {
		Schema string `json:"schema"`
		Error  string `json:"error"`
		Code   int    `json:"code"`
	}{"losscc.error/1", text, code})
	return code
}

// traceVariable names the variable that, set, shows the trace of a panic.
const traceVariable = "LOSSCC_TRACE"

// defect reports a panic.
func (c *console) defect(args []string, p any, stack []byte) int {
	c.out.Flush()
	if c.json {
		return c.objection(fmt.Sprintf("losscc %s stopped by a mistake of its own: %v", compile.Version, p), codeDefect)
	}
	c.say("%s stopped by a mistake of its own: %v", c.errStyle.red("losscc:"), p)
	c.say("Please report it with the version (%s) and the arguments: %q", compile.Version, args)
	if os.Getenv(traceVariable) != "" {
		c.say("%s", stack)
	} else {
		c.say("%s", c.errStyle.faint(traceVariable+"=1 shows where it happened"))
	}
	return codeDefect
}

// newRoot is the command that holds all others.
func newRoot(c *console) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "losscc",
		Short: "Compile losses from their papers to ONNX files",
		Long: `losscc compiles losses from their papers to ONNX files: the value, and with
--grad the gradient of every trained input, as ops that any runtime has.`,
		Example: `  losscc build arcface --grad -o arcface.onnx
  losscc run arcface.onnx --random N=8,C=10,D=16
  losscc show triplet`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if version {
				return c.version()
			}
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cobra.EnableCommandSorting = false // they stand as in commands
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.PersistentFlags().BoolVar(&c.json, "json", false, "print data as one JSON object, and an error as one on stderr")
	root.Flags().BoolVarP(&version, "version", "v", false, "print the version")
	root.CompletionOptions.DisableDefaultCmd = true
	for _, group := range commands {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, make := range group.members {
			cmd := make(c)
			cmd.GroupID = group.id
			root.AddCommand(cmd)
		}
	}
	root.SetHelpCommand(newHelp(c))
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { c.help(cmd) })
	root.SetUsageFunc(func(cmd *cobra.Command) error { c.help(cmd); return nil })
	root.SetFlagErrorFunc(flagError)
	onlyOnce(root.PersistentFlags())
	for _, cmd := range append(root.Commands(), root) {
		onlyOnce(cmd.Flags())
	}
	return root
}

// commands are all commands, grouped as the help shows them.
var commands = []struct {
	id, title string
	members   []func(*console) *cobra.Command
}{
	{"look", "Look", []func(*console) *cobra.Command{newList, newShow, newInspect}},
	{"make", "Make and use", []func(*console) *cobra.Command{newBuild, newRun, newVerify, newBridge}},
	{"more", "More", []func(*console) *cobra.Command{newCompletion, newVersion}},
}

func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, sub := range root.Commands() {
		names = append(names, sub.Name())
	}
	if _, ok := builders.Find(name); ok {
		return misuse("no command is called %q; it is a loss: losscc show %s, or losscc build %s -o %s.onnx", name, name, name, name)
	}
	return misuse("no command is called %q%s", name, builders.DidYouMean(name, names))
}

// flagError says what is wrong with a flag in our words.
func flagError(cmd *cobra.Command, err error) error {
	if word := cmd.Flags().Arg(0); !cmd.HasParent() && word != "" {
		return unknownCommand(cmd, word)
	}
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	errors.As(err, &wrong)
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if rest := unknown.GetSpecifiedShortnames(); rest != "" {
			return misuse("%s has no flag -%s%s", cmd.CommandPath(), name, negativeTerm(rest))
		}
		return misuse("%s has no flag --%s%s", cmd.CommandPath(), name, didYouMeanFlag(cmd, name))
	case errors.As(err, &missing):
		f := missing.GetFlag()
		name, usage := flagUsage(f)
		usage, _, _ = strings.Cut(usage, "\n")
		return misuse("--%s needs a value, %s: %s", f.Name, name, usage)
	case errors.Is(err, errTwice):
		return misuse("--%s is given twice, the second time as %q: it has one value", wrong.GetFlag().Name, wrong.GetValue())
	case wrong != nil:
		f := wrong.GetFlag()
		return misuse("--%s: found %q, want %s", f.Name, wrong.GetValue(), wanted(f))
	}
	return &fault{codeMisuse, err}
}

// negativeTerm is the advice on a sum of losses that begins with a minus and was
// taken for flags, of which rest is what follows the minus.
func negativeTerm(rest string) string {
	if !strings.ContainsAny(rest[:1], ".0123456789") {
		return ""
	}
	sum := "-" + rest
	advice := fmt.Sprintf("; if %q is a sum of losses, put it last, after --", sum)
	if first, others, ok := strings.Cut(sum, "+"); ok {
		advice += fmt.Sprintf(", or begin with another term: %q", strings.TrimSpace(others)+" + "+strings.TrimSpace(first))
	}
	return advice
}

// wanted says what the type of a flag accepts.
func wanted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "int64":
		return "a whole number"
	case "uint", "uint64":
		return "a whole number from 0 up"
	case "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "duration":
		return "a time such as 30s"
	}
	return f.Value.Type()
}

func didYouMeanFlag(cmd *cobra.Command, name string) string {
	var names []string
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return builders.DidYouMean("--"+name, names)
}

// argument refuses all but one argument: what it is, and where to find one.
func argument(what, hint string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return misuse("%s: want %s; %s", cmd.CommandPath(), what, hint)
		case len(args) > 1:
			return misuse("%s: want %s and nothing else, found also %s%s", cmd.CommandPath(), what, quoted(args[1:]), strayNumber(cmd, args[1]))
		}
		return nil
	}
}

// strayNumber says of a number after a flag that need not have one how it gets it.
func strayNumber(cmd *cobra.Command, word string) string {
	if f := cmd.Flags().Lookup("blocks"); f != nil && f.Changed && strings.Trim(word, "0123456789") == "" {
		return "; write --blocks=" + word
	}
	return ""
}

// nothing refuses arguments.
func nothing(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse("%s takes no argument, found %s", cmd.CommandPath(), quoted(args))
	}
	return nil
}

func quoted(words []string) string {
	s := ""
	for i, w := range words {
		if i > 0 {
			s += " "
		}
		s += fmt.Sprintf("%q", w)
	}
	return s
}
