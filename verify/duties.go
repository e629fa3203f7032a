package verify

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"losscc/verify/draw"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// duty is what an input of a name is to every loss that has it.
type duty struct {
	role string
	dims []string // symbols as most losses use them; claim.duty knows the others
}

// duties are those of all inputs. A file cannot change them: what it says of
// itself is held against this table, and which gradients it owes follows from
// the table alone.
var duties = map[string]duty{
	"embeddings":   {draw.Embeddings, []string{"N", "D"}},
	"embeddings_a": {draw.Embeddings, []string{"N", "D"}},
	"embeddings_b": {draw.Embeddings, []string{"N", "D"}},
	"anchor":       {draw.Embeddings, []string{"N", "D"}},
	"positive":     {draw.Embeddings, []string{"N", "D"}},
	"negative":     {draw.Embeddings, []string{"N", "D"}},
	"labels":       {draw.Labels, []string{"N"}},
	"same":         {draw.Labels, []string{"N"}},
	"weight":       {draw.Parameter, []string{"C", "D"}},
	"bias":         {draw.Parameter, []string{"C"}},
	"margins":      {draw.Parameter, []string{"C"}},
	"proxies":      {draw.Parameter, []string{"P", "D"}},
	"beta":         {draw.Parameter, []string{"C"}},
	"radius":       {draw.Parameter, []string{"1"}},
	"bank":         {draw.Data, []string{"M", "D"}},
	"bank_labels":  {draw.Labels, []string{"M"}},
	"histogram":    {draw.State, []string{"B"}},
	"centers":      {draw.State, []string{"C", "D"}},
	"t":            {draw.State, nil},
	"scale":        {draw.State, nil},
	"batch_mean":   {draw.State, nil},
	"batch_std":    {draw.State, nil},
	"seen":         {draw.State, nil},
	"kappa":        {draw.State, []string{"C"}},
	"class_sums":   {draw.State, []string{"C", "D"}},
	"lambda":       {draw.Schedule, nil},
	"noise":        {draw.Noise, []string{"N"}},
	"triplets":     {draw.Index, []string{"T", "3"}},
	"pairs":        {draw.Index, []string{"T", "2"}},
	"class_weight": {draw.Data, []string{"C"}},
	"class_counts": {draw.Data, []string{"C"}},
}

// oneNumber are the losses whose bias is one number, unless they are asked for
// one a class.
var oneNumber = []string{"sphereface2", "uniface", "simple"}

// miners are the graphs that choose rows and have no loss.
var miners = []string{"mine-triplets", "mine-pairs"}

// tableless are the losses whose labels are of no table of classes, so that none is
// too large; margin has one if it learns its boundaries.
var tableless = []string{
	"contrastive", "triplet", "multi-similarity", "supcon", "nt-xent", "circle", "n-pair", "nca", "lifted-structure",
	"generalized-lifted-structure", "angular", "tuplet-margin", "intra-pair-variance", "ranked-list", "snr-contrastive",
	"threshold-consistent-margin", "margin", "simple", "range", "smooth-ap", "fastap", "pnp", "histogram", "dynamic-soft-margin",
}

// has tells whether one of the names is that of a part.
func (c *claim) has(names ...string) bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return slices.Contains(names, p.name) })
}

// duty is what the input is to the claimed loss.
func (c *claim) duty(input string) (duty, bool) {
	d, known := duties[input]
	d.dims = slices.Clone(d.dims)
	switch {
	case input == "embeddings" && c.has(miners...):
		d = duty{draw.Data, []string{"S", "D"}}
	case input == "labels" && c.has(miners...):
		d.dims = []string{"S"}
	case input == "noise" && c.has("sample-classes"):
		d.dims = []string{"C"}
	case input == "noise" && c.has("margin"):
		d.dims = []string{"N", "N"}
	case input == "bias" && c.oneBias():
		d.dims = []string{"1"}
	case input == "centers" && c.frozen():
		d.role = draw.Parameter
	case input == "weight" && c.subCentered():
		d.dims = []string{"C", "K", "D"}
	case d.role == draw.Index && c.secondIndices(input):
		d.dims[0] = "T2"
	}
	return d, known
}

// mined is the input of indices of a loss over rows that a miner chose.
var mined = map[string]string{"contrastive": "pairs", "triplet": "triplets"}

// secondIndices tells whether an earlier part has indices of another kind, which
// are not as many.
func (c *claim) secondIndices(input string) bool {
	for _, p := range c.parts {
		if of, has := mined[p.name]; has && p.params["mining"] == "indices" {
			return of != input
		}
	}
	return false
}

// oneBias tells whether the bias is one number.
func (c *claim) oneBias() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool {
		return slices.Contains(oneNumber, p.name) && p.params["bias_per_class"] != true
	})
}

// frozen tells whether centres are moved by their gradient and not by the loss.
func (c *claim) frozen() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.name == "center" && p.params["update"] == "none" })
}

// subCentered tells whether a class has several rows in the table.
func (c *claim) subCentered() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool {
		n, given := p.params["sub_centers"].(float64)
		return p.name == "subcenter-arcface" || p.name == "soft-triple" || given && n > 1
	})
}

