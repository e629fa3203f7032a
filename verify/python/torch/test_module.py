"""What an nn.Module must do, done by losses of every kind."""

from __future__ import annotations

import copy
import decimal
import io
import math
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from support import EXTENTS, ROWS, Loss, batch, build, close, head, losscc_torch

BACKENDS = ["onnxruntime", "torch"]
LossError = losscc_torch.LossError


def value_and_grads(loss: Loss, seed: int = 3) -> list[Tensor]:
    given = batch(loss, seed=seed, dtype=torch.float32).leaves()
    value = loss(*given.values())
    value.backward()
    found = [value.detach(), *given.grads(), *[p.grad for p in loss.parameters() if p.grad is not None]]
    loss.zero_grad()
    return found


def equal(found: list[Tensor], wanted: list[Tensor]) -> None:
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted):
        assert torch.equal(a, b), f"{a} and {b}"


# ---------------------------------------------------------------- names and first values


def test_inputs_become_parameters_buffers_and_arguments() -> None:
    loss = head(build("kappaface", "--grad"))
    assert [n for n, _ in loss.named_parameters()] == ["weight"]
    assert [n for n, _ in loss.named_buffers()] == ["kappa", "class_sums", "seen", "iteration"]
    assert loss.inputs == {
        "embeddings": "embeddings", "labels": "labels", "weight": "parameter", "class_counts": "data",
        "kappa": "state", "class_sums": "state", "seen": "state",
    }  # fmt: skip
    assert loss.outputs[0] == "loss"
    assert "kappaface" in repr(loss)


@pytest.mark.parametrize(
    ("loss", "name", "first"),
    [
        ("softmax", "bias", 0.0),
        ("uniface", "bias", math.log(10 * 1000)),
        ("curricularface", "t", 0.0),
        ("adacos", "scale", math.sqrt(2) * math.log(999)),
        ("adaface", "batch_mean", 20.0),
        ("adaface", "batch_std", 100.0),
        ("kappaface", "class_sums", 0.0),
        ("center", "centers", 0.0),
    ],
)
def test_first_values(loss: str, name: str, first: float) -> None:
    t = getattr(Loss(build(loss, "--grad"), C=1000, D=3), name)
    assert torch.allclose(t, torch.full_like(t, first)), t


def test_first_values_that_are_drawn() -> None:
    torch.manual_seed(0)
    weight = Loss(build("arcface"), C=1000, D=64).weight
    assert isinstance(weight, nn.Parameter)
    assert abs(weight.mean().item()) < 1e-3
    assert abs(weight.std().item() - 0.01) < 1e-3
    margins = Loss(build("adam-softmax"), C=1000, D=2).margins
    assert isinstance(margins, nn.Parameter)
    assert 0.3 <= margins.min().item() < 0.31
    assert 0.39 < margins.max().item() <= 0.4
    again = [Loss(build("arcface"), C=4, D=3, generator=torch.Generator().manual_seed(5)).weight for _ in range(2)]
    equal([again[0]], [again[1]])


@pytest.mark.parametrize("kind", ["cos", "arc", "mul"])
def test_sphereface2_starts_where_its_halves_balance(kind: str) -> None:
    """At the closed form's bias the mean derivative by the bias is zero when every cosine is."""
    made = Loss(
        build("sphereface2", "--dtype", "f64", "--set", f"margin_type={kind}", "--set", "margin=1.4"),
        C=50,
        D=4,
        backend="torch",
    )
    x = torch.zeros(3, 4, dtype=torch.float64)
    x[:, 0] = 1
    weight = torch.zeros(50, 4, dtype=torch.float64)
    weight[:, 1] = 1
    bias = made.bias.detach().clone().requires_grad_()
    (grad,) = torch.autograd.grad(made(x, torch.tensor([0, 1, 2]), weight=weight, bias=bias), bias)
    assert abs(grad.item()) < 1e-9


def exact_bias(scale: float, share: float, margin: float, classes: int) -> float:
    """The documented start of sphereface2's bias for t=3 and margin_type=cos, in 2000 digits."""
    with decimal.localcontext() as context:
        context.prec = 2000
        s, p, m = Decimal(scale), Decimal(share), Decimal(margin)
        v = p / ((1 - p) * (classes - 1))
        b0, b1 = s * (Decimal("-0.75") - m), s * (Decimal("-0.75") + m)
        root = ((1 - v) ** 2 + 4 * v * (b0 - b1).exp()).sqrt()
        return float((2 * v).ln() - b1 - (1 - v + root).ln())


