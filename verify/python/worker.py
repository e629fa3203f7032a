"""Runs ONNX files for a parent process, one job after another, over its pipes.

The parent writes a frame to standard input and reads a frame from standard
output, until it closes its end. A frame, in both directions, is

    4 bytes   length of the header, little endian
    8 bytes   length of the body, little endian
    header    one JSON object
    body      raw bytes: what the header lists, without gaps

A request's header is {"job", "seconds", "model", "inputs", ...}: "model" is the
length of the model at the body's start, "inputs" lists {"name", "kind", "shape"}
for the tensors after it. A kind is float (8-byte floats), int64 or bool (one
byte), elements in row-major order, little endian. An answer's header is
{"ok": true, "outputs": [...], "text": ...} with the same kind of list, or
{"ok": false, "stage", "what", "message"}, where "what" is rejected (the runtime
does not take the model or its inputs) or memory.

The first frame comes unasked: {"ok": true, "version": ...} when the runtime has
been imported. "seconds" is how long a job may take; a worker whose job takes
longer ends itself, so that it does not outlive a parent that died waiting.

Usage: worker.py RUNTIME MEGABYTES LEVEL, where RUNTIME is onnxruntime, onnx or
reference, MEGABYTES limits the address space (0: no limit) and LEVEL is
ONNX Runtime's graph optimisation (all or disabled). `worker.py --probe MODULE...`
prints the versions of installed modules as JSON, null for a missing one, and
imports none.
"""

from __future__ import annotations

import sys

# Run as `python -c`, the first entry is the folder that the parent stands in,
# where any file may be called onnx.py.
sys.path[:] = [entry for entry in sys.path if entry]

import collections
import faulthandler
import json
import os
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

Header = dict[str, Any]
Arrays = dict[str, Any]  # name -> numpy array

FRAME = struct.Struct("<IQ")
KINDS = {"float": "<f8", "int64": "<i8", "bool": "|b1"}

# How many models stay loaded: gradients by differences run one model often.
KEPT_MODELS = 8


class Rejected(Exception):
    """The runtime does not take the model or its inputs."""

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage


# ---------------------------------------------------------------- frames


def read_exactly(stream: BinaryIO, n: int) -> bytes:
    data = stream.read(n)
    if len(data) != n:
        raise EOFError
    return data


def read_frame(stream: BinaryIO) -> tuple[Header, bytes]:
    header_length, body_length = FRAME.unpack(read_exactly(stream, FRAME.size))
    header = json.loads(read_exactly(stream, header_length))
    return header, read_exactly(stream, body_length)


def write_frame(stream: BinaryIO, header: Header, body: bytes = b"") -> None:
    text = json.dumps(header).encode()
    stream.write(FRAME.pack(len(text), len(body)) + text + body)
    stream.flush()


def unpack(header: Header, body: bytes) -> tuple[bytes, Arrays]:
    """The model and the input arrays of a request."""
    import numpy as np

    at = header["model"]
    arrays: Arrays = {}
    for entry in header.get("inputs", []):
        dtype = np.dtype(KINDS[entry["kind"]])
        count = 1
        for extent in entry["shape"]:
            count *= extent
        flat = np.frombuffer(body, dtype, count, at) if count else np.zeros(0, dtype)
        arrays[entry["name"]] = flat.reshape(entry["shape"])
        at += count * dtype.itemsize
    return body[: header["model"]], arrays


def pack(arrays: Arrays) -> tuple[list[Header], bytes]:
    """Arrays as the list and the bytes of an answer."""
    import numpy as np

    entries: list[Header] = []
    parts: list[bytes] = []
    for name, value in arrays.items():
        array = np.asarray(value)
        if array.dtype.kind == "b":
            kind = "bool"
        elif array.dtype.kind in "iu":
            kind = "int64"
        elif array.dtype.kind == "f":
            kind = "float"
        else:
            raise Rejected("answer", f"output {name} has dtype {array.dtype}, want numbers or bool")
        entries.append({"name": name, "kind": kind, "shape": list(array.shape)})
        parts.append(np.ascontiguousarray(array, dtype=KINDS[kind]).tobytes())
    return entries, b"".join(parts)


