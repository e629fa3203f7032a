"""What kernels.py measures: nodes with the operands that they have in losses, and ways to the same number."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
from onnx import TensorProto, helper

Arrays = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Case:
    """A node. Its inputs are names of operands()."""

    op: str
    inputs: tuple[str, ...]
    form: str
    attributes: tuple[tuple[str, object], ...]
    outputs: int = 1
    over: int = 0  # the input whose memory it might take over
    per: str = "element"  # or multiply-add

    @property
    def name(self) -> str:
        return f"{self.op}, {self.form}"

    def node(self, out: str, over: str = "") -> onnx.NodeProto:
        """The node that makes out, with over for the input that it might overwrite."""
        ins = [over if over and i == self.over else name for i, name in enumerate(self.inputs)]
        outs = [out] + [f"{out}.{i}" for i in range(1, self.outputs)]
        return helper.make_node(self.op, ins, outs, out, **dict(self.attributes))

    def work(self, given: Arrays) -> int:
        """How many elements the largest of operands and result has, or multiply-adds the product."""
        shapes = [given[i].shape for i in self.inputs]
        if self.per == "multiply-add":
            attributes = dict(self.attributes)
            n, d = shapes[0][::-1] if attributes.get("transA") else shapes[0]
            return n * d * shapes[1][0 if attributes.get("transB") else 1]
        if self.op in ("Expand", "ConstantOfShape"):
            return int(np.prod(given["extents"]))
        if self.op in ("GatherElements", "Gather"):
            return int(np.prod(shapes[1])) * (shapes[0][1] if self.op == "Gather" else 1)
        largest = max(int(np.prod(s)) for s in shapes)
        try:
            return max(largest, int(np.prod(np.broadcast_shapes(*shapes))))
        except ValueError:
            return largest


def operands(n: int, c: int, d: int) -> Arrays:
    """x, y, z [N,C] in forms, i and j of integers, b and most of bools; e [N,D], w [C,D]."""
    r = np.random.default_rng(0)
    f = np.float32
    x, y = (r.standard_normal((n, c), f) for _ in range(2))
    i = r.integers(0, 1000, (n, c))
    few = r.random((n, c), f) < 1 / 32
    w = r.standard_normal((c, d), f)
    return {
        "x": x, "y": y, "positive": np.abs(x) + f(0.1), "cosine": np.clip(x / 4, -1, 1), "line": x.reshape(-1),
        "line 1": x[:1, :1].reshape(-1), "x 1": x.reshape(n, 1, c),
        "row": y[:, :1].copy(), "col": y[:1].copy(), "scalar": np.array(1.5, f), "zero": np.array(0, f),
        "i": i, "j": r.integers(0, 1000, (n, c)), "i row": i[:, :1].copy(), "i col": i[:1].copy(), "i scalar": np.array(7),
        "b": few, "most": ~few, "b row": few[:, :1].copy(), "b col": few[:1].copy(),
        "e": r.standard_normal((n, d), f), "w": w, "w in pieces": w.reshape(c, -1, min(d, 64)), "dw": r.standard_normal((c, d), f),
        "ones": np.ones((1, n), f), "k": r.standard_normal((c, 1), f),
        "targets": r.integers(0, c, n), "target": r.integers(0, c, (n, 1)),
        "target of all": np.broadcast_to(r.integers(0, c, (n, 1)), (n, d)).copy(),
        "axis 0": np.array([0]), "axis 1": np.array([1]), "axis": np.array(1), "flat": np.array([-1]),
        "1": np.array([1]), "8": np.array([min(8, c)]), "extents": np.array([n, c]),
    }


SHORT = {"x": "float", "i": "int64", "b": "bool"}
FORMS = {"y": "same shape", "row": "[N,1]", "col": "[1,C]", "scalar": "scalar"}


def cases() -> list[Case]:
    """Every kernel that onnxexport writes, and some that it could write in their place."""
    found: list[Case] = []

    def add(op: str, form: str, *inputs: str, outputs: int = 1, over: int = 0, per: str = "element", **attributes) -> None:
        found.append(Case(op, inputs, form, tuple(attributes.items()), outputs, over, per))

    for op in ("Neg", "Abs", "Floor", "Exp", "Sin", "Cos"):
        add(op, "float", "x")
    for op in ("Log", "Sqrt", "Reciprocal"):
        add(op, "float", "positive")
    add("Acos", "float", "cosine")
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Less", "LessOrEqual", "Equal"):
        for other, form in FORMS.items():
            add(op, form, "x", other)
        add(op, "[N,1] with [1,C]", "row", "col")
    add("Mul", "with itself", "x", "x")
    add("Sub", "scalar first", "scalar", "x", over=1)
    add("Div", "scalar first", "scalar", "positive", over=1)
    add("Pow", "scalar", "positive", "scalar")
    for op in ("Add", "Mul", "Less", "LessOrEqual", "Equal"):
        add(op, "int64, same shape", "i", "j")
        add(op, "int64, scalar", "i", "i scalar")
        add(op, "int64, [N,1] with [1,C]", "i row", "i col")
    add("Not", "bool", "b")
    for op in ("And", "Or"):
        add(op, "same shape", "b", "most")
        add(op, "[N,1]", "b", "b row")
        add(op, "[1,C]", "b", "b col")
    add("Where", "same shape", "b", "x", "y", over=1)
    add("Where", "scalar where true", "b", "scalar", "x", over=2)
    add("Where", "scalar where false", "b", "x", "scalar", over=1)
    add("Where", "[N,1] where false", "b", "x", "row", over=1)
    add("Where", "scalars", "b", "scalar", "zero")
    add("Where", "condition [N,1]", "b row", "x", "scalar", over=1)
    add("Where", "int64, scalar where false", "b", "i", "i scalar", over=1)
    for source, to in (("b", "FLOAT"), ("b", "INT64"), ("b", "INT32"), ("i", "FLOAT"), ("x", "INT64"), ("x", "BOOL")):
        add("Cast", f"{SHORT[source]} to {to.lower()}", source, to=getattr(TensorProto, to))
    for source in ("x", "i"):
        of = SHORT[source]
        add("ReduceSum", f"{of}, inner", source, "axis 1", keepdims=0)
        add("ReduceSum", f"{of}, outer", source, "axis 0", keepdims=0)
        add("ReduceSum", f"{of}, all", source, keepdims=0)
        add("ReduceMax", f"{of}, inner", source, axes=[1], keepdims=0)
        add("ReduceMax", f"{of}, outer", source, axes=[0], keepdims=0)
        add("ArgMax", f"{of}, inner", source, axis=1, keepdims=0)
    add("ReduceMin", "float, inner", "x", axes=[1], keepdims=0)
    add("ArgMin", "float, inner", "x", axis=1, keepdims=0)
    add("ArgMax", "float, outer", "x", axis=0, keepdims=0)
    for op in ("ReduceMean", "ReduceLogSumExp"):
        add(op, "inner", "x", axes=[1], keepdims=0)
    for op in ("ReduceL2", "ReduceSumSquare"):
        add(op, "inner", "w", axes=[1], keepdims=0)  # what norms are of: rows of D elements
    add("ReduceSumSquare", "pieces of 64", "w in pieces", axes=[2], keepdims=0)
    for op in ("Softmax", "LogSoftmax"):
        add(op, "inner", "x", axis=-1)
    add("TopK", "1 of each row", "x", "1", outputs=2, axis=-1, largest=1, sorted=1)
    add("TopK", "8 of each row", "x", "8", outputs=2, axis=-1, largest=1, sorted=1)
    add("CumSum", "float, inner", "x", "axis")
    add("CumSum", "int64, inner", "i", "axis")
    add("Transpose", "float", "x", perm=[1, 0])
    add("Transpose", "bool", "b", perm=[1, 0])
    add("Expand", "[N,1]", "row", "extents")
    add("Expand", "[1,C]", "col", "extents")
    add("ConstantOfShape", "float", "extents")
    add("Identity", "float", "x")
    add("Reshape", "float", "x", "flat", allowzero=1)
    add("Unsqueeze", "float", "x", "axis 1")
    add("Squeeze", "float", "x 1", "axis 1")
    add("Concat", "one more", "line", "line 1", axis=0)
    add("GatherElements", "one of each row", "x", "target", axis=1)
    add("ScatterElements", "one of each row", "x", "target", "row", axis=1)
    add("Gather", "N rows of [C,D]", "w", "targets", axis=0)
    add("ScatterND", "add N rows to [C,D]", "w", "target", "e", reduction="add")
    add("ScatterElements", "add N rows to [C,D]", "w", "target of all", "e", axis=0, reduction="add")
    add("NonZero", "bool", "b")
    product = {"per": "multiply-add"}
    add("MatMul", "[N,C]·[C,D]", "x", "w", **product)
    add("Gemm", "[N,C]·[C,D]", "x", "w", **product)
    add("Gemm", "[N,D]·[C,D]ᵀ", "e", "w", transB=1, **product)
    add("Gemm", "[N,D]·[C,D]ᵀ + [N,C]", "e", "w", "y", over=2, transB=1, **product)
    add("Gemm", "[N,D]·[C,D]ᵀ + [1,C]", "e", "w", "col", transB=1, **product)
    add("Gemm", "[N,D]·[C,D]ᵀ + [N,1]", "e", "w", "row", transB=1, **product)
    add("Gemm", "[N,C]ᵀ·[N,D]", "x", "e", transA=1, **product)
    add("Gemm", "[N,C]ᵀ·[N,D] + [C,D]", "x", "e", "dw", over=2, transA=1, **product)
    add("MatMul", "[1,N]·[N,C]", "ones", "x", **product)
    add("MatMul", "[N,C]·[C,1]", "x", "k", **product)
    return found


@dataclasses.dataclass(frozen=True)
class Way:
    """A graph for a number that other graphs make as well."""

    group: str
    name: str
    nodes: tuple[onnx.NodeProto, ...]  # the last makes the result


def ways() -> list[Way]:
    """The ways that the compiler could choose from where a tensor of the weight's size is touched."""
    found: list[Way] = []

    def add(name: str, *nodes: tuple) -> None:
        made = [helper.make_node(n[0], n[1].split("|"), n[2].split("|"), **(n[3] if len(n) > 3 else {})) for n in nodes]
        found.append(Way(group, name, tuple(made)))

    group = "squares of the rows of w [C,D], summed"
    rows = {"axes": [1], "keepdims": 0}
    root = ("Mul", "root|root", "out")
    add("Mul, ReduceSum", ("Mul", "w|w", "s"), ("ReduceSum", "s|axis 1", "out", {"keepdims": 0}))
    add("ReduceSumSquare", ("ReduceSumSquare", "w", "out", rows))
    add("ReduceSumSquare of pieces of 64, ReduceSum", ("Reshape", "w|pieces of d", "p"), ("ReduceSumSquare", "p", "s", {"axes": [2], "keepdims": 0}),
        ("ReduceSum", "s|axis 1", "out", {"keepdims": 0}))
    add("ReduceL2, squared", ("ReduceL2", "w", "root", rows), root)
    add("MatMul [C,1,D]·[C,D,1]", ("Unsqueeze", "w|axis 1", "a"), ("Unsqueeze", "w|axis 2", "b"),
        ("MatMul", "a|b", "s"), ("Squeeze", "s|axes 1 2", "out"))
    add("Mul, MatMul by ones", ("Mul", "w|w", "s"), ("MatMul", "s|ones d", "m"), ("Squeeze", "m|axis 1", "out"))
    add("Einsum cd,cd->c", ("Einsum", "w|w", "out", {"equation": "cd,cd->c"}))
    add("Pow, ReduceMean", ("Pow", "w|two", "s"), ("ReduceMean", "s", "m", rows), ("Mul", "m|d", "out"))
    add("LpPool", ("Unsqueeze", "w|axis 1", "a"), ("GlobalLpPool", "a", "g"), ("Squeeze", "g|axes 1 2", "root"), root)

    group = "rows of w [C,D] over their norms"
    keep = {"axes": [1], "keepdims": 1}
    add("Mul, ReduceSum, Sqrt, Div", ("Mul", "w|w", "s"), ("ReduceSum", "s|axis 1", "t", {"keepdims": 1}),
        ("Sqrt", "t", "n"), ("Div", "w|n", "out"))
    add("ReduceL2, Div", ("ReduceL2", "w", "n", keep), ("Div", "w|n", "out"))
    add("LpNormalization", ("LpNormalization", "w", "out", {"axis": 1, "p": 2}))

    group = "k·w + xᵀe [C,D], k [C,1], x [N,C], e [N,D]"
    add("Gemm, Mul, Add", ("Gemm", "x|e", "a", {"transA": 1}), ("Mul", "w|k", "b"), ("Add", "a|b", "out"))
    add("Mul, Gemm, Add", ("Mul", "w|k", "b"), ("Gemm", "x|e", "a", {"transA": 1}), ("Add", "a|b", "out"))
    add("Mul, Gemm with C", ("Mul", "w|k", "b"), ("Gemm", "x|e|b", "out", {"transA": 1}))
    add("Gemm of w, then Mul (another number)", ("Gemm", "x|e|w", "a", {"transA": 1}), ("Mul", "a|k", "out"))
    add("Gemm alone (another number)", ("Gemm", "x|e", "out", {"transA": 1}))

    group = "columns of x∘y [N,C], summed"
    add("Mul, ReduceSum outer", ("Mul", "x|y", "s"), ("ReduceSum", "s|axis 0", "out", {"keepdims": 0}))
    add("Mul, MatMul of ones", ("Mul", "x|y", "s"), ("MatMul", "ones|s", "m"), ("Squeeze", "m|axis 0", "out"))
    add("Mul, Gemm NT of ones", ("Mul", "x|y", "s"), ("Gemm", "s|ones", "m", {"transA": 1, "transB": 1}),
        ("Squeeze", "m|axis 1", "out"))
    return found


def constants(d: int) -> Arrays:
    """What the ways need beside operands()."""
    return {"axis 2": np.array([2]), "axes 1 2": np.array([1, 2]), "ones d": np.ones((d, 1), np.float32),
            "two": np.array(2, np.float32), "d": np.array(d, np.float32), "pieces of d": np.array([0, -1, min(d, 64)])}
