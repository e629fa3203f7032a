"""The arithmetic of insightface's training code, typed anew from its formula.

Normalised products; the angle of every logit; the margin added in place at the
targets, out of sight of autograd; the cosine of every angle; the scale; and
cross-entropy. With a cosine margin the targets are lowered in place instead.
The gradient is therefore the detached one.
"""

from __future__ import annotations

from columns import Column, Step, Task, register
from columns.b_torch import ALLOCATORS, Eager
from matrix import Row


def combined(additive_angle: bool):
    import torch
    import torch.nn.functional as F

    def loss(x, y, w):
        logits = F.linear(F.normalize(x), F.normalize(w)).clamp(-1, 1)
        at = torch.arange(len(y)), y
        with torch.no_grad():
            if additive_angle:
                logits.arccos_()
                logits[at] += 0.5
                logits.cos_()
            else:
                logits[at] -= 0.35
        return F.cross_entropy(logits * 64.0, y)

    return loss


class Insightface(Column):
    name = "insightface"
    title = "insightface's arithmetic"
    modules = packages = ("torch",)
    allocators = ALLOCATORS
    semantics = "detached"

    def takes(self, row: Row) -> bool:
        return row.loss in ("arcface", "cosface") and not row.sweep and not row.large

    def step(self, task: Task) -> Step:
        return Eager(combined(task.row.loss == "arcface"), task)


register(Insightface())
