package builders

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Term is a loss of a weighted sum and its factor.
type Term struct {
	Factor float64
	Loss   Loss
	// Name is what the term is called in the sum: its loss, with a number from
	// the second term of that loss on, as arcface_2.
	Name string

	word string // the name or alias that was written
}

// ParseSum reads "softmax + 0.003*center": losses joined by +, each with a
// factor before * or none. A mistake is a *UsageError that shows the place.
func ParseSum(expr string) ([]Term, error) {
	var terms []Term
	at := 0
	for _, part := range splitTerms(expr) {
		factor, name, nameAt := 1.0, part, at
		if before, after, ok := strings.Cut(part, "*"); ok {
			x, err := strconv.ParseFloat(strings.TrimSpace(before), 64)
			if err != nil || x != x || x-x != 0 {
				if err := subtracted(expr, part, at); err != nil {
					return nil, err
				}
				return nil, caret(expr, at+indent(before), "want a finite number before *, found %q", strings.TrimSpace(before))
			}
			factor, name, nameAt = x, after, at+len(before)+1
		}
		word := strings.TrimSpace(name)
		if word == "" {
			return nil, caret(expr, nameAt+indent(name), "want the name of a loss")
		}
		l, ok := Find(word)
		if !ok {
			if err := subtracted(expr, part, at); err != nil {
				return nil, err
			}
			if !strings.ContainsAny(expr, "+*") {
				return nil, UnknownLoss(word)
			}
			return nil, caret(expr, nameAt+indent(name), "no loss is called %q%s; losscc list shows all", word, DidYouMean(word, Names()))
		}
		terms = append(terms, Term{factor, l, termName(terms, l), word})
		at += len(part) + 1
	}
	for _, t := range terms {
		if (len(terms) > 1 || t.Factor != 1) && t.Loss.Family == MinerFamily {
			return nil, usage("%s is a miner and cannot be part of a sum of losses", t.Loss.Name)
		}
	}
	return terms, nil
}

// splitTerms is expr between its +, less those that belong to a name of a loss, as
// in proxy-nca++.
func splitTerms(expr string) []string {
	var parts []string
	begin := 0
	for i := 0; i < len(expr); i++ {
		if expr[i] != '+' {
			continue
		}
		if end := nameWithPlus(expr, begin, i); end > 0 {
			i = end - 1
			continue
		}
		parts, begin = append(parts, expr[begin:i]), i+1
	}
	return append(parts, expr[begin:])
}

// nameWithPlus is where a name of a loss ends whose first + is that at a place of
// the part that begins at another; 0 if there is none.
func nameWithPlus(expr string, begin, plus int) int {
	for _, name := range Names() {
		at := strings.IndexByte(name, '+')
		from := plus - at
		if at < 0 || from < begin || from+len(name) > len(expr) || !strings.EqualFold(expr[from:from+len(name)], name) {
			continue
		}
		before, after := strings.TrimRight(expr[begin:from], " \t"), expr[from+len(name):]
		whole := before == "" || strings.HasSuffix(before, "*")
		if whole && (after == "" || strings.ContainsRune(" \t+", rune(after[0]))) {
			return from + len(name)
		}
	}
	return 0
}

// termName is what a term of that loss is called after the given terms.
func termName(terms []Term, l Loss) string {
	n := 1
	for _, t := range terms {
		if t.Loss.Name == l.Name {
			n++
		}
	}
	if n == 1 {
		return l.Name
	}
	return fmt.Sprintf("%s_%d", l.Name, n)
}

// termNamed is the place of the term that a word means: a term's name, else the
// alias that it was written with, else another alias in place of its loss; −1
// for no term.
func termNamed(terms []Term, word string) int {
	if i := slices.IndexFunc(terms, func(t Term) bool { return strings.EqualFold(t.Name, word) }); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(terms, func(t Term) bool { return strings.EqualFold(t.word, word) }); i >= 0 {
		return i
	}
	alias, number, numbered := strings.Cut(word, "_")
	l, ok := Find(alias)
	if !ok {
		return -1
	}
	name := l.Name
	if numbered {
		name += "_" + number
	}
	return slices.IndexFunc(terms, func(t Term) bool { return t.Name == name })
}

