"""Makes, or finds again, the Python environment that the judge's runtimes live in.

    python3 environment.py newest    onnx and the newest ONNX Runtime
    python3 environment.py oldest    the oldest ONNX Runtime with a wheel
    python3 environment.py torch     PyTorch, and what checks the bridge into it

It prints the path of the environment's Python. The environment stands outside
the checkout, below $LOSSCC_VENV or else below losscc in the user's cache, in a
folder named after the set, the Python and the hash of the requirement file: an
unchanged file finds it again, a changed one gets a new folder. A folder without
its last file, or whose modules do not import, is made again from nothing.

Only the standard library is used, so that any Python from 3.10 on can run it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent

# What a set is installed from, and what must import before it is handed out.
SETS: dict[str, tuple[Path, tuple[str, ...]]] = {
    "newest": (HERE / "requirements.txt", ("numpy", "onnx", "onnxruntime")),
    "oldest": (HERE / "oldest.txt", ("numpy", "onnxruntime")),
    "torch": (HERE / "torch.txt", ("torch", "onnxruntime", "onnx2torch", "pytest", "mypy")),
}

# Sets that leave out, on purpose, packages that others ask for (see torch.in).
PARTIAL = ("torch",)

# Written last: a folder that has it was installed to the end.
COMPLETE = ".complete"

FIRST_PYTHON, LAST_PYTHON = (3, 10), (3, 14)


class Failed(Exception):
    """An environment cannot be had; the message says what to do about it."""


def say(text: str) -> None:
    """Talks to the person; standard output is for the answer alone."""
    print(text, file=sys.stderr, flush=True)


def root() -> Path:
    """The folder below which all environments stand."""
    if given := os.environ.get("LOSSCC_VENV"):
        return Path(given).expanduser().absolute()
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache) / "losscc"
    try:
        return Path.home() / ".cache" / "losscc"
    except RuntimeError:
        raise Failed(
            "no home folder to keep the Python environment in; "
            "set LOSSCC_VENV to a folder that can be written"
        ) from None


def folder(name: str) -> Path:
    """Where the environment of the set name stands for this Python."""
    requirements, _ = SETS[name]
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    version = ".".join(platform.python_version_tuple()[:2])
    return root() / f"{name}-py{version}-{digest}"


def interpreter(env: Path) -> Path:
    """The Python of the environment that stands in env."""
    if os.name == "nt":
        return env / "Scripts" / "python.exe"
    return env / "bin" / "python"


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keeps a second run from building below path at the same time."""
    try:
        import fcntl
    except ImportError:  # not on Windows; there two first runs may collide
        yield
        return
    with open(path / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is setting up the Python environment; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks: better unlocked than not at all
        yield


def works(env: Path, modules: tuple[str, ...]) -> bool:
    """Whether env was installed to the end and still imports its modules."""
    if not (env / COMPLETE).is_file():
        return False
    try:
        done = subprocess.run(
            [interpreter(env), "-c", "import " + ", ".join(modules)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def clean_environment() -> dict[str, str]:
    """The variables of this process, less those that would bend an install."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX",
               "PIP_USER", "PIP_REQUIRE_HASHES", "PIP_CONSTRAINT"}
    env = {k: v for k, v in os.environ.items() if k not in dropped}
    env["PIP_USER"] = "0"
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return env


def build(env: Path, requirements: Path, partial: bool = False) -> None:
    """Installs requirements into a new environment in env, whatever stood there."""
    if env.exists():
        say(f"the Python environment in {env} is incomplete or broken: making it again")
        shutil.rmtree(env)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(env)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )
    if made.returncode != 0:
        raise Failed(
            f"{sys.executable} -m venv failed:\n{tail(made.stdout + made.stderr)}\n"
            "On Debian and Ubuntu `apt install python3-venv` provides what it needs; "
            "PYTHON=/path/to/python3 chooses another Python."
        )
    installed = subprocess.run(
        [str(interpreter(env)), "-m", "pip", "install", "--quiet", "--no-input",
         "--require-hashes", *(["--no-deps"] if partial else []), "-r", str(requirements)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=clean_environment(),
    )
    if installed.returncode != 0:
        raise Failed(
            f"pip could not install {requirements.name}:\n{tail(installed.stdout)}\n"
            "The first run needs a network, or a pip configured for a mirror, to fetch "
            f"{'3 GB' if partial else 'about 80 MB'} of packages; later runs use what it fetched. "
            "Without a network `go test ./...` runs every test that needs Go alone."
        )
    (env / COMPLETE).write_text("installed to the end\n")


def tail(text: str, lines: int = 15) -> str:
    """The last lines of a program's talk, indented."""
    return "\n".join("    " + line for line in text.strip().splitlines()[-lines:])


def ready(name: str) -> Path:
    """The Python of the set name, installed now if it was not before."""
    if not FIRST_PYTHON <= sys.version_info[:2] <= LAST_PYTHON:
        found, first, last = (
            ".".join(map(str, v[:2])) for v in (sys.version_info, FIRST_PYTHON, LAST_PYTHON)
        )
        raise Failed(
            f"found Python {found} ({sys.executable}), want {first} to {last}: "
            "the pinned packages have wheels for those; "
            "PYTHON=/path/to/python3 chooses another Python"
        )
    requirements, modules = SETS[name]
    env = folder(name)
    try:
        env.parent.mkdir(parents=True, exist_ok=True)
        with alone(env.parent):
            if not works(env, modules):
                say(f"installing {requirements.name} into {env}")
                build(env, requirements, name in PARTIAL)
                if not works(env, modules):
                    raise Failed(
                        f"{requirements.name} was installed into {env}, but "
                        f"{' or '.join(modules)} does not import there; "
                        f"`{interpreter(env)} -c 'import {', '.join(modules)}'` says why"
                    )
    except OSError as e:
        raise Failed(
            f"the Python environment cannot be written to {env}: {e}; "
            "set LOSSCC_VENV to a folder that can be"
        ) from None
    return interpreter(env)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in SETS:
        say(f"usage: environment.py {'|'.join(SETS)}")
        return 2
    try:
        print(ready(arguments[0]))
    except Failed as e:
        say(f"environment.py: {e}")
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
