"""The plain PyTorch loss through torch.onnx.export, in ONNX Runtime: forward only."""

from __future__ import annotations

import io

from columns import Column, Step, Task, register
from columns.a_losscc import Graph
from columns.b_torch import plain
from matrix import Row


def module(row: Row):
    """The loss of row as a module whose inputs are all inputs of the graph."""
    import torch

    function = plain(row)

    class Loss(torch.nn.Module):
        def forward(self, embeddings, labels, weight=None):
            return function(embeddings, labels, weight)

    return Loss()


def example(n: int, c: int, d: int) -> tuple:
    """Arguments to trace a loss with."""
    import torch

    torch.manual_seed(0)
    x, y = torch.randn(n, d), torch.arange(n) % max(n // 2, 1)
    return (x, y % c, torch.randn(c, d)) if c else (x, y)


def export(row: Row, arguments: tuple, dynamo: bool) -> bytes:
    """The file that torch.onnx.export makes of the loss of row."""
    import torch

    names = ["embeddings", "labels", "weight"][: len(arguments)]
    axes = {"embeddings": {0: "N"}, "labels": {0: "N"}, "weight": {0: "C"}}
    out = io.BytesIO()
    if dynamo:
        dims = {"N": torch.export.Dim("N", min=2), "C": torch.export.Dim("C", min=2)}
        shapes = {n: {0: dims[axes[n][0]]} for n in names}
        torch.onnx.export(module(row), arguments, dynamo=True, input_names=names, output_names=["loss"],
                          dynamic_shapes=shapes, verbose=False).save(out)
    else:
        torch.onnx.export(module(row), arguments, out, dynamo=False, input_names=names,
                          output_names=["loss"], dynamic_axes={n: axes[n] for n in names})
    return out.getvalue()


class Exported(Column):
    name = "exported"
    title = "torch.onnx.export, in ONNX Runtime"
    modules = ("torch", "onnxruntime", "onnx")
    packages = ("torch", "onnxruntime")

    def takes(self, row: Row) -> bool:
        return row.mode == "forward" and not row.sweep and not row.large

    def step(self, task: Task) -> Step:
        import warnings

        warnings.simplefilter("ignore")
        # TorchScript's file: it takes every loss here, and a list of pairs whose
        # length only the labels tell. It writes down the N that it has seen.
        row = task.row
        model = export(row, example(row.n, min(row.c, 40), row.d), dynamo=False)
        return Graph(model, task.given, task.threads, {"loss": "loss"})


register(Exported())
