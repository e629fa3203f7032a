"""Makes the table that people read, and the verdict, from the cells of a run.

    python report.py RESULT.json            writes table.md and plot.svg beside it again
    python report.py RESULT.json LATER.json first puts rows of a later run in place of
                                            RESULT's; the table marks them

Ratios are of least times (standing.py); times shown are medians.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np

import matrix
from standing import (
    BARE, BLOCKS, FLOOR, OUR_KIND, PEER_KIND, geometric, goal, over, over_least, ratios, row_of, rows, with_products,
)


def line(answer: dict) -> str:
    """A cell in a few words."""
    if "failed" in answer:
        return f"FAILED: {answer['failed']}"
    wrong = "".join(f"; WRONG {w}" for w in answer["wrong"])
    again = f"; measured {answer['tries']} times" if answer.get("tries", 1) > 1 else ""
    return (f"{milliseconds(answer['median_ms'])} ms (least {milliseconds(answer['min_ms'])}), "
            f"{answer['peak_bytes'] / 1e6:.0f} MB{again}{wrong}")


def milliseconds(x: float) -> str:
    """x with three digits that mean something."""
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 1 else f"{x:.3f}"


# ---------------------------------------------------------------- Markdown


def markdown(result: dict) -> str:
    parts = [head(result), times(result), summary(result), growth(result), compilers(result), notes(result)]
    return "\n\n".join(p for p in parts if p) + "\n"


def replaced(result: dict, later: dict) -> dict:
    """result with the rows that a later run has measured in place of its own: all cells of a row are of one run."""
    run = {"date": later["date"], "command": later["command"], "commit": later["machine"]["commit"]}
    new: dict[str, list[dict]] = {}
    for cell in later["cells"]:
        new.setdefault(cell["key"], []).append(cell | {"run": run})
    cells = []
    for cell in result["cells"]:
        cells += new.pop(cell["key"], []) if cell["key"] in new else []
        if cell["key"] not in {c["key"] for c in later["cells"]}:
            cells.append(cell)
    return result | {"cells": cells + [c for rest in new.values() for c in rest], "columns": result["columns"] | later["columns"]}


def runs(result: dict) -> list[dict]:
    """The later runs that rows were taken from."""
    found: list[dict] = []
    for cell in result["cells"]:
        if cell.get("run") and cell["run"] not in found:
            found.append(cell["run"])
    return found


def head(result: dict) -> str:
    m = result["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in m["versions"].items() if v)
    return (f"Measured {result['date']} by `{result['command']}`: {m['processor']}, {m['threads']} threads, "
            f"{m['memory_bytes'] / 2**30:.0f} GiB, {m['system']}; {versions}; losscc at {m['commit']}."
            + "".join(f" Rows with {'*' * (i + 1)} were measured again {r['date']} by `{r['command']}`, losscc at {r['commit']}."
                      for i, r in enumerate(runs(result))))


def titled(result: dict, key: str, cells: list[dict]) -> str:
    """A row's name, marked if it is of a later run."""
    run = cells[0].get("run")
    return key + (" " + "\\*" * (runs(result).index(run) + 1) if run else "")


def table(titles: list[str], lines: list[list[str]]) -> str:
    out = ["| " + " | ".join(titles) + " |", "|---" + "|---:" * (len(titles) - 1) + "|"]
    return "\n".join(out + ["| " + " | ".join(l) + " |" for l in lines])


def times(result: dict) -> str:
    found = with_products(result)
    if not found:
        return ""
    used = {c["column"] for cells in found.values() for c in cells}
    names = [n for n in result["columns"] if n in used]
    lines = []
    for key, cells in found.items():
        best, bound = min(ratios(cells).values(), default=None), over_least(cells)
        lines.append([titled(result, key, cells)] + [entry(cells, n) for n in names] + [
            times_text(best), goal_entry(cells), times_text(over(cells, FLOOR)), times_text(over(cells, BARE)),
            times_text(best * bound if best and bound else None)])
    titles = ["ms, median; MB beyond the inputs", *(result["columns"][n] for n in names),
              "best peer / losscc", "goal", "losscc / products", "losscc / barest", "most that can be reached"]
    return table(titles, lines) + (
        "\n\nWith two times, the first is with the default allocator, the second with jemalloc. "
        "The memory is the least of the two. Losses of one shape make the same products, which are "
        "measured once a run. There are two floors, both in ONNX Runtime: the products alone, which do nothing "
        "else, and the barest graph, put together by hand of standard operators for the inputs of this table: "
        "its numbers are right for these, but it ignores no label and guards against nothing. The most that can "
        "be reached is the best peer's time over the barest graph's, or losscc's where that is less, or over that "
        "of the products alone where there is no such graph. A goal is the least ratio to the best peer, or to the peer named beside it, that "
        "losscc is meant to have; ✓ and ✗ say whether it has, and *at most* what the barest graph has where that "
        "is less than the goal. "
        "losscc with --blocks walks through the classes in blocks; no ratio here is its own. "
        "A time with ? was measured while the machine changed its speed by more than a tenth.")


