"""pytorch-metric-learning: its losses, its miners, its reducers."""

from __future__ import annotations

import math

from columns import Arrays, Column, Step, Task, register
from columns.b_torch import ALLOCATORS, Eager
from matrix import Row


def pair_loss(name: str):
    """The loss over a batch, and the miner before it or None."""
    from pytorch_metric_learning import distances, losses, miners, reducers

    if name == "contrastive":
        return losses.ContrastiveLoss(
            pos_margin=0, neg_margin=1.2, distance=distances.LpDistance(normalize_embeddings=False)), None
    cosines = {
        "supcon": lambda: losses.SupConLoss(temperature=0.1),
        "multi-similarity": lambda: losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
        "circle": lambda: losses.CircleLoss(m=0.4, gamma=80),
        "nt-xent": lambda: losses.NTXentLoss(temperature=0.07),
    }
    if name in cosines:
        return cosines[name](), None
    squared = distances.LpDistance(normalize_embeddings=False, p=2, power=2)
    loss = losses.TripletMarginLoss(margin=0.2, distance=squared, reducer=reducers.MeanReducer())
    miner = {
        "triplet-batch-all": lambda: None,
        "triplet-batch-hard": lambda: miners.BatchHardMiner(distance=squared),
        "triplet-all-semi-hard": lambda: miners.TripletMarginMiner(
            margin=0.2, type_of_triplets="semihard", distance=squared),
    }[name]()
    return loss, miner


class Proxies(Eager):
    """A classifier of the package, whose own weight [D,C] is trained."""

    def __init__(self, task: Task) -> None:
        import torch
        from pytorch_metric_learning import losses

        row = task.row
        # Made for one class and given its weight afterwards: what the package
        # draws at first would be memory that an allocator holds ready for later.
        head = {
            "arcface": lambda: losses.ArcFaceLoss(1, row.d, margin=math.degrees(0.5), scale=64),
            "cosface": lambda: losses.CosFaceLoss(1, row.d, margin=0.35, scale=64),
        }[row.loss]()
        super().__init__(lambda x, y, w: head(x, y), task)
        weight = self.trained["weight"].detach().T.contiguous()
        head.num_classes, head.W = row.c, torch.nn.Parameter(weight, requires_grad=self.backward)
        self.trained["weight"] = head.W

    def results(self) -> Arrays:
        found = super().results()
        if self.backward:
            found["grad_weight"] = found["grad_weight"].T
        return found


class PytorchMetricLearning(Column):
    name = "pml"
    title = "pytorch-metric-learning"
    modules = ("torch", "pytorch_metric_learning")
    packages = ("torch", "pytorch_metric_learning")
    allocators = ALLOCATORS

    def takes(self, row: Row) -> bool:
        if row.loss == "nt-xent" and row.n > 256:  # it lists every pair with every negative: 9 GB at 512
            return False
        return row.loss not in ("softmax", "triplet-semi-hard") and not row.sweep and not row.large

    def step(self, task: Task) -> Step:
        if task.row.c:
            return Proxies(task)
        loss, miner = pair_loss(task.row.loss)

        def function(x, y, _):
            return loss(x, y, miner(x, y)) if miner else loss(x, y)

        return Eager(function, task)


register(PytorchMetricLearning())
