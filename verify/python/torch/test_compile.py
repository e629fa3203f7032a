"""torch.compile over the backend torch."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch

from support import batch, build, close, head

compiler: Any = getattr(torch, "compile", None)
pytestmark = pytest.mark.skipif(compiler is None, reason="torch.compile came with torch 2.0")


@pytest.mark.parametrize("loss", ["arcface", "triplet", "curricularface", "sphereface2"])
def test_one_graph(loss: str) -> None:
    """Without gradients in the file the whole loss is traced, with no break."""
    made = head(build(loss, "--dtype", "f64"), backend="torch")
    plain = head(build(loss, "--dtype", "f64"), backend="torch")
    compiled = compiler(made, backend="aot_eager", fullgraph=True)
    for seed in range(2):
        a, b = batch(made, seed=seed).leaves(), batch(made, seed=seed).leaves()
        found, wanted = compiled(*a.values()), plain(*b.values())
        close(found, wanted, 1e-12)
        found.backward()
        wanted.backward()
        for x, y in zip(a.grads(), b.grads()):
            close(x, y, 1e-10)
    for name, buffer in made.named_buffers():
        close(buffer, plain.get_buffer(name), 1e-12, name)


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_inside_a_compiled_step(backend: str) -> None:
    """A step that is compiled around a loss with its file's gradient gives the same gradients."""
    loss = head(build("arcface", "--grad"), backend=backend)
    body = torch.nn.Linear(6, 4)
    x, y = torch.randn(7, 6), torch.arange(7) % 5

    def step(x: torch.Tensor) -> Any:
        return loss(torch.tanh(body(x)), y)

    step(x).backward()
    wanted = [p.grad.clone() for p in [*body.parameters(), *loss.parameters()] if p.grad is not None]
    body.zero_grad()
    loss.zero_grad()
    compiler(step, backend="aot_eager")(x).backward()
    found = [p.grad for p in [*body.parameters(), *loss.parameters()] if p.grad is not None]
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted):
        close(a, b, 1e-5)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch's own compiler needs g++")
def test_with_the_default_compiler() -> None:
    loss = head(build("cosface"), backend="torch")
    given = batch(loss, dtype=torch.float32)
    close(compiler(loss)(*given.values()), loss(*given.values()), 1e-5)
