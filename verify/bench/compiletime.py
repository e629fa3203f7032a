"""How long compilers take: losscc, torch.onnx.export, torch.compile; and ONNX Runtime to load.

    python compiletime.py WHAT LOSS    a JSON answer of one measurement, in its own process
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOSSES = ("arcface", "triplet-batch-all", "contrastive")
LARGE_CLASSES = 100_000
# Goals in milliseconds.
BYTES_GOAL, BUILD_GOAL, SESSION_GOAL = 5, 30, 25


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def row(what: str, loss: str, times: list[float], goal: float | None = None, note: str = "") -> dict:
    return {"what": what, "loss": loss, "first_ms": times[0], "min_ms": min(times),
            "median_ms": statistics.median(times), "goal_ms": goal, "note": note}


def measure(options: argparse.Namespace, lacks: dict[str, str]) -> list[dict]:
    """Rows of the second table."""
    found = builds(options) + in_process(options)
    if not lacks["losscc"]:
        found += sessions(options)
    wanted = [("export-dynamo", "arcface"), ("export-torchscript", "arcface"), ("compile", "arcface")]
    if not options.quick:
        wanted += [("compile", loss) for loss in LOSSES[1:]]
        wanted += [("export-dynamo-weight", "arcface"), ("export-torchscript-weight", "arcface")]
    for what, loss in wanted:
        column = "compile" if what == "compile" else "exported"
        if lacks[column]:
            continue
        print(f"compile time: {what} {loss}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as cache:
            done = subprocess.run(
                [sys.executable, str(HERE / "compiletime.py"), what, loss, str(options.threads)],
                capture_output=True, text=True, env=os.environ | {"TORCHINDUCTOR_CACHE_DIR": cache})
        try:
            found.append(json.loads(done.stdout.splitlines()[-1]))
        except (ValueError, IndexError):
            said = done.stderr.strip().splitlines()
            found.append({"what": what, "loss": loss, "failed": said[-1][:200] if said else "said nothing"})
    return found


def builds(options: argparse.Namespace) -> list[dict]:
    """The command, from its start to its end."""
    import matrix

    out = str(Path(options.work) / "timed.onnx")
    found = []
    for name in LOSSES:
        loss = matrix.LOSSES[name]
        command = [options.losscc, "build", loss.expr, "--grad", "-o", out]
        command += [word for s in loss.sets for word in ("--set", s)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
        times = [timed(lambda: subprocess.run(command, **quiet)) for _ in range(3 if options.quick else 21)]
        found.append(row("losscc build, the process", name, times, BUILD_GOAL))
    return found


def in_process(options: argparse.Namespace) -> list[dict]:
    """Every stage, as `go test -bench` measures them."""
    done = subprocess.run(
        ["go", "test", "./cmd/losscc/internal/compile", "-run", "^$", "-bench", ".", "-benchmem",
         "-benchtime", "1x" if options.quick else "200x"],
        cwd=HERE.parent.parent, capture_output=True, text=True)
    pattern = re.compile(r"^Benchmark(\w+)/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op.*?(\d+) B/op\s+(\d+) allocs/op", re.M)
    found = []
    for stage, loss, ns, held, allocations in pattern.findall(done.stdout):
        goal = BYTES_GOAL if stage == "SpecToBytes" else None
        note = f"{int(held) / 1024:.0f} KiB in {allocations} allocations"
        found.append(row(f"losscc in process: {stage}", loss, [float(ns) / 1e6], goal, note))
    return found or [{"what": "losscc in process", "loss": "", "failed": tail(done.stdout + done.stderr)}]


def tail(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else "said nothing"


def sessions(options: argparse.Namespace) -> list[dict]:
    """ONNX Runtime from a file to a session, for every loss there is."""
    from columns.a_losscc import session

    listed = json.loads(subprocess.run([options.losscc, "list", "--json"], capture_output=True, check=True).stdout)
    names = [n for n in losses(listed)][: 3 if options.quick else None]
    found = []
    for name in names:
        path = Path(options.work) / "session.onnx"
        path.unlink(missing_ok=True)
        for gradient in (["--grad"], []):
            done = subprocess.run([options.losscc, "build", name, *gradient, "-o", str(path)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                break
        else:
            continue
        times = [timed(lambda: session(path, options.threads)) for _ in range(2 if options.quick else 7)]
        found.append(row("ONNX Runtime session of losscc's file", name, times, SESSION_GOAL,
                         f"{path.stat().st_size} bytes"))
    return found


def losses(listed) -> list[str]:
    """The names in what `losscc list --json` prints."""
    if isinstance(listed, dict):
        listed = next(v for v in listed.values() if isinstance(v, list))
    return [entry["name"] for entry in listed]


# ---------------------------------------------------------------- torch, in a process of its own


def torch_answer(what: str, loss: str, threads: int) -> dict:
    import torch

    from columns.b_torch import plain
    from columns.e_exported import example, export
    from matrix import LOSSES as ALL
    from matrix import Row

    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    r = Row(loss, 128, 10_000 if ALL[loss].proxies else 0, 512, "gradient")
    arguments = tuple(example(16, min(r.c, 40), r.d))
    if what == "compile":
        given = example(r.n, r.c, r.d)
        compiled = torch.compile(plain(r), dynamic=False)

        def step() -> None:
            x = given[0].detach().requires_grad_()
            w = given[2].detach().requires_grad_() if r.c else None
            compiled(x, given[1], w).backward()

        return row("torch.compile, first step", loss, [timed(step)], None, f"the next step {timed(step):.1f} ms")
    dynamo = what.startswith("export-dynamo")
    title = f"torch.onnx.export, {'dynamo' if dynamo else 'TorchScript'}"
    if not what.endswith("-weight"):
        times = [timed(lambda: export(r, arguments, dynamo)) for _ in range(4)]
        return row(title, loss, times, None, "first and later; forward only")
    times = [timed(lambda: export_with_weight(r, dynamo)) for _ in range(2)]
    return row(f"{title}, W of {LARGE_CLASSES} classes in the module", loss, times, None, "forward only")


def export_with_weight(r, dynamo: bool) -> None:
    """Exports the loss as a module that owns its weight, as users' modules do."""
    import torch

    from columns.b_torch import plain

    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(LARGE_CLASSES, r.d))

        def forward(self, embeddings, labels):
            return plain(r)(embeddings, labels, self.weight)

    arguments = torch.randn(16, r.d), torch.arange(16)
    with tempfile.TemporaryDirectory() as folder:
        torch.onnx.export(Head(), arguments, str(Path(folder) / "head.onnx"), dynamo=dynamo,
                          input_names=["embeddings", "labels"], output_names=["loss"],
                          **({"verbose": False} if dynamo else {}))


if __name__ == "__main__":
    print(json.dumps(torch_answer(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
