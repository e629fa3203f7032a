"""PyTorch: losses written well in it, what its compiler makes of them, its own fused loss."""

from __future__ import annotations

import math
import shutil

from columns import Arrays, Column, Step, Task, register
from matrix import Row

ALLOCATORS = ("default", "jemalloc")


class Eager(Step):
    """A function of embeddings, labels and weight, stepped as in training."""

    def __init__(self, function, task: Task) -> None:
        import torch

        torch.set_num_threads(task.threads)
        self.function, self.backward = function, task.row.mode == "gradient"
        self.labels = torch.from_numpy(task.given["labels"])
        names = [n for n in ("embeddings", "weight") if n in task.given]
        self.trained = {n: torch.from_numpy(task.given[n]).requires_grad_(self.backward) for n in names}

    def run(self) -> None:
        import torch

        if not self.backward:
            with torch.no_grad():
                self.loss = self.function(self.trained["embeddings"], self.labels, self.trained.get("weight"))
            return
        for x in self.trained.values():
            x.grad = None  # as optimizer.zero_grad() does
        self.loss = self.function(self.trained["embeddings"], self.labels, self.trained.get("weight"))
        self.loss.backward()

    def results(self) -> Arrays:
        found = {"loss": self.loss.detach().numpy()}
        if self.backward:
            found |= {f"grad_{n}": x.grad.numpy() for n, x in self.trained.items()}
        return found


# ---------------------------------------------------------------- the losses


def classifier(margin, scale: float):
    """Cross-entropy of cosines whose target, and only that, goes through margin."""
    import torch.nn.functional as F

    def loss(x, y, w):
        cos = F.linear(F.normalize(x), F.normalize(w))
        at = y[:, None]
        z = cos.scatter(1, at, margin(cos.gather(1, at))) * scale
        return F.cross_entropy(z, y)

    return loss


def arc(cos):
    m = 0.5
    return cos * math.cos(m) - (1 - cos * cos).clamp_min(1e-12).sqrt() * math.sin(m)


def softmax(x, y, w):
    import torch.nn.functional as F

    return F.cross_entropy(F.linear(x, w), y)


def squares(x):
    # Not the diagonal of the products: from 256 rows on, torch.compile 2.15
    # computes a wrong gradient through it.
    q = (x * x).sum(1)
    return (q[:, None] + q[None, :] - 2 * (x @ x.T)).clamp_min(0)


def masks(y):
    import torch

    equal = y[:, None] == y[None, :]
    return equal & ~torch.eye(len(y), dtype=torch.bool), ~equal


def batch_hard(x, y, _):
    d = squares(x)
    same, other = masks(y)
    p = d.detach().masked_fill(~same, -math.inf).argmax(1, keepdim=True)
    n = d.detach().masked_fill(~other, math.inf).argmin(1, keepdim=True)
    return (d.gather(1, p) - d.gather(1, n) + 0.2).relu().mean()


def semi_hard(x, y, _):
    import torch

    d = squares(x)
    same, other = masks(y)
    a, p = same.nonzero(as_tuple=True)
    ap = d[a, p]
    rows = d.detach().masked_fill(~other, math.inf)[a]
    beyond = rows.masked_fill(rows <= ap.detach()[:, None], math.inf)
    least, n = beyond.min(1)
    farthest = d.detach().masked_fill(~other, -math.inf).argmax(1)[a]
    n = torch.where(least.isinf(), farthest, n)
    return (ap - d[a, n] + 0.2).relu().mean()


def listed(semi_hard: bool):
    """Positive pairs against the rows of their anchors, not N³."""

    def loss(x, y, _):
        d = squares(x)
        same, other = masks(y)
        a, p = same.nonzero(as_tuple=True)
        ap, an, chosen = d[a, p][:, None], d[a], other[a]
        if semi_hard:
            chosen = chosen & (ap < an) & (an <= ap + 0.2)
        terms = (ap - an + 0.2).relu() * chosen
        return terms.sum() / chosen.sum().clamp_min(1)

    return loss


def contrastive(x, y, _):
    import torch

    same, other = masks(y)
    d = squares(x).masked_fill(torch.eye(len(y), dtype=torch.bool), 1).sqrt()
    pull, push = d * same, (1.2 - d).relu() * other
    return pull.sum() / (pull > 0).sum().clamp_min(1) + push.sum() / (push > 0).sum().clamp_min(1)


