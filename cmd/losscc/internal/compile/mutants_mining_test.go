package compile

import (
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"
)

// Proofs for comparisons that may be another.
const (
	atZero  = "where a distance is 0 the rows are equal, and so is its derivative, or it is left out, whichever side of the comparison 0 falls on"
	square  = "where a hinge is 0 its square has the derivative 0 already"
	notLess = "a distance is not below 0"
	oneOnly = "an anchor without a negative has the class of all rows: every term is 0, however many are counted"
	halves  = "a pair stands on either side of the diagonal, where there is none of one row"
)

// mined are the settings of losses that choose rows out of a batch, and why
// some comparisons of theirs may be another, once for each. At a margin of 2
// whole numbers are on both of its edges, and inside.
var mined = []struct {
	loss   string
	sets   map[string]string
	proofs []string
}{
	{"triplet", map[string]string{"mining": "batch-hard", "margin": "2"}, []string{oneOnly, atZero, atZero}},
	{"triplet", map[string]string{"mining": "semi-hard", "margin": "2"}, nil},
	{"triplet", map[string]string{"mining": "batch-all", "margin": "2"}, nil},
	{"triplet", map[string]string{"mining": "batch-all-hard", "margin": "2"}, nil},
	{"triplet", map[string]string{"mining": "batch-all-semi-hard", "margin": "2"}, nil},
	{"contrastive", map[string]string{"mining": "all"}, []string{square, atZero, notLess}},
	{"contrastive", map[string]string{"mining": "hard"}, []string{halves, halves, square, atZero, notLess}},
}

// Which rows are chosen where distances are equal is part of a loss: the judge
// refutes every other comparison but those that are proved to be alike.
func TestJudgeRefutesOtherComparisonsInMining(t *testing.T) {
	for _, c := range mined {
		v := variant{mustFind(c.loss), c.sets}
		t.Run(v.String(), func(t *testing.T) {
			_, data := file(t, v, Options{Grad: true, DType: "f64"})
			model, err := onnxpb.Decode(data, onnxpb.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			refuted := 0
			var left []string
			for _, m := range mutants(model) {
				if m.kind != "op" || !strings.Contains(m.what, "Less") && !strings.HasPrefix(m.what, "Equal") {
					continue
				}
				if refutes(t, m) {
					refuted++
				} else {
					left = append(left, m.String())
				}
			}
			t.Logf("%d refuted, left %v", refuted, left)
			if len(left) != len(c.proofs) {
				t.Errorf("%d are not refuted, and there are %d proofs: %v", len(left), len(c.proofs), left)
			}
			if refuted < 6 {
				t.Errorf("only %d comparisons were refuted", refuted)
			}
		})
	}
}