def cast(name: str, array: Any, want: Any) -> Any:
    """array in the dtype that the model declares for the input name.

    Floats are rounded to a narrower float and integers to a narrower integer
    only if they fit; a float for an integer, or the reverse, is a mistake.
    """
    import numpy as np

    group = {"b": "bool", "i": "int", "u": "int", "f": "float"}
    if group.get(array.dtype.kind) != group.get(want.kind):
        raise Rejected("inputs", f"input {name} came as {array.dtype}, want {want}")
    with np.errstate(over="ignore"):
        result = array.astype(want)
    if want.kind in "iu" and not np.array_equal(result, array):
        raise Rejected("inputs", f"input {name} has a value that {want} cannot hold")
    return result


def feeds(declared: dict[str, Any], arrays: Arrays) -> Arrays:
    """The arrays cast to what the model declares, or what is missing or too much."""
    missing = sorted(set(declared) - set(arrays))
    unknown = sorted(set(arrays) - set(declared))
    if missing or unknown:
        raise Rejected(
            "inputs",
            f"inputs missing: {missing}, inputs that the model does not have: {unknown}; "
            f"it has {sorted(declared)}",
        )
    return {name: cast(name, arrays[name], want) for name, want in declared.items()}


# ---------------------------------------------------------------- runtimes


class OnnxRuntime:
    """ONNX Runtime on the CPU, one thread."""

    def __init__(self, level: str) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self.ort = onnxruntime
        self.version = onnxruntime.__version__
        self.level = level
        self.jobs = {"run": self.run}
        self.loaded: collections.OrderedDict[bytes, Any] = collections.OrderedDict()

    def session(self, model: bytes) -> Any:
        if model in self.loaded:
            self.loaded.move_to_end(model)
            return self.loaded[model]
        options = self.ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        levels = self.ort.GraphOptimizationLevel
        options.graph_optimization_level = {
            "all": levels.ORT_ENABLE_ALL,
            "disabled": levels.ORT_DISABLE_ALL,
        }[self.level]
        try:
            session = self.ort.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as e:
            raise Rejected("load", one_line(e)) from e
        self.loaded[model] = session
        if len(self.loaded) > KEPT_MODELS:
            self.loaded.popitem(last=False)
        return session

    def run(self, header: Header, model: bytes, arrays: Arrays) -> tuple[Header, Arrays]:
        import numpy as np

        session = self.session(model)
        names = {
            "tensor(float16)": "f2", "tensor(float)": "f4", "tensor(double)": "f8",
            "tensor(int64)": "i8", "tensor(int32)": "i4", "tensor(bool)": "b1",
            "tensor(int8)": "i1", "tensor(uint8)": "u1",
        }
        declared = {}
        for value in session.get_inputs():
            if value.type not in names:
                raise Rejected("inputs", f"input {value.name} is declared {value.type}, which has no array here")
            declared[value.name] = np.dtype(names[value.type])
        given = feeds(declared, arrays)
        outputs = [value.name for value in session.get_outputs()]
        try:
            results = session.run(outputs, given)
        except Exception as e:
            raise Rejected("run", one_line(e)) from e
        return {}, dict(zip(outputs, results))


