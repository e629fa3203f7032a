package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"
)

// combinations is the table of which options go with which loss, made by
// building each: -update writes it.
const combinations = "../../testdata/combinations.md"

// options are what any head may be combined with, as a user writes it.
var options = []struct {
	head string
	sets map[string]string
	o    compile.Options
}{
	{"label_smoothing", map[string]string{"label_smoothing": "0.1"}, compile.Options{}},
	{"focal.gamma", map[string]string{"focal.gamma": "2"}, compile.Options{}},
	{"class_weights", map[string]string{"class_weights": "true"}, compile.Options{}},
	{"sub_centers", map[string]string{"sub_centers": "3"}, compile.Options{}},
	{"smoothing + focal", map[string]string{"label_smoothing": "0.1", "focal.gamma": "2"}, compile.Options{}},
	{"focal + weights + centres", map[string]string{"focal.gamma": "2", "class_weights": "true", "sub_centers": "3"}, compile.Options{}},
	{"detached", nil, compile.Options{Gradient: "detached"}},
	{"official", nil, compile.Options{Gradient: "official"}},
	{"predictions", nil, compile.Options{Predictions: true}},
	{"+ center", nil, compile.Options{}},
}

func TestCombinations(t *testing.T) {
	var s strings.Builder
	s.WriteString("# What goes with what\n\n")
	s.WriteString("Each cell was built: ● builds, a number is refused with the reason below the\ntable, – is a parameter that the loss does not have.\n\n| loss |")
	for _, o := range options {
		s.WriteString(" " + o.head + " |")
	}
	s.WriteString("\n|---" + strings.Repeat("|:-:", len(options)) + "|\n")
	var reasons []string
	for _, l := range builders.List() {
		if l.Family == builders.MinerFamily {
			continue
		}
		fmt.Fprintf(&s, "| `%s` |", l.Name)
		for _, o := range options {
			fmt.Fprintf(&s, " %s |", tried(t, l, o.head, o.sets, o.o, &reasons))
		}
		s.WriteByte('\n')
	}
	s.WriteByte('\n')
	for i, r := range reasons {
		fmt.Fprintf(&s, "%d. %s\n", i+1, r)
	}
	goldenText(t, filepath.FromSlash(combinations), s.String())
}

// tried builds one combination.
func tried(t *testing.T, l builders.Loss, head string, sets map[string]string, o compile.Options, reasons *[]string) string {
	t.Helper()
	has := map[string]bool{}
	for _, p := range l.Params() {
		has[p.Name] = true
	}
	for name := range sets {
		if !has[name] {
			return "–"
		}
	}
	o.Grad, o.Sets = true, sets
	expr := l.Name
	if head == "+ center" {
		expr += " + 0.1*center"
	}
	_, err := compile.Run(expr, o)
	if err == nil {
		return "●"
	}
	var usage *builders.UsageError
	if !errors.As(err, &usage) {
		t.Errorf("%s with %s: %v is no refusal", l.Name, head, err)
	}
	reason := strings.ReplaceAll(strings.ReplaceAll(err.Error(), l.Name+": ", ""), l.Name, "the loss")
	for i, r := range *reasons {
		if r == reason {
			return fmt.Sprint(i + 1)
		}
	}
	*reasons = append(*reasons, reason)
	return fmt.Sprint(len(*reasons))
}

// goldenText compares a text with a file, or writes the file with -update.
func goldenText(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(path)
	if err != nil || string(old) != text {
		t.Errorf("%s is not what the losses make of it (%v); run the test with -update and read what changed", path, err)
	}
}
