"""What the cells of a run say of losscc against the others.

A ratio is the least time of a peer over losscc's least time in the same run, the
peer with whichever allocator it is faster with.
"""

from __future__ import annotations

import dataclasses
import math

import matrix

OURS, BLOCKS = "losscc", "losscc_blocks"
FLOOR = "products_ort"
BARE = "bare_ort"
OUR_KIND, PEER_KIND, FLOOR_KIND = "ours", "peer", "floor"


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
    names = dict.fromkeys(c["column"] for c in cells if c["kind"] == PEER_KIND)
    best = {n: fastest(cells, n) for n in names}
    return {n: c["min_ms"] / ours["min_ms"] for n, c in best.items() if c}


def row_of(cell: dict) -> matrix.Row:
    return matrix.Row(**{f: cell[f] for f in ("loss", "n", "c", "d", "mode", "sweep")})


def with_products(result: dict) -> dict[str, list[dict]]:
    """The cells of each row, among them those of its products, which another row may have measured.

    All losses of a shape make the same products; ratios are of one run.
    """

    def made(cell: dict) -> tuple:
        return cell["n"], cell["c"], cell["d"], cell["mode"], str(cell.get("run"))

    found, shared = rows(result), {}
    for cell in (c for cells in found.values() for c in cells if c["kind"] == FLOOR_KIND):
        shared.setdefault(made(cell), []).append(cell)
    return {key: [c for c in cells if c["kind"] != FLOOR_KIND] + shared.get(made(cells[0]), [])
            for key, cells in found.items()}


def over(cells: list[dict], column: str) -> float | None:
    """losscc's time over that of a column."""
    ours, other = fastest(cells, OURS), fastest(cells, column)
    return ours["min_ms"] / other["min_ms"] if ours and other else None


def over_least(cells: list[dict]) -> float | None:
    """losscc's time over the least that is known to do: the barest graph's or its own, or else the products'."""
    bare = over(cells, BARE)
    return max(bare, 1.0) if bare else over(cells, FLOOR)


@dataclasses.dataclass(frozen=True)
class Goal:
    """How a row stands against what is asked of it."""

    reached: float
    wanted: float
    against: str  # the peer's column; empty: the best
    allowed: float | None  # what the barest graph reaches, or where there is none, the products alone

    @property
    def met(self) -> bool:
        return self.reached >= self.wanted

    @property
    def beyond(self) -> bool:
        """Whether the barest graph does not meet it either."""
        return not self.met and self.allowed is not None and self.allowed < self.wanted


def goal(cells: list[dict], least: bool = False) -> Goal | None:
    """The goal of a row, or with least the one that every row has against every peer."""
    found, first = ratios(cells), cells[0]
    if not found or row_of(first).tiny:
        return None
    wanted, against = (matrix.LEAST, "") if least else matrix.LOSSES[first["loss"]].goal(first["n"], first["c"], first["mode"])
    if against and against not in found:
        return None
    reached, least_known = found[against] if against else min(found.values()), over_least(cells)
    return Goal(reached, wanted, against, reached * least_known if least_known else None)


def geometric(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
