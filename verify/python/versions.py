"""Makes testdata/onnxruntime-versions.md: every loss in four releases of ONNX Runtime.

    python3 verify/python/versions.py

The releases are the oldest and the newest with a wheel for Python 3.11, and two
between. Each loss is built in both forms, with its gradient where it has one, and
run at drawn inputs; a release is counted where every output is what losscc's own
evaluator gives in float64, to a part 2e-4 of the largest number of the output, and
1e-6. The first run fetches the releases, by version, into environments beside those of
environment.py; then it takes about a minute.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VERSIONS = {"1.15.0": "numpy<2", "1.20.1": "numpy<2", "1.26.0": "numpy", "1.32.0": "numpy"}
FORMS = ("functions", "flat")
EXTENTS = {"N": 7, "C": 5, "D": 4, "K": 3, "P": 5, "B": 8, "T": 6, "S": 12, "M": 9}
BOUND, LEAST = 2e-4, 1e-6  # of the largest number; where a gradient is all but 0, what float32 leaves of numbers near 1


# ---------------------------------------------------------------- in a release


def drawn(name: str, role: str, shape: list[int], whole: bool, rng: Any) -> Any:
    """An input that its role allows; one row in seven is ignored."""
    import numpy as np

    if role == "labels":
        labels = np.arange(shape[0]) % (2 if name == "same" else EXTENTS["C"])
        if name != "same":
            labels[-1] = -1
        return labels.astype(np.int64)
    if whole:
        return rng.integers(0, EXTENTS["N"], shape).astype(np.int64)
    if role in ("data", "state") and name != "embeddings":
        return rng.uniform(1, 9, shape).astype(np.float32)
    if role == "noise":
        return rng.uniform(0, 1, shape).astype(np.float32)
    return rng.normal(0, 1, shape).astype(np.float32)


def draw(folder: Path) -> None:
    """Inputs for every file of the folder, as one .npy each."""
    import numpy as np
    import onnxruntime

    for file in sorted(folder.glob("*.onnx")):
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        roles = json.loads(session.get_modelmeta().custom_metadata_map["losscc.inputs"])
        into = folder / file.stem
        into.mkdir()
        rng = np.random.default_rng(1)
        for i in session.get_inputs():
            shape = [n if isinstance(n, int) else EXTENTS[n] for n in i.shape]
            np.save(into / f"{i.name}.npy", drawn(i.name, roles[i.name], shape, "int64" in i.type, rng))


def run(folder: Path) -> dict[str, str]:
    """For each file what is wrong with it here, or nothing."""
    import numpy as np
    import onnxruntime

    found = {}
    for file in sorted(folder.glob("*.onnx")):
        try:
            session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
            fed = {i.name: np.load(folder / file.stem / f"{i.name}.npy") for i in session.get_inputs()}
            names = [o.name for o in session.get_outputs()]
            worst = ""
            for name, value in zip(names, session.run(names, fed)):
                wanted = np.load(folder / file.stem / "wanted" / f"{name}.npy").astype(np.float64)
                if wanted.shape != value.shape:
                    worst = f"{name} has shape {list(value.shape)}, not {list(wanted.shape)}"
                elif wanted.size and not np.abs(value - wanted).max() <= BOUND * np.abs(wanted).max() + LEAST:
                    worst = f"{name} differs by {np.abs(value - wanted).max():.2g}"
            found[file.stem] = worst
        except Exception as e:  # whatever a release says is its answer
            found[file.stem] = str(e).strip().splitlines()[0][:160]
    return found


# ---------------------------------------------------------------- the table


def python_of(version: str) -> Path:
    """The Python that has a release, installed now if it was not before."""
    import environment

    python = ".".join(map(str, sys.version_info[:2]))
    env = environment.root() / f"onnxruntime-{version}-py{python}"
    if not (env / environment.COMPLETE).is_file():
        environment.say(f"installing onnxruntime {version} into {env}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(env)], check=True)
        wanted = [f"onnxruntime=={version}", VERSIONS[version]]
        pip = [str(environment.interpreter(env)), "-m", "pip", "install", "--quiet", "--no-input", *wanted]
        subprocess.run(pip, check=True, env=environment.clean_environment())
        (env / environment.COMPLETE).write_text("installed to the end\n")
    return environment.interpreter(env)


def build(losscc: Path, folder: Path) -> list[str]:
    """Every file; the names of the losses in the order of the list."""
    listed = subprocess.run([losscc, "list", "--json"], check=True, capture_output=True, text=True).stdout
    names = []
    for row in json.loads(listed)["losses"]:
        names.append(row["name"])
        for form in FORMS:
            grad = [] if row["family"] == "miner" else ["--grad"]
            file = folder / f"{row['name']}.{form}.onnx"
            command = [losscc, "build", row["name"], "--form", form, *grad, "-o", file]
            subprocess.run(command, check=True, capture_output=True)
    return names


def reference(losscc: Path, folder: Path) -> None:
    """What losscc's own evaluator gives in float64."""
    for file in sorted(folder.glob("*.onnx")):
        given = [f"--in={p.stem}={p}" for p in sorted((folder / file.stem).glob("*.npy"))]
        command = [losscc, "run", file, *given, "--out", folder / file.stem / "wanted"]
        subprocess.run(command, check=True, capture_output=True)


def table(names: list[str], answers: dict[str, dict[str, str]]) -> str:
    """The page."""
    lines = [
        "# Losses in releases of ONNX Runtime",
        "",
        "Every loss at its defaults in float32, in the form with functions and flat, with its",
        "gradient where it has one, run at drawn inputs by releases of ONNX Runtime on",
        f"Linux and Python {'.'.join(map(str, sys.version_info[:2]))}. yes: both files load, and every output is",
        "what losscc's own evaluator gives in float64, to a part 2e-4 of the largest number of",
        "the output and 1e-6. `python3 verify/python/versions.py` makes this page by running them.",
        "",
        "| loss | " + " | ".join(answers) + " |",
        "|---|" + "---|" * len(answers),
    ]
    wrong: list[str] = []
    for name in names:
        cells = []
        for version, answer in answers.items():
            bad = [form for form in FORMS if answer[f"{name}.{form}"]]
            cells.append("yes" if not bad else "no: " + ", ".join(bad))
            wrong += [f"- {name}, {form}, {version}: {answer[f'{name}.{form}']}" for form in bad]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, *([""] if wrong else []), *wrong, ""])


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "--draw":
        draw(Path(arguments[1]))
        return 0
    if len(arguments) == 2 and arguments[0] == "--run":
        print(json.dumps(run(Path(arguments[1]))))
        return 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    pythons = {version: python_of(version) for version in VERSIONS}
    with tempfile.TemporaryDirectory() as work:
        folder, losscc = Path(work, "files"), Path(work, "losscc")
        folder.mkdir()
        subprocess.run(["go", "build", "-o", losscc, "./cmd/losscc"], cwd=ROOT, check=True)
        names = build(losscc, folder)
        newest = list(pythons.values())[-1]
        subprocess.run([newest, __file__, "--draw", folder], check=True)
        reference(losscc, folder)
        answers = {}
        for version, python in pythons.items():
            done = subprocess.run([python, __file__, "--run", folder], stdout=subprocess.PIPE, check=True)
            answers[version] = json.loads(done.stdout)
    page = table(names, answers)
    (ROOT / "testdata" / "onnxruntime-versions.md").write_text(page)
    print(page, end="")
    return 1 if any(problem for answer in answers.values() for problem in answer.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
