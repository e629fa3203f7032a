"""Makes, or finds again, the Python environment that the measured peers live in.

It is made as the one of verify/python is, and stands beside it; the prints are
the same: the path of the environment's Python.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    path = HERE.parent / "python" / "environment.py"
    spec = importlib.util.spec_from_file_location("losscc_environment", path)
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    made.SETS["bench"] = (HERE / "requirements.txt", ("onnxruntime", "torch", "pytorch_metric_learning"))
    made.FIRST_PYTHON = (3, 11)
    return made.main(["bench"])


if __name__ == "__main__":
    sys.exit(main())
