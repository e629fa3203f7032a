"""The columns of the table: what computes a loss, losscc's files and the others.

Every module of this folder registers its columns when it is imported. A module
with a new column, a native kernel say, needs no other change: it defines a
class with the methods of Column and puts an instance through register.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pkgutil
from pathlib import Path

import numpy as np

from matrix import Row

Arrays = dict[str, np.ndarray]

OURS, PEER, FLOOR, BARE = "ours", "peer", "floor", "bare"


class Missing(Exception):
    """A column cannot be had on this machine; the message says what it lacks."""


@dataclasses.dataclass
class Task:
    """What a cell is given: the row, its inputs, and where losscc's files are."""

    row: Row
    given: Arrays
    files: Path
    threads: int


class Step:
    """One evaluation of a row that can be repeated."""

    def open(self) -> None:
        """What a user does once before the first step: its memory counts, its time is kept apart."""

    def run(self) -> None:
        """Computes the loss, and the gradients if the row asks for them."""
        raise NotImplementedError

    def results(self) -> Arrays:
        """loss, grad_embeddings and grad_weight [C,D] of the last run."""
        raise NotImplementedError


class Column:
    """A way to compute losses, as its users would."""

    name = ""
    title = ""
    kind = PEER
    modules: tuple[str, ...] = ()  # what has to be installed
    packages: tuple[str, ...] = ()  # what its processes import before the cell begins
    allocators: tuple[str, ...] = ("default",)
    semantics = "exact"  # which reference its gradients are held to

    def takes(self, row: Row) -> bool:
        """Whether the column computes this row."""
        raise NotImplementedError

    def missing(self) -> str:
        """What the column lacks on this machine; empty if nothing."""
        absent = [m for m in self.modules if importlib.util.find_spec(m) is None]
        return f"no Python package {', '.join(absent)}" if absent else ""

    def step(self, task: Task) -> Step:
        """A step of task; work done here is neither timed nor weighed."""
        raise NotImplementedError


COLUMNS: dict[str, Column] = {}


def register(column: Column) -> None:
    """Adds a column to the table, at its right end."""
    COLUMNS[column.name] = column


def load() -> dict[str, Column]:
    """Every column, in the order of the modules' names and of their lines."""
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return COLUMNS
