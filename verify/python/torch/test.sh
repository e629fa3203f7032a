#!/usr/bin/env bash
# Tests the bridge into PyTorch: types and style of it, its tests and the examples,
# and every loss through it.
#
#     bash verify/python/torch/test.sh
#
# The first run fetches PyTorch by pinned version and hash, 4 GB on Linux, into
# an environment outside the checkout: two to four minutes. Then it takes about two
# on two cores. LOSSCC_TORCH_PYTHON names a Python that has it already. Further
# arguments go to pytest. Where PyTorch cannot be had it says so and exits with 4.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
bridge=../../../cmd/losscc/internal/bridge/losscc_torch.py
python=${LOSSCC_TORCH_PYTHON:-$("${PYTHON:-python3}" ../environment.py torch </dev/null)} || {
  echo "NOT TESTED: PyTorch could not be set up (see above); LOSSCC_TORCH_PYTHON names a Python that has it" >&2
  exit 4
}
"$python" -m mypy --strict --config-file pyproject.toml
"$python" -m ruff check --quiet --config pyproject.toml . "$bridge"
"$python" -m ruff format --quiet --check --config pyproject.toml . "$bridge"
"$python" -m pytest -c pyproject.toml "$@" .
