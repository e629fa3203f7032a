"""What onnx2torch makes of the flat files, and that `losscc inspect` says so beforehand."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from support import BRIDGE, Loss, batch, build, close, everything, head, losscc, losses

pytest.importorskip("onnx2torch")

import onnx
from onnx2torch import convert
from onnx2torch.node_converters.registry import _CONVERTER_REGISTRY, OperationDescription
from onnx2torch.onnx_graph import OnnxGraph
from onnx2torch.onnx_node import OnnxNode
from onnx2torch.utils.common import OperationConverterResult, onnx_mapping_from_node

import onnx2torch_ops

# What loads, of every loss and graph in the list at its defaults: the README says it in numbers.
FORWARD = ["contrastive", "hardmax", "mine-triplets", "triplet"]
GRADIENT = ["contrastive", "triplet"]

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


def loads(path: Path) -> str | None:
    """Why onnx2torch does not take a file, or None."""
    try:
        convert(onnx.load(path))
    except NotImplementedError as e:
        return str(e)
    return None


def judged(path: Path) -> bool:
    """Whether the file loads; what was said of it must be that."""
    why, line = loads(path), told(path)
    assert line["answer"] == ("yes" if why is None else "no"), f"{line}, and it said {why}"
    if why is not None:
        named = re.search(r"operation_type='(\w+)'|(ScatterND) with reduction|(allowzero)", why)
        assert named and re.search(rf"\b{next(filter(None, named.groups()))}\b", line["why"]), (
            f"{line}, and it said {why}"
        )
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


def run(loaded: nn.Module, made: Loss, feeds: dict[str, Tensor]) -> list[Tensor]:
    """The outputs that onnx2torch's module gives."""
    found = loaded(*[feeds[name] for name in made.inputs])
    return list(found) if isinstance(found, (tuple, list)) else [found]


@pytest.mark.parametrize("loss", [name for name in FORWARD if not name.startswith("mine-")])
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
        found = dict(zip(made.outputs, run(loaded, made, theirs)))
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
        for name, value in zip(made.outputs, run(convert(onnx.load(path)), made, feeds)):
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


ADDED = {
    ("ScatterElements", 16): lambda node: ScatterElements(
        node.attributes["axis"], node.attributes.get("reduction") == "add"
    ),
    ("LessOrEqual", 16): lambda node: LessOrEqual(),
    ("Reshape", 14): lambda node: Reshape(),
}


@pytest.mark.parametrize("loss", losses())
@pytest.mark.parametrize("grad", [(), ("--grad",)], ids=["forward", "gradient"])
def test_nothing_else_is_missing(loss: str, grad: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the operators that are named added, every file loads, and every output is right."""
    for (op, version), make in ADDED.items():

        def converter(node: OnnxNode, graph: OnnxGraph, make: Any = make) -> OperationConverterResult:
            return OperationConverterResult(make(node), onnx_mapping_from_node(node=node))

        monkeypatch.setitem(_CONVERTER_REGISTRY, OperationDescription("", op, version), converter)
    path = build(loss, "--form", "flat", "--dtype", "f64", *grad)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = convert(onnx.load(path))
    made = head(path, backend="torch").eval()
    feeds, _ = made._collect(tuple(batch(made).values()), {})
    wanted = made._graph.run(feeds)
    for name, value in zip(made.outputs, run(loaded, made, feeds)):
        close(value.detach(), wanted[name].detach(), 1e-9, name)