def cosines(x):
    import torch.nn.functional as F

    e = F.normalize(x)
    return e @ e.T


def log_sum_exp(z, mask):
    return z.masked_fill(~mask, -math.inf).logsumexp(1)


def supcon(x, y, _):
    z = cosines(x) / 0.1
    same, other = masks(y)
    return (log_sum_exp(z, same | other) - (z * same).sum(1) / same.sum(1)).mean()


def multi_similarity(x, y, _):
    off = cosines(x) - 0.5
    same, other = masks(y)
    pull = ((-2 * off).exp() * same).sum(1).log1p() / 2
    push = ((50 * off).exp() * other).sum(1).log1p() / 50
    return (pull + push).mean()


def circle(x, y, _):
    import torch.nn.functional as F

    m, scale = 0.4, 80.0
    c = cosines(x)
    same, other = masks(y)
    near, far = (1 + m - c.detach()).relu(), (c.detach() + m).relu()
    u, v = -scale * near * (c - 1 + m), scale * far * (c - m)
    return F.softplus(log_sum_exp(u, same) + log_sum_exp(v, other)).mean()


def nt_xent(x, y, _):
    import torch.nn.functional as F

    z = cosines(x) / 0.07
    same, other = masks(y)
    a, p = same.nonzero(as_tuple=True)
    return F.softplus(log_sum_exp(z, other)[a] - z[a, p]).mean()


def plain(row: Row):
    """The loss of row in plain PyTorch."""
    return {
        "supcon": lambda: supcon,
        "multi-similarity": lambda: multi_similarity,
        "circle": lambda: circle,
        "nt-xent": lambda: nt_xent,
        "arcface": lambda: classifier(arc, 64.0),
        "cosface": lambda: classifier(lambda cos: cos - 0.35, 64.0),
        "softmax": lambda: softmax,
        "triplet-batch-all": lambda: listed(False),
        "triplet-all-semi-hard": lambda: listed(True),
        "triplet-batch-hard": lambda: batch_hard,
        "triplet-semi-hard": lambda: semi_hard,
        "contrastive": lambda: contrastive,
    }[row.loss]()


# ---------------------------------------------------------------- columns


class Plain(Column):
    name = "torch"
    title = "PyTorch, written well"
    modules = packages = ("torch",)
    allocators = ALLOCATORS

    def takes(self, row: Row) -> bool:
        return not row.sweep

    def step(self, task: Task) -> Step:
        return Eager(plain(task.row), task)


class Compiled(Column):
    name = "compile"
    title = "torch.compile of that"
    modules = packages = ("torch",)
    allocators = ALLOCATORS

    def takes(self, row: Row) -> bool:
        # A compilation takes longer than all its steps: of the pairs two sizes,
        # forward one loss.
        if row.sweep or row.large:
            return False
        if row.tiny:
            return row.mode == "gradient" and row.loss in ("arcface", "contrastive")
        if row.mode == "forward":
            return row.loss == "arcface"
        return row.c > 0 or row.n in (256, 1024)

    def missing(self) -> str:
        if not shutil.which("g++") and not shutil.which("clang++"):
            return "no C++ compiler on the path, which torch.compile wants"
        return super().missing()

    def step(self, task: Task) -> Step:
        import torch

        return Eager(torch.compile(plain(task.row), dynamic=False), task)


class LinearCrossEntropy(Column):
    name = "linear_ce"
    title = "F.linear_cross_entropy"
    modules = packages = ("torch",)
    allocators = ALLOCATORS

    def takes(self, row: Row) -> bool:
        return row.loss == "softmax" and not row.sweep

    def missing(self) -> str:
        if lacks := super().missing():
            return lacks
        import torch.nn.functional as F

        return "" if hasattr(F, "linear_cross_entropy") else "this torch has no F.linear_cross_entropy"

    def step(self, task: Task) -> Step:
        import torch.nn.functional as F

        return Eager(lambda x, y, w: F.linear_cross_entropy(x, w, y), task)


for column in (Plain(), Compiled(), LinearCrossEntropy()):
    register(column)
