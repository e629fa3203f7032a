"""Losses that losscc compiled to ONNX, as PyTorch modules.

    import losscc_torch

    head = losscc_torch.Loss("arcface.onnx", C=1000, D=512)  # an nn.Module
    loss = head(embeddings, labels)
    loss.backward()

`losscc bridge pytorch` writes this file; it needs torch, and for the backend
`onnxruntime` also onnxruntime. Copy it next to your code and import it.

What becomes of the file's inputs
    A parameter (`weight`, `bias`, `proxies`, `margins`, ...) is an nn.Parameter
    under its name, started as the loss's paper starts it. State (`t`,
    `batch_mean`, ...) is a buffer under its name and moves in training mode only.
    A schedule (`lambda`) follows the rule that the file states, counted by the
    buffer `iteration` in training mode; noise is drawn anew in each call, and is
    zero in evaluation mode where it is a normal deviate. What is left (`embeddings`,
    `labels`, `triplets`, ...) goes to `forward` in the file's order. Any input
    may be given to `forward` by name instead: head(x, y, **{"lambda": 5.0}).

The two backends
    `onnxruntime` runs the file in one session: value and gradients come out of
    one run, tensors go in and out without a copy on the CPU (and on CUDA where
    onnxruntime has its provider; otherwise through the CPU). Only the gradients
    that are needed are computed. Gradients are written into buffers that are used
    again once the graph of a loss is gone; backward() hands out new tensors,
    which no later call overwrites. Arithmetic is in the file's type.

    `torch` runs the same file op by op in torch, on any device, and can be
    compiled by torch.compile. It reads the file by itself. Arithmetic is in the
    widest floating type that comes in, and never below float32.

Gradients
    A file built with --grad brings its own gradient, and both backends use it. Of
    a file without, backend `torch` differentiates the formula by autograd, holding
    constant what the formula holds constant; backend `onnxruntime` gives the value
    only and refuses backward(). With --reduction none the file's gradient is that of
    the sum of all rows: the gradient that comes back must be one number for all of
    them (as .sum() and .mean() give); for other weights build without --grad
    and use backend `torch`.

Mixed precision
    float16 and bfloat16 embeddings are widened first, autocast is off inside, and
    the loss comes back in the type of the arithmetic; the gradient of each input
    has the input's own type. A float16 file keeps its parameters in float32.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import json
import math
import operator
import os
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Union

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

__all__ = ["Graph", "Loss", "LossError"]

Host = Union[int, "list[int]"]  # a whole number, or a vector of them, that no tensor holds
Value = Union[Tensor, int, "list[int]"]


class LossError(ValueError):
    """A file, or a tensor given to it, is not what was wanted; the message says what is."""


# ------------------------------------------------------------------ protobuf


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """The varint at a position, and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise LossError("not an ONNX file: a number runs on")


@dataclasses.dataclass
class _Field:
    number: int
    value: Any  # int, or memoryview
    raw: memoryview  # with its key

    def text(self) -> str:
        return bytes(self.value).decode()

    def int64(self) -> int:
        value: int = self.value
        return value - (1 << 64) if value >> 63 else value

    def int64s(self) -> list[int]:
        """A repeated whole number, packed or not."""
        if isinstance(self.value, int):
            return [self.int64()]
        found, at = [], 0
        while at < len(self.value):
            value, at = _varint(self.value, at)
            found.append(value - (1 << 64) if value >> 63 else value)
        return found


def _fields(data: memoryview) -> Iterator[_Field]:
    """The fields of a protobuf message, in their order."""
    at = 0
    try:
        while at < len(data):
            begin = at
            key, at = _varint(data, at)
            wire = key & 7
            value: Any
            if wire == 0:
                value, at = _varint(data, at)
            else:
                size = 8 if wire == 1 else 4
                if wire == 2:
                    size, at = _varint(data, at)
                elif wire not in (1, 5):
                    raise LossError(f"not an ONNX file: wire type {wire} at byte {begin}")
                value, at = data[at : at + size], at + size
            if at > len(data):
                raise LossError("not a whole ONNX file: it ends in the middle of a field")
            yield _Field(key >> 3, value, data[begin:at])
    except IndexError:
        raise LossError("not a whole ONNX file: it ends in the middle of a number") from None


def _message(number: int, body: bytes) -> bytes:
    """A field that holds a message."""
    out = bytearray()
    for value in (number << 3 | 2, len(body)):
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        out.append(value)
    return bytes(out) + body


# ------------------------------------------------------------------ the model

_FLOAT, _INT32, _INT64, _BOOL, _HALF, _DOUBLE = 1, 6, 7, 9, 10, 11
_DTYPES = {
    _FLOAT: torch.float32, _INT32: torch.int32, _INT64: torch.int64,
    _BOOL: torch.bool, _HALF: torch.float16, _DOUBLE: torch.float64,
}  # fmt: skip
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclasses.dataclass(frozen=True)
class _Ref:
    """An attribute that takes its value from the function's call."""

    name: str


@dataclasses.dataclass
class _Node:
    op: str
    domain: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]


@dataclasses.dataclass
class _Port:
    """A declared input or output."""

    name: str
    dtype: torch.dtype
    dims: list[str]  # a symbol, or a number


@dataclasses.dataclass
class _Function:
    inputs: list[str]
    outputs: list[str]
    nodes: list[_Node]


def _tensor(data: memoryview) -> tuple[str, Tensor]:
    """The name and the value of a TensorProto."""
    name, elem, dims = "", 0, []
    raw, floats, whole = bytearray(), bytearray(), []
    width = "f"
    for f in _fields(data):
        if f.number == 1:
            dims += f.int64s()
        elif f.number == 2:
            elem = f.value
        elif f.number in (4, 10):
            floats += bytes(f.value)
            width = "f" if f.number == 4 else "d"
        elif f.number in (5, 7):
            whole += f.int64s()
        elif f.number == 8:
            name = f.text()
        elif f.number == 9:
            raw += bytes(f.value)
    if elem not in _DTYPES:
        raise LossError(f"constant {name or '?'}: element type {elem} is not read")
    dtype = _DTYPES[elem]
    if floats:
        whole = list(struct.unpack(f"<{len(floats) // struct.calcsize(width)}{width}", floats))
    if raw:
        return name, torch.frombuffer(raw, dtype=dtype).reshape(dims)
    return name, torch.tensor(whole, dtype=dtype).reshape(dims)


def _attribute(data: memoryview) -> tuple[str, Any]:
    name, ref, kind = "", "", 0
    values: dict[int, Any] = {}
    ints: list[int] = []
    for f in _fields(data):
        if f.number == 1:
            name = f.text()
        elif f.number == 2:
            values[1] = struct.unpack("<f", f.value)[0]
        elif f.number == 3:
            values[2] = f.int64()
        elif f.number == 4:
            values[3] = f.text()
        elif f.number == 5:
            values[4] = _tensor(f.value)[1]
        elif f.number == 8:
            ints += f.int64s()
        elif f.number == 20:
            kind = f.value
        elif f.number == 21:
            ref = f.text()
    if ref:
        return name, _Ref(ref)
    if kind == 7:
        return name, ints
    defaults = {1: 0.0, 2: 0, 3: ""}
    if kind not in values and kind not in defaults:
        raise LossError(f"attribute {name}: type {kind} is not read")
    return name, values.get(kind, defaults.get(kind))


