package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"losscc/cmd/losscc/internal/bridge"
	"losscc/onnxexport/onnxpb"
)

// verdict is what the rules say of one reader of ONNX files.
type verdict struct {
	Reader string `json:"reader"`
	// Answer is yes, no or partly.
	Answer string `json:"answer"`
	Why    string `json:"why"`
}

// facts are what the rules ask of a file.
type facts struct {
	ir, opset int64
	functions bool
	told      bool                // shapes of values between the nodes
	domains   []string            // other than the standard one
	nodes     []*onnxpb.NodeProto // less those that call the file's functions
	ops       map[string]bool
	elems     map[onnxpb.TensorProto_DataType]bool // of inputs and outputs
	whole     []string                             // outputs that are one int64
	infinite  map[string]bool                      // constants
}

func factsOf(m *onnxpb.ModelProto) facts {
	f := facts{ir: m.GetIrVersion(), functions: len(m.GetFunctions()) > 0, told: len(m.GetGraph().GetValueInfo()) > 0,
		ops: map[string]bool{}, elems: map[onnxpb.TensorProto_DataType]bool{}, infinite: map[string]bool{}}
	for _, t := range m.GetGraph().GetInitializer() {
		switch raw := t.GetRawData(); len(raw) {
		case 4:
			f.infinite[t.GetName()] = binary.LittleEndian.Uint32(raw) == math.Float32bits(float32(math.Inf(1)))
		case 8:
			f.infinite[t.GetName()] = binary.LittleEndian.Uint64(raw) == math.Float64bits(math.Inf(1))
		}
	}
	for _, o := range m.GetOpsetImport() {
		if d := o.GetDomain(); d == "" || d == "ai.onnx" {
			f.opset = o.GetVersion()
		} else {
			f.domains = append(f.domains, d)
		}
	}
	own := map[string]bool{}
	for _, fn := range m.GetFunctions() {
		own[fn.GetDomain()+"."+fn.GetName()] = true
	}
	note := func(nodes []*onnxpb.NodeProto) {
		for _, n := range onnxpb.Within(nodes) {
			if !own[n.GetDomain()+"."+n.GetOpType()] {
				f.nodes = append(f.nodes, n)
				f.ops[n.GetOpType()] = true
			}
		}
	}
	note(m.GetGraph().GetNode())
	for _, fn := range m.GetFunctions() {
		note(fn.GetNode())
	}
	for _, v := range slices.Concat(m.GetGraph().GetInput(), m.GetGraph().GetOutput()) {
		f.elems[onnxpb.TensorProto_DataType(v.GetType().GetTensorType().GetElemType())] = true
	}
	for _, v := range m.GetGraph().GetOutput() {
		t := v.GetType().GetTensorType()
		if t.GetElemType() == int32(onnxpb.TensorProto_INT64) && t.GetShape() != nil && len(t.GetShape().GetDim()) == 0 {
			f.whole = append(f.whole, v.GetName())
		}
	}
	return f
}

// among lists which of the given ops the file has.
func (f facts) among(ops ...string) []string {
	var out []string
	for _, op := range ops {
		if f.ops[op] {
			out = append(out, op)
		}
	}
	sort.Strings(out)
	return out
}

// loads is the verdict on each reader. The rules are what is known of the
// readers' releases; nothing is run.
func loads(f facts) []verdict {
	return []verdict{
		onnxRuntime(f), onnxRuntimeWeb(f),
		{"onnx's checker, reference", "yes", "from onnx " + firstRelease(onnxReleases, f)},
		{"TensorRT", "yes", "functions are expanded; a plugin of the same name wins from 10.7"},
		onnx2torch(f),
		flatReader(f, "OpenVINO", 0), tract(f), flatReader(f, "tinygrad", 0),
		onnxGo(f),
	}
}

// release is a release of a reader and the newest versions that it takes.
type release struct {
	name      string
	ir, opset int64
}

