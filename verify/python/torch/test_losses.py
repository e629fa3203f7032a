"""Every loss in the list: both backends, autograd, and difference quotients agree."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from support import Batch, Loss, batch, build, close, head, losscc_torch, losses

F64 = ("--dtype", "f64")


def step(loss: Loss, given: Batch) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """The value, every gradient and every buffer after one step."""
    leaves = given.leaves()
    value = loss(*leaves.values())
    if value.requires_grad:
        value.sum().backward()
    trained = [p.grad for p in loss.parameters() if p.grad is not None]
    return value.detach(), leaves.grads() + trained, [b.clone() for b in loss.buffers()]


def same(
    found: tuple[Tensor, list[Tensor], list[Tensor]], wanted: tuple[Tensor, list[Tensor], list[Tensor]], bound: float
) -> None:
    close(found[0], wanted[0], bound, "value")
    for what, ours, theirs in (("gradient", found[1], wanted[1]), ("buffer", found[2], wanted[2])):
        assert len(ours) == len(theirs), f"{len(ours)} and {len(theirs)} {what}s"
        for a, b in zip(ours, theirs):
            close(a, b, bound, what)


@pytest.mark.parametrize("loss", losses())
@pytest.mark.parametrize("form", ["functions", "flat"])
def test_backends_and_autograd_agree(loss: str, form: str) -> None:
    """One step in float64: ONNX Runtime, the file's gradient in torch, and torch's own of the formula."""
    built, formula = build(loss, "--grad", "--form", form, *F64), build(loss, "--form", form, *F64)
    runtime = head(built)
    given = batch(runtime)
    wanted = step(runtime, given)
    assert wanted[1], "no gradient came"
    same(step(head(built, backend="torch"), given), wanted, 1e-9)
    same(step(head(formula, backend="torch"), given), wanted, 1e-8)


@pytest.mark.parametrize("loss", losses())
def test_gradcheck(loss: str) -> None:
    """Difference quotients in double of the formula, with what it holds constant held, and the file's gradient is the same."""
    made = head(build(loss, *F64), backend="torch", scale=0.5)
    given = batch(made)
    feeds, _ = made._collect(tuple(given.values()), {})
    names = [n for n, role in made.inputs.items() if role in ("embeddings", "parameter")]
    floats = [feeds[n].detach().clone().requires_grad_() for n in names]
    held: list[Tensor] = []
    made._graph.run(feeds, ["loss"], autograd=True, held=held)
    held = held or [torch.zeros(())]  # nothing is held constant: it must not be recorded again

    def formula(*values: Tensor) -> Tensor:
        return made._graph.run({**feeds, **dict(zip(names, values))}, ["loss"], autograd=True, held=held)["loss"]

    assert torch.autograd.gradcheck(formula, floats, eps=1e-6, atol=1e-4, rtol=1e-4)
    wanted = torch.autograd.grad(formula(*floats), floats)

    file = head(build(loss, "--grad", *F64), scale=0.5)
    floats_by_name = dict(zip(names, floats))
    rest = {n: t for n, t in feeds.items() if n not in floats_by_name}
    found = torch.autograd.grad(file(**floats_by_name, **rest), floats)
    for name, a, b in zip(names, found, wanted):
        close(a, b, 1e-8, f"grad_{name}")


@pytest.mark.parametrize("loss", losses())
def test_float32(loss: str) -> None:
    """The default file, in float32, in both backends, from float32 embeddings."""
    built = build(loss, "--grad")
    given = batch(head(built), dtype=torch.float32)
    same(step(head(built, backend="torch"), given), step(head(built), given), 5e-4)


@pytest.mark.parametrize("loss", losses())
@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_three_steps_keep_the_state(loss: str, backend: str) -> None:
    """State moves in training mode only, and the same way in both backends."""
    made = head(build(loss, "--grad", *F64), backend=backend)
    other = head(build(loss, *F64), backend="torch")
    state = [n for n, role in made.inputs.items() if role == "state"]
    before = [made.get_buffer(n).clone() for n in state]
    made.eval()
    made(*batch(made).values())
    assert all(torch.equal(made.get_buffer(n), b) for n, b in zip(state, before)), "state moved in evaluation mode"
    made = made.train()
    for i in range(3):
        given = batch(made, seed=i)
        made(*given.values())
        other(*given.values())
    for name in state:
        assert torch.isfinite(made.get_buffer(name)).all()
        close(made.get_buffer(name), other.get_buffer(name), 1e-9, name)
    if state and not made._is("center"):
        assert any(not torch.equal(made.get_buffer(n), b) for n, b in zip(state, before)), "state did not move"


@pytest.mark.parametrize("loss", losses())
def test_every_op_is_known(loss: str) -> None:
    """Backend torch reads every file of the list, in half precision and at the newest opset too."""
    for flags in (("--dtype", "f16"), ("--opset", "25")):
        graph = losscc_torch.Graph(build(loss, "--grad", *flags))
        assert graph._program(tuple(graph.outputs))
