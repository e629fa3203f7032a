"""Each loss as the barest graph by hand: right for the benchmark's clean inputs, and for no others.

These graphs leave out what a file of losscc's cannot: labels that are ignored,
rows of zeros, exponentials that overflow, a count of the anchors that have pairs.
Sizes are constants of the graph. Each class of pairs has CLASS_SIZE rows: once
they are sorted by class, N alone tells where the pairs of a class stand.
"""

from __future__ import annotations

import math

import numpy as np

from columns import BARE, Column, Step, Task, register
from columns.a_losscc import Graph, outputs
from matrix import CLASS_SIZE, Row

OTHERS = CLASS_SIZE - 1  # positives of an anchor
PIECE = 64  # numbers of a row that ReduceSumSquare sums fastest
ALPHA, MARGIN = 0.2, 1.2  # of triplets, of contrastive
APART = 2.0**-23  # less than what unequal distances differ by, of rows of up to 512 numbers
FAR = 1e6  # more than any distance


class Net:
    """A graph of standard operators, put together a node at a time."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.nodes: list = []
        self.constants: list = []

    def constant(self, value: float | list[int] | np.ndarray) -> str:
        """The name of a constant: a number is float32, a list is int64."""
        from onnx import numpy_helper

        array = np.float32(value) if isinstance(value, float) else np.asarray(value)
        self.constants.append(numpy_helper.from_array(np.asarray(array), f"c{len(self.constants)}"))
        return self.constants[-1].name

    def __call__(self, op: str, *operands, out: str = "", **attributes) -> str:
        """Adds a node and gives the name of its result, the last one if there are two."""
        from onnx import helper

        names = [o if isinstance(o, str) else self.constant(o) for o in operands]
        out = out or f"t{len(self.nodes)}"
        results = [f"{out}_values", out] if op == "TopK" else [out]
        self.nodes.append(helper.make_node(op, names, results, **attributes))
        return out

    def sums(self, x: str, axis: int, keep: int = 1) -> str:
        return self("ReduceSum", x, [axis], keepdims=keep)

    def total(self, x: str) -> str:
        """The sum of a matrix: rows first, which takes half the time of all at once."""
        return self("ReduceSum", self.sums(x, -1, 0), keepdims=0)

    def stacked(self, x: str, form: list[int]) -> str:
        """The sum of OTHERS arrays of a form, as a product with ones: few rows are slow to reduce."""
        flat = self("Reshape", x, [OTHERS, math.prod(form)])
        return self("Reshape", self("MatMul", np.ones((1, OTHERS), np.float32), flat), form)

    def model(self) -> bytes:
        from onnx import TensorProto, helper

        row, float32 = self.row, TensorProto.FLOAT
        ports = [("embeddings", float32, [row.n, row.d]), ("labels", TensorProto.INT64, [row.n])]
        if row.c:
            ports.append(("weight", float32, [row.c, row.d]))
        made = helper.make_graph(
            self.nodes, "bare", [helper.make_tensor_value_info(*p) for p in ports],
            [helper.make_tensor_value_info(o, float32, None) for o in outputs(row)], self.constants)
        return helper.make_model(
            made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


# ---------------------------------------------------------------- heads


def head(net: Net) -> None:
    """Cross-entropy of logits x·wᵀ, or of 64 times the cosines with a margin at the target.

    Cosines are at most 1, so that no exponential overflows; plain logits are small here.
    """
    row, plain, s = net.row, net.row.loss == "softmax", 64.0
    at = net("Unsqueeze", "labels", [1])
    x = "embeddings"
    if not plain:
        near = net("Div", s, net("ReduceL2", x, axes=[1], keepdims=1))  # s / |x|
        x = net("Mul", x, near)
        piece = math.gcd(row.d, PIECE)
        squares = net("ReduceSumSquare", net("Reshape", "weight", [row.c, row.d // piece, piece]), axes=[2], keepdims=0)
        over = net("Reciprocal", net("Sqrt", net.sums(squares, 1, 0)))  # 1 / |w|
    z = net("Gemm", x, "weight", transB=1)
    if not plain:
        z = net("Mul", z, over)
    own = target = net("GatherElements", z, at, axis=1)
    if row.loss == "arcface":
        sine = net("Sqrt", net("Sub", s * s, net("Mul", own, own)))
        target = net("Sub", net("Mul", own, math.cos(0.5)), net("Mul", sine, math.sin(0.5)))
    elif row.loss == "cosface":
        target = net("Sub", own, s * 0.35)
    e, mine = net("Exp", z), net("Exp", target)
    if not plain:
        e = net("ScatterElements", e, at, mine, axis=1)
    sum_ = net.sums(e, 1)
    net("ReduceMean", net("Sub", net("Log", sum_), target), keepdims=0, out="loss")
    if row.mode == "forward":
        return

    # The slope in z is e / (N·sum), but at the target (e − sum) / (N·sum) times the
    # margin's slope; what is the same in a row is left to x and to x's gradient.
    slope = net("Sub", mine, sum_)
    if row.loss == "arcface":
        turn = net("Add", net("Mul", net("Div", own, sine), math.sin(0.5)), math.cos(0.5))
        slope = net("Mul", slope, turn)
    g = net("ScatterElements", e, at, slope, axis=1)
    share = net("Reciprocal", net("Mul", sum_, float(row.n)))
    scaled = g if plain else net("Mul", g, over)
    by_w = net("MatMul", scaled, "weight")
    if plain:
        net("Mul", by_w, share, out="grad_embeddings")
        net("Gemm", scaled, net("Mul", x, share), transA=1, out="grad_weight")
        return
    along = net("Mul", net.sums(net("Mul", by_w, x), 1), 1 / s**2)
    inward = net("Sub", by_w, net("Mul", x, along))
    net("Mul", inward, net("Mul", share, near), out="grad_embeddings")
    # The part of the gradient along w, which has none of it left.
    along = net("MatMul", net("Reshape", share, [1, row.n]), net("Mul", g, z))
    along = net("Mul", net("Mul", over, over), net("Reshape", along, [row.c]))
    mixed = net("Gemm", scaled, net("Mul", x, share), transA=1)
    net("Sub", mixed, net("Mul", "weight", net("Unsqueeze", along, [1])), out="grad_weight")


# ---------------------------------------------------------------- pairs


class Sorted:
    """The rows sorted by class, and where those of an anchor's class then stand."""

    def __init__(self, net: Net) -> None:
        self.net, n = net, net.row.n
        self.n = n
        self.order = net("TopK", "labels", [n], largest=0)
        self.x = net("Gather", "embeddings", self.order)
        here = np.arange(n)
        self.block = here[:, None] // CLASS_SIZE * CLASS_SIZE + np.arange(CLASS_SIZE)
        self.others = self.block[self.block != here[:, None]].reshape(n, OTHERS)

    def pick(self, matrix: str, where: np.ndarray) -> str:
        """The elements of an N×N matrix at constant places, in the form of the places."""
        return self.net("Gather", self.net("Reshape", matrix, [self.n * self.n]), where)

    def restored(self, gradient: str) -> None:
        """The gradient in the order of the embeddings."""
        here = np.arange(self.n)
        back = self.net("ScatterElements", here, self.order, here, axis=0)
        self.net("Gather", gradient, back, out="grad_embeddings")


