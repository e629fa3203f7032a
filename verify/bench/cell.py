"""Measures one cell in the process it is called in, which ends afterwards."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import numpy as np

import columns
import reference
from matrix import Row

Answer = dict[str, object]


def peak() -> int:
    """Bytes of this process's memory at its highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident() -> int:
    """Bytes of this process's memory now."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def forget_peak() -> None:
    """Lowers the highest memory to what is held now, where the system lets us."""
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


def load(folder: Path) -> columns.Arrays:
    return {f.stem: np.load(f) for f in sorted(folder.glob("*.npy"))}


def measure(job: dict) -> Answer:
    """The answer to a job: a row, a column, the folders of inputs and references."""
    row = Row(**job["row"])
    column = columns.load()[job["column"]]
    given = load(Path(job["inputs"]))
    labels = given["labels"]
    task = columns.Task(row, given, Path(job["files"]), job["threads"])
    step = column.step(task)

    forget_peak()
    before = resident()
    opened = time.perf_counter()
    step.open()
    first = time.perf_counter()
    step.run()
    after = time.perf_counter()
    for _ in range(job["warmups"] - 1):
        step.run()
    times = repeat(step, job["repetitions"])
    answer: Answer = {
        "open_ms": 1e3 * (first - opened), "first_ms": 1e3 * (after - first), "times_ms": times,
        "min_ms": min(times), "median_ms": float(np.median(times)), "p90_ms": float(np.quantile(times, 0.9)),
        "peak_bytes": peak() - before,
        "excess_bytes": peak() - before - row.mandatory_bytes,
        "gflops": row.flops / min(times) / 1e6,
    }
    answer["errors"], answer["wrong"] = held(row, step.results(), labels, Path(job["references"]) / column.semantics)
    return answer


def repeat(step: columns.Step, repetitions: int) -> list[float]:
    """Milliseconds of each repetition; a short step gets more of them."""
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < repetitions or len(times) < 200 and time.perf_counter() - begun < 0.2:
        start = time.perf_counter()
        step.run()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def held(row: Row, found: columns.Arrays, labels: np.ndarray, folder: Path) -> tuple[dict, list[str]]:
    """The errors of found against the reference in folder, and what is wrong."""
    gradient = found.pop("grad_weight", None)
    if gradient is not None:
        found |= reference.sampled(gradient, labels)
    return reference.judge(row, found, load(folder))
