package compile

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"losscc/builders"
	"losscc/ir"
)

var update = flag.Bool("update", false, "write the specification of the domain again")

// domainFile specifies the domain ai.losscc: every op that a file can hold.
var domainFile = filepath.Join("..", "..", "..", "..", "testdata", "ai.losscc.md")

// domainOp is an op of the domain, and its body under each setting.
type domainOp struct {
	name       string
	from       *ir.Func // of a …Grad, the op that it is the derivative of
	attributes []string // name and type, of all settings together
	inputs     []string
	outputs    []string
	losses     []string
	papers     []string
	bodies     []domainBody
}

// domainBody is what an op computes under the settings that lead to it.
type domainBody struct {
	settings []string
	values   string
}

// settingsOf are the settings of a loss under which its ops may differ: its
// defaults, and each word, truth or number of every parameter by itself.
func settingsOf(l builders.Loss) []map[string]string {
	all := []map[string]string{nil}
	for _, p := range l.Params() {
		var values []string
		switch p.Kind {
		case "enum":
			values = p.Enum
		case "bool":
			values = []string{"true"}
		case "number":
			values = []string{"1.5", "0"}
		case "integer":
			values = []string{"2", "3"}
		}
		for _, v := range values {
			all = append(all, map[string]string{p.Name: v})
			for _, of := range l.Params() {
				// A word may matter to an option that another word turns on.
				if p.Kind == "enum" && of.Kind == "bool" {
					all = append(all, map[string]string{p.Name: v, of.Name: "true"})
				}
				if p.Kind == "enum" && of.Kind == "number" {
					all = append(all, map[string]string{p.Name: v, of.Name: "3"})
				}
			}
		}
	}
	return all
}

// domainOps are all ops that the losses' files hold, in the order of the
// losses.
func domainOps(t *testing.T) []*domainOp {
	t.Helper()
	var ops []*domainOp
	for _, l := range builders.List() {
		for _, s := range settingsOf(l) {
			r, err := Run(l.Name, Options{Sets: s})
			if err != nil {
				continue // refused, as its own tests show
			}
			if len(r.Built.Wrt) > 0 {
				if r, err = Run(l.Name, Options{Sets: s, Grad: true}); err != nil {
					t.Fatal(err)
				}
			}
			callees := map[string]*ir.Func{}
			for _, f := range r.Optimised.Callees() {
				if callees[f.Name] != nil {
					t.Errorf("%s %v: two ops are called %s", l.Name, s, f.Name)
				}
				callees[f.Name] = f
			}
			for _, name := range slices.Sorted(maps.Keys(callees)) {
				ops = addOp(ops, l, s, callees[name], callees[strings.TrimSuffix(name, "Grad")])
			}
		}
	}
	return ops
}

func addOp(ops []*domainOp, l builders.Loss, s map[string]string, f, from *ir.Func) []*domainOp {
	var op *domainOp
	for _, o := range ops {
		if o.name == f.Name {
			op = o
		}
	}
	if op == nil {
		op = &domainOp{name: f.Name}
		if from != f {
			op.from = from
		}
		ops = append(ops, op)
	}
	if !slices.Contains(op.losses, l.Name) {
		op.losses, op.papers = append(op.losses, l.Name), append(op.papers, l.Paper)
	}
	for _, a := range f.Attrs {
		op.attributes = union(op.attributes, a.Name+" "+attributeKinds[a.Kind])
	}
	for _, p := range f.Params {
		op.inputs = union(op.inputs, "`"+p.Name+"` "+p.Type.String())
	}
	var values []string
	for _, r := range f.Results {
		op.outputs = union(op.outputs, "`"+r.Name+"` "+r.Value.Type.String())
		values = append(values, r.Name+" = "+formulaOf(r.Value))
	}
	op.add(strings.Join(values, "; "), settingText(op, l, s))
	return ops
}

// union is a list with one more word, unless it stands there.
func union(list []string, word string) []string {
	if slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}

// settingText is the settings by name, "defaults" if there are none; the loss
// is named if it is not the first that has the op.
func settingText(o *domainOp, l builders.Loss, s map[string]string) string {
	var words []string
	if l.Name != o.losses[0] {
		words = append(words, l.Name+":")
	}
	for _, k := range slices.Sorted(maps.Keys(s)) {
		words = append(words, k+"="+s[k])
	}
	if len(words) == 0 {
		return "defaults"
	}
	return strings.Join(words, " ")
}

