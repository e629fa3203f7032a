// Command gomlx runs every case of where-it-runs.sh in onnx-gomlx, with GoMLX's
// backend in plain Go. It is a module of its own, so that losscc's does not
// depend on GoMLX.
//
//	go run . FOLDER RESULT.json
package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"

	_ "github.com/gomlx/gomlx/backends/simplego"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/onnx-gomlx/onnx"
)

type port struct {
	Name  string `json:"name"`
	Dtype string `json:"dtype"`
	Shape []int  `json:"shape"`
	Data  []any  `json:"data"`
}

type kase struct {
	Loss     string `json:"loss"`
	Form     string `json:"form"`
	Gradient bool   `json:"gradient"`
	File     string `json:"file"`
	Folder   string `json:"folder"`
	Inputs   []port `json:"inputs"`
	Outputs  []port `json:"outputs"`
}

type result struct {
	Loss     string `json:"loss"`
	Form     string `json:"form"`
	Gradient bool   `json:"gradient"`
	Result   string `json:"result"`
	Why      string `json:"why,omitempty"`
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder, file string) error {
	text, err := os.ReadFile(filepath.Join(folder, "cases.json"))
	if err != nil {
		return err
	}
	var cases []kase
	if err := json.Unmarshal(text, &cases); err != nil {
		return err
	}
	backend, err := backends.NewWithConfig("go")
	if err != nil {
		return err
	}
	var results []result
	for _, k := range cases {
		r := result{k.Loss, k.Form, k.Gradient, "agrees", ""}
		found, err := evaluate(backend, k)
		if err != nil {
			r.Result, r.Why = "fails", err.Error()
		} else if wrong := differs(k, found); wrong != "" {
			r.Result, r.Why = "differs", wrong
		}
		results = append(results, r)
	}
	said, err := json.Marshal(map[string]any{"runtime": "onnx-gomlx (GoMLX in Go)", "version": version(), "results": results})
	if err != nil {
		return err
	}
	return os.WriteFile(file, said, 0o644)
}

// version is that of onnx-gomlx in this program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/gomlx/onnx-gomlx" {
				return strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	return "?"
}

// evaluate is the outputs of a case; GoMLX panics where it refuses.
func evaluate(backend backends.Backend, k kase) (found []*tensors.Tensor, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	model, err := onnx.ReadFile(k.File)
	if err != nil {
		return nil, err
	}
	ctx := context.New()
	if err := model.VariablesToContext(ctx); err != nil {
		return nil, err
	}
	var args []any
	for _, in := range k.Inputs {
		t, err := readNpy(filepath.Join(k.Folder, in.Name+".npy"))
		if err != nil {
			return nil, err
		}
		args = append(args, t)
	}
	names := make([]string, len(k.Outputs))
	for i, out := range k.Outputs {
		names[i] = out.Name
	}
	return context.ExecOnceN(backend, ctx, func(ctx *context.Context, nodes []*graph.Node) []*graph.Node {
		inputs := map[string]*graph.Node{}
		for i, in := range k.Inputs {
			inputs[in.Name] = nodes[i]
		}
		return model.CallGraph(ctx, nodes[0].Graph(), inputs, names...)
	}, args...)
}

var header = regexp.MustCompile(`'descr': '([^']*)'.*'shape': \(([^)]*)\)`)

// readNpy reads what losscc run writes.
func readNpy(path string) (*tensors.Tensor, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	length := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	m := header.FindStringSubmatch(string(b[10:length]))
	if m == nil {
		return nil, errors.New(path + ": header is not read")
	}
	var dims []int
	for part := range strings.SplitSeq(m[2], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(part)); err == nil {
			dims = append(dims, n)
		}
	}
	switch body := b[length:]; m[1] {
	case "<f4":
		data := make([]float32, len(body)/4)
		_, err = binary.Decode(body, binary.LittleEndian, data)
		return tensors.FromFlatDataAndDimensions(data, dims...), err
	case "<i8":
		data := make([]int64, len(body)/8)
		_, err = binary.Decode(body, binary.LittleEndian, data)
		return tensors.FromFlatDataAndDimensions(data, dims...), err
	}
	return nil, errors.New(path + ": type " + m[1] + " is not read")
}

// differs is the first output that is not what must come out, by the bounds of
// losscc.mjs.
func differs(k kase, found []*tensors.Tensor) string {
	for i, want := range k.Outputs {
		dims := found[i].Shape().Dimensions
		if fmt.Sprint(dims) != fmt.Sprint(want.Shape) {
			return fmt.Sprintf("%s: found shape %v, want %v", want.Name, dims, want.Shape)
		}
		got := numbers(found[i])
		if len(got) != len(want.Data) {
			return want.Name + ": its type is not read"
		}
		largest, bound := 0.0, 0.0
		for _, w := range want.Data {
			largest = max(largest, math.Abs(number(w)))
		}
		if strings.HasPrefix(want.Dtype, "float") {
			bound = 2e-4*largest + 1e-6
		}
		for j, w := range want.Data {
			x := number(w)
			if !(math.Abs(x-got[j]) <= bound) && x != got[j] && !(math.IsNaN(x) && math.IsNaN(got[j])) {
				return fmt.Sprintf("%s: found %v at %d, want %v", want.Name, got[j], j, x)
			}
		}
	}
	return ""
}

// number is a number of JSON, or the text of one that JSON lacks.
func number(v any) float64 {
	if f, ok := v.(float64); ok {
		return f
	}
	f, _ := strconv.ParseFloat(fmt.Sprint(v), 64)
	return f
}

func numbers(t *tensors.Tensor) []float64 {
	var out []float64
	switch t.DType().String() {
	case "Float32":
		for _, x := range tensors.MustCopyFlatData[float32](t) {
			out = append(out, float64(x))
		}
	case "Int64":
		for _, x := range tensors.MustCopyFlatData[int64](t) {
			out = append(out, float64(x))
		}
	}
	return out
}
