package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"losscc/builders"
)

// TestReadme holds the README against the program: the output of its commands,
// the table of losses, the files that it quotes, the exit codes. -update writes
// these parts again.
func TestReadme(t *testing.T) {
	path, err := filepath.Abs(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(path)
	t.Chdir(t.TempDir())
	text := string(old)
	text = consoles(t, text)
	text = part(t, text, "<!-- losses: go test ./cmd/losscc -run Readme -update writes this table -->\n", "<!-- end of losses -->", lossTable())
	text = part(t, text, "<!-- exit codes -->\n", "<!-- end of exit codes -->", codeTable())
	source := func(path string) string { return fileText(t, filepath.Join(root, filepath.FromSlash(path))) }
	const builder, article, heads = "builders/normface.go", "testdata/digits/article.txt", "testdata/digits/heads.txt"
	text = part(t, text, "<!-- file "+builder+" -->\n```go\n", "```\n", source(builder))
	text = part(t, text, "<!-- file "+article+" -->\n```text\n", "```\n", source(article))
	text = part(t, text, "<!-- rows of "+heads+" -->\n```text\n", "```\n", rowsOf(source(heads), "64", "normface", "cosface", "arcface", "sphereface-r", "p2sgrad", "focal"))
	text = part(t, text, "<!-- rows of testdata/bench/table.md -->\n", "<!-- end of rows -->", measured(t, source("testdata/bench/table.md")))
	text = judged(t, text)
	if text == string(old) {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	line, now, was := firstDifference(text, string(old))
	t.Errorf("README.md:%d says\n\t%s\nand it is\n\t%s\nif that is meant: go test ./cmd/losscc -run Readme -update", line, was, now)
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// rowsOf are the lines of a table that begin with one of the words, a blank
// line between its parts.
func rowsOf(table string, begin ...string) string {
	var parts []string
	for _, p := range strings.Split(strings.TrimSpace(table), "\n\n") {
		var lines string
		for _, line := range strings.SplitAfter(p+"\n", "\n") {
			for _, word := range begin {
				if strings.HasPrefix(line, word+" ") || strings.HasPrefix(line, word+"→") {
					lines += line
				}
			}
		}
		parts = append(parts, lines)
	}
	return strings.Join(parts, "\n")
}

// measured are the rows of the table of times with gradients that the README
// shows, and what the table says of all of them: their means.
func measured(t *testing.T, table string) string {
	t.Helper()
	lines := strings.SplitAfter(table, "\n")
	head := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "| ms") })
	if head < 0 {
		t.Fatal("testdata/bench/table.md has no table of times")
	}
	out := lines[head] + lines[head+1]
	for _, l := range lines[head+2:] {
		if benchRow.MatchString(l) {
			out += l
		}
	}
	for i, l := range lines {
		switch {
		case strings.HasPrefix(l, "Against the best peer"), strings.HasPrefix(l, "Measured "):
			out += "\n" + l
		case strings.HasPrefix(l, "| geometric means"):
			means, _, _ := strings.Cut(strings.Join(lines[i:], ""), "\n\n")
			out += "\n" + means + "\n"
		}
	}
	return out
}

var benchRow = regexp.MustCompile(`^\| (arcface B|softmax B128 C100k|triplet-[a-z-]+ B(256|1024)|contrastive B(256|1024)).* gradient `)

// judged puts in the report of the command verify, if the lines in the text are
// others. How far numbers are apart may differ: it does from one processor to
// another.
func judged(t *testing.T, text string) string {
	t.Helper()
	const command = "$ losscc verify arcface.onnx\n"
	_, after, ok := strings.Cut(text, "```text\n"+command)
	old, _, closed := strings.Cut(after, "```\n")
	if !ok || !closed {
		t.Fatalf("README.md has no %q", command)
	}
	got := enter("verify", "arcface.onnx")
	if got.code != codeDone {
		t.Fatalf("verify ends with %d: %s", got.code, got.err)
	}
	if noiseless(got.out) == noiseless(old) {
		return text
	}
	return part(t, text, "```text\n"+command, "```\n", got.out)
}

