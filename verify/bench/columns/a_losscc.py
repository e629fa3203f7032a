"""losscc's files in ONNX Runtime: the column that the others are held to."""

from __future__ import annotations

from pathlib import Path

from columns import OURS, Arrays, Column, Step, Task, register
from matrix import Row


def session(model: Path | bytes, threads: int):
    """A session as the README advises: with arenas, without memory patterns.

    A pattern is a second block as large as the arena's, made in the second run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.log_severity_level = 4  # an error is raised as well
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


class Graph(Step):
    """A graph in ONNX Runtime, its inputs bound where they lie."""

    def __init__(self, model: Path | bytes, given: Arrays, threads: int, outputs: dict[str, str]) -> None:
        """outputs names, for each output that is wanted, what the results call it."""
        self.model, self.given, self.threads, self.outputs = model, given, threads, outputs

    def open(self) -> None:
        self.session = session(self.model, self.threads)
        self.binding = self.session.io_binding()
        for port in self.session.get_inputs():
            self.binding.bind_cpu_input(port.name, self.given[port.name])
        for name in self.outputs:
            self.binding.bind_output(name, "cpu")

    def run(self) -> None:
        self.session.run_with_iobinding(self.binding)

    def results(self) -> Arrays:
        found = self.binding.get_outputs()
        return {called: value.numpy() for called, value in zip(self.outputs.values(), found)}


def file_name(row: Row, column: Column) -> str:
    """What a column's file of a row's loss is called in Task.files."""
    return f"{row.loss}-{row.mode}-{column.name}.onnx"


def outputs(row: Row) -> dict[str, str]:
    names = ["loss"]
    if row.mode == "gradient":
        names += ["grad_embeddings"] + (["grad_weight"] if row.c else [])
    return {n: n for n in names}


class Losscc(Column):
    name = "losscc"
    title = "losscc in ONNX Runtime"
    kind = OURS
    modules = ("onnxruntime",)
    packages = ("onnxruntime",)
    words: tuple[str, ...] = ()  # of losscc build

    def takes(self, row: Row) -> bool:
        return True

    def step(self, task: Task) -> Step:
        return Graph(task.files / file_name(task.row, self), task.given, task.threads, outputs(task.row))


class Blocks(Losscc):
    """The same losses, their classes walked through in blocks."""

    name = "losscc_blocks"
    title = "losscc with --blocks"
    words = ("--blocks",)

    def takes(self, row: Row) -> bool:
        return row.c > 0 and not row.sweep


register(Losscc())
register(Blocks())
