#!/usr/bin/env bash
# Tests the bridge into PyTorch: its types, its style, and every loss through it.
#
#     bash verify/python/torch/test.sh
#
# The first run fetches PyTorch by pinned version and hash, 4 GB on Linux, into
# an environment outside the checkout, which is why verify/test.sh does not run
# this. LOSSCC_TORCH_PYTHON names a Python that has it already. About two minutes
# on two cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
bridge=../../../cmd/losscc/internal/bridge/losscc_torch.py
python=${LOSSCC_TORCH_PYTHON:-$("${PYTHON:-python3}" ../environment.py torch </dev/null)} || {
  echo "NOT TESTED: PyTorch could not be set up (see above); LOSSCC_TORCH_PYTHON names a Python that has it" >&2
  exit 4
}
"$python" -m mypy --strict "$bridge"
"$python" -m ruff check --config pyproject.toml . "$bridge"
"$python" -m pytest -c pyproject.toml "$@" .
