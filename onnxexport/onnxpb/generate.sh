#!/usr/bin/env bash
# Makes onnx.pb.go from onnx.proto. The compiler comes with the Python package
# grpcio-tools, in a throw-away environment unless $PYTHON has it already; the
# Go plugin is the one of the protobuf version that go.mod pins.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python=${PYTHON:-python3}
if ! "$python" -c 'import grpc_tools' 2>/dev/null; then
	"$python" -m venv "$work/venv"
	python=$work/venv/bin/python
	"$python" -m pip install --quiet grpcio-tools==1.85.1
fi
GOBIN=$work go install google.golang.org/protobuf/cmd/protoc-gen-go

# The path that the descriptor registers is the path given here.
mkdir "$work/losscc"
cp onnx.proto "$work/losscc/onnx.proto"
"$python" -m grpc_tools.protoc --proto_path="$work" \
	--plugin=protoc-gen-go="$work/protoc-gen-go" \
	--go_out="$work" --go_opt=module=losscc/onnxexport/onnxpb losscc/onnx.proto
mv "$work/onnx.pb.go" onnx.pb.go
gofmt -l onnx.pb.go