def times_text(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f}×"


def goal_entry(cells: list[dict]) -> str:
    found = goal(cells)
    if found is None:
        return "–"
    said = [f"{found.against} {found.reached:.1f}×"] if found.against else []
    if found.beyond:
        said.append(f"at most {found.allowed:.3g}×")
    return f"{'✓' if found.met else '✗'} {found.wanted:g}×" + (f" ({', '.join(said)})" if said else "")


def entry(cells: list[dict], column: str) -> str:
    """The times of a column in a row: default / jemalloc."""
    mine = [c for c in cells if c["column"] == column]
    if not mine:
        return "–"
    good = [c for c in mine if "failed" not in c]
    marks = {id(c): ("?" if c.get("disturbed") else "") + ("✗" if c["wrong"] else "") for c in good}
    shown = " / ".join(milliseconds(c["median_ms"]) + marks[id(c)] if "failed" not in c else "failed" for c in mine)
    return shown + (f" ({min(c['peak_bytes'] for c in good) / 1e6:.0f} MB)" if good else "")


def summary(result: dict) -> str:
    best = {key: min(r.values()) for key, cells in rows(result).items() if (r := ratios(cells))}
    if not best:
        return ""
    worst = min(best, key=best.get)
    parts = [f"Against the best peer with its better allocator: geometric mean {geometric(list(best.values())):.2f}× "
             f"over {len(best)} rows, least {best[worst]:.2f}× ({worst}).", by_family(result)]
    under, beyond = short_of_goals(result)
    if under:
        parts.append("Under goals that the floors leave time for: " + "; ".join(under) + ".")
    if beyond:
        parts.append("Under goals that the barest graph by hand does not reach either, nor the products alone where "
                     "there is none, with what these would: " + "; ".join(beyond) + ".")
    return "\n\n".join(parts)


def short_of_goals(result: dict) -> tuple[list[str], list[str]]:
    """The rows under their goals: those that could reach them, and those whose barest graph does not either."""
    under, beyond = [], []
    for key, cells in with_products(result).items():
        missed = [g for g in (goal(cells), goal(cells, least=True)) if g and not g.met]
        if not missed:
            continue
        g = missed[0]
        what = f"{key} {g.reached:.2f}×{' ' + g.against if g.against else ''}"
        if g.beyond:
            beyond.append(f"{what} of {g.allowed:.2f}×, goal {g.wanted:g}×")
        else:
            under.append(f"{what}, goal {g.wanted:g}×")
    return under, beyond


# Groups of rows that are alike in what they cost.
FAMILIES = [(f"{name}, {mode}", has_classes, mode)
            for name, has_classes in (("heads", True), ("pairs", False)) for mode in reversed(matrix.MODES)]


def by_family(result: dict) -> str:
    """The geometric means of each family: against every peer, over itself in blocks, and over the two floors."""
    peers = [n for n in result["columns"] if any(c["column"] == n and c["kind"] == PEER_KIND for c in result["cells"])]
    lines = []
    for name, has_classes, mode in FAMILIES:
        mine = [cells for cells in with_products(result).values()
                if bool(cells[0]["c"]) == has_classes and cells[0]["mode"] == mode and ratios(cells)]
        if not mine:
            continue
        found = [ratios(cells) for cells in mine]
        lines.append([f"{name} ({len(mine)} row{'s' * (len(mine) > 1)})", mean([min(f.values()) for f in found], len(mine)),
                      *(mean([f[n] for f in found if n in f], len(mine)) for n in peers),
                      *(mean([r for cells in mine if (r := over(cells, other))], len(mine)) for other in (BLOCKS, FLOOR, BARE))])
    return table(["geometric means", "best peer / losscc", *(f"{result['columns'][n]} / losscc" for n in peers),
                  "losscc / with --blocks", "losscc / products", "losscc / barest"], lines)


