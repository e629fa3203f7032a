"""How fast the machine is at this moment: multiply-adds, and bytes to and from memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

SIDE = 1024
BYTES = 64 << 20
TOLERANCE = 0.10


class Probe:
    """A probe with as many threads as the cells get; it holds its own arrays."""

    def __init__(self, threads: int, quick: bool) -> None:
        side = 256 if quick else SIDE
        self.threads = threads
        self.a = np.ones((side, side), np.float32)
        self.product = np.empty_like(self.a)
        self.source = np.ones((8 << 20 if quick else BYTES) // 8)
        self.target = np.empty_like(self.source)
        self.pool = ThreadPoolExecutor(threads)
        self.take()

    def take(self) -> dict[str, float]:
        """The best of a few: Gflop/s of a float32 product, GB/s of a copy."""
        side = len(self.a)
        product = min(self.timed(lambda: np.matmul(self.a, self.a, out=self.product)) for _ in range(6))
        copy = min(self.timed(self.copy) for _ in range(6))
        return {"gflops": 2 * side**3 / product / 1e9, "gbytes": 2 * self.source.nbytes / copy / 1e9}

    def copy(self) -> None:
        parts = zip(np.array_split(self.target, self.threads), np.array_split(self.source, self.threads))
        list(self.pool.map(lambda p: np.copyto(*p), parts))

    @staticmethod
    def timed(work) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start


def spread(before: dict[str, float], after: dict[str, float]) -> float:
    """By how much two probes differ: 0.1 is a tenth of the faster."""
    return max(1 - min(before[k], after[k]) / max(before[k], after[k]) for k in before)
