package digits

import (
	"fmt"
	"strings"
	"testing"

	"losscc/builders"
)

// The heads of the margin family, each trained the same way on the digits 0 to
// 6 and measured on held-out digits, and as a verifier of digits 7, 8 and 9
// that it never saw.
func TestHeadsOnDigits(t *testing.T) {
	all, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	train, held := all.Where(func(_, l int) bool { return l < 7 }).Split()
	unseen := all.Where(func(_, l int) bool { return l >= 7 })
	var s strings.Builder
	for _, d := range []int{2, 8} {
		fmt.Fprintf(&s, "%-20s %9s %9s %9s %13s %14s %11s %6s\n", fmt.Sprintf("64→%d, classes 0–6", d), "last loss", "accuracy", "by angle", "angle within", "angle between", "TAR@FAR 1%", "EER")
		for _, l := range builders.List() {
			if l.Family != builders.MarginFamily || !*update && !sampled[l.Name] {
				continue
			}
			tr, err := Train(train, 7, Recipe{Name: l.Name, Loss: l.Name, Sets: toy(l, d), D: d, Steps: 300}, GoRunner)
			if err != nil {
				t.Fatal(err)
			}
			m := Look(tr.Net, train, held)
			tar, eer := Verify(tr.Net, unseen)
			fmt.Fprintf(&s, "%-20s %9.3f %9.3f %9.3f %12.1f° %13.1f° %11.3f %6.3f\n", l.Name, mean(tr.Losses[len(tr.Losses)-20:]), m.Accuracy, m.AngleAccuracy, m.WithinAngle, m.BetweenAngle, tar, eer)
			if chance := 1.0 / 7; m.AngleAccuracy < 2*chance {
				t.Errorf("%s, D=%d: accuracy by angle %.3f is near chance (%.3f)", l.Name, d, m.AngleAccuracy, chance)
			}
		}
		s.WriteByte('\n')
	}
	t.Log("\n" + s.String())
	keep(t, "heads.txt", s.String())
}

// toy are the settings of a head that this small task allows: seven classes on
// a circle leave half of 51° to a margin, and the scales of a hundred thousand
// classes saturate with seven.
func toy(l builders.Loss, d int) map[string]string {
	sets := map[string]string{}
	for _, p := range l.Params() {
		x, ok := p.Default.(float64)
		switch {
		case ok && p.Name == "scale" && x > 16:
			sets[p.Name] = "16"
		case ok && p.Name == "margin" && d == 2 && x < 1 && x > 0.1:
			sets[p.Name] = "0.1"
		case ok && p.Name == "m2" && d == 2:
			sets["m2"], sets["m3"] = "0.05", "0.05"
		case ok && p.Name == "l_m" && d == 2:
			sets["l_m"], sets["u_m"] = "0.05", "0.1"
		}
	}
	return sets
}

// sampled are the heads that a test run trains; -update trains all.
var sampled = map[string]bool{"normface": true, "cosface": true, "arcface": true, "magface": true, "sphereface2": true}
