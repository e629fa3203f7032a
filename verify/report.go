package verify

import (
	"encoding/json"
	"fmt"
	"strings"

	"losscc/verify/draw"
)

// Status is how a check came out.
type Status string

// The statuses of checks.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Verdict is how a file came out.
type Verdict string

// The verdicts.
const (
	// Proved: the file was held against the formula that it claims, and no
	// check failed.
	Proved Verdict = "proved"
	// Unproved: no check failed, but there was no formula to hold it against.
	Unproved Verdict = "unproved"
	// Refuted: a check failed.
	Refuted Verdict = "refuted"
)

// Check is one thing that was compared.
type Check struct {
	Name    string `json:"name"`
	Against string `json:"against"`
	Status  Status `json:"status"`
	// Points is how many sets of inputs were tried, Compared how many numbers.
	Points   int `json:"points"`
	Compared int `json:"compared"`
	// Worst is where what was compared is furthest apart, nil if nothing was.
	Worst *Difference `json:"worst,omitempty"`
	// At names the inputs of Worst.
	At string `json:"at,omitempty"`
	// Reason says why the check failed or was skipped, or what it left out.
	Reason string `json:"reason,omitempty"`
	// Replay is a command that runs the file on the inputs of the failure.
	Replay string `json:"replay,omitempty"`

	err error
}

// Err is the error behind a failure, if it was one: a file that does not load,
// a runtime that crashed.
func (c Check) Err() error { return c.err }

// Report is everything that was compared for one file.
type Report struct {
	Name      string          `json:"name"`
	Loss      string          `json:"loss"`
	Params    json.RawMessage `json:"params,omitempty"`
	Gradient  string          `json:"gradient"`
	Reduction string          `json:"reduction,omitempty"`
	DType     string          `json:"dtype,omitempty"`
	Verdict   Verdict         `json:"verdict"`
	// Sizes are the largest extents of inputs at which it was looked at.
	Sizes  draw.Sizes `json:"sizes,omitempty"`
	Checks []Check    `json:"checks"`
	// NotChecked says in words what nobody looked at.
	NotChecked []string `json:"not_checked"`
}

// Failed tells whether a check failed.
func (r *Report) Failed() bool { return r.Verdict == Refuted }

// Check is the check of that name, or nil.
func (r *Report) Check(name string) *Check {
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			return &r.Checks[i]
		}
	}
	return nil
}

// Text is the report for a person to read.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", r.Name)
	if said := r.said(); said != "" {
		fmt.Fprintf(&b, "  (%s)", said)
	}
	b.WriteByte('\n')
	for _, c := range r.Checks {
		b.WriteString(c.text())
	}
	if len(r.Sizes) > 0 {
		fmt.Fprintf(&b, "  looked at up to %s\n", strings.ReplaceAll(r.Sizes.String(), ",", ", "))
	}
	for _, n := range r.NotChecked {
		fmt.Fprintf(&b, "  not checked: %s\n", n)
	}
	fmt.Fprintf(&b, "  %s\n", r.conclusion())
	return b.String()
}

// said is what the file says of itself.
func (r *Report) said() string {
	var parts []string
	for _, s := range []string{r.Loss, r.Reduction, r.DType} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if r.Gradient != "" {
		parts = append(parts, "gradient "+r.Gradient)
	}
	return strings.Join(parts, ", ")
}

func (r *Report) conclusion() string {
	failed := 0
	for _, c := range r.Checks {
		if c.Status == Failed {
			failed++
		}
	}
	switch r.Verdict {
	case Proved:
		return "proved: the file computes what it claims"
	case Unproved:
		return "not proved: no check failed, and there was no formula to hold the file against"
	}
	return fmt.Sprintf("refuted: %d of %d checks failed", failed, len(r.Checks))
}

var marks = map[Status]string{Passed: "ok  ", Failed: "FAIL", Skipped: "skip"}

// text is the lines of one check.
func (c Check) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s  %-18s %-30s", marks[c.Status], c.Name, c.Against)
	if c.Status != Skipped && c.Points > 0 {
		fmt.Fprintf(&b, " %3d sets", c.Points)
	}
	if c.Status != Skipped && c.Compared > 0 {
		fmt.Fprintf(&b, " %6d numbers", c.Compared)
	}
	if w := c.Worst; w != nil && w.Why == "" && c.Status == Passed && w.Tolerance > 0 {
		fmt.Fprintf(&b, "  worst %.1e of %.1e", float64(w.Off), float64(w.Tolerance))
		if w.Off > 0 {
			fmt.Fprintf(&b, " in %s", w.Output)
		}
	}
	line := strings.TrimRight(b.String(), " ") + "\n"
	if c.Status == Failed && c.Worst != nil && !c.Worst.Within() {
		line += fmt.Sprintf("          %s, at %s\n", *c.Worst, c.At)
	}
	if c.Reason != "" {
		line += "          " + c.Reason + "\n"
	}
	if c.Replay != "" {
		line += "          replay: " + c.Replay + "\n"
	}
	return line
}
