package main

import (
	"encoding/json"
	"sort"
	"strings"

	"losscc/cmd/losscc/internal/onnxtext"
	"losscc/onnxexport/onnxpb"
	"losscc/verify/onnxval"

	"github.com/spf13/cobra"
)

func newInspect(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE.onnx",
		Short: "Say what is in a file: inputs, outputs, ops, gradient, where it loads",
		Long: `Say what is in an ONNX file: inputs with roles, outputs, ops and margin ops,
parameters, what the gradient means, and by the rules that are known of other
readers where it loads. Nothing is run.`,
		Example: `  losscc inspect arcface.onnx
  losscc inspect arcface.onnx --json | jq .loads`,
		Args:              argument("one ONNX file", "losscc build makes one"),
		ValidArgsFunction: completeFile,
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := c.readInput(args[0], "an ONNX file; losscc build makes one")
			if err != nil {
				return err
			}
			m, err := onnxpb.Decode(data, onnxpb.Limits{})
			if err != nil {
				return failure(codeFile, "%s: %w", args[0], err)
			}
			r := inspectedOf(m, args[0], len(data))
			if c.json {
				return c.emit(r)
			}
			c.inspect(r)
			return nil
		},
	}
}

// inspected is the JSON of inspect.
type inspected struct {
	Schema    string         `json:"schema"`
	File      string         `json:"file"`
	Bytes     int            `json:"bytes"`
	Producer  string         `json:"producer"`
	IRVersion int64          `json:"ir_version"`
	Opsets    []domainUsed   `json:"opsets"`
	Loss      string         `json:"loss,omitempty"`
	Params    map[string]any `json:"params,omitempty"`
	Reduction string         `json:"reduction,omitempty"`
	Gradient  string         `json:"gradient,omitempty"`
	// Schedules are given where a host has to follow one.
	Schedules []shownSchedule `json:"schedules,omitempty"`
	// Blocks are given where the file walks through an extent in blocks.
	Blocks    *blocksUsed    `json:"blocks,omitempty"`
	Inputs    []port         `json:"inputs"`
	Outputs   []port         `json:"outputs"`
	Nodes     int            `json:"nodes"`
	Ops       []opCount      `json:"ops"`
	Functions []functionUsed `json:"functions"`
	Constants int            `json:"constants"`
	Loads     []verdict      `json:"loads"`

	paramOrder []string
}

// blocksUsed is along what the blocks are, and how much one has at most where that
// has such a divisor.
type blocksUsed struct {
	Extent string `json:"extent"`
	Most   int    `json:"most"`
}

type domainUsed struct {
	Domain  string `json:"domain"`
	Version int64  `json:"version"`
}

type opCount struct {
	Op    string `json:"op"`
	Count int    `json:"count"`
}

// functionUsed is a function of a file with the calls of it in the graph.
type functionUsed struct {
	Name    string           `json:"name"`
	Domain  string           `json:"domain"`
	Inputs  []string         `json:"inputs"`
	Outputs []string         `json:"outputs"`
	Nodes   int              `json:"nodes"`
	Calls   []map[string]any `json:"calls"`

	callTexts []string
}

