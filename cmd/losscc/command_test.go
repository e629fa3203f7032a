package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"losscc/builders"
	"losscc/verify/onnxval"
	"losscc/verify/runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// typed is what a command answers.
type typed struct {
	code     int
	out, err string
}

// enter runs losscc in this process.
func enter(args ...string) typed {
	var out, errOut bytes.Buffer
	code := run(args, strings.NewReader(""), &out, &errOut)
	return typed{code, out.String(), errOut.String()}
}

// all are all commands that people see.
func all() []*cobra.Command {
	root := newRoot(newConsole(nil, &bytes.Buffer{}, &bytes.Buffer{}))
	var out []*cobra.Command
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		if !cmd.Hidden {
			out = append(out, cmd)
		}
	}
	return out
}

// examples are the lines of a command's examples.
func examples(cmd *cobra.Command) []string {
	var out []string
	for _, line := range strings.Split(cmd.Example, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func TestEachCommandHasTwoExamples(t *testing.T) {
	for _, cmd := range all() {
		if n := len(examples(cmd)); n < 2 {
			t.Errorf("%s --help has %d examples, want 2", cmd.CommandPath(), n)
		}
	}
}

// TestUsagesReadBehindTheNameOfTheValue: help shows the name before the usage,
// which goes on from it.
func TestUsagesReadBehindTheNameOfTheValue(t *testing.T) {
	for _, cmd := range all() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if name, usage := flagUsage(f); name != "" && strings.HasPrefix(usage, name) {
				t.Errorf("%s --help has --%s %s  %s", cmd.CommandPath(), f.Name, name, usage)
			}
		})
	}
}

func TestHelpFitsATerminal(t *testing.T) {
	for _, cmd := range all() {
		got := enter(append(strings.Fields(cmd.CommandPath())[1:], "--help")...)
		if got.code != codeDone || got.err != "" {
			t.Errorf("%s --help ends with %d and says %q", cmd.CommandPath(), got.code, got.err)
		}
		for _, line := range strings.Split(got.out, "\n") {
			if n := len([]rune(line)); n > 100 {
				t.Errorf("%s --help has a line of %d characters: %s", cmd.CommandPath(), n, line)
			}
		}
	}
}

