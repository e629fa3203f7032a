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
	"average":               {"all", "separate", "nonzero", "rows"},
	"beyond":                {"none", "linear", "keep", "clip", "reflect"},
	"centers_output":        {"dense", "rows"},
	"candidates":            {"both-views", "other-view"},
	"combine":               {"product", "sum"},
	"denominator":           {"all", "negatives"},
	"distance":              {"euclidean", "squared-euclidean", "cosine", "dot", "angle"},
	"feature_normalization": {"hard", "none", "soft"},
	"form":                  {"softmax", "sigmoid", "batch-mean", "half-sum", "mse", "out", "in", "shared-classifier", "batch"},
	"hinge":                 {"relu", "softplus"},
	"margin_type":           {"arc", "cos", "mul"},
	"median":                {"target", "all"},
	"mining":                {"none", "all", "hard", "indices", "batch-all", "batch-hard", "semi-hard", "batch-all-hard", "batch-all-semi-hard", "multi-similarity", "distance-weighted"},
	"mode":                  {"l2", "smooth-l1", "auto"},
	"objective":             {"log", "expected"},
	"over":                  {"anchors", "batch", "triplets", "pairs"},
	"positives":             {"labels", "views"},
	"regularizer":           {"negative-mean", "one-minus-mean"},
	"smoothing":             {"all", "others"},
	"strategy":              {"hardest", "semi-hard", "violating"},
	"update":                {"plus-one", "mean", "sum", "none"},
	"variance":              {"unbiased", "population"},
	"variant":               {"dynamic", "fixed", "dq", "o", "ds", "iu", "ib"},
	"version":               {"v2", "v1", "v0"},
	"weighting":             {"adaptive", "fixed"},
}

// above0 are the hyper-parameters that are above 0 in every loss, used or not,
// except for the epsilon of some, which may be anything.
var above0 = []string{"scale", "temperature", "loss_weight", "epsilon"}

// anyEpsilon are the losses whose epsilon is added to what is no divisor, or slackens
// a choice.
var anyEpsilon = []string{"nca", "soft-triple", "vicreg", "barlow-twins", "multi-similarity"}

// possible sees that a hyper-parameter of a loss is one of the words, or in the range,
// that its name has.
func possible(loss, name string, value any) error {
	switch v := value.(type) {
	case string:
		if !slices.Contains(words[name], v) {
			return fmt.Errorf("found %q, want one of %s", v, strings.Join(words[name], ", "))
		}
	case float64:
		if slices.Contains(above0, name) && !(v > 0) && !(name == "epsilon" && slices.Contains(anyEpsilon, loss)) {
			return fmt.Errorf("found %g, want a number above 0", v)
		}
	}
	return nil
}
