"""Measures both ways of every choice that the compiler makes by cost, and says whether it chose well.

    python verify/bench/choices.py --losscc PATH [--only REGEXP] [--quick] [--out DIR]

The whole takes about ten minutes and 4 GB. It writes choices.json and choices.md.

Each loss is built twice for a choice, forced one way and the other at every value
where the choice is, all else being as the compiler takes it. The two files run in
turns on the same inputs, the least time of each counts. Memory is what a run
holds beyond its inputs, without arenas.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx

import machine
from kernels import HERE, Session, digits, mapped, memory, say
from matrix import CLASS_SIZE
from probe import Probe

WORTH = 1 / 6  # memory against time, as ir/opt weighs them,
RUNTIME = 64 << 20  # with what a runtime holds anyway
SAME = 0.03  # a smaller difference is none
LEAST = 8 << 20  # bytes that the system's pages say something about


@dataclasses.dataclass(frozen=True)
class Loss:
    name: str
    expr: str
    sets: tuple[str, ...] = ()
    grad: bool = True

    def words(self) -> list[str]:
        return [self.expr, *(["--grad"] if self.grad else []), *(w for s in self.sets for w in ("--set", s))]


LOSSES = (
    Loss("softmax", "softmax", ("bias=false",)),
    Loss("arcface", "arcface"),
    Loss("curricularface", "curricularface"),
    Loss("kappaface", "kappaface"),
    Loss("triplet-batch-all", "triplet", ("mining=batch-all",)),
    Loss("triplet-all-semi-hard", "triplet", ("mining=batch-all-semi-hard",)),
    Loss("triplet-batch-hard", "triplet", ("mining=batch-hard",)),
    Loss("triplet-semi-hard", "triplet", ("mining=semi-hard",)),
    Loss("contrastive", "contrastive", ("mining=all", "squared=false")),
    # Those that have what the others lack: slopes, a place that only a value is read of, a negated sum.
    Loss("contrastive-nonzero", "contrastive", ("mining=all", "squared=false", "loss_weight=1", "average=nonzero")),
    Loss("triplet-batch-hard, forward", "triplet", ("mining=batch-hard",), grad=False),
    Loss("uniface", "uniface"),
)


class Compiler:
    def __init__(self, path: str, work: Path) -> None:
        self.path, self.work = path, work

    def why(self, loss: Loss, *forced: str) -> list[dict]:
        """The choices that the compiler made, and what it expected of each way."""
        words = [self.path, "show", *loss.words(), "--stage", "opt", "--why", "--json", *self.choose(forced)]
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout).get("choices") or []

    def build(self, loss: Loss, *forced: str) -> bytes:
        """The file with ways forced, without what is written beside the graph."""
        path = self.work / "loss.onnx"
        path.unlink(missing_ok=True)
        words = [self.path, "build", *loss.words(), *self.choose(forced), "-o", str(path)]
        subprocess.run(words, check=True, capture_output=True)
        model = onnx.load(path)
        del model.metadata_props[:]
        return model.SerializeToString()

    @staticmethod
    def choose(forced: tuple[str, ...]) -> list[str]:
        return [w for f in forced for w in ("--choose", f)]


def extent(dim: str | int, sizes: dict[str, int]) -> int:
    """How long an axis is: a number, a letter of sizes, or a product of these as 3*C."""
    return math.prod(int(f) if f.isdigit() else sizes[f] for f in str(dim).split("*"))


def inputs(data: bytes, sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """Random inputs for a file: labels of C classes, or of four samples each, and standard normal numbers."""
    r = np.random.default_rng(0)
    n = sizes["N"]
    labels = r.integers(0, sizes["C"], n) if sizes.get("C") else r.permutation(np.arange(n) // CLASS_SIZE)
    given = {}
    for port in onnx.load_from_string(data).graph.input:
        tensor = port.type.tensor_type
        shape = [extent(d.dim_param or d.dim_value, sizes) for d in tensor.shape.dim]
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if np.issubdtype(kind, np.integer):
            given[port.name] = np.broadcast_to(labels, shape).astype(kind) if shape else np.asarray(1, kind)
        elif port.name in ("embeddings", "weight"):
            given[port.name] = r.standard_normal(shape, dtype=np.float32).astype(kind)
        else:  # states: small and positive
            given[port.name] = np.asarray(r.random(shape), kind)
    return given


def parsed(sizes: str, quick: bool) -> dict[str, int]:
    """N=128 C=100000 D=512 as numbers."""
    found = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", sizes)}
    found = {name: min(n, {"N": 16, "C": 40, "D": 24}.get(name, n)) for name, n in found.items()} if quick else found
    return found | {"K": 3}


def expected(choices: list[dict], name: str, way: str) -> dict[str, dict]:
    """What the compiler expects at each size of the function that takes way throughout."""
    last = [c for c in choices if c["choice"] == name][-1]
    return {c["sizes"]: c for w in last["ways"] if w["way"] == way for c in w["costs"]}


def measure(files: dict[str, bytes], sizes: dict[str, int], options: argparse.Namespace) -> dict[str, dict]:
    """Least milliseconds and bytes of each file, which run in turns, and how far their losses are apart."""
    given = inputs(next(iter(files.values())), sizes)
    sessions = {w: Session(data, given, options.threads, optimise=True) for w, data in files.items()}
    times: dict[str, list[int]] = {w: [] for w in files}
    for s in sessions.values():
        s.run()
    begun, least = time.perf_counter(), 1 if options.quick else 9
    while len(times[next(iter(files))]) < least or time.perf_counter() - begun < (0 if options.quick else 2):
        for way, s in sessions.items():
            times[way].append(s.run())
    losses = [float(s.result()) for s in sessions.values()]
    del sessions
    return {w: {"ms": min(t) / 1e6, "median_ms": float(np.median(t)) / 1e6, "bytes": memory(files[w], given, True),
                "loss": loss} for (w, t), loss in zip(times.items(), losses)}


def rows(compiler: Compiler, loss: Loss, options: argparse.Namespace) -> list[dict]:
    """A row for each choice of a loss and each size."""
    found = []
    made = compiler.why(loss)
    for name in dict.fromkeys(c["choice"] for c in made):
        mine = [c for c in made if c["choice"] == name]
        if options.only and not re.search(options.only, f"{name} {loss.name}"):
            continue
        ways = [w["way"] for w in mine[0]["ways"]]
        files = {w: compiler.build(loss, f"{name}={w}") for w in ways}
        if len(set(files.values())) == 1:
            continue  # the difference goes in a later stage
        models = {w: expected(compiler.why(loss, f"{name}={w}"), name, w) for w in ways}
        for sizes in models[ways[0]]:
            say(f"{name}: {loss.name} {sizes}")
            got = measure(files, parsed(sizes, options.quick), options)
            found.append({
                "choice": name, "says": mine[0]["says"], "loss": loss.name, "sizes": sizes, "values": len(mine),
                "taken": sorted({c["taken"] for c in mine}), "ways": ways,
                "measured": got, "expected": {w: models[w][sizes] for w in ways},
                "ratio": got[ways[1]]["ms"] / got[ways[0]]["ms"],
                "expected_ratio": models[ways[1]][sizes]["ms"] / models[ways[0]][sizes]["ms"],
            })
    return found


def right(row: dict) -> str:
    """Whether the way that was taken is the faster one at this size."""
    if abs(math.log(row["ratio"])) < SAME:
        return "the same"
    if len(row["taken"]) > 1:
        return "both taken"
    faster = row["ways"][0 if row["ratio"] > 1 else 1]
    return "yes" if row["taken"][0] == faster else f"no, by {100 * abs(math.log(row['ratio'])):.0f} %"


def weighed(group: list[dict]) -> str:
    """Whether the choice at a loss is right over its sizes, as the compiler weighs time and memory."""
    if len(group[0]["taken"]) > 1:
        return "both taken"
    first, second = group[0]["ways"]
    weight = 0.0
    for r in group:
        held = [max(LEAST, r["measured"][w]["bytes"]) for w in (first, second)]
        weight += (math.log(r["ratio"]) + WORTH * math.log((held[1] + RUNTIME) / (held[0] + RUNTIME))) / len(group)
    if abs(weight) < SAME:
        return f"the same ({weight:+.3f})"
    cheaper = first if weight > 0 else second
    return f"{'right' if group[0]['taken'][0] == cheaper else 'WRONG'} ({weight:+.3f})"


def markdown(result: dict) -> str:
    m = result["machine"]
    lines = [
        "# Whether the cheaper way was chosen", "",
        f"Measured {result['date']} by `{result['command']}`: {m['processor']}, {m['threads']} threads, {m['system']}; "
        f"onnxruntime {m['versions'].get('onnxruntime', '')}; losscc at {m['commit']}.", "",
        "A whole loss, with its gradients unless it says forward, the choice forced one way and the other at every value that has it. Ratios are "
        "the second way's time over the first's; the way taken is **bold**. A difference under 3 % is none."
        + (" Tiny shapes, which only show that it runs: the times say nothing." if result["quick"] else ""), "",
        "| choice | loss | sizes | first way, ms (MB) | second way, ms (MB) | ratio | expected | faster one taken |",
        "|---|---|---|---:|---:|---:|---:|---|",
    ]
    for row in result["rows"]:
        cells = []
        for way in row["ways"]:
            got = row["measured"][way]
            name = f"**{way}**" if way in row["taken"] else way
            cells.append(f"{name} {digits(got['ms'])} ({got['bytes'] / 1e6:.0f})")
        lines.append(f"| {row['choice']} | {row['loss']} | {row['sizes']} | {cells[0]} | {cells[1]} | {row['ratio']:.3f} | "
                     f"{row['expected_ratio']:.3f} | {right(row)} |")
    lines += [
        "", "Over the sizes, time and a sixth of the memory, as the compiler weighs them (above 0 the first way is cheaper):",
        "", "| choice | what it is | by loss |", "|---|---|---|",
    ]
    for name in dict.fromkeys(r["choice"] for r in result["rows"]):
        mine = [r for r in result["rows"] if r["choice"] == name]
        losses = dict.fromkeys(r["loss"] for r in mine)
        by = [f"{loss}: {weighed([r for r in mine if r['loss'] == loss])}" for loss in losses]
        lines.append(f"| {name} | {mine[0]['says']} | {'; '.join(by)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    p = argparse.ArgumentParser(description="Measures both ways of every choice that the compiler makes by cost.")
    p.add_argument("--losscc", required=True, metavar="PATH", help="the command, built")
    p.add_argument("--only", metavar="REGEXP", help="choices and losses that match, as 'norm arcface'")
    p.add_argument("--quick", action="store_true", help="tiny shapes: that everything runs")
    p.add_argument("--out", metavar="DIR", help="where to write (testdata/bench; with --quick or --only a new folder in /tmp)")
    p.add_argument("--threads", type=int, default=2)
    options = p.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    mapped()
    with tempfile.TemporaryDirectory() as work:
        compiler = Compiler(options.losscc, Path(work))
        found = [r for loss in LOSSES for r in rows(compiler, loss, options)]
    found.sort(key=lambda r: r["choice"])  # stable: losses stay in their order
    words = [w for w in sys.argv[1:] if w not in ("--losscc", options.losscc)]
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "command": " ".join(["python verify/bench/choices.py --losscc losscc", *words]),
        "machine": machine.describe(options.losscc, "", options.threads), "quick": options.quick, "rows": found,
        "probe": Probe(options.threads, options.quick).take(),
    }
    away = options.quick or options.only
    usual = Path("/tmp") / f"losscc-choices-{os.getpid()}" if away else HERE.parent.parent / "testdata" / "bench"
    out = Path(options.out or usual)
    out.mkdir(parents=True, exist_ok=True)
    (out / "choices.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "choices.md").write_text(markdown(result))
    say(f"written to {out}: choices.json, choices.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