// subtracted is the answer to a part of a sum, which begins at the given place,
// that takes one term from another: how it is said with +. It is nil for a part
// whose mistake is another one.
func subtracted(expr, part string, at int) error {
	for i := range len(part) {
		if part[i] != '-' {
			continue
		}
		left, right := part[:i], strings.TrimSpace(part[i+1:])
		if _, ok := term(left); !ok {
			continue
		}
		t, ok := term(right)
		switch {
		case ok:
			factor := strconv.FormatFloat(-t.Factor, 'g', -1, 64)
			name := strings.TrimSpace(right[strings.IndexByte(right, '*')+1:])
			return caret(expr, at+i, "terms are joined by + alone; write + %s*%s", factor, name)
		case strings.TrimRight(left, " \t") != left: // a word of its own, and no hyphen in a name
			return caret(expr, at+i, "terms are joined by + alone; write + -1*LOSS to take one away")
		}
	}
	return nil
}

// term reads a loss with a factor before * or none.
func term(text string) (Term, bool) {
	factor := 1.0
	name := text
	if before, after, ok := strings.Cut(text, "*"); ok {
		x, err := strconv.ParseFloat(strings.TrimSpace(before), 64)
		if err != nil || x-x != 0 {
			return Term{}, false
		}
		factor, name = x, after
	}
	l, ok := Find(strings.TrimSpace(name))
	return Term{Factor: factor, Loss: l}, ok
}

// indent is how many blanks s begins with.
func indent(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

// caret is a message over the expression with the place marked.
func caret(expr string, at int, format string, args ...any) error {
	return usage("%s\n  %s\n  %s^", fmt.Sprintf(format, args...), expr, strings.Repeat(" ", at))
}

// splitSets gives each term its own hyper-parameters: all of them to a single
// loss, and in a sum those under the term's name; see termNamed.
func splitSets(terms []Term, sets map[string]string) ([]map[string]string, error) {
	out := make([]map[string]string, len(terms))
	for i := range out {
		out[i] = map[string]string{}
	}
	for _, name := range sortedKeys(sets) {
		i, param, err := owner(terms, name)
		if err != nil {
			return nil, err
		}
		if _, twice := out[i][param]; twice {
			return nil, usage("parameter %q: it is set under another name too, as %s.%s; leave one of them out", name, terms[i].Name, param)
		}
		out[i][param] = sets[name]
	}
	return out, nil
}

// owner is the place of the term that a parameter belongs to, and what the term
// calls it.
func owner(terms []Term, name string) (i int, param string, err error) {
	if len(terms) == 1 {
		return 0, strings.TrimPrefix(name, terms[0].Name+"."), nil
	}
	part, param, ok := strings.Cut(name, ".")
	if !ok {
		return 0, "", homeless(terms, name)
	}
	if i = termNamed(terms, part); i < 0 {
		return 0, "", noPart(terms, name, part)
	}
	return i, param, nil
}

// noPart is the answer to a parameter under a name that no term has.
func noPart(terms []Term, name, part string) error {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = t.Name
	}
	return usage("parameter %q: %q is no part of the sum, whose parts are %s%s", name, part, strings.Join(parts, ", "), DidYouMean(part, parts))
}

// homeless is the answer to a parameter of a sum that names no part: under which
// parts it could stand, and if under none, what the parts have.
func homeless(terms []Term, name string) error {
	var under, all []string
	for _, t := range terms {
		params := t.Loss.Params()
		if _, has := paramNamed(params, name); has {
			under = append(under, t.Name+"."+name+"=…")
		}
		for _, p := range params {
			all = append(all, t.Name+"."+p.Name)
		}
	}
	if under == nil {
		return usage("parameter %q: no part of the sum has it; the parts have %s", name, strings.Join(all, ", "))
	}
	return usage("parameter %q: in a sum each parameter stands under its loss: %s", name, strings.Join(under, " or "))
}
