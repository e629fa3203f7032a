package builders

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// UsageError is a mistake of the caller's: an unknown name, or a value that
// does not fit.
type UsageError struct{ err error }

// Error is the message: what was found, what was wanted, what to do.
func (e *UsageError) Error() string { return e.err.Error() }

// Unwrap is the error inside.
func (e *UsageError) Unwrap() error { return e.err }

// Usage is a *UsageError with a message.
func Usage(format string, args ...any) error { return usage(format, args...) }

func usage(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// firstError is the first of errs that is one.
func firstError(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// DidYouMean is a suggestion to append to a message: the first of the known
// words that begins with what was found, else the nearest if at most a third of
// its letters differ, else nothing.
func DidYouMean(word string, known []string) string {
	word = strings.ToLower(word)
	best := ""
	for _, k := range known {
		if best == "" && len(word) >= 3 && strings.HasPrefix(strings.ToLower(k), word) {
			best = k
		}
	}
	if best == "" {
		best = nearest(word, known)
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// nearest is the known word with the fewest mistakes in it, the first of
// several, or nothing if each has too many.
func nearest(word string, known []string) string {
	best, least := "", 0
	for _, k := range known {
		most := utf8.RuneCountInString(k) / 3
		if utf8.RuneCountInString(word) > 2*len(k) {
			continue // too many by its length alone
		}
		if d := mistakes(word, strings.ToLower(k)); d <= most && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// mistakes is how many letters are to be put in, left out or changed to make
// one word the other; two neighbours that changed places are one mistake.
func mistakes(word, other string) int {
	least := levenshtein.ComputeDistance(word, other)
	letters := []rune(word)
	for i := 1; i < len(letters); i++ {
		letters[i-1], letters[i] = letters[i], letters[i-1]
		least = min(least, 1+levenshtein.ComputeDistance(string(letters), other))
		letters[i-1], letters[i] = letters[i], letters[i-1]
	}
	return least
}

// UnknownLoss is the answer to a name that no loss has.
func UnknownLoss(name string) error {
	return usage("no loss is called %q%s; losscc list shows all", name, DidYouMean(name, Names()))
}

func unknownParam(l Loss, params []Param, name string) error {
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.Name
	}
	if reason := lacks(name); reason != "" {
		return usage("%s has no parameter %q%s; it has %s", l.Name, name, reason, strings.Join(names, ", "))
	}
	return usage("%s has no parameter %q%s; it has %s", l.Name, name, DidYouMean(name, names), strings.Join(names, ", "))
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
