"""Draws the ratios of a run: a line for each row, a mark for each column, on a log scale.

Colours are those of Okabe and Ito, which people tell apart however they see
colours, and a grey; every column has a shape of its own too.
"""

from __future__ import annotations

import math
from html import escape

import standing

INK, FAINT, RULE = "#1b1b1b", "#6b6b6b", "#dcdcdc"
LEFT, RIGHT, TOP, STEP, WIDTH = 270, 70, 118, 22, 980

# Colour and shape, in the order of the columns.
MARKS = [("#0072b2", "circle"), ("#e69f00", "square"), ("#cc79a7", "diamond"), ("#d55e00", "triangle"),
         ("#56b4e9", "down"), ("#009e73", "cross"), ("#000000", "plus"), (FAINT, "ring")]

FLOORS = (standing.FLOOR, standing.BARE)


def mark(x: float, y: float, colour: str, shape: str, r: float = 5) -> str:
    """A mark with its middle at x, y."""
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
    if shape == "ring":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r - 1}" stroke="{colour}" stroke-width="2" fill="none"/>'
    if shape in ("cross", "plus"):
        a, b = (r, r) if shape == "cross" else (r, 0)
        lines = f"M{x - a:.1f} {y - b:.1f}L{x + a:.1f} {y + b:.1f}M{x - b:.1f} {y + a:.1f}L{x + b:.1f} {y - a:.1f}"
        return f'<path d="{lines}" stroke="{colour}" stroke-width="2.4" fill="none"/>'
    corners = {
        "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)], "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
        "triangle": [(0, -1.2), (1.2, 1), (-1.2, 1)], "down": [(0, 1.2), (1.2, -1), (-1.2, -1)],
    }[shape]
    points = " ".join(f"{x + r * 0.9 * a:.1f},{y + r * 0.9 * b:.1f}" for a, b in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'


def text(x: float, y: float, words: str, size: int = 13, anchor: str = "start", fill: str = INK, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"{weight}>{escape(words)}</text>'


def data(result: dict) -> list[tuple[str, dict[str, float], float | None]]:
    """For each row: its name, the ratio of every column, the ratio that is the goal."""
    found = []
    for key, cells in standing.with_products(result).items():
        ratios, wanted = dict(standing.ratios(cells)), standing.goal(cells)
        for floor in FLOORS:
            if over := standing.over(cells, floor):
                ratios[floor] = 1 / over
        if ratios:
            found.append((key, ratios, wanted.wanted if wanted else None))
    return found


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten, as far as there is anything to see."""
    steps = [m * 10.0**e for e in range(-3, 5) for m in (1, 2, 5)]
    return [s for s in steps if low * 0.999 <= s <= high * 1.001]


def svg(result: dict) -> str:
    """The plot of a run."""
    found = data(result)
    values = [r for _, ratios, _ in found for r in ratios.values()] or [1.0]
    low, high = min(0.5, *values) / 1.1, max(2.0, *values) * 1.1
    height = TOP + STEP * len(found) + 58
    scale = (WIDTH - LEFT - RIGHT) / math.log(high / low)

    def place(ratio: float) -> float:
        return LEFT + math.log(ratio / low) * scale

    used = [n for n in result["columns"] if any(n in ratios for _, ratios, _ in found)]
    looks = {n: MARKS[i % len(MARKS)] for i, n in enumerate(used)}
    bottom = TOP + STEP * len(found)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
           'font-family="system-ui, Helvetica, Arial, sans-serif" role="img">',
           "<title>Time of other implementations over losscc's, for each loss and shape</title>",
           f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           text(16, 28, "How many times longer others take than losscc's file in ONNX Runtime", 17, bold=True),
           legend(used, looks, result)]
    for t in ticks(low, high):
        heavy = t == 1
        out.append(f'<path d="M{place(t):.1f} {TOP - 8}V{bottom}" stroke="{INK if heavy else RULE}" stroke-width="{1.6 if heavy else 1}"/>')
        out.append(text(place(t), bottom + 18, f"{t:g}×", 12, "middle", FAINT))
    previous = ""
    for i, (key, ratios, goal) in enumerate(found):
        y = TOP + STEP * i + STEP / 2
        loss, rest = key.split(" ", 1)
        if loss != previous and i:
            out.append(f'<path d="M16 {y - STEP / 2:.1f}H{WIDTH - 16}" stroke="{RULE}"/>')
        out.append(text(16, y + 4, loss if loss != previous else "", bold=True))
        out.append(text(LEFT - 12, y + 4, rest.replace(" gradient", " f+b"), 12, "end", FAINT))
        previous = loss
        if goal:
            out.append(f'<path d="M{place(goal):.1f} {y - 8:.1f}v16" stroke="{FAINT}" stroke-width="1.5" stroke-dasharray="3 2"/>')
        out += [mark(place(r), y, *looks[n]) for n, r in ratios.items()]
        if peers := [r for n, r in ratios.items() if n not in FLOORS]:
            out.append(text(WIDTH - 16, y + 4, f"{min(peers):.2f}×", 13, "end", bold=True))
    out.append(text(WIDTH - 16, TOP - 14, "best peer", 12, "end", FAINT))
    out.append(text(16, height - 14, f"Least times, each ratio within one run, {result['date']}, each peer with its faster allocator; "
                    "f+b: loss and gradients; dashes: goals; left of 1× is faster than losscc.", 12, fill=FAINT))
    return "\n".join(out + ["</svg>"]) + "\n"


def legend(used: list[str], looks: dict, result: dict) -> str:
    """What the marks stand for, in up to three lines."""
    out, x, y = [], 22.0, 52.0
    for name in used:
        title = result["columns"][name]
        width = 26 + 6.7 * len(title)
        if x + width > WIDTH - 16:
            x, y = 22.0, y + 22
        out += [mark(x, y, *looks[name]), text(x + 11, y + 4, title, 12)]
        x += width
    return "\n".join(out)