def _node(data: memoryview) -> _Node:
    node = _Node("", "", [], [], {})
    for f in _fields(data):
        if f.number == 1:
            node.inputs.append(f.text())
        elif f.number == 2:
            node.outputs.append(f.text())
        elif f.number == 4:
            node.op = f.text()
        elif f.number == 5:
            name, value = _attribute(f.value)
            node.attributes[name] = value
        elif f.number == 7:
            node.domain = f.text()
    return node


def _inside(data: memoryview, *path: int) -> Iterator[_Field]:
    """The fields at a path of field numbers."""
    for f in _fields(data):
        if f.number == path[0]:
            if len(path) == 1:
                yield f
            else:
                yield from _inside(f.value, *path[1:])


def _port(data: memoryview) -> _Port:
    name = next(_inside(data, 1)).text()
    elem = next((f.value for f in _inside(data, 2, 1, 1)), 0)
    if elem not in _DTYPES:
        raise LossError(f"{name}: element type {elem} is not read")
    dims = []
    for dim in _inside(data, 2, 1, 2, 1):
        for f in _fields(dim.value):
            dims.append(f.text() if f.number == 2 else str(f.value))
    return _Port(name, _DTYPES[elem], dims)


class _Model:
    """What a file says: ports, nodes, functions, constants, metadata."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.metadata: dict[str, str] = {}
        self.functions: dict[tuple[str, str], _Function] = {}
        self.inputs: list[_Port] = []
        self.outputs: list[_Port] = []
        self.constants: dict[str, Tensor] = {}
        self.nodes: list[_Node] = []
        for f in _fields(memoryview(data)):
            if f.number == 7:
                self._read_graph(f.value)
            elif f.number == 14:
                entry = {g.number: g.text() for g in _fields(f.value)}
                self.metadata[entry.get(1, "")] = entry.get(2, "")
            elif f.number == 25:
                self._read_function(f.value)
        if not self.outputs:
            raise LossError("not an ONNX file: it has no graph with outputs")

    def _read_graph(self, data: memoryview) -> None:
        for f in _fields(data):
            if f.number == 1:
                self.nodes.append(_node(f.value))
            elif f.number == 5:
                name, value = _tensor(f.value)
                self.constants[name] = value
            elif f.number == 11:
                self.inputs.append(_port(f.value))
            elif f.number == 12:
                self.outputs.append(_port(f.value))

    def _read_function(self, data: memoryview) -> None:
        made, name, domain = _Function([], [], []), "", ""
        for f in _fields(data):
            if f.number == 1:
                name = f.text()
            elif f.number == 4:
                made.inputs.append(f.text())
            elif f.number == 5:
                made.outputs.append(f.text())
            elif f.number == 7:
                made.nodes.append(_node(f.value))
            elif f.number == 10:
                domain = f.text()
        self.functions[domain, name] = made

    def needed(self, outputs: Sequence[str]) -> tuple[set[int], set[str]]:
        """The nodes, by number, and the names that the outputs are made from."""
        names, nodes = set(outputs), set()
        for i in range(len(self.nodes) - 1, -1, -1):
            if names.intersection(self.nodes[i].outputs):
                nodes.add(i)
                names.update(self.nodes[i].inputs)
        return nodes, names

    def only(self, outputs: Sequence[str]) -> bytes:
        """The file with these outputs alone, and what they need."""
        nodes, names = self.needed(outputs)
        out = bytearray()
        for f in _fields(memoryview(self.data)):
            if f.number != 7:
                out += f.raw
                continue
            graph, i = bytearray(), 0
            for g in _fields(f.value):
                keep = True
                if g.number == 1:
                    keep, i = i in nodes, i + 1
                elif g.number in (11, 12):
                    name = next(_inside(g.value, 1)).text()
                    keep = name in (names if g.number == 11 else outputs)
                elif g.number == 5:
                    keep = next(_inside(g.value, 8)).text() in names
                if keep:
                    graph += g.raw
            out += _message(7, bytes(graph))
        return bytes(out)


# ------------------------------------------------------------------ ops in torch


@dataclasses.dataclass
class _Run:
    """What ops ask of the run that they are part of."""

    device: torch.device
    dtype: torch.dtype  # of the arithmetic
    file_dtype: torch.dtype
    autograd: bool  # derivatives are taken by torch
    held: list[Tensor] | None = None  # what was held constant in an earlier run
    recording: bool = False
    stops: int = 0

    def tensor(self, v: Value) -> Tensor:
        if isinstance(v, Tensor):
            return v
        if isinstance(v, list):
            dtype = None if isinstance(next(iter(v), 0), bool) else torch.int64
            return torch.tensor(v, dtype=dtype, device=self.device)
        return torch.full((), v, dtype=torch.int64, device=self.device)

    def cast(self, to: int) -> torch.dtype:
        """The type that a Cast means: the file's own float is the run's."""
        dtype = _DTYPES[to]
        inside = torch.float32 if self.file_dtype == torch.float16 else self.file_dtype
        if dtype in (inside, self.file_dtype):
            return self.dtype
        return dtype


def _host(v: Value) -> list[int]:
    """A vector of whole numbers as numbers."""
    if isinstance(v, Tensor):
        found: list[int] = v.reshape(-1).tolist()
        return found
    return v if isinstance(v, list) else [v]


Op = Callable[[_Run, "dict[str, Any]", "list[Value]"], Any]
_OPS: dict[str, Op] = {}


def _op(*names: str) -> Callable[[Op], Op]:
    def enter(f: Op) -> Op:
        for name in names:
            _OPS[name] = f
        return f

    return enter


def _plain(f: Callable[..., Tensor]) -> Op:
    """An op that is a function of tensors."""
    return lambda run, a, x: f(*[run.tensor(v) for v in x])


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "Abs": torch.abs, "Add": torch.add, "And": torch.logical_and, "Ceil": torch.ceil, "Cos": torch.cos,
    "Erf": torch.erf, "Floor": torch.floor, "Greater": torch.gt,
    "GreaterOrEqual": torch.ge, "IsNaN": torch.isnan, "Less": torch.lt, "LessOrEqual": torch.le,
    "Log": torch.log, "MatMul": torch.matmul, "Neg": torch.neg, "Not": torch.logical_not,
    "Or": torch.logical_or, "Relu": torch.relu, "Round": torch.round, "Sigmoid": torch.sigmoid,
    "Sign": torch.sign, "Sin": torch.sin, "Sub": torch.sub, "Tanh": torch.tanh,
    "Xor": torch.logical_xor,
}  # fmt: skip
_OPS.update({name: _plain(f) for name, f in _FUNCTIONS.items()})


# Where the calculus of autograd is not the file's (a root at 0, a tie, an
# overflow) these say what the file's own gradient says, under autograd.


def _where_safe(run: _Run, bad: Tensor, x: Tensor, f: Callable[[Tensor], Tensor], ok: float) -> Tensor:
    """f(x), with gradient 0 where x is bad; ok is a number that is not."""
    if not run.autograd:
        return f(x)
    return torch.where(bad, f(x.detach()), f(torch.where(bad, torch.full_like(x, ok), x)))


@_op("Sqrt")
def _sqrt(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    return _where_safe(run, t == 0, t, torch.sqrt, 1)


@_op("Reciprocal")
def _reciprocal(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    return _where_safe(run, t == 0, t, torch.reciprocal, 1)


@_op("Acos")
def _acos(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    return _where_safe(run, t.abs() >= 1, t, torch.acos, 0)


@_op("Exp")
def _exp(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    return _where_safe(run, torch.isinf(torch.exp(t.detach())), t, torch.exp, 0)


def _choice(name: str, f: Callable[[Tensor, Tensor], Tensor], first: Callable[[Tensor, Tensor], Tensor]) -> None:
    def op(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
        if not any(isinstance(v, Tensor) for v in x) and not any(isinstance(v, list) for v in x):
            numbers = [v for v in x if isinstance(v, int)]
            return max(numbers) if name == "Max" else min(numbers)
        best = run.tensor(x[0])
        for v in x[1:]:
            t = run.tensor(v)
            if run.autograd and best.is_floating_point():
                best = torch.where(first(best, t) | torch.isnan(best), best, t)
            else:
                best = f(best, t)
        return best

    _OPS[name] = op


_choice("Max", torch.maximum, torch.gt)
_choice("Min", torch.minimum, torch.lt)


@_op("Identity")
def _identity(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
    """In a file of a formula, an Identity is what the formula holds constant."""
    v = x[0]
    if not run.autograd or not isinstance(v, Tensor) or not v.is_floating_point():
        return v
    t = v.detach()
    if run.held is not None:
        if run.recording:
            run.held.append(t)
        else:
            t = run.held[run.stops]
        run.stops += 1
    return t


def _extents(x: list[Value]) -> list[tuple[int, ...]] | None:
    """The elements of vectors of extents beside each other, one of a vector of one for all; None if one is a tensor."""
    if any(isinstance(v, Tensor) for v in x) or not any(isinstance(v, list) for v in x):
        return None
    vectors = [_host(v) for v in x]
    length = max(len(v) for v in vectors)
    return list(zip(*[v * length if len(v) == 1 else v for v in vectors]))


def _either(f: Callable[..., int], g: Callable[..., Tensor]) -> Op:
    """An op that is f of extents and g of tensors."""

    def op(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
        extents = _extents(x)
        return g(*[run.tensor(v) for v in x]) if extents is None else [f(*e) for e in extents]

    return op


def _quotient(p: Tensor, q: Tensor) -> Tensor:
    return torch.div(p, q) if p.is_floating_point() else torch.div(p, q, rounding_mode="trunc")


_product = _either(operator.mul, torch.mul)
_OPS["Div"] = _either(operator.floordiv, _quotient)  # no extent is below 0
_OPS["Equal"] = _either(operator.eq, torch.eq)
_OPS["Mod"] = _either(operator.mod, torch.remainder)
_OPS["Where"] = _either(lambda c, p, q: p if c else q, torch.where)


@_op("Mul")
def _mul(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
    if isinstance(x[0], int) and isinstance(x[1], int):
        return x[0] * x[1]
    product: Value = _product(run, a, x)
    return product


@_op("Pow")
def _pow(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    return torch.pow(run.tensor(x[0]), run.tensor(x[1]))


@_op("Cast")
def _cast(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
    if not isinstance(x[0], Tensor) and a["to"] == _INT64:
        return x[0]
    return run.tensor(x[0]).to(run.cast(a["to"]))


@_op("Clip")
def _clip(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    low = run.tensor(x[1]) if len(x) > 1 else None
    high = run.tensor(x[2]) if len(x) > 2 else None
    return torch.clamp(run.tensor(x[0]), low, high)


def _axes(a: dict[str, Any], x: list[Value], t: Tensor) -> list[int]:
    """The axes of a reduction: an input, an attribute, or all."""
    if len(x) > 1:
        return _host(x[1])
    axes: list[int] = a.get("axes", list(range(t.dim())))
    return axes


@_op("ReduceSum")
def _reduce_sum(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    axes = _axes(a, x, t)
    return torch.sum(t, axes, keepdim=bool(a.get("keepdims", 1))) if axes else t


@_op("ReduceSumSquare")
def _reduce_sum_square(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    total: Tensor = _reduce_sum(run, a, [t * t, *x[1:]])
    return total


@_op("ReduceL2")
def _reduce_l2(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    norm: Tensor = _sqrt(run, {}, [_reduce_sum_square(run, a, [t, *x[1:]])])
    return norm


def _extreme(name: str, best: Callable[..., Tensor], empty: float) -> None:
    def op(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
        t = run.tensor(x[0])
        keep = bool(a.get("keepdims", 1))
        for axis in sorted((i % t.dim() for i in _axes(a, x, t)), reverse=True):
            if t.shape[axis] == 0:
                shape = [n for i, n in enumerate(t.shape) if i != axis]
                t = torch.full(shape, empty, dtype=t.dtype, device=t.device).unsqueeze(axis)
            else:  # the first winner has the whole gradient
                t = torch.gather(t, axis, best(t.detach(), axis, keepdim=True))
            t = t if keep else t.squeeze(axis)
        return t

    _OPS[name] = op


_extreme("ReduceMax", torch.argmax, -math.inf)
_extreme("ReduceMin", torch.argmin, math.inf)


@_op("ReduceMean")
def _reduce_mean(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    return torch.mean(t, _axes(a, x, t), keepdim=bool(a.get("keepdims", 1)))


@_op("ArgMax")
def _arg_max(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    return torch.argmax(run.tensor(x[0]).detach(), a.get("axis", 0), keepdim=bool(a.get("keepdims", 1)))


@_op("ArgMin")
def _arg_min(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    return torch.argmin(run.tensor(x[0]).detach(), a.get("axis", 0), keepdim=bool(a.get("keepdims", 1)))


@_op("TopK")
def _top_k(run: _Run, a: dict[str, Any], x: list[Value]) -> tuple[Tensor, Tensor]:
    """Of equals the first comes first, which torch.topk does not promise."""
    axis, k = a.get("axis", -1), _host(x[1])[0]
    t = run.tensor(x[0])
    found = torch.sort(t, dim=axis, descending=bool(a.get("largest", 1)), stable=True)
    return found[0].narrow(axis, 0, k), found[1].narrow(axis, 0, k)


@_op("CumSum")
def _cum_sum(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t, axis = run.tensor(x[0]), _host(x[1])[0]
    if a.get("reverse"):
        t = t.flip(axis)
    y = torch.cumsum(t, axis, dtype=t.dtype)
    y = y - t if a.get("exclusive") else y
    return y.flip(axis) if a.get("reverse") else y


@_op("Gemm")
def _gemm(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    p, q = run.tensor(x[0]), run.tensor(x[1])
    y = (p.t() if a.get("transA") else p) @ (q.t() if a.get("transB") else q)
    if (alpha := a.get("alpha", 1.0)) != 1.0:
        y = y * alpha
    return y + run.tensor(x[2]) * a.get("beta", 1.0) if len(x) > 2 else y


@_op("Transpose")
def _transpose(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t = run.tensor(x[0])
    return t.permute(a.get("perm", list(range(t.dim()))[::-1]))


@_op("Shape")
def _shape(run: _Run, a: dict[str, Any], x: list[Value]) -> Host:
    shape = list(run.tensor(x[0]).shape)
    return shape[a.get("start", 0) : a.get("end", len(shape))]


@_op("Squeeze")
def _squeeze(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
    if isinstance(x[0], list):
        return x[0][0]
    t = run.tensor(x[0])
    for axis in sorted((i % t.dim() for i in _host(x[1])), reverse=True):
        t = t.squeeze(axis)
    return t


@_op("Unsqueeze")
def _unsqueeze(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
    axes = _host(x[1])
    if isinstance(x[0], int) and axes == [0]:
        return [x[0]]
    t = run.tensor(x[0])
    rank = t.dim() + len(axes)
    for axis in sorted(i % rank for i in axes):
        t = t.unsqueeze(axis)
    return t


@_op("Concat")
def _concat(run: _Run, a: dict[str, Any], x: list[Value]) -> Value:
    if not any(isinstance(v, Tensor) for v in x):
        return [n for v in x for n in _host(v)]
    return torch.cat([run.tensor(v) for v in x], a["axis"])


@_op("Reshape")
def _reshape(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t, shape = run.tensor(x[0]), _host(x[1])
    if not a.get("allowzero", 0):
        shape = [t.shape[i] if n == 0 else n for i, n in enumerate(shape)]
    return t.reshape(shape)


@_op("Expand")
def _expand(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t, shape = run.tensor(x[0]), _host(x[1])
    rank = max(t.dim(), len(shape))
    have, want = [1] * (rank - t.dim()) + list(t.shape), [1] * (rank - len(shape)) + shape
    return t.expand([m if n == 1 else n for m, n in zip(have, want)])


@_op("ConstantOfShape")
def _constant_of_shape(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    value = a.get("value", torch.zeros(1))
    dtype = run.dtype if value.is_floating_point() else value.dtype
    return torch.full(_host(x[0]), value.item(), dtype=dtype, device=run.device)


@_op("Range")
def _range(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    start, end, step = (_host(v)[0] for v in x)
    return torch.arange(start, end, step, device=run.device)


@_op("Gather")
def _gather(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t, index, axis = run.tensor(x[0]), run.tensor(x[1]), a.get("axis", 0)
    found = t.index_select(axis, index.reshape(-1))
    return found.reshape(t.shape[:axis] + index.shape + t.shape[axis + 1 :])


@_op("GatherElements")
def _gather_elements(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    return torch.gather(run.tensor(x[0]), a.get("axis", 0), run.tensor(x[1]))


@_op("ScatterElements")
def _scatter_elements(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t, axis, index, by = run.tensor(x[0]), a.get("axis", 0), run.tensor(x[1]), run.tensor(x[2])
    if a.get("reduction", "none") == "add":
        return t.scatter_add(axis, index, by)
    return t.scatter(axis, index, by)


@_op("ScatterND")
def _scatter_nd(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    t, index, by = run.tensor(x[0]), run.tensor(x[1]), run.tensor(x[2])
    return t.index_put(tuple(index.unbind(-1)), by, accumulate=a.get("reduction", "none") == "add")


@_op("NonZero")
def _non_zero(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    return torch.nonzero(run.tensor(x[0])).t()


@_op("Trilu")
def _trilu(run: _Run, a: dict[str, Any], x: list[Value]) -> Tensor:
    k = _host(x[1])[0] if len(x) > 1 else 0
    return (torch.triu if a.get("upper", 1) else torch.tril)(run.tensor(x[0]), k)


# The attributes that the ops above act on. A file with another one, or with one
# whose value means something else, is refused, because its values would be wrong.
_KNOWN = {
    "ArgMax": "axis keepdims", "ArgMin": "axis keepdims", "Cast": "to saturate", "Concat": "axis",
    "ConstantOfShape": "value", "CumSum": "exclusive reverse", "Gather": "axis", "GatherElements": "axis",
    "Gemm": "alpha beta transA transB", "ReduceL2": "axes keepdims", "ReduceMax": "axes keepdims",
    "ReduceMean": "axes keepdims", "ReduceMin": "axes keepdims", "ReduceSum": "keepdims",
    "ReduceSumSquare": "axes keepdims", "Reshape": "allowzero",
    "ScatterElements": "axis reduction", "ScatterND": "reduction", "Shape": "start end", "TopK": "axis largest sorted",
    "Transpose": "perm", "Trilu": "upper",
}  # fmt: skip


def _supported(op: str, attributes: dict[str, Any]) -> bool:
    """Whether backend torch has the op with these attributes."""
    known = op in _OPS and set(attributes) <= set(_KNOWN.get(op, "").split())
    return known and attributes.get("reduction", "none") in ("none", "add")


# ------------------------------------------------------------------ the graph in torch


@dataclasses.dataclass
class _Step:
    op: str
    run: Op
    attributes: dict[str, Any]
    inputs: list[str]
    outputs: list[str]
    dead: list[str] = dataclasses.field(default_factory=list)  # not read any more


class Graph:
    """A file as steps in torch: functions are put in place of their calls.

    inputs and outputs are the names of the file's, metadata what it says of
    itself. This is also the way to run a file that is no loss, such as a miner:
    Graph(path).run({"embeddings": x, "labels": y}).
    """

    def __init__(self, path: str | os.PathLike[str] | bytes) -> None:
        with _about(path):
            self._model = _Model(_read(path))
        self.metadata = self._model.metadata
        self.inputs = [p.name for p in self._model.inputs if p.name not in self._model.constants]
        self.outputs = [p.name for p in self._model.outputs]
        self._constants: dict[str, Tensor] = {}
        self._numbers: dict[str, Host] = {}
        self._placed: dict[tuple[torch.device, torch.dtype], dict[str, Tensor]] = {}
        self._programs: dict[tuple[str, ...], list[_Step]] = {}
        for name, value in self._model.constants.items():
            self._constant(name, value)
        self._steps: list[_Step] | None = None  # made when they are first run
        floats = [p.dtype for p in self._model.inputs + self._model.outputs if p.dtype in _FLOATS]
        self.dtype = floats[0] if floats else torch.float32

    def _constant(self, name: str, value: Tensor) -> None:
        if value.dtype == torch.int64 and value.dim() < 2:
            self._numbers[name] = value.tolist()
        else:
            self._constants[name] = value

    def _flatten(self, nodes: list[_Node], names: dict[str, str], given: dict[str, Any], prefix: str) -> list[_Step]:
        """The steps of nodes: names are what a function's ports are called outside."""
        steps: list[_Step] = []
        for i, node in enumerate(nodes):
            attributes = {
                k: given[v.name] if isinstance(v, _Ref) else v
                for k, v in node.attributes.items()
                if not isinstance(v, _Ref) or v.name in given
            }
            ins = [names.get(n, prefix + n) if n else "" for n in node.inputs]
            outs = [names.get(n, prefix + n) for n in node.outputs]
            function = self._model.functions.get((node.domain, node.op))
            if function is not None:
                ports = dict(zip(function.inputs, ins)) | dict(zip(function.outputs, outs))
                steps += self._flatten(function.nodes, ports, attributes, f"{prefix}{node.op}.{i}.")
            elif node.op == "Constant" and not node.domain:
                value = attributes.get("value", attributes.get("value_float", attributes.get("value_int")))
                self._constant(outs[0], value if isinstance(value, Tensor) else torch.tensor(value))
            elif node.domain or not _supported(node.op, attributes):
                name = f"{node.domain}.{node.op}" if node.domain else node.op
                settings = ", ".join(f"{k}={v}" for k, v in attributes.items())
                raise LossError(f"backend torch has no op {name}({settings}); use backend='onnxruntime'")
            else:
                steps.append(_Step(node.op, _OPS[node.op], attributes, ins, outs))
        return steps

    def _program(self, outputs: tuple[str, ...]) -> list[_Step]:
        """The steps that outputs need, each with what nobody reads after it."""
        if outputs in self._programs:
            return self._programs[outputs]
        if self._steps is None:
            self._steps = self._flatten(self._model.nodes, {}, {}, "")
        names: set[str] = set(outputs)
        program: list[_Step] = []
        for step in reversed(self._steps):
            if names.intersection(step.outputs):
                dead = sorted(set(step.inputs + step.outputs) - names)
                names.update(step.inputs)
                program.append(dataclasses.replace(step, dead=dead))
        program.reverse()
        self._programs[outputs] = program
        return program

    def _place(self, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
        key = (device, dtype)
        if key not in self._placed:
            self._placed[key] = {
                n: t.to(device, dtype) if t.is_floating_point() else t.to(device) for n, t in self._constants.items()
            }
        return self._placed[key]

    def run(
        self,
        inputs: dict[str, Tensor],
        outputs: Iterable[str] | None = None,
        *,
        autograd: bool = False,
        held: list[Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """The outputs by name. With autograd they are differentiable by torch, and
        what the formula holds constant is. An empty list held is filled with these
        constants; a filled one takes their place, which is what a difference
        quotient needs."""
        device = next((t.device for t in inputs.values()), torch.device("cpu"))
        dtype = torch.float32
        for t in inputs.values():
            if t.is_floating_point():
                dtype = torch.promote_types(dtype, t.dtype)
        run = _Run(device, dtype, self.dtype, autograd, held, held is not None and not held)
        wanted = tuple(self.outputs if outputs is None else outputs)
        program = self._program(wanted)  # first: it finds the constants
        values: dict[str, Value] = {n: t.to(dtype) if t.is_floating_point() else t for n, t in inputs.items()}
        values.update(self._place(device, dtype))
        values.update(self._numbers)
        with _no_autocast(device):
            for step in program:
                found = step.run(run, step.attributes, [values[n] for n in step.inputs if n])
                if isinstance(found, tuple):
                    values.update(zip(step.outputs, found))
                else:
                    values[step.outputs[0]] = found
                for name in step.dead:
                    values.pop(name, None)
            return {n: run.tensor(values[n]) for n in wanted}


def _no_autocast(device: torch.device) -> Any:
    """Arithmetic in the types that tensors have; not every device has autocast."""
    if device.type in ("cpu", "cuda", "mps", "xpu"):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()


def _read(path: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(path, (bytes, bytearray)):
        return bytes(path)
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        wanted = f"{e.strerror}, seen from {os.getcwd()}; give the path of a file of losscc build, or its bytes"
        raise OSError(e.errno, wanted, os.fspath(path)) from None


@contextlib.contextmanager
def _about(path: str | os.PathLike[str] | bytes) -> Iterator[None]:
    """What is wrong with a file is said with its name."""
    try:
        yield
    except LossError as e:
        if isinstance(path, (bytes, bytearray)):
            raise
        raise LossError(f"{os.fspath(path)}: {e}") from None


# ------------------------------------------------------------------ ONNX Runtime


class _Lease:
    """Buffers in use; they go back to their pool when nothing holds this."""

    def __init__(self, pool: dict[Any, list[Tensor]]) -> None:
        self.pool = pool
        self.out: list[tuple[Any, Tensor]] = []

    def take(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        key = (tuple(shape), dtype, device)
        free = self.pool.get(key)
        buffer = free.pop() if free else torch.empty(shape, dtype=dtype, device=device)
        self.out.append((key, buffer))
        return buffer

    def __del__(self) -> None:
        for key, buffer in self.out:
            free = self.pool.setdefault(key, [])
            if len(free) < 2:
                free.append(buffer)


# Sessions of a process that forked: their threads are gone, so that they can be
# neither used nor ended.
_abandoned: list[Any] = []


# torch.compile goes around ONNX Runtime, as it must.
_untraced: Callable[[Any], Any] = getattr(getattr(torch, "compiler", None), "disable", lambda f: f)


class _Sessions:
    """A file in ONNX Runtime: a session for each set of outputs and device."""

    def __init__(self, model: _Model) -> None:
        try:
            import numpy
            import onnxruntime
        except ImportError as e:
            raise ImportError(f"{e}: pip install onnxruntime, or use backend='torch'") from None
        self._ort: Any = onnxruntime
        self._kinds: dict[torch.dtype, Any] = {
            torch.float16: numpy.float16, torch.float32: numpy.float32, torch.float64: numpy.float64,
            torch.int64: numpy.int64, torch.int32: numpy.int32, torch.bool: numpy.bool_,
        }  # fmt: skip
        self._model = model
        self._inputs = {p.name: p for p in model.inputs}
        self._outputs = {p.name: p for p in model.outputs}
        self._pool: dict[Any, list[Tensor]] = {}
        self._sessions: dict[Any, Any] = {}
        self._process = os.getpid()
        self._cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()

    def _session(self, outputs: tuple[str, ...], device: torch.device) -> Any:
        if self._process != os.getpid():
            _abandoned.append(self._sessions)
            self._sessions, self._process = {}, os.getpid()
        key: tuple[Any, ...] = (outputs, device)
        providers: list[Any] = ["CPUExecutionProvider"]
        if device.type == "cuda":
            stream = torch.cuda.current_stream(device).cuda_stream
            key += (stream,)
            options = {"device_id": str(device.index or 0), "user_compute_stream": str(stream)}
            providers.insert(0, ("CUDAExecutionProvider", options))
        if key not in self._sessions:
            o = self._ort.SessionOptions()
            o.intra_op_num_threads = torch.get_num_threads()
            o.log_severity_level = 3
            self._sessions[key] = self._ort.InferenceSession(self._model.only(outputs), o, providers=providers)
        return self._sessions[key]

    @_untraced  # type: ignore[untyped-decorator, unused-ignore]
    def run(
        self, feeds: dict[str, Tensor], outputs: tuple[str, ...], extents: dict[str, int], leased: set[str]
    ) -> tuple[dict[str, Tensor], _Lease]:
        """The outputs. Those in leased are in buffers that the lease holds."""
        given = next(iter(feeds.values())).device
        device = given if given.type == "cuda" and self._cuda else torch.device("cpu")
        session = self._session(outputs, device)
        binding = session.io_binding()
        alive = []
        for port in session.get_inputs():
            t = feeds[port.name].detach().to(device).contiguous()
            alive.append(t)
            self._bind(binding.bind_input, port.name, t, alive)
        lease, found = _Lease(self._pool), {}
        for name in outputs:
            port = self._outputs[name]
            shape = [_extent(d, extents) for d in port.dims]
            if any(n is None for n in shape):
                binding.bind_output(name, device.type, device.index or 0)
                continue
            sizes = [n for n in shape if n is not None]
            if name in leased:
                found[name] = lease.take(sizes, port.dtype, device)
            else:
                found[name] = torch.empty(sizes, dtype=port.dtype, device=device)
            self._bind(binding.bind_output, name, found[name], alive)
        session.run_with_iobinding(binding)
        for name, value in zip(outputs, binding.get_outputs()):
            if name not in found:
                found[name] = torch.from_numpy(value.numpy())
        if given != device:
            found = {n: t.to(given) for n, t in found.items()}
        return found, lease

    def _bind(self, bind: Callable[..., None], name: str, t: Tensor, alive: list[Tensor]) -> None:
        shape, at = list(t.shape), t
        if t.numel() == 0:  # it has no address, and one is asked for
            at = torch.empty(1, dtype=t.dtype, device=t.device)
            alive.append(at)
        bind(name, t.device.type, t.device.index or 0, self._kinds[t.dtype], shape, at.data_ptr())


def _extent(dim: str, extents: dict[str, int]) -> int | None:
    return int(dim) if dim.isdigit() else extents.get(dim)


# ------------------------------------------------------------------ gradients of the file

_Runner = Callable[["list[Tensor]", "tuple[bool, ...]"], "tuple[list[Tensor], list[Tensor | None], Any]"]


class _FileGradient(torch.autograd.Function):
    """The loss with the gradients that the same run gave."""

    @staticmethod
    def forward(ctx: Any, run: _Runner, wanted: tuple[bool, ...], *floats: Tensor) -> tuple[Tensor, ...]:
        values, grads, lease = run(list(floats), wanted)
        ctx.lease, ctx.which = lease, [g is not None for g in grads]
        ctx.save_for_backward(*[g for g in grads if g is not None])
        ctx.mark_non_differentiable(*values[1:])
        return tuple(values)

    @staticmethod
    @once_differentiable  # type: ignore[misc, unused-ignore]
    def backward(ctx: Any, upstream: Tensor, *others: Any) -> tuple[Tensor | None, ...]:
        if upstream.dim():
            one = upstream.reshape(-1)[:1].sum()
            if not torch.equal(upstream, one.expand(upstream.shape)):
                raise LossError(
                    "the file's gradient with reduction=none is that of the sum of all rows, and the rows came "
                    "back with different weights; build it without --grad and use backend='torch'"
                )
            upstream = one
        saved = iter(ctx.saved_tensors)
        grads = [next(saved) * upstream if there else None for there in ctx.which]
        return (None, None, *grads)


class _NoGradient(torch.autograd.Function):
    """Values of which the file gives no gradient: backward says so."""

    @staticmethod
    def forward(ctx: Any, run: _Runner, wanted: tuple[bool, ...], *floats: Tensor) -> tuple[Tensor, ...]:
        values, _, _ = run(list(floats), tuple(False for _ in wanted))
        ctx.mark_non_differentiable(*values[1:])
        return tuple(values)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> tuple[None, ...]:
        raise LossError(
            "this file has no gradients: build it with --grad, or use backend='torch', which differentiates by itself"
        )


# ------------------------------------------------------------------ the module


def _asinh(x: float, power: float) -> float:
    """asinh(x·e^power), which is near ±ln|2x·e^power| where e^power has no room."""
    if power < 300:
        return math.asinh(x * math.exp(power))
    return math.copysign(math.log(2 * abs(x)) + power, x) if x else 0.0


_FED = ("embeddings", "labels", "index", "data")  # roles that forward takes in order


class Loss(nn.Module):
    """A loss from a file that `losscc build` wrote.

    path is the file, or its bytes. C (classes), D (entries of an embedding), K
    (centres a class), P (proxies) and B (bins) are the extents of its parameters
    and states; those that it lacks are not asked for. Data that does not change,
    such as class_weight or class_counts, may be given here by name and is then a
    buffer. generator is what noise and first values are drawn from.

    gradients is "file" or "autograd" (backend torch, a file built without --grad);
    by default whichever the file is for.

    After a call, last holds the file's other outputs (ignored, predicted, ...).
    inputs maps the file's inputs to their roles, outputs lists its outputs, metadata
    is what the file says of itself (losscc.loss, losscc.params, ...).
    """

    inputs: dict[str, str]
    outputs: list[str]
    metadata: dict[str, str]
    last: dict[str, Tensor]
    iteration: Tensor

    if TYPE_CHECKING:
        # For type checkers: what a file names (weight, bias, ...) is no submodule.
        def __getattr__(self, name: str) -> Tensor: ...

    def __init__(
        self,
        path: str | os.PathLike[str] | bytes,
        *,
        C: int | None = None,
        D: int | None = None,
        K: int | None = None,
        P: int | None = None,
        B: int | None = None,
        backend: str = "onnxruntime",
        gradients: str | None = None,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **data: Tensor,
    ) -> None:
        super().__init__()
        self._data = _read(path)
        self.backend = backend
        self.generator = generator
        with _about(path):
            self._open()
        self.gradients = self._choose(gradients)
        extents = {"C": C, "D": D, "K": K or self._centers(), "P": P, "B": B}
        self._extents = {k: v for k, v in extents.items() if v is not None}
        if dtype is None:
            dtype = torch.float32 if self._graph.dtype == torch.float16 else self._graph.dtype
        given = dict(data)
        for name, role in self.inputs.items():
            if (role in ("parameter", "state") or name in given) and hasattr(self, name):
                raise LossError(f"{name}: an nn.Module has an attribute of that name")
            if role == "parameter":
                start = self._start(name, self._shape(name))
                self.register_parameter(name, nn.Parameter(start.to(device=device, dtype=dtype)))
            elif role == "state":
                start = self._start_state(name, self._shape(name))
                self.register_buffer(name, start.to(device=device, dtype=dtype))
            elif name in given:
                self._check(name, given[name], dict(self._extents))
                self.register_buffer(name, given.pop(name).to(device=device))
        self._known(given)
        if "radius" in self.inputs:
            self.register_buffer("radius_started", torch.zeros((), dtype=torch.bool, device=device))
        self.register_buffer("iteration", torch.zeros((), dtype=torch.int64, device=device))
        self.last = {}

    # ---- the file

    def _open(self) -> None:
        """What is made from the bytes of the file."""
        self._graph = Graph(self._data)
        model = self._graph._model
        self._ports = {p.name: p for p in model.inputs}
        self.outputs = list(self._graph.outputs)
        self.metadata = meta = self._graph.metadata
        if "losscc.inputs" not in meta:
            raise LossError("the file does not say what its inputs are for: it was not made by losscc build")
        self._loss = meta.get("losscc.loss", "the file")
        self.inputs = dict(json.loads(meta["losscc.inputs"]))
        self._params: dict[str, Any] = json.loads(meta.get("losscc.params", "{}"))
        self._schedules: dict[str, dict[str, Any]] = {
            k.rpartition(".")[2]: json.loads(v) for k, v in meta.items() if k.startswith("losscc.schedule.")
        }
        if "loss" not in self.outputs:
            found = ", ".join(self.outputs)
            raise LossError(f"{self._loss} is no loss: its outputs are {found}; use losscc_torch.Graph")
        if self.backend not in ("onnxruntime", "torch"):
            raise LossError(f"backend: found {self.backend!r}, want 'onnxruntime' or 'torch'")
        self._sessions = _Sessions(model) if self.backend == "onnxruntime" else None

    def _choose(self, gradients: str | None) -> str:
        """What backward uses: file, autograd or none."""
        has = self._graph.metadata.get("losscc.gradient", "none") != "none"
        if gradients is None:
            return "file" if has else "autograd" if self.backend == "torch" else "none"
        if gradients not in ("file", "autograd"):
            raise LossError(f"gradients: found {gradients!r}, want 'file' or 'autograd'")
        if gradients == "file" and not has:
            raise LossError("gradients='file': the file has none; build it with --grad")
        if gradients == "autograd" and has:
            raise LossError(
                "gradients='autograd': a file with gradients no longer says what its formula holds constant; "
                "build it without --grad"
            )
        if gradients == "autograd" and self.backend != "torch":
            raise LossError("gradients='autograd' needs backend='torch'")
        return gradients

    def _setting(self, loss: str, name: str, default: Any = None) -> Any:
        """A hyper-parameter of a loss, which in a sum of losses stands under the name of its part."""
        return self._params.get(f"{loss}.{name}", self._params.get(name, default))

    def _centers(self) -> int | None:
        """How many centres a class has, by the first part that says so."""
        k = next((v for key, v in self._params.items() if key.rpartition(".")[2] == "sub_centers"), None)
        return k if isinstance(k, int) else None

    def _parts(self) -> list[str]:
        """The name of the loss, or those in the sum, in its order."""
        return re.findall(r"[a-z][a-z0-9-]*", self._loss)

    def _is(self, loss: str) -> bool:
        """Whether the file is that loss, or a sum with it."""
        return loss in self._parts()

    # ---- first values

    def _shape(self, name: str) -> list[int]:
        shape = [_extent(d, self._extents) for d in self._ports[name].dims]
        for n, dim in zip(shape, self._ports[name].dims):
            if n is None:
                dims = ", ".join(self._ports[name].dims)
                raise LossError(f"{name} [{dims}]: give the extent {dim}: Loss(..., {dim}=...)")
        return [n for n in shape if n is not None]

    def _start(self, name: str, shape: list[int]) -> Tensor:
        """The paper's first value of a parameter."""
        t = torch.zeros(shape, dtype=torch.float64)
        if name == "weight" and self._is("soft-triple"):
            bound = 1 / math.sqrt(max(math.prod(shape[:-1]), 1))
            t.uniform_(-bound, bound, generator=self.generator)
        elif name == "weight":
            t.normal_(0, 0.001 if self._is("instance") else 0.01, generator=self.generator)
        elif name == "proxies":
            t.normal_(0, math.sqrt(2 / max(shape[0], 1)) if self._is("proxy-anchor") else 1, generator=self.generator)
        elif name == "margins":
            t.uniform_(0.3, 0.4, generator=self.generator)
        elif name == "beta":
            t.fill_(float(self._setting("margin", "beta", 0)))
        elif name == "bias":
            t.fill_(self._start_bias())
        return t

    def _start_bias(self) -> float:
        """A bias that parts of a sum share starts as the first of them that has a start wants it."""
        starts: dict[str, Callable[[], float]] = {
            "simple": lambda: -10,
            "uniface": lambda: math.log(10 * self._classes("bias")),
            "sphereface2": self._sphereface2,
        }
        return next((starts[loss]() for loss in self._parts() if loss in starts), 0.0)

    def _classes(self, name: str) -> int:
        if "C" not in self._extents:
            raise LossError(f"{name} starts at a value that depends on the number of classes: Loss(..., C=...)")
        return self._extents["C"]

    def _sphereface2(self) -> float:
        """The bias at which both halves of the loss pull equally hard at the start."""
        classes = self._classes("bias")
        scale, margin, t, share = (float(self._setting("sphereface2", n)) for n in ("scale", "margin", "t", "lambda"))
        kind = self._setting("sphereface2", "margin_type")
        if classes < 2 or not 0 < share < 1:
            return 0.0

        def g(c: float) -> float:
            return 2 * math.pow((min(max(c, -1.0), 1.0) + 1) / 2, t) - 1

        own, other = g(0), g(0)
        if kind == "cos":
            own, other = own - margin, other + margin
        elif kind == "arc":
            own = g(math.cos(min(math.pi / 2 + margin, math.pi)))
        else:
            own = g(math.cos(min(math.pi / 2 * margin, math.pi)))
        b0, b1 = scale * own, scale * other
        v = share / ((1 - share) * (classes - 1))
        # The closed form, without the difference of near numbers that it has for v > 1.
        return (math.log(v) - b0 - b1) / 2 - _asinh((1 - v) / (2 * math.sqrt(v)), (b1 - b0) / 2)

    def _start_state(self, name: str, shape: list[int]) -> Tensor:
        first = {"batch_mean": 20.0, "batch_std": 100.0}.get(name, 0.0)
        if name == "scale":
            first = math.sqrt(2) * math.log(max(self._classes(name) - 1, 1))
        return torch.full(shape, first, dtype=torch.float64)

    # ---- a call

    def forward(self, *inputs: Tensor, **named: Tensor | float) -> Tensor:
        """The loss of a batch: the inputs that are neither parameter, state,
        schedule nor noise, in the file's order; any input by name."""
        feeds, extents = self._collect(inputs, named)
        moving = [n for n, role in self.inputs.items() if role == "state" and n not in named and self.training]
        resting = [n for n, r in self.inputs.items() if r == "state" and n not in named and n not in moving]
        skipped = {output for n in resting for output in self._next(n)}
        others = [n for n in self.outputs if n != "loss" and not n.startswith("grad_") and n not in skipped]
        names = ("loss", *others)
        if self.gradients == "autograd":
            feeds.update({n: feeds[n].clone() for n in moving})
            values = self._graph.run(feeds, names, autograd=True)
        else:
            values = self._from_file(feeds, extents, names)
        with torch.no_grad():
            for n in moving:
                self._move(self.get_buffer(n), [values.pop(output) for output in self._next(n) if output in values])
        loss = values.pop("loss")
        self.last = {n: t.detach() for n, t in values.items()}
        return loss

    def _next(self, state: str) -> tuple[str, ...]:
        """The outputs that a state's next value comes out of: one with all of it, or the centres that moved."""
        rows = ("center_rows", "center_values")
        return rows if state == "centers" and rows[0] in self.outputs else (f"{state}_next",)

    def _move(self, buffer: Tensor, found: list[Tensor]) -> None:
        """Puts the next value of a state into its buffer, whole or by rows."""
        if len(found) == 2:
            rows, values = (t.to(buffer.device) for t in found)
            buffer.index_copy_(0, rows, values.to(buffer.dtype))
        elif found:
            buffer.copy_(found[0])

    def _from_file(
        self, feeds: dict[str, Tensor], extents: dict[str, int], names: tuple[str, ...]
    ) -> dict[str, Tensor]:
        """The values, with the file's own gradients behind the loss."""
        model_dtype = self._graph.dtype
        if self._sessions is not None:
            feeds = {n: t.to(model_dtype) if t.is_floating_point() else t for n, t in feeds.items()}
        if self.gradients == "none":
            floats = [n for n, t in feeds.items() if t.is_floating_point()]
        else:
            floats = [n for n in feeds if f"grad_{n}" in self.outputs]
        wanted = tuple(torch.is_grad_enabled() and feeds[n].requires_grad for n in floats)

        def run(tensors: list[Tensor], wanted: tuple[bool, ...]) -> tuple[list[Tensor], list[Tensor | None], Any]:
            now = {**feeds, **dict(zip(floats, tensors))}
            asked = [f"grad_{n}" for n, yes in zip(floats, wanted) if yes]
            outputs = (*names, *asked)
            if self._sessions is not None:
                leased = {*asked, *(f"{n}_next" for n in self.inputs)}
                found, lease = self._sessions.run(now, outputs, extents, leased)
            else:
                with torch.no_grad():
                    found, lease = self._graph.run(now, outputs), None
            grads = [found[f"grad_{n}"] if yes else None for n, yes in zip(floats, wanted)]
            return [found[n] for n in names], grads, lease

        function = _NoGradient if self.gradients == "none" else _FileGradient
        values = function.apply(run, wanted, *[feeds[n] for n in floats])
        return dict(zip(names, values))

    def _collect(self, inputs: tuple[Tensor, ...], named: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, int]]:
        """Every input of the file by name, checked, and the extents."""
        self._known(named)
        order = [n for n, role in self.inputs.items() if role in _FED and n not in self._buffers and n not in named]
        if len(inputs) != len(order):
            raise LossError(f"{self._loss}: found {len(inputs)} inputs, want {len(order)}: {', '.join(order)}")
        given: dict[str, Any] = {**dict(zip(order, inputs)), **named}
        device = next((t.device for t in given.values() if isinstance(t, Tensor)), self.iteration.device)
        extents: dict[str, int] = {}
        feeds: dict[str, Tensor] = {}
        for name, role in self.inputs.items():
            if role in ("schedule", "noise") and name not in given:
                continue  # after what has extents
            value = given[name] if name in given else getattr(self, name)
            if not isinstance(value, Tensor):
                value = torch.as_tensor(value, dtype=self._ports[name].dtype, device=device)
            self._check(name, value, extents)
            feeds[name] = value
        if "radius" in feeds and "radius" not in named and self.training:
            feeds["radius"] = self._start_radius(feeds)
        for name, role in self.inputs.items():
            if name not in feeds and role == "schedule":
                feeds[name] = self._scheduled(name, device)
            elif name not in feeds:
                feeds[name] = self._noise(name, extents, device)
        for name, t in feeds.items():
            if not t.is_floating_point() and t.dtype != self._ports[name].dtype:
                feeds[name] = t.to(self._ports[name].dtype)
        return {n: feeds[n] for n in self.inputs}, extents

    def _known(self, names: Iterable[str]) -> None:
        """That the file has inputs of these names."""
        for name in names:
            if name not in self.inputs:
                near = difflib.get_close_matches(name, self.inputs, 1)
                meant = f'; did you mean "{near[0]}"?' if near else ""
                raise LossError(f"{name}: {self._loss} has no such input{meant}; it has {', '.join(self.inputs)}")

    def _check(self, name: str, t: Tensor, extents: dict[str, int]) -> None:
        """That a tensor has the type and the shape that the file declares."""
        port = self._ports[name]
        if t.is_floating_point() != (port.dtype in _FLOATS):
            kind = "floating" if port.dtype in _FLOATS else "whole"
            raise LossError(f"{name}: found {t.dtype}, want {kind} numbers")
        fits = len(t.shape) == len(port.dims)
        for n, dim in zip(t.shape, port.dims):
            wanted = _extent(dim, extents)
            fits = fits and (wanted is None or wanted == n)
        if not fits:
            known = [f"{d}={extents[d]}" for d in port.dims if d in extents]
            told = f" with {', '.join(known)}" if known else ""
            raise LossError(f"{name}: found shape {list(t.shape)}, want [{', '.join(port.dims)}]{told}")
        for n, dim in zip(t.shape, port.dims):
            if not dim.isdigit():
                extents[dim] = n

    def _start_radius(self, feeds: dict[str, Tensor]) -> Tensor:
        """Ring loss starts its radius at the mean norm of the first batch."""
        radius, started = self.get_parameter("radius"), self.get_buffer("radius_started")
        if not bool(started):
            with torch.no_grad():
                x = feeds["embeddings"].to(radius.dtype)
                radius.fill_(x.norm(dim=1).mean() if len(x) else 0)
                started.fill_(True)
        return radius

    def _scheduled(self, name: str, device: torch.device) -> Tensor:
        """A schedule's value, and in training mode one iteration more."""
        if self.training:
            self.iteration += 1
        s = self._schedules.get(name)
        if s is None:
            raise LossError(f"{name}: the file states no schedule; give it by name")
        i = self.iteration.clamp(min=1).to(torch.float64)
        value = float(s["base"]) * torch.pow(1 + float(s["gamma"]) * i, -float(s["power"]))
        value = value.clamp(min=float(s["min"]))
        return value.to(device=device, dtype=self._graph.dtype)

    def _noise(self, name: str, extents: dict[str, int], device: torch.device) -> Tensor:
        """Noise as the loss wants it: uniform in [0,1), or a standard normal number."""
        shape = [_extent(d, extents) or 0 for d in self._ports[name].dims]
        where = self.generator.device if self.generator is not None else device
        if self._is("margin"):
            t = torch.rand(shape, generator=self.generator, device=where)
        elif self.training:
            t = torch.randn(shape, generator=self.generator, device=where)
        else:
            t = torch.zeros(shape)
        return t.to(device=device, dtype=self._graph.dtype)

    # ---- copies

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        for name in ("_graph", "_sessions", "_ports"):
            state.pop(name)
        state["last"] = {}
        if self.generator is not None:
            # Bytes, not a tensor: another process would share its memory, which nobody keeps.
            state["generator"] = (str(self.generator.device), bytes(self.generator.get_state().tolist()))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call, unused-ignore]
        if isinstance(self.generator, tuple):
            where, drawn = self.generator
            self.generator = torch.Generator(where)
            self.generator.set_state(torch.tensor(list(drawn), dtype=torch.uint8))
        self._open()

    def extra_repr(self) -> str:
        """What print(head) shows."""
        sizes = ", ".join(f"{k}={v}" for k, v in self._extents.items())
        return f"{self._loss}, {sizes + ', ' if sizes else ''}backend={self.backend}, gradients={self.gradients}"
