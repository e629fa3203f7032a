package onnxval

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"losscc/verify/tensor"
)

//go:embed op_test.go
var thisFile string

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

// run makes a file of one node out of a case and runs it.
func (oc opCase) run(t *testing.T, opts ...Option) ([]*value, error) {
	t.Helper()
	op, attrs, _ := strings.Cut(oc.op, " ")
	in := map[string]*tensor.Tensor{}
	lines := []string{fmt.Sprintf("opset %d", max(oc.opset, 17))}
	if oc.opset > 0 {
		lines[0] = fmt.Sprintf("opset %d", oc.opset)
	}
	var ins, outs []string
	for i, text := range strings.Split(oc.in, "|") {
		switch text = strings.TrimSpace(text); text {
		case "":
		case "-":
			ins = append(ins, "-")
		default:
			v, name := parse(text), fmt.Sprint("x", i)
			in[name] = v.Tensor
			lines = append(lines, fmt.Sprintf("in %s %s", name, v.elem))
			ins = append(ins, name)
		}
	}
	var wants []*value
	if !strings.HasPrefix(oc.want, "!") {
		for _, w := range strings.Split(oc.want, "|") {
			wants = append(wants, parse(w))
		}
	} else {
		wants = []*value{{elem: F32}}
		if op == "TopK" {
			wants = append(wants, &value{elem: I64})
		}
	}
	for i, w := range wants {
		outs = append(outs, fmt.Sprint("y", i))
		lines = append(lines, fmt.Sprintf("out y%d %s", i, w.elem))
	}
	lines = append(lines, fmt.Sprintf("%s = %s(%s) %s", strings.Join(outs, ", "), op, strings.Join(ins, ", "), attrs))
	m, err := Load(bytesOf(t, file(strings.Join(lines, "\n"))))
	if err != nil {
		return nil, err
	}
	got, err := m.Run(in, opts...)
	if err != nil {
		return nil, err
	}
	var out []*value
	for i, w := range wants {
		out = append(out, &value{w.elem, got[outs[i]]})
	}
	return out, nil
}

