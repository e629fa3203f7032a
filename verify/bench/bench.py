"""Measures every cell of the matrix, and writes what it found; run.sh starts it.

A cell is a row of matrix.py under a column of columns/ with an allocator. It has
a process of its own, as many threads as every other, and a probe of the machine
before and after it: if these differ by more than a tenth, it is measured again.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import columns
import compiletime
import machine
import matrix
import plot
import reference
import report
from columns import a_losscc
from probe import TOLERANCE, Probe, spread

HERE = Path(__file__).resolve().parent
SECONDS = 400  # that a cell may take before it is ended
ROOM = 17 << 30  # bytes that PyTorch wants for a million classes


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Nursery:
    """The processes that cells are forked from, one for each allocator and set of packages."""

    def __init__(self, threads: int, jemalloc: str, work: Path) -> None:
        self.threads, self.jemalloc, self.work = threads, jemalloc, work
        self.parents: dict[tuple, subprocess.Popen] = {}

    def environment(self, allocator: str) -> dict[str, str]:
        env = dict(os.environ)
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            env[name] = str(self.threads)
        # torch.compile begins a run with an empty cache, and stays in one process.
        env |= {"TORCHINDUCTOR_CACHE_DIR": str(self.work / "inductor"), "TORCHINDUCTOR_COMPILE_THREADS": "1",
                "PYTHONWARNINGS": "ignore"}
        if allocator == "jemalloc":
            env |= {"LD_PRELOAD": self.jemalloc, "MALLOC_CONF": "dirty_decay_ms:-1,muzzy_decay_ms:-1"}
        return env

    def parent(self, packages: tuple[str, ...], allocator: str) -> subprocess.Popen:
        key = packages, allocator
        if key not in self.parents or self.parents[key].poll() is not None:
            self.parents[key] = subprocess.Popen(
                [sys.executable, str(HERE / "zygote.py"), *packages], env=self.environment(allocator),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.parents[key].stdout.readline()
        return self.parents[key]

    def run(self, column: columns.Column, allocator: str, job: dict) -> dict:
        answer = Path(job["answer"])
        answer.unlink(missing_ok=True)
        parent = self.parent(column.packages, allocator)
        try:
            parent.stdin.write(json.dumps(job) + "\n")
            parent.stdin.flush()
            reply = json.loads(parent.stdout.readline())
        except (OSError, ValueError):
            return {"failed": "the process that cells are forked from ended"}
        if answer.exists():
            return json.loads(answer.read_text())
        status = reply["status"]
        return {"failed": f"took more than {job['seconds']} s" if status == -14 else f"ended with status {status}"}

    def close(self) -> None:
        for parent in self.parents.values():
            parent.stdin.close()
            parent.wait()


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work = Path(options.work)
        jemalloc = os.environ.get("LOSSCC_JEMALLOC", "")
        self.left_out: dict[str, str] = {}
        self.columns = columns.load()
        self.nursery = Nursery(options.threads, jemalloc, self.work)
        self.lacks = json.loads(subprocess.run(
            [sys.executable, str(HERE / "zygote.py"), "--missing"],
            capture_output=True, text=True, check=True).stdout)
        self.no_jemalloc = "" if jemalloc else "no libjemalloc.so.2; the Debian package is libjemalloc2"
        self.probe = Probe(options.threads, options.quick)
        self.last = self.probe.take()

    # ---------------------------------------------------------------- rows

    def rows(self) -> list[matrix.Row]:
        return matrix.quick() if self.options.quick else matrix.matrix() + matrix.sweeps()

    def cells(self) -> list[tuple[matrix.Row, columns.Column, str]]:
        chosen = [(row, column, allocator)
                  for row in self.rows() for column in self.columns.values() if column.takes(row)
                  for allocator in column.allocators
                  # Of a million classes, PyTorch with the allocator it is faster with.
                  if not (row.large and allocator == "default" and len(column.allocators) > 1)]
        pattern = re.compile(self.options.only or "")
        return once([c for c in chosen if pattern.search(name(*c))])

    def build(self, row: matrix.Row, column: a_losscc.Losscc) -> None:
        """losscc's file for row."""
        path = self.work / a_losscc.file_name(row, column)
        if path.exists():
            return
        loss = matrix.LOSSES[row.loss]
        command = [self.options.losscc, "build", loss.expr, "-o", str(path)]
        command += [word for s in loss.sets for word in ("--set", s)] + list(column.words)
        subprocess.run(command + (["--grad"] if row.mode == "gradient" else []), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def prepare(self, row: matrix.Row, semantics: set[str]) -> dict[str, str]:
        """Files of the inputs and references of row, made once."""
        inputs = self.work / f"inputs-{row.n}-{row.c}-{row.d}"
        references = self.work / f"reference-{row.loss}-{row.n}-{row.c}-{row.d}"
        wanted = [s for s in semantics if not (references / s).exists()]
        if row.large and (wanted or not inputs.exists()):
            # In a process that ends: what it held is the cells' again.
            maker = multiprocessing.get_context("fork").Process(target=make, args=(row, inputs, references, wanted))
            maker.start()
            maker.join()
            if maker.exitcode:
                raise SystemExit(f"the inputs of {row.key} could not be made: status {maker.exitcode}")
        elif wanted or not inputs.exists():
            make(row, inputs, references, wanted)
        return {"inputs": str(inputs), "references": str(references)}

    def discard(self, row: matrix.Row) -> None:
        """Frees the disk of inputs that are as large as memory."""
        for f in (self.work / f"inputs-{row.n}-{row.c}-{row.d}").glob("*.npy"):
            f.unlink()
        (self.work / f"inputs-{row.n}-{row.c}-{row.d}").rmdir()

    # ---------------------------------------------------------------- cells

    def cell(self, row: matrix.Row, column: columns.Column, allocator: str, files: dict[str, str]) -> dict:
        job = files | {
            "row": dataclasses.asdict(row), "column": column.name, "files": str(self.work),
            "threads": self.options.threads, "answer": str(self.work / "answer.json"), "seconds": SECONDS,
            "warmups": 1 if self.options.quick else 3, "repetitions": 3 if self.options.quick else 11,
        }
        if row.large and column.kind == columns.PEER and machine.memory("MemAvailable") < ROOM:
            return {"failed": f"less than {ROOM >> 30} GB of memory to be had"}
        best: dict = {}
        for number in range(1, self.options.tries + 1):
            before = self.last
            found = self.nursery.run(column, allocator, job)
            if self.options.quick:
                return found
            self.last = self.probe.take()
            found |= {"probes": [before, self.last], "spread": spread(before, self.last)}
            if not best or found["spread"] < best["spread"]:
                best = found
            best["tries"] = number
            if best["spread"] <= TOLERANCE or "failed" in found:
                break
        best["disturbed"] = best["spread"] > TOLERANCE
        return best

    def run(self, keep: Callable[[list[dict]], None]) -> list[dict]:
        """Measures every cell; keep is given those so far after each."""
        cells, found = self.cells(), []
        lacking = {c.name: self.lacks[c.name] for _, c, _ in cells if self.lacks[c.name]}
        if any(a == "jemalloc" for _, _, a in cells) and self.no_jemalloc:
            lacking["jemalloc"] = self.no_jemalloc
        for column, reason in lacking.items():
            say(f"column {column} is left out: {reason}")
        self.left_out = lacking
        cells = [c for c in cells if c[1].name not in lacking and c[2] not in lacking]
        begun = time.perf_counter()
        try:
            for number in range(len(cells)):
                self.measure(cells, number, found, begun)
                keep(found)
        except KeyboardInterrupt:  # what was measured is kept
            self.left_out["further cells"] = f"interrupted after {len(found)} of {len(cells)}"
            say(self.left_out["further cells"])
        self.nursery.close()
        return found

    def measure(self, cells: list[tuple[matrix.Row, columns.Column, str]], number: int, found: list[dict], begun: float) -> None:
        """Measures one of the cells and adds it to those found."""
        row, column, allocator = cells[number]
        if column.kind == columns.OURS:
            self.build(row, column)
        files = self.prepare(row, {c.semantics for r, c, _ in cells if r == row})
        answer = self.cell(row, column, allocator, files)
        found.append({"key": row.key, **dataclasses.asdict(row), "shape": row.shape,
                      "column": column.name, "kind": column.kind, "allocator": allocator, **answer})
        say(f"[{time.perf_counter() - begun:5.0f} s, {number + 1}/{len(cells)}] "
            f"{name(row, column, allocator)}: {report.line(answer)}")
        rest = [r for r, _, _ in cells[number + 1:]]
        if row.large and row not in rest and not any((r.n, r.c, r.d) == (row.n, row.c, row.d) for r in rest):
            self.discard(row)


def once(cells: list[tuple[matrix.Row, columns.Column, str]]) -> list[tuple[matrix.Row, columns.Column, str]]:
    """cells with the products alone in the first row of a shape only: they are the same for all its losses."""
    first: dict[tuple, matrix.Row] = {}
    for row, column, _ in cells:
        if column.kind == columns.FLOOR:
            first.setdefault((row.n, row.c, row.d, row.mode), row)
    return [c for c in cells if c[1].kind != columns.FLOOR or first[c[0].n, c[0].c, c[0].d, c[0].mode] == c[0]]


def name(row: matrix.Row, column: columns.Column, allocator: str) -> str:
    """What --only is matched against."""
    return f"{row.key} {column.name}" + (f" {allocator}" if len(column.allocators) > 1 else "")


def make(row: matrix.Row, inputs: Path, references: Path, semantics: list[str]) -> None:
    """Saves the inputs and references of row."""
    given = reference.inputs(row)
    save(inputs, given)
    for s in semantics:
        save(references / s, reference.reference(dataclasses.replace(row, mode="gradient"), given, s))


def save(folder: Path, arrays: columns.Arrays) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in arrays.items():
        np.save(folder / f"{key}.npy", value)


def arguments() -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="run.sh", description="Measures losscc against what people use instead.")
    p.add_argument("--quick", action="store_true", help="tiny shapes: that everything runs and the numbers hold")
    p.add_argument("--only", metavar="REGEXP", help="cells whose names match; --list prints the names")
    p.add_argument("--list", action="store_true", help="print the names of the cells and stop")
    p.add_argument("--out", metavar="DIR", help="where to write (testdata/bench; with --quick or --only a new folder in /tmp)")
    p.add_argument("--threads", type=int, default=2, help="threads of every cell (2)")
    p.add_argument("--tries", type=int, default=3, help="how often a cell is measured at most until the machine holds still (3)")
    p.add_argument("--compile-time", action="store_true", help="how long compilers take, with --only too")
    p.add_argument("--no-compile-time", action="store_true", help="leave out how long compilers take")
    p.add_argument("--losscc", required=True, help=argparse.SUPPRESS)
    p.add_argument("--work", required=True, help=argparse.SUPPRESS)
    return p.parse_args()


