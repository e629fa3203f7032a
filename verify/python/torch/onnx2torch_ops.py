"""Writes which operators onnx2torch has, and at which opsets, as its own registry answers.

    python onnx2torch_ops.py > ../../../cmd/losscc/internal/bridge/onnx2torch.txt

`losscc inspect` reads the file; a test holds it against the registry.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import groupby

import onnx
import onnx2torch  # noqa: F401  the converters register themselves
from onnx2torch.node_converters.registry import get_converter

LAST = onnx.defs.onnx_opset_version()


def has(op: str, opset: int) -> bool:
    """Whether there is a converter for the operator as a file of that opset means it."""
    try:
        onnx.defs.get_schema(op, max_inclusive_version=opset)
        get_converter(domain="", operation_type=op, version=opset)
    except (onnx.defs.SchemaError, NotImplementedError):
        return False
    return True


def spans(op: str) -> Iterator[str]:
    """The opsets at which the operator is had, as first-last."""
    for found, run in groupby(range(1, LAST + 1), lambda opset: has(op, opset)):
        opsets = list(run)
        if found:
            yield f"{opsets[0]}-{opsets[-1]}"


def table() -> str:
    """The file."""
    ops = sorted({schema.name for schema in onnx.defs.get_all_schemas() if not schema.domain})
    rows = [" ".join([op, *spans(op)]) for op in ops if any(spans(op))]
    return "\n".join([f"onnx2torch {version('onnx2torch')}, opsets 1-{LAST}", *rows]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
