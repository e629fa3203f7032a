"""Starts a process for each cell, without importing everything again for each.

    python zygote.py PACKAGE...
    python zygote.py --missing    JSON: what each column lacks on this machine

It imports the packages, runs nothing of them, and reads a JSON job a line from
standard input. For each it forks: the child measures the cell and writes its
answer to the file that the job names, and ends. The parent answers with a line:
{"status": the child's exit status}. A package that is imported but has not run
has no threads of its own yet, so the child starts as a fresh process would.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path


def child(job: dict) -> int:
    """Measures the cell of job; the answer says so if it cannot."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(job["seconds"])  # ends the process, whatever it is in
    os.dup2(2, 1)
    import cell

    try:
        answer = cell.measure(job)
    except MemoryError:
        answer = {"failed": "out of memory"}
    except Exception as e:
        if "LOSSCC_BENCH_TRACE" in os.environ:
            traceback.print_exc()
        lines = str(e).strip().splitlines()
        answer = {"failed": f"{type(e).__name__}: {lines[0] if lines else ''}"[:200]}
    Path(job["answer"]).write_text(json.dumps(answer))
    return 0


def main(packages: list[str]) -> int:
    if packages == ["--missing"]:
        import columns

        print(json.dumps({c.name: c.missing() for c in columns.load().values()}))
        return 0
    for package in packages:
        importlib.import_module(package)
    import cell  # noqa: F401, with all that it imports
    import columns

    columns.load()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = child(job)
                sys.stderr.flush()
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