func inspectedOf(m *onnxpb.ModelProto, path string, size int) inspected {
	meta := map[string]string{}
	for _, e := range m.GetMetadataProps() {
		meta[e.GetKey()] = e.GetValue()
	}
	r := inspected{Schema: "losscc.inspect/1", File: path, Bytes: size,
		Producer:  strings.TrimSpace(m.GetProducerName() + " " + m.GetProducerVersion()),
		IRVersion: m.GetIrVersion(), Opsets: []domainUsed{},
		Loss: meta["losscc.loss"], Reduction: meta["losscc.reduction"], Gradient: meta["losscc.gradient"],
		Inputs: []port{}, Outputs: []port{}, Functions: []functionUsed{},
		Nodes: len(onnxpb.Within(m.GetGraph().GetNode())), Constants: len(m.GetGraph().GetInitializer())}
	for _, o := range m.GetOpsetImport() {
		r.Opsets = append(r.Opsets, domainUsed{o.GetDomain(), o.GetVersion()})
	}
	// Metadata that cannot be read are shown as if they were not there.
	roles := map[string]string{}
	_ = json.Unmarshal([]byte(meta["losscc.inputs"]), &roles)
	_ = json.Unmarshal([]byte(meta["losscc.params"]), &r.Params)
	r.paramOrder = keysInOrder(meta["losscc.params"])
	r.Schedules = schedulesOf(m)
	if text := meta["losscc.blocks"]; text != "" {
		_ = json.Unmarshal([]byte(text), &r.Blocks)
	}
	stored := map[string]bool{}
	for _, t := range m.GetGraph().GetInitializer() {
		stored[t.GetName()] = true
	}
	for _, v := range m.GetGraph().GetInput() {
		if !stored[v.GetName()] {
			r.Inputs = append(r.Inputs, declared(v, roles[v.GetName()]))
		}
	}
	for _, v := range m.GetGraph().GetOutput() {
		r.Outputs = append(r.Outputs, declared(v, ""))
	}
	for _, f := range m.GetFunctions() {
		r.Functions = append(r.Functions, used(f, onnxpb.Within(m.GetGraph().GetNode())))
	}
	r.Ops = histogram(m)
	r.Loads = loads(factsOf(m))
	return r
}

// schedulesOf are the schedules that the metadata tell, in their order.
func schedulesOf(m *onnxpb.ModelProto) []shownSchedule {
	var out []shownSchedule
	for _, e := range m.GetMetadataProps() {
		input, ok := strings.CutPrefix(e.GetKey(), "losscc.schedule.")
		s := shownSchedule{Input: input}
		if ok && json.Unmarshal([]byte(e.GetValue()), &s) == nil {
			out = append(out, s)
		}
	}
	return out
}

// declared is a declared value of a file.
func declared(v *onnxpb.ValueInfoProto, role string) port {
	p := port{Name: v.GetName(), DType: "?", Role: role}
	tt := v.GetType().GetTensorType()
	if tt != nil {
		p.DType = onnxtext.Elem(tt.GetElemType())
		if e, err := onnxval.ElemOf(tt.GetElemType()); err == nil {
			p.DType = e.NumPy()
		}
	}
	if tt.GetShape() != nil {
		p.Shape = []any{} // of rank 0 unless extents follow
		for _, d := range onnxtext.Dims(tt.GetShape()) {
			p.Shape = append(p.Shape, extent(d))
		}
	}
	return p
}

// keysInOrder are the keys of a flat JSON object as they stand.
func keysInOrder(text string) []string {
	d := json.NewDecoder(strings.NewReader(text))
	var keys []string
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil
		}
		var v any
		if d.Decode(&v) != nil {
			return nil
		}
		keys = append(keys, name)
	}
	return keys
}

// used is a function with its calls in the graph.
func used(f *onnxpb.FunctionProto, nodes []*onnxpb.NodeProto) functionUsed {
	u := functionUsed{Name: f.GetName(), Domain: f.GetDomain(), Inputs: orEmpty(f.GetInput()), Outputs: orEmpty(f.GetOutput()),
		Nodes: len(f.GetNode()), Calls: []map[string]any{}}
	for _, n := range nodes {
		if n.GetDomain() != u.Domain || n.GetOpType() != u.Name {
			continue
		}
		call := map[string]any{}
		var text []string
		for _, a := range n.GetAttribute() {
			call[a.GetName()] = onnxtext.Value(a)
			text = append(text, a.GetName()+"="+onnxtext.Value(a))
		}
		u.Calls = append(u.Calls, call)
		u.callTexts = append(u.callTexts, strings.Join(text, " "))
	}
	return u
}

// histogram counts the ops of the graph, the most frequent first.
func histogram(m *onnxpb.ModelProto) []opCount {
	counts := map[string]int{}
	for _, n := range onnxpb.Within(m.GetGraph().GetNode()) {
		name := n.GetOpType()
		if d := n.GetDomain(); d != "" && d != "ai.onnx" {
			name = d + "." + name
		}
		counts[name]++
	}
	out := []opCount{}
	for op, n := range counts {
		out = append(out, opCount{op, n})
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Count > out[j].Count || out[i].Count == out[j].Count && out[i].Op < out[j].Op
	})
	return out
}
