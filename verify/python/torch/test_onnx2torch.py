"""What onnx2torch makes of the flat files, and that `losscc inspect` says so beforehand."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from support import BRIDGE, batch, build, close, everything, head, losscc, losscc_torch, losses

pytest.importorskip("onnx2torch")

import onnx
from onnx2torch import convert
from onnx2torch.node_converters.registry import _CONVERTER_REGISTRY, OperationDescription
from onnx2torch.onnx_graph import OnnxGraph
from onnx2torch.onnx_node import OnnxNode
from onnx2torch.utils.common import OperationConverterResult, onnx_mapping_from_node

import onnx2torch_ops

# What loads and is right, of every loss and graph in the list at its defaults: the README says it in numbers.
FORWARD = ["contrastive", "hardmax", "ring", "triplet"]
GRADIENT = ["contrastive", "ring", "triplet"]

# Builds that change which operators there are.
OTHERS = [
    ("triplet", "--set", "mining=batch-hard"),
    ("triplet", "--set", "mining=batch-all"),
    ("contrastive", "--set", "mining=hard"),
    ("hardmax + 0.5*triplet",),
    ("softmax", "--opset", "16"),
    ("triplet", "--opset", "16"),
    ("triplet", "--opset", "18"),
    ("triplet", "--opset", "19"),
    ("triplet", "--opset", "25"),
    ("triplet", "--dtype", "f64"),
    ("triplet", "--dtype", "f16"),
]


def told(path: Path) -> dict[str, str]:
    """The line of `losscc inspect` for onnx2torch."""
    rows: list[dict[str, str]] = json.loads(losscc("inspect", path, "--json"))["loads"]
    (found,) = [row for row in rows if row["reader"].startswith("onnx2torch ")]
    return found


def given(path: Path, rows: int) -> tuple[losscc_torch.Graph, dict[str, Tensor]]:
    """The file in the torch backend, and inputs for it."""
    graph = losscc_torch.Graph(path)
    if "loss" in graph.outputs:
        made = head(path, backend="torch").eval()
        feeds, _ = made._collect(tuple(batch(made, rows=rows, dtype=graph.dtype).values()), {})
        return graph, {name: t.detach() for name, t in feeds.items()}
    g = torch.Generator().manual_seed(3)
    drawn = {"labels": torch.arange(rows) % 3, "noise": torch.rand(9, generator=g)}
    return graph, {n: drawn.get(n, torch.rand(rows, 4, generator=g)) for n in graph.inputs}


def run(loaded: nn.Module, feeds: dict[str, Tensor], outputs: Iterable[str]) -> dict[str, Tensor]:
    """The outputs that onnx2torch's module gives."""
    found = loaded(*feeds.values())
    return dict(zip(outputs, found if isinstance(found, (tuple, list)) else [found]))


def fault(path: Path) -> str | None:
    """What onnx2torch says of a file, or what it computes otherwise than the file says, or None."""
    try:
        loaded = convert(onnx.load(path))
    except NotImplementedError as e:
        return str(e)
    for rows in (7, 8):
        graph, feeds = given(path, rows)
        wanted = graph.run(feeds)
        for name, value in run(loaded, feeds, graph.outputs).items():
            same = value.shape == wanted[name].shape and torch.allclose(value, wanted[name].to(value), 1e-4, 1e-4)
            if not same:
                return f"{name} is wrong"
    return None


def judged(path: Path) -> bool:
    """Whether the file loads and is right; what was said of it must be that."""
    why, line = fault(path), told(path)
    assert line["answer"] == ("yes" if why is None else "no"), f"{line}, and found: {why}"
    if why is not None:
        named = re.search(r"operation_type='(\w+)'|(ScatterND) with reduction|(allowzero)|is (wrong)", why)
        word = next(filter(None, named.groups())) if named else why
        assert re.search(rf"\b{word.replace('wrong', 'right')}\b", line["why"]), f"{line}, and found: {why}"
    return why is None


def test_the_table_is_the_registry() -> None:
    assert (BRIDGE / "onnx2torch.txt").read_text() == onnx2torch_ops.table()


@pytest.mark.parametrize(("flags", "wanted"), [((), FORWARD), (("--grad",), GRADIENT)], ids=["forward", "gradient"])
def test_inspect_is_right_of_every_loss(flags: tuple[str, ...], wanted: list[str]) -> None:
    names = losses() if flags else everything()
    assert sorted(name for name in names if judged(build(name, "--form", "flat", *flags))) == wanted


@pytest.mark.parametrize("words", OTHERS, ids=" ".join)
@pytest.mark.parametrize("grad", [(), ("--grad",)], ids=["forward", "gradient"])
def test_inspect_is_right_of_other_builds(words: tuple[str, ...], grad: tuple[str, ...]) -> None:
    judged(build(*words, "--form", "flat", *grad))


