"""vmap: each example by itself, stacked; with derivatives, loops and choices inside and outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import SpaceError, TraceError
from cats.ir.nesting import inner_first
from tests.agreement import all_refused, leaves, near

Function = Callable[..., Any]
X = np.array([[0.5, -1.0, 0.2, 1.4], [1.3, 0.8, -0.7, 0.1], [0.9, 0.4, -0.5, -1.2],
              [0.6, -0.2, 1.1, 0.3], [-0.4, 0.7, 0.25, -0.9]])  # fmt: skip
M = np.stack([np.eye(3) * (2.0 + i) + np.outer(x[:3], x[1:]) for i, x in enumerate(X)])
V = X[0]
CHUNKS = (None, 1, 2, 3, 4, 5, 6, 100)


def stacked(f: Function, *batches: Any) -> list[Any]:
    """The leaves of f at each example, stacked."""
    made = [leaves(f(*row)) for row in zip(*batches, strict=True)]
    return [np.stack(column) for column in zip(*made, strict=True)]


def growing(x: Any) -> Any:
    """Examples need different numbers of rounds, some none."""
    first = (np.abs(x) + 0.1, 0.0)
    return cats.while_loop(lambda c: c[0] < 1.2, lambda c: (c[0] * 2.0 + x * x, c[1] + x), first)


def on_first(x: Any) -> Any:
    return growing(x[0])


def scanned(x: Any) -> Any:
    last, ys = cats.scan(lambda c, y: (c * y + np.sum(x), c), 1.0, x, reverse=True)
    return last * np.sum(ys)


def rounds(x: Any) -> Any:
    count = np.floor(np.abs(x[0]) * 4.0).astype(int)
    return cats.fori_loop(0, count, lambda i, v: np.sin(v * x) + i, x)


def signed(x: Any) -> Any:
    return cats.cond(x[0] > 0.0, lambda x: np.log(x[0]) * x, lambda x: x**3, x)


def one_of(x: Any) -> Any:
    which = np.floor(x[1] * 2.0).astype(int)
    return cats.switch(which, [np.sin, np.exp, lambda x: x[::-1] * x], x)


def repeated_scan(x: Any) -> Any:
    """A scan in a cond in a while of examples that differ in all of them."""

    def through(v: Any) -> Any:
        return cats.scan(lambda a, b: (a * b + x, None), v, np.array([0.5, 0.3]))[0]

    def step(c: Any) -> Any:
        return cats.cond(c[0][1] > 0.0, through, lambda v: v * 1.5 + 0.1, c[0]), c[1] + 1

    return cats.while_loop(lambda c: (np.sum(c[0] ** 2) < 9.0) & (c[1] < 6), step, (x, 0))[0]


def written(x: Any) -> Any:
    made = np.zeros(4)
    made[1:] = x[:-1] * x[1:]
    made[0] += x[2]
    return made


ON_ROWS: list[Function] = [
    lambda x: np.tanh(x) * np.exp(-x) + np.where(x > 0.3, x * x, np.sin(x)),
    lambda x: np.sort(x) @ np.cumsum(x),
    lambda x: x[np.argsort(x)][::2],
    lambda x: np.stack([np.max(x), np.min(x), np.mean(x), np.std(x), np.median(x), np.prod(x)]),
    lambda x: np.cumprod(x)[::-1] + np.roll(x, 1) + np.flip(x),
    lambda x: x.reshape(2, 2).T @ x.reshape(2, 2),
    lambda x: np.concatenate([x[1:], x[:2] * 2.0, np.pad(x, 1)]),
    lambda x: np.einsum("i,j->ij", x, x)[[0, 2], 1:],
    lambda x: np.take(x, np.array([3, 0, 0])) + x[np.argmax(x)],
    lambda x: np.interp(x, [-2.0, 0.0, 2.0], [1.0, 0.0, 3.0]),
    lambda x: np.linalg.norm(x) + np.log(np.sum(np.exp(x))),
    lambda x: np.convolve(x, np.array([1.0, 2.0])),
    lambda x: np.outer(x, V) @ V + np.arctan2(x, 2.0) + np.maximum(x, V),
    lambda x: np.searchsorted(np.sort(x), 0.1) * x,
    lambda x: {"a": x[0], "b": (x > 0.0, np.argmin(x))},
    written,
    on_first,
    scanned,
    rounds,
    signed,
    one_of,
    repeated_scan,
    lambda x: cats.map(lambda r: cats.cond(r > 0.0, np.sqrt, lambda r: r * x[1], r), x),
]
ON_MATRICES: list[Function] = [
    lambda m: np.linalg.inv(m) @ m[0],
    lambda m: np.linalg.solve(m, V[:3]) * np.linalg.det(m),
    lambda m: np.linalg.cholesky(m @ m.T),
    lambda m: np.linalg.eigvalsh(m + m.T),
    lambda m: np.linalg.svd(m)[1],
    lambda m: np.abs(np.linalg.qr(m)[1]),
    lambda m: np.trace(m) + np.linalg.slogdet(m)[1] + np.diag(m) + np.triu(m)[0],
]
KINDS = [*[(f, X) for f in ON_ROWS], *[(f, M) for f in ON_MATRICES]]


def number(f: Function) -> Function:
    """The sum of the squares of all real entries."""

    def total(*args: Any) -> Any:
        parts = leaves(f(*args))
        return sum(np.sum(np.sin(p) * p) for p in parts if p.dtype == "float64")

    return total


def test_a_batch_is_each_example_by_itself() -> None:
    """Values, gradients inside and outside, in all chunks."""
    for f, batch in KINDS:
        for given in (batch, batch[:1], batch[:0]):
            if len(given):
                near(cats.vmap(f)(given), stacked(f, given))
            assert all(len(leaf) == len(given) for leaf in leaves(cats.vmap(f)(given)))
        none = cats.grad(lambda xs: number(cats.vmap(f))(xs))(batch[:0])  # noqa: B023
        assert none.shape == batch[:0].shape
        slopes = stacked(cats.grad(number(f)), batch)[0]
        near(cats.vmap(cats.grad(number(f)))(batch), slopes, 10)
        near(cats.grad(lambda xs: number(cats.vmap(f))(xs))(batch), slopes, 10)  # noqa: B023


@pytest.mark.parametrize("chunk", CHUNKS)
def test_chunks_of_every_size(chunk: int | None) -> None:
    def f(w: Any, x: Any) -> Any:
        return {"row": np.tanh(w * x), "number": np.sum(x) ** 2, "same": np.sum(w)}

    axes = {"row": 1, "number": 0, "same": None}
    made = cats.vmap(f, (None, 0), out_axes=axes, chunk=chunk)(V, X)
    near(made, {"row": np.tanh(V * X).T, "number": np.sum(X, 1) ** 2, "same": np.sum(V)})
    near(cats.vmap(growing, chunk=chunk)(X[:, 0]), stacked(growing, X[:, 0]))
    near(cats.vmap(cats.grad(number(growing)), chunk=chunk)(X[:, 0]),
         stacked(cats.grad(number(growing)), X[:, 0]))  # fmt: skip
    g: Function = lambda x: np.array([np.sin(x[0]) * x[1], x[2] ** 2, np.sum(x), x[3] * x[0], x[1]])  # noqa: E731
    for jacobian in (cats.jacfwd, cats.jacrev, cats.jacobian):
        near(jacobian(g, chunk=chunk)(V), cats.jacobian(g)(V))
        near(cats.vmap(jacobian(g, chunk=chunk))(X), stacked(cats.jacobian(g), X))
    near(cats.hessian(number(g), chunk=chunk)(V), cats.hessian(number(g))(V))
    for jacobian in (cats.jacfwd, cats.jacrev):
        near(jacobian(scanned, chunk=chunk)(V), cats.grad(scanned)(V))


def test_chunks_hold_less_at_a_time() -> None:
    """The program for a chunk has no value with room for all examples but its arguments."""
    f: Function = lambda x: np.sum(np.exp(np.outer(x, x)))  # noqa: E731
    many = np.zeros((64, 8))
    whole = cats.trace(cats.vmap(f), many)
    some = cats.trace(cats.vmap(f, chunk=4), many)
    largest: Function = lambda program: max(  # noqa: E731
        int(np.prod(s.shape)) for each in _all(program) for s in each.spaces
    )
    assert largest(whole) == 64 * 64
    assert largest(some) == 64 * 8


def _all(program: Any) -> list[Any]:
    return list(inner_first(program))


def test_axes() -> None:
    f: Function = lambda w, x: np.sum(np.tanh(w * x)) ** 2  # noqa: E731
    rows = np.array([f(V, x) for x in X])
    near(cats.vmap(f, (None, 0))(V, X), rows)
    near(cats.vmap(f, (None, 1))(V, X.T), rows)
    near(cats.vmap(f, [None, -1])(V, X.T), rows)
    near(cats.vmap(f, (-2, None))(X, V), rows)
    near(cats.vmap(lambda *, x: f(V, x))(x=X), rows)
    near(cats.vmap(lambda p, n: f(p["w"], p["x"]) * n, ({"w": None, "x": 0}, None))(
        {"w": V, "x": X}, 3), 3 * rows)  # fmt: skip
    near(cats.vmap(lambda p: p["a"] * p["b"][0])({"a": X, "b": [X]}), X * X)
    near(cats.vmap(lambda x: (x, x * 2.0), out_axes=(1, 0))(X), (X.T, 2 * X))
    near(cats.vmap(lambda x: np.outer(x, x), out_axes=-1)(X), np.einsum("bi,bj->ijb", X, X))
    near(cats.vmap(lambda x: V, out_axes=None)(X), V)
    near(cats.vmap(lambda x: (V * 2.0, x), out_axes=(None, 0))(X[:0]), (2.0 * V, X[:0]))
    near(cats.vmap(lambda x: (V, 1.0))(X), (np.tile(V, (5, 1)), np.ones(5)))
    a, b = X[:2], X[2:]
    table = np.array([[f(p, q) for q in b] for p in a])
    near(cats.vmap(cats.vmap(f, (None, 0)), (0, None))(a, b), table)
    near(cats.vmap(cats.vmap(f, (0, None)), (None, 0))(a, b), table.T)
    near(cats.vmap(cats.vmap(f, (0, None)), (None, 0), out_axes=1)(a, b), table)
    cube = np.arange(24.0).reshape(2, 3, 4)
    near(cats.vmap(cats.vmap(np.sin, 1, 1), 2, 2)(cube), np.sin(cube))


def test_the_state_of_a_user_is_mapped() -> None:
    @dataclass(frozen=True)
    class Pair:
        a: Any
        b: Any

    made = cats.vmap(lambda p: Pair(p.a * p.b, p.a), in_axes=(Pair(0, None),))(Pair(X, 2.0))
    assert type(made) is Pair
    near([made.a, made.b], [2 * X, X])


def test_what_is_the_same_for_all_is_computed_once() -> None:
    """V4: the shared part costs what it costs once, and is not repeated."""
    f: Function = lambda w, x: np.sum(np.exp(np.sin(w) @ w)) * x  # noqa: E731
    w, few, many = np.ones((30, 30)), np.ones(2), np.ones(200)
    one = cats.count(f, w, 1.0)
    for xs in (few, many):
        found = cats.count(cats.vmap(f, (None, 0)), w, xs)
        assert found.total - one.total == len(xs) - 1
    slopes = cats.vmap(cats.grad(lambda w, x: np.sum(np.sin(w)) * x, 1), (None, 0))
    assert (
        cats.count(slopes, w, many).total <= cats.count(lambda w: np.sum(np.sin(w)), w).total + 200
    )
    program = cats.trace(cats.vmap(f, (None, 0)), w, many)
    assert all(s.shape in ((), (30, 30), (200,)) for s in program.spaces)


def test_the_branch_not_taken_is_not_run_for_any_example() -> None:
    f: Function = lambda x: cats.cond(x > 0.0, lambda x: np.log(x) / x, lambda x: x * x, x)  # noqa: E731
    xs = np.array([1.0, 0.0, -2.0, 4.0])
    with np.errstate(all="raise"):
        for g in (f, cats.grad(f), cats.grad(cats.grad(f)), cats.hessian(f)):
            near(cats.vmap(g)(xs), stacked(g, xs))
            near(cats.vmap(g)(xs[1:3]), stacked(g, xs[1:3]))
        near(cats.jacobian(cats.vmap(f))(xs), np.diag(stacked(cats.grad(f), xs)[0]))


def test_derivatives_of_derivatives_of_batches() -> None:
    for f in (scanned, number(on_first), number(signed), number(repeated_scan)):
        hessians = stacked(cats.hessian(f), X)[0]
        near(cats.vmap(cats.hessian(f))(X), hessians, 10)
        blocks = cats.hessian(lambda xs: np.sum(cats.vmap(f)(xs)))(X[:2])  # noqa: B023
        near(blocks[0, :, 0, :], hessians[0], 10)
        near(blocks[0, :, 1, :], np.zeros((4, 4)), 10)
        jvps = stacked(lambda x: cats.jvp(f, (x,), (V,))[1], X)[0]  # noqa: B023
        near(cats.vmap(lambda x: cats.jvp(f, (x,), (V,))[1])(X), jvps, 10)  # noqa: B023


f: Function = lambda w, x: w * x  # noqa: E731
SIZES = "Give batches of one size, and None in in_axes"
SHARED = "Give None in in_axes for what is the same for all examples"
LISTED = f"{SHARED}, and an array in place of a list of numbers."
REFUSED: list[tuple[Any, ...]] = [
    (lambda: cats.vmap(f)(V, X), SpaceError, "sizes: 4 along w, 5 along x", SIZES, "f)(V, X)"),
    (lambda: cats.vmap(f, None)(V, X), SpaceError, "vmap over no argument", SIZES, "f, None)(V"),
    (lambda: cats.vmap(f, (None, None))(V, X), SpaceError, "vmap over no argument", SIZES),
    (lambda: cats.vmap(np.sin)(1.0), SpaceError, "argument x lies in R, and has no axis 0", LISTED,
     "cats.vmap(np.sin)(1.0)"),
    (lambda: cats.vmap(np.sin)([1.0, 2.0]), SpaceError, "argument x_0 lies in R, and has no axis",
     LISTED, "cats.vmap(np.sin)([1.0"),
    (
        lambda: cats.vmap(f, (0,))(V, X),
        SpaceError,
        "in_axes has 1 entries, and the function was called with 2 positional arguments",
        "one entry for each",
        "cats.vmap(f, (0,))(V, X)",
    ),
    (lambda: cats.vmap(f, (0, 0))(1.0, X), SpaceError, "argument w lies in R, and has no axis 0",
     LISTED),
    (lambda: cats.vmap(f, (0, 2))(X, X), SpaceError, "R[5, 4], and has no axis 2", f"{SHARED}.",
     "cats.vmap(f, (0, 2))"),
    (lambda: cats.vmap(f, ({"a": 0}, 0))(X, X), SpaceError, "axes {'a': 0} do not fit an array",
     "a container of those of the same structure"),
    (lambda: cats.vmap(lambda d: d["a"], ({"b": 0},))({"a": X}), SpaceError,
     "axes {'b': 0} do not fit dict", "a container of those of the same structure"),
    (lambda: cats.vmap(np.sin, out_axes=None)(X), SpaceError, "out_axes is None for result 0",
     "Give the axis along which the examples are to be stacked.", "np.sin, out_axes=None"),
    (lambda: cats.vmap(np.sin, out_axes=3)(X), SpaceError,
     "out_axes is 3 for result 0, which lies in R[5, 4]", "Give an axis from -2 to 1.",
     "np.sin, out_axes=3"),
    (lambda: cats.vmap(np.sin, chunk=0), SpaceError, "chunk=0 is no number", "from 1 up"),
    (lambda: cats.vmap(np.sin, chunk=-3), SpaceError, "chunk=-3 is no number", "from 1 up"),
    (lambda: cats.jacobian(np.sin, chunk=-1), SpaceError, "chunk=-1 is no number", "from 1 up"),
    (lambda: cats.vmap(lambda x: x if x > 0 else -x)(V), TraceError, "the value decides",
     "Use cats.cond", "x if x > 0 else -x"),
]  # fmt: skip


def test_what_is_refused() -> None:
    all_refused(REFUSED)


def test_whole_numbers_and_truth_values_in_results_are_stacked() -> None:
    def f(row: Any) -> Any:
        return {"n": len(row), "yes": row.ndim == 1, "k": np.int32(3), "of": "text", "x": row[0]}

    xs = np.arange(6.0).reshape(3, 2)
    for found in (cats.vmap(f)(xs), cats.map(f, xs), cats.compile(cats.vmap(f))(xs)):
        assert found["n"].tolist() == [2, 2, 2] and found["yes"].tolist() == [True] * 3
        assert found["k"].tolist() == [3, 3, 3] and found["of"] == "text"
    once = cats.vmap(f, out_axes={"n": None, "yes": 0, "k": 0, "of": 0, "x": 0})(xs)
    assert once["n"] == 2 and once["x"].tolist() == [0.0, 2.0, 4.0]
    total = cats.grad(lambda x: np.sum(cats.vmap(len)(x)) * np.sum(x))(xs)
    assert total.tolist() == [[6.0, 6.0]] * 3