@pytest.mark.parametrize(
    ("scale", "share", "margin", "classes"),
    [
        (40, 0.7, 0.4, 2),
        (40, 0.7, 0.4, 3),
        (40, 0.7, 0.4, 10),
        (40, 0.7, 0.4, 100000),
        (64, 0.7, 0.4, 2),
        (64, 0.7, 0.4, 3),
        (64, 0.9, 0.35, 12),
        (30, 0.5, 0.4, 2),
        (64, 0.75, 0, 4),
        (1000, 0.9, 1, 5),
        (2000, 0.5, 1, 2),
        (2000, 0.3, 1, 50),
        (2000, 0.99, 1, 50),
    ],
)
def test_sphereface2_starts_at_the_exact_value(scale: float, share: float, margin: float, classes: int) -> None:
    sets = [f"scale={scale}", f"lambda={share}", f"margin={margin}"]
    flags = ["--dtype", "f64", *(word for s in sets for word in ("--set", s))]
    found = Loss(build("sphereface2", *flags), C=classes, D=2).bias.item()
    assert found == pytest.approx(exact_bias(scale, share, margin, classes), rel=1e-12)


@pytest.mark.parametrize("sum_", ["arcface + sphereface2", "0.5*sphereface2 + arcface", "2*sphereface2"])
def test_in_a_sum_a_first_value_is_that_of_its_part(sum_: str) -> None:
    alone = Loss(build("sphereface2"), C=10, D=2).bias
    equal([Loss(build(sum_), C=10, D=2).bias], [alone])
    assert alone.item() == pytest.approx(exact_bias(40, 0.7, 0.4, 10), rel=1e-6)


# ---------------------------------------------------------------- arguments


def test_data_at_construction_or_at_the_call() -> None:
    path = build("arcface", "--grad", "--set", "class_weights=true")
    weights = torch.arange(1.0, 6.0)
    once, each = head(path, class_weight=weights), head(path)
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    equal([once(x, y)], [each(x, y, weights)])
    equal([once(x, y)], [each(x, y, class_weight=weights)])
    assert "class_weight" in dict(once.named_buffers())
    with pytest.raises(LossError, match=r"class_weight: found shape \[4\], want \[C\] with C=5"):
        head(path, class_weight=weights[:4])


def test_the_schedule_counts_in_training_mode_only() -> None:
    loss = head(build("a-softmax", "--grad"))
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    loss.eval()
    first = loss(x, y)
    loss.train()
    equal([first], [loss(x, y)])  # evaluation does not count, and means the first iteration
    assert loss.iteration.item() == 1
    second = loss(x, y)
    assert loss.iteration.item() == 2
    equal([second], [loss(x, y, **{"lambda": 1000 / (1 + 0.12 * 2)})])
    assert loss.iteration.item() == 2, "a lambda that is given is no iteration"
    assert not torch.equal(first, second)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("flags", [("--grad",), ()])
def test_centres_move_by_rows_as_they_move_whole(backend: str, flags: tuple[str, ...]) -> None:
    x, y = torch.randn(ROWS, 4), torch.tensor([3, 1, 1, -1, 3, 3, 9])
    by_rows = ("--set", "centers_output=rows")
    whole, rows = (head(build("center", *flags, *more), backend=backend) for more in ((), by_rows))
    rows.load_state_dict(whole.state_dict())
    start = rows.centers.clone()
    rows.eval()
    rows(x, y)
    equal([rows.centers], [start])  # state moves in training mode only
    rows.train()
    for _ in range(3):
        close(rows(x, y), whole(x, y), 1e-6)
        close(rows.centers, whole.centers, 1e-6)
    assert not torch.equal(rows.centers[1], start[1])
    equal([rows.centers[0], rows.centers[4]], [start[0], start[4]])
    sum_ = head(build("softmax + 0.003*center", "--grad", "--set", "center.centers_output=rows"), backend=backend)
    start = sum_.centers.clone()
    sum_(x, torch.full_like(y, -1))
    equal([sum_.centers], [start])
    sum_(x, y)
    assert not torch.equal(sum_.centers, start)


