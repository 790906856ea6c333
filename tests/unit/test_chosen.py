"""x[mask] where no value is known: in a word's body it is what it is outside, and its derivatives.

The same function runs on each row alone, where values are known, and in words over all rows. Where
it asks for a length that is not known it is refused, and told why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from cats.concrete import NoValue
from tests.agreement import near

Array = Any
Function = Callable[[Array], Array]

X = np.array([[1.0, -2.0, 3.0, 0.5], [-1.0, 0.25, -3.0, -0.5], [0.5, 0.1, 2.0, 4.0]])
EDGE = np.array([[0.0, 1.0, 0.0, 2.0], [-1.0, -1.0, -2.0, 0.0], [0.5, 0.0, 1.0, 0.0]])


def relu(x: Array) -> Array:
    y = x.copy()
    y[y < 0.0] = 0.0
    return y


def scaled(x: Array) -> Array:
    y = x * 1.0
    y[x > 0.2] *= x[0]
    y[y > 1.0] -= 1.0
    return y


def logs(x: Array) -> Array:
    m = x > 0.0
    y = np.zeros_like(x)
    y[m] = np.log(x[m])
    return y


def roots(x: Array) -> Array:
    y = -x
    y[x > 0.0] = np.sqrt(x[x > 0.0]) / x[x > 0.0] + y[x > 0.0]
    return y


def both(x: Array) -> Array:
    y = x.copy()
    y[(x > 0.0) & (x < 2.0)] **= 3.0
    y[~(x > 0.0)] = 1.0 / (1.0 - x[~(x > 0.0)])
    return y


def held(x: Array) -> Array:
    """In place on what was chosen, which is a copy."""
    m = x > 0.0
    part = x[m]
    other = part
    part *= 2.0
    part[part > 1.0] = x[0]
    other[...] = other + 1.0
    y = x * 0.5
    y[m] = part * other[other > 0.0].sum()
    return y


def cleaned(x: Array) -> Array:
    y = 1.0 / x
    y[np.isinf(y)] = 0.0
    y[np.isnan(y)] = 7.0
    return y * x


def by_places(x: Array) -> Array:
    y = x * 2.0
    y[np.where(x > 0.0)] = x[3]
    y[np.nonzero(x < -2.0)] *= 3.0
    (i,) = np.nonzero(x > 1.0)
    y[i] = x[i] ** 2
    y[np.flatnonzero(x)] += 1.0
    return y


def rows(x: Array) -> Array:
    a = np.outer(x, x[:2])
    m = x > 0.0
    a[m] = np.log(x[m])[:, None] if x.shape == () else a[m] * x[:2] + x[2:]
    a[~m] = x[1:3]
    a[a > 2.0] = x[0]
    return a + np.sum(a[m], axis=0)


def together(x: Array) -> Array:
    m = x > 0.0
    chosen, other = x[m], (x * x)[m]
    weights = np.array([0.3, 0.1, 0.2, 0.7])[m]
    return np.array([
        np.sum(chosen), np.mean(other), chosen.prod(), other.var(), np.std(chosen, ddof=0),
        chosen @ other, np.dot(chosen, weights), np.add.reduce(other), 1.0 * np.all(chosen < 3.0),
        1.0 * (chosen > 0.7).any(), 1.0 * np.count_nonzero(other > 0.1), np.sum(chosen, axis=0),
        (2.0 * chosen - other / 3.0).sum(axis=-1), np.sum(np.where(chosen > 1.0, chosen, -other)),
        np.clip(chosen, 0.3, 0.8).mean(), np.sum(np.maximum(other, x[3]) * chosen.astype(float)),
    ])  # fmt: skip


def pieces(x: Array) -> Array:
    whole = np.piecewise(x, [x < 0.0, x > 1.0], [lambda t: t**2, np.log, 3.0])
    return whole + np.piecewise(x, [x > 0.0], [lambda t: t * x[0], lambda t: np.exp(t)])


def one(x: Array) -> Array:
    y = x.copy()
    y[y > 0.3] = np.array([2.0]) * x[1:2]
    y[(x > 0.5,)] = x[3]
    return y


BODIES: list[Function] = [
    relu, scaled, logs, roots, both, held, cleaned, by_places, rows, together, pieces, one,
]  # fmt: skip


def in_words(f: Function) -> list[Function]:
    """f on the rows of a matrix, in the bodies of words."""
    return [
        cats.vmap(f),
        lambda x: cats.map(f, x),
        lambda x: cats.scan(lambda c, r: (c, f(r)), 0.0, x)[1],
        lambda x: np.stack([cats.cond(r[0] > 0.2, f, lambda r: f(2.0 * r), r) for r in [*x]]),
    ]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", BODIES)
def test_a_mask_means_in_a_word_what_it_means_outside(f: Function) -> None:
    for x in (X, EDGE):
        each = [np.stack([f(r) for r in x])] * 3
        each.append(np.stack([f(r) if r[0] > 0.2 else f(2.0 * r) for r in x]))
        for g, expected in zip(in_words(f), each, strict=True):
            near(cats.compile(g)(x), expected)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [b for b in BODIES if b is not cleaned])
def test_its_derivatives_are_those_of_the_rows(f: Function) -> None:
    """Where the mask is false nothing comes through, no nan either."""
    for x in (X, EDGE + np.where(EDGE == 0.0, -0.0, 0.01)):
        weights = np.cos(np.arange(np.size(f(x[0])))).reshape(np.shape(f(x[0])))
        total: Any = lambda r, w=weights: np.sum(f(r) * w)  # noqa: E731
        gradients = np.stack([cats.grad(total)(r) for r in x])
        assert np.all(np.isfinite(gradients)) or f is together
        second = np.stack([cats.hvp(total, (r,), (r + 1.0,)) for r in x])
        for g in in_words(f)[:3]:
            whole: Any = lambda x, g=g, w=weights: np.sum(g(x) * w)  # noqa: E731
            near(cats.grad(whole)(x), gradients)
            near(cats.jvp(whole, (x,), (x * x,))[1], np.sum(gradients * x * x))
            near(cats.hvp(whole, (x,), (x + 1.0,)), second)


def test_without_data_it_is_a_choice() -> None:
    program = cats.trace(logs, cats.Spec((4,), "float64"))
    assert "select" in str(program)
    found = cats.vmap(cats.vmap(logs))(np.stack([X, EDGE]))
    near(found, np.stack([[logs(r) for r in X], [logs(r) for r in EDGE]]))


LENGTH = "how many entries the mask chooses is a length, and no value is known here"
ANOTHER = "they are chosen by another mask"
REFUSED: dict[str, tuple[Function, str]] = {
    "size": (lambda x: x[x > 0].size * x, LENGTH),
    "len": (lambda x: len(x[x > 0]) * x, LENGTH),
    "shape": (lambda x: x[x > 0].shape[0] * x, LENGTH),
    "loop": (lambda x: sum(v for v in x[x > 0]), LENGTH),
    "entry": (lambda x: x[x > 0][0], "an entry of x[mask]"),
    "returned": (lambda x: x[x > 0], LENGTH),
    "stacked": (lambda x: np.concatenate([x[x > 0], x]), LENGTH),
    "array": (lambda x: np.array(x[x > 0]), LENGTH),
    "max": (lambda x: np.max(x[x > 0]), "initial="),
    "sort": (lambda x: np.sort(x[x > 0]), LENGTH),
    "median": (lambda x: np.median(x[x > 0]), LENGTH),
    "truth": (lambda x: x if x[x > 0] else -x, LENGTH),
    "float": (lambda x: float(x[x > 0]) * x, LENGTH),
    "cumsum": (lambda x: np.cumsum(x[x > 0]), LENGTH),
    "axis": (lambda x: np.sum(np.outer(x, x)[x > 0], axis=1), LENGTH),
    "beside an array": (lambda x: np.sum(x[x > 0] * x), "an array with a length of its own"),
    "an array written": (lambda x: x.copy().__setitem__(x > 0, x[:2]), "an array with a length"),
    "two masks": (lambda x: np.sum(x[x > 0] * x[x > 1]), ANOTHER),
    "written by another": (lambda x: x.copy().__setitem__(x > 0, x[x > 1]), ANOTHER),
    "the places": (lambda x: np.nonzero(x > 0)[0].size * x, LENGTH),
    "sum of places": (lambda x: np.sum(np.flatnonzero(x > 0)) * x, LENGTH),
    "places shifted": (lambda x: x[np.where(x > 0)[0] - 1], LENGTH),
    "a part of a key": (lambda x: np.outer(x, x)[x > 0, 0], LENGTH),
    "unique": (lambda x: np.unique(x), LENGTH),
    "where=": (lambda x: np.add(x[x > 0], 1.0, where=x > 0), LENGTH),
    "into another": (lambda x: np.add(x[x > 0], 1.0, out=np.zeros(4)), "written into another"),
    "as a place": (lambda x: x[x[x > 0]], "a place given by the entries"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_length_that_is_not_known_is_refused(name: str) -> None:
    f, says = REFUSED[name]
    with pytest.raises(NoValue) as caught:
        cats.vmap(f)(X)
    error = caught.value
    assert says in f"{error}", error
    assert error.where is not None and error.where.file == __file__
    assert error.remedy is not None and ("where" in error.remedy)


def test_what_lies_around_a_body_is_not_changed_by_it() -> None:
    """A body is traced once, however often it runs, and a branch though it is not taken."""
    rows = np.array([[3.0, -1.0], [2.0, 5.0]])

    def looped(x: Any) -> Any:
        c = x[x > 0]
        cats.fori_loop(0, 3, lambda i, p: (np.multiply(c, 2.0, out=c), p + 1.0)[1], 1.0)
        return np.sum(c)

    def assigned(x: Any) -> Any:
        c = x[x > 0]

        def body(i: Any, p: Any) -> Any:
            c[:] = p
            return p

        cats.fori_loop(0, 3, body, 1.0)
        return np.sum(c)

    def taken(x: Any) -> Any:
        c = x[x > 0]

        def twice(p: Any) -> Any:
            np.multiply(c, 2.0, out=c)
            return p

        cats.cond(x[0] > 2.5, twice, lambda p: p, 1.0)
        return np.sum(c)

    for f in (looped, assigned, taken):
        with pytest.raises(cats.TraceError, match=r"writing into x\[mask\] from around") as caught:
            cats.vmap(f)(rows)
        assert "within the function" in (caught.value.remedy or "")


def test_gradients_of_each_row() -> None:
    """Where a trace within a trace has no values because the outer one has none."""
    rows = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    wanted = np.where(rows > 0, 2 * rows, 0.0)
    f = lambda x: np.sum(x[x > 0] ** 2)  # noqa: E731
    np.testing.assert_array_equal(cats.vmap(cats.grad(f))(rows), wanted)
    np.testing.assert_array_equal(cats.vmap(cats.value_and_grad(f))(rows)[1], wanted)
    hessians = cats.vmap(cats.hessian(f))(rows)
    np.testing.assert_array_equal(hessians, [np.diag(2.0 * (row > 0)) for row in rows])
    summed = cats.scan(lambda c, row: (c + cats.grad(f)(row), None), np.zeros(3), rows)[0]
    np.testing.assert_array_equal(summed, wanted.sum(0))


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (lambda x: np.sum(np.ones(3), where=x[x > 0]), "of these arguments"),
        (lambda x: np.sum(np.add((x > 0)[x > 0], 1.5, out=(x > 0)[x > 0])), "cannot cast"),
    ],
)
def test_what_it_cannot_take_is_said_at_the_line(f: Any, why: str) -> None:
    with pytest.raises(cats.TraceError, match=why) as caught:
        cats.vmap(f)(np.array([[3.0, -1.0]]))
    assert caught.value.where is not None and caught.value.where.file == __file__