// TestExamplesOfHelpRun runs them in one directory, in the order of the help,
// with the files that they want. Those for a shell (pipes, redirections) and
// verify, whose examples take minutes, are left out.
func TestExamplesOfHelpRun(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"build", "arcface", "--grad", "-o", "arcface.onnx"},
		{"build", "triplet", "-o", "triplet.onnx"},
		{"run", "triplet.onnx", "--random", "N=2,D=3", "--out", "."},
	} {
		if got := enter(args...); got.code != codeDone {
			t.Fatalf("losscc %q ends with %d: %s", args, got.code, got.err)
		}
	}
	for from, to := range map[string]string{"anchor": "a", "positive": "p", "negative": "n"} {
		if err := os.Rename(from+".npy", to+".npy"); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for _, cmd := range all() {
		for _, line := range examples(cmd) {
			if cmd.Name() == "verify" || strings.ContainsAny(line, "|><(") || strings.Contains(line, "bridge") {
				continue
			}
			args, err := words(line)
			if err != nil || args[0] != "losscc" {
				t.Errorf("%s: example %q: %v", cmd.CommandPath(), line, err)
				continue
			}
			ran++
			if got := enter(args[1:]...); got.code != codeDone {
				t.Errorf("%s: example %q ends with %d: %s", cmd.CommandPath(), line, got.code, got.err)
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d examples were found", ran)
	}
}

// words takes a line apart as a shell does, single quotes included.
func words(line string) ([]string, error) {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	if strings.Count(line, "'")%2 == 1 {
		return nil, errors.New("a quote is not closed")
	}
	return out, nil
}

func TestJSONIsOneObjectWithItsSchema(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "softmax.onnx")
	for _, c := range []struct {
		schema string
		args   []string
		keys   string
	}{
		{"losscc.list/1", []string{"list"}, "losses"},
		{"losscc.show/1", []string{"show", "softmax"}, "loss parts inputs outputs params reduction gradients advice"},
		{"losscc.stage/1", []string{"show", "softmax", "--stage", "opt"}, "loss stage text"},
		{"losscc.build/1", []string{"build", "softmax", "--grad", "-o", file}, "file bytes loss params reduction gradient dtype form opset ir_version inputs outputs advice"},
		{"losscc.run/1", []string{"run", file, "--random", "N=3,C=2,D=2"}, "file seed inputs outputs"},
		{"losscc.inspect/1", []string{"inspect", file}, "file bytes producer ir_version opsets loss params reduction gradient inputs outputs nodes ops functions constants loads"},
		{"losscc.build/1", []string{"build", "arcface", "-o", file + ".advised"}, "file bytes loss params reduction gradient dtype form opset ir_version inputs outputs advice"},
		{"losscc.version/1", []string{"version"}, "version go default_opset min_opset max_opset"},
		{"losscc.version/1", []string{"--version"}, "version go default_opset min_opset max_opset"},
		{"losscc.completion/1", []string{"completion", "fish"}, "shell script"},
	} {
		got := enter(append(c.args, "--json")...)
		if got.code != codeDone || got.err != "" {
			t.Errorf("%q ends with %d and says %q", c.args, got.code, got.err)
			continue
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(got.out), &object); err != nil {
			t.Errorf("%q: %v in\n%s", c.args, err, got.out)
			continue
		}
		if object["schema"] != c.schema {
			t.Errorf("%q has schema %v, want %s", c.args, object["schema"], c.schema)
		}
		for _, key := range strings.Fields(c.keys) {
			if _, ok := object[key]; !ok {
				t.Errorf("%q has no %q", c.args, key)
			}
			delete(object, key)
		}
		delete(object, "schema")
		for key := range object {
			t.Errorf("%q has %q, which the schema %s does not", c.args, key, c.schema)
		}
	}
}

// TestAnErrorUnderJSONIsOneObjectOnStderr covers mistakes that are found before
// the flags are read, by flags, by commands and by none.
func TestAnErrorUnderJSONIsOneObjectOnStderr(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--json", "build", "arcfac", "-o", "x"}, codeMisuse, `no loss is called "arcfac"; did you mean "arcface"?; losscc list shows all`},
		{[]string{"build", "arcface", "--nope", "--json"}, codeMisuse, "losscc build has no flag --nope"},
		{[]string{"build", "softmax + nope", "-o", "x", "--json=true"}, codeMisuse, "no loss is called \"nope\"; losscc list shows all\n  softmax + nope\n            ^"},
		{[]string{"buidl", "--json"}, codeMisuse, `no command is called "buidl"; did you mean "build"?`},
		{[]string{"build", "arcface", "-o", "-", "--json"}, codeMisuse, "-o - and --json both want the standard output; name a file, or leave --json out"},
		{[]string{"completion", "bsh", "--json"}, codeMisuse, `no script is written for "bsh", want one of bash, zsh, fish, powershell; did you mean "bash"?`},
		{[]string{"inspect", "absent<&>.onnx", "--json"}, codeFile, "absent<&>.onnx: there is no such file, want an ONNX file; losscc build makes one"},
		{[]string{"build", "softmax", "-o", "absent/x.onnx", "--json"}, codeIO, "write absent/x.onnx: no such file or directory"},
	} {
		t.Chdir(t.TempDir())
		got := enter(c.args...)
		if got.code != c.code || got.out != "" {
			t.Errorf("%q ends with %d and prints %q", c.args, got.code, got.out)
		}
		if strings.Count(got.err, "\n") != 1 || strings.Contains(got.err, `\u003c`) {
			t.Errorf("%q says more than one line, or hides signs: %s", c.args, got.err)
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(got.err), &object); err != nil {
			t.Errorf("%q: %v in\n%s", c.args, err, got.err)
			continue
		}
		want := map[string]any{"schema": "losscc.error/1", "error": c.says, "code": float64(c.code)}
		if !reflect.DeepEqual(object, want) {
			t.Errorf("%q: %v, want %v", c.args, object, want)
		}
	}
	if got := enter("show", "--", "--json"); got.code != codeMisuse || !strings.HasPrefix(got.err, "losscc: ") {
		t.Errorf("--json after -- is no flag, and yet: %+v", got)
	}
}

