"""What is measured: the rows of the table, and the sweeps.

A row is a loss with its parameters, a shape and a mode; a cell is a row under
one column (columns/). Shapes are N samples, C classes (0: the loss has none)
and D numbers an embedding; pair losses get CLASS_SIZE samples a class.
"""

from __future__ import annotations

import dataclasses

CLASS_SIZE = 4
MODES = ("forward", "gradient")


@dataclasses.dataclass(frozen=True)
class Loss:
    """A loss as losscc builds it, under the name that the table gives it."""

    name: str
    expr: str
    sets: tuple[str, ...]
    proxies: bool  # has a weight [C,D]
    goals: dict[str, float]  # least ratio by "N,C", and by "" for any other shape
    against: str = ""  # the column that the goals are about; empty: the best peer
    sizes: tuple[int, ...] = ()  # of batches; empty: PAIR_SIZES

    def goal(self, n: int, c: int, mode: str) -> tuple[float, str]:
        """What a peer's time over losscc's has to be at least, and the peer's column."""
        if mode == "forward":
            return 2.0, ""
        return self.goals.get(f"{n},{c}", self.goals.get("", LEAST)), self.against


# No row may fall below this against any peer.
LEAST = 1.2
TARGET_ONLY = {"128,100000": 2.0, "1024,10000": 1.4, "128,10000": 1.7}

PAIR_SIZES = (128, 256, 512, 1024)
COSINE_SIZES = (128, 512)

LOSSES = {
    loss.name: loss
    for loss in (
        Loss("arcface", "arcface", (), True, TARGET_ONLY),
        Loss("cosface", "cosface", (), True, TARGET_ONLY),
        Loss("softmax", "softmax", ("bias=false",), True, TARGET_ONLY),
        Loss("triplet-batch-all", "triplet", ("mining=batch-all",), False, {"": 9.0}, "pml"),
        Loss("triplet-batch-hard", "triplet", ("mining=batch-hard",), False, {"": 3.0}, "pml"),
        # FaceNet's choice, a negative for each pair; nobody else's package has it.
        Loss("triplet-semi-hard", "triplet", ("mining=semi-hard",), False, {}),
        # Every triplet with its negative within the margin: pytorch-metric-learning's.
        Loss("triplet-all-semi-hard", "triplet", ("mining=batch-all-semi-hard",), False, {"": 10.0}, "pml"),
        # pytorch-metric-learning's form: the distance itself, the mean of what is above 0.
        Loss("contrastive", "contrastive",
             ("mining=all", "margin=1.2", "squared=false", "loss_weight=1", "average=nonzero"),
             False, {"": 3.0}, "pml"),
        # Over the cosines of all pairs, with pytorch-metric-learning's parameters.
        Loss("supcon", "supcon", (), False, {}, sizes=COSINE_SIZES),
        Loss("multi-similarity", "multi-similarity", ("mining=none", "lambda=0.5"), False, {}, sizes=COSINE_SIZES),
        Loss("circle", "circle", (), False, {}, sizes=COSINE_SIZES),
        Loss("nt-xent", "nt-xent", ("positives=labels", "temperature=0.07"), False, {}, sizes=COSINE_SIZES),
    )
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A loss at a shape in a mode."""

    loss: str
    n: int
    c: int
    d: int
    mode: str
    sweep: str = ""  # the extent that doubles, if the row is a point of a sweep

    @property
    def shape(self) -> str:
        return f"B{self.n}" + (f" C{short(self.c)}" if self.c else "") + (f" D{self.d}" if self.d != 512 else "")

    @property
    def key(self) -> str:
        """Names the row in files, on the command line and in the table."""
        return f"{self.loss} {self.shape} {self.mode}" + (f" sweep-{self.sweep}" if self.sweep else "")

    @property
    def large(self) -> bool:
        """Whether only the columns that matter most are run."""
        return self.c >= 1_000_000

    @property
    def tiny(self) -> bool:
        """Whether the row is one of --quick, whose times say nothing."""
        return self.n <= 16

    @property
    def flops(self) -> float:
        """Operations of the matrix products that no implementation can avoid."""
        if self.c:
            return 2.0 * self.n * self.c * self.d * (1 if self.mode == "forward" else 3)
        return 2.0 * self.n * self.n * self.d * (1 if self.mode == "forward" else 2)

    @property
    def mandatory_bytes(self) -> int:
        """Outputs that any implementation has to hold beyond its inputs."""
        return 4 * self.d * (self.n + self.c) if self.mode == "gradient" else 0


def short(count: int) -> str:
    """1000 as 1k."""
    for unit, size in (("M", 1_000_000), ("k", 1000)):
        if count >= size and count % (size // 10) == 0:
            return f"{count / size:g}{unit}"
    return str(count)


PROXY_SHAPES = ((128, 100_000), (1024, 10_000), (128, 10_000))


def matrix() -> list[Row]:
    """The rows of the table, the most telling ones first."""
    rows = [Row(loss.name, n, c, 512, mode)
            for loss in LOSSES.values() if loss.proxies
            for n, c in PROXY_SHAPES for mode in reversed(MODES)]
    rows += [Row("arcface", 128, 1_000_000, 512, mode) for mode in reversed(MODES)]
    rows += [Row(loss.name, n, 0, 512, mode)
             for loss in LOSSES.values() if not loss.proxies
             for n in loss.sizes or PAIR_SIZES for mode in reversed(MODES)]
    return rows


def sweeps() -> list[Row]:
    """One extent doubles while the others stay."""
    rows = [Row("arcface", n, 10_000, 512, "gradient", "N") for n in (64, 128, 256, 512, 1024)]
    rows += [Row("arcface", 128, c, 512, "gradient", "C") for c in (12_500, 25_000, 50_000, 100_000, 200_000)]
    rows += [Row("arcface", 128, 20_000, d, "gradient", "D") for d in (64, 128, 256, 512, 1024)]
    rows += [Row(loss, n, 0, 512, "gradient", "N")
             for loss in ("triplet-batch-all", "triplet-batch-hard", "contrastive")
             for n in (256, 512, 1024, 2048)]
    return rows


def quick() -> list[Row]:
    """Every loss and mode at shapes that take no time."""
    return [Row(loss.name, 16, 40 if loss.proxies else 0, 24, mode)
            for loss in LOSSES.values() for mode in reversed(MODES)] + [
        Row("arcface", 16, c, 24, "gradient", "C") for c in (20, 40, 80)]


def theory(row: Row) -> float:
    """The exponent with which the dearest term of row grows as the swept extent does."""
    return 2.0 if row.c == 0 else 1.0
