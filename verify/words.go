package verify

import (
	"fmt"
	"slices"
	"strings"
)

// words are what the hyper-parameters that are words may be, in one loss or
// another. A loss looks at some only when another word says so, and its loops
// would not notice a word that nobody knows.
var words = map[string][]string{
	"assignment":            {"random", "sorted"},
	"average":               {"all", "separate", "nonzero"},
	"beyond":                {"none", "linear", "keep", "clip", "reflect"},
	"centers_output":        {"dense", "rows"},
	"distance":              {"euclidean", "squared-euclidean", "cosine", "dot", "angle"},
	"feature_normalization": {"hard", "none", "soft"},
	"form":                  {"softmax", "sigmoid", "batch-mean", "half-sum", "mse"},
	"hinge":                 {"relu", "softplus"},
	"margin_type":           {"arc", "cos", "mul"},
	"median":                {"target", "all"},
	"mining":                {"none", "all", "hard", "indices", "batch-all", "batch-hard", "semi-hard", "batch-all-hard", "batch-all-semi-hard"},
	"regularizer":           {"negative-mean", "one-minus-mean"},
	"smoothing":             {"all", "others"},
	"strategy":              {"hardest", "semi-hard", "violating"},
	"update":                {"plus-one", "mean", "sum", "none"},
	"variant":               {"dynamic", "fixed"},
	"version":               {"v2", "v1", "v0"},
	"weighting":             {"adaptive", "fixed"},
}

// above0 are the hyper-parameters that are above 0 in every loss, used or not.
var above0 = []string{"scale", "temperature", "loss_weight", "epsilon"}

// possible sees that a hyper-parameter is one of the words, or in the range,
// that its name has.
func possible(name string, value any) error {
	switch v := value.(type) {
	case string:
		if !slices.Contains(words[name], v) {
			return fmt.Errorf("found %q, want one of %s", v, strings.Join(words[name], ", "))
		}
	case float64:
		if slices.Contains(above0, name) && !(v > 0) {
			return fmt.Errorf("found %g, want a number above 0", v)
		}
	}
	return nil
}
