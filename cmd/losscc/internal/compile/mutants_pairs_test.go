package compile

import (
	"context"
	"testing"

	"losscc/builders"
	"losscc/onnxexport/onnxpb"
	"losscc/verify"
)

// idle are the settings of losses over pairs, proxies and views that change nothing
// where all else is as in the test below, and why.
var idle = []struct{ loss, setting, why string }{
	{"multi-similarity", "normalize=true", units},
	{"supcon", "normalize=true", units},
	{"nt-xent", "normalize=true", units},
	{"intra-pair-variance", "normalize=true", units},
	{"smooth-ap", "normalize=true", units},
	{"pnp", "normalize=true", units},
	{"supcon", "base_temperature=0.1", "that is the temperature itself"},
	{"supcon", "average=nonzero", allOrNone},
	{"circle", "average=nonzero", "log(1 + e^z) is above 0"},
	{"smooth-ap", "average=nonzero", allOrNone},
	{"pnp", "average=nonzero", allOrNone},
	{"pnp", "b=1.3", onlyIB}, {"pnp", "b=2.8000000000000003", onlyIB},
	{"margin", "nu=0.1", "it weighs boundaries that are learned"}, {"margin", "nu=0.2", "it weighs boundaries that are learned"},
	{"margin", "cutoff=0.4", onlyDrawn}, {"margin", "cutoff=0.8500000000000001", onlyDrawn}, {"margin", "nonzero_loss_cutoff=0.94", onlyDrawn},
}

const (
	units     = "cosines are those of unit vectors anyway"
	allOrNone = "a term is 0 where there are no negatives, and then every term is"
	onlyIB    = "only variant=ib has a b"
	onlyDrawn = "only mining=distance-weighted draws"
)

// A file that computes a loss with one setting, and says that it is another, is
// refuted: each parameter of each loss over pairs, proxies and views counts.
func TestJudgeRefutesOtherSettingsOfPairLosses(t *testing.T) {
	used := make([]bool, len(idle))
	for _, l := range builders.List() {
		if l.Family != builders.PairFamily {
			continue
		}
		t.Run(l.Name, func(t *testing.T) {
			claimed := decoded(t, l.Name, Options{Grad: true, DType: "f64"}).MetadataProps
			for _, p := range l.Params() {
				for i, x := range values(l, p) {
					if testing.Short() && i > 0 {
						break
					}
					setting := p.Name + "=" + x
					m := decoded(t, l.Name, Options{Grad: true, DType: "f64", Sets: map[string]string{p.Name: x}})
					m.MetadataProps = claimed
					alike := -1
					for k, c := range idle {
						if c.loss == l.Name && c.setting == setting {
							alike, used[k] = k, true
						}
					}
					switch failed := judgeRefutes(t, setting, m); {
					case !failed && alike < 0:
						t.Errorf("a file with %s passes for the default", setting)
					case failed && alike >= 0:
						t.Errorf("%s counts, and is said not to: %s", setting, idle[alike].why)
					}
				}
			}
		})
	}
	for k, c := range idle {
		if !used[k] && !testing.Short() {
			t.Errorf("nothing tries %s of %s", c.setting, c.loss)
		}
	}
}

// judgeRefutes tells whether the judge finds anything wrong with a file.
func judgeRefutes(t *testing.T, name string, m *onnxpb.ModelProto) bool {
	t.Helper()
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	report, err := verify.Judge(context.Background(), verify.Case{Name: name, File: data}, verify.Options{Points: 6, UntilFailure: true})
	if err != nil {
		t.Fatal(err)
	}
	return report.Verdict != verify.Proved
}
