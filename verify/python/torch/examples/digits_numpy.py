"""Trains a linear embedding of digits with ONNX Runtime and numpy: no PyTorch.

    losscc build arcface --grad --set scale=8 -o arcface.onnx
    python digits_numpy.py arcface.onnx

python is one that has numpy and onnxruntime, such as the one that
`python3 verify/python/environment.py newest` prints.

The file gives the loss, the gradient of the class weights and that of the
embeddings; the embedding is linear, z = x·Aᵀ, so that the gradient of A is
grad_embeddingsᵀ·x. Both are moved by SGD with momentum. Four fifths of all ten
digits are trained, the last fifth is classified by the nearest class weight.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

DIGITS = Path(__file__).resolve().parents[4] / "testdata" / "digits.csv"
Array = np.ndarray[Any, Any]


def digits(path: Path = DIGITS) -> tuple[Array, Array]:
    """The pictures [S,64] with levels from 0 to 1, and their labels."""
    with open(path, newline="") as f:
        rows = list(csv.DictReader(line for line in f if not line.startswith("#")))
    pictures = np.array([[float(row[f"p{i}"]) for i in range(64)] for row in rows], np.float32) / 16
    return pictures, np.array([int(row["label"]) for row in rows], np.int64)


def unit(z: Array) -> Array:
    lengths: Array = np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    return z / lengths


def train(file: str, steps: int, seed: int = 0, dimension: int = 16) -> tuple[list[float], float]:
    """The loss at each step, and the accuracy on the pictures that were not trained."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    x, y = digits()
    fifth = np.arange(len(x)) % 5 == 4
    rng = np.random.default_rng(seed)
    a = rng.normal(0, 0.1, (dimension, 64)).astype(np.float32)
    w = rng.normal(0, 0.1, (10, dimension)).astype(np.float32)
    moved_a, moved_w = np.zeros_like(a), np.zeros_like(w)
    xt, yt = x[~fifth], y[~fifth]
    curve = []
    for _ in range(steps):
        rows = rng.integers(len(xt), size=64)
        fed = {"embeddings": xt[rows] @ a.T, "labels": yt[rows], "weight": w}
        loss, dz, dw = session.run(["loss", "grad_embeddings", "grad_weight"], fed)
        moved_a = 0.9 * moved_a + dz.T @ xt[rows]
        moved_w = 0.9 * moved_w + dw
        a, w = a - 0.02 * moved_a, w - 0.02 * moved_w
        curve.append(float(loss))
    nearest = (unit(x[fifth] @ a.T) @ unit(w).T).argmax(1)
    return curve, float((nearest == y[fifth]).mean())


def fault(file: str) -> str:
    """Why the file cannot be trained here, or nothing."""
    if not Path(file).is_file():
        return f"{file}: found no such file; losscc build arcface --grad -o {file} makes one"
    try:
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    except Exception as e:  # ONNX Runtime's errors have no class of their own to catch
        return f"{file}: found a file that ONNX Runtime does not load: {e}"
    takes = {i.name: i.type for i in session.get_inputs()}
    gives = {o.name for o in session.get_outputs()}
    if set(takes) != {"embeddings", "labels", "weight"} or takes["weight"] != "tensor(float)":
        found = ", ".join(f"{name} {kind}" for name, kind in takes.items())
        return f"{file}: found the inputs {found}; want a head in float32, such as losscc build arcface --grad makes"
    if not {"grad_embeddings", "grad_weight"} <= gives:
        return f"{file}: found no gradient; build it with --grad"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", help="a file that losscc built with --grad")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    if why := fault(chosen.file):
        parser.error(why)
    curve, accuracy = train(chosen.file, chosen.steps, chosen.seed)
    print(f"loss {curve[0]:.4f} -> {curve[-1]:.4f} in {chosen.steps} steps")
    print(f"accuracy on the fifth that was not trained: {accuracy:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
