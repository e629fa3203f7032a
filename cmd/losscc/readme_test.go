package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"losscc/builders"
)

// TestReadme holds the README against the program: the output of its commands,
// the table of losses, the builder that it quotes, the exit codes. -update
// writes these parts again.
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
	const quoted = "builders/normface.go"
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(quoted)))
	if err != nil {
		t.Fatal(err)
	}
	text = part(t, text, "<!-- file "+quoted+" -->\n```go\n", "```\n", string(source))
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
