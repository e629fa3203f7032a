package digits

import (
	"fmt"
	"strings"
	"testing"
)

const data = "../../../../testdata/digits.csv"

// article are the losses that the founding article names.
func article() []Recipe {
	sets := func(kv ...string) map[string]string {
		m := map[string]string{}
		for _, s := range kv {
			k, v, _ := strings.Cut(s, "=")
			m[k] = v
		}
		return m
	}
	return []Recipe{
		{Name: "softmax", Loss: "softmax"},
		{Name: "softmax + 1*center", Loss: "softmax + 1*center"},
		{Name: "l-softmax", Loss: "l-softmax"},
		{Name: "a-softmax", Loss: "a-softmax"},
		{Name: "triplet, online", Loss: "triplet", Sets: sets("mining=semi-hard", "margin=0.5", "normalize=true")},
		{Name: "triplet, offline", Loss: "triplet", Sets: sets("mining=indices", "margin=0.5", "normalize=true"),
			Miner: "mine-triplets", MineSets: sets("strategy=semi-hard", "margin=0.5", "normalize=true")},
		{Name: "contrastive", Loss: "contrastive", Sets: sets("mining=all", "average=separate")},
	}
}

func TestTheArticleOnDigits(t *testing.T) {
	all, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	train, held := all.Split()
	var s strings.Builder
	fmt.Fprintf(&s, "\n%-22s %8s %8s %8s %8s %8s %8s %9s\n", "64→2, 10 classes", "loss₀", "loss", "accuracy", "by angle", "within", "w. angle", "b. angle")
	for _, r := range article() {
		tr, err := Train(train, 10, r, GoRunner)
		if err != nil {
			t.Fatal(err)
		}
		m := Look(tr.Net, train, held)
		fmt.Fprintf(&s, "%-22s %8.3f %8.3f %8.3f %8.3f %8.3f %8.1f %9.1f\n", r.Name, tr.Losses[0], tr.Losses[len(tr.Losses)-1], m.Accuracy, m.AngleAccuracy, m.Within/m.Between, m.WithinAngle, m.BetweenAngle)
	}
	t.Log(s.String())
}
