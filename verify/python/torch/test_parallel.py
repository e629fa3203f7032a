"""Losses in other processes: workers that load data, and data-parallel training."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from support import Loss, build, close, head

BACKENDS = ["onnxruntime", "torch"]


class Scored(Dataset[Tensor]):
    """Rows that are scored by a loss in the worker that loads them."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss
        self.x = torch.randn(12, 4, generator=torch.Generator().manual_seed(4))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> Tensor:
        with torch.no_grad():
            value: Tensor = self.loss(self.x[i : i + 1], torch.tensor([i % 5]))
        return value


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_in_workers_of_a_data_loader(backend: str, start: str) -> None:
    """Also after the loss has run in this process, whose threads a fork does not have."""
    scored = Scored(head(build("arcface", "--grad"), backend=backend))
    wanted = torch.stack([scored[i] for i in range(len(scored))])
    loader = DataLoader(scored, batch_size=6, num_workers=2, multiprocessing_context=start, timeout=120)
    close(torch.cat(list(loader)), wanted, 1e-6)
    close(scored[0], wanted[0], 1e-6)


class Net(nn.Module):
    """A body with a head."""

    def __init__(self, path: Path, backend: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Linear(6, 4)
        self.head = head(path, backend=backend)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        value: Tensor = self.head(self.body(x), y)
        return value


def data() -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(2)
    return torch.randn(16, 6, generator=g), torch.arange(16) % 5


def replica(rank: int, folder: str, path: Path, backend: str) -> None:
    """One of two processes: half of the batch."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    net = DistributedDataParallel(Net(path, backend))
    x, y = data()
    for _ in range(2):  # the second step meets what the first left behind
        net.zero_grad()
        net(x[rank::2], y[rank::2]).backward()
    torch.save([p.grad for p in net.parameters()], os.path.join(folder, f"{rank}.pt"))
    dist.destroy_process_group()


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_processes_give_the_gradients_of_one(backend: str, tmp_path: Path) -> None:
    path = build("arcface", "--grad")
    spawned: Any = spawn  # torch has no type for it
    spawned(replica, args=(str(tmp_path), path, backend), nprocs=2)
    net = Net(path, backend)
    net(*data()).backward()
    for rank in range(2):
        for found, p in zip(torch.load(tmp_path / f"{rank}.pt"), net.parameters()):
            assert p.grad is not None
            close(found, p.grad, 1e-5, f"process {rank}")