var worst = regexp.MustCompile(`(?m) worst \S+ of \S+( in .*)?$`)

// noiseless is a report without the worst that rounding did, and where.
func noiseless(report string) string { return worst.ReplaceAllString(report, " worst") }

func TestAReportIsComparedByAllButRounding(t *testing.T) {
	const report = "  ok  value  loops  20 sets  40 numbers  worst 3.2e-08 of 2.0e-06 in loss\n  looked at up to C=310\n  proved\n"
	for _, c := range []struct {
		what, other string
		same        bool
	}{
		{"other rounding", strings.Replace(report, "worst 3.2e-08 of 2.0e-06 in loss", "worst 0.0e+00 of 1 in gradients · direction", 1), true},
		{"no place", strings.Replace(report, " in loss", "", 1), true},
		{"other counts", strings.Replace(report, "40 numbers", "41 numbers", 1), false},
		{"other sets", strings.Replace(report, "20 sets", "21 sets", 1), false},
		{"other sizes", strings.Replace(report, "C=310", "C=311", 1), false},
		{"another check", strings.Replace(report, "value", "slope", 1), false},
		{"another answer", strings.Replace(report, "ok", "FAILED", 1), false},
		{"a line less", strings.Replace(report, "  proved\n", "", 1), false},
	} {
		if got := noiseless(report) == noiseless(c.other); got != c.same {
			t.Errorf("%s: counts as the same: %v", c.what, got)
		}
	}
}

// part replaces what stands between two marks.
func part(t *testing.T, text, begin, end, content string) string {
	t.Helper()
	i := strings.Index(text, begin)
	if i < 0 {
		t.Fatalf("README.md has no %q", begin)
	}
	head, rest := text[:i+len(begin)], text[i+len(begin):]
	j := strings.Index(rest, end)
	if j < 0 {
		t.Fatalf("README.md has no %q after %q", end, begin)
	}
	return head + content + rest[j:]
}

// consoles runs each command of the blocks marked console and puts its output
// below it.
func consoles(t *testing.T, text string) string {
	const fence = "```console\n"
	pieces := strings.Split(text, fence)
	for i := 1; i < len(pieces); i++ {
		block, rest, ok := strings.Cut(pieces[i], "```\n")
		if !ok {
			t.Fatal("README.md: a console block does not end")
		}
		var b strings.Builder
		for _, line := range strings.Split(block, "\n") {
			if !strings.HasPrefix(line, "$ losscc ") {
				continue
			}
			args, err := words(strings.TrimPrefix(line, "$ losscc "))
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			var both bytes.Buffer
			run(args, strings.NewReader(""), &both, &both)
			fmt.Fprintf(&b, "%s\n%s", line, both.String())
		}
		pieces[i] = b.String() + "```\n" + rest
	}
	return strings.Join(pieces, fence)
}

// lossTable is every loss, family by family.
func lossTable() string {
	var b strings.Builder
	for _, family := range families(builders.List()) {
		fmt.Fprintf(&b, "\n| %s | | paper |\n|---|---|---|\n", family)
		for _, l := range builders.List() {
			if l.Family != family {
				continue
			}
			name := "`" + l.Name + "`"
			if len(l.Aliases) > 0 {
				name += " (" + strings.Join(l.Aliases, ", ") + ")"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, cell(l.Title), cell(l.Paper))
		}
	}
	return b.String() + "\n"
}

// cell is a text that a table can hold.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func codeTable() string {
	b := "\n| code | meaning |\n|---|---|\n"
	for _, c := range exitCodes {
		b += "| " + c[0] + " | " + c[1] + " |\n"
	}
	return b + "\n"
}

// TestReadmeHasTheListOfLosses asks the program itself.
func TestReadmeHasTheListOfLosses(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(enter("list").out, "\n") {
		if name, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   ") {
			if !bytes.Contains(text, []byte("| `"+name+"`")) {
				t.Errorf("README.md does not list %s", name)
			}
		}
	}
}
