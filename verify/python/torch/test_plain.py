"""Heads written in plain torch, and pytorch-metric-learning where it is installed."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from support import Loss, build, close

X = torch.randn(32, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
Y = torch.arange(32) % 10
W = torch.randn(10, 16, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def cosines(x: Tensor, w: Tensor) -> Tensor:
    return F.normalize(x) @ F.normalize(w).t()


def arcface(x: Tensor, y: Tensor, w: Tensor, s: float = 64, m: float = 0.5) -> Tensor:
    cos = cosines(x, w)
    own = F.one_hot(y, len(w)).bool()
    moved = torch.cos(torch.acos(cos) + m)
    return F.cross_entropy(s * torch.where(own, moved, cos), y)


def cosface(x: Tensor, y: Tensor, w: Tensor, s: float = 64, m: float = 0.35) -> Tensor:
    cos = cosines(x, w)
    return F.cross_entropy(s * (cos - m * F.one_hot(y, len(w)).to(x.dtype)), y)


def softmax(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    return F.cross_entropy(x @ w.t(), y)


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
@pytest.mark.parametrize(
    ("name", "plain", "flags"),
    [("arcface", arcface, ()), ("cosface", cosface, ()), ("softmax", softmax, ("--set", "bias=false"))],
)
def test_the_head_in_plain_torch(backend: str, name: str, plain: object, flags: tuple[str, ...]) -> None:
    loss = Loss(build(name, "--grad", "--dtype", "f64", *flags), C=10, D=16, backend=backend)
    assert callable(plain)
    pairs = [(X.clone().requires_grad_(), W.clone().requires_grad_()) for _ in range(2)]
    found = loss(pairs[0][0], Y, weight=pairs[0][1])
    wanted = plain(pairs[1][0], Y, pairs[1][1])
    close(found, wanted, 1e-10)
    for a, b in zip(torch.autograd.grad(found, pairs[0]), torch.autograd.grad(wanted, pairs[1])):
        close(a, b, 1e-9)


def test_triplets_in_plain_torch() -> None:
    loss = Loss(build("triplet", "--grad", "--dtype", "f64", "--set", "distance=euclidean", "--set", "margin=1"))
    a, p, n = X[:10], X[10:20], X[20:30]
    close(loss(a, p, n), F.triplet_margin_loss(a, p, n, margin=1, eps=0), 1e-12)
