package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

// console is what a command talks to: data goes to out, talk to err.
type console struct {
	in   io.Reader
	out  *bufio.Writer
	err  io.Writer
	json bool // --json: data is one JSON object

	outStyle, errStyle style
}

func newConsole(in io.Reader, out, err io.Writer) *console {
	return &console{in: in, out: bufio.NewWriter(out), err: err, outStyle: styleFor(out), errStyle: styleFor(err)}
}

// printf writes data.
func (c *console) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// say writes a line of talk.
func (c *console) say(format string, args ...any) { fmt.Fprintf(c.err, format+"\n", args...) }

// warn writes a line of talk that people should not miss.
func (c *console) warn(format string, args ...any) {
	c.say("%s %s", c.errStyle.yellow("warning:"), fmt.Sprintf(format, args...))
}

// emit writes v as the JSON object that is the command's whole data.
func (c *console) emit(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// heading writes the title of a section of data.
func (c *console) heading(title string) { c.printf("%s\n", c.outStyle.bold(title)) }

// rows writes lines of cells as columns, indented by two.
func (c *console) rows(lines [][]string) { c.printf("%s", columns("  ", lines)) }

// columns aligns lines of cells; the last cell of a line is as long as it is.
func columns(indent string, lines [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, cells := range lines {
		fmt.Fprintln(w, indent+strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	w.Flush()
	return trimEnds(b.String())
}

// trimEnds takes the blanks off the ends of lines.
func trimEnds(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// style paints for people at a terminal, or not at all.
type style bool

// styleFor is the style of a writer: paint where it is a terminal, unless
// NO_COLOR or a dumb terminal says otherwise.
func styleFor(w io.Writer) style {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return style(err == nil && info.Mode()&os.ModeCharDevice != 0)
}

func (s style) paint(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) faint(text string) string  { return s.paint("2", text) }
func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