def test_the_rows_of_centres_that_are_given_come_out() -> None:
    loss = head(build("center", "--grad", "--set", "centers_output=rows"))
    x, y = torch.randn(ROWS, 4), torch.tensor([3, 1, 1, -1, 3, 3, 9])
    start = loss.centers.clone()
    loss(x, y, centers=start)
    equal([loss.centers], [start])
    assert loss.last["center_rows"].tolist() == [1, 3]
    assert loss.last["center_values"].shape == (2, 4)


def test_noise_is_drawn_in_training_mode() -> None:
    loss = head(build("elasticface", "--grad"))
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    assert not torch.equal(loss(x, y), loss(x, y))
    given = torch.zeros(ROWS)
    equal([loss(x, y, noise=given)], [loss(x, y, noise=given)])
    loss.eval()
    equal([loss(x, y)], [loss(x, y, noise=given)])
    loss.train()
    drawn = []
    for _ in range(2):
        loss.generator = torch.Generator().manual_seed(9)
        drawn.append(loss(x, y))
    equal([drawn[0]], [drawn[1]])


def test_other_outputs_are_kept() -> None:
    loss = head(build("arcface", "--grad", "--with", "predictions"))
    x, y = torch.randn(ROWS, 4), torch.tensor([0, 1, 2, 3, 4, -1, 9])
    loss(x, y)
    assert loss.last["ignored"].item() == 2
    assert loss.last["predicted"].shape == (ROWS,)
    assert 0 <= loss.last["accuracy"].item() <= 1
    sums = head(build("softmax + 0.003*center", "--grad"))
    total = sums(x, y)
    close(total, sums.last["loss.softmax"] + 0.003 * sums.last["loss.center"], 1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_whole_numbers_of_other_widths(backend: str) -> None:
    loss = head(build("arcface", "--grad"), backend=backend)
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    equal([loss(x, y.int())], [loss(x, y)])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(backend: str, rows: int) -> None:
    loss = head(build("arcface", "--grad"), backend=backend)
    if rows == 0 and backend == "onnxruntime" and tuple(map(int, version("onnxruntime").split(".")[:2])) < (1, 20):
        pytest.skip("ONNX Runtime before 1.20 refuses sums and products over no rows")
    x, y = torch.randn(rows, 4, requires_grad=True), torch.zeros(rows, dtype=torch.int64)
    value = loss(x, y)
    value.backward()
    assert torch.isfinite(value)
    assert x.grad is not None
    assert x.grad.shape == x.shape
    assert loss.weight.grad is not None


def test_what_does_not_fit_is_told() -> None:
    loss = head(build("arcface", "--grad"))
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS)
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: loss(torch.randn(ROWS, 3), y), r"weight: found shape \[5, 4\], want \[C, D\] with D=3"),
        (lambda: loss(x, y[:5]), r"labels: found shape \[5\], want \[N\] with N=7"),
        (lambda: loss(x[0], y), r"embeddings: found shape \[4\], want \[N, D\]"),
        (lambda: loss(x), r"found 1 inputs, want 2: embeddings, labels"),
        (lambda: loss(x, y, marign=1), r"marign: arcface has no such input; it has embeddings, labels, weight"),
        (lambda: loss(x, y.float()), r"labels: found torch.float32, want whole numbers"),
        (lambda: loss(y, y), r"embeddings: found torch.int64, want floating numbers"),
        (lambda: Loss(build("arcface"), C=5), r"weight \[C, D\]: give the extent D"),
        (
            lambda: Loss(build("arcface"), C=5, D=4, backend="tensorrt"),
            r"found 'tensorrt', want 'onnxruntime' or 'torch'",
        ),
        (
            lambda: loss(x, lables=y),
            r'^lables: arcface has no such input; did you mean "labels"\?; it has embeddings, ',
        ),
        (lambda: Loss(build("arcface"), C=5, D=4, lables=y), r'^lables: .*; did you mean "labels"\?; it has'),
        (lambda: Loss(build("mine-triplets")), r"mine-triplets is no loss: its outputs are triplets"),
        (lambda: Loss(b"hello"), r"not a"),
        (lambda: Loss(build("arcface").read_bytes()[:-7], C=5, D=4), r"not a whole ONNX file"),
        (lambda: Loss(build("arcface"), C=5, D=4, gradients="file"), r"build it with --grad"),
        (
            lambda: Loss(build("arcface", "--grad"), C=5, D=4, backend="torch", gradients="autograd"),
            r"build it without",
        ),
    ]
    for call, message in wrong:
        with pytest.raises(LossError, match=message):
            call()


