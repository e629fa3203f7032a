"""Draws the inputs of a row, and computes its loss and gradients in float64.

The formulas are typed here from the papers, and share nothing with the compiler
or with any column. Classes are taken a block at a time, so that a million of
them fit. Of a gradient of [C,D] a reference keeps the rows of the targets, rows
spread over the rest, and the product of every row with two vectors of signs: no
row can be wrong without one of these being wrong.
"""

from __future__ import annotations

import numpy as np

from matrix import CLASS_SIZE, LOSSES, Row

Arrays = dict[str, np.ndarray]

BLOCK = 8192
SPREAD = 512


def inputs(row: Row) -> Arrays:
    """The inputs of row, the same ones on every machine."""
    rng = np.random.default_rng((row.n, row.c, row.d))
    if row.c:
        weight = rng.standard_normal((row.c, row.d), dtype=np.float32)
        weight *= np.float32(row.d**-0.5)
        return {
            "embeddings": rng.standard_normal((row.n, row.d), dtype=np.float32),
            "labels": rng.integers(0, row.c, row.n),
            "weight": weight,
        }
    # Whole numbers over a power of two: the products of two rows are exact in
    # float32, so that every column that works with products chooses the same
    # triplets, and those that do not choose the same but for a few.
    scale = 2.0 ** -round(np.log2(np.sqrt(row.d) * 74 / 0.8))
    whole = rng.integers(-127, 128, (row.n, row.d))
    labels = np.arange(row.n) // CLASS_SIZE
    rng.shuffle(labels)
    return {"embeddings": (whole * scale).astype(np.float32), "labels": labels}


def signs(d: int) -> np.ndarray:
    """Two vectors of ±1, as columns."""
    return np.random.default_rng(d).choice((-1.0, 1.0), (d, 2))


def rows_kept(labels: np.ndarray, c: int) -> np.ndarray:
    """The rows of a gradient [C,D] that a reference keeps whole."""
    return np.unique(np.concatenate([labels, np.linspace(0, c - 1, min(c, SPREAD)).astype(np.int64)]))


def sampled(gradient: np.ndarray, labels: np.ndarray) -> Arrays:
    """What a reference keeps of a gradient [C,D]."""
    c, d = gradient.shape
    s = signs(d)
    product = np.concatenate([gradient[at:at + BLOCK].astype(np.float64) @ s for at in range(0, c, BLOCK)])
    return {"weight_rows": gradient[rows_kept(labels, c)].astype(np.float64), "weight_signs": product}


def reference(row: Row, given: Arrays, semantics: str = "exact") -> Arrays:
    """loss, grad_embeddings, and for proxies weight_rows and weight_signs.

    semantics is exact; detached: a margin passes on the slope of its cosine;
    or products: the gradient of half the sum of the squared logits, which costs
    the three products and nothing else; z_sums are the sums of their rows.
    """
    if row.c:
        return proxies(row, given, semantics)
    if semantics == "products":
        return products_of_pairs(given)
    if row.loss in COSINE_LOSSES:
        return pairs_of_units(row.loss, given)
    return pairs(LOSSES[row.loss].name, given)


# ---------------------------------------------------------------- proxies