class Pairs(Sorted):
    """h(a,j) = |j|² − 2a·j of the sorted rows: the squared distance less |a|², which triplets drop."""

    def __init__(self, net: Net) -> None:
        super().__init__(net)
        gram = net("Gemm", self.x, self.x, transB=1, alpha=-2.0)
        self.diagonal = np.arange(self.n) * (self.n + 1)
        self.squares = net("Mul", self.pick(gram, self.diagonal), -0.5)
        self.h = net("Add", gram, self.squares)

    def positives(self) -> str:
        """h of each anchor's positives, [3,N,1]."""
        return self.pick(self.h, (np.arange(self.n) * self.n + self.others.T)[:, :, None])

    def negatives(self, instead: float) -> str:
        """h of each anchor's negatives, with another number in the places of its class, [N,N]."""
        filled = np.full((self.n, CLASS_SIZE), instead, np.float32)
        return self.net("ScatterElements", self.h, self.block, filled, axis=1)

    def choice(self, op: str, h: str) -> tuple[str, str]:
        """The least or largest of each row, op being Min or Max, and where it is."""
        net, largest = self.net, int(op == "Max")
        if self.n >= 512:  # TopK is the faster one of long rows
            at = net("TopK", h, [1], largest=largest)
            return f"{at}_values", at
        at = net(f"Arg{op}", h, axis=-1, keepdims=1)
        return net(f"Reduce{op}", h, axes=[-1], keepdims=1), at


