"""The matrix products of a loss and nothing else: what no implementation can go below."""

from __future__ import annotations

from columns import FLOOR, Arrays, Column, Step, Task, register
from columns.a_losscc import Graph
from columns.b_torch import ALLOCATORS
from matrix import Row


def graph(row: Row) -> bytes:
    """The products as a graph: Z = X·Wᵀ, Z·W, Zᵀ·X; of pairs Z = X·Xᵀ and Z·X."""
    from onnx import TensorProto, helper

    float32 = TensorProto.FLOAT
    x = helper.make_tensor_value_info("embeddings", float32, ["N", "D"])
    ins, other = [x], "embeddings"
    if row.c:
        ins.append(helper.make_tensor_value_info("weight", float32, ["C", "D"]))
        other = "weight"
    nodes = [helper.make_node("Gemm", ["embeddings", other], ["z"], transB=1)]
    outs = ["z"]
    if row.mode == "gradient":
        nodes.append(helper.make_node("Gemm", ["z", other], ["grad_embeddings"]))
        outs = ["grad_embeddings"]
        if row.c:
            nodes.append(helper.make_node("Gemm", ["z", "embeddings"], ["grad_weight"], transA=1))
            outs.append("grad_weight")
    made = helper.make_graph(
        nodes, "products", ins, [helper.make_tensor_value_info(o, float32, None) for o in outs])
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


class Products(Column):
    semantics = "products"
    kind = FLOOR

    def takes(self, row: Row) -> bool:
        # Of the rows with one shape, bench.py measures them in the first.
        return not row.sweep


class InRuntime(Products):
    name = "products_ort"
    title = "the products alone, in ONNX Runtime"
    modules = ("onnxruntime", "onnx")
    packages = ("onnxruntime",)

    def step(self, task: Task) -> Step:
        names = {"z": "z"}
        if task.row.mode == "gradient":
            names = {n: n for n in (["grad_embeddings", "grad_weight"] if task.row.c else ["grad_embeddings"])}
        return Graph(graph(task.row), task.given, task.threads, names)


class TorchStep(Step):
    def __init__(self, task: Task) -> None:
        import torch

        torch.set_num_threads(task.threads)
        self.row = task.row
        self.x = torch.from_numpy(task.given["embeddings"])
        self.w = torch.from_numpy(task.given["weight"]) if task.row.c else self.x
        self.found: dict = {}

    def run(self) -> None:
        self.found = {}
        z = self.x @ self.w.T
        if self.row.mode == "forward":
            self.found["z"] = z
            return
        self.found["grad_embeddings"] = z @ self.w
        if self.row.c:
            self.found["grad_weight"] = z.T @ self.x

    def results(self) -> Arrays:
        return {n: v.numpy() for n, v in self.found.items()}


class InTorch(Products):
    name = "products_torch"
    title = "the products alone, in PyTorch"
    modules = packages = ("torch",)
    allocators = ALLOCATORS

    def takes(self, row: Row) -> bool:
        return super().takes(row) and not row.large

    def step(self, task: Task) -> Step:
        return TorchStep(task)


for column in (InRuntime(), InTorch()):
    register(column)
