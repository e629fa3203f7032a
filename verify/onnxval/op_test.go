package onnxval

import (
	"fmt"
	"strings"
	"testing"

	"losscc/verify/tensor"
)

// opCase is one node: the operator with its attributes, the inputs (separated
// by "|", "-" for one left out), and the outputs or, after "!", a part of the
// error.
type opCase struct {
	fact  string
	op    string
	in    string
	want  string
	opset int // 0: 17
}

// opCases is every table of cases.
var opCases = map[string][]opCase{
	"arithmetic": arithmeticCases,
	"unary":      unaryCases,
	"comparison": comparisonCases,
	"casting":    castingCases,
	"reductions": reductionsCases,
	"linear":     linearCases,
	"ordering":   orderingCases,
	"shaping":    shapingCases,
	"moving":     movingCases,
	"picking":    pickingCases,
	"scattering": scatteringCases,
	"making":     makingCases,
	"scanning":   scanningCases,
}

// name is the operator.
func (oc opCase) name() string {
	name, _, _ := strings.Cut(oc.op, " ")
	return name
}

// wants is the expected outputs; for an error, as many of some type.
func (oc opCase) wants() []*value {
	if strings.HasPrefix(oc.want, "!") {
		return []*value{{elem: F32}, {elem: I64}}[:max(1, ops()[oc.name()][0].outs)]
	}
	var out []*value
	for _, w := range strings.Split(oc.want, "|") {
		out = append(out, parse(w))
	}
	return out
}

// file is a file of one node, and the tensors that it takes: as inputs, or as
// initializers in the file itself.
func (oc opCase) file(inside bool) (text string, in map[string]*tensor.Tensor) {
	_, attrs, _ := strings.Cut(oc.op, " ")
	opset := 17
	if oc.opset > 0 {
		opset = oc.opset
	}
	lines := []string{fmt.Sprintf("opset %d", opset)}
	in = map[string]*tensor.Tensor{}
	var ins, outs []string
	for i, text := range strings.Split(oc.in, "|") {
		name := fmt.Sprint("x", i)
		switch text = strings.TrimSpace(text); {
		case text == "":
			continue
		case text == "-":
			name = "-"
		case inside:
			lines = append(lines, "init "+name+" "+text)
		default:
			v := parse(text)
			in[name] = v.Tensor
			lines = append(lines, fmt.Sprintf("in %s %s", name, v.elem))
		}
		ins = append(ins, name)
	}
	for i, w := range oc.wants() {
		outs = append(outs, fmt.Sprint("y", i))
		lines = append(lines, fmt.Sprintf("out y%d %s", i, w.elem))
	}
	lines = append(lines, fmt.Sprintf("%s = %s(%s) %s", strings.Join(outs, ", "), oc.name(), strings.Join(ins, ", "), attrs))
	return strings.Join(lines, "\n"), in
}

// run makes the file and runs it.
func (oc opCase) run(t *testing.T) ([]*value, error) {
	t.Helper()
	text, in := oc.file(false)
	m, err := Load(bytesOf(t, file(text)))
	if err != nil {
		return nil, err
	}
	got, err := m.Run(in)
	if err != nil {
		return nil, err
	}
	var out []*value
	for i, w := range oc.wants() {
		out = append(out, &value{w.elem, got[fmt.Sprint("y", i)]})
	}
	return out, nil
}

func TestOperators(t *testing.T) {
	for table, cases := range opCases {
		for _, oc := range cases {
			t.Run(table+"/"+oc.name()+"/"+oc.fact, func(t *testing.T) {
				got, err := oc.run(t)
				if says, bad := strings.CutPrefix(oc.want, "!"); bad {
					if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "node 0 ("+oc.name()+")") {
						t.Errorf("got %v, want … %s", err, says)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range oc.wants() {
					if !closeTo(got[i], want) {
						t.Errorf("got  %s\nwant %s", show(got[i]), show(want))
					}
				}
			})
		}
	}
}

// The comparison of the tests above must tell apart what it is to tell apart.
func TestTheComparisonOfTensorsCanFail(t *testing.T) {
	tests := []struct{ a, b string }{
		{"f64[1] nan", "f64[1] 1"},
		{"f64[1] 1", "f64[1] nan"},
		{"f64[1] inf", "f64[1] -inf"},
		{"f64[1] inf", "f64[1] 1e308"},
		{"f64[1] 0", "f64[1] -0"},
		{"f64[1] 1", "f64[1] 1.000000000000001"},
		{"f64[1] 1", "f64[] 1"},
		{"f64[1] 1", "f32[1] 1"},
		{"i64[2] 1 2", "i64[2] 1 3"},
		{"bool[1] t", "bool[1] f"},
	}
	for _, tt := range tests {
		if closeTo(parse(tt.a), parse(tt.b)) {
			t.Errorf("%s is taken for %s", tt.a, tt.b)
		}
		if !closeTo(parse(tt.a), parse(tt.a)) {
			t.Errorf("%s is not taken for itself", tt.a)
		}
	}
}

func TestEveryOperatorHasACase(t *testing.T) {
	shown := map[string]bool{}
	for _, cases := range opCases {
		for _, oc := range cases {
			shown[oc.name()] = shown[oc.name()] || !strings.HasPrefix(oc.want, "!")
		}
	}
	for _, name := range Ops() {
		if !shown[name] {
			t.Errorf("%s has no case", name)
		}
	}
}
