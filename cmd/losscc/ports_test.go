package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWordsOfPortsFitTheLoss holds what show and inspect say of an input or an
// output against what the loss does with it.
func TestWordsOfPortsFitTheLoss(t *testing.T) {
	const (
		ofC   = "classes 0…C−1; anything else marks an ignored row"
		from0 = "classes from 0 up; a negative one marks an ignored row"
	)
	for _, c := range []struct {
		args string
		says map[string]string // of the port with this name
	}{
		{"softmax", map[string]string{"labels": ofC, "loss": "the mean over rows", "ignored": "how many rows were ignored"}},
		{"softmax --reduction none", map[string]string{"loss": "one number a row"}},
		{"center", map[string]string{"labels": ofC, "centers": "state: feed back centers_next"}},
		{"center --set centers_output=rows", map[string]string{
			"centers":       "state: put center_values into its rows center_rows",
			"center_rows":   "the classes that occur, ascending: rows of centers",
			"center_values": "where these centres move to",
		}},
		{"sample-classes", map[string]string{"labels": ofC}},
		{"mine-triplets", map[string]string{"labels": from0}},
		{"mine-pairs", map[string]string{"labels": from0}},
		{"triplet", map[string]string{"loss": "the mean over rows"}},
		{"triplet --set average=nonzero", map[string]string{"loss": "the mean over rows, terms above 0 only"}},
		{"triplet --set mining=batch-hard", map[string]string{"labels": from0, "loss": "the mean over triplets", "ignored": "how many rows were ignored"}},
		{"triplet --set mining=batch-all --set average=nonzero", map[string]string{"loss": "the mean over triplets, terms above 0 only"}},
		{"triplet --set mining=batch-all --reduction sum", map[string]string{"loss": "the sum over triplets"}},
		{"triplet --set mining=indices", map[string]string{"loss": "the mean over triplets", "ignored": "how many triplets were ignored"}},
		{"contrastive", map[string]string{
			"same": "labels: 1 for one class, 0 for two; anything else marks an ignored pair",
			"loss": "the mean over rows",
		}},
		{"contrastive --set mining=indices", map[string]string{"labels": from0, "loss": "the mean over pairs", "ignored": "how many pairs were ignored"}},
		{"contrastive --set mining=all --set average=separate", map[string]string{"loss": "the mean over pairs of one class plus that over the others"}},
		{"contrastive --set average=nonzero", map[string]string{"loss": "the mean over pairs of one class plus that over the others, terms above 0 only"}},
		{"softmax+triplet --set triplet.mining=indices", map[string]string{
			"labels":          ofC,
			"loss":            "the weighted sum of the parts (reduction mean)",
			"ignored":         "how many the other parts ignored",
			"ignored.triplet": "how many the part triplet ignored",
		}},
		{"softmax+arcface --reduction sum", map[string]string{
			"loss":    "the weighted sum of the parts (reduction sum)",
			"ignored": "how many rows were ignored",
		}},
	} {
		file := filepath.Join(t.TempDir(), "x.onnx")
		args := strings.Fields(c.args)
		if got := enter(append([]string{"build", "-o", file}, args...)...); got.code != codeDone {
			t.Fatalf("build %s: %s", c.args, got.err)
		}
		for what, text := range map[string]string{"show": enter(append([]string{"show"}, args...)...).out, "inspect": enter("inspect", file).out} {
			for name, want := range c.says {
				if got := saidOf(text, name); got != want {
					t.Errorf("%s %s says of %s %q, want %q", what, c.args, name, got, want)
				}
			}
		}
	}
}

// saidOf is what the first line of the port of that name says of it, behind its
// type and its shape.
func saidOf(text, name string) string {
	for _, line := range strings.Split(text, "\n") {
		if words := strings.Fields(line); len(words) > 2 && words[0] == name {
			return strings.Join(words[3:], " ")
		}
	}
	return ""
}
