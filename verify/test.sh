#!/usr/bin/env bash
# Runs every test there is, on a machine that has Go and Python 3 and nothing else:
#
#     bash verify/test.sh quick        Go's tests, with a part of the matrix
#     bash verify/test.sh              everything
#     bash verify/test.sh -run Arc     further arguments go to `go test`, and no more is run
#
# The runtimes that judge the emitted files are Python packages. The first run
# fetches them, by pinned version and hash, into an environment below
# $LOSSCC_VENV or ~/.cache/losscc; later runs find them there. PYTHON chooses the
# Python. `go test ./...` alone runs the tests that need Go only.
#
# quick tries every fifth setting of each loss and takes turns at types and forms.
# Everything tries each setting in each, and then runs the web's tests, for
# which Node is wanted, and PyTorch's, for which 4 GB are fetched once. What cannot
# be had is said to be not run; under LOSSCC_CI it is a failure.
#
# On two cores quick takes some minutes, everything about seventeen
# minutes, of which PyTorch's stage is two; the first time, with packages to
# fetch, quick takes one minute more and everything three.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Colour is for people at a terminal who have not asked for none.
bold='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
fi

quick=
[[ ${1:-} != quick ]] || { quick=yes; shift; }

begun=$SECONDS

fail() {
  printf '%sFAILED%s after %ds: %s\n' "$red" "$plain" $((SECONDS - begun)) "$1" >&2
  exit "${2:-1}"
}

stage() { printf '%s== %s%s\n' "$bold" "$1" "$plain"; stage_begun=$SECONDS; }
passed() { printf '   %s (%ds)\n' "$1" $((SECONDS - stage_begun)); }

command -v go >/dev/null ||
  fail "no go on the path; install the Go version that go.mod names" 4
python=${PYTHON:-python3}
"$python" -c '' 2>/dev/null ||
  fail "no Python 3 at '$python'; install one, or name it: PYTHON=/path/to/python3 bash verify/test.sh. Without one, go test ./... runs the tests that need Go only" 4

# Modules of somebody else's Python must not get into ours.
unset PYTHONPATH PYTHONHOME

stage "Python runtimes"
LOSSCC_PYTHON=$("$python" verify/python/environment.py newest </dev/null) ||
  fail "the Python runtimes could not be set up (see above)" 4
LOSSCC_PYTHON_OLD=$("$python" verify/python/environment.py oldest </dev/null) ||
  fail "the oldest ONNX Runtime could not be set up (see above)" 4
export LOSSCC_PYTHON LOSSCC_PYTHON_OLD
[[ -n $quick ]] || export LOSSCC_MATRIX=full # every setting in every form and type
export LOSSCC_REQUIRE_RUNTIMES=1 # they are here: a test that skips them is a failure
version='import sys, importlib.metadata as m; print(sys.argv[1], m.version(sys.argv[1]))'
passed "$("$LOSSCC_PYTHON" -c "$version" onnx), newest $("$LOSSCC_PYTHON" -c "$version" onnxruntime), oldest $("$LOSSCC_PYTHON_OLD" -c "$version" onnxruntime), $("$python" --version)"

stage "gofmt"
unformatted=$(gofmt -l .)
[[ -z $unformatted ]] || fail "not formatted, gofmt -w puts it right:"$'\n'"$unformatted"
passed "all files formatted"

stage "go vet"
go vet ./... || fail "go vet"
passed "nothing found"

stage "go test"
# -count=1: what is said to be tested is tested now, and not remembered.
go test -count=1 -timeout 25m ${quick:+-short} "$@" ./... </dev/null || fail "go test"
passed "all packages passed"

if [[ -z $quick && $# == 0 ]]; then
  stage "web"
  bash verify/web/test.sh || fail "the web's tests"
  passed "or said to be not run"

  stage "PyTorch"
  code=0
  bash verify/python/torch/test.sh </dev/null || code=$?
  case $code in
    0) passed "types, style and tests" ;;
    4) [[ -z ${LOSSCC_CI:-} ]] || fail "PyTorch is not here, and LOSSCC_CI asks for it" 4
       printf '   NOT RUN (%ds)\n' $((SECONDS - stage_begun)) ;;
    *) fail "the tests of the bridge into PyTorch" ;;
  esac
fi

printf '%sAll tests passed%s in %ds\n' "$bold" "$plain" $((SECONDS - begun))
