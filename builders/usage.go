package builders

import (
	"fmt"
	"sort"
	"strings"

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

// DidYouMean is a suggestion to append to a message: the nearest of the known
// words, if one is near, else nothing.
func DidYouMean(word string, known []string) string {
	best, at := "", 4
	for _, k := range known {
		d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k))
		if d < at && d <= max(1, len(k)/2) {
			best, at = k, d
		}
	}
	if best == "" {
		for _, k := range known {
			if len(word) >= 3 && strings.HasPrefix(k, word) {
				best = k
				break
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
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
