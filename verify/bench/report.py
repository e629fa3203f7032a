"""Makes the table that people read, and the verdict, from the cells of a run.

    python report.py RESULT.json    writes table.md and plot.svg beside it again

A ratio is the least time of a peer over losscc's least time in the same run, the
peer with whichever allocator it is faster with. Times shown are medians.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np

import matrix

OURS = "losscc"
FLOOR = "products_ort"


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


def rows(result: dict) -> dict[str, list[dict]]:
    """The cells of each row that is no point of a sweep."""
    found: dict[str, list[dict]] = {}
    for cell in result["cells"]:
        if not cell["sweep"]:
            found.setdefault(cell["key"], []).append(cell)
    return found


def fastest(cells: list[dict], column: str) -> dict | None:
    """The cell of column with the allocator that it is fastest with; a wrong number is no time."""
    good = [c for c in cells if c["column"] == column and "failed" not in c and not c["wrong"]]
    return min(good, key=lambda c: c["min_ms"], default=None)


def ratios(cells: list[dict]) -> dict[str, float]:
    """Each peer's time over losscc's."""
    ours = fastest(cells, OURS)
    if ours is None:
        return {}
    names = dict.fromkeys(c["column"] for c in cells if c["kind"] == "peer")
    best = {n: fastest(cells, n) for n in names}
    return {n: c["min_ms"] / ours["min_ms"] for n, c in best.items() if c}


def row_of(cell: dict) -> matrix.Row:
    return matrix.Row(**{f: cell[f] for f in ("loss", "n", "c", "d", "mode", "sweep")})


def goal(cells: list[dict]) -> tuple[float, float, str] | None:
    """The ratio that a row reached, the one it should, and the peer's column; empty: the best."""
    found, first = ratios(cells), cells[0]
    if not found or row_of(first).tiny:
        return None
    wanted, against = matrix.LOSSES[first["loss"]].goal(first["n"], first["c"], first["mode"])
    if against:
        return (found[against], wanted, against) if against in found else None
    return min(found.values()), wanted, against


def floors(result: dict) -> dict[tuple, float]:
    """The least time of the products alone in ONNX Runtime, by shape and mode: losses of one shape have the same."""
    return {shape(c): c["min_ms"] for c in result["cells"] if c["column"] == FLOOR and "failed" not in c}


def shape(cell: dict) -> tuple:
    return cell["n"], cell["c"], cell["d"], cell["mode"]


def allowed(cells: list[dict], floor: dict[tuple, float], against: str = "") -> float | None:
    """The ratio to a peer (empty: the best) that a graph would have which made the products and nothing else."""
    ours, found = fastest(cells, OURS), ratios(cells)
    least = floor.get(shape(cells[0]))
    if ours is None or least is None or not found:
        return None
    return (found[against] if against else min(found.values())) * ours["min_ms"] / least


# ---------------------------------------------------------------- Markdown


def markdown(result: dict) -> str:
    parts = [head(result), times(result), summary(result), growth(result), compilers(result), notes(result)]
    return "\n\n".join(p for p in parts if p) + "\n"


