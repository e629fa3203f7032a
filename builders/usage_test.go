package builders_test

import (
	"strings"
	"testing"

	"losscc/builders"
)

func TestASuggestionIsNear(t *testing.T) {
	beyond := []string{"none", "linear", "cosface"}
	for _, c := range []struct {
		what, word string
		known      []string
		want       string
	}{
		{"a beginning comes before a shorter way", "lin", append([]string{"lid"}, beyond...), "linear"},
		{"a letter is missing", "liner", beyond, "linear"},
		{"two neighbours changed places", "ocne", []string{"once"}, "once"},
		{"capitals do not count", "ArcFaec", builders.Names(), "arcface"},
		{"the nearest of two", "softmxa", []string{"softman", "softmax"}, "softmax"},
		{"half of another word", "foo", builders.Names(), ""},
		{"two of four letters", "cooc", []string{"cent"}, ""},
		{"a word of three letters allows one", "sun", []string{"sum"}, "sum"},
		{"and no more", "sin", []string{"sum"}, ""},
		{"two letters are no beginning", "li", beyond, ""},
		{"nothing", "", beyond, ""},
		{"a page", strings.Repeat("arcface", 1000), builders.Names(), ""},
	} {
		want := ""
		if c.want != "" {
			want = "; did you mean \"" + c.want + "\"?"
		}
		if got := builders.DidYouMean(c.word, c.known); got != want {
			t.Errorf("%s: %.20q gives %q, want %q", c.what, c.word, got, want)
		}
	}
}

func TestADifferenceIsAnsweredWithTheSumToWrite(t *testing.T) {
	for _, c := range []struct{ expr, says, under string }{
		{"softmax - arcface", "write + -1*arcface", "- arcface"},
		{"softmax-arcface", "write + -1*arcface", "-arcface"},
		{"softmax - 0.5*am-softmax", "write + -0.5*am-softmax", "- 0.5"},
		{"center + 2*softmax - 1e-3*arcface", "write + -0.001*arcface", "- 1e-3"},
		{"softmax - -2*arcface", "write + 2*arcface", "- -2"},
		{"softmax - nothing", "write + -1*LOSS", "- nothing"},
		{"l-softmax - a-softmax - center", "write + -1*LOSS", "- a-"},
	} {
		_, err := builders.ParseSum(c.expr)
		if err == nil {
			t.Errorf("%q is accepted", c.expr)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		at := strings.Index(c.expr, c.under)
		if len(lines) != 3 || !strings.HasSuffix(strings.TrimSuffix(lines[0], " to take one away"), c.says) || lines[2] != "  "+strings.Repeat(" ", at)+"^" {
			t.Errorf("%q: %q", c.expr, err)
		}
	}
	for _, expr := range []string{"center-los", "l-softmx", "x-softmax"} {
		if _, err := builders.ParseSum(expr); err == nil || strings.Contains(err.Error(), "joined by +") {
			t.Errorf("%q has a hyphen and takes nothing away: %v", expr, err)
		}
	}
}