// Releases of ONNX Runtime that were tried, every one from 1.22 to 1.32 and some
// before, and of onnx as they say themselves. A release that takes no more than the
// one before it is left out.
var (
	runtimeReleases = []release{{"1.12", 8, 17}, {"1.14", 8, 18}, {"1.17", 9, 20}, {"1.20", 10, 21}, {"1.22", 10, 22}, {"1.23", 11, 23}, {"1.24", 13, 25}, {"1.25", 13, 26}, {"1.32", 14, 28}}
	onnxReleases    = []release{{"1.12", 8, 17}, {"1.13", 8, 18}, {"1.14", 9, 19}, {"1.15", 9, 20}, {"1.16", 10, 21}, {"1.17", 10, 22}, {"1.18", 11, 23}, {"1.19", 12, 24}, {"1.20", 13, 25}, {"1.21", 13, 26}, {"1.22", 13, 27}, {"1.23", 14, 28}}
)

// firstRelease is the first of the releases that takes the file's versions.
func firstRelease(all []release, f facts) string {
	for _, r := range all {
		if f.ir <= r.ir && f.opset <= r.opset {
			return r.name
		}
	}
	return laterThan + all[len(all)-1].name
}

// laterThan begins what is said of versions that no release takes.
const laterThan = "later than "

func onnxRuntime(f facts) verdict {
	first := firstRelease(runtimeReleases, f)
	if strings.HasPrefix(first, laterThan) {
		return verdict{"ONNX Runtime", "no", fmt.Sprintf("IR %d with opset %d is %s, the newest that was tried", f.ir, f.opset, first)}
	}
	if f.elems[onnxpb.TensorProto_DOUBLE] {
		if without := f.among("Acos", "Asin", "Atan", "Cos", "Erf", "Softplus", "OneHot", "NonZero"); len(without) > 0 {
			return verdict{"ONNX Runtime", "partly", "from " + first + ", but its CPU provider has no float64 " + strings.Join(without, ", ")}
		}
	}
	return verdict{"ONNX Runtime", "yes", "from " + first}
}

func onnxRuntimeWeb(f facts) verdict {
	v := onnxRuntime(f)
	v.Reader = "onnxruntime-web"
	if v.Answer == "yes" {
		v.Why = "WASM; its WebGPU provider has no int64 Cast"
	}
	return v
}

// noScan is said of readers that have no Scan, or not all of it.
const noScan = "it does not take the Scan of blocks; build without --blocks"

// flatReader is the verdict on a reader that knows no functions, lacks some
// ops, and knows opsets up to one (0: no limit is known).
func flatReader(f facts, reader string, opset int64, lacks ...string) verdict {
	without := f.among(lacks...)
	switch {
	case f.ops["Scan"] && f.functions:
		return verdict{reader, "no", "it takes neither functions nor the Scan of blocks; build with --form flat, without --blocks"}
	case f.ops["Scan"]:
		return verdict{reader, "no", noScan}
	case f.functions || len(f.domains) > 0:
		return verdict{reader, "no", "it knows no functions; build with --form flat"}
	case opset > 0 && f.opset > opset:
		return verdict{reader, "no", fmt.Sprintf("opset %d, it reads up to %d; build with --opset %d", f.opset, opset, opset)}
	case len(without) > 0:
		return verdict{reader, "no", "it has no " + strings.Join(without, ", ")}
	}
	return verdict{reader, "yes", "flat, and no op that it is known to lack"}
}

// tract keeps whole numbers that a Cast or a Shape gives as expressions in the
// extents: it does not add them up along an axis, and what depends on how many
// places a NonZero finds stays an expression. The smallest of infinities is to it
// the largest finite number, which matters where one asks whether it is infinite.
func tract(f facts) verdict {
	v := flatReader(f, "tract", 18)
	if v.Answer != "yes" {
		return v
	}
	switch counts := f.countsOfNonZero(); {
	case f.sumsCast():
		return verdict{v.Reader, "no", "it has no CumSum of numbers that were cast to int64"}
	case f.leastIsCompared():
		return verdict{v.Reader, "no", "its ReduceMin of infinities is a finite number"}
	case len(counts) > 0:
		return verdict{v.Reader, "partly", "it gives " + strings.Join(counts, ", ") + " as an expression, not as a number"}
	case f.told:
		return verdict{v.Reader, "partly", "given sizes of inputs it refuses the shapes told between the nodes; build with --form flat"}
	}
	return v
}