@pytest.mark.parametrize("loss", FORWARD)
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_what_loads_is_right(loss: str, dtype: str) -> None:
    """Value, the file's gradient, and torch's own of the module that onnx2torch makes."""
    kind, bound = {"f32": (torch.float32, 1e-5), "f64": (torch.float64, 1e-12)}[dtype]
    path = build(loss, "--form", "flat", "--dtype", dtype)
    loaded = convert(onnx.load(path))
    made = head(path, backend="torch").eval().to(kind)
    for rows in (7, 4):  # nothing of one batch stays in the module
        given = batch(made, rows=rows, dtype=kind)
        feeds, _ = made._collect(tuple(given.values()), {})
        floats = [n for n, role in made.inputs.items() if role in ("embeddings", "parameter")]
        mine = {n: t.detach().clone().requires_grad_(n in floats) for n, t in feeds.items()}
        theirs = {n: t.detach().clone().requires_grad_(n in floats) for n, t in feeds.items()}
        wanted = made._graph.run(mine, autograd=True)
        found = run(loaded, theirs, made.outputs)
        for name in made.outputs:
            close(found[name].detach(), wanted[name].detach(), bound, name)
        close_all(
            torch.autograd.grad(found["loss"], [theirs[n] for n in floats]),
            torch.autograd.grad(wanted["loss"], [mine[n] for n in floats]),
            bound,
        )
    if loss in GRADIENT:
        path = build(loss, "--form", "flat", "--grad", "--dtype", dtype)
        made = head(path, backend="torch")
        feeds, _ = made._collect(tuple(batch(made, dtype=kind).values()), {})
        wanted = made._graph.run(feeds)
        for name, value in run(convert(onnx.load(path)), feeds, made.outputs).items():
            close(value.detach(), wanted[name].detach(), bound, name)


def close_all(found: Any, wanted: Any, bound: float) -> None:
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted):
        close(a, b, bound)


class ScatterElements(nn.Module):
    """An operator that onnx2torch lacks."""

    def __init__(self, axis: int, adds: bool) -> None:
        super().__init__()
        self.axis, self.adds = axis, adds

    def forward(self, data: Tensor, index: Tensor, updates: Tensor) -> Tensor:
        return (data.scatter_add if self.adds else data.scatter)(self.axis, index, updates)


class LessOrEqual(nn.Module):
    """The operator whose newer version onnx2torch lacks."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a <= b


class Reshape(nn.Module):
    """Reshape that takes a 0 for what it is, which onnx2torch refuses."""

    def forward(self, x: Tensor, shape: Tensor) -> Tensor:
        return x.reshape(shape.tolist())


class NonZero(nn.Module):
    """NonZero with a row for each axis, which onnx2torch gives as columns."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.nonzero(x).t()


class CumSum(nn.Module):
    """CumSum from the beginning, which onnx2torch does from the end."""

    def __init__(self, exclusive: bool) -> None:
        super().__init__()
        self.exclusive = exclusive

    def forward(self, x: Tensor, axis: Tensor) -> Tensor:
        summed = x.cumsum(int(axis))
        return summed - x if self.exclusive else summed


ADDED = {
    ("ScatterElements", 16): lambda node: ScatterElements(
        node.attributes["axis"], node.attributes.get("reduction") == "add"
    ),
    ("LessOrEqual", 16): lambda node: LessOrEqual(),
    ("Reshape", 14): lambda node: Reshape(),
    ("CumSum", 14): lambda node: CumSum(bool(node.attributes.get("exclusive", 0))),
    ("NonZero", 13): lambda node: NonZero(),
}


@pytest.mark.parametrize("words", [(n,) for n in everything()] + [(n, "--grad") for n in losses()], ids=" ".join)
def test_nothing_else_is_missing(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the operators that are named added, every file loads, and every output is right."""
    for (op, version), make in ADDED.items():

        def converter(node: OnnxNode, graph: OnnxGraph, make: Any = make) -> OperationConverterResult:
            return OperationConverterResult(make(node), onnx_mapping_from_node(node=node))

        monkeypatch.setitem(_CONVERTER_REGISTRY, OperationDescription("", op, version), converter)
    path = build(*words, "--form", "flat", "--dtype", "f64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = convert(onnx.load(path))
    for rows in (7, 8):
        graph, feeds = given(path, rows)
        wanted = graph.run(feeds)
        for name, value in run(loaded, feeds, graph.outputs).items():
            close(value.detach(), wanted[name].detach(), 1e-9, name)