// TestNumbersThatJSONLacksAreText covers NaN and the infinities.
func TestNumbersThatJSONLacksAreText(t *testing.T) {
	zero := 0.0
	for _, c := range []struct {
		x    float64
		want string
	}{{0 / zero, `"NaN"`}, {1 / zero, `"Infinity"`}, {-1 / zero, `"-Infinity"`}, {1e-300, "1e-300"}, {0.1, "0.1"}} {
		got, err := json.Marshal(jsonNumber(c.x))
		if err != nil || string(got) != c.want {
			t.Errorf("%v is %s (%v), want %s", c.x, got, err, c.want)
		}
	}
}

// TestAPanicIsAMessageAndNoTrace breaks a command on purpose.
func TestAPanicIsAMessageAndNoTrace(t *testing.T) {
	broken := func(*console) *cobra.Command {
		return &cobra.Command{Use: "broken", Run: func(*cobra.Command, []string) { panic("a screw is loose") }}
	}
	old := commands[2].members
	commands[2].members = append(old[:len(old):len(old)], broken)
	defer func() { commands[2].members = old }()
	t.Setenv(traceVariable, "")
	got := enter("broken")
	if got.code != codeDefect || !strings.Contains(got.err, "a screw is loose") || !strings.Contains(got.err, "report") {
		t.Errorf("ends with %d and says %q", got.code, got.err)
	}
	if strings.Contains(got.err, "goroutine") {
		t.Errorf("shows a trace: %s", got.err)
	}
	t.Setenv(traceVariable, "1")
	if got := enter("broken", "--json"); !json.Valid([]byte(got.err)) || !strings.Contains(got.err, `"code":70`) || !strings.Contains(got.err, "a screw is loose") {
		t.Errorf("under --json says %s", got.err)
	}
	if got := enter("broken"); !strings.Contains(got.err, "goroutine") {
		t.Errorf("shows no trace though asked: %s", got.err)
	}
}

// TestColourIsForTerminals: none in a buffer, none with NO_COLOR.
func TestColourIsForTerminals(t *testing.T) {
	if styleFor(&bytes.Buffer{}) {
		t.Error("a buffer is painted")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if !styleFor(null) {
		t.Skip("there is no device here to take for a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if styleFor(null) {
		t.Error("NO_COLOR is not honoured")
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if styleFor(null) {
		t.Error("a dumb terminal is painted")
	}
}

// TestErrorsEndInTheirCode covers every kind of error that a command may end
// in.
func TestErrorsEndInTheirCode(t *testing.T) {
	_, absent := os.Open(filepath.Join(t.TempDir(), "absent"))
	_, foreign := onnxval.Load([]byte("PK"))
	for _, c := range []struct {
		what string
		err  error
		want int
	}{
		{"nothing", nil, codeDone},
		{"silence", silent(codeDiffers), codeDiffers},
		{"a misuse of ours", misuse("no"), codeMisuse},
		{"a misuse that a builder finds", builders.Usage("no"), codeMisuse},
		{"the same, wrapped", fmt.Errorf("graph.go:1: %w", builders.Usage("no")), codeMisuse},
		{"a file that is no model", fmt.Errorf("x.onnx: %w", foreign), codeFile},
		{"a file system that says no", fmt.Errorf("x: %w", absent), codeIO},
		{"a full device", syscall.ENOSPC, codeIO},
		{"a runtime that is missing", &runtime.Error{Kind: runtime.ErrMissing}, codeRuntime},
		{"a runtime that crashed", &runtime.Error{Kind: runtime.ErrCrashed}, codeRuntime},
		{"a runtime that takes too long", &runtime.Error{Kind: runtime.ErrTimeout}, codeRuntime},
		{"a runtime that refuses the file", &runtime.Error{Kind: runtime.ErrRejected}, codeDiffers},
		{"anything else", errors.New("what?"), codeDefect},
	} {
		if got := codeOf(c.err); got != c.want {
			t.Errorf("%s ends in %d, want %d", c.what, got, c.want)
		}
	}
}
