package compile

import (
	"context"
	"regexp"
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify"
)

// spine are the losses whose files are mutated.
var spine = []variant{
	{mustFind("softmax"), nil},
	{mustFind("cosface"), map[string]string{"scale": "20"}},
	{mustFind("arcface"), map[string]string{"scale": "20"}},
	{mustFind("contrastive"), nil},
	{mustFind("triplet"), nil},
}

// alike are the mutants that the judge cannot tell from the file, because they
// compute the same function: the proof of each.
var alike = []struct{ loss, mutant, proof string }{}

// The judge refutes every mutant but those that are proved to be alike; and
// each line of that table is needed.
func TestJudgeRefutesEveryMistake(t *testing.T) {
	used := make([]int, len(alike))
	for _, v := range spine {
		t.Run(v.loss.Name, func(t *testing.T) {
			_, data := file(t, v, Options{Grad: true, DType: "f64"})
			model, err := onnxpb.Decode(data, onnxpb.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			refuted, kinds := 0, map[string]int{}
			for _, m := range mutants(model) {
				if refutes(t, m) {
					refuted++
					kinds[m.kind]++
					continue
				}
				if i := alikeAt(v.loss.Name, m); i >= 0 {
					used[i]++
					continue
				}
				t.Errorf("not refuted: %s", m)
			}
			t.Logf("%d mutants refuted: %v", refuted, kinds)
			if refuted < 40 {
				t.Errorf("only %d mutants were refuted", refuted)
			}
		})
	}
	for i, n := range used {
		if n == 0 && !t.Failed() {
			t.Errorf("no mutant of %s needs the proof for %q", alike[i].loss, alike[i].mutant)
		}
	}
}

// refutes tells whether the judge finds the mistake.
func refutes(t *testing.T, m mutant) bool {
	data, err := onnxpb.Encode(m.model)
	if err != nil {
		t.Fatalf("%s: %v", m, err)
	}
	report, err := verify.Judge(context.Background(), verify.Case{Name: m.String(), File: data}, verify.Options{Points: 6, UntilFailure: true})
	if err != nil {
		t.Fatal(err)
	}
	return report.Verdict != verify.Proved
}

// alikeAt is the line of the table for a mutant, or −1.
func alikeAt(loss string, m mutant) int {
	for i, a := range alike {
		if regexp.MustCompile("^("+a.loss+")$").MatchString(loss) && regexp.MustCompile("^("+a.mutant+")$").MatchString(m.String()) {
			return i
		}
	}
	return -1
}
