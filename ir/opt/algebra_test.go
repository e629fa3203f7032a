package opt_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/ir/opt"
)

// draws is on how many random inputs an identity is tried.
const draws = 60

// apply applies one rule over a function once, and tells how often it did. What
// is dead then is gone.
func apply(t *testing.T, r opt.Rule, f *ir.Func) (*ir.Func, int) {
	t.Helper()
	n := 0
	g, err := ir.Rebuild(f, func(b *ir.Builder, v *ir.Value, args []*ir.Value) *ir.Value {
		if v.Op == r.Op {
			if w := r.Apply(b, v, args); w != nil && w.Type.Equal(v.Type) {
				n++
				return w
			}
		}
		return ir.Again(b, v, args)
	})
	if err == nil {
		g, err = ir.Rebuild(g, ir.Again)
	}
	if err != nil {
		t.Fatalf("%s: %v in\n%s", r.Name, err, f)
	}
	return g, n
}

// Every rule has a case, every case a rule: the text before and after, and
// values that are the same bit for bit.
func TestRules(t *testing.T) {
	rules := map[string]opt.Rule{}
	for _, r := range slices.Concat(opt.Rules, opt.Tidies) {
		if _, twice := rules[r.Name]; twice || r.Name == "" || r.Says == "" || r.Op == nil {
			t.Errorf("rule %q, %q: without a name of its own, or without words, or without an op", r.Name, r.Says)
		}
		rules[r.Name] = r
	}
	seen := map[string]bool{}
	for _, a := range archives(t, "refused") {
		for i := range a.Files {
			name, _, _ := strings.Cut(a.Files[i].Name, ",")
			r, known := rules[name]
			if !known {
				t.Errorf("%s.txtar has a case of %s, and there is no such rule", a.name, name)
				continue
			}
			if seen[a.Files[i].Name] {
				t.Errorf("%s.txtar has two cases of the name %s", a.name, a.Files[i].Name)
			}
			seen[name], seen[a.Files[i].Name] = true, true
			t.Run(a.Files[i].Name, func(t *testing.T) { a.Files[i].Data = ruleCase(t, r, string(a.Files[i].Data)) })
		}
		if *update {
			a.write(t)
		}
	}
	for name := range rules {
		if !seen[name] {
			t.Errorf("rule %s has no case in %s", name, rulesDir)
		}
	}
}

// ruleCase proves one case and gives back its text as the rule would have it.
func ruleCase(t *testing.T, r opt.Rule, text string) []byte {
	before, after, found := strings.Cut(text, arrow)
	f := parsed(t, before)
	if f.String() != before {
		t.Errorf("the case prints otherwise:\n%s", f)
	}
	g, n := apply(t, r, f)
	if n == 0 {
		t.Fatalf("%s does not apply to\n%s", r.Name, f)
	}
	if err := ir.Check(g); err != nil {
		t.Fatal(err)
	}
	if d := differs(t, f, g, draws); d != "" {
		t.Errorf("%s is false: %s\nin\n%s\nmade from\n%s", r.Says, d, g, f)
	}
	if !*update && (!found || g.String() != after) {
		t.Errorf("%s makes\n%s\nand its case says\n%s\nif that is meant: go test ./ir/opt -run Rules -update, and read the change", r.Name, g, after)
	}
	return []byte(before + arrow + g.String())
}

// What is no identity has inputs that show it, and is left alone.
func TestRefusedIdentities(t *testing.T) {
	for _, c := range read(t, "refused").Files {
		t.Run(c.Name, func(t *testing.T) {
			before, after, found := strings.Cut(string(c.Data), arrow)
			if !found {
				t.Fatalf("no %q in the case", arrow)
			}
			f := parsed(t, before)
			if d := differs(t, f, parsed(t, after), 2000); d == "" {
				t.Errorf("no number shows that it is none")
			}
			g, err := opt.Simplify.Run(f)
			if err != nil {
				t.Fatal(err)
			}
			if g.String() != before {
				t.Errorf("it became\n%s", g)
			}
		})
	}
}

// A fold gives the number that the op gives, for every pair of evil numbers.
func TestFoldsAreTheOp(t *testing.T) {
	for _, op := range ir.Ops {
		if op.Scalar == nil {
			continue
		}
		for _, x := range evil {
			for _, y := range evil {
				b := ir.NewBuilder("f")
				args := []*ir.Value{b.Num(x), b.Num(y)}[:op.Arity]
				b.Result("y", b.Emit(op, nil, args...))
				f, err := b.Func()
				if err != nil {
					t.Fatal(err)
				}
				g, err := opt.Simplify.Run(f)
				if err != nil {
					t.Fatal(err)
				}
				if _, folded := g.Results[0].Value.Const(); !folded || len(g.Values) != 1 {
					t.Fatalf("%s of numbers is left as\n%s", op, g)
				}
				if d, err := difference(f, g, nil); err != nil || d != "" {
					t.Fatalf("%s of %v and %v: %s %v", op, x, y, d, err)
				}
				if op.Arity == 1 {
					break
				}
			}
		}
	}
}

// An identity that names a number is about that number: 1 and no other, 0 and
// not −0.
func TestNumbersInIdentitiesAreExact(t *testing.T) {
	for _, c := range []struct {
		op *ir.Op
		by float64
	}{
		{ir.OpMul, math.Nextafter(1, 2)}, {ir.OpMul, -math.Nextafter(1, 0)}, {ir.OpMul, 0}, {ir.OpMul, math.NaN()},
		{ir.OpDiv, math.Nextafter(1, 2)}, {ir.OpDiv, -1}, {ir.OpSub, math.Copysign(0, -1)}, {ir.OpSub, 5e-324}, {ir.OpAdd, 0}, {ir.OpAdd, math.Copysign(0, -1)},
	} {
		b := ir.NewBuilder("f")
		b.Result("y", b.Emit(c.op, nil, b.Param("x", ir.F("N"), ""), b.Num(c.by)))
		f, err := b.Func()
		if err != nil {
			t.Fatal(err)
		}
		g, err := opt.Simplify.Run(f)
		if err != nil {
			t.Fatal(err)
		}
		if g.String() != f.String() {
			t.Errorf("%s by %v became\n%s", c.op, c.by, g)
		}
	}
}
