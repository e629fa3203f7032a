"""Trains a small convolutional network on digits with ArcFace, and meets digits that it never saw.

    losscc build arcface --grad --set scale=8 -o arcface.onnx
    losscc bridge pytorch -o losscc_torch.py
    python digits.py arcface.onnx

python is one that has torch and onnxruntime, such as the one that
`python3 verify/python/environment.py torch` prints.

Four fifths of the pictures of 0 to 6 are trained. Then pairs are verified: are two
pictures of one digit? It prints the share of true pairs that are accepted where
one false pair in a hundred is (TAR at FAR 1 %), by the pixels themselves, by the
untrained network and by the trained one, for the last fifth of 0 to 6 and for 7, 8
and 9, which were never seen.

Seven classes teach the network these seven: 7, 8 and 9 are told apart no better than
by their pixels. --turned makes more classes of the same pictures: each digit turned
by a quarter, a half and three quarters is a class of its own. The 6 turned by a half
is left out, because it is a 9. More classes teach more of strokes, and less of what
is peculiar to seven digits. --seeds N trains with N seeds and prints the mean, the
least and the most.

--out DIR draws roc.svg and scatter.svg there (the unseen digits in the plane of their
two main directions, before and after). --plain trains the same head written in torch next to
it and says by how much the two curves of the loss differ. In float32 two curves part
by what rounding does at a kink of the network, 1e-7 to 1e-3 after 200 steps; a file
built with --dtype f64 trains in float64, where they do not.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

try:
    from losscc_torch import Loss, LossError
except ImportError:  # from a checkout of losscc
    sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "cmd" / "losscc" / "internal" / "bridge"))
    from losscc_torch import Loss, LossError

DIGITS = Path(__file__).resolve().parents[4] / "testdata" / "digits.csv"
TRAINED, UNSEEN = range(7), range(7, 10)
EMBEDDING = 64


def digits(path: Path = DIGITS) -> tuple[Tensor, Tensor]:
    """The pictures [S,1,8,8] with levels from 0 to 1, and their labels."""
    with open(path, newline="") as f:
        rows = list(csv.DictReader(line for line in f if not line.startswith("#")))
    pictures = torch.tensor([[float(row[f"p{i}"]) for i in range(64)] for row in rows])
    return pictures.reshape(-1, 1, 8, 8) / 16, torch.tensor([int(row["label"]) for row in rows])


def of(classes: Sequence[int], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The rows of some classes."""
    keep = torch.isin(y, torch.tensor(list(classes)))
    return x[keep], y[keep]


def split(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Four fifths to train with, and every fifth row."""
    fifth = torch.arange(len(x)) % 5 == 4
    return x[~fifth], y[~fifth], x[fifth], y[fifth]


def turned(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Quarter turns as classes of their own, but for a 6 that a half turn makes a 9."""
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    classes = torch.cat([y + 10 * k for k in range(4)])
    keep = classes != 6 + 10 * 2
    kept = classes[keep]
    names = torch.tensor(sorted(set(kept.tolist())))
    return pictures[keep], torch.searchsorted(names, kept)


def layer(inside: int, outside: int) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]


class Net(nn.Sequential):
    """Three convolutions and a linear map to the embedding."""

    def __init__(self) -> None:
        pool = nn.MaxPool2d(2)
        body = [*layer(1, 32), *layer(32, 32), pool, *layer(32, 64), pool]
        super().__init__(*body, nn.Flatten(), nn.Linear(256, EMBEDDING), nn.BatchNorm1d(EMBEDDING))


class PlainArcFace(nn.Module):
    """The head in plain torch, to be compared with."""

    def __init__(self, weight: Tensor, scale: float, margin: float) -> None:
        super().__init__()
        self.weight, self.scale, self.margin = nn.Parameter(weight.detach().clone()), scale, margin

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        cos = F.normalize(x) @ F.normalize(self.weight).t()
        moved = torch.cos(torch.acos(cos.clamp(-1 + 1e-7, 1 - 1e-7)) + self.margin)
        own = F.one_hot(y, len(self.weight)).bool()
        return F.cross_entropy(self.scale * torch.where(own, moved, cos), y)