// check runs the cases of a table.
func check(t *testing.T, cases []opCase) {
	t.Helper()
	for _, oc := range cases {
		op, _, _ := strings.Cut(oc.op, " ")
		t.Run(op+"/"+oc.fact, func(t *testing.T) {
			got, err := oc.run(t)
			if says, bad := strings.CutPrefix(oc.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "node 0 ("+op+")") {
					t.Errorf("got %v, want … %s", err, says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range strings.Split(oc.want, "|") {
				if want := parse(w); !closeTo(got[i], want) {
					t.Errorf("got  %s\nwant %s", show(got[i]), show(want))
				}
			}
		})
	}
}

func TestArithmetic(t *testing.T) {
	check(t, []opCase{
		{fact: "stretches both ways", op: "Add", in: "f32[2,1] 1 2 | f32[3] 10 20 30", want: "f32[2,3] 11 21 31 12 22 32"},
		{fact: "of integers", op: "Add", in: "i64[2] 1 9223372036854775807 | i64[] 1", want: "i64[2] 2 -9223372036854775808"},
		{fact: "wraps int32", op: "Add", in: "i32[] 2147483647 | i32[] 1", want: "i32[] -2147483648"},
		{fact: "of no elements", op: "Add", in: "f32[0,3] | f32[3] 1 2 3", want: "f32[0,3]"},
		{fact: "stretches a one to none", op: "Add", in: "f32[0] | f32[1] 1", want: "f32[0]"},
		{fact: "of two types", op: "Add", in: "f32[] 1 | f64[] 1", want: "!the input A is f32[] and the input B is f64[]: want one type"},
		{fact: "of truth values", op: "Add", in: "bool[] t | bool[] t", want: "!the input A is bool[], want f16 or f32 or f64 or i32 or i64"},
		{fact: "that does not stretch", op: "Add", in: "f32[2] 1 2 | f32[3] 1 2 3", want: "!shapes [2] and [3] do not broadcast: 2 against 3"},
		{fact: "keeps float64 whatever is declared", op: "Sub", in: "f32[] 1 | f32[] 1e-17", want: "f32[] 1"},
		{fact: "of a float16", op: "Sub", in: "f16[] 1 | f16[] 1e-10", want: "f16[] 0.9999999999"},
		{fact: "of infinities", op: "Sub", in: "f64[] inf | f64[] inf", want: "f64[] nan"},
		{fact: "of signed zeros", op: "Mul", in: "f64[3] 0 -0 -1 | f64[3] -1 -1 0", want: "f64[3] -0 0 -0"},
		{fact: "by zero", op: "Div", in: "f64[3] 1 -1 0 | f64[] 0", want: "f64[3] inf -inf nan"},
		{fact: "of integers is cut", op: "Div", in: "i64[4] 7 -7 7 -7 | i64[4] 2 2 -2 -2", want: "i64[4] 3 -3 -3 3"},
		{fact: "of integers by zero", op: "Div", in: "i64[] 7 | i64[] 0", want: "!divides the integer 7 by zero"},
		{fact: "of the least integer by −1", op: "Div", in: "i64[] -9223372036854775808 | i64[] -1", want: "i64[] -9223372036854775808"},
		{fact: "has the divisor's sign", op: "Mod", in: "i64[4] 7 -7 7 -7 | i64[4] 3 3 -3 -3", want: "i64[4] 1 2 -2 -1"},
		{fact: "has the dividend's sign with fmod", op: "Mod fmod=1", in: "i64[4] 7 -7 7 -7 | i64[4] 3 3 -3 -3", want: "i64[4] 1 -1 1 -1"},
		{fact: "of floats", op: "Mod fmod=1", in: "f64[2] 5.5 -5.5 | f64[] 2", want: "f64[2] 1.5 -1.5"},
		{fact: "of floats without fmod", op: "Mod", in: "f64[] 5.5 | f64[] 2", want: "!only fmod=1"},
		{fact: "by zero", op: "Mod", in: "i64[] 5 | i64[] 0", want: "!remainder of the integer 5 by zero"},
		{fact: "of floats", op: "Pow", in: "f64[4] 2 -2 0 4 | f64[4] 3 3 0 0.5", want: "f64[4] 8 -8 1 2"},
		{fact: "of a negative base", op: "Pow", in: "f64[] -8 | f64[] 0.5", want: "f64[] nan"},
		{fact: "to an integer", op: "Pow", in: "f32[2] 1.5 -2 | i64[] 2", want: "f32[2] 2.25 4"},
		{fact: "of integers", op: "Pow", in: "i64[5] 3 2 -1 1 5 | i64[5] 4 0 -3 -2 -1", want: "i64[5] 81 1 -1 1 0"},
		{fact: "of an integer to a float", op: "Pow", in: "i64[] 2 | f32[] 0.5", want: "i64[] 1"},
		{fact: "of integer zero to −1", op: "Pow", in: "i64[] 0 | i64[] -1", want: "!raises the integer 0"},

		{fact: "of three stretches", op: "Max", in: "f32[2] 1 5 | f32[] 2 | f32[2,1] 0 4", want: "f32[2,2] 2 5 4 5"},
		{fact: "propagates NaN from either side", op: "Max", in: "f64[4] nan 1 inf nan | f64[4] 1 nan nan inf", want: "f64[4] nan nan nan nan"},
		{fact: "propagates NaN from either side", op: "Min", in: "f64[4] nan 1 -inf nan | f64[4] 1 nan nan -inf", want: "f64[4] nan nan nan nan"},
		{fact: "of integers", op: "Min", in: "i64[2] 1 5 | i64[] 3", want: "i64[2] 1 3"},
		{fact: "of one", op: "Max", in: "f32[1] 3", want: "f32[1] 3"},
		{fact: "of none", op: "Max", in: "", want: "!has 0 inputs, want data, …"},
		{fact: "of three", op: "Sum", in: "f64[2] 1 2 | f64[] 10 | f64[1] 100", want: "f64[2] 111 112"},
		{fact: "of three", op: "Mean", in: "f64[2] 1 2 | f64[] 10 | f64[1] 100", want: "f64[2] 37 37.333333333333336"},
		{fact: "to both bounds", op: "Clip", in: "f32[4] -2 0.5 2 nan | f32[] -1 | f32[] 1", want: "f32[4] -1 0.5 1 nan"},
		{fact: "to one bound", op: "Clip", in: "i64[3] -2 0 2 | - | i64[] 1", want: "i64[3] -2 0 1"},
		{fact: "to crossed bounds", op: "Clip", in: "f64[2] -2 2 | f64[] 1 | f64[] -1", want: "f64[2] -1 -1"},
		{fact: "to a list", op: "Clip", in: "f64[2] -2 2 | f64[2] 1 1", want: "!the input min is f64[2], want one number"},
	})
}

func TestUnary(t *testing.T) {
	check(t, []opCase{
		{op: "Abs", in: "f64[3] -2 -0 nan", want: "f64[3] 2 0 nan"},
		{fact: "of integers", op: "Abs", in: "i64[2] -2 3", want: "i64[2] 2 3"},
		{op: "Neg", in: "f64[3] -2 0 inf", want: "f64[3] 2 -0 -inf"},
		{fact: "of integers", op: "Neg", in: "i64[2] -2 3", want: "i64[2] 2 -3"},
		{op: "Sign", in: "f64[4] -2 0 3 nan", want: "f64[4] -1 0 1 nan"},
		{fact: "of integers", op: "Sign", in: "i64[3] -20 0 30", want: "i64[3] -1 0 1"},
		{op: "Relu", in: "f64[4] -2 -0 3 nan", want: "f64[4] 0 0 3 nan"},
		{fact: "of integers", op: "Relu", in: "i64[2] -2 3", want: "i64[2] 0 3"},
		{fact: "of integers came with 14", op: "Relu", in: "i64[2] -2 3", want: "!want f16 or f32 or f64", opset: 13},
		{op: "Reciprocal", in: "f64[3] 4 0 -0", want: "f64[3] 0.25 inf -inf"},
		{op: "Floor", in: "f64[3] -1.5 1.5 -0.5", want: "f64[3] -2 1 -1"},
		{op: "Ceil", in: "f64[3] -1.5 1.5 -0.5", want: "f64[3] -1 2 -0"},
		{fact: "goes to the even", op: "Round", in: "f64[5] 0.5 1.5 2.5 -0.5 -2.5", want: "f64[5] 0 2 2 -0 -2"},
		{op: "Sqrt", in: "f64[4] 4 2 -1 0", want: "f64[4] 2 1.4142135623730951 nan 0"},
		{op: "Exp", in: "f64[4] 0 1 -inf 1000", want: "f64[4] 1 2.718281828459045 0 inf"},
		{op: "Log", in: "f64[4] 1 2 0 -1", want: "f64[4] 0 0.6931471805599453 -inf nan"},
		{op: "Sin", in: "f64[2] 0 1", want: "f64[2] 0 0.8414709848078965"},
		{op: "Cos", in: "f64[2] 0 1", want: "f64[2] 1 0.5403023058681398"},
		{op: "Tan", in: "f64[2] 0 1", want: "f64[2] 0 1.557407724654902"},
		{op: "Asin", in: "f64[3] 0 0.5 2", want: "f64[3] 0 0.5235987755982989 nan"},
		{op: "Acos", in: "f64[4] 1 0.5 -1 1.0000001", want: "f64[4] 0 1.0471975511965979 3.141592653589793 nan"},
		{op: "Atan", in: "f64[3] 0 1 inf", want: "f64[3] 0 0.7853981633974483 1.5707963267948966"},
		{op: "Tanh", in: "f64[3] 0 1 -inf", want: "f64[3] 0 0.7615941559557649 -1"},
		{fact: "does not overflow", op: "Sigmoid", in: "f64[4] 0 1 -1 -800", want: "f64[4] 0.5 0.7310585786300049 0.2689414213699951 0"},
		{fact: "is small, not zero", op: "Sigmoid", in: "f64[1] -700", want: "f64[1] 9.85967654375977e-305"},
		{fact: "does not overflow", op: "Softplus", in: "f64[4] 0 1000 -1000 -40", want: "f64[4] 0.6931471805599453 1000 0 4.248354255291589e-18"},
		{fact: "of NaN", op: "Softplus", in: "f64[1] nan", want: "f64[1] nan"},
		{fact: "of none", op: "Exp", in: "f64[0,4]", want: "f64[0,4]"},
		{fact: "of an integer", op: "Exp", in: "i64[] 1", want: "!the input input is i64[], want f16 or f32 or f64"},
	})
}

func TestComparison(t *testing.T) {
	check(t, []opCase{
		{fact: "with NaN is false", op: "Equal", in: "f64[3] nan 1 0 | f64[3] nan 1 -0", want: "bool[3] f t t"},
		{fact: "of truth values", op: "Equal", in: "bool[2] t f | bool[1] t", want: "bool[2] t f"},
		{fact: "of large integers is exact", op: "Equal", in: "i64[2] 9007199254740993 1 | i64[2] 9007199254740992 1", want: "bool[2] f t"},
		{fact: "with NaN is false", op: "Less", in: "f64[4] 1 2 nan 1 | f64[4] 2 2 1 nan", want: "bool[4] t f f f"},
		{fact: "of integers", op: "Less", in: "i64[2] 1 2 | i64[] 2", want: "bool[2] t f"},
		{fact: "with NaN is false", op: "LessOrEqual", in: "f64[4] 1 2 nan 3 | f64[4] 2 2 1 1", want: "bool[4] t t f f"},
		{fact: "with NaN is false", op: "Greater", in: "f64[4] 2 2 nan 1 | f64[4] 1 2 1 nan", want: "bool[4] t f f f"},
		{fact: "with NaN is false", op: "GreaterOrEqual", in: "f64[4] 2 2 nan 1 | f64[4] 1 2 1 3", want: "bool[4] t t f f"},
		{fact: "of integers", op: "GreaterOrEqual", in: "i64[3] 1 2 3 | i64[] 2", want: "bool[3] f t t"},
		{fact: "of truth values", op: "Less", in: "bool[] t | bool[] t", want: "!want f16"},
		{op: "And", in: "bool[4] t t f f | bool[4] t f t f", want: "bool[4] t f f f"},
		{op: "Or", in: "bool[4] t t f f | bool[4] t f t f", want: "bool[4] t t t f"},
		{op: "Xor", in: "bool[4] t t f f | bool[4] t f t f", want: "bool[4] f t t f"},
		{fact: "stretches", op: "And", in: "bool[2,1] t f | bool[2] t f", want: "bool[2,2] t f f f"},
		{op: "Not", in: "bool[2] t f", want: "bool[2] f t"},
		{op: "IsNaN", in: "f64[3] nan inf 1", want: "bool[3] t f f"},
		{op: "IsInf", in: "f64[4] nan inf -inf 1", want: "bool[4] f t t f"},
		{fact: "of one sign", op: "IsInf detect_negative=0", in: "f64[4] nan inf -inf 1", want: "bool[4] f t f f"},
		{fact: "of the other sign", op: "IsInf detect_positive=0", in: "f64[4] nan inf -inf 1", want: "bool[4] f f t f"},
		{fact: "of float16 came with 20", op: "IsInf", in: "f16[] 1", want: "!want f32 or f64"},
		{fact: "of float16", op: "IsInf", in: "f16[] inf", want: "bool[] t", opset: 20},
		{fact: "stretches three ways", op: "Where", in: "bool[2,1] t f | f32[2] 1 2 | f32[] 9", want: "f32[2,2] 1 2 9 9"},
		{fact: "of integers", op: "Where", in: "bool[2] t f | i64[2] 1 2 | i64[2] 3 4", want: "i64[2] 1 4"},
		{fact: "does not touch what it leaves", op: "Where", in: "bool[2] t f | f64[2] 1 nan | f64[2] nan 2", want: "f64[2] 1 2"},
		{fact: "by numbers", op: "Where", in: "i64[1] 1 | f64[1] 1 | f64[1] 2", want: "!the input condition is i64[1], want bool"},
	})
}

func TestCasting(t *testing.T) {
	check(t, []opCase{
		{fact: "between floats keeps the number", op: "Cast to=1", in: "f64[1] 0.1", want: "f32[1] 0.1"},
		{fact: "to half keeps the number", op: "Cast to=10", in: "f64[1] 1e10", want: "f16[1] 1e10"},
		{fact: "to double", op: "Cast to=11", in: "f32[2] 1.5 nan", want: "f64[2] 1.5 nan"},
		{fact: "to int64 cuts", op: "Cast to=7", in: "f64[4] 1.9 -1.9 -0.5 9007199254740992", want: "i64[4] 1 -1 0 9007199254740992"},
		{fact: "to int64 of what is none", op: "Cast to=7", in: "f64[4] nan inf -inf 1e19", want: "i64[4] -9223372036854775808 -9223372036854775808 -9223372036854775808 -9223372036854775808"},
		{fact: "to int32 of what is none", op: "Cast to=6", in: "f64[3] 3e9 -2147483648.5 7", want: "i32[3] -2147483648 -2147483648 7"},
		{fact: "to int32 wraps an int64", op: "Cast to=6", in: "i64[2] 4294967297 -1", want: "i32[2] 1 -1"},
		{fact: "of truth values", op: "Cast to=11", in: "bool[2] t f", want: "f64[2] 1 0"},
		{fact: "of truth values to int64", op: "Cast to=7", in: "bool[2] t f", want: "i64[2] 1 0"},
		{fact: "to truth values", op: "Cast to=9", in: "f64[4] 0 -0 0.5 nan", want: "bool[4] f f t t"},
		{fact: "of integers to truth values", op: "Cast to=9", in: "i64[2] 0 -3", want: "bool[2] f t"},
		{fact: "of truth to truth", op: "Cast to=9", in: "bool[2] t f", want: "bool[2] t f"},
		{fact: "of integers to floats", op: "Cast to=1", in: "i64[2] 16777217 -3", want: "f32[2] 16777217 -3"},
		{fact: "to text", op: "Cast to=8", in: "f64[] 1", want: "!elements of type string are not evaluated"},
		{fact: "to nothing", op: "Cast", in: "f64[] 1", want: "!lacks the attribute to"},
		{fact: "to a type as large as an int64", op: "Cast to=4294967303", in: "f64[] 1", want: "!element type 2147483647 is unknown"},
		{fact: "saturate came with 19", op: "Cast to=1 saturate=1", in: "f64[] 1", want: "!came with opset 19; the file is written in 17"},
		{fact: "takes the type of the other", op: "CastLike", in: "f64[2] 1.5 -1.5 | i64[] 0", want: "i64[2] 1 -1"},
		{fact: "came with 15", op: "CastLike", in: "f64[1] 1 | i64[] 0", want: "!not in opset 14", opset: 14},
	})
}

func TestReductions(t *testing.T) {
	const m = "f64[2,3] 1 2 3 4 5 6"
	check(t, []opCase{
		{fact: "of all", op: "ReduceSum", in: m, want: "f64[1,1] 21"},
		{fact: "of all, axes gone", op: "ReduceSum keepdims=0", in: m, want: "f64[] 21"},
		{fact: "of rows", op: "ReduceSum", in: m + " | i64[1] 1", want: "f64[2,1] 6 15"},
		{fact: "of columns, axes gone", op: "ReduceSum keepdims=0", in: m + " | i64[1] -2", want: "f64[3] 5 7 9"},
		{fact: "of axes apart", op: "ReduceSum keepdims=0", in: "f64[2,2,2] 1 2 3 4 5 6 7 8 | i64[2] 2 0", want: "f64[2] 14 22"},
		{fact: "of no axes is of all", op: "ReduceSum keepdims=0", in: m + " | i64[0]", want: "f64[] 21"},
		{fact: "of no axes is of none with noop", op: "ReduceSum keepdims=0 noop_with_empty_axes=1", in: m + " | i64[0]", want: m},
		{fact: "of an axis twice", op: "ReduceSum", in: m + " | i64[2] 1 -1", want: "!axis 1 is named twice"},
		{fact: "of an axis that is not", op: "ReduceSum", in: m + " | i64[1] 2", want: "!axis 2 does not exist in a tensor of rank 2"},
		{fact: "of integers", op: "ReduceSum keepdims=0", in: "i64[3] 1 2 3", want: "i64[] 6"},
		{fact: "of no rows", op: "ReduceSum keepdims=0", in: "f64[0,3] | i64[1] 0", want: "f64[3] 0 0 0"},
		{fact: "of nothing to nothing", op: "ReduceSum keepdims=0", in: "f64[0,3] | i64[1] 1", want: "f64[0]"},
		{fact: "of a scalar", op: "ReduceSum", in: "f64[] 3", want: "f64[] 3"},
		{fact: "has its axes as attribute below 18", op: "ReduceMean axes=1, keepdims=0", in: m, want: "f64[2] 2 5"},
		{fact: "has its axes as input from 18 on", op: "ReduceMean keepdims=0", in: m + " | i64[1] 1", want: "f64[2] 2 5", opset: 18},
		{fact: "has no axes as input below 18", op: "ReduceMean keepdims=0", in: m + " | i64[1] 1", want: "!has 2 inputs, want data"},
		{fact: "has no axes as attribute from 18 on", op: "ReduceMean axes=1,", in: m, want: "!attribute axes, which the operator does not know", opset: 18},
		{fact: "of nothing", op: "ReduceMean keepdims=0", in: "f64[0]", want: "f64[] nan"},
		{op: "ReduceProd axes=0, keepdims=0", in: m, want: "f64[3] 4 10 18"},
		{fact: "of nothing", op: "ReduceProd keepdims=0", in: "i64[0]", want: "i64[] 1"},
		{op: "ReduceMax axes=1, keepdims=0", in: "f64[2,2] -1 -2 nan 5", want: "f64[2] -1 nan"},
		{fact: "of nothing", op: "ReduceMax keepdims=0", in: "f64[0]", want: "f64[] -inf"},
		{fact: "of no integers", op: "ReduceMax keepdims=0", in: "i64[0]", want: "!of no integers"},
		{fact: "of no integers anywhere", op: "ReduceMax axes=1, keepdims=0", in: "i64[0,3]", want: "i64[0]"},
		{fact: "of integers", op: "ReduceMax keepdims=0", in: "i64[3] -3 -1 -2", want: "i64[] -1"},
		{fact: "of truth values came with 20", op: "ReduceMax keepdims=0", in: "bool[2] f t", want: "!want f16"},
		{fact: "of truth values", op: "ReduceMax keepdims=0", in: "bool[2] f t", want: "bool[] t", opset: 20},
		{fact: "of truth values", op: "ReduceMin keepdims=0", in: "bool[2] f t", want: "bool[] f", opset: 20},
		{op: "ReduceMin axes=1, keepdims=0", in: "f64[2,2] -1 -2 nan 5", want: "f64[2] -2 nan"},
		{fact: "of nothing", op: "ReduceMin keepdims=0", in: "f64[0]", want: "f64[] inf"},
		{op: "ReduceSumSquare axes=1, keepdims=0", in: m, want: "f64[2] 14 77"},
		{fact: "of integers", op: "ReduceSumSquare keepdims=0", in: "i64[2] -3 4", want: "i64[] 25"},
		{fact: "of no axes with noop is not defined", op: "ReduceSumSquare noop_with_empty_axes=1", in: m, want: "!not defined", opset: 18},
		{op: "ReduceL2 keepdims=0", in: "f64[2] -3 4", want: "f64[] 5"},
		{op: "ReduceLogSumExp keepdims=0", in: "f64[2] 0 0", want: "f64[] 0.6931471805599453"},
		{fact: "does not overflow", op: "ReduceLogSumExp keepdims=0", in: "f64[2] 1000 1000", want: "f64[] 1000.6931471805599"},
		{fact: "of infinities", op: "ReduceLogSumExp axes=1, keepdims=0", in: "f64[3,2] -inf -inf inf 0 nan 0", want: "f64[3] -inf inf nan"},
		{fact: "of rows", op: "Softmax", in: "f64[2,2] 0 0 1000 1000", want: "f64[2,2] 0.5 0.5 0.5 0.5"},
		{fact: "of columns", op: "Softmax axis=0", in: "f64[2,2] 0 0 0 0", want: "f64[2,2] 0.5 0.5 0.5 0.5"},
		{fact: "with an infinity", op: "Softmax", in: "f64[2] -inf 3", want: "f64[2] 0 1"},
		{fact: "of no rows", op: "Softmax", in: "f64[0,3]", want: "f64[0,3]"},
		{fact: "of no columns", op: "Softmax", in: "f64[3,0]", want: "f64[3,0]"},
		{fact: "of rows", op: "LogSoftmax", in: "f64[1,2] 0 0", want: "f64[1,2] -0.6931471805599453 -0.6931471805599453"},
		{fact: "does not underflow", op: "LogSoftmax", in: "f64[2] 0 -1000", want: "f64[2] 0 -1000"},
		{fact: "along an axis that is not", op: "LogSoftmax axis=2", in: "f64[2] 0 0", want: "!axis 2 does not exist"},
	})
}

func TestLinear(t *testing.T) {
	const a, b = "f64[2,3] 1 2 3 4 5 6", "f64[3,2] 1 2 3 4 5 6"
	check(t, []opCase{
		{fact: "of matrices", op: "MatMul", in: a + " | " + b, want: "f64[2,2] 22 28 49 64"},
		{fact: "of integers", op: "MatMul", in: "i64[1,2] 1 2 | i64[2,1] 3 4", want: "i64[1,1] 11"},
		{fact: "of a row", op: "MatMul", in: "f64[3] 1 2 3 | " + b, want: "f64[2] 22 28"},
		{fact: "of a column", op: "MatMul", in: a + " | f64[3] 1 1 1", want: "f64[2] 6 15"},
		{fact: "of two lists", op: "MatMul", in: "f64[2] 1 2 | f64[2] 3 4", want: "f64[] 11"},
		{fact: "of stacks that stretch", op: "MatMul", in: "f64[2,1,1,2] 1 2 3 4 | f64[2,2,1] 1 1 2 2", want: "f64[2,2,1,1] 3 6 7 14"},
		{fact: "of a row and a stack", op: "MatMul", in: "f64[2] 1 2 | f64[2,2,1] 1 1 2 2", want: "f64[2,1] 3 6"},
		{fact: "over no columns is zero", op: "MatMul", in: "f64[2,0] | f64[0,2]", want: "f64[2,2] 0 0 0 0"},
		{fact: "of no rows", op: "MatMul", in: "f64[0,3] | " + b, want: "f64[0,2]"},
		{fact: "that does not fit", op: "MatMul", in: a + " | " + a, want: "!matrix of 3 columns by one of 2 rows"},
		{fact: "that does not fit in no matrix", op: "MatMul", in: "f64[0,2,3] | f64[0,2,3]", want: "!matrix of 3 columns by one of 2 rows"},
		{fact: "of a number", op: "MatMul", in: "f64[] 1 | f64[1] 1", want: "!want at least rank 1"},
		{op: "Gemm", in: a + " | " + b, want: "f64[2,2] 22 28 49 64"},
		{fact: "with everything", op: "Gemm transA=1 transB=1 alpha=2f beta=0.5f", in: "f64[1,2] 1 2 | f64[3,1] 1 2 3 | f64[3] 10 20 30", want: "f64[2,3] 7 14 21 9 18 27"},
		{fact: "adds a column", op: "Gemm", in: "f64[2,1] 1 2 | f64[1,2] 1 1 | f64[2,1] 10 20", want: "f64[2,2] 11 11 22 22"},
		{fact: "of no rows, transposed", op: "Gemm transA=1", in: "f64[0,2] | f64[0,3]", want: "f64[2,3] 0 0 0 0 0 0"},
		{fact: "of integers", op: "Gemm alpha=2f", in: "i64[1,1] 3 | i64[1,1] 4 | i64[] 1", want: "i64[1,1] 25"},
		{fact: "of integers by a half", op: "Gemm alpha=0.5f", in: "i64[1,1] 3 | i64[1,1] 4", want: "!want whole numbers"},
		{fact: "adds what is too large", op: "Gemm", in: "f64[1,1] 1 | f64[1,1] 1 | f64[2,1] 1 2", want: "!adds f64[2,1] to a product of shape [1,1]"},
		{fact: "of stacks", op: "Gemm", in: "f64[1,1,1] 1 | f64[1,1] 1", want: "!want matrices"},
	})
}

func TestOrdering(t *testing.T) {
	check(t, []opCase{
		{fact: "takes the first of equals", op: "ArgMax axis=1 keepdims=0", in: "f64[2,3] 1 3 3 2 1 2", want: "i64[2] 1 0"},
		{fact: "takes the last of equals if told", op: "ArgMax axis=1 keepdims=0 select_last_index=1", in: "f64[2,3] 1 3 3 2 1 2", want: "i64[2] 2 2"},
		{fact: "along axis 0, kept", op: "ArgMax", in: "i64[2,2] 1 4 3 2", want: "i64[1,2] 1 0"},
		{fact: "of infinities", op: "ArgMax", in: "f64[2] -inf -inf", want: "i64[1] 0"},
		{fact: "along an axis of none", op: "ArgMax", in: "f64[0,2]", want: "!which has none"},
		{fact: "of no lines", op: "ArgMax axis=1 keepdims=0", in: "f64[0,2]", want: "i64[0]"},
		{fact: "takes the first of equals", op: "ArgMin axis=-1 keepdims=0", in: "f64[2,3] 1 1 3 2 1 1", want: "i64[2] 0 1"},
		{fact: "takes the last of equals if told", op: "ArgMin axis=-1 keepdims=0 select_last_index=1", in: "f64[2,3] 1 1 3 2 1 1", want: "i64[2] 1 2"},
		{fact: "the first of equals comes first", op: "TopK", in: "f64[5] 1 3 3 nan 2 | i64[1] 4", want: "f64[4] nan 3 3 2 | i64[4] 3 1 2 4"},
		{fact: "of the smallest", op: "TopK largest=0", in: "f64[4] 2 1 1 3 | i64[1] 3", want: "f64[3] 1 1 2 | i64[3] 1 2 0"},
		{fact: "along axis 0", op: "TopK axis=0", in: "i64[3,2] 1 6 3 5 2 4 | i64[1] 2", want: "i64[2,2] 3 6 2 5 | i64[2,2] 1 0 2 1"},
		{fact: "of none", op: "TopK", in: "f64[2] 1 2 | i64[1] 0", want: "f64[0] | i64[0]"},
		{fact: "of too many", op: "TopK", in: "f64[2] 1 2 | i64[1] 3", want: "!wants 3 elements along axis 0"},
		{op: "CumSum", in: "f64[2,2] 1 2 3 4 | i64[] 1", want: "f64[2,2] 1 3 3 7"},
		{fact: "exclusive", op: "CumSum exclusive=1", in: "f64[3] 1 2 3 | i32[] 0", want: "f64[3] 0 1 3"},
		{fact: "reverse", op: "CumSum reverse=1", in: "i64[3] 1 2 3 | i64[] -1", want: "i64[3] 6 5 3"},
		{fact: "both", op: "CumSum reverse=1 exclusive=1", in: "i64[3] 1 2 3 | i64[] 0", want: "i64[3] 5 3 0"},
	})
}

func TestShaping(t *testing.T) {
	const m = "f32[2,3] 1 2 3 4 5 6"
	check(t, []opCase{
		{op: "Identity", in: m, want: m},
		{fact: "infers one", op: "Reshape", in: m + " | i64[2] 3 -1", want: "f32[3,2] 1 2 3 4 5 6"},
		{fact: "keeps where it says 0", op: "Reshape", in: m + " | i64[3] 0 -1 1", want: "f32[2,3,1] 1 2 3 4 5 6"},
		{fact: "to a scalar", op: "Reshape", in: "f32[1] 7 | i64[0]", want: "f32[] 7"},
		{fact: "of nothing infers nothing", op: "Reshape", in: "f32[0,3] | i64[2] -1 3", want: "f32[0,3]"},
		{fact: "allows a zero", op: "Reshape allowzero=1", in: "f32[0,3] | i64[2] 3 0", want: "f32[3,0]"},
		{fact: "infers beside a zero", op: "Reshape", in: "f32[0,3] | i64[2] 0 -1", want: "!leaves its −1 open"},
		{fact: "infers two", op: "Reshape", in: m + " | i64[2] -1 -1", want: "!more than one −1"},
		{fact: "does not divide", op: "Reshape", in: m + " | i64[2] 4 -1", want: "!does not divide f32[2,3]"},
		{fact: "has too few", op: "Reshape", in: m + " | i64[2] 2 2", want: "!makes [2,2] of f32[2,3]: 4 elements of 6"},
		{fact: "keeps what is not there", op: "Reshape", in: "f32[1] 1 | i64[2] 1 0", want: "!keeps extent 1 of f32[1]"},
		{fact: "below −1", op: "Reshape", in: m + " | i64[1] -2", want: "!has the extent -2"},
		{fact: "overflows", op: "Reshape", in: m + " | i64[3] 1099511627776 1099511627776 -1", want: "!larger than any tensor"},
		{op: "Flatten", in: "f32[2,1,3] 1 2 3 4 5 6", want: m},
		{fact: "at the end", op: "Flatten axis=2", in: m, want: "f32[6,1] 1 2 3 4 5 6"},
		{fact: "at the start", op: "Flatten axis=0", in: m, want: "f32[1,6] 1 2 3 4 5 6"},
		{fact: "from the back", op: "Flatten axis=-1", in: m, want: m},
		{fact: "of all ones", op: "Squeeze", in: "f32[1,2,1] 1 2", want: "f32[2] 1 2"},
		{fact: "of one", op: "Squeeze", in: "f32[1,2,1] 1 2 | i64[1] -1", want: "f32[1,2] 1 2"},
		{fact: "of a two", op: "Squeeze", in: "f32[1,2,1] 1 2 | i64[1] 1", want: "!want an extent of 1"},
		{op: "Unsqueeze", in: "f32[2] 1 2 | i64[2] 0 -1", want: "f32[1,2,1] 1 2"},
		{fact: "twice", op: "Unsqueeze", in: "f32[2] 1 2 | i64[2] 0 -3", want: "!axis 0 is named twice"},
		{op: "Shape", in: m, want: "i64[2] 2 3"},
		{fact: "of a part", op: "Shape start=1", in: m, want: "i64[1] 3"},
		{fact: "of a part from the back", op: "Shape start=-9 end=-1", in: m, want: "i64[1] 2"},
		{fact: "of no part", op: "Shape start=2 end=1", in: m, want: "i64[0]"},
		{fact: "of a scalar", op: "Shape", in: "bool[] t", want: "i64[0]"},
		{fact: "start came with 15", op: "Shape start=1", in: m, want: "!came with opset 15", opset: 13},
		{op: "Size", in: m, want: "i64[] 6"},
		{fact: "of nothing", op: "Size", in: "f32[0,3]", want: "i64[] 0"},
	})
}

func TestMoving(t *testing.T) {
	const m = "f32[2,3] 1 2 3 4 5 6"
	check(t, []opCase{
		{op: "Transpose", in: m, want: "f32[3,2] 1 4 2 5 3 6"},
		{fact: "by an order", op: "Transpose perm=1,0,2", in: "i64[2,2,2] 1 2 3 4 5 6 7 8", want: "i64[2,2,2] 1 2 5 6 3 4 7 8"},
		{fact: "by an order in a cycle", op: "Transpose perm=1,2,0", in: "i64[2,1,3] 1 2 3 4 5 6", want: "i64[1,3,2] 1 4 2 5 3 6"},
		{fact: "of nothing", op: "Transpose", in: "f32[0,3]", want: "f32[3,0]"},
		{fact: "by no order", op: "Transpose perm=0,0", in: m, want: "!axis 0 is named twice"},
		{op: "Expand", in: "f32[2,1] 1 2 | i64[2] 1 3", want: "f32[2,3] 1 1 1 2 2 2"},
		{fact: "to more axes", op: "Expand", in: "f32[] 7 | i64[2] 2 1", want: "f32[2,1] 7 7"},
		{fact: "to nothing", op: "Expand", in: "f32[1] 7 | i64[1] 0", want: "f32[0]"},
		{fact: "to less", op: "Expand", in: "f32[3] 1 2 3 | i64[1] 2", want: "!do not broadcast"},
		{fact: "to a negative", op: "Expand", in: "f32[1] 1 | i64[1] -1", want: "!extent -1"},
		{op: "Tile", in: "f32[1,2] 1 2 | i64[2] 2 2", want: "f32[2,4] 1 2 1 2 1 2 1 2"},
		{fact: "none", op: "Tile", in: "f32[2] 1 2 | i64[1] 0", want: "f32[0]"},
		{fact: "of nothing", op: "Tile", in: "f32[0] | i64[1] 9223372036854775807", want: "f32[0]"},
		{op: "Slice", in: "f32[4] 1 2 3 4 | i64[1] 1 | i64[1] 3", want: "f32[2] 2 3"},
		{fact: "to the end", op: "Slice", in: "f32[4] 1 2 3 4 | i64[1] -2 | i64[1] 9223372036854775807", want: "f32[2] 3 4"},
		{fact: "backwards", op: "Slice", in: "f32[4] 1 2 3 4 | i64[1] -1 | i64[1] -9223372036854775808 | i64[1] 0 | i64[1] -1", want: "f32[4] 4 3 2 1"},
		{fact: "by two backwards", op: "Slice", in: "f32[5] 1 2 3 4 5 | i64[1] 9 | i64[1] 0 | i64[1] 0 | i64[1] -2", want: "f32[2] 5 3"},
		{fact: "by a step beyond", op: "Slice", in: "f32[2] 1 2 | i64[1] 0 | i64[1] 9 | i64[1] 0 | i64[1] 9223372036854775807", want: "f32[1] 1"},
		{fact: "of two axes", op: "Slice", in: m + " | i32[2] 1 1 | i32[2] 3 2 | i32[2] 1 0", want: "f32[1,2] 5 6"},
		{fact: "of nothing", op: "Slice", in: "f32[0] | i64[1] 0 | i64[1] 5 | i64[1] 0 | i64[1] -1", want: "f32[0]"},
		{fact: "that is empty", op: "Slice", in: "f32[2] 1 2 | i64[1] 2 | i64[1] 1", want: "f32[0]"},
		{fact: "by zero", op: "Slice", in: "f32[2] 1 2 | i64[1] 0 | i64[1] 1 | i64[1] 0 | i64[1] 0", want: "!steps of 0"},
		{fact: "of an axis twice", op: "Slice", in: m + " | i64[2] 0 0 | i64[2] 1 1 | i64[2] 1 -1", want: "!named twice"},
		{fact: "with too few ends", op: "Slice", in: m + " | i64[2] 0 0 | i64[1] 1", want: "!has 2 starts, 1 ends"},
		{fact: "into lengths", op: "Split axis=1", in: m + " | i64[2] 1 2", want: "f32[2,1] 1 4 | f32[2,2] 2 3 5 6"},
		{fact: "into equal parts", op: "Split", in: "i64[4] 1 2 3 4", want: "i64[2] 1 2 | i64[2] 3 4"},
		{fact: "into unequal parts below 18", op: "Split", in: "f32[3] 1 2 3", want: "f32[3] 1 2 3"},
		{fact: "into a shorter last part", op: "Split num_outputs=2", in: "i64[3] 1 2 3", want: "i64[2] 1 2 | i64[1] 3", opset: 18},
		{fact: "into an empty last part", op: "Split num_outputs=3", in: "i64[1] 1", want: "i64[1] 1 | i64[0] | i64[0]", opset: 18},
		{fact: "into lengths that do not fit", op: "Split", in: "f32[3] 1 2 3 | i64[1] 2", want: "!splits axis 0 of f32[3] into [2]"},
		{fact: "into what is not said", op: "Split", in: "f32[3] 1 2 3", want: "!neither lengths nor num_outputs", opset: 18},
		{op: "Concat axis=1", in: m + " | f32[2,1] 8 9", want: "f32[2,4] 1 2 3 8 4 5 6 9"},
		{fact: "along axis 0 with nothing", op: "Concat axis=0", in: "i64[0,2] | i64[1,2] 1 2", want: "i64[1,2] 1 2"},
		{fact: "of one", op: "Concat axis=-1", in: "bool[1] t", want: "bool[1] t"},
		{fact: "of what does not fit", op: "Concat axis=0", in: m + " | f32[2,1] 8 9", want: "!joins f32[2,3] and f32[2,1] along axis 0"},
		{fact: "of other ranks", op: "Concat axis=0", in: "f32[1] 1 | f32[1,1] 1", want: "!joins"},
		{fact: "upper", op: "Trilu", in: "f32[2,3] 1 2 3 4 5 6", want: "f32[2,3] 1 2 3 0 5 6"},
		{fact: "lower, below the diagonal", op: "Trilu upper=0", in: "f32[2,2] 1 2 3 4 | i64[] -1", want: "f32[2,2] 0 0 3 0"},
		{fact: "of a stack of truth values", op: "Trilu", in: "bool[1,2,2] t t t t | i64[] 1", want: "bool[1,2,2] f t f f"},
		{fact: "far away", op: "Trilu", in: "i64[1,1] 5 | i64[] 9223372036854775807", want: "i64[1,1] 0"},
	})
}

func TestPicking(t *testing.T) {
	const m = "f32[3,2] 1 2 3 4 5 6"
	check(t, []opCase{
		{fact: "rows", op: "Gather", in: m + " | i64[2] 2 -3", want: "f32[2,2] 5 6 1 2"},
		{fact: "columns, with a shape", op: "Gather axis=1", in: m + " | i32[1,2] 1 0", want: "f32[3,1,2] 2 1 4 3 6 5"},
		{fact: "one", op: "Gather", in: "i64[3] 7 8 9 | i64[] 1", want: "i64[] 8"},
		{fact: "none", op: "Gather", in: m + " | i64[0]", want: "f32[0,2]"},
		{fact: "none of none", op: "Gather", in: "f32[0,2] | i64[0]", want: "f32[0,2]"},
		{fact: "out of range", op: "Gather", in: m + " | i64[1] 3", want: "!the index 3 is outside of [-3, 3)"},
		{fact: "out of none", op: "Gather", in: "f32[0] | i64[1] 0", want: "!the index 0 is outside of [0, 0)"},
		{fact: "by floats", op: "Gather", in: m + " | f32[1] 0", want: "!the input indices is f32[1], want i32 or i64"},
		{op: "GatherElements axis=1", in: m + " | i64[3,1] 1 0 -1", want: "f32[3,1] 2 3 6"},
		{fact: "along axis 0, fewer columns", op: "GatherElements", in: m + " | i64[1,1] 2", want: "f32[1,1] 5"},
		{fact: "none", op: "GatherElements axis=1", in: "f32[0,4] | i64[0,1]", want: "f32[0,1]"},
		{fact: "with more rows than data", op: "GatherElements axis=1", in: m + " | i64[4,1] 0 0 0 0", want: "!axis 0 is too long"},
		{fact: "of another rank", op: "GatherElements", in: m + " | i64[1] 0", want: "!want the same rank"},
		{fact: "out of range", op: "GatherElements axis=1", in: m + " | i64[3,1] 0 2 0", want: "!the index 2 is outside"},
		{fact: "elements", op: "GatherND", in: m + " | i64[2,2] 0 1 -1 0", want: "f32[2] 2 5"},
		{fact: "rows", op: "GatherND", in: m + " | i64[2,1] 2 0", want: "f32[2,2] 5 6 1 2"},
		{fact: "by batch", op: "GatherND batch_dims=1", in: m + " | i64[3,1] 1 0 1", want: "f32[3] 2 3 6"},
		{fact: "all, by empty indices", op: "GatherND", in: m + " | i64[2,0]", want: "f32[2,3,2] 1 2 3 4 5 6 1 2 3 4 5 6"},
		{fact: "of too many numbers", op: "GatherND", in: m + " | i64[1,3] 0 0 0", want: "!3 numbers each"},
		{fact: "of other batches", op: "GatherND batch_dims=1", in: m + " | i64[2,1] 0 0", want: "!differ in the first 1 extents"},
		{fact: "rows", op: "Compress axis=0", in: m + " | bool[3] t f t", want: "f32[2,2] 1 2 5 6"},
		{fact: "elements", op: "Compress", in: m + " | bool[4] f t f t", want: "f32[2] 2 4"},
		{fact: "by too long a condition", op: "Compress axis=1", in: m + " | bool[3] t f t", want: "!for an extent of 2"},
		{op: "NonZero", in: "f32[2,2] 1 0 nan -0", want: "i64[2,2] 0 1 0 0"},
		{fact: "of truth values", op: "NonZero", in: "bool[3] f t t", want: "i64[1,2] 1 2"},
		{fact: "of none", op: "NonZero", in: "i64[0,2]", want: "i64[2,0]"},
		{fact: "of a scalar", op: "NonZero", in: "i64[] 1", want: "!rank 0"},
	})
}

func TestScattering(t *testing.T) {
	const m = "f32[2,3] 1 2 3 4 5 6"
	check(t, []opCase{
		{op: "ScatterElements axis=1", in: m + " | i64[2,1] 2 -3 | f32[2,1] 8 9", want: "f32[2,3] 1 2 8 9 5 6"},
		{fact: "adds, twice to one place", op: "ScatterElements axis=1 reduction='add'", in: m + " | i64[2,2] 1 1 0 2 | f32[2,2] 10 20 30 40", want: "f32[2,3] 1 32 3 34 5 46"},
		{fact: "multiplies", op: "ScatterElements reduction='mul'", in: "i64[2] 3 4 | i64[2] 1 1 | i64[2] 5 6", want: "i64[2] 3 120"},
		{fact: "takes the larger, and NaN", op: "ScatterElements reduction='max'", in: "f64[3] 3 4 5 | i64[3] 0 1 2 | f64[3] 5 1 nan", want: "f64[3] 5 4 nan", opset: 18},
		{fact: "takes the smaller", op: "ScatterElements reduction='min'", in: "i64[2] 3 4 | i64[2] 0 1 | i64[2] 5 1", want: "i64[2] 3 1", opset: 18},
		{fact: "max came with 18", op: "ScatterElements reduction='max'", in: "f64[1] 3 | i64[1] 0 | f64[1] 5", want: "!came with opset 18"},
		{fact: "reduction came with 16", op: "ScatterElements reduction='add'", in: "f64[1] 3 | i64[1] 0 | f64[1] 5", want: "!came with opset 16", opset: 15},
		{fact: "by an unknown reduction", op: "ScatterElements reduction='mean'", in: "f64[1] 3 | i64[1] 0 | f64[1] 5", want: `!reduction is "mean"`},
		{fact: "two elements to one place", op: "ScatterElements", in: "f64[2] 3 4 | i64[2] 1 1 | f64[2] 5 6", want: "!two different elements to one place (offset 1)"},
		{fact: "one element twice", op: "ScatterElements", in: "f64[2] 3 4 | i64[2] 1 1 | f64[2] 5 5", want: "f64[2] 3 5"},
		{fact: "nothing", op: "ScatterElements axis=1", in: "f32[0,3] | i64[0,1] | f32[0,1]", want: "f32[0,3]"},
		{fact: "out of range", op: "ScatterElements axis=1", in: m + " | i64[2,1] 3 0 | f32[2,1] 8 9", want: "!the index 3 is outside of [-3, 3)"},
		{fact: "updates of another shape", op: "ScatterElements axis=1", in: m + " | i64[2,1] 0 0 | f32[2] 8 9", want: "!want the same shape"},
		{fact: "elements", op: "ScatterND", in: m + " | i64[2,2] 0 0 1 -1 | f32[2] 8 9", want: "f32[2,3] 8 2 3 4 5 9"},
		{fact: "rows", op: "ScatterND", in: m + " | i64[1,1] 1 | f32[1,3] 7 8 9", want: "f32[2,3] 1 2 3 7 8 9"},
		{fact: "adds rows, twice to one", op: "ScatterND reduction='add'", in: m + " | i64[2,1] 1 1 | f32[2,3] 10 10 10 20 20 20", want: "f32[2,3] 1 2 3 34 35 36"},
		{fact: "no updates", op: "ScatterND reduction='add'", in: m + " | i64[0,1] | f32[0,3]", want: m},
		{fact: "into nothing", op: "ScatterND", in: "f32[0,3] | i64[0,2] | f32[0]", want: "f32[0,3]"},
		{fact: "updates of another shape", op: "ScatterND", in: m + " | i64[1,1] 1 | f32[1] 7", want: "!want [1,3] for indices i64[1,1] into f32[2,3]"},
		{fact: "two rows to one place", op: "ScatterND", in: m + " | i64[2,1] 1 1 | f32[2,3] 7 8 9 7 8 8", want: "!two different elements"},
		{fact: "truth values", op: "ScatterND", in: "bool[2] f f | i64[1,1] 1 | bool[1] t", want: "bool[2] f t"},
		{fact: "adds truth values", op: "ScatterND reduction='add'", in: "bool[2] f f | i64[1,1] 1 | bool[1] t", want: "!want numbers"},
	})
}

func TestMaking(t *testing.T) {
	check(t, []opCase{
		{fact: "of a tensor", op: "Constant value={f64[2] 0.1 0.2}", want: "f64[2] 0.1 0.2"},
		{fact: "of a float is a float32", op: "Constant value_float=0.35f", want: "f32[] 0.3499999940395355"},
		{fact: "of an integer", op: "Constant value_int=7", want: "i64[] 7"},
		{fact: "of integers", op: "Constant value_ints=7,8", want: "i64[2] 7 8"},
		{fact: "of nothing", op: "Constant", want: "!has 0 values"},
		{fact: "of two things", op: "Constant value_int=7 value_float=1f", want: "!has 2 values"},
		{fact: "by default", op: "ConstantOfShape", in: "i64[2] 1 2", want: "f32[1,2] 0 0"},
		{fact: "of a value", op: "ConstantOfShape value={i64[1] 5}", in: "i64[1] 3", want: "i64[3] 5 5 5"},
		{fact: "of none", op: "ConstantOfShape value={bool[1] t}", in: "i64[2] 0 9", want: "bool[0,9]"},
		{fact: "of a scalar", op: "ConstantOfShape", in: "i64[0]", want: "f32[] 0"},
		{fact: "of a negative extent", op: "ConstantOfShape", in: "i64[1] -1", want: "!extent -1"},
		{fact: "beyond the limit", op: "ConstantOfShape", in: "i64[2] 65536 65536", want: "!takes the run over the limit of elements"},
		{fact: "beyond all bounds", op: "ConstantOfShape", in: "i64[3] 1099511627776 1099511627776 0", want: "!larger than any tensor"},
		{op: "Range", in: "i64[] 2 | i64[] 9 | i64[] 3", want: "i64[3] 2 5 8"},
		{fact: "down", op: "Range", in: "i64[] 3 | i64[] 0 | i64[] -1", want: "i64[3] 3 2 1"},
		{fact: "nowhere", op: "Range", in: "i64[] 3 | i64[] 0 | i64[] 1", want: "i64[0]"},
		{fact: "of floats", op: "Range", in: "f64[] 0 | f64[] 1 | f64[] 0.4", want: "f64[3] 0 0.4 0.8"},
		{fact: "across all integers", op: "Range", in: "i64[] -9223372036854775808 | i64[] 9223372036854775807 | i64[] 9223372036854775807", want: "i64[3] -9223372036854775808 -1 9223372036854775806"},
		{fact: "without end", op: "Range", in: "i64[] 0 | i64[] 1 | i64[] 0", want: "!counts by 0"},
		{fact: "of floats without end", op: "Range", in: "f64[] 0 | f64[] inf | f64[] 1", want: "!does not end"},
		{fact: "of too many", op: "Range", in: "i64[] 0 | i64[] 9223372036854775807 | i64[] 1", want: "!counts 9223372036854775807 integers"},
		{op: "OneHot", in: "i64[3] 1 -1 3 | i64[] 3 | f32[2] 0 5", want: "f32[3,3] 0 5 0 0 0 5 0 0 0"},
		{fact: "along axis 0", op: "OneHot axis=0", in: "i64[2] 1 0 | i64[1] 2 | i64[2] 0 1", want: "i64[2,2] 0 1 1 0"},
		{fact: "of none", op: "OneHot", in: "i64[0] | i64[] 3 | f32[2] 0 1", want: "f32[0,3]"},
		{fact: "of no depth", op: "OneHot", in: "i64[1] 0 | i64[] 0 | f32[2] 0 1", want: "!the depth is 0"},
		{fact: "of one value", op: "OneHot", in: "i64[1] 0 | i64[] 1 | f32[1] 1", want: "!want off and on"},
	})
}

// A row without a case in the tables above is not shown to be right.
func TestEveryOperatorHasACase(t *testing.T) {
	// The tables are run by the tests above; here their names are enough, so
	// the source of this file is what is read.
	for _, name := range Ops() {
		if !strings.Contains(thisFile, `op: "`+name+`"`) && !strings.Contains(thisFile, `op: "`+name+" ") {
			t.Errorf("%s has no case", name)
		}
	}
}