class Reference:
    """onnx's own reference evaluator, in numpy."""

    def __init__(self, level: str) -> None:
        import onnx
        import onnx.reference

        self.onnx = onnx
        self.version = onnx.__version__
        self.jobs = {"run": self.run}
        self.loaded: collections.OrderedDict[bytes, Any] = collections.OrderedDict()

    def evaluator(self, model: bytes) -> Any:
        if model in self.loaded:
            self.loaded.move_to_end(model)
            return self.loaded[model]
        try:
            parsed = self.onnx.load_model_from_string(model)
            evaluator = self.onnx.reference.ReferenceEvaluator(parsed)
        except Exception as e:
            raise Rejected("load", one_line(e)) from e
        self.loaded[model] = (parsed, evaluator)
        if len(self.loaded) > KEPT_MODELS:
            self.loaded.popitem(last=False)
        return self.loaded[model]

    def run(self, header: Header, model: bytes, arrays: Arrays) -> tuple[Header, Arrays]:
        import numpy as np

        parsed, evaluator = self.evaluator(model)
        baked = {value.name for value in parsed.graph.initializer}
        declared = {
            value.name: self.onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            for value in parsed.graph.input
            if value.name not in baked or value.name in arrays
        }
        given = feeds(declared, arrays)
        outputs = [value.name for value in parsed.graph.output]
        try:
            with np.errstate(all="ignore"):
                results = evaluator.run(outputs, given)
        except Exception as e:
            raise Rejected("run", one_line(e)) from e
        return {}, dict(zip(outputs, results))


class Checker:
    """onnx's checker, shape inference and printer."""

    def __init__(self, level: str) -> None:
        import onnx
        import onnx.checker
        import onnx.printer
        import onnx.shape_inference

        self.onnx = onnx
        self.version = onnx.__version__
        self.jobs = {"check": self.check, "print": self.print}

    def check(self, header: Header, model: bytes, arrays: Arrays) -> tuple[Header, Arrays]:
        onnx = self.onnx
        try:
            parsed = onnx.load_model_from_string(model)
            onnx.checker.check_model(parsed, full_check=True)
        except Exception as e:
            raise Rejected("checker", one_line(e)) from e
        try:
            onnx.shape_inference.infer_shapes(parsed, check_type=True, strict_mode=True)
        except Exception as e:
            raise Rejected("shape inference", one_line(e)) from e
        self.compare_shapes(parsed)
        return self.print(header, model, arrays)

    def compare_shapes(self, parsed: Any) -> None:
        """Infers every output's type without what the file declares about it."""
        onnx = self.onnx
        bare = onnx.ModelProto()
        bare.CopyFrom(parsed)
        del bare.graph.value_info[:]
        for value in bare.graph.output:
            value.type.tensor_type.ClearField("shape")
        try:
            inferred = onnx.shape_inference.infer_shapes(
                bare, check_type=True, strict_mode=True, data_prop=True
            )
        except Exception as e:
            raise Rejected("shape inference", one_line(e)) from e
        known = {
            dim.dim_param
            for value in parsed.graph.input
            for dim in value.type.tensor_type.shape.dim
            if dim.dim_param
        }
        if any(node.op_type == "TopK" for node in parsed.graph.node):
            known = set()  # inference loses the rows of a TopK with a computed k
        faults = []
        for declared, found in zip(parsed.graph.output, inferred.graph.output):
            fault = shape_fault(
                declared.type.tensor_type, found.type.tensor_type, known
            )
            if fault:
                faults.append(f"output {declared.name}: {fault}")
        if faults:
            raise Rejected("declared shapes", "; ".join(faults))

    def print(self, header: Header, model: bytes, arrays: Arrays) -> tuple[Header, Arrays]:
        try:
            text = self.onnx.printer.to_text(self.onnx.load_model_from_string(model))
        except Exception as e:
            raise Rejected("printer", one_line(e)) from e
        return {"text": text}, {}