def head(result: dict) -> str:
    m = result["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in m["versions"].items() if v)
    return (f"Measured {result['date']} by `{result['command']}`: {m['processor']}, {m['threads']} threads, "
            f"{m['memory_bytes'] / 2**30:.0f} GiB, {m['system']}; {versions}; losscc at {m['commit']}.")


def table(titles: list[str], lines: list[list[str]]) -> str:
    out = ["| " + " | ".join(titles) + " |", "|---" + "|---:" * (len(titles) - 1) + "|"]
    return "\n".join(out + ["| " + " | ".join(l) + " |" for l in lines])


def times(result: dict) -> str:
    found = rows(result)
    if not found:
        return ""
    used = {c["column"] for cells in found.values() for c in cells}
    names = [n for n in result["columns"] if n in used]
    floor = floors(result)
    lines = []
    for key, cells in found.items():
        ours, all_ratios = fastest(cells, OURS), ratios(cells)
        least, most = floor.get(shape(cells[0])), allowed(cells, floor)
        lines.append([key] + [entry(cells, n) for n in names] + [
            f"{min(all_ratios.values()):.2f}×" if all_ratios else "–",
            goal_entry(cells, floor),
            f"{ours['min_ms'] / least:.2f}×" if ours and least else "–",
            f"{most:.2f}×" if most else "–",
        ])
    titles = ["ms, median; MB beyond the inputs", *(result["columns"][n] for n in names),
              "best peer / losscc", "goal", "losscc / products", "best peer / products"]
    return table(titles, lines) + (
        "\n\nWith two times, the first is with the default allocator, the second with jemalloc. "
        "The memory is the least of the two. The last column is what a graph would reach that made "
        "the matrix products in the same runtime and nothing else.")


def goal_entry(cells: list[dict], floor: dict[tuple, float]) -> str:
    found = goal(cells)
    if found is None:
        return "–"
    reached, wanted, against = found
    said = [f"{against} {reached:.1f}×"] if against else []
    most = allowed(cells, floor, against)
    if most is not None and most < wanted:
        said.append(f"the products allow {most:.2g}×")
    return f"{'✓' if reached >= wanted else '✗'} {wanted:g}×" + (f" ({', '.join(said)})" if said else "")


def entry(cells: list[dict], column: str) -> str:
    """The times of a column in a row: default / jemalloc."""
    mine = [c for c in cells if c["column"] == column]
    if not mine:
        return "–"
    good = [c for c in mine if "failed" not in c]
    marks = {id(c): ("?" if c.get("disturbed") else "") + ("✗" if c["wrong"] else "") for c in good}
    shown = " / ".join(milliseconds(c["median_ms"]) + marks[id(c)] if "failed" not in c else "failed" for c in mine)
    return shown + (f" ({min(c['peak_bytes'] for c in good) / 1e6:.0f} MB)" if good else "")


def geometric(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def summary(result: dict) -> str:
    found, floor = rows(result), floors(result)
    best = {key: min(r.values()) for key, cells in found.items() if (r := ratios(cells))}
    if not best:
        return ""
    worst = min(best, key=best.get)
    text = (f"Against the best peer with its better allocator: geometric mean {geometric(list(best.values())):.2f}× "
            f"over {len(best)} rows, least {best[worst]:.2f}× ({worst}).")
    under: list[str] = []  # a graph of these products could reach more
    beyond: list[str] = []  # none can
    for key, cells in found.items():
        if (is_goal := goal(cells)) is None:
            continue
        reached, wanted, against = is_goal
        most = allowed(cells, floor, against)
        if reached < wanted and most is not None and most < wanted:
            beyond.append(f"{key} {reached:.2f}× of {most:.2f}×, goal {wanted:g}×")
        elif reached < wanted:
            under.append(f"{key} {reached:.2f}×{' ' + against if against else ''}, goal {wanted:g}×")
        elif best[key] < matrix.LEAST:
            under.append(f"{key} {best[key]:.2f}×, and no row is to be under {matrix.LEAST:g}×")
    parts = [text, by_family(result)]
    if under:
        parts.append("Under their goals: " + "; ".join(under) + ".")
    if beyond:
        parts.append("Goals that the matrix products alone take too long for, with what was reached of what they "
                     "allow: " + "; ".join(beyond) + ".")
    return "\n\n".join(parts)


def by_family(result: dict) -> str:
    """The geometric mean against each peer, for losses with classes and with pairs, forward and with gradients."""
    groups: dict[str, list[dict[str, float]]] = {}
    for cells in rows(result).values():
        if found := ratios(cells):
            kind = "classes" if cells[0]["c"] else "pairs"
            groups.setdefault(f"{kind}, {cells[0]['mode']}", []).append(found | {"": min(found.values())})
    columns = dict.fromkeys(n for found in groups.values() for f in found for n in f if n)
    lines = []
    for name, found in groups.items():
        line_ = [f"{name} ({len(found)} rows)"]
        for column in ["", *columns]:
            values = [f[column] for f in found if column in f]
            line_.append(f"{geometric(values):.2f}×" + (f" ({len(values)})" if column and len(values) < len(found) else "")
                         if values else "–")
        lines.append(line_)
    return table(["geometric mean of the ratios", "best peer", *(result["columns"][n] for n in columns)], lines)


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
    bad = [c for c in result["cells"] if c.get("wrong") or "failed" in c and c["column"] == OURS]
    bad += [c for c in result["cells"] if "failed" in c and c["column"] != OURS and row_of(c).tiny]
    for c in bad:
        print(f"{c['key']} {c['column']} {c['allocator']}: {line(c)}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    import plot

    path = Path(sys.argv[1])
    data = json.loads(path.read_text())
    (path.parent / "table.md").write_text(markdown(data))
    (path.parent / "plot.svg").write_text(plot.svg(data))
