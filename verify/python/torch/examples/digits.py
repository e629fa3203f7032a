"""Trains a small convolutional network on digits with ArcFace, and meets digits that it never saw.

    losscc build arcface --grad --set scale=8 -o arcface.onnx
    losscc bridge pytorch -o losscc_torch.py
    python digits.py arcface.onnx

Four fifths of the pictures of 0 to 6 are trained. Then pairs are verified: are two
pictures of one digit? It prints the share of true pairs that are accepted where
one false pair in a hundred is (TAR at FAR 1 %), by the pixels themselves, by the
untrained network and by the trained one, for the last fifth of 0 to 6 and for 7, 8
and 9, which were never seen. Seven classes teach the network these seven: what it
has learned of strokes does not tell 7, 8 and 9 apart better than their pixels do.

It writes roc.svg and scatter.svg (the unseen digits in the plane of their two main
directions, before and after). --plain trains the same head written in torch next to
it and says by how much the two curves of the loss differ. In float32 two curves part
by what rounding does at a kink of the network, 1e-7 to 1e-3 after 200 steps; a file
built with --dtype f64 trains in float64, where they do not.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

try:
    from losscc_torch import Loss
except ImportError:  # from a checkout of losscc
    sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "cmd" / "losscc" / "internal" / "bridge"))
    from losscc_torch import Loss

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


def axes(x: int, y: int, size: int, title: str, across: str, up: str) -> list[str]:
    return [
        f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="none" stroke="#999"/>',
        f'<text x="{x + size / 2}" y="{y - 8}" text-anchor="middle">{title}</text>',
        f'<text x="{x + size / 2}" y="{y + size + 30}" text-anchor="middle">{across}</text>',
        f'<text transform="translate({x - 30},{y + size / 2}) rotate(-90)" text-anchor="middle">{up}</text>',
    ]


def roc_picture(curves: list[tuple[str, Tensor, Tensor]]) -> str:
    """False acceptance across, by powers of ten from 0.1 %, true acceptance up."""
    body, size, x0, y0 = [], 300, 50, 30
    body += axes(x0, y0, size, "Are two pictures one digit?", "false pairs accepted", "true pairs accepted")
    for k, name in enumerate(("0.1 %", "1 %", "10 %", "100 %")):
        body.append(f'<text x="{x0 + size * k / 3}" y="{y0 + size + 14}" text-anchor="middle">{name}</text>')
    for k, (name, far, tar) in enumerate(curves):
        grid = torch.logspace(-3, 0, 120, dtype=torch.float64)
        points = " ".join(
            f"{x0 + size * (torch.log10(f).item() + 3) / 3:.1f},{y0 + size * (1 - tar_at(far, tar, f.item())):.1f}"
            for f in grid
        )
        body.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[k]}" stroke-width="2"/>')
        at = f'x="{x0 + size - 8}" y="{y0 + size - 62 + 16 * k}" text-anchor="end"'
        body.append(f'<text {at} fill="{COLOURS[k]}">{name}</text>')
    return svg(370, 380, body)


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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", help="a file that losscc built with --grad")
    parser.add_argument("--backend", default="onnxruntime", choices=["onnxruntime", "torch"])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="train the head in plain torch next to it")
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder for the pictures")
    chosen = parser.parse_args(arguments)

    torch.set_num_threads(1)  # so small a network is faster on one
    x, y = digits()
    xt, yt, xh, yh = split(*of(TRAINED, x, y))
    xu, yu = of(UNSEEN, x, y)
    torch.manual_seed(chosen.seed)
    net = Net()
    head = Loss(chosen.file, C=len(TRAINED), D=EMBEDDING, backend=chosen.backend)
    torch.manual_seed(chosen.seed)
    twin = Net()
    dtype = head.get_parameter("weight").dtype
    net, twin, xt, xh, xu = net.to(dtype), twin.to(dtype), xt.to(dtype), xh.to(dtype), xu.to(dtype)
    settings = json.loads(head.metadata["losscc.params"])
    plain = PlainArcFace(head.get_parameter("weight"), settings["scale"], settings["margin"])

    before = embedded(net, xh), embedded(net, xu)
    curve = train(net, head, xt, yt, chosen.steps, chosen.seed)
    after = embedded(net, xh), embedded(net, xu)
    print(f"loss {curve[0]:.4f} -> {curve[-1]:.4f} in {chosen.steps} steps")
    print("TAR at FAR 1 %                       pixels  untrained  trained")
    rocs = []
    for k, (title, pixels, labels) in enumerate(
        (("held-out pictures of 0 to 6", xh, yh), ("7, 8 and 9, never seen", xu, yu))
    ):
        three = [curve_of(z, labels) for z in (pixels.flatten(1), before[k], after[k])]
        print(f"  {title:34s} {tar_at(*three[0]):6.3f}  {tar_at(*three[1]):9.3f}  {tar_at(*three[2]):7.3f}")
        rocs += [(f"{title}: untrained", *three[1]), (f"{title}: trained", *three[2])]
    if chosen.plain:
        other = train(twin, plain, xt, yt, chosen.steps, chosen.seed)
        worst = max(abs(a - b) for a, b in zip(curve, other))
        print(f"the same head in plain torch: the curves differ by at most {worst:.2g}")
    (chosen.out / "roc.svg").write_text(roc_picture(rocs))
    (chosen.out / "scatter.svg").write_text(scatter_picture([("untrained", before[1], yu), ("trained", after[1], yu)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
