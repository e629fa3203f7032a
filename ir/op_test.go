package ir_test

import (
	"strings"
	"testing"

	"losscc/ir"
)

func TestEveryOpSaysWhatItMakes(t *testing.T) {
	for _, op := range ir.Ops {
		if op.Name == "" || op.Doc == "" || op.Example == "" {
			t.Errorf("op %q: no name, doc or example", op.Name)
		}
		if ir.OpNamed(op.Name) != op {
			t.Errorf("op %s is not found by its name, or two have it", op)
		}
	}
	if ir.OpNamed("tanh") != nil {
		t.Error("an op that is not in the table has a name")
	}
}

// The parameters under which an op's example is a line of a function.
var exampleParams = map[*ir.Op]string{
	ir.OpParam:      "embeddings: float[N,D] embedding",
	ir.OpConst:      "",
	ir.OpInt:        "",
	ir.OpAttr:       "",
	ir.OpIota:       "x: float[N]",
	ir.OpExtent:     "x: float[C]",
	ir.OpAnd:        "a: bool[N], b: bool[N]",
	ir.OpOr:         "a: bool[N], b: bool[N]",
	ir.OpNot:        "a: bool[N]",
	ir.OpSelect:     "c: bool[N], a: float[N], b: float[N]",
	ir.OpFloat:      "c: bool[N]",
	ir.OpToInt:      "x: float[N]",
	ir.OpPow:        "x: float[N]",
	ir.OpStop:       "x: float[N]",
	ir.OpThrough:    "w: float[N], x: float[N]",
	ir.OpCumSum:     "x: float[N]",
	ir.OpNorm:       "x: float[N,D]",
	ir.OpLongNorm:   "w: float[C,D]",
	ir.OpArgTop:     "x: float[N,C], k: int[]",
	ir.OpMatMul:     "x: float[N,D], w: float[C,D]",
	ir.OpMatMulAdd:  "g: float[N,C], x: float[N,D], w: float[C,D]",
	ir.OpMatMulBy:   "x: float[N,D], w: float[C,D]",
	ir.OpTranspose:  "x: float[N,D]",
	ir.OpExpand:     "x: float[C], n: int[N]",
	ir.OpReshape:    "x: float[C,K,D]",
	ir.OpUnsqueeze:  "x: float[N]",
	ir.OpSqueeze:    "x: float[N,1]",
	ir.OpPick:       "cos: float[N,C], y: int[N]",
	ir.OpPut:        "x: float[N,C], y: int[N], v: float[N]",
	ir.OpTake:       "x: float[N,C], i: int[N,R]",
	ir.OpAddAt:      "x: float[N,C], i: int[N,R], v: float[N,R]",
	ir.OpGather:     "centers: float[C,D], y: int[N]",
	ir.OpScatterAdd: "y: int[N], v: float[N,D], c: float[C]",
	ir.OpNonZero:    "c: bool[N,C]",
	ir.OpConcat:     "a: float[N,D], b: float[P,D]",
	ir.OpCall:       "c: float[N]",
}

func examplesParams(op *ir.Op) string {
	switch p, ok := exampleParams[op]; {
	case ok:
		return p
	case op == ir.OpLess || op == ir.OpLessEqual || op == ir.OpEqual:
		return "a: float[N], b: float[N]"
	case op.Arity == 2:
		return "x: float[N,C], y: float[N,C]"
	}
	return "x: float[N,C]"
}

func TestEveryExampleIsTrue(t *testing.T) {
	const callee = "func @ArcMargin<margin: number>(cos: float[N]) {\n  return cos=cos\n}\n\n"
	for _, op := range ir.Ops {
		line := "  " + op.Example + "\n"
		text := "func @f(" + examplesParams(op) + ") {\n" + line + "  return \n}\n"
		switch op {
		case ir.OpParam:
			text, line = "func @f("+op.Example+") {\n  return \n}\n", op.Example
		case ir.OpAttr:
			text = strings.Replace(text, "@f", "@f<cos_margin: number>", 1)
		case ir.OpCall:
			text = callee + text
		}
		f, err := ir.Parse(text)
		if err != nil {
			t.Errorf("%s: %v in\n%s", op, err, text)
			continue
		}
		if got := f.Values[len(f.Values)-1].Op; got != op {
			t.Errorf("the example of %s shows %s", op, got)
		}
		if !strings.Contains(f.String(), line) {
			t.Errorf("the example of %s prints otherwise:\n%s", op, f)
		}
	}
}

func TestElementwiseOps(t *testing.T) {
	for _, c := range []struct {
		op   *ir.Op
		want bool
	}{
		{ir.OpAdd, true}, {ir.OpSelect, true}, {ir.OpPow, true}, {ir.OpNot, true}, {ir.OpStop, true}, {ir.OpToInt, true}, {ir.OpLess, true},
		{ir.OpSum, false}, {ir.OpCumSum, false}, {ir.OpMatMul, false}, {ir.OpConst, false}, {ir.OpCall, false}, {ir.OpExpand, false},
	} {
		if c.op.Elementwise() != c.want {
			t.Errorf("%s: elementwise is %v", c.op, !c.want)
		}
	}
}
