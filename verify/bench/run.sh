#!/usr/bin/env bash
# Measures losscc against what people use instead, on this machine:
#
#     bash verify/bench/run.sh              everything, about 25 minutes
#     bash verify/bench/run.sh --quick      tiny shapes: that it runs, and the numbers hold
#     bash verify/bench/run.sh --only TEXT  the cells whose names match, a regular expression
#     bash verify/bench/run.sh --help       the rest
#
# The first run fetches PyTorch and the other peers, by pinned version and hash
# (several GB on Linux), into an environment below $LOSSCC_VENV or ~/.cache/losscc.
# LOSSCC_BENCH_PYTHON names a Python that has them, or some of them, already: a
# column whose packages are missing is left out, and said to be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() { printf 'run.sh: %s\n' "$1" >&2; exit "${2:-1}"; }

command -v go >/dev/null || fail "no go on the path; losscc needs the Go that go.mod names, from go.dev/dl" 4
unset PYTHONPATH PYTHONHOME
if [[ -n ${LOSSCC_BENCH_PYTHON:-} ]]; then
  python=$LOSSCC_BENCH_PYTHON
else
  python=$("${PYTHON:-python3}" verify/bench/environment.py </dev/null) ||
    fail "the peers could not be installed (see above); LOSSCC_BENCH_PYTHON names a Python that has them" 4
fi

# jemalloc is a column of its own; without it that column is left out.
if [[ -z ${LOSSCC_JEMALLOC:-} && $(uname) == Linux ]]; then
  find_jemalloc() { ldconfig -p 2>/dev/null | awk '/libjemalloc\.so\.2/ && !found {print $NF; found = 1}'; }
  LOSSCC_JEMALLOC=$(find_jemalloc)
  if [[ -z $LOSSCC_JEMALLOC && $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    apt-get install -y --no-install-recommends libjemalloc2 </dev/null >&2 || true
    LOSSCC_JEMALLOC=$(find_jemalloc)
  fi
fi
export LOSSCC_JEMALLOC=${LOSSCC_JEMALLOC:-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -trimpath -o "$work/losscc" ./cmd/losscc
# No output of Python's beside the sources.
PYTHONDONTWRITEBYTECODE=1 "$python" verify/bench/bench.py --losscc "$work/losscc" --work "$work" "$@" </dev/null