def mean(values: list[float], of: int) -> str:
    """The geometric mean, with the count of the values where there are fewer."""
    if not values:
        return "–"
    return times_text(geometric(values)) + (f" ({len(values)})" if len(values) < of else "")


def growth(result: dict) -> str:
    """How time grows when an extent doubles, beside what the formula says."""
    lines = []
    for sweep in dict.fromkeys((c["loss"], c["sweep"]) for c in result["cells"] if c["sweep"]):
        points = [c for c in result["cells"] if (c["loss"], c["sweep"]) == sweep and "failed" not in c]
        if len(points) < 2:
            continue
        extent = [c[sweep[1].lower()] for c in points]
        least = [c["min_ms"] for c in points]
        slope = np.polyfit(np.log(extent), np.log(least), 1)[0]
        last = math.log(least[-1] / least[-2]) / math.log(extent[-1] / extent[-2])
        lines.append([f"{sweep[0]}, {sweep[1]} = {', '.join(map(matrix.short, extent))}",
                      " / ".join(map(milliseconds, least)), f"{slope:.2f}", f"{last:.2f}",
                      f"{matrix.theory(row_of(points[0])):g}"])
    if not lines:
        return ""
    return table(["doubling", "losscc, least ms", "exponent fitted", "of the last doubling", "in theory"], lines)


def compilers(result: dict) -> str:
    lines = [[f"{c['what']}: {c['loss']}".rstrip(": "), "failed: " + c["failed"], "", "", ""] if "failed" in c else
             [f"{c['what']}: {c['loss']}", milliseconds(c["first_ms"]), milliseconds(c["median_ms"]),
              f"≤ {c['goal_ms']:g}" if c["goal_ms"] else "–", c["note"]]
             for c in result.get("compile", [])]
    return table(["compile time, ms", "first", "median", "goal", ""], lines) if lines else ""


def notes(result: dict) -> str:
    cells = result["cells"]
    out = [f"Left out: {name}, {why}." for name, why in result["left_out"].items()]
    out += [f"{c['key']} {c['column']} {c['allocator']}: {'; '.join(c.get('wrong') or [c.get('failed', '')])}."
            for c in cells if c.get("wrong") or "failed" in c]
    if disturbed := [c for c in cells if c.get("disturbed")]:
        out.append(f"{len(disturbed)} of {len(cells)} cells, marked ?, were measured while the machine "
                   "changed its speed by more than a tenth, however often it was tried.")
    errors = [c["errors"] for c in cells if "errors" in c and c["kind"] != "floor"]
    if errors:
        out.append(f"Against float64 in the same run: the losses agree to "
                   f"{max(e.get('loss', 0) for e in errors):.1g}, the gradients to "
                   f"{max([v for e in errors for k, v in e.items() if k != 'loss'], default=0):.1g} of their largest element.")
    return "\n".join("- " + o for o in out)


def verdict(result: dict) -> int:
    """0 if losscc ran everywhere and every number held; the rest is said."""
    bad = [c for c in result["cells"] if c.get("wrong") or "failed" in c and c["kind"] == OUR_KIND]
    bad += [c for c in result["cells"] if "failed" in c and c["kind"] != OUR_KIND and row_of(c).tiny]
    for c in bad:
        print(f"{c['key']} {c['column']} {c['allocator']}: {line(c)}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    import argparse

    import plot

    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("result", type=Path, metavar="RESULT.json", help="of run.sh")
    words.add_argument("later", type=Path, nargs="*", metavar="LATER.json", help="of a later run of some rows")
    given = words.parse_args()
    path = given.result
    for file in (path, *given.later):
        if not file.is_file():
            words.error(f"{file}: no such file; run.sh writes one, by default testdata/bench/result.json")
    data = json.loads(path.read_text())
    for later in given.later:
        data = replaced(data, json.loads(later.read_text()))
        path.write_text(json.dumps(data, indent=1) + "\n")
    (path.parent / "table.md").write_text(markdown(data))
    (path.parent / "plot.svg").write_text(plot.svg(data))