// add notes a body under a setting, once; bodies that differ in their numbers
// only are one.
func (o *domainOp) add(values, setting string) {
	for i := range o.bodies {
		if b := &o.bodies[i]; withoutNumbers(b.values) == withoutNumbers(values) {
			b.settings = union(b.settings, setting)
			return
		}
	}
	o.bodies = append(o.bodies, domainBody{[]string{setting}, values})
}

// numeral is a number with the sign in front of it, and not the digits of a
// name.
var numeral = regexp.MustCompile(`(^|[^\pL\d_.])(\(−[\d.]+(?:e−?\d+)?\)|[\d.]+(?:e−?\d+)?)`)

func withoutNumbers(s string) string { return numeral.ReplaceAllString(s, "$1#") }

// label is the fewest words that lead to a body.
func (b domainBody) label() string {
	best := b.settings[0]
	for _, s := range b.settings[1:] {
		if s == "defaults" || best != "defaults" && len(strings.Fields(s)) < len(strings.Fields(best)) {
			best = s
		}
	}
	return best
}

// attributeKinds are the attributes' types in a file.
var attributeKinds = map[ir.ParamKind]string{
	ir.NumberAttr: "TENSOR", ir.FloatAttr: "FLOAT", ir.IntAttr: "INT", ir.TextAttr: "STRING",
}

func domainText(t *testing.T) string {
	ops := domainOps(t)
	var b strings.Builder
	b.WriteString(domainPreface)
	b.WriteString("| op | attributes | inputs | outputs | value by defaults | derivative op | of |\n|---|---|---|---|---|---|---|\n")
	for _, o := range ops {
		if o.from != nil {
			continue
		}
		derivative := "–"
		for _, d := range ops {
			if d.from != nil && d.from.Name == o.name {
				derivative = "`" + d.name + "`"
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", o.name, listed(o.attributes), listed(o.inputs), listed(o.outputs),
			cell(o.bodies[0].values), derivative, strings.Join(o.losses, ", "))
	}
	for _, o := range ops {
		fmt.Fprintf(&b, "\n## %s\n\n", o.name)
		if o.from != nil {
			fmt.Fprintf(&b, "The derivative of `%s` times `grad`; it takes the same attributes, and of its inputs those that it reads: %s. Outputs: %s.\n\n", o.from.Name, listed(o.inputs), listed(o.outputs))
		} else {
			for i, l := range o.losses {
				fmt.Fprintf(&b, "%s: %s\n\n", l, o.papers[i])
			}
		}
		b.WriteString("| settings | value |\n|---|---|\n")
		for _, body := range o.bodies {
			fmt.Fprintf(&b, "| %s | %s |\n", body.label(), cell(body.values))
		}
	}
	return b.String()
}

const domainPreface = `# The domain ai.losscc, version 1

Every op that a file of form functions can hold. Each stands in its file with a
body of standard ops, so that a runtime needs to know none of them; one that
does can run a kernel of its own. This table is made from the losses by
` + "`go test ./cmd/losscc/internal/compile -run Domain -update`" + ` and held against
them by the same test.

Attributes of type FLOAT, INT and STRING tell what was asked for. Those of type
TENSOR are what the body computes with: one number in the arithmetic's own
type, because a FLOAT holds 32 bits only. Numbers that stand in a value are
written into the body for the settings at hand. An op has the attributes that
its settings need, of those listed.

In values, [a < b] is 1 where the condition holds and 0 elsewhere, if(c, a, b)
is a where c holds and b elsewhere, recip(x) is 1/x and 0 at 0, arccos holds
its argument to ±1, and a·b·c is done from the left. The first input is the
target's cosine of each row, the cosines of all classes, or logits s·cos θ_j.
With --gradient detached the derivative by it is taken as 1, and no …Grad op
stands in the file.

`

// listed is a list as text, – if it is empty.
func listed(words []string) string {
	if len(words) == 0 {
		return "–"
	}
	return strings.Join(words, ", ")
}

// cell is text that a table can hold.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func TestDomainIsSpecified(t *testing.T) {
	t.Parallel()
	got := domainText(t)
	if *update {
		if err := os.WriteFile(domainFile, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(domainFile)
	if err != nil {
		t.Fatalf("%v; go test ./cmd/losscc/internal/compile -run Domain -update writes it", err)
	}
	as, bs := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			t.Fatalf("line %s is now\n%s\nand was\n%s\nif that is meant: go test ./cmd/losscc/internal/compile -run Domain -update, and read the change", strconv.Itoa(i+1), as[i], bs[i])
		}
	}
	if len(as) != len(bs) {
		t.Fatalf("%d lines, the file has %d; -update writes it", len(as), len(bs))
	}
}