def shape_fault(declared: Any, found: Any, known: set[str]) -> str:
    """How a declared tensor type differs from the inferred one, or "".

    An extent that inference cannot name is accepted only where the file
    declares a symbol of its own, which no input has: how many rows a NonZero
    finds is nobody's extent.
    """
    if declared.elem_type != found.elem_type:
        return f"declared element type {declared.elem_type}, inferred {found.elem_type}"
    if not found.HasField("shape"):
        return f"declared {spell(declared)}, but inference finds no rank"
    if len(declared.shape.dim) != len(found.shape.dim):
        return f"declared {spell(declared)}, inferred {spell(found)}"
    for want, got in zip(declared.shape.dim, found.shape.dim):
        nameless = not got.HasField("dim_value") and (
            not got.dim_param or got.dim_param.startswith("unk__")
        )
        if nameless and want.dim_param and want.dim_param not in known:
            continue
        if extent(want) != extent(got):
            return f"declared {spell(declared)}, inferred {spell(found)}"
    return ""


def extent(dim: Any) -> str:
    return str(dim.dim_value) if dim.HasField("dim_value") else dim.dim_param or "?"


def spell(tensor_type: Any) -> str:
    return "[" + ",".join(extent(dim) for dim in tensor_type.shape.dim) + "]"


RUNTIMES: dict[str, Callable[[str], Any]] = {
    "onnxruntime": OnnxRuntime,
    "reference": Reference,
    "onnx": Checker,
}


# ---------------------------------------------------------------- the worker


def one_line(e: BaseException) -> str:
    """An error's type and text, without line breaks."""
    text = " ".join(str(e).split())
    return f"{type(e).__name__}: {text}" if text else type(e).__name__


def is_memory(e: BaseException) -> bool:
    """Whether e, or what it came from, is the memory limit speaking."""
    texts = ("bad allocation", "bad_alloc", "failed to allocate memory", "unable to allocate")
    cause: BaseException | None = e
    while cause is not None:
        if isinstance(cause, MemoryError) or any(t in str(cause).lower() for t in texts):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def answer(runtime: Any, header: Header, body: bytes) -> tuple[Header, bytes]:
    """Does one job; whatever goes wrong in it becomes an answer."""
    try:
        job = runtime.jobs.get(header["job"])
        if job is None:
            raise Rejected("job", f"this runtime cannot {header['job']}, only {sorted(runtime.jobs)}")
        model, arrays = unpack(header, body)
        extra, outputs = job(header, model, arrays)
        entries, data = pack(outputs)
        return {"ok": True, "outputs": entries, **extra}, data
    except Exception as e:
        what = "memory" if is_memory(e) else "rejected"
        if isinstance(e, Rejected):
            return {"ok": False, "stage": e.stage, "what": what, "message": str(e)}, b""
        return {"ok": False, "stage": "worker", "what": what, "message": one_line(e)}, b""


def limit_memory(megabytes: int) -> None:
    try:
        import resource

        limit = megabytes << 20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError, ValueError):
        pass  # no such limit on this system: the parent's time limit remains


def own_stdout() -> BinaryIO:
    """Standard output for frames only: what anyone else prints goes to stderr."""
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return frames


def probe(modules: list[str]) -> None:
    import importlib.metadata
    import importlib.util

    found: dict[str, str | None] = {}
    for module in modules:
        found[module] = None
        try:
            if importlib.util.find_spec(module) is not None:
                found[module] = importlib.metadata.version(module)
        except (ImportError, ValueError):
            found[module] = "unknown version" if importlib.util.find_spec(module) else None
    print(json.dumps(found))


def main(arguments: list[str]) -> None:
    if arguments[0] == "--probe":
        probe(arguments[1:])
        return
    name, megabytes, level = arguments
    frames = own_stdout()
    faulthandler.enable()
    if int(megabytes):
        limit_memory(int(megabytes))
    runtime = RUNTIMES[name](level)
    write_frame(frames, {"ok": True, "version": runtime.version})
    while True:
        try:
            header, body = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        faulthandler.dump_traceback_later(header["seconds"], exit=True)
        reply = answer(runtime, header, body)
        faulthandler.cancel_dump_traceback_later()
        write_frame(frames, *reply)


if __name__ == "__main__":
    main(sys.argv[1:])
