package verify

import (
	"fmt"
	"strings"
)

// Schema is the tag of a summary as JSON. Fields are added under the same tag,
// never renamed or taken away.
const Schema = "losscc.verify/1"

// Summary is the reports on several files.
type Summary struct {
	Schema   string    `json:"schema"`
	Verdict  Verdict   `json:"verdict"`
	Seed     uint64    `json:"seed"`
	Points   int       `json:"points"`
	Runtimes []string  `json:"runtimes"`
	Reports  []*Report `json:"reports"`
}

// Summarise puts reports together that were made with the same options. The
// verdict is the worst of theirs.
func Summarise(reports []*Report, o Options) *Summary {
	s := &Summary{Schema: Schema, Verdict: Proved, Seed: o.Seed, Points: o.points(), Runtimes: []string{}, Reports: reports}
	for _, rt := range o.Runtimes {
		s.Runtimes = append(s.Runtimes, rt.Runtime().String())
	}
	for _, r := range reports {
		if s.Verdict = worseOf(s.Verdict, r.Verdict); s.Verdict == Refuted {
			break
		}
	}
	return s
}

func worseOf(a, b Verdict) Verdict {
	for _, v := range []Verdict{Refuted, Unproved} {
		if a == v || b == v {
			return v
		}
	}
	return Proved
}

// Text is one line that counts verdicts.
func (s *Summary) Text() string {
	count := map[Verdict]int{}
	for _, r := range s.Reports {
		count[r.Verdict]++
	}
	parts := []string{fmt.Sprintf("%d proved", count[Proved])}
	if n := count[Unproved]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d not proved", n))
	}
	if n := count[Refuted]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d refuted", n))
	}
	return fmt.Sprintf("%d files: %s\n", len(s.Reports), strings.Join(parts, ", "))
}
