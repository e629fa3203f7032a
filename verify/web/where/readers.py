"""Runs every case of where-it-runs.sh in one Python runtime.

    python readers.py RUNTIME FOLDER RESULT.json

RUNTIME is onnxruntime, onnx, openvino, tract or onnx2torch. Each case runs in a
child process that goes on to the next; where a case ends the child, that is its
result and a new child goes on behind it.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


def with_onnxruntime(file: str, inputs: Arrays, outputs: list[str]) -> Arrays:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return dict(zip(outputs, session.run(outputs, inputs)))


def with_onnx(file: str, inputs: Arrays, outputs: list[str]) -> Arrays:
    from onnx.reference import ReferenceEvaluator

    return dict(zip(outputs, ReferenceEvaluator(file).run(outputs, inputs)))


def with_openvino(file: str, inputs: Arrays, outputs: list[str]) -> Arrays:
    import openvino

    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"})
    # Input by place: OpenVINO may give more names to one.
    model = core.read_model(file)
    names = [port.get_names() for port in model.inputs]
    compiled = core.compile_model(model, "CPU")
    found = compiled([next(inputs[n] for n in port if n in inputs) for port in names])
    return {n: np.asarray(found[n]) for n in outputs}


def with_tract(file: str, inputs: Arrays, outputs: list[str]) -> Arrays:
    import tract

    model = tract.onnx().load(file)
    kinds = {"float32": "f32", "int64": "i64"}
    given = []
    for i in range(model.input_count()):
        array = inputs[model.input_name(i)]
        model.set_input_fact(i, ",".join([*map(str, array.shape), kinds[str(array.dtype)]]))
        given.append(array)
    found = model.into_model().into_runnable().run(given)

    def array(t: tract.Tensor) -> np.ndarray:
        try:
            return t.to_numpy()
        except tract.TractError:  # a count that tract keeps as its type of extents
            return t.convert_to(tract.DatumType.I64).to_numpy()

    return dict(zip(outputs, map(array, found)))


def with_onnx2torch(file: str, inputs: Arrays, outputs: list[str]) -> Arrays:
    import onnx
    import onnx2torch
    import torch

    proto = onnx.load(file)
    found = onnx2torch.convert(proto)(*[torch.from_numpy(inputs[i.name]) for i in proto.graph.input])
    found = found if isinstance(found, (list, tuple)) else [found]
    return {n: t.detach().numpy() for n, t in zip(outputs, found)}


RUNTIMES = {
    "onnxruntime": ("ONNX Runtime", with_onnxruntime),
    "onnx": ("onnx reference evaluator", with_onnx),
    "openvino": ("OpenVINO", with_openvino),
    "tract": ("tract", with_tract),
    "onnx2torch": ("onnx2torch", with_onnx2torch),
}


def difference(want: dict[str, Any], got: np.ndarray) -> str | None:
    """How an output differs, or None; the bounds are those of losscc.mjs."""
    name = want["name"]
    if list(got.shape) != want["shape"]:
        return f"{name}: found shape {list(got.shape)}, want {want['shape']}"
    numbers = np.array([float(x) for x in want["data"]]).reshape(want["shape"])
    largest = float(np.max(np.abs(numbers), initial=0))
    bound = 2e-4 * largest + 1e-6 if want["dtype"].startswith("float") else 0
    if not np.allclose(got.astype(np.float64), numbers, rtol=0, atol=bound, equal_nan=True):
        worst = float(np.max(np.abs(got - numbers), initial=0))
        return f"{name}: differs by {worst:.3g}, its largest number is {largest:.3g}"
    return None


def judge(runtime: str, case: dict[str, Any]) -> dict[str, str]:
    inputs = {i["name"]: np.load(Path(case["folder"]) / f"{i['name']}.npy") for i in case["inputs"]}
    try:
        found = RUNTIMES[runtime][1](case["file"], inputs, [o["name"] for o in case["outputs"]])
        for want in case["outputs"]:
            if wrong := difference(want, np.asarray(found[want["name"]])):
                return {"result": "differs", "why": wrong}
    except Exception as e:
        return {"result": "fails", "why": f"{type(e).__name__}: {e}"}
    return {"result": "agrees"}


def child(runtime: str, folder: str, begin: int) -> None:
    """Judges the cases from one on, a line for each; whatever the runtime prints goes elsewhere."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for case in json.loads((Path(folder) / "cases.json").read_text())[begin:]:
        print(json.dumps(judge(runtime, case)), file=answers, flush=True)


def main(runtime: str, folder: str, result: str) -> None:
    cases = json.loads((Path(folder) / "cases.json").read_text())
    answers: list[dict[str, str]] = []
    while len(answers) < len(cases):
        done = subprocess.run(
            [sys.executable, __file__, "--child", runtime, folder, str(len(answers))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=900,
        )
        answers += [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) < len(cases):
            answers.append({"result": "fails", "why": f"the process ended with {done.returncode}"})
    name = RUNTIMES[runtime][0]
    said = {"runtime": name, "version": importlib.metadata.version(runtime)}
    keep = ("loss", "form", "gradient")
    results = [{**{k: c[k] for k in keep}, **a} for c, a in zip(cases, answers)]
    Path(result).write_text(json.dumps({**said, "results": results}))


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(*sys.argv[1:])
