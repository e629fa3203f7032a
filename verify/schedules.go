package verify

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schedule is how a host moves an input as training goes on.
type schedule struct {
	Base, Gamma, Power, Min float64
	Rule                    string
}

// annealing is the one rule that schedules follow.
const annealing = "max(min, base*(1+gamma*iteration)^-power), iteration from 1"

// schedules are those that the authors of a loss give for its lambda.
var schedules = map[string]schedule{
	"l-softmax": {1000, 0.000025, 35, 0, annealing},
	"a-softmax": {1000, 0.12, 1, 5, annealing},
}

// scheduleKey begins the metadata that state a schedule; the input follows.
const scheduleKey = "losscc.schedule."

// declaredSchedules sees that a file with parts that anneal states the schedule
// of each, which must be one, for all share the one lambda; and another file none.
func (j *judge) declaredSchedules(k *checker) error {
	meta := j.model.Metadata()
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		if strings.HasPrefix(key, scheduleKey) && key != scheduleKey+"lambda" {
			return fmt.Errorf("its metadata have %s, and no loss has a schedule for that", key)
		}
	}
	text, stated := meta[scheduleKey+"lambda"]
	anneals := false
	for _, p := range j.claim.parts {
		want, has := schedules[p.name]
		if !has {
			continue
		}
		anneals = true
		if !stated {
			return fmt.Errorf("its metadata lack %slambda of %s, and a host would not know what to feed", scheduleKey, p.key)
		}
		if err := statesSchedule(text, want); err != nil {
			return fmt.Errorf("its metadata %slambda for %s: %w", scheduleKey, p.key, err)
		}
		k.Compared++
	}
	if stated && !anneals {
		return fmt.Errorf("its metadata have %slambda, and no part of the loss has such a schedule", scheduleKey)
	}
	return nil
}

// statesSchedule compares a schedule's JSON with the one that it must state, name
// by name: Go's decoder would take Base for base.
func statesSchedule(text string, want schedule) error {
	if err := saidTwice(text, text); err != nil {
		return err
	}
	var found map[string]any
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return fmt.Errorf("%s is no JSON object of base, gamma, power, min and rule: %w", text, err)
	}
	if !maps.Equal(found, want.object()) {
		return fmt.Errorf("found %s, want base %g, gamma %g, power %g, min %g by the rule %q", text, want.Base, want.Gamma, want.Power, want.Min, want.Rule)
	}
	return nil
}

// object is the schedule as JSON has it.
func (s schedule) object() map[string]any {
	return map[string]any{"base": s.Base, "gamma": s.Gamma, "power": s.Power, "min": s.Min, "rule": s.Rule}
}
