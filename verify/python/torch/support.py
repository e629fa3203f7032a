"""Files built by the command line, and inputs for them."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[3]
BRIDGE = ROOT / "cmd" / "losscc" / "internal" / "bridge"
sys.path.insert(0, str(BRIDGE))

import losscc_torch  # noqa: E402
from losscc_torch import Loss  # noqa: E402

__all__ = ["BRIDGE", "ROOT", "Loss", "losscc_torch"]


@functools.cache
def folder() -> Path:
    """Where the files of this run go."""
    if given := os.environ.get("LOSSCC_TEST_FILES"):
        return Path(given)
    return Path(tempfile.mkdtemp(prefix="losscc-torch-"))


@functools.cache
def program() -> str:
    """The command line, built from this checkout."""
    if given := os.environ.get("LOSSCC"):
        return given
    path = folder() / "losscc"
    subprocess.run(["go", "build", "-o", path, "./cmd/losscc"], cwd=ROOT, check=True)
    return str(path)


def losscc(*arguments: str | Path) -> str:
    """What the command prints; its talk is shown where it fails."""
    done = subprocess.run(
        [program(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(f"losscc {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


@functools.cache
def listed() -> list[dict[str, Any]]:
    """What the command lists."""
    rows: list[dict[str, Any]] = json.loads(losscc("list", "--json"))["losses"]
    return rows


def losses() -> list[str]:
    """Every loss in the list; the graphs that choose are none."""
    return [row["name"] for row in listed() if row["family"] != "miner"]


def everything() -> list[str]:
    """Every loss, and every graph that chooses."""
    return [row["name"] for row in listed()]


@functools.cache
def build(loss: str, *flags: str) -> Path:
    """The file of a loss built with these flags."""
    name = "_".join([loss, *flags]).replace("/", "-").replace(" ", "").replace("*", "x")
    path = folder() / f"{name}.onnx"
    losscc("build", loss, *flags, "-o", path)
    return path


EXTENTS: dict[str, Any] = {"C": 5, "D": 4, "K": 2, "P": 5, "B": 8}
ROWS = 7


def head(path: Path, seed: int = 1, scale: float = 1.0, **options: Any) -> Loss:
    """A loss of the tests' extents, its weights away from zero, the same for a seed."""
    torch.manual_seed(seed)
    extents = {} if "sub_centers" not in str(path) else {"K": 3}
    made = Loss(path, **{**EXTENTS, **extents, **options}, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for p in made.parameters():
            if p.dim() > 1:
                p.normal_(0, scale)
    return made


class Batch(dict[str, Tensor]):
    """The inputs that forward takes, by name, in order."""

    def leaves(self) -> Batch:
        """Copies, those that are embeddings with a gradient to come."""
        return Batch(
            {n: t.clone().requires_grad_() if t.is_floating_point() and n not in DATA else t for n, t in self.items()}
        )

    def grads(self) -> list[Tensor]:
        """The gradients of the leaves."""
        return [t.grad for t in self.values() if t.grad is not None]


DATA = ("class_weight", "class_counts", "bank")


def batch(loss: Loss, rows: int = ROWS, seed: int = 3, dtype: torch.dtype = torch.float64) -> Batch:
    """Drawn inputs: every class occurs, and one row is ignored."""
    g = torch.Generator().manual_seed(seed)
    found = Batch()
    for name, role in loss.inputs.items():
        if role == "embeddings":
            found[name] = torch.randn(rows, EXTENTS["D"], generator=g, dtype=torch.float64).to(dtype)
        elif name == "same":
            found[name] = torch.tensor([i % 2 for i in range(rows)])
        elif name == "bank_labels":
            found[name] = torch.tensor([i % EXTENTS["C"] for i in range(9)])
        elif name == "bank":
            found[name] = torch.randn(9, EXTENTS["D"], generator=g, dtype=torch.float64).to(dtype)
        elif role == "labels":
            labels = [i % EXTENTS["C"] for i in range(rows)]
            found[name] = torch.tensor([*labels[:-1], -1] if rows > 1 else labels)
        elif role == "index":
            width = 3 if name == "triplets" else 2
            found[name] = torch.randint(0, rows, (6, width), generator=g)
        elif role == "data":
            found[name] = torch.randint(1, 9, (EXTENTS["C"],), generator=g).to(dtype)
    return found


def close(found: Tensor, wanted: Tensor, bound: float, what: str = "") -> None:
    """That two tensors differ by no more than bound, relative to the larger entry or to 1."""
    assert found.shape == wanted.shape, f"{what}: {list(found.shape)} and {list(wanted.shape)}"
    if not found.numel():
        return
    if found.dtype == torch.bool:
        found, wanted = found.double(), wanted.double()
    size = max(1.0, wanted.abs().max().item())
    worst = (found.double() - wanted.double()).abs().max().item() / size
    assert worst <= bound, f"{what}: differ by {worst:.3g}, at most {bound:g} is allowed"
