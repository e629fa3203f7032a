"""Measures what the kernels of ONNX Runtime cost that losscc's files are made of.

    python verify/bench/kernels.py [--only REGEXP] [--quick] [--out DIR]

The whole takes about four minutes and 5 GB. It writes kernels.json and kernels.md;
with --only, what is in DIR already and was not measured stays.

A kernel is measured in a graph of copies of its node, whose results nobody reads,
without the optimiser. Tensors of a megabyte and more are timed by the runtime's
own clock around the node; below that it is the time of many copies less the time
of none. Each pass has a session of its own; the least of all counts.

A kernel that reads what has to stay writes new memory (fresh). Where its operand
is another node's and read by nobody else, it may take that memory over (in
place). Whether it does is seen in the memory: with arenas off, a tensor more or
none.
"""

from __future__ import annotations

import argparse
import collections
import ctypes
import datetime
import gc
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import machine
from cell import forget_peak, peak, resident
from kernelcases import Arrays, Case, Way, cases, constants, operands, ways
from probe import Probe

HERE = Path(__file__).resolve().parent
OPSET = 17  # that losscc writes
THREADS = 2
# N, C, D; how many copies of a node; how many runs a pass.
SIZES = {
    "large": (128, 100_000, 512, 2, 7), "medium": (1024, 1024, 512, 6, 12),
    "small": (128, 128, 512, 60, 40), "one": (1, 1, 1, 200, 60),
}
QUICK = {"large": (32, 300, 16, 2, 2), "medium": (32, 32, 16, 2, 2), "small": (8, 8, 16, 4, 2), "one": (1, 1, 1, 4, 2)}
PROFILED = ("large", "medium")  # long enough for a clock of microseconds
PRODUCER = {np.dtype(np.float32): "Abs", np.dtype(np.int64): "Abs", np.dtype(bool): "And"}


def model(nodes: list[onnx.NodeProto], given: Arrays, out: str = "") -> bytes:
    """A graph of nodes; without out its result is a copy of one number, to have one."""
    if not out:
        nodes, out = [*nodes, helper.make_node("Identity", ["axis"], ["none"], "none")], "none"
    made = {o for n in nodes for o in n.output}
    names = dict.fromkeys(i for n in nodes for i in n.input if i not in made)
    letters = "ABCDEF"  # extents that the optimiser cannot know
    ports = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(given[n].dtype),
                                           [f"{letters[k]} of {n}" for k in range(given[n].ndim)]) for n in names]
    result = helper.make_value_info(out, helper.make_tensor_type_proto(
        TensorProto.INT64 if out == "none" else TensorProto.FLOAT, None))
    graph = helper.make_graph(nodes, "kernels", ports, [result])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8).SerializeToString()