def listed(net: Net) -> None:
    """Every triplet, or those whose negative lies within the margin."""
    pairs, n = Pairs(net), net.row.n
    near = pairs.positives()
    limit = net("Add", near, ALPHA)
    h = pairs.negatives(FAR)
    semi_hard = net.row.loss == "triplet-all-semi-hard"
    over = net.constant(1.0 / (n * OTHERS * (n - CLASS_SIZE)))
    if not semi_hard and net.row.mode == "forward":
        terms = net("Relu", net("Sub", limit, h))
        net("Mul", net.total(net("Reshape", terms, [n * OTHERS, n])), over, out="loss")
        return
    chosen = net("Less", h, limit)
    if semi_hard:
        chosen = net("And", chosen, net("Less", near, h))
    on = net("Cast", chosen, to=1)
    pulls, pushes = net.sums(on, 2), net.stacked(on, [n, n])  # [3,N,1], [N,N]
    if semi_hard:
        over = net("Reciprocal", net("ReduceSum", pulls, keepdims=0))
    pull = net("ReduceSum", net("Mul", pulls, limit), keepdims=0)
    net("Mul", net("Sub", pull, net.total(net("Mul", pushes, h))), over, out="loss")
    if net.row.mode == "gradient":
        drawn = net("Neg", net("Transpose", net("Reshape", pulls, [OTHERS, n]), perm=[1, 0]))
        weights = net("ScatterElements", pushes, pairs.others, drawn, axis=1)
        dense(pairs, net("Add", weights, net("Transpose", weights, perm=[1, 0])), over)


def dense(pairs: Pairs, m: str, over: str) -> None:
    """The gradient, from weights of distances and their transposes, less than 0 where a pair is drawn together.

    It is 2 times (m − the diagonal of m's sums)·x.
    """
    net, n = pairs.net, pairs.n
    own = net("Neg", net.sums(m, 1))
    m = net("ScatterElements", m, np.arange(n)[:, None], own, axis=1)
    pairs.restored(net("Gemm", m, net("Mul", pairs.x, over), alpha=2.0))


def few(pairs: Pairs, pull: str, push: str, far: str, over: str) -> None:
    """The gradient, from weights of the pairs of a class [N,4], and of K negatives a row with where they are [N,K].

    Adding rows with ScatterND would spare the second product, but ONNX Runtime adds
    several to one row at once, and loses some.
    """
    net, n = pairs.net, pairs.n
    several = net.row.loss != "triplet-batch-hard"  # of a row, which may be one and the same
    pushed = net("ScatterElements", np.zeros((n, n), np.float32), far, push, axis=1, reduction="add" if several else "none")
    weights = net("ScatterElements", pushed, pairs.block, net("Neg", pull), axis=1)
    dense(pairs, net("Add", weights, net("Transpose", weights, perm=[1, 0])), over)


def batch_hard(net: Net) -> None:
    pairs, n = Pairs(net), net.row.n
    own = pairs.block == np.arange(n)[:, None]
    same = net("Sub", net("GatherElements", pairs.h, pairs.block, axis=1), np.where(own, FAR, 0).astype(np.float32))
    hardest = net("ReduceMax", same, axes=[1], keepdims=1)
    h = pairs.negatives(FAR)
    if net.row.mode == "forward":
        far = net("ReduceMin", h, axes=[1], keepdims=1)
    else:
        far, at = pairs.choice("Min", h)
    terms = net("Relu", net("Add", net("Sub", hardest, far), ALPHA))
    net("ReduceMean", terms, keepdims=0, out="loss")
    if net.row.mode == "gradient":
        push = net("Sign", terms)
        pull = net("Mul", net("Cast", net("Equal", same, hardest), to=1), push)
        few(pairs, pull, push, at, net.constant(1.0 / n))


