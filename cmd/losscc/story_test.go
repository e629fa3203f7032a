package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/cmd/losscc/internal/compile"
)

// storiesDir holds a text file for each loss: what it is at every stage.
var storiesDir = filepath.Join("..", "..", "testdata", "stories")

// TestStories holds each loss against its story, and wants a story for each
// loss and none besides. -update writes them again.
func TestStories(t *testing.T) {
	if *update {
		if err := os.MkdirAll(storiesDir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	known := map[string]bool{}
	for _, l := range builders.List() {
		file := l.Name + ".txt"
		known[file] = true
		t.Run(l.Name, func(t *testing.T) { tell(t, l, filepath.Join(storiesDir, file)) })
	}
	entries, err := os.ReadDir(storiesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if known[e.Name()] {
			continue
		}
		orphan := filepath.Join(storiesDir, e.Name())
		if !*update {
			t.Errorf("%s is the story of no loss; go test ./cmd/losscc -run Stories -update removes it", orphan)
		} else if err := os.Remove(orphan); err != nil {
			t.Error(err)
		}
	}
}

// tell compares a loss with its story, or writes the story.
func tell(t *testing.T, l builders.Loss, file string) {
	got, err := storyOf(l)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./cmd/losscc -run Stories -update writes it", err)
	}
	if line, a, b := firstDifference(got, string(want)); line > 0 {
		t.Errorf("%s:%d: the loss is now\n\t%s\nand its story says\n\t%s\nif that is meant: go test ./cmd/losscc -run Stories -update, and read the change", file, line, a, b)
	}
}

// firstDifference is the first line, counted from 1, in which two texts
// differ, and how it is in each; 0 if they are equal.
func firstDifference(a, b string) (line int, inA, inB string) {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(as), len(bs)) {
		x, y := "(the end)", "(the end)"
		if i < len(as) {
			x = as[i]
		}
		if i < len(bs) {
			y = bs[i]
		}
		if x != y {
			return i + 1, x, y
		}
	}
	return 0, "", ""
}

// storyOf is a loss at every stage: its formula, its IR, that optimised, that
// with gradients optimised, and the file.
func storyOf(l builders.Loss) (string, error) {
	plain, err := compile.Run(l.Name, compile.Options{})
	if err != nil {
		return "", err
	}
	full := plain
	if len(plain.Built.Wrt) > 0 {
		if full, err = compile.Run(l.Name, compile.Options{Grad: true}); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n    %s\n\n%s\n", l.Name, l.Title, l.Formula, wrapped(l.Paper, "", 78))
	chapter := func(title, text string) {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s", title, strings.Repeat("-", len(title)), text)
	}
	chapter("The formula in the language", plain.Formula.String())
	if text := plain.Optimised.String(); text == plain.Formula.String() {
		chapter("Optimised", "(the same)\n")
	} else {
		chapter("Optimised", text)
	}
	if full != plain {
		chapter("With gradients, optimised", full.Optimised.String())
	}
	text, err := stageText(full, "onnx")
	if err != nil {
		return "", err
	}
	chapter("The file", text)
	return b.String(), nil
}

// TestFirstDifference shows that a story can fail.
func TestFirstDifference(t *testing.T) {
	for _, c := range []struct {
		a, b string
		line int
	}{{"x\ny\n", "x\ny\n", 0}, {"x\ny\n", "x\nz\n", 2}, {"x\n", "x\ny\n", 2}, {"x", "x\n", 2}, {"", "", 0}} {
		if line, _, _ := firstDifference(c.a, c.b); line != c.line {
			t.Errorf("%q and %q differ first in line %d, want %d", c.a, c.b, line, c.line)
		}
	}
}