def folder(options: argparse.Namespace) -> Path:
    if options.out:
        return Path(options.out)
    if options.quick or options.only:
        return Path("/tmp") / f"losscc-bench-{os.getpid()}"
    return HERE.parent.parent / "testdata" / "bench"


def main() -> int:
    options = arguments()
    if hasattr(os, "sched_setaffinity"):  # inherited: nobody gets more processors than threads
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    bench = Bench(options)
    if options.list:
        print("\n".join(name(*c) for c in bench.cells()))
        return 0
    about = machine.describe(options.losscc, os.environ.get("LOSSCC_JEMALLOC", ""), options.threads)
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "command": " ".join(["bash verify/bench/run.sh", *(w for w in sys.argv[1:] if w != options.losscc
                            and w != options.work and w not in ("--losscc", "--work"))]),
        "machine": about, "columns": {c.name: c.title for c in bench.columns.values()},
    }
    out = folder(options)
    out.mkdir(parents=True, exist_ok=True)

    def keep(cells: list[dict]) -> None:
        """What a run that is ended leaves behind; report.py makes a table of it."""
        kept = result | {"cells": cells, "left_out": bench.left_out | {"further cells": "the run was ended"}}
        (out / "unfinished.json").write_text(json.dumps(kept) + "\n")

    result |= {"cells": bench.run(keep), "left_out": bench.left_out}
    if not options.no_compile_time and (options.compile_time or not options.only) and "further cells" not in bench.left_out:
        result["compile"] = compiletime.measure(options, bench.lacks)
    result["probe"] = {"first": bench.probe.take()}
    (out / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "unfinished.json").unlink(missing_ok=True)
    (out / "table.md").write_text(report.markdown(result))
    (out / "plot.svg").write_text(plot.svg(result))
    say(f"written to {out}: result.json, table.md, plot.svg")
    return report.verdict(result)


if __name__ == "__main__":
    sys.exit(main())