class Session:
    """A session with inputs bound where they lie."""

    def __init__(self, data: bytes, given: Arrays, threads: int, optimise: bool = False, arena: bool = True,
                 profile: str = "") -> None:
        o = onnxruntime.SessionOptions()
        o.intra_op_num_threads, o.inter_op_num_threads = threads, 1
        o.enable_mem_pattern, o.enable_cpu_mem_arena, o.log_severity_level = False, arena, 4
        # Where sessions take turns, the threads of one must not spin beside another's.
        o.add_session_config_entry("session.force_spinning_stop", "1")
        if not optimise:
            o.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        if profile:
            o.enable_profiling, o.profile_file_prefix = True, profile
        self.session = onnxruntime.InferenceSession(data, o, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        for port in self.session.get_inputs():
            self.binding.bind_cpu_input(port.name, given[port.name])
        for port in self.session.get_outputs():
            self.binding.bind_output(port.name, "cpu")

    def run(self) -> float:
        """Nanoseconds of a run."""
        start = time.perf_counter_ns()
        self.session.run_with_iobinding(self.binding)
        return time.perf_counter_ns() - start

    def result(self) -> np.ndarray:
        return self.binding.get_outputs()[0].numpy()

    def clock(self) -> dict[str, list[int]]:
        """Nanoseconds of each node by its name, of every run; ends the session's profile."""
        path = Path(self.session.end_profiling())
        events = json.loads(path.read_text())
        path.unlink()
        found = collections.defaultdict(list)
        for e in events:
            if e.get("cat") == "Node" and e["name"].endswith("_kernel_time"):
                found[e["name"].removesuffix("_kernel_time")].append(1000 * e["dur"])
        return found


def mapped() -> None:
    """Makes malloc map a megabyte and more of its own, and give it back when freed: memory() counts it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(-3, 1 << 20)  # M_MMAP_THRESHOLD


def memory(data: bytes, given: Arrays, optimise: bool = False) -> int:
    """Bytes that a run holds at its highest beyond its inputs."""
    session = Session(data, given, THREADS, optimise, arena=False)
    gc.collect()
    forget_peak()
    before = resident()
    session.run()
    return max(0, peak() - before)


class Kernels:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.sizes = QUICK if options.quick else SIZES
        self.chosen = [c for c in cases() if re.search(options.only or "", c.name)]
        self.rows = {c.name: {"op": c.op, "form": c.form, "per": c.per, "work": {}, "ns": {}} for c in self.chosen}
        self.folder = tempfile.TemporaryDirectory()

    def nodes(self, case: Case, copies: int, given: Arrays, in_place: bool) -> list[onnx.NodeProto]:
        """copies of the node, each after the producer of what it may overwrite."""
        made = []
        first = case.inputs[case.over]
        producer = PRODUCER[given[first].dtype]
        for k in range(copies):
            if in_place:
                ins = [first] * (2 if producer == "And" else 1)
                made.append(helper.make_node(producer, ins, [f"made {k}"], f"made {k}"))
            made.append(case.node(f"out {k}", f"made {k}" if in_place else ""))
        return made

    def look(self, case: Case, given: Arrays) -> None:
        """Whether the kernel works in place, and the bytes that it takes where it does not."""
        row, first = self.rows[case.name], given[case.inputs[case.over]].nbytes
        fresh = memory(model(self.nodes(case, 1, given, False), given), given)
        row["bytes"] = fresh
        row["in_place"] = False
        if fresh > 0.2 * first and first > 1 << 20:
            after = memory(model(self.nodes(case, 1, given, True), given), given) - first
            row["in_place"] = after < fresh / 2

    def time(self, case: Case, size: str, given: Arrays, in_place: bool) -> float:
        """Nanoseconds of the kernel, the least of a pass."""
        _, _, _, copies, runs = self.sizes[size]
        data = model(self.nodes(case, copies, given, in_place), given)
        if size in PROFILED:
            session = Session(data, given, self.options.threads, profile=str(Path(self.folder.name) / "p"))
            for _ in range(runs):
                session.run()
            clock = session.clock()
            return min(t for k in range(copies) for t in clock[f"out {k}"])
        session = Session(data, given, self.options.threads)
        none = [n for n in self.nodes(case, copies, given, in_place) if in_place and n.name.startswith("made")]
        empty = Session(model(none, given), given, self.options.threads)
        both = [(session.run(), empty.run()) for _ in range(runs)]
        return (min(b[0] for b in both) - min(b[1] for b in both)) / copies

    def measure(self) -> None:
        for size, (n, c, d, *_) in self.sizes.items():
            given = operands(n, c, d)
            for case in self.chosen:
                self.rows[case.name]["work"][size] = case.work(given)
                if size == "large":
                    self.look(case, given)
            for number in range(self.options.passes):
                say(f"{size}, pass {number + 1}")
                for case in self.chosen:
                    for way in ("fresh", "in place") if self.rows[case.name]["in_place"] else ("fresh",):
                        found = self.rows[case.name]["ns"].setdefault(way, {}).setdefault(size, [])
                        found.append(round(self.time(case, size, given, way == "in place"), 1))


def compare(options: argparse.Namespace, sizes: dict) -> list[dict]:
    """Each group of ways at the large size, its ways in turns: milliseconds and bytes."""
    n, c, d, *_ = sizes["large"]
    given = operands(n, c, d) | constants(d)
    found = []
    groups: dict[str, list[Way]] = {}
    for w in ways():
        if re.search(options.only or "", w.group):
            groups.setdefault(w.group, []).append(w)
    for group, members in groups.items():
        say(group)
        files = [model(list(w.nodes), given, w.nodes[-1].output[0]) for w in members]
        extra = [memory(data, given, optimise=True) for data in files]
        sessions = [Session(data, given, options.threads, optimise=True) for data in files]
        times = [[s.run() / 1e6 for s in sessions] for _ in range(2 if options.quick else 15)]
        want = sessions[0].result().astype(np.float64)
        for k, w in enumerate(members):
            off = np.abs(sessions[k].result() - want).max() / np.abs(want).max()
            found.append({"group": group, "way": w.name, "ms": round(min(t[k] for t in times), 3),
                          "median_ms": round(float(np.median([t[k] for t in times])), 3),
                          "bytes": extra[k], "differs": float(off)})
        del sessions
    return found


def merged(old: dict, new: dict) -> dict:
    """old with what new has of it, kernels in the order of cases()."""
    kernels = {(k["op"], k["form"]): k for k in old["kernels"] + new["kernels"]}
    ways_ = {(w["group"], w["way"]): w for w in old["ways"] + new["ways"]}
    order = [(c.op, c.form) for c in cases()]
    return old | {"kernels": [kernels[k] for k in order if k in kernels], "ways": list(ways_.values())}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def digits(x: float) -> str:
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 1 else f"{x:.3f}"


def rate(row: dict, way: str, size: str) -> str:
    """Nanoseconds for an element, for a thousand multiply-adds, or for the node."""
    times = row["ns"].get(way, {}).get(size)
    if not times:
        return ""
    if size == "one":
        return digits(max(0.0, min(times)))
    thousand = 1000 if row["per"] == "multiply-add" else 1
    return digits(max(0.0, min(times)) / row["work"][size] * thousand)


def markdown(result: dict) -> str:
    m, sizes = result["machine"], result["sizes"]
    at = {k: f"{k} {n}×{c}" for k, (n, c, *_) in sizes.items()}
    lines = [
        "# What a kernel of ONNX Runtime costs", "",
        f"Measured {result['date']} by `{result['command']}`: {m['processor']}, {m['threads']} threads, {m['system']}; "
        + ", ".join(f"{k} {v}" for k, v in m["versions"].items() if k in ("onnxruntime", "onnx", "numpy", "python"))
        + f". Probe: {result['probe']['gflops']:.0f} Gflop/s, {result['probe']['gbytes']:.0f} GB/s in a copy.", "",
        "Nanoseconds for an element of the largest operand or result; for products, for a thousand multiply-adds "
        f"(D = {sizes['large'][2]}). *In place*: the same three where the operand is nobody else's and the kernel writes "
        "over it; empty where it writes new memory all the same. *Memory*: new bytes for an element, result and scratch, "
        "at the large size. The last column: nanoseconds that a node takes with one element.", "",
        "| kernel | operands | " + " | ".join(f"{at[k]}" for k in sizes if k != "one")
        + " | in place | memory | ns a node |", "|---|---|" + "---:|" * 6,
    ]
    for row in result["kernels"]:
        cells = [rate(row, "fresh", k) for k in sizes if k != "one"]
        cells.append(" / ".join(rate(row, "in place", k) for k in sizes if k != "one") if row["in_place"] else "")
        bytes_ = row["bytes"] / max(1, row["work"]["large"]) if row["per"] == "element" else row["bytes"] / 1e6
        held = f"{bytes_:.1f} B" if row["per"] == "element" else f"{bytes_:.0f} MB"
        cells += [held, rate(row, "fresh", "one")]
        lines.append(f"| {row['op']} | {row['form']} | " + " | ".join(cells) + " |")
    if result["ways"]:
        n, c, d, *_ = sizes["large"]
        lines += ["", "# Ways to the same", "",
                  f"N = {n}, C = {c}, D = {d}; graphs measured in turns, with the optimiser; memory beyond the inputs, "
                  "without arenas; how far a result is from the first way's, over the largest element.", "",
                  "| number | way | ms | median | memory, MB | differs |", "|---|---|---:|---:|---:|---:|"]
        lines += [f"| {w['group']} | {w['way']} | {digits(w['ms'])} | {digits(w['median_ms'])} | {w['bytes'] / 1e6:.0f} | "
                  f"{w['differs']:.0e} |" for w in result["ways"]]
    return "\n".join(lines) + "\n"


def main() -> int:
    p = argparse.ArgumentParser(description="Measures the kernels of ONNX Runtime that losscc's files are made of.")
    p.add_argument("--only", metavar="REGEXP", help="kernels and ways whose names match")
    p.add_argument("--quick", action="store_true", help="tiny shapes: that everything runs")
    p.add_argument("--out", metavar="DIR", help="where to write (testdata/bench; with --quick or --only a new folder in /tmp)")
    p.add_argument("--threads", type=int, default=THREADS)
    p.add_argument("--passes", type=int, default=3, help="sessions that a kernel gets at each size (3)")
    options = p.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    mapped()
    probe = Probe(options.threads, options.quick)
    kernels = Kernels(options)
    begun = time.perf_counter()
    kernels.measure()
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "command": " ".join(["python verify/bench/kernels.py", *sys.argv[1:]]),
        "machine": machine.describe("", "", options.threads), "opset": OPSET,
        "sizes": {k: v[:3] for k, v in kernels.sizes.items()},
        "kernels": list(kernels.rows.values()), "ways": compare(options, kernels.sizes), "probe": probe.take(),
    }
    away = options.quick or options.only
    usual = Path("/tmp") / f"losscc-kernels-{os.getpid()}" if away else HERE.parent.parent / "testdata" / "bench"
    out = Path(options.out or usual)
    out.mkdir(parents=True, exist_ok=True)
    if options.only and (out / "kernels.json").exists():
        result = merged(json.loads((out / "kernels.json").read_text()), result)
    (out / "kernels.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "kernels.md").write_text(markdown(result))
    say(f"written to {out} after {time.perf_counter() - begun:.0f} s: kernels.json, kernels.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