def unit(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    norm = np.sqrt((x * x).sum(1, keepdims=True))
    return x / norm, norm


def margin(loss: str, cos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The target's logit, and its slope in the cosine; scale is 64."""
    if loss == "arcface":
        theta = np.arccos(cos)
        return 64 * np.cos(theta + 0.5), 64 * np.sin(theta + 0.5) / np.sin(theta)
    return 64 * (cos - 0.35), np.full_like(cos, 64.0)


def proxies(row: Row, given: Arrays, semantics: str) -> Arrays:
    plain = row.loss == "softmax" or semantics == "products"
    x, w, y = given["embeddings"].astype(np.float64), given["weight"], given["labels"]
    e, norm = (x, np.ones((row.n, 1))) if plain else unit(x)
    s = 1.0 if plain else 64.0

    def block(at: int) -> tuple[np.ndarray, np.ndarray]:
        v = w[at:at + BLOCK].astype(np.float64)
        return (v, np.ones((len(v), 1))) if plain else unit(v)

    blocks = range(0, row.c, BLOCK)
    here = np.arange(row.n)
    target = np.einsum("nd,nd->n", e, np.concatenate([block(k)[0][:1] for k in y]))
    z_y, slope = (target, np.ones(row.n)) if plain else margin(row.loss, target)
    if semantics == "detached":
        slope = np.full(row.n, s)

    top, total = np.full(row.n, -np.inf), np.zeros(row.n)
    for at in () if semantics == "products" else blocks:
        z = logits(s * e @ block(at)[0].T, at, y, z_y)
        higher = np.maximum(top, z.max(1))
        total = total * np.exp(top - higher) + np.exp(z - higher[:, None]).sum(1)
        top = higher

    if semantics == "products":
        loss = np.float64(0)
    else:
        loss = (np.log(total) + top - z_y).mean()
    if row.mode == "forward" and semantics != "products":
        return {"loss": loss}

    de, parts, kept, sums = np.zeros_like(e), [], rows_kept(y, row.c), np.zeros((row.n, 1))
    for at in blocks:
        v, v_norm = block(at)
        z = s * e @ v.T
        if semantics == "products":
            g = z
            sums += z.sum(1, keepdims=True)
        else:
            g = np.exp(logits(z, at, y, z_y) - top[:, None]) / total[:, None] / row.n * s
            mine = (y >= at) & (y < at + len(v))
            g[here[mine], y[mine] - at] -= s / row.n
            g[here[mine], y[mine] - at] *= slope[mine] / s
        de += g @ v
        dv = g.T @ e
        if not plain:
            dv = (dv - v * (dv * v).sum(1, keepdims=True)) / v_norm
        inside = kept[(kept >= at) & (kept < at + len(v))] - at
        parts.append((dv[inside], dv @ signs(row.d)))
    if not plain:
        de = (de - e * (de * e).sum(1, keepdims=True)) / norm
    return {"loss": loss, "grad_embeddings": de, "z_sums": sums,
            "weight_rows": np.concatenate([p[0] for p in parts]),
            "weight_signs": np.concatenate([p[1] for p in parts])}


def logits(z: np.ndarray, at: int, y: np.ndarray, z_y: np.ndarray) -> np.ndarray:
    """z of the block at, with the targets' logits in their places."""
    z = z.copy()
    mine = (y >= at) & (y < at + z.shape[1])
    z[np.nonzero(mine)[0], y[mine] - at] = z_y[mine]
    return z


# ---------------------------------------------------------------- pairs


def masks(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which two rows are of one class, and which of two."""
    equal = y[:, None] == y[None, :]
    return equal & ~np.eye(len(y), dtype=bool), ~equal


def pairs(loss: str, given: Arrays) -> Arrays:
    x, y = given["embeddings"].astype(np.float64), given["labels"]
    gram = x @ x.T
    q = np.diag(gram)
    d = np.maximum(q[:, None] + q[None, :] - 2 * gram, 0)
    same, other = masks(y)
    if loss == "contrastive":
        root = np.sqrt(d)
        value, g = contrastive(root, same, other)
        g = np.divide(g, 2 * root, out=np.zeros_like(g), where=root > 0)
    else:
        value, g = triplets(loss.removeprefix("triplet-"), d, same, other)
    g = g + g.T
    return {"loss": np.float64(value), "grad_embeddings": 2 * (g.sum(1, keepdims=True) * x - g @ x)}


def pairs_of_units(loss: str, given: Arrays) -> Arrays:
    """A loss over the cosines of all pairs."""
    e, norm = unit(given["embeddings"].astype(np.float64))
    value, g = COSINE_LOSSES[loss](e @ e.T, *masks(given["labels"]))
    de = (g + g.T) @ e
    return {"loss": np.float64(value), "grad_embeddings": (de - e * (de * e).sum(1, keepdims=True)) / norm}


def soft(z: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log Σ e^z of each row over a mask, [N,1], and the softmax over it."""
    z = np.where(mask, z, -np.inf)
    top = z.max(1, keepdims=True)
    e = np.exp(z - top)
    total = e.sum(1, keepdims=True)
    return top + np.log(total), e / total


def supcon(c: np.ndarray, same: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray]:
    z, share = c / 0.1, same / same.sum(1, keepdims=True)
    total, p = soft(z, same | other)
    return (total[:, 0] - (z * share).sum(1)).mean(), (p - share) / 0.1 / len(c)


def multi_similarity(c: np.ndarray, same: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray]:
    pull, push = np.exp(-2 * (c - 0.5)) * same, np.exp(50 * (c - 0.5)) * other
    a, b = 1 + pull.sum(1, keepdims=True), 1 + push.sum(1, keepdims=True)
    return (np.log(a) / 2 + np.log(b) / 50).mean(), (push / b - pull / a) / len(c)


def circle(c: np.ndarray, same: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray]:
    """The weights are constant in the gradient."""
    near, far = 80 * np.maximum(1.4 - c, 0), 80 * np.maximum(c + 0.4, 0)
    pull, p = soft(-near * (c - 0.6), same)
    push, n = soft(far * (c - 0.4), other)
    return np.logaddexp(0, pull + push).mean(), (n * far - p * near) / (1 + np.exp(-pull - push)) / len(c)


def nt_xent(c: np.ndarray, same: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray]:
    z, pairs = c / 0.07, same.sum()
    total, n = soft(z, other)
    missed = same / (1 + np.exp(z - total))
    value = np.logaddexp(0, total - z)[same].sum() / pairs
    return value, (n * missed.sum(1, keepdims=True) - missed) / 0.07 / pairs


COSINE_LOSSES = {"supcon": supcon, "multi-similarity": multi_similarity, "circle": circle, "nt-xent": nt_xent}


def contrastive(d: np.ndarray, same: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray]:
    pull, push = same & (d > 0), other & (d < 1.2)
    a, b = max(pull.sum(), 1), max(push.sum(), 1)
    return d[pull].sum() / a + (1.2 - d[push]).sum() / b, pull / a - push / b


def triplets(mining: str, d: np.ndarray, same: np.ndarray, other: np.ndarray,
             alpha: float = 0.2) -> tuple[float, np.ndarray]:
    """The mean of [d(a,p) − d(a,n) + α]₊ over the triplets chosen, and its slope in d."""
    g = np.zeros_like(d)
    value, count = 0.0, 0

    def add(a: int, p: int, n: np.ndarray) -> None:
        nonlocal value, count
        term = d[a, p] - d[a, n] + alpha
        on = term > 0
        value += term[on].sum()
        count += len(n)
        g[a, p] += on.sum()
        g[a, n[on]] -= 1

    for a in range(len(d)):
        positives, negatives = np.nonzero(same[a])[0], np.nonzero(other[a])[0]
        if not len(positives) or not len(negatives):
            continue
        far = d[a, negatives]
        if mining == "batch-hard":
            add(a, positives[d[a, positives].argmax()], negatives[[far.argmin()]])
            continue
        for p in positives:
            if mining == "batch-all":
                add(a, p, negatives)
            elif mining == "all-semi-hard":
                add(a, p, negatives[(d[a, p] < far) & (far <= d[a, p] + alpha)])
            else:
                beyond = np.where(far > d[a, p], far, np.inf)
                at = beyond.argmin() if np.isfinite(beyond).any() else far.argmax()
                add(a, p, negatives[[at]])
    count = max(count, 1)
    return value / count, g / count


def products_of_pairs(given: Arrays) -> Arrays:
    x = given["embeddings"].astype(np.float64)
    z = x @ x.T
    return {"loss": np.float64(0), "grad_embeddings": z @ x, "z_sums": z.sum(1, keepdims=True)}


# ---------------------------------------------------------------- judging

LOSS_BOUND, GRADIENT_BOUND = 1e-5, 1e-4
# Rows whose choice of a triplet may fall to a last digit, where choices are made.
FLIPPED = 0.02


def judge(row: Row, found: Arrays, wanted: Arrays) -> tuple[dict[str, float], list[str]]:
    """The errors of found against a reference, and what is wrong with them."""
    errors: dict[str, float] = {}
    wrong = []
    if "loss" in found:
        errors["loss"] = abs(float(found["loss"]) - float(wanted["loss"])) / abs(float(wanted["loss"]))
        if not errors["loss"] <= LOSS_BOUND:
            wrong.append(f"loss: found {float(found['loss']):.9g}, want {float(wanted['loss']):.9g}")
    names = ["grad_embeddings", "weight_rows", "weight_signs"] if row.mode == "gradient" else []
    if "z" in found:  # the products alone
        found = found | {"z_sums": found["z"].astype(np.float64).sum(1, keepdims=True)}
        names.append("z_sums")
    for name in names:
        if name not in wanted:
            continue
        if name not in found:
            wrong.append(f"{name}: not computed")
            continue
        a, b = found[name].astype(np.float64), wanted[name]
        off = np.abs(a - b).max(1) / np.abs(b).max()
        errors[name] = float(np.quantile(off, 1 - FLIPPED) if "hard" in row.loss else off.max())
        if not errors[name] <= GRADIENT_BOUND:
            wrong.append(f"{name}: off by {errors[name]:.2g} of its largest element, want at most {GRADIENT_BOUND:g}")
    return errors, wrong