def train(net: nn.Module, head: nn.Module, x: Tensor, y: Tensor, steps: int, seed: int) -> list[float]:
    """Steps of SGD on drawn batches; the loss at each."""
    net.train()
    g = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD([*net.parameters(), *head.parameters()], lr=0.003, momentum=0.9, weight_decay=5e-4)
    curve = []
    for _ in range(steps):
        rows = torch.randint(len(x), (64,), generator=g)
        optimizer.zero_grad()
        loss = head(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


def embedded(net: nn.Module, x: Tensor) -> Tensor:
    """The embeddings of pictures, as the trained network will give them."""
    net.eval()
    with torch.no_grad():
        z: Tensor = net(x)
    return z


def curve_of(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """False and true acceptance at every threshold on the cosine of a pair."""
    z = F.normalize(z)
    i, j = torch.triu_indices(len(z), len(z), 1)
    same = y[i] == y[j]
    order = (z @ z.t())[i, j].argsort(descending=True)
    same = same[order].double()
    return (1 - same).cumsum(0) / (1 - same).sum(), same.cumsum(0) / same.sum()


def tar_at(far: Tensor, tar: Tensor, at: float = 0.01) -> float:
    """The largest true acceptance with no more false acceptance than at."""
    return float(tar[far <= at].max()) if bool((far <= at).any()) else 0.0


# ---------------------------------------------------------------- pictures

COLOURS = ("#4269d0", "#b3560f", "#2f7d4f", "#8a3ab9")


def svg(width: int, height: int, body: list[str]) -> str:
    box = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="white"/>', *body, "</svg>", ""])


def axes(x: int, y: int, size: int, title: str, across: str, up: str, gap: int = 30) -> list[str]:
    return [
        f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="none" stroke="#999"/>',
        f'<text x="{x + size / 2}" y="{y - 8}" text-anchor="middle">{title}</text>',
        f'<text x="{x + size / 2}" y="{y + size + 30}" text-anchor="middle">{across}</text>',
        f'<text transform="translate({x - gap},{y + size / 2}) rotate(-90)" text-anchor="middle">{up}</text>',
    ]


def roc_picture(curves: list[tuple[str, Tensor, Tensor]]) -> str:
    """False acceptance across, by powers of ten from 0.1 %, true acceptance up."""
    body, size, x0, y0 = [], 300, 70, 30
    body += axes(x0, y0, size, "Are two pictures one digit?", "false pairs accepted", "true pairs accepted", 52)
    for k, name in enumerate(("0.1 %", "1 %", "10 %", "100 %")):
        body.append(f'<text x="{x0 + size * k / 3}" y="{y0 + size + 14}" text-anchor="middle">{name}</text>')
    for k, (name, far, tar) in enumerate(curves):
        grid = torch.logspace(-3, 0, 120, dtype=torch.float64)
        points = " ".join(
            f"{x0 + size * (torch.log10(f).item() + 3) / 3:.1f},{y0 + size * (1 - tar_at(far, tar, f.item())):.1f}"
            for f in grid
        )
        body.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[k]}" stroke-width="2"/>')
        below = f'x="{x0 + 22}" y="{y0 + size + 56 + 18 * k}"'
        line = f'x="{x0}" y="{y0 + size + 51 + 18 * k}" width="16" height="2"'
        body.append(f'<rect {line} fill="{COLOURS[k]}"/><text {below}>{name}</text>')
    for share in (25, 50, 75, 100):
        at = f'x="{x0 - 6}" y="{y0 + size * (1 - share / 100) + 4}" text-anchor="end"'
        body.append(f"<text {at}>{share} %</text>")
    return svg(400, 460, body)


def scatter_picture(panels: list[tuple[str, Tensor, Tensor]]) -> str:
    """Each panel's unit embeddings in the plane of their two main directions."""
    body, size = [], 280
    for k, (title, z, y) in enumerate(panels):
        z = F.normalize(z)
        z = z - z.mean(0)
        plane = z @ torch.linalg.svd(z, full_matrices=False)[2][:2].t()
        plane = plane / plane.abs().max() * (size / 2 - 10)
        x0, y0 = 50 + k * (size + 60), 30
        body += axes(x0, y0, size, title, "first direction", "second direction")
        for c, digit in enumerate(UNSEEN):
            for px, py in plane[y == digit].tolist():
                at = f'cx="{x0 + size / 2 + px:.1f}" cy="{y0 + size / 2 - py:.1f}"'
                body.append(f'<circle {at} r="2" fill="{COLOURS[c]}"/>')
    for c, digit in enumerate(UNSEEN):
        body.append(f'<text x="{60 + 30 * c}" y="{size + 24}" font-weight="bold" fill="{COLOURS[c]}">{digit}</text>')
    return svg(2 * (size + 60), size + 80, body)


@dataclasses.dataclass
class Task:
    """What is trained, and what is verified."""

    pictures: Tensor
    classes: Tensor
    held_out: tuple[Tensor, Tensor]
    unseen: tuple[Tensor, Tensor]


def task_of(dtype: torch.dtype, more: bool) -> Task:
    """The digits, with the quarter turns if more classes are asked for."""
    x, y = digits()
    x = x.to(dtype)
    xt, yt, xh, yh = split(*of(TRAINED, x, y))
    return Task(*(turned(xt, yt) if more else (xt, yt)), (xh, yh), of(UNSEEN, x, y))


class Outcome(NamedTuple):
    """What one seed gives: the loss, and embeddings (held-out, unseen) before and after."""

    curve: list[float]
    before: list[Tensor]
    after: list[Tensor]


def start(file: str, task: Task, seed: int, backend: str) -> tuple[Net, Loss]:
    """A new network and the head from the file, the same for a seed."""
    torch.manual_seed(seed)
    net = Net()
    head = Loss(file, C=int(task.classes.max()) + 1, D=EMBEDDING, backend=backend)
    return net.to(task.pictures.dtype), head


def outcome(net: Net, head: Loss, task: Task, steps: int, seed: int) -> Outcome:
    """Trains, and embeds what is verified."""
    before = [embedded(net, x) for x, _ in (task.held_out, task.unseen)]
    curve = train(net, head, task.pictures, task.classes, steps, seed)
    return Outcome(curve, before, [embedded(net, x) for x, _ in (task.held_out, task.unseen)])


def opened(file: str, backend: str, plain: bool) -> Loss:
    """The head of the file; a LossError says why it cannot be trained here."""
    head = Loss(file, C=2, D=EMBEDDING, backend=backend)
    loss = head.metadata["losscc.loss"]
    takes = [name for name, role in head.inputs.items() if role in ("embeddings", "labels", "index", "data")]
    if takes != ["embeddings", "labels"] or "weight" not in head.inputs:
        raise LossError(
            f"{file}: found {loss}, which takes {', '.join(head.inputs)}; want a head over classes, "
            "such as losscc build arcface --grad makes"
        )
    if head.gradients == "none":
        raise LossError(f"{file}: found no gradient; build it with --grad, or train with --backend torch")
    if head.metadata.get("losscc.reduction") == "none":
        raise LossError(f"{file}: found a number for each row; build it with --reduction mean")
    if plain and loss != "arcface":
        raise LossError(f"{file}: found {loss}; --plain has arcface in plain torch: leave it out")
    return head


TITLES = ("held-out pictures of 0 to 6", "7, 8 and 9, never seen")


def report(found: Outcome, task: Task) -> list[tuple[str, Tensor, Tensor]]:
    """Prints the table; gives back the curves for the picture."""
    print("TAR at FAR 1 %                pixels  untrained  trained")
    rocs = []
    for k, (title, (pixels, labels)) in enumerate(zip(TITLES, (task.held_out, task.unseen))):
        three = [curve_of(z, labels) for z in (pixels.flatten(1), found.before[k], found.after[k])]
        print(f"  {title:27s} {tar_at(*three[0]):6.3f}  {tar_at(*three[1]):9.3f}  {tar_at(*three[2]):7.3f}")
        rocs += [(f"{title}: untrained", *three[1]), (f"{title}: trained", *three[2])]
    return rocs


def report_seeds(file: str, task: Task, steps: int, seeds: int, backend: str) -> None:
    """Prints the same over seeds."""
    found = [outcome(*start(file, task, seed, backend), task, steps, seed) for seed in range(seeds)]
    print(f"over {seeds} seeds, mean (least to most)  untrained               trained")
    for k, (title, (_, labels)) in enumerate(zip(TITLES, (task.held_out, task.unseen))):
        cells = []
        for stage in ("before", "after"):
            shares = [tar_at(*curve_of(getattr(one, stage)[k], labels)) for one in found]
            cells.append(f"{sum(shares) / seeds:.3f} ({min(shares):.3f} to {max(shares):.3f})")
        print(f"  {title:33s} {'  '.join(cells)}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", help="a file that losscc built with --grad")
    parser.add_argument("--backend", default="onnxruntime", choices=["onnxruntime", "torch"])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=0, help="train with seeds 0 to N-1 too, and print their mean")
    parser.add_argument("--turned", action="store_true", help="make classes of quarter turns")
    parser.add_argument("--plain", action="store_true", help="train the head in plain torch next to it")
    parser.add_argument("--out", type=Path, help="draw roc.svg and scatter.svg in this folder")
    chosen = parser.parse_args(arguments)

    torch.set_num_threads(1)  # so small a network is faster on one
    try:
        probe = opened(chosen.file, chosen.backend, chosen.plain)
        if chosen.out:
            chosen.out.mkdir(parents=True, exist_ok=True)
    except (OSError, LossError) as e:
        parser.error(str(e))
    task = task_of(probe.weight.dtype, chosen.turned)
    net, head = start(chosen.file, task, chosen.seed, chosen.backend)
    found = outcome(net, head, task, chosen.steps, chosen.seed)
    classes = len(head.weight)
    print(f"loss {found.curve[0]:.4f} -> {found.curve[-1]:.4f} in {chosen.steps} steps on {classes} classes")
    rocs = report(found, task)
    if chosen.plain:
        twin, fresh = start(chosen.file, task, chosen.seed, chosen.backend)
        settings = json.loads(head.metadata["losscc.params"])
        plain = PlainArcFace(fresh.weight, settings["scale"], settings["margin"])
        other = train(twin, plain, task.pictures, task.classes, chosen.steps, chosen.seed)
        worst = max(abs(a - b) for a, b in zip(found.curve, other))
        print(f"the same head in plain torch: the curves differ by at most {worst:.2g}")
    if chosen.seeds:
        report_seeds(chosen.file, task, chosen.steps, chosen.seeds, chosen.backend)
    if chosen.out:
        stages = zip(("untrained", "trained"), found[1:])
        panels = [(f"{TITLES[1]}: {stage}", z[1], task.unseen[1]) for stage, z in stages]
        (chosen.out / "roc.svg").write_text(roc_picture(rocs))
        (chosen.out / "scatter.svg").write_text(scatter_picture(panels))
    return 0


if __name__ == "__main__":
    sys.exit(main())