// outputDims are the extents of an output; known is false for one that no loss
// has.
func (c *claim) outputDims(output string) (dims []string, known bool) {
	name, _, _ := strings.Cut(output, ".")
	if of, is := strings.CutPrefix(name, "grad_"); is {
		d, known := c.duty(of)
		return d.dims, known
	}
	if of, is := strings.CutSuffix(name, "_next"); is {
		d, known := c.duty(of)
		return d.dims, known && d.role == draw.State
	}
	dims, known = map[string][]string{
		"loss": nil, "ignored": nil, "accuracy": nil, "predicted": {"N"},
		"triplets": {"T", "3"}, "pairs": {"T", "2"}, "class_index": {"R"}, "local_labels": {"N"}, "center_rows": {"U"}, "center_values": {"U", "D"},
	}[name]
	if name == "loss" && c.reduction == "none" {
		dims = []string{"N"}
	}
	return dims, known
}

// takeDuties gives the inputs the roles that they have in the claimed loss,
// whatever the file says.
func (j *judge) takeDuties() {
	if j.claim == nil {
		return
	}
	for i, in := range j.inputs {
		if d, known := j.claim.duty(in.Name); known {
			j.inputs[i].Role = d.role
		}
	}
}

// interfaces holds what the file declares, its inputs, their roles, its
// outputs and its gradients, against what its loss has.
func (j *judge) interfaces(k *checker) {
	if j.claim == nil {
		k.skip("%s", j.unknown)
		return
	}
	if j.claim.fault != nil {
		k.fail(j.claim.fault)
		return
	}
	for _, check := range []func(*checker) error{j.declaredInputs, j.declaredRoles, j.declaredOutputs, j.declaredGradients, j.declaredSchedules} {
		if err := check(k); err != nil {
			k.fail(err)
			return
		}
	}
}

func (j *judge) declaredInputs(k *checker) error {
	for _, p := range j.model.Inputs() {
		k.Compared++
		d, known := j.claim.duty(p.Name)
		if !known {
			return fmt.Errorf("no loss has an input called %q", p.Name)
		}
		elem := j.elem
		if slices.Contains([]string{draw.Labels, draw.Index}, d.role) {
			elem = onnxval.I64
		}
		if err := declaredAs("input", p, elem, d.dims); err != nil {
			return err
		}
	}
	return nil
}

// declaredAs compares a declaration with what it must be.
func declaredAs(what string, p onnxval.Port, elem onnxval.Elem, dims []string) error {
	want := onnxval.Port{Elem: elem, Dims: dims, Ranked: true}
	if p.String() != want.String() {
		return fmt.Errorf("%s %s is declared %s, want %s", what, p.Name, p, want)
	}
	return nil
}

func (j *judge) declaredRoles(k *checker) error {
	if err := saidTwice("its metadata losscc.inputs", j.model.Metadata()["losscc.inputs"]); err != nil {
		return err
	}
	var said map[string]string
	if err := json.Unmarshal([]byte(j.model.Metadata()["losscc.inputs"]), &said); err != nil {
		return fmt.Errorf("its metadata losscc.inputs are no JSON object of names and roles: %w", err)
	}
	for _, in := range j.inputs {
		k.Compared++
		if said[in.Name] != in.Role {
			return fmt.Errorf("its metadata losscc.inputs give the input %s the role %q, want %q", in.Name, said[in.Name], in.Role)
		}
		delete(said, in.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		return fmt.Errorf("its metadata losscc.inputs name %q, which is no input of the file", name)
	}
	return nil
}

func (j *judge) declaredOutputs(k *checker) error {
	for _, p := range j.model.Outputs() {
		k.Compared++
		dims, known := j.claim.outputDims(p.Name)
		if !known {
			return fmt.Errorf("no loss has an output called %q", p.Name)
		}
		elem := j.elem
		if p.Elem.Kind() != tensor.Float || slices.Contains([]string{"ignored", "predicted"}, p.Name) {
			elem = onnxval.I64
		}
		if err := declaredAs("output", p, elem, dims); err != nil {
			return err
		}
	}
	return nil
}

// declaredGradients sees that the file has a gradient for exactly the inputs
// that its loss is differentiated for, or none at all if it says so.
func (j *judge) declaredGradients(k *checker) error {
	words := []string{"exact", "detached", "official", "none"}
	if !slices.Contains(words, j.claim.gradient) {
		return fmt.Errorf("its metadata losscc.gradient are %q, want one of %s", j.claim.gradient, strings.Join(words, ", "))
	}
	owed := j.withGradients()
	if len(owed) == 0 && j.claim.gradient != "none" {
		return fmt.Errorf("its gradient is called %s, and there is nothing to differentiate; want none", j.claim.gradient)
	}
	for _, o := range j.outputs {
		of, is := strings.CutPrefix(o, "grad_")
		if is && !slices.Contains(owed, of) {
			return fmt.Errorf("the output %s is not wanted: its gradient is called %s, and the inputs to differentiate for are %v", o, j.claim.gradient, owed)
		}
	}
	for _, name := range owed {
		k.Compared++
		if !slices.Contains(j.outputs, "grad_"+name) {
			return fmt.Errorf("the file has no output grad_%s, and its gradient is called %s", name, j.claim.gradient)
		}
	}
	return nil
}