def semi_hard(net: Net) -> None:
    """The nearest negative farther than the positive: of all 1/(h − near) the largest one.

    Where there is none, which a largest one below 0 tells, the farthest negative.
    """
    pairs, n = Pairs(net), net.row.n
    near = pairs.positives()
    h = pairs.negatives(-FAR)
    beyond = net("Reciprocal", net("Sub", h, net("Add", near, APART)))
    if net.row.mode == "forward":
        nearest, farthest = (net("ReduceMax", x, axes=[-1], keepdims=1) for x in (beyond, h))
    else:
        nearest, at_nearest = pairs.choice("Max", beyond)
        farthest, at_farthest = pairs.choice("Max", h)
    found = net("Less", 0.0, nearest)
    away = net("Where", found, net("Reciprocal", nearest), net("Sub", farthest, near))
    terms = net("Relu", net("Sub", ALPHA, away))
    net("ReduceMean", terms, keepdims=0, out="loss")
    if net.row.mode == "gradient":
        push, far = (net("Transpose", net("Squeeze", x, [2]), perm=[1, 0])
                     for x in (net("Sign", terms), net("Where", found, at_nearest, at_farthest)))
        pull = net("ScatterElements", np.zeros((n, CLASS_SIZE), np.float32), pairs.others % CLASS_SIZE, push, axis=1)
        few(pairs, pull, push, far, net.constant(1.0 / (n * OTHERS)))


def contrastive(net: Net) -> None:
    """The mean distance in classes, and the mean of what other pairs lack to the margin, of those that lack any.

    What the pairs of a class would add to the latter is taken off it.
    """
    pairs, n = Pairs(net), net.row.n
    d = net("Sqrt", net("Add", pairs.h, net("Unsqueeze", pairs.squares, [1])))
    block = net("GatherElements", d, pairs.block, axis=1)
    pull = net("Mul", net("ReduceSum", block, keepdims=0), 1.0 / (n * OTHERS))

    def below(x: str) -> tuple[str, str, str]:
        """Which of x are below the margin, how many, and their sum."""
        on = net("Cast", net("Less", x, MARGIN), to=1)
        return on, net.total(on), net.total(net("Mul", on, x))

    (on, many, reached), (_, few, little) = below(d), below(block)
    count = net("Sub", many, few)
    push = net("Sub", MARGIN, net("Div", net("Sub", reached, little), count))
    net("Add", pull, push, out="loss")
    if net.row.mode == "gradient":
        own = (pairs.block == np.arange(n)[:, None]).astype(np.float32)
        weight = net("Mul", count, (own - 1) / np.float32(n * OTHERS))
        m = net("ScatterElements", net("Div", on, d), pairs.block, net("Div", weight, net("Add", block, own)), axis=1)
        dense(pairs, m, net("Reciprocal", count))


class Cosines(Sorted):
    """The unit vectors of the sorted rows, and a multiple of all cosines."""

    def __init__(self, net: Net, factor: float = 1.0) -> None:
        super().__init__(net)
        self.factor = factor
        self.length = net("ReduceL2", self.x, axes=[1], keepdims=1)
        self.unit = net("Div", self.x, self.length)
        self.z = net("Gemm", self.unit, self.unit, transB=1, alpha=factor)
        classes = np.arange(self.n) // CLASS_SIZE
        self.negative = (classes[:, None] != classes).astype(np.float32)

    def positives(self, of: str) -> str:
        """A matrix's elements at the positives, [N,3]."""
        return self.pick(of, np.arange(self.n)[:, None] * self.n + self.others)

    def end(self, m: str, pull: str | None = None) -> None:
        """The gradient from that in z, [N,N], with other numbers in the places of the positives."""
        net = self.net
        if net.row.mode == "forward":
            return
        if pull:
            m = net("ScatterElements", m, self.others, pull, axis=1)
        m = net("Add", m, net("Transpose", m, perm=[1, 0]))
        g = net("Gemm", m, self.unit, alpha=self.factor)
        inward = net("Sub", g, net("Mul", self.unit, net.sums(net("Mul", g, self.unit), 1)))
        self.restored(net("Div", inward, self.length))


