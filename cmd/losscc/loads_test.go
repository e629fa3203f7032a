package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"losscc/cmd/losscc/internal/compile"
	"losscc/onnxexport/onnxpb"
)

// whereItRuns is testdata/where-it-runs.json: what was found by running.
type whereItRuns struct {
	Rows []struct {
		Runtime, Form     string
		Forward, Gradient found
	}
}

// found are the losses that ran, and those that did not.
type found struct {
	Agrees []string
	Not    []struct{ Loss, Why string }
}

// readers are what inspect calls the runtimes of that table.
var readers = map[string]string{
	"ONNX Runtime": "ONNX Runtime", "onnxruntime-web (wasm, Node 20)": "onnxruntime-web", "onnx reference evaluator": "onnx's checker, reference",
	"OpenVINO": "OpenVINO", "tract": "tract", "onnx2torch": "onnx2torch 1.5.15",
}

// TestLoadsSaysWhatWasFoundByRunning: yes of no file that failed, no of none that
// ran. Of partly either may come true.
func TestLoadsSaysWhatWasFoundByRunning(t *testing.T) {
	var table whereItRuns
	if err := json.Unmarshal([]byte(fileText(t, filepath.Join("..", "..", "testdata", "where-it-runs.json"))), &table); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, row := range table.Rows {
		reader, known := readers[row.Runtime]
		if !known {
			continue
		}
		for i, part := range []found{row.Forward, row.Gradient} {
			o := compile.Options{Form: row.Form, Grad: i == 1}
			for _, loss := range part.Agrees {
				asked++
				if v := verdictOf(t, reader, loss, o); v.Answer == "no" {
					t.Errorf("%s, %s with %+v: it runs, and inspect says no: %s", reader, loss, o, v.Why)
				}
			}
			for _, not := range part.Not {
				asked++
				if v := verdictOf(t, reader, not.Loss, o); v.Answer == "yes" {
					t.Errorf("%s, %s with %+v: it does not run (%s), and inspect says yes: %s", reader, not.Loss, o, not.Why, v.Why)
				}
			}
		}
	}
	if asked < 800 {
		t.Errorf("only %d files were asked for", asked)
	}
}

var verdicts = map[string][]verdict{}

// verdictOf is what inspect says of a reader and the file of a loss.
func verdictOf(t *testing.T, reader, loss string, o compile.Options) verdict {
	t.Helper()
	key := fmt.Sprintf("%s %+v", loss, o)
	if verdicts[key] == nil {
		r, err := compile.Run(loss, o)
		if err != nil {
			t.Fatal(err)
		}
		data, err := r.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		m, err := onnxpb.Decode(data, onnxpb.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		verdicts[key] = loads(factsOf(m))
	}
	for _, v := range verdicts[key] {
		if v.Reader == reader {
			return v
		}
	}
	t.Fatalf("no reader is called %s", reader)
	return verdict{}
}

// TestWhatTractRuns has settings that the table of losses at their defaults lacks.
// They were run in tract 0.23.9.
func TestWhatTractRuns(t *testing.T) {
	for _, c := range []struct {
		loss, sets        string
		forward, gradient string
	}{
		{"center", "centers_output=dense", "yes", "yes"},
		{"center", "centers_output=rows", "no", "no"},
		{"contrastive", "mining=all", "yes", "yes"},
		{"contrastive", "mining=hard", "yes", "yes"},
		{"contrastive", "mining=indices", "yes", "yes"},
		{"triplet", "mining=batch-hard", "yes", "yes"},
		{"triplet", "mining=batch-all", "yes", "yes"},
		{"triplet", "mining=batch-all-semi-hard", "yes", "yes"},
		{"triplet", "mining=semi-hard", "no", "yes"}, // 0.0144 where 0.4323 is right
		{"triplet", "mining=indices", "partly", "partly"},
		{"adacos", "median=all", "yes", "yes"},
		{"elasticface", "assignment=sorted", "yes", "yes"},
		{"arcface", "sub_centers=3", "yes", "yes"},
	} {
		name, value, _ := strings.Cut(c.sets, "=")
		for grad, want := range map[bool]string{false: c.forward, true: c.gradient} {
			o := compile.Options{Form: "flat", Grad: grad, Sets: map[string]string{name: value}}
			if v := verdictOf(t, "tract", c.loss, o); v.Answer != want {
				t.Errorf("%s %s, gradient %v: %s, %s; want %s", c.loss, c.sets, grad, v.Answer, v.Why, want)
			}
		}
	}
}

// TestReleasesThatTakeAVersion: found by loading files of each IR and opset in each
// release from 1.20 to 1.32.
func TestReleasesThatTakeAVersion(t *testing.T) {
	for _, c := range []struct {
		ir, opset   int64
		answer, why string
	}{
		{8, 17, "yes", "from 1.12"},
		{10, 22, "yes", "from 1.22"},
		{11, 23, "yes", "from 1.23"},
		{13, 25, "yes", "from 1.24"},
		{13, 26, "yes", "from 1.25"},
		{8, 27, "yes", "from 1.32"},
		{14, 17, "yes", "from 1.32"},
		{14, 28, "yes", "from 1.32"},
		{15, 17, "no", "IR 15 with opset 17 is later than 1.32, the newest that was tried"},
		{8, 29, "no", "IR 8 with opset 29 is later than 1.32, the newest that was tried"},
	} {
		if v := onnxRuntime(facts{ir: c.ir, opset: c.opset}); v.Answer != c.answer || v.Why != c.why {
			t.Errorf("IR %d, opset %d: %s, %s; want %s, %s", c.ir, c.opset, v.Answer, v.Why, c.answer, c.why)
		}
	}
}
