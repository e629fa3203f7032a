package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// ran is the JSON of run.
type ran struct {
	Schema  string      `json:"schema"`
	File    string      `json:"file"`
	Seed    *uint64     `json:"seed,omitempty"`
	Inputs  []ranTensor `json:"inputs"`
	Outputs []ranTensor `json:"outputs"`
}

type ranTensor struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
	// From is where an input came from, or To where an output went.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Data are the elements row by row; what JSON has no number for is NaN,
	// Infinity or -Infinity as text.
	Data []any `json:"data,omitempty"`
}

func ranOf(m *onnxval.Model, path string, o *running, in, out map[string]*tensor.Tensor, drawn []string, written map[string]string) ran {
	r := ran{Schema: "losscc.run/1", File: path, Inputs: []ranTensor{}, Outputs: []ranTensor{}}
	if len(drawn) > 0 {
		r.Seed = &o.seed
	}
	files, _ := pairs("--in", o.in, "") // read before
	for _, p := range m.Inputs() {
		t := in[p.Name]
		if t == nil {
			continue
		}
		from := files[p.Name]
		if slices.Contains(drawn, p.Name) {
			from = "random"
		}
		r.Inputs = append(r.Inputs, ranTensor{Name: p.Name, DType: p.Elem.NumPy(), Shape: t.Shape, From: from})
	}
	for _, p := range m.Outputs() {
		t := out[p.Name]
		r.Outputs = append(r.Outputs, ranTensor{Name: p.Name, DType: p.Elem.NumPy(), Shape: t.Shape, To: written[p.Name], Data: dataOf(t)})
	}
	return r
}

func dataOf(t *tensor.Tensor) []any {
	out := make([]any, t.Len())
	for i := range out {
		switch t.Kind {
		case tensor.Int:
			out[i] = t.I[i]
		case tensor.Bool:
			out[i] = t.B[i]
		default:
			out[i] = jsonNumber(t.F[i])
		}
	}
	return out
}

func jsonNumber(x float64) any {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strings.Replace(fmt.Sprint(x), "Inf", "Infinity", 1), "+")
	}
	return json.Number(strconv.FormatFloat(x, 'g', -1, 64))
}
