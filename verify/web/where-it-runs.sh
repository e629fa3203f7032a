#!/usr/bin/env bash
# Makes testdata/where-it-runs.md and .json: what of losscc's files runs where, as
# found by running every loss in every form in every runtime. Some minutes the
# first time, for the packages; then about one.
#
#     bash verify/web/where-it-runs.sh
#
# It wants what `bash verify/test.sh` wants, with Node: onnx2torch runs in the
# environment of the tests of the bridge into PyTorch. onnx-gomlx is built by Go
# from a module of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
where=verify/web/where
python=${PYTHON:-python3}
unset PYTHONHOME

newest=$("$python" verify/python/environment.py newest)
oldest=$("$python" verify/python/environment.py oldest)
torch=$("$python" verify/python/environment.py torch)
LOSSCC_NODE_MODULES=$(verify/web/packages.sh)
export LOSSCC_NODE_MODULES

# The readers' environment stands beside the others, named after its hashes.
digest=$(sha256sum $where/readers.txt | cut -c1-12)
readers=$(dirname "$LOSSCC_NODE_MODULES")/../readers-$("$python" -c 'import sys; print("py%d.%d" % sys.version_info[:2])')-$digest
if [[ ! -f $readers/.complete ]]; then
  rm -rf "$readers"
  "$python" -m venv "$readers"
  "$readers/bin/pip" install --quiet --no-input --require-hashes -r $where/readers.txt
  touch "$readers/.complete"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/losscc" ./cmd/losscc
export LOSSCC=$work/losscc
(cd $where/gomlx && go build -o "$work/gomlx" .)

node $where/cases.mjs "$work/cases"
results=$work/cases
node $where/node.mjs "$results"
"$newest" $where/readers.py onnxruntime "$results" "$results/newest.result.json"
"$oldest" $where/readers.py onnxruntime "$results" "$results/oldest.result.json"
"$newest" $where/readers.py onnx "$results" "$results/onnx.result.json"
"$readers/bin/python" $where/readers.py openvino "$results" "$results/openvino.result.json"
"$readers/bin/python" $where/readers.py tract "$results" "$results/tract.result.json"
"$work/gomlx" "$results" "$results/gomlx.result.json"
"$torch" $where/readers.py onnx2torch "$results" "$results/onnx2torch.result.json"
node $where/table.mjs "$results" testdata/where-it-runs
cat testdata/where-it-runs.md