// sumsCast tells whether a CumSum runs over what a Cast to int64 gives.
func (f facts) sumsCast() bool {
	return len(f.readers("CumSum", func(n *onnxpb.NodeProto) bool {
		return n.GetOpType() == "Cast" && slices.ContainsFunc(n.GetAttribute(), func(a *onnxpb.AttributeProto) bool {
			return a.GetName() == "to" && a.GetI() == int64(onnxpb.TensorProto_INT64)
		})
	})) > 0
}

// leastIsCompared tells whether an Equal asks whether what a ReduceMin gives is
// infinite.
func (f facts) leastIsCompared() bool {
	asking := f.readers("Equal", func(n *onnxpb.NodeProto) bool { return n.GetOpType() == "ReduceMin" })
	return slices.ContainsFunc(asking, func(n *onnxpb.NodeProto) bool { return anyOf(f.infinite, n.GetInput()) })
}

// readers are the nodes of an op that read what a node of some kind gives.
func (f facts) readers(op string, kind func(*onnxpb.NodeProto) bool) []*onnxpb.NodeProto {
	given := map[string]bool{}
	var out []*onnxpb.NodeProto
	for _, n := range f.nodes {
		if n.GetOpType() == op && anyOf(given, n.GetInput()) {
			out = append(out, n)
		}
		for _, o := range n.GetOutput() {
			given[o] = kind(n)
		}
	}
	return out
}

// countsOfNonZero are the outputs that are one whole number, made from the extent
// of something that was made from places which a NonZero found.
func (f facts) countsOfNonZero() []string {
	places, counts := map[string]bool{}, map[string]bool{}
	for _, n := range f.nodes {
		fromPlaces := n.GetOpType() == "NonZero" || anyOf(places, n.GetInput())
		fromCounts := anyOf(counts, n.GetInput()) || n.GetOpType() == "Shape" && fromPlaces
		for _, o := range n.GetOutput() {
			places[o], counts[o] = fromPlaces, fromCounts
		}
	}
	var out []string
	for _, name := range f.whole {
		if counts[name] {
			out = append(out, name)
		}
	}
	return out
}

func anyOf(set map[string]bool, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return set[name] })
}

// onnx2torch goes by the operators that its registry has.
func onnx2torch(f facts) verdict {
	reader := bridge.Onnx2torch
	name := reader.Name + " " + reader.Release
	first, last := reader.Tried()
	if f.opset < first || f.opset > last {
		return verdict{name, "no", fmt.Sprintf("opset %d was not tried, %d to %d were", f.opset, first, last)}
	}
	var lacks []string
	for _, n := range f.nodes {
		if n.GetDomain() == "" || n.GetDomain() == "ai.onnx" {
			if what := reader.Lacks(n, f.opset); what != "" && !slices.Contains(lacks, what) {
				lacks = append(lacks, what)
			}
		}
	}
	sort.Strings(lacks)
	switch {
	case len(lacks) > 0:
		return verdict{name, "no", "it has no " + strings.Join(lacks, ", no ")}
	case f.functions || len(f.domains) > 0:
		return verdict{name, "no", "it knows no functions; build with --form flat"}
	}
	return verdict{name, "yes", "it has every operator"}
}

func onnxGo(f facts) verdict {
	switch {
	case f.elems[onnxpb.TensorProto_FLOAT16]:
		return verdict{"onnx-go", "no", "it has no float16"}
	case f.ops["Scan"]:
		return verdict{"onnx-go", "no", noScan}
	case f.functions:
		return verdict{"onnx-go", "partly", "it decodes the graph and drops the functions: their calls need ops of your own"}
	}
	return verdict{"onnx-go", "partly", "it decodes the graph; its backend gorgonnx lacks Where, Gather and reductions"}
}