def test_what_is_no_file_is_told_with_its_name(tmp_path: Path) -> None:
    absent, text, cut = (tmp_path / name for name in ("none.onnx", "text.onnx", "cut.onnx"))
    text.write_text("hello")
    cut.write_bytes(build("arcface").read_bytes()[:-7])
    for make in (lambda path: Loss(path, C=5, D=4), losscc_torch.Graph):
        with pytest.raises(FileNotFoundError, match=r"seen from .*; give the path of a file of losscc build") as told:
            make(absent)
        assert told.value.filename == str(absent)
        for path in (text, cut):
            with pytest.raises(LossError, match=f"^{re.escape(str(path))}: not a"):
                make(path)


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("backend", BACKENDS)
def test_upstream_gradient_is_applied(backend: str) -> None:
    loss = head(build("arcface", "--grad"), backend=backend)
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    (plain,) = torch.autograd.grad(loss(x, y), loss.weight)
    (twice,) = torch.autograd.grad(2.5 * loss(x, y), loss.weight)
    close(twice, 2.5 * plain, 1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_the_gradients_that_are_needed(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loss = head(build("arcface", "--grad"), backend=backend)
    asked: list[tuple[str, ...]] = []
    runner: Any = loss._sessions if backend == "onnxruntime" else loss._graph
    run = runner.run

    def spy(feeds: Any, outputs: Any, *rest: Any) -> Any:
        asked.append(tuple(n for n in outputs if n.startswith("grad_")))
        return run(feeds, outputs, *rest)

    monkeypatch.setattr(runner, "run", spy)
    x, y = torch.randn(ROWS, 4, requires_grad=True), torch.arange(ROWS) % 5
    loss(x, y).backward()
    loss.weight.requires_grad_(False)
    loss(x, y).backward()
    loss(x.detach(), y)
    with torch.no_grad():
        loss(x, y)
    assert asked == [("grad_embeddings", "grad_weight"), ("grad_embeddings",), (), ()]


def test_a_session_holds_only_what_its_outputs_need() -> None:
    loss = head(build("arcface", "--grad"))
    whole = losscc_torch.Graph(loss._data)
    part = losscc_torch.Graph(whole._model.only(("loss",)))
    assert part.outputs == ["loss"]
    assert len(part._model.nodes) < len(whole._model.nodes)


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_are_not_overwritten(backend: str) -> None:
    """Neither gradients handed out, nor ones still to come, change by later calls."""
    loss = head(build("arcface", "--grad"), backend=backend)
    y = torch.arange(ROWS) % 5
    xs = [torch.randn(ROWS, 4, requires_grad=True) for _ in range(4)]
    wanted = [torch.autograd.grad(loss(x, y), [x, loss.weight]) for x in xs]
    kept = [[g.clone() for g in gs] for gs in wanted]
    values = [loss(x, y) for x in xs]  # four graphs at once
    for x, value, gs in zip(xs, values, kept):
        equal(list(torch.autograd.grad(value, [x, loss.weight], retain_graph=True)), gs)
        equal(list(torch.autograd.grad(value, [x, loss.weight])), gs)
    for first, later in zip(wanted, kept):
        equal(list(first), later)


def test_buffers_are_used_again() -> None:
    loss = head(build("arcface", "--grad"))
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    addresses = set()
    for _ in range(6):
        value = loss(x, y)
        addresses.add(value.grad_fn.saved_tensors[0].data_ptr())
        value.backward()
        del value
    assert len(addresses) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_reduction_none(backend: str) -> None:
    loss = head(build("arcface", "--grad", "--reduction", "none"), backend=backend)
    mean = head(build("arcface", "--grad"), backend=backend)
    x, y = torch.randn(ROWS, 4, requires_grad=True), torch.arange(ROWS) % 5
    rows = loss(x, y)
    assert rows.shape == (ROWS,)
    found = torch.autograd.grad(rows.mean(), [x, loss.weight])
    for a, b in zip(found, torch.autograd.grad(mean(x, y), [x, mean.weight])):
        close(a, b, 1e-5)
    with pytest.raises(LossError, match="different weights"):
        (loss(x, y) * torch.arange(ROWS)).sum().backward()


def test_rows_with_weights_of_their_own() -> None:
    formula = head(build("arcface", "--reduction", "none", "--dtype", "f64"), backend="torch")
    x, y = torch.randn(ROWS, 4, dtype=torch.float64, requires_grad=True), torch.arange(ROWS) % 5
    weights = torch.arange(1.0, ROWS + 1, dtype=torch.float64)
    (found,) = torch.autograd.grad((formula(x, y) * weights).sum(), x)
    for i in range(ROWS):
        (row,) = torch.autograd.grad(formula(x[i : i + 1], y[i : i + 1]).sum(), x)
        close(found[i], weights[i] * row[i], 1e-12)


def test_a_file_without_gradients() -> None:
    runtime, interpreted = head(build("arcface")), head(build("arcface"), backend="torch")
    x, y = torch.randn(ROWS, 4, requires_grad=True), torch.arange(ROWS) % 5
    close(runtime(x, y), interpreted(x, y), 1e-5)
    interpreted(x, y).backward()
    assert interpreted.weight.grad is not None
    with pytest.raises(LossError, match="build it with --grad, or use backend='torch'"):
        runtime(x, y).backward()


def test_twice_differentiated_by_autograd_only() -> None:
    x, y = torch.randn(ROWS, 4, dtype=torch.float64, requires_grad=True), torch.arange(ROWS) % 5
    formula = head(build("cosface", "--dtype", "f64", "--set", "scale=4"), backend="torch")
    assert torch.autograd.gradgradcheck(lambda x: formula(x, y), x)
    file = head(build("cosface", "--grad", "--dtype", "f64"))
    (grad,) = torch.autograd.grad(file(x, y), x, create_graph=True)
    assert not grad.requires_grad, "the file's gradient is a number, with no second derivative behind it"


def test_detached_gradient() -> None:
    built = build("arcface", "--gradient", "detached", "--dtype", "f64")
    pair = [head(built, backend=b) for b in BACKENDS]
    found = []
    for loss in pair:
        x = batch(loss)["embeddings"].requires_grad_()
        found.append(torch.autograd.grad(loss(x, torch.arange(ROWS) % 5), x)[0])
    close(found[1], found[0], 1e-9)


# ---------------------------------------------------------------- types


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_embeddings_of_another_type(backend: str, dtype: torch.dtype) -> None:
    loss = head(build("arcface", "--grad"), backend=backend)
    x, y = torch.randn(ROWS, 4).to(dtype).requires_grad_(), torch.arange(ROWS) % 5
    value = loss(x, y)
    value.backward()
    wide = dtype if dtype == torch.float64 and backend == "torch" else torch.float32
    assert value.dtype == wide
    assert x.grad is not None
    assert x.grad.dtype == dtype
    assert loss.weight.grad is not None
    assert loss.weight.grad.dtype == torch.float32
    close(value, loss(x.to(wide), y), 1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_under_autocast(backend: str) -> None:
    loss = head(build("arcface", "--grad"), backend=backend)
    body = nn.Linear(6, 4)
    x, y = torch.randn(ROWS, 6), torch.arange(ROWS) % 5
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z = body(x)
        assert z.dtype == torch.bfloat16
        value = loss(z, y)
    assert value.dtype == torch.float32
    close(value, loss(z.float(), y), 1e-6)
    value.backward()
    assert body.weight.grad is not None
    assert torch.isfinite(body.weight.grad).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_file_in_half_precision(backend: str) -> None:
    loss = head(build("arcface", "--grad", "--dtype", "f16"), backend=backend)
    assert loss.weight.dtype == torch.float32
    x, y = torch.randn(ROWS, 4).half(), torch.arange(ROWS) % 5
    single = head(build("arcface", "--grad"), backend=backend)
    close(loss(x, y).float(), single(x, y), 3e-3)


def test_a_module_in_double() -> None:
    loss = head(build("arcface"), backend="torch").double()
    exact = head(build("arcface", "--dtype", "f64"), backend="torch")
    exact.load_state_dict(loss.state_dict())
    x, y = torch.randn(ROWS, 4, dtype=torch.float64), torch.arange(ROWS) % 5
    assert loss(x, y).dtype == torch.float64
    close(loss(x, y), exact(x, y), 1e-6)  # the file's constants have 24 bits


# ---------------------------------------------------------------- life


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("loss", ["arcface", "adaface", "kappaface", "a-softmax", "elasticface"])
def test_copies(backend: str, loss: str) -> None:
    """deepcopy, pickle and torch.save give a module that goes on as the first does."""
    made = head(build(loss, "--grad"), backend=backend)
    value_and_grads(made, seed=1)
    file = io.BytesIO()
    torch.save(made, file)
    file.seek(0)
    try:
        saved = torch.load(file, weights_only=False)
    except TypeError:  # torch before 1.13.1 does not know the word
        saved = torch.load(file)
    copies = [copy.deepcopy(made), pickle.loads(pickle.dumps(made)), saved]
    wanted = value_and_grads(made)
    for c in copies:
        equal(value_and_grads(c), wanted)
        assert c.weight.data_ptr() != made.weight.data_ptr()


@pytest.mark.parametrize("loss", ["adaface", "kappaface", "a-softmax"])
def test_state_dict(loss: str) -> None:
    made, other = head(build(loss, "--grad"), seed=1), head(build(loss, "--grad"), seed=2, backend="torch")
    value_and_grads(made, seed=1)
    assert not torch.equal(made.weight, other.weight)
    other.load_state_dict(made.state_dict())
    for a, b in zip(value_and_grads(other), value_and_grads(made)):
        close(a, b, 1e-5)


def test_two_losses_in_one_process() -> None:
    one, two = head(build("arcface", "--grad")), head(build("triplet", "--grad"))
    x, y = torch.randn(ROWS, 4, requires_grad=True), torch.arange(ROWS) % 5
    a = torch.autograd.grad(one(x, y), x)[0]
    b = torch.autograd.grad(two(x, x.roll(1, 0), x.roll(2, 0)), x)[0]
    (c,) = torch.autograd.grad(one(x, y) + two(x, x.roll(1, 0), x.roll(2, 0)), x)
    close(c, a + b, 1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_grad_and_inference_mode(backend: str) -> None:
    loss = head(build("arcface", "--grad"), backend=backend)
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    wanted = loss(x, y).detach()
    for mode in (torch.no_grad(), torch.inference_mode()):
        with mode:
            value = loss(x, y)
        assert not value.requires_grad
        close(value.clone(), wanted, 1e-6)


def test_other_devices() -> None:
    """On the meta device, which has shapes and no numbers, a loss is its shape: nothing stays behind on the CPU."""
    loss = head(build("arcface"), backend="torch").to("meta")
    x, y = torch.randn(ROWS, 4, device="meta"), torch.zeros(ROWS, dtype=torch.int64, device="meta")
    value = loss(x, y)
    assert value.device.type == "meta"
    assert value.shape == ()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
@pytest.mark.parametrize("backend", BACKENDS)
def test_cuda(backend: str) -> None:
    here, there = (
        head(build("arcface", "--grad"), backend=backend),
        head(build("arcface", "--grad"), backend=backend).cuda(),
    )
    x, y = torch.randn(ROWS, 4), torch.arange(ROWS) % 5
    close(there(x.cuda(), y.cuda()).cpu(), here(x, y), 1e-4)


def test_training_in_an_optimizer() -> None:
    """Adam over a body and the head's parameters: the loss falls."""
    torch.manual_seed(0)
    body, loss = nn.Linear(6, EXTENTS["D"]), Loss(build("arcface", "--grad", "--set", "scale=8"), C=5, D=4)
    optimizer = torch.optim.Adam([*body.parameters(), *loss.parameters()], lr=0.05)
    y = torch.arange(40) % 5
    x = torch.randn(5, 6)[y] + 0.1 * torch.randn(40, 6)
    values = []
    for _ in range(60):
        optimizer.zero_grad()
        value = loss(body(x), y)
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.5 * values[0]
