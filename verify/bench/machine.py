"""Says what a measurement was made on: the processor, the memory, the versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

PACKAGES = ("numpy", "onnx", "onnxruntime", "onnxscript", "torch", "pytorch-metric-learning")


def line_of(path: str, name: str) -> str:
    """What /proc says of name."""
    try:
        found = re.search(rf"^{name}\s*:\s*(.*)$", Path(path).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1].strip() if found else ""


def memory(name: str) -> int:
    """MemTotal or MemAvailable in bytes, 0 where nobody says."""
    kilobytes = line_of("/proc/meminfo", name).split()
    return int(kilobytes[0]) * 1024 if kilobytes else 0


def processor() -> str:
    """The processor's name, and how many bits its widest vectors have."""
    name = line_of("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    flags = line_of("/proc/cpuinfo", "flags").split()
    vectors = next((v for v in ("avx512_bf16", "avx512f", "avx2") if v in flags), "")
    return f"{name} ({vectors})" if vectors else name


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def talk(*command: str) -> str:
    """The first line that a program says, empty if it cannot be run."""
    try:
        out = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return out.splitlines()[0].strip() if out.strip() else ""


def describe(losscc: str, jemalloc: str, threads: int) -> dict[str, object]:
    """Everything about this machine that a reader of the times has to know."""
    return {
        "processor": processor(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": threads,
        "memory_bytes": memory("MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": versions() | {
            "losscc": talk(losscc, "version"), "go": talk("go", "version").removeprefix("go version go"),
            "jemalloc": re.sub(r".*\.so\.?", "so.", Path(os.path.realpath(jemalloc)).name) if jemalloc else "",
        },
        "commit": talk("git", "rev-parse", "--short", "HEAD"),
    }
