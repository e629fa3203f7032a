package compile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"losscc/builders"
)

// variant is a loss with settings: one row of the matrix.
type variant struct {
	loss builders.Loss
	sets map[string]string
}

func (v variant) String() string {
	var words []string
	for k, x := range v.sets {
		words = append(words, k+"="+x)
	}
	sort.Strings(words)
	return strings.Join(append([]string{v.loss.Name}, words...), " ")
}

// moderate are settings under which a loss is not saturated, so that every
// element of its gradient is a number of weight: a wrong branch shows there
// and hides at the scales that papers train with.
var moderate = map[string]string{"scale": "6"}

// variants are the settings at which a loss is tried: its defaults; each
// parameter at each word, both truths, or numbers on either side of its
// default; and each two words or truths together. Combinations that the loss
// refuses, as it must, with a *builders.UsageError are left out.
func variants(t testing.TB, l builders.Loss) []variant {
	var all []variant
	seen := map[string]bool{}
	add := func(sets map[string]string) {
		v := variant{l, sets}
		if seen[v.String()] {
			return
		}
		seen[v.String()] = true
		if _, _, err := l.Configure(sets); err != nil {
			var usage *builders.UsageError
			if !errors.As(err, &usage) {
				t.Errorf("%v is refused by something that is no UsageError: %v", v, err)
			}
			return
		}
		all = append(all, v)
	}
	params := l.Params()
	base := map[string]string{}
	for _, p := range params {
		if text, ok := moderate[p.Name]; ok {
			base[p.Name] = text
		}
	}
	with := func(pairs ...string) map[string]string {
		sets := maps.Clone(base)
		for i := 0; i < len(pairs); i += 2 {
			sets[pairs[i]] = pairs[i+1]
		}
		return sets
	}
	add(nil)
	add(with())
	for i, p := range params {
		for _, x := range values(l, p) {
			add(with(p.Name, x))
		}
		for _, q := range params[:i] {
			for _, x := range choices(p) {
				for _, y := range choices(q) {
					add(with(p.Name, x, q.Name, y))
				}
			}
		}
	}
	return all
}

// choices are the words or truths that a parameter may be other than its
// default.
func choices(p builders.Param) []string {
	all := p.Enum
	if p.Kind == "bool" {
		all = []string{"true", "false"}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == fmt.Sprint(p.Default) })
}

// values are the choices of a parameter, or numbers in its range: 0, and two
// on either side of its default.
func values(l builders.Loss, p builders.Param) []string {
	var candidates []string
	switch d := p.Default.(type) {
	case float64:
		for _, x := range []float64{0, d*0.6 + 0.1, d*1.3 + 0.2} {
			candidates = append(candidates, fmt.Sprint(x))
		}
	case int:
		candidates = []string{fmt.Sprint(d + 1), fmt.Sprint(d + 3), "1"}
	default:
		return choices(p)
	}
	return slices.DeleteFunc(candidates, func(x string) bool {
		_, _, err := l.Configure(map[string]string{p.Name: x})
		return err != nil || x == fmt.Sprint(p.Default)
	})
}

// gradients are the gradient semantics that a loss has.
func gradients(l builders.Loss) []string {
	g := []string{"exact"}
	if l.Detached {
		g = append(g, "detached")
	}
	if l.Official {
		g = append(g, "official")
	}
	return g
}

// reductions are those that the loss has with these settings.
func (v variant) reductions(t testing.TB) []string {
	if len(v.loss.Reductions) == 0 {
		return []string{""}
	}
	var has []string
	for _, r := range []string{"mean", "sum", "none"} {
		_, err := builders.Build(v.loss.Name, builders.Options{Reduction: r, Sets: v.sets})
		var usage *builders.UsageError
		switch {
		case err == nil:
			has = append(has, r)
		case !errors.As(err, &usage):
			t.Errorf("%v, reduction %s: %v", v, r, err)
		}
	}
	if len(has) == 0 {
		t.Errorf("%v has no reduction at all", v)
	}
	return has
}

// mustFind is the loss of that name.
func mustFind(name string) builders.Loss {
	l, ok := builders.Find(name)
	if !ok {
		panic("no loss " + name)
	}
	return l
}