def supcon(net: Net) -> None:
    """The mean over rows of log Σ e^z, of all others, less the mean z of the positives."""
    c, n = Cosines(net, 1 / 0.1), net.row.n
    e = net("Mul", net("Exp", c.z), 1 - np.eye(n, dtype=np.float32))
    total = net.sums(e, 1)
    near = net("ReduceMean", c.positives(c.z), axes=[1], keepdims=1)
    net("ReduceMean", net("Sub", net("Log", total), near), keepdims=0, out="loss")
    own = (1 - c.negative - np.eye(n, dtype=np.float32)) / (n * OTHERS)
    c.end(net("Sub", net("Mul", e, net("Reciprocal", net("Mul", total, float(n)))), own))


def multi_similarity(net: Net) -> None:
    c, n = Cosines(net), net.row.n
    pulls = net("Exp", net("Mul", net("Sub", c.positives(c.z), 0.5), -2.0))
    pushes = net("Mul", net("Exp", net("Mul", net("Sub", c.z, 0.5), 50.0)), c.negative)
    pulled, pushed = (net("Add", net.sums(x, 1), 1.0) for x in (pulls, pushes))
    terms = net("Add", net("Mul", net("Log", pulled), 1 / 2), net("Mul", net("Log", pushed), 1 / 50))
    net("ReduceMean", terms, keepdims=0, out="loss")
    c.end(net("Mul", pushes, net("Reciprocal", net("Mul", pushed, float(n)))),
          net("Div", pulls, net("Mul", pulled, float(-n))))


def circle(net: Net) -> None:
    c, n = Cosines(net), net.row.n
    near = c.positives(c.z)
    pull, push = net("Relu", net("Sub", 1.4, near)), net("Relu", net("Add", c.z, 0.4))
    u = net("Mul", net("Mul", pull, -80.0), net("Sub", near, 0.6))
    top = net("ReduceMax", u, axes=[1], keepdims=1)  # of the positives alone a power of e may overflow
    eu = net("Exp", net("Sub", u, top))
    ev = net("Mul", net("Exp", net("Mul", net("Mul", push, 80.0), net("Sub", c.z, 0.4))), c.negative)
    su, sv = net.sums(eu, 1), net.sums(ev, 1)
    lead = net("Add", net("Add", net("Log", su), top), net("Log", sv))
    away = net("Exp", net("Neg", lead))  # the terms are log(1 + e^lead) = lead + log(1 + e^−lead)
    net("ReduceMean", net("Add", lead, net("Log", net("Add", away, 1.0))), keepdims=0, out="loss")
    share = net("Div", 80.0 / n, net("Add", away, 1.0))
    c.end(net("Mul", net("Mul", ev, push), net("Div", share, sv)),
          net("Mul", net("Mul", eu, pull), net("Neg", net("Div", share, su))))


def nt_xent(net: Net) -> None:
    """The mean over pairs of a class of log(e^z + Σ e^z of the negatives) − z."""
    c, n = Cosines(net, 1 / 0.07), net.row.n
    all_, near = net("Exp", c.z), c.positives(c.z)
    pushes = net("Mul", all_, c.negative)
    pulls = c.positives(all_)
    sums = net("Add", pulls, net.sums(pushes, 1))
    net("ReduceMean", net("Sub", net("Log", sums), near), keepdims=0, out="loss")
    over = net("Reciprocal", net("Mul", sums, float(n * OTHERS)))
    c.end(net("Mul", pushes, net.sums(over, 1)), net("Sub", net("Mul", pulls, over), 1 / (n * OTHERS)))


GRAPHS = {
    "arcface": head, "cosface": head, "softmax": head, "triplet-batch-all": listed, "triplet-all-semi-hard": listed,
    "triplet-batch-hard": batch_hard, "triplet-semi-hard": semi_hard, "contrastive": contrastive,
    "supcon": supcon, "multi-similarity": multi_similarity, "circle": circle, "nt-xent": nt_xent,
}


class Bare(Column):
    name = "bare_ort"
    title = "the barest graph by hand, in ONNX Runtime"
    kind = BARE
    modules = ("onnxruntime", "onnx")
    packages = ("onnxruntime",)

    def takes(self, row: Row) -> bool:
        return not row.sweep and row.loss in GRAPHS

    def step(self, task: Task) -> Step:
        net = Net(task.row)
        GRAPHS[task.row.loss](net)
        return Graph(net.model(), task.given, task.threads, outputs(task.row))


register(Bare())
