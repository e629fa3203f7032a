package irval

import (
	"losscc/ir"
	"losscc/verify/tensor"
)

// kernel makes one value from its arguments, which have the types that the
// op's type rule asks for.
type kernel func(fr *frame, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error)

// table is the meaning of every op. It is filled at start-up because a call
// leads back to it.
var table map[*ir.Op]kernel

func init() {
	table = map[*ir.Op]kernel{
		ir.OpParam: nil, // bound before the run
		ir.OpCall:  call,

		ir.OpConst: constant, ir.OpInt: whole, ir.OpAttr: attribute,
		ir.OpIota: iota, ir.OpExtent: extent,

		ir.OpNeg: scalar, ir.OpAbs: scalar, ir.OpExp: scalar, ir.OpLog: scalar, ir.OpSqrt: scalar,
		ir.OpFloor: scalar, ir.OpSin: scalar, ir.OpCos: scalar, ir.OpAcos: scalar, ir.OpRecip: scalar,
		ir.OpSigmoid: scalar, ir.OpSoftplus: scalar, ir.OpStop: scalar, ir.OpPow: power,
		ir.OpThrough: func(_ *frame, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) { return args[0], nil },

		ir.OpAdd: scalar, ir.OpSub: scalar, ir.OpMul: scalar, ir.OpDiv: scalar, ir.OpMax: scalar, ir.OpMin: scalar,

		ir.OpLess:      compare(less[float64], less[int64]),
		ir.OpLessEqual: compare(lessEqual[float64], lessEqual[int64]),
		ir.OpEqual:     compare(equal[float64], equal[int64]),
		ir.OpAnd:       logic(func(x []bool) bool { return x[0] && x[1] }),
		ir.OpOr:        logic(func(x []bool) bool { return x[0] || x[1] }),
		ir.OpNot:       logic(func(x []bool) bool { return !x[0] }),
		ir.OpSelect:    choose, ir.OpFloat: toFloat, ir.OpToInt: toInt,

		ir.OpSum: sum, ir.OpReduceMax: reduceMax, ir.OpReduceMin: reduceMin, ir.OpNorm: norm, ir.OpLongNorm: norm, ir.OpArgMax: argMax, ir.OpArgMin: argMin, ir.OpArgTop: argTop, ir.OpCumSum: cumSum,

		ir.OpMatMul: matMul, ir.OpMatMulAdd: matMulAdd, ir.OpMatMulBy: matMulBy, ir.OpTranspose: transpose, ir.OpExpand: expand,
		ir.OpReshape: reshape, ir.OpUnsqueeze: unsqueeze, ir.OpSqueeze: squeeze,

		ir.OpPick: pick, ir.OpPut: put, ir.OpTake: take, ir.OpAddAt: addAt, ir.OpGather: gather, ir.OpScatterAdd: scatterAdd,
		ir.OpNonZero: nonZero, ir.OpConcat: concat,
	}
}
