package compile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"losscc/builders"
)

// optionsFile says which loss over classes takes which shared option, and which
// settings exclude each other.
var optionsFile = filepath.Join("..", "..", "..", "..", "testdata", "options.md")

// overClasses are the losses with a weight for each class, but for those of the
// family of pairs, which have no margin to share options of.
func overClasses(t *testing.T) []builders.Loss {
	t.Helper()
	var out []builders.Loss
	for _, l := range builders.List() {
		b, err := builders.Build(l.Name, builders.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if l.Family != builders.PairFamily && b.Func.Param("weight") != nil {
			out = append(out, l)
		}
	}
	return out
}

// on is a value of a shared option that does something.
var on = map[string]string{
	"label_smoothing": "0.1", "smoothing": "others", "focal.gamma": "2", "class_weights": "true", "sub_centers": "2",
	"easy_margin": "true", "beyond": "clip", "epsilon": "0.01",
}

func optionsText(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# Heads and their options

Made from the losses by ` + "`go test ./cmd/losscc/internal/compile -run Options -update`" + `,
and held against them by the same test.

`)
	options := builders.SharedOptions()
	fmt.Fprintf(&b, "| loss | %s | gradients | predictions |\n|---|%s---|---|\n", strings.Join(options, " | "), strings.Repeat("---|", len(options)))
	for _, l := range overClasses(t) {
		fmt.Fprintf(&b, "| `%s` |", l.Name)
		for _, o := range options {
			fmt.Fprintf(&b, " %s |", mark(taken(t, l, o)))
		}
		gradients := []string{"exact"}
		if l.Detached {
			gradients = append(gradients, "detached")
		}
		if l.Official {
			gradients = append(gradients, "official")
		}
		_, err := builders.Build(l.Name, builders.Options{Predictions: true})
		fmt.Fprintf(&b, " %s | %s |\n", strings.Join(gradients, ", "), mark(err == nil))
	}
	b.WriteString("\nWhy not:\n\n")
	for _, o := range options {
		if why := refusal(t, o); why != "" {
			fmt.Fprintf(&b, "- `%s`: %s\n", o, why)
		}
	}
	b.WriteString("\n## Settings that exclude each other\n\n| settings | losses | reason |\n|---|---|---|\n")
	for _, r := range refusedPairs(t) {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.settings, strings.Join(r.losses, ", "), r.reason)
	}
	return b.String()
}

func mark(is bool) string {
	if is {
		return "✓"
	}
	return "–"
}

// taken tells whether a loss builds with an option, alone; that it has no such
// parameter is misuse.
func taken(t *testing.T, l builders.Loss, option string) bool {
	t.Helper()
	_, _, err := l.Configure(map[string]string{option: on[option]})
	if has := slices.ContainsFunc(l.Params(), func(p builders.Param) bool { return p.Name == option }); has {
		return !strings.Contains(fmt.Sprint(err), "has no parameter")
	}
	var usage *builders.UsageError
	if !errors.As(err, &usage) {
		t.Errorf("%s %s: %v, want a usage error", l.Name, option, err)
	}
	return false
}

// refusal is the reason that a loss without a shared option gives.
func refusal(t *testing.T, option string) string {
	_, err := builders.Build("hardmax", builders.Options{Sets: map[string]string{option: on[option]}})
	if err == nil {
		t.Errorf("hardmax takes %s", option)
		return ""
	}
	_, reason, ok := strings.Cut(err.Error(), ": ")
	reason, _, _ = strings.Cut(reason, "; it has")
	if !ok || reason == "" {
		t.Errorf("%s is refused without a reason: %v", option, err)
	}
	return reason
}

// refused are settings that a loss takes one by one and not together.
type refused struct {
	settings string
	losses   []string
	reason   string
}

// refusedPairs tries every two settings of every loss together: each word,
// truth, and a number of the shared options.
func refusedPairs(t *testing.T) []*refused {
	t.Helper()
	var out []*refused
	for _, l := range builders.List() {
		all := alternatives(l)
		for i, a := range all {
			for _, b := range all[i+1:] {
				if a[0] == b[0] || !takes(l, a) || !takes(l, b) || takes(l, a, b) {
					continue
				}
				_, err := Run(l.Name, Options{Sets: map[string]string{a[0]: a[1], b[0]: b[1]}})
				var usage *builders.UsageError
				if !errors.As(err, &usage) {
					t.Errorf("%s %v %v: %v, want a usage error", l.Name, a, b, err)
				}
				out = note(out, a[0]+"="+a[1]+" "+b[0]+"="+b[1], l.Name, strings.TrimPrefix(err.Error(), l.Name+": "))
			}
		}
	}
	return out
}

func note(out []*refused, settings, loss, reason string) []*refused {
	for _, r := range out {
		if r.settings == settings && r.reason == reason {
			r.losses = append(r.losses, loss)
			return out
		}
	}
	return append(out, &refused{settings, []string{loss}, reason})
}

// alternatives are the settings of a loss that are not its defaults.
func alternatives(l builders.Loss) [][2]string {
	var out [][2]string
	for _, p := range l.Params() {
		switch {
		case p.Kind == "enum":
			for _, w := range p.Enum {
				if w != p.Default {
					out = append(out, [2]string{p.Name, w})
				}
			}
		case p.Kind == "bool":
			out = append(out, [2]string{p.Name, fmt.Sprint(p.Default == false)})
		case on[p.Name] != "":
			out = append(out, [2]string{p.Name, on[p.Name]})
		}
	}
	return out
}

// takes tells whether a loss takes these settings together.
func takes(l builders.Loss, settings ...[2]string) bool {
	sets := map[string]string{}
	for _, s := range settings {
		sets[s[0]] = s[1]
	}
	_, _, err := l.Configure(sets)
	return err == nil
}

func TestOptionsOfHeads(t *testing.T) {
	got := optionsText(t)
	if *update {
		if err := os.WriteFile(optionsFile, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(optionsFile)
	if err != nil {
		t.Fatalf("%v; go test ./cmd/losscc/internal/compile -run Options -update writes it", err)
	}
	if got != string(want) {
		t.Errorf("the table of options is now\n%s\nif that is meant: go test ./cmd/losscc/internal/compile -run Options -update, and read the change", got)
	}
}
