package onnxexport_test

import (
	"strings"
	"testing"

	"losscc/onnxexport"
	"losscc/onnxexport/onnxpb"
)

// What a node may write over has its shape in the file, once; inputs and results
// are nothing to write over.
func TestWhatIsWrittenOverHasItsShapeTold(t *testing.T) {
	for _, c := range []struct{ fact, params, body, want string }{
		{"the matrix that something is put into", "x: float[N,C], y: int[N], v: float[N]",
			"e: float[N,C] = exp x\nz: float[N,C] = put e, y, v {axis=1}\nr: float[N,C] = put z, y, v {axis=1}", "e[N,C] z[N,C]"},
		{"the zeros that are added to", "y: int[N], v: float[N,D], c: float[C]",
			"s: float[C,D] = scatter_add y, v {dim=C}\nr: float[C,D] = neg s", "constant_of_shape[C,D]"},
		{"no input", "x: float[N,C], y: int[N], v: float[N]", "r: float[N,C] = put x, y, v {axis=1}", ""},
		{"no result", "x: float[N,C], y: int[N], v: float[N]", "e: float[N,C] = exp x\nr: float[N,C] = put e, y, v {axis=1}\nreturn e=e, r=r", ""},
	} {
		text := c.body
		if !strings.Contains(text, "return") {
			text += "\nreturn r=r"
		}
		f := parsed(t, "func @f("+c.params+") {\n"+text+"\n}")
		if got := told(model(t, f, onnxexport.Options{Form: onnxexport.Flat}).GetGraph()); got != "" {
			t.Errorf("%s: a flat file tells %q", c.fact, got)
		}
		for _, d := range []onnxexport.DType{onnxexport.F32, onnxexport.F64, onnxexport.F16} {
			g := model(t, f, onnxexport.Options{Float: d}).GetGraph()
			if got := told(g); got != c.want && d != onnxexport.F16 {
				t.Errorf("%s: told is %q, want %q", c.fact, got, c.want)
			}
			for _, p := range g.GetValueInfo() {
				if want := map[onnxexport.DType]int32{onnxexport.F32: 1, onnxexport.F16: 1, onnxexport.F64: 11}[d]; p.GetType().GetTensorType().GetElemType() != want {
					t.Errorf("%s: %s has elements of type %d, want %d", c.fact, p.GetName(), p.GetType().GetTensorType().GetElemType(), want)
				}
			}
		}
	}
}

// told is the values between the nodes whose shape stands in the file.
func told(g *onnxpb.GraphProto) string {
	var all []string
	for _, p := range g.GetValueInfo() {
		var dims []string
		for _, d := range p.GetType().GetTensorType().GetShape().GetDim() {
			dims = append(dims, d.GetDimParam())
		}
		all = append(all, p.GetName()+"["+strings.Join(dims, ",")+"]")
	}
	return strings.Join(all, " ")
}
